//! The camera's commands, its panel, and what is kept of a clip.

use egui::{Event, Key, Modifiers, PointerButton, Pos2, Role, Vec2, pos2, vec2};
use egui_kittest::kittest::Queryable;
use zoetrope_app::camera::CameraMode;
use zoetrope_codecs::UpAxis;
use zoetrope_player::Playback;
use zoetrope_render::Camera;

use crate::stage::{Setup, Stage};

const MIDDLE: Pos2 = pos2(640.0, 300.0);

fn distance(camera: &Camera) -> f32 {
    camera.position.distance(camera.target)
}

/// Holds a key down or lets it go.
fn hold(stage: &mut Stage, key: Key, pressed: bool, modifiers: Modifiers) {
    let events = &mut stage.harness.input_mut().events;
    events.push(Event::ModifiersChanged(modifiers));
    events.push(Event::Key {
        key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers,
    });
    stage.harness.step();
}

fn drag(stage: &mut Stage, button: PointerButton, way: Vec2) {
    let press = |pos, pressed| Event::PointerButton {
        pos,
        button,
        pressed,
        modifiers: Modifiers::NONE,
    };
    let events = &mut stage.harness.input_mut().events;
    events.push(Event::PointerMoved(MIDDLE));
    events.push(press(MIDDLE, true));
    events.push(Event::PointerMoved(MIDDLE + way));
    events.push(press(MIDDLE + way, false));
    stage.harness.step();
}

/// Nothing is painted any more once the notes have gone.
fn rests(stage: &mut Stage) {
    stage.pass(4.5);
    stage.harness.run();
    assert_eq!(stage.repaint_delay(), std::time::Duration::MAX);
}

fn mode(stage: &Stage) -> CameraMode {
    stage.harness.state().rig().expect("a camera").mode()
}

#[test]
fn keys_fly_in_fly_mode_only_and_come_before_the_players() {
    for scale in [1.0, 2.0] {
        let mut stage = Stage::ready(scale);
        let before = stage.camera();
        hold(&mut stage, Key::W, true, Modifiers::NONE);
        stage.pass(0.3);
        hold(&mut stage, Key::W, false, Modifiers::NONE);
        assert_eq!(stage.camera(), before);
        stage.apply("camera-fly");
        assert_eq!(stage.camera(), before, "no jump");
        let line = (before.target - before.position).normalize();
        for (key, way) in [
            (Key::W, line),
            (Key::S, -line),
            (Key::E, before.up),
            (Key::Q, -before.up),
        ] {
            let from = stage.camera().position;
            hold(&mut stage, key, true, Modifiers::NONE);
            stage.pass(0.3);
            hold(&mut stage, key, false, Modifiers::NONE);
            stage.pass(1.0);
            let flown = stage.camera().position - from;
            assert!(flown.dot(way) > 0.1, "{key:?}: {flown}");
            assert!(flown.normalize().dot(way) > 0.99, "{key:?}: {flown}");
            assert!(!stage.harness.state().is_moving(), "{key:?}");
        }
        rests(&mut stage);
    }
}

#[test]
fn shift_flies_faster_and_alt_slower() {
    let mut stage = Stage::ready(1.0);
    stage.apply("camera-fly");
    let mut flown = Vec::new();
    for modifiers in [Modifiers::ALT, Modifiers::NONE, Modifiers::SHIFT] {
        let from = stage.camera().position;
        hold(&mut stage, Key::D, true, modifiers);
        stage.pass(0.5);
        hold(&mut stage, Key::D, false, modifiers);
        stage.pass(1.0);
        flown.push(stage.camera().position.distance(from));
    }
    assert!(
        flown[0] < 0.5 * flown[1] && flown[2] > 2.0 * flown[1],
        "{flown:?}"
    );
}

#[test]
fn dragging_looks_around_in_fly_mode() {
    let mut stage = Stage::ready(1.0);
    stage.apply("camera-fly");
    let before = stage.camera();
    drag(&mut stage, PointerButton::Primary, vec2(120.0, 20.0));
    let looked = stage.camera();
    assert!(looked.position.distance(before.position) < 1e-4);
    assert!(looked.target.distance(before.target) > 0.1);
    drag(&mut stage, PointerButton::Secondary, vec2(50.0, 0.0));
    assert!(stage.camera().position.distance(before.position) > 0.01);
}

#[test]
fn modes_are_commands() {
    let mut stage = Stage::ready(1.0);
    for (command, expected) in [
        ("camera-fly", CameraMode::Fly),
        ("camera-orbit", CameraMode::Orbit),
        ("camera-toggle", CameraMode::Fly),
        ("camera-toggle", CameraMode::Orbit),
    ] {
        stage.apply(command);
        assert_eq!(mode(&stage), expected, "{command}");
    }
}

#[test]
fn a_double_click_focuses_what_is_there() {
    for scale in [1.0, 2.0] {
        let mut stage = Stage::ready(scale);
        let before = stage.camera();
        // The front of the ring, which is nearer than its middle.
        let on = pos2(640.0, 345.0);
        for _ in 0..2 {
            stage.harness.drag_at(on);
            stage.harness.step();
            stage.harness.drop_at(on);
            stage.harness.step();
        }
        stage.until("it moves", |app| {
            app.rig().is_some_and(|rig| rig.camera() != before)
        });
        stage.pass(1.0);
        let after = stage.camera();
        let nearer = distance(&before) - distance(&after);
        assert!((0.7..1.1).contains(&nearer), "{nearer}");
        let line = |camera: &Camera| (camera.target - camera.position).normalize();
        assert!(line(&after).distance(line(&before)) < 1e-4);
    }
}

#[test]
fn framing_and_reset_bring_everything_back() {
    let mut stage = Stage::ready(1.0);
    let first = stage.camera();
    drag(&mut stage, PointerButton::Secondary, vec2(300.0, 100.0));
    stage.apply("frame-all");
    stage.pass(1.0);
    assert!(stage.camera().target.distance(first.target) < 1e-4);
    drag(&mut stage, PointerButton::Primary, vec2(100.0, 0.0));
    stage.apply("focus");
    stage.pass(1.0);
    stage.apply("reset-view");
    stage.pass(1.0);
    assert_eq!(stage.camera(), first);
}

#[test]
fn the_field_of_view_keeps_the_subjects_size() {
    let mut stage = Stage::ready(1.0);
    let before = stage.camera();
    stage.apply("fov-wider");
    let wider = stage.camera();
    assert!((wider.fov_y.to_degrees() - 55.0).abs() < 1e-3);
    let size = |camera: &Camera| distance(camera) * (0.5 * camera.fov_y).tan();
    assert!((size(&wider) / size(&before) - 1.0).abs() < 1e-4);
    stage.apply("fov-narrower");
    stage.apply("fov-narrower");
    assert!((stage.camera().fov_y.to_degrees() - 45.0).abs() < 1e-3);
    assert!(stage.has("Field of view: 45°"));
}

#[test]
fn up_is_kept_for_the_clip() {
    let mut stage = Stage::ready(1.0);
    stage.apply("flip-up");
    stage.pass(1.0);
    assert_eq!(stage.camera().up, -glam_y());
    assert_eq!(stage.harness.state().notes().up, Some(UpAxis::MinusY));
    stage.open("other");
    stage.until("the other clip", |app| {
        app.notes().up.is_none() && app.rig().is_some_and(|rig| rig.up() == UpAxis::PlusY)
    });
    stage.open("ring");
    stage.until("the first clip upside down", |app| {
        app.rig().is_some_and(|rig| rig.up() == UpAxis::MinusY)
    });
    stage.apply("flip-up");
    assert_eq!(stage.harness.state().notes().up, None);
    stage.apply("next-up");
    assert_eq!(
        stage.harness.state().notes().up,
        Some(UpAxis::MinusY),
        "the one after +y"
    );
}

fn glam_y() -> glam::Vec3 {
    glam::Vec3::Y
}

#[test]
fn views_are_saved_and_flown_to() {
    let mut stage = Stage::ready(1.0);
    let first = stage.camera();
    stage.apply("next-view");
    assert_eq!(stage.camera(), first, "there is none");
    stage.apply("save-view");
    drag(&mut stage, PointerButton::Primary, vec2(200.0, 50.0));
    let second = stage.camera();
    stage.apply("save-view");
    let close =
        |stage: &Stage, camera: &Camera| stage.camera().position.distance(camera.position) < 1e-3;
    stage.apply("view 1");
    assert!(!close(&stage, &first), "it flies");
    stage.pass(1.0);
    assert!(close(&stage, &first));
    for (command, camera) in [
        ("next-view", &second),
        ("next-view", &first),
        ("previous-view", &second),
        ("previous-view", &first),
    ] {
        stage.apply(command);
        stage.pass(1.0);
        assert!(close(&stage, camera), "{command}");
    }
    for nonsense in ["view 0", "view 3"] {
        stage.apply(nonsense);
        stage.pass(1.0);
        assert!(close(&stage, &first), "{nonsense}");
    }
    stage.harness.run();
}

#[test]
fn the_turntable_turns_until_it_is_stopped() {
    let mut stage = Stage::ready(1.0);
    let before = stage.camera();
    stage.apply("turntable");
    stage.pass(1.0);
    assert!(stage.camera().position.distance(before.position) > 0.1);
    assert_eq!(stage.camera().target, before.target);
    stage.apply("turntable");
    rests(&mut stage);
}

#[test]
fn a_path_is_recorded_and_followed() {
    let mut stage = Stage::ready(1.0);
    stage.apply("path-play");
    assert_eq!(stage.state().playback, Playback::Paused, "there is none");
    stage.apply("path-key");
    let first = stage.camera();
    stage.apply("seek-frame 20");
    drag(&mut stage, PointerButton::Primary, vec2(200.0, 0.0));
    let second = stage.camera();
    stage.apply("path-key");
    stage.apply("path-key");
    assert_eq!(stage.harness.state().notes().path.keys().len(), 2);
    stage.apply("seek-frame 0");
    stage.apply("path-play");
    assert_eq!(stage.state().playback, Playback::Playing);
    stage.pass(2.0);
    stage.apply("pause");
    stage.apply("seek-frame 20");
    stage.pass(0.1);
    let close = |a: &Camera, b: &Camera| a.position.distance(b.position) < 1e-3;
    assert!(close(&stage.camera(), &second));
    stage.apply("seek-frame 10");
    stage.pass(0.1);
    let between = stage.camera();
    assert!(!close(&between, &first) && !close(&between, &second));
    assert!((distance(&between) - distance(&first)).abs() < 1e-3);
    rests(&mut stage);
    // The hand takes the camera off the path.
    drag(&mut stage, PointerButton::Primary, vec2(10.0, 0.0));
    assert!(
        !stage
            .harness
            .state()
            .rig()
            .expect("a camera")
            .is_following()
    );
    stage.apply("path-remove-key");
    assert_eq!(stage.harness.state().notes().path.keys().len(), 1);
    stage.apply("path-clear");
    assert!(stage.harness.state().notes().path.is_empty());
}

#[test]
fn bookmarks_are_set_and_gone_to() {
    let mut stage = Stage::ready(1.0);
    for frame in [30, 10] {
        stage.apply(&format!("seek-frame {frame}"));
        stage.apply("bookmark-add");
    }
    let times = |stage: &Stage| {
        let bookmarks = stage.harness.state().notes().bookmarks();
        bookmarks.iter().map(|mark| mark.time).collect::<Vec<_>>()
    };
    assert_eq!(times(&stage), [1.0, 3.0]);
    for (command, frame) in [
        ("bookmark-next", 30),
        ("bookmark-next", 30),
        ("bookmark-previous", 10),
        ("bookmark-previous", 10),
    ] {
        stage.apply(command);
        assert_eq!(stage.state().frame, frame, "{command}");
    }
    stage.apply("bookmark-add");
    assert_eq!(times(&stage), [3.0]);
    stage.apply("bookmark-clear");
    assert_eq!(times(&stage), [0.0; 0]);
}

#[test]
fn notes_outlive_the_window() {
    let setup = Setup::default();
    let storage = setup.storage.clone();
    let mut stage = Stage::build(setup);
    stage.make_ready();
    stage.apply("camera-fly");
    stage.apply("save-view");
    stage.apply("seek-frame 7");
    stage.apply("bookmark-add");
    stage.pass(2.0);
    drop(stage);
    let mut stage = Stage::build(Setup {
        storage,
        ..Setup::default()
    });
    stage.make_ready();
    assert_eq!(mode(&stage), CameraMode::Fly);
    let notes = stage.harness.state().notes();
    assert_eq!(notes.views().len(), 1);
    assert_eq!(notes.bookmarks().len(), 1);
}

/// Opens the camera's panel.
fn panel(size: Vec2, scale: f32) -> Stage {
    let mut stage = Stage::build(Setup {
        size,
        scale,
        ..Setup::default()
    });
    stage.make_ready();
    stage.apply("toggle-camera-panel");
    stage.harness.run();
    stage
}

/// Presses a button of the panel, wherever it has to be scrolled to.
fn press(stage: &mut Stage, label: &str) {
    fn button<'a>(stage: &'a Stage, label: &'a str) -> egui_kittest::Node<'a> {
        // The bar may have one for the same.
        let buttons = stage.harness.get_all_by_role_and_label(Role::Button, label);
        buttons.last().expect("a button")
    }
    button(stage, label).scroll_to_me();
    stage.harness.run_steps(20);
    button(stage, label).click();
    stage.harness.run_steps(3);
}

#[test]
fn the_panel_says_and_sets_how_the_camera_is() {
    for scale in [1.0, 2.0] {
        let mut stage = panel(vec2(1280.0, 720.0), scale);
        stage.render(&format!("camera-panel-{scale}x"));
        stage.click("Fly");
        assert_eq!(mode(&stage), CameraMode::Fly);
        stage.click("Orbit");
        assert_eq!(mode(&stage), CameraMode::Orbit);
        stage
            .harness
            .get_by_role_and_label(Role::Slider, "Field of view")
            .set_value_accesskit(70.0);
        stage.harness.run();
        assert!((stage.camera().fov_y.to_degrees() - 70.0).abs() < 1e-3);
        for (axis, name) in UpAxis::ALL {
            let label = format!("Up: {}", name.to_uppercase().replace('-', "−"));
            stage.harness.get_by_label(&label).click();
            stage.pass(1.0);
            let rig = stage.harness.state().rig().expect("a camera");
            assert_eq!(rig.up(), axis);
        }
    }
}

#[test]
fn the_panels_buttons_do_what_they_say() {
    let mut stage = panel(vec2(1280.0, 720.0), 1.0);
    let press = |stage: &mut Stage, label: &str| {
        press(stage, label);
        stage.pass(1.0);
    };
    let first = stage.camera();
    drag(&mut stage, PointerButton::Secondary, vec2(-200.0, 60.0));
    press(&mut stage, "Frame all");
    assert!(stage.camera().target.distance(first.target) < 1e-4);
    drag(&mut stage, PointerButton::Primary, vec2(-100.0, 60.0));
    press(&mut stage, "Focus middle");
    press(&mut stage, "Upside down");
    assert!(stage.camera().up.y < -0.99);
    press(&mut stage, "Upside down");
    press(&mut stage, "First view");
    assert_eq!(stage.camera(), first);
    press(&mut stage, "Turntable");
    assert!(stage.harness.state().is_moving());
    assert!(stage.camera().position.distance(first.position) > 0.1);
    press(&mut stage, "Turntable");
    assert!(!stage.harness.state().is_moving());
    stage
        .harness
        .get_by_role_and_label(Role::Slider, "Seconds for a turn")
        .set_value_accesskit(60.0);
    stage.harness.run();
    assert_eq!(stage.harness.state().settings().turntable_s, 60.0);
}

#[test]
fn the_panel_keeps_views() {
    let mut stage = panel(vec2(1280.0, 720.0), 1.0);
    let first = stage.camera();
    press(&mut stage, "Save this view");
    drag(&mut stage, PointerButton::Primary, vec2(-150.0, 40.0));
    press(&mut stage, "Save this view");
    stage.render("camera-panel-views");
    press(&mut stage, "Go to view View 1");
    stage.pass(1.0);
    assert!(stage.camera().position.distance(first.position) < 1e-3);

    press(&mut stage, "Rename view View 1");
    let field = stage.harness.get_by_label("Name of the view");
    assert!(field.is_focused());
    field.type_text(" in front");
    stage.harness.run();
    stage.render("camera-panel-rename");
    // Keys in the field are not the player's.
    assert_eq!(stage.state().playback, Playback::Paused);
    stage.key(Key::Enter);
    stage.harness.run();
    assert!(stage.has("Go to view View 1 in front"));
    press(&mut stage, "Rename view View 1 in front");
    let field = stage.harness.get_by_label("Name of the view");
    field.type_text("!");
    stage.harness.run();
    stage.key(Key::Escape);
    stage.harness.run();
    assert!(stage.has("Go to view View 1 in front"));
    press(&mut stage, "Remove view View 1 in front");
    let notes = stage.harness.state().notes();
    let names: Vec<&str> = notes
        .views()
        .iter()
        .map(|view| view.name.as_str())
        .collect();
    assert_eq!(names, ["View 2"]);
}

#[test]
fn the_panel_keeps_a_path() {
    let mut stage = panel(vec2(1280.0, 720.0), 1.0);
    press(&mut stage, "Set key here");
    stage.apply("seek-frame 20");
    press(&mut stage, "Set key here");
    press(&mut stage, "Key at 0:00.00");
    assert_eq!(stage.state().frame, 0);
    press(&mut stage, "Follow path");
    assert_eq!(stage.state().playback, Playback::Playing);
    stage.render("camera-panel-path");
    press(&mut stage, "Follow path");
    stage.apply("pause");
    press(&mut stage, "Remove key at 0:02.00");
    assert_eq!(stage.harness.state().notes().path.keys().len(), 1);
    press(&mut stage, "Remove path");
    assert!(stage.harness.state().notes().path.is_empty());
}

#[test]
fn the_panel_fits_a_phone() {
    for (size, scale) in [(vec2(390.0, 844.0), 3.0), (vec2(844.0, 390.0), 3.0)] {
        let mut stage = panel(size, scale);
        stage.render(&format!("camera-panel-{}x{}", size.x, size.y));
        stage.harness.get_by_label("Fly").click();
        stage.harness.run();
        assert_eq!(mode(&stage), CameraMode::Fly);
    }
}

#[test]
fn the_panel_speaks_german_in_the_light() {
    let setup = Setup::default();
    let settings = br#"{"theme": "light", "language": "de"}"#;
    let storage = setup.storage.clone();
    storage.write("settings.json", settings).expect("memory");
    let mut stage = Stage::build(setup);
    stage.make_ready();
    stage.apply("save-view");
    stage.apply("path-key");
    stage.apply("toggle-camera-panel");
    stage.harness.run();
    stage.render("camera-panel-german-1");
    for label in ["Umkreisen", "Erste Ansicht", "Zur Ansicht Ansicht 1"] {
        assert!(stage.has(label), "{label}");
    }
    press(&mut stage, "Dem Pfad folgen");
    stage.render("camera-panel-german-2");
    assert!(
        stage
            .harness
            .state()
            .rig()
            .expect("a camera")
            .is_following()
    );
}

#[test]
fn flying_keys_are_not_the_players_and_panels_have_their_own() {
    let mut stage = Stage::ready(1.0);
    stage.apply("camera-fly");
    stage.apply("command-palette");
    stage.harness.run();
    let before = stage.camera();
    hold(&mut stage, Key::W, true, Modifiers::NONE);
    stage.pass(0.3);
    assert_eq!(stage.camera(), before);
    hold(&mut stage, Key::W, false, Modifiers::NONE);
    stage.apply("dismiss-notices");
    stage.harness.run();
    // While a name is typed nothing flies.
    stage.apply("save-view");
    stage.apply("toggle-camera-panel");
    stage.harness.run();
    press(&mut stage, "Rename view View 1");
    hold(&mut stage, Key::W, true, Modifiers::NONE);
    stage.pass(0.3);
    assert_eq!(stage.camera(), before);
}
