//! Gaussians that lie in a model as an SPZ file: `KHR_gaussian_splatting_compression_spz_2`, and the drafts
//! of it.
//!
//! The extension wants them decoded into axes that point left, up and to the front, and SPZ's point right, up
//! and back. Files of the drafts, which say nothing of the kernel that they are drawn with, were made and are
//! shown everywhere without that.

use super::super::transform::Affine;
use super::super::{SplatCloud, SplatFacts, spz};
use super::accessor::Accessors;
use super::asset::{Primitive, Splatting, SpzFile};
use crate::Result;

/// Half a turn about what is up.
const LEFT_UP_FRONT: Affine = Affine {
    linear: [[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]],
    translation: [0.0; 3],
};

/// Where the SPZ file of a primitive is, if it has one.
pub(super) fn file_of(primitive: &Primitive) -> Option<&SpzFile> {
    let splatting = primitive.extensions.splatting.as_ref();
    splatting
        .and_then(|splatting| splatting.extensions.spz.as_ref())
        .or(primitive.extensions.spz.as_ref())
}

/// What the file says about itself.
pub(super) fn facts(file: &SpzFile, accessors: &mut Accessors) -> Result<SplatFacts> {
    let cancel = accessors.cancel;
    spz::facts(&accessors.view_source(file.buffer_view)?, cancel)
}

/// The Gaussians in it, in the primitive's space.
pub(super) fn read(
    file: &SpzFile,
    splatting: &Splatting,
    accessors: &mut Accessors,
) -> Result<SplatCloud> {
    let cancel = accessors.cancel;
    let mut cloud = spz::read(&accessors.view_source(file.buffer_view)?, cancel)?;
    if splatting.kernel.is_some() {
        cloud.transform_from(0, &LEFT_UP_FRONT);
    }
    Ok(cloud)
}
