//! The way of a Gaussian through the frames of a group, as coefficients.
//!
//! The first frame is the key: displacements from it are zero there. What moves does so smoothly, and
//! a smooth way is nearly a polynomial of low degree in time; so the basis is the discrete orthogonal
//! polynomials without a constant term. Even motion takes one coefficient, even acceleration two, where
//! sines and cosines, which are flat at the last frame, would need all of them.

/// Binary places of [`Trajectory`]'s basis.
const BASIS_BITS: u32 = 18;

/// Where displacements end: far outside of what positions can be.
const DISPLACEMENT_MAX: i64 = 1 << 30;

/// The transform for groups of one length.
///
/// Forward: `coefficient[k] = Σ basis(t, k) * displacement[t]`, and back the same way, for frames t
/// and coefficients k from 1 to frames - 1 and 0 to frames - 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trajectory {
    /// Coefficients of a group: its frames but the first.
    length: usize,
    /// `basis(t, k)` in units of 2⁻¹⁸, rounded; all k of one t, then the next.
    basis: Vec<i32>,
}

impl Trajectory {
    /// The transform for groups of `frames` frames, at least 1.
    pub fn new(frames: usize) -> Self {
        let length = frames.saturating_sub(1);
        let mut basis = vec![0; length * length];
        for (k, function) in polynomials(length).iter().enumerate() {
            for (t, value) in function.iter().enumerate() {
                let scaled = value * f64::from(1 << BASIS_BITS);
                basis[t * length + k] = scaled.round() as i32;
            }
        }
        Self { length, basis }
    }

    /// Coefficients of one axis.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The basis of frame `t`, 1 to frames - 1, in units of 2⁻¹⁸.
    fn row(&self, t: usize) -> &[i32] {
        &self.basis[(t - 1) * self.length..t * self.length]
    }

    /// Displacement in frame `t` (0 is the key, where it is 0) out of the first coefficients; those
    /// that are not given are 0. In the coefficients' unit, rounded to nearest, halves up.
    pub fn displacement(&self, t: usize, coefficients: impl Iterator<Item = i32>) -> i32 {
        if t == 0 {
            return 0;
        }
        let sum: i64 = self
            .row(t)
            .iter()
            .zip(coefficients)
            .map(|(basis, coefficient)| i64::from(*basis) * i64::from(coefficient))
            .sum();
        let rounded = (sum + (1 << (BASIS_BITS - 1))) >> BASIS_BITS;
        // Damaged coefficients can lead anywhere.
        rounded.clamp(-DISPLACEMENT_MAX, DISPLACEMENT_MAX) as i32
    }

    /// The coefficients of `displacements`, those of frame 1 and up.
    pub fn forward(&self, displacements: &[f32], coefficients: &mut [f32]) {
        coefficients.fill(0.0);
        for (t, displacement) in displacements.iter().enumerate() {
            let scaled = displacement / (1 << BASIS_BITS) as f32;
            for (coefficient, basis) in coefficients.iter_mut().zip(self.row(t + 1)) {
                *coefficient += scaled * *basis as f32;
            }
        }
    }
}

/// Orthonormal vectors over t = 1 … `length` that span t, t², t³ …: the Lanczos process, each vector
/// made orthogonal to all before it, twice, against rounding. Only sums, products, quotients and
/// square roots, in this order, which IEEE 754 gives the same everywhere.
fn polynomials(length: usize) -> Vec<Vec<f64>> {
    let times: Vec<f64> = (1..=length).map(|t| t as f64 / length as f64).collect();
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(length);
    let mut next = times.clone();
    for _ in 0..length {
        for _ in 0..2 {
            for known in &basis {
                let along = dot(&next, known);
                for (value, known) in next.iter_mut().zip(known) {
                    *value -= along * known;
                }
            }
        }
        let norm = dot(&next, &next).sqrt();
        let function: Vec<f64> = next.iter().map(|value| value / norm).collect();
        next = function.iter().zip(&times).map(|(f, t)| f * t).collect();
        basis.push(function);
    }
    basis
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn there_and_back_is_the_same() {
        let mut random = Random::new(1);
        for frames in [1, 2, 3, 10, 20, 30, 250] {
            let transform = Trajectory::new(frames);
            let way: Vec<f32> = (1..frames).map(|_| 1e5 * random.normal()).collect();
            let mut coefficients = vec![0.0; transform.length()];
            transform.forward(&way, &mut coefficients);
            assert_eq!(transform.displacement(0, std::iter::repeat(5)), 0);
            for (t, wanted) in way.iter().enumerate() {
                let rounded = coefficients.iter().map(|c| c.round() as i32);
                let found = transform.displacement(t + 1, rounded);
                assert!(
                    (found as f32 - wanted).abs() < 60.0,
                    "{frames}: {found} {wanted}"
                );
            }
        }
    }

    #[test]
    fn a_polynomial_takes_as_many_coefficients_as_its_degree() {
        let transform = Trajectory::new(20);
        for degree in 1..=4 {
            let way: Vec<f32> = (1..20)
                .map(|t| 100.0 * (t as f32 / 19.0).powi(degree) + 30.0 * t as f32)
                .collect();
            let mut coefficients = vec![0.0; 19];
            transform.forward(&way, &mut coefficients);
            assert!(coefficients[degree as usize - 1].abs() > 0.5);
            for rest in &coefficients[degree as usize..] {
                assert!(rest.abs() < 0.05, "{degree}: {coefficients:?}");
            }
        }
    }
}
