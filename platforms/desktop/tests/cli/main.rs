//! The built binary on good and bad input: what it prints, what it writes, how it exits.

mod clip;
mod convert;
mod desktop_files;
mod export;
mod fit;
mod info;
mod link;
mod neural;
mod ply_sequence;
mod share;
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clip::{packed_wave, wave_frames};
use serde_json::Value;
use support::{assert_interrupt_leaves_nothing, assert_one_sentence, json, zoetrope};

/// A copy of the packed wave that a test may damage.
fn damaged(damage: impl FnOnce(&Path)) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clip = folder.path().join("clip");
    support::copy_folder(packed_wave(), &clip);
    damage(&clip);
    let name = clip.to_str().expect("a name in UTF-8").to_owned();
    (folder, name)
}

/// Draws a frame of `clip` into a small picture in `folder`; the picture's path.
fn render_small(clip: &str, folder: &tempfile::TempDir, frame: &str) -> (Output, PathBuf) {
    let out = folder.path().join("out.png");
    let path = out.to_string_lossy();
    let output = zoetrope(&[
        "render", clip, "-o", &path, "--frame", frame, "--size", "32x18",
    ]);
    (output, out)
}

/// Decodes `frames` of `clip` into small pictures in `folder`.
fn decode_small(clip: &str, folder: &tempfile::TempDir, frames: &str) -> Output {
    let out = folder.path().join("out");
    let out = out.to_string_lossy();
    zoetrope(&[
        "decode", clip, "--frames", frames, "-o", &out, "--size", "32x18",
    ])
}

/// Changes the parsed content of a JSON file of the clip.
fn edit_json(clip: &Path, name: &str, edit: impl FnOnce(&mut Value)) {
    let path = clip.join(name);
    let mut value = serde_json::from_slice(&fs::read(&path).expect("it is there")).expect("JSON");
    edit(&mut value);
    fs::write(path, value.to_string()).expect("it can be written");
}

/// Changes the text of `viewer_min_max.json`, for what JSON itself cannot say.
fn edit_text(clip: &Path, edit: impl FnOnce(String) -> String) {
    let path = clip.join("viewer_min_max.json");
    let text = fs::read_to_string(&path).expect("it is there");
    let edited = edit(text.clone());
    assert_ne!(text, edited, "the edit must hit something");
    fs::write(path, edited).expect("it can be written");
}

#[test]
fn info_tells_what_was_packed() {
    let clip = packed_wave();
    let info = json(&zoetrope(&["info", &clip.to_string_lossy(), "--json"]));
    assert_eq!(info["kind"], "V3");
    assert_eq!(info["frames"], 6);
    assert_eq!(info["groups"], 3);
    assert_eq!(info["gaussians"]["max"], 4225);
    assert_eq!(info["sh_degree"], 0);
    assert_eq!(info["frame_rate"], 24.0);
    assert_eq!(info["frame_rate_known"], true);
    assert!(info["bytes"].as_u64().expect("a size") > 1000);
    let low = info["bounds"]["min"][0].as_f64().expect("a number");
    assert!((low + 3.088).abs() < 0.01, "{low}");
}

#[test]
fn render_draws_what_the_reference_draws() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clip = packed_wave().to_string_lossy();
    let pictures: Vec<PathBuf> = ["ours.png", "reference.png"]
        .iter()
        .map(|name| folder.path().join(name))
        .collect();
    for (path, extra) in pictures.iter().zip([None, Some("--reference")]) {
        let path = path.to_string_lossy();
        let mut arguments = vec![
            "render", &clip, "-o", &path, "--frame", "3", "--size", "320x180",
        ];
        arguments.extend(extra);
        let output = zoetrope(&arguments);
        assert!(output.status.success(), "{output:?}");
    }
    let [ours, reference] = [0, 1].map(|index: usize| support::read_png(&pictures[index]));
    assert_eq!((ours.width, ours.height), (320, 180));
    assert!(ours.rgba.chunks(4).any(|pixel| pixel[0] > 64));
    let psnr = ours.psnr(&reference).expect("pictures of one size");
    assert!(psnr >= 45.0, "{psnr}");
}

#[test]
fn decode_writes_frames_with_times() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("pictures");
    let clip = packed_wave().to_string_lossy();
    let decoded = json(&zoetrope(&[
        "decode",
        &clip,
        "--frames",
        "1..2",
        "-o",
        &out.to_string_lossy(),
        "--size",
        "64x36",
        "--json",
    ]));
    assert_eq!(decoded.as_array().map(Vec::len), Some(2));
    assert_eq!(decoded[1]["frame"], 2);
    assert!((decoded[1]["time"].as_f64().expect("a time") - 2.0 / 24.0).abs() < 1e-9);
    assert_eq!(fs::read_dir(&out).expect("made").count(), 2);

    let planes = folder.path().join("planes");
    let decoded = json(&zoetrope(&[
        "decode",
        &clip,
        "--frames",
        "0",
        "--planes",
        "-o",
        &planes.to_string_lossy(),
        "--json",
    ]));
    assert_eq!(decoded[0]["files"].as_array().map(Vec::len), Some(17));
    let plane = support::read_png(&planes.join("000000_01.png"));
    assert_eq!((plane.width, plane.height), (72, 72));
}

#[test]
fn compare_finds_the_packed_clip_close_and_itself_equal() {
    let clip = packed_wave().to_string_lossy();
    let frames = wave_frames();
    let common = [
        "--cameras",
        "2",
        "--every",
        "3",
        "--size",
        "160x90",
        "--json",
    ];
    let against_source = json(&zoetrope(
        &[&["compare", &frames, &clip][..], &common[..]].concat(),
    ));
    assert_eq!(against_source["pictures"].as_array().map(Vec::len), Some(4));
    assert!(against_source["psnr_min"].as_f64().expect("a number") >= 38.0);
    let against_itself = json(&zoetrope(
        &[&["compare", &clip, &clip][..], &common[..]].concat(),
    ));
    assert_eq!(against_itself["psnr"], Value::Null);
    assert_eq!(against_itself["ssim"], 1.0);
}

#[test]
fn wrong_usage_exits_with_2() {
    for arguments in [
        &["render"][..],
        &["render", "clip", "-o", "x.png", "--size", "big"],
        &["pack", "in", "-o", "out", "--quality", "101"],
        &["info", "clip", "--frames"],
    ] {
        assert_eq!(zoetrope(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn help_of_every_command_has_an_example() {
    for command in [
        "info", "render", "decode", "convert", "compare", "pack", "bench",
    ] {
        let output = zoetrope(&[command, "--help"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success());
        assert!(text.contains("Example"), "{text}");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let output = zoetrope(&["info", "no/such/clip"]);
    assert_one_sentence(&output, &["no/such/clip"]);
}

#[test]
fn a_window_without_a_display_is_a_sentence() {
    let output = Command::new(env!("CARGO_BIN_EXE_zoetrope"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .output()
        .expect("it starts");
    assert_one_sentence(&output, &["no display", "--help"]);
}

#[test]
fn a_link_that_leads_nowhere_is_a_sentence() {
    // Port 9 discards; nobody listens to it any more.
    for link in [
        "http://127.0.0.1:9/clip.zip",
        "zoetrope://open?src=http%3A%2F%2F127.0.0.1%3A9%2Fclip.zip&t=1",
    ] {
        assert_one_sentence(&zoetrope(&["info", link]), &["127.0.0.1"]);
    }
}

#[test]
fn an_empty_folder_is_a_sentence() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert_one_sentence(
        &zoetrope(&["info", &folder.path().to_string_lossy()]),
        &["empty"],
    );
}

#[test]
fn a_folder_without_permission_is_a_sentence() {
    let (_folder, clip) = damaged(|clip| {
        fs::set_permissions(clip, fs::Permissions::from_mode(0o000)).expect("it is ours");
    });
    // Root may read everything unless it gives that up first.
    let binary = env!("CARGO_BIN_EXE_zoetrope");
    let is_root = fs::read_dir(&clip).is_ok();
    let output = if is_root {
        Command::new("setpriv")
            .args([
                "--bounding-set=-dac_override,-dac_read_search",
                binary,
                "info",
                &clip,
            ])
            .output()
    } else {
        Command::new(binary).args(["info", &clip]).output()
    };
    let output = output.expect("it starts");
    fs::set_permissions(&clip, fs::Permissions::from_mode(0o755)).expect("it is ours");
    assert_one_sentence(&output, &["permission"]);
}

#[test]
fn a_truncated_video_is_named_and_other_groups_still_decode() {
    let (folder, clip) = damaged(|clip| {
        let path = clip.join("group1/9.mp4");
        let bytes = fs::read(&path).expect("it is there");
        fs::write(path, &bytes[..bytes.len() / 2]).expect("it can be written");
    });
    let decode = |frames: &str| decode_small(&clip, &folder, frames);
    assert_one_sentence(
        &decode("2..3"),
        &[
            "group1/9.mp4",
            "header cannot be read;",
            "copy the clip again",
        ],
    );
    assert!(decode("0..1").status.success());
    assert!(decode("4..5").status.success());
}

#[test]
fn a_missing_video_is_named() {
    let (folder, clip) = damaged(|clip| {
        fs::remove_file(clip.join("group0/12.mp4")).expect("it is there");
    });
    let (output, out) = render_small(&clip, &folder, "1");
    assert_one_sentence(&output, &["group0/12.mp4"]);
    assert!(!out.exists());
}

#[test]
fn a_missing_group_in_the_middle_spares_the_others() {
    let (folder, clip) = damaged(|clip| {
        fs::remove_dir_all(clip.join("group1")).expect("it is there");
    });
    let decode = |frames: &str| decode_small(&clip, &folder, frames);
    assert!(decode("0..1").status.success());
    assert!(decode("4..5").status.success());
    assert_one_sentence(&decode("2..2"), &["group1"]);
}

#[test]
fn swapped_videos_of_other_sizes_are_named() {
    let (folder, clip) = damaged(|clip| {
        // A video of another picture size in place of a plane.
        let other = support::encode_grey(64, 2);
        fs::write(clip.join("group0/16.mp4"), other).expect("it can be written");
    });
    let (output, _) = render_small(&clip, &folder, "0");
    assert_one_sentence(&output, &["group0", "64"]);
}

#[test]
fn swapped_videos_of_one_size_do_no_harm() {
    let (folder, clip) = damaged(|clip| {
        fs::rename(clip.join("group0/1.mp4"), clip.join("swap")).expect("it is there");
        fs::rename(clip.join("group0/16.mp4"), clip.join("group0/1.mp4")).expect("it is there");
        fs::rename(clip.join("swap"), clip.join("group0/16.mp4")).expect("it is there");
    });
    // Nothing in the format tells one plane from another: the picture is wrong, but it is drawn.
    let (output, _) = render_small(&clip, &folder, "0");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn json_that_lies_is_a_sentence() {
    type Lie = (&'static str, fn(&Path), &'static [&'static str]);
    let lies: &[Lie] = &[
        (
            "more Gaussians than pixels",
            |clip| {
                edit_json(clip, "viewer_min_max.json", |json| {
                    for frame in ["0", "1"] {
                        json[frame]["num"] = 100_000.into();
                    }
                });
            },
            &["100000"],
        ),
        (
            "a billion Gaussians",
            |clip| {
                edit_json(clip, "viewer_min_max.json", |json| {
                    for (_, frame) in json.as_object_mut().expect("an object") {
                        frame["num"] = 1_000_000_000.into();
                    }
                });
            },
            &["1000000000"],
        ),
        (
            "a negative count",
            |clip| {
                edit_json(clip, "viewer_min_max.json", |json| {
                    for (_, frame) in json.as_object_mut().expect("an object") {
                        frame["num"] = (-5).into();
                    }
                });
            },
            &["viewer_min_max.json"],
        ),
        (
            "a count that changes inside a group",
            |clip| {
                edit_json(clip, "viewer_min_max.json", |json| {
                    json["1"]["num"] = 4000.into();
                });
            },
            &["4000"],
        ),
        (
            "a range upside down",
            |clip| {
                edit_json(clip, "viewer_min_max.json", |json| {
                    json["0"]["info"][0] = 5.0.into();
                    json["0"]["info"][1] = (-5.0).into();
                });
            },
            &["5", "-5"],
        ),
        (
            "a range that is not a number",
            |clip| edit_text(clip, |text| text.replacen("[", "[NaN,", 1)),
            &["viewer_min_max.json"],
        ),
        (
            "an infinite range",
            |clip| {
                edit_json(clip, "viewer_min_max.json", |json| {
                    json["0"]["info"][1] = "inf".into();
                });
            },
            &[],
        ),
        (
            "ranges for no SH degree",
            |clip| {
                edit_json(clip, "viewer_min_max.json", |json| {
                    let info = json["0"]["info"].as_array_mut().expect("an array");
                    info.truncate(20);
                });
            },
            &[],
        ),
        (
            "a frame without ranges",
            |clip| {
                edit_json(clip, "viewer_min_max.json", |json| {
                    json.as_object_mut().expect("an object").remove("0");
                });
            },
            &["0"],
        ),
        (
            "a text that is no JSON",
            |clip| fs::write(clip.join("group_info.json"), "{\"0\": {").expect("writable"),
            &["group_info.json"],
        ),
        (
            "no groups at all",
            |clip| fs::write(clip.join("group_info.json"), "{}").expect("writable"),
            &["group"],
        ),
        (
            "no ranges file",
            |clip| fs::remove_file(clip.join("viewer_min_max.json")).expect("it is there"),
            &["viewer_min_max.json"],
        ),
    ];
    for (what, lie, words) in lies {
        let (folder, clip) = damaged(*lie);
        let (output, out) = render_small(&clip, &folder, "0");
        println!("{what}: {}", String::from_utf8_lossy(&output.stderr).trim());
        assert_one_sentence(&output, words);
        assert!(!out.exists(), "{what} must leave nothing behind");
    }
}

#[test]
fn an_output_folder_that_is_not_there_is_named() {
    let clip = packed_wave().to_string_lossy();
    let output = zoetrope(&[
        "render",
        &clip,
        "-o",
        "no/such/folder/x.png",
        "--size",
        "32x18",
    ]);
    assert_one_sentence(&output, &["no/such/folder"]);
}

#[test]
fn pack_does_not_overwrite_what_is_no_clip() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let keep = folder.path().join("letters");
    fs::create_dir(&keep).expect("it can be made");
    fs::write(keep.join("letter.txt"), "dear").expect("it can be written");
    let output = zoetrope(&[
        "pack",
        &wave_frames(),
        "-o",
        &keep.to_string_lossy(),
        "--no-psnr",
    ]);
    assert_one_sentence(&output, &["letters"]);
    assert_eq!(
        fs::read(keep.join("letter.txt")).expect("it is there"),
        b"dear"
    );
}

#[test]
fn ctrl_c_stops_a_pack_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("clip");
    let path = out.to_string_lossy();
    let arguments = ["pack", "--format", "v3", &wave_frames(), "-o", &path];
    assert_interrupt_leaves_nothing(&arguments, &out);
}

#[test]
fn bench_lists_stable_names() {
    let output = zoetrope(&["bench", "--list"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for name in [
        "splat-100k",
        "splat-500k",
        "splat-2m",
        "sort",
        "v3-decode",
        "seek",
    ] {
        assert!(text.lines().any(|line| line.starts_with(name)), "{text}");
    }
    assert_one_sentence(&zoetrope(&["bench", "nonsense"]), &["nonsense"]);
}
