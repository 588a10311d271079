//! Opening, closing, and what was opened lately.

use std::path::Path;

use egui::{Key, Modifiers, ViewportCommand};
use zoetrope_app::platform::Pick;

use super::exercises;
use crate::nerv_file;
use crate::stage::{Setup, Stage};

const CTRL: Modifiers = Modifiers::COMMAND;
const CTRL_SHIFT: Modifiers = Modifiers {
    shift: true,
    ..Modifiers::COMMAND
};

/// On the start page, with a demo, and `count` clips opened before.
fn start_page(count: usize) -> Stage {
    let mut setup = Setup::with_settings(r#"{"start_with": "start-page"}"#);
    let recents: Vec<String> = (1..=count)
        .map(|number| format!(r#"{{"path": "ring-{number}", "title": "Ring {number}"}}"#))
        .collect();
    let recents = format!("[{}]", recents.join(", "));
    setup
        .storage
        .write("recents.json", recents.as_bytes())
        .expect("memory");
    setup.clip = None;
    setup.demos = Setup::demo();
    let mut stage = Stage::build(setup);
    stage.pass(0.2);
    stage
}

fn is_on_start_page(stage: &Stage) -> bool {
    stage.harness.state().player_state().is_none()
}

exercises! {
    dialogs {
        commands: ["open", "open-folder"],
        controls: ["Open", "Open file…", "Open folder…"]
    }
    Stage::ready(1.0) => |stage| {
        stage.key_with(CTRL, Key::O);
        stage.key_with(CTRL_SHIFT, Key::O);
        for label in ["Open file…", "Open folder…"] {
            stage.click("Open");
            stage.click(label);
        }
        let asked = stage.platform.asked.lock().expect("unpoisoned");
        assert_eq!(*asked, [Pick::File, Pick::Folder, Pick::File, Pick::Folder]);
    };

    typing_a_path {
        commands: ["open-link"],
        controls: ["Open link…", "Path or link"]
    }
    Stage::ready(1.0) => |stage| {
        stage.click("Open");
        stage.click("Open link…");
        stage.replace("Path or link", "other");
        stage.until_titled("Zoetrope – other");
        stage.key_with(CTRL, Key::U);
        stage.harness.run_ok();
        stage.replace("Path or link", "missing.ply");
        stage.until("a message", |app| !app.messages().is_empty());
    };

    what_a_network_leaves_open {
        commands: ["ask-again"],
        controls: [
            "Number of frames", "Embedding of the time", "Strides of the layers", "160 × 90 pixels",
        ]
    }
    Stage::ready(1.0) => |stage| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = nerv_file::write(folder.path()).to_string_lossy().into_owned();
        stage.folder = Some(folder);
        stage.open(&path);
        stage.until_shown("Number of frames");
        stage.replace("Embedding of the time", "1.25_4");
        stage.replace("Number of frames", "5");
        stage.until_shown("Strides of the layers");
        stage.click("160 × 90 pixels");
        stage.until_titled("Zoetrope – big-buck-bunny.safetensors");
        assert_eq!(stage.state().frame_count, 5);
        assert_eq!(nerv_file::size(stage.harness.state()), Some([160, 90]));
        // It is not asked again until that is wished.
        stage.open("other");
        stage.until_titled("Zoetrope – other");
        stage.asked.commands.lock().expect("unpoisoned").clear();
        stage.open(&path);
        stage.until_titled("Zoetrope – big-buck-bunny.safetensors");
        stage.apply("ask-again");
        stage.until_shown("Number of frames");
        stage.replace("Number of frames", "5");
        stage.until_shown("Strides of the layers");
        stage.replace("Strides of the layers", "16x9,5,2");
        stage.until("another picture", |app| nerv_file::size(app) == Some([90, 160]));
        stage.asked.commands.lock().expect("unpoisoned").clear();
        stage.open("other");
        stage.until_titled("Zoetrope – other");
        stage.apply("ask-again");
        stage.until_shown("The file of this clip left nothing open.");
    };

    the_start_page {
        commands: ["start-page"],
        controls: ["Start page", "Demo clip: *"]
    }
    start_page(0) => |stage| {
        assert!(is_on_start_page(stage));
        stage.click_without_rest("Demo clip: Wave");
        stage.until("the demo", |app| app.player_state().is_some());
        stage.click_without_rest("Start page");
        stage.pass(0.1);
        assert!(is_on_start_page(stage));
        stage.click_without_rest("Demo clip: Wave");
        stage.until("the demo", |app| app.player_state().is_some());
        stage.key_with(CTRL, Key::W);
        stage.pass(0.1);
        assert!(is_on_start_page(stage));
    };

    recent_clips {
        commands: ["open-recent"],
        controls: ["Recent clip: *", "Forget *", "Forget all"]
    }
    start_page(3) => |stage| {
        let opened = |stage: &mut Stage, name: &str| {
            let path = Path::new(name).to_owned();
            stage.until(name, |app| app.messages().iter().any(|text| text.contains(path.to_str().expect("text"))));
            stage.key(Key::Escape);
        };
        stage.click_without_rest("Recent clip: Ring 2");
        opened(stage, "ring-2");
        stage.command("open-recent 3");
        opened(stage, "ring-3");
        stage.click_without_rest("Forget Ring 1");
        stage.pass(0.1);
        assert!(!stage.has("Recent clip: Ring 1") && stage.has("Recent clip: Ring 2"));
        stage.click_without_rest("Forget all");
        stage.pass(0.1);
        assert!(!stage.has("Recent clip: Ring 2") && !stage.has("Forget all"));
    };

    quitting {
        commands: ["quit"],
        controls: []
    }
    Stage::ready(1.0) => |stage| {
        stage.key_with(CTRL, Key::Q);
        assert!(stage.asked_for(&ViewportCommand::Close));
    };
}
