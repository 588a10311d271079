//! Which Gaussians matter most.

use zoetrope_codecs::SplatCloud;

/// Alphas below are not drawn at all (3DGS).
const ALPHA_MIN: f32 = 1.0 / 255.0;

/// How much of the picture each row is, over all frames: opacity times the area that it covers at
/// most, in world units.
pub(super) fn importance(clouds: &[SplatCloud]) -> Vec<f32> {
    let count = clouds.first().map_or(0, SplatCloud::len);
    (0..count)
        .map(|row| {
            clouds
                .iter()
                .map(|cloud| {
                    let [a, b, c] = cloud.scales[row];
                    let area = (a * b).max(b * c).max(a * c);
                    cloud.opacities[row] * area
                })
                .sum()
        })
        .collect()
}

/// Rows that are drawn in at least one frame.
pub(super) fn visible(clouds: &[SplatCloud]) -> Vec<u32> {
    let count = clouds.first().map_or(0, SplatCloud::len);
    (0..count)
        .filter(|row| {
            clouds
                .iter()
                .any(|cloud| cloud.opacities[*row] >= ALPHA_MIN)
        })
        .map(|row| row as u32)
        .collect()
}
