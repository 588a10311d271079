//! What each fuzz target does with its bytes. Ordinary tests run the same functions over the corpus
//! and over damaged inputs.

use std::io::Cursor;
use std::sync::Arc;

use image_webp::{ColorType, WebPEncoder};
use zoetrope_codecs::audio;
use zoetrope_codecs::clip::CameraHint;
use zoetrope_codecs::container::v3::{Sidecar, V3Demuxer};
use zoetrope_codecs::container::zoe::{
    ClipDescription, FrameRate, LayerDescription, SoundCodec, SoundFormat, SoundPacket, SoundTrack,
    ZoeWriter,
};
use zoetrope_codecs::source::{Folder, MemoryFolder, MemorySource, ZipFolder};
use zoetrope_codecs::splat::{self, sog};
use zoetrope_codecs::{
    Bounds, Cancel, Demuxer, GroupPayload, Input, LayerKind, LayerPackets, LayeredGroup,
    SplatCloud, Thumbnails, UpAxis, VideoCodec, VideoPacket, VideoStream,
};

#[path = "clips.rs"]
mod clips;
pub use clips::{zoe, zoe_index};
#[path = "formats.rs"]
mod formats;
#[path = "layers.rs"]
mod layers;
pub use formats::{dot_splat, gltf, ksplat, spz};
pub use layers::layers;
#[path = "models.rs"]
mod models;
pub use models::{four_dgs, lod_meta, pickle, queen, splatv};
#[path = "networks.rs"]
mod networks;
pub use networks::*;

/// A target: its name and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets. Each has its folder in `corpus/` and its program in `targets/`.
pub const TARGETS: [Target; 22] = [
    ("ply", ply),
    ("compressed_ply", compressed_ply),
    ("dot_splat", dot_splat),
    ("ksplat", ksplat),
    ("spz", spz),
    ("sog", sog_part),
    ("gltf", gltf),
    ("zip_folder", zip_folder),
    ("v3_metadata", v3_metadata),
    ("sidecar", sidecar),
    ("probe", probe),
    ("sound", sound),
    ("zoe", zoe),
    ("zoe_index", zoe_index),
    ("layers", layers),
    ("lod_meta", lod_meta),
    ("four_dgs", four_dgs),
    ("splatv", splatv),
    ("pickle", pickle),
    ("queen", queen),
    ("neural_import", neural_import),
    ("neural_track", neural_track),
];

/// Groups that are read of a clip.
const MAX_GROUPS: usize = 8;
/// Between the two JSON texts of [`v3_metadata`].
pub const SEPARATOR: &[u8] = b"\n---\n";
/// Files of [`tiny_sog`], in the order that the first byte of [`sog_part`] counts.
pub const SOG_PARTS: [&str; 8] = [
    "meta.json",
    "means_l.webp",
    "means_u.webp",
    "quats.webp",
    "scales.webp",
    "sh0.webp",
    "shN_centroids.webp",
    "shN_labels.webp",
];

/// INRIA PLY.
pub fn ply(data: &[u8]) {
    if let Ok(cloud) = splat::ply::read(&source(data), &Cancel::new()) {
        check(&cloud);
    }
}

/// Compressed PLY.
pub fn compressed_ply(data: &[u8]) {
    if let Ok(cloud) = splat::compressed_ply::read(&source(data), &Cancel::new()) {
        check(&cloud);
    }
}

/// One file of an otherwise whole SOG model: the first byte says which, the others are its content.
/// Damage inside an archive would only ever meet the archive's checksum.
pub fn sog_part(data: &[u8]) {
    let Some((part, content)) = data.split_first() else {
        return;
    };
    let mut folder = tiny_sog(2);
    folder.insert(SOG_PARTS[usize::from(*part) % SOG_PARTS.len()], content);
    let _ = sog::facts(&folder, &Cancel::new());
    if let Ok(cloud) = sog::read(&folder, &Cancel::new()) {
        check(&cloud);
    }
}

/// A zip archive; every entry is read as a whole and in parts.
pub fn zip_folder(data: &[u8]) {
    let cancel = Cancel::new();
    let Ok(folder) = ZipFolder::open(Arc::new(source(data)), &cancel) else {
        return;
    };
    for path in folder.list().ok().flatten().unwrap_or_default() {
        let Ok(entry) = folder.open(&path, &cancel) else {
            continue;
        };
        let len = entry.len();
        if let Ok(all) = entry.read_all(1 << 24, &cancel) {
            assert_eq!(all.len() as u64, len);
            let middle = entry.read(len / 2..len, &cancel).expect("was read before");
            assert_eq!(middle, all[all.len() / 2..]);
        }
    }
}

/// Both JSON files of a V3 clip, with [`SEPARATOR`] between them.
pub fn v3_metadata(data: &[u8]) {
    let middle = data
        .windows(SEPARATOR.len())
        .position(|window| window == SEPARATOR);
    let (groups, frames) = match middle {
        Some(middle) => (&data[..middle], &data[middle + SEPARATOR.len()..]),
        None => (data, data),
    };
    let mut folder = MemoryFolder::new("clip");
    folder.insert("group_info.json", groups);
    folder.insert("viewer_min_max.json", frames);
    for group in 0..3 {
        for video in 0..65 {
            folder.insert(format!("group{group}/{video}.mp4"), *b"avc1");
        }
    }
    if let Ok(mut demuxer) = V3Demuxer::open(Arc::new(folder), &Cancel::new()) {
        read_groups(&mut demuxer);
    }
}

/// `zoetrope.json`. What is understood must survive being written and read again.
pub fn sidecar(data: &[u8]) {
    let (sidecar, _) = Sidecar::parse("zoetrope.json", data);
    let (again, warnings) = Sidecar::parse("zoetrope.json", sidecar.to_json().as_bytes());
    let newer = sidecar.version > Some(Sidecar::VERSION);
    assert_eq!(warnings.len(), usize::from(newer), "{warnings:?}");
    assert_eq!(again.up, sidecar.up);
    assert_eq!(again.title, sidecar.title);
    assert_eq!(again.camera.is_some(), sidecar.camera.is_some());
}

/// Any file.
pub fn probe(data: &[u8]) {
    let input = Input::File(Box::new(source(data)));
    if let Ok(mut demuxer) = zoetrope_codecs::open(input, &Cancel::new()) {
        read_groups(&mut *demuxer);
    }
}

/// A sound file.
pub fn sound(data: &[u8]) {
    if let Ok(track) = audio::read_sound(Arc::new(source(data)), &Cancel::new()) {
        assert!(track.format.timescale > 0 && track.format.channels > 0);
        let bytes: usize = track.packets.iter().map(|packet| packet.bytes.len()).sum();
        assert!(!track.packets.is_empty() && bytes <= data.len());
        assert!(track.packets.is_sorted_by_key(|packet| packet.time));
    }
}

fn source(data: &[u8]) -> MemorySource {
    MemorySource::new("input", data)
}

fn read_groups(demuxer: &mut dyn Demuxer) {
    let info = demuxer.info();
    assert!(info.duration().is_finite());
    let mut next = 0;
    for group in demuxer.groups() {
        assert_eq!(group.frames.start, next, "groups tile the clip");
        next = group.frames.end;
    }
    assert_eq!(next, info.frame_count);
    for group in 0..demuxer.groups().len().min(MAX_GROUPS) {
        let Ok(packets) = demuxer.read_group(group, &Cancel::new()) else {
            continue;
        };
        match packets.payload {
            GroupPayload::SplatFile { cloud, .. } => check(&cloud),
            GroupPayload::Layered(layered) => assert!(!layered.layers.is_empty()),
            GroupPayload::Neural(frame) => {
                assert!(!frame.embedding().is_empty());
                assert!(frame.with_part(packets.frames.len() - 1).is_some());
            }
            GroupPayload::PlaneVideos {
                layout,
                ranges,
                videos,
            } => {
                layout.check("group").expect("was checked");
                assert_eq!(videos.len(), layout.layers());
                assert_eq!(ranges.len(), packets.frames.len());
                for range in ranges.iter().flat_map(|ranges| ranges.values()) {
                    assert!((range[1] - range[0]).is_finite() && range[0] <= range[1]);
                }
            }
        }
    }
}

/// What every cloud must hold, whatever it was read from.
fn check(cloud: &SplatCloud) {
    let count = cloud.len();
    assert_eq!(cloud.rotations.len(), count);
    assert_eq!(cloud.scales.len(), count);
    assert_eq!(cloud.opacities.len(), count);
    assert_eq!(cloud.sh_dc.len(), count);
    assert!(cloud.sh_rest.is_for(count, cloud.rest_coefficients()));
    assert!(cloud.dropped <= count);
    let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
    assert!(finite(cloud.positions.as_flattened()));
    assert!(finite(cloud.rotations.as_flattened()));
    assert!(finite(cloud.scales.as_flattened()));
    assert!(finite(&cloud.opacities));
    assert!(finite(cloud.sh_dc.as_flattened()));
    assert!(finite(cloud.sh_rest.stored().as_flattened()));
}

/// A whole SOG model of 6 Gaussians and SH degree 1, in `version` 1 or 2.
pub fn tiny_sog(version: u32) -> MemoryFolder {
    let mut folder = MemoryFolder::new("tiny");
    let picture = |width: u32, height: u32, first: [u8; 4]| {
        let pixels: Vec<u8> = (0..width * height)
            .flat_map(|k| {
                let step = k as u8;
                let [red, green, blue, alpha] = first;
                [red + 9 * step, green + 5 * step, blue + step, alpha]
            })
            .collect();
        webp(&pixels, width, height)
    };
    folder.insert("means_l.webp", picture(3, 2, [1, 2, 3, 255]));
    folder.insert("means_u.webp", picture(3, 2, [10, 100, 200, 255]));
    folder.insert("quats.webp", picture(3, 2, [128, 100, 90, 252]));
    folder.insert("scales.webp", picture(3, 2, [20, 30, 40, 255]));
    folder.insert("sh0.webp", picture(3, 2, [50, 60, 70, 200]));
    let palette: Vec<u8> = (0..3 * 64).flat_map(|k| [k as u8, 7, 200, 255]).collect();
    folder.insert("shN_centroids.webp", webp(&palette, 3 * 64, 1));
    let labels: Vec<u8> = [0, 1, 2, 40, 62, 63]
        .into_iter()
        .flat_map(|label| [label, 0, 0, 255])
        .collect();
    folder.insert("shN_labels.webp", webp(&labels, 3, 2));
    let book: Vec<String> = (0..256)
        .map(|code| format!("{:.3}", -3.0 + 0.01 * f64::from(code)))
        .collect();
    let book = book.join(",");
    let shape = r#""shape":[6,3],"#;
    let means = r#""mins":[-1,-2,-3],"maxs":[1,2,3],"files":["means_l.webp","means_u.webp"]"#;
    let meta = if version == 1 {
        format!(
            r#"{{"means":{{{shape}{means}}},
            "scales":{{"mins":[-3,-3,-3],"maxs":[-1,-1,-1],"files":["scales.webp"]}},
            "quats":{{"files":["quats.webp"]}},
            "sh0":{{"mins":[-1,-1,-1,-4],"maxs":[1,1,1,4],"files":["sh0.webp"]}},
            "shN":{{"mins":-0.5,"maxs":0.5,"files":["shN_centroids.webp","shN_labels.webp"]}}}}"#
        )
    } else {
        format!(
            r#"{{"version":2,"count":6,"antialias":true,"means":{{{means}}},
            "scales":{{"codebook":[{book}],"files":["scales.webp"]}},
            "quats":{{"files":["quats.webp"]}},
            "sh0":{{"codebook":[{book}],"files":["sh0.webp"]}},
            "shN":{{"count":64,"bands":1,"codebook":[{book}],
            "files":["shN_centroids.webp","shN_labels.webp"]}}}}"#
        )
    };
    folder.insert("meta.json", meta.into_bytes());
    folder
}

/// RGBA pixels as a lossless WebP.
fn webp(pixels: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    WebPEncoder::new(&mut bytes)
        .encode(pixels, width, height, ColorType::Rgba8)
        .expect("memory takes everything");
    bytes.into_inner()
}

/// The groups of [`tiny_zoe`]: their packets, frames and Gaussians. Packets hold text: a container
/// does not look into them.
pub fn tiny_groups() -> Vec<(LayeredGroup, usize, u32)> {
    let layer = |number: usize, kind, group: usize, frames: usize| {
        // The second picture in the order of decoding is the last to be shown.
        let mut order: Vec<usize> = (0..frames).collect();
        order[1..].rotate_right(usize::from(frames > 2));
        let packet = |picture: usize| VideoPacket {
            picture: picture as u32,
            bytes: format!("group {group} layer {number} picture {picture}").into_bytes(),
        };
        let side = |sample: usize| format!("group {group} layer {number} side {sample}");
        LayerPackets {
            kind,
            video: VideoStream {
                codec: VideoCodec::H264,
                config: format!("avcC of {frames} frames").into_bytes(),
                width: 64 >> number,
                height: 32 << number,
                packets: order.into_iter().map(packet).collect(),
            },
            side: (0..1 + number.min(frames - 1))
                .map(side)
                .map(String::into_bytes)
                .collect(),
        }
    };
    [(0, 4, 120), (1, 1, 7), (2, 3, 95)]
        .into_iter()
        .map(|(group, frames, gaussians)| {
            let mut layers = vec![
                layer(0, LayerKind::Gaussians, group, frames),
                layer(1, LayerKind::Gaussians, group, frames),
                layer(2, LayerKind::Harmonics, group, frames),
            ];
            // The last group ends with fewer layers.
            layers.truncate(3 - group / 2);
            (LayeredGroup { layers }, frames, gaussians)
        })
        .collect()
}

/// The sound of [`tiny_zoe`]: half a second, so that the last packets are beyond the clip's end.
pub fn tiny_sound() -> SoundTrack {
    SoundTrack {
        format: SoundFormat {
            codec: SoundCodec::Aac,
            sample_rate: 48000,
            channels: 2,
            config: vec![0x11, 0x90],
            timescale: 48000,
            delay: 1024,
        },
        packets: (0..24)
            .map(|packet| SoundPacket {
                time: 1024 * packet,
                duration: 1024,
                bytes: format!("sound {packet}").into_bytes(),
            })
            .collect(),
    }
}

/// The pictures of [`tiny_zoe`], with thumbnails of `bytes` bytes.
pub fn tiny_thumbnails(bytes: usize) -> Thumbnails {
    Thumbnails {
        width: 16,
        height: 9,
        frames: vec![0, 4, 7],
        jpegs: (0..3).map(|number| vec![b'0' + number; bytes]).collect(),
    }
}

/// The description of [`tiny_zoe`].
pub fn tiny_description() -> ClipDescription {
    let layer = |kind, name: &str| LayerDescription {
        kind,
        name: name.to_owned(),
    };
    ClipDescription {
        up: UpAxis::PlusY,
        bounds: Some(Bounds {
            min: [-1.0, 0.0, -0.5],
            max: [1.0, 2.0, 0.5],
        }),
        camera: Some(CameraHint {
            position: [0.0, 1.0, 3.0],
            target: [0.0, 1.0, 0.0],
            fov_y_degrees: 45.0,
        }),
        camera_path: Some(
            r#"{"keys":[{"fov":50.0,"position":[0.0,1.0,3.0],"target":[0.0,1.0,0.0],"time":0.0,"up":[0.0,1.0,0.0]}],"version":1}"#
                .to_owned(),
        ),
        title: Some("Tiny".to_owned()),
        credit: Some("nobody".to_owned()),
        licence: Some("CC0-1.0".to_owned()),
        layers: vec![
            layer(LayerKind::Gaussians, "base"),
            layer(LayerKind::Gaussians, "all Gaussians"),
            layer(LayerKind::Harmonics, "SH 1"),
        ],
        ..ClipDescription::new(FrameRate::from_per_second(29.97), 1)
    }
}

/// A whole small clip of our own: 8 frames in three groups, three layers, sound, and pictures, which
/// lie behind the groups when thumbnails have many `bytes`.
pub fn tiny_zoe(bytes: usize) -> Vec<u8> {
    let spool = Cursor::new(Vec::new());
    let mut writer = ZoeWriter::new(tiny_description(), spool).expect("makes sense");
    writer.add_sound(tiny_sound()).expect("fits");
    for (group, frames, gaussians) in tiny_groups() {
        writer.add_group(&group, frames, gaussians).expect("fits");
    }
    let thumbnails = tiny_thumbnails(bytes);
    writer
        .set_pictures(Some(b"poster"), Some(&thumbnails))
        .expect("fit");
    let mut clip = Vec::new();
    writer
        .finish(&mut clip, &Cancel::new())
        .expect("memory takes everything");
    clip
}
