//! Every transition of the transport.

use zoetrope_player::{Command, FrameStatus, LoopMode, Playback, Repeat, Transport};

use crate::scripted::Script;

/// A transport over `frames` frames at 10 a second, all of them decoded, and its clock.
struct Run {
    transport: Transport,
    now: f64,
}

impl Run {
    fn new(frames: usize) -> Self {
        Self {
            transport: Transport::new(&Script::new(frames, 5).info()),
            now: 50.0,
        }
    }

    fn apply(&mut self, text: &str) -> &mut Self {
        let command: Command = text.parse().expect("a command");
        assert!(self.transport.apply(command));
        self
    }

    fn pass(&mut self, seconds: f64) -> usize {
        self.now += seconds;
        self.transport
            .advance(self.now, &mut |_| FrameStatus::Ready);
        self.transport.frame()
    }

    fn frames(&mut self, count: usize) -> Vec<usize> {
        (0..count).map(|_| self.pass(0.1)).collect()
    }
}

#[test]
fn play_pause_and_the_end() {
    let mut run = Run::new(5);
    assert_eq!(run.transport.playback(), Playback::Paused);
    assert_eq!(run.pass(1.0), 0);
    run.apply("play").pass(0.0);
    assert_eq!(run.frames(3), [1, 2, 3]);
    run.apply("pause");
    assert_eq!(run.pass(1.0), 3);
    assert_eq!(run.transport.playback(), Playback::Paused);
    // The second in which it stood does not count.
    run.apply("toggle-play").pass(0.0);
    assert_eq!(run.frames(1), [4]);
    assert_eq!(run.transport.playback(), Playback::Playing);
    assert_eq!(run.frames(2), [4, 4]);
    assert_eq!(run.transport.playback(), Playback::Ended);
    assert_eq!(run.transport.time(), run.transport.duration());
    assert_eq!(run.transport.next_change(), None);
    // Again from the start.
    run.apply("toggle-play");
    assert_eq!(run.pass(0.0), 0);
    assert_eq!(run.frames(2), [1, 2]);
}

#[test]
fn seeking_is_exact_and_stays_in_the_clip() {
    let mut run = Run::new(50);
    for (command, frame) in [
        ("seek 1.2", 12),
        ("seek 1.19999999999", 12),
        ("seek 1.199", 11),
        ("seek-by 0.5", 16),
        ("seek-by -100", 0),
        ("seek 1e9", 49),
        ("seek-frame 7", 7),
        ("seek-frame 700", 49),
        ("go-percent 50", 25),
        ("go-percent 100", 49),
        ("go-percent 1000", 49),
        ("go-start", 0),
        ("go-end", 49),
        ("seek -3", 0),
    ] {
        run.apply(command);
        assert_eq!(run.transport.frame(), frame, "{command}");
        assert_eq!(run.transport.playback(), Playback::Paused);
    }
}

#[test]
fn every_frame_is_hit_by_its_own_time_at_odd_rates() {
    for rate in [23.976, 24.0, 25.0, 29.97, 30.0, 59.94, 120.0] {
        let mut info = Script::new(5000, 5).info();
        info.frame_rate = rate;
        let mut transport = Transport::new(&info);
        for frame in 0..5000 {
            transport.apply(Command::Seek(frame as f64 / rate));
            assert_eq!(transport.frame(), frame, "{rate}");
        }
    }
}

#[test]
fn a_seek_after_the_end_pauses_there() {
    let mut run = Run::new(5);
    run.apply("play").pass(0.0);
    run.frames(6);
    assert_eq!(run.transport.playback(), Playback::Ended);
    run.apply("seek-frame 2");
    assert_eq!(run.transport.playback(), Playback::Paused);
    run.apply("play").pass(0.0);
    assert_eq!(run.frames(1), [3]);
}

#[test]
fn steps_pause_and_stop_at_the_edges() {
    let mut run = Run::new(5);
    run.apply("play").pass(0.0);
    run.pass(0.25);
    run.apply("step 1");
    assert_eq!(run.transport.frame(), 3);
    assert_eq!(run.transport.playback(), Playback::Paused);
    run.apply("step 1").apply("step 1").apply("step 1");
    assert_eq!(run.transport.frame(), 4);
    run.apply("step -2");
    assert_eq!(run.transport.frame(), 2);
    run.apply("step -9223372036854775808");
    assert_eq!(run.transport.frame(), 0);
    run.apply("step 9223372036854775807");
    assert_eq!(run.transport.frame(), 4);
    // Back from the end: the frame before the one that was shown.
    run.apply("play").pass(0.0);
    run.pass(0.2);
    assert_eq!(run.transport.playback(), Playback::Ended);
    run.apply("step -1");
    assert_eq!(run.transport.frame(), 3);
}

#[test]
fn speed_is_clamped_and_stepped() {
    let mut run = Run::new(5);
    let mut speed = |text: &str| {
        run.apply(text);
        run.transport.speed()
    };
    assert_eq!(speed("speed 1.5"), 1.5);
    assert_eq!(speed("speed 100"), 4.0);
    assert_eq!(speed("speed-up"), 4.0);
    assert_eq!(speed("speed-down"), 3.0);
    assert_eq!(speed("speed -1"), 0.1);
    assert_eq!(speed("speed-down"), 0.1);
    assert_eq!(speed("speed-up"), 0.25);
    assert_eq!(speed("speed-reset"), 1.0);
    assert_eq!(speed("speed 1.1"), 1.1);
    assert_eq!(speed("speed-up"), 1.25);
}

#[test]
fn the_frame_is_right_at_every_speed_over_a_long_time() {
    for speed in [0.1, 0.25, 0.7, 1.0, 1.5, 2.0, 3.3, 4.0] {
        let mut run = Run::new(1_000_000);
        run.transport.apply(Command::Speed(speed));
        run.apply("play").pass(0.0);
        for tick in 1..20_000 {
            // 61 ticks a second never meet a frame's edge but at whole seconds.
            let seconds = f64::from(tick) / 61.0;
            run.now = 50.0 + seconds;
            let frame = run.pass(0.0);
            assert_eq!(
                frame,
                (seconds * 10.0 * speed + 1e-6) as usize,
                "{speed} {tick}"
            );
        }
    }
}

#[test]
fn a_loop_starts_again_without_losing_time() {
    let mut run = Run::new(5);
    run.apply("loop all").apply("play").pass(0.0);
    assert_eq!(run.frames(12), [1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2]);
    run.apply("seek-frame 4").pass(0.0);
    // One tick over many rounds lands where it must: 4 + 37 = 41 = 8 * 5 + 1.
    assert_eq!(run.pass(3.7), 1);
}

#[test]
fn a_bounce_shows_the_turning_frames_once() {
    let mut run = Run::new(4);
    run.apply("loop bounce").apply("play").pass(0.0);
    assert_eq!(run.frames(11), [1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1]);
    // Switching it off on the way back plays on forwards.
    run.apply("loop off");
    assert_eq!(run.transport.frame(), 1);
    assert_eq!(run.frames(3), [2, 3, 3]);
    assert_eq!(run.transport.playback(), Playback::Ended);

    let mut two = Run::new(2);
    two.apply("loop bounce").apply("play").pass(0.0);
    assert_eq!(two.frames(4), [1, 0, 1, 0]);
}

#[test]
fn an_ab_loop_stays_between_its_marks() {
    let mut run = Run::new(20);
    run.apply("seek-frame 8").apply("ab-b");
    run.apply("seek-frame 5").apply("ab-a");
    assert_eq!(run.transport.range(), (5..9, Repeat::Loop));
    run.apply("play").pass(0.0);
    assert_eq!(run.frames(6), [6, 7, 8, 5, 6, 7]);
    run.apply("loop bounce");
    assert_eq!(run.frames(6), [8, 7, 6, 5, 6, 7]);
    // From before A it plays into the loop, from behind B it goes to A.
    run.apply("loop all").apply("seek-frame 3").pass(0.0);
    assert_eq!(run.frames(6), [4, 5, 6, 7, 8, 5]);
    run.apply("seek-frame 15").pass(0.0);
    assert_eq!(run.frames(2), [5, 6]);
    run.apply("ab-clear").apply("loop off");
    assert_eq!(run.transport.range(), (0..20, Repeat::Once));
}

#[test]
fn one_key_marks_a_then_b_then_forgets() {
    let mut run = Run::new(20);
    run.apply("seek-frame 9").apply("ab-cycle");
    assert_eq!(run.transport.ab(), (Some(9), None));
    run.apply("seek-frame 4").apply("ab-cycle");
    assert_eq!(run.transport.range(), (4..10, Repeat::Loop));
    run.apply("ab-cycle");
    assert_eq!(run.transport.ab(), (None, None));
}

#[test]
fn a_mark_on_one_frame_holds_it() {
    let mut run = Run::new(20);
    run.apply("seek-frame 9").apply("ab-a").apply("ab-b");
    run.apply("play").pass(0.0);
    assert_eq!(run.frames(4), [9; 4]);
    run.apply("loop bounce");
    assert_eq!(run.frames(4), [9; 4]);
    assert_eq!(run.transport.playback(), Playback::Playing);
}

#[test]
fn scrubbing_holds_the_clock_and_then_plays_on() {
    let mut run = Run::new(50);
    run.apply("play").pass(0.0);
    run.apply("scrub 2");
    assert_eq!(run.frames(3), [20, 20, 20]);
    run.apply("scrub 3");
    assert_eq!(run.pass(0.1), 30);
    assert_eq!(run.transport.playback(), Playback::Playing);
    run.apply("scrub-end").pass(0.0);
    assert_eq!(run.frames(2), [31, 32]);
    run.apply("pause").apply("scrub 1").apply("scrub-end");
    assert_eq!(run.frames(2), [10, 10]);
}

#[test]
fn clocks_that_jump_do_no_harm() {
    let mut run = Run::new(1000);
    run.apply("play").pass(0.0);
    assert_eq!(run.pass(0.5), 5);
    // A night's sleep.
    assert_eq!(run.pass(30_000.0), 5);
    assert_eq!(run.pass(0.1), 6);
    // Backwards.
    assert_eq!(run.pass(-100.0), 6);
    assert_eq!(run.pass(0.1), 7);
    for now in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        run.transport.advance(now, &mut |_| FrameStatus::Ready);
        assert_eq!(run.transport.frame(), 7);
    }
    assert_eq!(run.pass(0.1), 8);
}

#[test]
fn numbers_that_are_none_are_ignored() {
    let mut run = Run::new(50);
    run.apply("seek 2");
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for command in [
            Command::Seek(bad),
            Command::SeekBy(bad),
            Command::Scrub(bad),
            Command::Speed(bad),
        ] {
            run.transport.apply(command);
            assert_eq!(run.transport.frame(), 20, "{command}");
            assert_eq!(run.transport.speed(), 1.0);
            assert!(!run.transport.is_scrubbing());
        }
    }
    run.transport.apply(Command::GoPercent(f64::NAN));
    assert_eq!(run.transport.frame(), 20);
}

#[test]
fn clips_of_no_frame_and_of_one_stand_still() {
    for frames in [0, 1] {
        let mut run = Run::new(frames);
        for command in [
            "play",
            "seek 3",
            "step 1",
            "step -1",
            "go-end",
            "scrub 1",
            "scrub-end",
            "loop all",
            "play",
            "ab-a",
            "ab-b",
            "play",
            "loop bounce",
            "play",
            "seek-frame 4",
            "go-percent 50",
        ] {
            run.apply(command);
            assert_eq!(run.pass(0.3), 0, "{command}");
            assert!(run.transport.time().is_finite());
            assert_eq!(run.transport.playback(), Playback::Paused, "{command}");
        }
    }
}

#[test]
fn unbelievable_frame_rates_become_the_usual_one() {
    for rate in [0.0, -5.0, f64::NAN, f64::INFINITY, 1e9, 1e-9] {
        let mut info = Script::new(5, 5).info();
        info.frame_rate = rate;
        assert_eq!(Transport::new(&info).frame_rate(), 30.0, "{rate}");
    }
    for rate in [0.01, 1000.0] {
        let mut info = Script::new(5, 5).info();
        info.frame_rate = rate;
        assert_eq!(Transport::new(&info).frame_rate(), rate);
    }
}

#[test]
fn the_next_change_is_the_edge_of_the_frame() {
    let mut run = Run::new(50);
    assert_eq!(run.transport.next_change(), None);
    run.apply("play").apply("speed 2").pass(0.0);
    run.pass(0.03);
    let next = run.transport.next_change().expect("it plays");
    assert!((next - 0.02).abs() < 1e-9, "{next}");
    run.apply("scrub 1");
    assert_eq!(run.transport.next_change(), None);
    run.apply("scrub-end");
    run.transport
        .advance(run.now, &mut |_| FrameStatus::Missing);
    assert_eq!(run.transport.next_change(), None);
}

#[test]
fn commands_of_the_application_are_left_alone() {
    let mut run = Run::new(5);
    for command in [
        Command::Open,
        Command::OpenFolder,
        Command::ResetView,
        Command::ToggleStatistics,
        Command::ToggleFullscreen,
        Command::DismissNotices,
    ] {
        assert!(!run.transport.apply(command));
    }
    assert!(run.transport.apply(Command::Loop(LoopMode::All)));
    assert!(run.transport.apply(Command::LoopCycle));
    assert_eq!(run.transport.loop_mode(), LoopMode::Bounce);
}
