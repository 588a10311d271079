//! Networks of integers, of which each says what changed since the one before.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::coded::network_of;
use super::{Architecture, Network};
use crate::{Error, Result};

/// Largest magnitude of an integer: all of them are numbers of binary32.
pub const MAX_LATENT: i32 = 1 << 24;

/// From a tensor's integers to its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatentScale {
    /// What 0 stands for.
    pub offset: f32,
    /// What a step is worth.
    pub step: f32,
}

impl LatentScale {
    /// offset + step · integer in binary32, the product rounded before the sum, the same on every machine.
    pub fn value(self, integer: i32) -> f32 {
        self.offset + self.step * integer as f32
    }

    /// The nearest integer of each number, at most [`MAX_LATENT`] in magnitude.
    pub fn quantise(self, values: &[f32]) -> Vec<i32> {
        let steps = 1.0 / f64::from(self.step);
        let most = f64::from(MAX_LATENT);
        let integer = |value: &f32| {
            let place = (f64::from(*value) - f64::from(self.offset)) * steps;
            // A step of 0 makes no place at all.
            place.round().clamp(-most, most) as i32
        };
        values.iter().map(integer).collect()
    }

    /// A step of which the largest of `values` are `levels` away from 0.
    pub fn of(values: &[f32], levels: u32) -> Self {
        let largest = values
            .iter()
            .fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let step = largest / levels.max(1) as f32;
        Self {
            offset: 0.0,
            step: if step > 0.0 { step } else { 1.0 },
        }
    }

    fn is_sound(self) -> bool {
        let ends = [self.value(MAX_LATENT), self.value(-MAX_LATENT)];
        self.offset.is_finite() && ends.iter().all(|end| end.is_finite())
    }
}

/// The networks of a stretch of a video, each decoded for some frames: one architecture, and integers that differ little from one
/// to the next.
#[derive(Debug)]
pub struct LatentNetworks {
    architecture: Architecture,
    /// Of the weights and the bias of each layer.
    scales: Vec<[LatentScale; 2]>,
    /// All integers of each network: layer by layer, weights, then bias.
    integers: Vec<Vec<i32>>,
    /// Networks that somebody holds: the same frame twice is the same network.
    held: Mutex<Vec<Weak<Network>>>,
}

impl LatentNetworks {
    /// Puts networks together. `integers` has those of each network: layer by layer the weights `[convolved][inputs][kernel][kernel]`,
    /// then the bias `[convolved]`.
    ///
    /// # Errors
    /// As [`Architecture::check`]; [`Error::Malformed`] where something has another length than the architecture says, or an integer
    /// is above [`MAX_LATENT`]. `name` is the input's.
    pub fn new(
        name: &str,
        architecture: Architecture,
        scales: Vec<[LatentScale; 2]>,
        integers: Vec<Vec<i32>>,
    ) -> Result<Self> {
        architecture.check(name)?;
        let malformed = |reason: &str| Err(Error::malformed(name, reason));
        let count = architecture.parameters();
        if scales.len() != architecture.layers.len()
            || integers.is_empty()
            || integers.iter().any(|all| all.len() as u64 != count)
        {
            return malformed("its networks have not the numbers that their layers need");
        }
        if !scales.iter().flatten().all(|scale| scale.is_sound()) {
            return malformed("the steps of its networks are no finite numbers");
        }
        let is_small = |integer: &i32| integer.unsigned_abs() <= MAX_LATENT.unsigned_abs();
        if !integers.iter().flatten().all(is_small) {
            return malformed("its networks have integers that are too large");
        }
        let held = integers.iter().map(|_| Weak::new()).collect();
        Ok(Self {
            architecture,
            scales,
            integers,
            held: Mutex::new(held),
        })
    }

    /// Shapes of all of them.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Scales of the weights and the bias of each layer.
    pub fn scales(&self) -> &[[LatentScale; 2]] {
        &self.scales
    }

    /// The integers of each network.
    pub fn integers(&self) -> &[Vec<i32>] {
        &self.integers
    }

    /// Network `index`; `None` behind the last one. While somebody holds it, it is the same one.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn network(&self, name: &str, index: usize) -> Result<Option<Arc<Network>>> {
        let Some(integers) = self.integers.get(index) else {
            return Ok(None);
        };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(network) = held[index].upgrade() {
            return Ok(Some(network));
        }
        let mut rest = &integers[..];
        let mut next = |count: usize, scale: LatentScale| {
            let (own, others) = rest.split_at_checked(count).unwrap_or_default();
            rest = others;
            own.iter().map(|integer| scale.value(*integer)).collect()
        };
        let layers = self.architecture.layers.iter().zip(&self.scales);
        let numbers = layers.map(|(layer, scales)| {
            let weights = layer.weights().iter().product();
            [next(weights, scales[0]), next(layer.convolved(), scales[1])]
        });
        let numbers = numbers.collect();
        let network = Arc::new(network_of(name, &self.architecture, numbers)?);
        held[index] = Arc::downgrade(&network);
        Ok(Some(network))
    }
}

/// How many integers each tensor has: weights and bias of each layer in turns.
pub(super) fn tensor_counts(architecture: &Architecture) -> Vec<usize> {
    let of = |layer: &super::LayerShape| [layer.weights().iter().product(), layer.convolved()];
    architecture.layers.iter().flat_map(of).collect()
}
