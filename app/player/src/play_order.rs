//! In which order frames will be wanted, seen from the playhead.

use std::ops::Range;

/// What happens at the edges of the played range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repeat {
    /// Playback stops there.
    #[default]
    Once,
    /// Playback goes on at the other edge.
    Loop,
    /// Playback turns round.
    Bounce,
}

/// Where playback is and where it goes from there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlayOrder {
    /// The frame to be shown now; inside `range` unless the clip is empty.
    pub playhead: usize,
    /// Whether frames are played in falling order.
    pub reversed: bool,
    /// The frames that are played.
    pub range: Range<usize>,
    /// What happens at its edges.
    pub repeat: Repeat,
    /// Whether the clock runs: then what lies ahead matters more than what lies behind.
    pub playing: bool,
}

/// A run of frames in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The frames.
    pub frames: Range<usize>,
    /// Whether they are wanted from the last to the first.
    pub falling: bool,
    /// Whether they lie in the direction of play (the playhead itself does).
    pub ahead: bool,
}

/// The frames worth holding: as many as fit in memory, in the order in which they are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Runs of frames, the most wanted first.
    pub spans: Vec<Span>,
}

/// While playing, one frame in this many is kept behind the playhead, for steps and scrubs back.
const BEHIND_PLAYING: usize = 5;
/// While paused people go either way.
const BEHIND_PAUSED: usize = 2;

impl Window {
    /// Whether `frame` is worth holding.
    pub fn contains(&self, frame: usize) -> bool {
        self.spans.iter().any(|span| span.frames.contains(&frame))
    }
}

impl PlayOrder {
    /// An order that wants nothing but frame 0 of `frame_count` frames onwards.
    pub fn start(frame_count: usize) -> Self {
        Self {
            playhead: 0,
            reversed: false,
            range: 0..frame_count,
            repeat: Repeat::Once,
            playing: false,
        }
    }

    /// The `capacity` most wanted frames: mostly ahead, some behind, all of them when they fit.
    /// The playhead is always among them.
    pub fn window(&self, capacity: usize) -> Window {
        let count = self.range.len();
        if !self.range.contains(&self.playhead) {
            return Window::default();
        }
        let rest = capacity.saturating_sub(1);
        let (below, above) = (
            self.playhead - self.range.start,
            self.range.end - 1 - self.playhead,
        );
        let (room_ahead, room_behind) = match (self.repeat, self.reversed) {
            (Repeat::Loop, _) => (count - 1, count - 1),
            (_, false) => (above, below),
            (_, true) => (below, above),
        };
        let (ahead, behind) = if rest >= count - 1 && self.repeat == Repeat::Loop {
            (count - 1, 0)
        } else {
            let behind = (rest / self.behind_share()).min(room_behind);
            let ahead = (rest - behind).min(room_ahead);
            (ahead, (rest - ahead).min(room_behind))
        };
        let mut spans = Vec::with_capacity(4);
        self.walk(0, ahead + 1, self.reversed, true, &mut spans);
        self.walk(1, behind, !self.reversed, false, &mut spans);
        Window { spans }
    }

    fn behind_share(&self) -> usize {
        if self.playing {
            BEHIND_PLAYING
        } else {
            BEHIND_PAUSED
        }
    }

    /// Adds the `length` frames that start `skip` frames from the playhead, going down if `falling`.
    fn walk(&self, skip: usize, length: usize, falling: bool, ahead: bool, spans: &mut Vec<Span>) {
        let (start, end) = (self.range.start, self.range.end);
        let mut add = |frames: Range<usize>| {
            if !frames.is_empty() {
                spans.push(Span {
                    frames,
                    falling,
                    ahead,
                });
            }
        };
        if falling {
            let first = (self.playhead - start + 1).saturating_sub(skip);
            let taken = length.min(first);
            add(start + first - taken..start + first);
            if self.repeat == Repeat::Loop {
                add(end - (length - taken).min(end - start)..end);
            }
        } else {
            let first = (self.playhead + skip).min(end);
            let taken = length.min(end - first);
            add(first..first + taken);
            if self.repeat == Repeat::Loop {
                let wrapped = (length - taken).min(self.playhead - start);
                add(start..start + wrapped);
            }
        }
    }

    /// How soon `frame` is wanted; the larger, the sooner it may be thrown away. Frames behind
    /// count as if they were farther away than they are.
    pub fn distance(&self, frame: usize) -> usize {
        let count = self.range.len();
        if !self.range.contains(&frame) || !self.range.contains(&self.playhead) {
            return usize::MAX / 2 + frame.abs_diff(self.playhead);
        }
        let gap = frame.abs_diff(self.playhead);
        let is_ahead = if self.reversed {
            frame <= self.playhead
        } else {
            frame >= self.playhead
        };
        let to_edge = if self.reversed {
            self.playhead - self.range.start
        } else {
            self.range.end - 1 - self.playhead
        };
        match (is_ahead, self.repeat) {
            (true, Repeat::Loop) => gap.min((self.behind_share() - 1) * (count - gap)),
            (true, _) => gap,
            (false, Repeat::Loop) => (count - gap).min((self.behind_share() - 1) * gap),
            (false, Repeat::Bounce) => (2 * to_edge + gap).min((self.behind_share() - 1) * gap),
            (false, Repeat::Once) => (self.behind_share() - 1) * gap,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(playhead: usize, range: Range<usize>, repeat: Repeat, reversed: bool) -> PlayOrder {
        PlayOrder {
            playhead,
            reversed,
            range,
            repeat,
            playing: true,
        }
    }

    /// The window as a list of frames in the order in which they are wanted.
    fn frames(window: &Window) -> Vec<usize> {
        window
            .spans
            .iter()
            .flat_map(|span| {
                let mut frames: Vec<_> = span.frames.clone().collect();
                if span.falling {
                    frames.reverse();
                }
                frames
            })
            .collect()
    }

    #[test]
    fn forwards_wants_mostly_what_lies_ahead() {
        let window = order(50, 0..100, Repeat::Once, false).window(11);
        let mut expected: Vec<usize> = (50..59).collect();
        expected.extend([49, 48]);
        assert_eq!(frames(&window), expected);
    }

    #[test]
    fn paused_wants_as_much_behind_as_ahead() {
        let mut order = order(50, 0..100, Repeat::Once, false);
        order.playing = false;
        assert_eq!(frames(&order.window(5)), [50, 51, 52, 49, 48]);
    }

    #[test]
    fn at_the_end_the_room_goes_to_what_lies_behind() {
        let window = order(98, 0..100, Repeat::Once, false).window(5);
        assert_eq!(frames(&window), [98, 99, 97, 96, 95]);
    }

    #[test]
    fn a_loop_wraps_both_ways() {
        let window = order(8, 2..10, Repeat::Loop, false).window(6);
        assert_eq!(frames(&window), [8, 9, 2, 3, 4, 7]);
        let window = order(2, 2..10, Repeat::Loop, false).window(6);
        assert_eq!(frames(&window), [2, 3, 4, 5, 6, 9]);
        let window = order(3, 2..10, Repeat::Loop, true).window(6);
        assert_eq!(frames(&window), [3, 2, 9, 8, 7, 4]);
    }

    #[test]
    fn every_window_holds_as_many_different_frames_as_fit() {
        for repeat in [Repeat::Once, Repeat::Loop, Repeat::Bounce] {
            for reversed in [false, true] {
                for playhead in 3..11 {
                    for capacity in 0..20 {
                        let order = order(playhead, 3..11, repeat, reversed);
                        let mut all = frames(&order.window(capacity));
                        assert_eq!(all.first(), Some(&playhead));
                        let length = all.len();
                        all.sort_unstable();
                        all.dedup();
                        assert_eq!(all.len(), length, "{order:?} {capacity}");
                        assert_eq!(length, capacity.clamp(1, 8), "{order:?} {capacity}");
                        assert!(all.iter().all(|frame| order.range.contains(frame)));
                    }
                }
            }
        }
    }

    #[test]
    fn the_farthest_in_the_direction_of_play_is_the_first_to_go() {
        let once = order(10, 0..100, Repeat::Once, false);
        assert!(once.distance(60) > once.distance(11));
        assert!(once.distance(9) < once.distance(60));
        assert!(once.distance(9) > once.distance(12));
        let looped = order(10, 0..100, Repeat::Loop, false);
        assert!(looped.distance(5) < looped.distance(60));
        let backwards = order(10, 0..100, Repeat::Bounce, true);
        assert!(backwards.distance(0) < backwards.distance(60));
        let part = order(10, 5..20, Repeat::Loop, false);
        assert!(part.distance(4) > part.distance(15));
    }

    #[test]
    fn an_empty_clip_wants_nothing() {
        assert_eq!(PlayOrder::start(0).window(10), Window::default());
    }
}
