//! Opening clips, and what goes wrong with them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use zoetrope_app::camera::CameraRig;
use zoetrope_app::platform::Pick;
use zoetrope_codecs::Cancel;
use zoetrope_codecs::splat::{self, WriteFormat, synthetic};

use crate::stage::{Setup, Stage};

#[test]
fn an_error_is_told_and_the_old_clip_stays() {
    let mut stage = Stage::ready(1.0);
    stage.apply("seek-frame 7");
    stage.open("missing.ply");
    stage.until("a message", |app| !app.messages().is_empty());
    let message = "Cannot read missing.ply: there is no such file or folder.";
    assert_eq!(stage.harness.state().messages(), [message]);
    assert!(stage.has(message));
    assert_eq!(stage.state().frame, 7);
    stage.render("error");
    stage.harness.run();
    stage.click("Dismiss");
    assert!(!stage.has(message) && !stage.has("Dismiss"));
    // Escape takes all away.
    for name in ["a.ply", "b.ply"] {
        stage.open(name);
        stage.until("a message", |app| {
            app.messages().iter().any(|message| message.contains(name))
        });
    }
    assert_eq!(stage.harness.state().messages().len(), 2);
    stage.key(Key::Escape);
    assert!(stage.harness.state().messages().is_empty());
}

#[test]
fn a_panic_while_opening_is_told() {
    let mut stage = Stage::ready(1.0);
    stage.open("panics");
    stage.until("a message", |app| !app.messages().is_empty());
    assert!(stage.has("\"panics\" cannot be opened: reading it failed."));
}

#[test]
fn the_old_clip_stays_until_the_new_one_has_a_picture() {
    let mut stage = Stage::ready(1.0);
    stage.apply("seek-frame 7");
    let gate = stage.gate.clone();
    let closed = gate.lock().expect("unpoisoned");
    stage.open("slow");
    stage.pass(0.3);
    assert_eq!(stage.state().frame, 7);
    let before = stage.harness.render().expect("a picture");
    stage.pass(0.3);
    assert_eq!(stage.state().frame, 7);
    // After a while it says what it is doing.
    let after = stage.render("opening");
    assert!(before != after);
    drop(closed);
    stage.until("the new clip", |app| {
        app.player_state().is_some_and(|state| state.frame < 7)
    });
    assert!(stage.state().picture.is_some());
}

#[test]
fn the_newest_wish_wins() {
    let mut stage = Stage::ready(1.0);
    let gate = stage.gate.clone();
    let closed = gate.lock().expect("unpoisoned");
    stage.open("slow");
    stage.open("missing.ply");
    drop(closed);
    stage.until("a message", |app| !app.messages().is_empty());
    stage.pass(0.5);
    assert_eq!(stage.state().frame, 0);
}

#[test]
fn a_hole_in_a_clip_is_told_once_and_played_over() {
    let mut stage = Stage::build(Setup {
        clip: Some("holed".into()),
        ..Setup::default()
    });
    stage.until("a message", |app| !app.messages().is_empty());
    let message = "group2 is damaged: it is scripted so. Frames 10 to 14 are skipped.";
    assert_eq!(stage.harness.state().messages(), [message]);
    stage.until("what comes after it", |app| {
        app.player_state().is_some_and(|state| state.frame > 20)
    });
    assert_eq!(stage.harness.state().messages(), [message]);
}

#[test]
fn a_clip_without_a_frame_does_not_replace_one_that_plays() {
    let mut stage = Stage::ready(1.0);
    stage.apply("seek-frame 7");
    stage.open("hopeless");
    stage.until("the verdict", |app| {
        let mut messages = app.messages().into_iter();
        messages.any(|message| message == "\"hopeless\" has no frame that can be shown.")
    });
    assert_eq!(stage.state().frame, 7);
    stage.render("many-errors");
}

#[test]
fn without_a_clip_it_offers_to_open_one() {
    let chosen = PathBuf::from("some/where/ring");
    let mut stage = Stage::build(Setup {
        clip: None,
        answer: Some(chosen),
        ..Setup::default()
    });
    assert!(stage.harness.state().player_state().is_none());
    stage.render("welcome");
    // The clip that opens may still be decoding: there is no stillness to wait for.
    stage.harness.get_by_label("Open folder…").click();
    stage.until("the chosen clip", |app| app.player_state().is_some());
    let asked = stage.platform.asked.lock().expect("unpoisoned").clone();
    assert_eq!(asked, [Pick::Folder]);
}

#[test]
fn the_open_button_and_its_key_ask_the_platform() {
    let mut stage = Stage::ready(1.0);
    stage.click("Open");
    stage.render("open-menu");
    stage.click("Open file…");
    let command = Modifiers {
        ctrl: true,
        command: true,
        ..Modifiers::NONE
    };
    stage.key_with(command, Key::O);
    let asked = stage.platform.asked.lock().expect("unpoisoned").clone();
    assert_eq!(asked, [Pick::File, Pick::File]);
    // Nothing was chosen, nothing changes.
    stage.pass(0.2);
    assert_eq!(stage.state().frame, 0);
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("the path is enough".to_owned())
    }
}

#[test]
fn a_dropped_file_opens() {
    let mut stage = Stage::ready(1.0);
    stage.apply("seek-frame 7");
    let hovered = egui::HoveredFile::default();
    stage.harness.input_mut().hovered_files.push(hovered);
    stage.harness.step();
    stage.render("drop");
    let input = stage.harness.input_mut();
    input.hovered_files.clear();
    input.dropped_files.push(Arc::new(Dropped("other".into())));
    stage.until("the other clip", |app| {
        app.player_state().is_some_and(|state| state.frame < 7)
    });
}

#[test]
fn files_of_every_convention_are_shown_right_side_up_and_stay_as_they_were_turned() {
    let folder = tempfile::tempdir().expect("a folder");
    let paths = WriteFormat::ALL.map(|format| {
        let name = format!("{format:?}.{}", format.extension());
        let path = folder.path().join(name);
        let mut bytes = Vec::new();
        splat::write(
            synthetic::surface(200, 0, 5),
            format,
            &mut bytes,
            &Cancel::new(),
        )
        .expect("memory takes it");
        std::fs::write(&path, bytes).expect("a file");
        (path, format.axes().up())
    });
    let mut stage = Stage::build(Setup {
        clip: Some(paths[0].0.clone().into()),
        ..Setup::default()
    });
    for turned in [false, true] {
        for (path, up) in &paths {
            stage.open(&path.to_string_lossy());
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            stage.until_titled(&format!("Zoetrope – {name}"));
            // The view of the clip before stays until this one's first picture is there.
            stage.until(&format!("{name} with what is up"), |app| {
                let is_kept = app.notes().up.is_some() == turned;
                let shown = app.rig().map(CameraRig::up);
                is_kept && shown.is_some_and(|shown| (shown == *up) != turned)
            });
            if !turned {
                // Kept for the second round.
                stage.apply("flip-up");
                let kept = stage.harness.state().notes().up;
                assert!(kept.is_some_and(|kept| kept != *up), "{name}");
            }
        }
    }
}
