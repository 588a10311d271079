//! The way of a Gaussian through the frames of a group, as coefficients.
//!
//! The first frame is the key: displacements from it start at zero and end anywhere, for which the
//! type VII discrete sine transform is the Karhunen-Loève transform (Han, Saxena, Melkote and Rose
//! 2012, "Jointly optimized spatial prediction and block transform for video and image coding"). A
//! Gaussian that moves evenly takes two or three coefficients for a whole group.

/// Binary places of [`Trajectory`]'s basis.
const BASIS_BITS: u32 = 18;

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
        let norm = 2.0 / (2.0 * length as f64 + 1.0).sqrt();
        let basis = (1..=length)
            .flat_map(|t| {
                (0..length).map(move |k| {
                    let angle =
                        std::f64::consts::PI * ((2 * k + 1) * t) as f64 / (2 * length + 1) as f64;
                    (norm * angle.sin() * f64::from(1 << BASIS_BITS)).round() as i32
                })
            })
            .collect();
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
        ((sum + (1 << (BASIS_BITS - 1))) >> BASIS_BITS) as i32
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn there_and_back_is_the_same() {
        let mut random = Random::new(1);
        for frames in [1, 2, 3, 10, 20, 30, 1000] {
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
    fn even_motion_takes_few_coefficients() {
        let transform = Trajectory::new(20);
        let way: Vec<f32> = (1..20).map(|t| 100.0 * t as f32).collect();
        let mut coefficients = vec![0.0; 19];
        transform.forward(&way, &mut coefficients);
        let energy = |part: &[f32]| part.iter().map(|c| c * c).sum::<f32>();
        assert!(energy(&coefficients[..3]) > 0.999 * energy(&coefficients));
    }
}
