//! What the writer is free to choose.

use super::Positions;
use super::walk::{BANDS, Prediction, Raster, band};

/// What residuals cost, about: their binary digits.
fn cost(residual: i32) -> u64 {
    u64::from(u32::BITS - residual.unsigned_abs().leading_zeros())
}

/// The prediction with the least cost; of equals, the first.
fn cheapest(costs: [u64; Prediction::ALL.len()]) -> Prediction {
    let best = (0..costs.len()).min_by_key(|k| costs[*k]).unwrap_or(0);
    Prediction::ALL[best]
}

/// Choices of the encoder.
impl Positions {
    pub(super) fn best_key_prediction(&self, width: usize) -> Prediction {
        let raster = Raster { width };
        let mut costs = [0; Prediction::ALL.len()];
        for row in 1..self.keys.len() {
            let Some(rows) = raster.around(row) else {
                continue;
            };
            for (cost_of, prediction) in costs.iter_mut().zip(Prediction::ALL) {
                for axis in 0..3 {
                    let known = rows.map(|row| self.keys[row][axis]);
                    *cost_of += cost(self.keys[row][axis] - prediction.of(known));
                }
            }
        }
        cheapest(costs)
    }

    pub(super) fn best_motion_predictions(&self, width: usize) -> [Prediction; BANDS] {
        let raster = Raster { width };
        let mut costs = [[0; Prediction::ALL.len()]; BANDS];
        for row in 1..self.keys.len() {
            let Some(rows) = raster.around(row) else {
                continue;
            };
            let around = rows.map(|row| self.motion(row));
            for (k, own) in self.motion(row).iter().enumerate() {
                for (cost_of, prediction) in costs[band(k)].iter_mut().zip(Prediction::ALL) {
                    for axis in 0..3 {
                        let known = around.map(|motion| motion.get(k).map_or(0, |c| c[axis]));
                        *cost_of += cost(own[axis] - prediction.of(known));
                    }
                }
            }
        }
        costs.map(cheapest)
    }
}
