use super::*;
use zoetrope_codecs::clip::CameraHint;
use zoetrope_codecs::{Bounds, ClipInfo, UpAxis};

fn canvas(size: Vec2, foot: f32) -> Canvas {
    Canvas {
        size,
        foot,
        right: 0.0,
    }
}

fn bounds() -> Bounds {
    Bounds {
        min: [-1.0; 3],
        max: [1.0; 3],
    }
}

fn orbit(up: UpAxis) -> OrbitCamera {
    OrbitCamera::from_camera(&Camera::framing(bounds(), up.vector().into(), 0.9, 1.5))
}

/// Where a world point appears: x right, y down, in units of depth.
fn seen(camera: &OrbitCamera, point: Vec3) -> glam::Vec2 {
    let p = camera.camera().view_from_world().transform_point3(point);
    assert!(p.z > 0.0);
    glam::Vec2::new(p.x / p.z, p.y / p.z)
}

#[test]
fn takes_over_the_framing_camera_unchanged() {
    for (up, _) in UpAxis::ALL {
        let framing = Camera::framing(bounds(), up.vector().into(), 0.9, 1.5);
        let camera = OrbitCamera::from_camera(&framing).camera();
        assert!(camera.position.distance(framing.position) < 1e-4, "{up:?}");
        assert_eq!(camera.target, framing.target);
    }
}

#[test]
fn the_scene_follows_the_hand() {
    for (up, _) in UpAxis::ALL {
        let start = orbit(up);
        // The point of the scene that is nearest to the camera.
        let front = start.target - 0.5 * start.sight();
        let mut turned = start;
        turned.orbit(Vec2::new(20.0, 0.0));
        assert!(seen(&turned, front).x > 0.01, "{up:?}");
        let mut turned = start;
        turned.orbit(Vec2::new(0.0, 20.0));
        assert!(seen(&turned, front).y > 0.01, "{up:?}");
        let mut moved = start;
        moved.pan(Vec2::new(30.0, 40.0), 100.0);
        // At the target's depth the whole height is 2 tan(fov / 2) units of depth.
        let expected = glam::Vec2::new(0.3, 0.4) * 2.0 * (0.45f32).tan();
        assert!(
            seen(&moved, start.target).distance(expected) < 1e-3,
            "{up:?}"
        );
    }
}

#[test]
fn the_camera_stays_upright_and_off_the_poles() {
    let mut camera = orbit(UpAxis::PlusZ);
    for _ in 0..100 {
        camera.orbit(Vec2::new(3.0, 50.0));
    }
    let sight = (camera.camera().target - camera.camera().position).normalize();
    assert!(sight.dot(Vec3::Z) < -0.99 && sight.dot(Vec3::Z) > -1.0);
    let above = camera.target + Vec3::Z * 0.1;
    assert!(seen(&camera, above).y < 0.0);
}

#[test]
fn zoom_is_bounded_and_ignores_nonsense() {
    let mut camera = orbit(UpAxis::PlusY);
    let distance = camera.distance;
    camera.zoom(2.0);
    assert!((camera.distance - distance / 2.0).abs() < 1e-5);
    for factor in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        camera.zoom(factor);
        assert!((camera.distance - distance / 2.0).abs() < 1e-5);
    }
    camera.scroll(1e6);
    camera.scroll(2000.0);
    assert!(camera.distance >= 0.0099 * distance);
    for _ in 0..10 {
        camera.scroll(-2000.0);
    }
    assert!(camera.distance <= 50.1 * distance);
}

#[test]
fn the_first_view_fits_above_what_covers_the_foot() {
    let info = crate::open::test_info();
    for (size, covered) in [
        (Vec2::new(1280.0, 720.0), 100.0),
        (Vec2::new(390.0, 844.0), 116.0),
        (Vec2::new(340.0, 280.0), 500.0),
    ] {
        let canvas = canvas(size, covered);
        let scene = Scene::new(&info, bounds(), None);
        let orbit = OrbitCamera::first_view(&scene, canvas);
        let camera = orbit.camera_above(canvas);
        let points = 0.5 * size.y / (0.5 * camera.fov_y).tan();
        for corner in 0..8 {
            let side = |axis: u32| if corner >> axis & 1 == 0 { -1.0 } else { 1.0 };
            let corner = Vec3::new(side(0), side(1), side(2));
            let p = camera.view_from_world().transform_point3(corner);
            let (x, y) = (points * p.x / p.z, points * p.y / p.z + 0.5 * size.y);
            // Moving the camera instead of the lens costs a few points.
            assert!(x.abs() < 0.5 * size.x, "{size} {x}");
            assert!(y > -0.03 * size.y, "{size} {y}");
            assert!(y < canvas.free().y, "{size} {y}");
        }
    }
}

#[test]
fn the_target_is_in_the_middle_of_what_is_free() {
    let info = crate::open::test_info();
    let canvas = Canvas {
        size: Vec2::new(1000.0, 600.0),
        foot: 100.0,
        right: 300.0,
    };
    let orbit = OrbitCamera::first_view(&Scene::new(&info, bounds(), None), canvas);
    let camera = orbit.camera_above(canvas);
    let p = camera.view_from_world().transform_point3(orbit.target);
    let points = 300.0 / (0.5 * camera.fov_y).tan();
    let seen = glam::Vec2::new(500.0, 300.0) + points * glam::Vec2::new(p.x, p.y) / p.z;
    assert_eq!(camera.position, orbit.camera().position);
    assert!(seen.distance(glam::Vec2::new(350.0, 250.0)) < 0.1, "{seen}");
}

#[test]
fn nothing_flips_where_the_camera_looks_straight_down() {
    let mut orbit = orbit(UpAxis::PlusY);
    for _ in 0..100 {
        orbit.orbit(Vec2::new(0.0, 50.0));
    }
    let covered = |foot| orbit.camera_above(canvas(Vec2::new(1000.0, 600.0), foot));
    let up = |camera: Camera| camera.view_from_world().transpose().y_axis;
    assert!(up(covered(0.0)).dot(up(covered(250.0))) > 0.9);
}

#[test]
fn a_clip_can_ask_for_its_first_view() {
    let mut info = crate::open::test_info();
    let size = Vec2::splat(300.0);
    let view = |info: &ClipInfo, covered| {
        OrbitCamera::first_view(&Scene::new(info, bounds(), None), canvas(size, covered))
    };
    let framed = view(&info, 0.0);
    info.camera = Some(CameraHint {
        position: [0.0, 0.0, -3.0],
        target: [0.0; 3],
        fov_y_degrees: 40.0,
    });
    let asked = view(&info, 0.0);
    assert!((asked.distance - 3.0).abs() < 1e-6);
    let above = view(&info, 100.0);
    assert!((above.distance - 4.5).abs() < 1e-5);
    assert!((asked.fov_y.to_degrees() - 40.0).abs() < 1e-3);
    for fov_y_degrees in [0.0, f32::NAN, 180.0] {
        if let Some(hint) = &mut info.camera {
            hint.fov_y_degrees = fov_y_degrees;
        }
        assert_eq!(view(&info, 0.0), framed);
    }
}

#[test]
fn looking_turns_on_the_spot_and_keeps_what_is_under_the_hand() {
    for (up, _) in UpAxis::ALL {
        let start = orbit(up);
        let position = start.camera().position;
        let mut turned = start;
        turned.look(Vec2::new(12.0, 7.0), 300.0);
        assert!(turned.camera().position.distance(position) < 1e-4, "{up:?}");
        let unit = 2.0 * (0.5 * start.fov_y).tan() / 300.0;
        let expected = glam::Vec2::new(12.0, 7.0) * unit;
        assert!(
            seen(&turned, start.target).distance(expected) < 0.1 * expected.length(),
            "{up:?}"
        );
    }
}

#[test]
fn walking_goes_right_up_and_ahead() {
    let start = orbit(UpAxis::PlusY);
    let mut walked = start;
    walked.walk(Vec3::new(0.2, 0.1, 0.5));
    // What stood in the middle is now to the left and below.
    let point = seen(&walked, start.target);
    assert!(point.x < 0.0 && point.y > 0.0, "{point}");
    let nearer = walked.camera().position.distance(start.target);
    assert!(nearer < start.distance);
    assert_eq!(walked.distance, start.distance);
}

#[test]
fn a_point_comes_into_the_middle_as_large_as_it_was() {
    let start = orbit(UpAxis::MinusY);
    let point = start.target + Vec3::new(0.4, -0.3, 0.5);
    let depth = (point - start.camera().position).dot(start.sight());
    let mut centred = start;
    centred.centre(point);
    assert!(seen(&centred, point).length() < 1e-5);
    assert!(centred.sight().distance(start.sight()) < 1e-6);
    assert!((centred.distance - depth).abs() < 1e-4);
    let mut looking = start;
    looking.look_at(point);
    assert!(seen(&looking, point).length() < 1e-4);
    assert!(looking.camera().position.distance(start.camera().position) < 1e-4);
}

#[test]
fn another_field_of_view_keeps_the_size_or_the_place() {
    let start = orbit(UpAxis::PlusY);
    let beside = start.target + 0.3 * start.right;
    let size = |camera: &OrbitCamera| seen(camera, beside).x / (0.5 * camera.fov_y).tan();
    let mut dolly = start;
    dolly.set_fov_and_distance(0.4);
    assert!((size(&dolly) / size(&start) - 1.0).abs() < 0.01);
    assert!(dolly.distance > start.distance);
    let mut plain = start;
    plain.set_fov(0.4);
    assert_eq!(plain.camera().position, start.camera().position);
    assert!(size(&plain) > 1.5 * size(&start));
}

#[test]
fn another_camera_and_another_up_are_taken_over() {
    let mut camera = orbit(UpAxis::PlusY);
    let other = Camera {
        position: Vec3::new(3.0, 1.0, -2.0),
        target: Vec3::new(0.1, 0.2, 0.3),
        up: Vec3::Y,
        fov_y: 0.7,
    };
    camera.put(&other);
    assert!(camera.camera().position.distance(other.position) < 1e-4);
    assert_eq!(camera.camera().target, other.target);
    camera.turn_up(Vec3::NEG_Y);
    assert!(camera.camera().position.distance(other.position) < 1e-4);
    assert_eq!(camera.camera().up, Vec3::NEG_Y);
}

#[test]
fn beyond_the_limits_zooming_leads_back_only() {
    let mut camera = orbit(UpAxis::PlusY);
    let far = 100.0 * camera.first_distance;
    camera.distance = far;
    camera.zoom(0.5);
    assert_eq!(camera.distance, far);
    camera.zoom(2.0);
    assert_eq!(camera.distance, 0.5 * far);
}
