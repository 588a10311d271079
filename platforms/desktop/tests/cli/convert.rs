//! `zoetrope convert`: frames of clips as splat files.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use zoetrope_codecs::splat::WriteFormat;

use crate::clip::{packed_wave, wave_frames};
use crate::support::{assert_interrupt_leaves_nothing, assert_one_sentence, json, zoetrope};

/// Gaussians of each frame of the wave.
const WAVE: u64 = 4225;

fn convert(clip: &str, out: &Path, extra: &[&str]) -> Output {
    let out = out.to_string_lossy();
    zoetrope(&[&["convert", clip, "-o", &out][..], extra].concat())
}

/// What is said about a conversion that worked.
fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn info(clip: &Path) -> Value {
    json(&zoetrope(&["info", &clip.to_string_lossy(), "--json"]))
}

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).expect("readable").count()
}

#[test]
fn a_sequence_becomes_one_of_every_format_and_looks_the_same() {
    for format in WriteFormat::ALL {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let name = format!("wave_{{frame:04}}.{}", format.extension());
        let mut extra = vec!["--frames", "1..3"];
        if let Some(version) = format.version() {
            extra.extend(["--spz-version", version]);
        }
        let told = said(&convert(&wave_frames(), &folder.path().join(name), &extra));
        assert!(told.contains("12675 Gaussians in 3 frames"), "{told}");
        let written = info(folder.path());
        assert_eq!(written["kind"], "splat sequence", "{format:?}");
        // A GLB file is one of glTF's two forms.
        let codec = format.name().replace("GLB", "glTF");
        assert_eq!(written["codec"], codec);
        if let Some(version) = format.version() {
            assert_eq!(written["version"], version);
        }
        assert_eq!(written["frames"], 3);
        assert_eq!(written["gaussians"]["min"], WAVE);
        let first = format!("wave_0001.{}", format.extension());
        assert!(folder.path().join(first).is_file());
        let last = format!("wave_0003.{}", format.extension());
        let one = tempfile::tempdir().expect("a temporary folder");
        let one = one.path().join("one.ply");
        let again = convert(&wave_frames(), &one, &["--frame", "3"]);
        assert!(said(&again).contains("one.ply, 4225 Gaussians in 1 frame"));
        let compared = json(&zoetrope(&[
            "compare",
            &one.to_string_lossy(),
            &folder.path().join(last).to_string_lossy(),
            "--cameras",
            "2",
            "--size",
            "160x90",
            "--json",
        ]));
        // Nothing at all between a PLY file and itself.
        let psnr = compared["psnr_min"].as_f64().unwrap_or(f64::INFINITY);
        assert!(psnr > 35.0, "{format:?}: {psnr}");
    }
}

#[test]
fn a_frame_of_a_video_becomes_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("wave {frame}.ply");
    let clip = packed_wave().to_string_lossy();
    said(&convert(&clip, &out, &["--frame", "5"]));
    let written = info(&folder.path().join("wave 5.ply"));
    assert_eq!(written["gaussians"]["max"], WAVE);
    assert_eq!(entries(folder.path()), 1);
}

#[test]
fn what_is_up_may_be_said() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let heights = |name: &str, extra: &[&str]| {
        let out = folder.path().join(name);
        said(&convert(
            &wave_frames(),
            &out,
            &[&["--frame", "0"], extra].concat(),
        ));
        let bounds = info(&out)["bounds"].clone();
        ["min", "max"].map(|end| bounds[end][1].as_f64().expect("a number"))
    };
    let [low, high] = heights("a.ply", &[]);
    assert_eq!(heights("b.ply", &["--up", "-y"]), [low, high]);
    assert_eq!(heights("c.ply", &["--up", "+y"]), [-high, -low]);
    let out = folder.path().join("d.ply");
    let output = convert(&wave_frames(), &out, &["--frame", "0", "--up", "+z"]);
    assert_one_sentence(&output, &["+y or -y", "+z"]);
    assert!(!out.exists());
}

#[test]
fn what_cannot_be_done_is_a_sentence_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let frames = wave_frames();
    for (name, extra, words) in [
        ("wave.obj", &["--frame", "0"][..], &["wave.obj", ".ply"][..]),
        ("wave", &[], &["no name for a splat file"]),
        ("wave.ply", &[], &["6 frames", "--frame", "{frame:04}"]),
        ("wave.ply", &["--frames", "1..2"], &["2 frames"]),
        ("wave.ply", &["--frame", "6"], &["no frame 6", "has 6"]),
        ("w{frame}.ply", &["--frames", "4..6"], &["no frame 6"]),
        ("no/such/w{frame}.ply", &[], &["no folder", "make it first"]),
    ] {
        let output = convert(&frames, &folder.path().join(name), extra);
        assert_one_sentence(&output, words);
        assert_eq!(entries(folder.path()), 0, "{name}");
    }
    let output = convert(&frames, &folder.path().join("{frame:4}.ply"), &[]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let spz = convert(
        &frames,
        &folder.path().join("a.ply"),
        &["--frame", "1", "--spz-version", "4"],
    );
    assert_one_sentence(&spz, &["a.ply is no SPZ file"]);
    let both = convert(
        &frames,
        &folder.path().join("a.ply"),
        &["--frame", "1", "--frames", "1..2"],
    );
    assert_eq!(both.status.code(), Some(2), "{both:?}");
}

/// A folder of copies of the wave's first frames.
fn copies(folder: &Path, count: usize) -> String {
    let frames = folder.join("frames");
    fs::create_dir(&frames).expect("it can be made");
    let wave = wave_frames();
    let source = Path::new(wave.trim_end_matches("*.sog"));
    let first = fs::read_dir(source).expect("readable").flatten().next();
    let first = fs::read(first.expect("a frame").path()).expect("readable");
    for index in 0..count {
        fs::write(frames.join(format!("{index}.sog")), &first).expect("writable");
    }
    frames.to_string_lossy().into_owned()
}

#[test]
fn a_damaged_frame_is_named_and_nothing_is_left() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let frames = copies(folder.path(), 6);
    let broken = Path::new(&frames).join("4.sog");
    let bytes = fs::read(&broken).expect("readable");
    fs::write(broken, &bytes[..bytes.len() / 2]).expect("writable");
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("it can be made");
    let output = convert(&frames, &out.join("{frame}.ply"), &[]);
    assert_one_sentence(&output, &["4.sog"]);
    assert_eq!(entries(&out), 0);
    said(&convert(
        &frames,
        &out.join("{frame}.ply"),
        &["--frames", "0..3"],
    ));
    assert_eq!(entries(&out), 4);
}

#[test]
fn ctrl_c_stops_it_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let frames = copies(folder.path(), 500);
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("it can be made");
    let out = out.join("{frame:03}.ply");
    let path = out.to_string_lossy();
    assert_interrupt_leaves_nothing(&["convert", &frames, "-o", &path], &out);
}
