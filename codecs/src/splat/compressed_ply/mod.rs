//! PlayCanvas's compressed PLY: 16 bytes a Gaussian, quantised within chunks of 256.
//!
//! Element `chunk` holds the ranges of position, log-scale and (in newer files) colour; element
//! `vertex` four 32-bit words; the optional element `sh` one byte for each SH coefficient beyond
//! DC, channel-major.

mod read;
mod write;

pub(super) use read::read_preview;
pub use read::{facts, read};
pub use write::write;

/// Gaussians that share a chunk's ranges.
const CHUNK_GAUSSIANS: usize = 256;
