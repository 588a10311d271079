//! The picture that all others are compared with: "3D Gaussian Splatting for Real-Time Radiance
//! Field Rendering" (Kerbl et al. 2023) in f64, written to be read.
//!
//! Conventions are INRIA's: EWA projection (Zwicker et al. 2001) with the tangent of the field of
//! view clamped at 1.3, alpha at most 0.99, alphas below 1/255 skipped, SH colours clamped at 0
//! from below, blending in display space, order by view depth and, where that is equal, by row.

use glam::{DMat3, DVec2, DVec3, DVec4};
use zoetrope_codecs::SplatCloud;

use crate::{Filter, Picture, View};

/// A Gaussian as the picture sees it.
struct Projected {
    /// View-space z, world units.
    depth: f64,
    /// Centre in pixels, (0, 0) at the outer corner of the first pixel.
    centre: DVec2,
    /// Inverse of the 2D covariance: xx, xy, yy in px⁻².
    conic: [f64; 3],
    /// Opacity at the centre.
    opacity: f64,
    /// Red, green, blue.
    colour: DVec3,
}

impl Projected {
    /// Alpha at a place of the picture.
    fn alpha(&self, pixel: DVec2) -> f64 {
        let offset = pixel - self.centre;
        let [xx, xy, yy] = self.conic;
        let square =
            xx * offset.x * offset.x + 2.0 * xy * offset.x * offset.y + yy * offset.y * offset.y;
        (self.opacity * (-0.5 * square).exp()).min(0.99)
    }
}

/// Draws `cloud` as `view` sees it. Slow: every Gaussian at every pixel of its box, in f64.
pub fn render(cloud: &SplatCloud, view: &View) -> Picture {
    let mut splats: Vec<Projected> = (0..cloud.len())
        .filter_map(|k| project(cloud, k, view))
        .collect();
    splats.sort_by(|a, b| a.depth.total_cmp(&b.depth));
    let (width, height) = (view.width as usize, view.height as usize);
    let mut colours = vec![DVec3::ZERO; width * height];
    let mut transmittances = vec![1.0_f64; width * height];
    for splat in &splats {
        let [xs, ys] = pixel_box(splat, width, height);
        for y in ys {
            for x in xs.clone() {
                let alpha = splat.alpha(DVec2::new(x as f64 + 0.5, y as f64 + 0.5));
                if alpha < 1.0 / 255.0 {
                    continue;
                }
                let at = y * width + x;
                colours[at] += alpha * transmittances[at] * splat.colour;
                transmittances[at] *= 1.0 - alpha;
            }
        }
    }
    let background = DVec4::from(view.background.premultiplied().map(f64::from));
    let rgba = colours
        .iter()
        .zip(&transmittances)
        .flat_map(|(colour, transmittance)| {
            let splats = colour.extend(1.0 - transmittance);
            let over = (splats + *transmittance * background).clamp(DVec4::ZERO, DVec4::ONE);
            over.to_array().map(|value| (255.0 * value).round() as u8)
        })
        .collect();
    Picture {
        width: view.width,
        height: view.height,
        rgba,
    }
}

/// What a ray through `pixel` meets, nearest first: view-space depth and alpha of each Gaussian.
/// (0, 0) is the outer corner of the first pixel.
pub fn layers(cloud: &SplatCloud, view: &View, pixel: DVec2) -> Vec<(f64, f64)> {
    let mut layers: Vec<(f64, f64)> = (0..cloud.len())
        .filter_map(|k| project(cloud, k, view))
        .map(|splat| (splat.depth, splat.alpha(pixel)))
        .filter(|(_, alpha)| *alpha >= 1.0 / 255.0)
        .collect();
    layers.sort_by(|a, b| a.0.total_cmp(&b.0));
    layers
}

/// Projects Gaussian `k`; `None` when nothing of it can be seen.
fn project(cloud: &SplatCloud, k: usize, view: &View) -> Option<Projected> {
    let position = DVec3::from(cloud.positions[k].map(f64::from));
    let view_from_world = view.camera.view_from_world().as_dmat4();
    let p = view_from_world.transform_point3(position);
    if !p.is_finite() || p.z <= f64::from(view.camera.near()) {
        return None;
    }
    let tan_y = f64::from(0.5 * view.camera.fov_y).tan();
    let tan_x = tan_y * f64::from(view.width) / f64::from(view.height);
    let focal = 0.5 * f64::from(view.height) / tan_y;
    // The Jacobian of the projection explodes far outside the picture, hence the clamp.
    let x = (p.x / p.z).clamp(-1.3 * tan_x, 1.3 * tan_x) * p.z;
    let y = (p.y / p.z).clamp(-1.3 * tan_y, 1.3 * tan_y) * p.z;
    let row_x = DVec3::new(focal / p.z, 0.0, -focal * x / (p.z * p.z));
    let row_y = DVec3::new(0.0, focal / p.z, -focal * y / (p.z * p.z));
    let rotation = DMat3::from_mat4(view_from_world);
    let axes = rotation * gaussian_axes(cloud, k);
    // Rows of J W R S: the covariance is this times its transpose.
    let u = axes.transpose() * row_x;
    let v = axes.transpose() * row_y;
    let widen = f64::from(view.filter.variance_px2());
    let (sharp_xx, xy, sharp_yy) = (u.dot(u), u.dot(v), v.dot(v));
    let (xx, yy) = (sharp_xx + widen, sharp_yy + widen);
    let determinant = xx * yy - xy * xy;
    let mut opacity = f64::from(cloud.opacities[k]);
    if view.filter == Filter::Mip {
        let sharp = (sharp_xx * sharp_yy - xy * xy).max(0.0);
        opacity *= (sharp / determinant).sqrt();
    }
    let eye = DVec3::from(view.camera.position.to_array().map(f64::from));
    let projected = Projected {
        depth: p.z,
        centre: DVec2::new(
            focal * p.x / p.z + 0.5 * f64::from(view.width),
            focal * p.y / p.z + 0.5 * f64::from(view.height),
        ),
        conic: [yy / determinant, -xy / determinant, xx / determinant],
        opacity,
        colour: colour(
            cloud,
            k,
            (position - eye).normalize_or_zero(),
            view.sh_degree,
        ),
    };
    let finite = projected.conic.iter().all(|value| value.is_finite())
        && projected.opacity.is_finite()
        && projected.colour.is_finite();
    (finite && projected.opacity >= 1.0 / 255.0).then_some(projected)
}

/// The Gaussian's own axes in world space, each as long as its standard deviation.
fn gaussian_axes(cloud: &SplatCloud, k: usize) -> DMat3 {
    let [w, x, y, z] = cloud.rotations[k].map(f64::from);
    let scale = DVec3::from(cloud.scales[k].map(f64::from));
    DMat3::from_quat(glam::DQuat::from_xyzw(x, y, z, w).normalize()) * DMat3::from_diagonal(scale)
}

/// Colour seen along `d`, the unit vector from the camera to the Gaussian in world space.
///
/// Real spherical harmonics with the constants and signs of Sloan, "Efficient Spherical Harmonic
/// Evaluation" (2013), as 3DGS uses them.
fn colour(cloud: &SplatCloud, k: usize, d: DVec3, degree_cap: u8) -> DVec3 {
    let pi = std::f64::consts::PI;
    let dc = DVec3::from(cloud.sh_dc[k].map(f64::from));
    let mut sum = 0.5 / pi.sqrt() * dc;
    let (x, y, z) = (d.x, d.y, d.z);
    let c1 = (3.0 / (4.0 * pi)).sqrt();
    let c2 = (15.0 / (4.0 * pi)).sqrt();
    let c3 = (35.0 / (32.0 * pi)).sqrt();
    let c4 = (21.0 / (32.0 * pi)).sqrt();
    let basis = [
        -c1 * y,
        c1 * z,
        -c1 * x,
        c2 * x * y,
        -c2 * y * z,
        (5.0 / (16.0 * pi)).sqrt() * (2.0 * z * z - x * x - y * y),
        -c2 * x * z,
        0.5 * c2 * (x * x - y * y),
        -c3 * y * (3.0 * x * x - y * y),
        (105.0 / (4.0 * pi)).sqrt() * x * y * z,
        -c4 * y * (4.0 * z * z - x * x - y * y),
        (7.0 / (16.0 * pi)).sqrt() * z * (2.0 * z * z - 3.0 * x * x - 3.0 * y * y),
        -c4 * x * (4.0 * z * z - x * x - y * y),
        (105.0 / (16.0 * pi)).sqrt() * z * (x * x - y * y),
        -c3 * x * (x * x - 3.0 * y * y),
    ];
    let used = zoetrope_codecs::gaussian_video::rest_coefficients(degree_cap.min(cloud.sh_degree));
    for (coefficient, weight) in cloud.rest_of(k).iter().zip(&basis).take(used) {
        sum += *weight * DVec3::from(coefficient.map(f64::from));
    }
    (sum + 0.5).max(DVec3::ZERO)
}

/// Columns and rows of the pixels whose alpha can reach 1/255.
fn pixel_box(splat: &Projected, width: usize, height: usize) -> [std::ops::Range<usize>; 2] {
    let [xx, xy, yy] = splat.conic;
    let determinant = xx * yy - xy * xy;
    let square = 2.0 * (255.0 * splat.opacity).ln();
    let range = |centre: f64, variance: f64, size: usize| {
        let extent = (square * variance).sqrt() + 1.0;
        let first = (centre - extent).floor().clamp(0.0, size as f64) as usize;
        let last = (centre + extent).ceil().clamp(0.0, size as f64) as usize;
        first..last
    };
    [
        range(splat.centre.x, yy / determinant, width),
        range(splat.centre.y, xx / determinant, height),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Background, Camera};
    use glam::Vec3;

    fn view() -> View {
        View {
            camera: Camera {
                position: Vec3::new(0.0, 0.0, -4.0),
                target: Vec3::ZERO,
                up: Vec3::NEG_Y,
                fov_y: 1.0,
            },
            width: 31,
            height: 21,
            background: Background::Opaque([0.0, 0.0, 1.0]),
            filter: Filter::Classic,
            sh_degree: 3,
        }
    }

    #[test]
    fn one_splat_by_hand() {
        let mut cloud = SplatCloud::with_capacity(1, 0);
        let dc = 0.5 / 0.282_094_8;
        cloud.push(
            [0.0; 3],
            [1.0, 0.0, 0.0, 0.0],
            [0.2; 3],
            0.8,
            [dc, -dc, -dc],
            &[],
        );
        let view = view();
        let picture = render(&cloud, &view);
        // The centre of the picture is the centre of pixel (15, 10).
        let at = |x: usize, y: usize| &picture.rgba[(y * 31 + x) * 4..][..4];
        assert_eq!(at(15, 10), [204, 0, 51, 255]);
        assert_eq!(at(0, 0), [0, 0, 255, 255]);
        let focal = f64::from(view.focal_px());
        let variance = (0.2 * focal / 4.0).powi(2) + 0.3;
        let alpha = 0.8 * (-0.5 * 4.0 / variance).exp();
        assert_eq!(at(17, 10)[0], (alpha * 255.0).round() as u8);
        assert_eq!(at(15, 12), at(17, 10));
    }

    #[test]
    fn without_a_background_alpha_is_what_is_covered() {
        let dc = 0.5 / 0.282_094_8;
        let mut cloud = SplatCloud::with_capacity(1, 0);
        let colour = [dc, -dc, 0.0];
        cloud.push([0.0; 3], [1.0, 0.0, 0.0, 0.0], [0.2; 3], 0.8, colour, &[]);
        let mut view = view();
        view.background = Background::Transparent;
        let picture = render(&cloud, &view);
        let at = |x: usize, y: usize| &picture.rgba[(y * 31 + x) * 4..][..4];
        assert_eq!(at(15, 10), [204, 0, 102, 204]);
        assert_eq!(at(0, 0), [0; 4]);
    }

    #[test]
    fn nearer_hides_farther_whatever_the_rows() {
        let dc = 0.5 / 0.282_094_8;
        let mut cloud = SplatCloud::with_capacity(2, 0);
        for (z, colour) in [(1.0, [dc, -dc, -dc]), (-1.0, [-dc, dc, -dc])] {
            cloud.push(
                [0.0, 0.0, z],
                [1.0, 0.0, 0.0, 0.0],
                [0.5; 3],
                0.8,
                colour,
                &[],
            );
        }
        let picture = render(&cloud, &view());
        let centre = &picture.rgba[(10 * 31 + 15) * 4..][..3];
        assert_eq!(centre, [41, 204, 10]);
    }

    #[test]
    fn first_degree_points_the_way_it_should() {
        // Coefficient 3 weighs -0.4886 x: seen along +x it darkens.
        let mut cloud = SplatCloud::with_capacity(1, 1);
        let rest = [[0.0; 3], [0.0; 3], [1.0; 3]];
        cloud.push(
            [0.0; 3],
            [1.0, 0.0, 0.0, 0.0],
            [0.5; 3],
            0.9,
            [0.0; 3],
            &rest,
        );
        let seen = colour(&cloud, 0, DVec3::X, 3);
        assert!((seen.x - (0.5 - 0.488_602_511_9)).abs() < 1e-9);
        assert_eq!(colour(&cloud, 0, DVec3::X, 0), DVec3::splat(0.5));
    }
}
