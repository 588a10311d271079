//! Opening what is typed or pasted.

use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::Queryable;

use crate::stage::{Setup, Stage, looks};

fn open(setup: Setup) -> Stage {
    let mut stage = Stage::build(setup);
    stage.make_ready();
    stage.key_with(Modifiers::COMMAND, Key::U);
    stage.harness.run();
    stage
}

fn paste(stage: &mut Stage, text: &str) {
    stage.key_with(Modifiers::COMMAND, Key::A);
    let events = &mut stage.harness.input_mut().events;
    events.push(Event::Paste(text.to_owned()));
    stage.harness.run();
}

#[test]
fn what_is_typed_is_opened() {
    let mut stage = open(Setup::default());
    // It has the keyboard at once.
    stage.type_text("other");
    stage.key(Key::Enter);
    stage.until_titled("Zoetrope – other");
    assert!(!stage.has_dialog("Open a path or a link"));
}

#[test]
fn what_is_pasted_is_tidied() {
    let mut stage = open(Setup::default());
    paste(&mut stage, "  \"other\"\r\n");
    let button = |stage: &Stage| {
        let buttons = stage
            .harness
            .query_all_by_role_and_label(egui::Role::Button, "Open");
        buttons.last().expect("a button").click();
    };
    button(&stage);
    stage.until_titled("Zoetrope – other");
    assert!(!stage.has_dialog("Open a path or a link"));
}

#[test]
fn what_cannot_be_opened_is_told_where_it_was_typed() {
    let mut stage = open(Setup::default());
    for (typed, sentence) in [
        (
            "https://me@example.org/walk.ply",
            "This link names no clip that can be opened",
        ),
        (
            "zoetrope://open?url=x",
            "This link names no clip that can be opened",
        ),
        (
            "file://server/walk.ply",
            "This link points to another computer",
        ),
        ("ftp://example.org", "This is not a link to a file"),
        (" ", "Type a path or a link"),
    ] {
        paste(&mut stage, typed);
        stage.key(Key::Enter);
        stage.harness.run();
        assert!(stage.has_dialog("Open a path or a link"), "{typed}");
        assert!(stage.has(sentence), "{typed}");
        // It still has the keyboard, and what is typed takes the sentence away.
        stage.type_text("x");
        assert!(!stage.has(sentence), "{typed}");
    }
    assert!(stage.has("ring"));
    assert!(stage.harness.state().messages().is_empty());
}

#[test]
fn a_pasted_link_is_followed_without_asking() {
    let mut stage = open(Setup::default());
    paste(
        &mut stage,
        "<zoetrope://open?src=https://example.org/\n other&t=2>",
    );
    stage.key(Key::Enter);
    stage.until_titled("Zoetrope – other");
    assert_eq!(stage.state().frame, 20);
    // Its host is known from then on.
    let link = "zoetrope://open?src=https://example.org/other&t=3";
    stage.harness.state_mut().open_link(link);
    stage.harness.run_ok();
    assert_eq!(stage.state().frame, 30);
}

#[test]
fn what_is_not_there_is_told_as_ever() {
    let mut stage = open(Setup::default());
    stage.type_text("no-such-clip");
    stage.key(Key::Enter);
    stage.until("a message", |app| !app.messages().is_empty());
    assert!(!stage.has_dialog("Open a path or a link"));
}

#[test]
fn it_looks_right() {
    for (name, setup) in looks("link") {
        let size = setup.size;
        let mut stage = open(setup);
        stage.render(&name);
        stage.type_text("ftp://example.org/walk.ply");
        stage.key(Key::Enter);
        stage.harness.run();
        stage.render(&format!("{name}-wrong"));
        let window = egui::Rect::from_min_size(egui::Pos2::ZERO, size);
        let field = stage.harness.get_by_role(egui::Role::TextInput).rect();
        assert!(window.contains_rect(field), "{name} {field:?}");
    }
}
