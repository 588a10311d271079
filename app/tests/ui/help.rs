//! Help: keys, commands, mouse and fingers.

use egui::Key;
use egui_kittest::kittest::Queryable;

use crate::stage::{Setup, Stage, looks, storage_with};

#[test]
fn keys_of_every_group_are_told() {
    let mut stage = Stage::ready(1.0);
    stage.key(Key::F1);
    stage.harness.run();
    assert!(stage.has_dialog("Help"));
    for row in [
        "Play or pause: Space, K",
        "Go forwards or backwards: −5: ←",
        "Go to a part of the clip: 0, …, 9",
        "Fly to a saved view, counted from 1: Alt+1, …, Alt+9",
        "Search commands: Ctrl+K",
        "Quit: Ctrl+Q",
        "Turn: Drag",
        "Move and zoom: Two fingers",
    ] {
        assert!(stage.has(row), "{row}");
    }
}

#[test]
fn it_can_be_searched() {
    let mut stage = Stage::ready(1.0);
    stage.apply("help");
    stage.harness.run();
    stage
        .harness
        .get_by_label("Search keys and commands")
        .focus();
    stage.harness.run();
    stage.type_text("alt+1");
    assert!(stage.has("Fly to a saved view, counted from 1: Alt+1, …, Alt+9"));
    assert!(!stage.has("Quit: Ctrl+Q"));
    stage.type_text("xyz");
    assert!(stage.has("Nothing found"));
    stage.key(Key::Escape);
    stage.harness.run();
    assert!(!stage.has_dialog("Help"));
}

#[test]
fn changed_keys_are_told() {
    let storage = storage_with("{}");
    let keys = br#"{"preset":"vlc","added":[["Q","pause"],["Space","turntable"]]}"#;
    storage.write("keys.json", keys).expect("memory");
    let mut stage = Stage::build(Setup {
        storage,
        ..Setup::default()
    });
    stage.make_ready();
    stage.apply("help");
    stage.harness.run();
    assert!(stage.has("Pause: Q"));
    // Space does something else now.
    assert!(stage.has("Turntable on or off: Space, T"));
    assert!(
        stage
            .harness
            .query_all_by_label_contains("Play or pause")
            .next()
            .is_none()
    );
}

#[test]
fn it_looks_right() {
    for (name, setup) in looks("help") {
        let mut stage = Stage::build(setup);
        stage.make_ready();
        stage.apply("help");
        stage.harness.run();
        stage.render(&name);
    }
}
