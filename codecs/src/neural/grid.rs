//! Embeddings that follow from the place in the picture.

use std::f64::consts::PI;

/// A picture cut into square patches, whose centres are the input of a network (NIRVANA, Maiya et al., CVPR 2023).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PatchGrid {
    /// Rows of patches.
    pub rows: usize,
    /// Patches in a row.
    pub columns: usize,
    /// Frequencies of each coordinate.
    pub levels: usize,
}

impl PatchGrid {
    /// Numbers of each patch: a sine and a cosine of both coordinates at each frequency.
    pub const PER_LEVEL: usize = 4;

    /// Channels, height and width of [`Self::numbers`].
    pub fn shape(self) -> [usize; 3] {
        [
            self.levels.saturating_mul(Self::PER_LEVEL),
            self.rows,
            self.columns,
        ]
    }

    /// The embedding: for each frequency i the maps of sin(2ⁱ π x), cos(2ⁱ π x), sin(2ⁱ π y) and cos(2ⁱ π y), row by row. x is (2 c + 1) / columns - 1
    /// in column c, and y likewise: -1 and 1 are the picture's borders.
    pub fn numbers(self) -> Vec<f32> {
        let place = |k: usize, count: usize| (2 * k + 1) as f64 / count as f64 - 1.0;
        let mut numbers = Vec::with_capacity(self.shape().iter().product());
        for level in 0..self.levels {
            let factor = PI * 2_f64.powi(level as i32);
            for part in 0..Self::PER_LEVEL {
                for row in 0..self.rows {
                    let y = place(row, self.rows);
                    numbers.extend((0..self.columns).map(|column| {
                        let x = place(column, self.columns);
                        let angle = factor * if part < 2 { x } else { y };
                        (if part % 2 == 0 {
                            angle.sin()
                        } else {
                            angle.cos()
                        }) as f32
                    }));
                }
            }
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_centres() {
        let grid = PatchGrid {
            rows: 2,
            columns: 4,
            levels: 3,
        };
        assert_eq!(grid.shape(), [12, 2, 4]);
        let numbers = grid.numbers();
        assert_eq!(numbers.len(), 96);
        let at =
            |channel: usize, row: usize, column: usize| numbers[(channel * 2 + row) * 4 + column];
        for (row, y) in [(0, -0.5_f64), (1, 0.5)] {
            for (column, x) in [(0, -0.75_f64), (1, -0.25), (2, 0.25), (3, 0.75)] {
                for level in 0..3 {
                    let factor = PI * f64::from(1 << level);
                    let four = [
                        (factor * x).sin(),
                        (factor * x).cos(),
                        (factor * y).sin(),
                        (factor * y).cos(),
                    ];
                    for (part, expected) in four.into_iter().enumerate() {
                        assert!(
                            (f64::from(at(4 * level + part, row, column)) - expected).abs() < 1e-7
                        );
                    }
                }
            }
        }
    }
}
