//! Makes clips: packs sequences of Gaussians, and fits the networks of neural video ([`fit`]).
//!
//! ```text
//! CloudSequence ─▶ matching ─▶ slots ─▶ order, signs ─▶ planes ─▶ videos ─▶ folder
//!  (frames)        (who is     (a row    (smooth         (quantise)  (PlaneVideo-
//!                   who)        each)     pictures)                   Encoder)
//! ```
//!
//! No codec is linked here: the encoder of plane videos is handed in.

mod canonical;
mod error;
#[cfg(feature = "fit")]
pub mod fit;
mod grouping;
mod matching;
mod options;
mod order;
mod output;
mod pack;
mod sequence;
mod signs;
mod slots;
mod statistics;
pub mod zoe;

pub use error::{PackError, Result};
pub use options::{
    DEFAULT_GROUP_FRAMES, DEFAULT_QUALITY, PackOptions, PackReport, PlaneClass, Progress,
    StepStatistics,
};
pub use output::unfinished_path;
pub use pack::{Packing, pack_v3};
pub use sequence::CloudSequence;
