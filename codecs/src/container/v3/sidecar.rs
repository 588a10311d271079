//! `zoetrope.json`: what a V3 asset or a sequence of splat files itself cannot say. Ours, optional;
//! other players ignore it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::small_value::parse_value;
use crate::clip::CameraHint;
use crate::container::Warnings;
use crate::source::Folder;
use crate::{Bounds, Cancel, Error, Result, UpAxis, limits};

/// Name of the file.
pub const SIDECAR_NAME: &str = "zoetrope.json";
/// JSON values that are looked at; an honest file has about 30.
const MAX_VALUES: usize = 10_000;

/// The content of `zoetrope.json`. All of it is optional.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sidecar {
    /// Version of this description: [`Sidecar::VERSION`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Frames a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_rate: Option<f64>,
    /// Which axis points up: "+x" … "-z".
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "up_name")]
    pub up: Option<UpAxis>,
    /// SH degree, 0 to 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sh_degree: Option<u8>,
    /// Box around the centres of all Gaussians of all frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounds: Option<SidecarBounds>,
    /// First view.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera: Option<SidecarCamera>,
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<String>,
    /// Under which licence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
}

/// A box in world units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct SidecarBounds {
    pub min: [f32; 3],
    pub max: [f32; 3],
}

impl From<Bounds> for SidecarBounds {
    fn from(Bounds { min, max }: Bounds) -> Self {
        Self { min, max }
    }
}

impl From<SidecarBounds> for Bounds {
    fn from(SidecarBounds { min, max }: SidecarBounds) -> Self {
        Self { min, max }
    }
}

/// A view in world space; see [`CameraHint`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct SidecarCamera {
    pub position: [f32; 3],
    pub target: [f32; 3],
    pub fov_y_degrees: f32,
}

impl From<CameraHint> for SidecarCamera {
    fn from(camera: CameraHint) -> Self {
        Self {
            position: camera.position,
            target: camera.target,
            fov_y_degrees: camera.fov_y_degrees,
        }
    }
}

impl From<SidecarCamera> for CameraHint {
    fn from(camera: SidecarCamera) -> Self {
        Self {
            position: camera.position,
            target: camera.target,
            fov_y_degrees: camera.fov_y_degrees,
        }
    }
}

fn up_name<S: serde::Serializer>(
    up: &Option<UpAxis>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    up.map(UpAxis::name).serialize(serializer)
}

impl Sidecar {
    /// Version that is written.
    pub const VERSION: u32 = 1;

    /// Reads the file in a clip's folder, without which the clip plays as well.
    pub(in crate::container) fn read(
        folder: &dyn Folder,
        warnings: &mut Warnings,
        cancel: &Cancel,
    ) -> Result<Self> {
        let bytes = folder
            .open(SIDECAR_NAME, cancel)
            .and_then(|source| source.read_all(limits::MAX_SIDECAR_BYTES, cancel));
        match bytes {
            Ok(bytes) => {
                let (sidecar, sentences) = Self::parse(SIDECAR_NAME, &bytes);
                warnings.extend(sentences);
                Ok(sidecar)
            }
            Err(Error::Cancelled) => Err(Error::Cancelled),
            Err(error) => {
                if !error.is_not_found() {
                    warnings.push(format!("{SIDECAR_NAME} is ignored: {error}"));
                }
                Ok(Self::default())
            }
        }
    }

    /// Reads the file; what makes no sense in it is left out and told in a sentence each. Unknown
    /// keys are ignored.
    pub fn parse(name: &str, bytes: &[u8]) -> (Self, Vec<String>) {
        match parse_value(bytes, MAX_VALUES) {
            Ok(Value::Object(root)) => Self::from_object(name, &root),
            Ok(_) => (
                Self::default(),
                vec![format!("{name} is no JSON object; it is ignored")],
            ),
            Err(reason) => {
                let warning = format!("{name} is ignored: it is no JSON ({reason})");
                (Self::default(), vec![warning])
            }
        }
    }

    /// As [`Self::parse`], out of an object that may hold more than this.
    pub(in crate::container) fn from_object(
        name: &str,
        root: &serde_json::Map<String, Value>,
    ) -> (Self, Vec<String>) {
        let mut warnings = Vec::new();
        let mut keys = Keys {
            name,
            root,
            warnings: &mut warnings,
        };
        let sidecar = Self {
            version: keys.take("version", |_: &u32| true),
            frame_rate: keys.take("frame_rate", |rate| limits::FRAME_RATES.contains(rate)),
            up: keys
                .take("up", |up: &String| UpAxis::parse(up).is_some())
                .and_then(|up| UpAxis::parse(&up)),
            sh_degree: keys.take("sh_degree", |degree| *degree <= 3),
            bounds: keys.bounds(),
            camera: keys.camera(),
            title: keys.text("title"),
            credit: keys.text("credit"),
            licence: keys.text("licence"),
        };
        if sidecar
            .version
            .is_some_and(|version| version > Self::VERSION)
        {
            warnings.push(format!(
                "{name} was written by a newer version; what is new in it is ignored"
            ));
        }
        (sidecar, warnings)
    }

    /// The text of the file. Numbers that are not finite become `null`.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// Takes keys out of an object, with a warning for each that makes no sense.
struct Keys<'a> {
    name: &'a str,
    root: &'a serde_json::Map<String, Value>,
    warnings: &'a mut Vec<String>,
}

impl Keys<'_> {
    fn take<T: DeserializeOwned>(&mut self, key: &str, fits: impl Fn(&T) -> bool) -> Option<T> {
        let value = self.root.get(key).filter(|value| !value.is_null())?;
        let parsed = T::deserialize(value).ok().filter(fits);
        if parsed.is_none() {
            self.warn(key);
        }
        parsed
    }

    fn warn(&mut self, key: &str) {
        self.warnings.push(format!(
            "{}: the value of \"{key}\" makes no sense and is ignored",
            self.name
        ));
    }

    fn text(&mut self, key: &str) -> Option<String> {
        self.take(key, |text: &String| {
            text.len() <= 4096
                && !text
                    .chars()
                    .any(|letter| letter.is_control() && letter != '\n')
        })
    }

    fn bounds(&mut self) -> Option<SidecarBounds> {
        let value = self.root.get("bounds").filter(|value| !value.is_null())?;
        let bounds = vector(&value["min"])
            .zip(vector(&value["max"]))
            .map(|(min, max)| SidecarBounds { min, max })
            .filter(|bounds| !Bounds::from(*bounds).is_empty());
        if bounds.is_none() {
            self.warn("bounds");
        }
        bounds
    }

    fn camera(&mut self) -> Option<SidecarCamera> {
        let value = self.root.get("camera").filter(|value| !value.is_null())?;
        let camera = vector(&value["position"])
            .zip(vector(&value["target"]))
            .zip(value["fov_y_degrees"].as_f64())
            .map(|((position, target), fov)| SidecarCamera {
                position,
                target,
                fov_y_degrees: fov as f32,
            })
            .filter(|camera| CameraHint::from(*camera).makes_sense());
        if camera.is_none() {
            self.warn("camera");
        }
        camera
    }
}

/// Three finite numbers.
fn vector(value: &Value) -> Option<[f32; 3]> {
    <[f32; 3] as serde::Deserialize>::deserialize(value)
        .ok()
        .filter(|vector| vector.iter().all(|part| part.is_finite()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let sidecar = Sidecar {
            version: Some(Sidecar::VERSION),
            frame_rate: Some(24.0),
            up: Some(UpAxis::PlusY),
            sh_degree: Some(3),
            bounds: Some(SidecarBounds {
                min: [-1.0, 0.0, 0.5],
                max: [1.0, 2.0, 0.5],
            }),
            camera: Some(SidecarCamera {
                position: [0.0, 1.0, -3.0],
                target: [0.0; 3],
                fov_y_degrees: 50.0,
            }),
            title: Some("Monkey".to_owned()),
            credit: Some("somebody".to_owned()),
            licence: Some("MIT".to_owned()),
        };
        let text = sidecar.to_json();
        assert!(text.contains("\"+y\""), "{text}");
        assert_eq!(Sidecar::parse("s", text.as_bytes()), (sidecar, Vec::new()));
        let empty = Sidecar::default();
        assert_eq!(
            Sidecar::parse("s", empty.to_json().as_bytes()),
            (empty, Vec::new())
        );
    }

    #[test]
    fn every_bad_value_is_one_warning() {
        let text = br#"{"version": "x", "frame_rate": NaN, "up": "w", "sh_degree": 4,
            "bounds": {"min": [1, 1, 1], "max": [0, 2, 2]}, "camera": {"position": [0, 0]},
            "title": 7, "credit": null, "licence": "MIT", "future": {"deep": [1, 2]}}"#;
        let (sidecar, warnings) = Sidecar::parse("s", text);
        assert_eq!(warnings.len(), 6, "{warnings:?}");
        let expected = Sidecar {
            licence: Some("MIT".to_owned()),
            ..Sidecar::default()
        };
        assert_eq!(sidecar, expected);
        for rate in ["0", "-30", "1e9", "\"30\"", "true"] {
            let (sidecar, warnings) =
                Sidecar::parse("s", format!("{{\"frame_rate\": {rate}}}").as_bytes());
            assert_eq!((sidecar.frame_rate, warnings.len()), (None, 1), "{rate}");
        }
    }

    #[test]
    fn text_that_is_no_object_is_one_warning() {
        for text in ["", "[", "[]", "7", "{\"a\": [", "\u{0}"] {
            let (sidecar, warnings) = Sidecar::parse("s", text.as_bytes());
            assert_eq!((sidecar, warnings.len()), (Sidecar::default(), 1), "{text}");
        }
    }
}
