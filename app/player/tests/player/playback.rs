//! The player over a scripted clip whose decoding is driven by hand.

use zoetrope_player::{Playback, PlayerOptions};

use crate::scripted::{FRAME_BYTES, Fault, Script, Stage, ranges};

#[test]
fn the_first_frame_comes_first_and_then_the_rest() {
    let script = Script::new(12, 4);
    let mut stage = Stage::new(&script, 100);
    let state = stage.tick(0.0);
    assert!(state.picture.is_none() && state.buffering);
    assert_eq!(state.next_wakeup, None);
    // Reading, then one frame.
    assert!(stage.decode_step() && stage.decode_step());
    let state = stage.tick(0.0);
    let picture = state.picture.expect("the first frame");
    assert!(picture.exact && picture.index == 0 && !state.buffering);
    assert!(state.decode_ms.expect("measured") > 0.0);
    stage.settle();
    assert_eq!(ranges(&stage.tick(0.0)), [0..12]);
    assert_eq!(stage.log.reads(), [0, 1, 2]);
}

#[test]
fn nothing_wakes_the_interface_while_paused() {
    let script = Script::new(12, 4);
    let mut stage = Stage::new(&script, 100);
    stage.settle();
    assert_eq!(stage.tick(1.0).next_wakeup, None);
    stage.apply("play");
    let next = stage.tick(0.0).next_wakeup.expect("it plays");
    assert!((next - 0.1).abs() < 1e-9);
    stage.apply("pause");
    assert_eq!(stage.tick(0.0).next_wakeup, None);
    stage.apply("seek-frame 11");
    stage.apply("play");
    assert_eq!(stage.tick(0.0).playback, Playback::Playing);
    let state = stage.tick(0.2);
    assert_eq!((state.playback, state.next_wakeup), (Playback::Ended, None));
    assert_eq!(state.time, state.duration);
}

#[test]
fn a_backward_step_inside_a_decoded_group_decodes_nothing() {
    let script = Script::new(40, 10);
    let mut stage = Stage::new(&script, 15);
    stage.apply("seek-frame 18");
    stage.settle();
    let decoded = stage.log.decoded();
    for frame in [17, 16, 15] {
        stage.apply("step -1");
        let picture = stage.tick(0.0).picture.expect("a picture");
        assert!(picture.exact);
        assert_eq!(picture.index, frame);
    }
    assert_eq!(stage.log.decoded(), decoded);
}

#[test]
fn a_looped_clip_that_fits_is_decoded_once() {
    for mode in ["all", "bounce"] {
        let script = Script::new(12, 4);
        let mut stage = Stage::new(&script, 12);
        stage.apply(&format!("loop {mode}"));
        stage.apply("play");
        stage.settle();
        let shown = stage.play(6.0, 0.05);
        assert!(shown.len() > 50, "{shown:?}");
        assert_eq!(stage.log.decoded(), 12);
        assert_eq!(stage.log.reads(), [0, 1, 2]);
    }
}

#[test]
fn an_ab_loop_that_fits_is_decoded_once() {
    let script = Script::new(100, 5);
    let mut stage = Stage::new(&script, 20);
    stage.apply("seek-frame 50");
    stage.apply("ab-a");
    stage.apply("seek-frame 63");
    stage.apply("ab-b");
    stage.apply("play");
    // From B it goes to A at the next frame.
    stage.settle();
    stage.play(2.0, 0.05);
    let decoded = stage.log.decoded();
    let shown = stage.play(5.0, 0.05);
    assert!(shown.iter().all(|frame| (50..64).contains(frame)));
    assert!(shown.contains(&50) && shown.contains(&63));
    assert_eq!(stage.log.decoded(), decoded);
}

#[test]
fn a_hand_on_the_bar_sees_the_nearest_at_once_and_then_the_exact_frame() {
    let script = Script::new(100, 10);
    let mut stage = Stage::new(&script, 30);
    stage.settle();
    stage.apply("scrub 7.5");
    let state = stage.tick(0.0);
    let picture = state.picture.expect("the nearest");
    assert_eq!((picture.index, picture.exact), (29, false));
    assert!(state.buffering && state.scrubbing);
    // The hand moves on while group 7 is being decoded: the newest wish wins.
    assert!(stage.decode_step() && stage.decode_step());
    stage.apply("scrub 4.2");
    stage.tick(0.0);
    for _ in 0..4 {
        assert!(stage.decode_step());
    }
    let picture = stage.tick(0.0).picture.expect("a picture");
    assert_eq!((picture.index, picture.exact), (42, true));
    let reads = stage.log.reads();
    assert_eq!(reads[reads.len() - 2..], [7, 4]);
}

#[test]
fn the_old_picture_stays_until_the_new_one_is_complete() {
    let script = Script::new(100, 10);
    let mut stage = Stage::new(&script, 30);
    stage.settle();
    stage.apply("seek-frame 5");
    assert_eq!(stage.tick(0.0).picture.expect("a picture").index, 5);
    stage.apply("seek-frame 95");
    let state = stage.tick(0.0);
    let picture = state.picture.expect("the old picture");
    assert_eq!((picture.index, picture.exact), (5, false));
    assert_eq!(state.frame, 95);
    stage.settle();
    let picture = stage.tick(0.0).picture.expect("a picture");
    assert_eq!((picture.index, picture.exact), (95, true));
}

#[test]
fn waiting_for_frames_skips_none_of_them() {
    let script = Script::new(30, 10);
    let mut stage = Stage::new(&script, 100);
    stage.apply("play");
    let mut shown = Vec::new();
    let mut waited = 0;
    // Decoding is half as fast as the clip.
    for tick in 0..400 {
        let state = stage.tick(0.02);
        waited += usize::from(state.buffering);
        let index = state.picture.map(|picture| picture.index);
        if index.is_some() && index != shown.last().copied() {
            shown.extend(index);
        }
        if tick % 10 == 0 {
            stage.decode_step();
        }
    }
    assert_eq!(shown, (0..30).collect::<Vec<_>>());
    assert!(waited > 100, "{waited}");
    assert_eq!(stage.tick(0.0).playback, Playback::Ended);
}

#[test]
fn time_spent_waiting_is_not_played() {
    let script = Script::new(30, 10);
    let mut stage = Stage::new(&script, 100);
    stage.apply("play");
    for _ in 0..10 {
        assert_eq!(stage.tick(0.3).time, 0.0);
    }
    stage.decode_step();
    stage.decode_step();
    let state = stage.tick(0.3);
    assert_eq!((state.time, state.buffering), (0.0, false));
    assert!(stage.tick(0.05).time > 0.04);
}

#[test]
fn late_ticks_drop_frames_and_keep_time() {
    let script = Script::new(100, 10);
    let mut stage = Stage::new(&script, 100);
    stage.apply("play");
    stage.settle();
    assert_eq!(stage.tick(0.55).frame, 5);
    assert_eq!(stage.tick(1.0).frame, 15);
}

#[test]
fn a_bad_group_in_the_middle_is_skipped_with_one_notice() {
    for (fault, good_of_it) in [
        (Fault::Read, 0),
        (Fault::Push, 0),
        (Fault::DemuxerPanic, 0),
        (Fault::DecoderPanic, 1),
        (Fault::Frame, 2),
        (Fault::Short, 2),
        (Fault::WrongFrame, 1),
    ] {
        let script = Script::new(15, 5).fault(1, fault);
        let mut stage = Stage::new(&script, 100);
        let notices = stage.settle();
        assert_eq!(notices.len(), 1, "{fault:?} {notices:?}");
        let first_bad = 5 + good_of_it;
        assert!(
            notices[0].ends_with(&format!("Frames {first_bad} to 9 are skipped.")),
            "{notices:?}"
        );
        stage.apply("play");
        let shown = stage.play(2.0, 0.05);
        let mut expected: Vec<usize> = (0..first_bad).collect();
        expected.extend(10..15);
        assert_eq!(shown, expected, "{fault:?}");
        let state = stage.tick(0.0);
        assert_eq!(state.playback, Playback::Ended);
        assert!(state.notices.is_empty());
        // It is not tried again.
        assert_eq!(stage.log.reads(), [0, 1, 2]);
    }
}

#[test]
fn a_bad_group_in_a_loop_and_on_the_way_back_is_skipped() {
    let script = Script::new(15, 5)
        .fault(1, Fault::Read)
        .fault(2, Fault::Read);
    let mut stage = Stage::new(&script, 100);
    assert_eq!(stage.settle().len(), 2);
    stage.apply("loop bounce");
    stage.apply("play");
    let shown = stage.play(1.3, 0.05);
    assert_eq!(shown[..10], [0, 1, 2, 3, 4, 3, 2, 1, 0, 1]);
}

#[test]
fn one_reason_for_many_bad_groups_is_told_once() {
    let mut script = Script::new(20, 5);
    for group in 1..4 {
        script = script.fault(group, Fault::Changed);
    }
    let mut stage = Stage::new(&script, 100);
    assert_eq!(
        stage.settle(),
        ["the clip changed while it was open; open it again. Frames 5 to 9 are skipped."]
    );
    stage.apply("play");
    assert_eq!(stage.play(2.0, 0.05), [0, 1, 2, 3, 4]);
    assert_eq!(stage.tick(0.0).playback, Playback::Ended);
}

#[test]
fn a_clip_without_one_good_group_ends_at_once() {
    for mode in ["off", "all", "bounce"] {
        let script = Script::new(10, 5)
            .fault(0, Fault::Read)
            .fault(1, Fault::Read);
        let mut stage = Stage::new(&script, 100);
        stage.apply(&format!("loop {mode}"));
        stage.apply("play");
        let notices = stage.settle();
        assert_eq!(notices.len(), 2, "{mode}");
        let state = stage.tick(0.1);
        assert_eq!(state.playback, Playback::Ended, "{mode}");
        assert!(state.picture.is_none() && state.next_wakeup.is_none());
    }
}

#[test]
fn a_seek_to_a_frame_that_cannot_be_had_shows_the_nearest() {
    let script = Script::new(15, 5).fault(1, Fault::Read);
    let mut stage = Stage::new(&script, 100);
    stage.settle();
    stage.apply("seek-frame 8");
    let state = stage.tick(0.0);
    assert_eq!(state.picture.expect("the nearest").index, 10);
    assert!(!state.buffering);
}

#[test]
fn less_memory_than_a_group_still_plays_every_frame() {
    for capacity in [1, 2, 3, 7] {
        for mode in ["off", "all", "bounce"] {
            let script = Script::new(20, 10);
            let mut stage = Stage::new(&script, capacity);
            stage.apply(&format!("loop {mode}"));
            stage.apply("play");
            stage.settle();
            let mut shown = stage.play(4.2, 0.1);
            // Frame 0 was shown by the settling, if there was room to go on at once.
            if shown[0] == 1 {
                shown.insert(0, 0);
            }
            let expected: Vec<usize> = match mode {
                "off" => (0..20).collect(),
                "all" => (0..40).map(|frame| frame % 20).collect(),
                _ => (0..38)
                    .map(|frame| if frame < 20 { frame } else { 38 - frame })
                    .collect(),
            };
            let length = expected.len();
            let shown = &shown[..length.min(shown.len())];
            assert_eq!(shown, expected, "{capacity} {mode}");
            assert!(stage.tick(0.0).memory_bytes <= capacity * FRAME_BYTES);
        }
    }
}

#[test]
fn less_memory_than_a_group_reads_each_group_once_on_the_way() {
    let script = Script::new(40, 10);
    let mut stage = Stage::new(&script, 5);
    stage.apply("play");
    stage.settle();
    stage.play(4.2, 0.05);
    // Frame sizes are unknown until the first is there, which may cost the first group twice.
    let reads = stage.log.reads();
    assert!(reads.len() <= 5, "{reads:?}");
}

#[test]
fn a_frame_larger_than_the_memory_is_skipped_with_a_notice() {
    let mut script = Script::new(10, 5);
    script.gaussians = |frame| if frame == 3 { 50 } else { 1 };
    let mut stage = Stage::new(&script, 20);
    let notices = stage.settle();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(
        notices[0].ends_with("choose one with fewer Gaussians. Frame 3 is skipped."),
        "{notices:?}"
    );
    stage.apply("play");
    assert_eq!(stage.play(1.5, 0.05), [0, 1, 2, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn what_a_clip_leaves_out_is_told_once_and_its_oddities_are_not() {
    let script = Script::new(3, 3);
    let mut info = script.info();
    info.warnings = vec!["It is odd.".to_owned(), "It has a gap.".to_owned()];
    info.omissions = vec!["It has a gap.".to_owned()];
    let mut player = zoetrope_player::Player::with_supplier(
        info,
        Vec::new(),
        script.decoder().engine(),
        Box::new(zoetrope_player::InlineDecoding::new(
            script.demuxer(),
            script.decoder(),
            std::sync::Arc::new(|| 0.0),
        )),
        &PlayerOptions::default(),
    );
    assert_eq!(player.tick(0.0).notices, ["It has a gap."]);
    assert!(player.tick(0.1).notices.is_empty());
    // Without threads it asks to be called until all is decoded.
    let mut state = player.tick(0.2);
    for tick in 0..20 {
        state = player.tick(0.3 + f64::from(tick));
    }
    assert_eq!(ranges(&state), [0..3]);
    assert_eq!(state.next_wakeup, None);
}

#[test]
fn autoplay_and_loop_come_from_the_options() {
    let script = Script::new(10, 5);
    let options = PlayerOptions {
        autoplay: true,
        loop_mode: zoetrope_player::LoopMode::Bounce,
        ..PlayerOptions::default()
    };
    let mut stage = Stage::with_options(&script, &options);
    let state = stage.tick(0.0);
    assert_eq!(state.playback, Playback::Playing);
    assert_eq!(state.loop_mode, zoetrope_player::LoopMode::Bounce);
    assert_eq!(stage.player.info().title, "scripted");
    assert_eq!(stage.player.engine().name, "none");
    stage.settle();
    assert_eq!(stage.player.engine().name, "script");
}

#[test]
fn a_clip_without_frames_is_harmless() {
    let script = Script::new(0, 5);
    let mut stage = Stage::new(&script, 10);
    stage.apply("play");
    assert!(stage.settle().is_empty());
    let state = stage.tick(1.0);
    assert!(state.picture.is_none() && !state.buffering && state.next_wakeup.is_none());
    assert_eq!((state.duration, state.frame), (0.0, 0));
}
