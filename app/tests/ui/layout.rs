//! No text is cut, nothing lies over anything, all can be hit and read: in every state, at every
//! size that people have.

use egui::{Vec2, vec2};
use zoetrope_app::ClipTarget;

use crate::lint::{self, Defect};
use crate::stage::{Setup, Stage};
use crate::states::STATES;

/// Sizes in points with pixels a point: a laptop, a large screen, a phone, the phone on its side.
const SIZES: [(Vec2, f32); 4] = [
    (vec2(1280.0, 720.0), 1.0),
    (vec2(1920.0, 1080.0), 2.0),
    (vec2(390.0, 844.0), 3.0),
    (vec2(844.0, 390.0), 3.0),
];

/// Text that is the person's own.
fn is_name(text: &str) -> bool {
    text.ends_with(".ply")
}

/// A window to be judged.
#[derive(Clone, Copy)]
struct Window {
    /// In points of controls of normal size.
    size: Vec2,
    scale: f32,
    language: &'static str,
    theme: &'static str,
    ui_scale: f32,
}

impl Window {
    fn of((size, scale): (Vec2, f32)) -> Self {
        Self {
            size,
            scale,
            language: "en",
            theme: "dark",
            ui_scale: 1.0,
        }
    }

    fn setup(self, clip: Option<ClipTarget>) -> Setup {
        let settings = format!(
            r#"{{"language": "{}", "theme": "{}", "ui_scale": {}, "start_with": "start-page"}}"#,
            self.language, self.theme, self.ui_scale
        );
        Setup {
            size: self.size,
            scale: self.scale,
            clip,
            ..Setup::with_settings(&settings)
        }
    }

    /// Lets `judge` look at every state, and fails with all that it found.
    fn judge(self, judge: impl Fn(&Stage) -> Vec<Defect>) {
        let mut found = Vec::new();
        let mut note = |state: &str, stage: &Stage| {
            let defects = judge(stage).into_iter();
            found.extend(defects.map(|defect| format!("{state}: {defect:?}")));
        };
        let mut start = Stage::build(self.setup(None));
        start.harness.run_ok();
        note("start", &start);
        let mut stage = Stage::build(self.setup(Some("ring".into())));
        stage.make_ready();
        for state in STATES {
            state.enter(&mut stage);
            note(state.name, &stage);
            state.leave(&mut stage);
        }
        assert!(
            found.is_empty(),
            "{:?} × {}, {}, {}, controls × {}:\n{}",
            self.size,
            self.scale,
            self.language,
            self.theme,
            self.ui_scale,
            found.join("\n")
        );
    }

    /// Whether everything is in its place, in every language.
    fn is_tidy(self) {
        for language in ["en", "de"] {
            let window = Self { language, ..self };
            window.judge(|stage| lint::layout(&stage.harness, is_name));
        }
    }
}

#[test]
fn a_laptop_is_tidy() {
    Window::of(SIZES[0]).is_tidy();
}

#[test]
fn a_large_screen_is_tidy() {
    Window::of(SIZES[1]).is_tidy();
}

#[test]
fn a_phone_is_tidy() {
    Window::of(SIZES[2]).is_tidy();
}

#[test]
fn a_phone_on_its_side_is_tidy() {
    Window::of(SIZES[3]).is_tidy();
}

#[test]
fn controls_of_every_size_are_tidy() {
    for ui_scale in [0.75, 1.5, 2.0, 3.0] {
        let window = Window {
            ui_scale,
            ..Window::of(SIZES[0])
        };
        window.is_tidy();
    }
}

#[test]
fn text_can_be_read() {
    // Colours do not depend on more of it than whether there is room for everything.
    for (size, _) in [SIZES[0], SIZES[2]] {
        for theme in ["dark", "light"] {
            let window = Window {
                theme,
                ..Window::of((size, 1.0))
            };
            window.judge(|stage| lint::contrast(&stage.harness, &stage.without_text()));
        }
    }
}
