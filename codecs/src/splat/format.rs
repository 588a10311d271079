//! Which splat formats there are, and what tells them.

use super::{Axes, gltf, ksplat, spz};
use crate::Bounds;

/// A format of splat file that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SplatFormat {
    /// INRIA PLY.
    Ply,
    /// PlayCanvas's compressed PLY.
    CompressedPly,
    /// antimatter15's `.splat`.
    Splat,
    /// GaussianSplats3D's .ksplat.
    Ksplat,
    /// Niantic's SPZ.
    Spz,
    /// PlayCanvas's SOG, zipped or as a folder.
    Sog,
    /// glTF or GLB with `KHR_gaussian_splatting`.
    Gltf,
}

impl SplatFormat {
    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ply => "PLY",
            Self::CompressedPly => "compressed PLY",
            Self::Splat => ".splat",
            Self::Ksplat => ".ksplat",
            Self::Spz => "SPZ",
            Self::Sog => "SOG",
            Self::Gltf => "glTF",
        }
    }

    /// The format that the first bytes of a file tell, of a file of `len` bytes. A PLY file is
    /// [`Self::Ply`], whichever it is; SOG in an archive, what is JSON, and `.splat`, which has no
    /// mark at all, show only deeper inside.
    pub(crate) fn of_head(head: &[u8], len: u64) -> Option<Self> {
        let is_ply = head.starts_with(b"ply") && head.get(3).is_some_and(u8::is_ascii_whitespace);
        if is_ply {
            return Some(Self::Ply);
        }
        if ksplat::is_ksplat(head, len) {
            return Some(Self::Ksplat);
        }
        if head.starts_with(gltf::GLB_MAGIC) {
            return Some(Self::Gltf);
        }
        spz::is_spz(head).then_some(Self::Spz)
    }
}

/// What a splat file holds, known without reading its Gaussians.
#[derive(Clone, Debug, PartialEq)]
pub struct SplatFacts {
    /// Format.
    pub format: SplatFormat,
    /// Version of the format as people say it ("2", "0.1"), where it has versions.
    pub version: Option<String>,
    /// Gaussians.
    pub count: u64,
    /// SH degree, 0 to 3.
    pub sh_degree: u8,
    /// Box around all centres, where the format stores it.
    pub bounds: Option<Bounds>,
    /// Which way its axes point.
    pub axes: Axes,
    /// What is odd about the file and does no harm, a sentence each.
    pub notes: Vec<String>,
}
