//! An ordinary video of a clip: what is asked for, and who makes it.

use std::f32::consts::TAU;
use std::ops::Range;
use std::path::Path;

use glam::{Quat, Vec3};
use zoetrope_codecs::Cancel;
use zoetrope_render::{Camera, Filter};

use crate::camera::CameraPath;
use crate::open::ClipTarget;
use crate::save_copy::Progress;

/// A video of a stretch of a clip.
#[derive(Clone, Debug)]
pub struct Film {
    /// The stretch, seconds from the clip's start.
    pub seconds: Range<f64>,
    /// Pictures a second.
    pub frame_rate: f64,
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// How the camera moves.
    pub camera: FilmCamera,
    /// What is behind the clip: red, green, blue, display space, 0 to 1.
    pub background: [f32; 3],
    /// Low-pass filter; the frame's own where nothing is asked for.
    pub filter: Option<Filter>,
    /// Highest SH degree used.
    pub sh_degree: u8,
}

/// How the camera of a film moves.
#[derive(Clone, Debug)]
pub enum FilmCamera {
    /// It rests.
    Still(Camera),
    /// It goes once around what it looks at, starting here.
    Orbit(Camera),
    /// It follows keys over the clip's time; without keys it rests.
    Path(CameraPath, Camera),
}

impl FilmCamera {
    /// The camera at `time` seconds of the clip, where `part` of the film is over, 0 to 1.
    pub fn at(&self, time: f64, part: f32) -> Camera {
        match self {
            Self::Still(camera) => *camera,
            Self::Orbit(camera) => {
                let turn = Quat::from_axis_angle(camera.up.normalize_or(Vec3::Y), TAU * part);
                let away = camera.position - camera.target;
                Camera {
                    position: camera.target + turn * away,
                    ..*camera
                }
            }
            Self::Path(path, still) => path.sample(time).unwrap_or(*still),
        }
    }
}

/// Makes an MP4 video, on the calling thread, and tells how far it has come.
///
/// # Errors
/// When the clip cannot be read, there is nothing in the stretch, or the video cannot be drawn or
/// written; nothing is left behind.
pub type MakeFilm = fn(&ClipTarget, &Film, &Path, &Progress, &Cancel) -> anyhow::Result<()>;

#[cfg(test)]
mod tests {
    use super::*;

    fn camera() -> Camera {
        Camera {
            position: Vec3::new(0.0, 1.0, -4.0),
            target: Vec3::new(0.0, 1.0, 0.0),
            up: Vec3::NEG_Y,
            fov_y: 1.0,
        }
    }

    #[test]
    fn an_orbit_ends_where_it_began_and_keeps_its_distance() {
        let orbit = FilmCamera::Orbit(camera());
        let half = orbit.at(0.0, 0.5).position;
        assert!(half.distance(Vec3::new(0.0, 1.0, 4.0)) < 1e-5, "{half}");
        for part in [0.0, 0.1, 0.7, 1.0] {
            let seen = orbit.at(3.0, part);
            assert!((seen.position.distance(seen.target) - 4.0).abs() < 1e-5);
            assert_eq!((seen.target, seen.up), (camera().target, camera().up));
        }
        assert!(orbit.at(0.0, 1.0).position.distance(camera().position) < 1e-5);
    }

    #[test]
    fn a_path_without_keys_rests() {
        let path = FilmCamera::Path(CameraPath::EMPTY, camera());
        assert_eq!(path.at(2.0, 0.4), camera());
        assert_eq!(FilmCamera::Still(camera()).at(2.0, 0.4), camera());
    }
}
