//! What will be read soon, so that the network can bring it before it is asked for.

use zoetrope_codecs::GroupInfo;
use zoetrope_codecs::clip::Detail;

use crate::plan::{group_of, wanted_groups};
use crate::{RangeSet, Request};

/// Bytes that are asked for ahead of time.
pub const AHEAD_BYTES: u64 = 128 << 20;
/// Groups on each side whose first pictures a hand on the time bar may want next.
const NEIGHBOURS: usize = 4;

/// What a list is made of.
pub struct Outlook<'a> {
    /// What the player wants.
    pub request: &'a Request,
    /// Frames that need no reading to be shown.
    pub settled: &'a RangeSet,
    /// Settled frames that shall be had in more layers.
    pub improvable: &'a RangeSet,
    /// The groups of the clip.
    pub groups: &'a [GroupInfo],
    /// Layers of the clip.
    pub levels: u8,
    /// Bytes of a part, where known.
    pub part_bytes: &'a dyn Fn(usize, Detail) -> Option<u64>,
}

impl Outlook<'_> {
    /// The parts that will be read soon, the most wanted first: the group that is due, the first
    /// pictures around a hand on the time bar, what lies ahead, a little of what lies behind, and
    /// what can be made better.
    pub fn parts(&self) -> Vec<(usize, Detail)> {
        let request = self.request;
        let mut list = List {
            parts: Vec::new(),
            bytes: 0,
            part_bytes: self.part_bytes,
        };
        let wanted = Detail::Layers(request.layers.clamp(1, self.levels));
        let improved = Detail::Layers(request.improve_to.clamp(1, self.levels));
        let improves = request.improve_to > 0;
        let Some(due) = group_of(self.groups, request.order.playhead) else {
            return Vec::new();
        };
        if !self.settled.contains(request.order.playhead) {
            if request.sought {
                list.add(due, Detail::Key);
            }
            if request.scrubbing {
                self.neighbours(due, &mut list);
            }
            list.add(due, wanted);
        } else if request.scrubbing {
            self.neighbours(due, &mut list);
        }
        if improves && !request.playing && self.improvable.contains(request.order.playhead) {
            list.add(due, improved);
        }
        // What is held ahead of time as bytes may be more than what is held decoded.
        let soon = request.order.window(request.ahead_frames.max(1));
        let missing = wanted_groups(&soon, self.groups, |frames, falling| {
            if falling {
                self.settled.last_gap(frames)
            } else {
                self.settled.first_gap(frames)
            }
        });
        for group in missing {
            list.add(group, wanted);
        }
        if improves {
            let better = wanted_groups(&soon, self.groups, |frames, falling| {
                if falling {
                    self.improvable.last_in(frames)
                } else {
                    self.improvable.first_in(frames)
                }
            });
            for group in better {
                list.add(group, improved);
            }
        }
        list.parts
    }

    /// First pictures on both sides, the nearest first.
    fn neighbours(&self, due: usize, list: &mut List<'_>) {
        for step in 1..=NEIGHBOURS {
            let sides = [Some(due + step), due.checked_sub(step)];
            for group in sides.into_iter().flatten() {
                if group < self.groups.len() {
                    list.add(group, Detail::Key);
                }
            }
        }
    }
}

/// A list that grows up to [`AHEAD_BYTES`].
struct List<'a> {
    parts: Vec<(usize, Detail)>,
    bytes: u64,
    part_bytes: &'a dyn Fn(usize, Detail) -> Option<u64>,
}

impl List<'_> {
    fn add(&mut self, group: usize, detail: Detail) {
        let is_there = |(other, has): &(usize, Detail)| *other == group && *has >= detail;
        if self.parts.iter().any(is_there) {
            return;
        }
        let bytes = (self.part_bytes)(group, detail).unwrap_or(0);
        // The first part is wanted however large it is.
        if self.parts.is_empty() || self.bytes.saturating_add(bytes) <= AHEAD_BYTES {
            self.bytes = self.bytes.saturating_add(bytes);
            self.parts.push((group, detail));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PlayOrder, Repeat};

    fn groups() -> Vec<GroupInfo> {
        (0..10)
            .map(|index| GroupInfo {
                frames: index * 10..index * 10 + 10,
            })
            .collect()
    }

    fn request(playhead: usize, playing: bool) -> Request {
        Request {
            order: PlayOrder {
                playhead,
                playing,
                repeat: Repeat::Once,
                ..PlayOrder::start(100)
            },
            playing,
            layers: 2,
            ahead_frames: 30,
            ..Request::default()
        }
    }

    fn parts(request: &Request, settled: &[usize], improvable: &[usize]) -> Vec<(usize, Detail)> {
        parts_of_size(request, settled, improvable, 1000)
    }

    fn parts_of_size(
        request: &Request,
        settled: &[usize],
        improvable: &[usize],
        bytes: u64,
    ) -> Vec<(usize, Detail)> {
        let frames = |groups: &[usize]| -> RangeSet {
            let groups = groups.iter();
            groups
                .flat_map(|group| group * 10..group * 10 + 10)
                .collect()
        };
        Outlook {
            request,
            settled: &frames(settled),
            improvable: &frames(improvable),
            groups: &groups(),
            levels: 3,
            part_bytes: &|_, _| Some(bytes),
        }
        .parts()
    }

    use Detail::{Key, Layers};

    #[test]
    fn what_lies_ahead_comes_in_the_order_in_which_it_is_played() {
        let list = parts(&request(42, true), &[4], &[]);
        assert_eq!(list, [(5, Layers(2)), (6, Layers(2)), (3, Layers(2))]);
        // Nothing that is there already, and nothing beyond the goal.
        let list = parts(&request(42, true), &[3, 4, 5], &[]);
        assert_eq!(list, [(6, Layers(2))]);
    }

    #[test]
    fn a_seek_wants_a_coarse_picture_first_and_a_hand_those_beside_it() {
        let mut request = request(42, false);
        request.sought = true;
        let list = parts(&request, &[], &[]);
        assert_eq!(list[..3], [(4, Key), (4, Layers(2)), (5, Layers(2))]);
        request.scrubbing = true;
        let list = parts(&request, &[], &[]);
        let first = [(4, Key), (5, Key), (3, Key), (6, Key), (2, Key), (7, Key)];
        assert_eq!(list[..6], first);
        assert_eq!(list[9], (4, Layers(2)));
    }

    #[test]
    fn what_can_be_better_comes_last_unless_it_is_looked_at() {
        let mut looking = request(42, false);
        looking.improve_to = 3;
        let list = parts(&looking, &[3, 4], &[3, 4]);
        assert_eq!(list[..2], [(4, Layers(3)), (5, Layers(2))]);
        assert_eq!(list.last(), Some(&(3, Layers(3))));
        let mut playing = request(42, true);
        playing.improve_to = 3;
        let list = parts(&playing, &[3, 4, 5, 6], &[5]);
        assert_eq!(list, [(5, Layers(3))]);
    }

    #[test]
    fn no_more_is_asked_for_than_may_be_held() {
        let list = parts_of_size(&request(2, true), &[], &[], AHEAD_BYTES / 2);
        assert_eq!(list.len(), 2);
        let list = parts_of_size(&request(2, true), &[], &[], AHEAD_BYTES / 2 + 1);
        assert_eq!(list.len(), 1);
        let list = parts_of_size(&request(2, true), &[], &[], u64::MAX);
        assert_eq!(list, [(0, Layers(2))]);
    }

    #[test]
    fn a_clip_without_groups_wants_nothing() {
        let request = request(0, true);
        let outlook = Outlook {
            request: &request,
            settled: &RangeSet::new(),
            improvable: &RangeSet::new(),
            groups: &[],
            levels: 1,
            part_bytes: &|_, _| None,
        };
        assert!(outlook.parts().is_empty());
    }
}
