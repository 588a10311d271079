//! Neural video in a clip of our own: what a track's configuration and its samples hold, specified in `codecs/NEURAL.md`.

mod config;
mod read;
mod tensor;
mod write;

pub use config::{TrackConfig, TrackInput};
pub use read::{GroupReader, NeuralGroup, read_coded_network, read_latent_networks};
pub use write::CodedGroup;
