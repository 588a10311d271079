//! Writing.

use std::io;

use super::super::{SH_C0, SplatCloud};
use super::ROW_BYTES;

/// Rows that are handed on at once.
const ROWS_AT_ONCE: usize = 4096;

/// Writes a `.splat` file in the cloud's own space, which ought to be
/// [`Axes::RightDownFront`](super::super::Axes), the most important Gaussians first. Spherical
/// harmonics are left out: the format has none.
///
/// # Errors
/// Those of `out`.
pub fn write(cloud: &SplatCloud, out: &mut impl io::Write) -> io::Result<()> {
    let mut rows = Vec::with_capacity(ROWS_AT_ONCE * ROW_BYTES);
    for some in by_importance(cloud).chunks(ROWS_AT_ONCE) {
        rows.clear();
        for k in some {
            put_row(&mut rows, cloud, *k as usize);
        }
        out.write_all(&rows)?;
    }
    Ok(())
}

/// All Gaussians, those that cover most first: by opacity times the area of the largest ellipse that
/// can be seen of them. Equal ones keep their order.
fn by_importance(cloud: &SplatCloud) -> Vec<u32> {
    let importance: Vec<f32> = cloud
        .scales
        .iter()
        .zip(&cloud.opacities)
        .map(|([a, b, c], opacity)| opacity * (a * b).max(b * c).max(c * a))
        .collect();
    let mut order: Vec<u32> = (0..cloud.len() as u32).collect();
    let of = |k: &u32| importance[*k as usize];
    order.sort_by(|a, b| of(b).total_cmp(&of(a)));
    order
}

fn put_row(rows: &mut Vec<u8>, cloud: &SplatCloud, k: usize) {
    for value in cloud.positions[k].iter().chain(&cloud.scales[k]) {
        rows.extend_from_slice(&value.to_le_bytes());
    }
    // The conversion cuts off what is below 0 and above 255.
    let byte = |value: f32| (255.0 * value).round() as u8;
    rows.extend(cloud.sh_dc[k].map(|dc| byte(0.5 + SH_C0 * dc)));
    rows.push(byte(cloud.opacities[k]));
    // Bytes reach -1 and not quite 1, so a part near 1 is written of the opposite quaternion, which
    // is the same rotation.
    let rotation = cloud.rotations[k];
    let nearly_one = rotation.iter().any(|part| *part > 127.0 / 128.0);
    let sign = if nearly_one { -1.0 } else { 1.0 };
    rows.extend(rotation.map(|part| (128.0 + 128.0 * sign * part).round() as u8));
}
