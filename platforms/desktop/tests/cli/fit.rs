//! Fitting networks to pictures.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use image::{Rgb, RgbImage};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{assert_one_sentence, json, zoetrope};

/// Pictures whose names need their numbers to be in order: the first is dark, the last bright.
fn pictures(folder: &Path, count: usize) {
    for frame in 0..count {
        let picture = RgbImage::from_fn(48, 24, |x, y| {
            Rgb([(5 * x) as u8, (10 * y) as u8, (200 * frame / count) as u8])
        });
        let name = format!("{}.png", 8 + frame);
        picture.save(folder.join(name)).expect("is written");
    }
}

#[test]
fn pictures_become_a_clip() {
    let folder = tempfile::tempdir().expect("a folder");
    pictures(folder.path(), 4);
    let clip = folder.path().join("out.zoe");
    let (video, out) = (folder.path().to_string_lossy(), clip.to_string_lossy());
    let arguments = [
        "fit", &video, "-o", &out, "--size", "15000", "--epochs", "100", "--fps", "12", "--json",
    ];
    let report = json(&zoetrope(&arguments));
    assert_eq!(report["frames"], 4);
    assert_eq!(
        (&report["width"], &report["height"]),
        (&48.into(), &24.into())
    );
    assert_eq!(
        report["bytes"],
        fs::metadata(&clip).expect("is there").len()
    );
    assert!(
        report["bytes"]
            .as_u64()
            .is_some_and(|bytes| bytes <= 15_000)
    );
    assert!(
        report["psnr"].as_f64().is_some_and(|psnr| psnr > 20.0),
        "{report}"
    );
    let info = json(&zoetrope(&["info", &out, "--json"]));
    assert_eq!(info["kind"], "neural video");
    assert_eq!(info["frames"], 4);
    // Nothing but the pictures and the clip is left.
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 5);
    assert_one_sentence(&zoetrope(&arguments), &["already exists"]);
}

#[test]
fn pictures_become_a_clip_of_many_networks() {
    let folder = tempfile::tempdir().expect("a folder");
    pictures(folder.path(), 10);
    let clip = folder.path().join("out.zoe");
    let (video, out) = (folder.path().to_string_lossy(), clip.to_string_lossy());
    let arguments = [
        "fit", &video, "-o", &out, "--codec", "nirvana", "--epochs", "200", "--json",
    ];
    let report = json(&zoetrope(&arguments));
    assert_eq!(
        (&report["frames"], &report["codec"]),
        (&10.into(), &"nirvana".into())
    );
    assert_eq!(
        report["bytes"],
        fs::metadata(&clip).expect("is there").len()
    );
    assert!(
        report["networks"]
            .as_u64()
            .is_some_and(|networks| networks > 1)
    );
    assert!(
        report["psnr"].as_f64().is_some_and(|psnr| psnr > 20.0),
        "{report}"
    );
    let info = json(&zoetrope(&["info", &out, "--json"]));
    assert_eq!(info["kind"], "neural video");
    assert_eq!(info["frames"], 10);
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 11);
}

#[test]
fn an_interrupted_fit_leaves_what_it_can_go_on_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = tempfile::tempdir().expect("a folder");
    pictures(folder.path(), 3);
    let clip = target.path().join("out.zoe");
    let pattern = folder.path().join("*.png");
    let arguments = |epochs: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zoetrope"));
        command.arg("fit").arg(&pattern).arg("-o").arg(&clip);
        command.args(["--size", "15000", "--epochs", epochs, "--resume"]);
        command
    };
    let mut child = arguments("900000").spawn().expect("it starts");
    let checkpoint = target.path().join("out.zoe.fit");
    let start = Instant::now();
    while !checkpoint.exists() && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let id = Pid::from_raw(child.id().try_into().expect("a small number"));
    kill(id, Signal::SIGINT).expect("it is still running");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(checkpoint.is_file());
    assert_eq!(fs::read_dir(target.path()).expect("readable").count(), 1);
    // Of another fit it is no checkpoint; that one begins anew, and has no more use for it at the end.
    assert!(arguments("1").output().expect("it starts").status.success());
    assert!(clip.is_file() && !checkpoint.exists());
}

/// On the graphics processor, too: here it is one that only a driver plays, which is never chosen unasked.
#[test]
fn the_engine_is_chosen() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = tempfile::tempdir().expect("a folder");
    pictures(folder.path(), 2);
    let video = folder.path().to_string_lossy();
    let fit = |engine: &str| {
        let clip = target.path().join(engine);
        let out = clip.to_string_lossy();
        let size = ["--size", "15000", "--epochs", "2"];
        let arguments = [
            &["fit", &video, "-o", &out, "--json", "--engine", engine],
            &size[..],
        ];
        json(&zoetrope(&arguments.concat()))
    };
    let (cpu, gpu) = (fit("cpu"), fit("gpu"));
    assert_eq!(cpu["engine"], "the processor");
    assert_ne!(gpu["engine"], "the processor");
    let psnr = [&cpu, &gpu].map(|report| report["psnr"].as_f64().expect("a number"));
    assert!((psnr[0] - psnr[1]).abs() < 0.01, "{psnr:?}");
    // Of the same steps on another engine the numbers would differ.
    let auto = fit("auto");
    assert!(auto["engine"] != "the processor" || auto["psnr"] == cpu["psnr"]);
}

#[test]
fn what_cannot_be_fitted_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = folder.path().join("out.zoe");
    let (video, out) = (folder.path().to_string_lossy(), clip.to_string_lossy());
    assert_one_sentence(&zoetrope(&["fit", &video, "-o", &out]), &["no pictures"]);
    pictures(folder.path(), 1);
    let few = zoetrope(&["fit", &video, "-o", &out, "--size", "100"]);
    assert_one_sentence(&few, &["100 bytes"]);
    let sized = zoetrope(&[
        "fit", &video, "-o", &out, "--codec", "nirvana", "--size", "90000",
    ]);
    assert_one_sentence(&sized, &["--size", "hnerv"]);
    let good = zoetrope(&["fit", &video, "-o", &out, "--psnr", "30"]);
    assert_one_sentence(&good, &["--psnr", "nirvana"]);
    let processor = zoetrope(&[
        "fit", &video, "-o", &out, "--codec", "nirvana", "--engine", "gpu",
    ]);
    assert_one_sentence(&processor, &["--engine gpu", "hnerv"]);
    assert!(!clip.exists());
}
