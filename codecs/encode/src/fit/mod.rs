//! Fits the network of a neural video to the pictures of a video.

mod cpu;
mod engine;
mod loss;
mod random;
mod shape;
mod video;

pub use cpu::CpuEngine;
pub use engine::{Engine, Moments, Outcome, State, Step};
pub use loss::Loss;
pub use random::Random;
pub use shape::{LayerShape, Place, Shape};
pub use video::{FrameSource, Video};
