//! Splat files against what is known of them, and formats against each other.

mod common;
#[path = "../fuzz/src/entry.rs"]
#[allow(dead_code)]
mod entry;

use common::{data, memory, read_splat, shared_data, small_cloud};
use zoetrope_codecs::source::FileFolder;
use zoetrope_codecs::splat::{self, SplatFormat, ply, sog};
use zoetrope_codecs::{Cancel, Error, SplatCloud};

fn read_bytes(bytes: Vec<u8>) -> Result<SplatCloud, Error> {
    splat::read(&memory("test.ply", bytes), &Cancel::new())
}

fn to_ply(cloud: &SplatCloud) -> Vec<u8> {
    let mut bytes = Vec::new();
    ply::write(cloud, &mut bytes).expect("memory takes everything");
    bytes
}

/// Compares all values, with a tolerance for logarithms and back.
fn assert_close(a: &SplatCloud, b: &SplatCloud, tolerance: f32) {
    assert_eq!((a.len(), a.sh_degree), (b.len(), b.sh_degree));
    let flat = |cloud: &SplatCloud| -> Vec<f32> {
        let mut values = cloud.opacities.clone();
        values.extend(cloud.positions.as_flattened());
        values.extend(cloud.rotations.as_flattened());
        values.extend(cloud.scales.as_flattened());
        values.extend(cloud.sh_dc.as_flattened());
        values.extend(cloud.sh_rest.each().as_flattened());
        values
    };
    for (index, (x, y)) in flat(a).iter().zip(flat(b)).enumerate() {
        assert!((x - y).abs() <= tolerance, "value {index}: {x} and {y}");
    }
}

#[test]
fn train_3points_is_read() {
    let cloud = read_splat(data("train-3points.ply"));
    assert_eq!((cloud.len(), cloud.sh_degree, cloud.dropped), (3, 3, 0));
    // Independently decoded: the first vertex's raw bytes.
    let bytes = std::fs::read(data("train-3points.ply")).expect("is there");
    let body = &bytes[bytes.len() - 3 * 62 * 4..];
    let raw = |column: usize| {
        f32::from_le_bytes(body[4 * column..4 * column + 4].try_into().expect("four"))
    };
    assert_eq!(cloud.positions[0], [raw(0), raw(1), raw(2)]);
    assert_eq!(cloud.sh_dc[0], [raw(6), raw(7), raw(8)]);
    // Coefficient 1 of all channels: channel-major columns 0, 15 and 30 of the rest.
    assert_eq!(cloud.rest_of(0)[0], [raw(9), raw(24), raw(39)]);
    assert!((cloud.opacities[0] - 1.0 / (1.0 + (-raw(54)).exp())).abs() < 1e-6);
    assert!((cloud.scales[0][2] - raw(57).exp()).abs() < 1e-6);
}

#[test]
fn what_is_written_is_read_back() {
    for degree in 0..=3 {
        let mut cloud = small_cloud(300, degree);
        cloud.antialiased = degree == 1;
        let back = read_bytes(to_ply(&cloud)).expect("reads");
        assert_close(&cloud, &back, 1e-5);
        assert_eq!(back.antialiased, degree == 1);
        assert_eq!(back.dropped, 0);
    }
}

#[test]
fn extremes_survive_writing() {
    let mut cloud = SplatCloud::default();
    for opacity in [0.0, 1.0] {
        cloud.push(
            [0.0; 3],
            [1.0, 0.0, 0.0, 0.0],
            [0.0; 3],
            opacity,
            [0.0; 3],
            &[],
        );
    }
    let back = read_bytes(to_ply(&cloud)).expect("reads");
    assert_eq!(back.dropped, 0);
    assert!(back.opacities[0] < 1e-6 && back.opacities[1] > 0.999_99);
}

/// Body values by column name, so that a test can write them in any order and type.
const COLUMNS: [(&str, f32); 14] = [
    ("rot_3", 0.0),
    ("rot_2", 0.0),
    ("rot_1", 1.0),
    ("rot_0", 0.0),
    ("opacity", 0.0),
    ("x", 1.0),
    ("y", 2.0),
    ("z", 3.0),
    ("scale_0", 0.0),
    ("scale_1", -1.0),
    ("scale_2", -2.0),
    ("f_dc_0", 0.25),
    ("f_dc_1", 0.5),
    ("f_dc_2", 0.75),
];

fn check_columns(cloud: &SplatCloud, flat: bool) {
    assert_eq!(cloud.len(), 1);
    assert_eq!(cloud.positions[0], [1.0, 2.0, 3.0]);
    assert_eq!(cloud.rotations[0], [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(cloud.opacities[0], 0.5);
    assert_eq!(cloud.sh_dc[0], [0.25, 0.5, 0.75]);
    let thickness = if flat { 0.0 } else { (-2.0_f32).exp() };
    assert_eq!(cloud.scales[0], [1.0, (-1.0_f32).exp(), thickness]);
}

fn header(format: &str, kind: &str, columns: &[(&str, f32)]) -> String {
    let mut text = format!("ply\r\nformat {format} 1.0\r\nelement vertex 1\r\n");
    for (name, _) in columns {
        text.push_str(&format!("property {kind} {name}\r\n"));
    }
    text + "end_header\r\n"
}

#[test]
fn text_big_endian_and_doubles_in_any_order() {
    let text = COLUMNS.map(|(_, value)| value.to_string()).join(" ");
    let ascii = header("ascii", "float", &COLUMNS) + &text + "\n";
    check_columns(&read_bytes(ascii.into_bytes()).expect("reads text"), false);

    let mut big = header("binary_big_endian", "float32", &COLUMNS).into_bytes();
    big.extend(COLUMNS.iter().flat_map(|(_, value)| value.to_be_bytes()));
    check_columns(&read_bytes(big).expect("reads big-endian"), false);

    let mut doubles = header("binary_little_endian", "double", &COLUMNS).into_bytes();
    doubles.extend(
        COLUMNS
            .iter()
            .flat_map(|(_, value)| f64::from(*value).to_le_bytes()),
    );
    check_columns(&read_bytes(doubles).expect("reads doubles"), false);
}

#[test]
fn extra_columns_and_elements_in_front_are_skipped() {
    let mut text = String::from(
        "ply\nformat ascii 1.0\ncomment antialiased 1\nelement camera 2\nproperty uchar id\n\
         property int16 view\nelement vertex 1\nproperty uchar red\n",
    );
    for (name, _) in COLUMNS {
        text.push_str(&format!("property float {name}\n"));
    }
    text.push_str("property int label\nelement face 0\nproperty list uchar int vertices\n");
    let values = COLUMNS.map(|(_, value)| value.to_string()).join("\n");
    text.push_str(&format!("end_header\n7 8 7 8 255 {values} 12\n"));
    let cloud = read_bytes(text.into_bytes()).expect("reads");
    check_columns(&cloud, false);
    assert!(cloud.antialiased);
}

#[test]
fn without_scale_2_it_is_flat() {
    let columns: Vec<_> = COLUMNS
        .into_iter()
        .filter(|(name, _)| *name != "scale_2")
        .collect();
    let mut bytes = header("binary_little_endian", "float", &columns).into_bytes();
    bytes.extend(columns.iter().flat_map(|(_, value)| value.to_le_bytes()));
    check_columns(&read_bytes(bytes).expect("reads"), true);
}

#[test]
fn a_mesh_and_a_wrong_number_of_sh_columns_are_told() {
    let mesh = "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\n\
                property float z\nend_header\n1 2 3\n";
    let message = read_bytes(mesh.into()).expect_err("is a mesh").to_string();
    assert!(message.contains("mesh or a point cloud"), "{message}");

    let mut columns = COLUMNS.to_vec();
    columns.push(("f_rest_0", 0.0));
    let odd = header("ascii", "float", &columns);
    let message = read_bytes(odd.into()).expect_err("is odd").to_string();
    assert!(message.contains("1 columns f_rest_*"), "{message}");
}

#[test]
fn wave_sog_in_the_repository_is_read() {
    let source = memory(
        "wave.sog",
        std::fs::read(data("wave_0001.sog")).expect("is there"),
    );
    let facts = splat::facts(&source, &Cancel::new()).expect("has facts");
    assert_eq!(
        (facts.format, facts.count, facts.sh_degree),
        (SplatFormat::Sog, 4225, 0)
    );
    let cloud = splat::read(&source, &Cancel::new()).expect("reads");
    assert_eq!((cloud.len(), cloud.dropped), (4225, 0));
    let (stored, found) = (facts.bounds.expect("SOG has them"), cloud.bounds());
    for axis in 0..3 {
        assert!((stored.min[axis] - found.min[axis]).abs() < 1e-3);
        assert!((stored.max[axis] - found.max[axis]).abs() < 1e-3);
    }
}

#[test]
fn real_counts_and_boxes() {
    let Some(biker) = shared_data("playcanvas/biker.compressed.ply") else {
        return;
    };
    let cloud = read_splat(biker);
    assert_eq!((cloud.len(), cloud.dropped), (152_746, 0));
    let bounds = cloud.bounds();
    assert!((bounds.min[1] + 3.18).abs() < 0.01 && bounds.max[1].abs() < 0.01);

    let logo = shared_data("playcanvas/logo_sog_v1").expect("beside biker");
    let folder = FileFolder::open(logo).expect("opens");
    let logo = sog::read(&folder, &Cancel::new()).expect("reads");
    assert_eq!((logo.len(), logo.sh_degree), (307_128, 0));
    assert!((logo.bounds().max[0] - 0.930_115_f32.exp_m1()).abs() < 1e-3);

    let monkey = shared_data("seq_monkey_sog/monkey_0001.sog").expect("beside biker");
    let monkey = read_splat(monkey);
    assert_eq!((monkey.len(), monkey.dropped), (31_658, 0));
    assert!(
        monkey
            .opacities
            .iter()
            .all(|opacity| (opacity - 0.596).abs() < 0.001)
    );

    let train = shared_data("train-1000.inria.ply").expect("beside biker");
    let train = read_splat(train);
    assert_eq!((train.len(), train.sh_degree), (1000, 3));
}

/// The same model in three formats, converted by third-party tools.
#[test]
fn playbot_agrees_between_formats() {
    let Some(path) = shared_data("converted/playbot4.ply") else {
        return;
    };
    let reference = read_splat(path);
    let compressed =
        read_splat(shared_data("converted/playbot4.compressed.ply").expect("beside it"));
    let folder = shared_data("playcanvas/playbot_streamed_sog/4_0").expect("beside it");
    let folder = FileFolder::open(folder).expect("opens");
    let sog = sog::read(&folder, &Cancel::new()).expect("reads");
    let facts = sog::facts(&folder, &Cancel::new()).expect("has facts");
    assert_eq!((facts.count, facts.sh_degree), (8406, 2));
    for other in [&sog, &compressed] {
        assert_eq!((other.len(), other.sh_degree), (8406, 2));
        let worst = worst_difference(&reference, other);
        // Position, rotation, scale relative, opacity, DC, rest.
        let tolerances = [0.002, 0.01, 0.05, 0.005, 0.02, 0.05];
        for (difference, tolerance) in worst.iter().zip(tolerances) {
            assert!(*difference <= tolerance, "{worst:?}");
        }
    }
}

/// Largest difference between each Gaussian and its like in the other cloud. Rows may be sorted
/// otherwise, so the like is the one whose values are nearest.
fn worst_difference(a: &SplatCloud, b: &SplatCloud) -> [f32; 6] {
    let key = |cloud: &SplatCloud, k: usize| {
        let mut values = cloud.positions[k].to_vec();
        values.extend(cloud.sh_dc[k].map(|value| 0.1 * value));
        values.extend(cloud.scales[k].map(|value| 0.1 * value.ln()));
        values.push(0.1 * cloud.opacities[k]);
        values
    };
    let distance =
        |x: &[f32], y: &[f32]| -> f32 { x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum() };
    let largest = |x: &[f32], y: &[f32]| {
        x.iter()
            .zip(y)
            .map(|(x, y)| (x - y).abs())
            .fold(0.0, f32::max)
    };
    let keys: Vec<_> = (0..b.len()).map(|k| key(b, k)).collect();
    let mut worst = [0.0_f32; 6];
    for k in (0..a.len()).step_by(97) {
        let wanted = key(a, k);
        let like = (0..b.len())
            .min_by(|x, y| distance(&keys[*x], &wanted).total_cmp(&distance(&keys[*y], &wanted)))
            .expect("is not empty");
        let dot: f32 = a.rotations[k]
            .iter()
            .zip(b.rotations[like])
            .map(|(x, y)| x * y)
            .sum();
        let differences = [
            largest(&a.positions[k], &b.positions[like]),
            1.0 - dot.abs(),
            largest(&a.scales[k].map(f32::ln), &b.scales[like].map(f32::ln)),
            (a.opacities[k] - b.opacities[like]).abs(),
            largest(&a.sh_dc[k], &b.sh_dc[like]),
            largest(a.rest_of(k).as_flattened(), b.rest_of(like).as_flattened()),
        ];
        worst = std::array::from_fn(|index| worst[index].max(differences[index]));
    }
    worst
}

/// Values of a SOG model made for the purpose, worked out by hand from its pixels.
#[test]
fn both_versions_of_sog_are_read_to_the_value() {
    let near = |found: f32, wanted: f64| {
        assert!(
            (f64::from(found) - wanted).abs() < 1e-5,
            "{found}, not {wanted}"
        );
    };
    for version in [1, 2] {
        let folder = entry::tiny_sog(version);
        let facts = sog::facts(&folder, &Cancel::new()).expect("has facts");
        assert_eq!((facts.count, facts.sh_degree), (6, 1));
        let cloud = sog::read(&folder, &Cancel::new()).expect("reads");
        assert_eq!((cloud.len(), cloud.sh_degree, cloud.dropped), (6, 1, 0));
        assert_eq!(cloud.antialiased, version == 2);
        // x: low byte 1, high byte 10 of pixel 0, between -1 and 1, then exp(|v|) - 1 with sign.
        let x: f64 = -1.0 + f64::from(10 * 256 + 1) / 65535.0 * 2.0;
        near(cloud.positions[0][0], -((-x).exp() - 1.0));
        let z: f64 = -3.0 + f64::from(200 * 256 + 3) / 65535.0 * 6.0;
        near(cloud.positions[0][2], z.exp() - 1.0);
        // Quaternion bytes 128, 100, 90 are x, y, z; w is the largest.
        let part = |code: f64| (code / 255.0 - 0.5) * std::f64::consts::SQRT_2;
        let (qx, qy, qz) = (part(128.0), part(100.0), part(90.0));
        near(
            cloud.rotations[0][0],
            (1.0 - qx * qx - qy * qy - qz * qz).sqrt(),
        );
        near(cloud.rotations[0][3], qz);
        // Code books run from -3 in steps of 0.01; version 1 has ranges instead.
        let (scale, red, opacity, rest) = if version == 1 {
            let logit = -4.0 + 200.0 / 255.0 * 8.0_f64;
            let opacity = 1.0 / (1.0 + (-logit).exp());
            (
                -3.0 + 20.0 / 255.0 * 2.0,
                -1.0 + 50.0 / 255.0 * 2.0,
                opacity,
                -0.5 + 121.0 / 255.0,
            )
        } else {
            (-2.8, -2.5, 200.0 / 255.0, -3.0 + 1.21)
        };
        near(cloud.scales[0][0], f64::exp(scale));
        near(cloud.sh_dc[0][0], red);
        near(cloud.opacities[0], opacity);
        // Gaussian 3 has label 40: entries 120, 121, 122 of the palette; red is the entry's number.
        near(cloud.rest_of(3)[1][0], rest);
    }
}

/// The largest part left out of a packed rotation can be any of the four.
#[test]
fn every_largest_part_is_put_back() {
    for largest in 0..4_u32 {
        let mut bytes = std::fs::read(data("tiny.compressed.ply")).expect("is there");
        // Rows: 2 chunks of 18 floats, then the first vertex: position, rotation.
        let end = bytes
            .windows(11)
            .position(|w| w == b"end_header\n")
            .expect("has one")
            + 11;
        let at = end + 2 * 18 * 4 + 4;
        let word = largest << 30 | 512 << 20 | 700 << 10 | 300;
        bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        let rotation = read_bytes(bytes).expect("reads").rotations[0];
        let part = |code: f32| (code / 1023.0 - 0.5) * std::f32::consts::SQRT_2;
        let mut expected = vec![part(512.0), part(700.0), part(300.0)];
        let square: f32 = expected.iter().map(|part| part * part).sum();
        expected.insert(largest as usize, (1.0 - square).sqrt());
        for (found, expected) in rotation.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{largest}: {rotation:?}");
        }
    }
}

#[test]
fn compressed_chunks_have_their_own_ranges() {
    let cloud = read_splat(data("tiny.compressed.ply"));
    assert_eq!((cloud.len(), cloud.sh_degree, cloud.dropped), (260, 1, 0));
    // The second chunk, from Gaussian 256 on, has z from -2 to 4, the first from -3 to 3.
    let z = |from: usize, to: usize| cloud.positions[from..to].iter().map(|p| p[2]);
    assert!(z(0, 256).all(|z| (-3.0..=3.0).contains(&z)) && z(0, 256).any(|z| z < -2.0));
    assert!(z(256, 260).all(|z| (-2.0..=4.0).contains(&z)));
    // SH bytes are (7 i + k) mod 256, channel-major: Gaussian 1, coefficient 2, green is i = 5.
    let expected = ((36.0 + 0.5) / 256.0 - 0.5) * 8.0;
    assert!((cloud.rest_of(1)[2][1] - expected).abs() < 1e-6);
}
