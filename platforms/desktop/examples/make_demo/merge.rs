//! Fewer Gaussians for the same look: those of one cell of a grid become one with the same mean
//! and covariance.

use std::collections::BTreeMap;

use glam::{Mat3, Quat, Vec3};
use zoetrope_codecs::SplatCloud;

/// Gaussians fainter than this do not count.
const MIN_OPACITY: f32 = 0.02;

/// About `target` Gaussians in place of all of `cloud`; SH degree 0.
pub fn reduce(cloud: &SplatCloud, target: usize) -> SplatCloud {
    let (mut fine, mut coarse) = (1e-4, cloud.bounds().radius());
    while coarse / fine > 1.01 {
        let cell = (fine * coarse).sqrt();
        if cells(cloud, cell).len() > target {
            fine = cell;
        } else {
            coarse = cell;
        }
    }
    let mut reduced = SplatCloud::with_capacity(target, 0);
    for rows in cells(cloud, coarse).values() {
        push_merged(&mut reduced, cloud, rows);
    }
    reduced
}

/// Rows of the cloud by the grid cell that they are in.
fn cells(cloud: &SplatCloud, cell: f32) -> BTreeMap<[i32; 3], Vec<usize>> {
    let mut cells = BTreeMap::<[i32; 3], Vec<usize>>::new();
    for (row, position) in cloud.positions.iter().enumerate() {
        if cloud.opacities[row] >= MIN_OPACITY {
            let key = position.map(|coordinate| (coordinate / cell).floor() as i32);
            cells.entry(key).or_default().push(row);
        }
    }
    cells
}

/// Adds the one Gaussian that has the moments of `rows`, weighted by how much each covers.
fn push_merged(reduced: &mut SplatCloud, cloud: &SplatCloud, rows: &[usize]) {
    let weight = |row: usize| cloud.opacities[row] * area(cloud.scales[row]);
    let total: f32 = rows.iter().map(|&row| weight(row)).sum();
    let mean = rows
        .iter()
        .map(|&row| Vec3::from_array(cloud.positions[row]) * (weight(row) / total))
        .sum::<Vec3>();
    let colour = rows
        .iter()
        .map(|&row| Vec3::from_array(cloud.sh_dc[row]) * (weight(row) / total))
        .sum::<Vec3>();
    let mut covariance = Mat3::ZERO;
    for &row in rows {
        let [w, x, y, z] = cloud.rotations[row];
        let turn = Mat3::from_quat(Quat::from_xyzw(x, y, z, w));
        let scale = Vec3::from_array(cloud.scales[row]);
        let offset = Vec3::from_array(cloud.positions[row]) - mean;
        let own = turn * Mat3::from_diagonal(scale * scale) * turn.transpose();
        let spread = Mat3::from_cols(offset * offset.x, offset * offset.y, offset * offset.z);
        covariance += (own + spread) * (weight(row) / total);
    }
    let (variances, axes) = eigen(covariance);
    let scale = variances.max(Vec3::splat(1e-10)).map(f32::sqrt);
    let turn = Quat::from_mat3(&axes);
    let covered: f32 = rows.iter().map(|&row| weight(row)).sum();
    reduced.push(
        mean.to_array(),
        [turn.w, turn.x, turn.y, turn.z],
        scale.to_array(),
        (covered / area(scale.to_array())).min(0.99),
        colour.to_array(),
        &[],
    );
}

/// The largest cross-section of an ellipsoid, up to a factor of pi.
fn area([x, y, z]: [f32; 3]) -> f32 {
    (x * y).max(y * z).max(z * x).max(1e-12)
}

/// Eigenvalues and a right-handed basis of eigenvectors of a symmetric matrix (Jacobi rotations).
fn eigen(mut matrix: Mat3) -> (Vec3, Mat3) {
    let mut basis = Mat3::IDENTITY;
    for _ in 0..12 {
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            let off = matrix.col(q)[p];
            if off.abs() < 1e-12 {
                continue;
            }
            let angle = 0.5 * (2.0 * off).atan2(matrix.col(q)[q] - matrix.col(p)[p]);
            let (sin, cos) = angle.sin_cos();
            let mut turn = Mat3::IDENTITY;
            turn.col_mut(p)[p] = cos;
            turn.col_mut(q)[q] = cos;
            turn.col_mut(p)[q] = -sin;
            turn.col_mut(q)[p] = sin;
            matrix = turn.transpose() * matrix * turn;
            basis *= turn;
        }
    }
    let values = Vec3::new(matrix.x_axis.x, matrix.y_axis.y, matrix.z_axis.z);
    (values, basis)
}
