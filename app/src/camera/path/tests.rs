use super::*;
use glam::{Quat, Vec3};

const FRAME_S: f64 = 0.1;

fn pose(position: Vec3) -> Pose {
    Pose::new(Camera {
        position,
        target: Vec3::ZERO,
        up: Vec3::Y,
        fov_y: 0.8,
    })
    .expect("it makes sense")
}

/// On a circle around the origin, by degrees.
fn around(degrees: f32) -> Pose {
    pose(Quat::from_rotation_y(degrees.to_radians()) * Vec3::new(0.0, 1.0, 3.0))
}

fn path(keys: &[(f64, Pose)]) -> CameraPath {
    CameraPath::from_keys(keys.iter().map(|(time, pose)| PathKey {
        time: *time,
        pose: *pose,
    }))
}

#[test]
fn keys_are_kept_in_order_and_replaced_on_the_same_frame() {
    let mut path = CameraPath::default();
    assert_eq!(path.sample(1.0), None);
    for time in [2.0, 0.0, 1.0] {
        assert!(path.set(time, around(0.0), FRAME_S));
    }
    assert!(path.times().eq([0.0, 1.0, 2.0]));
    assert!(path.set(1.04, around(50.0), FRAME_S));
    assert!(path.times().eq([0.0, 1.04, 2.0]));
    assert_eq!(path.keys()[1].pose, around(50.0));
    assert!(path.set(1.1, around(60.0), FRAME_S));
    assert_eq!(path.keys().len(), 4);
    assert_eq!(path.nearest(1.08), Some(2));
    path.remove(2);
    path.remove(9);
    assert_eq!(path.nearest(1.5), Some(1));
    assert_eq!(CameraPath::EMPTY.nearest(1.5), None);
    assert!(path.times().eq([0.0, 1.04, 2.0]));
    for time in [-1.0, f64::NAN, f64::INFINITY, 1e7] {
        assert!(!path.set(time, around(0.0), FRAME_S), "{time}");
    }
}

#[test]
fn there_is_room_for_so_many_keys() {
    let mut path = CameraPath::default();
    for index in 0..KEYS_MAX {
        assert!(path.set(index as f64, around(0.0), FRAME_S));
    }
    assert!(!path.set(1e4, around(0.0), FRAME_S));
    assert!(
        path.set(3.0, around(1.0), FRAME_S),
        "replacing needs no room"
    );
}

#[test]
fn it_passes_through_the_keys_and_rests_outside() {
    let keys = [
        (1.0, around(0.0)),
        (2.0, pose(Vec3::new(4.0, 2.0, 1.0))),
        (4.0, pose(Vec3::new(-1.0, 0.5, 2.0))),
    ];
    let path = path(&keys);
    for (time, pose) in keys {
        let camera = path.sample(time).expect("keys");
        assert!(camera.position.distance(pose.camera().position) < 1e-4);
        assert!(camera.target.distance(pose.camera().target) < 1e-4);
    }
    for (time, key) in [
        (-1.0, 0),
        (0.5, 0),
        (9.0, 2),
        (f64::INFINITY, 2),
        (f64::NAN, 0),
    ] {
        assert_eq!(path.sample(time), Some(keys[key].1.camera()));
    }
}

#[test]
fn keys_on_a_circle_give_the_circle_at_constant_speed() {
    let keys: Vec<_> = (0..5)
        .map(|k| (f64::from(k), around(90.0 * k as f32)))
        .collect();
    let path = path(&keys);
    for step in 0..=80 {
        let time = f64::from(step) / 20.0;
        let camera = path.sample(time).expect("keys");
        let expected = around(90.0 * time as f32).camera();
        assert!(
            camera.position.distance(expected.position) < 1e-3,
            "{time}: {camera:?}"
        );
        assert!(camera.target.length() < 1e-3);
        assert_eq!(camera.up, Vec3::Y);
    }
}

#[test]
fn the_speed_has_no_jumps() {
    let path = path(&[
        (0.0, around(0.0)),
        (1.0, around(70.0)),
        (1.5, pose(Vec3::new(1.0, 3.0, -4.0))),
        (3.0, around(200.0)),
    ]);
    let step = 1e-3;
    let at = |time: f64| path.sample(time).expect("keys").position;
    for key in [1.0, 1.5] {
        let before = (at(key) - at(key - step)) / step as f32;
        let after = (at(key + step) - at(key)) / step as f32;
        assert!(
            before.distance(after) < 0.02 * before.length(),
            "{before} {after}"
        );
    }
}

#[test]
fn a_camera_that_rests_between_keys_does_not_stir() {
    let path = path(&[
        (0.0, around(0.0)),
        (1.0, around(80.0)),
        (2.0, around(80.0)),
        (3.0, around(10.0)),
    ]);
    for step in 0..=10 {
        let camera = path.sample(1.0 + f64::from(step) / 10.0).expect("keys");
        assert!(camera.position.distance(around(80.0).camera().position) < 1e-4);
    }
}

#[test]
fn fields_of_view_do_not_overshoot() {
    let with_fov = |fov_y| {
        Pose::new(Camera {
            fov_y,
            ..around(0.0).camera()
        })
        .expect("it makes sense")
    };
    let path = path(&[
        (0.0, with_fov(0.5)),
        (1.0, with_fov(1.5)),
        (2.0, with_fov(1.5)),
        (2.1, with_fov(0.5)),
    ]);
    for step in 0..=210 {
        let fov = path.sample(f64::from(step) / 100.0).expect("keys").fov_y;
        assert!((0.4999..=1.5001).contains(&fov), "{step}: {fov}");
    }
}

#[test]
fn a_path_survives_json() {
    let path = path(&[(0.0, around(0.0)), (1.25, around(30.0))]);
    let back = CameraPath::from_json(&path.to_json()).expect("what was written");
    assert!(back.times().eq(path.times()));
    for (a, b) in back.keys().iter().zip(path.keys()) {
        assert_eq!(a.pose.camera().position, b.pose.camera().position);
    }
}

#[test]
fn broken_files_are_refused_in_a_sentence() {
    let key = r#"{"time":0,"position":[0,0,1],"target":[0,0,0],"up":[0,1,0],"fov":50}"#;
    let file = |keys: &str| format!(r#"{{"version":1,"keys":[{keys}]}}"#);
    assert!(CameraPath::from_json(&file(key)).is_ok());
    let many = vec![key; KEYS_MAX + 1].join(",");
    for (text, part) in [
        ("", "cannot be read"),
        ("[]", "cannot be read"),
        (r#"{"version":2,"keys":[]}"#, "version 2"),
        (&file(""), "no keys"),
        (&file(&many), "501 keys"),
        (&file(&key.replace(r#""time":0"#, r#""time":-1"#)), "-1 s"),
        (&file(&key.replace("50", "0")), "nothing can be seen"),
        (
            &file(&key.replace("[0,0,1]", "[0,0,0]")),
            "nothing can be seen",
        ),
        (
            &file(&key.replace("[0,0,1]", "[0,0,1e99]")),
            "cannot be read",
        ),
        (&file(&key.replace("[0,0,1]", "[0,0]")), "cannot be read"),
    ] {
        let error = CameraPath::from_json(text).expect_err(text).to_string();
        assert!(error.contains(part), "{error}");
    }
}
