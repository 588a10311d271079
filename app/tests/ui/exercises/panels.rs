//! The log, opening by path, and hints.

use egui::{Key, Modifiers};

use super::exercises;
use crate::stage::{Setup, Stage};

exercises! {
    log_of_what_happened {
        commands: ["toggle-log"],
        controls: ["Search the log", "Show", "Errors", "Copy all"]
    }
    {
        crate::log::keep_log();
        Stage::ready(1.0)
    } => |stage| {
        log::error!(target: "zoetrope_test", "the candle went out");
        stage.key_with(Modifiers::COMMAND, Key::L);
        stage.harness.run_ok();
        stage.replace("Search the log", "candle");
        assert!(stage.has_part("the candle went out"));
        stage.click("Show");
        stage.click("Errors");
        assert!(stage.has_part("the candle went out"));
        stage.click_without_rest("Copy all");
        let copied = stage.copied().expect("text in the clipboard");
        assert!(copied.contains("the candle went out"), "{copied}");
    };

    path_or_link {
        commands: ["open-link"],
        controls: ["Path or link"]
    }
    Stage::ready(1.0) => |stage| {
        stage.key_with(Modifiers::COMMAND, Key::U);
        stage.harness.run_ok();
        stage.replace("Path or link", "\"other\"");
        stage.until_titled("Zoetrope – other");
    };

    hints {
        commands: [],
        controls: ["Got it", "Show all hints again"]
    }
    {
        let mut stage = Stage::build(Setup::with_settings(r#"{"hints":true}"#));
        stage.make_ready();
        stage
    } => |stage| {
        for _ in 0..3 {
            stage.click("Got it");
        }
        assert_eq!(stage.count("Got it"), 0);
        stage.command("settings");
        stage.click("Show all hints again");
        stage.key(Key::Escape);
        stage.harness.run_ok();
        assert_eq!(stage.count("Got it"), 1);
    };
}
