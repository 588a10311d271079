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
mod tests;
