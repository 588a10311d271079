//! What makes a Gaussian one that can be drawn.

use crate::limits;

/// Quaternions shorter than this have no direction.
const MIN_NORM: f32 = 1e-12;

/// One Gaussian of a cloud, for [`mend`].
pub(super) struct Row<'a> {
    pub position: &'a mut [f32; 3],
    pub rotation: &'a mut [f32; 4],
    pub scale: &'a mut [f32; 3],
    pub opacity: &'a mut f32,
    pub sh_dc: &'a mut [f32; 3],
    pub sh_rest: &'a mut [[f32; 3]],
}

/// Normalises the quaternion, takes the sign off the scales and keeps the opacity within 0 and 1. A
/// Gaussian for which that cannot be done, or of which nobody can draw anything, becomes an invisible
/// point at the origin: then false.
pub(super) fn mend(row: Row) -> bool {
    let norm = norm(row.rotation);
    let is_sound = within(row.position, limits::MAX_COORDINATE)
        & within(row.scale, limits::MAX_SCALE)
        & within(row.sh_dc, f32::MAX)
        & within(row.sh_rest.as_flattened(), f32::MAX)
        & row.opacity.is_finite()
        & is_direction(norm);
    if is_sound {
        *row.rotation = row.rotation.map(|part| part / norm);
        *row.scale = row.scale.map(f32::abs);
        *row.opacity = row.opacity.clamp(0.0, 1.0);
    } else {
        *row.position = [0.0; 3];
        *row.rotation = [1.0, 0.0, 0.0, 0.0];
        *row.scale = [0.0; 3];
        *row.opacity = 0.0;
        *row.sh_dc = [0.0; 3];
        row.sh_rest.fill([0.0; 3]);
    }
    is_sound
}

/// Length of a quaternion.
pub(super) fn norm(rotation: &[f32; 4]) -> f32 {
    rotation.iter().map(|part| part * part).sum::<f32>().sqrt()
}

/// Whether a quaternion of this length can be normalised.
pub(super) fn is_direction(norm: f32) -> bool {
    norm.is_finite() & (norm >= MIN_NORM)
}

/// Whether all are numbers of at most this size. Without short cuts, which would keep the compiler
/// from looking at several at once.
pub(super) fn within(values: &[f32], limit: f32) -> bool {
    values
        .iter()
        .fold(true, |all, value| all & (value.abs() <= limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SplatCloud;
    use crate::splat::synthetic;

    /// Spoils Gaussian `k` of a cloud.
    type Spoil = fn(&mut SplatCloud, usize);

    const SPOILS: [Spoil; 12] = [
        |cloud, k| cloud.positions[k][1] = f32::NAN,
        |cloud, k| cloud.positions[k][2] = f32::NEG_INFINITY,
        |cloud, k| cloud.positions[k][0] = -limits::MAX_COORDINATE.next_up(),
        |cloud, k| cloud.rotations[k] = [0.0; 4],
        |cloud, k| cloud.rotations[k][3] = f32::INFINITY,
        |cloud, k| cloud.rotations[k] = [1e30; 4],
        |cloud, k| cloud.scales[k][2] = limits::MAX_SCALE.next_up(),
        |cloud, k| cloud.scales[k][0] = f32::NAN,
        |cloud, k| cloud.opacities[k] = f32::INFINITY,
        |cloud, k| cloud.sh_dc[k][1] = f32::NAN,
        |cloud, k| cloud.sh_rest.each_mut()[3 * k][2] = f32::INFINITY,
        |cloud, k| cloud.sh_rest.each_mut()[3 * k + 2][0] = f32::NAN,
    ];

    /// Each Gaussian of `cloud` through [`SplatCloud::push`].
    fn pushed(cloud: &SplatCloud) -> SplatCloud {
        let mut copy = SplatCloud::with_capacity(cloud.len(), cloud.sh_degree);
        for k in 0..cloud.len() {
            copy.push(
                cloud.positions[k],
                cloud.rotations[k],
                cloud.scales[k],
                cloud.opacities[k],
                cloud.sh_dc[k],
                cloud.rest_of(k),
            );
        }
        copy
    }

    #[test]
    fn what_cannot_be_drawn_becomes_an_invisible_point_and_is_counted() {
        let count = 2 * 16_384 + 1000;
        let mut cloud = synthetic::surface(count, 1, 7);
        let rows: Vec<usize> = (0..SPOILS.len()).map(|spoil| 3001 * spoil).collect();
        for (row, spoil) in rows.iter().zip(SPOILS) {
            spoil(&mut cloud, *row);
        }
        // What is only unusual is mended and stays.
        cloud.rotations[1] = [0.0, -30.0, 0.0, 40.0];
        cloud.scales[2] = [-limits::MAX_SCALE, 0.0, 1e-30];
        cloud.opacities[3] = -0.5;
        cloud.opacities[4] = 7.0;
        cloud.positions[5] = [limits::MAX_COORDINATE, -limits::MAX_COORDINATE, 0.0];
        let one_by_one = pushed(&cloud);
        cloud.sanitise();
        assert_eq!(cloud, one_by_one);
        assert_eq!(cloud.dropped, SPOILS.len());
        for row in rows {
            assert_eq!((cloud.opacities[row], cloud.scales[row]), (0.0, [0.0; 3]));
            assert_eq!(cloud.rest_of(row), [[0.0; 3]; 3]);
        }
        assert_eq!(cloud.rotations[1], [0.0, -0.6, 0.0, 0.8]);
        assert_eq!(cloud.scales[2], [limits::MAX_SCALE, 0.0, 1e-30]);
        assert_eq!(cloud.opacities[3..5], [0.0, 1.0]);
        assert_eq!(cloud.positions[5][0], limits::MAX_COORDINATE);
        assert!(cloud.bounds().radius().is_finite());
        cloud.sanitise();
        assert_eq!(cloud.dropped, SPOILS.len());
    }

    #[test]
    fn clouds_without_higher_coefficients_or_gaussians() {
        let mut cloud = synthetic::surface(10, 0, 7);
        cloud.scales[9] = [f32::INFINITY; 3];
        cloud.sanitise();
        assert_eq!(cloud.dropped, 1);
        let mut empty = SplatCloud::default();
        empty.sanitise();
        assert_eq!(empty.dropped, 0);
    }
}
