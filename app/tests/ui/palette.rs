//! The command palette.

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use zoetrope_app::settings::ThemeChoice;
use zoetrope_player::Playback;

use crate::stage::{Stage, looks};

fn open(stage: &mut Stage) {
    stage.key_with(Modifiers::COMMAND, Key::K);
    stage.harness.run();
    assert!(stage.has_dialog("Commands"));
}

/// The titles in the list, from its top.
fn rows(stage: &Stage) -> Vec<String> {
    let options = stage.harness.query_all_by_role(Role::ListBoxOption);
    let mut rows: Vec<_> = options
        .map(|node| {
            (
                node.rect().top(),
                node.accesskit_node().label().unwrap_or_default(),
            )
        })
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.into_iter().map(|(_, label)| label).collect()
}

fn chosen(stage: &Stage) -> String {
    let mut options = stage.harness.query_all_by_role(Role::ListBoxOption);
    let chosen = options.find(|node| node.accesskit_node().is_selected() == Some(true));
    let label = chosen.and_then(|node| node.accesskit_node().label());
    label.unwrap_or_default()
}

#[test]
fn a_few_letters_find_a_command_and_enter_runs_it() {
    let mut stage = Stage::ready(1.0);
    open(&mut stage);
    // It has the keyboard at once.
    stage.type_text("togthm");
    assert_eq!(stage.harness.state().settings().theme, ThemeChoice::Dark);
    stage.key(Key::Enter);
    stage.harness.run();
    assert!(!stage.has_dialog("Commands"));
    assert_eq!(stage.harness.state().settings().theme, ThemeChoice::Light);
}

#[test]
fn typing_does_not_reach_the_player() {
    let mut stage = Stage::ready(1.0);
    open(&mut stage);
    for key in [Key::K, Key::Space, Key::ArrowLeft, Key::Num5] {
        stage.key(key);
    }
    stage.type_text("k 5");
    assert_eq!(stage.state().playback, Playback::Paused);
    assert_eq!(stage.state().frame, 0);
}

#[test]
fn arrows_and_pages_choose() {
    let mut stage = Stage::ready(1.0);
    open(&mut stage);
    let all = rows(&stage);
    assert_eq!(chosen(&stage), all[0]);
    for (key, index) in [
        (Key::ArrowDown, 1),
        (Key::ArrowDown, 2),
        (Key::ArrowUp, 1),
        (Key::PageDown, 9),
        (Key::PageUp, 1),
        (Key::PageUp, 0),
        (Key::ArrowUp, all.len() - 1),
        (Key::ArrowDown, 0),
    ] {
        stage.key(key);
        stage.harness.run();
        assert_eq!(chosen(&stage), all[index], "{key:?}");
    }
    // The list has not taken the keyboard from the field.
    stage.type_text("last frame");
    assert_eq!(chosen(&stage), "Go to the last frame");
}

#[test]
fn arguments_follow_the_name_or_are_asked_for() {
    let mut stage = Stage::ready(1.0);
    open(&mut stage);
    stage.type_text("speed 2");
    assert_eq!(chosen(&stage), "Set the speed, 0.1 to 4: 2");
    stage.key(Key::Enter);
    stage.harness.run();
    assert_eq!(stage.state().speed, 2.0);

    open(&mut stage);
    stage.type_text("go to a time");
    stage.key(Key::Enter);
    stage.harness.run();
    assert!(stage.has_dialog("Commands"));
    stage.type_text("1,5");
    stage.key(Key::Enter);
    stage.harness.run();
    assert!(!stage.has_dialog("Commands"));
    assert_eq!(stage.state().frame, 15);

    open(&mut stage);
    stage.type_text("loop ");
    let loops = rows(&stage);
    assert!(loops[0].ends_with(": off") && loops[2].ends_with(": bounce"));
}

#[test]
fn a_wrong_argument_is_told() {
    let mut stage = Stage::ready(1.0);
    open(&mut stage);
    stage.type_text("speed fast");
    stage.key(Key::Enter);
    stage.harness.run();
    assert!(stage.has_dialog("Commands"));
    assert!(stage.has("“Set the speed, 0.1 to 4” takes a factor, not “fast”"));
    stage.render("palette-wrong");
    // What is typed on takes it away.
    stage.type_text("er");
    assert!(!stage.has("“Set the speed, 0.1 to 4” takes a factor, not “fast”"));
    stage.type_text(" zzz");
    stage.key(Key::Escape);
    stage.harness.run();
    assert!(!stage.has_dialog("Commands"));
    assert_eq!(stage.state().speed, 1.0);
}

#[test]
fn the_mouse_chooses_and_what_was_used_leads() {
    let mut stage = Stage::ready(1.0);
    open(&mut stage);
    stage.type_text("go to the last");
    stage.click("Go to the last frame");
    assert!(!stage.has_dialog("Commands"));
    assert_eq!(stage.state().frame, 39);
    open(&mut stage);
    assert_eq!(
        rows(&stage)[..2],
        [
            "Go to the last frame",
            "Play; from the start when at the end"
        ]
    );
}

#[test]
fn clips_can_be_opened_again() {
    let mut stage = Stage::ready(1.0);
    stage.open("other");
    stage.until_titled("Zoetrope – other");
    open(&mut stage);
    stage.type_text("open ring");
    assert_eq!(chosen(&stage), "Open ring");
}

#[test]
fn a_command_that_opens_a_panel_leaves_that_panel_open() {
    let mut stage = Stage::ready(1.0);
    open(&mut stage);
    stage.type_text("settings");
    stage.key(Key::Enter);
    stage.harness.run();
    assert!(!stage.has_dialog("Commands"));
    assert!(stage.has_dialog("Settings"));
}

#[test]
fn the_keyboard_goes_back_to_where_it_was() {
    let mut stage = Stage::ready(1.0);
    stage.harness.get_by_label("Step forward").focus();
    stage.harness.run();
    open(&mut stage);
    assert!(!stage.harness.get_by_label("Step forward").is_focused());
    // Whether it is closed by a key or by the mouse.
    stage.key(Key::Escape);
    stage.harness.run();
    assert!(stage.harness.get_by_label("Step forward").is_focused());
    open(&mut stage);
    stage.click("Close");
    assert!(!stage.has_dialog("Commands"));
    assert!(stage.harness.get_by_label("Step forward").is_focused());
}

#[test]
fn it_looks_right() {
    for (name, setup) in looks("palette") {
        let size = setup.size;
        let mut stage = Stage::build(setup);
        stage.make_ready();
        stage.key_with(Modifiers::COMMAND, Key::K);
        stage.harness.run();
        stage.render(&name);
        stage.type_text("scr");
        stage.render(&format!("{name}-typed"));
        let window = egui::Rect::from_min_size(egui::Pos2::ZERO, size);
        let field = stage.harness.get_by_role(Role::TextInput).rect();
        assert!(window.contains_rect(field), "{name} {field:?}");
        assert!(!rows(&stage).is_empty(), "{name}");
    }
}
