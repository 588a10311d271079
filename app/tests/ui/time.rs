//! The bar of time and what is on it, the time that can be typed, and controls that fade.

use egui::{Key, Modifiers, MouseWheelUnit, Pos2, Rect, TouchPhase, Vec2, pos2, vec2};
use egui_kittest::kittest::Queryable as _;
use zoetrope_player::Playback;

use crate::stage::{Setup, Stage};

fn bar(stage: &Stage) -> Rect {
    stage.harness.get_by_label("Time").rect()
}

/// Where a part of the clip is on the bar.
fn at(stage: &Stage, part: f32) -> Pos2 {
    let track = bar(stage).shrink2(vec2(7.0, 0.0));
    track.lerp_inside(Vec2::new(part, 0.5))
}

fn type_time(stage: &mut Stage, text: &str) {
    let label = format!("Go to time: {}", shown_time(stage));
    stage.click(&label);
    let field = stage.harness.get_by_label("Go to time");
    assert!(field.is_focused());
    field.type_text(text);
    stage.harness.run();
    stage.key(Key::Enter);
    stage.harness.run_steps(2);
}

fn shown_time(stage: &Stage) -> String {
    let hundredths = (stage.state().time * 100.0).round() as u64;
    format!("0:{:02}.{:02}", hundredths / 100, hundredths % 100)
}

#[test]
fn a_time_a_frame_or_a_part_can_be_typed() {
    let mut stage = Stage::ready(1.0);
    for (typed, frame) in [
        ("1.5", 15),
        ("0:02.5", 25),
        ("f8", 7),
        ("50%", 20),
        ("+1", 30),
        ("-0.5", 25),
    ] {
        type_time(&mut stage, typed);
        assert_eq!(stage.state().frame, frame, "{typed}");
        assert!(!stage.has("Go to time"), "{typed}");
    }
}

#[test]
fn what_is_no_time_is_said_and_escape_leaves() {
    let mut stage = Stage::ready(1.0);
    type_time(&mut stage, "tomorrow");
    assert_eq!(stage.state().frame, 0);
    assert!(stage.has("Not a time of this clip"));
    // Keys that are typed there are nobody else's.
    stage.harness.get_by_label("Go to time").type_text("k");
    stage.key(Key::K);
    assert_eq!(stage.state().playback, Playback::Paused);
    stage.key(Key::Escape);
    stage.harness.run();
    assert!(!stage.has("Go to time"));
    assert_eq!(stage.state().frame, 0);
}

#[test]
fn the_wheel_over_the_bar_goes_frame_by_frame() {
    let mut stage = Stage::ready(1.0);
    stage.harness.hover_at(at(&stage, 0.5));
    stage.harness.run();
    let roll = |stage: &mut Stage, points: f32| {
        stage.harness.event(egui::Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: vec2(0.0, points),
            modifiers: Modifiers::NONE,
            phase: TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
        });
        stage.pass(0.5);
    };
    roll(&mut stage, 125.0);
    assert_eq!(stage.state().frame, 5);
    roll(&mut stage, -60.0);
    assert_eq!(stage.state().frame, 3);
}

#[test]
fn the_ends_of_the_loop_are_dragged() {
    let mut stage = Stage::ready(1.0);
    stage.apply("seek-frame 8");
    stage.click("A-B loop: mark A");
    stage.apply("seek-frame 20");
    stage.click("A-B loop: mark B");
    stage.apply("seek-frame 30");
    stage.harness.run();
    assert_eq!(stage.state().ab, (Some(8), Some(20)));
    // A is at the start of its frame, B at the end of its own.
    let (from, to) = (at(&stage, 8.0 / 40.0), at(&stage, 4.2 / 40.0));
    stage.drag_in_one_frame(from, to);
    assert_eq!(stage.state().ab, (Some(4), Some(20)));
    let (from, to) = (at(&stage, 21.0 / 40.0), at(&stage, 25.4 / 40.0));
    stage.drag_in_one_frame(from, to);
    assert_eq!(stage.state().ab, (Some(4), Some(25)));
    // Time itself was left alone, and is not when the track is pressed.
    assert_eq!(stage.state().frame, 30);
    let there = at(&stage, 15.5 / 40.0);
    stage.drag_in_one_frame(there, there);
    assert_eq!(stage.state().frame, 15);
    assert_eq!(stage.state().ab, (Some(4), Some(25)));
    stage.render("ab");
}

#[test]
fn the_ends_of_the_loop_can_be_moved_without_a_pointer() {
    let mut stage = Stage::ready(1.0);
    stage.apply("set-a 8");
    stage.apply("set-b 20");
    stage.harness.run();
    let (a, b) = ("A: start of the loop", "B: end of the loop");
    stage.harness.get_by_label(a).increment_accesskit();
    stage.harness.run();
    stage.harness.get_by_label(b).decrement_accesskit();
    stage.harness.run();
    assert_eq!(stage.state().ab, (Some(9), Some(19)));
    stage.harness.get_by_label(b).focus();
    stage.harness.run();
    stage.key(Key::ArrowUp);
    stage.harness.run();
    assert_eq!(stage.state().ab, (Some(9), Some(20)));
}

#[test]
fn bookmarks_are_ticks_that_catch_the_pointer() {
    let mut stage = Stage::ready(1.0);
    stage.apply("seek-frame 12");
    stage.harness.run();
    let plain = stage.render("no-bookmark");
    stage.click("Bookmark this moment");
    assert!(stage.has("Remove this bookmark"));
    assert!(stage.render("bookmark") != plain);
    stage.apply("seek-frame 13");
    stage.harness.run();
    assert!(stage.has("Bookmark this moment"));
    stage.apply("go-start");
    stage.harness.run();
    // Three points beside it: a frame is 22 points wide.
    let near = at(&stage, 12.0 / 40.0) + vec2(-3.0, 0.0);
    stage.drag_in_one_frame(near, near);
    assert_eq!(stage.state().frame, 12);
    stage.harness.hover_at(near);
    stage.pass(0.3);
    // The note that it was set says the same.
    let told = stage.harness.query_all_by_label("Bookmark at 0:01.20");
    assert_eq!(told.count(), 2);
    stage.click("Remove this bookmark");
    assert!(stage.has("Bookmark this moment"));
    stage.drag_in_one_frame(near, near);
    assert_eq!(stage.state().frame, 11);
}

#[test]
fn hovering_tells_the_time_there() {
    let mut stage = Stage::ready(1.0);
    stage.harness.hover_at(at(&stage, 0.5));
    stage.pass(0.3);
    assert!(stage.has("0:02.00 · frame 21"));
    stage.render("hover");
}

#[test]
fn the_speed_is_dragged_and_snaps() {
    let mut stage = Stage::ready(1.0);
    stage.click("Speed: 1×");
    let slider = stage.harness.get_by_label("Speed");
    slider.set_value_accesskit(2.0);
    stage.harness.run();
    assert_eq!(stage.state().speed, 2.0);
    stage
        .harness
        .get_by_label("Speed")
        .set_value_accesskit(1.03);
    stage.harness.run();
    assert_eq!(stage.state().speed, 1.0);
    stage.render("speed");
    stage.click("0.5×");
    assert_eq!(stage.state().speed, 0.5);
    assert!(stage.has("Speed: 0.5×"));
}

/// Whether anything is painted where the play button is.
fn controls_are_seen(stage: &mut Stage, name: &str) -> bool {
    let middle = stage.harness.get_by_label("Pause").rect().center();
    let image = stage.render(name);
    let around = image.get_pixel(middle.x as u32 - 14, middle.y as u32);
    let corner = image.get_pixel(3, 400);
    around != corner
}

#[test]
fn controls_fade_while_nothing_is_touched() {
    let mut stage = Stage::ready(1.0);
    stage.harness.hover_at(pos2(640.0, 300.0));
    stage.apply("play");
    stage.pass(1.0);
    assert!(controls_are_seen(&mut stage, "playing"));
    stage.pass(2.0);
    assert!(!controls_are_seen(&mut stage, "faded"));
    // Those who cannot see them still have them.
    assert!(stage.has("Pause"));
    stage.harness.hover_at(pos2(660.0, 300.0));
    stage.pass(0.2);
    assert!(controls_are_seen(&mut stage, "back"));
    // A clip that stands keeps them.
    stage.apply("pause");
    stage.pass(4.0);
    let middle = stage.harness.get_by_label("Play").rect().center();
    let image = stage.render("paused-controls");
    let around = image.get_pixel(middle.x as u32 - 14, middle.y as u32);
    assert_ne!(around, image.get_pixel(3, 400));
}

#[test]
fn controls_stay_when_they_are_asked_to() {
    let mut stage = Stage::build(Setup::with_settings(r#"{"hide_controls": false}"#));
    stage.make_ready();
    stage.apply("play");
    stage.pass(3.5);
    assert!(controls_are_seen(&mut stage, "staying"));
}

#[test]
fn a_narrow_window_has_the_rest_behind_more() {
    let mut stage = Stage::build(Setup {
        size: vec2(390.0, 844.0),
        ..Setup::default()
    });
    stage.make_ready();
    stage.click("More controls");
    stage.render("more");
    stage.click("Loop: off");
    assert!(stage.has("Loop: all"));
    stage.click("A-B loop: mark A");
    assert_eq!(stage.state().ab.0, Some(0));
    stage.click("Statistics");
    assert_eq!(
        stage
            .harness
            .query_all_by_label_contains("240 Gaussians")
            .count(),
        1
    );
    stage.click("Close");
    assert!(!stage.has("Loop: all"));
    stage.click("More controls");
    stage.key(Key::Escape);
    stage.harness.run();
    assert!(!stage.has("Loop: all"));
}
