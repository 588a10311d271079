//! Splat files: one file per format, and the cloud of Gaussians that each of them holds.

mod cloud;
pub mod synthetic;

pub use cloud::SplatCloud;
