//! No text is cut, nothing lies over anything, all can be hit and read: in every state, at every
//! size that people have.

use egui::{Vec2, vec2};

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

/// The defects of every state, each with where it was found.
fn defects_at(size: Vec2, scale: f32) -> Vec<String> {
    let mut found = Vec::new();
    let mut note = |state: &str, defects: Vec<Defect>| {
        found.extend(
            defects
                .into_iter()
                .map(|defect| format!("{state}: {defect:?}")),
        );
    };
    let mut start = Stage::build(Setup {
        size,
        scale,
        clip: None,
        ..Setup::default()
    });
    start.harness.run();
    note("start", lint::layout(&start.harness, is_name));
    let mut stage = Stage::build(Setup {
        size,
        scale,
        ..Setup::default()
    });
    stage.make_ready();
    for state in STATES {
        (state.enter)(&mut stage);
        note(state.name, lint::layout(&stage.harness, is_name));
        (state.leave)(&mut stage);
    }
    found
}

fn is_tidy(size: Vec2, scale: f32) {
    let found = defects_at(size, scale);
    assert!(
        found.is_empty(),
        "{size:?} × {scale}:\n{}",
        found.join("\n")
    );
}

#[test]
fn a_laptop_is_tidy() {
    is_tidy(SIZES[0].0, SIZES[0].1);
}

#[test]
fn a_large_screen_is_tidy() {
    is_tidy(SIZES[1].0, SIZES[1].1);
}

#[test]
fn text_can_be_read() {
    for (size, _) in SIZES {
        let mut stage = Stage::build(Setup {
            size,
            ..Setup::default()
        });
        stage.make_ready();
        let mut found = Vec::new();
        for state in STATES {
            (state.enter)(&mut stage);
            let behind = stage.without_text();
            let defects = lint::contrast(&stage.harness, &behind);
            found.extend(
                defects
                    .iter()
                    .map(|defect| format!("{}: {defect:?}", state.name)),
            );
            (state.leave)(&mut stage);
        }
        assert!(found.is_empty(), "{size:?}:\n{}", found.join("\n"));
    }
}
