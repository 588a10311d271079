//! What is read and decoded next.

use std::collections::BTreeMap;

use zoetrope_codecs::GroupInfo;
use zoetrope_codecs::clip::Detail;

use crate::{RangeSet, Request, Window};

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Plan {
    /// Nothing is wanted.
    Nothing,
    /// Go on with the group in progress.
    Continue,
    /// Start on a part of this group.
    Start(usize, Detail),
    /// Read the pictures for the time bar.
    Thumbnails,
}

/// A part of a group that is being decoded.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The group.
    pub group: usize,
    /// How much of it.
    pub detail: Detail,
    /// The next frame that the decoder will give.
    pub next: usize,
    /// One past the last frame that it will give.
    pub end: usize,
    /// Work already done for the next frame, in seconds.
    pub spent_s: f64,
}

/// All that a plan is made of.
pub struct Situation<'a> {
    /// What the player wants.
    pub request: &'a Request,
    /// Frames that need no decoding to be shown.
    pub settled: &'a RangeSet,
    /// Frames of which only a coarse picture is there.
    pub coarse: &'a RangeSet,
    /// Settled frames that shall be had in more layers.
    pub improvable: &'a RangeSet,
    /// The groups of the clip.
    pub groups: &'a [GroupInfo],
    /// Layers of the clip, 1 when it has but one quality.
    pub levels: u8,
    /// The most layers of groups of which more cannot be had.
    pub caps: &'a BTreeMap<usize, u8>,
    /// What is being decoded.
    pub progress: Option<&'a Progress>,
    /// The group of which a coarse picture was had or tried last, and [`Request::arrivals`] then.
    pub coarse_tried: Option<(usize, u64)>,
    /// Whether the pictures for the time bar are still to be read.
    pub thumbnails: bool,
    /// Whether the clip comes over a network.
    pub remote: bool,
    /// Whether a part can be read without waiting for the network.
    pub is_at_hand: &'a dyn Fn(usize, Detail) -> bool,
}

impl Situation<'_> {
    /// What to do next.
    pub fn plan(&self) -> Plan {
        if let Some(plan) = self.coarse_picture_in_progress() {
            return plan;
        }
        let missing = self.next_missing();
        if !self.request.playing
            && let Some(plan) = self.improve_what_is_seen()
        {
            return plan;
        }
        let plan = match missing {
            Some((frame, ahead)) => self.supply(frame, ahead),
            None => self.improve_the_rest(),
        };
        if self.thumbnails && self.has_time_for_thumbnails(missing.map(|(frame, _)| frame)) {
            return Plan::Thumbnails;
        }
        plan
    }

    /// A coarse picture takes a moment only, and is of use while its group is waited for.
    fn coarse_picture_in_progress(&self) -> Option<Plan> {
        let progress = self.progress?;
        let is_wanted = progress.detail == Detail::Key
            && self.request.urgent_group == Some(progress.group)
            && progress.next < progress.end;
        is_wanted.then_some(Plan::Continue)
    }

    /// What is read or decoded for a frame that is missing.
    fn supply(&self, frame: usize, ahead: bool) -> Plan {
        let progress = self
            .progress
            .filter(|progress| progress.detail != Detail::Key);
        if let Some(progress) = progress {
            if (progress.next..progress.end).contains(&frame) {
                return Plan::Continue;
            }
            // Memory is full up to the frame where this group stopped, which will be wanted as soon
            // as the playhead moves. Going back for what lies behind would throw the group away.
            if !ahead && self.request.playing && self.follows_window(progress.next) {
                return Plan::Nothing;
            }
        }
        group_of(self.groups, frame).map_or(Plan::Nothing, |group| {
            Plan::Start(group, self.detail_of_missing(group))
        })
    }

    /// The layers that missing frames of a group are wanted in.
    fn wanted(&self, group: usize) -> u8 {
        let cap = self.caps.get(&group).copied().unwrap_or(self.levels);
        self.request.layers.clamp(1, cap.clamp(1, self.levels))
    }

    /// How much of a group with missing frames is read first.
    fn detail_of_missing(&self, group: usize) -> Detail {
        let wanted = self.wanted(group);
        // While the clip stands nothing is gained by reading less of what is there.
        let best = self.improved().filter(|_| !self.request.playing);
        let best = best.filter(|best| {
            !self.caps.contains_key(&group)
                && *best > Detail::Layers(wanted)
                && (self.is_at_hand)(group, *best)
        });
        let detail = best.unwrap_or(Detail::Layers(wanted));
        if self.request.urgent_group != Some(group) {
            return detail;
        }
        let may_be_coarse = self.may_be_coarse(group);
        if may_be_coarse && self.request.scrubbing && self.levels > 1 {
            return Detail::Key;
        }
        if (self.is_at_hand)(group, detail) {
            return detail;
        }
        // Somebody waits: what is there is better than what is better.
        let mut lower = (1..wanted).rev().map(Detail::Layers);
        match lower.find(|detail| (self.is_at_hand)(group, *detail)) {
            Some(detail) => detail,
            None if may_be_coarse => Detail::Key,
            None if self.request.playing => Detail::Layers(1),
            None => detail,
        }
    }

    /// Whether a coarse picture of a group helps: after a seek, where nothing of the group is there,
    /// and once for each seek.
    fn may_be_coarse(&self, group: usize) -> bool {
        let start = self.groups[group].frames.start;
        self.request.sought
            && !self.coarse.contains(start)
            && !self.settled.contains(start)
            && self.coarse_tried != Some((group, self.request.arrivals))
    }

    /// The most wanted frame that is not settled and within reach, and whether it lies ahead.
    fn next_missing(&self) -> Option<(usize, bool)> {
        let settled = self.settled;
        self.request.window.spans.iter().find_map(|span| {
            let gap = if span.falling {
                settled.last_gap(span.frames.clone())
            } else {
                settled.first_gap(span.frames.clone())
            };
            let gap = gap.filter(|frame| {
                let group = group_of(self.groups, *frame);
                group.is_some_and(|group| {
                    let wanted = Detail::Layers(self.wanted(group));
                    self.is_within_reach(*frame, group, wanted)
                })
            });
            gap.map(|frame| (frame, span.ahead))
        })
    }

    /// Whether it is time to read a frame's group: what is far is only read when it is at hand.
    fn is_within_reach(&self, frame: usize, group: usize, detail: Detail) -> bool {
        !self.remote
            || self.request.order.distance(frame) <= self.request.ahead_frames
            || (self.is_at_hand)(group, detail)
    }

    /// Whether `frame` is the one after the frames ahead that are worth holding.
    fn follows_window(&self, frame: usize) -> bool {
        let mut spans = self.request.window.spans.iter();
        spans.any(|span| span.ahead && !span.falling && span.frames.end == frame)
    }

    /// The layers that frames are improved to, if they are.
    fn improved(&self) -> Option<Detail> {
        let layers = self.request.improve_to.min(self.levels);
        (layers > 0).then_some(Detail::Layers(layers))
    }

    /// While the clip stands, the group that is looked at gets better before others are read.
    fn improve_what_is_seen(&self) -> Option<Plan> {
        let improved = self.improved()?;
        let playhead = self.request.order.playhead;
        if !self.settled.contains(playhead) {
            return None;
        }
        if self.is_improving(improved) {
            return Some(Plan::Continue);
        }
        let group = group_of(self.groups, playhead)?;
        self.improvable
            .contains(playhead)
            .then_some(Plan::Start(group, improved))
    }

    /// Whether the group in progress makes frames better that are worth holding.
    fn is_improving(&self, improved: Detail) -> bool {
        self.progress.is_some_and(|progress| {
            progress.detail >= improved
                && self
                    .first_improvable(&(progress.next..progress.end))
                    .is_some()
        })
    }

    fn first_improvable(&self, frames: &std::ops::Range<usize>) -> Option<usize> {
        self.request.window.spans.iter().find_map(|span| {
            let start = span.frames.start.max(frames.start);
            let end = span.frames.end.min(frames.end);
            self.improvable.first_in(start..end.max(start))
        })
    }

    /// Once nothing is missing, other frames get better: while the clip plays only those that are at
    /// hand, and far enough ahead to be ready in time.
    fn improve_the_rest(&self) -> Plan {
        let Some(improved) = self.improved() else {
            return Plan::Nothing;
        };
        if self.is_improving(improved) {
            return Plan::Continue;
        }
        let due = group_of(self.groups, self.request.order.playhead);
        let is_near = |group: usize| due.is_some_and(|due| group.abs_diff(due) <= 1);
        let may_start = |group: usize| {
            if self.request.playing {
                !is_near(group) && (self.is_at_hand)(group, improved)
            } else {
                self.is_within_reach(self.groups[group].frames.start, group, improved)
            }
        };
        let group = wanted_groups(&self.request.window, self.groups, |frames, falling| {
            if falling {
                self.improvable.last_in(frames)
            } else {
                self.improvable.first_in(frames)
            }
        })
        .into_iter()
        .find(|group| may_start(*group));
        group.map_or(Plan::Nothing, |group| Plan::Start(group, improved))
    }

    /// Pictures for the time bar are read once nobody waits for anything else.
    fn has_time_for_thumbnails(&self, missing: Option<usize>) -> bool {
        let order = &self.request.order;
        let Some(missing) = missing else {
            return true;
        };
        if !self.settled.contains(order.playhead) {
            return false;
        }
        // Over a network what will be played goes first.
        let is_far = order.distance(missing) > self.request.ahead_frames / 4;
        is_far || (!self.remote && !self.request.playing)
    }
}

/// The groups of a window in which `find` finds a frame, the most wanted first.
pub fn wanted_groups(
    window: &Window,
    groups: &[GroupInfo],
    find: impl Fn(std::ops::Range<usize>, bool) -> Option<usize>,
) -> Vec<usize> {
    let mut found = Vec::new();
    for span in &window.spans {
        let mut rest = span.frames.clone();
        while let Some(frame) = find(rest.clone(), span.falling) {
            let Some(group) = group_of(groups, frame) else {
                break;
            };
            if !found.contains(&group) {
                found.push(group);
            }
            if span.falling {
                rest.end = groups[group].frames.start.max(rest.start);
            } else {
                rest.start = groups[group].frames.end.min(rest.end);
            }
        }
    }
    found
}

/// The group that holds `frame`.
pub fn group_of(groups: &[GroupInfo], frame: usize) -> Option<usize> {
    let index = groups.partition_point(|group| group.frames.end <= frame);
    groups
        .get(index)
        .is_some_and(|group| group.frames.contains(&frame))
        .then_some(index)
}
