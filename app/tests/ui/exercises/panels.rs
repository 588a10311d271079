//! Changing keys, the log, and opening by path.

use egui::{Key, Modifiers};

use super::exercises;
use crate::stage::Stage;

exercises! {
    key_editor {
        commands: ["edit-keys", "go-end"],
        controls: [
            "Search commands", "Add a key: *", "Remove *", "Start from", "VLC", "Back to VLC",
            "Undo",
        ]
    }
    Stage::ready(1.0) => |stage| {
        stage.command("edit-keys");
        stage.replace("Search commands", "last frame");
        stage.click("Add a key: Go to the last frame");
        stage.key(Key::Q);
        stage.harness.run_ok();
        stage.click("Remove End: Go to the last frame");
        assert_eq!(stage.count("Remove End: Go to the last frame"), 0);
        stage.click("Start from");
        stage.click("VLC");
        stage.click("Back to VLC");
        assert_eq!(stage.count("Remove Q: Go to the last frame"), 0);
        stage.click("Undo");
        assert_eq!(stage.count("Remove Q: Go to the last frame"), 1);
        stage.key(Key::Escape);
        stage.harness.run_ok();
        stage.key(Key::Q);
        stage.harness.run_ok();
        assert_eq!(stage.state().frame, 39);
    };

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
}
