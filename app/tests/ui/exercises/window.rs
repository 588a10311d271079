//! Panels and the window.

use egui::{Key, Modifiers, ViewportCommand, WindowLevel};
use zoetrope_app::platform::Pick;
use zoetrope_app::settings::ThemeChoice;

use super::exercises;
use crate::stage::Stage;

exercises! {
    panels {
        commands: [
            "command-palette", "help", "settings", "edit-keys", "toggle-inspector",
            "toggle-camera-panel", "toggle-log", "dismiss-notices",
        ],
        controls: ["Commands", "Settings", "Inspector", "Camera", "Close"]
    }
    Stage::ready(1.0) => |stage| {
        let ctrl = Modifiers::COMMAND;
        for (modifiers, key, panel) in [
            (ctrl, Key::K, "Commands"),
            (Modifiers::NONE, Key::F1, "Help"),
            (ctrl, Key::Comma, "Settings"),
            (ctrl, Key::I, "Inspector"),
            (Modifiers::NONE, Key::C, "Camera"),
            (ctrl, Key::L, "Log"),
        ] {
            let before = stage.count("Close");
            stage.key_with(modifiers, key);
            stage.harness.run_ok();
            assert_eq!(stage.count("Close"), before + 1, "{panel}");
            assert!(stage.has_heading(panel), "{panel}");
            stage.key(Key::Escape);
            stage.harness.run_ok();
            assert_eq!(stage.count("Close"), before, "{panel}");
        }
        for label in ["Commands", "Settings", "Inspector", "Camera"] {
            stage.click(label);
            assert_eq!(stage.count("Close"), 1, "{label}");
            stage.click("Close");
            assert_eq!(stage.count("Close"), 0, "{label}");
        }
        stage.command("edit-keys");
        assert!(stage.has_heading("Keys"));
    };

    searching {
        commands: ["command-palette", "help", "settings"],
        controls: [
            "Search commands and clips", "Search keys and commands", "Change keys",
            "Search settings", "Keys…", "Reset: *", "Reset all settings",
            "Choose a folder: Folder for screenshots",
        ]
    }
    Stage::ready(1.0) => |stage| {
        stage.click("Commands");
        stage.replace("Search commands and clips", "toggle-theme");
        assert_eq!(stage.harness.state().settings().theme, ThemeChoice::Light);

        stage.key_with(Modifiers::COMMAND, Key::Comma);
        stage.harness.run_ok();
        stage.replace("Search settings", "theme");
        assert_eq!(stage.count("Size of controls"), 0);
        stage.click("Reset: Theme");
        assert_eq!(stage.harness.state().settings().theme, ThemeChoice::Dark);
        stage.replace("Search settings", "");
        stage.click("Reduce motion");
        assert!(stage.harness.state().settings().reduce_motion);
        stage.click("Reset all settings");
        assert!(!stage.harness.state().settings().reduce_motion);
        stage.click("Choose a folder: Folder for screenshots");
        let asked = stage.platform.asked.lock().expect("unpoisoned").clone();
        assert_eq!(asked, [Pick::Destination]);
        stage.click("Keys…");
        assert!(stage.has_dialog("Keys"));
        stage.key(Key::Escape);
        stage.harness.run_ok();

        stage.key(Key::F1);
        stage.harness.run_ok();
        stage.replace("Search keys and commands", "bookmark");
        assert!(stage.has_part("ookmark") && !stage.has_part("Turntable"));
        stage.click("Change keys");
        assert!(stage.has_dialog("Keys"));
    };

    changing_keys {
        commands: ["edit-keys"],
        controls: [
            "Search commands", "Add a key: *", "Remove *", "Start from", "Back to *", "Undo",
        ]
    }
    Stage::ready(1.0) => |stage| {
        stage.command("edit-keys");
        stage.replace("Search commands", "go to the last");
        stage.click("Add a key: Go to the last frame");
        stage.key(Key::Q);
        stage.harness.run_ok();
        stage.click("Remove End: Go to the last frame");
        stage.key(Key::Escape);
        stage.harness.run_ok();
        stage.key(Key::Q);
        assert_eq!(stage.state().frame, 39);
        stage.key(Key::Home);
        stage.key(Key::End);
        assert_eq!(stage.state().frame, 0);
        stage.command("edit-keys");
        stage.click("Back to Zoetrope");
        stage.click("Undo");
        stage.click("Back to Zoetrope");
        stage.click("Start from");
        stage.click_last("VLC");
        stage.key(Key::Escape);
        stage.harness.run_ok();
        stage.key(Key::End);
        assert_eq!(stage.state().frame, 39);
    };

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

    statistics {
        commands: ["toggle-statistics"],
        controls: []
    }
    Stage::ready(1.0) => |stage| {
        stage.key(Key::I);
        stage.harness.run_ok();
        assert!(stage.has_part("240 Gaussians"));
        stage.key(Key::I);
        stage.harness.run_ok();
        assert!(!stage.has_part("240 Gaussians"));
    };

    full_screen_and_on_top {
        commands: ["toggle-fullscreen", "toggle-on-top"],
        controls: ["Full screen"]
    }
    Stage::ready(1.0) => |stage| {
        stage.click_without_rest("Full screen");
        assert!(stage.asked_for(&ViewportCommand::Fullscreen(true)));
        stage.key(Key::F11);
        assert!(stage.asked_for(&ViewportCommand::Fullscreen(true)));
        let level = ViewportCommand::WindowLevel;
        stage.key_with(Modifiers::COMMAND, Key::T);
        assert!(stage.asked_for(&level(WindowLevel::AlwaysOnTop)));
        stage.key_with(Modifiers::COMMAND, Key::T);
        assert!(stage.asked_for(&level(WindowLevel::Normal)));
    };

    looks {
        commands: ["toggle-theme", "ui-scale-up", "ui-scale-down", "ui-scale-reset"],
        controls: []
    }
    Stage::ready(1.0) => |stage| {
        stage.command("toggle-theme");
        assert_eq!(stage.harness.state().settings().theme, ThemeChoice::Light);
        assert_eq!(stage.harness.ctx.theme(), egui::Theme::Light);
        stage.command("toggle-theme");
        assert_eq!(stage.harness.ctx.theme(), egui::Theme::Dark);
        let ctrl = Modifiers::COMMAND;
        for (key, scale) in [
            (Key::Plus, 1.1), (Key::Plus, 1.2), (Key::Minus, 1.1), (Key::Num0, 1.0),
        ] {
            stage.key_with(ctrl, key);
            stage.harness.run_ok();
            assert_eq!(stage.harness.state().settings().ui_scale, scale);
            assert!((stage.harness.ctx.zoom_factor() - scale as f32).abs() < 1e-6);
        }
    };

    messages {
        commands: ["copy-error", "dismiss-notices"],
        controls: ["Copy details", "Dismiss"]
    }
    Stage::ready(1.0) => |stage| {
        stage.open("missing.ply");
        stage.until("a message", |app| !app.messages().is_empty());
        stage.click_without_rest("Copy details");
        let copied = stage.copied().expect("text in the clipboard");
        assert!(copied.contains("missing.ply") && copied.contains("Zoetrope"), "{copied}");
        stage.key_with(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::C);
        assert_eq!(stage.copied(), Some(copied));
        stage.pass(5.0);
        stage.click("Dismiss");
        assert!(stage.harness.state().messages().is_empty());
        stage.open("missing.ply");
        stage.until("a message", |app| !app.messages().is_empty());
        stage.key(Key::Escape);
        assert!(stage.harness.state().messages().is_empty());
    };

    more_controls_of_a_phone {
        commands: ["toggle-more", "toggle-camera-panel", "toggle-inspector"],
        controls: ["More controls", "Statistics", "Log", "Help"]
    }
    Stage::phone() => |stage| {
        stage.click("More controls");
        stage.click("Statistics");
        assert!(stage.has_part("240 Gaussians"));
        for (label, heading) in [
            ("Camera", "Camera"), ("Inspector", "Inspector"), ("Log", "Log"), ("Help", "Help"),
            ("Settings", "Settings"),
        ] {
            if stage.count("More controls") == 0 || !stage.has_heading("More controls") {
                stage.click("More controls");
            }
            stage.click_last(label);
            assert!(stage.has_heading(heading), "{heading}");
            stage.click_last("Close");
        }
    };
}
