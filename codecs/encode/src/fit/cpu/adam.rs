//! Adam (Kingma and Ba 2015).

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::fit::engine::Moments;

/// What is left of the running means of a gradient and of its square.
const KEEP: [f32; 2] = [0.9, 0.999];
/// Keeps quotients finite.
const EPSILON: f32 = 1e-8;
/// Numbers of a task.
const TASK: usize = 16 << 10;

/// Moves one of the equal parts of `moments` against its gradient: some numbers after the other, each with the length of its
/// steps; those whose steps have no length are left out.
pub(super) fn step(
    arch: Arch,
    moments: &mut Moments,
    part: usize,
    gradient: &[f32],
    rates: impl Iterator<Item = (usize, f32)>,
) {
    moments.counts[part] = moments.counts[part].saturating_add(1);
    let count = f64::from(moments.counts[part]);
    let left = KEEP.map(|keep| 1.0 - f64::from(keep).powf(count));
    let (whole, mut start) = (gradient.len(), 0);
    for (numbers, rate) in rates {
        let gradient = &gradient[start..start + numbers];
        let first = part * whole + start;
        let range = first..first + numbers;
        start += numbers;
        if rate == 0.0 {
            continue;
        }
        let rate = (f64::from(rate) / left[0]) as f32;
        let task = |(((values, first), second), gradient)| {
            arch.dispatch(Task {
                values,
                first,
                second,
                gradient,
                rate,
                scale: (1.0 / left[1].sqrt()) as f32,
            });
        };
        moments.values[range.clone()]
            .par_chunks_mut(TASK)
            .zip(moments.first[range.clone()].par_chunks_mut(TASK))
            .zip(moments.second[range].par_chunks_mut(TASK))
            .zip(gradient.par_chunks(TASK))
            .for_each(task);
    }
}

struct Task<'a> {
    values: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    gradient: &'a [f32],
    rate: f32,
    scale: f32,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { rate, scale, .. } = self;
        let numbers = self.values.iter_mut().zip(self.first).zip(self.second);
        for (((value, first), second), gradient) in numbers.zip(self.gradient) {
            *first = KEEP[0] * *first + (1.0 - KEEP[0]) * gradient;
            *second = KEEP[1] * *second + (1.0 - KEEP[1]) * gradient * gradient;
            *value -= rate * *first / (second.sqrt() * scale + EPSILON);
        }
    }
}
