//! A camera path: keys over the clip's time.
//!
//! # As a file
//!
//! A path is kept per clip, and an export takes one from a file. It is JSON:
//!
//! ```json
//! {
//!   "version": 1,
//!   "keys": [
//!     {"time": 0.0, "position": [0.0, 0.0, -3.0], "target": [0.0, 0.0, 0.0], "up": [0.0, -1.0, 0.0], "fov": 50.0},
//!     {"time": 2.5, "position": [3.0, 0.5, 0.0], "target": [0.0, 0.0, 0.0], "up": [0.0, -1.0, 0.0], "fov": 35.0}
//!   ]
//! }
//! ```
//!
//! `time` is in seconds of the clip, from 0; `position`, `target` and `up` are in the clip's world
//! space; `fov` is the vertical field of view in degrees, 1 to 170. Keys may come in any order; of
//! several at the same time the last counts. At most [`KEYS_MAX`] keys.
//!
//! # Between the keys
//!
//! The camera moves along a cubic Bézier curve of rigid motions (see `rigid`), whose tangents at a
//! key are the mean of the motions before and after it, weighted by time as in a Catmull-Rom spline:
//! keys around a point give an arc around it, and the speed has no jumps. A camera that rests between
//! two keys rests indeed. Before the first and after the last key it stands still.

use glam::DVec3;
use serde::{Deserialize, Serialize};
use zoetrope_render::Camera;

use super::pose::Pose;
use super::rigid::{Placement, Rigid, Twist};

/// Keys of one path.
pub const KEYS_MAX: usize = 500;
/// Latest time of a key, in seconds.
const TIME_MAX_S: f64 = 1e6;
/// Keys nearer than this are at the same time, in seconds.
const SAME_TIME_S: f64 = 1e-4;
/// The version of the file format.
const VERSION: u32 = 1;

/// Where the camera is at a time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathKey {
    /// Time in the clip, in seconds.
    pub time: f64,
    /// Where from.
    #[serde(flatten)]
    pub pose: Pose,
}

/// A path in a file.
#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    keys: Vec<PathKey>,
}

/// Keys in the order of time, each at a time of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CameraPath {
    keys: Vec<PathKey>,
}

impl CameraPath {
    /// A path without keys.
    pub const EMPTY: Self = Self { keys: Vec::new() };

    /// A path of these keys, as far as they make sense and there is room.
    pub fn from_keys(keys: impl IntoIterator<Item = PathKey>) -> Self {
        let mut path = Self::default();
        for key in keys {
            path.set(key.time, key.pose, SAME_TIME_S);
        }
        path
    }

    /// Reads a path.
    ///
    /// # Errors
    /// What is wrong with it: the path is taken whole or not at all.
    pub fn from_json(text: &str) -> anyhow::Result<Self> {
        let file: File = serde_json::from_str(text)
            .map_err(|error| anyhow::anyhow!("the camera path cannot be read: {error}"))?;
        anyhow::ensure!(
            file.version == VERSION,
            "the camera path has version {}, and only {VERSION} can be read",
            file.version
        );
        anyhow::ensure!(
            file.keys.len() <= KEYS_MAX,
            "the camera path has {} keys, and {KEYS_MAX} is the most",
            file.keys.len()
        );
        anyhow::ensure!(!file.keys.is_empty(), "the camera path has no keys");
        for key in &file.keys {
            anyhow::ensure!(
                is_time(key.time),
                "the camera path has a key at {} s; times are from 0 to {TIME_MAX_S} s",
                key.time
            );
        }
        Ok(Self::from_keys(file.keys))
    }

    /// Writes the path.
    pub fn to_json(&self) -> String {
        let file = File {
            version: VERSION,
            keys: self.keys.clone(),
        };
        // Numbers and names of fields can always be written.
        serde_json::to_string_pretty(&file).unwrap_or_default()
    }

    /// The keys, earliest first.
    pub fn keys(&self) -> &[PathKey] {
        &self.keys
    }

    /// The times of the keys, earliest first.
    pub fn times(&self) -> impl ExactSizeIterator<Item = f64> {
        self.keys.iter().map(|key| key.time)
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key that is nearer than half of `frame_s` to a time.
    pub fn key_at(&self, time: f64, frame_s: f64) -> Option<usize> {
        let after = self.keys.partition_point(|key| key.time < time);
        let near = |index: &usize| {
            let key = self.keys.get(*index);
            key.is_some_and(|key| (key.time - time).abs() < 0.5 * frame_s)
        };
        [Some(after), after.checked_sub(1)]
            .into_iter()
            .flatten()
            .find(near)
    }

    /// Sets a key, in place of the one on the same frame, of which one lasts `frame_s` seconds. False
    /// when the time makes no sense or there are [`KEYS_MAX`] keys already.
    pub fn set(&mut self, time: f64, pose: Pose, frame_s: f64) -> bool {
        if !is_time(time) {
            return false;
        }
        let key = PathKey { time, pose };
        if let Some(index) = self.key_at(time, frame_s) {
            self.keys[index] = key;
            return true;
        }
        if self.keys.len() == KEYS_MAX {
            return false;
        }
        let at = self.keys.partition_point(|other| other.time < time);
        self.keys.insert(at, key);
        true
    }

    /// The key nearest to a time.
    pub fn nearest(&self, time: f64) -> Option<usize> {
        let away = |index: &usize| (self.keys[*index].time - time).abs();
        (0..self.keys.len()).min_by(|a, b| away(a).total_cmp(&away(b)))
    }

    /// Removes a key.
    pub fn remove(&mut self, index: usize) {
        if index < self.keys.len() {
            self.keys.remove(index);
        }
    }

    /// Removes all keys.
    pub fn clear(&mut self) {
        self.keys.clear();
    }

    /// The camera at a time; `None` without keys.
    pub fn sample(&self, time: f64) -> Option<Camera> {
        let (first, last) = (self.keys.first()?, self.keys.last()?);
        if time.is_nan() || time <= first.time {
            return Some(first.pose.camera());
        }
        if time >= last.time {
            return Some(last.pose.camera());
        }
        let next = self.keys.partition_point(|key| key.time <= time);
        Some(self.between(next - 1, time))
    }

    /// The camera between the key `index` and the one after it.
    fn between(&self, index: usize, time: f64) -> Camera {
        let (a, b) = (&self.keys[index], &self.keys[index + 1]);
        let length = b.time - a.time;
        let part = (time - a.time) / length;
        let from = Node::new(&self.keys, index);
        let to = Node::new(&self.keys, index + 1);
        let third = length / 3.0;
        let place = Rigid::bezier(
            [
                from.at.place,
                from.at.place.moved(from.twist * third),
                to.at.place.moved(to.twist * -third),
                to.at.place,
            ],
            part,
        );
        let scalar = |a: f64, a_rate: f64, b: f64, b_rate: f64| {
            let (c, d) = (a + third * a_rate, b - third * b_rate);
            let rest = 1.0 - part;
            rest.powi(3) * a
                + 3.0 * rest * rest * part * c
                + 3.0 * rest * part * part * d
                + part.powi(3) * b
        };
        Placement::camera(
            place,
            scalar(
                from.at.distance_ln,
                from.distance_rate,
                to.at.distance_ln,
                to.distance_rate,
            ),
            scalar(from.at.fov_y, from.fov_rate, to.at.fov_y, to.fov_rate),
            from.at.common_up(&to.at),
        )
    }
}

/// A key with the velocities at it.
struct Node {
    at: Placement,
    twist: Twist,
    distance_rate: f64,
    fov_rate: f64,
}

/// Velocities on the stretch between two keys.
struct Stretch {
    length: f64,
    twist: Twist,
    distance_rate: f64,
    fov_rate: f64,
}

impl Stretch {
    fn new(from: &PathKey, to: &PathKey) -> Self {
        let length = to.time - from.time;
        let (a, b) = (
            Placement::from(&from.pose.camera()),
            Placement::from(&to.pose.camera()),
        );
        Self {
            length,
            twist: a.place.twist_to(b.place) * length.recip(),
            distance_rate: (b.distance_ln - a.distance_ln) / length,
            fov_rate: (b.fov_y - a.fov_y) / length,
        }
    }
}

impl Node {
    fn new(keys: &[PathKey], index: usize) -> Self {
        let at = Placement::from(&keys[index].pose.camera());
        let before = index
            .checked_sub(1)
            .map(|other| Stretch::new(&keys[other], &keys[index]));
        let after = keys
            .get(index + 1)
            .map(|other| Stretch::new(&keys[index], other));
        let (twist, distance_rate, fov_rate) = match (before, after) {
            (Some(a), Some(b)) => {
                // The shorter stretch tells more about the key.
                let part = a.length / (a.length + b.length);
                (
                    Twist {
                        turn: tangent(a.twist.turn, b.twist.turn, part),
                        shift: tangent(a.twist.shift, b.twist.shift, part),
                    },
                    tangent_scalar(a.distance_rate, b.distance_rate, part),
                    tangent_scalar(a.fov_rate, b.fov_rate, part),
                )
            }
            (Some(only), None) | (None, Some(only)) => {
                (only.twist, only.distance_rate, only.fov_rate)
            }
            (None, None) => (Twist::default(), 0.0, 0.0),
        };
        Self {
            at,
            twist,
            distance_rate,
            fov_rate,
        }
    }
}

/// The mean of two velocities, no more than three times the smaller: where one of them is a rest the
/// curve rests too, and does not swing over it.
fn tangent(before: DVec3, after: DVec3, part: f64) -> DVec3 {
    let mean = before * (1.0 - part) + after * part;
    let most = 3.0 * before.length().min(after.length());
    mean.clamp_length_max(most.max(0.0))
}

fn tangent_scalar(before: f64, after: f64, part: f64) -> f64 {
    if before * after <= 0.0 {
        return 0.0;
    }
    let most = 3.0 * before.abs().min(after.abs());
    (before * (1.0 - part) + after * part).clamp(-most, most)
}

fn is_time(time: f64) -> bool {
    (0.0..=TIME_MAX_S).contains(&time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::{Quat, Vec3};

    const FRAME_S: f64 = 0.1;

    fn pose(position: Vec3) -> Pose {
        Pose::new(Camera {
            position,
            target: Vec3::ZERO,
            up: Vec3::Y,
            fov_y: 0.8,
        })
        .expect("it makes sense")
    }

    /// On a circle around the origin, by degrees.
    fn around(degrees: f32) -> Pose {
        pose(Quat::from_rotation_y(degrees.to_radians()) * Vec3::new(0.0, 1.0, 3.0))
    }

    fn path(keys: &[(f64, Pose)]) -> CameraPath {
        CameraPath::from_keys(keys.iter().map(|(time, pose)| PathKey {
            time: *time,
            pose: *pose,
        }))
    }

    #[test]
    fn keys_are_kept_in_order_and_replaced_on_the_same_frame() {
        let mut path = CameraPath::default();
        assert_eq!(path.sample(1.0), None);
        for time in [2.0, 0.0, 1.0] {
            assert!(path.set(time, around(0.0), FRAME_S));
        }
        assert!(path.times().eq([0.0, 1.0, 2.0]));
        assert!(path.set(1.04, around(50.0), FRAME_S));
        assert!(path.times().eq([0.0, 1.04, 2.0]));
        assert_eq!(path.keys()[1].pose, around(50.0));
        assert!(path.set(1.1, around(60.0), FRAME_S));
        assert_eq!(path.keys().len(), 4);
        assert_eq!(path.nearest(1.08), Some(2));
        path.remove(2);
        path.remove(9);
        assert_eq!(path.nearest(1.5), Some(1));
        assert_eq!(CameraPath::EMPTY.nearest(1.5), None);
        assert!(path.times().eq([0.0, 1.04, 2.0]));
        for time in [-1.0, f64::NAN, f64::INFINITY, 1e7] {
            assert!(!path.set(time, around(0.0), FRAME_S), "{time}");
        }
    }

    #[test]
    fn there_is_room_for_so_many_keys() {
        let mut path = CameraPath::default();
        for index in 0..KEYS_MAX {
            assert!(path.set(index as f64, around(0.0), FRAME_S));
        }
        assert!(!path.set(1e4, around(0.0), FRAME_S));
        assert!(
            path.set(3.0, around(1.0), FRAME_S),
            "replacing needs no room"
        );
    }

    #[test]
    fn it_passes_through_the_keys_and_rests_outside() {
        let keys = [
            (1.0, around(0.0)),
            (2.0, pose(Vec3::new(4.0, 2.0, 1.0))),
            (4.0, pose(Vec3::new(-1.0, 0.5, 2.0))),
        ];
        let path = path(&keys);
        for (time, pose) in keys {
            let camera = path.sample(time).expect("keys");
            assert!(camera.position.distance(pose.camera().position) < 1e-4);
            assert!(camera.target.distance(pose.camera().target) < 1e-4);
        }
        for (time, key) in [
            (-1.0, 0),
            (0.5, 0),
            (9.0, 2),
            (f64::INFINITY, 2),
            (f64::NAN, 0),
        ] {
            assert_eq!(path.sample(time), Some(keys[key].1.camera()));
        }
    }

    #[test]
    fn keys_on_a_circle_give_the_circle_at_constant_speed() {
        let keys: Vec<_> = (0..5)
            .map(|k| (f64::from(k), around(90.0 * k as f32)))
            .collect();
        let path = path(&keys);
        for step in 0..=80 {
            let time = f64::from(step) / 20.0;
            let camera = path.sample(time).expect("keys");
            let expected = around(90.0 * time as f32).camera();
            assert!(
                camera.position.distance(expected.position) < 1e-3,
                "{time}: {camera:?}"
            );
            assert!(camera.target.length() < 1e-3);
            assert_eq!(camera.up, Vec3::Y);
        }
    }

    #[test]
    fn the_speed_has_no_jumps() {
        let path = path(&[
            (0.0, around(0.0)),
            (1.0, around(70.0)),
            (1.5, pose(Vec3::new(1.0, 3.0, -4.0))),
            (3.0, around(200.0)),
        ]);
        let step = 1e-3;
        let at = |time: f64| path.sample(time).expect("keys").position;
        for key in [1.0, 1.5] {
            let before = (at(key) - at(key - step)) / step as f32;
            let after = (at(key + step) - at(key)) / step as f32;
            assert!(
                before.distance(after) < 0.02 * before.length(),
                "{before} {after}"
            );
        }
    }

    #[test]
    fn a_camera_that_rests_between_keys_does_not_stir() {
        let path = path(&[
            (0.0, around(0.0)),
            (1.0, around(80.0)),
            (2.0, around(80.0)),
            (3.0, around(10.0)),
        ]);
        for step in 0..=10 {
            let camera = path.sample(1.0 + f64::from(step) / 10.0).expect("keys");
            assert!(camera.position.distance(around(80.0).camera().position) < 1e-4);
        }
    }

    #[test]
    fn fields_of_view_do_not_overshoot() {
        let with_fov = |fov_y| {
            Pose::new(Camera {
                fov_y,
                ..around(0.0).camera()
            })
            .expect("it makes sense")
        };
        let path = path(&[
            (0.0, with_fov(0.5)),
            (1.0, with_fov(1.5)),
            (2.0, with_fov(1.5)),
            (2.1, with_fov(0.5)),
        ]);
        for step in 0..=210 {
            let fov = path.sample(f64::from(step) / 100.0).expect("keys").fov_y;
            assert!((0.4999..=1.5001).contains(&fov), "{step}: {fov}");
        }
    }

    #[test]
    fn a_path_survives_json() {
        let path = path(&[(0.0, around(0.0)), (1.25, around(30.0))]);
        let back = CameraPath::from_json(&path.to_json()).expect("what was written");
        assert!(back.times().eq(path.times()));
        for (a, b) in back.keys().iter().zip(path.keys()) {
            assert_eq!(a.pose.camera().position, b.pose.camera().position);
        }
    }

    #[test]
    fn broken_files_are_refused_in_a_sentence() {
        let key = r#"{"time":0,"position":[0,0,1],"target":[0,0,0],"up":[0,1,0],"fov":50}"#;
        let file = |keys: &str| format!(r#"{{"version":1,"keys":[{keys}]}}"#);
        assert!(CameraPath::from_json(&file(key)).is_ok());
        let many = vec![key; KEYS_MAX + 1].join(",");
        for (text, part) in [
            ("", "cannot be read"),
            ("[]", "cannot be read"),
            (r#"{"version":2,"keys":[]}"#, "version 2"),
            (&file(""), "no keys"),
            (&file(&many), "501 keys"),
            (&file(&key.replace(r#""time":0"#, r#""time":-1"#)), "-1 s"),
            (&file(&key.replace("50", "0")), "nothing can be seen"),
            (
                &file(&key.replace("[0,0,1]", "[0,0,0]")),
                "nothing can be seen",
            ),
            (
                &file(&key.replace("[0,0,1]", "[0,0,1e99]")),
                "cannot be read",
            ),
            (&file(&key.replace("[0,0,1]", "[0,0]")), "cannot be read"),
        ] {
            let error = CameraPath::from_json(text).expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
