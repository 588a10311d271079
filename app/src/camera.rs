//! The hand on the camera: orbits around a point, upright.

use std::f32::consts::{FRAC_PI_2, TAU};

use egui::Vec2;
use glam::Vec3;
use zoetrope_codecs::clip::CameraHint;
use zoetrope_codecs::{Bounds, ClipInfo};
use zoetrope_render::Camera;

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
    /// The first view of a clip: the one that it asks for, else one that sees all of `bounds`. It is
    /// meant for the part of a picture of `size` points that is above the `covered` points at its
    /// foot, and for being drawn with [`Self::camera_above`].
    pub fn first_view(info: &ClipInfo, bounds: Bounds, size: Vec2, covered: f32) -> Self {
        let free = size.y - usable(covered, size.y);
        let share = free / size.y.max(1.0);
        let up = Vec3::from(info.up.vector());
        let hint = info.camera.filter(CameraHint::makes_sense);
        Self::from_camera(&match hint {
            Some(hint) => {
                let (position, target) = (Vec3::from(hint.position), Vec3::from(hint.target));
                Camera {
                    position: target + (position - target) / share,
                    target,
                    up,
                    fov_y: hint.fov_y_degrees.to_radians(),
                }
            }
            None => {
                let fov_y = 2.0 * ((0.5 * Camera::DEFAULT_FOV_Y).tan() * share).atan();
                let framed = Camera::framing(bounds, up, fov_y, size.x / free.max(1.0));
                Camera {
                    fov_y: Camera::DEFAULT_FOV_Y,
                    ..framed
                }
            }
        })
    }

    /// The camera to draw with when the lowest `covered` of a picture's `height` points are covered:
    /// the target appears in the middle of the rest.
    pub fn camera_above(&self, covered: f32, height: f32) -> Camera {
        let mut shifted = *self;
        shifted.pan(Vec2::new(0.0, -0.5 * usable(covered, height)), height);
        shifted.camera()
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

    /// Moves the scene with the hand: `drag` is in points, right and down, in a picture that is
    /// `height` points high. What is at the target's depth stays under the hand.
    pub fn pan(&mut self, drag: Vec2, height: f32) {
        let unit = 2.0 * self.distance * (0.5 * self.fov_y).tan() / height.max(1.0);
        let sight = self.sight();
        let right = sight.cross(self.up).normalize_or(self.right);
        let above = right.cross(sight);
        self.target += unit * (drag.y * above - drag.x * right);
    }

    /// Goes towards the target by `scroll` points of the wheel.
    pub fn scroll(&mut self, scroll: f32) {
        self.zoom((scroll * ZOOM_PER_POINT).exp());
    }

    /// Makes the scene `factor` times as large.
    pub fn zoom(&mut self, factor: f32) {
        if factor.is_finite() && factor > 0.0 {
            self.distance = (self.distance / factor).clamp(
                DISTANCES.start() * self.first_distance,
                DISTANCES.end() * self.first_distance,
            );
        }
    }
}

/// A covered height that leaves at least half of the picture.
fn usable(covered: f32, height: f32) -> f32 {
    covered.clamp(0.0, 0.5 * height.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use zoetrope_codecs::UpAxis;

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
            let orbit = OrbitCamera::first_view(&info, bounds(), size, covered);
            let camera = orbit.camera_above(covered, size.y);
            let points = 0.5 * size.y / (0.5 * camera.fov_y).tan();
            for corner in 0..8 {
                let side = |axis: u32| if corner >> axis & 1 == 0 { -1.0 } else { 1.0 };
                let corner = Vec3::new(side(0), side(1), side(2));
                let p = camera.view_from_world().transform_point3(corner);
                let (x, y) = (points * p.x / p.z, points * p.y / p.z + 0.5 * size.y);
                // Moving the camera instead of the lens costs a few points.
                assert!(x.abs() < 0.5 * size.x, "{size} {x}");
                assert!(y > -0.03 * size.y, "{size} {y}");
                assert!(y < size.y - usable(covered, size.y), "{size} {y}");
            }
        }
    }

    #[test]
    fn a_clip_can_ask_for_its_first_view() {
        let mut info = crate::open::test_info();
        let size = Vec2::splat(300.0);
        let framed = OrbitCamera::first_view(&info, bounds(), size, 0.0);
        info.camera = Some(CameraHint {
            position: [0.0, 0.0, -3.0],
            target: [0.0; 3],
            fov_y_degrees: 40.0,
        });
        let asked = OrbitCamera::first_view(&info, bounds(), size, 0.0);
        assert!((asked.distance - 3.0).abs() < 1e-6);
        let above = OrbitCamera::first_view(&info, bounds(), size, 100.0);
        assert!((above.distance - 4.5).abs() < 1e-5);
        assert!((asked.fov_y.to_degrees() - 40.0).abs() < 1e-3);
        for fov_y_degrees in [0.0, f32::NAN, 180.0] {
            if let Some(hint) = &mut info.camera {
                hint.fov_y_degrees = fov_y_degrees;
            }
            assert_eq!(OrbitCamera::first_view(&info, bounds(), size, 0.0), framed);
        }
    }
}
