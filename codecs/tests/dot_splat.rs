//! `.splat`: reading, writing, and telling it from everything else.

mod common;

use common::{data, memory, read_splat, shared_data};
use zoetrope_codecs::random::Random;
use zoetrope_codecs::source::{MemorySource, Source};
use zoetrope_codecs::splat::{self, SH_C0, SplatFormat, dot_splat};
use zoetrope_codecs::{Cancel, Error, Input, SplatCloud, limits, open};

fn write(cloud: &SplatCloud) -> Vec<u8> {
    let mut bytes = Vec::new();
    dot_splat::write(cloud, &mut bytes).expect("memory takes everything");
    bytes
}

fn read(bytes: Vec<u8>) -> SplatCloud {
    dot_splat::read(&MemorySource::new("a.splat", bytes), &Cancel::new()).expect("reads")
}

fn colour(dc: [f32; 3]) -> [f32; 3] {
    dc.map(|value| 0.5 + SH_C0 * value)
}

/// Half a turn between two rotations has the cosine 0.
fn turn_cosine(a: [f32; 4], b: [f32; 4]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>().abs()
}

/// Whether `b` is `a` within half a step of what the format stores.
fn assert_within_half_a_step(a: &SplatCloud, k: usize, b: &SplatCloud, like: usize) {
    assert_eq!(a.positions[k], b.positions[like]);
    assert_eq!(a.scales[k], b.scales[like]);
    let half = 0.5 / 255.0 + 1e-6;
    assert!((a.opacities[k] - b.opacities[like]).abs() <= half);
    let (x, y) = (colour(a.sh_dc[k]), colour(b.sh_dc[like]));
    for (x, y) in x.iter().zip(y) {
        assert!((x.clamp(0.0, 1.0) - y).abs() <= half, "{x} and {y}");
    }
    // Half a step of 1/128 in each of four parts is a vector no longer than 1/128, and the turn
    // between unit quaternions no larger than twice the angle of that.
    let cosine = turn_cosine(a.rotations[k], b.rotations[like]);
    assert!(cosine >= (1.0_f32 / 128.0).cos() - 1e-6, "{cosine}");
}

#[test]
fn three_points_are_those_of_the_ply_file() {
    let ply = read_splat(data("train-3points.ply"));
    let splat = read_splat(data("train-3points.splat"));
    assert_eq!((splat.len(), splat.sh_degree, splat.dropped), (3, 0, 0));
    for k in 0..3 {
        assert_eq!(ply.positions[k], splat.positions[k]);
        for (a, b) in ply.scales[k].iter().zip(splat.scales[k]) {
            assert!((a / b - 1.0).abs() < 1e-5, "{a} and {b}");
        }
        // The tool that converted it cuts off instead of rounding.
        assert!((ply.opacities[k] - splat.opacities[k]).abs() <= 1.0 / 255.0 + 1e-6);
        for (a, b) in colour(ply.sh_dc[k]).iter().zip(colour(splat.sh_dc[k])) {
            assert!((a.clamp(0.0, 1.0) - b).abs() <= 1.0 / 255.0 + 1e-6);
        }
        assert!(turn_cosine(ply.rotations[k], splat.rotations[k]) > 0.999);
    }
}

#[test]
fn playbot_is_the_ply_file_sorted() {
    let Some(path) = shared_data("converted/playbot4.splat") else {
        return;
    };
    let splat = read_splat(path);
    let ply = read_splat(shared_data("converted/playbot4.ply").expect("beside it"));
    assert_eq!((splat.len(), splat.dropped), (8406, 0));
    let sorted = |cloud: &SplatCloud| {
        let mut positions: Vec<[u32; 3]> = cloud
            .positions
            .iter()
            .map(|p| p.map(f32::to_bits))
            .collect();
        positions.sort_unstable();
        positions
    };
    assert_eq!(sorted(&splat), sorted(&ply));
}

/// Random Gaussians of every size, with extremes among them.
fn random_cloud(count: usize, seed: u64) -> SplatCloud {
    let mut random = Random::new(seed);
    let mut cloud = SplatCloud::with_capacity(count, 0);
    for k in 0..count {
        let mut signed = |size: f32| size * (2.0 * random.unit() - 1.0);
        let position = [signed(1e3), signed(1.0), signed(1e-3)];
        let mut rotation = [signed(1.0), signed(1.0), signed(1.0), signed(1.0)];
        if k % 7 == 0 {
            rotation = [0.0; 4];
            rotation[k % 4] = if k % 2 == 0 { 1.0 } else { -1.0 };
        }
        let scale = [signed(8.0).exp(), signed(8.0).exp(), signed(8.0).exp()];
        let opacity = match k % 5 {
            0 => 0.0,
            1 => 1.0,
            _ => signed(0.5) + 0.5,
        };
        // Colours beyond what can be shown too.
        let dc = [signed(1.7), signed(1.7), signed(4.0)];
        cloud.push(position, rotation, scale, opacity, dc, &[]);
    }
    cloud
}

#[test]
fn what_is_written_is_read_back_within_half_a_step() {
    for seed in 0..20 {
        let cloud = random_cloud(500, seed);
        let back = read(write(&cloud));
        assert_eq!((back.len(), back.dropped), (500, 0));
        for k in 0..cloud.len() {
            let like = back.positions.iter().position(|p| *p == cloud.positions[k]);
            assert_within_half_a_step(&cloud, k, &back, like.expect("is there"));
        }
    }
}

#[test]
fn the_important_ones_come_first() {
    let back = read(write(&random_cloud(500, 4)));
    let area = |k: usize| {
        let [a, b, c] = back.scales[k];
        (a * b).max(b * c).max(c * a)
    };
    // Opacities were rounded after sorting.
    let half = 0.5 / 255.0;
    for k in 1..back.len() {
        let most = area(k - 1) * (back.opacities[k - 1] + half);
        assert!(most >= area(k) * (back.opacities[k] - half), "row {k}");
    }
}

#[test]
fn what_cannot_be_drawn_is_counted() {
    let good = write(&random_cloud(3, 1));
    let cases: [(usize, [u8; 4]); 3] = [
        (0, f32::NAN.to_le_bytes()),
        (12, f32::INFINITY.to_le_bytes()),
        (28, [128; 4]),
    ];
    for (at, bytes) in cases {
        let mut bad = good.clone();
        bad[32 + at..32 + at + 4].copy_from_slice(&bytes);
        let cloud = read(bad);
        assert_eq!((cloud.len(), cloud.dropped), (3, 1));
        assert_eq!((cloud.opacities[1], cloud.positions[1]), (0.0, [0.0; 3]));
    }
    // The sign of a deviation means nothing.
    let mut negative = good;
    let scale = f32::from_le_bytes(negative[12..16].try_into().expect("four"));
    negative[12..16].copy_from_slice(&(-scale).to_le_bytes());
    assert_eq!(read(negative).scales[0][0], scale);
}

fn format_of(name: &str, bytes: &[u8]) -> Result<SplatFormat, Error> {
    splat::format_of(&memory(name, bytes), &Cancel::new())
}

fn opens(name: &str, bytes: &[u8]) -> Result<usize, String> {
    let input = Input::File(Box::new(MemorySource::new(name, bytes)));
    match open(input, &Cancel::new()) {
        Ok(clip) => Ok(clip.info().gaussians.expect("are counted").max),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn it_is_told_by_its_content() {
    let bytes = write(&random_cloud(300, 2));
    for name in [
        "room.splat",
        "room.SPLAT",
        "room.bin",
        "room",
        "a.splat?x=1",
    ] {
        let format = format_of(name, &bytes).expect("is told");
        assert_eq!(format, SplatFormat::Splat, "{name}");
        assert_eq!(opens(name, &bytes), Ok(300), "{name}");
    }
    // Begins by chance like something else.
    for mark in [
        b"\x1f\x8b".as_slice(),
        b"\x80\x04",
        b"{",
        b" {",
        b"\xff\xd8\xff",
    ] {
        let mut bytes = bytes.clone();
        bytes[..mark.len()].copy_from_slice(mark);
        bytes[3] = 0x3f;
        assert_eq!(opens("room.splat", &bytes), Ok(300), "{mark:?}");
    }
    // Some odd rows are forgiven to a file of that name only.
    let mut odd = bytes.clone();
    odd[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(opens("room.splat", &odd), Ok(300));
    assert!(opens("room.bin", &odd).is_err());
}

#[test]
fn other_files_are_not_taken_for_it() {
    let repeated = |bytes: &[u8]| bytes.repeat(64);
    let integers: Vec<u8> = (0..512_u32).flat_map(u32::to_le_bytes).collect();
    let mut random = Random::new(3);
    let noise: Vec<u8> = (0..512).flat_map(|_| random.bits().to_le_bytes()).collect();
    let sine: Vec<u8> = (0..2048)
        .flat_map(|k: i16| ((2e4 * (f32::from(k) / 20.0).sin()) as i16).to_le_bytes())
        .collect();
    let files = [
        repeated(&[0; 32]),
        repeated(b"0.5 1.25 -3 4 0 0 0 0 0 0 0 0 1\n"),
        repeated(b"<html><head><title>404</title>\r\n"),
        integers,
        noise,
        sine,
    ];
    for (index, bytes) in files.iter().enumerate() {
        for name in ["room.splat", "room"] {
            assert!(format_of(name, bytes).is_err(), "{index} as {name}");
            assert!(opens(name, bytes).is_err(), "{index} as {name}");
        }
    }
}

#[test]
fn a_cut_file_is_told() {
    let bytes = write(&random_cloud(5, 2));
    for length in 0..bytes.len() {
        let cut = &bytes[..length];
        match opens("room.splat", cut) {
            Ok(count) => assert_eq!(32 * count, length),
            Err(message) => {
                assert!(length == 0 || length % 32 != 0, "{length}");
                let told = message.contains("ends in the middle of a Gaussian")
                    || length < 32 && message.contains("cannot be opened");
                assert!(told, "{length}: {message}");
            }
        }
    }
}

#[test]
fn gaussians_are_capped() {
    struct Claim(u64);
    impl Source for Claim {
        fn name(&self) -> &str {
            "claim.splat"
        }
        fn len(&self) -> u64 {
            self.0
        }
        fn read(&self, _: std::ops::Range<u64>, _: &Cancel) -> Result<Vec<u8>, Error> {
            Err(Error::Cancelled)
        }
    }
    let facts = |count: u64| dot_splat::facts(&Claim(32 * count), &Cancel::new());
    let most = facts(limits::MAX_GAUSSIANS).expect("is allowed");
    assert_eq!((most.count, most.sh_degree), (limits::MAX_GAUSSIANS, 0));
    let more = facts(limits::MAX_GAUSSIANS + 1);
    assert!(matches!(more, Err(Error::Limit { .. })), "{more:?}");
    let read = dot_splat::read(&Claim(32 * limits::MAX_GAUSSIANS), &Cancel::new());
    assert!(matches!(read, Err(Error::Cancelled)));
    let read = dot_splat::read(&Claim(32 * limits::MAX_GAUSSIANS + 32), &Cancel::new());
    assert!(matches!(read, Err(Error::Limit { .. })));
}
