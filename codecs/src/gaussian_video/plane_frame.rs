//! A frame of Gaussian video and its way back to numbers.

use std::sync::Arc;

use super::{PlaneEncoding, PlaneLayout};
use crate::{Bounds, Error, Result, SplatCloud};

/// The value range of every attribute: `value = low + q / q_max * (high - low)`, where `q_max` is
/// 65535 for positions and 255 for everything else.
///
/// Attributes come in the order of [`PlaneLayout`]'s layers, a position axis counting once: x, y,
/// z, DC, rest, opacity, scale, rotation.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeRanges {
    /// `[low, high]` for each attribute; finite, `low <= high`.
    values: Vec<[f32; 2]>,
}

impl AttributeRanges {
    /// Takes `[low, high]` for each attribute.
    ///
    /// # Errors
    /// [`Error::Malformed`] about `name` when one is not finite or upside down, and when their
    /// number fits no SH degree.
    pub fn new(name: &str, values: Vec<[f32; 2]>) -> Result<Self> {
        for (attribute, [low, high]) in values.iter().enumerate() {
            // Two finite ends may still be infinitely far from each other.
            if !(high - low).is_finite() || low > high {
                return Err(Error::malformed(
                    name,
                    format!(
                        "the range of {} is {low:?} to {high:?}, which is no range",
                        attribute_name(attribute, values.len())
                    ),
                ));
            }
        }
        if !(0..=3).any(|degree| PlaneLayout::for_count(0, degree).attributes() == values.len()) {
            return Err(Error::malformed(
                name,
                format!(
                    "it has {} attribute ranges, which fits no SH degree from 0 to 3",
                    values.len()
                ),
            ));
        }
        Ok(Self { values })
    }

    /// Takes ranges that are known to be right.
    pub(super) fn from_values(values: Vec<[f32; 2]>) -> Self {
        Self { values }
    }

    /// `[low, high]` of each attribute.
    pub fn values(&self) -> &[[f32; 2]] {
        &self.values
    }

    /// The box that positions can be in, world space.
    pub fn position_bounds(&self) -> Bounds {
        Bounds {
            min: std::array::from_fn(|axis| self.values[axis][0]),
            max: std::array::from_fn(|axis| self.values[axis][1]),
        }
    }
}

/// One frame of Gaussian video: all planes as decoded, and how to read numbers from them.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaneFrame {
    /// Shape.
    pub layout: PlaneLayout,
    /// De-quantisation; `layout.attributes()` ranges.
    pub ranges: Arc<AttributeRanges>,
    /// All layers one after the other, each `side` x `side` samples, row-major, without gaps:
    /// `layout.samples()` bytes, ready for one texture upload.
    pub samples: Vec<u8>,
}

impl PlaneFrame {
    /// The samples of one layer.
    pub fn layer(&self, layer: usize) -> &[u8] {
        let size = self.layout.plane_samples();
        &self.samples[layer * size..(layer + 1) * size]
    }

    /// The frame as numbers, padding left out. Quaternions are normalised; Gaussians whose
    /// quaternion is zero or whose values are not finite get opacity 0.
    pub fn to_cloud(&self) -> SplatCloud {
        let count = self.layout.count as usize;
        let rest = self.layout.rest_coefficients();
        let ranges = self.ranges.values();
        let wide = |axis: usize, k: usize| {
            let low = self.layer(2 * axis)[k];
            let high = self.layer(2 * axis + 1)[k];
            dequantise(ranges[axis], u16::from_le_bytes([low, high]), 65535.0)
        };
        let byte = |layer: usize, k: usize| {
            dequantise(ranges[layer - 3], u16::from(self.layer(layer)[k]), 255.0)
        };
        let raw = self.layout.encoding == PlaneEncoding::Raw;
        let linear = self.layout.encoding == PlaneEncoding::Activated;
        let mut cloud = SplatCloud::with_capacity(count, self.layout.sh_degree);
        let mut rest_values = vec![[0.0; 3]; rest];
        for k in 0..count {
            for (j, value) in rest_values.iter_mut().enumerate() {
                *value = std::array::from_fn(|channel| {
                    let offset = if raw {
                        channel * rest + j
                    } else {
                        3 * j + channel
                    };
                    byte(PlaneLayout::REST_LAYER + offset, k)
                });
            }
            let opacity = byte(self.layout.opacity_layer(), k);
            let scale = std::array::from_fn(|axis| byte(self.layout.scale_layer() + axis, k));
            cloud.push(
                std::array::from_fn(|axis| wide(axis, k)),
                std::array::from_fn(|part| byte(self.layout.rotation_layer() + part, k)),
                if linear { scale } else { scale.map(f32::exp) },
                if raw {
                    1.0 / (1.0 + (-opacity).exp())
                } else {
                    opacity
                },
                std::array::from_fn(|channel| byte(PlaneLayout::DC_LAYER + channel, k)),
                &rest_values,
            );
        }
        cloud
    }
}

/// Name for people of one of `count` attributes.
fn attribute_name(attribute: usize, count: usize) -> &'static str {
    // The last eight are opacity, scale and rotation, whatever the SH degree.
    match (attribute, count.saturating_sub(attribute)) {
        (0, _) => "x",
        (1, _) => "y",
        (2, _) => "z",
        (3..6, _) => "colour",
        (_, 8) => "opacity",
        (_, 5..8) => "scale",
        (_, 1..5) => "rotation",
        _ => "an SH coefficient",
    }
}

/// One value out of its code.
fn dequantise([low, high]: [f32; 2], code: u16, code_max: f32) -> f32 {
    low + f32::from(code) / code_max * (high - low)
}
