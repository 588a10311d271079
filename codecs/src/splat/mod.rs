//! Splat files: one file per format, and the cloud of Gaussians that each of them holds.
//!
//! [`read`] finds out the format from the content; [`facts`] tells what a file holds without reading
//! its Gaussians.

mod cloud;
pub mod compressed_ply;
mod decoder;
pub mod ply;
mod ply_header;
pub mod sog;
pub mod synthetic;

use std::sync::Arc;

pub use cloud::SplatCloud;
pub use decoder::SplatFileDecoder;

use crate::source::{Folder, Source, ZipFolder};
use crate::{Bounds, Cancel, Error, Result, limits};

/// The constant of the SH basis function of degree 0: 1 / (2 sqrt(pi)).
pub const SH_C0: f32 = 0.282_094_8;

/// A format of splat file that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SplatFormat {
    /// INRIA PLY.
    Ply,
    /// PlayCanvas's compressed PLY.
    CompressedPly,
    /// PlayCanvas's SOG, zipped or as a folder.
    Sog,
}

impl SplatFormat {
    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ply => "PLY",
            Self::CompressedPly => "compressed PLY",
            Self::Sog => "SOG",
        }
    }
}

/// What a splat file holds, known without reading its Gaussians.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SplatFacts {
    /// Format.
    pub format: SplatFormat,
    /// Gaussians.
    pub count: u64,
    /// SH degree, 0 to 3.
    pub sh_degree: u8,
    /// Box around all centres, where the format stores it.
    pub bounds: Option<Bounds>,
}

/// Bytes that tell a PLY file.
pub(crate) const PLY_MAGIC: &[u8] = b"ply";
/// Bytes that tell a zip archive with something in it.
pub(crate) const ZIP_MAGIC: &[u8] = b"PK\x03\x04";

/// Reads a splat file of any known format: INRIA PLY, compressed PLY, zipped SOG.
///
/// # Errors
/// [`Error::Unsupported`] when it is none of them, else what the format's own `read` returns.
pub fn read(source: &Arc<dyn Source>, cancel: &Cancel) -> Result<SplatCloud> {
    match open(source, cancel)? {
        Opened::Ply(header) if header.is_compressed() => {
            compressed_ply::read_body(&**source, &header, cancel)
        }
        Opened::Ply(header) => ply::read_body(&**source, &header, cancel),
        Opened::Sog(folder) => sog::read(&folder, cancel),
    }
}

/// Reads what a splat file says about itself, without its Gaussians.
///
/// # Errors
/// As [`read`].
pub fn facts(source: &Arc<dyn Source>, cancel: &Cancel) -> Result<SplatFacts> {
    match open(source, cancel)? {
        Opened::Ply(header) if header.is_compressed() => compressed_ply::facts(&**source, &header),
        Opened::Ply(header) => ply::facts(&**source, &header),
        Opened::Sog(folder) => sog::facts(&folder, cancel),
    }
}

enum Opened {
    Ply(ply_header::Header),
    Sog(ZipFolder),
}

fn open(source: &Arc<dyn Source>, cancel: &Cancel) -> Result<Opened> {
    check_size(&**source)?;
    let magic = source.read(0..source.len().min(4), cancel)?;
    if magic.starts_with(PLY_MAGIC) {
        return Ok(Opened::Ply(ply_header::Header::read(&**source, cancel)?));
    }
    if magic.starts_with(ZIP_MAGIC) {
        let folder = ZipFolder::open(source.clone(), cancel)?;
        return match folder.open(sog::META_NAME, cancel) {
            Ok(_) => Ok(Opened::Sog(folder)),
            Err(_) => Err(Error::unsupported(
                source.name(),
                "it is a zip archive without a SOG model (no meta.json in it)",
            )),
        };
    }
    Err(Error::unsupported(
        source.name(),
        "it is no splat file that can be read; PLY, compressed PLY and SOG work",
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
    let square: f32 = rest.iter().map(|part| part * part).sum();
    let mut rest = rest.into_iter();
    std::array::from_fn(|part| {
        if part == largest {
            (1.0 - square).max(0.0).sqrt()
        } else {
            rest.next().unwrap_or(0.0)
        }
    })
}
