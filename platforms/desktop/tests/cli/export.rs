//! `zoetrope export`: videos of the packed wave.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::clip::{packed_wave, wave_frames};
use crate::support::{assert_interrupt_leaves_nothing, assert_one_sentence, zoetrope};

/// Exports the wave with more arguments; the path of the video.
fn export(folder: &Path, name: &str, arguments: &[&str]) -> (Output, PathBuf) {
    let out = folder.join(name);
    let clip = packed_wave().to_string_lossy();
    let path = out.to_string_lossy();
    let mut all = vec!["export", &clip, "-o", &path, "--size", "64x36"];
    all.extend(arguments);
    (zoetrope(&all), out)
}

/// Pictures of a video, by the `stsz` box of its first track.
fn count(video: &Path) -> u32 {
    let bytes = fs::read(video).expect("it is there");
    let place = bytes
        .windows(4)
        .position(|window| window == b"stsz")
        .expect("has one");
    // Behind the type: version and flags, the common size, the number.
    let count = bytes[place + 12..place + 16]
        .try_into()
        .expect("four bytes");
    u32::from_be_bytes(count)
}

#[test]
fn a_range_has_its_pictures_at_every_rate() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // 6 frames at 24 a second are 0.25 s.
    for (arguments, pictures) in [
        (&[][..], 6),
        (&["--from", "0.125"][..], 3),
        (&["--from", "0.05", "--to", "0.2"][..], 4),
        (&["--fps", "60"][..], 15),
        (&["--fps", "12", "--to", "0.25"][..], 3),
    ] {
        let (output, video) = export(folder.path(), "out.mp4", arguments);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(count(&video), pictures, "{arguments:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1);
}

#[test]
fn the_camera_moves_as_it_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("path.json");
    let keys = r#"{"version": 1, "keys": [
        {"time": 0.0, "position": [0, 0, -9], "target": [0, 0, 0], "up": [0, -1, 0], "fov": 50},
        {"time": 0.2, "position": [9, 1, 0], "target": [0, 0, 0], "up": [0, -1, 0], "fov": 40}]}"#;
    fs::write(&path, keys).expect("it can be written");
    let path = path.to_string_lossy();
    let bytes = |name: &str, arguments: &[&str]| {
        let (output, video) = export(folder.path(), name, arguments);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(count(&video), 6);
        fs::read(video).expect("it is there")
    };
    let still = bytes("still.mp4", &[]);
    let orbit = bytes("orbit.mp4", &["--path", "orbit"]);
    let along = bytes("along.mp4", &["--path", &path]);
    assert!(still != orbit && still != along && orbit != along);
    assert_eq!(still, bytes("again.mp4", &[]));
}

/// How often four letters occur in a file.
fn occurrences(path: &Path, letters: &[u8; 4]) -> usize {
    let bytes = fs::read(path).expect("it is there");
    bytes.windows(4).filter(|window| window == letters).count()
}

#[test]
fn sound_goes_from_a_file_through_a_clip_into_a_video() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let sounds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../codecs/tests/data/sound");
    let pack = |input: &str, name: &str, arguments: &[&str]| {
        let clip = at(name);
        let mut all = vec!["pack", input, "-o", &clip, "--fps", "24", "--no-psnr"];
        all.extend(["--group", "3", "--no-thumbnails"]);
        all.extend(arguments);
        let output = zoetrope(&all);
        assert!(output.status.success(), "{output:?}");
        clip
    };
    let tone = format!("{sounds}/tone.m4a");
    let clip = pack(&wave_frames(), "wave.zoe", &["--audio", &tone]);
    // A clip that is packed anew keeps its sound.
    let again = pack(&clip, "again.zoe", &[]);
    for clip in [&clip, &again] {
        assert_eq!(occurrences(Path::new(clip), b"esds"), 1);
    }
    let video = at("out.mp4");
    for (clip, tracks) in [
        (&again, 1),
        (&packed_wave().to_string_lossy().into_owned(), 0),
    ] {
        let output = zoetrope(&["export", clip, "-o", &video, "--size", "64x36"]);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(occurrences(Path::new(&video), b"mp4a"), tracks);
        assert_eq!(count(Path::new(&video)), 6);
    }
    // What MP4 cannot hold is left out, with a word.
    let tone = format!("{sounds}/tone.wav");
    let clip = pack(&wave_frames(), "wav.zoe", &["--audio", &tone]);
    assert_eq!(occurrences(Path::new(&clip), b"ipcm"), 1);
    let output = zoetrope(&["export", &clip, "-o", &video, "--size", "64x36"]);
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("PCM sound is left out"));
    let wrong = at("wrong.zoe");
    let vorbis = format!("{sounds}/tone.ogg");
    let output = zoetrope(&["pack", &wave_frames(), "-o", &wrong, "--audio", &vorbis]);
    assert_one_sentence(&output, &["tone.ogg", "Vorbis", "convert it"]);
}

#[test]
fn what_makes_no_sense_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let refused = |name: &str, arguments: &[&str], words: &[&str]| {
        let (output, video) = export(folder.path(), name, arguments);
        assert_one_sentence(&output, words);
        assert!(!video.exists());
    };
    refused("a.avi", &[], &["a.avi", ".mp4"]);
    refused("a.mp4", &["--from", "0.3"], &["0.3 s", "lasts 0.250 s"]);
    refused("a.mp4", &["--from", "0.2", "--to", "0.1"], &["nothing"]);
    refused("a.mp4", &["--to", "7"], &["7 s", "lasts 0.250 s"]);
    refused("a.mp4", &["--path", "no.json"], &["camera path no.json"]);
    let broken = folder.path().join("broken.json");
    fs::write(&broken, "{").expect("it can be written");
    refused(
        "a.mp4",
        &["--path", &broken.to_string_lossy()],
        &["broken.json"],
    );
    let clip = packed_wave().to_string_lossy();
    let odd = folder.path().join("odd.mp4");
    let odd = odd.to_string_lossy();
    let output = zoetrope(&["export", &clip, "-o", &odd, "--size", "63x36"]);
    assert_one_sentence(&output, &["63 x 36", "even numbers"]);
    let names = fs::read_dir(folder.path()).expect("readable").count();
    assert_eq!(names, 1, "only the broken path is left");
}

#[test]
fn ctrl_c_stops_an_export_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out.mp4");
    let clip = packed_wave();
    let arguments: [&OsStr; 8] = [
        "export".as_ref(),
        clip.as_ref(),
        "-o".as_ref(),
        out.as_ref(),
        "--size".as_ref(),
        "1280x720".as_ref(),
        "--fps".as_ref(),
        "1000".as_ref(),
    ];
    assert_interrupt_leaves_nothing(&arguments, &out);
}
