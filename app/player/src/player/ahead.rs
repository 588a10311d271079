//! What lies ahead of the playhead.

use super::Player;
use crate::abr::{self, Buffer};

/// Screens show no more frames a second than this, so that frames are dropped beyond it.
const SCREEN_RATE: f64 = 60.0;
/// After a pause of so many seconds between two ticks nobody was looking.
const LOOKED_AWAY_S: f64 = 0.5;

impl Player {
    pub(super) fn is_at_hand(&self, frame: usize) -> bool {
        let mut ranges = self.supply.at_hand.iter();
        ranges.any(|range| range.contains(&frame))
    }

    /// Frames from the playhead on that need no network, without a gap, as far as `wanted`; what is
    /// played to its end counts as enough.
    pub(super) fn frames_ahead(&self, wanted: usize) -> usize {
        if !self.supply.remote {
            return wanted;
        }
        let mut there = self.store.settled();
        for range in self.supply.at_hand.iter() {
            there.insert(range.clone());
        }
        let window = self.transport.order().window(2 * wanted + 1);
        let mut count = 0;
        for span in window.spans.iter().filter(|span| span.ahead) {
            let frames = span.frames.clone();
            let gap = if span.falling {
                there
                    .last_gap(frames.clone())
                    .map(|gap| frames.end - 1 - gap)
            } else {
                there
                    .first_gap(frames.clone())
                    .map(|gap| gap - frames.start)
            };
            match gap {
                Some(gap) => return (count + gap).min(wanted),
                None => count += frames.len(),
            }
        }
        wanted
    }

    /// Seconds from frame to frame while the clip plays.
    pub(super) fn frame_s(&self) -> f64 {
        1.0 / (self.transport.frame_rate() * self.transport.speed())
    }

    /// Frames that are to be held ahead.
    pub(super) fn goal_frames(&self) -> usize {
        (abr::BUFFER_GOAL_S / self.frame_s()).ceil() as usize
    }

    pub(super) fn buffer(&self) -> Buffer {
        let goal = self.goal_frames();
        let share = self.frames_ahead(goal) as f64 / goal.max(1) as f64;
        Buffer {
            ahead_s: abr::BUFFER_GOAL_S * share,
            goal_s: abr::BUFFER_GOAL_S,
        }
    }

    /// Counts frames that were due between two ticks and were never shown.
    pub(super) fn count_drops(&mut self, before: usize, waited_s: f64) {
        let Some(shown) = &self.shown else {
            return;
        };
        let due = self.transport.frame().saturating_sub(before);
        let is_seen = (0.0..LOOKED_AWAY_S).contains(&waited_s);
        let rate = 1.0 / self.frame_s();
        if due > 0
            && is_seen
            && rate <= SCREEN_RATE
            && self.transport.order().playing
            // A seek or the turn of a loop is no drop.
            && due as f64 <= waited_s * rate + 1.0
        {
            self.adaptation
                .played(shown.detail, due, self.frame_s(), self.now_s);
        }
    }
}
