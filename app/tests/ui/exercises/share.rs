//! Links.

use egui::{Key, Modifiers};

use super::exercises;
use crate::stage::Stage;

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
}
