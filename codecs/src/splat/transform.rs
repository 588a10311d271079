//! Gaussians in a space that is turned, scaled, sheared and moved.

use super::SplatCloud;

/// Degrees of SH that turn.
const MAX_DEGREE: usize = 3;
/// Directions at which the SH functions are compared: more than the 7 of degree 3, so that the
/// equations are well conditioned.
const DIRECTIONS: usize = 32;

/// A linear map and a move, in double precision. Rows of the map first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Affine {
    pub linear: [[f64; 3]; 3],
    pub translation: [f64; 3],
}

impl Affine {
    pub(crate) const IDENTITY: Self = Self {
        linear: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        translation: [0.0; 3],
    };

    /// First `inner`, then this.
    pub(crate) fn after(&self, inner: &Self) -> Self {
        let moved = apply(&self.linear, inner.translation);
        Self {
            linear: product(&self.linear, &inner.linear),
            translation: std::array::from_fn(|axis| moved[axis] + self.translation[axis]),
        }
    }

    pub(crate) fn is_finite(&self) -> bool {
        let linear = self.linear.as_flattened().iter();
        linear
            .chain(&self.translation)
            .all(|value| value.is_finite())
    }

    pub(crate) fn point(&self, point: [f64; 3]) -> [f64; 3] {
        let turned = apply(&self.linear, point);
        std::array::from_fn(|axis| turned[axis] + self.translation[axis])
    }

    /// The factor by which it scales, where it does nothing else but turn.
    fn similarity(&self) -> Option<f64> {
        let square = product(&transposed(&self.linear), &self.linear);
        let factor = (square[0][0] + square[1][1] + square[2][2]) / 3.0;
        let odd = (0..9).any(|n| {
            let wanted = if n % 4 == 0 { factor } else { 0.0 };
            (square[n / 3][n % 3] - wanted).abs() > 1e-5 * factor
        });
        (factor > 0.0 && !odd && determinant(&self.linear) > 0.0).then(|| factor.sqrt())
    }

    /// Whether it turns, scales and moves, all axes alike.
    pub(crate) fn is_similarity(&self) -> bool {
        self.similarity().is_some()
    }

    /// The rotation (or mirrored rotation) that is nearest to its linear part; `None` where it
    /// flattens space.
    fn nearest_rotation(&self) -> Option<[[f64; 3]; 3]> {
        // Newton's iteration for the orthogonal polar factor (Higham 1986).
        let mut matrix = self.linear;
        for _ in 0..64 {
            let inverse = transposed(&inverse(&matrix)?);
            let size = norm(&matrix);
            let scale = (norm(&inverse) / size).sqrt();
            let next: [[f64; 3]; 3] = std::array::from_fn(|row| {
                std::array::from_fn(|column| {
                    0.5 * (scale * matrix[row][column] + inverse[row][column] / scale)
                })
            });
            let change = (0..9).map(|n| (next[n / 3][n % 3] - matrix[n / 3][n % 3]).abs());
            let still = change.fold(0.0, f64::max) < 1e-13;
            matrix = next;
            if still {
                break;
            }
        }
        matrix
            .as_flattened()
            .iter()
            .all(|v| v.is_finite())
            .then_some(matrix)
    }
}

impl SplatCloud {
    /// Puts the Gaussians from `first` on into the space that `affine` maps theirs to. A map that
    /// does more than turn and scale changes the lengths of a Gaussian's axes; the result is exact
    /// for the Gaussian. Its SH turn with the nearest rotation.
    pub(crate) fn transform_from(&mut self, first: usize, affine: &Affine) {
        if *affine == Affine::IDENTITY {
            return;
        }
        let similarity = affine.similarity();
        let rotation = affine.nearest_rotation();
        let turn = rotation.and_then(|rotation| quaternion(&rotation));
        for k in first..self.len() {
            // What was dropped stays at the origin: moved to where it cannot be either, it would be counted
            // again.
            if self.is_nothing(k) {
                continue;
            }
            let position = affine.point(self.positions[k].map(f64::from));
            self.positions[k] = position.map(|value| value as f32);
            if let (Some(factor), Some(turn)) = (similarity, turn) {
                let own = self.rotations[k].map(f64::from);
                self.rotations[k] = unit(hamilton(turn, own)).map(|part| part as f32);
                self.scales[k] = self.scales[k].map(|scale| (f64::from(scale) * factor) as f32);
            } else {
                (self.rotations[k], self.scales[k]) =
                    stretched(affine, self.rotations[k], self.scales[k]);
            }
        }
        if let Some(rotation) = rotation
            && self.rest_coefficients() > 0
        {
            self.turn_rest(first, &rotation);
        }
    }

    /// Whether Gaussian `k` is an invisible point at the origin.
    fn is_nothing(&self, k: usize) -> bool {
        self.opacities[k] == 0.0 && self.scales[k] == [0.0; 3] && self.positions[k] == [0.0; 3]
    }

    /// Turns the SH coefficients of degree 1 and up of the Gaussians from `first` on.
    fn turn_rest(&mut self, first: usize, rotation: &[[f64; 3]; 3]) {
        let rest = self.rest_coefficients();
        let matrices: Vec<Vec<f64>> = (1..=usize::from(self.sh_degree).min(MAX_DEGREE))
            .map(|degree| turn_matrix(degree, rotation))
            .collect();
        let coefficients = match first {
            // Those that share some are turned together.
            0 => self.sh_rest.stored_mut(),
            _ => &mut self.sh_rest.each_mut()[first * rest..],
        };
        for coefficients in coefficients.chunks_exact_mut(rest) {
            let mut behind = coefficients;
            for (degree, matrix) in (1..).zip(&matrices) {
                let size = 2 * degree + 1;
                let (band, others) = behind.split_at_mut(size);
                let mut turned = [[0.0; 3]; 2 * MAX_DEGREE + 1];
                for (row, turned) in matrix.chunks_exact(size).zip(&mut turned) {
                    for (weight, coefficient) in row.iter().zip(&*band) {
                        for (sum, value) in turned.iter_mut().zip(coefficient) {
                            *sum += weight * f64::from(*value);
                        }
                    }
                }
                for (value, turned) in band.iter_mut().zip(turned) {
                    *value = turned.map(|sum| sum as f32);
                }
                behind = others;
            }
        }
    }
}

/// Rotation and standard deviations of a Gaussian after a linear map: eigenvectors and roots of the
/// eigenvalues of its covariance.
fn stretched(affine: &Affine, rotation: [f32; 4], scale: [f32; 3]) -> ([f32; 4], [f32; 3]) {
    let own = rotation_matrix(rotation.map(f64::from));
    let axes: [[f64; 3]; 3] = std::array::from_fn(|row| {
        std::array::from_fn(|column| own[row][column] * f64::from(scale[column]))
    });
    let root = product(&affine.linear, &axes);
    let (values, mut vectors) = eigen(product(&root, &transposed(&root)));
    if determinant(&vectors) < 0.0 {
        vectors = vectors.map(|[a, b, c]| [-a, -b, -c]);
    }
    let turned = quaternion(&vectors).unwrap_or([1.0, 0.0, 0.0, 0.0]);
    (
        turned.map(|part| part as f32),
        values.map(|value| value.max(0.0).sqrt() as f32),
    )
}

/// Eigenvalues and eigenvectors (columns) of a symmetric matrix, by Jacobi's rotations.
fn eigen(mut matrix: [[f64; 3]; 3]) -> ([f64; 3], [[f64; 3]; 3]) {
    let mut vectors = Affine::IDENTITY.linear;
    for _ in 0..12 {
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            let off = matrix[p][q];
            if off == 0.0 {
                continue;
            }
            let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * off);
            let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
            let cosine = 1.0 / tangent.hypot(1.0);
            let sine = tangent * cosine;
            let mut turn = Affine::IDENTITY.linear;
            (turn[p][p], turn[q][q]) = (cosine, cosine);
            (turn[p][q], turn[q][p]) = (sine, -sine);
            matrix = product(&transposed(&turn), &product(&matrix, &turn));
            vectors = product(&vectors, &turn);
        }
    }
    (std::array::from_fn(|n| matrix[n][n]), vectors)
}

/// The matrix, row by row, that turns the coefficients of one degree: a function of the turned
/// direction is the turned function. Least squares over many directions, which fit exactly.
fn turn_matrix(degree: usize, rotation: &[[f64; 3]; 3]) -> Vec<f64> {
    let size = 2 * degree + 1;
    let back = transposed(rotation);
    // Rows of the normal equations: Gram matrix, then the right-hand sides.
    let mut rows = vec![vec![0.0; 2 * size]; size];
    for number in 0..DIRECTIONS {
        let direction = sphere_point(number);
        let here = basis(degree, direction);
        let before = basis(degree, apply(&back, direction));
        for (row, weight) in rows.iter_mut().zip(&here) {
            for column in 0..size {
                row[column] += weight * here[column];
                row[size + column] += weight * before[column];
            }
        }
    }
    // The Gram matrix is positive definite: no pivots needed.
    for pivot in 0..size {
        let divisor = rows[pivot][pivot];
        for value in &mut rows[pivot] {
            *value /= divisor;
        }
        let pivot_row = rows[pivot].clone();
        for (number, row) in rows.iter_mut().enumerate() {
            let factor = row[pivot];
            if number != pivot {
                for (value, other) in row.iter_mut().zip(&pivot_row) {
                    *value -= factor * other;
                }
            }
        }
    }
    rows.iter().flat_map(|row| row[size..].to_vec()).collect()
}

/// Points that are spread over the sphere evenly: a Fibonacci lattice.
fn sphere_point(number: usize) -> [f64; 3] {
    let z = 1.0 - (2 * number + 1) as f64 / DIRECTIONS as f64;
    let radius = (1.0 - z * z).sqrt();
    let angle = number as f64 * std::f64::consts::PI * (3.0 - 5.0_f64.sqrt());
    [radius * angle.cos(), radius * angle.sin(), z]
}

/// The real SH functions of one degree as "3D Gaussian Splatting" (Kerbl et al. 2023) has them,
/// m from -l to l; only their ratios inside the degree matter here.
fn basis(degree: usize, [x, y, z]: [f64; 3]) -> [f64; 2 * MAX_DEGREE + 1] {
    let (xx, yy, zz) = (x * x, y * y, z * z);
    let mut values = [0.0; 2 * MAX_DEGREE + 1];
    match degree {
        1 => values[..3].copy_from_slice(&[-y, z, -x]),
        2 => {
            let (a, b, c) = (
                1.092_548_430_592_079,
                0.315_391_565_252_520_05,
                0.546_274_215_296_039_6,
            );
            values[..5].copy_from_slice(&[
                a * x * y,
                -a * y * z,
                b * (2.0 * zz - xx - yy),
                -a * x * z,
                c * (xx - yy),
            ]);
        }
        _ => values.copy_from_slice(&[
            -0.590_043_589_926_643_5 * y * (3.0 * xx - yy),
            2.890_611_442_640_554 * x * y * z,
            -0.457_045_799_464_465_7 * y * (4.0 * zz - xx - yy),
            0.373_176_332_590_115_4 * z * (2.0 * zz - 3.0 * xx - 3.0 * yy),
            -0.457_045_799_464_465_7 * x * (4.0 * zz - xx - yy),
            1.445_305_721_320_277 * z * (xx - yy),
            -0.590_043_589_926_643_5 * x * (xx - 3.0 * yy),
        ]),
    }
    values
}

fn apply(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2])
}

fn product(a: &[[f64; 3]; 3], b: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    a.map(|row| std::array::from_fn(|column| (0..3).map(|n| row[n] * b[n][column]).sum()))
}

fn transposed(matrix: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
    std::array::from_fn(|row| std::array::from_fn(|column| matrix[column][row]))
}

fn norm(matrix: &[[f64; 3]; 3]) -> f64 {
    let squares = matrix.as_flattened().iter().map(|value| value * value);
    squares.sum::<f64>().sqrt()
}

fn cofactor(m: &[[f64; 3]; 3], row: usize, column: usize) -> f64 {
    let (a, b) = ((row + 1) % 3, (row + 2) % 3);
    let (c, d) = ((column + 1) % 3, (column + 2) % 3);
    m[a][c] * m[b][d] - m[a][d] * m[b][c]
}

fn determinant(matrix: &[[f64; 3]; 3]) -> f64 {
    (0..3).map(|n| matrix[0][n] * cofactor(matrix, 0, n)).sum()
}

fn inverse(matrix: &[[f64; 3]; 3]) -> Option<[[f64; 3]; 3]> {
    let determinant = determinant(matrix);
    (determinant.abs() > f64::MIN_POSITIVE && determinant.is_finite()).then(|| {
        std::array::from_fn(|row| {
            std::array::from_fn(|column| cofactor(matrix, column, row) / determinant)
        })
    })
}

/// The rotation matrix of the quaternion w, x, y, z.
pub(crate) fn rotation_matrix([w, x, y, z]: [f64; 4]) -> [[f64; 3]; 3] {
    [
        [
            1.0 - 2.0 * (y * y + z * z),
            2.0 * (x * y - w * z),
            2.0 * (x * z + w * y),
        ],
        [
            2.0 * (x * y + w * z),
            1.0 - 2.0 * (x * x + z * z),
            2.0 * (y * z - w * x),
        ],
        [
            2.0 * (x * z - w * y),
            2.0 * (y * z + w * x),
            1.0 - 2.0 * (x * x + y * y),
        ],
    ]
}

/// The unit quaternion w, x, y, z of a rotation matrix; `None` for one that mirrors.
fn quaternion(m: &[[f64; 3]; 3]) -> Option<[f64; 4]> {
    if determinant(m) <= 0.0 {
        return None;
    }
    // Four times the square of each part; the largest is the divisor (Shepperd 1978).
    let diagonal = [m[0][0], m[1][1], m[2][2]];
    let trace: f64 = diagonal.iter().sum();
    let squares = [1.0 + trace]
        .into_iter()
        .chain(diagonal.map(|value| 1.0 - trace + 2.0 * value));
    let largest = squares
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(0, |(part, _)| part);
    let raw = match largest {
        0 => [
            1.0 + trace,
            m[2][1] - m[1][2],
            m[0][2] - m[2][0],
            m[1][0] - m[0][1],
        ],
        1 => [
            m[2][1] - m[1][2],
            1.0 - trace + 2.0 * m[0][0],
            m[0][1] + m[1][0],
            m[0][2] + m[2][0],
        ],
        2 => [
            m[0][2] - m[2][0],
            m[0][1] + m[1][0],
            1.0 - trace + 2.0 * m[1][1],
            m[1][2] + m[2][1],
        ],
        _ => [
            m[1][0] - m[0][1],
            m[0][2] + m[2][0],
            m[1][2] + m[2][1],
            1.0 - trace + 2.0 * m[2][2],
        ],
    };
    Some(unit(raw))
}

fn unit(quaternion: [f64; 4]) -> [f64; 4] {
    let length = quaternion
        .iter()
        .map(|part| part * part)
        .sum::<f64>()
        .sqrt();
    quaternion.map(|part| part / length)
}

fn hamilton([aw, ax, ay, az]: [f64; 4], [bw, bx, by, bz]: [f64; 4]) -> [f64; 4] {
    [
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use crate::splat::Axes;

    fn rotation(random: &mut Random) -> [[f64; 3]; 3] {
        rotation_matrix(unit(std::array::from_fn(|_| f64::from(random.normal()))))
    }

    fn cloud(random: &mut Random, sh_degree: u8) -> SplatCloud {
        let mut cloud = SplatCloud::with_capacity(8, sh_degree);
        let rest = cloud.rest_coefficients();
        for _ in 0..8 {
            let mut three = || std::array::from_fn(|_| random.normal());
            let sh: Vec<[f32; 3]> = (0..rest).map(|_| three()).collect();
            let (position, scale, dc) = (three(), three().map(f32::exp), three());
            let turn = std::array::from_fn(|_| random.normal());
            cloud.push(position, turn, scale, 0.5, dc, &sh);
        }
        cloud
    }

    fn covariance(cloud: &SplatCloud, k: usize) -> [[f64; 3]; 3] {
        let turn = rotation_matrix(cloud.rotations[k].map(f64::from));
        let scale = cloud.scales[k].map(f64::from);
        let root = turn.map(|row| std::array::from_fn(|n| row[n] * scale[n]));
        product(&root, &transposed(&root))
    }

    fn seen_from(cloud: &SplatCloud, k: usize, direction: [f64; 3]) -> [f64; 3] {
        let mut sum = [0.0; 3];
        let mut rest = cloud.rest_of(k).iter();
        for degree in 1..=usize::from(cloud.sh_degree) {
            for weight in &basis(degree, direction)[..=2 * degree] {
                let coefficient = rest.next().expect("is there");
                for (sum, value) in sum.iter_mut().zip(coefficient) {
                    *sum += weight * f64::from(*value);
                }
            }
        }
        sum
    }

    fn near(a: &[f64], b: &[f64], most: f64) {
        for (a, b) in a.iter().zip(b) {
            assert!((a - b).abs() <= most, "{a} and {b}");
        }
    }

    /// What is seen of a turned Gaussian from a turned side is what was seen before.
    #[test]
    fn colours_turn_with_the_gaussian() {
        let mut random = Random::new(7);
        for sh_degree in 1..=3 {
            for mirrored in [false, true] {
                let mut linear = rotation(&mut random);
                if mirrored {
                    linear = linear.map(|[a, b, c]| [a, -b, c]);
                }
                let before = cloud(&mut random, sh_degree);
                let mut after = before.clone();
                let translation = [1.0, 2.0, 3.0];
                after.transform_from(
                    2,
                    &Affine {
                        linear,
                        translation,
                    },
                );
                for k in 0..8 {
                    let direction = random.direction().map(f64::from);
                    let turned = if k < 2 {
                        direction
                    } else {
                        apply(&linear, direction)
                    };
                    let seen = seen_from(&after, k, turned);
                    near(&seen, &seen_from(&before, k, direction), 1e-4);
                }
            }
        }
    }

    /// Any linear map: the covariance is that of the mapped Gaussian.
    #[test]
    fn shapes_follow_any_map() {
        let mut random = Random::new(8);
        for case in 0..40 {
            let mut linear = rotation(&mut random);
            let stretch: [f64; 3] = match case % 4 {
                0 => [2.5; 3],
                1 => [1.0, 3.0, 0.2],
                2 => [1.0, -1.0, 1.0],
                _ => [1.0, 0.0, 2.0],
            };
            linear = linear.map(|row| std::array::from_fn(|n| row[n] * stretch[n]));
            linear = product(&linear, &rotation(&mut random));
            let affine = Affine {
                linear,
                translation: [0.5, -1.0, 2.0],
            };
            assert_eq!(affine.is_similarity(), case % 4 == 0);
            let before = cloud(&mut random, 0);
            let mut after = before.clone();
            after.transform_from(0, &affine);
            for k in 0..8 {
                let wanted = covariance(&before, k);
                let wanted = product(&linear, &product(&wanted, &transposed(&linear)));
                let size = norm(&wanted);
                near(
                    covariance(&after, k).as_flattened(),
                    wanted.as_flattened(),
                    1e-5 * size,
                );
                let place = affine.point(before.positions[k].map(f64::from));
                near(&after.positions[k].map(f64::from), &place, 1e-5);
            }
        }
    }

    /// Half a turn about x is what leads from one convention of axes to the other.
    #[test]
    fn half_a_turn_is_the_other_convention() {
        let before = cloud(&mut Random::new(9), 3);
        let mut after = before.clone();
        let linear = [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]];
        after.transform_from(
            0,
            &Affine {
                linear,
                translation: [0.0; 3],
            },
        );
        let other = before.with_axes(Axes::RightUpBack);
        let flat = |cloud: &SplatCloud| -> Vec<f64> {
            let rest = cloud.sh_rest.each();
            rest.as_flattened()
                .iter()
                .chain(cloud.positions.as_flattened())
                .map(|value| f64::from(*value))
                .collect()
        };
        near(&flat(&after), &flat(&other), 1e-5);
        for k in 0..8 {
            near(
                covariance(&after, k).as_flattened(),
                covariance(&other, k).as_flattened(),
                1e-5,
            );
        }
    }
}
