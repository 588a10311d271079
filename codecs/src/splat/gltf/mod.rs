//! glTF 2.0 and GLB with the Khronos extension `KHR_gaussian_splatting`: every point of a primitive
//! is a Gaussian.
//!
//! Attributes `POSITION`, `KHR_gaussian_splatting:ROTATION` (x, y, z, w), `:SCALE` (linear),
//! `:OPACITY` and `:SH_DEGREE_l_COEF_n` (m from -l to l, all in the convention of 3D Gaussian
//! Splatting). All primitives of the scene, moved, turned and scaled by their nodes, become one
//! cloud. Axes are [`RightUpBack`](super::Axes).
//!
//! Buffer views may be packed with meshopt, and the Gaussians of a primitive may be an SPZ file.
//!
//! What the extension leaves to others is drawn as it says: unknown kernels, projections and colour
//! spaces as the plain ellipse. Drafts of it had logarithms in `SCALE`, and the files show it by
//! numbers below zero, which a length cannot be, or by zeros alone; names like `_SCALE`; and colours in
//! `COLOR_0` as the Gaussians have them, where glTF's own are linear.

mod accessor;
mod asset;
mod buffer;
mod meshopt;
mod packed;
mod read;
mod scene;
mod write;

use crate::source::Source;
use crate::{Cancel, Result};

pub use read::{facts, read};
pub use write::write;

/// First bytes of a GLB file.
pub(super) const GLB_MAGIC: &[u8] = b"glTF";
/// The extension.
const EXTENSION: &str = "KHR_gaussian_splatting";

/// Bytes of text that are looked at to tell glTF from other JSON.
const TEXT_BYTES: u64 = 1 << 20;

/// Whether `source`, which starts with `head`, is glTF as a text.
///
/// # Errors
/// As [`Source::read`].
pub(crate) fn is_gltf_text(source: &dyn Source, head: &[u8], cancel: &Cancel) -> Result<bool> {
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if !start.trim_ascii_start().starts_with(b"{") {
        return Ok(false);
    }
    let text = source.read(0..source.len().min(TEXT_BYTES), cancel)?;
    let has = |key: &&[u8]| text.windows(key.len()).any(|window| window == *key);
    // Without any of these there is nothing in it.
    let keys: [&[u8]; 4] = [
        b"\"accessors\"",
        b"\"bufferViews\"",
        b"\"buffers\"",
        b"\"meshes\"",
    ];
    Ok(keys.iter().any(has))
}
