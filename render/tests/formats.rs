//! One model in many formats draws the same picture, and so does one whose axes are turned.

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{draw, gpu, view_of};
use glam::Vec3;
use zoetrope_codecs::source::{FileFolder, FileSource};
use zoetrope_codecs::splat::{Axes, sog, synthetic};
use zoetrope_codecs::{Cancel, SplatCloud, SplatFrame, splat};
use zoetrope_render::{Camera, Gpu, Picture, Tier, View};

/// What two pictures of one model have in common at least.
const SAME_DB: f64 = 40.0;

/// The file or the SOG folder at `path`, where it exists, in one convention of axes.
fn load(path: &Path) -> Option<SplatCloud> {
    let cancel = Cancel::new();
    let cloud = if path.is_dir() {
        sog::read(&FileFolder::open(path).expect("a readable folder"), &cancel)
    } else if path.exists() {
        let source = FileSource::open(path).expect("a readable file");
        splat::read(&(Arc::new(source) as _), &cancel)
    } else {
        return None;
    };
    Some(cloud.expect("a valid file").with_axes(Axes::RightDownFront))
}

fn shared(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/data/splats")
        .join(name)
}

fn small(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../codecs/tests/data")
        .join(name)
}

fn picture(gpu: &Gpu, cloud: &SplatCloud, view: &View) -> Picture {
    let frame = Arc::new(SplatFrame::Cloud(cloud.clone()));
    draw(gpu, Tier::Cpu, &frame, view)
}

/// The camera turned about an axis by half.
fn turned(camera: Camera, axis: Vec3) -> Camera {
    let turn = |v: Vec3| 2.0 * v.dot(axis) * axis - v;
    Camera {
        position: turn(camera.position),
        target: turn(camera.target),
        up: turn(camera.up),
        ..camera
    }
}

fn assert_same(name: &str, a: &Picture, b: &Picture) {
    // Empty pictures would be the same too.
    assert!(
        a.rgba.chunks_exact(4).any(|pixel| pixel != &a.rgba[..4]),
        "{name}: nothing is seen"
    );
    let db = a.psnr(b).expect("one size");
    assert!(db >= SAME_DB, "{name}: {db:.2} dB");
}

/// SH included: a turned cloud, seen by a turned camera, is what it was.
#[test]
fn turned_axes_change_nothing() {
    let gpu = gpu();
    for sh_degree in 0..=3 {
        let cloud = synthetic::surface(3000, sh_degree, 5);
        let other = cloud.clone().with_axes(Axes::RightUpBack);
        for camera in Camera::ring(cloud.bounds(), Vec3::NEG_Y, 3) {
            let mut view = view_of(&SplatFrame::Cloud(cloud.clone()), 160, 120);
            view.camera = camera;
            let before = picture(&gpu, &cloud, &view);
            view.camera = turned(camera, Vec3::X);
            let after = picture(&gpu, &other, &view);
            let db = before.psnr(&after).expect("one size");
            assert!(db >= 55.0, "degree {sh_degree}: {db:.2} dB");
            assert_same("turned", &before, &after);
        }
    }
}

/// Level 4 of the playbot as nine tools wrote it; `.splat` has no SH.
#[test]
fn playbot_in_nine_formats() {
    let Some(ply) = load(&shared("converted/playbot4.ply")) else {
        return;
    };
    let gpu = gpu();
    assert_eq!((ply.len(), ply.sh_degree), (8406, 2));
    let frame = SplatFrame::Cloud(ply.clone());
    for camera in Camera::ring(ply.bounds(), Vec3::NEG_Y, 2) {
        let mut view = view_of(&frame, 240, 240);
        view.camera = camera;
        let reference = picture(&gpu, &ply, &view);
        for name in [
            "converted/playbot4.compressed.ply",
            "converted/playbot4.spz",
            "converted/playbot4.glb",
            "converted/playbot4.splat",
            "converted/playbot4.c0.ksplat",
            "converted/playbot4.c1.ksplat",
            "converted/playbot4.c2.ksplat",
            "playcanvas/playbot_streamed_sog/4_0",
        ] {
            let cloud = load(&shared(name)).expect("lies beside the others");
            assert_eq!(cloud.len(), 8406, "{name}");
            let mut view = view;
            if name.ends_with(".glb") {
                // That tool looks at glTF from the other side.
                view.camera = turned(camera, Vec3::Y);
            }
            if name.ends_with(".splat") {
                view.sh_degree = 0;
                assert_eq!(cloud.sh_degree, 0);
                let reference = picture(&gpu, &ply, &view);
                assert_same(name, &reference, &picture(&gpu, &cloud, &view));
                continue;
            }
            assert_eq!(cloud.sh_degree, 2, "{name}");
            assert_same(name, &reference, &picture(&gpu, &cloud, &view));
        }
    }
}

#[test]
fn biker_in_two_formats() {
    let Some(ply) = load(&shared("playcanvas/biker.compressed.ply")) else {
        return;
    };
    let spz = load(&shared("playcanvas/biker.v4.spz")).expect("lies beside it");
    let gpu = gpu();
    let view = view_of(&SplatFrame::Cloud(ply.clone()), 320, 240);
    assert_same(
        "biker",
        &picture(&gpu, &ply, &view),
        &picture(&gpu, &spz, &view),
    );
}

/// Three Gaussians as INRIA PLY, SPZ and, without SH, `.splat`.
#[test]
fn train_3points_in_three_formats() {
    let gpu = gpu();
    let ply = load(&small("train-3points.ply")).expect("is in the repository");
    let mut view = view_of(&SplatFrame::Cloud(ply.clone()), 200, 200);
    let spz = load(&small("train-3points.spz")).expect("is in the repository");
    assert_same(
        "SPZ",
        &picture(&gpu, &ply, &view),
        &picture(&gpu, &spz, &view),
    );
    let dot_splat = load(&small("train-3points.splat")).expect("is in the repository");
    view.sh_degree = 0;
    assert_same(
        ".splat",
        &picture(&gpu, &ply, &view),
        &picture(&gpu, &dot_splat, &view),
    );
}

/// Every Gaussian of the conformance matrix of `KHR_gaussian_splatting`, drawn alone: its colour and
/// its size are those that its numbers name.
#[test]
fn the_gltf_matrix_is_seen() {
    let gpu = gpu();
    let matrix = load(&small("khr_gltf/khr_conformance_matrix.glb")).expect("is in the repository");
    let fallback = load(&small("khr_gltf/khr_extensible_fallback.gltf")).expect("is there too");
    let singles = (0..matrix.len()).map(|k| (&matrix, k));
    for (cloud, k) in singles.chain([(&fallback, 0)]) {
        let mut one = SplatCloud::with_capacity(1, cloud.sh_degree);
        one.push(
            cloud.positions[k],
            cloud.rotations[k],
            cloud.scales[k],
            1.0,
            cloud.sh_dc[k],
            cloud.rest_of(k),
        );
        let centre = Vec3::from(cloud.positions[k]);
        let mut view = view_of(&SplatFrame::Cloud(one.clone()), 101, 101);
        view.sh_degree = 0;
        // Far enough for the largest, along z, so that x and y of the ellipse are seen.
        view.camera.target = centre;
        view.camera.position = centre - 100.0 * Vec3::Z;
        view.camera.up = Vec3::NEG_Y;
        view.camera.fov_y = 1.0;
        let picture = picture(&gpu, &one, &view);
        let pixel = |x: usize, y: usize| &picture.rgba[4 * (101 * y + x)..][..3];
        // The opacity ends at 0.99, so a hundredth of the background shines through.
        for channel in 0..3 {
            let colour = 0.5 + 0.282_094_8 * one.sh_dc[0][channel];
            let seen = f32::from(pixel(50, 50)[channel]) / 255.0;
            assert!((seen - colour).abs() < 0.03, "{k}: {seen} and {colour}");
        }
        // Half of the full colour is as far from the centre as a normal distribution says.
        let focal_px = 50.5 / 0.5_f32.tan();
        let background = f32::from(picture.rgba[0]);
        let middle = f32::from(pixel(50, 50)[0]);
        let half =
            |x: usize, y: usize| (f32::from(pixel(x, y)[0]) - background) / (middle - background);
        let width = (50..101).take_while(|x| half(*x, 50) > 0.5).count() as f32;
        let height = (50..101).take_while(|y| half(50, *y) > 0.5).count() as f32;
        for (axis, extent) in [width, height].into_iter().enumerate() {
            let sigma = (one.scales[0][axis] * focal_px / 100.0).powi(2) + 0.3;
            let wanted = (2.0 * 2.0_f32.ln() * sigma).sqrt();
            assert!(
                (extent - 0.5 - wanted).abs() < 1.0,
                "{k}: {extent} px, not {wanted}"
            );
        }
    }
}
