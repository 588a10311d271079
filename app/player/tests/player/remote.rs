//! Clips in layers, over a network that the test has in hand.

use std::ops::Range;

use zoetrope_codecs::clip::Detail::{self, Key, Layers};
use zoetrope_player::{Playback, PlayerState, Quality, WaitCause};

use crate::scripted::{Fault, Mode, Script, Stage, layers, ranges};

const FULL: Detail = Detail::FULL;

/// Room for everything.
const ROOM: usize = 10_000;

fn shown(state: &PlayerState) -> (usize, u8, bool) {
    let picture = state.picture.as_ref().expect("a picture");
    (picture.index, layers(&picture.frame), picture.exact)
}

fn buffered(state: &PlayerState) -> Vec<Range<usize>> {
    state.buffered.to_vec()
}

#[test]
fn a_seek_shows_a_coarse_picture_and_then_the_frame_in_better_and_better_detail() {
    let (script, network) = Script::remote(200, 10, 3);
    network.bring(0, FULL);
    let mut stage = Stage::new(&script, ROOM);
    stage.tick(0.0);
    while stage.log.parts().is_empty() || stage.tick(0.0).buffering {
        assert!(stage.decode_step());
    }
    assert_eq!(stage.log.parts(), [(0, FULL)]);
    stage.apply("seek-frame 155");
    let state = stage.tick(0.0);
    assert_eq!(shown(&state), (0, 255, false));
    assert_eq!(stage.log.prefetched()[..2], [(15, Key), (15, Layers(1))]);
    // Reading and one frame.
    assert!(stage.decode_step() && stage.decode_step());
    let state = stage.tick(0.0);
    assert_eq!(shown(&state), (150, 0, false));
    assert!(
        state
            .picture
            .as_ref()
            .is_some_and(zoetrope_player::Picture::is_coarse)
    );
    assert!(state.buffering && state.decoded.iter().all(|range| !range.contains(&150)));
    // The old picture stays until the frame itself is there: nothing runs past.
    let mut seen = vec![shown(&state)];
    while stage.decode_step() {
        let now = shown(&stage.tick(0.0));
        if seen.last() != Some(&now) {
            seen.push(now);
        }
    }
    assert_eq!(seen, [(150, 0, false), (155, 1, true), (155, 255, true)]);
    let parts = stage.log.parts();
    assert_eq!(
        parts[1..4],
        [(15, Key), (15, Layers(1)), (15, FULL)],
        "{parts:?}"
    );
    // Of what is far away nothing is read.
    assert!(parts.iter().all(|(group, _)| *group == 0 || *group >= 9));
}

#[test]
fn a_clip_that_is_here_is_read_in_full_at_once() {
    let mut script = Script::new(30, 10);
    script.layers = 3;
    let mut stage = Stage::new(&script, ROOM);
    stage.settle();
    stage.apply("seek-frame 25");
    stage.settle();
    assert_eq!(stage.log.parts(), [(0, FULL), (1, FULL), (2, FULL)]);
    let state = stage.tick(0.0);
    assert_eq!((state.layers, state.levels), (3, 3));
    assert!(state.network.is_none() && state.waiting.is_none());
    assert_eq!(buffered(&state), [0..30]);
}

#[test]
fn a_chosen_quality_is_kept_to() {
    let mut script = Script::new(20, 10);
    script.layers = 3;
    let mut stage = Stage::new(&script, ROOM);
    stage.apply("quality 1");
    stage.settle();
    assert_eq!(stage.log.parts(), [(0, Layers(1)), (1, Layers(1))]);
    let state = stage.tick(0.0);
    assert_eq!((state.quality, state.layers), (Quality::Layers(1), 1));
    stage.apply("quality 2");
    stage.settle();
    assert_eq!(stage.log.parts()[2..], [(0, Layers(2)), (1, Layers(2))]);
    assert_eq!(shown(&stage.tick(0.0)), (0, 2, true));
    // More than there is, is all there is; and less throws nothing away.
    stage.apply("quality 9");
    stage.settle();
    assert_eq!(stage.log.parts()[4..], [(0, FULL), (1, FULL)]);
    stage.apply("quality 1");
    stage.settle();
    assert_eq!(stage.log.parts().len(), 6);
    assert_eq!(shown(&stage.tick(0.0)), (0, 255, true));
}

#[test]
fn a_standing_clip_gets_as_good_as_it_can_and_a_playing_one_is_left_alone() {
    let (script, network) = Script::remote(40, 10, 3);
    let mut stage = Stage::new(&script, ROOM);
    stage.settle();
    // What is looked at comes first, then the rest.
    let parts = stage.log.parts();
    assert_eq!(parts[..3], [(0, Key), (0, Layers(1)), (0, FULL)]);
    assert_eq!(parts[parts.len() - 3..], [(1, FULL), (2, FULL), (3, FULL)]);
    for group in 0..4 {
        assert!(network.has(group, FULL));
    }
    let (script, _) = Script::remote(40, 10, 3);
    let mut stage = Stage::new(&script, ROOM);
    stage.apply("play");
    stage.settle();
    let seen = stage.play(3.0, 0.05);
    assert!(seen.len() > 10);
    // Nothing is known of the network: the base layer, each group once.
    let parts = stage.log.parts();
    assert!(!parts.contains(&(0, FULL)), "{parts:?}");
    let base: Vec<_> = (0..4).map(|group| (group, Layers(1))).collect();
    let read: Vec<_> = parts
        .into_iter()
        .filter(|(_, detail)| *detail == Layers(1))
        .collect();
    assert_eq!(read, base);
}

#[test]
fn a_loop_that_was_loaded_in_haste_gets_better_as_it_plays() {
    let (script, network) = Script::remote(60, 10, 3);
    let mut stage = Stage::new(&script, ROOM);
    stage.apply("loop all");
    stage.apply("play");
    stage.settle();
    stage.play(2.0, 0.05);
    assert_eq!(shown(&stage.tick(0.0)).1, 1);
    for _ in 0..20 {
        network.transfer(50e6);
    }
    // The network brings what it was asked for.
    for _ in 0..4 {
        stage.play(2.0, 0.05);
        for (group, detail) in stage.log.prefetched() {
            network.bring(group, detail);
        }
    }
    stage.play(6.0, 0.05);
    assert_eq!(shown(&stage.tick(0.0)).1, 255);
    assert_eq!(stage.tick(0.0).layers, 3);
}

#[test]
fn playing_stops_for_the_network_and_goes_on_when_a_second_is_there() {
    let (script, network) = Script::remote(100, 5, 2);
    network.bring(0, FULL);
    let mut stage = Stage::new(&script, ROOM);
    stage.apply("play");
    // Decoding by hand, as far as the network has brought.
    let decode = |stage: &mut Stage, groups: Range<usize>| {
        for _ in 0..100 {
            stage.tick(0.0);
            let next = stage.log.prefetched().first().map(|part| part.0);
            if next.is_some_and(|next| !groups.contains(&next)) {
                return;
            }
            stage.decode_step();
        }
    };
    decode(&mut stage, 0..1);
    let state = stage.tick(0.3);
    assert!((state.time - 0.3).abs() < 1e-9 && !state.buffering);
    let mut stalled = 0.0;
    while stage.tick(0.05).waiting.is_none() {
        stalled += 0.05;
        assert!(stalled < 2.0);
    }
    let state = stage.tick(0.5);
    let waiting = state.waiting.expect("it waits");
    assert_eq!(waiting.cause, WaitCause::Network);
    assert!((waiting.seconds - 0.5).abs() < 1e-9, "{waiting:?}");
    assert_eq!((state.playback, state.frame), (Playback::Playing, 5));
    assert_eq!(buffered(&state), [0..5]);
    // It looks again by itself.
    assert!(
        state
            .next_wakeup
            .is_some_and(|wakeup| wakeup > 0.0 && wakeup < 0.2)
    );
    // One group, half a second, is not enough to go on.
    network.bring(1, FULL);
    decode(&mut stage, 1..2);
    let state = stage.tick(0.1);
    assert_eq!((state.frame, state.buffering), (5, true));
    assert_eq!(shown(&state).0, 5);
    network.bring(2, FULL);
    decode(&mut stage, 1..3);
    let state = stage.tick(0.1);
    assert!(!state.buffering && state.waiting.is_none());
    assert_eq!(stage.tick(0.1).frame, 7);
    let ahead_s = stage.tick(0.0).network.expect("a network").buffered_s;
    assert!((ahead_s - 0.8).abs() < 0.01, "{ahead_s}");
}

#[test]
fn the_end_of_a_clip_is_enough_to_go_on() {
    let (script, network) = Script::remote(12, 5, 2);
    let mut stage = Stage::new(&script, ROOM);
    for group in 0..3 {
        network.bring(group, Layers(1));
    }
    stage.apply("seek-frame 10");
    stage.apply("play");
    stage.settle();
    assert_eq!(stage.play(0.5, 0.05), [10, 11]);
    assert_eq!(stage.tick(0.0).playback, Playback::Ended);
}

#[test]
fn what_is_at_hand_in_fewer_layers_is_shown_while_somebody_waits() {
    let (script, network) = Script::remote(100, 10, 3);
    network.bring(5, Layers(2));
    let mut stage = Stage::new(&script, ROOM);
    stage.apply("quality 3");
    stage.apply("seek-frame 55");
    stage.tick(0.0);
    assert!(stage.decode_step());
    assert_eq!(stage.log.parts(), [(5, Layers(2))]);
}

#[test]
fn a_hand_on_the_bar_reads_first_pictures_only() {
    let (script, _) = Script::remote(200, 10, 3);
    let mut stage = Stage::new(&script, ROOM);
    stage.settle();
    let before = stage.log.parts().len();
    for group in [9, 12, 15, 11] {
        stage.apply(&format!("scrub {}", group as f64 + 0.45));
        stage.tick(0.0);
        // Reading and one frame each.
        assert!(stage.decode_step() && stage.decode_step());
        let state = stage.tick(0.0);
        assert_eq!(shown(&state), (group * 10, 0, false));
        let near = stage.log.prefetched();
        for neighbour in [group - 1, group + 1] {
            assert!(near.contains(&(neighbour, Key)), "{near:?}");
        }
    }
    assert_eq!(
        stage.log.parts()[before..],
        [9, 12, 15, 11].map(|group| (group, Key))
    );
    // When it rests, the frame comes.
    stage.settle();
    assert_eq!(shown(&stage.tick(0.0)), (114, 255, true));
}

#[test]
fn the_network_is_told_what_will_be_played() {
    let (script, network) = Script::remote(300, 10, 2);
    let mut stage = Stage::new(&script, ROOM);
    stage.apply("seek-frame 150");
    stage.apply("play");
    stage.tick(0.0);
    let list = stage.log.prefetched();
    let expected: Vec<_> = [(15, Key)]
        .into_iter()
        .chain((15..20).map(|group| (group, Layers(1))))
        .collect();
    assert_eq!(list[..6], expected);
    assert!(
        list.contains(&(14, Layers(1))) && list.len() < 9,
        "{list:?}"
    );
    // Backwards on the way back.
    for group in 0..30 {
        network.bring(group, Layers(1));
    }
    stage.apply("set-a 140");
    stage.apply("set-b 200");
    stage.apply("loop bounce");
    stage.settle();
    stage.play(5.0, 0.05);
    assert_eq!(buffered(&stage.tick(0.0)), [0..300]);
}

#[test]
fn what_the_network_failed_to_bring_is_tried_again_by_a_seek() {
    let (script, network) = Script::remote(30, 10, 2);
    network.bring(0, FULL);
    network.set(Mode::Broken);
    let mut stage = Stage::new(&script, ROOM);
    let notices = stage.settle();
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert_eq!(ranges(&stage.tick(0.0)), [0..10]);
    assert_eq!(buffered(&stage.tick(0.0)), [0..10]);
    network.set(Mode::Fast);
    stage.apply("seek-frame 15");
    stage.settle();
    assert_eq!(shown(&stage.tick(0.0)), (15, 255, true));
    assert_eq!(ranges(&stage.tick(0.0)), [0..20]);
}

#[test]
fn what_cannot_be_had_better_stays_and_is_told_once() {
    let (script, _) = Script::remote(20, 10, 2);
    let script = script.fault(0, Fault::Enhancement);
    let mut stage = Stage::new(&script, ROOM);
    let notices = stage.settle();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(
        notices[0].ends_with("Frames 0 to 9 stay in lower quality."),
        "{notices:?}"
    );
    assert_eq!(shown(&stage.tick(0.0)), (0, 1, true));
    assert_eq!(ranges(&stage.tick(0.0)), [0..20]);
    let parts = stage.log.parts();
    assert_eq!(parts.iter().filter(|part| **part == (0, FULL)).count(), 1);
}

#[test]
fn pictures_for_the_bar_are_read_when_nobody_waits() {
    let (script, _) = Script::remote(100, 10, 2);
    let mut stage = Stage::new(&script, ROOM);
    stage.tick(0.0);
    while stage.tick(0.0).buffering {
        assert_eq!(
            stage
                .log
                .thumbnails
                .load(std::sync::atomic::Ordering::SeqCst),
            0
        );
        assert!(stage.tick(0.0).thumbnails.is_none());
        stage.decode_step();
    }
    stage.settle();
    assert_eq!(
        stage
            .log
            .thumbnails
            .load(std::sync::atomic::Ordering::SeqCst),
        1
    );
    let thumbnails = stage.tick(0.0).thumbnails.expect("thumbnails");
    assert_eq!(thumbnails.frames, [0]);
}

#[test]
fn slow_decoding_takes_layers_away_and_a_stop_gives_them_back() {
    let mut script = Script::new(200, 10);
    script.layers = 3;
    // The stage's clock moves by a millisecond whenever it is looked at, so that decoding takes one
    // for each frame.
    script.frame_rate = 1000.0;
    let mut stage = Stage::new(&script, 60);
    stage.apply("play");
    stage.settle();
    stage.play(0.1, 0.001);
    assert_eq!(stage.tick(0.0).layers, 1);
    stage.apply("pause");
    stage.settle();
    assert_eq!(shown(&stage.tick(0.0)).1, 255);
}
