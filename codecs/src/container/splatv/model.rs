//! What a file holds, and where its Gaussians are at a time.

use half::f16;
use serde::Deserialize;

use super::{DURATION_S, MAGIC};
use crate::clip::CameraHint;
use crate::container::moving::Motion;
use crate::source::Source;
use crate::splat::SH_C0;
use crate::{Cancel, Error, Result, SplatCloud, limits};

/// Bytes of a Gaussian.
const ROW_BYTES: usize = 64;
/// Share of its opacity below which a Gaussian is not drawn.
const CUTOFF: f32 = 0.02;

/// One Gaussian as it is stored.
type Row = [u8; ROW_BYTES];

/// All Gaussians.
pub(super) struct Model {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(rename = "type")]
    kind: String,
    size: u64,
    #[serde(default)]
    cameras: Vec<Camera>,
}

/// A camera of the training data, as INRIA's `cameras.json` has them.
#[derive(Deserialize)]
struct Camera {
    #[serde(default)]
    height: f32,
    /// Centre, world space.
    position: [f32; 3],
    /// Camera space to world space; the third column points forward.
    rotation: [[f32; 3]; 3],
    #[serde(default)]
    fy: f32,
}

impl Model {
    /// Reads a file, and the first view that it asks for.
    pub(super) fn read(source: &dyn Source, cancel: &Cancel) -> Result<(Self, Option<CameraHint>)> {
        let name = source.name();
        let head = source.read(0..source.len().min(8), cancel)?;
        let length = head
            .strip_prefix(&MAGIC)
            .and_then(|rest| <[u8; 4]>::try_from(rest).ok())
            .map(|bytes| u64::from(u32::from_le_bytes(bytes)))
            .ok_or_else(|| Error::malformed(name, "it is no splaTV file"))?;
        limits::check(name, "bytes of JSON", length, limits::MAX_SPLATV_JSON_BYTES)?;
        let json = source.read(8..8 + length, cancel)?;
        let chunks: Vec<Chunk> = serde_json::from_slice(&json).map_err(|error| {
            Error::malformed(name, format!("its list of chunks cannot be read ({error})"))
        })?;
        let mut at = 8 + length;
        for chunk in chunks {
            let end = at.saturating_add(chunk.size);
            if chunk.kind != "splat" {
                at = end;
                continue;
            }
            let count = chunk.size / ROW_BYTES as u64;
            limits::check_gaussians(name, count)?;
            let bytes = source.read(at..at + count * ROW_BYTES as u64, cancel)?;
            let (rows, _) = bytes.as_chunks::<ROW_BYTES>();
            let mut rows = rows.to_vec();
            // The last row of the texture is filled up with zeros.
            let used = rows.iter().rposition(|row| *row != [0; ROW_BYTES]);
            rows.truncate(used.map_or(0, |last| last + 1));
            let camera = chunk.cameras.first().and_then(|camera| hint(camera, &rows));
            return Ok((Self { rows }, camera));
        }
        Err(Error::malformed(name, "it has no chunk of splats"))
    }

    pub(super) fn count(&self) -> usize {
        self.rows.len()
    }
}

impl Motion for Model {
    fn at(&mut self, time_s: f64, cancel: &Cancel) -> Result<SplatCloud> {
        let time = (time_s / DURATION_S) as f32;
        let mut cloud = SplatCloud::with_capacity(self.rows.len(), 0);
        for (k, row) in self.rows.iter().enumerate() {
            if k % 65536 == 0 {
                cancel.check()?;
            }
            let [moment, length] = [half(row, 30), half(row, 31)];
            let delta = time - moment;
            let share = (-(delta / length).powi(2)).exp();
            // Not a number at the very moment of one without any length, which is always there.
            if share < CUTOFF {
                continue;
            }
            let share = if share.is_nan() && delta == 0.0 {
                1.0
            } else {
                share
            };
            let powers = [delta, delta * delta, delta * delta * delta];
            let motion = |axis: usize| -> f32 {
                let terms = powers.iter().enumerate();
                terms
                    .map(|(power, factor)| half(row, 16 + 3 * power + axis) * factor)
                    .sum()
            };
            let position = std::array::from_fn(|axis| float(row, axis) + motion(axis));
            let rotation =
                std::array::from_fn(|part| half(row, 6 + part) + half(row, 26 + part) * delta);
            let [red, green, blue, alpha] = [28, 29, 30, 31].map(|at| f32::from(row[at]) / 255.0);
            cloud.push(
                position,
                rotation,
                std::array::from_fn(|axis| half(row, 10 + axis)),
                alpha * share,
                [red, green, blue].map(|colour| (colour - 0.5) / SH_C0),
                &[],
            );
        }
        Ok(cloud)
    }
}

/// The half with the number `at`, counted from the start of a row.
fn half(row: &Row, at: usize) -> f32 {
    f16::from_le_bytes([row[2 * at], row[2 * at + 1]]).to_f32()
}

/// The float with the number `at`, counted from the start of a row.
fn float(row: &Row, at: usize) -> f32 {
    f32::from_le_bytes(std::array::from_fn(|byte| row[4 * at + byte]))
}

/// A view through a camera, which turns around the point on its axis nearest to the middle of
/// everything.
fn hint(camera: &Camera, rows: &[Row]) -> Option<CameraHint> {
    let forward = camera.rotation.map(|row| row[2]);
    let count = rows.len().max(1) as f32;
    let middle: [f32; 3] =
        std::array::from_fn(|axis| rows.iter().map(|row| float(row, axis) / count).sum());
    let distance: f32 = (0..3)
        .map(|axis| (middle[axis] - camera.position[axis]) * forward[axis])
        .sum();
    let distance = if distance > 0.0 { distance } else { 1.0 };
    let fov_y = 2.0 * (0.5 * camera.height / camera.fy).atan().to_degrees();
    let hint = CameraHint {
        position: camera.position,
        target: std::array::from_fn(|axis| camera.position[axis] + distance * forward[axis]),
        fov_y_degrees: if fov_y.is_finite() { fov_y } else { 60.0 },
    };
    hint.makes_sense().then_some(hint)
}
