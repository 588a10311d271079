//! Integers with a step for each tensor: the numbers of NIRVANA's networks.

use std::ops::Range;
use std::sync::Arc;

use zoetrope_codecs::neural::{Activation, LatentScale};

use crate::fit::shape::{Place, Shape};

/// Where an integer goes up or down when nothing keeps it.
const NEAREST: f64 = 0.5;
/// Bits more of numbers in front of a sine.
const SINE_BITS: u8 = 2;

/// How a network's numbers become integers.
#[derive(Clone, Debug, PartialEq)]
pub struct LatentRounding {
    /// Of the weights and the bias of each layer.
    scales: Vec<[LatentScale; 2]>,
    /// The integers that differences are told to, and how many steps a number must be away from one to leave it.
    before: Option<(Arc<Vec<i32>>, f64)>,
    pub(crate) pull: f32,
}

impl LatentRounding {
    /// Steps that suit `parameters`, for integers of `bits` bits with their sign.
    pub fn best(shape: &Shape, parameters: &[f32], bits: u8) -> Self {
        let layers = shape.places().into_iter().zip(shape.layers());
        let scales = layers.map(|(place, layer)| {
            let more = match layer.activation {
                Activation::Sin => SINE_BITS,
                _ => 0,
            };
            let levels = (1_u32 << ((bits + more).clamp(2, 16) - 1)) - 1;
            [place.weights, place.bias].map(|range| LatentScale::of(&parameters[range], levels))
        });
        Self::new(scales.collect())
    }

    /// Steps put down earlier.
    pub fn new(scales: Vec<[LatentScale; 2]>) -> Self {
        Self {
            scales,
            before: None,
            pull: 0.0,
        }
    }

    /// Keeps each integer of `before` until its number is `distance` steps away, half a step being the nearest.
    #[must_use]
    pub fn near(self, before: Arc<Vec<i32>>, distance: f64) -> Self {
        Self {
            before: Some((before, distance)),
            ..self
        }
    }

    /// Scales of the weights and the bias of each layer.
    pub fn scales(&self) -> &[[LatentScale; 2]] {
        &self.scales
    }

    /// The integers of all parameters.
    pub fn integers(&self, shape: &Shape, parameters: &[f32]) -> Vec<i32> {
        let mut integers = Vec::with_capacity(parameters.len());
        for (range, scale) in self.tensors(shape) {
            let nearest = scale.quantise(&parameters[range.clone()]);
            let Some((before, distance)) = self.before.as_ref().filter(|near| near.1 > NEAREST)
            else {
                integers.extend(nearest);
                continue;
            };
            let numbers = parameters[range.clone()].iter().zip(&before[range]);
            let kept = numbers.zip(nearest).map(|((value, before), nearest)| {
                let place = (f64::from(*value) - f64::from(scale.offset)) / f64::from(scale.step);
                let is_near = (place - f64::from(*before)).abs() < *distance;
                if is_near { *before } else { nearest }
            });
            integers.extend(kept);
        }
        integers
    }

    /// The parameters that `integers` stand for.
    pub fn values(&self, shape: &Shape, integers: &[i32]) -> Vec<f32> {
        let mut values = Vec::with_capacity(integers.len());
        for (range, scale) in self.tensors(shape) {
            values.extend(integers[range].iter().map(|integer| scale.value(*integer)));
        }
        values
    }

    /// The parameters that a player will have.
    pub fn rounded(&self, shape: &Shape, parameters: &[f32]) -> Vec<f32> {
        self.values(shape, &self.integers(shape, parameters))
    }

    pub(crate) fn pull(&self, shape: &Shape, parameters: &[f32], loss: f32, gradient: &mut [f32]) {
        let Some((before, _)) = &self.before else {
            return;
        };
        if self.pull <= 0.0 {
            return;
        }
        for (range, scale) in self.tensors(shape) {
            let threshold = self.pull * loss / scale.step;
            let numbers = parameters[range.clone()].iter().zip(&before[range.clone()]);
            for ((value, before), slope) in numbers.zip(&mut gradient[range]) {
                let away = (value - scale.value(*before)) / scale.step;
                if away.abs() < 0.05 {
                    *slope = slope.signum() * (slope.abs() - threshold).max(0.0);
                } else {
                    *slope += threshold * away.signum();
                }
            }
        }
    }

    /// Where each tensor lies, and its scale.
    fn tensors(&self, shape: &Shape) -> impl Iterator<Item = (Range<usize>, LatentScale)> {
        let both = |(place, scales): (Place, &[LatentScale; 2])| {
            [(place.weights, scales[0]), (place.bias, scales[1])]
        };
        let places = shape.places().into_iter();
        places.zip(&self.scales).flat_map(both)
    }
}
