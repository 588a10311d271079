//! Fingers and the flying keys on the picture, at two scales.

use egui::{Event, Modifiers, Pos2, TouchDeviceId, TouchId, TouchPhase, Vec2, pos2, vec2};
use zoetrope_player::Playback;

use crate::stage::Stage;

const MIDDLE: Pos2 = pos2(640.0, 300.0);
const LEFT: Pos2 = pos2(100.0, 300.0);
const RIGHT: Pos2 = pos2(1180.0, 300.0);

/// What the system sends for a finger; for the first one a pointer goes along.
fn finger(stage: &mut Stage, id: u64, phase: TouchPhase, pos: Pos2) {
    let events = &mut stage.harness.input_mut().events;
    events.push(Event::Touch {
        device_id: TouchDeviceId(7),
        id: TouchId(id),
        phase,
        pos,
        force: None,
    });
    if id != 1 {
        return;
    }
    let button = |pressed| Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    match phase {
        TouchPhase::Start => events.extend([Event::PointerMoved(pos), button(true)]),
        TouchPhase::Move => events.push(Event::PointerMoved(pos)),
        TouchPhase::End => events.extend([button(false), Event::PointerGone]),
        TouchPhase::Cancel => events.push(Event::PointerGone),
    }
}

fn tap(stage: &mut Stage, pos: Pos2) {
    finger(stage, 1, TouchPhase::Start, pos);
    stage.harness.step();
    finger(stage, 1, TouchPhase::End, pos);
    stage.harness.step();
}

#[test]
fn one_finger_orbits() {
    for scale in [1.0, 2.0] {
        let mut stage = Stage::ready(scale);
        let before = stage.camera();
        finger(&mut stage, 1, TouchPhase::Start, MIDDLE);
        for step in 1..=10 {
            let at = MIDDLE + step as f32 * vec2(10.0, 3.0);
            finger(&mut stage, 1, TouchPhase::Move, at);
            stage.harness.step();
        }
        finger(&mut stage, 1, TouchPhase::End, MIDDLE + vec2(100.0, 30.0));
        stage.pass(1.0);
        let after = stage.camera();
        assert_eq!(after.target, before.target);
        assert!(after.position.distance(before.position) > 0.3);
        assert_eq!(stage.state().playback, Playback::Paused);
    }
}

#[test]
fn two_fingers_pan_and_pinch() {
    for scale in [1.0, 2.0] {
        let mut stage = Stage::ready(scale);
        let before = stage.camera();
        let fingers = |stage: &mut Stage, phase, left: Vec2, right: Vec2| {
            finger(stage, 1, phase, MIDDLE + left);
            finger(stage, 2, phase, MIDDLE + right);
            stage.harness.step();
        };
        let (left, right) = (vec2(-50.0, 0.0), vec2(50.0, 0.0));
        fingers(&mut stage, TouchPhase::Start, left, right);
        let away = vec2(60.0, 20.0);
        fingers(&mut stage, TouchPhase::Move, left + away, right + away);
        let moved = stage.camera();
        assert!(moved.target != before.target);
        let distance = |camera: &zoetrope_render::Camera| camera.position.distance(camera.target);
        let ratio = distance(&moved) / distance(&before);
        assert!((ratio - 1.0).abs() < 1e-3, "{ratio}");
        let line = |camera: &zoetrope_render::Camera| (camera.target - camera.position).normalize();
        assert!(
            line(&moved).distance(line(&before)) < 1e-4,
            "nothing turned"
        );
        fingers(
            &mut stage,
            TouchPhase::Move,
            2.0 * left + away,
            2.0 * right + away,
        );
        let ratio = distance(&stage.camera()) / distance(&moved);
        assert!((ratio - 0.5).abs() < 1e-3, "{ratio}");
        finger(&mut stage, 2, TouchPhase::End, MIDDLE);
        stage.harness.step();
        let left_alone = stage.camera();
        finger(&mut stage, 1, TouchPhase::Move, LEFT);
        finger(&mut stage, 1, TouchPhase::End, LEFT);
        stage.pass(1.0);
        assert_eq!(stage.camera(), left_alone);
        assert_eq!(stage.state().playback, Playback::Paused);
    }
}

#[test]
fn a_tap_in_the_middle_plays_and_pauses() {
    for scale in [1.0, 2.0] {
        let mut stage = Stage::ready(scale);
        let before = stage.camera();
        for playback in [Playback::Playing, Playback::Paused] {
            tap(&mut stage, MIDDLE);
            stage.pass(0.4);
            assert_eq!(stage.state().playback, playback);
        }
        // On an edge it means nothing.
        tap(&mut stage, LEFT);
        stage.pass(0.4);
        assert_eq!(stage.state().playback, Playback::Paused);
        assert_eq!(stage.camera(), before);
        stage.harness.run();
        assert_eq!(stage.repaint_delay(), std::time::Duration::MAX);
    }
}

#[test]
fn double_taps_on_the_edges_go_through_time() {
    for scale in [1.0, 2.0] {
        let mut stage = Stage::ready(scale);
        tap(&mut stage, RIGHT);
        tap(&mut stage, RIGHT);
        stage.harness.step();
        // The clip is shorter than ten seconds.
        assert_eq!(stage.state().frame, 39);
        assert!(stage.has("+10 s"));
        tap(&mut stage, RIGHT);
        stage.pass(0.2);
        assert!(stage.has("+20 s"));
        stage.render(&format!("double-tap-{scale}x"));
        stage.pass(1.0);
        assert!(!stage.has("+20 s"));
        stage.harness.run();
        assert_eq!(stage.repaint_delay(), std::time::Duration::MAX);
        tap(&mut stage, LEFT);
        tap(&mut stage, LEFT);
        stage.harness.step();
        assert_eq!(stage.state().frame, 0);
        assert!(stage.has("−10 s"));
        assert_eq!(stage.state().playback, Playback::Paused);
    }
}

#[test]
fn a_double_tap_on_the_subject_focuses() {
    for scale in [1.0, 2.0] {
        let mut stage = Stage::ready(scale);
        let before = stage.camera();
        let beside = MIDDLE + vec2(80.0, -40.0);
        tap(&mut stage, beside);
        tap(&mut stage, beside);
        stage.pass(1.0);
        assert!(stage.camera().target != before.target);
        assert_eq!(stage.state().playback, Playback::Paused);
    }
}

#[test]
fn a_finger_that_holds_plays_twice_as_fast() {
    for scale in [1.0, 2.0] {
        let mut stage = Stage::ready(scale);
        stage.apply("loop all");
        stage.apply("speed 0.5");
        stage.apply("play");
        finger(&mut stage, 1, TouchPhase::Start, MIDDLE);
        stage.pass(0.7);
        assert_eq!(stage.state().speed, 2.0);
        assert!(stage.has("2×"));
        finger(&mut stage, 1, TouchPhase::End, MIDDLE);
        stage.pass(0.1);
        assert_eq!(stage.state().speed, 0.5);
        assert!(!stage.has("2×"));
        assert_eq!(stage.state().playback, Playback::Playing);
    }
}

#[test]
fn fingers_on_controls_are_not_the_cameras() {
    let mut stage = Stage::ready(1.0);
    let before = stage.camera();
    let on_bar = pos2(760.0, 680.0);
    finger(&mut stage, 1, TouchPhase::Start, on_bar);
    stage.harness.step();
    finger(&mut stage, 1, TouchPhase::Move, MIDDLE);
    stage.harness.step();
    finger(&mut stage, 1, TouchPhase::End, MIDDLE);
    stage.pass(0.5);
    assert_eq!(stage.camera(), before);
    assert_eq!(stage.state().playback, Playback::Paused);
}
