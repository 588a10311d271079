//! Fits the network of a neural video to the pictures of a video.
//!
//! ```text
//! PictureSource ─▶ Video ─▶ Engine ◀── Schedule     Rounding ─▶ CodedNetwork ─▶ clip
//!                  (bytes)  (steps)    (which frames,  (numbers as
//!                                      how far)         they are coded)
//! ```
//!
//! The networks are HNeRV's decoders (Chen et al., CVPR 2023) without its encoder: embeddings are fitted like weights, and
//! the file is the same. The last steps are done with the numbers that the file will hold, 8 or 6 bits each.
//!
//! [`Engine`] is what a device must do; [`CpuEngine`] does it in safe Rust with vectors and all cores, and with the
//! feature `fit-gpu` another one with burn on a graphics processor. [`Processor`] is the choice.

#[cfg(feature = "fit-gpu")]
mod burn;
mod checkpoint;
mod cpu;
mod engine;
mod loss;
mod plan;
mod processor;
mod rounding;
mod shape;
mod trainer;
mod video;
mod write;

pub use checkpoint::{checkpoint_path, unfinished_checkpoint_path};
pub use cpu::CpuEngine;
pub use engine::{Engine, Moments, Outcome, State, Step};
pub use loss::Loss;
pub use plan::{FitOptions, Profile, Schedule, shape_for};
pub use processor::Processor;
pub use rounding::Rounding;
pub use shape::{Place, Shape};
pub use trainer::{Fit, FitProgress, FitWatch, Fitted};
pub use video::Video;
pub use write::write_clip;
