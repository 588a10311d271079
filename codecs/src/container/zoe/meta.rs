//! The facts of a clip that stand in no track: JSON in a box of our own.

use serde_json::{Map, Value, json};

use crate::clip::CameraHint;
use crate::container::v3::{Sidecar, parse_value};
use crate::{Bounds, LayerKind, Thumbnails, UpAxis, limits};

/// JSON values that are looked at: a camera path of 500 keys has about 7 500, and thumbnails two each.
const MAX_VALUES: usize = 40_000;

/// Frames a second as a fraction of whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameRate {
    /// Ticks a second.
    pub numerator: u32,
    /// Ticks of a frame.
    pub denominator: u32,
}

impl FrameRate {
    /// The fraction for a number: exact for whole numbers and for those of television (30000/1001 for
    /// 29.97), else to a thousandth.
    pub fn from_per_second(rate: f64) -> Self {
        let television = (rate * 1.001).round();
        let (mut numerator, mut denominator) = if rate.fract() == 0.0 {
            (rate, 1)
        } else if (television / 1.001 - rate).abs() < 0.006 {
            (1000.0 * television, 1001)
        } else {
            ((1000.0 * rate).round(), 1000)
        };
        numerator = numerator.clamp(1.0, 1e9);
        let mut fraction = Self {
            numerator: numerator as u32,
            denominator,
        };
        for factor in [2, 5] {
            while fraction.numerator.is_multiple_of(factor) && denominator.is_multiple_of(factor) {
                denominator /= factor;
                fraction.numerator /= factor;
            }
        }
        fraction.denominator = denominator;
        fraction
    }

    /// As a number; 0 where it is none.
    pub fn per_second(self) -> f64 {
        if self.denominator == 0 {
            return 0.0;
        }
        f64::from(self.numerator) / f64::from(self.denominator)
    }
}

/// The facts of a clip that its maker knows before its groups are there, and that a copy keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipDescription {
    /// Frames a second.
    pub frame_rate: FrameRate,
    /// SH degree, 0 to 3.
    pub sh_degree: u8,
    /// Which axis points up.
    pub up: UpAxis,
    /// Box around the centres of all Gaussians of all frames.
    pub bounds: Option<Bounds>,
    /// First view.
    pub camera: Option<CameraHint>,
    /// A camera path, a JSON object as the app writes it.
    pub camera_path: Option<String>,
    /// Name for people.
    pub title: Option<String>,
    /// Who made it.
    pub credit: Option<String>,
    /// Under which licence.
    pub licence: Option<String>,
    /// The layers of quality, the base first.
    pub layers: Vec<LayerDescription>,
}

/// A layer of quality of a clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerDescription {
    /// What it adds.
    pub kind: LayerKind,
    /// Name for people ("base", "SH 3").
    pub name: String,
}

impl ClipDescription {
    /// A clip of one layer of which nothing else is known.
    pub fn new(frame_rate: FrameRate, sh_degree: u8) -> Self {
        Self {
            frame_rate,
            sh_degree,
            up: UpAxis::default(),
            bounds: None,
            camera: None,
            camera_path: None,
            title: None,
            credit: None,
            licence: None,
            layers: vec![LayerDescription {
                kind: LayerKind::Gaussians,
                name: "base".to_owned(),
            }],
        }
    }
}

/// Where the pictures lie in their box: the poster first, then the thumbnails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PictureTable {
    pub(super) poster_bytes: Option<u32>,
    pub(super) thumbnails: Option<ThumbnailTable>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ThumbnailTable {
    pub(super) width: u32,
    pub(super) height: u32,
    /// The frame that each shows.
    pub(super) frames: Vec<usize>,
    /// Bytes of each.
    pub(super) bytes: Vec<u32>,
}

impl PictureTable {
    /// Bytes of all pictures together.
    pub(super) fn total_bytes(&self) -> u64 {
        let thumbnails = self.thumbnails.iter().flat_map(|table| &table.bytes);
        self.poster_bytes
            .iter()
            .chain(thumbnails)
            .map(|bytes| u64::from(*bytes))
            .sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.poster_bytes.is_none() && self.thumbnails.is_none()
    }

    pub(super) fn of(poster: Option<&[u8]>, thumbnails: Option<&Thumbnails>) -> Self {
        let bytes = |jpeg: &[u8]| u32::try_from(jpeg.len()).unwrap_or(u32::MAX);
        Self {
            poster_bytes: poster.map(bytes),
            thumbnails: thumbnails.map(|thumbnails| ThumbnailTable {
                width: thumbnails.width,
                height: thumbnails.height,
                frames: thumbnails.frames.clone(),
                bytes: thumbnails.jpegs.iter().map(|jpeg| bytes(jpeg)).collect(),
            }),
        }
    }
}

/// The content of the JSON box.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Meta {
    pub(super) common: Sidecar,
    pub(super) layer_names: Vec<String>,
    pub(super) camera_path: Option<String>,
    pub(super) pictures: PictureTable,
}

/// The JSON text of a clip.
pub(super) fn write_json(description: &ClipDescription, pictures: &PictureTable) -> String {
    let common = Sidecar {
        version: Some(Sidecar::VERSION),
        frame_rate: Some(description.frame_rate.per_second()),
        up: Some(description.up),
        sh_degree: Some(description.sh_degree),
        bounds: description.bounds.map(Into::into),
        camera: description.camera.map(Into::into),
        title: description.title.clone(),
        credit: description.credit.clone(),
        licence: description.licence.clone(),
    };
    let mut root = match serde_json::to_value(&common) {
        Ok(Value::Object(root)) => root,
        _ => Map::new(),
    };
    let FrameRate {
        numerator,
        denominator,
    } = description.frame_rate;
    root.insert(
        "frame_rate_exact".to_owned(),
        json!([numerator, denominator]),
    );
    let names: Vec<&str> = description
        .layers
        .iter()
        .map(|layer| layer.name.as_str())
        .collect();
    root.insert("layers".to_owned(), json!(names));
    // What is no JSON cannot come out again.
    if let Some(path) = description
        .camera_path
        .as_deref()
        .and_then(|path| serde_json::from_str(path).ok())
    {
        root.insert("camera_path".to_owned(), path);
    }
    if let Some(bytes) = pictures.poster_bytes {
        root.insert("poster".to_owned(), json!({"bytes": bytes}));
    }
    if let Some(table) = &pictures.thumbnails {
        let value = json!({
            "width": table.width,
            "height": table.height,
            "frames": table.frames,
            "bytes": table.bytes,
        });
        root.insert("thumbnails".to_owned(), value);
    }
    Value::Object(root).to_string()
}

impl Meta {
    /// Reads the JSON text; what makes no sense in it is left out and told in a sentence each.
    pub(super) fn read(name: &str, json: &[u8]) -> (Self, Vec<String>) {
        let name = format!("{name}'s description");
        if json.len() as u64 > limits::MAX_SIDECAR_BYTES {
            let warning = format!(
                "{name} is ignored: it has {} bytes, and at most {} are read",
                json.len(),
                limits::MAX_SIDECAR_BYTES
            );
            return (Self::default(), vec![warning]);
        }
        let root = match parse_value(json, MAX_VALUES) {
            Ok(Value::Object(root)) => root,
            Ok(_) => {
                return (
                    Self::default(),
                    vec![format!("{name} is no JSON object; it is ignored")],
                );
            }
            Err(reason) => {
                let warning = format!("{name} is ignored: it is no JSON ({reason})");
                return (Self::default(), vec![warning]);
            }
        };
        let (common, mut warnings) = Sidecar::from_object(&name, &root);
        let mut warn = |key: &str| {
            warnings.push(format!(
                "{name}: the value of \"{key}\" makes no sense and is ignored"
            ));
        };
        let layer_names = match root.get("layers") {
            None => Vec::new(),
            Some(value) => read_names(value).unwrap_or_else(|| {
                warn("layers");
                Vec::new()
            }),
        };
        let camera_path = root.get("camera_path").and_then(|path| {
            if !path.is_object() {
                warn("camera_path");
                return None;
            }
            Some(path.to_string())
        });
        let pictures = read_pictures(&root).unwrap_or_else(|key| {
            warn(key);
            PictureTable::default()
        });
        let meta = Self {
            common,
            layer_names,
            camera_path,
            pictures,
        };
        (meta, warnings)
    }
}

fn read_names(value: &Value) -> Option<Vec<String>> {
    let names = value.as_array()?;
    if names.len() > limits::MAX_LAYERS {
        return None;
    }
    names
        .iter()
        .map(|name| {
            let name = name.as_str()?;
            let fits = name.len() <= 100 && !name.chars().any(char::is_control);
            fits.then(|| name.to_owned())
        })
        .collect()
}

/// The pictures, or the key that makes no sense: without one, nothing says where the others lie.
fn read_pictures(root: &Map<String, Value>) -> Result<PictureTable, &'static str> {
    let mut pictures = PictureTable::default();
    if let Some(poster) = root.get("poster") {
        let bytes = poster
            .get("bytes")
            .and_then(|bytes| small(bytes, limits::MAX_POSTER_BYTES));
        pictures.poster_bytes = Some(bytes.ok_or("poster")?);
    }
    if let Some(table) = root.get("thumbnails") {
        pictures.thumbnails = Some(read_thumbnails(table).ok_or("thumbnails")?);
    }
    Ok(pictures)
}

fn read_thumbnails(table: &Value) -> Option<ThumbnailTable> {
    let list = |key: &str, limit: u64| {
        let values = table.get(key)?.as_array()?;
        if values.len() as u64 > limits::MAX_THUMBNAILS {
            return None;
        }
        values
            .iter()
            .map(|value| small(value, limit))
            .collect::<Option<Vec<u32>>>()
    };
    let side =
        |key: &str| small(table.get(key)?, limits::MAX_THUMBNAIL_SIDE).filter(|side| *side > 0);
    let table = ThumbnailTable {
        width: side("width")?,
        height: side("height")?,
        frames: list("frames", limits::MAX_FRAMES)?
            .iter()
            .map(|frame| *frame as usize)
            .collect(),
        bytes: list("bytes", limits::MAX_THUMBNAIL_BYTES)?,
    };
    let fits = table.frames.len() == table.bytes.len() && table.frames.is_sorted_by(|a, b| a < b);
    fits.then_some(table)
}

/// A whole number up to `limit`.
fn small(value: &Value, limit: u64) -> Option<u32> {
    value
        .as_u64()
        .filter(|value| *value <= limit)
        .and_then(|value| u32::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_rates_are_exact_where_they_can_be() {
        for (rate, numerator, denominator) in [
            (30.0, 30, 1),
            (24.0, 24, 1),
            (29.97, 30000, 1001),
            (30000.0 / 1001.0, 30000, 1001),
            (23.976, 24000, 1001),
            (59.94, 60000, 1001),
            (12.5, 25, 2),
            (0.1, 1, 10),
            (1000.0, 1000, 1),
            (10.125, 81, 8),
        ] {
            let fraction = FrameRate {
                numerator,
                denominator,
            };
            assert_eq!(FrameRate::from_per_second(rate), fraction, "{rate}");
        }
    }

    fn description() -> ClipDescription {
        ClipDescription {
            up: UpAxis::PlusY,
            bounds: Some(Bounds {
                min: [-1.0, 0.0, 0.5],
                max: [1.0, 2.0, 0.5],
            }),
            camera: Some(CameraHint {
                position: [0.0, 1.0, -3.0],
                target: [0.0; 3],
                fov_y_degrees: 50.0,
            }),
            camera_path: Some(r#"{"keys":[{"time":0.5}],"version":1}"#.to_owned()),
            title: Some("Dance \u{1f57a}".to_owned()),
            credit: Some("somebody".to_owned()),
            licence: Some("CC0".to_owned()),
            ..ClipDescription::new(FrameRate::from_per_second(24.0), 3)
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let description = description();
        let pictures = PictureTable {
            poster_bytes: Some(1000),
            thumbnails: Some(ThumbnailTable {
                width: 160,
                height: 90,
                frames: vec![0, 30, 60],
                bytes: vec![10, 20, 30],
            }),
        };
        let text = write_json(&description, &pictures);
        let (meta, warnings) = Meta::read("clip", text.as_bytes());
        assert_eq!(warnings, Vec::<String>::new());
        assert_eq!(meta.common.title, description.title);
        assert_eq!(meta.common.frame_rate, Some(24.0));
        assert_eq!(meta.layer_names, ["base"]);
        assert_eq!(meta.camera_path, description.camera_path);
        assert_eq!(meta.pictures.total_bytes(), 1060);
        assert_eq!(meta.pictures, pictures);
    }

    #[test]
    fn every_bad_value_is_one_warning() {
        let read = |text: &str| {
            let (meta, warnings) = Meta::read("clip", text.as_bytes());
            assert!(meta.pictures.is_empty() && meta.layer_names.is_empty());
            assert_eq!(meta.camera_path, None);
            warnings.len()
        };
        assert_eq!(read("{}"), 0);
        assert_eq!(read(""), 1);
        assert_eq!(read("[]"), 1);
        assert_eq!(read(r#"{"layers": ["a", 7]}"#), 1);
        assert_eq!(read(r#"{"camera_path": []}"#), 1);
        assert_eq!(read(r#"{"poster": {"bytes": -1}, "up": "w"}"#), 2);
        for thumbnails in [
            r#""width":0,"height":9,"frames":[0],"bytes":[5]"#,
            r#""width":9,"height":9,"frames":[0,1],"bytes":[5]"#,
            r#""width":9,"height":9,"frames":[1,1],"bytes":[5,5]"#,
            r#""width":9,"height":9,"frames":[1]"#,
        ] {
            assert_eq!(
                read(&format!("{{\"thumbnails\": {{{thumbnails}}}}}")),
                1,
                "{thumbnails}"
            );
        }
    }

    #[test]
    fn every_size_stops_at_its_cap() {
        let warnings = |text: &str| Meta::read("clip", text.as_bytes()).1.len();
        let at_and_past = |limit: u64, text: &dyn Fn(u64) -> String| {
            assert_eq!(warnings(&text(limit)), 0, "{limit} is allowed");
            assert_eq!(warnings(&text(limit + 1)), 1, "{limit} is the limit");
        };
        at_and_past(limits::MAX_SIDECAR_BYTES, &|bytes| {
            format!("{{{}}}", " ".repeat(bytes as usize - 2))
        });
        at_and_past(limits::MAX_POSTER_BYTES, &|bytes| {
            format!("{{\"poster\":{{\"bytes\":{bytes}}}}}")
        });
        at_and_past(limits::MAX_LAYERS as u64, &|layers| {
            json!({"layers": vec!["a"; layers as usize]}).to_string()
        });
        let thumbnails = |width: u64, count: u64, bytes: u64| {
            let frames: Vec<u64> = (0..count).collect();
            let bytes = vec![bytes; count as usize];
            json!({"thumbnails": {"width": width, "height": 1, "frames": frames, "bytes": bytes}})
                .to_string()
        };
        at_and_past(limits::MAX_THUMBNAILS, &|count| thumbnails(9, count, 1));
        at_and_past(limits::MAX_THUMBNAIL_BYTES, &|bytes| {
            thumbnails(9, 2, bytes)
        });
        at_and_past(limits::MAX_THUMBNAIL_SIDE, &|side| thumbnails(side, 1, 1));
    }
}
