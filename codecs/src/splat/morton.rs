//! An order in which neighbours come one after the other.

use rayon::prelude::*;

use crate::Bounds;

/// Cells along each axis, as a power of two: the codes of three axes fill 63 bits.
const BITS: u32 = 21;

/// The points along a Morton curve (G. Morton, 1966) through the box around them, as their indices;
/// those of one cell as they come.
pub(super) fn morton_order(points: &[[f32; 3]]) -> Vec<u32> {
    let mut bounds = Bounds::EMPTY;
    for point in points {
        bounds.add(*point);
    }
    let most = f64::from((1_u32 << BITS) - 1);
    let code = |point: &[f32; 3]| {
        (0..3).fold(0, |code, axis| {
            let [low, high] = [bounds.min[axis], bounds.max[axis]].map(f64::from);
            let step = if high > low { most / (high - low) } else { 0.0 };
            let cell = (f64::from(point[axis]) - low) * step;
            code | (spread(cell as u64) << axis)
        })
    };
    let mut order: Vec<(u64, u32)> = points
        .par_iter()
        .enumerate()
        .map(|(k, point)| (code(point), k as u32))
        .collect();
    order.par_sort_unstable();
    order.into_iter().map(|(_, k)| k).collect()
}

/// Puts two empty bits behind each of the lower 21.
fn spread(value: u64) -> u64 {
    let mut value = value & 0x1f_ffff;
    for (shift, mask) in [
        (32, 0x001f_0000_0000_ffff),
        (16, 0x001f_0000_ff00_00ff),
        (8, 0x100f_00f0_0f00_f00f),
        (4, 0x10c3_0c30_c30c_30c3),
        (2, 0x1249_2492_4924_9249),
    ] {
        value = (value | (value << shift)) & mask;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_spread() {
        assert_eq!(spread(0b1011), 0b1_000_001_001);
        assert_eq!(spread(0x1f_ffff), 0x1249_2492_4924_9249);
    }

    #[test]
    fn neighbours_stay_neighbours() {
        let corner = |k: u32| [0, 1, 2].map(|axis| (k >> axis & 1) as f32);
        let mut points: Vec<[f32; 3]> = (0..8).rev().map(corner).collect();
        points.push([0.1, 0.0, 0.0]);
        assert_eq!(morton_order(&points), [7, 8, 6, 5, 4, 3, 2, 1, 0]);
    }
}
