//! A device that is slow, and one that is gone.

use std::time::Duration;

use egui::{ViewportCommand, ViewportId};
use zoetrope_app::ClipTarget;

use crate::stage::{Setup, Stage};

#[test]
fn a_window_that_does_not_wait_shows_pictures_when_they_are_done() {
    let mut stage = Stage::build(Setup {
        patience: Duration::ZERO,
        ..Setup::default()
    });
    stage.make_ready();
    stage.until("rest", |app| app.pictures() > 0 && !app.is_drawing());
    stage.harness.run();
    assert_eq!(stage.repaint_delay(), Duration::MAX);
    let before = (
        stage.harness.state().pictures(),
        stage.render("slow-before"),
    );
    let from = egui::pos2(600.0, 300.0);
    stage.drag_in_one_frame(from, from + egui::vec2(90.0, 40.0));
    stage.until("the view from there", |app| {
        app.pictures() > before.0 && !app.is_drawing()
    });
    // What the window has learned by that is written down.
    stage.pass(0.6);
    stage.harness.run();
    assert_eq!(stage.repaint_delay(), Duration::MAX);
    let turned = stage.render("slow-turned");
    assert!(turned != before.1);

    // It is the very picture of a window that waits.
    let mut patient = Stage::ready(1.0);
    patient.drag_in_one_frame(from, from + egui::vec2(90.0, 40.0));
    assert!(patient.render("patient-turned") == turned);
}

#[test]
fn a_lost_device_closes_the_window_with_word_of_the_clip() {
    let mut stage = Stage::ready(1.0);
    stage.render_state.device.destroy();
    let closes = |stage: &Stage| {
        let output = &stage.harness.output().viewport_output[&ViewportId::ROOT];
        output.commands.contains(&ViewportCommand::Close)
    };
    stage.harness.step();
    assert!(closes(&stage));
    let lost = stage.lost.get().expect("word of it");
    assert_eq!(lost.clip, Some(ClipTarget::from("ring")));
    assert!(
        lost.error
            .to_string()
            .starts_with("the graphics device stopped working: "),
        "{}",
        lost.error
    );
    // Once is enough, and nothing spins.
    stage.harness.run();
    assert!(!closes(&stage));
    assert_eq!(stage.repaint_delay(), Duration::MAX);
    assert!(stage.harness.state().messages().is_empty());
}
