//! Pictures of real splat files against the reference. The files lie beside the repository; without
//! them there is nothing to test.

mod common;

use std::path::PathBuf;
use std::sync::Arc;

use common::{Studio, planes, view_of};
use glam::Vec3;
use zoetrope_codecs::gaussian_video::PlaneEncoding;
use zoetrope_codecs::source::FileSource;
use zoetrope_codecs::{Cancel, SplatCloud, SplatFrame, splat};
use zoetrope_render::{Camera, Filter};

/// The file of that name, where it exists.
fn load(name: &str) -> Option<SplatCloud> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/splats");
    let path = folder.join(name);
    if !path.exists() {
        return None;
    }
    let source = FileSource::open(path).expect("a readable file");
    let cloud = splat::read(&(Arc::new(source) as _), &Cancel::new());
    Some(cloud.expect("a valid file"))
}

#[test]
fn sequences_of_sog_files() {
    let mut studio = Studio::new();
    for name in [
        "seq_monkey_sog/monkey_0001.sog",
        "seq_monkey_sog/monkey_0025.sog",
        "seq_wave_sog/wave_0030.sog",
    ] {
        let Some(cloud) = load(name) else { return };
        let bounds = cloud.bounds();
        for (k, camera) in Camera::ring(bounds, Vec3::Y, 3).into_iter().enumerate() {
            for frame in [
                SplatFrame::Planes(planes(&cloud, PlaneEncoding::Activated)),
                SplatFrame::Cloud(cloud.clone()),
            ] {
                let mut view = view_of(&frame, 240, 180);
                view.camera = camera;
                studio.compare(&format!("{name}, camera {k}"), frame, &view);
            }
        }
    }
}

#[test]
fn a_trained_scene_with_degree_3() {
    let mut studio = Studio::new();
    let Some(cloud) = load("train-1000.inria.ply") else {
        return;
    };
    assert_eq!(cloud.sh_degree, 3);
    for filter in [Filter::Classic, Filter::Mip] {
        let frame = SplatFrame::Cloud(cloud.clone());
        let mut view = view_of(&frame, 240, 180);
        view.filter = filter;
        // From inside the cloud, where splats are all around, and from outside.
        studio.compare(&format!("outside, {filter:?}"), frame.clone(), &view);
        view.camera.position = view.camera.target + Vec3::new(0.1, 0.0, -1.0);
        studio.compare(&format!("inside, {filter:?}"), frame, &view);
    }
}

#[test]
fn a_large_model() {
    let mut studio = Studio::new();
    let Some(cloud) = load("playcanvas/biker.compressed.ply") else {
        return;
    };
    let frame = SplatFrame::Cloud(cloud);
    let view = view_of(&frame, 320, 240);
    studio.compare("biker", frame, &view);
}
