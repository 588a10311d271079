//! Nothing is left that no exercise uses.

use std::collections::BTreeSet;

use egui::Role;
use zoetrope_app::settings::SETTINGS;
use zoetrope_app::text::Language;
use zoetrope_player::COMMANDS;

use super::{all, stands_for};
use crate::lint::Scene;
use crate::stage::{Setup, Stage};
use crate::states::STATES;

#[test]
fn every_command_is_exercised() {
    let used: BTreeSet<&str> = all()
        .flat_map(|exercise| exercise.commands.iter().copied())
        .collect();
    let known: BTreeSet<&str> = COMMANDS.iter().map(|info| info.name).collect();
    let missing: Vec<_> = known.difference(&used).collect();
    assert!(missing.is_empty(), "no exercise carries out {missing:?}");
    let gone: Vec<_> = used.difference(&known).collect();
    assert!(gone.is_empty(), "there are no commands {gone:?}");
}

/// The labels of all controls in a window of this size.
fn labels(setup: Setup, into: &mut BTreeSet<String>) {
    let mut note = |stage: &Stage| {
        let controls = Scene::of(&stage.harness).controls.into_iter();
        // The rows of the palette are the commands, which have a walk of their own.
        let controls = controls.filter(|control| control.role != Role::ListBoxOption);
        into.extend(controls.map(|control| control.label));
    };
    let mut stage = Stage::build(setup);
    stage.make_ready();
    for state in STATES {
        state.enter(&mut stage);
        note(&stage);
        state.leave(&mut stage);
    }
    stage.apply("start-page");
    stage.harness.run_ok();
    note(&stage);
}

#[test]
fn every_control_is_exercised() {
    let mut found = BTreeSet::new();
    for size in [egui::vec2(1280.0, 720.0), egui::vec2(390.0, 844.0)] {
        let setup = Setup {
            size,
            demos: Setup::demo(),
            ..Setup::default()
        };
        labels(setup, &mut found);
    }
    let used: Vec<&str> = all()
        .flat_map(|exercise| exercise.controls.iter().copied())
        .collect();
    // The test of the settings panel sets every row of the table.
    let text = Language::English.text();
    let is_setting = |label: &str| {
        let title = label.strip_suffix(": value").unwrap_or(label);
        SETTINGS.iter().any(|info| (info.title)(text) == title)
    };
    let is_used =
        |label: &String| is_setting(label) || used.iter().any(|pattern| stands_for(pattern, label));
    let missing: Vec<_> = found.iter().filter(|label| !is_used(label)).collect();
    assert!(missing.is_empty(), "no exercise uses {missing:#?}");
}
