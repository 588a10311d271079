//! The hand on the camera: turns around a point or on the spot, upright.

use std::f32::consts::{FRAC_PI_2, TAU};

use egui::Vec2;
use glam::{Quat, Vec3};
use zoetrope_render::Camera;

use super::{Canvas, Scene};

/// Turn for one point of dragging, in radians.
const TURN_PER_POINT: f32 = 0.008;
/// Distance from the poles that the camera keeps, in radians.
const POLE_MARGIN: f32 = 0.02;
/// Change of the distance's logarithm for one point of scrolling.
const ZOOM_PER_POINT: f32 = 0.0025;
/// How near and far the camera may go, in multiples of its first distance.
const DISTANCES: std::ops::RangeInclusive<f32> = 0.01..=50.0;

/// A camera that stays upright and looks at its target, in world space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrbitCamera {
    target: Vec3,
    distance: f32,
    /// Angle about `up`, in radians, 0 along `ahead`.
    yaw: f32,
    /// Angle of the line of sight above the horizon, in radians.
    pitch: f32,
    fov_y: f32,
    up: Vec3,
    /// Horizontal axes: the line of sight at yaw 0, and what is to its right.
    ahead: Vec3,
    right: Vec3,
    first_distance: f32,
}

impl OrbitCamera {
    /// The first view of a clip: the one that it asks for, else one that sees all of it. It is meant
    /// for the free part of `canvas`, and for being drawn with [`Self::camera_above`].
    pub fn first_view(scene: &Scene, canvas: Canvas) -> Self {
        let up = Vec3::from(scene.up.vector());
        Self::from_camera(&match scene.hint {
            Some(hint) => {
                let (position, target) = (Vec3::from(hint.position), Vec3::from(hint.target));
                let share = canvas.free().y / canvas.size.y.max(1.0);
                Camera {
                    position: target + (position - target) / share,
                    target,
                    up,
                    fov_y: hint.fov_y_degrees.to_radians(),
                }
            }
            None => framing(scene, Camera::DEFAULT_FOV_Y, canvas),
        })
    }

    /// Looks at the whole scene from where it is looked at now.
    pub fn frame(&mut self, scene: &Scene, canvas: Canvas) {
        let framing = framing(scene, self.fov_y, canvas);
        self.target = framing.target;
        self.distance = framing.position.distance(framing.target);
    }

    /// The camera to draw with when some of the picture is covered: the target appears in the middle
    /// of the rest.
    pub fn camera_above(&self, canvas: Canvas) -> Camera {
        camera_above(&self.camera(), canvas)
    }

    /// Takes over a camera, upright.
    pub fn from_camera(camera: &Camera) -> Self {
        let up = camera.up.normalize_or(Vec3::NEG_Y);
        let sight = (camera.target - camera.position).normalize_or(up.any_orthonormal_vector());
        let ahead = (sight - up * sight.dot(up)).normalize_or(up.any_orthonormal_vector());
        let limit = FRAC_PI_2 - POLE_MARGIN;
        let distance = camera.position.distance(camera.target).max(1e-6);
        Self {
            target: camera.target,
            distance,
            yaw: 0.0,
            pitch: sight.dot(up).clamp(-1.0, 1.0).asin().clamp(-limit, limit),
            fov_y: camera.fov_y,
            up,
            ahead,
            right: ahead.cross(up),
            first_distance: distance,
        }
    }

    /// Takes over another place to look from; up and how far zooming goes stay.
    pub fn put(&mut self, camera: &Camera) {
        let sight = (camera.target - camera.position).normalize_or(self.ahead);
        let limit = FRAC_PI_2 - POLE_MARGIN;
        self.target = camera.target;
        self.distance = camera.position.distance(camera.target).max(1e-6);
        self.yaw = sight.dot(self.right).atan2(sight.dot(self.ahead));
        self.pitch = sight
            .dot(self.up)
            .clamp(-1.0, 1.0)
            .asin()
            .clamp(-limit, limit);
        self.fov_y = camera.fov_y;
    }

    /// Takes another direction for up, and keeps where it is and what it looks at.
    pub fn turn_up(&mut self, up: Vec3) {
        let first_distance = self.first_distance;
        *self = Self::from_camera(&Camera {
            up,
            ..self.camera()
        });
        self.first_distance = first_distance;
    }

    /// The camera, with its target in the middle of the picture.
    pub fn camera(&self) -> Camera {
        Camera {
            position: self.target - self.distance * self.sight(),
            target: self.target,
            up: self.up,
            fov_y: self.fov_y,
        }
    }

    /// Direction of the line of sight.
    fn sight(&self) -> Vec3 {
        let (sin_yaw, cos_yaw) = self.yaw.sin_cos();
        let (sin_pitch, cos_pitch) = self.pitch.sin_cos();
        cos_pitch * (cos_yaw * self.ahead + sin_yaw * self.right) + sin_pitch * self.up
    }

    /// Turns the scene with the hand: `drag` is in points, right and down.
    pub fn orbit(&mut self, drag: Vec2) {
        let limit = FRAC_PI_2 - POLE_MARGIN;
        self.yaw = (self.yaw + drag.x * TURN_PER_POINT) % TAU;
        self.pitch = (self.pitch - drag.y * TURN_PER_POINT).clamp(-limit, limit);
    }

    /// Turns around the target by `radians` about up.
    pub fn turn(&mut self, radians: f32) {
        self.yaw = (self.yaw + radians) % TAU;
    }

    /// Turns on the spot with the hand: `drag` is in points, right and down, in a picture that is
    /// `height` points high. What is under the hand stays there.
    pub fn look(&mut self, drag: Vec2, height: f32) {
        let position = self.target - self.distance * self.sight();
        let limit = FRAC_PI_2 - POLE_MARGIN;
        let unit = 2.0 * (0.5 * self.fov_y).tan() / height.max(1.0);
        self.yaw = (self.yaw - drag.x * unit / self.pitch.cos().max(0.2)) % TAU;
        self.pitch = (self.pitch + drag.y * unit).clamp(-limit, limit);
        self.target = position + self.distance * self.sight();
    }

    /// Moves to the right, up and ahead, in world units.
    pub fn walk(&mut self, way: Vec3) {
        let sight = self.sight();
        let right = sight.cross(self.up).normalize_or(self.right);
        self.target += way.x * right + way.y * self.up + way.z * sight;
    }

    /// Moves the scene with the hand: `drag` is in points, right and down, in a picture that is
    /// `height` points high. What is at the target's depth stays under the hand.
    pub fn pan(&mut self, drag: Vec2, height: f32) {
        let unit = 2.0 * self.distance * (0.5 * self.fov_y).tan() / height.max(1.0);
        let sight = self.sight();
        let right = sight.cross(self.up).normalize_or(self.right);
        let above = right.cross(sight);
        self.target += unit * (drag.y * above - drag.x * right);
    }

    /// Brings a point into the middle, from the direction looked in now and as large as it is.
    pub fn centre(&mut self, point: Vec3) {
        let sight = self.sight();
        let position = self.target - self.distance * sight;
        let depth = (point - position).dot(sight);
        if depth > self.near_limit() {
            self.distance = depth;
        }
        self.target = point;
    }

    /// Turns on the spot to look at a point.
    pub fn look_at(&mut self, point: Vec3) {
        let position = self.target - self.distance * self.sight();
        if position.distance(point) > self.near_limit() {
            self.put(&Camera {
                target: point,
                ..self.camera()
            });
        }
    }

    /// Looks at the place on the line of sight that is nearest to a point, which moves nothing.
    pub fn aim_beside(&mut self, point: Vec3) {
        let sight = self.sight();
        let position = self.target - self.distance * sight;
        let depth = (point - position).dot(sight);
        if depth > 0.1 * self.first_distance {
            self.distance = depth;
            self.target = position + depth * sight;
        }
    }

    /// Vertical field of view in radians.
    pub fn fov_y(&self) -> f32 {
        self.fov_y
    }

    /// Another field of view from the same place.
    pub fn set_fov(&mut self, fov_y: f32) {
        self.fov_y = fov_y;
    }

    /// Another field of view from such a distance that what is at the target keeps its size.
    pub fn set_fov_and_distance(&mut self, fov_y: f32) {
        let factor = (0.5 * self.fov_y).tan() / (0.5 * fov_y).tan();
        self.distance *= factor;
        self.first_distance *= factor;
        self.fov_y = fov_y;
    }

    /// How near the target zooming goes.
    fn near_limit(&self) -> f32 {
        DISTANCES.start() * self.first_distance
    }

    /// Goes towards the target by `scroll` points of the wheel.
    pub fn scroll(&mut self, scroll: f32) {
        self.zoom((scroll * ZOOM_PER_POINT).exp());
    }

    /// Makes the scene `factor` times as large.
    pub fn zoom(&mut self, factor: f32) {
        if !factor.is_finite() || factor <= 0.0 {
            return;
        }
        // Where something else than zooming went beyond the limits, zooming leads back only.
        let limit = if factor > 1.0 {
            self.near_limit().min(self.distance)
        } else {
            (DISTANCES.end() * self.first_distance).max(self.distance)
        };
        let wanted = self.distance / factor;
        self.distance = if factor > 1.0 {
            wanted.max(limit)
        } else {
            wanted.min(limit)
        };
    }
}

/// The camera to draw with when some of the picture is covered: the target appears in the middle of
/// the rest. It is turned on the spot, so that the scene is seen from where it would be.
pub(super) fn camera_above(camera: &Camera, canvas: Canvas) -> Camera {
    let away = 0.5 * (canvas.free() - canvas.size);
    let focal = 0.5 * canvas.size.y.max(1.0) / (0.5 * camera.fov_y).tan();
    let line = Vec3::new(away.x, away.y, focal).normalize_or(Vec3::Z);
    let world_from_view = Quat::from_mat4(&camera.view_from_world()).inverse();
    let turned = world_from_view * Quat::from_rotation_arc(line, Vec3::Z);
    let distance = camera.position.distance(camera.target);
    Camera {
        target: camera.position + distance * (turned * Vec3::Z),
        // Its own, as what the other calls up may lie in the line of sight now.
        up: turned * Vec3::NEG_Y,
        ..*camera
    }
}

/// The view of the whole scene from its front that fits into the free part of the picture.
fn framing(scene: &Scene, fov_y: f32, canvas: Canvas) -> Camera {
    let free = canvas.free();
    let share = free.y / canvas.size.y.max(1.0);
    let free_fov = 2.0 * ((0.5 * fov_y).tan() * share).atan();
    let aspect = free.x / free.y;
    let up = Vec3::from(scene.up.vector());
    Camera {
        fov_y,
        ..Camera::framing(scene.bounds, up, free_fov, aspect)
    }
}

#[cfg(test)]
mod tests;
