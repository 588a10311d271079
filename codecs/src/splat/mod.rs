//! Splat files: one file per format, and the cloud of Gaussians that each of them holds.

mod cloud;

pub use cloud::SplatCloud;
