//! Changing keys.

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;
use zoetrope_player::Playback;

use crate::stage::{Setup, Stage, looks};

fn open(setup: Setup) -> Stage {
    let mut stage = Stage::build(setup);
    stage.make_ready();
    stage.apply("edit-keys");
    stage.harness.run();
    assert!(stage.has_dialog(stage.text().panels.keys));
    stage
}

fn search(stage: &mut Stage, query: &str) {
    let label = stage.text().panels.keys_field;
    let field = stage.harness.get_by_role_and_label(Role::TextInput, label);
    field.focus();
    stage.harness.run();
    stage.key_with(Modifiers::COMMAND, Key::A);
    stage.type_text(query);
}

/// Presses `key` for a command.
fn add(stage: &mut Stage, title: &str, modifiers: Modifiers, key: Key) {
    stage.click(&format!("Add a key: {title}"));
    assert!(stage.has("Press a key; Esc cancels"));
    stage.key_with(modifiers, key);
    stage.harness.run();
}

fn close(stage: &mut Stage) {
    stage.click("Close");
    assert!(!stage.has_dialog("Keys"));
}

#[test]
fn a_key_is_added_by_pressing_it_and_removed_by_a_click() {
    let mut stage = open(Setup::default());
    search(&mut stage, "go to the last");
    add(&mut stage, "Go to the last frame", Modifiers::NONE, Key::Q);
    assert!(stage.has("Remove Q: Go to the last frame"));
    close(&mut stage);
    stage.key(Key::Q);
    stage.harness.run();
    assert_eq!(stage.state().frame, 39);

    stage.apply("edit-keys");
    stage.harness.run();
    search(&mut stage, "go to the");
    stage.click("Remove Q: Go to the last frame");
    stage.click("Remove Home: Go to the first frame");
    assert!(!stage.has("Remove Home: Go to the first frame"));
    close(&mut stage);
    for key in [Key::Home, Key::Q] {
        stage.key(key);
    }
    assert_eq!(stage.state().frame, 39);
}

#[test]
fn every_key_but_escape_can_be_taken_and_does_nothing_else_then() {
    let mut stage = open(Setup::default());
    search(&mut stage, "last frame");
    for (modifiers, key, name) in [
        (Modifiers::NONE, Key::Space, "Space"),
        (Modifiers::NONE, Key::Tab, "Tab"),
        (Modifiers::NONE, Key::ArrowDown, "↓"),
        (Modifiers::NONE, Key::Enter, "Enter"),
        (
            Modifiers::COMMAND | Modifiers::SHIFT,
            Key::K,
            "Ctrl+Shift+K",
        ),
    ] {
        add(&mut stage, "Go to the last frame", modifiers, key);
        assert!(
            stage.has(&format!("Remove {name}: Go to the last frame")),
            "{name}"
        );
    }
    assert_eq!(stage.state().playback, Playback::Paused);
    stage.click("Add a key: Go to the last frame");
    stage.key(Key::Escape);
    stage.harness.run();
    // Only the waiting is over.
    assert!(stage.has_dialog("Keys"));
    assert!(!stage.has("Press a key; Esc cancels"));
    assert!(!stage.has("Remove Escape: Go to the last frame"));
    stage.key(Key::Escape);
    stage.harness.run();
    assert!(!stage.has_dialog("Keys"));
}

#[test]
fn conflicts_are_told_at_both_ends_and_the_newer_counts() {
    let mut stage = open(Setup::default());
    search(&mut stage, "last frame");
    add(
        &mut stage,
        "Go to the last frame",
        Modifiers::NONE,
        Key::Home,
    );
    search(&mut stage, "frame");
    assert!(stage.has("Home also does “Go to the first frame”; this one counts"));
    assert!(stage.has("Home does “Go to the last frame”, not this"));
    stage.render("keys-conflict");
    close(&mut stage);
    stage.key(Key::Home);
    stage.harness.run();
    assert_eq!(stage.state().frame, 39);
}

#[test]
fn presets_are_chosen_and_changes_can_be_thrown_away_and_taken_back() {
    let mut stage = open(Setup::default());
    search(&mut stage, "screenshot");
    assert!(stage.has("Remove S: Save a screenshot"));
    add(&mut stage, "Save a screenshot", Modifiers::NONE, Key::F9);
    stage
        .harness
        .get_by_role_and_label(Role::ComboBox, "Start from")
        .click();
    stage.harness.run();
    stage.click("VLC");
    // VLC stops with S.
    assert!(!stage.has("Remove S: Save a screenshot"));
    assert!(stage.has("Remove Shift+S: Save a screenshot"));
    // A change of one's own outlives the preset.
    assert!(stage.has("Remove F9: Save a screenshot"));
    stage.click("Back to VLC");
    assert!(!stage.has("Remove F9: Save a screenshot"));
    stage.click("Undo");
    assert!(stage.has("Remove F9: Save a screenshot"));
}

#[test]
fn commands_with_an_argument_are_there_with_it() {
    let mut stage = open(Setup::default());
    search(&mut stage, "seek-by");
    assert!(stage.has("Remove ←: Go forwards or backwards: −5"));
    add(
        &mut stage,
        "Go forwards or backwards: −5",
        Modifiers::NONE,
        Key::Q,
    );
    close(&mut stage);
    stage.apply("go-end");
    stage.key(Key::Q);
    stage.harness.run();
    assert_eq!(stage.state().frame, 0);
}

#[test]
fn it_looks_right() {
    for (name, setup) in looks("keys") {
        let size = setup.size;
        let mut stage = open(setup);
        stage.render(&name);
        let window = egui::Rect::from_min_size(egui::Pos2::ZERO, size);
        let field = stage.harness.get_by_role(Role::TextInput).rect();
        assert!(window.contains_rect(field), "{name} {field:?}");
    }
}
