//! The log.

use std::time::Duration;

use egui::{Key, Modifiers, OutputCommand, Role};
use egui_kittest::kittest::Queryable;
use zoetrope_app::log_buffer;

use crate::stage::{Setup, Stage, looks};

/// A terminal that nobody reads.
struct Silence;

impl log::Log for Silence {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        false
    }

    fn log(&self, _: &log::Record<'_>) {}

    fn flush(&self) {}
}

/// Keeps what is logged from now on.
pub fn keep_log() {
    log_buffer::install(Silence, log::LevelFilter::Off);
}

fn open(setup: Setup) -> Stage {
    keep_log();
    let mut stage = Stage::build(setup);
    stage.make_ready();
    log::info!(target: "zoetrope_test", "the wheel turns");
    log::warn!(target: "zoetrope_test", "a slit is blocked");
    log::error!(target: "zoetrope_test", "the candle went out");
    stage.key_with(Modifiers::COMMAND, Key::L);
    stage.harness.run();
    stage
}

fn shows(stage: &Stage, message: &str) -> bool {
    let nodes = stage.harness.query_all_by_label_contains(message);
    nodes.count() > 0
}

#[test]
fn what_has_happened_is_there_by_level_and_text() {
    let mut stage = open(Setup::default());
    for message in [
        "the wheel turns",
        "a slit is blocked",
        "the candle went out",
    ] {
        assert!(shows(&stage, message), "{message}");
    }
    stage
        .harness
        .get_by_role_and_label(Role::ComboBox, "Show")
        .click();
    stage.harness.run();
    stage.click("Warnings and errors");
    assert!(!shows(&stage, "the wheel turns"));
    assert!(shows(&stage, "a slit is blocked"));
    stage.harness.get_by_label("Search the log").focus();
    stage.harness.run();
    stage.type_text("candle");
    assert!(!shows(&stage, "a slit is blocked"));
    assert!(shows(&stage, "the candle went out"));
    stage.type_text("stick");
    assert!(stage.has("Nothing found"));
}

#[test]
fn all_of_it_goes_into_the_clipboard() {
    let mut stage = open(Setup::default());
    stage.harness.get_by_label("Copy all").click();
    stage.harness.step();
    let commands = &stage.harness.output().platform_output.commands;
    let copied = commands.iter().find_map(|command| match command {
        OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    let copied = copied.expect("a text");
    assert!(
        copied.contains("INFO  zoetrope_test: the wheel turns\n"),
        "{copied}"
    );
    stage.harness.run_steps(2);
    assert!(stage.has("The log is in the clipboard"));
}

#[test]
fn it_follows_the_end_without_a_storm_of_repaints() {
    let mut stage = open(Setup::default());
    let thread = std::thread::spawn(|| {
        for number in 0..3000 {
            log::info!(target: "zoetrope_test", "turn {number}");
        }
    });
    thread.join().expect("it only logs");
    stage.until("the last record", |_| {
        log_buffer::LogBuffer::global().since(2990).len() > 10
    });
    stage.harness.run();
    assert!(shows(&stage, "turn 2999"));
    assert!(!shows(&stage, "turn 10 ") && !shows(&stage, "the wheel turns"));
    // Only what is in sight is laid out.
    let rows = stage
        .harness
        .query_all_by_label_contains("zoetrope_test: turn");
    assert!(rows.count() < 60);
    std::thread::sleep(Duration::from_millis(600));
    stage.harness.run();
    assert_eq!(stage.repaint_delay(), Duration::MAX);
}

#[test]
fn it_looks_right() {
    for (name, setup) in looks("log") {
        let mut stage = open(setup);
        log::warn!(
            target: "zoetrope_test",
            "a longer message that has to be broken into lines, because the panel is not as wide \
             as a terminal and nobody likes to scroll sideways"
        );
        stage.pass(0.5);
        stage.render(&name);
        assert!(shows(&stage, "a longer message"), "{name}");
    }
}
