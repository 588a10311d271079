//! What the integration tests share.
#![allow(dead_code)]

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use zoetrope_codecs::random::Random;
use zoetrope_codecs::source::{FileSource, MemorySource, Source};
use zoetrope_codecs::{Cancel, SplatCloud, splat};

/// A path in the large test data beside the repository; `None` where it is absent.
pub fn shared_data(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/splats")
        .join(path);
    path.exists().then_some(path)
}

/// A path in the networks of the large test data; `None` where it is absent.
pub fn shared_neural(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/neural")
        .join(path);
    path.exists().then_some(path)
}

/// A path in the small test data of the repository.
pub fn data(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(path)
}

/// Bytes as a source.
pub fn memory(name: &str, bytes: impl Into<Arc<[u8]>>) -> Arc<dyn Source> {
    Arc::new(MemorySource::new(name, bytes))
}

/// Reads the splat file at `path`.
pub fn read_splat(path: PathBuf) -> SplatCloud {
    let source: Arc<dyn Source> = Arc::new(FileSource::open(path).expect("opens"));
    splat::read(&source, &Cancel::new()).expect("reads")
}

/// JSON and binary part of a GLB.
pub fn glb_parts(glb: &[u8]) -> (Value, Vec<u8>) {
    let length = u32::from_le_bytes(glb[12..16].try_into().expect("four")) as usize;
    let json = serde_json::from_slice(&glb[20..20 + length]).expect("is JSON");
    (json, glb[28 + length..].to_vec())
}

/// A GLB of both.
pub fn glb_of(json: &Value, binary: &[u8]) -> Vec<u8> {
    let mut text = json.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    let mut bytes = b"glTF\x02\0\0\0".to_vec();
    bytes.extend((28 + text.len() as u32 + binary.len() as u32).to_le_bytes());
    bytes.extend((text.len() as u32).to_le_bytes());
    bytes.extend(b"JSON");
    bytes.extend(text);
    bytes.extend((binary.len() as u32).to_le_bytes());
    bytes.extend(b"BIN\0");
    bytes.extend(binary);
    bytes
}

/// A clip of a few Gaussians with values that differ everywhere, in any SH degree.
pub fn small_cloud(count: usize, sh_degree: u8) -> SplatCloud {
    let mut cloud = SplatCloud::with_capacity(count, sh_degree);
    for k in 0..count {
        let t = k as f32 / count.max(1) as f32;
        let rest: Vec<[f32; 3]> = (0..cloud.rest_coefficients())
            .map(|j| std::array::from_fn(|channel| (t + j as f32 + 0.3 * channel as f32).sin()))
            .collect();
        cloud.push(
            [t, -2.0 * t, (5.0 * t).cos()],
            [1.0 - t, t, 0.5, -t],
            [0.01 + t, 0.02, 0.03 + 0.1 * t],
            0.1 + 0.8 * t,
            [t, 1.0 - t, 0.5],
            &rest,
        );
    }
    cloud
}

/// How far two clouds may differ.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// World units.
    pub position: f32,
    /// Of a part of the quaternion.
    pub rotation: f32,
    /// Of the natural logarithm.
    pub log_scale: f32,
    pub opacity: f32,
    pub sh_dc: f32,
    pub sh_rest: f32,
}

/// Compares all values of two clouds of the same order. A quaternion and its negative are one.
pub fn assert_within(a: &SplatCloud, b: &SplatCloud, tolerance: &Tolerance) {
    assert_eq!(
        (a.len(), a.sh_degree, a.axes, a.antialiased),
        (b.len(), b.sh_degree, b.axes, b.antialiased)
    );
    let near = |what: &str, k: usize, x: &[f32], y: &[f32], most: f32| {
        for (x, y) in x.iter().zip(y) {
            assert!(
                (x - y).abs() <= most,
                "{what} of {k}: {x} and {y}, more than {most} apart"
            );
        }
    };
    for k in 0..a.len() {
        near(
            "position",
            k,
            &a.positions[k],
            &b.positions[k],
            tolerance.position,
        );
        let same: f32 = a.rotations[k]
            .iter()
            .zip(b.rotations[k])
            .map(|(x, y)| x * y)
            .sum();
        let turned = b.rotations[k].map(|part| part * same.signum());
        near("rotation", k, &a.rotations[k], &turned, tolerance.rotation);
        let log = |cloud: &SplatCloud| cloud.scales[k].map(f32::ln);
        near("scale", k, &log(a), &log(b), tolerance.log_scale);
        near(
            "opacity",
            k,
            &[a.opacities[k]],
            &[b.opacities[k]],
            tolerance.opacity,
        );
        near("colour", k, &a.sh_dc[k], &b.sh_dc[k], tolerance.sh_dc);
        let rest = |cloud: &SplatCloud| cloud.rest_of(k).as_flattened().to_vec();
        near("SH", k, &rest(a), &rest(b), tolerance.sh_rest);
    }
}

/// Random Gaussians that go to the edges: opacity 0 and 1, scales over many powers of ten inside
/// `log_scale`, far positions inside `reach`, colours and SH inside `dc` and `rest`.
pub fn random_cloud(
    seed: u64,
    count: usize,
    sh_degree: u8,
    reach: f32,
    log_scale: [f32; 2],
    [dc, rest]: [f32; 2],
) -> SplatCloud {
    let mut random = Random::new(seed);
    let mut cloud = SplatCloud::with_capacity(count, sh_degree);
    let coefficients = cloud.rest_coefficients();
    for _ in 0..count {
        let mut edge = |low: f32, high: f32| match random.below(6) {
            0 => low,
            1 => high,
            _ => low + (high - low) * random.unit(),
        };
        let position = std::array::from_fn(|_| edge(-reach, reach));
        let mut rotation: [f32; 4] = std::array::from_fn(|_| edge(-1.0, 1.0));
        if rotation == [0.0; 4] {
            rotation[0] = 1.0;
        }
        let scale = std::array::from_fn(|_| edge(log_scale[0], log_scale[1]).exp());
        let opacity = edge(0.0, 1.0);
        let sh_dc = std::array::from_fn(|_| edge(-dc, dc));
        let sh_rest: Vec<[f32; 3]> = (0..coefficients)
            .map(|_| std::array::from_fn(|_| edge(-rest, rest)))
            .collect();
        cloud.push(position, rotation, scale, opacity, sh_dc, &sh_rest);
    }
    cloud
}

/// The Gaussians of `cloud` in the order of those of `model` that they are the nearest to, in place
/// and colour.
pub fn in_order_of(model: &SplatCloud, cloud: &SplatCloud) -> SplatCloud {
    const CELL: f32 = 0.01;
    let cell = |position: [f32; 3]| position.map(|value| (value / CELL).floor() as i32);
    let mut cells: HashMap<[i32; 3], Vec<usize>> = HashMap::new();
    for (k, position) in cloud.positions.iter().enumerate() {
        cells.entry(cell(*position)).or_default().push(k);
    }
    let distance = |k: usize, row: usize| {
        let apart = |a: &[f32; 3], b: &[f32; 3]| -> f32 {
            a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
        };
        apart(&model.positions[row], &cloud.positions[k])
            + 1e-6 * apart(&model.sh_dc[row], &cloud.sh_dc[k])
            + 1e-6 * apart(&model.scales[row], &cloud.scales[k])
    };
    let mut sorted = SplatCloud::with_capacity(model.len(), cloud.sh_degree);
    (sorted.axes, sorted.antialiased) = (cloud.axes, cloud.antialiased);
    for row in 0..model.len() {
        let [x, y, z] = cell(model.positions[row]);
        let around = (0..27).map(|n| [x + n % 3 - 1, y + n / 3 % 3 - 1, z + n / 9 - 1]);
        let near = around
            .filter_map(|cell| cells.get(&cell))
            .flatten()
            .copied();
        let k = near.min_by(|a, b| distance(*a, row).total_cmp(&distance(*b, row)));
        let k = k.unwrap_or_else(|| panic!("nothing near {row}"));
        sorted.push(
            cloud.positions[k],
            cloud.rotations[k],
            cloud.scales[k],
            cloud.opacities[k],
            cloud.sh_dc[k],
            cloud.rest_of(k),
        );
    }
    sorted
}
