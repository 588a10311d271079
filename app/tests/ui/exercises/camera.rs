//! The camera, saved views and the camera path.

use egui::{Key, Modifiers};
use zoetrope_app::camera::CameraMode;
use zoetrope_codecs::UpAxis;

use super::exercises;
use crate::stage::Stage;

/// Lets a flight of the camera end.
fn arrive(stage: &mut Stage) {
    stage.pass(1.2);
}

fn mode(stage: &Stage) -> CameraMode {
    stage.harness.state().rig().expect("a camera").mode()
}

fn up(stage: &Stage) -> UpAxis {
    stage.harness.state().rig().expect("a camera").up()
}

fn fov(stage: &Stage) -> f32 {
    stage.camera().fov_y.to_degrees()
}

/// Turns the camera with the pointer, away from any saved place.
fn turn(stage: &mut Stage) {
    let from = egui::pos2(560.0, 300.0);
    stage.drag(from, from + egui::vec2(90.0, 30.0));
}

/// Goes nearer with the wheel.
fn zoom(stage: &mut Stage) {
    stage.harness.hover_at(egui::pos2(560.0, 300.0));
    stage.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, 100.0),
        modifiers: Modifiers::NONE,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
    });
    stage.pass(0.5);
    stage.harness.remove_cursor();
    stage.pass(0.5);
}

/// With the camera's panel open.
fn with_panel() -> Stage {
    let mut stage = Stage::ready(1.0);
    stage.click("Camera");
    stage
}

exercises! {
    the_picture {
        commands: [],
        controls: ["Picture"]
    }
    Stage::ready(1.0) => |stage| {
        let before = stage.camera();
        let middle = stage.rect("Picture").center();
        stage.drag(middle, middle + egui::vec2(80.0, 0.0));
        assert_ne!(stage.camera(), before);
    };

    reset_and_frame {
        commands: ["reset-view", "frame-all", "focus"],
        controls: ["First view", "Reset view", "Frame all", "Focus middle", "Camera"]
    }
    with_panel() => |stage| {
        let first = stage.camera();
        for way in ["bar", "panel", "key", "palette"] {
            turn(stage);
            assert_ne!(stage.camera(), first);
            match way {
                "bar" => stage.click_without_rest("Reset view"),
                "panel" => stage.click_without_rest("First view"),
                "key" => stage.key(Key::R),
                _ => stage.command("reset-view"),
            }
            arrive(stage);
            assert_eq!(stage.camera(), first, "{way}");
        }
        zoom(stage);
        let near = stage.camera();
        stage.click_without_rest("Frame all");
        arrive(stage);
        let framed = stage.camera();
        assert_ne!(framed, near);
        zoom(stage);
        stage.key_with(Modifiers::SHIFT, Key::F);
        arrive(stage);
        assert!(stage.camera().position.distance(framed.position) < 1e-3);
        // The middle of the ring is empty; what lies behind it is looked at.
        turn(stage);
        let before = stage.camera().target;
        stage.click_without_rest("Focus middle");
        arrive(stage);
        let looked = stage.camera().target;
        stage.key(Key::G);
        arrive(stage);
        assert!(looked != before || stage.camera().target == before);
    };

    modes {
        commands: ["camera-orbit", "camera-fly", "camera-toggle"],
        controls: ["Orbit", "Fly"]
    }
    with_panel() => |stage| {
        stage.click("Fly");
        assert_eq!(mode(stage), CameraMode::Fly);
        stage.click("Orbit");
        assert_eq!(mode(stage), CameraMode::Orbit);
        stage.key(Key::V);
        assert_eq!(mode(stage), CameraMode::Fly);
        stage.command("camera-orbit");
        assert_eq!(mode(stage), CameraMode::Orbit);
        stage.command("camera-fly");
        assert_eq!(mode(stage), CameraMode::Fly);
    };

    field_of_view {
        commands: ["fov-wider", "fov-narrower"],
        controls: ["Field of view", "Field of view as a number"]
    }
    with_panel() => |stage| {
        stage.set_value("Field of view", 70.0);
        assert!((fov(stage) - 70.0).abs() < 0.1, "{}", fov(stage));
        stage.set_value("Field of view as a number", 40.0);
        assert!((fov(stage) - 40.0).abs() < 0.1, "{}", fov(stage));
        stage.key_with(Modifiers::SHIFT, Key::Z);
        arrive(stage);
        assert!(fov(stage) > 41.0);
        stage.key(Key::Z);
        stage.key(Key::Z);
        arrive(stage);
        assert!(fov(stage) < 39.0);
    };

    up_axis {
        commands: ["flip-up", "next-up"],
        controls: ["Up: +X", "Up: −X", "Up: +Y", "Up: −Y", "Up: +Z", "Up: −Z", "Upside down"]
    }
    with_panel() => |stage| {
        for (label, axis) in [
            ("Up: +X", UpAxis::PlusX),
            ("Up: −X", UpAxis::MinusX),
            ("Up: −Y", UpAxis::MinusY),
            ("Up: +Z", UpAxis::PlusZ),
            ("Up: −Z", UpAxis::MinusZ),
            ("Up: +Y", UpAxis::PlusY),
        ] {
            stage.click_without_rest(label);
            arrive(stage);
            assert_eq!(up(stage), axis);
        }
        stage.click_without_rest("Upside down");
        arrive(stage);
        assert_eq!(up(stage), UpAxis::MinusY);
        stage.key(Key::U);
        arrive(stage);
        assert_eq!(up(stage), UpAxis::PlusY);
        stage.key_with(Modifiers::SHIFT, Key::U);
        arrive(stage);
        assert_ne!(up(stage), UpAxis::PlusY);
    };

    saved_views {
        commands: ["save-view", "view", "next-view", "previous-view"],
        controls: [
            "Save this view", "Go to view *", "Rename view *", "Name of the view", "Remove view *",
        ]
    }
    with_panel() => |stage| {
        let views = |stage: &Stage| stage.harness.state().notes().views().len();
        stage.click("Save this view");
        let one = stage.camera();
        turn(stage);
        let two = stage.camera();
        stage.key_with(Modifiers::SHIFT, Key::V);
        assert_eq!(views(stage), 2);
        stage.click_without_rest("Go to view View 1");
        arrive(stage);
        assert!(stage.camera().position.distance(one.position) < 1e-3);
        stage.key_with(Modifiers::ALT, Key::Num2);
        arrive(stage);
        assert!(stage.camera().position.distance(two.position) < 1e-3);
        stage.command("view 1");
        arrive(stage);
        assert!(stage.camera().position.distance(one.position) < 1e-3);
        for key in [Key::ArrowRight, Key::ArrowLeft] {
            let before = stage.camera();
            stage.key_with(Modifiers::ALT, key);
            arrive(stage);
            assert!(stage.camera().position.distance(before.position) > 0.01, "{key:?}");
        }
        stage.click("Rename view View 2");
        stage.replace("Name of the view", "From the side");
        assert!(stage.has("Go to view From the side"));
        stage.click("Remove view From the side");
        assert_eq!(views(stage), 1);
        stage.command("save-view");
        assert_eq!(views(stage), 2);
    };

    camera_path {
        commands: ["path-key", "path-remove-key", "path-play", "path-clear"],
        controls: ["Set key here", "Key at *", "Remove key at *", "Follow path", "Remove path"]
    }
    with_panel() => |stage| {
        let keys = |stage: &Stage| stage.harness.state().notes().path.times().count();
        stage.click("Set key here");
        stage.key(Key::End);
        turn(stage);
        let end = stage.camera();
        stage.key_with(Modifiers::SHIFT, Key::P);
        assert_eq!(keys(stage), 2);
        stage.key(Key::Home);
        stage.click("Follow path");
        arrive(stage);
        assert!(stage.camera().position.distance(end.position) > 0.01);
        stage.key(Key::End);
        stage.pass(0.1);
        assert!(stage.camera().position.distance(end.position) < 0.05);
        stage.key(Key::P);
        let rig = stage.harness.state().rig().expect("a camera");
        assert!(!rig.is_following());
        stage.click("Key at 0:00.00");
        assert_eq!(stage.state().frame, 0);
        stage.click("Remove key at 0:00.00");
        assert_eq!(keys(stage), 1);
        stage.command("path-key");
        assert_eq!(keys(stage), 2);
        stage.command("path-remove-key");
        assert_eq!(keys(stage), 1);
        stage.click("Remove path");
        assert_eq!(keys(stage), 0);
        stage.command("path-key");
        stage.command("path-clear");
        assert_eq!(keys(stage), 0);
    };

    turntable {
        commands: ["turntable"],
        controls: ["Turntable", "Seconds for a turn", "Seconds for a turn as a number"]
    }
    with_panel() => |stage| {
        let first = stage.camera();
        stage.click_without_rest("Turntable");
        stage.pass(0.5);
        assert!(stage.camera().position.distance(first.position) > 0.01);
        stage.key(Key::T);
        stage.pass(0.1);
        let stopped = stage.camera();
        stage.pass(0.5);
        assert_eq!(stage.camera(), stopped);
        stage.set_value("Seconds for a turn", 5.0);
        assert_eq!(stage.harness.state().settings().turntable_s, 5.0);
        stage.set_value("Seconds for a turn as a number", 12.0);
        assert_eq!(stage.harness.state().settings().turntable_s, 12.0);
    };
}
