//! Links, the local network and copies.

use egui::{Key, Modifiers};

use zoetrope_app::platform::Pick;

use super::exercises;
use crate::stage::{Setup, Stage};

/// With the scripted clip, and a name for what is saved.
fn with_answer(name: &str) -> Stage {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stage = Stage::build(Setup {
        answer: Some(folder.path().join(name)),
        ..Setup::default()
    });
    stage.folder = Some(folder);
    stage.until("a picture", |app| {
        app.player_state()
            .is_some_and(|state| state.picture.is_some())
    });
    stage.apply("pause");
    stage.harness.run_ok();
    stage
}

/// With a clip that can be served, and a name for a copy.
fn built_in() -> Stage {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stage = Stage::build(Setup {
        clip: None,
        demos: Setup::demo(),
        answer: Some(folder.path().join("copy.zip")),
        ..Setup::default()
    });
    stage.folder = Some(folder);
    stage.until("a picture", |app| app.player_state().is_some());
    stage.apply("pause");
    stage.harness.run_ok();
    stage
}

exercises! {
    copying_a_link {
        commands: ["copy-link"],
        controls: []
    }
    Stage::ready(1.0) => |stage| {
        stage.key_with(Modifiers::COMMAND, Key::C);
        stage.harness.run_ok();
        let link = stage.copied().expect("text in the clipboard");
        assert!(link.starts_with("zoetrope://open?src=file:///"), "{link}");
    };

    following_a_link {
        commands: [],
        controls: ["Always open links to this host", "Cancel", "Open"]
    }
    Stage::ready(1.0) => |stage| {
        let link = "zoetrope://open?src=https://example.org/other";
        stage.harness.state_mut().open_link(link);
        stage.harness.run_ok();
        stage.click("Cancel");
        assert!(!stage.has_dialog("Open this link?"));
        stage.harness.state_mut().open_link(link);
        stage.harness.run_ok();
        stage.click("Always open links to this host");
        stage.click_last("Open");
        stage.until_titled("Zoetrope – other");
    };

    the_share_panel {
        commands: ["share"],
        controls: [
            "Share", "This moment", "This view", "The A–B loop", "Copy link",
        ]
    }
    Stage::ready(1.0) => |stage| {
        stage.apply("set-a 3");
        stage.apply("set-b 9");
        stage.click("Share");
        for part in ["This moment", "This view", "The A–B loop"] {
            stage.click(part);
        }
        stage.click("Copy link");
        let link = stage.copied().expect("a link");
        assert!(link.ends_with("/ring"), "{link}");
        stage.click("This moment");
        stage.click("Copy link");
        assert!(stage.copied().expect("a link").ends_with("/ring&t=0"));
        stage.key_with(Modifiers::COMMAND, Key::S);
        stage.harness.run_ok();
        assert_eq!(stage.count("Copy link"), 0);
    };

    an_ordinary_video {
        commands: ["share"],
        controls: [
            "Camera: This view", "Camera: Once around", "Size: 720p", "Size: 1080p", "Size: 2160p",
            "Export a video…",
        ]
    }
    built_in() => |stage| {
        stage.apply("share");
        stage.harness.run_ok();
        for choice in [
            "Camera: Once around", "Camera: This view", "Size: 2160p", "Size: 1080p", "Size: 720p",
        ] {
            stage.click(choice);
        }
        stage.click_without_rest("Export a video…");
        let is_saved = |app: &zoetrope_app::ZoetropeApp| {
            app.messages().iter().any(|message| message.starts_with("Saved as"))
        };
        stage.until("the video", is_saved);
    };

    the_network_and_a_copy {
        commands: ["share"],
        controls: ["Share on this network", "Copy address", "Save a copy…"]
    }
    built_in() => |stage| {
        stage.click("Share");
        stage.click_without_rest("Share on this network");
        stage.until("the server", zoetrope_app::ZoetropeApp::is_sharing);
        stage.harness.run_ok();
        stage.click("Copy address");
        let address = stage.copied().expect("an address");
        assert!(address.starts_with("http://127.0.0.1:"), "{address}");
        stage.click("Share on this network");
        assert!(!stage.harness.state().is_sharing());
        stage.click_without_rest("Save a copy…");
        let is_saved = |app: &zoetrope_app::ZoetropeApp| {
            app.messages().iter().any(|message| message.starts_with("Saved as"))
        };
        stage.until("the copy", is_saved);
    };

    a_frame_is_saved {
        commands: [],
        controls: ["Save this frame as a splat file…"]
    }
    with_answer("ring 1.ply") => |stage| {
        stage.apply("flip-up");
        stage.click("Share");
        stage.click_without_rest("Save this frame as a splat file…");
        let is_saved = |app: &zoetrope_app::ZoetropeApp| {
            app.messages().iter().any(|message| message.starts_with("Saved as"))
        };
        stage.until("the frame", is_saved);
        assert_eq!(*stage.platform.asked.lock().expect("unpoisoned"), [Pick::Frame]);
        let path = stage.folder.as_ref().expect("a folder").path().join("ring 1.ply");
        let written = std::fs::read(path).expect("a file");
        assert!(written.starts_with(b"ply\n"));
    };
}
