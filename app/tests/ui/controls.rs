//! Every control does what its label says. A control that is drawn in one frame shows its effect in
//! the next.

use std::time::Duration;

use egui::{Key, Modifiers, Vec2};
use egui_kittest::kittest::Queryable;
use zoetrope_player::{LoopMode, Playback};

use crate::stage::{Setup, Stage};

#[test]
fn plays_at_once_and_pauses_and_goes_on() {
    for scale in [1.0, 2.0] {
        let mut stage = Stage::new(scale);
        stage.until("a playing clip", |app| {
            app.player_state().is_some_and(|state| state.frame > 2)
        });
        assert_eq!(stage.state().playback, Playback::Playing);
        stage.harness.get_by_label("Pause").click();
        stage.harness.run_steps(2);
        assert_eq!(stage.state().playback, Playback::Paused);
        let frame = stage.state().frame;
        stage.pass(1.0);
        assert_eq!(stage.state().frame, frame);
        stage.harness.get_by_label("Play").click();
        stage.harness.step();
        stage.until("it plays on", |app| {
            app.player_state().is_some_and(|state| state.frame > frame)
        });
    }
}

#[test]
fn steps_both_ways() {
    let mut stage = Stage::ready(1.0);
    stage.click("Step forward");
    stage.click("Step forward");
    stage.click("Step forward");
    assert_eq!(stage.state().frame, 3);
    stage.click("Step back");
    assert_eq!(stage.state().frame, 2);
    assert!(stage.has("frame 3 of 40"));
    assert!(stage.has("Go to time: 0:00.20"));
}

#[test]
fn the_end_offers_to_play_again() {
    let mut stage = Stage::ready(1.0);
    stage.apply("go-end");
    stage.apply("play");
    stage.pass(0.2);
    assert_eq!(stage.state().playback, Playback::Ended);
    stage.click("Play again");
    assert_eq!(stage.state().playback, Playback::Playing);
    assert!(stage.state().frame < 3);
}

#[test]
fn the_time_bar_takes_values_and_drags() {
    for scale in [1.0, 2.0] {
        let mut stage = Stage::ready(scale);
        let bar = stage.harness.get_by_label("Time");
        bar.set_value_accesskit(1.5);
        let rect = bar.rect();
        stage.harness.run();
        assert_eq!(stage.state().frame, 15);
        stage.harness.get_by_label("Time").increment_accesskit();
        stage.harness.run();
        assert_eq!(stage.state().frame, 16);
        stage.harness.get_by_label("Time").decrement_accesskit();
        stage.harness.run();
        assert_eq!(stage.state().frame, 15);

        let at = |part: f32| rect.lerp_inside(Vec2::new(part, 0.5));
        stage.harness.drag_at(at(0.25));
        stage.harness.run_steps(2);
        assert!(stage.state().scrubbing);
        assert!((9..=11).contains(&stage.state().frame));
        stage.harness.hover_at(at(0.75));
        stage.harness.run_steps(2);
        assert!(stage.state().scrubbing);
        assert!((29..=31).contains(&stage.state().frame));
        // A hand that holds still costs nothing, once what it has learned is written down.
        stage.pass(0.6);
        stage.harness.run();
        assert_eq!(stage.repaint_delay(), Duration::MAX);
        assert!(stage.state().scrubbing);
        stage.harness.drop_at(at(0.75));
        stage.harness.step();
        stage.harness.step();
        assert!(!stage.state().scrubbing);
        assert!((29..=31).contains(&stage.state().frame));
        assert_eq!(stage.state().playback, Playback::Paused);
    }
}

#[test]
fn a_drag_on_the_time_bar_within_one_frame_counts() {
    let mut stage = Stage::ready(1.0);
    let rect = stage.harness.get_by_label("Time").rect();
    let at = |part: f32| rect.lerp_inside(Vec2::new(part, 0.5));
    stage.drag_in_one_frame(at(0.1), at(0.75));
    assert!((29..=31).contains(&stage.state().frame));
    assert!(!stage.state().scrubbing);
    stage.drag_in_one_frame(at(0.25), at(0.25));
    assert!((9..=11).contains(&stage.state().frame));
}

#[test]
fn scrubbing_while_playing_plays_on_from_there() {
    let mut stage = Stage::ready(1.0);
    let rect = stage.harness.get_by_label("Time").rect();
    stage.apply("play");
    stage.harness.drag_at(rect.lerp_inside(Vec2::new(0.5, 0.5)));
    stage.harness.run_steps(2);
    let held = stage.state().frame;
    assert!((18..=21).contains(&held));
    stage.pass(0.5);
    assert_eq!(stage.state().frame, held);
    stage.harness.drop_at(rect.lerp_inside(Vec2::new(0.5, 0.5)));
    stage.pass(0.5);
    assert!(stage.state().frame > held);
    assert_eq!(stage.state().playback, Playback::Playing);
}

#[test]
fn speed_and_loop_are_chosen() {
    let mut stage = Stage::ready(1.0);
    stage.click("Speed: 1×");
    stage.click("2×");
    assert_eq!(stage.state().speed, 2.0);
    assert!(stage.has("Speed: 2×"));
    for (label, mode) in [
        ("Loop: off", LoopMode::All),
        ("Loop: all", LoopMode::Bounce),
        ("Loop: back and forth", LoopMode::Off),
    ] {
        stage.click(label);
        assert_eq!(stage.state().loop_mode, mode);
    }
    stage.click("A-B loop: mark A");
    stage.apply("seek-frame 9");
    stage.click("A-B loop: mark B");
    assert_eq!(stage.state().ab, (Some(0), Some(9)));
    stage.click("A-B loop: clear");
    assert_eq!(stage.state().ab, (None, None));
}

#[test]
fn keys_do_what_they_do_elsewhere() {
    let mut stage = Stage::ready(1.0);
    let seek = |stage: &mut Stage, modifiers, key, frame| {
        stage.key_with(modifiers, key);
        assert_eq!(stage.state().frame, frame, "{key:?}");
    };
    let none = Modifiers::NONE;
    seek(&mut stage, none, Key::Period, 1);
    seek(&mut stage, none, Key::Comma, 0);
    seek(&mut stage, Modifiers::SHIFT, Key::ArrowRight, 10);
    seek(&mut stage, Modifiers::SHIFT, Key::ArrowLeft, 0);
    seek(&mut stage, none, Key::ArrowRight, 39);
    seek(&mut stage, none, Key::ArrowLeft, 0);
    seek(&mut stage, none, Key::L, 39);
    seek(&mut stage, none, Key::J, 0);
    seek(&mut stage, none, Key::Num5, 20);
    seek(&mut stage, none, Key::End, 39);
    seek(&mut stage, none, Key::Home, 0);
    for (key, speed) in [
        (Key::CloseBracket, 1.25),
        (Key::OpenBracket, 1.0),
        (Key::OpenBracket, 0.75),
        (Key::Backspace, 1.0),
    ] {
        stage.key(key);
        assert_eq!(stage.state().speed, speed);
    }
    stage.key_with(Modifiers::SHIFT, Key::L);
    assert_eq!(stage.state().loop_mode, LoopMode::All);
    stage.key(Key::B);
    assert_eq!(stage.state().ab, (Some(0), None));
    for playback in [Playback::Playing, Playback::Paused] {
        stage.key(Key::Space);
        assert_eq!(stage.state().playback, playback);
    }
    stage.key(Key::K);
    assert_eq!(stage.state().playback, Playback::Playing);
}

#[test]
fn a_focused_button_takes_space_for_itself() {
    let mut stage = Stage::ready(1.0);
    stage.harness.get_by_label("Step forward").focus();
    stage.harness.run();
    stage.key(Key::Space);
    stage.harness.run();
    assert_eq!(stage.state().playback, Playback::Paused);
    assert_eq!(stage.state().frame, 1);
}

#[test]
fn keys_typed_into_a_text_field_are_not_the_players() {
    let mut text = String::new();
    let keymap = zoetrope_app::keys::Keymap::default();
    let commands = std::cell::RefCell::new(Vec::new());
    let mut harness = egui_kittest::Harness::new_ui(|ui| {
        commands.borrow_mut().extend(keymap.pressed(ui.ctx()));
        ui.text_edit_singleline(&mut text).accessible_name("Name");
    });
    harness.key_press(Key::K);
    harness.run();
    assert_eq!(commands.borrow().len(), 1);
    harness.get_by_label("Name").focus();
    harness.run();
    for key in [Key::K, Key::Space, Key::ArrowLeft, Key::Num5] {
        harness.key_press(key);
        harness.run();
    }
    assert_eq!(commands.borrow().len(), 1);
}

#[test]
fn nothing_is_painted_while_paused() {
    for scale in [1.0, 2.0] {
        let mut stage = Stage::ready(scale);
        // `run` fails when it does not settle.
        stage.harness.run();
        assert_eq!(stage.repaint_delay(), Duration::MAX);
        let pictures = stage.harness.state().pictures();
        stage.pass(2.0);
        assert_eq!(stage.harness.state().pictures(), pictures);
        assert_eq!(stage.repaint_delay(), Duration::MAX);
        stage.apply("play");
        assert!(stage.repaint_delay() < Duration::from_millis(101));
        stage.pass(0.5);
        assert!(stage.harness.state().pictures() > pictures);
        // At the end it rests again.
        stage.apply("go-end");
        stage.pass(0.5);
        stage.harness.run();
        assert_eq!(stage.state().playback, Playback::Ended);
        assert_eq!(stage.repaint_delay(), Duration::MAX);
    }
}

#[test]
fn arrows_on_the_focused_time_bar_go_through_time() {
    let mut stage = Stage::ready(1.0);
    stage.harness.get_by_label("Time").focus();
    stage.harness.run();
    for frame in [10, 20, 10] {
        let key = if frame >= stage.state().frame {
            Key::ArrowRight
        } else {
            Key::ArrowLeft
        };
        stage.key_with(Modifiers::SHIFT, key);
        stage.harness.run();
        assert_eq!(stage.state().frame, frame);
        assert!(stage.harness.get_by_label("Time").is_focused());
    }
}

#[test]
fn every_control_fits_a_phone() {
    for size in [Vec2::new(390.0, 844.0), Vec2::new(340.0, 280.0)] {
        controls_fit(size);
    }
}

fn controls_fit(size: Vec2) {
    let mut stage = Stage::build(Setup {
        size,
        scale: 2.0,
        ..Setup::default()
    });
    stage.make_ready();
    let window = egui::Rect::from_min_size(egui::Pos2::ZERO, size);
    let labels = [
        "Time",
        "Step back",
        "Play",
        "Step forward",
        "Speed: 1×",
        "Open",
        "Bookmark this moment",
        "More controls",
        "Full screen",
    ];
    let mut rects: Vec<egui::Rect> = Vec::new();
    for label in labels {
        let rect = stage.harness.get_by_label(label).rect();
        assert!(window.contains_rect(rect), "{label} {rect:?}");
        assert!(rect.height() >= 24.0, "{label} {rect:?}");
        for other in &rects {
            assert!(
                !other.shrink(0.1).intersects(rect),
                "{label} {rect:?} {other:?}"
            );
        }
        rects.push(rect);
    }
    stage.render(&format!("phone-{}", size.x));
}

#[test]
fn statistics_come_and_go() {
    let mut stage = Stage::ready(1.0);
    let shown = |stage: &Stage| {
        let nodes = stage.harness.query_all_by_label_contains("240 Gaussians");
        nodes.count()
    };
    assert_eq!(shown(&stage), 0);
    stage.key(Key::I);
    stage.harness.run();
    assert_eq!(shown(&stage), 1);
    for part in ["decode ", "sort ", "draw ", " MB", "Script · "] {
        let nodes = stage.harness.query_all_by_label_contains(part);
        assert!(nodes.count() > 0, "{part}");
    }
    stage.render("statistics");
    stage.key(Key::I);
    stage.harness.run();
    assert_eq!(shown(&stage), 0);
}
