use egui::Vec2;
use zoetrope_codecs::clip::CameraHint;
use zoetrope_codecs::{Bounds, UpAxis};

use super::*;
use crate::camera::{PathKey, Pose};

const TICK_S: f64 = 1.0 / 60.0;

fn scene() -> Scene {
    Scene {
        bounds: Bounds {
            min: [-1.0; 3],
            max: [1.0; 3],
        },
        up: UpAxis::PlusY,
        hint: None,
    }
}

fn canvas() -> Canvas {
    Canvas {
        size: Vec2::new(1280.0, 720.0),
        foot: 100.0,
        right: 0.0,
    }
}

fn rig() -> CameraRig {
    CameraRig::new(scene(), canvas(), RigOptions::default())
}

fn empty() -> CameraPath {
    CameraPath::default()
}

/// A path from the front to the side, in two seconds.
fn path(rig: &CameraRig) -> CameraPath {
    let front = rig.camera();
    let side = Camera {
        position: Vec3::new(6.0, 1.0, 0.0),
        ..front
    };
    CameraPath::from_keys([(0.0, front), (2.0, side)].map(|(time, camera)| PathKey {
        time,
        pose: Pose::new(camera).expect("it makes sense"),
    }))
}

/// Ticks until nothing moves; the time then.
fn settle(rig: &mut CameraRig, mut now_s: f64) -> f64 {
    for _ in 0..200 {
        if !rig.tick(now_s, &empty(), 0.0) {
            return now_s;
        }
        now_s += TICK_S;
    }
    panic!("it never rests");
}

fn close(a: &Camera, b: &Camera) -> bool {
    a.position.distance(b.position) < 1e-4
        && a.target.distance(b.target) < 1e-4
        && a.up.distance(b.up) < 1e-4
        && (a.fov_y - b.fov_y).abs() < 1e-5
}

#[test]
fn nothing_moves_by_itself() {
    let mut rig = rig();
    let first = rig.clone();
    assert!(!rig.tick(5.0, &empty(), 1.0));
    assert_eq!(rig, first);
    rig.drag(Vec2::new(10.0, 0.0));
    assert!(!rig.tick(6.0, &empty(), 1.0));
}

#[test]
fn changing_the_mode_does_not_move_the_picture() {
    let mut rig = rig();
    rig.drag(Vec2::new(40.0, 30.0));
    rig.pan(Vec2::new(60.0, 10.0));
    let seen = |rig: &CameraRig| rig.camera().view_from_world();
    for mode in [CameraMode::Fly, CameraMode::Orbit, CameraMode::Fly] {
        let before = seen(&rig);
        rig.set_mode(mode);
        assert!(seen(&rig).abs_diff_eq(before, 1e-4), "{mode:?}");
    }
    // After a flight the orbit's target lies beside the scene, not where it was.
    rig.drag(Vec2::new(100.0, -20.0));
    rig.zoom(4.0);
    let before = seen(&rig);
    rig.set_mode(CameraMode::Orbit);
    assert!(seen(&rig).abs_diff_eq(before, 1e-4));
}

#[test]
fn the_orbit_after_a_flight_turns_around_the_scene() {
    let mut rig = rig();
    rig.set_mode(CameraMode::Fly);
    let input = FlyInput {
        direction: Vec3::NEG_Z,
        ..FlyInput::default()
    };
    rig.set_fly_input(input);
    for tick in 0..120 {
        rig.tick(f64::from(tick) * TICK_S, &empty(), 0.0);
    }
    rig.set_fly_input(FlyInput::default());
    settle(&mut rig, 2.0);
    assert!(rig.camera().target.length() > 0.5);
    rig.set_mode(CameraMode::Orbit);
    assert!(rig.camera().target.length() < 0.2, "{:?}", rig.camera());
}

#[test]
fn reset_flies_back_in_six_tenths_of_a_second() {
    let mut rig = rig();
    let first = rig.camera();
    rig.drag(Vec2::new(150.0, 40.0));
    let turned = rig.camera();
    rig.reset(10.0);
    assert!(rig.tick(10.0, &empty(), 0.0));
    assert!(close(&rig.camera(), &turned));
    assert!(rig.tick(10.3, &empty(), 0.0));
    let middle = rig.camera();
    assert!(!close(&middle, &turned) && !close(&middle, &first));
    assert!(!rig.tick(10.61, &empty(), 0.0));
    assert_eq!(rig.camera(), first);
}

#[test]
fn with_reduced_motion_it_is_there_at_once() {
    let options = RigOptions {
        reduce_motion: true,
        ..RigOptions::default()
    };
    let mut rig = CameraRig::new(scene(), canvas(), options);
    let first = rig.camera();
    rig.drag(Vec2::new(150.0, 40.0));
    rig.reset(10.0);
    assert!(!rig.tick(10.0, &empty(), 0.0));
    assert_eq!(rig.camera(), first);
}

#[test]
fn the_hand_ends_a_flight_where_it_is() {
    let mut rig = rig();
    rig.drag(Vec2::new(150.0, 40.0));
    rig.reset(0.0);
    rig.tick(0.3, &empty(), 0.0);
    let middle = rig.camera();
    rig.pan(Vec2::ZERO);
    assert!(close(&rig.camera(), &middle));
    assert!(!rig.tick(0.4, &empty(), 0.0));
    assert!(close(&rig.camera(), &middle));
}

#[test]
fn focus_centres_in_orbit_and_looks_in_fly_mode() {
    let point = Vec3::new(0.5, 0.2, 0.3);
    let mut rig = rig();
    let before = rig.camera();
    rig.focus(point, 0.0);
    settle(&mut rig, 0.0);
    assert!(rig.camera().target.distance(point) < 1e-5);
    let line = |camera: &Camera| (camera.target - camera.position).normalize();
    assert!(line(&rig.camera()).distance(line(&before)) < 1e-5);
    rig.set_mode(CameraMode::Fly);
    let before = rig.camera();
    rig.focus(Vec3::new(-0.5, 0.0, 0.0), 2.0);
    settle(&mut rig, 2.0);
    assert!(rig.camera().position.distance(before.position) < 1e-4);
    assert!(rig.camera().target.distance(Vec3::new(-0.5, 0.0, 0.0)) < 1e-4);
    rig.focus(Vec3::NAN, 4.0);
    assert!(!rig.is_flying_to());
}

#[test]
fn all_is_framed_from_the_same_side() {
    let mut rig = rig();
    rig.drag(Vec2::new(200.0, 50.0));
    rig.pan(Vec2::new(300.0, 100.0));
    rig.zoom(8.0);
    let line = |camera: &Camera| (camera.target - camera.position).normalize();
    let before = line(&rig.camera());
    rig.frame_all(0.0);
    settle(&mut rig, 0.0);
    assert!(line(&rig.camera()).distance(before) < 1e-5);
    assert!(rig.camera().target.length() < 1e-5);
    let camera = rig.drawn();
    for corner in 0..8 {
        let side = |axis: u32| if corner >> axis & 1 == 0 { -1.0 } else { 1.0 };
        let p = camera
            .view_from_world()
            .transform_point3(Vec3::new(side(0), side(1), side(2)));
        let height = (0.5 * camera.fov_y).tan();
        let y = 0.5 + 0.5 * p.y / p.z / height;
        assert!(y > -0.03 && y < 620.0 / 720.0, "{y}");
    }
}

#[test]
fn places_of_the_picture_are_points_of_the_scene() {
    let rig = rig();
    let target = rig.camera().target;
    assert!(rig.point_at(rig.middle()).distance(target) < 1e-4);
    let beside = rig.point_at(rig.middle() + Vec2::new(100.0, 50.0));
    let drawn = rig.drawn();
    let p = drawn.view_from_world().transform_point3(beside);
    let points = 360.0 / (0.5 * drawn.fov_y).tan();
    let x = 640.0 + points * p.x / p.z;
    assert!((x - rig.middle().x - 100.0).abs() < 1e-2, "{x}");
}

#[test]
fn flipping_rolls_in_place_and_back() {
    let mut rig = rig();
    rig.drag(Vec2::new(30.0, 20.0));
    let before = rig.camera();
    rig.flip_up(0.0);
    assert_eq!(rig.up(), UpAxis::MinusY);
    rig.tick(0.3, &empty(), 0.0);
    assert!(rig.camera().position.distance(before.position) < 1e-3);
    settle(&mut rig, 0.3);
    let flipped = rig.camera();
    assert!(flipped.position.distance(before.position) < 1e-3);
    assert_eq!(flipped.up, Vec3::NEG_Y);
    // The hand in the middle of a roll gets the new up.
    rig.flip_up(5.0);
    rig.tick(5.3, &empty(), 0.0);
    rig.drag(Vec2::ZERO);
    assert_eq!(rig.camera().up, Vec3::Y);
}

#[test]
fn another_axis_shows_the_scene_from_its_front() {
    let mut rig = rig();
    rig.set_up(UpAxis::PlusZ, 0.0);
    settle(&mut rig, 0.0);
    let fresh = CameraRig::new(
        Scene {
            up: UpAxis::PlusZ,
            ..scene()
        },
        canvas(),
        RigOptions::default(),
    );
    assert_eq!(rig.camera(), fresh.camera());
}

#[test]
fn a_clip_that_asks_for_a_view_gets_it_back() {
    let hint = CameraHint {
        position: [0.0, 0.0, -3.0],
        target: [0.0; 3],
        fov_y_degrees: 40.0,
    };
    let scene = Scene {
        hint: Some(hint),
        ..scene()
    };
    let mut rig = CameraRig::new(scene, canvas(), RigOptions::default());
    assert!((rig.fov_degrees() - 40.0).abs() < 1e-3);
    rig.set_fov(90.0);
    rig.reset(0.0);
    settle(&mut rig, 0.0);
    assert!((rig.fov_degrees() - 40.0).abs() < 1e-3);
}

#[test]
fn fields_of_view_are_bounded_and_keep_the_place_in_fly_mode() {
    let mut rig = rig();
    let before = rig.camera();
    rig.set_fov(25.0);
    let line = |camera: &Camera| camera.position.distance(camera.target);
    assert!(line(&rig.camera()) > line(&before));
    rig.set_mode(CameraMode::Fly);
    let before = rig.camera();
    rig.set_fov(70.0);
    assert_eq!(rig.camera().position, before.position);
    for (wanted, got) in [(1e6, 120.0), (0.0, 10.0), (f32::NAN, 10.0)] {
        rig.set_fov(wanted);
        assert!((rig.fov_degrees() - got).abs() < 1e-3, "{wanted}");
    }
}

#[test]
fn the_turntable_turns_once_in_its_time_and_stops_in_the_hand() {
    let mut rig = rig();
    let first = rig.camera();
    rig.set_turning(true);
    let mut now_s = 0.0;
    for _ in 0..1200 {
        assert!(rig.tick(now_s, &empty(), 0.0));
        now_s += TICK_S;
    }
    let away = rig.camera().position.distance(first.position);
    assert!(away < 1e-2, "{:?}", rig.camera());
    rig.grip(true);
    let held = rig.camera();
    assert!(!rig.tick(now_s, &empty(), 0.0));
    assert_eq!(rig.camera(), held);
    rig.grip(false);
    assert!(rig.tick(now_s + 1.0, &empty(), 0.0));
    assert!(rig.camera() != held);
    rig.set_mode(CameraMode::Fly);
    assert!(!rig.is_turning());
    assert!(!rig.tick(now_s + 2.0, &empty(), 0.0));
}

#[test]
fn the_path_is_followed_with_the_clip_and_not_by_itself() {
    let mut rig = rig();
    let path = path(&rig);
    rig.drag(Vec2::new(-200.0, 10.0));
    let before = rig.camera();
    rig.set_following(true, 0.0);
    assert!(rig.tick(0.0, &path, 1.0));
    assert!(close(&rig.camera(), &before), "no jump");
    assert!(!rig.tick(0.7, &path, 1.0));
    assert_eq!(Some(rig.camera()), path.sample(1.0));
    assert!(!rig.tick(0.8, &path, 1.5));
    assert_eq!(Some(rig.camera()), path.sample(1.5));
    assert!(rig.is_following());
    let seen = rig.camera();
    rig.drag(Vec2::ZERO);
    assert!(!rig.is_following());
    assert!(close(&rig.camera(), &seen));
    assert!(!rig.tick(0.9, &path, 0.0));
    assert!(close(&rig.camera(), &seen));
}

#[test]
fn without_keys_nothing_is_followed() {
    let mut rig = rig();
    let path = path(&rig);
    let first = rig.camera();
    rig.set_following(true, 0.0);
    assert!(!rig.tick(0.1, &empty(), 0.0));
    assert!(!rig.is_following());
    assert_eq!(rig.camera(), first);
    rig.set_following(true, 1.0);
    rig.tick(1.7, &path, 2.0);
    let seen = rig.camera();
    rig.tick(1.8, &empty(), 2.0);
    assert!(!rig.is_following());
    assert!(close(&rig.camera(), &seen));
}

#[test]
fn turntable_path_and_flights_exclude_each_other() {
    let mut rig = rig();
    let path = path(&rig);
    rig.set_turning(true);
    rig.set_following(true, 0.0);
    assert!(!rig.is_turning() && rig.is_following());
    rig.tick(1.0, &path, 1.0);
    rig.set_turning(true);
    assert!(!rig.is_following() && rig.is_turning());
    rig.reset(2.0);
    assert!(!rig.is_turning());
}

#[test]
fn flying_ends_flights_and_the_wheel_sets_its_pace() {
    let mut rig = rig();
    let ahead = FlyInput {
        direction: Vec3::Z,
        ..FlyInput::default()
    };
    rig.set_fly_input(ahead);
    assert!(!rig.tick(0.0, &empty(), 0.0), "not in orbit mode");
    rig.set_mode(CameraMode::Fly);
    rig.scroll(100.0);
    assert_eq!(rig.fly_speed(), 1.0);
    let moved = rig.camera().position;
    assert!(moved != rig.held.camera().target);
    rig.set_fly_input(ahead);
    rig.scroll(100.0);
    assert!(rig.fly_speed() > 1.2);
    assert!(rig.tick(0.0, &empty(), 0.0));
    let start = rig.camera().position;
    rig.tick(0.1, &empty(), 0.0);
    assert!(rig.camera().position != start);
}

#[test]
fn a_long_pause_does_not_throw_the_camera_far() {
    let mut rig = rig();
    rig.set_mode(CameraMode::Fly);
    rig.set_fly_input(FlyInput {
        direction: Vec3::Z,
        ..FlyInput::default()
    });
    rig.tick(0.0, &empty(), 0.0);
    let start = rig.camera().position;
    rig.tick(60.0, &empty(), 0.0);
    assert!(rig.camera().position.distance(start) < 0.5 * scene().size());
}
