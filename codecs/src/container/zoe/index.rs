//! The index at the front: `sidx` (ISO/IEC 14496-12, 8.16.3) with one reference for each group, and
//! `ssix` (8.16.4) with the bytes of each level in each group.

use std::ops::Range;

use super::boxes::{Fields, Parse, put_u16, put_u32, put_u64, write_full_box};
use super::meta::FrameRate;
use crate::limits;

/// Largest range of `ssix`; a longer level takes several.
const MAX_RANGE_BYTES: u32 = (1 << 24) - 1;
/// `sidx`: the group begins with a key picture, of the simplest kind.
const STARTS_WITH_KEY: u32 = 1 << 31 | 1 << 28;

/// A group on its way into the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IndexedGroup {
    pub(super) frames: u32,
    /// Bytes of each level, as many as the clip has levels.
    pub(super) level_bytes: Vec<u32>,
}

/// The `sidx` and `ssix` boxes of `groups`, the first of which begins `gap_bytes` behind them.
pub(super) fn write_index(
    groups: &[IndexedGroup],
    track: u32,
    frame_rate: FrameRate,
    gap_bytes: u64,
) -> Vec<u8> {
    let mut ssix = Vec::new();
    write_full_box(&mut ssix, b"ssix", 0, 0, |out| {
        put_u32(out, groups.len() as u32);
        for group in groups {
            let ranges: Vec<(u8, u32)> = group
                .level_bytes
                .iter()
                .zip(1..)
                .flat_map(|(bytes, level)| pieces(*bytes).map(move |piece| (level, piece)))
                .collect();
            put_u32(out, ranges.len() as u32);
            for (level, bytes) in ranges {
                put_u32(out, u32::from(level) << 24 | bytes);
            }
        }
    });
    let mut index = Vec::new();
    write_full_box(&mut index, b"sidx", 1, 0, |out| {
        put_u32(out, track);
        put_u32(out, frame_rate.numerator);
        put_u64(out, 0);
        put_u64(out, ssix.len() as u64 + gap_bytes);
        put_u16(out, 0);
        put_u16(out, groups.len() as u16);
        for group in groups {
            put_u32(out, group.level_bytes.iter().sum());
            put_u32(out, group.frames.saturating_mul(frame_rate.denominator));
            put_u32(out, STARTS_WITH_KEY);
        }
    });
    index.extend(ssix);
    index
}

/// The ranges of a level: at least one, which may be empty.
fn pieces(bytes: u32) -> impl Iterator<Item = u32> {
    let last = bytes % MAX_RANGE_BYTES;
    let full = bytes / MAX_RANGE_BYTES;
    let rest = (last > 0 || full == 0).then_some(last);
    std::iter::repeat_n(MAX_RANGE_BYTES, full as usize).chain(rest)
}

/// Where the groups and their levels lie, and which frames they hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Index {
    /// Where each group begins in the file, and where the last one ends.
    starts: Vec<u64>,
    /// The first frame of each group, and the number of frames.
    frames: Vec<usize>,
    /// Where each level of each group ends, counted from the group's start.
    level_ends: Vec<u32>,
    level_count: usize,
}

impl Index {
    /// Reads the content of both boxes. `sidx` ends at `anchor`; the clip has `level_count` levels.
    pub(super) fn read(
        sidx: &[u8],
        ssix: &[u8],
        anchor: u64,
        frame_rate: FrameRate,
        level_count: usize,
    ) -> Parse<Self> {
        let mut fields = Fields::new(sidx);
        let (version, _) = fields.version_and_flags()?;
        fields.u32()?;
        if fields.u32()? != frame_rate.numerator || fields.long(version)? != 0 {
            return Err("its index has other times than its video".to_owned());
        }
        let mut at = fields
            .long(version)?
            .checked_add(anchor)
            .ok_or("its index points beyond the file")?;
        fields.u16()?;
        let count = fields.u16()?;
        if count == 0 {
            return Err("it has no groups".to_owned());
        }
        let mut levels = Fields::new(ssix);
        levels.version_and_flags()?;
        if levels.u32()? != u32::from(count) {
            return Err("the two parts of its index differ in their number of groups".to_owned());
        }
        let mut index = Self {
            starts: vec![at],
            frames: vec![0],
            level_ends: Vec::with_capacity(usize::from(count) * level_count),
            level_count,
        };
        let mut frame = 0;
        for group in 0..count {
            let bytes = fields.u32()?;
            if bytes >> 31 != 0 {
                return Err(format!("its group {group} is another index"));
            }
            frame += frames_of(group, fields.u32()?, frame_rate.denominator)?;
            fields.u32()?;
            if frame as u64 > limits::MAX_FRAMES {
                return Err(format!("it has more than {} frames", limits::MAX_FRAMES));
            }
            if u64::from(bytes) > limits::MAX_GROUP_BYTES {
                return Err(format!(
                    "its group {group} takes {bytes} bytes, and {} are the most",
                    limits::MAX_GROUP_BYTES
                ));
            }
            let end = read_levels(&mut levels, level_count, &mut index.level_ends)?;
            if end != u64::from(bytes) {
                return Err(format!(
                    "the levels of its group {group} are not the whole group"
                ));
            }
            at = at
                .checked_add(u64::from(bytes))
                .ok_or("its index points beyond the file")?;
            index.starts.push(at);
            index.frames.push(frame);
        }
        Ok(index)
    }

    /// Number of groups.
    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Where the first group begins.
    pub(super) fn start(&self) -> u64 {
        self.starts[0]
    }

    /// Where the last group ends.
    pub(super) fn end(&self) -> u64 {
        self.starts[self.len()]
    }

    /// Frames of a group.
    pub(super) fn frames(&self, group: usize) -> Range<usize> {
        self.frames[group]..self.frames[group + 1]
    }

    /// Bytes of the first `levels` levels of a group, from the file's start.
    pub(super) fn bytes(&self, group: usize, levels: usize) -> Range<u64> {
        let start = self.starts[group];
        let ends = &self.level_ends[group * self.level_count..][..self.level_count];
        let length = levels
            .min(self.level_count)
            .checked_sub(1)
            .map_or(0, |last| ends[last]);
        start..start + u64::from(length)
    }

    /// Bytes of one level of a group.
    pub(super) fn level_bytes(&self, group: usize, level: usize) -> u64 {
        self.bytes(group, level + 1).end - self.bytes(group, level).end
    }

    /// Leaves only the groups that end at or before `end`.
    pub(super) fn cut(&mut self, end: u64) {
        let whole = self.starts[1..].partition_point(|group_end| *group_end <= end);
        self.starts.truncate(whole + 1);
        self.frames.truncate(whole + 1);
        self.level_ends.truncate(whole * self.level_count);
    }
}

fn frames_of(group: u16, duration: u32, frame_ticks: u32) -> Parse<usize> {
    let frames = duration.checked_div(frame_ticks).unwrap_or(0);
    let whole = duration.is_multiple_of(frame_ticks);
    if frames == 0 || !whole || u64::from(frames) > limits::MAX_GROUP_FRAMES {
        return Err(format!(
            "its group {group} lasts {duration} ticks of {frame_ticks} a frame; 1 to {} frames \
             are right",
            limits::MAX_GROUP_FRAMES
        ));
    }
    Ok(frames as usize)
}

/// Reads the ranges of one group, adds where each level ends, and returns where the last one does.
fn read_levels(fields: &mut Fields<'_>, level_count: usize, ends: &mut Vec<u32>) -> Parse<u64> {
    let ranges = fields.u32()?;
    let (mut end, mut level) = (0_u64, 0);
    for _ in 0..ranges {
        let number = usize::from(fields.u8()?);
        end += u64::from(fields.u24()?);
        if end > limits::MAX_GROUP_BYTES {
            return Err("the levels of a group are larger than the group".to_owned());
        }
        if number == level + 1 {
            ends.push(end as u32);
            level += 1;
        } else if number != level || level == 0 {
            return Err("the levels of a group are not in their order".to_owned());
        } else if let Some(last) = ends.last_mut() {
            *last = end as u32;
        }
    }
    if level != level_count {
        return Err(format!(
            "a group has {level} levels, and the clip {level_count}"
        ));
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::zoe::boxes::{boxes, need};

    const RATE: FrameRate = FrameRate {
        numerator: 30000,
        denominator: 1001,
    };

    fn group(frames: u32, level_bytes: &[u32]) -> IndexedGroup {
        IndexedGroup {
            frames,
            level_bytes: level_bytes.to_vec(),
        }
    }

    fn read(bytes: &[u8], level_count: usize) -> Parse<Index> {
        let sidx = boxes(bytes).next().expect("is first").expect("is whole");
        let anchor = sidx.end as u64;
        Index::read(
            sidx.content,
            need(bytes, b"ssix")?,
            anchor,
            RATE,
            level_count,
        )
    }

    #[test]
    fn what_is_written_is_read() {
        let large = 2 * MAX_RANGE_BYTES + 5;
        let groups = [
            group(30, &[100, 0, 7]),
            group(1, &[1, MAX_RANGE_BYTES, large]),
            group(7, &[3, 4, 2 * MAX_RANGE_BYTES]),
        ];
        let bytes = write_index(&groups, 1, RATE, 50);
        let mut index = read(&bytes, 3).expect("reads");
        let start = bytes.len() as u64 + 50;
        assert_eq!((index.len(), index.start()), (3, start));
        assert_eq!(index.frames(1), 30..31);
        assert_eq!(index.frames(2), 31..38);
        assert_eq!(index.bytes(0, 0), start..start);
        assert_eq!(index.bytes(0, 1), start..start + 100);
        assert_eq!(index.bytes(0, 2), start..start + 100);
        assert_eq!(index.bytes(0, 9), start..start + 107);
        assert_eq!(index.level_bytes(1, 1), u64::from(MAX_RANGE_BYTES));
        assert_eq!(index.level_bytes(1, 2), u64::from(large));
        assert_eq!(index.bytes(2, 3).end, index.end());
        index.cut(index.end() - 1);
        assert_eq!((index.len(), index.frames(1)), (2, 30..31));
        index.cut(start + 106);
        assert_eq!(index.len(), 0);
    }

    #[test]
    fn lies_are_told() {
        let reads = |frames, level_bytes: &[u32]| {
            let bytes = write_index(&[group(frames, level_bytes)], 1, RATE, 0);
            read(&bytes, 2).is_ok()
        };
        assert!(reads(1, &[1, 2]));
        assert!(!reads(0, &[1, 2]));
        assert!(!reads(1, &[1]));
        assert!(!reads(1, &[1, 2, 3]));
        let frames = u32::try_from(limits::MAX_GROUP_FRAMES).expect("is small");
        assert!(reads(frames, &[1, 2]));
        assert!(!reads(frames + 1, &[1, 2]));
        let most = u32::try_from(limits::MAX_GROUP_BYTES).expect("is small");
        assert!(reads(1, &[most - 9, 9]));
        assert!(!reads(1, &[most - 9, 10]));
        assert!(read(&write_index(&[], 1, RATE, 0), 2).is_err());
        let bytes = write_index(&[group(1, &[1, 2])], 1, RATE, 0);
        for cut in 52..bytes.len() {
            assert!(read(&bytes[..cut], 2).is_err(), "{cut}");
        }
    }

    #[test]
    fn frames_and_groups_stop_at_their_caps() {
        let full = u32::try_from(limits::MAX_GROUP_FRAMES).expect("is small");
        let mut groups =
            vec![group(full, &[0, 0]); (limits::MAX_FRAMES / limits::MAX_GROUP_FRAMES) as usize];
        assert!(read(&write_index(&groups, 1, RATE, 0), 2).is_ok());
        groups.push(group(1, &[0, 0]));
        assert!(read(&write_index(&groups, 1, RATE, 0), 2).is_err());
        let groups = vec![group(1, &[0, 0]); limits::MAX_ZOE_GROUPS as usize];
        assert_eq!(
            read(&write_index(&groups, 1, RATE, 0), 2).map(|index| index.len()),
            Ok(65_535)
        );
    }
}
