//! Windows that are hardly there, and scales that change while they are open.

use std::time::Duration;

use egui::{Vec2, ViewportId};

use crate::stage::Stage;

#[test]
fn a_window_of_one_pixel_is_survived() {
    let mut stage = Stage::ready(1.0);
    let before = stage.render("one-pixel-before");
    for panel in [
        "toggle-inspector",
        "toggle-statistics",
        "toggle-camera-panel",
    ] {
        stage.apply(panel);
        for size in [
            Vec2::splat(1.0),
            Vec2::new(1.0, 700.0),
            Vec2::new(900.0, 1.0),
        ] {
            stage.harness.set_size(size);
            stage.harness.run_steps(3);
            let image = stage.render("one-pixel");
            assert_eq!(
                (image.width(), image.height()),
                (size.x as u32, size.y as u32)
            );
        }
        stage.apply("step 1");
        stage.apply("seek-frame 0");
        stage.apply(panel);
    }
    stage.harness.set_size(Vec2::new(1280.0, 720.0));
    stage.pass(1.0);
    assert!(stage.harness.state().messages().is_empty());
    // The camera went through all of it, and the picture is the same.
    assert!(stage.render("one-pixel-after") == before);
    assert_eq!(stage.repaint_delay(), Duration::MAX);
}

#[test]
fn the_scale_of_the_screen_may_change_while_the_window_is_open() {
    let mut stage = Stage::ready(1.0);
    let before = stage.render("scale-before");
    let mut pictures = stage.harness.state().pictures();
    for scale in [3.0, 0.5, 1.25, 1.0] {
        let viewports = &mut stage.harness.input_mut().viewports;
        viewports
            .entry(ViewportId::ROOT)
            .or_default()
            .native_pixels_per_point = Some(scale);
        stage.pass(0.5);
        let image = stage.render(&format!("scale-{scale}"));
        let size = [1280.0, 720.0].map(|points: f32| (points * scale) as u32);
        assert_eq!([image.width(), image.height()], size);
        // The picture is drawn anew with the pixels of that scale, and once is enough.
        assert!(stage.harness.state().pictures() > pictures, "{scale}");
        pictures = stage.harness.state().pictures();
        stage.pass(0.5);
        assert_eq!(stage.harness.state().pictures(), pictures, "{scale}");
    }
    assert!(stage.render("scale-after") == before);
}
