//! `zoetrope info`: what it tells of splat files and sequences of them.

use std::fs;
use std::path::Path;

use serde_json::Value;
use zoetrope_codecs::SplatCloud;
use zoetrope_codecs::splat::{ply, synthetic};

use crate::clip::{packed_wave, wave_frames};
use crate::support::{json, zoetrope};

/// What is said as text, and as JSON.
fn info(clip: &str) -> (String, Value) {
    let output = zoetrope(&["info", clip]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (text, json(&zoetrope(&["info", clip, "--json"])))
}

/// What is said of a figure that was changed by `change`.
fn info_of(change: impl FnOnce(&mut SplatCloud)) -> (String, Value) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("figure.ply");
    let mut cloud = synthetic::surface(2000, 1, 3);
    change(&mut cloud);
    let mut bytes = Vec::new();
    ply::write(&cloud, &mut bytes).expect("memory takes it");
    fs::write(&path, bytes).expect("writable");
    info(&path.to_string_lossy())
}

fn warnings(json: &Value) -> Vec<&str> {
    let list = json["warnings"].as_array().expect("a list");
    list.iter().filter_map(Value::as_str).collect()
}

#[test]
fn format_version_and_up_are_told() {
    let pattern = wave_frames();
    let frame = fs::read_dir(Path::new(pattern.trim_end_matches("*.sog")))
        .expect("readable")
        .flatten()
        .map(|entry| entry.path())
        .next()
        .expect("a frame");
    let (text, json) = info(&frame.to_string_lossy());
    assert!(text.contains("splat file, SOG, version 2"), "{text}");
    assert!(text.contains("-y (a guess: the custom of SOG"), "{text}");
    // A still model has a size, but neither a time nor a rate.
    assert!(text.contains("bytes a Gaussian"), "{text}");
    for of_time in ["duration", "groups", "frame", "bit/s"] {
        assert!(!text.contains(of_time), "{text}");
    }
    assert_eq!(
        (&json["codec"], &json["version"]),
        (&"SOG".into(), &"2".into())
    );
    assert_eq!(
        (&json["up"], &json["up_known"]),
        (&"-y".into(), &false.into())
    );
    let (text, json) = info(&packed_wave().to_string_lossy());
    assert!(text.contains("up          -y\n"), "{text}");
    for of_time in ["duration", "groups", " a frame", "bit/s"] {
        assert!(text.contains(of_time), "{text}");
    }
    assert_eq!(
        (&json["version"], &json["up_known"]),
        (&Value::Null, &true.into())
    );
}

#[test]
fn bounds_are_those_of_the_gaussians_where_the_file_has_none() {
    let (text, json) = info_of(|_| ());
    let bounds = synthetic::surface(2000, 1, 3).bounds();
    for (corner, wanted) in [("min", bounds.min), ("max", bounds.max)] {
        for (axis, wanted) in wanted.into_iter().enumerate() {
            let found = json["bounds"][corner][axis].as_f64().expect("a number");
            assert!((found - f64::from(wanted)).abs() < 1e-5, "{corner} {axis}");
        }
    }
    assert_eq!(json["sh_degree"], 1);
    assert_eq!(json["gaussians"]["max"], 2000);
    assert_eq!(warnings(&json), [""; 0], "{text}");
}

#[test]
fn what_is_odd_is_told() {
    let (text, json) = info_of(|cloud| {
        for opacity in &mut cloud.opacities {
            *opacity = 1.0 / (1.0 + (-*opacity).exp());
        }
    });
    assert!(
        text.contains("warning     every opacity is between"),
        "{text}"
    );
    assert_eq!(warnings(&json).len(), 1);
    let (_, json) = info_of(|cloud| {
        cloud.scales[3] = [1e30; 3];
        cloud.positions[4][1] = f32::NAN;
        cloud.rotations[5] = [0.0; 4];
    });
    let told = warnings(&json);
    assert_eq!(
        told,
        ["3 of its Gaussians have broken numbers and are not shown"]
    );
    let (text, json) = info_of(|cloud| {
        // Upside down, and on the ground.
        let bounds = cloud.bounds();
        for position in &mut cloud.positions {
            position[0] -= bounds.centre()[0];
            position[1] = bounds.max[1] - position[1];
            position[2] -= bounds.centre()[2];
        }
    });
    assert!(text.contains("stood on the ground along +y"), "{text}");
    assert_eq!(
        (&json["up"], &json["up_seems"]),
        (&"-y".into(), &"+y".into())
    );
}

#[test]
fn a_sequence_tells_whose_oddities_they_are() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for frame in 0..3 {
        let mut cloud = synthetic::surface(1000 + frame, 0, 3);
        cloud.positions[0][0] = f32::NAN;
        let mut bytes = Vec::new();
        ply::write(&cloud, &mut bytes).expect("memory takes it");
        fs::write(folder.path().join(format!("{frame}.ply")), bytes).expect("writable");
    }
    let pattern = folder.path().join("{:01}.ply");
    let (_, json) = info(&pattern.to_string_lossy());
    assert_eq!(
        (&json["kind"], &json["frames"]),
        (&"splat sequence".into(), &3.into())
    );
    let told = warnings(&json);
    assert_eq!(
        told,
        [
            "of the first frame, 1 of its Gaussians have broken numbers and are not shown",
            "bounds are those of the first frame",
        ]
    );
}
