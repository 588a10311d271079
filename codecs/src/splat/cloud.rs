//! Gaussians as numbers.

use super::mend::{Row, mend};
use super::{Axes, ShRest};
use crate::Bounds;
use crate::gaussian_video::rest_coefficients;

/// A cloud of 3D Gaussians in the activated domain: what "3D Gaussian Splatting for Real-Time
/// Radiance Field Rendering" (Kerbl et al. 2023) draws. Structure of arrays, all of one length.
///
/// World space as the file has it; [`Self::axes`] tells which way that points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SplatCloud {
    /// Centres in world units.
    pub positions: Vec<[f32; 3]>,
    /// Unit quaternions w, x, y, z that turn the Gaussian's own axes into world space.
    pub rotations: Vec<[f32; 4]>,
    /// Standard deviations along the Gaussian's own axes, world units.
    pub scales: Vec<[f32; 3]>,
    /// Opacity at the centre, 0 to 1.
    pub opacities: Vec<f32>,
    /// SH coefficient of degree 0 of red, green, blue; colour = 0.5 + 0.2820948 x this.
    pub sh_dc: Vec<[f32; 3]>,
    /// SH coefficients of degree 1 and up, `(sh_degree + 1)² - 1` of them for each Gaussian.
    pub sh_rest: ShRest,
    /// SH degree, 0 to 3.
    pub sh_degree: u8,
    /// Which way the axes of its world space point.
    pub axes: Axes,
    /// Whether it was trained with Mip-Splatting's 2D filter and wants to be drawn with it.
    pub antialiased: bool,
    /// Gaussians that were made invisible because a value was not finite, the quaternion zero, or
    /// the Gaussian larger or farther away than anything that can be drawn.
    pub dropped: usize,
}

impl SplatCloud {
    /// An empty cloud with room for `count` Gaussians.
    pub fn with_capacity(count: usize, sh_degree: u8) -> Self {
        Self {
            positions: Vec::with_capacity(count),
            rotations: Vec::with_capacity(count),
            scales: Vec::with_capacity(count),
            opacities: Vec::with_capacity(count),
            sh_dc: Vec::with_capacity(count),
            sh_rest: Vec::with_capacity(count * rest_coefficients(sh_degree)).into(),
            sh_degree,
            axes: Axes::default(),
            antialiased: false,
            dropped: 0,
        }
    }

    /// A cloud of `count` rows of zeros, for readers that fill the arrays themselves.
    pub(super) fn zeroed(count: usize, sh_degree: u8) -> Self {
        Self {
            positions: vec![[0.0; 3]; count],
            rotations: vec![[0.0; 4]; count],
            scales: vec![[0.0; 3]; count],
            opacities: vec![0.0; count],
            sh_dc: vec![[0.0; 3]; count],
            sh_rest: vec![[0.0; 3]; count * rest_coefficients(sh_degree)].into(),
            sh_degree,
            ..Self::default()
        }
    }

    /// Adds a Gaussian. The quaternion (w, x, y, z) is normalised here. One with a value that is
    /// not finite, with a zero quaternion, larger than [`MAX_SCALE`](crate::limits::MAX_SCALE) or
    /// farther away than [`MAX_COORDINATE`](crate::limits::MAX_COORDINATE) is kept as an invisible
    /// point at the origin, so that rows stay where they are, and counted in `dropped`.
    ///
    /// `sh_rest` holds `(sh_degree + 1)² - 1` coefficients.
    pub fn push(
        &mut self,
        position: [f32; 3],
        rotation: [f32; 4],
        scale: [f32; 3],
        opacity: f32,
        sh_dc: [f32; 3],
        sh_rest: &[[f32; 3]],
    ) {
        debug_assert_eq!(sh_rest.len(), rest_coefficients(self.sh_degree));
        let rest = self.sh_rest.each_mut();
        let first_rest = rest.len();
        rest.extend_from_slice(sh_rest);
        let (mut position, mut rotation, mut scale) = (position, rotation, scale);
        let (mut opacity, mut sh_dc) = (opacity, sh_dc);
        let is_sound = mend(Row {
            position: &mut position,
            rotation: &mut rotation,
            scale: &mut scale,
            opacity: &mut opacity,
            sh_dc: &mut sh_dc,
            sh_rest: &mut rest[first_rest..],
        });
        self.dropped += usize::from(!is_sound);
        self.positions.push(position);
        self.rotations.push(rotation);
        self.scales.push(scale);
        self.opacities.push(opacity);
        self.sh_dc.push(sh_dc);
    }

    /// Adds the Gaussians of another cloud, whose SH degree is no higher.
    pub(super) fn append(&mut self, other: Self) {
        if self.is_empty() && self.sh_degree == other.sh_degree {
            *self = other;
            return;
        }
        let mut rest = vec![[0.0; 3]; self.rest_coefficients()];
        for k in 0..other.len() {
            let own = other.rest_of(k);
            rest[..own.len()].copy_from_slice(own);
            self.push(
                other.positions[k],
                other.rotations[k],
                other.scales[k],
                other.opacities[k],
                other.sh_dc[k],
                &rest,
            );
        }
        self.dropped += other.dropped;
    }

    /// Number of Gaussians.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// SH coefficients beyond DC of each Gaussian and channel: 0, 3, 8 or 15.
    pub fn rest_coefficients(&self) -> usize {
        rest_coefficients(self.sh_degree)
    }

    /// The SH coefficients beyond DC of Gaussian `k`.
    pub fn rest_of(&self, k: usize) -> &[[f32; 3]] {
        self.sh_rest.of(k, self.rest_coefficients())
    }

    /// Bytes of memory it takes.
    pub fn size_bytes(&self) -> usize {
        self.len() * Self::BYTES + self.sh_rest.size_bytes()
    }

    /// Bytes of memory that `count` Gaussians take at most.
    pub fn bytes_for(count: usize, sh_degree: u8) -> usize {
        count.saturating_mul(Self::BYTES + rest_coefficients(sh_degree) * Self::REST_BYTES)
    }

    /// Bytes of a Gaussian of SH degree 0.
    const BYTES: usize = 4 * (3 + 4 + 3 + 1 + 3);
    /// Bytes of one coefficient of a higher degree.
    const REST_BYTES: usize = 4 * 3;

    /// Box around the centres of all visible Gaussians, world space.
    pub fn bounds(&self) -> Bounds {
        let mut bounds = Bounds::EMPTY;
        for (position, opacity) in self.positions.iter().zip(&self.opacities) {
            if *opacity > 0.0 {
                bounds.add(*position);
            }
        }
        bounds
    }
}
