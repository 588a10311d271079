//! The `.splat` files of antimatter15's WebGL viewer: 32 bytes a Gaussian and nothing else, neither
//! a header nor spherical harmonics.
//!
//! Three `f32` of position, three of scale (linear), red, green, blue as they are shown, opacity,
//! and the quaternion w, x, y, z as (byte - 128) / 128. Most are sorted by importance, so that any
//! start of a file is a fair picture of it.

mod read;
mod write;

pub(super) use read::read_preview;
pub use read::{facts, read};
pub(crate) use read::{has_name, is_dot_splat};
pub use write::write;

/// Bytes of a Gaussian.
const ROW_BYTES: usize = 32;
