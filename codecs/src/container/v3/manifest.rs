//! What the two JSON files of a V3 asset add up to: the groups in time order, and for each its layout
//! and value ranges.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::json::{
    FrameRanges, GROUP_INFO_NAME, GroupFrames, VIEWER_MIN_MAX_NAME, parse_group_info,
    parse_viewer_min_max,
};
use crate::gaussian_video::PlaneEncoding;
use crate::{AttributeRanges, Error, PlaneLayout, Result, limits};

/// Values so little beyond their activated range are rounding, not another encoding.
const ACTIVATED_TOLERANCE: f32 = 1e-3;

/// The groups of an asset, with all that the JSON says.
pub(super) struct Manifest {
    /// In time order.
    pub(super) groups: Vec<Group>,
    /// How `viewer_min_max.json` is keyed.
    pub(super) keys: FrameKeys,
    /// What was left out and why, a sentence each.
    pub(super) omissions: Vec<String>,
    frames: BTreeMap<i64, Result<FrameRanges, String>>,
}

/// One group.
pub(super) struct Group {
    /// The number in its folder's name.
    pub(super) number: i64,
    /// Its frames counted from the clip's start, gaps between groups closed.
    pub(super) frames: Range<usize>,
    /// Its first frame by `frame_index`.
    first_index: i64,
    /// Its first frame by `name_index`, and how far names are apart.
    first_name: i64,
    name_step: i64,
}

/// What the keys of `viewer_min_max.json` are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKeys {
    /// `frame_index`, as V3's players look them up.
    Index,
    /// `name_index`, as V3's packer writes them.
    Name,
}

/// All that decoding a group needs beside its videos.
pub(super) struct Plan {
    pub(super) layout: PlaneLayout,
    /// One for each frame.
    pub(super) ranges: Vec<Arc<AttributeRanges>>,
}

impl Group {
    /// "group3".
    pub(super) fn name(&self) -> String {
        format!("group{}", self.number)
    }

    fn last_index(&self) -> i64 {
        self.first_index + self.frames.len() as i64 - 1
    }

    /// The key of the frame at `offset` within the group.
    fn key(&self, offset: usize, keys: FrameKeys) -> i64 {
        let offset = offset as i64;
        match keys {
            FrameKeys::Index => self.first_index.saturating_add(offset),
            FrameKeys::Name => self
                .first_name
                .saturating_add(offset.saturating_mul(self.name_step)),
        }
    }

    /// A group out of its entry, its frames still counted from 0; a sentence when it makes no sense.
    fn new(number: i64, entry: &GroupFrames) -> Result<Self, String> {
        let [first, last] = entry.frame_index;
        if number < 0 || first < 0 || last < first {
            return Err(format!(
                "its frames are {first} to {last}, which is no range"
            ));
        }
        let span = last - first;
        if span >= limits::MAX_GROUP_FRAMES as i64 {
            return Err(format!(
                "it claims {} frames; at most {} can be read",
                i128::from(span) + 1,
                limits::MAX_GROUP_FRAMES
            ));
        }
        let [first_name, last_name] = entry.name_index.unwrap_or(entry.frame_index);
        let name_step = last_name
            .checked_sub(first_name)
            .filter(|names| *names > 0 && span > 0 && names % span == 0)
            .map_or(1, |names| names / span);
        Ok(Self {
            number,
            frames: 0..span as usize + 1,
            first_index: first,
            first_name,
            name_step,
        })
    }
}

impl Manifest {
    /// Parses both files of the asset called `name`.
    pub(super) fn parse(name: &str, group_info: &[u8], viewer_min_max: &[u8]) -> Result<Self> {
        let mut omissions = Vec::new();
        let mut groups = Vec::new();
        let mut first_reason = None;
        let entries = parse_group_info(&format!("{name}/{GROUP_INFO_NAME}"), group_info)?;
        for (number, entry) in entries {
            match entry.and_then(|entry| Group::new(number, &entry)) {
                Ok(group) => groups.push(group),
                Err(reason) => {
                    omissions.push(format!("group{number} is left out: {reason}"));
                    first_reason.get_or_insert(reason);
                }
            }
        }
        let mut groups = without_overlaps(groups, &mut omissions);
        if groups.is_empty() {
            return Err(Error::malformed(
                format!("{name}/{GROUP_INFO_NAME}"),
                first_reason
                    .unwrap_or_else(|| "it lists no groups; copy the clip again".to_owned()),
            ));
        }
        let mut start = 0;
        let mut next_index = groups[0].first_index;
        for group in &mut groups {
            if group.first_index > next_index {
                let last = group.first_index - 1;
                omissions.push(if last == next_index {
                    format!("frame {last} is in no group; the clip goes on without it")
                } else {
                    format!(
                        "frames {next_index} to {last} are in no group; the clip goes on without them"
                    )
                });
            }
            next_index = group.last_index() + 1;
            group.frames = start..start + group.frames.len();
            start = group.frames.end;
        }
        limits::check(name, "frames", start as u64, limits::MAX_FRAMES)?;
        let frames =
            parse_viewer_min_max(&format!("{name}/{VIEWER_MIN_MAX_NAME}"), viewer_min_max)?;
        let keys = frame_keys(&groups, &frames);
        Ok(Self {
            groups,
            keys,
            omissions,
            frames,
        })
    }

    /// Layout and ranges of the group at `index`.
    ///
    /// # Errors
    /// About the group, when the JSON lies about one of its frames.
    pub(super) fn plan(&self, index: usize) -> Result<Plan> {
        let group = &self.groups[index];
        let name = group.name();
        let mut plan: Option<Plan> = None;
        let mut raw = false;
        for offset in 0..group.frames.len() {
            let key = group.key(offset, self.keys);
            let frame_name = format!("{name} (frame {key} of {VIEWER_MIN_MAX_NAME})");
            let frame = match self.frames.get(&key) {
                Some(Ok(frame)) => frame,
                Some(Err(reason)) => return Err(Error::malformed(frame_name, reason)),
                None => {
                    return Err(Error::malformed(
                        name,
                        format!("{VIEWER_MIN_MAX_NAME} has no entry for its frame {key}"),
                    ));
                }
            };
            limits::check(
                &frame_name,
                "Gaussians in a frame",
                frame.num,
                limits::MAX_VIDEO_GAUSSIANS,
            )?;
            let ranges = frame.ranges(&frame_name)?;
            let layout = PlaneLayout::for_count(frame.num as u32, ranges.sh_degree());
            layout.check(&frame_name)?;
            raw |= is_raw(&layout, &ranges);
            match &mut plan {
                None => {
                    plan = Some(Plan {
                        layout,
                        ranges: vec![Arc::new(ranges)],
                    });
                }
                Some(plan) if plan.layout != layout => {
                    return Err(Error::malformed(
                        frame_name,
                        format!(
                            "it has {} Gaussians of SH degree {}, the group's first frame {} of \
                             degree {}; within a group they must be the same",
                            layout.count,
                            layout.sh_degree,
                            plan.layout.count,
                            plan.layout.sh_degree
                        ),
                    ));
                }
                // Most packers share ranges over a group: one copy is enough then.
                Some(plan) => match plan.ranges.last() {
                    Some(last) if **last == ranges => plan.ranges.push(last.clone()),
                    _ => plan.ranges.push(Arc::new(ranges)),
                },
            }
        }
        let mut plan = plan.ok_or_else(|| Error::malformed(&name, "it has no frames"))?;
        if raw {
            plan.layout.encoding = PlaneEncoding::Raw;
        }
        Ok(plan)
    }

    /// Whether the entry of the group's first frame leaves the normals out.
    pub(super) fn lacks_normals(&self, index: usize) -> bool {
        let group = &self.groups[index];
        matches!(
            self.frames.get(&group.key(0, self.keys)),
            Some(Ok(FrameRanges { info, .. })) if matches!(info.len(), 28 | 46 | 76 | 118)
        )
    }
}

/// Sorts the groups by time and leaves out those that claim frames of another. Of two the shorter
/// stays: a lie is more often too large than too small.
fn without_overlaps(mut groups: Vec<Group>, omissions: &mut Vec<String>) -> Vec<Group> {
    groups.sort_by_key(|group| (group.first_index, group.number));
    let mut kept: Vec<Group> = Vec::with_capacity(groups.len());
    let mut leave_out = |group: &Group, other: &Group| {
        omissions.push(format!(
            "{} is left out: it claims frames of {}",
            group.name(),
            other.name()
        ));
    };
    'next: for group in groups {
        while let Some(last) = kept.last()
            && last.last_index() >= group.first_index
        {
            if group.frames.len() >= last.frames.len() {
                leave_out(&group, last);
                continue 'next;
            }
            leave_out(last, &group);
            kept.pop();
        }
        kept.push(group);
    }
    kept
}

/// Decides for the whole clip how frames are keyed. Frame by frame it could not be told: a clip
/// whose names start at 380 has entries under 380 by name that are not those of index 380.
fn frame_keys<T>(groups: &[Group], frames: &BTreeMap<i64, T>) -> FrameKeys {
    let found = |keys| {
        groups
            .iter()
            .flat_map(|group| (0..group.frames.len()).map(move |offset| group.key(offset, keys)))
            .filter(|key| frames.contains_key(key))
            .count()
    };
    if found(FrameKeys::Name) > found(FrameKeys::Index) {
        FrameKeys::Name
    } else {
        FrameKeys::Index
    }
}

/// Whether the ranges are those of raw training values: opacity as logit, scale as logarithm.
fn is_raw(layout: &PlaneLayout, ranges: &AttributeRanges) -> bool {
    let values = ranges.values();
    // Attributes are layers, but each axis of the position counts once.
    let opacity = layout.opacity_layer() - 3;
    let [low, high] = values[opacity];
    low < -ACTIVATED_TOLERANCE
        || high > 1.0 + ACTIVATED_TOLERANCE
        || values[opacity + 1..opacity + 4]
            .iter()
            .any(|[low, _]| *low < -ACTIVATED_TOLERANCE)
}
