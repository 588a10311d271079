//! Going elsewhere in time.

use egui::{Key, Modifiers, Vec2};

use super::exercises;
use crate::stage::Stage;

exercises! {
    seeking {
        commands: ["seek", "seek-by", "seek-frame", "go-percent", "go-start", "go-end"],
        controls: []
    }
    Stage::ready(1.0) => |stage| {
        for (modifiers, key, frame) in [
            (Modifiers::SHIFT, Key::ArrowRight, 10),
            (Modifiers::SHIFT, Key::ArrowLeft, 0),
            (Modifiers::NONE, Key::ArrowRight, 39),
            (Modifiers::NONE, Key::ArrowLeft, 0),
            (Modifiers::NONE, Key::Num5, 20),
            (Modifiers::NONE, Key::End, 39),
            (Modifiers::NONE, Key::Home, 0),
        ] {
            stage.key_with(modifiers, key);
            assert_eq!(stage.state().frame, frame, "{key:?}");
        }
        for (command, frame) in [
            ("seek 1.5", 15),
            ("seek-by -0.5", 10),
            ("seek-frame 33", 33),
            ("go-percent 25", 10),
            ("go-end", 39),
            ("go-start", 0),
        ] {
            stage.command(command);
            assert_eq!(stage.state().frame, frame, "{command}");
        }
    };

    scrubbing {
        commands: ["scrub", "scrub-end"],
        controls: ["Time"]
    }
    Stage::ready(1.0) => |stage| {
        let bar = stage.rect("Time");
        let at = |part: f32| bar.lerp_inside(Vec2::new(part, 0.5));
        stage.harness.drag_at(at(0.25));
        stage.harness.run_steps(2);
        assert!(stage.state().scrubbing);
        assert!((9..=11).contains(&stage.state().frame));
        stage.harness.hover_at(at(0.75));
        stage.harness.run_steps(2);
        assert!((29..=31).contains(&stage.state().frame));
        stage.harness.drop_at(at(0.75));
        stage.harness.run_steps(2);
        assert!(!stage.state().scrubbing);
        stage.set_value("Time", 1.5);
        assert_eq!(stage.state().frame, 15);
        stage.increment("Time");
        assert_eq!(stage.state().frame, 16);
        stage.decrement("Time");
        assert_eq!(stage.state().frame, 15);
    };

    stepping {
        commands: ["step"],
        controls: ["Step back", "Step forward"]
    }
    Stage::ready(1.0) => |stage| {
        stage.click("Step forward");
        stage.click("Step forward");
        stage.click("Step back");
        assert_eq!(stage.state().frame, 1);
        stage.key(Key::Period);
        stage.key(Key::Period);
        stage.key(Key::Comma);
        assert_eq!(stage.state().frame, 2);
        stage.command("step 7");
        assert_eq!(stage.state().frame, 9);
    };

    typing_a_time {
        commands: [],
        controls: ["Go to time*"]
    }
    Stage::ready(1.0) => |stage| {
        for (typed, frame) in [("1.5", 15), ("f30", 29), ("25%", 10)] {
            stage.click_first("Go to time");
            stage.type_line(typed);
            assert_eq!(stage.state().frame, frame, "{typed}");
        }
        // What is no time is said to be none, and Escape gives up.
        stage.click_first("Go to time");
        stage.type_line("soon");
        assert_eq!(stage.state().frame, 10);
        stage.key(Key::Escape);
        stage.harness.run();
        assert_eq!(stage.state().frame, 10);
    };

    bookmarks {
        commands: [
            "bookmark-add", "bookmark-next", "bookmark-previous", "bookmark-clear",
        ],
        controls: ["Bookmark this moment", "Remove this bookmark"]
    }
    Stage::ready(1.0) => |stage| {
        let ctrl = Modifiers::COMMAND;
        stage.key(Key::Num2);
        stage.click("Bookmark this moment");
        stage.key(Key::Num5);
        stage.key_with(ctrl, Key::B);
        stage.key(Key::Home);
        for (key, frame) in [
            (Key::PageDown, 8), (Key::PageDown, 20), (Key::PageUp, 8),
        ] {
            stage.key(key);
            assert_eq!(stage.state().frame, frame, "{key:?}");
        }
        stage.click("Remove this bookmark");
        stage.key(Key::Home);
        stage.key(Key::PageDown);
        assert_eq!(stage.state().frame, 20);
        stage.command("bookmark-clear");
        stage.key(Key::Home);
        stage.key(Key::PageDown);
        assert_eq!(stage.state().frame, 0);
    };
}
