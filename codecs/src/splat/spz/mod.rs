//! Niantic's SPZ, versions 1 to 4: one block for each attribute, of 8 to 32 bits a value.
//!
//! Versions 1 to 3 are one gzip stream of a header of 16 bytes and the blocks; a file that is not
//! packed at all is read too. Version 4 has a plain header of 32 bytes, records of extensions, a
//! table of contents, and a zstd stream for each block. Blocks, in this order, all little-endian:
//!
//! | block | bytes a Gaussian | value |
//! | --- | --- | --- |
//! | positions | 9 (version 1: 6) | three times 24 bits, fixed point (version 1: half floats) |
//! | opacities | 1 | opacity x 255 |
//! | colours | 3 | (SH degree 0 x 0.15 + 0.5) x 255 |
//! | scales | 3 | (natural logarithm + 10) x 16 |
//! | rotations | 4 (versions 1, 2: 3) | "smallest three" (versions 1, 2: x, y, z of a positive w) |
//! | SH | 0, 9, 24, 45, 72 | coefficient x 128 + 128, coefficient by coefficient |
//!
//! Axes are [`RightUpBack`](super::Axes), unless Adobe's extension names others.

mod extensions;
mod header;
mod read;
mod stream;
mod unpack;
mod write;

use std::io::Read;

use flate2::bufread::GzDecoder;

pub use read::{facts, read};
pub use write::{SpzVersion, write};

/// First bytes of the unpacked content.
const MAGIC: &[u8] = b"NGSP";
/// Whether a file that starts with `head` is SPZ, packed or not.
pub(super) fn is_spz(head: &[u8]) -> bool {
    let mut first = [0; 4];
    head.starts_with(MAGIC)
        || head.starts_with(GZIP_MAGIC)
            && GzDecoder::new(head).read_exact(&mut first).is_ok()
            && first == MAGIC
}

/// First bytes of a gzip stream.
const GZIP_MAGIC: &[u8] = b"\x1f\x8b";
/// SH degree 0 x this + 0.5 is the colour as it is stored, 0 to 1.
const COLOUR_SCALE: f32 = 0.15;
/// Magnitudes of a part of a "smallest three" rotation: 9 bits.
const ROTATION_STEPS: u32 = 511;
