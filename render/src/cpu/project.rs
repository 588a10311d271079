//! Projection of Gaussians to the picture in f32: twin of `splat/project_*.wgsl`, and the CPU
//! tier's own first stage.

use glam::{Mat4, Quat, Vec2, Vec3};
use rayon::prelude::*;
use zoetrope_codecs::SplatFrame;
use zoetrope_codecs::gaussian_video::rest_coefficients;

use super::unpack::{CloudGaussians, Gaussians, PlaneGaussians, REST_MAX};
use crate::splat::constants::{ALPHA_MIN, KEY_CULLED, SH_C0, SH_C1, SH_C2, SH_C3, SIGMA_MAX_PX};
use crate::splat::{Ellipse, ProjectParameters, SplatRecord};

/// Gaussians that one task projects.
const TASK_ROWS: usize = 4096;

/// Projects all Gaussians of `frame`: row `k` gets `keys[k]`, its depth key or [`KEY_CULLED`], and
/// unless culled `records[k]`. Both slices have the frame's length.
pub fn project(
    frame: &SplatFrame,
    parameters: &ProjectParameters,
    keys: &mut [u32],
    records: &mut [SplatRecord],
) {
    match frame {
        SplatFrame::Planes(planes) => {
            let source = PlaneGaussians::new(planes, parameters);
            project_all(&source, parameters, keys, records);
        }
        SplatFrame::Cloud(cloud) => {
            project_all(&CloudGaussians(cloud), parameters, keys, records);
        }
    }
}

fn project_all(
    source: &impl Gaussians,
    parameters: &ProjectParameters,
    keys: &mut [u32],
    records: &mut [SplatRecord],
) {
    keys.par_chunks_mut(TASK_ROWS)
        .zip(records.par_chunks_mut(TASK_ROWS))
        .enumerate()
        .for_each(|(task, (keys, records))| {
            let rows = task * TASK_ROWS..;
            for ((key, record), k) in keys.iter_mut().zip(records).zip(rows) {
                match project_one(source, parameters, k) {
                    Some((depth_key, ellipse)) => {
                        *key = depth_key;
                        *record = SplatRecord::new(&ellipse);
                    }
                    None => *key = KEY_CULLED,
                }
            }
        });
}

/// Depth key and ellipse of Gaussian `k`; `None` when nothing of it can be seen.
fn project_one(
    source: &impl Gaussians,
    parameters: &ProjectParameters,
    k: usize,
) -> Option<(u32, Ellipse)> {
    let view_from_world = Mat4::from_cols_array_2d(&parameters.view_from_world);
    let place = Place::of(source, parameters, k, &view_from_world)?;
    let spread = Spread::of(source, parameters, k, &view_from_world, &place)?;
    let viewport = Vec2::from(parameters.viewport_px);
    let centre_px = place.centre_px(parameters);
    let extent = reach_sigma(spread.opacity) * Vec2::new(spread.xx.sqrt(), spread.yy.sqrt());
    // No pixel centre inside: they lie half a pixel from the edges.
    let inside =
        (centre_px + extent).cmpge(Vec2::splat(0.5)) & (centre_px - extent).cmple(viewport - 0.5);
    if !inside.all() {
        return None;
    }
    let colour = colour(source, parameters, k, place.world);
    if !colour.is_finite() {
        return None;
    }
    let (major, major_variance) = spread.major();
    let ellipse = Ellipse {
        centre_px,
        major_px: major * major_variance.sqrt(),
        minor_px: (spread.determinant / major_variance).sqrt(),
        opacity: spread.opacity,
        colour,
    };
    Some((depth_key(parameters, place.view.z), ellipse))
}

/// Where alpha falls below [`ALPHA_MIN`], in standard deviations.
pub(super) fn reach_sigma(opacity: f32) -> f32 {
    (2.0 * (255.0 * opacity).ln()).sqrt()
}

/// Where a Gaussian that may be seen is.
pub(super) struct Place {
    /// Centre, world space.
    pub world: Vec3,
    /// Centre, view space.
    pub view: Vec3,
    /// Opacity in space.
    pub opacity: f32,
}

impl Place {
    /// The place of Gaussian `k`; `None` where it is too faint, or nearer than the near plane.
    #[inline]
    pub fn of(
        source: &impl Gaussians,
        parameters: &ProjectParameters,
        k: usize,
        view_from_world: &Mat4,
    ) -> Option<Self> {
        let opacity = source.opacity(k);
        let world = source.position(k);
        let view = view_from_world.transform_point3(world);
        // Written so that NaN is culled.
        let may_be_seen = opacity >= ALPHA_MIN && view.z > parameters.near;
        may_be_seen.then_some(Self {
            world,
            view,
            opacity,
        })
    }

    /// Centre in the picture, pixels.
    pub fn centre_px(&self, parameters: &ProjectParameters) -> Vec2 {
        let middle = 0.5 * Vec2::from(parameters.viewport_px);
        parameters.focal_px * self.view.truncate() / self.view.z + middle
    }

    /// x/z and y/z where the Jacobian is evaluated.
    pub fn tangent(&self, parameters: &ProjectParameters) -> Vec2 {
        let limit = Vec2::from(parameters.tangent_limit);
        (self.view.truncate() / self.view.z).clamp(-limit, limit)
    }
}

/// How a Gaussian spreads in the picture: its covariance, px², widened by the low-pass filter.
pub(super) struct Spread {
    pub xx: f32,
    pub xy: f32,
    pub yy: f32,
    /// Of the covariance.
    pub determinant: f32,
    /// Opacity in the picture.
    pub opacity: f32,
}

impl Spread {
    /// The spread of Gaussian `k`; `None` when nothing of it can be seen.
    #[inline]
    pub fn of(
        source: &impl Gaussians,
        parameters: &ProjectParameters,
        k: usize,
        view_from_world: &Mat4,
        place: &Place,
    ) -> Option<Self> {
        let [u, v] = picture_axes(source, parameters, k, view_from_world, place)?;
        let (sharp_xx, xy, sharp_yy) = (u.dot(u), u.dot(v), v.dot(v));
        let low_pass = parameters.low_pass_px2;
        // |u x v|² is the determinant without the cancellation of xx yy - xy².
        let sharp_determinant = u.cross(v).length_squared();
        let determinant = sharp_determinant + low_pass * (sharp_xx + sharp_yy + low_pass);
        let opacity = if parameters.keep_integral != 0 {
            place.opacity * (sharp_determinant / determinant).sqrt()
        } else {
            place.opacity
        };
        let is_seen = opacity >= ALPHA_MIN && opacity.is_finite();
        is_seen.then_some(Self {
            xx: sharp_xx + low_pass,
            xy,
            yy: sharp_yy + low_pass,
            determinant,
            opacity,
        })
    }

    /// Direction of the longer axis of the ellipse, and the variance along it.
    pub fn major(&self) -> (Vec2, f32) {
        let half_difference = 0.5 * (self.xx - self.yy);
        let root = half_difference.hypot(self.xy);
        let direction = if half_difference >= 0.0 {
            Vec2::new(half_difference + root, self.xy)
        } else {
            Vec2::new(self.xy, root - half_difference)
        };
        let variance = 0.5 * (self.xx + self.yy) + root;
        (direction.normalize_or(Vec2::X), variance)
    }
}

/// The rows of J W R S, whose product with their transpose is the covariance in the picture:
/// what one standard deviation along each own axis moves in the picture's x and y, pixels.
fn picture_axes(
    source: &impl Gaussians,
    parameters: &ProjectParameters,
    k: usize,
    view_from_world: &Mat4,
    place: &Place,
) -> Option<[Vec3; 2]> {
    let rotation = source.rotation(k);
    let norm = rotation.length();
    if norm < 1e-12 || !norm.is_finite() {
        return None;
    }
    let rotation = glam::Mat3::from_quat(Quat::from_vec4(rotation / norm));
    let scale = source.scale(k);
    let tangent = place.tangent(parameters);
    let focal_by_depth = parameters.focal_px / place.view.z;
    let world_from_view = glam::Mat3::from_mat4(*view_from_world).transpose();
    let world_x = focal_by_depth * (world_from_view.x_axis - tangent.x * world_from_view.z_axis);
    let world_y = focal_by_depth * (world_from_view.y_axis - tangent.y * world_from_view.z_axis);
    let u = scale * rotation.transpose().mul_vec3(world_x);
    let v = scale * rotation.transpose().mul_vec3(world_y);
    let largest = u.abs().max(v.abs()).max_element();
    if !largest.is_finite() {
        return None;
    }
    let shrink = (SIGMA_MAX_PX / largest).min(1.0);
    Some([shrink * u, shrink * v])
}

/// Depth key: see [`ProjectParameters`].
fn depth_key(parameters: &ProjectParameters, depth: f32) -> u32 {
    let above = depth.to_bits().saturating_sub(parameters.key_near_bits);
    ((above as f32 * parameters.key_scale) as u32).min(parameters.key_max)
}

/// Colour seen from the camera: real spherical harmonics with 3DGS's signs, not below 0.
fn colour(
    source: &impl Gaussians,
    parameters: &ProjectParameters,
    k: usize,
    position: Vec3,
) -> Vec3 {
    let mut sum = SH_C0 * source.dc(k) + 0.5;
    if parameters.sh_degree > 0 {
        let mut buffer = [Vec3::ZERO; REST_MAX];
        let rest = &mut buffer[..rest_coefficients(parameters.sh_degree as u8)];
        source.rest(k, rest);
        let direction = position - Vec3::from(parameters.camera_position);
        let basis = basis(direction.normalize_or_zero());
        for (coefficient, weight) in rest.iter().zip(&basis) {
            sum += *weight * *coefficient;
        }
    }
    sum.max(Vec3::ZERO)
}

/// The spherical harmonics of degree 1 to 3 in direction `d`.
fn basis(d: Vec3) -> [f32; REST_MAX] {
    let (x, y, z) = (d.x, d.y, d.z);
    let (xx, yy, zz) = (x * x, y * y, z * z);
    [
        -SH_C1 * y,
        SH_C1 * z,
        -SH_C1 * x,
        SH_C2[0] * x * y,
        -SH_C2[0] * y * z,
        SH_C2[1] * (2.0 * zz - xx - yy),
        -SH_C2[0] * x * z,
        SH_C2[2] * (xx - yy),
        -SH_C3[0] * y * (3.0 * xx - yy),
        SH_C3[1] * x * y * z,
        -SH_C3[2] * y * (4.0 * zz - xx - yy),
        SH_C3[3] * z * (2.0 * zz - 3.0 * xx - 3.0 * yy),
        -SH_C3[2] * x * (4.0 * zz - xx - yy),
        SH_C3[4] * z * (xx - yy),
        -SH_C3[0] * x * (xx - 3.0 * yy),
    ]
}
