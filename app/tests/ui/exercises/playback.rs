//! Playing and loops.

use egui::{Key, Modifiers};
use zoetrope_player::{LoopMode, Playback, Quality};

use super::exercises;
use crate::stage::{Setup, Stage};

/// With a clip in layers.
fn layered() -> Stage {
    let mut stage = Stage::build(Setup {
        clip: Some("layered".into()),
        ..Setup::default()
    });
    stage.make_ready();
    stage
}

exercises! {
    play_and_pause {
        commands: ["play", "pause", "toggle-play"],
        controls: ["Play", "Pause", "Play again"]
    }
    Stage::ready(1.0) => |stage| {
        stage.click_without_rest("Play");
        assert_eq!(stage.state().playback, Playback::Playing);
        stage.click("Pause");
        assert_eq!(stage.state().playback, Playback::Paused);
        for playback in [Playback::Playing, Playback::Paused] {
            stage.key(Key::Space);
            assert_eq!(stage.state().playback, playback);
        }
        stage.command("play");
        assert_eq!(stage.state().playback, Playback::Playing);
        stage.command("pause");
        assert_eq!(stage.state().playback, Playback::Paused);
        stage.key(Key::End);
        stage.key(Key::Space);
        stage.pass(0.3);
        assert_eq!(stage.state().playback, Playback::Ended);
        stage.click_without_rest("Play again");
        assert_eq!(stage.state().playback, Playback::Playing);
        assert!(stage.state().frame < 5);
    };

    speed {
        commands: ["speed", "speed-up", "speed-down", "speed-reset"],
        controls: ["Speed: *", "Speed", "0.25×", "0.5×", "1×", "1.5×", "2×", "4×"]
    }
    Stage::ready(1.0) => |stage| {
        for (key, speed) in [
            (Key::CloseBracket, 1.25),
            (Key::CloseBracket, 1.5),
            (Key::OpenBracket, 1.25),
            (Key::Backspace, 1.0),
        ] {
            stage.key(key);
            assert_eq!(stage.state().speed, speed, "{key:?}");
        }
        for (label, speed) in [
            ("0.25×", 0.25), ("0.5×", 0.5), ("1.5×", 1.5), ("2×", 2.0), ("4×", 4.0), ("1×", 1.0),
        ] {
            let button = format!("Speed: {}×", stage.state().speed);
            stage.click(&button);
            stage.click(label);
            assert_eq!(stage.state().speed, speed);
        }
        stage.click("Speed: 1×");
        stage.set_value("Speed", 3.0);
        assert_eq!(stage.state().speed, 3.0);
        // What is dragged near to normal is normal.
        stage.set_value("Speed", 1.04);
        assert_eq!(stage.state().speed, 1.0);
        stage.key(Key::Escape);
        stage.command("speed 0.3");
        assert_eq!(stage.state().speed, 0.3);
    };

    quality {
        commands: ["quality"],
        controls: ["Quality: Auto", "Quality: 1", "Quality: 2", "Quality: 3"]
    }
    layered() => |stage| {
        stage.command("quality 2");
        assert_eq!(stage.state().quality, Quality::Layers(2));
        stage.command("quality auto");
        assert_eq!(stage.state().quality, Quality::Auto);
        stage.click("Inspector");
        for (label, quality) in [
            ("Quality: 1", Quality::Layers(1)),
            ("Quality: 2", Quality::Layers(2)),
            ("Quality: 3", Quality::Layers(3)),
            ("Quality: Auto", Quality::Auto),
        ] {
            stage.click(label);
            assert_eq!(stage.state().quality, quality);
        }
    };

    loop_modes {
        commands: ["loop", "loop-cycle"],
        controls: ["Loop: off", "Loop: all", "Loop: back and forth"]
    }
    Stage::ready(1.0) => |stage| {
        for (label, mode) in [
            ("Loop: off", LoopMode::All),
            ("Loop: all", LoopMode::Bounce),
            ("Loop: back and forth", LoopMode::Off),
        ] {
            stage.click(label);
            assert_eq!(stage.state().loop_mode, mode);
        }
        stage.key_with(Modifiers::SHIFT, Key::L);
        assert_eq!(stage.state().loop_mode, LoopMode::All);
        stage.command("loop bounce");
        assert_eq!(stage.state().loop_mode, LoopMode::Bounce);
    };

    a_b_loop {
        commands: ["ab-a", "ab-b", "set-a", "set-b", "ab-clear", "ab-cycle"],
        controls: [
            "A-B loop: mark A", "A-B loop: mark B", "A-B loop: clear",
            "A: start of the loop", "B: end of the loop",
        ]
    }
    Stage::ready(1.0) => |stage| {
        stage.click("A-B loop: mark A");
        assert_eq!(stage.state().ab, (Some(0), None));
        stage.key(Key::Num5);
        stage.click("A-B loop: mark B");
        assert_eq!(stage.state().ab, (Some(0), Some(20)));
        stage.increment("A: start of the loop");
        stage.increment("A: start of the loop");
        stage.decrement("A: start of the loop");
        stage.decrement("B: end of the loop");
        assert_eq!(stage.state().ab, (Some(1), Some(19)));
        // With a pointer, too, where the knob is not in its way.
        stage.key(Key::Home);
        stage.harness.run();
        let from = stage.rect("B: end of the loop").center();
        stage.drag(from, from + egui::vec2(100.0, 0.0));
        let b = stage.state().ab.1.expect("an end");
        assert!((22..26).contains(&b), "{b}");
        stage.click("A-B loop: clear");
        assert_eq!(stage.state().ab, (None, None));

        for (key, ab) in [
            (Key::B, (Some(0), None)),
            (Key::Num7, (Some(0), None)),
            (Key::B, (Some(0), Some(28))),
            (Key::B, (None, None)),
        ] {
            stage.key(key);
            assert_eq!(stage.state().ab, ab);
        }
        stage.command("ab-a");
        stage.key(Key::End);
        stage.command("ab-b");
        assert_eq!(stage.state().ab, (Some(28), Some(39)));
        stage.command("set-a 3");
        stage.command("set-b 9");
        assert_eq!(stage.state().ab, (Some(3), Some(9)));
        stage.command("ab-clear");
        assert_eq!(stage.state().ab, (None, None));
    };
}
