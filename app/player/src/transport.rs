//! The state machine of time: which frame is due at which moment.

use std::ops::Range;

use zoetrope_codecs::ClipInfo;

use crate::{Command, FrameStatus, LoopMode, PlayOrder, Repeat};

/// Slowest speed.
pub const SPEED_MIN: f64 = 0.1;
/// Fastest speed.
pub const SPEED_MAX: f64 = 4.0;
/// The steps of the speed keys.
const SPEED_STEPS: [f64; 10] = [0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0];
/// A longer gap between two ticks means that the machine slept or the window was hidden: playback
/// goes on where it was.
const GAP_MAX_S: f64 = 5.0;
/// Frame rates outside this range are not believed.
const FRAME_RATES: std::ops::RangeInclusive<f64> = 0.01..=1000.0;
/// The frame rate of a clip that tells nothing believable.
const FRAME_RATE_USUAL: f64 = 30.0;
/// Rounding allowance in frames: a time that means a frame's very start lies in that frame, even
/// when seconds times frame rate comes out a hair below a whole number.
const EPSILON: f64 = 1e-6;

/// What the clock does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Playback {
    /// It runs (unless it waits for a frame, or the time bar is held).
    Playing,
    /// It stands.
    Paused,
    /// It stands on the last frame, which was played to its end.
    Ended,
}

/// Position, speed, loops. Times are in seconds of the clip, positions in frames.
#[derive(Clone, Debug)]
pub struct Transport {
    frame_rate: f64,
    frame_count: usize,
    /// In frames, 0 to `frame_count`. Forwards frame `f` lasts from `f` to `f + 1`, backwards from
    /// `f + 1` down to `f`.
    position: f64,
    reversed: bool,
    playback: Playback,
    scrubbing: bool,
    waiting: bool,
    speed: f64,
    loop_mode: LoopMode,
    a: Option<usize>,
    b: Option<usize>,
    last_now: Option<f64>,
}

impl Transport {
    /// Paused on the first frame of a clip.
    pub fn new(info: &ClipInfo) -> Self {
        let frame_rate = if FRAME_RATES.contains(&info.frame_rate) {
            info.frame_rate
        } else {
            FRAME_RATE_USUAL
        };
        Self {
            frame_rate,
            frame_count: info.frame_count,
            position: 0.0,
            reversed: false,
            playback: Playback::Paused,
            scrubbing: false,
            waiting: false,
            speed: 1.0,
            loop_mode: LoopMode::Off,
            a: None,
            b: None,
            last_now: None,
        }
    }

    /// Carries out a command about time; whether it was one.
    pub fn apply(&mut self, command: Command) -> bool {
        match command {
            Command::Play => self.play(),
            Command::Pause => self.pause(),
            Command::TogglePlay if self.playback == Playback::Playing => self.pause(),
            Command::TogglePlay => self.play(),
            Command::Seek(time) => self.seek(time * self.frame_rate),
            Command::SeekBy(seconds) => self.seek(self.position + seconds * self.frame_rate),
            Command::SeekFrame(frame) => self.seek(frame.min(self.last_frame()) as f64),
            Command::Scrub(time) => {
                // A time that is none must not leave the bar held for ever.
                self.scrubbing |= time.is_finite();
                self.seek(time * self.frame_rate);
            }
            Command::ScrubEnd => {
                self.scrubbing = false;
                self.last_now = None;
            }
            Command::Step(frames) => self.step(frames),
            Command::Speed(speed) if speed.is_finite() => {
                self.speed = speed.clamp(SPEED_MIN, SPEED_MAX);
            }
            Command::Speed(_) => {}
            Command::SpeedUp => {
                let next = SPEED_STEPS.iter().find(|step| **step > self.speed);
                self.speed = next.copied().unwrap_or(SPEED_MAX);
            }
            Command::SpeedDown => {
                let next = SPEED_STEPS.iter().rev().find(|step| **step < self.speed);
                self.speed = next.copied().unwrap_or(SPEED_MIN);
            }
            Command::SpeedReset => self.speed = 1.0,
            Command::Loop(mode) => self.set_loop(mode),
            Command::LoopCycle => self.set_loop(self.loop_mode.next()),
            Command::AbStart => self.a = Some(self.frame()),
            Command::AbEnd => self.b = Some(self.frame()),
            Command::SetA(frame) => self.a = Some(frame.min(self.last_frame())),
            Command::SetB(frame) => self.b = Some(frame.min(self.last_frame())),
            Command::AbCycle if self.a.is_none() => self.a = Some(self.frame()),
            Command::AbCycle if self.b.is_none() => self.b = Some(self.frame()),
            Command::AbClear | Command::AbCycle => (self.a, self.b) = (None, None),
            Command::GoPercent(percent) => {
                self.seek(percent.clamp(0.0, 100.0) / 100.0 * self.frame_count as f64);
            }
            Command::GoStart => self.seek(0.0),
            Command::GoEnd => self.seek(self.last_frame() as f64),
            // The others are about the picture or the window.
            _ => return false,
        }
        true
    }

    /// Lets time pass up to `now`, in seconds of any clock that does not go backwards. `status`
    /// says which frames can be had: at the first that is missing the clock waits, those that
    /// cannot be decoded are skipped.
    pub fn advance(&mut self, now: f64, status: &mut dyn FnMut(usize) -> FrameStatus) {
        let mut left = self.elapsed(now) * self.frame_rate * self.speed;
        if self.playback != Playback::Playing || self.scrubbing {
            self.waiting = status(self.frame()) == FrameStatus::Missing && self.frame_count > 0;
            return;
        }
        // The time spent waiting for this frame is not the clip's.
        if self.waiting {
            left = 0.0;
        }
        self.waiting = false;
        let mut skipped = 0;
        loop {
            match status(self.frame()) {
                FrameStatus::Missing => {
                    self.waiting = true;
                    return;
                }
                FrameStatus::Failed => {
                    skipped += 1;
                    // Twice round, in case the loop turns in the middle: there is no good frame.
                    if skipped > 2 * self.frame_count || !self.enter_next() {
                        self.playback = Playback::Ended;
                        return;
                    }
                    continue;
                }
                FrameStatus::Ready => skipped = 0,
            }
            let room = self.room();
            if left + EPSILON < room {
                self.position += if self.reversed { -left } else { left };
                return;
            }
            left = (left - room).max(0.0);
            if !self.enter_next() {
                return;
            }
        }
    }

    /// Seconds since the last tick that count.
    fn elapsed(&mut self, now: f64) -> f64 {
        if !now.is_finite() {
            return 0.0;
        }
        let gap = self.last_now.map_or(0.0, |last| now - last);
        self.last_now = Some(now);
        if (0.0..=GAP_MAX_S).contains(&gap) {
            gap
        } else {
            0.0
        }
    }

    /// Frames of time left in the current frame.
    fn room(&self) -> f64 {
        let frame = self.frame() as f64;
        if self.reversed {
            self.position - frame
        } else {
            frame + 1.0 - self.position
        }
    }

    /// Goes to the start of the frame that follows in play. False at the end, which it marks.
    fn enter_next(&mut self) -> bool {
        let (range, repeat) = self.range();
        let frame = self.frame();
        let next = if self.reversed {
            frame.checked_sub(1).filter(|next| *next >= range.start)
        } else {
            Some(frame + 1).filter(|next| *next < range.end)
        };
        match (next, repeat) {
            (Some(next), _) => self.enter(next),
            (None, Repeat::Once) => {
                self.position = range.end as f64;
                self.reversed = false;
                self.playback = Playback::Ended;
                return false;
            }
            (None, Repeat::Loop) => self.enter(range.start),
            (None, Repeat::Bounce) => {
                self.reversed = !self.reversed;
                let turned = if self.reversed {
                    range.end.saturating_sub(2)
                } else {
                    range.start + 1
                };
                self.enter(turned.clamp(range.start, range.end.saturating_sub(1)));
            }
        }
        true
    }

    fn enter(&mut self, frame: usize) {
        self.position = frame as f64 + if self.reversed { 1.0 } else { 0.0 };
    }

    fn play(&mut self) {
        // A single frame has no time to play.
        if self.frame_count < 2 {
            return;
        }
        if self.playback == Playback::Ended {
            self.position = self.range().0.start as f64;
            self.reversed = false;
        }
        if self.playback != Playback::Playing {
            self.last_now = None;
        }
        self.playback = Playback::Playing;
    }

    fn pause(&mut self) {
        if self.playback == Playback::Playing {
            self.playback = Playback::Paused;
        }
    }

    fn seek(&mut self, position: f64) {
        if !position.is_finite() {
            return;
        }
        self.position = position.clamp(0.0, self.frame_count as f64);
        self.reversed = false;
        self.last_now = None;
        if self.playback == Playback::Ended {
            self.playback = Playback::Paused;
        }
    }

    fn step(&mut self, frames: i64) {
        let distance = usize::try_from(frames.unsigned_abs()).unwrap_or(usize::MAX);
        let frame = if frames < 0 {
            self.frame().saturating_sub(distance)
        } else {
            self.frame().saturating_add(distance)
        };
        self.seek(frame.min(self.last_frame()) as f64);
        self.playback = Playback::Paused;
    }

    fn set_loop(&mut self, mode: LoopMode) {
        // Without this, switching off a bounce on its way back would play to the start and end.
        if mode != LoopMode::Bounce && self.reversed {
            let frame = self.frame();
            self.reversed = false;
            self.enter(frame);
        }
        self.loop_mode = mode;
    }

    fn last_frame(&self) -> usize {
        self.frame_count.saturating_sub(1)
    }

    /// The frame that is due; 0 in an empty clip.
    pub fn frame(&self) -> usize {
        let frame = if self.reversed {
            (self.position - EPSILON).ceil() - 1.0
        } else {
            (self.position + EPSILON).floor()
        };
        // The conversion saturates, so that -1 becomes 0.
        (frame as usize).min(self.last_frame())
    }

    /// The frames that are played, and what happens at their edges.
    pub fn range(&self) -> (Range<usize>, Repeat) {
        match (self.a, self.b) {
            (Some(a), Some(b)) => {
                let repeat = match self.loop_mode {
                    LoopMode::Bounce => Repeat::Bounce,
                    LoopMode::Off | LoopMode::All => Repeat::Loop,
                };
                (a.min(b)..a.max(b) + 1, repeat)
            }
            _ => {
                let repeat = match self.loop_mode {
                    LoopMode::Off => Repeat::Once,
                    LoopMode::All => Repeat::Loop,
                    LoopMode::Bounce => Repeat::Bounce,
                };
                (0..self.frame_count, repeat)
            }
        }
    }

    /// In which order frames will be wanted from here.
    pub fn order(&self) -> PlayOrder {
        let playhead = self.frame();
        let (range, repeat) = self.range();
        // Outside an A-B loop playback runs towards it first.
        let (range, repeat) = if range.contains(&playhead) {
            (range, repeat)
        } else {
            (0..self.frame_count, Repeat::Once)
        };
        PlayOrder {
            playhead,
            reversed: self.reversed,
            range,
            repeat,
            playing: self.playback == Playback::Playing && !self.scrubbing,
        }
    }

    /// Seconds from the last tick until the next frame is due; `None` while the clock stands.
    pub fn next_change(&self) -> Option<f64> {
        let runs = self.playback == Playback::Playing && !self.scrubbing && !self.waiting;
        runs.then(|| self.room().max(0.0) / (self.frame_rate * self.speed))
    }

    /// Position in seconds, 0 to [`Self::duration`].
    pub fn time(&self) -> f64 {
        self.position / self.frame_rate
    }

    /// Length in seconds.
    pub fn duration(&self) -> f64 {
        self.frame_count as f64 / self.frame_rate
    }

    /// Frames a second.
    pub fn frame_rate(&self) -> f64 {
        self.frame_rate
    }

    /// Number of frames.
    pub fn frame_count(&self) -> usize {
        self.frame_count
    }

    /// What the clock does.
    pub fn playback(&self) -> Playback {
        self.playback
    }

    /// Whether the time bar is held.
    pub fn is_scrubbing(&self) -> bool {
        self.scrubbing
    }

    /// Whether the frame that is due was missing at the last tick.
    pub fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// Speed, 1 is normal.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// What happens at the end.
    pub fn loop_mode(&self) -> LoopMode {
        self.loop_mode
    }

    /// The marked frames A and B.
    pub fn ab(&self) -> (Option<usize>, Option<usize>) {
        (self.a, self.b)
    }
}
