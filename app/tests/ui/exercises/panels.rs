//! The log, and opening by path.

use egui::{Key, Modifiers};

use super::exercises;
use crate::stage::Stage;

exercises! {
    the_log {
        commands: ["toggle-log"],
        controls: ["Search the log", "Show", "Copy all"]
    }
    Stage::ready(1.0) => |stage| {
        crate::log::keep_log();
        log::warn!(target: "zoetrope_test", "a slit is blocked");
        log::error!(target: "zoetrope_test", "the candle went out");
        stage.key_with(Modifiers::COMMAND, Key::L);
        stage.harness.run_ok();
        assert!(stage.has_part("a slit is blocked"));
        stage.click("Show");
        stage.click_last("Errors");
        stage.replace("Search the log", "candle");
        assert!(!stage.has_part("a slit is blocked"));
        stage.click("Copy all");
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
}
