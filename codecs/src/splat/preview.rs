//! A first picture of a big file before it is read.

use std::sync::Arc;

use super::{SplatCloud, SplatFormat, compressed_ply, dot_splat, format_of, ply};
use crate::source::Source;
use crate::{Cancel, Result};

/// Bytes of a file that takes long enough to read for a preview to be of use.
pub const PREVIEWED_BYTES: u64 = 8 << 20;
/// Gaussians of a preview at most: they are read in well under a tenth of a second.
pub const PREVIEW_GAUSSIANS: usize = 100_000;

/// Some Gaussians of a big file, as they are in it: those that matter most where it is sorted by that,
/// else some from all over it. `None` of a small file, and of one of a format that has to be read as
/// a whole.
///
/// # Errors
/// As [`super::read`].
pub fn preview(source: &Arc<dyn Source>, cancel: &Cancel) -> Result<Option<SplatCloud>> {
    if source.len() < PREVIEWED_BYTES {
        return Ok(None);
    }
    let most = PREVIEW_GAUSSIANS;
    let some = match format_of(source, cancel)? {
        SplatFormat::Ply => ply::read_preview(&**source, most, cancel)?,
        SplatFormat::CompressedPly => Some(compressed_ply::read_preview(&**source, most, cancel)?),
        SplatFormat::Splat => Some(dot_splat::read_preview(&**source, most, cancel)?),
        _ => None,
    };
    Ok(some.filter(|some| !some.is_empty()))
}

/// Whether files of `format` may have a [`preview`].
pub fn has_preview(format: SplatFormat) -> bool {
    matches!(
        format,
        SplatFormat::Ply | SplatFormat::CompressedPly | SplatFormat::Splat
    )
}
