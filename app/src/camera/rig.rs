//! The one owner of the camera: its mode, its flights, the turntable and the path it follows.

use std::f32::consts::TAU;

use egui::{Pos2, Vec2};
use glam::Vec3;
use zoetrope_codecs::UpAxis;
use zoetrope_render::Camera;

use super::orbit::camera_above;
use super::{
    CameraMode, CameraPath, Canvas, FlyInput, FlyMotion, OrbitCamera, RigOptions, Scene, rigid,
};

/// How long a flight takes, in seconds.
const FLIGHT_S: f64 = 0.6;
/// Longest step in time, in seconds: after a pause the camera goes on from where it was.
const STEP_MAX_S: f64 = 0.25;
/// The step of the first tick of a motion, in seconds.
const STEP_FIRST_S: f64 = 1.0 / 60.0;
/// Radii of the scene for one point of the wheel while flying.
const FLY_PER_POINT: f32 = 0.002;

/// Where the camera goes by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Goal {
    /// To a place.
    Place(OrbitCamera),
    /// To where the path is.
    Path,
}

/// A way to a goal.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Flight {
    from: Camera,
    goal: Goal,
    start_s: f64,
}

/// A camera with everything that moves it. It knows no clock: the time is handed in.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraRig {
    scene: Scene,
    canvas: Canvas,
    options: RigOptions,
    mode: CameraMode,
    /// What the hand holds.
    held: OrbitCamera,
    /// What is seen: on a flight or a path that is something else.
    shown: Camera,
    flight: Option<Flight>,
    following: bool,
    turning: bool,
    /// Whether the hand holds the scene, with which the turntable stops.
    gripped: bool,
    fly_input: FlyInput,
    fly_motion: FlyMotion,
    /// Factor of the wheel on the flying speed.
    pace: f32,
    /// The time of the last tick while something moved.
    moved_s: Option<f64>,
}

impl CameraRig {
    /// Fields of view to choose from, in degrees.
    pub const FOVS_DEGREES: std::ops::RangeInclusive<f32> = 10.0..=120.0;

    /// On the first view of a scene.
    pub fn new(scene: Scene, canvas: Canvas, options: RigOptions) -> Self {
        let held = OrbitCamera::first_view(&scene, canvas);
        Self {
            scene,
            canvas,
            options,
            mode: CameraMode::Orbit,
            held,
            shown: held.camera(),
            flight: None,
            following: false,
            turning: false,
            gripped: false,
            fly_input: FlyInput::default(),
            fly_motion: FlyMotion::default(),
            pace: 1.0,
            moved_s: None,
        }
    }

    /// The camera, with its target in the middle of the picture: what is saved and exported.
    pub fn camera(&self) -> Camera {
        self.shown
    }

    /// The camera to draw with: the target is in the middle of what no control covers.
    pub fn drawn(&self) -> Camera {
        camera_above(&self.shown, self.canvas)
    }

    /// The point at the target's depth that is seen at a place of the picture, in points from its
    /// upper left corner.
    pub fn point_at(&self, pos: Pos2) -> Vec3 {
        let camera = self.drawn();
        let size = self.canvas.size;
        let focal = 0.5 * size.y.max(1.0) / (0.5 * camera.fov_y).tan();
        let away = pos - (0.5 * size).to_pos2();
        let world_from_view = camera.view_from_world().inverse();
        let ray = world_from_view.transform_vector3(Vec3::new(away.x, away.y, focal));
        let line = self.shown.target - self.shown.position;
        // Where the ray goes away from the target's plane it has no point there.
        let towards = ray.dot(line).max(1e-3 * ray.length() * line.length());
        camera.position + ray * (line.length_squared() / towards)
    }

    /// The middle of what no control covers, in points from the picture's upper left corner.
    pub fn middle(&self) -> Pos2 {
        (0.5 * self.canvas.free()).to_pos2()
    }

    /// What dragging does.
    pub fn mode(&self) -> CameraMode {
        self.mode
    }

    /// What is up.
    pub fn up(&self) -> UpAxis {
        self.scene.up
    }

    /// Vertical field of view, in degrees.
    pub fn fov_degrees(&self) -> f32 {
        self.shown.fov_y.to_degrees()
    }

    /// Whether the turntable turns.
    pub fn is_turning(&self) -> bool {
        self.turning
    }

    /// Whether the path is followed.
    pub fn is_following(&self) -> bool {
        self.following
    }

    /// Whether the camera is on its way to somewhere.
    pub fn is_flying_to(&self) -> bool {
        self.flight.is_some()
    }

    /// Takes over how the camera is liked, and the size of the picture.
    pub fn arrange(&mut self, canvas: Canvas, options: RigOptions) {
        self.canvas = canvas;
        self.options = options;
    }

    /// Lets dragging do something else; the picture stays as it is.
    pub fn set_mode(&mut self, mode: CameraMode) {
        if mode == self.mode {
            return;
        }
        self.take_hold();
        self.mode = mode;
        self.fly_motion.stop();
        match mode {
            // What is turned around afterwards is what was flown to.
            CameraMode::Orbit => self.held.aim_beside(self.scene.bounds.centre().into()),
            CameraMode::Fly => self.turning = false,
        }
        self.show_held();
    }

    /// Drags with the first button or one finger, in points: turns around the target, or looks around.
    pub fn drag(&mut self, drag: Vec2) {
        self.take_hold();
        match self.mode {
            CameraMode::Orbit => self.held.orbit(drag * self.options.orbit_speed),
            CameraMode::Fly => {
                let upright = if self.options.invert_look { -1.0 } else { 1.0 };
                let drag = Vec2::new(drag.x, upright * drag.y) * self.options.orbit_speed;
                self.held.look(drag, self.canvas.size.y);
            }
        }
        self.show_held();
    }

    /// Drags with another button or two fingers, in points: moves the scene under the hand.
    pub fn pan(&mut self, drag: Vec2) {
        self.take_hold();
        self.held.pan(drag, self.canvas.size.y);
        self.show_held();
    }

    /// Turns the wheel by so many points: nearer or farther; while flying with the keys, faster or
    /// slower.
    pub fn scroll(&mut self, points: f32) {
        match self.mode {
            CameraMode::Orbit => {
                self.take_hold();
                self.held.scroll(points);
                self.show_held();
            }
            CameraMode::Fly if self.fly_input.direction != Vec3::ZERO => {
                self.pace = (self.pace * (0.003 * points).exp()).clamp(0.1, 10.0);
            }
            CameraMode::Fly => self.fly_ahead(points * FLY_PER_POINT),
        }
    }

    /// Pinches: makes the scene `factor` times as large.
    pub fn zoom(&mut self, factor: f32) {
        match self.mode {
            CameraMode::Orbit => {
                self.take_hold();
                self.held.zoom(factor);
                self.show_held();
            }
            CameraMode::Fly if factor.is_finite() && factor > 0.0 => {
                self.fly_ahead(factor.ln());
            }
            CameraMode::Fly => {}
        }
    }

    fn fly_ahead(&mut self, radii: f32) {
        self.take_hold();
        self.held.walk(Vec3::Z * (radii * self.scene.size()));
        self.show_held();
    }

    /// What the flying keys ask for from now on.
    pub fn set_fly_input(&mut self, input: FlyInput) {
        self.fly_input = match self.mode {
            CameraMode::Fly => input,
            CameraMode::Orbit => FlyInput::default(),
        };
        if self.fly_input.direction != Vec3::ZERO {
            self.take_hold();
        }
    }

    /// How fast the keys fly, as a factor: the setting's, and the wheel's.
    pub fn fly_speed(&self) -> f32 {
        self.options.fly_speed * self.pace
    }

    /// Whether the hand holds the scene.
    pub fn grip(&mut self, gripped: bool) {
        self.gripped = gripped;
    }

    /// Is at a camera at once, to the last bit; only what is up stays the scene's.
    pub fn show(&mut self, camera: &Camera) {
        self.following = false;
        self.turning = false;
        self.flight = None;
        self.fly_motion.stop();
        self.held.put(camera);
        self.shown = Camera {
            up: self.held.camera().up,
            ..*camera
        };
    }

    /// Flies to a camera.
    pub fn go_to(&mut self, camera: &Camera, now_s: f64) {
        let mut goal = self.held;
        goal.put(camera);
        self.fly_to(Goal::Place(goal), now_s);
    }

    /// Flies to the first view.
    pub fn reset(&mut self, now_s: f64) {
        let first = OrbitCamera::first_view(&self.scene, self.canvas);
        self.turning = false;
        self.fly_to(Goal::Place(first), now_s);
    }

    /// Flies to where all of the scene is seen, from the direction looked in now.
    pub fn frame_all(&mut self, now_s: f64) {
        let mut goal = self.now_held();
        goal.frame(&self.scene, self.canvas);
        self.fly_to(Goal::Place(goal), now_s);
    }

    /// Brings a point into the middle and turns around it from then on; while flying it is only
    /// looked at.
    pub fn focus(&mut self, point: Vec3, now_s: f64) {
        if !point.is_finite() {
            return;
        }
        let mut goal = self.now_held();
        match self.mode {
            CameraMode::Orbit => goal.centre(point),
            CameraMode::Fly => goal.look_at(point),
        }
        self.fly_to(Goal::Place(goal), now_s);
    }

    /// Takes another axis for up. Its opposite turns the picture upside down where it stands; with
    /// any other the scene is seen from its front.
    pub fn set_up(&mut self, up: UpAxis, now_s: f64) {
        if up == self.scene.up {
            return;
        }
        let (old, new) = (Vec3::from(self.scene.up.vector()), Vec3::from(up.vector()));
        self.scene.up = up;
        let goal = if old.dot(new) < -0.5 {
            let mut goal = self.now_held();
            goal.turn_up(new);
            goal
        } else {
            OrbitCamera::first_view(&self.scene, self.canvas)
        };
        self.fly_to(Goal::Place(goal), now_s);
    }

    /// Turns upside down.
    pub fn flip_up(&mut self, now_s: f64) {
        let up = match self.scene.up {
            UpAxis::PlusX => UpAxis::MinusX,
            UpAxis::MinusX => UpAxis::PlusX,
            UpAxis::PlusY => UpAxis::MinusY,
            UpAxis::MinusY => UpAxis::PlusY,
            UpAxis::PlusZ => UpAxis::MinusZ,
            UpAxis::MinusZ => UpAxis::PlusZ,
        };
        self.set_up(up, now_s);
    }

    /// Another vertical field of view, in degrees. Around a target it changes the perspective and
    /// not the size, for which there is the wheel; on the spot it is the lens that zooms, as nobody
    /// expects to be moved by it.
    pub fn set_fov(&mut self, degrees: f32) {
        if !degrees.is_finite() {
            return;
        }
        self.take_hold();
        let (min, max) = (*Self::FOVS_DEGREES.start(), *Self::FOVS_DEGREES.end());
        let fov_y = degrees.clamp(min, max).to_radians();
        match self.mode {
            CameraMode::Orbit => self.held.set_fov_and_distance(fov_y),
            CameraMode::Fly => self.held.set_fov(fov_y),
        }
        self.show_held();
    }

    /// Starts or stops the turntable, which turns around the target.
    pub fn set_turning(&mut self, turning: bool) {
        if turning {
            self.set_mode(CameraMode::Orbit);
            self.following = false;
            if matches!(self.flight, Some(flight) if flight.goal == Goal::Path) {
                self.take_hold();
            }
        }
        self.turning = turning;
    }

    /// Starts or stops following the path.
    pub fn set_following(&mut self, following: bool, now_s: f64) {
        if following == self.following {
            return;
        }
        if following {
            self.turning = false;
            self.fly_motion.stop();
            self.fly_to(Goal::Path, now_s);
            self.following = true;
        } else {
            self.take_hold();
        }
    }

    /// Goes on to the time `now_s` in seconds, with the clip at `time_s` of the path's time. Whether
    /// the camera moves by itself, and wants to be seen again; what follows the clip moves with it.
    pub fn tick(&mut self, now_s: f64, path: &CameraPath, time_s: f64) -> bool {
        if self.following && path.is_empty() {
            self.take_hold();
        }
        let step_s = self
            .moved_s
            .map_or(STEP_FIRST_S, |last| (now_s - last).clamp(0.0, STEP_MAX_S));
        let moves = self.fly(now_s, path, time_s) | self.move_held(step_s as f32);
        self.moved_s = moves.then_some(now_s);
        moves
    }

    /// The flight and the path; whether a flight goes on.
    fn fly(&mut self, now_s: f64, path: &CameraPath, time_s: f64) -> bool {
        let place = |goal: &Goal| match goal {
            Goal::Place(place) => Some(place.camera()),
            Goal::Path => path.sample(time_s),
        };
        let Some(flight) = self.flight else {
            if let Some(camera) = self.following.then(|| path.sample(time_s)).flatten() {
                self.shown = camera;
            }
            return false;
        };
        let part = ((now_s - flight.start_s) / FLIGHT_S).clamp(0.0, 1.0);
        let Some(goal) = place(&flight.goal) else {
            self.take_hold();
            return false;
        };
        if part < 1.0 && !self.options.reduce_motion {
            self.shown = rigid::between(&flight.from, &goal, ease(part as f32));
            return true;
        }
        self.flight = None;
        self.shown = goal;
        if let Goal::Place(place) = flight.goal {
            self.held = place;
        }
        false
    }

    /// The turntable and the keys; whether they go on.
    fn move_held(&mut self, step_s: f32) -> bool {
        if self.flight.is_some() || self.following {
            return self.turning;
        }
        if self.turning && !self.gripped {
            let range = RigOptions::TURNS_S;
            let turn_s = self.options.turn_s.clamp(*range.start(), *range.end());
            self.held.turn(TAU * step_s / turn_s);
        }
        let flies = self.fly_motion.is_moving(&self.fly_input);
        if flies {
            let range = RigOptions::SPEEDS;
            let speed = self.fly_speed().clamp(*range.start(), *range.end());
            let radii = self.fly_motion.advance(&self.fly_input, step_s);
            self.held.walk(radii * speed * self.scene.size());
        }
        if flies || self.turning {
            self.show_held();
        }
        self.fly_motion.is_moving(&self.fly_input) || (self.turning && !self.gripped)
    }

    /// What the hand would hold if it took hold now.
    fn now_held(&self) -> OrbitCamera {
        let mut held = match self.flight {
            // With the goal's idea of what is up.
            Some(Flight {
                goal: Goal::Place(place),
                ..
            }) => place,
            _ => self.held,
        };
        if self.flight.is_some() || self.following {
            held.put(&self.shown);
        }
        held
    }

    /// Ends every flight where it is.
    fn take_hold(&mut self) {
        self.held = self.now_held();
        self.flight = None;
        self.following = false;
        self.show_held();
    }

    fn show_held(&mut self) {
        self.shown = self.held.camera();
    }

    fn fly_to(&mut self, goal: Goal, now_s: f64) {
        self.following = false;
        self.fly_motion.stop();
        self.flight = Some(Flight {
            from: self.shown,
            goal,
            start_s: now_s,
        });
    }
}

/// Slowly off and slowly in.
fn ease(part: f32) -> f32 {
    part * part * (3.0 - 2.0 * part)
}

#[cfg(test)]
mod tests;
