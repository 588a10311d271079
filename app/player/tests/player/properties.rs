//! Random commands, ticks and decoding: what must hold, holds.

use zoetrope_codecs::clip::Detail;
use zoetrope_codecs::random;
use zoetrope_player::{Command, LoopMode, Playback, PlayerState};

use crate::scripted::{FRAME_BYTES, Fault, Mode, Script, Stage};

/// Random input for a player.
struct Random(random::Random);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0.bits() % end
    }

    /// Mostly sensible numbers, some that are none.
    fn number(&mut self) -> f64 {
        match self.below(20) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => f64::MIN,
            3 => 1e300,
            _ => self.below(1200) as f64 / 100.0 - 2.0,
        }
    }

    fn command(&mut self) -> Command {
        match self.below(24) {
            0 | 1 => Command::Play,
            2 => Command::Pause,
            3 => Command::TogglePlay,
            4 => Command::Seek(self.number()),
            5 => Command::SeekBy(self.number()),
            6 => Command::SeekFrame(self.below(60) as usize),
            7 | 8 => Command::Scrub(self.number()),
            9 | 10 => Command::ScrubEnd,
            11 => Command::Step(self.below(7) as i64 - 3),
            12 => Command::Speed(self.number()),
            13 => Command::SpeedUp,
            14 => Command::SpeedDown,
            15 => Command::Loop(LoopMode::ALL[self.below(3) as usize].0),
            16 => Command::LoopCycle,
            17 => Command::AbStart,
            18 => Command::AbEnd,
            19 => Command::AbClear,
            20 => Command::AbCycle,
            21 => Command::GoPercent(self.number()),
            22 => Command::GoStart,
            _ => Command::GoEnd,
        }
    }
}

fn check(state: &PlayerState, limit_bytes: usize, previous: Option<&PlayerState>) {
    assert!((0.0..=state.duration).contains(&state.time), "{state:?}");
    assert!(state.frame < state.frame_count.max(1));
    assert!((0.1..=4.0).contains(&state.speed));
    let held: usize = state.decoded.iter().map(ExactSizeIterator::len).sum();
    assert!(held * FRAME_BYTES <= limit_bytes);
    for pair in state.decoded.windows(2) {
        assert!(pair[0].end < pair[1].start);
    }
    if let Some(picture) = &state.picture {
        let is_due = picture.index == state.frame && !picture.is_coarse();
        assert_eq!(picture.exact, is_due);
        // Playing may stop on a frame that is there, until the network has brought more.
        assert!(!(state.buffering && picture.exact) || state.network.is_some());
    } else {
        assert!(previous.is_none_or(|previous| previous.picture.is_none()));
    }
    if let Some(wakeup) = state.next_wakeup {
        assert!(wakeup.is_finite() && wakeup >= 0.0);
        if state.network.is_none() || !state.buffering {
            assert_eq!(state.playback, Playback::Playing);
            assert!(!state.scrubbing && !state.buffering);
        }
    }
}

#[test]
fn whatever_is_done_the_state_stays_sane() {
    for seed in 0..150 {
        let mut random = Random(random::Random::new(seed));
        let frames = [0, 1, 2, 7, 50][random.below(5) as usize];
        let group_frames = 1 + random.below(12) as usize;
        let capacity = 1 + random.below(60) as usize;
        let mut script = Script::new(frames, group_frames);
        for group in 0..frames.div_ceil(group_frames) {
            let faults = [Fault::Read, Fault::Push, Fault::Frame, Fault::Short];
            if random.below(6) == 0 {
                script = script.fault(group, faults[random.below(4) as usize]);
            }
        }
        let mut stage = Stage::new(&script, capacity);
        let limit_bytes = capacity * FRAME_BYTES;
        let mut previous: Option<PlayerState> = None;
        for _ in 0..400 {
            if random.below(3) == 0 {
                stage.player.apply(random.command());
            }
            for _ in 0..random.below(4) {
                stage.decode_step();
            }
            let seconds = match random.below(12) {
                0 => 3600.0,
                1 => -1.0,
                _ => random.below(200) as f64 / 1000.0,
            };
            let state = stage.tick(seconds);
            check(&state, limit_bytes, previous.as_ref());
            previous = Some(state);
        }
        // Left alone, decoding comes to rest and the frame that is due is there or cannot be had.
        stage.player.apply(Command::ScrubEnd);
        stage.player.apply(Command::Pause);
        stage.settle();
        let state = stage.tick(0.0);
        assert!(!state.buffering, "seed {seed}: {state:?}");
        check(&state, limit_bytes, previous.as_ref());
    }
}

#[test]
fn whatever_the_network_does_the_state_stays_sane_and_quality_only_rises() {
    for seed in 0..100 {
        let mut random = Random(random::Random::new(5000 + seed));
        let levels = 1 + random.below(4) as u8;
        let group_frames = 1 + random.below(12) as usize;
        let (mut script, network) = Script::remote(60, group_frames, levels);
        for group in 0..60_usize.div_ceil(group_frames) {
            let faults = [Fault::Read, Fault::Enhancement, Fault::Short];
            if random.below(8) == 0 {
                script = script.fault(group, faults[random.below(3) as usize]);
            }
        }
        let capacity = 1 + random.below(90) as usize;
        let mut stage = Stage::new(&script, capacity);
        let limit_bytes = capacity * FRAME_BYTES;
        let mut previous: Option<PlayerState> = None;
        for _ in 0..300 {
            match random.below(8) {
                0 | 1 => drop(stage.player.apply(random.command())),
                2 => network.set([Mode::Fast, Mode::Broken][random.below(2) as usize]),
                3 => network.transfer(random.below(90) as f64 * 1e6),
                4 => {
                    let group = random.below(60) as usize / group_frames;
                    network.bring(group, Detail::Layers(random.below(5) as u8));
                }
                _ => {}
            }
            for _ in 0..random.below(4) {
                stage.decode_step();
            }
            let state = stage.tick(random.below(200) as f64 / 1000.0);
            check(&state, limit_bytes, previous.as_ref());
            if let Some((old, new)) = previous
                .as_ref()
                .and_then(|old| old.picture.as_ref())
                .zip(state.picture.as_ref())
            {
                assert!(old.index != new.index || old.detail <= new.detail, "{seed}");
            }
            previous = Some(state);
        }
        network.set(Mode::Fast);
        stage.player.apply(Command::ScrubEnd);
        stage.player.apply(Command::Pause);
        stage.settle();
        let state = stage.tick(0.0);
        assert!(!state.buffering, "seed {seed}: {state:?}");
        check(&state, limit_bytes, previous.as_ref());
    }
}

#[test]
fn every_frame_that_can_be_had_is_reached_from_everywhere() {
    for seed in 0..20 {
        let mut random = Random(random::Random::new(1000 + seed));
        let group_frames = 1 + random.below(9) as usize;
        let capacity = 1 + random.below(12) as usize;
        let mut stage = Stage::new(&Script::new(30, group_frames), capacity);
        for _ in 0..60 {
            let frame = random.below(30) as usize;
            stage.player.apply(Command::SeekFrame(frame));
            stage.settle();
            let picture = stage.tick(0.0).picture.expect("a picture");
            assert!(picture.exact && picture.index == frame, "seed {seed}");
        }
    }
}
