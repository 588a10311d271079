//! Smooth ways from one camera to another.
//!
//! A camera's place is a rigid motion, and the way between two of them is the screw that takes one
//! into the other. Where both look at the same point that is an arc around it, where both stand in
//! the same place a turn on the spot, and otherwise what lies between: nothing has to be known of
//! what the cameras were meant for. See "Modern Robotics" (Lynch and Park 2017), section 3.3.3, for
//! exponential coordinates of rigid motions.

use std::ops::{Add, Mul};

use glam::{DMat3, DQuat, DVec3};
use zoetrope_render::Camera;

/// Rotations below this, in radians, are taken for their limit.
const TINY: f64 = 1e-9;

/// A rigid motion: world from view, where view space is x right, y down, z forward.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rigid {
    rotation: DQuat,
    translation: DVec3,
}

/// A constant motion for one unit of time, in the moving frame itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Twist {
    /// Axis times angle in radians.
    pub turn: DVec3,
    /// Velocity of the frame's origin.
    pub shift: DVec3,
}

impl Mul<f64> for Twist {
    type Output = Self;

    fn mul(self, factor: f64) -> Self {
        Self {
            turn: self.turn * factor,
            shift: self.shift * factor,
        }
    }
}

impl Add for Twist {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            turn: self.turn + other.turn,
            shift: self.shift + other.shift,
        }
    }
}

impl Rigid {
    fn inverse(self) -> Self {
        let rotation = self.rotation.conjugate();
        Self {
            rotation,
            translation: -(rotation * self.translation),
        }
    }

    fn then(self, inner: Self) -> Self {
        Self {
            rotation: (self.rotation * inner.rotation).normalize(),
            translation: self.rotation * inner.translation + self.translation,
        }
    }

    /// Where a constant motion leads from the origin.
    fn exp(twist: Twist) -> Self {
        let angle = twist.turn.length();
        let (first, second) = if angle < 1e-4 {
            (0.5, 1.0 / 6.0)
        } else {
            let square = angle * angle;
            (
                (1.0 - angle.cos()) / square,
                (angle - angle.sin()) / (square * angle),
            )
        };
        let once = twist.turn.cross(twist.shift);
        let twice = twist.turn.cross(once);
        Self {
            rotation: DQuat::from_scaled_axis(twist.turn),
            translation: twist.shift + first * once + second * twice,
        }
    }

    /// The motion that leads here from the origin: the inverse of [`Self::exp`].
    fn log(self) -> Twist {
        let rotation = if self.rotation.w < 0.0 {
            -self.rotation
        } else {
            self.rotation
        };
        let turn = rotation.to_scaled_axis();
        let angle = turn.length();
        let factor = if angle < 1e-4 {
            1.0 / 12.0
        } else {
            let half = 0.5 * angle;
            // At half a turn the tangent is infinite, and the product 0.
            let product = if half.cos().abs() < TINY {
                0.0
            } else {
                half / half.tan()
            };
            (1.0 - product) / (angle * angle)
        };
        let once = turn.cross(self.translation);
        let twice = turn.cross(once);
        Twist {
            turn,
            shift: self.translation - 0.5 * once + factor * twice,
        }
    }

    /// The motion from here to `other`, in this frame.
    pub(super) fn twist_to(self, other: Self) -> Twist {
        self.inverse().then(other).log()
    }

    /// Where a motion leads from here.
    pub(super) fn moved(self, twist: Twist) -> Self {
        self.then(Self::exp(twist))
    }

    fn between(self, other: Self, part: f64) -> Self {
        self.moved(self.twist_to(other) * part)
    }

    /// The point of the Bézier curve with these control points, by De Casteljau's construction with
    /// screws for straight lines.
    pub(super) fn bezier(points: [Self; 4], part: f64) -> Self {
        let [a, b, c, d] = points;
        let (ab, bc, cd) = (a.between(b, part), b.between(c, part), c.between(d, part));
        ab.between(bc, part).between(bc.between(cd, part), part)
    }
}

/// All of a camera in a form that can be mixed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placement {
    pub place: Rigid,
    /// Logarithm of the distance to the target.
    pub distance_ln: f64,
    /// Vertical field of view, radians.
    pub fov_y: f64,
    /// What the camera calls up.
    pub up: DVec3,
}

impl From<&Camera> for Placement {
    fn from(camera: &Camera) -> Self {
        let (position, target) = (camera.position.as_dvec3(), camera.target.as_dvec3());
        let forward = (target - position).try_normalize().unwrap_or(DVec3::Z);
        let up = camera.up.as_dvec3();
        let right = forward
            .cross(up)
            .try_normalize()
            .unwrap_or_else(|| forward.any_orthonormal_vector());
        let axes = DMat3::from_cols(right, forward.cross(right), forward);
        Self {
            place: Rigid {
                rotation: DQuat::from_mat3(&axes).normalize(),
                translation: position,
            },
            distance_ln: position.distance(target).max(1e-12).ln(),
            fov_y: f64::from(camera.fov_y),
            up,
        }
    }
}

impl Placement {
    /// What to call up between two cameras: what both do, so that the horizon stays level on the way;
    /// `None` where they differ and the horizon has to roll.
    pub(super) fn common_up(&self, other: &Self) -> Option<DVec3> {
        (self.up.distance(other.up) < 1e-5).then_some(self.up)
    }

    /// The camera of mixed parts.
    pub(super) fn camera(place: Rigid, distance_ln: f64, fov_y: f64, up: Option<DVec3>) -> Camera {
        let forward = place.rotation * DVec3::Z;
        let target = place.translation + distance_ln.exp() * forward;
        Camera {
            position: place.translation.as_vec3(),
            target: target.as_vec3(),
            up: up
                .unwrap_or_else(|| place.rotation * DVec3::NEG_Y)
                .as_vec3(),
            fov_y: fov_y as f32,
        }
    }
}

/// The camera that is `part` of the way from one to another.
pub(super) fn between(from: &Camera, to: &Camera, part: f32) -> Camera {
    let (a, b, part) = (Placement::from(from), Placement::from(to), f64::from(part));
    let mix = |a: f64, b: f64| a + part * (b - a);
    Placement::camera(
        a.place.between(b.place, part),
        mix(a.distance_ln, b.distance_ln),
        mix(a.fov_y, b.fov_y),
        a.common_up(&b),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::Vec3;

    fn camera(position: [f32; 3], target: [f32; 3]) -> Camera {
        Camera {
            position: position.into(),
            target: target.into(),
            up: Vec3::Y,
            fov_y: 0.8,
        }
    }

    fn close(a: &Camera, b: &Camera) {
        assert!(a.position.distance(b.position) < 1e-4, "{a:?} {b:?}");
        assert!(a.target.distance(b.target) < 1e-4, "{a:?} {b:?}");
        assert!((a.fov_y - b.fov_y).abs() < 1e-5, "{a:?} {b:?}");
    }

    #[test]
    fn both_ends_are_met() {
        let from = camera([0.0, 1.0, 5.0], [0.0; 3]);
        for to in [
            from,
            camera([0.0, 1.0, -5.0], [0.0; 3]),
            camera([3.0, 0.5, 0.0], [0.0, 0.2, 0.1]),
            camera([0.0, 1.0, 5.0], [0.0, 1.0, 9.0]),
        ] {
            close(&between(&from, &to, 0.0), &from);
            close(&between(&from, &to, 1.0), &to);
        }
    }

    #[test]
    fn the_way_around_a_point_is_an_arc() {
        let (from, to) = (
            camera([0.0, 0.0, 4.0], [0.0; 3]),
            camera([4.0, 0.0, 0.0], [0.0; 3]),
        );
        for step in 0..=10 {
            let camera = between(&from, &to, step as f32 / 10.0);
            assert!((camera.position.length() - 4.0).abs() < 1e-4);
            assert!(camera.target.length() < 1e-4);
            assert!(camera.position.x >= -1e-4 && camera.position.z >= -1e-4);
        }
    }

    #[test]
    fn a_turn_on_the_spot_stays_there() {
        let (from, to) = (
            camera([1.0, 2.0, 3.0], [1.0, 2.0, 8.0]),
            camera([1.0, 2.0, 3.0], [6.0, 2.5, 3.0]),
        );
        for step in 0..=10 {
            let camera = between(&from, &to, step as f32 / 10.0);
            assert!(camera.position.distance(from.position) < 1e-4);
        }
    }

    #[test]
    fn half_a_turn_goes_around_and_not_through() {
        let (from, to) = (
            camera([0.0, 1.0, 4.0], [0.0; 3]),
            camera([0.0, 1.0, -4.0], [0.0; 3]),
        );
        let middle = between(&from, &to, 0.5);
        assert!((middle.position.y - 1.0).abs() < 1e-3);
        assert!((middle.position.x.abs() - 4.0).abs() < 1e-3);
    }

    #[test]
    fn another_up_rolls_in_place() {
        let from = camera([0.0, 0.0, 4.0], [0.0; 3]);
        let to = Camera {
            up: Vec3::NEG_Y,
            ..from
        };
        let middle = between(&from, &to, 0.5);
        assert!(middle.position.distance(from.position) < 1e-4);
        assert!(middle.up.dot(Vec3::Y).abs() < 1e-3);
        assert!((middle.up.length() - 1.0).abs() < 1e-4);
    }

    #[test]
    fn exp_and_log_undo_each_other() {
        for turn in [0.0, 1e-6, 0.3, 2.0, 3.1] {
            let twist = Twist {
                turn: turn * DVec3::new(0.6, 0.0, 0.8),
                shift: DVec3::new(1.0, -2.0, 0.5),
            };
            let back = Rigid::exp(twist).log();
            assert!(back.turn.distance(twist.turn) < 1e-8, "{turn}");
            assert!(back.shift.distance(twist.shift) < 1e-8, "{turn}");
        }
    }
}
