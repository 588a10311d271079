//! SPZ: files of every version, damage, bombs, and what is written.

mod common;

use std::io::Write;

use common::{
    Tolerance, assert_within, data, memory, random_cloud, read_splat, shared_data, small_cloud,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use zoetrope_codecs::splat::spz::{self, SpzVersion};
use zoetrope_codecs::splat::{Axes, SplatFormat, facts};
use zoetrope_codecs::{Cancel, Error, Input, Result, SplatCloud, limits, open};

/// Half a step of everything that SPZ rounds, and as much again for what two files were rounded from.
const HALF_A_STEP: Tolerance = Tolerance {
    position: 0.0,
    rotation: 0.71 / 511.0,
    log_scale: 0.5 / 16.0 + 1e-4,
    opacity: 0.5 / 255.0 + 1e-6,
    sh_dc: 0.5 / 255.0 / 0.15 + 1e-5,
    sh_rest: 0.5 / 128.0 + 1e-6,
};

fn read(bytes: Vec<u8>) -> Result<SplatCloud> {
    spz::read(&*memory("a.spz", bytes), &Cancel::new())
}

fn written(cloud: &SplatCloud, version: SpzVersion) -> Vec<u8> {
    let mut bytes = Vec::new();
    spz::write(cloud, &mut bytes, version).expect("memory takes everything");
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

fn header(version: u32, count: u32, [degree, fraction, flags, streams]: [u8; 4]) -> Vec<u8> {
    let mut bytes = b"NGSP".to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend([degree, fraction, flags, streams]);
    bytes
}

/// A file of version 4 of the streams in `raw`, with the sizes that its table claims.
fn plain(head: Vec<u8>, extensions: &[u8], raw: &[&[u8]], claims: &[u64]) -> Vec<u8> {
    let mut bytes = head;
    bytes.extend((32 + extensions.len() as u32).to_le_bytes());
    bytes.extend([0; 12]);
    bytes.extend(extensions);
    let packed: Vec<Vec<u8>> = raw
        .iter()
        .map(|raw| compress_to_vec(*raw, CompressionLevel::Fastest))
        .collect();
    for (packed, claim) in packed.iter().zip(claims) {
        bytes.extend((packed.len() as u64).to_le_bytes());
        bytes.extend(claim.to_le_bytes());
    }
    bytes.extend(packed.concat());
    bytes
}

#[test]
fn one_model_in_four_files() {
    let read = |name: &str| {
        let cloud = read_splat(data(name));
        assert_eq!((cloud.len(), cloud.sh_degree, cloud.dropped), (4, 0, 0));
        assert_eq!((cloud.axes, cloud.antialiased), (Axes::RightUpBack, false));
        cloud
    };
    let raw = read("minimal-raw.spz");
    // By hand out of the bytes: 0xffff00 with 8 bits of fraction is -1, 0x55 of 255 is a third.
    let corners = |z: f32| [[-1.0, 0.0, z], [0.0, 0.0, z], [-1.0, 0.0, 0.0], [0.0; 3]];
    assert_eq!(raw.positions, corners(-1.0));
    assert_eq!(raw.opacities, [230.0 / 255.0; 4]);
    assert!((raw.sh_dc[0][0] + (0.5 - 1.0 / 3.0) / 0.15).abs() < 1e-5);
    assert!((raw.scales[3][2] - (123.0_f32 / 16.0 - 10.0).exp()).abs() < 1e-6);
    assert!((raw.rotations[0][0] - 1.0).abs() < 1e-4);
    assert_eq!(read("minimal-v2.spz"), raw);

    let packed = read("minimal-v3.spz");
    assert_eq!(packed.positions, corners(1.0));
    assert_eq!(packed.rotations, [[1.0, 0.0, 0.0, 0.0]; 4]);
    assert!((packed.sh_dc[0][0] - (105.0 / 255.0 - 0.5) / 0.15).abs() < 1e-5);
    assert_eq!(read("minimal-v4.spz"), packed);
}

#[test]
fn train_3points_is_as_its_ply() {
    let ply = read_splat(data("train-3points.ply")).with_axes(Axes::RightUpBack);
    let spz = read_splat(data("train-3points.spz"));
    // This writer rounds to a byte, then to 5 bits of SH degree 1 and 4 of the others.
    let mut clamped = ply.clone();
    for value in clamped.sh_rest.each_mut().as_flattened_mut() {
        *value = value.clamp(-1.0, 127.0 / 128.0);
    }
    let tolerance = Tolerance {
        position: 0.5 / 4096.0 + 1e-6,
        sh_rest: 8.5 / 128.0,
        ..HALF_A_STEP
    };
    assert_within(&spz, &clamped, &tolerance);
    let source = memory(
        "a",
        std::fs::read(data("train-3points.spz")).expect("is there"),
    );
    let facts = facts(&source, &Cancel::new()).expect("reads");
    assert_eq!(facts.format, SplatFormat::Spz);
    assert_eq!(facts.version.as_deref(), Some("3"));
    assert_eq!((facts.count, facts.sh_degree), (3, 3));
    assert_eq!(facts.axes, Axes::RightUpBack);
    assert_eq!(facts.notes, Vec::<String>::new());
}

/// Half floats of version 1: one that is no number costs its Gaussian, not the rows behind it.
#[test]
fn version_1_has_half_floats() {
    let mut bytes = header(1, 2, [1, 0, 1, 0]);
    let infinite = 0x7c00_u16;
    for half in [0x3e00, 0xc000, 0x3400, 0x3c00, infinite, 0] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend([255, 255]);
    bytes.extend([128; 6]);
    bytes.extend([160; 6]);
    bytes.extend([255, 0, 0, 128, 128, 128].map(|code: u8| code.clamp(64, 192)));
    bytes.extend([0; 9].into_iter().chain([255; 9]));
    for bytes in [gzip(&bytes), bytes] {
        let cloud = read(bytes).expect("reads");
        assert_eq!(cloud.positions, [[1.5, -2.0, 0.25], [0.0; 3]]);
        assert_eq!(cloud.opacities, [1.0, 0.0]);
        assert_eq!((cloud.dropped, cloud.antialiased), (1, true));
        assert_eq!(cloud.scales, [[1.0; 3], [0.0; 3]]);
        assert_eq!(
            cloud.sh_rest.each(),
            [[[-1.0; 3]; 3], [[0.0; 3]; 3]].concat()
        );
        let norm: f32 = cloud.rotations[0].iter().map(|part| part * part).sum();
        assert!((norm - 1.0).abs() < 1e-5);
    }
}

/// Every value comes back within half a step, whatever the Gaussians are.
#[test]
fn what_is_written_is_read_back() {
    let reaches = [1e-6, 0.3, 17.0, 4095.9, 8_388_607.0];
    for (seed, reach) in reaches.into_iter().enumerate() {
        for degree in 0..=3 {
            let scales = [-10.0, 5.9375];
            let colours = [3.333, 127.0 / 128.0];
            // More than one lot of rows.
            let count = if degree == 3 { 20_000 } else { 1000 };
            let mut cloud = random_cloud(seed as u64, count, degree, reach, scales, colours);
            cloud.axes = Axes::RightUpBack;
            cloud.antialiased = degree == 1;
            let bits = (0..=30)
                .rev()
                .find(|bits| reach * 2.0_f32.powi(*bits) <= 8_388_607.0);
            let step = 0.5_f32.powi(bits.expect("0 does"));
            let tolerance = Tolerance {
                position: 0.5 * step + 1e-7 * reach,
                // The largest part has the errors of the three others.
                rotation: 1.6 * std::f32::consts::FRAC_1_SQRT_2 / 511.0,
                ..HALF_A_STEP
            };
            for version in [SpzVersion::V3, SpzVersion::V4] {
                let again = read(written(&cloud, version)).expect("was just written");
                assert_within(&again, &cloud, &tolerance);
            }
        }
    }
}

#[test]
fn what_does_not_fit_becomes_the_nearest_that_does() {
    let mut cloud = SplatCloud::with_capacity(1, 1);
    let (far, rest) = (1e30, [[9.0, -9.0, 0.0]; 3]);
    cloud.push(
        [1.0; 3],
        [1.0; 4],
        [0.0, limits::MAX_SCALE, 1e-30],
        1.0,
        [far, -far, 0.0],
        &rest,
    );
    cloud.axes = Axes::RightUpBack;
    let again = read(written(&cloud, SpzVersion::V3)).expect("was just written");
    let log = again.scales[0].map(f32::ln);
    assert!((log[0] + 10.0).abs() < 1e-4 && (log[1] - 5.9375).abs() < 1e-4);
    assert!((again.sh_dc[0][0] - 0.5 / 0.15).abs() < 1e-4);
    assert_eq!(again.sh_rest.each()[0][..2], [127.0 / 128.0, -1.0]);
    // The last that fits, and the first that does not, on either side.
    for (last, first) in [(-8_388_608.0, -8_388_609.0), (8_388_607.0, 8_388_608.0)] {
        cloud.positions[0][1] = last;
        let again = read(written(&cloud, SpzVersion::V4)).expect("was just written");
        assert_eq!(again.positions[0][1], last);
        cloud.positions[0][1] = first;
        let error = spz::write(&cloud, &mut Vec::new(), SpzVersion::V4).expect_err("is too far");
        assert!(error.to_string().contains(" units"), "{error}");
    }
}

#[test]
fn an_empty_cloud_is_a_file_too() {
    let mut cloud = SplatCloud::with_capacity(0, 3);
    cloud.axes = Axes::RightUpBack;
    for version in [SpzVersion::V3, SpzVersion::V4] {
        assert_eq!(read(written(&cloud, version)).expect("reads"), cloud);
    }
}

/// Degree 4, which only SPZ has, costs its own coefficients and none of the others.
#[test]
fn degree_4_is_read_as_3() {
    let rest: Vec<u8> = (0..144).collect();
    let claims = [18, 2, 6, 6, 8, 144];
    let blocks: [&[u8]; 6] = [&[0; 18], &[9; 2], &[128; 6], &[100; 6], &[0; 8], &rest];
    let bytes = plain(header(4, 2, [4, 10, 0, 6]), &[], &blocks, &claims);
    let cloud = read(bytes.clone()).expect("reads");
    assert_eq!((cloud.len(), cloud.sh_degree), (2, 3));
    let value = |code: f32| code / 128.0 - 1.0;
    assert_eq!(cloud.rest_of(0)[0], [value(0.0), value(1.0), value(2.0)]);
    assert_eq!(
        cloud.rest_of(0)[14],
        [value(42.0), value(43.0), value(44.0)]
    );
    assert_eq!(cloud.rest_of(1)[0], [value(72.0), value(73.0), value(74.0)]);
    let facts = spz::facts(&*memory("a", bytes), &Cancel::new()).expect("reads");
    assert_eq!(facts.sh_degree, 3);
    assert!(
        facts.notes[0].contains("degree 4 are left out"),
        "{:?}",
        facts.notes
    );
}

/// Adobe's record of the coordinate system, in both places where it can stand.
#[test]
fn extensions_tell_the_axes() {
    let record = |system: u32| {
        let mut bytes = vec![2, 0, 0xbe, 0xad, 12, 0, 0, 0];
        bytes.extend([0; 12]);
        bytes.extend([3, 0, 0xbe, 0xad, 4, 0, 0, 0]);
        bytes.extend(system.to_le_bytes());
        bytes
    };
    let claims = [9, 1, 3, 3, 4];
    let blocks: [&[u8]; 5] = [&[0; 9], &[9], &[128; 3], &[100; 3], &[0; 4]];
    for (system, axes, notes) in [
        (4, Axes::RightUpBack, 1),
        (6, Axes::RightDownFront, 1),
        (9, Axes::RightUpBack, 2),
    ] {
        let plain = plain(
            header(4, 1, [0, 10, 2, 5]),
            &record(system),
            &blocks,
            &claims,
        );
        let legacy = [header(3, 1, [0, 10, 2, 0]), blocks.concat(), record(system)].concat();
        for bytes in [plain, gzip(&legacy), legacy] {
            assert_eq!(read(bytes.clone()).expect("reads").axes, axes);
            let facts = spz::facts(&*memory("a", bytes), &Cancel::new()).expect("reads");
            assert_eq!(
                (facts.axes, facts.notes.len()),
                (axes, notes),
                "{:?}",
                facts.notes
            );
        }
    }
}

fn reason(bytes: Vec<u8>) -> String {
    read(bytes).expect_err("is damaged").to_string()
}

#[test]
fn what_is_wrong_is_said() {
    let blocks: [&[u8]; 5] = [&[0; 9], &[9], &[128; 3], &[100; 3], &[0; 4]];
    let claims = [9, 1, 3, 3, 4];
    let whole = plain(header(4, 1, [0, 10, 0, 5]), &[], &blocks, &claims);
    read(whole.clone()).expect("is whole");
    let with = |at: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        reason(bytes)
    };
    assert!(with(4, 5).contains("SPZ version 5; versions 1 to 4"));
    assert!(with(12, 5).contains("SH degree is 5"));
    assert!(with(15, 4).contains("4 streams, not 5"));
    assert!(with(16, 31).contains("inside its header"));
    assert!(with(40, 10).contains("unpacks to 10 bytes, and 1 Gaussians need 9"));
    assert!(with(32, 200).contains("ends inside its streams"));
    assert!(with(112, 0).contains("no zstd stream"));
    assert!(reason(gzip(&whole)).contains("version 4 is not packed with gzip"));
    assert!(reason(gzip(b"hello, this is a text")).contains("no SPZ file that is packed"));
    let lying = header(3, 4_000_000, [3, 12, 0, 0]);
    assert!(reason(lying.clone()).contains("too short for the 4000000 Gaussians"));
    assert!(reason(gzip(&lying)).contains("too short for the 4000000 Gaussians"));
    let short = [header(3, 2, [0, 12, 0, 0]), vec![0; 39]].concat();
    assert!(reason(gzip(&short)).contains("ends too early"));
    // The checksum is all that is wrong.
    let mut bytes = written(&small_cloud(10, 1), SpzVersion::V3);
    let at = bytes.len() - 8;
    bytes[at] ^= 1;
    assert!(reason(bytes).contains("cannot be unpacked"));
}

#[test]
fn every_cut_of_a_packed_file_gives_a_sentence() {
    for version in [SpzVersion::V3, SpzVersion::V4] {
        let bytes = written(&small_cloud(40, 3), version);
        for end in 0..bytes.len() {
            let message = reason(bytes[..end].to_vec());
            assert!(message.starts_with("a.spz "), "{message}");
        }
    }
}

/// A stream that unpacks to far more than its block needs, and one of gzip.
#[test]
fn bombs_are_refused() {
    let bomb = vec![0; 100 << 20];
    let blocks: [&[u8]; 5] = [&bomb, &[9], &[128; 3], &[100; 3], &[0; 4]];
    let bytes = plain(header(4, 1, [0, 10, 0, 5]), &[], &blocks, &[9, 1, 3, 3, 4]);
    let message = reason(bytes);
    assert!(
        message.contains("more in it than its Gaussians need"),
        "{message}"
    );
    // What is behind the blocks of the older versions is not even looked at.
    let legacy = [header(3, 1, [0, 10, 0, 0]), vec![0; 20], bomb].concat();
    assert_eq!(read(gzip(&legacy)).expect("has what it needs").len(), 1);
}

#[test]
fn a_cancelled_read_stops() {
    let cancel = Cancel::new();
    cancel.cancel();
    for version in [SpzVersion::V3, SpzVersion::V4] {
        let source = memory("a", written(&small_cloud(10, 0), version));
        assert!(matches!(
            spz::read(&*source, &cancel),
            Err(Error::Cancelled)
        ));
    }
}

#[test]
fn gzip_of_something_else_is_no_splat_file() {
    let source = memory("a.gz", gzip(b"hello, this is a text"));
    let input = Input::File(Box::new(zoetrope_codecs::source::MemorySource::new(
        "a.gz",
        source.read(0..source.len(), &Cancel::new()).expect("reads"),
    )));
    let error = open(input, &Cancel::new()).err().expect("is none");
    assert!(
        error
            .to_string()
            .contains("packed with gzip; unpack it first"),
        "{error}"
    );
    let clip = Input::from_path(data("minimal-v2.spz")).expect("is there");
    let clip = open(clip, &Cancel::new()).expect("is a clip");
    assert_eq!(clip.info().frame_count, 1);
}

/// The same model in compressed PLY and SPZ: half a step of both.
#[test]
fn biker_is_one_model_in_two_formats() {
    let Some(path) = shared_data("playcanvas/biker.v4.spz") else {
        return;
    };
    let spz = read_splat(path);
    let path = shared_data("playcanvas/biker.compressed.ply").expect("beside it");
    let ply = read_splat(path).with_axes(Axes::RightUpBack);
    assert_eq!((spz.len(), ply.len(), spz.sh_degree), (152_746, 152_746, 0));
    let mut worst = 0.0_f32;
    for (a, b) in spz
        .positions
        .iter()
        .flatten()
        .zip(ply.positions.iter().flatten())
    {
        worst = worst.max((a - b).abs());
    }
    // 12 bits of fraction; the other was made of the same numbers before.
    assert!(worst <= 0.5 / 4096.0 + 1e-6, "{worst}");
}
