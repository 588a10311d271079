//! Neural video: what is told of it, and its pictures.

use std::path::Path;

use zoetrope_render::Picture;

use crate::support::{assert_one_sentence, json, read_png, zoetrope};

/// 16 frames of 320 x 160 pixels, see `codecs/tests/data/README.md`.
const TINY: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../codecs/tests/data/neural/tiny.safetensors"
);

#[path = "../../../../app/tests/ui/nerv_file.rs"]
#[allow(dead_code)]
mod nerv_file;

/// The picture that the network's trainer makes of a frame.
fn reference(frame: usize) -> Picture {
    read_png(&Path::new(TINY).with_file_name(format!("{frame:02}.png")))
}

#[test]
fn info_tells_of_a_network_what_it_costs() {
    let info = json(&zoetrope(&["info", TINY, "--json"]));
    assert_eq!(info["kind"], "neural video");
    assert_eq!(info["frames"], 16);
    assert_eq!(info["groups"], 16);
    let picture = &info["picture"];
    assert_eq!(
        (&picture["width"], &picture["height"]),
        (&320.into(), &160.into())
    );
    assert_eq!(picture["parameters"], 209_422);
    let macs = picture["macs"].as_u64().expect("a number");
    assert!((186_000_000..187_000_000).contains(&macs), "{macs}");
    let bits = picture["bits_per_pixel"].as_f64().expect("a number");
    assert!((2.1..2.3).contains(&bits), "{bits}");
    let told = zoetrope(&["info", TINY]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    for part in ["320 x 160 pixels", "bits per pixel", "GMAC for a frame"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(!told.contains("SH degree"), "{told}");
}

#[test]
fn frames_come_out_in_any_order_and_by_either_engine_as_the_trainer_saw_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_string_lossy().into_owned();
    for (frame, engine) in [(15, "cpu"), (0, "gpu"), (8, "cpu"), (0, "cpu")] {
        let frames = format!("{frame}..{frame}");
        let output = zoetrope(&[
            "decode", TINY, "--frames", &frames, "-o", &out, "--size", "320x160", "--engine",
            engine,
        ]);
        assert!(output.status.success(), "{output:?}");
        let decoded = read_png(&folder.path().join(format!("{frame:06}.png")));
        let psnr = decoded.psnr(&reference(frame)).expect("of one size");
        assert!(psnr >= 50.0, "frame {frame} on the {engine}: {psnr} dB");
    }
}

#[test]
fn what_is_for_gaussians_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("frame.ply");
    let output = zoetrope(&[
        "convert",
        TINY,
        "-o",
        &out.to_string_lossy(),
        "--frame",
        "0",
    ]);
    assert_one_sentence(&output, &["flat pictures"]);
    assert!(!out.exists());
    // Three strides cannot be those of four blocks.
    let output = zoetrope(&["info", TINY, "--strides", "5,4,4"]);
    assert_one_sentence(&output, &["strides"]);
}

#[test]
fn compare_judges_a_network_by_its_source() {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, frame) in ["00.png", "08.png"].into_iter().enumerate() {
        let to = folder.path().join(format!("{number}.png"));
        std::fs::copy(Path::new(TINY).with_file_name(frame), to).expect("a copy");
    }
    let source = folder.path().to_string_lossy().into_owned();
    let compared = json(&zoetrope(&["compare", &source, TINY, "--json"]));
    let pictures = compared["pictures"].as_array().expect("pictures");
    let psnr = |index: usize| pictures[index]["psnr"].as_f64().expect("differs");
    // Picture 1 of the folder is frame 8 of the network.
    assert!(psnr(0) > 50.0 && psnr(1) < 40.0, "{compared}");
    assert!(pictures.len() == 2 && pictures[0].get("camera").is_none());
    let same = json(&zoetrope(&[
        "compare", TINY, TINY, "--every", "8", "--json",
    ]));
    assert_eq!(
        (&same["psnr"], &same["ssim"]),
        (&serde_json::Value::Null, &1.0.into())
    );
    let wrong = zoetrope(&["compare", "missing.mp4", TINY]);
    assert_one_sentence(&wrong, &["no such file"]);
}

#[test]
fn pack_makes_a_clip_of_a_network_without_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder
        .path()
        .join("tiny.zoe")
        .to_string_lossy()
        .into_owned();
    let packed = json(&zoetrope(&[
        "pack",
        TINY,
        "-o",
        &out,
        "--frame-rate",
        "12.5",
        "--title",
        "Bunny",
        "--no-thumbnails",
        "--json",
    ]));
    assert_eq!(packed["exact"], true, "{packed}");
    assert_eq!(
        packed["pictures"]["psnr"],
        serde_json::Value::Null,
        "{packed}"
    );
    let before = std::fs::metadata(TINY).expect("is there").len();
    let bytes = packed["bytes"].as_u64().expect("a number");
    assert!(bytes < before, "{packed}");
    let info = json(&zoetrope(&["info", &out, "--json"]));
    assert_eq!(
        (&info["title"], &info["frames"]),
        (&"Bunny".into(), &16.into())
    );
    assert_eq!(info["frame_rate"], 12.5);
    assert_eq!(info["picture"]["parameters"], 209_422);
    let same = json(&zoetrope(&[
        "compare", TINY, &out, "--every", "5", "--json",
    ]));
    assert_eq!(same["psnr"], serde_json::Value::Null, "{same}");
    let v3 = zoetrope(&["pack", TINY, "-o", "nowhere", "--format", "v3"]);
    assert_one_sentence(&v3, &["V3 clips have no flat pictures"]);
}

/// Each sentence names an option, which leads to the next one, until the network opens.
#[test]
fn what_a_network_leaves_open_is_told_as_it_can_be_typed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = nerv_file::write(folder.path())
        .to_string_lossy()
        .into_owned();
    let mut arguments = vec!["info".to_owned(), path, "--json".to_owned()];
    for option in ["--time-embedding", "--frame-count", "--strides"] {
        let output = zoetrope(&arguments);
        assert_one_sentence(&output, &["cannot be opened", option]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let example = told.split("as in ").nth(1).expect("an example");
        let mut words = example.split([' ', ';', '\n']);
        assert_eq!(words.next(), Some(option), "{told}");
        arguments.push(option.to_owned());
        arguments.push(words.next().expect("a value").to_owned());
    }
    let info = json(&zoetrope(&arguments));
    assert_eq!(info["frames"], 132);
    let picture = &info["picture"];
    assert_eq!(
        (&picture["width"], &picture["height"]),
        (&160.into(), &90.into())
    );
}
