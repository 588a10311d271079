//! Frames to the numbers of one Gaussian: twin of the two `unpack` functions in WGSL.

use glam::{Vec3, Vec4};
use zoetrope_codecs::gaussian_video::PlaneLayout;
use zoetrope_codecs::{PlaneFrame, SplatCloud};

use crate::splat::ProjectParameters;
use crate::splat::constants::{ENCODING_ACTIVATED, ENCODING_RAW};

/// SH coefficients beyond DC at degree 3.
pub const REST_MAX: usize = 15;

/// Random access to the Gaussians of a frame. Split so that those that turn out not to be seen
/// cost a position and an opacity only.
pub trait Gaussians: Sync {
    /// Centre, world space.
    fn position(&self, k: usize) -> Vec3;
    /// Opacity, 0 to 1.
    fn opacity(&self, k: usize) -> f32;
    /// Standard deviations along the own axes, world units.
    fn scale(&self, k: usize) -> Vec3;
    /// Quaternion x, y, z, w, not normalised.
    fn rotation(&self, k: usize) -> Vec4;
    /// SH coefficient of degree 0.
    fn dc(&self, k: usize) -> Vec3;
    /// The first `rest.len()` SH coefficients beyond DC.
    fn rest(&self, k: usize, rest: &mut [Vec3]);
}

/// The Gaussians of a cloud.
pub struct CloudGaussians<'a>(pub &'a SplatCloud);

impl Gaussians for CloudGaussians<'_> {
    fn position(&self, k: usize) -> Vec3 {
        self.0.positions[k].into()
    }

    fn opacity(&self, k: usize) -> f32 {
        self.0.opacities[k]
    }

    fn scale(&self, k: usize) -> Vec3 {
        self.0.scales[k].into()
    }

    fn rotation(&self, k: usize) -> Vec4 {
        let [w, x, y, z] = self.0.rotations[k];
        Vec4::new(x, y, z, w)
    }

    fn dc(&self, k: usize) -> Vec3 {
        self.0.sh_dc[k].into()
    }

    fn rest(&self, k: usize, rest: &mut [Vec3]) {
        for (target, source) in rest.iter_mut().zip(self.0.rest_of(k)) {
            *target = Vec3::from(*source);
        }
    }
}

/// Layers of a frame of planes at degree 3.
const LAYERS_MAX: usize = 62;

/// The Gaussians of a frame of planes, straight from the samples.
pub struct PlaneGaussians<'a> {
    /// Samples, lowest value and step of each layer; of positions the low bytes have the step.
    layers: [(&'a [u8], f32, f32); LAYERS_MAX],
    encoding: u32,
    rest_stored: usize,
    opacity_layer: usize,
}

impl<'a> PlaneGaussians<'a> {
    /// Reads `planes` with the ranges in `parameters`.
    pub fn new(planes: &'a PlaneFrame, parameters: &ProjectParameters) -> Self {
        let mut layers: [(&[u8], f32, f32); LAYERS_MAX] = [(&[], 0.0, 0.0); LAYERS_MAX];
        for (index, layer) in layers.iter_mut().enumerate().take(planes.layout.layers()) {
            // A position takes two layers but is one attribute.
            let attribute = index.checked_sub(3).filter(|attribute| *attribute >= 3);
            let [low, step] = parameters.range(attribute.unwrap_or(index / 2));
            *layer = (planes.layer(index), low, step);
        }
        Self {
            layers,
            encoding: parameters.encoding,
            rest_stored: planes.layout.rest_coefficients(),
            opacity_layer: planes.layout.opacity_layer(),
        }
    }

    /// The value of a layer with 8 bits.
    fn byte(&self, layer: usize, k: usize) -> f32 {
        let (samples, low, step) = self.layers[layer];
        low + f32::from(samples[k]) * step
    }

    fn axes(&self, layer: usize, k: usize) -> Vec3 {
        Vec3::from(std::array::from_fn(|axis| self.byte(layer + axis, k)))
    }
}

impl Gaussians for PlaneGaussians<'_> {
    fn position(&self, k: usize) -> Vec3 {
        Vec3::from(std::array::from_fn(|axis| {
            let (low_bytes, low, step) = self.layers[2 * axis];
            let (high_bytes, ..) = self.layers[2 * axis + 1];
            let code = u16::from_le_bytes([low_bytes[k], high_bytes[k]]);
            low + f32::from(code) * step
        }))
    }

    fn opacity(&self, k: usize) -> f32 {
        let value = self.byte(self.opacity_layer, k);
        if self.encoding == ENCODING_RAW {
            1.0 / (1.0 + (-value).exp())
        } else {
            value.clamp(0.0, 1.0)
        }
    }

    fn scale(&self, k: usize) -> Vec3 {
        let scale = self.axes(self.opacity_layer + 1, k);
        if self.encoding == ENCODING_ACTIVATED {
            scale
        } else {
            scale.exp()
        }
    }

    fn rotation(&self, k: usize) -> Vec4 {
        let first = self.opacity_layer + 4;
        let [w, x, y, z] = std::array::from_fn(|part| self.byte(first + part, k));
        Vec4::new(x, y, z, w)
    }

    fn dc(&self, k: usize) -> Vec3 {
        self.axes(PlaneLayout::DC_LAYER, k)
    }

    fn rest(&self, k: usize, rest: &mut [Vec3]) {
        // Raw planes keep INRIA's channel-major order.
        let (coefficient_step, channel_step) = if self.encoding == ENCODING_RAW {
            (1, self.rest_stored)
        } else {
            (3, 1)
        };
        for (j, target) in rest.iter_mut().enumerate() {
            *target = Vec3::from(std::array::from_fn(|channel| {
                let offset = coefficient_step * j + channel_step * channel;
                self.byte(PlaneLayout::REST_LAYER + offset, k)
            }));
        }
    }
}
