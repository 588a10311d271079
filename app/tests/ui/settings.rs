//! The settings panel: every control, by its title.

use std::sync::Arc;

use egui::{Key, Modifiers, Role, Vec2};
use egui_kittest::kittest::Queryable;
use zoetrope_app::platform::Pick;
use zoetrope_app::settings::{BackgroundChoice, Kind, SETTINGS, Settings, ThemeChoice};
use zoetrope_app::text::Language;
use zoetrope_app::{MemoryStorage, Storage};

use crate::stage::{Setup, Stage, looks, storage_with};

fn open(setup: Setup) -> Stage {
    let mut stage = Stage::build(setup);
    stage.make_ready();
    stage.key_with(Modifiers::COMMAND, Key::Comma);
    stage.harness.run();
    stage
}

fn settings(stage: &Stage) -> Settings {
    stage.harness.state().settings().clone()
}

/// Brings a control into sight.
fn reveal(stage: &mut Stage, role: Role, label: &str) {
    stage
        .harness
        .get_by_role_and_label(role, label)
        .scroll_to_me();
    stage.harness.run();
}

#[test]
fn every_setting_has_a_control_that_sets_it() {
    let text = Language::English.text();
    for info in SETTINGS {
        // Where it has an effect.
        let mut stage = open(Setup {
            storage: storage_with(match info.key {
                "background_colour" => r#"{"background":"colour"}"#,
                "background_picture" => r#"{"background":"picture"}"#,
                _ => "{}",
            }),
            ..Setup::default()
        });
        let title = (info.title)(text);
        let before = info.read(&settings(&stage));
        let expected: serde_json::Value = match &info.kind {
            Kind::Toggle { get, .. } => {
                reveal(&mut stage, Role::Switch, title);
                let was = get(&settings(&stage));
                stage
                    .harness
                    .get_by_role_and_label(Role::Switch, title)
                    .click();
                stage.harness.run();
                (!was).into()
            }
            Kind::Choice { choices, get, .. } => {
                reveal(&mut stage, Role::ComboBox, title);
                let other = (get(&settings(&stage)) + 1) % choices.len();
                stage
                    .harness
                    .get_by_role_and_label(Role::ComboBox, title)
                    .click();
                stage.harness.run();
                let name = (choices[other].1)(text);
                let choice = stage
                    .harness
                    .query_all_by_role_and_label(Role::Button, name);
                choice.last().expect("the list is open").click();
                stage.harness.run();
                choices[other].0.into()
            }
            Kind::Number { range, .. } => {
                let name = format!("{title}: value");
                reveal(&mut stage, Role::SpinButton, &name);
                stage
                    .harness
                    .get_by_role_and_label(Role::SpinButton, &name)
                    .click();
                stage.harness.run();
                stage.key_with(Modifiers::COMMAND, Key::A);
                stage.type_text(&range.end().to_string().replace('.', ","));
                stage.key(Key::Enter);
                stage.harness.run();
                (*range.end()).into()
            }
            Kind::Line { .. } => {
                reveal(&mut stage, Role::TextInput, title);
                stage
                    .harness
                    .get_by_role_and_label(Role::TextInput, title)
                    .focus();
                stage.harness.run();
                stage.key_with(Modifiers::COMMAND, Key::A);
                stage.type_text("#123456");
                stage.key(Key::Enter);
                stage.harness.run();
                "#123456".into()
            }
        };
        assert_ne!(before, expected, "{}", info.key);
        assert_eq!(info.read(&settings(&stage)), expected, "{}", info.key);
    }
}

#[test]
fn sliders_move_with_the_keyboard() {
    let mut stage = open(Setup::default());
    for (title, key) in [
        ("Speed of orbiting", "orbit_speed"),
        ("Size of controls", "ui_scale"),
    ] {
        let slider = |stage: &Stage| {
            stage
                .harness
                .get_by_role_and_label(Role::Slider, title)
                .rect()
        };
        reveal(&mut stage, Role::Slider, title);
        assert!(slider(&stage).width() > 60.0);
        stage
            .harness
            .get_by_role_and_label(Role::Slider, title)
            .focus();
        stage.harness.run();
        stage.key(Key::ArrowRight);
        stage.harness.run();
        let info = SETTINGS
            .iter()
            .find(|info| info.key == key)
            .expect("a setting");
        let value = info.read(&settings(&stage)).as_f64().expect("a number");
        assert!(value > 1.0 && value < 1.3, "{key} {value}");
    }
}

#[test]
fn the_size_of_controls_waits_for_the_hand() {
    let mut stage = open(Setup::default());
    let rect = stage
        .harness
        .get_by_role_and_label(Role::Slider, "Size of controls")
        .rect();
    stage
        .harness
        .drag_at(rect.left_center() + Vec2::new(20.0, 0.0));
    stage.harness.run_steps(2);
    stage.harness.hover_at(rect.center());
    stage.harness.run_steps(2);
    assert_eq!(settings(&stage).ui_scale, 1.0);
    stage.harness.drop_at(rect.center());
    stage.harness.run_steps(4);
    assert!(
        settings(&stage).ui_scale > 1.2,
        "{}",
        settings(&stage).ui_scale
    );
}

#[test]
fn theme_and_language_count_at_once() {
    let mut stage = open(Setup::default());
    stage
        .harness
        .get_by_role_and_label(Role::ComboBox, "Language")
        .click();
    stage.harness.run();
    stage.click("Deutsch");
    assert!(stage.has_dialog("Einstellungen"));
    stage
        .harness
        .get_by_role_and_label(Role::ComboBox, "Farben")
        .click();
    stage.harness.run();
    stage.click("Hell");
    assert_eq!(stage.harness.ctx.theme(), egui::Theme::Light);
}

#[test]
fn one_is_reset_alone_and_all_can_be_taken_back() {
    let mut stage = open(Setup {
        storage: storage_with(r#"{"theme":"light","reduce_motion":true,"from_the_future":1}"#),
        ..Setup::default()
    });
    let before = settings(&stage);
    reveal(&mut stage, Role::Button, "Reset all settings");
    stage.click("Reset all settings");
    reveal(&mut stage, Role::Button, "Undo");
    assert_eq!(settings(&stage).theme, ThemeChoice::Dark);
    assert!(!settings(&stage).reduce_motion);
    stage.click("Undo");
    assert_eq!(settings(&stage), before);
    assert!(!stage.has("Undo"));
    reveal(&mut stage, Role::Button, "Reset: Theme");
    stage.click("Reset: Theme");
    assert_eq!(settings(&stage).theme, ThemeChoice::Dark);
    assert!(settings(&stage).reduce_motion);
    assert!(!stage.has("Reset: Theme"));
}

#[test]
fn it_can_be_searched() {
    let mut stage = open(Setup::default());
    // The field has the keyboard.
    stage.type_text("deutsch");
    assert!(
        stage
            .harness
            .query_by_role_and_label(Role::ComboBox, "Language")
            .is_some()
    );
    assert!(
        stage
            .harness
            .query_by_role_and_label(Role::ComboBox, "Theme")
            .is_none()
    );
    stage.type_text(" no such thing");
    assert!(stage.has("Nothing found"));
}

#[test]
fn files_and_folders_are_chosen_in_dialogs() {
    let mut stage = open(Setup {
        storage: storage_with(r#"{"background":"picture"}"#),
        answer: Some("/pictures/wall.png".into()),
        ..Setup::default()
    });
    for (button, what) in [
        ("Choose a file: Background picture", Pick::Picture),
        ("Choose a folder: Folder for screenshots", Pick::Destination),
    ] {
        reveal(&mut stage, Role::Button, button);
        stage.click(button);
        let asked = stage.platform.asked.lock().expect("unpoisoned").pop();
        assert_eq!(asked, Some(what));
    }
    let settings = settings(&stage);
    assert_eq!(settings.background, BackgroundChoice::Picture);
    assert_eq!(settings.background_picture, "/pictures/wall.png");
    assert_eq!(settings.screenshot_folder, "/pictures/wall.png");
    // No clip was opened.
    assert!(stage.has("ring"));
}

#[test]
fn half_a_colour_is_not_taken() {
    let mut stage = open(Setup {
        storage: storage_with(r#"{"background":"colour"}"#),
        ..Setup::default()
    });
    reveal(&mut stage, Role::TextInput, "Background colour");
    stage
        .harness
        .get_by_role_and_label(Role::TextInput, "Background colour")
        .focus();
    stage.harness.run();
    stage.key_with(Modifiers::COMMAND, Key::A);
    stage.type_text("#ff80");
    assert_eq!(settings(&stage).background_colour, "#404040");
    assert!(stage.has("Six digits like #ff8000"));
    stage.type_text("00");
    assert_eq!(settings(&stage).background_colour, "#ff8000");
}

#[test]
fn what_was_set_is_kept() {
    let storage = Arc::new(MemoryStorage::default());
    let mut stage = open(Setup {
        storage: storage.clone(),
        ..Setup::default()
    });
    reveal(&mut stage, Role::Switch, "Reduce motion");
    stage
        .harness
        .get_by_role_and_label(Role::Switch, "Reduce motion")
        .click();
    stage.pass(1.0);
    let written = storage
        .read("settings.json")
        .expect("memory")
        .expect("settings");
    assert!(
        String::from_utf8(written)
            .expect("text")
            .contains("reduce_motion")
    );
}

#[test]
fn it_looks_right() {
    let mut looks = looks("settings");
    // A field for the colour comes up with that.
    looks[0].1.storage = storage_with(r#"{"background":"colour"}"#);
    for (name, setup) in looks {
        let size = setup.size;
        let mut stage = open(setup);
        stage.render(&name);
        let label = if name.ends_with("de") {
            "Alle Einstellungen zurücksetzen"
        } else {
            "Reset all settings"
        };
        reveal(&mut stage, Role::Button, label);
        stage.render(&format!("{name}-foot"));
        let foot = stage
            .harness
            .get_by_role_and_label(Role::Button, label)
            .rect();
        let window = egui::Rect::from_min_size(egui::Pos2::ZERO, size);
        assert!(window.contains_rect(foot), "{name} {foot:?}");
    }
}
