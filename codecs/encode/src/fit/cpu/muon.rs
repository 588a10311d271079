//! Muon (Jordan et al. 2024): the step of a layer's weights is their momentum with all singular values made about equal, so
//! that what many weights have in common does not drown what tells them apart.
//!
//! The polynomial a x + b x³ + c x⁵, five times, brings singular values from 0.01 to 1 to between 0.67 and 1.2, with products of
//! matrices alone.

use pulp::{Arch, Simd, WithSimd};

/// What is left of the running mean of a gradient.
const KEEP: f32 = 0.9;
/// The polynomial.
const A: f32 = 3.4445;
const B: f32 = -4.775;
const C: f32 = 2.0315;
const TIMES: usize = 5;
/// Makes a step's numbers about as large as Adam's: with n columns an orthogonal matrix has numbers of 1 / √n.
const SIZE: f32 = 0.2;
/// Keeps quotients finite.
const EPSILON: f32 = 1e-20;
/// Partial sums of a product, so that a vector's numbers stay apart.
const LANES: usize = 16;

/// Moves `values`, rows of `columns` numbers, against their gradient. `mean` is the gradient's running mean.
pub(super) fn step(
    arch: Arch,
    columns: usize,
    (values, mean): (&mut [f32], &mut [f32]),
    gradient: &[f32],
    rate: f32,
) {
    arch.dispatch(Task {
        columns,
        values,
        mean,
        gradient,
        rate,
    });
}

struct Task<'a> {
    columns: usize,
    values: &'a mut [f32],
    mean: &'a mut [f32],
    gradient: &'a [f32],
    rate: f32,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self {
            columns,
            values,
            mean,
            gradient,
            rate,
        } = self;
        let rows = values.len() / columns.max(1);
        // The mean as it will be one step later (Nesterov).
        let mut ahead = vec![0.0; values.len()];
        for ((mean, ahead), gradient) in mean.iter_mut().zip(&mut ahead).zip(gradient) {
            *mean = KEEP * *mean + (1.0 - KEEP) * gradient;
            *ahead = KEEP * *mean + (1.0 - KEEP) * gradient;
        }
        let is_tall = rows > columns;
        let (short, long) = (rows.min(columns), rows.max(columns));
        let mut matrix = if is_tall {
            transposed(&ahead, columns)
        } else {
            ahead
        };
        orthogonalise(&mut matrix, short, long);
        let direction = if is_tall {
            transposed(&matrix, long)
        } else {
            matrix
        };
        let length = rate * SIZE * (long as f32).sqrt();
        for (value, direction) in values.iter_mut().zip(&direction) {
            *value -= length * direction;
        }
    }
}

/// Columns as rows; `matrix` has rows of `columns` numbers.
#[inline(always)]
fn transposed(matrix: &[f32], columns: usize) -> Vec<f32> {
    let column = |first: usize| matrix[first..].iter().step_by(columns);
    (0..columns).flat_map(column).copied().collect()
}

/// Makes the rows of a matrix, no more than its columns, about orthogonal and of length 1.
#[inline(always)]
fn orthogonalise(matrix: &mut [f32], rows: usize, columns: usize) {
    let length = product(matrix, matrix).sqrt() + EPSILON;
    for number in matrix.iter_mut() {
        *number /= length;
    }
    let mut square = vec![0.0; rows * rows];
    let mut factor = vec![0.0; rows * rows];
    let mut next = vec![0.0; matrix.len()];
    for _ in 0..TIMES {
        for row in 0..rows {
            for other in 0..=row {
                let [a, b] = [row, other].map(|row| &matrix[row * columns..][..columns]);
                let sum = product(a, b);
                square[row * rows + other] = sum;
                square[other * rows + row] = sum;
            }
        }
        multiply(&square, &square, rows, &mut factor);
        for (factor, square) in factor.iter_mut().zip(&square) {
            *factor = B * square + C * *factor;
        }
        multiply(&factor, matrix, columns, &mut next);
        for (number, next) in matrix.iter_mut().zip(&next) {
            *number = A * *number + next;
        }
    }
}

#[inline(always)]
fn product(a: &[f32], b: &[f32]) -> f32 {
    let (a, rest_a) = a.as_chunks::<LANES>();
    let (b, rest_b) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for k in 0..LANES {
            sums[k] += a[k] * b[k];
        }
    }
    let rest = rest_a.iter().zip(rest_b).map(|(a, b)| a * b);
    sums.iter().sum::<f32>() + rest.sum::<f32>()
}

/// A square matrix times one with rows of `columns` numbers.
#[inline(always)]
fn multiply(square: &[f32], matrix: &[f32], columns: usize, to: &mut [f32]) {
    let rows = matrix.len() / columns;
    let made = to.chunks_exact_mut(columns);
    for (to, factors) in made.zip(square.chunks_exact(rows)) {
        to.fill(0.0);
        for (factor, row) in factors.iter().zip(matrix.chunks_exact(columns)) {
            for (to, number) in to.iter_mut().zip(row) {
                *to += factor * number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zoetrope_codecs::random::Random;

    /// With momentum from zero, a step is the gradient with singular values that are about equal.
    #[test]
    fn steps_are_nearly_orthogonal() {
        for (rows, columns) in [(3, 40), (40, 3), (20, 20), (1, 5), (33, 17)] {
            let mut random = Random::new(rows as u64);
            let gradient: Vec<f32> = (0..rows * columns).map(|_| random.normal()).collect();
            let mut values = vec![0.0; gradient.len()];
            let mut mean = vec![0.0; gradient.len()];
            let state = (&mut values[..], &mut mean[..]);
            step(Arch::new(), columns, state, &gradient, 1.0);
            for (mean, gradient) in mean.iter().zip(&gradient) {
                assert!((mean - 0.1 * gradient).abs() < 1e-6);
            }
            let long = rows.max(columns) as f32;
            let direction: Vec<f32> = values
                .iter()
                .map(|value| -value / (SIZE * long.sqrt()))
                .collect();
            let along: f32 = direction.iter().zip(&gradient).map(|(a, b)| a * b).sum();
            assert!(along > 0.0);
            // The sum of squared singular values, and each one's share by the trace of the fourth power.
            let short = rows.min(columns);
            let wide = if rows > columns {
                transposed(&direction, columns)
            } else {
                direction
            };
            let row = |k: usize| &wide[k * rows.max(columns)..][..rows.max(columns)];
            let (mut second, mut fourth) = (0.0, 0.0);
            for a in 0..short {
                second += product(row(a), row(a));
                for b in 0..short {
                    fourth += product(row(a), row(b)).powi(2);
                }
            }
            let (second, fourth) = (second / short as f32, fourth / short as f32);
            assert!((0.44..1.35).contains(&second), "{rows} {columns}: {second}");
            // None is far from the others.
            assert!(fourth < 1.3 * second * second, "{rows} {columns}: {fourth}");
        }
    }

    #[test]
    fn nothing_moves_without_a_gradient() {
        let (mut values, mut mean) = (vec![1.5; 12], vec![0.0; 12]);
        step(Arch::new(), 4, (&mut values, &mut mean), &[0.0; 12], 1.0);
        assert_eq!(values, vec![1.5; 12]);
    }
}
