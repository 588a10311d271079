//! Neural video: a video kept as the weights of a small network.
//!
//! A [`Network`] turns the [embedding](NeuralVideo::embedding) of a frame, some hundred numbers, into the
//! frame's picture. Every frame is decoded by itself, so a seek costs one frame, wherever it goes.
//!
//! HNeRV (Chen et al., CVPR 2023) is a chain of convolutions, each followed by a pixel shuffle and an
//! activation; so is NeRV (Chen et al., NeurIPS 2021), whose embeddings are sines of the time.

mod clip;
pub mod cpu;
pub mod import;
mod network;
mod raw;

pub use clip::{NeuralDecoder, NeuralDemuxer};
pub use cpu::{CpuDecoder, Picture};
pub use import::{
    Import, ImportFacts, ImportOptions, NEURAL_HEAD_BYTES, NeuralFormat, TimeEmbedding, import,
    open,
};
pub use network::{Activation, Layer, Network, NeuralFrame, NeuralVideo, Output};
