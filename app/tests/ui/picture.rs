//! The picture and the hand on its camera.

use egui::{PointerButton, Pos2, Vec2, pos2};
use egui_kittest::kittest::Queryable;
use image::RgbaImage;

use crate::stage::Stage;

/// A point of the picture that no control covers.
const OVER_PICTURE: Pos2 = pos2(640.0, 300.0);

fn background(image: &RgbaImage) -> image::Rgba<u8> {
    *image.get_pixel(5, image.height() / 2)
}

/// The part of the upper two thirds that is not background.
fn content(image: &RgbaImage) -> f64 {
    let background = background(image);
    let rows = image.height() * 2 / 3;
    let shown = image
        .enumerate_pixels()
        .filter(|(_, y, pixel)| *y < rows && **pixel != background)
        .count();
    shown as f64 / f64::from(rows * image.width())
}

#[test]
fn the_clip_is_drawn_at_physical_size() {
    let mut contents = Vec::new();
    for scale in [1.0, 2.0] {
        let mut stage = Stage::ready(scale);
        let image = stage.render(&format!("paused-{scale}x"));
        let size = (1280.0 * scale, 720.0 * scale);
        assert_eq!((image.width() as f32, image.height() as f32), size);
        // The theme's background reaches the screen as it is.
        assert_eq!(background(&image).0, [13, 14, 17, 255]);
        contents.push(content(&image));
    }
    assert!(contents[0] > 0.02, "{contents:?}");
    assert!((contents[0] - contents[1]).abs() < 0.02, "{contents:?}");
}

#[test]
fn frames_differ_and_come_back_the_same() {
    let mut stage = Stage::ready(1.0);
    let first = stage.render("frame-0");
    stage.apply("seek-frame 20");
    stage.harness.run();
    let later = stage.render("frame-20");
    assert!(first != later);
    stage.apply("seek-frame 0");
    stage.harness.run();
    assert!(first == stage.render("frame-0-again"));
}

#[test]
fn dragging_orbits_and_reset_puts_it_back() {
    let mut stage = Stage::ready(1.0);
    let first = stage.camera();
    let pictures = stage.harness.state().pictures();
    stage.harness.drag_at(OVER_PICTURE);
    stage.harness.step();
    stage.harness.hover_at(OVER_PICTURE + Vec2::new(80.0, 30.0));
    stage.harness.step();
    stage.harness.drop_at(OVER_PICTURE + Vec2::new(80.0, 30.0));
    stage.harness.run();
    let turned = stage.camera();
    assert!(turned != first);
    assert!(turned.target == first.target);
    assert!(stage.harness.state().pictures() > pictures);
    assert_eq!(stage.state().frame, 0);
    stage.render("turned");
    stage.harness.get_by_label("Reset view").click();
    stage.pass(1.0);
    assert!(stage.camera() == first);
}

#[test]
fn right_drag_pans_and_the_wheel_zooms() {
    let mut stage = Stage::ready(1.0);
    let first = stage.camera();
    let button = |pos, pressed| egui::Event::PointerButton {
        pos,
        button: PointerButton::Secondary,
        pressed,
        modifiers: egui::Modifiers::NONE,
    };
    let end = OVER_PICTURE + Vec2::new(60.0, 0.0);
    stage.harness.hover_at(OVER_PICTURE);
    stage.harness.event(button(OVER_PICTURE, true));
    stage.harness.event(egui::Event::PointerMoved(end));
    stage.harness.event(button(end, false));
    stage.harness.run();
    let moved = stage.camera();
    assert!(moved.target != first.target);

    stage.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: Vec2::new(0.0, 100.0),
        modifiers: egui::Modifiers::NONE,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
    });
    stage.pass(0.5);
    let near = stage.camera();
    let distance = |camera: &zoetrope_render::Camera| camera.position.distance(camera.target);
    assert!(distance(&near) < 0.95 * distance(&moved));
    assert_eq!(near.target, moved.target);
}

#[test]
fn a_drag_within_one_frame_counts() {
    let mut stage = Stage::ready(1.0);
    let first = stage.camera();
    let end = OVER_PICTURE + Vec2::new(120.0, 0.0);
    stage.drag_in_one_frame(OVER_PICTURE, end);
    let turned = stage.camera();
    assert!(turned != first);
    // Moving on without a button does nothing.
    stage.harness.hover_at(end + Vec2::new(50.0, 0.0));
    stage.harness.run();
    assert!(stage.camera() == turned);
}

#[test]
fn a_drag_on_the_controls_leaves_the_camera_alone() {
    let mut stage = Stage::ready(1.0);
    let first = stage.camera();
    // Between the time and the right-hand controls.
    let at = pos2(760.0, 680.0);
    stage.harness.drag_at(at);
    stage.harness.step();
    stage.harness.hover_at(at + Vec2::new(40.0, -100.0));
    stage.harness.step();
    stage.harness.drop_at(at);
    stage.harness.run();
    assert!(stage.camera() == first);
}

#[test]
fn the_window_can_change_its_size() {
    let mut stage = Stage::ready(1.0);
    for size in [
        Vec2::new(500.0, 800.0),
        Vec2::new(1600.0, 400.0),
        Vec2::new(340.0, 280.0),
    ] {
        stage.harness.set_size(size);
        stage.harness.run();
        let image = stage.render(&format!("size-{}x{}", size.x, size.y));
        assert_eq!(
            (image.width(), image.height()),
            (size.x as u32, size.y as u32)
        );
        assert!(content(&image) > 0.005, "{size:?}");
    }
}
