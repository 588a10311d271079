//! Frames without what cannot be seen.

use zoetrope_codecs::SplatCloud;
use zoetrope_codecs::gaussian_video::rest_coefficients;

/// Relative difference of a Gaussian's scales up to which it counts as a ball.
const BALL_TOLERANCE: f32 = 0.01;

/// A frame as it is packed: Gaussians that were dropped when the file was read are left out, SH is cut
/// to `sh_degree`, and balls are not rotated. The rotation of a ball cannot be seen, is different in
/// every frame, and would fill four planes with noise.
pub(crate) fn canonical(mut cloud: SplatCloud, sh_degree: u8) -> SplatCloud {
    for (rotation, scale) in cloud.rotations.iter_mut().zip(&cloud.scales) {
        let largest = scale.iter().copied().fold(0.0, f32::max);
        let smallest = scale.iter().copied().fold(f32::INFINITY, f32::min);
        if largest - smallest <= BALL_TOLERANCE * largest {
            *rotation = [1.0, 0.0, 0.0, 0.0];
        }
    }
    if cloud.dropped == 0 && cloud.sh_degree <= sh_degree {
        return cloud;
    }
    let rows: Vec<u32> = (0..cloud.len() as u32)
        .filter(|row| cloud.dropped == 0 || cloud.opacities[*row as usize] > 0.0)
        .collect();
    pick(&cloud, &rows, cloud.sh_degree.min(sh_degree))
}

/// The Gaussians of `rows` in that order, with SH coefficients up to `sh_degree`; those beyond the
/// cloud's own are 0.
pub(crate) fn pick(cloud: &SplatCloud, rows: &[u32], sh_degree: u8) -> SplatCloud {
    fn take<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
        rows.iter().map(|row| values[*row as usize]).collect()
    }
    let kept = rest_coefficients(sh_degree);
    let mut sh_rest = Vec::with_capacity(rows.len() * kept);
    for row in rows {
        let rest = cloud.rest_of(*row as usize);
        sh_rest.extend((0..kept).map(|j| rest.get(j).copied().unwrap_or_default()));
    }
    SplatCloud {
        positions: take(&cloud.positions, rows),
        rotations: take(&cloud.rotations, rows),
        scales: take(&cloud.scales, rows),
        opacities: take(&cloud.opacities, rows),
        sh_dc: take(&cloud.sh_dc, rows),
        sh_rest: sh_rest.into(),
        sh_degree,
        axes: cloud.axes,
        antialiased: cloud.antialiased,
        dropped: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balls_are_not_rotated_and_dropped_gaussians_are_left_out() {
        let mut cloud = SplatCloud::with_capacity(3, 1);
        let rest = [[0.5; 3], [0.25; 3], [0.125; 3]];
        let turned = [0.6, 0.8, 0.0, 0.0];
        cloud.push([1.0; 3], turned, [0.1, 0.1001, 0.1], 0.5, [0.0; 3], &rest);
        cloud.push([f32::NAN; 3], turned, [0.1; 3], 0.5, [0.0; 3], &rest);
        cloud.push([2.0; 3], turned, [0.1, 0.2, 0.1], 0.0, [0.0; 3], &rest);
        cloud.push([3.0; 3], turned, [0.1, 0.2, 0.1], 0.5, [0.0; 3], &rest);
        let same = canonical(cloud.clone(), 3);
        assert_eq!(same.len(), 2);
        assert_eq!(same.rotations, [[1.0, 0.0, 0.0, 0.0], turned]);
        assert_eq!(same.sh_rest.each()[3..], rest);
        let flat = canonical(cloud, 0);
        assert_eq!((flat.sh_degree, flat.sh_rest.size_bytes()), (0, 0));
        assert_eq!(flat.positions, [[1.0; 3], [3.0; 3]]);
        let grown = pick(&flat, &[1, 0, 1], 2);
        assert_eq!(grown.positions, [[3.0; 3], [1.0; 3], [3.0; 3]]);
        assert_eq!(*grown.sh_rest.each(), vec![[0.0; 3]; 24]);
    }
}
