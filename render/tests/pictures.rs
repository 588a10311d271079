//! Pictures of both tiers against the reference, for every kind of scene: 45 dB at least.

mod common;

use common::{Studio, planes, view_of};
use glam::Vec3;
use zoetrope_codecs::gaussian_video::PlaneEncoding;
use zoetrope_codecs::splat::synthetic;
use zoetrope_codecs::{SplatCloud, SplatFrame};
use zoetrope_render::{Background, Camera, Filter, View};

const IDENTITY: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

#[test]
fn planes_of_every_degree_encoding_and_filter() {
    let mut studio = Studio::new();
    for degree in 0..=3 {
        for encoding in [PlaneEncoding::Activated, PlaneEncoding::Raw] {
            let cloud = synthetic::surface(3000, degree, 1);
            let frame = SplatFrame::Planes(planes(&cloud, encoding));
            let mut view = view_of(&frame, 200, 150);
            for filter in [Filter::Classic, Filter::Mip] {
                view.filter = filter;
                let name = format!("planes, degree {degree}, {encoding:?}, {filter:?}");
                studio.compare(&name, frame.clone(), &view);
            }
        }
    }
}

#[test]
fn clouds_of_every_degree_and_filter() {
    let mut studio = Studio::new();
    for degree in 0..=3 {
        let frame = SplatFrame::Cloud(synthetic::surface(4000, degree, 2));
        let mut view = view_of(&frame, 181, 170);
        for filter in [Filter::Classic, Filter::Mip] {
            view.filter = filter;
            let name = format!("cloud, degree {degree}, {filter:?}");
            studio.compare(&name, frame.clone(), &view);
        }
    }
}

#[test]
fn a_lower_degree_than_stored_can_be_asked_for() {
    let mut studio = Studio::new();
    let cloud = synthetic::surface(2000, 3, 4);
    for frame in [
        SplatFrame::Planes(planes(&cloud, PlaneEncoding::Activated)),
        SplatFrame::Planes(planes(&cloud, PlaneEncoding::Raw)),
        SplatFrame::Cloud(cloud),
    ] {
        for degree in 0..=2 {
            let mut view = view_of(&frame, 120, 120);
            view.sh_degree = degree;
            studio.compare(&format!("capped at degree {degree}"), frame.clone(), &view);
        }
    }
}

#[test]
fn transparent_pictures_lie_over_any_background() {
    let mut studio = Studio::new();
    let mut cloud = synthetic::surface(3000, 1, 7);
    // Some of it is brighter than white.
    for colour in cloud.sh_dc.iter_mut().step_by(3) {
        *colour = colour.map(|value| 3.0 * value);
    }
    for frame in [
        SplatFrame::Planes(planes(&cloud, PlaneEncoding::Activated)),
        SplatFrame::Cloud(cloud),
    ] {
        let mut view = view_of(&frame, 150, 120);
        let opaque = studio.draw(frame.clone(), &view);
        let background = view.background.premultiplied().map(|value| 255.0 * value);
        view.background = Background::Transparent;
        studio.compare("transparent", frame.clone(), &view);
        for (picture, opaque) in studio.draw(frame, &view).iter().zip(&opaque) {
            let pixels = picture.rgba.chunks_exact(4);
            let (mut clear, mut covered) = (0, 0);
            for (pixel, expected) in pixels.zip(opaque.rgba.chunks_exact(4)) {
                let alpha = f32::from(pixel[3]) / 255.0;
                clear += usize::from(pixel[3] == 0);
                covered += usize::from(pixel[3] == 255);
                for channel in 0..4 {
                    let over = f32::from(pixel[channel]) + (1.0 - alpha) * background[channel];
                    let distance = over.min(255.0) - f32::from(expected[channel]);
                    assert!(distance.abs() <= 1.5, "{pixel:?} {expected:?}");
                }
            }
            assert!(clear > 1000 && covered > 1000, "{clear} {covered}");
        }
    }
}

#[test]
fn every_side_of_the_figure_as_it_moves() {
    let mut studio = Studio::new();
    let cloud = synthetic::surface(3000, 1, 6);
    for (k, camera) in Camera::ring(cloud.bounds(), Vec3::NEG_Y, 5)
        .into_iter()
        .enumerate()
    {
        let frame = SplatFrame::Cloud(synthetic::animate(&cloud, 0.2 * k as f32));
        let mut view = view_of(&frame, 150, 150);
        view.camera = camera;
        studio.compare(&format!("camera {k}"), frame, &view);
    }
}

#[test]
fn more_gaussians_than_16_bit_keys_are_for() {
    let mut studio = Studio::new();
    let frame = SplatFrame::Cloud(synthetic::surface(140_000, 0, 9));
    let view = view_of(&frame, 160, 120);
    studio.compare("140 000", frame, &view);
}

#[test]
fn odd_picture_sizes() {
    let mut studio = Studio::new();
    let frame = SplatFrame::Cloud(synthetic::surface(1500, 0, 3));
    for (width, height) in [(1, 1), (17, 31), (33, 1), (1, 65), (64, 32)] {
        let view = view_of(&frame, width, height);
        studio.compare(&format!("{width} x {height}"), frame.clone(), &view);
    }
}

#[test]
fn nothing_and_one() {
    let mut studio = Studio::new();
    for degree in [0, 3] {
        let mut cloud = SplatCloud::with_capacity(1, degree);
        let view = view_from(3.0);
        for (name, planar) in [("planes", true), ("cloud", false)] {
            let frame = |cloud: &SplatCloud| match planar {
                true => SplatFrame::Planes(planes(cloud, PlaneEncoding::Activated)),
                false => SplatFrame::Cloud(cloud.clone()),
            };
            studio.compare(&format!("no Gaussian, {name}"), frame(&cloud), &view);
            let mut one = cloud.clone();
            let rest = vec![[0.1; 3]; one.rest_coefficients()];
            one.push(
                [0.1, 0.0, 0.0],
                IDENTITY,
                [0.2, 0.3, 0.1],
                0.9,
                [1.0; 3],
                &rest,
            );
            studio.compare(&format!("one Gaussian, {name}"), frame(&one), &view);
        }
        cloud.sh_degree = degree;
    }
}

#[test]
fn needles_discs_and_specks() {
    let mut studio = Studio::new();
    let mut cloud = SplatCloud::with_capacity(0, 0);
    for k in 0..60 {
        let f = k as f32;
        let rotation = [
            (0.1 * f).cos(),
            (0.7 * f).sin(),
            (0.3 * f).cos(),
            (1.1 * f).sin(),
        ];
        let position = [
            (1.3 * f).sin(),
            (2.1 * f).cos() * 0.8,
            0.5 * (0.9 * f).sin(),
        ];
        let scale = match k % 4 {
            0 => [0.8, 0.002, 0.002],
            1 => [0.3, 0.3, 0.0],
            2 => [1e-5, 1e-6, 1e-4],
            _ => [2.0, 1e-3, 0.3],
        };
        let colour = [f.sin(), (2.0 * f).sin(), (3.0 * f).sin()].map(|c| 1.5 * c);
        cloud.push(position, rotation, scale, 0.3 + 0.011 * f, colour, &[]);
    }
    for filter in [Filter::Classic, Filter::Mip] {
        let mut view = view_from(3.0);
        view.filter = filter;
        studio.compare(
            &format!("needles, {filter:?}"),
            SplatFrame::Cloud(cloud.clone()),
            &view,
        );
    }
}

#[test]
fn long_needles_keep_their_shape() {
    let mut studio = Studio::new();
    let mut cloud = SplatCloud::with_capacity(0, 0);
    for k in 0..8 {
        let half = std::f32::consts::PI * k as f32 / 16.0;
        let rotation = [half.cos(), 0.0, 0.0, half.sin()];
        cloud.push(
            [0.0, 0.0, 0.01 * k as f32],
            rotation,
            [50.0, 1e-4, 1e-4],
            0.9,
            [1.0; 3],
            &[],
        );
    }
    studio.compare("long needles", SplatFrame::Cloud(cloud), &view_from(3.0));
}

#[test]
fn huge_ones_and_ones_about_the_camera() {
    let mut studio = Studio::new();
    let mut cloud = SplatCloud::with_capacity(0, 0);
    let mut push = |position: [f32; 3], size: f32, opacity: f32, colour: [f32; 3]| {
        cloud.push(
            position,
            IDENTITY,
            [size, size, 0.5 * size],
            opacity,
            colour,
            &[],
        );
    };
    push([0.0, 0.0, 5.0], 10.0, 0.6, [1.0, -1.0, 0.0]);
    push([0.0, 0.0, 50.0], 1000.0, 0.4, [0.0, 1.0, 0.0]);
    push([0.0, 0.0, -3.0], 0.5, 0.9, [1.0, 1.0, 1.0]); // at the camera
    push([0.0, 0.0, -2.9], 0.01, 0.9, [1.0, 1.0, 1.0]); // nearer than the near plane
    push([0.0, 0.0, -9.0], 5.0, 0.9, [1.0, 1.0, 1.0]); // behind it
    push([0.3, 0.2, -2.5], 0.05, 0.5, [0.0, 0.0, 1.5]); // close by
    push([40.0, 0.0, 1.0], 3.0, 0.9, [1.0, 0.0, 1.0]); // far to the side
    push([4.0, 0.0, 0.0], 1.5, 0.9, [0.0, 1.0, 1.0]); // reaches in from the side
    push([0.0, 0.5, 0.0], 0.3, 0.003, [1.5, 1.5, 1.5]); // below 1/255
    push([0.5, 0.5, 0.0], 0.3, 0.0041, [1.5, 1.5, 1.5]); // just above it
    push([-0.5, 0.5, 0.0], 0.3, 1.0, [1.5, 1.5, -1.5]); // fully opaque
    studio.compare("huge", SplatFrame::Cloud(cloud), &view_from(3.0));
}

#[test]
fn numbers_at_the_end_of_floats_do_no_harm() {
    let mut studio = Studio::new();
    let mut cloud = synthetic::surface(500, 0, 8);
    // Past what readers let through: nothing may depend on them.
    let big = [1e30, -1e30, f32::MAX];
    for value in big {
        for position in [[value, 0.0, 0.0], [0.0, 0.0, value]] {
            cloud.push([0.0; 3], IDENTITY, [0.1; 3], 0.9, [1.0; 3], &[]);
            if let Some(last) = cloud.positions.last_mut() {
                *last = position;
            }
        }
    }
    cloud.push([0.0; 3], IDENTITY, [0.0; 3], 0.9, [1.0; 3], &[]);
    cloud.push([f32::NAN, 0.0, 0.0], IDENTITY, [0.1; 3], 0.9, [1.0; 3], &[]);
    assert_eq!(cloud.dropped, 1);
    let mut view = view_of(&SplatFrame::Cloud(synthetic::surface(500, 0, 8)), 100, 100);
    view.camera.up = Vec3::NEG_Y;
    studio.compare("extreme", SplatFrame::Cloud(cloud), &view);
}

#[test]
fn any_finite_numbers_and_any_camera_give_a_picture() {
    let mut studio = Studio::new();
    let mut state = 5_u32;
    let mut random = || {
        state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        // Every exponent, but the one of infinities and NaN.
        let value = f32::from_bits(state ^ state >> 13);
        if value.is_finite() { value } else { 1.0 }
    };
    let mut cloud = SplatCloud::with_capacity(2000, 1);
    for _ in 0..2000 {
        let [x, y, z] = [(); 3].map(|()| random());
        let rotation = [(); 4].map(|()| random());
        let scale = [(); 3].map(|()| random());
        let colours = [(); 4].map(|()| [random(), random(), random()]);
        // Past the reader's checks: nothing may depend on them.
        cloud.positions.push([x, y, z]);
        cloud.rotations.push(rotation);
        cloud.scales.push(scale);
        cloud.opacities.push(random());
        cloud.sh_dc.push(colours[0]);
        cloud.sh_rest.each_mut().extend_from_slice(&colours[1..]);
    }
    for (distance, fov_y) in [
        (3.0, 0.8),
        (3.0, 0.0),
        (3.0, 4.0),
        (0.0, 0.8),
        (f32::NAN, 0.8),
        (f32::MAX, f32::NAN),
        (f32::INFINITY, 0.8),
    ] {
        let mut view = view_from(distance);
        view.camera.fov_y = fov_y;
        studio.draw(SplatFrame::Cloud(cloud.clone()), &view);
    }
}

#[test]
fn planes_without_a_rotation_or_with_wild_ranges() {
    let mut studio = Studio::new();
    let cloud = synthetic::surface(800, 1, 5);
    let mut frame = planes(&cloud, PlaneEncoding::Activated);
    let view = view_of(&SplatFrame::Planes(frame.clone()), 100, 100);
    let mut ranges = frame.ranges.values().to_vec();
    // Rotation always zero: nothing can be seen.
    let rotation = ranges.len() - 4;
    ranges[rotation..].fill([0.0, 0.0]);
    let new = |ranges| zoetrope_codecs::AttributeRanges::new("test", ranges).expect("finite");
    frame.ranges = new(ranges.clone()).into();
    studio.compare("no rotation", SplatFrame::Planes(frame.clone()), &view);
    // Positions over nearly all floats.
    ranges[rotation..].fill([0.5, 0.5]);
    let wild = [0.49 * f32::MIN, 0.49 * f32::MAX];
    let x = std::mem::replace(&mut ranges[0], wild);
    frame.ranges = new(ranges.clone()).into();
    studio.compare("wild position", SplatFrame::Planes(frame.clone()), &view);
    // Colours too, which says little about the picture where they are, but must not spread.
    ranges[0] = x;
    ranges[3..6].fill(wild);
    frame.ranges = new(ranges).into();
    for picture in studio.draw(SplatFrame::Planes(frame), &view) {
        assert_eq!(picture.rgba[..4], [33, 79, 51, 255]);
        let white = picture.rgba.chunks_exact(4).filter(|pixel| pixel[0] == 255);
        assert!(white.count() > 100);
    }
}

#[test]
fn equal_depths_are_blended_in_row_order() {
    let mut studio = Studio::new();
    let mut cloud = SplatCloud::with_capacity(0, 0);
    for k in 0..300 {
        let angle = k as f32;
        let colour = [angle.sin(), angle.cos(), (2.0 * angle).sin()].map(|c| 1.7 * c);
        let position = [0.3 * (3.0 * angle).sin(), 0.3 * (5.0 * angle).cos(), 0.0];
        cloud.push(position, IDENTITY, [0.4, 0.4, 0.01], 0.5, colour, &[]);
    }
    studio.compare("equal depths", SplatFrame::Cloud(cloud), &view_from(3.0));
}

/// From `distance` in front of the origin, whose picture is 131 x 97 pixels.
fn view_from(distance: f32) -> View {
    View {
        camera: Camera {
            position: Vec3::new(0.0, 0.0, -distance),
            target: Vec3::ZERO,
            up: Vec3::NEG_Y,
            fov_y: 0.8,
        },
        width: 131,
        height: 97,
        background: Background::Opaque([0.2, 0.1, 0.4]),
        filter: Filter::Classic,
        sh_degree: 3,
    }
}
