//! When playing has to wait for the network, and for how long.

use crate::{WaitCause, Waiting};

/// After the network has made playing stop, it goes on once so many seconds are there, so that it does
/// not stop again at once.
const RESUME_S: f64 = 1.0;
/// While the network or a big file is waited for, the player looks this often, in seconds, whether a
/// read takes too long, and how far it is.
const LOOK_S: f64 = 0.1;

/// Waiting, from tick to tick.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stall {
    /// Whether playing is stopped until there is enough.
    held: bool,
    /// What is waited for, and since when.
    wait: Option<(WaitCause, f64)>,
}

impl Stall {
    /// Frames that have to be there before playing goes on.
    pub fn frames_to_resume(&self, frame_rate: f64) -> usize {
        (RESUME_S * frame_rate).ceil() as usize
    }

    /// Whether playing was stopped by the network.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Brings the state up to date; whether the clock is to be held. Playing stops where the frame that
    /// is due has not come over the network, and goes on when that frame is there and `is_enough`.
    pub fn update(
        &mut self,
        playing: bool,
        is_missing: bool,
        is_cut_off: bool,
        is_enough: bool,
    ) -> bool {
        if !playing {
            self.held = false;
        } else if is_cut_off {
            self.held = true;
        } else if self.held && !is_missing && is_enough {
            self.held = false;
        }
        self.held
    }

    /// Notes whether the frame that is due is waited for at `now_s`, and whether the network is to
    /// blame.
    pub fn note_wait(&mut self, is_waiting: bool, is_cut_off: bool, now_s: f64) {
        let cause = if is_cut_off {
            WaitCause::Network
        } else {
            WaitCause::Decoding
        };
        self.wait = match self.wait {
            _ if !is_waiting => None,
            Some((_, since_s)) => Some((cause, since_s)),
            None => Some((cause, now_s)),
        };
    }

    /// The wait at `now_s`.
    pub fn waiting(&self, now_s: f64) -> Option<Waiting> {
        self.wait.map(|(cause, since_s)| Waiting {
            cause,
            seconds: (now_s - since_s).max(0.0),
        })
    }

    /// Seconds until the wait is to be looked at again: for the network always, else if it
    /// `is_followed` by whoever waits.
    pub fn next_look(&self, is_followed: bool) -> Option<f64> {
        let (cause, _) = self.wait?;
        (is_followed || cause == WaitCause::Network).then_some(LOOK_S)
    }
}
