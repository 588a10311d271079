//! Frames of QUEEN, made by `data/queen/make.py`.

mod common;

use std::sync::Arc;

use common::data;
use zoetrope_codecs::container::queen::QueenDemuxer;
use zoetrope_codecs::source::{Folder, MemoryFolder};
use zoetrope_codecs::{Cancel, ClipKind, Demuxer, GroupPayload, Input, SplatCloud, open};

fn frame(clip: &mut dyn Demuxer, number: usize) -> SplatCloud {
    let packets = clip.read_group(number, &Cancel::new()).expect("reads");
    match packets.payload {
        GroupPayload::SplatFile { cloud, .. } => *cloud,
        other => panic!("{other:?} is no cloud"),
    }
}

/// The raw attributes that the script worked out for each frame.
fn expected() -> Vec<serde_json::Value> {
    let bytes = std::fs::read(data("queen/expected.json")).expect("is there");
    serde_json::from_slice(&bytes).expect("is JSON")
}

fn check(cloud: &SplatCloud, expected: &serde_json::Value) {
    let raw = |name: &str| -> Vec<f32> {
        let numbers = expected[name].as_array().expect("is a list");
        numbers
            .iter()
            .map(|number| number.as_f64().expect("is a number") as f32)
            .collect()
    };
    let close = |what: &str, have: &[f32], want: &[f32]| {
        assert_eq!(have.len(), want.len(), "{what}");
        for (k, (have, want)) in have.iter().zip(want).enumerate() {
            let tolerance = 1e-4 * (1.0 + want.abs());
            assert!(
                (have - want).abs() < tolerance,
                "{what} {k}: {have} and {want}"
            );
        }
    };
    assert_eq!((cloud.sh_degree, cloud.dropped), (1, 0));
    close("xyz", cloud.positions.as_flattened(), &raw("xyz"));
    close("f_dc", cloud.sh_dc.as_flattened(), &raw("f_dc"));
    close(
        "f_rest",
        cloud.sh_rest.each().as_flattened(),
        &raw("f_rest"),
    );
    let scales: Vec<f32> = raw("sc").into_iter().map(f32::exp).collect();
    close("sc", cloud.scales.as_flattened(), &scales);
    let opacities: Vec<f32> = raw("op")
        .iter()
        .map(|op| 1.0 / (1.0 + (-op).exp()))
        .collect();
    close("op", &cloud.opacities, &opacities);
    let rotations = raw("rot");
    let rotations = rotations.chunks_exact(4).flat_map(|rotation| {
        let norm = rotation.iter().map(|part| part * part).sum::<f32>().sqrt();
        rotation.iter().map(move |part| part / norm)
    });
    let rotations: Vec<f32> = rotations.collect();
    close("rot", cloud.rotations.as_flattened(), &rotations);
}

#[test]
fn a_chain_of_frames_is_decoded_in_any_order() {
    let expected = expected();
    // What a file dialog can pick stands for the whole folder.
    for path in [
        "queen/frames",
        "queen/frames/0003/compressed/point_cloud.pkl",
    ] {
        let mut clip = open(
            Input::from_path(data(path)).expect("is there"),
            &Cancel::new(),
        );
        let clip = &mut **clip.as_mut().expect("opens");
        let info = clip.info();
        assert_eq!((info.kind, info.frame_count), (ClipKind::SplatSequence, 4));
        assert_eq!((info.codec.as_str(), info.sh_degree), ("QUEEN", 1));
        assert!(
            info.warnings[0].contains("zoetrope pack"),
            "{:?}",
            info.warnings
        );
        for number in [0, 1, 2, 3, 3, 1, 0, 2] {
            check(&frame(clip, number), &expected[number]);
        }
    }
}

/// The files of `frames` in memory.
fn folder() -> MemoryFolder {
    let mut folder = MemoryFolder::new("frames");
    for path in [
        "0001/point_cloud.ply",
        "0002/compressed/point_cloud.pkl",
        "0003/compressed/point_cloud.pkl",
        "0004/compressed/point_cloud.pkl",
    ] {
        let bytes = std::fs::read(data("queen/frames").join(path)).expect("is there");
        folder.insert(path, bytes);
    }
    folder
}

fn open_folder(folder: MemoryFolder) -> zoetrope_codecs::Result<QueenDemuxer> {
    let paths = folder.list().expect("lists").expect("knows its files");
    QueenDemuxer::open(Arc::new(folder), &paths, &Cancel::new())
}

#[test]
fn a_frame_that_cannot_be_read_spares_those_before_it() {
    let mut broken = folder();
    let pickle = broken
        .get("0003/compressed/point_cloud.pkl")
        .expect("is there");
    let pickle = pickle[..pickle.len() / 2].to_vec();
    broken.insert("0003/compressed/point_cloud.pkl", pickle);
    let mut clip = open_folder(broken).expect("opens");
    let error = clip
        .read_group(3, &Cancel::new())
        .map(|_| ())
        .expect_err("is cut")
        .to_string();
    assert!(error.contains("0003/compressed"), "{error}");
    check(&frame(&mut clip, 1), &expected()[1]);

    let mut headless = folder();
    headless.remove("0001/point_cloud.ply");
    let error = open_folder(headless)
        .map(|_| ())
        .expect_err("has no start")
        .to_string();
    assert!(error.contains("its first frame is no PLY file"), "{error}");
}

#[test]
fn what_is_no_frame_is_refused_by_what_it_lacks() {
    let message = |from: &[u8], to: &[u8]| {
        let mut changed = folder();
        let mut pickle = changed
            .get("0002/compressed/point_cloud.pkl")
            .expect("is there")
            .to_vec();
        let at = pickle.windows(from.len()).position(|part| part == from);
        let at = at.expect("is in there");
        pickle.splice(at..at + from.len(), to.iter().copied());
        changed.insert("0002/compressed/point_cloud.pkl", pickle);
        let mut clip = open_folder(changed).expect("opens");
        let read = clip.read_group(1, &Cancel::new());
        read.map(|_| ()).expect_err("is damaged").to_string()
    };
    // A function of the same length that would run a command.
    let evil = message(
        b"torch._utils\x94\x8c\x12_rebuild_tensor_v2",
        b"shutil_utils\x94\x8c\x12_rebuild_tensor_v2",
    );
    assert!(
        evil.contains("\"shutil_utils._rebuild_tensor_v2\", which is not let through"),
        "{evil}"
    );
    assert!(message(b"latents", b"lament_").contains("entries do not hold"));
    assert!(message(b"num_latents", b"num_of_late").contains("positions do not hold"));
    assert!(
        message(b"LatentDecoderRes", b"LatentDecoderOld").contains("latents of f_dc do not hold")
    );
}
