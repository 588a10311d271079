//! A neural video out of a video.

use std::path::PathBuf;

use tempfile::TempDir;
use zoetrope_app::platform::Pick;

use super::exercises;
use crate::stage::{Setup, Stage, looks, neural_data};

/// With dialogs that answer with one path: the name of what is to be made, in a folder that is not there as a video.
fn with_output(setup: Setup) -> (Stage, PathBuf) {
    let folder: TempDir = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("garden.zoe");
    let mut stage = Stage::build(Setup {
        answer: Some(output.clone()),
        ..setup
    });
    stage.folder = Some(folder);
    stage.make_ready();
    (stage, output)
}

/// With the panel open and a video chosen.
fn ready(setup: Setup) -> (Stage, PathBuf) {
    let (mut stage, output) = with_output(setup);
    stage.apply("make-neural-video");
    stage.harness.run_ok();
    let choose = stage.text().fitting.choose_video;
    stage.click(choose);
    stage.harness.run_ok();
    (stage, output)
}

exercises! {
    a_neural_video_is_made_and_played {
        commands: ["make-neural-video"],
        controls: [
            "Make a neural video…", "Choose a video…", "Network: Large", "Network: Light", "Network: Quick",
            "Bits per number: 6", "Bits per number: 8", "Make it…", "Stop", "Make another", "Play it",
        ]
    }
    with_output(Setup::default()).0 => |stage| {
        stage.click("Open");
        stage.click("Make a neural video…");
        stage.click("Choose a video…");
        assert!(!stage.has("Bits per number: 6"), "it has its own");
        stage.click("Network: Large");
        stage.click("Network: Quick");
        stage.click("Network: Light");
        stage.click("Bits per number: 6");
        stage.click("Make it…");
        stage.until_shown("Mean PSNR");
        stage.until_shown("A frame as it is now");
        assert!(stage.has("400 of 1000") && stage.has("2:00"), "how far it is");
        stage.click("Stop");
        stage.until_shown("Make it…");
        stage.click("Bits per number: 8");
        for _ in 0..2 {
            stage.click("Make it…");
            stage.until_shown("Play it");
            if stage.used.iter().all(|used| used != "Make another") {
                stage.click("Make another");
            }
        }
        stage.click("Play it");
        stage.until_titled("Zoetrope – garden");
        let asked = stage.platform.asked.lock().expect("unpoisoned");
        assert_eq!(*asked, [Pick::FitVideo, Pick::Fit, Pick::Fit, Pick::Fit]);
    };
}

#[test]
fn what_cannot_be_written_is_said_and_nothing_is_lost() {
    let (mut stage, output) = ready(Setup::default());
    std::fs::create_dir(output).expect("a folder in its place");
    stage.click("Make it…");
    stage.until("a message", |app| !app.messages().is_empty());
    let messages = stage.harness.state().messages();
    assert!(
        messages[0].starts_with("The neural video was not made: "),
        "{messages:?}"
    );
    stage.until_shown("Make it…");
}

#[test]
fn one_picture_stands_for_all_in_its_folder() {
    let mut stage = Stage::build(Setup {
        answer: Some(neural_data().join("00.png")),
        ..Setup::default()
    });
    stage.make_ready();
    stage.apply("make-neural-video");
    stage.harness.run_ok();
    stage.click("Choose a video…");
    stage.until_shown("neural");
}

#[test]
fn it_looks_right_everywhere() {
    for (name, setup) in looks("fit") {
        let (mut stage, _) = ready(setup);
        stage.render(&format!("{name}-choice"));
        let texts = &stage.text().fitting;
        let light = zoetrope_app::text::fill(texts.network_choice, &[texts.lite]);
        stage.click(&light);
        stage.harness.run_ok();
        let six = zoetrope_app::text::fill(texts.bits_choice, &["6"]);
        stage.click(&six);
        stage.click(texts.start);
        stage.until_shown(texts.picture_label);
        stage.render(&name);
    }
}
