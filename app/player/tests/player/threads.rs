//! The pipeline on its own thread. Waiting is bounded by a deadline, never by a number of tries.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use zoetrope_player::{
    Command, DecodeThread, FrameSupplier, Pipeline, Player, PlayerOptions, PlayerState, Request,
    Window,
};

use zoetrope_codecs::clip::Detail::{self, Key, Layers};

use crate::scripted::{FRAME_BYTES, Fault, Mode, Script, layers, ranges};

const DEADLINE: Duration = Duration::from_secs(20);

fn until(mut tick: impl FnMut() -> bool) {
    let started = Instant::now();
    while !tick() {
        assert!(started.elapsed() < DEADLINE, "it never happened");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn player(script: &Script, options: PlayerOptions) -> Player {
    Player::new(script.demuxer(), script.decoder(), options).expect("a thread")
}

fn until_state(player: &mut Player, mut done: impl FnMut(&PlayerState) -> bool) {
    until(|| done(&player.tick(0.0)));
}

#[test]
fn decodes_everything_and_wakes_the_interface() {
    let woken = Arc::new(AtomicUsize::new(0));
    let counter = woken.clone();
    let script = Script::new(40, 10);
    let options = PlayerOptions {
        waker: Arc::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        }),
        ..PlayerOptions::default()
    };
    let mut player = player(&script, options);
    until_state(&mut player, |state| ranges(state) == [0..40]);
    assert_eq!(script.log.decoded(), 40);
    assert_eq!(woken.load(Ordering::SeqCst), 40);
    assert_eq!(player.tick(0.0).next_wakeup, None);
}

#[test]
fn an_urgent_seek_stops_a_read_that_hangs() {
    let script = Script::new(40, 10).fault(1, Fault::Hang);
    let mut player = player(&script, PlayerOptions::default());
    until_state(&mut player, |_| script.log.hanging.load(Ordering::SeqCst));
    player.apply(Command::SeekFrame(35));
    until_state(&mut player, |state| {
        state.picture.as_ref().is_some_and(|picture| picture.exact)
    });
    assert!(player.tick(0.0).notices.is_empty());
}

#[test]
fn dropping_the_player_stops_a_read_that_hangs() {
    let script = Script::new(40, 10).fault(0, Fault::Hang);
    let mut player = player(&script, PlayerOptions::default());
    until_state(&mut player, |_| script.log.hanging.load(Ordering::SeqCst));
    let started = Instant::now();
    drop(player);
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn results_nobody_takes_are_bounded_in_bytes() {
    let script = Script::new(1000, 10);
    let pipeline = Pipeline::new(script.demuxer(), script.decoder(), Arc::new(|| 0.0));
    let limit_bytes = 5 * FRAME_BYTES;
    let mut thread =
        DecodeThread::spawn(pipeline, limit_bytes, Arc::new(|| {}), || {}).expect("a thread");
    let window: Window = zoetrope_player::PlayOrder::start(1000).window(1000);
    thread.request(Request {
        window,
        ..Request::default()
    });
    until(|| thread.waiting_bytes() >= limit_bytes);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(thread.waiting_bytes(), limit_bytes);
    assert_eq!(script.log.decoded(), 5);
    // Taking one makes room for one.
    assert!(thread.receive().is_some());
    until(|| script.log.decoded() == 6);
}

#[test]
fn panics_of_the_clip_are_notices() {
    let script = Script::new(30, 10)
        .fault(0, Fault::DemuxerPanic)
        .fault(1, Fault::DecoderPanic);
    let mut player = player(&script, PlayerOptions::default());
    let mut notices = Vec::new();
    until_state(&mut player, |state| {
        notices.extend(state.notices.clone());
        notices.len() == 2 && ranges(state) == [10..11, 20..30]
    });
    assert!(notices[0].contains("failed while reading"), "{notices:?}");
    assert!(notices[1].contains("failed while decoding"), "{notices:?}");
}

#[test]
fn plays_in_real_time_to_the_end() {
    let mut script = Script::new(20, 5);
    script.frame_rate = 100.0;
    let options = PlayerOptions {
        autoplay: true,
        store_bytes: 8 * FRAME_BYTES,
        hand_over_bytes: 2 * FRAME_BYTES,
        ..PlayerOptions::default()
    };
    let mut player = player(&script, options);
    let started = Instant::now();
    let mut last = 0;
    until(|| {
        let state = player.tick(started.elapsed().as_secs_f64());
        assert!(state.frame >= last);
        last = state.frame;
        assert!(state.memory_bytes <= 10 * FRAME_BYTES);
        state.playback == zoetrope_player::Playback::Ended
    });
    assert_eq!(last, 19);
}

/// A player over a network that brings nothing by itself.
fn waiting(frames: usize, layers: u8) -> (Script, crate::scripted::Network, Player) {
    let (script, network) = Script::remote(frames, 10, layers);
    network.set(Mode::Waiting);
    let player = player(&script, PlayerOptions::default());
    (script, network, player)
}

#[test]
fn a_seek_leaves_a_slow_read_for_a_coarse_picture() {
    let (script, network, mut player) = waiting(100, 2);
    network.bring(0, Detail::FULL);
    // It reads ahead, and gets nothing.
    until_state(&mut player, |_| {
        script.log.parts().last() == Some(&(1, Layers(1)))
    });
    player.apply(Command::SeekFrame(85));
    until_state(&mut player, |_| {
        script.log.parts().last() == Some(&(8, Key))
    });
    network.bring(8, Key);
    until_state(&mut player, |state| {
        let picture = state.picture.as_ref();
        picture.is_some_and(|picture| picture.is_coarse() && picture.index == 80)
    });
    network.bring(8, Layers(1));
    until_state(&mut player, |state| {
        let picture = state.picture.as_ref();
        picture.is_some_and(|picture| picture.exact && layers(&picture.frame) == 1)
    });
    assert_eq!(ranges(&player.tick(0.0))[0], 0..10);
}

#[test]
fn a_read_of_too_much_is_left_for_the_base_layer_when_playing_stops() {
    let (script, network, mut player) = waiting(100, 3);
    network.bring(0, Detail::FULL);
    player.apply(Command::Quality(zoetrope_player::Quality::Layers(3)));
    player.apply(Command::Play);
    until_state(&mut player, |_| {
        script.log.parts().last() == Some(&(1, Detail::FULL))
    });
    // All that was there has been played.
    let mut now = 0.0;
    until(|| {
        now += 0.05;
        player.tick(now);
        script.log.parts().last() == Some(&(1, Layers(1)))
    });
    network.bring(1, Layers(1));
    until(|| {
        now += 0.05;
        player.tick(now).frame > 10
    });
}

#[test]
fn a_read_that_takes_too_long_is_given_up() {
    let (script, network) = Script::remote(200, 10, 3);
    network.set(Mode::Waiting);
    for group in 0..4 {
        network.bring(group, Detail::FULL);
    }
    for _ in 0..8 {
        network.transfer(50e6);
    }
    let mut player = player(&script, PlayerOptions::default());
    player.apply(Command::Play);
    // With four seconds at hand it wants more than the base layer, and does not get it.
    let last = || script.log.parts().last().copied();
    until(|| {
        player.tick(0.0);
        last().is_some_and(|(group, detail)| group == 4 && detail > Layers(1))
    });
    let mut now = 0.0;
    until(|| {
        now += 0.05;
        let state = player.tick(now);
        assert!(!state.buffering || now > 3.9, "{now}");
        last() == Some((4, Layers(1)))
    });
    assert!(now > 1.8, "{now}");
}

#[test]
fn what_the_network_brings_is_seen_while_nothing_is_done() {
    let woken = Arc::new(AtomicUsize::new(0));
    let counter = woken.clone();
    let (script, network) = Script::remote(100, 10, 1);
    let options = PlayerOptions {
        waker: Arc::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        }),
        // Full after a group, and never ahead of the player.
        store_bytes: 10 * FRAME_BYTES,
        hand_over_bytes: FRAME_BYTES,
        ..PlayerOptions::default()
    };
    let mut player = player(&script, options);
    until_state(&mut player, |state| ranges(state) == [0..10]);
    let before = woken.load(Ordering::SeqCst);
    network.bring(3, Detail::FULL);
    until_state(&mut player, |state| {
        state.buffered.to_vec() == [0..10, 30..40]
    });
    assert!(woken.load(Ordering::SeqCst) > before);
}
