//! A camera that is kept.

use glam::Vec3;
use serde::{Deserialize, Serialize};
use zoetrope_codecs::clip::CameraHint;
use zoetrope_render::Camera;

/// Saved views of one clip that are kept.
pub const VIEWS_MAX: usize = 100;
/// Characters of a name that are kept.
pub const NAME_MAX: usize = 80;
/// Largest coordinate that is taken for one: beyond it f32 has no room for a camera's steps.
const COORDINATE_MAX: f32 = 1e7;

/// A camera that makes sense: all numbers are finite and something can be seen through it.
///
/// As JSON, in world space with the field of view in degrees:
///
/// ```json
/// {"position": [0.0, 0.0, -3.0], "target": [0.0, 0.0, 0.0], "up": [0.0, -1.0, 0.0], "fov": 50.0}
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Pose(Camera);

impl Pose {
    /// A pose, if the camera makes sense.
    pub fn new(camera: Camera) -> Option<Self> {
        let near = |v: Vec3| v.is_finite() && v.abs().max_element() <= COORDINATE_MAX;
        let makes_sense = near(camera.position)
            && near(camera.target)
            && near(camera.up)
            && camera.position != camera.target
            && camera.up.length() > 1e-6
            && CameraHint::FOVS_Y_DEGREES.contains(&camera.fov_y.to_degrees());
        makes_sense.then_some(Self(camera))
    }

    /// The camera.
    pub fn camera(&self) -> Camera {
        self.0
    }
}

/// A pose in a file.
#[derive(Serialize, Deserialize)]
struct Written {
    position: [f32; 3],
    target: [f32; 3],
    up: [f32; 3],
    fov: f32,
}

impl TryFrom<Written> for Pose {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let camera = Camera {
            position: written.position.into(),
            target: written.target.into(),
            up: written.up.into(),
            fov_y: written.fov.to_radians(),
        };
        Self::new(camera).ok_or("nothing can be seen through such a camera")
    }
}

impl From<Pose> for Written {
    fn from(pose: Pose) -> Self {
        let camera = pose.0;
        Self {
            position: camera.position.into(),
            target: camera.target.into(),
            up: camera.up.into(),
            fov: camera.fov_y.to_degrees(),
        }
    }
}

/// A pose with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedView {
    /// Name for people.
    pub name: String,
    /// Where from.
    pub pose: Pose,
}

/// A name as it is kept: on one line, without space around it, at most [`NAME_MAX`] characters.
pub fn clean_name(name: &str) -> String {
    let one_line: String = name
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    let mut name: String = one_line.trim().chars().take(NAME_MAX).collect();
    name.truncate(name.trim_end().len());
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera() -> Camera {
        Camera {
            position: Vec3::new(0.1, 2.0, -3.0),
            target: Vec3::ZERO,
            up: Vec3::NEG_Y,
            fov_y: 0.9,
        }
    }

    #[test]
    fn a_pose_survives_json() {
        let pose = Pose::new(camera()).expect("it makes sense");
        let text = serde_json::to_string(&pose).expect("it can be written");
        let back: Pose = serde_json::from_str(&text).expect("it can be read");
        assert_eq!(back.camera().position, camera().position);
        assert!((back.camera().fov_y - 0.9).abs() < 1e-6);
    }

    #[test]
    fn cameras_that_see_nothing_are_no_poses() {
        let broken: [fn(&mut Camera); 6] = [
            |camera| camera.target = camera.position,
            |camera| camera.position.x = f32::NAN,
            |camera| camera.target.y = 1e8,
            |camera| camera.up = Vec3::ZERO,
            |camera| camera.fov_y = 0.0,
            |camera| camera.fov_y = 3.1,
        ];
        for breaks in broken {
            let mut camera = camera();
            breaks(&mut camera);
            assert_eq!(Pose::new(camera), None, "{camera:?}");
        }
        let text = r#"{"position":[0,0,0],"target":[0,0,0],"up":[0,1,0],"fov":50}"#;
        assert!(serde_json::from_str::<Pose>(text).is_err());
    }

    #[test]
    fn names_are_cleaned() {
        assert_eq!(clean_name("  from\nabove "), "from above");
        assert_eq!(clean_name(&"ä".repeat(200)).chars().count(), NAME_MAX);
        assert_eq!(clean_name("\t"), "");
    }
}
