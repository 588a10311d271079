//! Writing.

use std::io;

use serde_json::{Value, json};

use super::super::{SH_C0, SplatCloud};
use super::{EXTENSION, GLB_MAGIC};
use crate::{Error, Result};

const FLOAT: u32 = 5126;
const UNSIGNED_BYTE: u32 = 5121;
/// Buffer views hold vertex attributes.
const ARRAY_BUFFER: u32 = 34962;
/// Gaussians whose bytes are put together at a time.
const PIECE_ROWS: usize = 8192;

/// Writes a GLB file with one primitive of Gaussians, in the cloud's own space, which ought to be
/// [`Axes::RightUpBack`](super::super::Axes). Programs that do not know the extension show points
/// in the right colours.
///
/// # Errors
/// [`Error::Write`] for a cloud without Gaussians, which glTF does not have, and what `out` says.
pub fn write(cloud: &SplatCloud, out: &mut impl io::Write) -> Result<()> {
    if cloud.is_empty() {
        return Err(Error::Write {
            reason: "there are no Gaussians, and a glTF model has at least one".to_owned(),
        });
    }
    let columns = columns(cloud.sh_degree);
    let mut json = json(cloud, &columns).to_string().into_bytes();
    json.resize(json.len().next_multiple_of(4), b' ');
    let binary_bytes: usize = columns
        .iter()
        .map(|column| column.bytes() * cloud.len())
        .sum();
    let too_large = |_| Error::Write {
        reason: "a GLB file holds less than 4 GiB; write another format".to_owned(),
    };
    let length = u32::try_from(12 + 8 + json.len() + 8 + binary_bytes).map_err(too_large)?;
    let mut head = GLB_MAGIC.to_vec();
    head.extend(2_u32.to_le_bytes());
    head.extend(length.to_le_bytes());
    head.extend((json.len() as u32).to_le_bytes());
    head.extend(b"JSON");
    head.extend(json);
    head.extend((binary_bytes as u32).to_le_bytes());
    head.extend(b"BIN\0");
    write_all(cloud, &columns, &head, out).map_err(|error| Error::write(&error))
}

fn write_all(
    cloud: &SplatCloud,
    columns: &[Column],
    head: &[u8],
    out: &mut impl io::Write,
) -> io::Result<()> {
    out.write_all(head)?;
    let mut bytes = Vec::new();
    for column in columns {
        for first in (0..cloud.len()).step_by(PIECE_ROWS) {
            bytes.clear();
            for k in first..cloud.len().min(first + PIECE_ROWS) {
                column.pack(cloud, k, &mut bytes);
            }
            out.write_all(&bytes)?;
        }
    }
    Ok(())
}

/// An attribute.
#[derive(Clone, Copy, PartialEq)]
enum Column {
    Position,
    /// For those who do not know the extension.
    Colour,
    Rotation,
    Scale,
    Opacity,
    /// SH degree 0.
    Dc,
    /// SH degree, and number in it.
    Rest(u8, u8),
}

fn columns(sh_degree: u8) -> Vec<Column> {
    let rest = (1..=sh_degree)
        .flat_map(|degree| (0..=2 * degree).map(move |number| Column::Rest(degree, number)));
    let first = [
        Column::Position,
        Column::Colour,
        Column::Rotation,
        Column::Scale,
        Column::Opacity,
        Column::Dc,
    ];
    first.into_iter().chain(rest).collect()
}

impl Column {
    fn name(self) -> String {
        match self {
            Self::Position => "POSITION".to_owned(),
            Self::Colour => "COLOR_0".to_owned(),
            Self::Rotation => format!("{EXTENSION}:ROTATION"),
            Self::Scale => format!("{EXTENSION}:SCALE"),
            Self::Opacity => format!("{EXTENSION}:OPACITY"),
            Self::Dc => format!("{EXTENSION}:SH_DEGREE_0_COEF_0"),
            Self::Rest(degree, number) => format!("{EXTENSION}:SH_DEGREE_{degree}_COEF_{number}"),
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Colour | Self::Rotation => "VEC4",
            Self::Opacity => "SCALAR",
            _ => "VEC3",
        }
    }

    /// Bytes of a Gaussian.
    fn bytes(self) -> usize {
        match self {
            Self::Colour | Self::Opacity => 4,
            Self::Rotation => 16,
            _ => 12,
        }
    }

    fn pack(self, cloud: &SplatCloud, k: usize, bytes: &mut Vec<u8>) {
        let mut put = |values: &[f32]| {
            for value in values {
                bytes.extend_from_slice(&value.to_le_bytes());
            }
        };
        match self {
            Self::Position => put(&cloud.positions[k]),
            Self::Rotation => {
                let [w, x, y, z] = cloud.rotations[k];
                put(&[x, y, z, w]);
            }
            Self::Scale => put(&cloud.scales[k]),
            Self::Opacity => put(&[cloud.opacities[k]]),
            Self::Dc => put(&cloud.sh_dc[k]),
            Self::Rest(degree, number) => {
                let index = usize::from(degree * degree - 1 + number);
                put(&cloud.rest_of(k)[index]);
            }
            Self::Colour => {
                let linear = cloud.sh_dc[k].map(|value| decode(0.5 + SH_C0 * value));
                let [red, green, blue] = linear;
                let values = [red, green, blue, cloud.opacities[k]];
                bytes.extend(values.map(|value| (value * 255.0).round() as u8));
            }
        }
    }
}

/// A linear value out of one in sRGB (IEC 61966-2-1).
fn decode(value: f32) -> f32 {
    let value = value.clamp(0.0, 1.0);
    if value <= 0.040_45 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

fn json(cloud: &SplatCloud, columns: &[Column]) -> Value {
    let count = cloud.len();
    let mut offset = 0;
    let mut views = Vec::new();
    let mut accessors = Vec::new();
    for (number, column) in columns.iter().enumerate() {
        let bytes = column.bytes() * count;
        views.push(json!({
            "buffer": 0, "byteOffset": offset, "byteLength": bytes, "target": ARRAY_BUFFER,
        }));
        offset += bytes;
        let is_colour = *column == Column::Colour;
        let mut accessor = json!({
            "bufferView": number, "count": count, "type": column.kind(),
            "componentType": if is_colour { UNSIGNED_BYTE } else { FLOAT },
        });
        if is_colour {
            accessor["normalized"] = true.into();
        }
        if *column == Column::Position {
            let ends = |pick: fn(f32, f32) -> f32| -> [f32; 3] {
                cloud
                    .positions
                    .iter()
                    .fold(cloud.positions[0], |ends, position| {
                        std::array::from_fn(|axis| pick(ends[axis], position[axis]))
                    })
            };
            accessor["min"] = json!(ends(f32::min));
            accessor["max"] = json!(ends(f32::max));
        }
        accessors.push(accessor);
    }
    let attributes: serde_json::Map<String, Value> = columns
        .iter()
        .enumerate()
        .map(|(number, column)| (column.name(), number.into()))
        .collect();
    let mut splatting = json!({
        "kernel": "ellipse", "colorSpace": "srgb_rec709_display",
        "projection": "perspective", "sortingMethod": "cameraDistance",
    });
    if cloud.antialiased {
        splatting["extras"] = json!({ "antialiased": true });
    }
    json!({
        "asset": { "version": "2.0", "generator": "Zoetrope" },
        "extensionsUsed": [EXTENSION],
        "scene": 0,
        "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0 }],
        "meshes": [{ "primitives": [{
            "mode": 0,
            "attributes": attributes,
            "extensions": { EXTENSION: splatting },
        }] }],
        "buffers": [{ "byteLength": offset }],
        "bufferViews": views,
        "accessors": accessors,
    })
}
