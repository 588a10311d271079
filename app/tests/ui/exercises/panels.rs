//! Opening by path, and hints.

use egui::{Key, Modifiers};

use super::exercises;
use crate::stage::{Setup, Stage};

exercises! {
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
