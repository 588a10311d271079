//! Neural video: a video kept as the weights of a small network.
//!
//! A [`Network`] turns the [embedding](NeuralVideo::embedding) of a frame, some hundred numbers, into the
//! frame's picture. Every frame is decoded by itself, so a seek costs one frame, wherever it goes.
//!
//! HNeRV (Chen et al., CVPR 2023) is a chain of convolutions, each followed by a pixel shuffle and an
//! activation; so is NeRV (Chen et al., NeurIPS 2021), whose embeddings are sines of the time.

mod architecture;
mod clip;
mod coded;
mod coding;
pub mod cpu;
mod grid;
pub mod import;
mod latents;
mod layer;
mod network;
mod quantised;
mod raw;
mod time;
pub mod track;
mod video;

pub use architecture::Architecture;
pub use clip::{NeuralDecoder, NeuralDemuxer};
pub use coded::{CodedEmbeddings, CodedNetwork};
pub use cpu::{CpuDecoder, Picture};
pub use grid::PatchGrid;
pub use import::{
    Import, ImportFacts, ImportOptions, ImportQuestion, NEURAL_HEAD_BYTES, NeuralFormat,
    StrideChoice, import, open,
};
pub use latents::{LatentNetworks, LatentScale, MAX_LATENT};
pub use layer::{Activation, Layer, LayerShape, Output};
pub use network::Network;
pub use quantised::{MAX_AXES, MAX_SYMBOL_BITS, Quantised, RangePrecision};
pub use time::{TimeEmbedding, TimeOrder, TimeRule};
pub use video::{Crop, NeuralFrame, NeuralVideo};
