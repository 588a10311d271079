//! .ksplat: every compression level, damage, caps.

mod common;

use common::{Tolerance, assert_within, data, in_order_of, memory, read_splat, shared_data};
use zoetrope_codecs::splat::{Axes, SplatFormat, facts, ksplat};
use zoetrope_codecs::{Cancel, Result, SplatCloud};

fn read(bytes: Vec<u8>) -> Result<SplatCloud> {
    ksplat::read(&*memory("a.ksplat", bytes), &Cancel::new())
}

/// A section of as many Gaussians as there are `rows`, with `room` for more.
struct Section {
    count: u32,
    room: u32,
    degree: u16,
    /// Capacity, number, full ones.
    buckets: [u32; 3],
    body: Vec<u8>,
}

fn file(level: u16, claimed: u32, sections: &[Section]) -> Vec<u8> {
    let mut bytes = vec![0; 4096 + 1024 * sections.len()];
    bytes[1] = 1;
    let mut put = |at: usize, value: u32| bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    put(4, sections.len() as u32);
    put(16, claimed);
    put(20, u32::from(level));
    put(36, (-2.0_f32).to_bits());
    put(40, 2.0_f32.to_bits());
    for (number, section) in sections.iter().enumerate() {
        let at = 4096 + 1024 * number;
        let [capacity, count, full] = section.buckets;
        put(at, section.count);
        put(at + 4, section.room);
        put(at + 8, capacity);
        put(at + 12, count);
        put(at + 16, 8.0_f32.to_bits());
        put(at + 20, 12);
        put(at + 24, 1000);
        put(at + 32, full);
        put(at + 36, count - full);
        put(at + 40, u32::from(section.degree));
    }
    for section in sections {
        bytes.extend(&section.body);
    }
    bytes
}

/// Position in steps, scale 1, no rotation, white, opacity 0.2, then SH.
fn row(position: [u16; 3], sh: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = position
        .iter()
        .flat_map(|code| code.to_le_bytes())
        .collect();
    for half in [0x3c00_u16, 0x3c00, 0x3c00, 0x3c00, 0, 0, 0] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend([255, 255, 255, 51]);
    bytes.extend(sh);
    bytes
}

#[test]
fn minimal_is_as_its_spz() {
    let cloud = read_splat(data("minimal.ksplat"));
    let spz = read_splat(data("minimal-v3.spz")).with_axes(Axes::RightDownFront);
    let tolerance = Tolerance {
        position: 1e-6,
        // Balls, whose rotation that file has in another order than all others.
        rotation: 2.0,
        log_scale: 0.5 / 16.0 + 1e-3,
        opacity: 1.0 / 255.0,
        sh_dc: 1.0 / 255.0 / 0.15,
        sh_rest: 0.0,
    };
    assert_within(&cloud, &spz, &tolerance);
    let source = memory(
        "a",
        std::fs::read(data("minimal.ksplat")).expect("is there"),
    );
    let facts = facts(&source, &Cancel::new()).expect("reads");
    assert_eq!(facts.format, SplatFormat::Ksplat);
    assert_eq!(facts.version.as_deref(), Some("0.1, compression level 0"));
    assert_eq!((facts.count, facts.sh_degree), (4, 0));
    assert_eq!((facts.axes, facts.notes.len()), (Axes::RightDownFront, 0));
}

/// Two sections, buckets full and not, room behind the first, another SH degree in the second.
#[test]
fn sections_and_buckets() {
    let centres = |all: &[[f32; 3]]| -> Vec<u8> {
        all.as_flattened()
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    };
    let plain = [
        1_u32.to_le_bytes().to_vec(),
        centres(&[[10.0, 0.0, 0.0], [20.0, 0.0, 0.0]]),
        row([1000, 0, 2000], &[]),
        row([1500, 1000, 1000], &[]),
        row([1000, 1000, 1250], &[]),
        // Room for one more.
        vec![0xff; 24],
    ];
    let sh: Vec<u8> = (0..9).map(|code| code * 25).collect();
    let lit = [
        1_u32.to_le_bytes().to_vec(),
        centres(&[[0.0, 0.0, -5.0]]),
        row([1000; 3], &sh),
    ];
    let section = |count, room, degree, buckets, body: &[Vec<u8>]| Section {
        count,
        room,
        degree,
        buckets,
        body: body.concat(),
    };
    let bytes = file(
        2,
        9,
        &[
            section(3, 4, 0, [2, 2, 1], &plain),
            section(1, 1, 1, [2, 1, 0], &lit),
        ],
    );
    let cloud = read(bytes.clone()).expect("reads");
    // A step is 8 / 2 / 1000 units.
    assert_eq!(
        cloud.positions,
        [
            [10.0, -4.0, 4.0],
            [12.0, 0.0, 0.0],
            [20.0, 0.0, 1.0],
            [0.0, 0.0, -5.0]
        ]
    );
    assert_eq!((cloud.sh_degree, cloud.dropped), (1, 0));
    assert_eq!((cloud.scales[3], cloud.opacities[3]), ([1.0; 3], 0.2));
    assert!((cloud.sh_dc[0][1] - 0.5 / 0.282_094_8).abs() < 1e-5);
    assert_eq!(cloud.rest_of(0), [[0.0; 3]; 3]);
    // Channel by channel in the file.
    let value = |code: f32| -2.0 + code / 255.0 * 4.0;
    assert_eq!(
        cloud.rest_of(3)[1],
        [value(25.0), value(100.0), value(175.0)]
    );
    let facts = ksplat::facts(&*memory("a", bytes.clone()), &Cancel::new()).expect("reads");
    assert!(facts.notes[0].contains("speaks of 9 Gaussians, and its sections hold 4"));
    for end in 0..bytes.len() {
        assert!(read(bytes[..end].to_vec()).is_err(), "{end}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let whole = std::fs::read(data("minimal.ksplat")).expect("is there");
    let with = |at: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        read(bytes).expect_err("is damaged").to_string()
    };
    assert!(with(1, 2).contains("version 0.2, compression level 0"));
    assert!(with(20, 3).contains("compression level 3"));
    assert!(with(4096 + 40, 3).contains("SH degree is 3"));
    assert!(with(4096, 5).contains("ends before the last of its 5"));
    // As level 1 all of it would fit, but there is no bucket for the last.
    let mut bytes = whole.clone();
    bytes[20] = 1;
    bytes[4096 + 8] = 3;
    let error = read(bytes).expect_err("is damaged");
    assert!(error.to_string().contains("buckets"), "{error}");
}

/// One model in all three levels and as the PLY it was made of.
#[test]
fn playbot_is_one_model_in_three_levels() {
    let Some(path) = shared_data("converted/playbot4.ply") else {
        return;
    };
    let mut ply = read_splat(path);
    for scale in ply.scales.as_flattened_mut() {
        *scale = scale.max(1e-4);
    }
    // Bytes end at black and white.
    for value in ply.sh_dc.as_flattened_mut() {
        *value = value.clamp(-0.5 / 0.282_094_8, 0.5 / 0.282_094_8);
    }
    for level in 0..3 {
        let path = shared_data(&format!("converted/playbot4.c{level}.ksplat"));
        let mut cloud = read_splat(path.expect("beside it"));
        assert_eq!((cloud.len(), cloud.sh_degree, cloud.dropped), (8406, 2, 0));
        // Blocks of 5 units have 65 534 steps; a half float has 11 bits, and is rounded down.
        let coarse = if level == 0 { 0.0 } else { 1.0 };
        let tolerance = Tolerance {
            position: coarse * 0.5 * 5.0 / 65_534.0 + 1e-6,
            rotation: coarse / 1024.0 + 1e-5,
            log_scale: coarse / 1024.0 + 1e-5,
            // Rounded down.
            opacity: 1.0 / 255.0 + 1e-5,
            sh_dc: 1.0 / 255.0 / 0.282 + 1e-4,
            // Rounded down as well.
            sh_rest: [1e-6, 2e-3, 1.01 * 4.06 / 255.0][level],
        };
        // Below this, half floats have fewer bits.
        for scale in cloud.scales.as_flattened_mut() {
            *scale = scale.max(1e-4);
        }
        assert_within(&in_order_of(&ply, &cloud), &ply, &tolerance);
    }
}
