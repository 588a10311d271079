//! `.4dgs`, version 1 (avala-ai/4dgs): Gaussians that live for a while and move in straight lines.
//!
//! Between two magic numbers lie records, each an opcode (one byte), a length (eight bytes) and its
//! content; all numbers are little-endian. The first is the header; grids of quantisation and a table
//! of windows follow, then chunks, each with the Gaussians of a stretch of time as one stream of small
//! integers for each attribute, and SH coefficients in records behind their chunk. Unknown records are
//! stepped over.
//!
//! A Gaussian is there inside of its window, at `position + motion (t - mu)`, with its opacity times
//! `exp(-((t - mu) / sigma)^2 / 2)`, as long as that factor is not below the header's cutoff. Temporal
//! models other than this one ("gaussian-birth") are refused by name.

mod bytes;
mod chunk;
mod file;
mod stream;

use std::sync::Arc;

use super::moving::MovingDemuxer;
use crate::source::Source;
use crate::{Cancel, Result};

/// The first bytes of a file, of any version.
pub(crate) const MAGIC: &[u8] = b"\x894DGS";

/// Opens a `.4dgs` file.
///
/// # Errors
/// As [`Source::read`]; [`crate::Error::Unsupported`] for versions and temporal models that are not
/// known, [`crate::Error::Malformed`] for a damaged file, [`crate::Error::Limit`] above the caps of
/// [`crate::limits`].
pub fn open(source: Arc<dyn Source>, cancel: &Cancel) -> Result<MovingDemuxer> {
    file::open(source, cancel)
}
