//! The start page: demos, recent clips, and the way back to it.

use std::sync::Arc;

use egui::{Key, Modifiers, Vec2};
use zoetrope_app::{DemoClip, MemoryStorage, Storage};

use crate::stage::{Setup, Stage};

fn demo() -> DemoClip {
    DemoClip {
        name: "Biker".to_owned(),
        bytes: include_bytes!("../../../assets/demo/biker.zip"),
        sheet: include_bytes!("../../../assets/demo/biker.png"),
        sheet_pictures: 28,
    }
}

fn start_page(recents: &[&str]) -> Setup {
    let storage = MemoryStorage::default();
    let entries: Vec<String> = recents
        .iter()
        .map(|name| {
            let path = std::path::absolute(name).expect("a path");
            let path = path.display();
            format!(r#"{{"path": "{path}", "title": "{name}", "duration_ms": 4000}}"#)
        })
        .collect();
    let recents = format!("[{}]", entries.join(","));
    for (name, text) in [
        ("recents.json", recents.as_str()),
        ("settings.json", r#"{"start_with": "start-page"}"#),
    ] {
        storage.write(name, text.as_bytes()).expect("memory");
    }
    Setup {
        clip: None,
        demos: vec![demo()],
        storage: Arc::new(storage),
        ..Setup::default()
    }
}

#[test]
fn the_demo_plays_at_the_start_unless_something_else_was_chosen() {
    let mut stage = Stage::build(Setup {
        clip: None,
        demos: vec![demo()],
        ..Setup::default()
    });
    stage.until("the demo", |app| app.player_state().is_some());
    let mut stage = Stage::build(start_page(&["ring"]));
    stage.pass(0.3);
    assert!(stage.has("Demo clip: Biker") && stage.has("Recent clip: ring"));
    assert!(stage.harness.state().player_state().is_none());

    let setup = start_page(&["ring"]);
    setup
        .storage
        .write("settings.json", br#"{"start_with": "last"}"#)
        .expect("memory");
    let mut stage = Stage::build(setup);
    stage.until("the last clip", |app| app.player_state().is_some());
    assert!(!stage.has("Demo clip: Biker"));
}

#[test]
fn a_card_moves_and_opens_its_clip() {
    for size in [Vec2::new(1280.0, 720.0), Vec2::new(390.0, 844.0)] {
        let mut stage = Stage::build(Setup {
            size,
            ..start_page(&["ring", "other"])
        });
        stage.pass(0.3);
        let before = stage.render(&format!("start-{}", size.x));
        stage.pass(0.4);
        assert!(stage.render("start-later") != before);
        stage.click_without_rest("Demo clip: Biker");
        stage.until("the demo", |app| app.player_state().is_some());
    }
}

#[test]
fn a_page_that_may_not_move_rests() {
    let setup = start_page(&[]);
    setup
        .storage
        .write(
            "settings.json",
            br#"{"start_with": "start-page", "reduce_motion": true}"#,
        )
        .expect("memory");
    let mut stage = Stage::build(setup);
    stage.pass(1.0);
    stage.harness.run();
    assert_eq!(stage.repaint_delay(), std::time::Duration::MAX);
    assert!(stage.has("Clips that you open appear here."));
}

#[test]
fn recent_clips_are_opened_and_forgotten() {
    let mut stage = Stage::build(start_page(&["ring", "other", "gone.ply"]));
    stage.pass(0.2);
    stage.click_without_rest("Forget other");
    assert!(!stage.has("Recent clip: other"));
    stage.click_without_rest("Recent clip: gone.ply");
    stage.until("a message", |app| !app.messages().is_empty());
    stage.click_without_rest("Recent clip: ring");
    stage.until("the clip", |app| app.player_state().is_some());
    // Back on the page it is the newest.
    stage.harness.run_steps(2);
    stage.click_without_rest("Start page");
    assert!(stage.harness.state().player_state().is_none());
    assert!(stage.has("Recent clip: ring"));
    stage.click_without_rest("Forget all");
    assert!(stage.has("Clips that you open appear here."));
}

#[test]
fn recents_are_kept_and_the_keys_know_them() {
    let setup = start_page(&[]);
    let storage = setup.storage.clone();
    let mut stage = Stage::build(setup);
    for name in ["ring", "other"] {
        stage.open(name);
        // Its title is at the top when it has taken the place of the one before.
        stage.until_shown(name);
    }
    let ctrl = Modifiers {
        ctrl: true,
        command: true,
        ..Modifiers::NONE
    };
    stage.key_with(ctrl, Key::W);
    stage.pass(1.0);
    let kept = storage.read("recents.json").expect("memory");
    let kept = String::from_utf8(kept.unwrap_or_default()).expect("text");
    let place = |name: &str| kept.find(&format!("\"title\": \"{name}\""));
    assert!(place("other") < place("ring"), "{kept}");
    stage.apply("open-recent 2");
    stage.until("the older one", |app| app.player_state().is_some());
    stage.apply("open-recent 9");
    assert_eq!(
        stage.harness.state().messages(),
        ["There is no recent clip number 9."]
    );
}

#[test]
fn a_clip_that_was_looked_at_has_a_poster() {
    let setup = start_page(&[]);
    let storage = setup.storage.clone();
    let mut stage = Stage::build(setup);
    stage.open("ring");
    stage.until("the clip", |app| app.player_state().is_some());
    let path = std::path::absolute("ring").expect("a path");
    let name = zoetrope_app::recents::poster_name(&path);
    assert_eq!(storage.read(&name).expect("memory"), None);
    stage.pass(2.0);
    let mut poster = None;
    stage.until("a poster", |_| {
        poster = storage.read(&name).expect("memory");
        poster.is_some()
    });
    let poster = image::load_from_memory(&poster.expect("a poster")).expect("a picture");
    assert_eq!((poster.width(), poster.height()), (448, 252));
    let poster = poster.to_rgb8();
    let content = poster
        .pixels()
        .filter(|pixel| pixel.0.iter().max() > Some(&100));
    assert!(content.count() > 1000);
    stage.pass(0.1);
    stage.apply("start-page");
    stage.pass(0.2);
    stage.render("poster");
    // Who forgets a clip forgets its picture.
    stage.click_without_rest("Forget ring");
    assert_eq!(storage.read(&name).expect("memory"), None);
}
