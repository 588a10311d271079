//! Splat files: a folder per format, and the cloud of Gaussians that each of them holds.
//!
//! [`read`] finds out the format from the content; [`facts`] tells what a file holds without reading
//! its Gaussians.

mod audit;
mod axes;
mod cloud;
pub mod compressed_ply;
mod decoder;
pub mod dot_splat;
mod exp;
mod fill;
mod format;
pub mod gltf;
pub mod ksplat;
mod mend;
mod morton;
pub mod ply;
mod ply_header;
mod preview;
mod sh_rest;
pub mod sog;
pub mod spz;
pub mod synthetic;
mod transform;
mod write;

use std::sync::Arc;

pub use audit::Audit;
pub use axes::Axes;
pub use cloud::SplatCloud;
pub use decoder::SplatFileDecoder;
pub use format::{SplatFacts, SplatFormat};
pub use preview::{PREVIEW_GAUSSIANS, PREVIEWED_BYTES, has_preview, preview};
pub use sh_rest::ShRest;
pub use write::{WriteFormat, write};

use crate::source::{Folder, Source, ZipFolder};
use crate::{Cancel, Error, Result, limits};

/// The constant of the SH basis function of degree 0: 1 / (2 sqrt(pi)).
pub const SH_C0: f32 = 0.282_094_8;

/// Bytes that tell a zip archive with something in it.
pub(crate) const ZIP_MAGIC: &[u8] = b"PK\x03\x04";
/// Bytes of a file that are looked at to tell its format: enough for gzip to give out its first ones.
pub(crate) const HEAD_BYTES: u64 = 1024;

/// Reads a splat file of any known format.
///
/// # Errors
/// [`Error::Unsupported`] when it is none of them, else what the format's own `read` returns.
pub fn read(source: &Arc<dyn Source>, cancel: &Cancel) -> Result<SplatCloud> {
    match format_of(source, cancel)? {
        SplatFormat::Ply => ply::read(&**source, cancel),
        SplatFormat::CompressedPly => compressed_ply::read(&**source, cancel),
        SplatFormat::Splat => dot_splat::read(&**source, cancel),
        SplatFormat::Ksplat => ksplat::read(&**source, cancel),
        SplatFormat::Spz => spz::read(&**source, cancel),
        SplatFormat::Sog => sog::read(&ZipFolder::open(source.clone(), cancel)?, cancel),
        SplatFormat::Gltf => gltf::read(&**source, cancel),
    }
}

/// Reads what a splat file says about itself, without its Gaussians.
///
/// # Errors
/// As [`read`].
pub fn facts(source: &Arc<dyn Source>, cancel: &Cancel) -> Result<SplatFacts> {
    match format_of(source, cancel)? {
        SplatFormat::Ply => ply::facts(&**source, cancel),
        SplatFormat::CompressedPly => compressed_ply::facts(&**source, cancel),
        SplatFormat::Splat => dot_splat::facts(&**source, cancel),
        SplatFormat::Ksplat => ksplat::facts(&**source, cancel),
        SplatFormat::Spz => spz::facts(&**source, cancel),
        SplatFormat::Sog => sog::facts(&ZipFolder::open(source.clone(), cancel)?, cancel),
        SplatFormat::Gltf => gltf::facts(&**source, cancel),
    }
}

/// Which format a file has, by its content.
///
/// # Errors
/// As [`Source::read`]; [`Error::Unsupported`] when it is no splat file that can be read.
pub fn format_of(source: &Arc<dyn Source>, cancel: &Cancel) -> Result<SplatFormat> {
    check_size(&**source)?;
    let head = source.read(0..source.len().min(HEAD_BYTES), cancel)?;
    if let Some(format) = SplatFormat::of_head(&head, source.len()) {
        let is_compressed = format == SplatFormat::Ply
            && ply_header::Header::read(&**source, cancel)?.is_compressed();
        return Ok(if is_compressed {
            SplatFormat::CompressedPly
        } else {
            format
        });
    }
    if head.starts_with(ZIP_MAGIC) {
        let folder = ZipFolder::open(source.clone(), cancel)?;
        return match folder.open(sog::META_NAME, cancel) {
            Ok(_) => Ok(SplatFormat::Sog),
            Err(_) => Err(Error::unsupported(
                source.name(),
                "it is a zip archive without a SOG model (no meta.json in it)",
            )),
        };
    }
    if gltf::is_gltf_text(&**source, &head, cancel)? {
        return Ok(SplatFormat::Gltf);
    }
    if dot_splat::is_dot_splat(&**source, cancel)? {
        return Ok(SplatFormat::Splat);
    }
    Err(Error::unsupported(
        source.name(),
        "it is no splat file that can be read; PLY, compressed PLY, .splat, .ksplat, SPZ, SOG and glTF \
         work",
    ))
}

fn check_size(source: &dyn Source) -> Result<()> {
    limits::check(
        source.name(),
        "bytes",
        source.len(),
        limits::MAX_SPLAT_FILE_BYTES,
    )
}

/// The unit quaternion w, x, y, z out of its three smaller parts, in that order, and the index of
/// the largest, which is positive.
fn smallest_three(largest: usize, rest: [f32; 3]) -> [f32; 4] {
    /// Which part of (largest, the rest) each of w, x, y, z is. A table and no branch: nobody can foretell it.
    const ORDER: [[usize; 4]; 4] = [[0, 1, 2, 3], [1, 0, 2, 3], [1, 2, 0, 3], [1, 2, 3, 0]];
    let square = rest[0] * rest[0] + rest[1] * rest[1] + rest[2] * rest[2];
    let mut parts = [(1.0 - square).max(0.0).sqrt(), rest[0], rest[1], rest[2]];
    if square > 1.0 {
        // Codes that no rotation has leave nothing for the largest.
        let length = square.sqrt();
        parts = parts.map(|part| part / length);
    }
    ORDER[largest & 3].map(|part| parts[part])
}
