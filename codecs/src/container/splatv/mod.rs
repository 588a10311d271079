//! `.splatv`, the moving splats of antimatter15's splaTV, made out of the model of "Spacetime Gaussian
//! Feature Splatting for Real-Time Dynamic View Synthesis" (Li et al., CVPR 2024).
//!
//! A magic number, a length and a JSON list of chunks stand in front of the chunks themselves. The one
//! of type "splat" is a texture of 64 bytes, sixteen words, for each Gaussian (all little-endian, halves
//! with the lower one first):
//!
//! | words | content |
//! | --- | --- |
//! | 0..3 | centre, three floats, world units |
//! | 3, 4 | quaternion w, x, y, z, halves |
//! | 5, 6 | standard deviations along its axes, three halves; the fourth is unused |
//! | 7 | red, green, blue and opacity, bytes |
//! | 8..13 | motion: nine halves, three each of the first, second and third power of time; the tenth is unused |
//! | 13, 14 | change of the quaternion with time, four halves |
//! | 15 | the moment at which it is most opaque, and how long it is, halves |
//!
//! Time runs from 0 to 1. At `d` after its moment a Gaussian is at `centre + m1 d + m2 d^2 + m3 d^3`,
//! turned by `quaternion + change d`, and its opacity is multiplied by `exp(-(d / length)^2)`; below
//! 0.02 it is not drawn. The file does not say how long 1 is: models are trained on 50 frames at 30 a
//! second.

mod model;

use std::sync::Arc;

use super::moving::{MovingDemuxer, MovingFacts};
use super::{DEFAULT_FRAME_RATE, Warnings};
use crate::source::Source;
use crate::splat::Axes;
use crate::{Cancel, Result};
use model::Model;

/// The first four bytes of a file.
pub(crate) const MAGIC: [u8; 4] = 0x674b_u32.to_le_bytes();
/// Seconds that the time from 0 to 1 takes.
const DURATION_S: f64 = 50.0 / DEFAULT_FRAME_RATE;

/// Opens a `.splatv` file.
///
/// # Errors
/// As [`Source::read`]; [`crate::Error::Malformed`] for a damaged file, [`crate::Error::Limit`] above
/// [`crate::limits::MAX_GAUSSIANS`] and the other caps.
pub fn open(source: &Arc<dyn Source>, cancel: &Cancel) -> Result<MovingDemuxer> {
    let (model, camera) = Model::read(&**source, cancel)?;
    let facts = MovingFacts {
        name: source.name().to_owned(),
        codec: "splaTV",
        duration_s: DURATION_S,
        sh_degree: 0,
        most_gaussians: model.count() as u64,
        bounds: None,
        axes: Axes::RightDownFront,
        up: None,
        camera,
        size_bytes: source.len(),
        warnings: Warnings::default(),
    };
    MovingDemuxer::new(Box::new(model), facts)
}
