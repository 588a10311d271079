//! Clips of Gaussians that move by formulas: `.4dgs` and `.splatv`.

mod common;

use common::{data, memory, shared_data};
use half::f16;
use zoetrope_codecs::container::MovingDemuxer;
use zoetrope_codecs::container::{four_dgs, splatv};
use zoetrope_codecs::splat::{Axes, SH_C0};
use zoetrope_codecs::{
    Cancel, ClipKind, Demuxer, Error, GroupPayload, Input, Result, SplatCloud, UpAxis, open,
};

fn frame(clip: &mut dyn Demuxer, number: usize) -> SplatCloud {
    let packets = clip.read_group(number, &Cancel::new()).expect("reads");
    assert_eq!(packets.frames, number..number + 1);
    match packets.payload {
        GroupPayload::SplatFile { cloud, .. } => *cloud,
        other => panic!("{other:?} is no cloud"),
    }
}

fn open_4dgs(bytes: Vec<u8>) -> Result<MovingDemuxer> {
    four_dgs::open(memory("test.4dgs", bytes), &Cancel::new())
}

/// Sums of what is visible at some frames, as the format's reference decoder (fourdgs 0.6.0) gives
/// them: count, centres, quaternions x, y, z, w, and opacities.
type Reference = (usize, usize, [f64; 3], [f64; 4], f64);
const REFERENCE: [Reference; 5] = [
    (
        0,
        242,
        [-2.6773, -12.3779, -4.2312],
        [58.1642, 37.8876, 47.344, 63.0548],
        66.5591,
    ),
    (
        30,
        486,
        [-6.3766, 0.387, 17.3494],
        [82.3333, 91.5439, 95.708, 105.9894],
        122.2072,
    ),
    (
        45,
        455,
        [-8.8312, 5.7818, 2.1746],
        [70.7973, 89.9833, 82.6283, 98.7482],
        123.0619,
    ),
    (
        100,
        454,
        [-10.227, 4.4066, -9.8577],
        [92.1589, 78.1919, 88.0172, 98.7214],
        122.1252,
    ),
    (
        239,
        252,
        [-3.0783, 5.092, 1.2708],
        [54.3264, 54.2301, 40.3591, 40.5059],
        67.3579,
    ),
];

#[test]
fn a_real_4dgs_file_is_what_its_reference_decoder_says() {
    let Some(path) = shared_data("converted/synth5000.4dgs") else {
        return;
    };
    let mut clip = open(Input::from_path(path).expect("is there"), &Cancel::new()).expect("opens");
    let info = clip.info();
    assert_eq!((info.kind, info.frame_count), (ClipKind::MovingSplats, 240));
    assert_eq!((info.sh_degree, info.codec.as_str()), (0, "4DGS"));
    assert!(info.warnings.is_empty(), "{:?}", info.warnings);
    for (number, count, centres, quaternions, opacities) in REFERENCE {
        let cloud = frame(&mut *clip, number);
        assert_eq!((cloud.len(), cloud.dropped), (count, 0), "frame {number}");
        let close = |a: f64, b: f64| assert!((a - b).abs() < 2e-3, "{a} and {b} in frame {number}");
        for axis in 0..3 {
            let sum = cloud.positions.iter().map(|at| f64::from(at[axis])).sum();
            close(sum, centres[axis]);
        }
        for (part, expected) in [1, 2, 3, 0].into_iter().zip(quaternions) {
            let sum = cloud
                .rotations
                .iter()
                .map(|turn| f64::from(turn[part]))
                .sum();
            close(sum, expected);
        }
        close(
            cloud.opacities.iter().map(|o| f64::from(*o)).sum(),
            opacities,
        );
    }
    // Any frame by itself: the last one was asked for just now.
    assert_eq!(frame(&mut *clip, 30).len(), 486);
}

/// Six Gaussians with SH degree 2, written by the reference encoder in several chunks.
#[test]
fn both_ways_of_packing_and_spherical_harmonics_are_read() {
    for name in ["4dgs/deflate.4dgs", "4dgs/zstd.4dgs"] {
        let bytes = std::fs::read(data(name)).expect("is there");
        let mut clip = open_4dgs(bytes).expect("opens");
        assert_eq!((clip.info().frame_count, clip.info().sh_degree), (30, 2));
        let cloud = frame(&mut clip, 18);
        assert_eq!(cloud.len(), 5);
        // The reference's number 4 at 0.6 s, and its bytes of SH.
        let row = (0..5).find(|k| (cloud.positions[*k][0] + 0.0281).abs() < 1e-4);
        let row = row.expect("is there");
        let near = |a: &[f32], b: &[f32]| {
            assert!(
                a.iter().zip(b).all(|(a, b)| (a - b).abs() < 2e-4),
                "{a:?} and {b:?}"
            );
        };
        near(&cloud.positions[row], &[-0.0281, 0.7759, 2.0079]);
        near(&cloud.rotations[row], &[0.168, -0.612, 0.7628, -0.124]);
        near(&[cloud.opacities[row]], &[0.9176]);
        let coefficient = |byte: f32| byte * (8.0 / 255.0) - 4.0;
        // The reference lists all of red, then of green, then of blue: 244, 97, 78, 232 …
        near(
            &cloud.rest_of(row)[0],
            &[244.0, 185.0, 18.0].map(coefficient),
        );
        near(
            &cloud.rest_of(row)[2],
            &[78.0, 126.0, 218.0].map(coefficient),
        );
        near(
            &cloud.rest_of(row)[3],
            &[232.0, 123.0, 144.0].map(coefficient),
        );
        near(
            &cloud.rest_of(row)[7],
            &[89.0, 139.0, 242.0].map(coefficient),
        );
    }
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

fn f64s(numbers: &[f64]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect()
}

fn record(opcode: u8, content: &[Vec<u8>]) -> Vec<u8> {
    let content = content.concat();
    [
        &[opcode][..],
        &(content.len() as u64).to_le_bytes(),
        &content,
    ]
    .concat()
}

/// A stream that is packed with zlib, its symbols written in `width` bytes.
fn stream(
    attribute: u8,
    width: usize,
    mode: u8,
    channels: u8,
    rows: u32,
    values: &[i32],
) -> Vec<u8> {
    let symbols: Vec<u32> = values
        .iter()
        .map(|v| ((v << 1) ^ (v >> 31)) as u32)
        .collect();
    let planes: Vec<u8> = (0..width)
        .flat_map(|plane| {
            symbols
                .iter()
                .map(move |symbol| (symbol >> (8 * plane)) as u8)
        })
        .collect();
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, &planes).expect("memory takes everything");
    let packed = packed.finish().expect("ends");
    let mut bytes = vec![attribute, width as u8, mode, 0, channels];
    bytes.extend(rows.to_le_bytes());
    bytes.extend((packed.len() as u64).to_le_bytes());
    bytes.extend(packed);
    bytes
}

/// A file of two Gaussians over 2 s, both at 1 s: one that fades with a sigma of 1/4 s, one that is
/// there from 1/2 s to 3/2 s. `change` may change its records.
fn small_4dgs(change: impl Fn(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let header = [
        text(""),
        text("by hand"),
        f64s(&[2.0]),
        2_u64.to_le_bytes().to_vec(),
        f64s(&[0.05]),
        text("gaussian-birth"),
        f64s(&[-1.0, -1.0, -1.0, 4.0, 4.0, 4.0]),
        vec![0, 0],
        (31_u32 + 8).to_le_bytes().to_vec(),
        text("coordinate_system"),
        text("y-up-right-han"),
    ];
    let grids = [
        text("uniform-v1"),
        f64s(&[-1.0, 0.0, 1.0]),
        f64s(&[
            0.5,
            0.25,
            0.125,
            0.1,
            0.2,
            0.5,
            0.25,
            std::f64::consts::LN_2,
        ]),
        vec![1, 0, 0, 0, 0],
    ];
    let windows = [2_u32.to_le_bytes().to_vec(), f64s(&[0.0, 2.0, 0.5, 1.5])];
    let streams = [
        stream(0, 2, 1, 3, 2, &[2, 4, 6, -2, 300, 0]),
        stream(1, 1, 2, 3, 2, &[-4, -8, 0]),
        stream(2, 1, 0, 1, 2, &[3, 0]),
        stream(3, 1, 0, 3, 2, &[0, 0, 0, 4, 0, 0]),
        stream(4, 1, 0, 3, 2, &[5, 2, -5, 0, 10, 0]),
        stream(5, 1, 2, 1, 2, &[4]),
        stream(6, 1, 0, 3, 2, &[1, 0, 0, 0, 0, 2]),
        stream(7, 1, 0, 1, 2, &[64, 4]),
        stream(8, 1, 0, 1, 2, &[-2, 0]),
        stream(9, 1, 0, 1, 2, &[0, 1]),
        stream(10, 1, 0, 1, 2, &[0, 1]),
        // An attribute that nobody knows.
        stream(77, 4, 0, 2, 2, &[1, 2, 3, 4]),
    ]
    .concat();
    let chunk = [
        f64s(&[0.0, 2.0]),
        0_u32.to_le_bytes().to_vec(),
        2_u32.to_le_bytes().to_vec(),
        text(""),
        (streams.len() as u64).to_le_bytes().to_vec(),
        (streams.len() as u64).to_le_bytes().to_vec(),
        streams,
    ];
    let mut records = vec![
        record(1, &header),
        record(3, &grids),
        record(4, &windows),
        record(0x90, &[text("private")]),
        record(5, &chunk),
        record(2, &[vec![0; 20]]),
    ];
    change(&mut records);
    [
        b"\x894DGS1\r\n".to_vec(),
        records.concat(),
        b"\x894DGS1\r\n".to_vec(),
    ]
    .concat()
}

#[test]
fn a_4dgs_file_by_hand_moves_as_the_formulas_say() {
    let mut clip = open_4dgs(small_4dgs(|_| {})).expect("opens");
    assert_eq!(
        (clip.info().up, clip.info().frame_count),
        (UpAxis::PlusY, 60)
    );
    // The step of the first one's birth is 1/4 s 2^class with 0.05 sigma = 1/80 s, class -5.
    let mu = 64.0 / 128.0;
    let cloud = frame(&mut clip, 15);
    assert_eq!((cloud.len(), cloud.axes), (2, Axes::RightUpBack));
    assert_eq!(
        cloud.positions[0],
        [0.0, 2.0, 4.0],
        "at its birth it is where it rests"
    );
    assert_eq!(cloud.rotations[0], [1.0, 0.0, 0.0, 0.0]);
    assert!((cloud.opacities[0] - 0.8).abs() < 1e-6);
    let green = 0.5;
    for (channel, colour) in [green + 0.2, green, green - 0.5].into_iter().enumerate() {
        assert!((cloud.sh_dc[0][channel] - (colour - 0.5) / SH_C0).abs() < 1e-6);
    }
    for (scale, log) in cloud.scales[0].iter().zip([-1.0_f32, -2.0, 0.0]) {
        assert!((scale - log.exp()).abs() < 1e-6);
    }
    // The second one rests at (2 - 2) / 2 - 1 and so on; x is its largest part, y is 1/2.
    assert_eq!(cloud.positions[1][..2], [-1.0, 152.0]);
    let largest = (1.0_f32 - 0.25).sqrt();
    for (part, expected) in cloud.rotations[1].iter().zip([0.0, largest, 0.5, 0.0]) {
        assert!((part - expected).abs() < 1e-6);
    }
    // Half of a life of K sigma is 0.61 s, class 1, so the step of motion is 1/4 a second.
    let cloud = frame(&mut clip, 21);
    let since = 21.0 / 30.0 - mu;
    assert!((f64::from(cloud.positions[0][0]) - 0.25 * since).abs() < 1e-6);
    let marginal = (-0.5 * (since / 0.25_f64).powi(2)).exp();
    assert!((f64::from(cloud.opacities[0]) - 0.8 * marginal).abs() < 1e-6);
    // Before 1/2 s only the one that fades is there, at the end none.
    assert_eq!(frame(&mut clip, 14).len(), 1);
    assert_eq!(
        frame(&mut clip, 44).len(),
        1,
        "the window is there until 3/2 s"
    );
    assert_eq!(frame(&mut clip, 45).len(), 0);
}

#[test]
fn damaged_4dgs_files_are_told() {
    let message = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let opened = open_4dgs(small_4dgs(change));
        let read = opened.and_then(|mut clip| clip.read_group(20, &Cancel::new()));
        read.map(|_| ()).expect_err("is damaged").to_string()
    };
    let swap = |from: &'static [u8], to: &'static [u8]| {
        move |records: &mut Vec<Vec<u8>>| {
            for record in records {
                let found = record.windows(from.len()).position(|part| part == from);
                if let Some(at) = found {
                    record.splice(at..at + from.len(), to.iter().copied());
                }
            }
        }
    };
    let model = message(&swap(b"gaussian-birth", b"keyframe-delta"));
    assert!(model.contains("by the model \"keyframe-delta\""), "{model}");
    assert!(message(&|records| drop(records.remove(1))).contains("how its numbers are rounded"));
    assert!(message(&|records| drop(records.remove(0))).contains("more Gaussians than its header"));
    let window = message(&|records| {
        records[2] = record(4, &[1_u32.to_le_bytes().to_vec(), f64s(&[0.0, 2.0])]);
    });
    assert!(window.contains("do not fit together"), "{window}");
    let version = four_dgs::open(memory("v2", *b"\x894DGS2\r\n"), &Cancel::new());
    let version = version.map(|_| ()).expect_err("is not known").to_string();
    assert!(version.contains("version 1 works"), "{version}");

    // A file that is cut short shows what there is, and says so.
    let whole = small_4dgs(|_| {});
    let mut clip = open_4dgs(whole[..whole.len() - 30].to_vec()).expect("opens");
    assert_eq!(frame(&mut clip, 20).len(), 2);
    assert!(clip.info().omissions[0].contains("cut short"));
}

/// A Gaussian of a `.splatv` file, written from the description of the layout.
struct Moving {
    centre: [f32; 3],
    quaternion: [f32; 4],
    scale: [f32; 3],
    colour: [u8; 4],
    motion: [[f32; 3]; 3],
    turn: [f32; 4],
    moment: f32,
    length: f32,
}

impl Moving {
    fn bytes(&self) -> Vec<u8> {
        let halves = |values: &[f32]| -> Vec<u8> {
            let halves = values.iter().map(|value| f16::from_f32(*value));
            halves.flat_map(half::f16::to_le_bytes).collect()
        };
        let centre = self.centre.iter().flat_map(|part| part.to_le_bytes());
        let bytes = [
            centre.collect(),
            halves(&self.quaternion),
            halves(&self.scale),
            halves(&[0.0]),
            self.colour.to_vec(),
            halves(self.motion.as_flattened()),
            halves(&[0.0]),
            halves(&self.turn),
            halves(&[self.moment, self.length]),
        ]
        .concat();
        assert_eq!(bytes.len(), 64);
        bytes
    }
}

fn splatv_file(rows: &[Moving], chunks: &str) -> Vec<u8> {
    let mut bytes = 0x674b_u32.to_le_bytes().to_vec();
    bytes.extend((chunks.len() as u32).to_le_bytes());
    bytes.extend(chunks.as_bytes());
    // Something else comes first, and the texture is filled up with zeros.
    bytes.extend(b"noise");
    bytes.extend(rows.iter().flat_map(Moving::bytes));
    bytes.extend([0; 128]);
    bytes
}

const CHUNKS: &str = r#"[{"type":"other","size":5},{"type":"splat","size":256,"texwidth":16,
    "texheight":1,"cameras":[{"width":640,"height":480,"position":[0,1,-8],
    "rotation":[[1,0,0],[0,1,0],[0,0,1]],"fx":300,"fy":240}]}]"#;

fn rows() -> [Moving; 2] {
    [
        Moving {
            centre: [1.0, 2.0, 3.0],
            quaternion: [1.0, 0.0, 0.0, 0.0],
            scale: [0.5, 0.25, 0.125],
            colour: [255, 0, 51, 204],
            motion: [[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 4.0]],
            turn: [0.0, 2.0, 0.0, 0.0],
            moment: 0.5,
            length: 0.5,
        },
        Moving {
            centre: [-1.0, 0.0, 0.0],
            quaternion: [0.0, 0.0, 3.0, 4.0],
            scale: [1.0; 3],
            colour: [0, 0, 0, 255],
            motion: [[0.0; 3]; 3],
            turn: [0.0; 4],
            moment: 0.0,
            length: 0.125,
        },
    ]
}

#[test]
fn a_splatv_file_moves_as_the_formulas_say() {
    let source = memory("test.splatv", splatv_file(&rows(), CHUNKS));
    let mut clip = splatv::open(&source, &Cancel::new()).expect("opens");
    let info = clip.info();
    assert_eq!((info.kind, info.frame_count), (ClipKind::MovingSplats, 50));
    let camera = info.camera.expect("has one");
    assert_eq!(
        (camera.position, camera.target),
        ([0.0, 1.0, -8.0], [0.0, 1.0, 1.5])
    );
    assert!((camera.fov_y_degrees - 90.0).abs() < 1e-4);

    let cloud = frame(&mut clip, 25);
    assert_eq!(cloud.len(), 1, "the second one has faded");
    assert_eq!(cloud.positions, [[1.0, 2.0, 3.0]]);
    assert_eq!(cloud.rotations, [[1.0, 0.0, 0.0, 0.0]]);
    assert_eq!(cloud.scales, [[0.5, 0.25, 0.125]]);
    assert!((cloud.opacities[0] - 0.8).abs() < 1e-6);
    for (value, colour) in cloud.sh_dc[0].iter().zip([1.0, 0.0, 0.2]) {
        assert!((value - (colour - 0.5) / SH_C0).abs() < 1e-5);
    }

    let cloud = frame(&mut clip, 0);
    assert_eq!(cloud.len(), 2);
    assert_eq!(cloud.positions[0], [0.5, 2.0 + 0.5, 3.0 - 0.5]);
    assert!((cloud.opacities[0] - 0.8 * (-1.0_f32).exp()).abs() < 1e-6);
    let half = 0.5_f32.sqrt();
    for (part, expected) in cloud.rotations[0].iter().zip([half, -half, 0.0, 0.0]) {
        assert!((part - expected).abs() < 1e-6);
    }
    for (part, expected) in cloud.rotations[1].iter().zip([0.0, 0.0, 0.6, 0.8]) {
        assert!((part - expected).abs() < 1e-6);
    }
    assert_eq!(cloud.opacities[1], 1.0);
    // Found by its content, and a frame too far is an error.
    let input = Input::File(Box::new(zoetrope_codecs::source::MemorySource::new(
        "by content",
        splatv_file(&rows(), CHUNKS),
    )));
    let mut clip = open(input, &Cancel::new()).expect("opens");
    assert_eq!(clip.info().codec, "splaTV");
    let beyond = clip.read_group(50, &Cancel::new());
    assert!(matches!(beyond, Err(Error::NoSuchFrame { count: 50, .. })));
}

#[test]
fn damaged_splatv_files_are_told() {
    let message = |chunks: &str, cut: usize| {
        let mut bytes = splatv_file(&rows(), chunks);
        bytes.truncate(bytes.len() - cut);
        let opened = splatv::open(&memory("test.splatv", bytes), &Cancel::new());
        opened.map(|_| ()).expect_err("is damaged").to_string()
    };
    assert!(message("{}", 0).contains("list of chunks cannot be read"));
    assert!(message("[]", 0).contains("no chunk of splats"));
    assert!(message(CHUNKS, 1).contains("ends too early"));
    assert!(message(&CHUNKS.replace("256", "99999999999"), 0).contains("Zoetrope reads at most"));
}
