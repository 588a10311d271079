//! Which axis of a Gaussian is which: the same ellipsoid has 24 rotations, and pictures are smooth only
//! if neighbours agree on one.

use zoetrope_codecs::SplatCloud;

use crate::signs::align;

/// Difference in the logarithms of its scales up to which a Gaussian counts as a ball.
const BALL_TOLERANCE: f32 = 0.01;

/// A quaternion w, x, y, z.
type Quaternion = [f32; 4];

/// Hamilton product.
fn times([aw, ax, ay, az]: Quaternion, [bw, bx, by, bz]: Quaternion) -> Quaternion {
    [
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    ]
}

fn dot(a: Quaternion, b: Quaternion) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// For each order of axes, the axis of the old frame that becomes x, y and z, and the rotation that
/// does it (an odd permutation also turns one axis around, which an ellipsoid does not show).
const ORDERS: [([usize; 3], Quaternion); 6] = {
    const H: f32 = std::f32::consts::FRAC_1_SQRT_2;
    [
        ([0, 1, 2], [1.0, 0.0, 0.0, 0.0]),
        ([1, 2, 0], [0.5, 0.5, 0.5, 0.5]),
        ([2, 0, 1], [0.5, -0.5, -0.5, -0.5]),
        ([0, 2, 1], [H, H, 0.0, 0.0]),
        ([2, 1, 0], [H, 0.0, H, 0.0]),
        ([1, 0, 2], [H, 0.0, 0.0, H]),
    ]
};

/// Half turns about each axis, which no ellipsoid shows.
const TURNS: [Quaternion; 4] = [
    [1.0, 0.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0],
    [0.0, 0.0, 1.0, 0.0],
    [0.0, 0.0, 0.0, 1.0],
];

/// Puts the axes of each Gaussian in falling order of its scales over the whole group.
pub(super) fn sort_axes(clouds: &mut [SplatCloud]) {
    let count = clouds.first().map_or(0, SplatCloud::len);
    for row in 0..count {
        let mut sums = [0.0f32; 3];
        for cloud in clouds.iter() {
            for (sum, scale) in sums.iter_mut().zip(cloud.scales[row]) {
                *sum += scale.max(1e-20).ln();
            }
        }
        // The axes of a ball cannot be told apart, and the rotation between them is noise.
        let largest = sums.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let smallest = sums.iter().copied().fold(f32::INFINITY, f32::min);
        if largest - smallest <= BALL_TOLERANCE * clouds.len() as f32 {
            continue;
        }
        let falls = |order: [usize; 3]| {
            sums[order[0]] >= sums[order[1]] && sums[order[1]] >= sums[order[2]]
        };
        let Some((order, turn)) = ORDERS.iter().find(|(order, _)| falls(*order)) else {
            continue;
        };
        for cloud in clouds.iter_mut() {
            cloud.scales[row] = order.map(|axis| cloud.scales[row][axis]);
            cloud.rotations[row] = times(cloud.rotations[row], *turn);
        }
    }
}

/// Chooses among the half turns and signs of each rotation, so that it is near those beside it in
/// the first picture (`side` pixels wide), and near its own in the picture before from then on.
pub(super) fn align_rotations(clouds: &mut [SplatCloud], side: usize) {
    align(clouds, side, nearest);
}

/// The equal of `rotation` that is nearest to `other`.
fn nearest(rotation: Quaternion, other: Quaternion) -> Quaternion {
    let mut best = rotation;
    let mut best_dot = f32::NEG_INFINITY;
    for turn in TURNS {
        let turned = times(rotation, turn);
        let near = dot(turned, other);
        if near.abs() > best_dot {
            best_dot = near.abs();
            best = if near < 0.0 {
                turned.map(|part| -part)
            } else {
                turned
            };
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use zoetrope_codecs::random::Random;

    /// The covariance of a Gaussian: what is seen of its axes.
    fn covariance(rotation: Quaternion, scale: [f32; 3]) -> [[f32; 3]; 3] {
        let [w, x, y, z] = rotation;
        let m = [
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
        ];
        std::array::from_fn(|i| {
            std::array::from_fn(|j| {
                (0..3)
                    .map(|a| m[i][a] * m[j][a] * scale[a] * scale[a])
                    .sum()
            })
        })
    }

    fn clouds() -> Vec<SplatCloud> {
        let mut random = Random::new(2);
        let mut cloud = SplatCloud::with_capacity(0, 0);
        for _ in 0..200 {
            let mut part = || random.normal();
            let rotation = [part(), part(), part(), part()];
            let scale = [part().exp(), part().exp(), part().exp()];
            cloud.push([0.0; 3], rotation, scale, 0.5, [0.0; 3], &[]);
        }
        let mut later = cloud.clone();
        for rotation in &mut later.rotations {
            *rotation = times([0.995, 0.0998, 0.0, 0.0], *rotation);
        }
        vec![cloud, later]
    }

    #[test]
    fn what_is_seen_stays_the_same() {
        let before = clouds();
        let mut after = before.clone();
        sort_axes(&mut after);
        align_rotations(&mut after, 16);
        for (before, after) in before.iter().zip(&after) {
            for k in 0..before.len() {
                let [a, b, c] = after.scales[k];
                assert!(a >= b && b >= c);
                let wanted = covariance(before.rotations[k], before.scales[k]);
                let found = covariance(after.rotations[k], after.scales[k]);
                for (wanted, found) in wanted.as_flattened().iter().zip(found.as_flattened()) {
                    assert!(
                        (wanted - found).abs() < 1e-4 * a * a,
                        "{k}: {wanted} {found}"
                    );
                }
            }
        }
        for k in 0..200 {
            assert!(dot(after[0].rotations[k], after[1].rotations[k]) > 0.99);
        }
    }

    #[test]
    fn neighbours_agree() {
        // The same rotation in many guises.
        let mut random = Random::new(4);
        let mut cloud = SplatCloud::with_capacity(0, 0);
        for _ in 0..64 {
            let sign = if random.below(2) == 0 { 1.0 } else { -1.0 };
            let turned = times([0.5, 0.1, -0.7, 0.2], TURNS[random.below(4)]);
            cloud.push(
                [0.0; 3],
                turned.map(|q| q * sign),
                [3.0, 2.0, 1.0],
                1.0,
                [0.0; 3],
                &[],
            );
        }
        let mut clouds = [cloud];
        align_rotations(&mut clouds, 8);
        for rotation in &clouds[0].rotations[1..] {
            assert!(dot(*rotation, clouds[0].rotations[0]) > 0.999);
        }
    }
}
