//! First-run hints.

use egui::{Event, Key, Modifiers, Role, TouchDeviceId, TouchId, TouchPhase, Vec2, pos2, vec2};
use egui_kittest::kittest::Queryable;
use zoetrope_app::Storage;

use crate::lint;
use crate::stage::{Setup, Stage, storage_with};

const TURN: &str = "Drag to turn, drag with the right button to move, wheel to zoom";
const PLAY: &str = "Space plays and pauses, , and . step";
const PALETTE: &str = "Ctrl+K finds every command";

fn stage(storage: std::sync::Arc<dyn Storage>) -> Stage {
    let mut stage = Stage::build(Setup {
        storage,
        ..Setup::default()
    });
    stage.make_ready();
    stage
}

fn shown(stage: &Stage) -> Vec<&'static str> {
    let all = [TURN, PLAY, PALETTE];
    all.into_iter().filter(|hint| stage.has(hint)).collect()
}

#[test]
fn one_comes_after_the_other_and_none_comes_back() {
    let storage = storage_with(r#"{"hints":true}"#);
    let mut first = stage(storage.clone());
    for hint in [TURN, PLAY, PALETTE] {
        assert_eq!(shown(&first), [hint]);
        first.click("Got it");
    }
    assert!(shown(&first).is_empty() && !first.has("Got it"));
    first.pass(1.0);
    drop(first);
    let mut second = stage(storage);
    assert!(shown(&second).is_empty());
    // Unless they are asked for.
    second.apply("settings");
    second.harness.run();
    second.click("Show all hints again");
    assert!(!second.has("Show all hints again"));
    second.key(Key::Escape);
    second.harness.run();
    assert_eq!(shown(&second), [TURN]);
}

#[test]
fn doing_the_thing_takes_its_hint_away() {
    let mut stage = stage(storage_with(r#"{"hints":true}"#));
    let from = pos2(640.0, 300.0);
    stage.drag_in_one_frame(from, from + vec2(60.0, 20.0));
    assert_eq!(shown(&stage), [PLAY]);
    stage.key(Key::Period);
    stage.harness.run();
    assert_eq!(shown(&stage), [PALETTE]);
    stage.key_with(Modifiers::COMMAND, Key::K);
    stage.harness.run();
    assert!(shown(&stage).is_empty());
}

#[test]
fn the_setting_turns_them_off_and_no_panel_is_disturbed() {
    let mut quiet = stage(storage_with(r#"{"hints":false}"#));
    assert!(shown(&quiet).is_empty());
    quiet.apply("toggle-play");
    let mut stage = stage(storage_with(r#"{"hints":true}"#));
    stage.apply("settings");
    stage.harness.run();
    assert!(shown(&stage).is_empty());
    stage.apply("dismiss-notices");
    stage.harness.run();
    assert_eq!(shown(&stage), [TURN]);
}

#[test]
fn hands_on_a_touch_screen_are_told_of_fingers() {
    let mut stage = stage(storage_with(r#"{"hints":true}"#));
    let hint = stage.harness.get_by_label(TURN).rect().center();
    for phase in [TouchPhase::Start, TouchPhase::End] {
        let events = &mut stage.harness.input_mut().events;
        events.push(Event::Touch {
            device_id: TouchDeviceId(1),
            id: TouchId(1),
            phase,
            pos: hint,
            force: None,
        });
        stage.harness.run();
    }
    assert!(stage.has("One finger turns, two move and zoom"));
}

#[test]
fn changed_keys_are_told() {
    let storage = storage_with(r#"{"hints":true,"language":"de"}"#);
    let keys = br#"{"preset":"vlc"}"#;
    storage.write("keys.json", keys).expect("memory");
    let seen = br#"{"hints_seen":["turn"]}"#;
    storage.write("state.json", seen).expect("memory");
    let stage = stage(storage);
    assert!(stage.has("Space spielt ab und hält an, Shift+E und E gehen bildweise"));
}

#[test]
fn they_are_tidy_and_can_be_read() {
    for (name, size, theme) in [
        ("hint-dark", Vec2::new(1280.0, 720.0), "dark"),
        ("hint-light", Vec2::new(1280.0, 720.0), "light"),
        ("hint-phone", Vec2::new(390.0, 844.0), "dark"),
        ("hint-side", Vec2::new(844.0, 390.0), "light"),
    ] {
        for language in ["en", "de"] {
            let settings = format!(r#"{{"hints":true,"theme":"{theme}","language":"{language}"}}"#);
            let mut stage = Stage::build(Setup {
                size,
                storage: storage_with(&settings),
                ..Setup::default()
            });
            stage.make_ready();
            while stage.has(stage.text().panels.hint_done) {
                let layout = lint::layout(&stage.harness, |_| false);
                assert!(layout.is_empty(), "{name} {language}: {layout:?}");
                let contrast = lint::contrast(&stage.harness, &stage.without_text());
                assert!(contrast.is_empty(), "{name} {language}: {contrast:?}");
                let hint = stage.harness.get_by_role(Role::Status).rect();
                let window = egui::Rect::from_min_size(egui::Pos2::ZERO, size);
                assert!(window.contains_rect(hint), "{name} {language}: {hint:?}");
                stage.render(&format!("{name}-{language}"));
                stage.click(stage.text().panels.hint_done);
            }
        }
    }
}
