//! Fits the networks of a neural video to the pictures of a video.
//!
//! ```text
//! PictureSource ─▶ Video ─▶ Engine ◀── Schedule, Plan   Rounding ─▶ CodedGroup ─▶ clip
//!                  (bytes)  (steps)    (which frames,    (numbers as
//!                                      how far)          they are coded)
//! ```
//!
//! Two kinds of networks share all but the order of work:
//!
//! - [`Fit`]: one network for the whole video, HNeRV's decoder (Chen et al., CVPR 2023) without its encoder: embeddings are fitted like
//!   weights, and the file is the same. The last steps are done with the numbers that the file will hold, 8 or 6 bits each.
//! - [`NirvanaFit`]: a small network for every few frames (after NIRVANA, Maiya et al., CVPR 2023), one after the other. Each begins
//!   as the one before is decoded, is done once it is good enough, and only what its integers changed is written: nothing, where
//!   nothing moved.
//!
//! [`Engine`] is what a device must do; [`CpuEngine`] does it in safe Rust with vectors and all cores, and with the
//! feature `fit-gpu` another one with burn on a graphics processor. [`Processor`] is the choice.

#[cfg(feature = "fit-gpu")]
mod burn;
mod checkpoint;
mod cpu;
mod engine;
mod loss;
mod nirvana;
mod plan;
mod processor;
mod rounding;
mod shape;
mod trainer;
mod video;
mod write;

pub use checkpoint::{checkpoint_path, unfinished_checkpoint_path};
pub use cpu::CpuEngine;
pub use engine::{Descent, Engine, Moments, Outcome, State, Step};
pub use loss::Loss;
pub use nirvana::{NirvanaFit, NirvanaOptions};
pub use plan::{FitOptions, Profile, Schedule, shape_for};
pub use processor::Processor;
pub use rounding::{LatentRounding, Rounding, SymbolRounding};
pub use shape::{Place, Shape, step_factor};
pub use trainer::{Fit, FitProgress, FitWatch, Fitted};
pub use video::Video;
pub use write::write_clip;
