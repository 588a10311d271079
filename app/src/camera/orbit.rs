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
mod tests {
    use super::*;
    use zoetrope_codecs::clip::CameraHint;
    use zoetrope_codecs::{Bounds, ClipInfo, UpAxis};

    fn canvas(size: Vec2, foot: f32) -> Canvas {
        Canvas {
            size,
            foot,
            right: 0.0,
        }
    }

    fn bounds() -> Bounds {
        Bounds {
            min: [-1.0; 3],
            max: [1.0; 3],
        }
    }

    fn orbit(up: UpAxis) -> OrbitCamera {
        OrbitCamera::from_camera(&Camera::framing(bounds(), up.vector().into(), 0.9, 1.5))
    }

    /// Where a world point appears: x right, y down, in units of depth.
    fn seen(camera: &OrbitCamera, point: Vec3) -> glam::Vec2 {
        let p = camera.camera().view_from_world().transform_point3(point);
        assert!(p.z > 0.0);
        glam::Vec2::new(p.x / p.z, p.y / p.z)
    }

    #[test]
    fn takes_over_the_framing_camera_unchanged() {
        for (up, _) in UpAxis::ALL {
            let framing = Camera::framing(bounds(), up.vector().into(), 0.9, 1.5);
            let camera = OrbitCamera::from_camera(&framing).camera();
            assert!(camera.position.distance(framing.position) < 1e-4, "{up:?}");
            assert_eq!(camera.target, framing.target);
        }
    }

    #[test]
    fn the_scene_follows_the_hand() {
        for (up, _) in UpAxis::ALL {
            let start = orbit(up);
            // The point of the scene that is nearest to the camera.
            let front = start.target - 0.5 * start.sight();
            let mut turned = start;
            turned.orbit(Vec2::new(20.0, 0.0));
            assert!(seen(&turned, front).x > 0.01, "{up:?}");
            let mut turned = start;
            turned.orbit(Vec2::new(0.0, 20.0));
            assert!(seen(&turned, front).y > 0.01, "{up:?}");
            let mut moved = start;
            moved.pan(Vec2::new(30.0, 40.0), 100.0);
            // At the target's depth the whole height is 2 tan(fov / 2) units of depth.
            let expected = glam::Vec2::new(0.3, 0.4) * 2.0 * (0.45f32).tan();
            assert!(
                seen(&moved, start.target).distance(expected) < 1e-3,
                "{up:?}"
            );
        }
    }

    #[test]
    fn the_camera_stays_upright_and_off_the_poles() {
        let mut camera = orbit(UpAxis::PlusZ);
        for _ in 0..100 {
            camera.orbit(Vec2::new(3.0, 50.0));
        }
        let sight = (camera.camera().target - camera.camera().position).normalize();
        assert!(sight.dot(Vec3::Z) < -0.99 && sight.dot(Vec3::Z) > -1.0);
        let above = camera.target + Vec3::Z * 0.1;
        assert!(seen(&camera, above).y < 0.0);
    }

    #[test]
    fn zoom_is_bounded_and_ignores_nonsense() {
        let mut camera = orbit(UpAxis::PlusY);
        let distance = camera.distance;
        camera.zoom(2.0);
        assert!((camera.distance - distance / 2.0).abs() < 1e-5);
        for factor in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            camera.zoom(factor);
            assert!((camera.distance - distance / 2.0).abs() < 1e-5);
        }
        camera.scroll(1e6);
        camera.scroll(2000.0);
        assert!(camera.distance >= 0.0099 * distance);
        for _ in 0..10 {
            camera.scroll(-2000.0);
        }
        assert!(camera.distance <= 50.1 * distance);
    }

    #[test]
    fn the_first_view_fits_above_what_covers_the_foot() {
        let info = crate::open::test_info();
        for (size, covered) in [
            (Vec2::new(1280.0, 720.0), 100.0),
            (Vec2::new(390.0, 844.0), 116.0),
            (Vec2::new(340.0, 280.0), 500.0),
        ] {
            let canvas = canvas(size, covered);
            let scene = Scene::new(&info, bounds(), None);
            let orbit = OrbitCamera::first_view(&scene, canvas);
            let camera = orbit.camera_above(canvas);
            let points = 0.5 * size.y / (0.5 * camera.fov_y).tan();
            for corner in 0..8 {
                let side = |axis: u32| if corner >> axis & 1 == 0 { -1.0 } else { 1.0 };
                let corner = Vec3::new(side(0), side(1), side(2));
                let p = camera.view_from_world().transform_point3(corner);
                let (x, y) = (points * p.x / p.z, points * p.y / p.z + 0.5 * size.y);
                // Moving the camera instead of the lens costs a few points.
                assert!(x.abs() < 0.5 * size.x, "{size} {x}");
                assert!(y > -0.03 * size.y, "{size} {y}");
                assert!(y < canvas.free().y, "{size} {y}");
            }
        }
    }

    #[test]
    fn the_target_is_in_the_middle_of_what_is_free() {
        let info = crate::open::test_info();
        let canvas = Canvas {
            size: Vec2::new(1000.0, 600.0),
            foot: 100.0,
            right: 300.0,
        };
        let orbit = OrbitCamera::first_view(&Scene::new(&info, bounds(), None), canvas);
        let camera = orbit.camera_above(canvas);
        let p = camera.view_from_world().transform_point3(orbit.target);
        let points = 300.0 / (0.5 * camera.fov_y).tan();
        let seen = glam::Vec2::new(500.0, 300.0) + points * glam::Vec2::new(p.x, p.y) / p.z;
        assert_eq!(camera.position, orbit.camera().position);
        assert!(seen.distance(glam::Vec2::new(350.0, 250.0)) < 0.1, "{seen}");
    }

    #[test]
    fn nothing_flips_where_the_camera_looks_straight_down() {
        let mut orbit = orbit(UpAxis::PlusY);
        for _ in 0..100 {
            orbit.orbit(Vec2::new(0.0, 50.0));
        }
        let covered = |foot| orbit.camera_above(canvas(Vec2::new(1000.0, 600.0), foot));
        let up = |camera: Camera| camera.view_from_world().transpose().y_axis;
        assert!(up(covered(0.0)).dot(up(covered(250.0))) > 0.9);
    }

    #[test]
    fn a_clip_can_ask_for_its_first_view() {
        let mut info = crate::open::test_info();
        let size = Vec2::splat(300.0);
        let view = |info: &ClipInfo, covered| {
            OrbitCamera::first_view(&Scene::new(info, bounds(), None), canvas(size, covered))
        };
        let framed = view(&info, 0.0);
        info.camera = Some(CameraHint {
            position: [0.0, 0.0, -3.0],
            target: [0.0; 3],
            fov_y_degrees: 40.0,
        });
        let asked = view(&info, 0.0);
        assert!((asked.distance - 3.0).abs() < 1e-6);
        let above = view(&info, 100.0);
        assert!((above.distance - 4.5).abs() < 1e-5);
        assert!((asked.fov_y.to_degrees() - 40.0).abs() < 1e-3);
        for fov_y_degrees in [0.0, f32::NAN, 180.0] {
            if let Some(hint) = &mut info.camera {
                hint.fov_y_degrees = fov_y_degrees;
            }
            assert_eq!(view(&info, 0.0), framed);
        }
    }

    #[test]
    fn looking_turns_on_the_spot_and_keeps_what_is_under_the_hand() {
        for (up, _) in UpAxis::ALL {
            let start = orbit(up);
            let position = start.camera().position;
            let mut turned = start;
            turned.look(Vec2::new(12.0, 7.0), 300.0);
            assert!(turned.camera().position.distance(position) < 1e-4, "{up:?}");
            let unit = 2.0 * (0.5 * start.fov_y).tan() / 300.0;
            let expected = glam::Vec2::new(12.0, 7.0) * unit;
            assert!(
                seen(&turned, start.target).distance(expected) < 0.1 * expected.length(),
                "{up:?}"
            );
        }
    }

    #[test]
    fn walking_goes_right_up_and_ahead() {
        let start = orbit(UpAxis::PlusY);
        let mut walked = start;
        walked.walk(Vec3::new(0.2, 0.1, 0.5));
        // What stood in the middle is now to the left and below.
        let point = seen(&walked, start.target);
        assert!(point.x < 0.0 && point.y > 0.0, "{point}");
        let nearer = walked.camera().position.distance(start.target);
        assert!(nearer < start.distance);
        assert_eq!(walked.distance, start.distance);
    }

    #[test]
    fn a_point_comes_into_the_middle_as_large_as_it_was() {
        let start = orbit(UpAxis::MinusY);
        let point = start.target + Vec3::new(0.4, -0.3, 0.5);
        let depth = (point - start.camera().position).dot(start.sight());
        let mut centred = start;
        centred.centre(point);
        assert!(seen(&centred, point).length() < 1e-5);
        assert!(centred.sight().distance(start.sight()) < 1e-6);
        assert!((centred.distance - depth).abs() < 1e-4);
        let mut looking = start;
        looking.look_at(point);
        assert!(seen(&looking, point).length() < 1e-4);
        assert!(looking.camera().position.distance(start.camera().position) < 1e-4);
    }

    #[test]
    fn another_field_of_view_keeps_the_size_or_the_place() {
        let start = orbit(UpAxis::PlusY);
        let beside = start.target + 0.3 * start.right;
        let size = |camera: &OrbitCamera| seen(camera, beside).x / (0.5 * camera.fov_y).tan();
        let mut dolly = start;
        dolly.set_fov_and_distance(0.4);
        assert!((size(&dolly) / size(&start) - 1.0).abs() < 0.01);
        assert!(dolly.distance > start.distance);
        let mut plain = start;
        plain.set_fov(0.4);
        assert_eq!(plain.camera().position, start.camera().position);
        assert!(size(&plain) > 1.5 * size(&start));
    }

    #[test]
    fn another_camera_and_another_up_are_taken_over() {
        let mut camera = orbit(UpAxis::PlusY);
        let other = Camera {
            position: Vec3::new(3.0, 1.0, -2.0),
            target: Vec3::new(0.1, 0.2, 0.3),
            up: Vec3::Y,
            fov_y: 0.7,
        };
        camera.put(&other);
        assert!(camera.camera().position.distance(other.position) < 1e-4);
        assert_eq!(camera.camera().target, other.target);
        camera.turn_up(Vec3::NEG_Y);
        assert!(camera.camera().position.distance(other.position) < 1e-4);
        assert_eq!(camera.camera().up, Vec3::NEG_Y);
    }

    #[test]
    fn beyond_the_limits_zooming_leads_back_only() {
        let mut camera = orbit(UpAxis::PlusY);
        let far = 100.0 * camera.first_distance;
        camera.distance = far;
        camera.zoom(0.5);
        assert_eq!(camera.distance, far);
        camera.zoom(2.0);
        assert_eq!(camera.distance, 0.5 * far);
    }
}
