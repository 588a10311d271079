//! How a clip is shown at first: the part of a link that is not its address.

use std::fmt::{self, Display};
use std::ops::RangeInclusive;
use std::str::FromStr;

use zoetrope_codecs::{CameraHint, UpAxis};

use super::percent;
use crate::{Command, Quality};

/// Largest coordinate: beyond it f32 has no room for a camera's steps.
const COORDINATE_MAX: f32 = 1e7;
/// Rounding allowance in frames, as the transport's own.
const EPSILON: f64 = 1e-6;

/// A camera in world space; what is up in its picture is up in the clip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkCamera {
    /// Camera centre.
    pub position: [f32; 3],
    /// The point looked at.
    pub target: [f32; 3],
    /// Vertical field of view in radians.
    pub fov_y: f32,
}

/// How much of a clip's quality is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkQuality {
    /// As much as the network and the device allow.
    Auto,
    /// All of it.
    High,
    /// The least.
    Low,
    /// So many layers.
    Layers(u8),
}

impl From<LinkQuality> for Quality {
    fn from(quality: LinkQuality) -> Self {
        match quality {
            LinkQuality::Auto => Self::Auto,
            // A clip with fewer layers is read in all it has.
            LinkQuality::High => Self::Layers(u8::MAX),
            LinkQuality::Low => Self::Layers(1),
            LinkQuality::Layers(count) => Self::Layers(count),
        }
    }
}

impl LinkQuality {
    /// What was chosen of a clip of `count` layers; `None` where that goes without saying.
    pub fn of(quality: Quality, count: u8) -> Option<Self> {
        match quality {
            Quality::Auto => None,
            Quality::Layers(_) if count < 2 => None,
            Quality::Layers(layers) if layers >= count => Some(Self::High),
            Quality::Layers(1) => Some(Self::Low),
            Quality::Layers(layers) => Some(Self::Layers(layers)),
        }
    }
}

/// How a clip is shown at first; what is `None` is left as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StartView {
    /// The moment, in seconds of the clip.
    pub time_s: Option<f64>,
    /// Where it is looked from.
    pub camera: Option<LinkCamera>,
    /// Which axis is up, where the person chose another than the clip's.
    pub up: Option<UpAxis>,
    /// The first and the last moment of the A–B loop, in seconds of the clip.
    pub ab_s: Option<(f64, f64)>,
    /// The quality.
    pub quality: Option<LinkQuality>,
}

impl StartView {
    /// Moments that a link can name, in seconds.
    pub const TIMES_S: RangeInclusive<f64> = 0.0..=1e6;

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What brings a clip to its quality, its moment and its loop. A moment is for looking at, so that the clip
    /// stands there; a loop is for playing.
    pub fn commands(&self, frame_rate: f64) -> Vec<Command> {
        let mut commands = Vec::new();
        commands.extend(self.quality.map(|quality| Command::Quality(quality.into())));
        if let Some((a, b)) = self.ab_s {
            commands.push(Command::SetA(frame_at(a, frame_rate)));
            commands.push(Command::SetB(frame_at(b, frame_rate)));
        }
        match (self.time_s, self.ab_s) {
            (Some(time), ab) => {
                commands.push(Command::SeekFrame(frame_at(time, frame_rate)));
                if ab.is_none() {
                    commands.push(Command::Pause);
                }
            }
            (None, Some((a, _))) => commands.push(Command::SeekFrame(frame_at(a, frame_rate))),
            (None, None) => {}
        }
        commands
    }

    /// Keys and values, in the order in which they are written.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let ab = self.ab_s.map(|(a, b)| format!("{a},{b}"));
        let up = self
            .up
            .map(|up| up.name().trim_start_matches('+').to_owned());
        let pairs = [
            ("t", self.time_s.map(|time| time.to_string())),
            ("cam", self.camera.map(|camera| camera.to_string())),
            ("up", up),
            ("ab", ab),
            ("v", self.quality.map(|quality| quality.to_string())),
        ];
        let pairs = pairs.into_iter();
        pairs
            .filter_map(|(key, value)| Some((key, value?)))
            .collect()
    }

    /// Takes up a value, unless there is one for its key already; whether it is one that makes sense.
    pub(super) fn take(&mut self, key: &str, value: &str) -> bool {
        fn fill<T>(place: &mut Option<T>, value: Option<T>) -> bool {
            let makes_sense = value.is_some();
            if place.is_none() {
                *place = value;
            }
            makes_sense
        }
        match key {
            "t" => fill(&mut self.time_s, time(value)),
            "cam" => fill(&mut self.camera, value.parse().ok()),
            "up" => fill(&mut self.up, UpAxis::parse(value)),
            "ab" => fill(&mut self.ab_s, times(value)),
            "v" => fill(&mut self.quality, value.parse().ok()),
            _ => false,
        }
    }

    /// What this says, and what `other` says where this says nothing.
    pub(super) fn over(self, other: Self) -> Self {
        Self {
            time_s: self.time_s.or(other.time_s),
            camera: self.camera.or(other.camera),
            up: self.up.or(other.up),
            ab_s: self.ab_s.or(other.ab_s),
            quality: self.quality.or(other.quality),
        }
    }

    /// Takes what belongs to a view out of the query of an address.
    pub(super) fn split_from(address: &str) -> (String, Self) {
        let mut view = Self::default();
        let Some((path, query)) = address.split_once('?') else {
            return (address.to_owned(), view);
        };
        let mut rest = Vec::new();
        for text in query.split('&') {
            let is_ours = text
                .split_once('=')
                .is_some_and(|(key, value)| view.take(key, &percent::lenient(value)));
            if !is_ours {
                rest.push(text);
            }
        }
        if rest.is_empty() {
            return (path.to_owned(), view);
        }
        (format!("{path}?{}", rest.join("&")), view)
    }
}

/// The frame shown at a time.
fn frame_at(time_s: f64, frame_rate: f64) -> usize {
    (time_s * frame_rate + EPSILON).floor() as usize
}

/// A time in a frame, with as few digits as there can be: what a link says of the frame.
pub fn moment(frame: usize, frame_rate: f64) -> f64 {
    let start = frame as f64 / frame_rate;
    for digits in 0..=9 {
        let scale = 10_f64.powi(digits);
        let time = (start * scale - EPSILON).ceil().max(0.0) / scale;
        if frame_at(time, frame_rate) == frame {
            return time;
        }
    }
    start
}

/// A number as it is typed; "inf" and "nan" are none.
fn number<T: FromStr>(text: &str) -> Option<T> {
    let starts = |letter: char| letter.is_ascii_digit() || "+-.".contains(letter);
    let is_number =
        text.starts_with(starts) && text.ends_with(|c: char| c.is_ascii_digit() || c == '.');
    is_number.then(|| text.parse().ok()).flatten()
}

fn time(text: &str) -> Option<f64> {
    // "-0" is the start as well, and is written as "0".
    let time = number::<f64>(text)? + 0.0;
    StartView::TIMES_S.contains(&time).then_some(time)
}

fn times(text: &str) -> Option<(f64, f64)> {
    let (a, b) = text.split_once(',')?;
    let (a, b) = (time(a)?, time(b)?);
    Some((a.min(b), a.max(b)))
}

impl LinkCamera {
    /// A camera, if something can be seen through it.
    pub fn new(position: [f32; 3], target: [f32; 3], fov_y: f32) -> Option<Self> {
        let hint = CameraHint {
            position,
            target,
            fov_y_degrees: f64::from(fov_y).to_degrees() as f32,
        };
        let mut numbers = position.iter().chain(&target);
        let is_near = numbers.all(|number| number.abs() <= COORDINATE_MAX);
        (hint.makes_sense() && is_near).then_some(Self {
            position,
            target,
            fov_y,
        })
    }
}

impl Display for LinkCamera {
    /// "PX,PY,PZ,TX,TY,TZ,FOV", the last in degrees.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for number in self.position.iter().chain(&self.target) {
            write!(f, "{number},")?;
        }
        let degrees = f64::from(self.fov_y).to_degrees();
        // The fewest digits that give the same radians.
        for digits in 0..=12 {
            let text = format!("{degrees:.digits$}");
            if text.parse().ok().map(radians) == Some(self.fov_y) {
                return f.write_str(&text);
            }
        }
        write!(f, "{degrees}")
    }
}

impl FromStr for LinkCamera {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split(',');
        let mut coordinates = [0.0; 6];
        for coordinate in &mut coordinates {
            *coordinate = number(parts.next().ok_or(())?).ok_or(())?;
        }
        let fov_y = radians(number(parts.next().ok_or(())?).ok_or(())?);
        if parts.next().is_some() {
            return Err(());
        }
        let [px, py, pz, tx, ty, tz] = coordinates;
        Self::new([px, py, pz], [tx, ty, tz], fov_y).ok_or(())
    }
}

/// Degrees in radians, by way of f64: through f32 they would not come back the same.
fn radians(degrees: f64) -> f32 {
    degrees.to_radians() as f32
}

impl Display for LinkQuality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::High => f.write_str("high"),
            Self::Low => f.write_str("low"),
            Self::Layers(count) => count.fmt(f),
        }
    }
}

impl FromStr for LinkQuality {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "auto" => Self::Auto,
            "high" => Self::High,
            "low" => Self::Low,
            _ => match text.parse() {
                Ok(count @ 1..) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Self::Layers(count)
                }
                _ => return Err(()),
            },
        })
    }
}
