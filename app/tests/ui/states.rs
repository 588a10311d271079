//! What the window can look like: the states that are judged for their layout and put on the
//! contact sheet.

use egui::{Pos2, Vec2, pos2};
use egui_kittest::kittest::Queryable as _;

use zoetrope_app::text::fill;

use crate::stage::Stage;

/// A state: its name, and how to come to it from a paused clip, and back.
pub struct State {
    pub name: &'static str,
    pub enter: fn(&mut Stage),
    pub leave: fn(&mut Stage),
}

/// Every state that is about an open clip.
pub const STATES: &[State] = &[
    State {
        name: "paused",
        enter: |_| {},
        leave: |_| {},
    },
    State {
        name: "playing",
        enter: |stage| {
            stage.apply("play");
            stage.pass(0.5);
        },
        leave: |stage| {
            stage.apply("pause");
            stage.harness.run();
        },
    },
    State {
        name: "scrubbing",
        enter: |stage| {
            let bar = stage
                .harness
                .get_by_label(stage.text().playback.time)
                .rect();
            stage.harness.drag_at(bar.lerp_inside(Vec2::new(0.4, 0.5)));
            stage.harness.run_steps(2);
            stage.harness.hover_at(bar.lerp_inside(Vec2::new(0.7, 0.5)));
            stage.harness.run();
        },
        leave: |stage| {
            let bar = stage
                .harness
                .get_by_label(stage.text().playback.time)
                .rect();
            stage.harness.drop_at(bar.lerp_inside(Vec2::new(0.7, 0.5)));
            stage.harness.remove_cursor();
            stage.harness.run();
        },
    },
    State {
        name: "hovering the time bar",
        enter: |stage| {
            let bar = stage
                .harness
                .get_by_label(stage.text().playback.time)
                .rect();
            stage
                .harness
                .hover_at(bar.lerp_inside(Vec2::new(0.01, 0.5)));
            stage.pass(1.0);
        },
        leave: |stage| {
            stage.harness.remove_cursor();
            stage.harness.run();
        },
    },
    State {
        name: "errors",
        enter: |stage| {
            for name in [
                "missing.ply",
                "a-clip-with-a-rather-long-name-that-wraps.ply",
            ] {
                stage.open(name);
                stage.until("a message", |app| {
                    app.messages().iter().any(|message| message.contains(name))
                });
            }
            stage.harness.run();
        },
        leave: |stage| {
            stage.apply("dismiss-notices");
            stage.harness.run();
        },
    },
    State {
        name: "statistics",
        enter: |stage| {
            stage.apply("toggle-statistics");
            stage.harness.run();
        },
        leave: |stage| {
            stage.apply("toggle-statistics");
            stage.harness.run();
        },
    },
    State {
        name: "speed menu",
        enter: |stage| {
            let label = fill(stage.text().playback.speed_is, &["1×"]);
            stage.click(&label);
        },
        leave: close_menu,
    },
    State {
        name: "open menu",
        enter: |stage| stage.click(stage.text().files.open),
        leave: close_menu,
    },
];

fn close_menu(stage: &mut Stage) {
    const BESIDE: Pos2 = pos2(10.0, 10.0);
    stage.harness.drag_at(BESIDE);
    stage.harness.drop_at(BESIDE);
    stage.harness.run();
    stage.harness.remove_cursor();
    stage.harness.run();
}
