//! The pipeline on its own thread. Waiting is bounded by a deadline, never by a number of tries.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use zoetrope_player::{
    Command, DecodeThread, FrameSupplier, Pipeline, Player, PlayerOptions, PlayerState, Request,
    Window,
};

use crate::scripted::{FRAME_BYTES, Fault, Script, ranges};

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
