//! A flat clip beside the video that it was made of.

use std::path::PathBuf;

use egui::{Key, Modifiers, pos2};
use tempfile::TempDir;
use zoetrope_app::ClipTarget;

use super::exercises;
use crate::stage::{Setup, Stage, looks, neural_data};

/// What a network makes, as another decoder has it: its frames 0, 8 and 15 are 0, 1 and 2 of the source.
fn source() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, name) in ["00.png", "08.png", "15.png"].into_iter().enumerate() {
        let to = folder.path().join(format!("{number}.png"));
        std::fs::copy(neural_data().join(name), to).expect("a copy");
    }
    let first = folder.path().join("0.png");
    (folder, first)
}

/// With a neural video, and a dialog that answers with its source.
fn with_network(setup: Setup) -> Stage {
    let (folder, first) = source();
    let mut stage = Stage::build(Setup {
        clip: Some(ClipTarget::from(neural_data().join("tiny.safetensors"))),
        answer: Some(first),
        ..setup
    });
    stage.folder = Some(folder);
    stage.make_ready();
    stage
}

fn psnr(stage: &mut Stage) -> f64 {
    stage.until("the comparison", |app| app.source_psnr().is_some());
    stage.until("the picture", |app| !app.is_drawing());
    stage.harness.run();
    stage.harness.state().source_psnr().expect("compared")
}

/// How many pixels differ between two pictures in columns `from` to `to`, parts of the width.
fn different(a: &image::RgbaImage, b: &image::RgbaImage, from: f32, to: f32) -> usize {
    let columns = |part: f32| (part * a.width() as f32) as u32;
    let range = columns(from)..columns(to);
    let pixels = a.enumerate_pixels().filter(|(x, ..)| range.contains(x));
    pixels
        .filter(|(x, y, pixel)| *pixel != b.get_pixel(*x, *y))
        .count()
}

exercises! {
    a_wipe_and_side_by_side {
        commands: ["choose-source", "compare", "compare-cycle"],
        controls: [
            "Choose the source video…", "Comparison: Off", "Comparison: Wipe",
            "Comparison: Side by side", "Place of the line",
        ]
    }
    with_network(Setup::default()) => |stage| {
        stage.click("Inspector");
        stage.click("Choose the source video…");
        let same = psnr(stage);
        assert!(same > 50.0, "{same}");
        // Frame 1 of the source is another one.
        stage.apply("step 1");
        stage.until("the next frame", |app| {
            app.player_state().and_then(|state| state.picture.as_ref()).is_some_and(|shown| shown.index == 1)
        });
        let other = psnr(stage);
        assert!(other < 40.0, "{other}");
        let wiped = stage.without_text();
        stage.click("Comparison: Off");
        let alone = stage.without_text();
        assert!(different(&wiped, &alone, 0.55, 0.7) > 1000);
        stage.click("Comparison: Side by side");
        let side = stage.without_text();
        assert!(different(&side, &alone, 0.0, 0.3) > 1000);
        stage.click("Comparison: Wipe");
        stage.set_value("Place of the line", 60.0);
        let moved = stage.without_text();
        assert!(different(&moved, &wiped, 0.4, 0.7) > 100);
        // The key goes round.
        stage.click("Inspector");
        for _ in 0..3 {
            stage.key(Key::X);
        }
        stage.harness.run();
        let line = stage.without_text();
        let handle = pos2(0.6 * 1280.0, 360.0);
        stage.drag(handle, pos2(0.2 * 1280.0, 360.0));
        let dragged = stage.without_text();
        assert!(different(&dragged, &line, 0.25, 0.55) > 1000);
    };
}

#[test]
fn only_flat_clips_have_a_source() {
    let mut stage = Stage::ready(1.0);
    stage.key_with(Modifiers::NONE, Key::X);
    stage.until("a message", |app| !app.messages().is_empty());
    let messages = stage.harness.state().messages();
    assert!(messages[0].contains("flat clips"), "{messages:?}");
    assert!(stage.platform.asked.lock().expect("unpoisoned").is_empty());
}

#[test]
fn what_a_flat_clip_cannot_do_is_not_offered() {
    let mut stage = with_network(Setup::with_settings(r#"{"hints": true}"#));
    assert!(!stage.has("Reset view") && !stage.has("Camera"));
    let turn = stage.text().panels.hint_turn;
    assert!(!stage.has(turn));
    stage.open("other");
    stage.until_shown("Reset view");
}

#[test]
fn a_comparison_looks_right_everywhere() {
    for (name, setup) in looks("comparison") {
        let mut stage = with_network(setup);
        stage.apply("choose-source");
        psnr(&mut stage);
        stage.render(&format!("{name}-wipe"));
        stage.apply("toggle-inspector");
        stage.apply("compare side-by-side");
        stage.harness.run();
        psnr(&mut stage);
        stage.render(&name);
    }
}
