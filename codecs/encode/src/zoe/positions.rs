//! Positions to keys and motion, quantised.

use rayon::prelude::*;
use zoetrope_codecs::gaussian_video::positions::{FRACTION_BITS, MAX_SHIFT, MAX_STEP, VALUE_MAX};
use zoetrope_codecs::gaussian_video::{Positions, Trajectory};
use zoetrope_codecs::{Bounds, SplatCloud};

/// Coefficients below this part of a step become 0: leaving them out saves more than it costs.
const DEAD_ZONE: f64 = 0.62;
/// Larger ones are rounded a little towards 0, where shorter codes are.
const ROUNDING: f64 = 0.44;
/// What moves less than this part of a key's step stays where it is.
const STILL: f64 = 0.75;

/// Units of 2⁻⁸ codes in world units: the range is a cube, so that one step fits all axes.
pub(super) struct Units {
    /// `[low, high]` of each axis.
    pub ranges: [[f32; 2]; 3],
    units_per_world: f64,
}

impl Units {
    /// The smallest cube around all positions of `clouds`, world units.
    pub fn of(clouds: &[SplatCloud]) -> Self {
        let bounds = clouds.iter().map(SplatCloud::bounds);
        let bounds = bounds.fold(Bounds::EMPTY, Bounds::union);
        let length = (0..3)
            .map(|axis| bounds.max[axis] - bounds.min[axis])
            .fold(0.0, f32::max)
            .max(1e-6);
        let ranges = bounds
            .centre()
            .map(|c| [c - 0.5 * length, c + 0.5 * length]);
        let length = f64::from(ranges[0][1]) - f64::from(ranges[0][0]);
        Self {
            ranges,
            units_per_world: f64::from(65535u32 << FRACTION_BITS) / length,
        }
    }

    /// A position in units.
    pub fn of_position(&self, position: [f32; 3]) -> [f64; 3] {
        let last = f64::from(65535u32 << FRACTION_BITS);
        std::array::from_fn(|axis| {
            let offset = f64::from(position[axis]) - f64::from(self.ranges[axis][0]);
            // Invisible Gaussians may lie anywhere.
            (offset * self.units_per_world).clamp(0.0, last)
        })
    }

    /// A length in whole units.
    pub fn step(&self, world: f32) -> u32 {
        let units = (f64::from(world) * self.units_per_world).round();
        (units as u32).clamp(1, MAX_STEP)
    }
}

/// How finely positions are kept, in units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    /// Step of keys.
    pub key: u32,
    /// Step of coefficients.
    pub motion: u32,
}

impl Steps {
    /// Steps around `motion` units. A key counts in every frame of its group, so it is finer.
    pub fn new(motion: u32) -> Self {
        Self {
            key: (motion / 2).max(1),
            motion,
        }
    }
}

/// Quantises the ways of rows through `frames` frames; `way` tells the place of a row in a frame, in
/// units, and `shifts` how much coarser each row may be.
pub(super) fn quantise(
    frames: usize,
    steps: Steps,
    shifts: Vec<u8>,
    way: &(dyn Fn(usize, usize) -> [f64; 3] + Sync),
) -> Positions {
    let transform = Trajectory::new(frames);
    let rows: Vec<Quantised> = shifts
        .par_iter()
        .enumerate()
        .map(|(row, shift)| {
            let places: Vec<[f64; 3]> = (0..frames).map(|t| way(row, t)).collect();
            quantise_row(&places, *shift, steps, &transform)
        })
        .collect();
    let mut positions = Positions {
        shifts,
        keys: Vec::with_capacity(rows.len()),
        starts: vec![0],
        coefficients: Vec::new(),
        key_step: steps.key,
        motion_step: steps.motion,
    };
    for Quantised { key, motion } in rows {
        positions.keys.push(key);
        positions.coefficients.extend(motion);
        positions.starts.push(positions.coefficients.len() as u32);
    }
    positions
}

/// A row in steps.
struct Quantised {
    key: [i32; 3],
    motion: Vec<[i32; 3]>,
}

fn quantise_row(places: &[[f64; 3]], shift: u8, steps: Steps, transform: &Trajectory) -> Quantised {
    let factor = f64::from(1u32 << shift);
    let (key_step, motion_step) = (
        f64::from(steps.key) * factor,
        f64::from(steps.motion) * factor,
    );
    let largest = (f64::from(VALUE_MAX) / motion_step).floor();
    let key = places[0].map(|place| (place / key_step).round());
    let mut motion = vec![[0i32; 3]; transform.length()];
    let mut way = vec![0.0f32; transform.length()];
    let mut values = vec![0.0f32; transform.length()];
    for axis in 0..3 {
        for (displacement, place) in way.iter_mut().zip(&places[1..]) {
            *displacement = (place[axis] - key[axis] * key_step) as f32;
        }
        if way.iter().all(|d| f64::from(d.abs()) <= STILL * key_step) {
            continue;
        }
        transform.forward(&way, &mut values);
        for (coefficient, value) in motion.iter_mut().zip(&values) {
            let value = f64::from(*value) / motion_step;
            if value.abs() >= DEAD_ZONE {
                let rounded = (value.abs() + ROUNDING).floor().min(largest);
                coefficient[axis] = rounded.copysign(value) as i32;
            }
        }
    }
    let used = motion
        .iter()
        .rposition(|c| *c != [0; 3])
        .map_or(0, |last| last + 1);
    motion.truncate(used);
    for coefficient in &mut motion {
        *coefficient = coefficient.map(|c| c << shift);
    }
    Quantised {
        key: key.map(|key| (key as i32) << shift),
        motion,
    }
}

/// How much coarser each row may be. A picture's squared error grows with the square of the step times
/// the square of the opacity, and with how long the Gaussian is for its width; its size cancels out.
pub(super) fn shifts(clouds: &[SplatCloud]) -> Vec<u8> {
    let count = clouds.first().map_or(0, SplatCloud::len);
    let weights: Vec<f32> = (0..count)
        .map(|row| {
            clouds
                .iter()
                .map(|cloud| {
                    let mut scales = cloud.scales[row];
                    scales.sort_by(f32::total_cmp);
                    let long = (scales[2] / scales[1].max(1e-9)).clamp(1.0, 16.0);
                    cloud.opacities[row] * long.sqrt()
                })
                .fold(0.0, f32::max)
        })
        .collect();
    let mut sorted = weights.clone();
    sorted.sort_by(f32::total_cmp);
    let usual = sorted.get(count * 7 / 10).copied().unwrap_or(1.0);
    weights
        .iter()
        .map(|weight| {
            let shift = (usual / weight.max(1e-9)).max(1.0).log2().floor();
            (shift as u8).min(MAX_SHIFT)
        })
        .collect()
}

/// The width that a quarter of the Gaussians of the first frame are below: the middle one of the three
/// scales of each.
pub(super) fn typical_width(clouds: &[SplatCloud]) -> f32 {
    let Some(first) = clouds.first() else {
        return 1.0;
    };
    let mut widths: Vec<f32> = first
        .scales
        .iter()
        .map(|[a, b, c]| a.max(*b).min(a.min(*b).max(*c)))
        .collect();
    widths.sort_by(f32::total_cmp);
    widths
        .get(widths.len() / 4)
        .copied()
        .unwrap_or(1.0)
        .max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_come_back_within_their_steps() {
        let way = |row: usize, t: usize| -> [f64; 3] {
            let (row, t) = (row as f64, t as f64);
            [1e5 + 300.0 * t, 2e5 + 40.0 * row + 3.0 * t * t, 5e5]
        };
        for motion in [1, 16, 200] {
            let steps = Steps::new(motion);
            let positions = quantise(12, steps, vec![0; 50], &way);
            let transform = Trajectory::new(12);
            for row in 0..50 {
                for t in 0..12 {
                    let found = positions.at(row, t, &transform);
                    for (found, wanted) in found.iter().zip(way(row, t)) {
                        let error = (f64::from(*found) - wanted).abs();
                        // Every coefficient is off by less than a step.
                        assert!(error <= 3.0 * f64::from(motion) + 2.0, "{error} at {t}");
                    }
                }
                assert!(positions.motion(row).len() <= 3);
                assert!(
                    positions.motion(row).iter().all(|c| c[2] == 0),
                    "it does not move"
                );
            }
        }
    }

    #[test]
    fn what_is_faint_is_coarser_and_stays_on_its_grid() {
        let mut cloud = SplatCloud::with_capacity(0, 0);
        for row in 0..40 {
            let opacity = if row < 20 { 0.8 } else { 0.05 };
            cloud.push([row as f32; 3], [1.0; 4], [0.1; 3], opacity, [0.0; 3], &[]);
        }
        let shifts = shifts(std::slice::from_ref(&cloud));
        assert_eq!((shifts[0], shifts[39]), (0, 3));
        let units = Units::of(std::slice::from_ref(&cloud));
        let positions = quantise(1, Steps::new(500), shifts.clone(), &|row, _| {
            units.of_position(cloud.positions[row])
        });
        for (key, shift) in positions.keys.iter().zip(shifts) {
            assert!(key.iter().all(|k| k % (1 << shift) == 0));
        }
    }
}
