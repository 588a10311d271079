//! What the window can look like: the states that are judged for their layout and put on the
//! contact sheet.

use egui::{Pos2, Vec2, pos2};
use egui_kittest::kittest::Queryable as _;

use zoetrope_app::text::fill;

use crate::stage::Stage;

/// A state: its name, and how to come to it from a paused clip, and back.
pub struct State {
    pub name: &'static str,
    way: Way,
}

/// How to come to a state, and back.
enum Way {
    Steps {
        enter: fn(&mut Stage),
        leave: fn(&mut Stage),
    },
    /// A command that opens a panel, which Escape closes.
    Panel(&'static str),
}

impl State {
    const fn new(name: &'static str, enter: fn(&mut Stage), leave: fn(&mut Stage)) -> Self {
        Self {
            name,
            way: Way::Steps { enter, leave },
        }
    }

    const fn panel(name: &'static str, command: &'static str) -> Self {
        Self {
            name,
            way: Way::Panel(command),
        }
    }

    pub fn enter(&self, stage: &mut Stage) {
        match self.way {
            Way::Steps { enter, .. } => enter(stage),
            Way::Panel(command) => {
                stage.apply(command);
                stage.harness.run_ok();
            }
        }
    }

    pub fn leave(&self, stage: &mut Stage) {
        match self.way {
            Way::Steps { leave, .. } => leave(stage),
            Way::Panel(_) => stage.apply("dismiss-notices"),
        }
        stage.harness.run_ok();
    }
}

/// Every state that is about an open clip.
pub const STATES: &[State] = &[
    State::new("paused", |_| {}, |_| {}),
    State::new(
        "playing",
        |stage| {
            stage.apply("play");
            stage.pass(0.5);
        },
        |stage| {
            stage.apply("pause");
            stage.harness.run();
        },
    ),
    State::new(
        "scrubbing",
        |stage| {
            let bar = stage
                .harness
                .get_by_label(stage.text().playback.time)
                .rect();
            stage.harness.drag_at(bar.lerp_inside(Vec2::new(0.4, 0.5)));
            stage.harness.run_steps(2);
            stage.harness.hover_at(bar.lerp_inside(Vec2::new(0.7, 0.5)));
            stage.harness.run();
        },
        |stage| {
            let bar = stage
                .harness
                .get_by_label(stage.text().playback.time)
                .rect();
            stage.harness.drop_at(bar.lerp_inside(Vec2::new(0.7, 0.5)));
            stage.harness.remove_cursor();
            stage.harness.run();
        },
    ),
    State::new(
        "hovering the time bar",
        |stage| {
            let bar = stage
                .harness
                .get_by_label(stage.text().playback.time)
                .rect();
            stage
                .harness
                .hover_at(bar.lerp_inside(Vec2::new(0.01, 0.5)));
            stage.pass(1.0);
        },
        |stage| {
            stage.harness.remove_cursor();
            stage.harness.run();
        },
    ),
    State::new(
        "errors",
        |stage| {
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
        |stage| {
            stage.apply("dismiss-notices");
            stage.harness.run();
        },
    ),
    State::new(
        "statistics",
        |stage| {
            stage.apply("toggle-statistics");
            stage.harness.run();
        },
        |stage| {
            stage.apply("toggle-statistics");
            stage.harness.run();
        },
    ),
    State::panel("palette", "command-palette"),
    State::panel("help", "help"),
    State::panel("settings", "settings"),
    State::panel("keys", "edit-keys"),
    State::panel("open link", "open-link"),
    State::new(
        "link asks",
        |stage| {
            let link = "zoetrope://open?src=https://example.org/clips/a-dance-with-a-long-name.ply";
            stage.harness.state_mut().open_link(link);
            stage.harness.run_ok();
        },
        |stage| {
            stage.apply("dismiss-notices");
            stage.harness.run();
        },
    ),
    State::panel("more", "toggle-more"),
    State::panel("inspector", "toggle-inspector"),
    State::panel("camera", "toggle-camera-panel"),
    State::panel("share", "share"),
    State::panel("log", "toggle-log"),
    State::new(
        "speed menu",
        |stage| {
            let label = fill(stage.text().playback.speed_is, &["1×"]);
            stage.click(&label);
        },
        close_menu,
    ),
    State::new(
        "open menu",
        |stage| stage.click(stage.text().files.open),
        close_menu,
    ),
];

fn close_menu(stage: &mut Stage) {
    const BESIDE: Pos2 = pos2(10.0, 10.0);
    stage.harness.drag_at(BESIDE);
    stage.harness.drop_at(BESIDE);
    stage.harness.run();
    stage.harness.remove_cursor();
    stage.harness.run();
}
