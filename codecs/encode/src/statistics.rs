//! What is measured while packing.

use zoetrope_codecs::{Bounds, PlaneFrame, SplatCloud};

use crate::StepStatistics;
use crate::matching::{NONE, distance_squared, quantile};
use crate::slots::Slots;

/// Steps that are kept of each frame; more would not change the quantiles.
const STEPS_OF_A_FRAME: usize = 10_000;

/// Lengths of steps between frames.
#[derive(Default)]
pub(crate) struct Steps {
    sample: Vec<f32>,
    max: f32,
}

impl Steps {
    /// Adds the steps of Gaussians that are in a frame and in the one before it.
    pub(crate) fn add(&mut self, slots: &Slots) {
        let stride = slots
            .clouds
            .first()
            .map_or(1, |cloud| cloud.len().div_ceil(STEPS_OF_A_FRAME).max(1));
        for t in 1..slots.clouds.len() {
            let (before, after) = (&slots.clouds[t - 1].positions, &slots.clouds[t].positions);
            for slot in 0..after.len() {
                if slots.rows[t - 1][slot] == NONE || slots.rows[t][slot] == NONE {
                    continue;
                }
                let step = distance_squared(before[slot], after[slot]).sqrt();
                self.max = self.max.max(step);
                if slot % stride == 0 {
                    self.sample.push(step);
                }
            }
        }
    }

    pub(crate) fn statistics(self) -> StepStatistics {
        StepStatistics {
            median: quantile(self.sample.clone(), 0.5),
            p99: quantile(self.sample, 0.99),
            max: self.max,
        }
    }
}

/// Errors of the positions of visible Gaussians.
#[derive(Default)]
pub(crate) struct PositionError {
    squares: f64,
    values: u64,
}

impl PositionError {
    /// Adds a frame that was decoded again.
    pub(crate) fn add(&mut self, original: &SplatCloud, decoded: &PlaneFrame) {
        let decoded = decoded.to_cloud();
        for k in 0..original.len().min(decoded.len()) {
            if original.opacities[k] > 0.0 {
                let error = distance_squared(original.positions[k], decoded.positions[k]);
                self.squares += f64::from(error);
                self.values += 3;
            }
        }
    }

    /// Root mean square error of a coordinate.
    pub(crate) fn rms(&self) -> Option<f64> {
        (self.values > 0).then(|| (self.squares / self.values as f64).sqrt())
    }

    /// Against the longest side of `bounds`, in dB.
    pub(crate) fn psnr_db(&self, bounds: &Bounds) -> Option<f64> {
        let peak = (0..3)
            .map(|axis| f64::from(bounds.max[axis] - bounds.min[axis]))
            .fold(0.0, f64::max);
        let rms = self.rms().filter(|rms| *rms > 0.0 && peak > 0.0)?;
        Some(20.0 * (peak / rms).log10())
    }
}
