//! The camera: what the hand does with it, where it flies by itself, and what is kept of it.
//!
//! ```text
//! hand ─┬─▶ OrbitCamera ─┐
//! keys ─┴─▶ FlyMotion ───┼─▶ CameraRig ──camera──▶ Viewport
//! SavedView, CameraPath ─┘   (one mode, at most one flight; the time is handed in)
//! ```

mod fly;
mod orbit;
mod path;
mod pose;
mod rig;
mod rigid;

use egui::Vec2;
use zoetrope_codecs::clip::CameraHint;
use zoetrope_codecs::{Bounds, ClipInfo, UpAxis};

pub use fly::{FlyInput, FlyMotion};
pub use orbit::OrbitCamera;
pub use path::{CameraPath, KEYS_MAX, PathKey};
pub use pose::{NAME_MAX, Pose, SavedView, VIEWS_MAX, clean_name};
pub use rig::CameraRig;

/// What there is to look at, in world space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scene {
    /// The box that the first view shows.
    pub bounds: Bounds,
    /// What is up.
    pub up: UpAxis,
    /// The first view that the clip asks for.
    pub hint: Option<CameraHint>,
}

impl Scene {
    /// The scene of a clip, with `up` instead of the clip's own where it was chosen.
    pub fn new(info: &ClipInfo, bounds: Bounds, up: Option<UpAxis>) -> Self {
        Self {
            bounds,
            up: up.unwrap_or(info.up),
            hint: info.camera.filter(CameraHint::makes_sense),
        }
    }

    /// Its radius: what speeds are measured in.
    pub fn size(&self) -> f32 {
        let radius = self.bounds.radius();
        if radius.is_finite() && radius > 0.0 {
            radius
        } else {
            1.0
        }
    }
}

/// The picture on the screen, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Canvas {
    /// Its size.
    pub size: Vec2,
    /// How much of its foot is covered by controls.
    pub foot: f32,
    /// How much of its right side is covered by a panel.
    pub right: f32,
}

impl Canvas {
    /// Where a flat picture goes in `window`: beside a panel, or above one that covers more than the bar, whose
    /// top is at `bar_top`. The bar itself lies over pictures.
    pub fn flat_place(&self, window: egui::Rect, bar_top: f32) -> egui::Rect {
        let free = self.free();
        let bottom = window.bottom() - self.foot;
        let bottom = match bottom < bar_top - 0.5 {
            true => window.top() + free.y,
            false => window.bottom(),
        };
        egui::Rect::from_min_max(window.min, egui::pos2(window.left() + free.x, bottom))
    }

    /// What is not covered, from the upper left corner: at least half of either side.
    fn free(&self) -> Vec2 {
        let size = self.size.max(Vec2::splat(1.0));
        let covered = Vec2::new(self.right, self.foot).clamp(Vec2::ZERO, 0.5 * size);
        size - covered
    }
}

/// What dragging does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CameraMode {
    /// Turns around the target.
    #[default]
    Orbit,
    /// Looks around, and moves with the keys.
    Fly,
}

impl CameraMode {
    /// Every mode with its name in files.
    pub const ALL: [(Self, &'static str); 2] = [(Self::Orbit, "orbit"), (Self::Fly, "fly")];

    /// "orbit", "fly".
    pub fn name(self) -> &'static str {
        match self {
            Self::Orbit => "orbit",
            Self::Fly => "fly",
        }
    }

    /// The mode with this name.
    pub fn parse(name: &str) -> Option<Self> {
        let mut modes = Self::ALL.iter();
        modes
            .find(|(_, other)| *other == name)
            .map(|(mode, _)| *mode)
    }
}

/// How the camera is liked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RigOptions {
    /// Whether flights are left out.
    pub reduce_motion: bool,
    /// Factor on how far a drag turns.
    pub orbit_speed: f32,
    /// Factor on how fast the keys fly.
    pub fly_speed: f32,
    /// Whether dragging up looks down in fly mode.
    pub invert_look: bool,
    /// How long the turntable takes for one turn, in seconds.
    pub turn_s: f32,
}

impl RigOptions {
    /// Turns that make sense, in seconds.
    pub const TURNS_S: std::ops::RangeInclusive<f32> = 4.0..=120.0;
    /// Factors on speeds that make sense.
    pub const SPEEDS: std::ops::RangeInclusive<f32> = 0.05..=20.0;
}

impl Default for RigOptions {
    fn default() -> Self {
        Self {
            reduce_motion: false,
            orbit_speed: 1.0,
            fly_speed: 1.0,
            invert_look: false,
            turn_s: 20.0,
        }
    }
}
