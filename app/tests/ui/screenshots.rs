//! Screenshots: files of what is shown.

use std::fs;
use std::path::{Path, PathBuf};

use egui::{Key, Modifiers, Vec2};

use crate::stage::{Setup, Stage};

fn stage_in(folder: &Path) -> Stage {
    let settings = serde_json::json!({ "screenshot_folder": folder });
    let mut stage = Stage::build(Setup {
        size: Vec2::new(400.0, 300.0),
        scale: 2.0,
        ..Setup::with_settings(&settings.to_string())
    });
    stage.make_ready();
    stage
}

fn wait(stage: &mut Stage) {
    stage.until("the file", |app| {
        app.is_done_shooting() && !app.messages().is_empty()
    });
    stage.harness.run_steps(2);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files
}

#[test]
fn plain_transparent_and_large() {
    let folder = tempfile::tempdir().expect("a folder");
    let shots = folder.path().join("shots");
    let mut stage = stage_in(&shots);
    stage.apply("seek-frame 12");
    stage.harness.run();
    stage.key(Key::S);
    wait(&mut stage);
    let plain = shots.join("ring 0m01.20s.png");
    assert_eq!(files(&shots), [plain.as_path()]);
    let message = stage.harness.state().messages()[0].clone();
    assert_eq!(message, format!("Saved as {}", plain.display()));
    assert!(stage.has("Show the folder"));
    stage.render("screenshot-saved");

    // It is what the window shows, where no control is.
    let saved = image::open(&plain).expect("a PNG").to_rgba8();
    assert_eq!((saved.width(), saved.height()), (800, 600));
    stage.key(Key::Escape);
    stage.harness.run();
    let shown = stage.render("screenshot-window");
    for y in (180..300).step_by(7) {
        for x in (0..800).step_by(7) {
            assert_eq!(saved.get_pixel(x, y), shown.get_pixel(x, y), "{x} {y}");
        }
    }

    stage.key_with(Modifiers::SHIFT, Key::S);
    wait(&mut stage);
    let transparent = image::open(shots.join("ring 0m01.20s-2.png")).expect("a PNG");
    let transparent = transparent.to_rgba8();
    assert_eq!(transparent.get_pixel(2, 2).0, [0; 4]);
    assert!(transparent.pixels().any(|pixel| pixel.0[3] > 250));

    stage.key(Key::Escape);
    stage.key_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::S);
    wait(&mut stage);
    let large = image::open(shots.join("ring 0m01.20s-3.png")).expect("a PNG");
    assert_eq!((large.width(), large.height()), (1600, 1200));
    assert_eq!(files(&shots).len(), 3);
}

/// The keywords and texts in a PNG.
fn notes(path: &Path) -> Vec<(String, String)> {
    let file = std::io::BufReader::new(fs::File::open(path).expect("it is there"));
    let reader = png::Decoder::new(file).read_info().expect("a PNG");
    let notes = reader.info().utf8_text.iter();
    notes
        .map(|note| (note.keyword.clone(), note.get_text().expect("text")))
        .collect()
}

#[test]
fn the_link_is_in_the_file_unless_it_would_give_something_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let shots = folder.path().join("shots");
    let mut stage = stage_in(&shots);
    for (clip, is_told) in [
        ("https://example.org/ring", true),
        ("https://example.org/ring?key=secret", false),
        ("other", false),
    ] {
        stage.asked.commands.lock().expect("unpoisoned").clear();
        stage.open(clip);
        stage.until("the clip", |app| app.player_state().is_some());
        let title = if clip == "other" { "other" } else { "ring" };
        stage.until_titled(&format!("Zoetrope – {title}"));
        stage.apply("pause");
        stage.apply("seek-frame 12");
        stage.harness.run_ok();
        stage.key(Key::S);
        wait(&mut stage);
        let shot = files(&shots).remove(0);
        let notes = notes(&shot);
        fs::remove_file(shot).expect("removed");
        stage.apply("dismiss-notices");
        assert_eq!(notes.len(), if is_told { 2 } else { 0 }, "{clip} {notes:?}");
        if is_told {
            let start = "zoetrope://open?src=https://example.org/ring&t=1.2&cam=";
            assert_eq!(notes[0], ("Description".to_owned(), "ring".to_owned()));
            assert!(
                notes[1].0 == "Source" && notes[1].1.starts_with(start),
                "{notes:?}"
            );
        }
    }
}

#[test]
fn the_folder_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stage = stage_in(folder.path());
    stage.apply("screenshot");
    wait(&mut stage);
    stage.click("Show the folder");
    let shown = stage.platform.shown.lock().expect("unpoisoned").clone();
    assert_eq!(shown, [folder.path()]);
}

#[test]
fn what_goes_wrong_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let blocked = folder.path().join("file");
    fs::write(&blocked, b"").expect("a file");
    let mut stage = stage_in(&blocked);
    stage.apply("screenshot");
    wait(&mut stage);
    let message = stage.harness.state().messages()[0].clone();
    assert!(
        message.starts_with("The screenshot cannot be written into "),
        "{message}"
    );
    assert!(
        message.ends_with("choose another folder in the settings."),
        "{message}"
    );

    // Nowhere to go.
    let mut stage = Stage::ready(1.0);
    stage.apply("screenshot");
    let message = stage.harness.state().messages()[0].clone();
    assert!(
        message.starts_with("There is no folder for screenshots"),
        "{message}"
    );

    // Nothing to show.
    let mut stage = Stage::build(Setup {
        clip: None,
        ..Setup::with_settings(r#"{"start_with": "start-page"}"#)
    });
    stage.apply("screenshot-large");
    let message = stage.harness.state().messages()[0].clone();
    assert!(
        message.starts_with("There is no picture to save"),
        "{message}"
    );
}

#[test]
fn one_that_is_too_large_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = serde_json::json!({
        "screenshot_folder": folder.path(),
        "screenshot_scale": 4,
    });
    let mut stage = Stage::build(Setup {
        size: Vec2::new(2100.0, 400.0),
        ..Setup::with_settings(&settings.to_string())
    });
    stage.make_ready();
    stage.apply("screenshot-large");
    wait(&mut stage);
    let message = stage.harness.state().messages()[0].clone();
    assert!(
        message.starts_with("A screenshot of 8400 × 1600 pixels is too large"),
        "{message}"
    );
    assert_eq!(files(folder.path()).len(), 0);
}
