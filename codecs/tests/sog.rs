//! SOG files that are written, read back.

mod common;

use common::{data, memory, read_splat, shared_data, small_cloud};
use zoetrope_codecs::random::Random;
use zoetrope_codecs::source::{FileFolder, MemoryFolder, ZipFolder};
use zoetrope_codecs::splat::{self, SplatFormat, sog};
use zoetrope_codecs::{Cancel, Error, SplatCloud};

fn written(cloud: &SplatCloud) -> Vec<u8> {
    let mut bytes = Vec::new();
    sog::write(cloud, &mut bytes, &Cancel::new()).expect("memory takes everything");
    bytes
}

fn read_back(cloud: &SplatCloud) -> SplatCloud {
    let source = memory("test.sog", written(cloud));
    splat::read(&source, &Cancel::new()).expect("reads")
}

/// The code books and ranges of a model, as they stand in its `meta.json`.
fn meta(cloud: &SplatCloud) -> serde_json::Value {
    let files = sog::files(cloud, &Cancel::new()).expect("can be written");
    assert_eq!(files[0].0, "meta.json");
    serde_json::from_slice(&files[0].1).expect("is JSON")
}

fn book(meta: &serde_json::Value, attribute: &str) -> Vec<f32> {
    let book = meta[attribute]["codebook"].as_array().expect("has one");
    assert_eq!(book.len(), 256);
    book.iter()
        .map(|value| value.as_f64().expect("is a number") as f32)
        .collect()
}

/// Half of the step between the two entries around `value`, and some for rounding.
fn half_step(book: &[f32], value: f32) -> f32 {
    let above = book.partition_point(|entry| *entry < value).clamp(1, 255);
    0.501 * (book[above] - book[above - 1]) + 1e-6 * (1.0 + value.abs())
}

/// Random Gaussians with extremes; SH coefficients come out of `patterns` sets of them.
fn random_cloud(seed: u64, count: usize, sh_degree: u8, patterns: usize) -> SplatCloud {
    let mut random = Random::new(seed);
    let mut cloud = SplatCloud::with_capacity(count, sh_degree);
    let rest = cloud.rest_coefficients();
    let sets: Vec<Vec<[f32; 3]>> = (0..patterns)
        .map(|_| {
            let mut set = || [random.normal(), random.normal(), random.normal()];
            (0..rest).map(|_| set()).collect()
        })
        .collect();
    let extent = 10.0_f32.powf(8.0 * random.unit() - 2.0);
    for k in 0..count {
        let scale = [0; 3].map(|_: i32| 10.0_f32.powf(6.0 * random.unit() - 5.0));
        let mut rotation = [0; 4].map(|_: i32| random.normal());
        if k % 17 == 0 {
            rotation = [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, -1.0, 0.0]][k / 17 % 2];
        }
        cloud.push(
            [0; 3].map(|_: i32| extent * random.normal().powi(3)),
            rotation,
            scale,
            [0.0, 1.0, random.unit()][k % 3],
            [0; 3].map(|_: i32| 2.0 * random.normal()),
            &sets[k % patterns],
        );
    }
    cloud.dropped = 0;
    cloud
}

/// The row of `back` that each row of `cloud` became. Rows are told by their number, which hides in
/// positions on a line, where Morton order is the order of the line.
fn on_a_line(mut cloud: SplatCloud) -> SplatCloud {
    let count = cloud.len() as f32;
    for (k, position) in cloud.positions.iter_mut().enumerate() {
        *position = [k as f32 / count, 0.0, -1.0];
    }
    cloud
}

fn same_rotation(a: [f32; 4], b: [f32; 4]) -> f32 {
    let dot: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    let sign = dot.signum();
    let apart = a.iter().zip(b).map(|(a, b)| (a - sign * b).abs());
    apart.fold(0.0, f32::max)
}

#[test]
fn what_is_written_is_read_back_within_its_steps() {
    for (seed, degree) in [(1, 0), (2, 1), (3, 2), (4, 3), (5, 3)] {
        let cloud = on_a_line(random_cloud(seed, 700, degree, 40));
        let (back, meta) = (read_back(&cloud), meta(&cloud));
        assert_eq!((back.len(), back.dropped), (cloud.len(), 0));
        assert_eq!(back.sh_degree, degree);
        let (scales, colours) = (book(&meta, "scales"), book(&meta, "sh0"));
        let rests = (degree > 0).then(|| book(&meta, "shN"));
        for k in 0..cloud.len() {
            // Three parts within half a step of sqrt(2) / 255 leave the largest, at least 1/2, within
            // three times as much.
            assert!(same_rotation(cloud.rotations[k], back.rotations[k]) < 0.0085);
            assert!((cloud.opacities[k] - back.opacities[k]).abs() < 0.501 / 255.0);
            for part in 0..3 {
                let (a, b) = (cloud.scales[k][part].ln(), back.scales[k][part].ln());
                assert!((a - b).abs() <= half_step(&scales, a) + 2e-6, "{a} and {b}");
                let (a, b) = (cloud.sh_dc[k][part], back.sh_dc[k][part]);
                assert!((a - b).abs() <= half_step(&colours, a), "{a} and {b}");
            }
            let rest = cloud.rest_of(k).as_flattened();
            for (a, b) in rest.iter().zip(back.rest_of(k).as_flattened()) {
                let step = half_step(rests.as_deref().expect("has SH"), *a);
                assert!((a - b).abs() <= step, "{a} and {b}");
            }
        }
    }
}

#[test]
fn positions_are_within_half_a_step_at_any_scale() {
    for seed in 10..16 {
        let cloud = random_cloud(seed, 400, 0, 1);
        let back = read_back(&cloud);
        let logarithm = |value: f32| f64::from(value.signum()) * f64::from(value.abs()).ln_1p();
        for axis in 0..3 {
            let sorted = |cloud: &SplatCloud| {
                let values = cloud.positions.iter().map(|at| logarithm(at[axis]));
                let mut values: Vec<f64> = values.collect();
                values.sort_by(f64::total_cmp);
                values
            };
            // Rounding keeps the order, so sorted coordinates belong together.
            let (a, b) = (sorted(&cloud), sorted(&back));
            let step = (a[399] - a[0]) / 65535.0;
            for (a, b) in a.iter().zip(&b) {
                assert!((a - b).abs() <= 0.501 * step + 2e-6, "{a} and {b}");
            }
        }
    }
}

#[test]
fn extremes_survive() {
    let mut cloud = SplatCloud::default();
    for (position, scale) in [(0.0, 0.0), (1e17, 1e5), (-1e17, 1e-30)] {
        let rotation = [0.0, 0.0, 0.0, -1.0];
        cloud.push([position; 3], rotation, [scale; 3], 1.0, [-1e4; 3], &[]);
    }
    let back = read_back(&cloud);
    assert_eq!((back.len(), back.dropped), (3, 0));
    let mut scales: Vec<f32> = back.scales.iter().map(|scale| scale[0]).collect();
    scales.sort_by(f32::total_cmp);
    assert!(scales[0] < 1e-37 && (scales[1] / 1e-30 - 1.0).abs() < 1e-4);
    assert!((scales[2] / 1e5 - 1.0).abs() < 1e-4);
    assert!(back.sh_dc.iter().all(|colour| *colour == [-1e4; 3]));

    let empty = read_back(&SplatCloud::default());
    assert!(empty.is_empty());
    let mut one = small_cloud(1, 3);
    one.antialiased = true;
    let back = read_back(&one);
    assert!(back.antialiased && back.sh_degree == 3);
    assert_eq!(back.positions, one.positions);
    assert_eq!(back.sh_rest, one.sh_rest);
}

#[test]
fn what_is_not_finite_is_refused() {
    let mut cloud = small_cloud(4, 1);
    cloud.sh_rest.each_mut()[5][1] = f32::NAN;
    let error = sog::write(&cloud, &mut Vec::new(), &Cancel::new()).expect_err("cannot be written");
    assert!(matches!(error, Error::Write { .. }), "{error}");
    let cancel = Cancel::new();
    cancel.cancel();
    let error = sog::write(&small_cloud(4, 1), &mut Vec::new(), &cancel).expect_err("is cancelled");
    assert!(matches!(error, Error::Cancelled));
}

#[test]
fn a_model_is_the_same_when_it_is_written_again() {
    let cloud = read_splat(data("wave_0001.sog"));
    let bytes = written(&cloud);
    assert_eq!(bytes, written(&cloud));
    let source = memory("wave.sog", bytes);
    let facts = splat::facts(&source, &Cancel::new()).expect("reads");
    assert_eq!(facts.format, SplatFormat::Sog);
    assert_eq!((facts.count, facts.version.as_deref()), (4225, Some("2")));
    let back = splat::read(&source, &Cancel::new()).expect("reads");
    let bounds = (cloud.bounds(), back.bounds());
    for (a, b) in bounds.0.max.iter().zip(bounds.1.max) {
        assert!((a - b).abs() < 1e-3);
    }
    // The model has at most 256 different codes for each attribute: they come back as they are.
    let sorted = |cloud: &SplatCloud| {
        let mut values = cloud.sh_dc.clone();
        values.sort_by(|a, b| a.partial_cmp(b).expect("are finite"));
        values
    };
    assert_eq!(sorted(&cloud), sorted(&back));
}

#[test]
fn the_files_make_a_folder_and_an_archive() {
    let cloud = small_cloud(100, 2);
    let mut folder = MemoryFolder::new("model");
    for (name, bytes) in sog::files(&cloud, &Cancel::new()).expect("can be written") {
        folder.insert(name, bytes);
    }
    let cancel = Cancel::new();
    let from_folder = sog::read(&folder, &cancel).expect("reads");
    let archive = ZipFolder::open(memory("model.sog", written(&cloud)), &cancel).expect("opens");
    assert_eq!(from_folder, sog::read(&archive, &cancel).expect("reads"));
}

/// Root of the mean squared difference of SH coefficients beyond DC between a real model and what
/// comes back of it, relative to that of the coefficients themselves.
#[test]
fn a_real_palette_comes_near() {
    let Some(folder) = shared_data("playcanvas/playbot_streamed_sog/3_0") else {
        return;
    };
    let cancel = Cancel::new();
    let folder = FileFolder::open(&folder).expect("opens");
    let cloud = on_a_line(sog::read(&folder, &cancel).expect("reads"));
    let back = read_back(&cloud);
    let square = |values: &mut dyn Iterator<Item = f32>| -> f64 {
        values.map(|value| f64::from(value).powi(2)).sum()
    };
    let (a, b) = (cloud.sh_rest.each(), back.sh_rest.each());
    let (a, b) = (a.as_flattened(), b.as_flattened());
    let error = square(&mut a.iter().zip(b).map(|(a, b)| a - b));
    let all = square(&mut a.iter().copied());
    let relative = (error / all).sqrt();
    assert!(relative < 0.12, "{relative}");
}
