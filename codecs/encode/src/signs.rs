//! The sign of quaternions: q and -q are the same rotation, but not the same pixel.

use zoetrope_codecs::SplatCloud;

/// Chooses signs so that each quaternion is near those beside it in the first picture (`side`
/// pixels wide), and near its own in the picture before from then on.
pub(crate) fn align_signs(clouds: &mut [SplatCloud], side: usize) {
    align(clouds, side, |rotation, other| {
        let dot: f32 = rotation.iter().zip(other).map(|(a, b)| a * b).sum();
        if dot < 0.0 {
            rotation.map(|part| -part)
        } else {
            rotation
        }
    });
}

/// Gives each quaternion the form that `nearest` finds near another: in the first picture (`side` pixels
/// wide) the sum of those to the left and above, from then on its own in the picture before.
pub(crate) fn align(
    clouds: &mut [SplatCloud],
    side: usize,
    nearest: impl Fn([f32; 4], [f32; 4]) -> [f32; 4],
) {
    let Some((first, later)) = clouds.split_first_mut() else {
        return;
    };
    for k in 0..first.len() {
        let left = (k % side > 0).then(|| first.rotations[k - 1]);
        let above = (k >= side).then(|| first.rotations[k - side]);
        let mut around = [0.0; 4];
        for beside in left.into_iter().chain(above) {
            around = std::array::from_fn(|part| around[part] + beside[part]);
        }
        first.rotations[k] = nearest(first.rotations[k], around);
    }
    let mut before = &*first;
    for cloud in later {
        for (rotation, last) in cloud.rotations.iter_mut().zip(&before.rotations) {
            *rotation = nearest(*rotation, *last);
        }
        before = cloud;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_quaternion_jumps_to_the_other_side() {
        let cloud = |turn: f32| {
            let mut cloud = SplatCloud::with_capacity(6, 0);
            for k in 0..6 {
                let half = turn + 0.1 * k as f32;
                let sign = if (k + (turn * 10.0) as usize).is_multiple_of(2) {
                    1.0
                } else {
                    -1.0
                };
                let rotation = [sign * half.cos(), sign * half.sin(), 0.0, 0.0];
                cloud.push([0.0; 3], rotation, [0.1; 3], 0.5, [0.0; 3], &[]);
            }
            cloud
        };
        let mut clouds: Vec<SplatCloud> = (0..40).map(|t| cloud(t as f32 * 0.1)).collect();
        align_signs(&mut clouds, 3);
        let dot = |a: [f32; 4], b: [f32; 4]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        for k in 1..6 {
            assert!(dot(clouds[0].rotations[k], clouds[0].rotations[k - 1]) > 0.9);
        }
        for t in 1..40 {
            for k in 0..6 {
                assert!(dot(clouds[t].rotations[k], clouds[t - 1].rotations[k]) > 0.9);
            }
        }
    }
}
