//! Winograd's minimal filtering F(m x m, r x r) with m + r - 1 = 8 (Lavin and Gray 2016, "Fast algorithms for
//! convolutional neural networks"; Toom and Cook's construction with the points 0, ±1, ±2, ±1/2 and infinity).
//!
//! A tile of 8 x 8 numbers and a kernel of r x r go to 64 points each, are multiplied there and come back as m x m
//! sums, all by fixed sums and differences along columns and rows.

use pulp::Simd;

/// Points along one axis.
pub(super) const POINTS: usize = 8;
/// The points but infinity, in the order of their rows in all matrices.
const AT: [f64; POINTS - 1] = [0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5];

/// Rows and columns of a tile for a kernel; `None` for kernels that have no such tiles, or none that are worth it.
pub(super) fn tile_of(kernel: usize) -> Option<usize> {
    matches!(kernel, 3 | 5 | 7).then(|| POINTS + 1 - kernel)
}

/// What a kernel of one axis is at the points.
fn kernel_at_points(kernel: &[f64]) -> [f64; POINTS] {
    std::array::from_fn(|row| {
        let Some(point) = AT.get(row) else {
            return kernel.last().copied().unwrap_or_default();
        };
        let others = AT.iter().filter(|other| *other != point);
        // Of the point 0, the input's transform has the other sign.
        let sign = if *point == 0.0 { -1.0 } else { 1.0 };
        let scale: f64 = others.map(|other| point - other).product::<f64>() * sign;
        let value = kernel.iter().rev().fold(0.0, |sum, tap| sum * point + tap);
        value / scale
    })
}

/// A square kernel at all points, `[row][column]`.
pub(super) fn kernel(taps: &[f32], side: usize) -> [[f64; POINTS]; POINTS] {
    let rows: Vec<[f64; POINTS]> = taps
        .chunks_exact(side)
        .map(|row| {
            let row: Vec<f64> = row.iter().map(|tap| f64::from(*tap)).collect();
            kernel_at_points(&row)
        })
        .collect();
    let mut all = [[0.0; POINTS]; POINTS];
    for column in 0..POINTS {
        let down: Vec<f64> = rows.iter().map(|row| row[column]).collect();
        for (row, value) in kernel_at_points(&down).into_iter().enumerate() {
            all[row][column] = value;
        }
    }
    all
}

/// `number * a + b`.
#[inline(always)]
fn add<S: Simd>(simd: S, number: f32, a: S::f32s, b: S::f32s) -> S::f32s {
    simd.mul_add_f32s(simd.splat_f32s(number), a, b)
}

/// Eight neighbours at the points.
#[inline(always)]
pub(super) fn to_points<S: Simd>(simd: S, d: [S::f32s; POINTS]) -> [S::f32s; POINTS] {
    let half = simd.mul_f32s(simd.splat_f32s(0.5), d[1]);
    let double = simd.add_f32s(d[1], d[1]);
    // Of the points ±1, ±2 and ±1/2: what they have in common, and what has another sign.
    let even = [
        add(simd, -4.25, d[4], simd.add_f32s(d[2], d[6])),
        add(simd, 0.25, d[2], add(simd, -1.25, d[4], d[6])),
        add(simd, 4.0, d[2], add(simd, -5.0, d[4], d[6])),
    ];
    let odd = [
        add(simd, -4.25, d[3], simd.add_f32s(d[1], d[5])),
        add(simd, 2.0, d[5], add(simd, -2.5, d[3], half)),
        add(simd, 0.5, d[5], add(simd, -2.5, d[3], double)),
    ];
    [
        add(
            simd,
            5.25,
            simd.sub_f32s(d[4], d[2]),
            simd.sub_f32s(d[0], d[6]),
        ),
        simd.add_f32s(even[0], odd[0]),
        simd.sub_f32s(even[0], odd[0]),
        simd.add_f32s(even[1], odd[1]),
        simd.sub_f32s(even[1], odd[1]),
        simd.add_f32s(even[2], odd[2]),
        simd.sub_f32s(even[2], odd[2]),
        add(
            simd,
            5.25,
            simd.sub_f32s(d[3], d[5]),
            simd.sub_f32s(d[7], d[1]),
        ),
    ]
}

/// From the points back to `M` sums.
#[inline(always)]
pub(super) fn from_points<S: Simd, const M: usize>(simd: S, p: [S::f32s; POINTS]) -> [S::f32s; M] {
    let even = [
        simd.add_f32s(p[1], p[2]),
        simd.add_f32s(p[3], p[4]),
        simd.add_f32s(p[5], p[6]),
    ];
    let odd = [
        simd.sub_f32s(p[1], p[2]),
        simd.sub_f32s(p[3], p[4]),
        simd.sub_f32s(p[5], p[6]),
    ];
    let mut sums = [p[0]; M];
    for (power, sum) in sums.iter_mut().enumerate() {
        let parts = if power % 2 == 0 { even } else { odd };
        let factor = (1_u32 << power) as f32;
        let first = if power == 0 {
            simd.add_f32s(p[0], parts[0])
        } else {
            parts[0]
        };
        let value = add(simd, factor, parts[1], first);
        let value = add(simd, 1.0 / factor, parts[2], value);
        *sum = if power == M - 1 {
            simd.add_f32s(value, p[7])
        } else {
            value
        };
    }
    sums
}
