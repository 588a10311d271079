//! Sequences of INRIA PLY files, packed by the built binary: counts that change, odd names, damage.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use zoetrope_codecs::SplatCloud;
use zoetrope_codecs::splat::{ply, synthetic};

use crate::support::{assert_one_sentence, json, zoetrope};

/// Gaussians of each frame: all three groups of three differ, and so do the frames of each.
const COUNTS: [usize; 9] = [400, 460, 520, 300, 350, 333, 610, 0, 200];
/// Bytes of a row: 3 position, 3 normal, 3 DC, 9 rest, opacity, 3 scale and 4 rotation floats.
const ROW_BYTES: usize = 4 * (3 + 3 + 3 + 9 + 1 + 3 + 4);

/// A swaying figure at SH degree 1 of which the first `count` Gaussians are there, as a PLY file.
fn frame(count: usize, index: usize) -> Vec<u8> {
    let figure = synthetic::animate(&synthetic::surface(610, 1, 3), index as f32 / 30.0);
    let mut cloud = SplatCloud::with_capacity(count, 1);
    for k in 0..count {
        cloud.push(
            figure.positions[k],
            figure.rotations[k],
            figure.scales[k],
            figure.opacities[k],
            figure.sh_dc[k],
            figure.rest_of(k),
        );
    }
    let mut bytes = Vec::new();
    ply::write(&cloud, &mut bytes).expect("memory takes it");
    bytes
}

/// A folder of frames, changed by `change`, which gets the number and the bytes of each.
fn sequence(name: &OsStr, change: impl Fn(usize, &mut Vec<u8>)) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let frames = folder.path().join(name);
    fs::create_dir(&frames).expect("it can be made");
    for (index, count) in COUNTS.into_iter().enumerate() {
        let mut bytes = frame(count, index);
        change(index, &mut bytes);
        // 9, 10, 11 …: in order by number, not by letter.
        fs::write(frames.join(format!("frame{}.ply", index + 9)), bytes).expect("writable");
    }
    (folder, frames)
}

/// Packs `input` into the folder "clip" beside it in groups of three.
fn pack(input: &Path, extra: &[&str]) -> (Output, PathBuf) {
    let clip = input.with_file_name("clip");
    let mut arguments: Vec<&OsStr> = ["pack", "-o"].map(OsStr::new).to_vec();
    arguments.extend([clip.as_os_str(), input.as_os_str()]);
    arguments.extend(["--format", "v3", "--group", "3", "--no-psnr", "--json"].map(OsStr::new));
    arguments.extend(extra.iter().map(OsStr::new));
    (zoetrope(&arguments), clip)
}

fn info(clip: &Path) -> Value {
    json(&zoetrope(&[
        OsStr::new("info"),
        clip.as_os_str(),
        OsStr::new("--json"),
    ]))
}

#[test]
fn a_changing_count_is_padded_within_each_group_and_looks_the_same() {
    let (_folder, frames) = sequence(OsStr::new("T\u{e4}nzer [take 1] \u{1f483}"), |_, _| ());
    let source = info(&frames);
    assert_eq!(
        (&source["kind"], &source["frames"]),
        (&"splat sequence".into(), &9.into())
    );
    assert_eq!(
        (&source["gaussians"]["min"], &source["gaussians"]["max"]),
        (&0.into(), &610.into())
    );

    let (output, clip) = pack(&frames, &["--camera", "0,-1,-4,0,-0.9,0,40", "--fps", "12"]);
    let report = json(&output);
    assert_eq!(
        (&report["groups"], &report["dropped"]),
        (&3.into(), &0.into())
    );

    let packed = info(&clip);
    assert_eq!(packed["kind"], "V3");
    assert_eq!(
        (&packed["frames"], &packed["groups"]),
        (&9.into(), &3.into())
    );
    assert_eq!(
        (&packed["sh_degree"], &packed["frame_rate"]),
        (&1.into(), &12.0.into())
    );
    assert_eq!(packed["warnings"], Value::Array(Vec::new()));
    let counts = &packed["gaussians"];
    assert_eq!((&counts["min"], &counts["max"]), (&350.into(), &610.into()));
    let mean = counts["mean"].as_f64().expect("a number");
    assert!(
        (mean - (520.0 + 350.0 + 610.0) / 3.0).abs() < 1e-6,
        "{mean}"
    );

    let text = fs::read(clip.join("viewer_min_max.json")).expect("it is there");
    let entries: Value = serde_json::from_slice(&text).expect("JSON");
    let nums: Vec<u64> = (0..9)
        .map(|frame: usize| entries[frame.to_string()]["num"].as_u64().expect("a count"))
        .collect();
    assert_eq!(nums, [520, 520, 520, 350, 350, 350, 610, 610, 610]);
    assert_eq!(
        packed["camera"]["position"],
        serde_json::json!([0.0, -1.0, -4.0])
    );
    assert_eq!(packed["camera"]["fov_y_degrees"], 40.0);

    let mut arguments: Vec<&OsStr> = vec![OsStr::new("compare"), frames.as_os_str()];
    arguments.push(clip.as_os_str());
    arguments.extend(["--cameras", "2", "--size", "240x135", "--json"].map(OsStr::new));
    let comparison = json(&zoetrope(&arguments));
    assert_eq!(comparison["pictures"].as_array().map(Vec::len), Some(18));
    let worst = comparison["psnr_min"]
        .as_f64()
        .expect("they differ a little");
    assert!(worst >= 38.0, "{worst}");
}

#[test]
fn what_is_left_out_of_a_pack_is_told_once() {
    let (_folder, frames) = sequence(OsStr::new("frames"), |_, _| ());
    fs::write(frames.join("background.ply"), frame(5, 0)).expect("writable");
    for (extra, times) in [(&[][..], 1), (&["--quiet"], 0)] {
        let (output, clip) = pack(&frames, extra);
        json(&output);
        fs::remove_dir_all(clip).expect("it is there");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(told.matches("1 other splat file").count(), times, "{told}");
    }
}

#[test]
fn a_clip_packed_anew_keeps_its_view() {
    let (_folder, frames) = sequence(OsStr::new("frames"), |_, _| ());
    let (output, first) = pack(&frames, &["--camera", "0,-1,-4,0,-0.9,0,40", "--up", "+y"]);
    json(&output);
    let once = first.with_file_name("once");
    fs::rename(&first, &once).expect("it is ours");
    let (output, again) = pack(&once, &[]);
    json(&output);
    let sidecar = |clip: &Path| -> Value {
        let text = fs::read(clip.join("zoetrope.json")).expect("it is there");
        serde_json::from_slice(&text).expect("JSON")
    };
    let (once, again) = (sidecar(&once), sidecar(&again));
    assert_eq!(once["camera"], again["camera"]);
    assert_eq!(
        (&again["up"], &again["camera"]["target"][1]),
        (&"+y".into(), &(-0.9).into())
    );
}

#[test]
fn names_that_are_no_unicode_work() {
    let (_folder, frames) = sequence(OsStr::from_bytes(b"caf\xe9"), |_, _| ());
    for index in 0..COUNTS.len() {
        let odd = [b"fr\xe4me".as_slice(), format!("{index}.ply").as_bytes()].concat();
        let old = frames.join(format!("frame{}.ply", index + 9));
        fs::rename(old, frames.join(OsStr::from_bytes(&odd))).expect("it is ours");
    }
    assert_eq!(info(&frames)["frames"], 9);
    let one = info(&frames.join(OsStr::from_bytes(b"fr\xe4me2.ply")));
    assert_eq!(one["gaussians"]["max"], COUNTS[2]);
    assert_eq!(one["title"], "fr\u{fffd}me2.ply");
    let (output, clip) = pack(&frames, &[]);
    json(&output);
    assert_eq!(info(&clip)["gaussians"]["max"], 610);
}

#[test]
fn a_damaged_frame_in_the_middle_is_named_and_nothing_is_left() {
    for (kept, words) in [
        // Within the header, and within the rows of a header that is whole.
        (100, ["frame13.ply", "copy the file again"]),
        (5_000, ["frame13.ply", "copy the file again"]),
    ] {
        let (folder, frames) = sequence(OsStr::new("frames"), |index, bytes| {
            if index == 4 {
                bytes.truncate(kept);
            }
        });
        let (output, _) = pack(&frames, &[]);
        assert_one_sentence(&output, &words);
        let left = fs::read_dir(folder.path()).expect("readable").count();
        assert_eq!(left, 1, "only the input is left");
    }
}

#[test]
fn gaussians_that_are_no_numbers_are_left_out_and_counted() {
    let (_folder, frames) = sequence(OsStr::new("frames"), |index, bytes| {
        if index == 1 {
            let rows = bytes.len() - COUNTS[1] * ROW_BYTES;
            for (row, column, value) in [
                (0, 0, f32::NAN),
                (7, 9, f32::INFINITY),
                (8, 18, f32::NAN),
                (459, 25, f32::NAN),
            ] {
                let at = rows + row * ROW_BYTES + 4 * column;
                bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
            }
        }
    });
    let told = info(&frames.join("frame10.ply"))["warnings"].to_string();
    assert!(told.contains("4 of its Gaussians"), "{told}");
    let (output, clip) = pack(&frames, &[]);
    let report = json(&output);
    assert_eq!(report["dropped"], 4);
    let packed = info(&clip);
    assert_eq!(
        (&packed["frames"], &packed["gaussians"]["max"]),
        (&9.into(), &610.into())
    );
    let bounds = &packed["bounds"];
    for corner in ["min", "max"] {
        let height = bounds[corner][1].as_f64().expect("a finite number");
        assert!((-2.0..=0.2).contains(&height), "{bounds}");
    }
}
