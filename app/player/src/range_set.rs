//! A set of frame numbers, kept as ranges.

use std::ops::Range;

/// Frame numbers as sorted ranges that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RangeSet(Vec<Range<usize>>);

impl RangeSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The ranges, in order.
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.0
    }

    /// Adds `range`.
    pub fn insert(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let first = self.0.partition_point(|other| other.end < range.start);
        let last = self.0.partition_point(|other| other.start <= range.end);
        let merged = self.0[first..last].iter().fold(range, |sum, other| {
            sum.start.min(other.start)..sum.end.max(other.end)
        });
        self.0.splice(first..last, [merged]);
    }

    /// Takes `range` away.
    pub fn remove(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let mut kept = Vec::with_capacity(self.0.len() + 1);
        for own in &self.0 {
            let before = own.start..own.end.min(range.start);
            let after = own.start.max(range.end)..own.end;
            kept.extend([before, after].into_iter().filter(|part| !part.is_empty()));
        }
        self.0 = kept;
    }

    /// The first frame of `range` that is in the set.
    pub fn first_in(&self, range: Range<usize>) -> Option<usize> {
        let index = self.0.partition_point(|own| own.end <= range.start);
        let frame = self.0.get(index)?.start.max(range.start);
        range.contains(&frame).then_some(frame)
    }

    /// The last frame of `range` that is in the set.
    pub fn last_in(&self, range: Range<usize>) -> Option<usize> {
        let index = self.0.partition_point(|own| own.start < range.end);
        let frame = self.0[..index].last()?.end.min(range.end).checked_sub(1)?;
        range.contains(&frame).then_some(frame)
    }

    /// The range that holds `frame`.
    pub fn covering(&self, frame: usize) -> Option<&Range<usize>> {
        let index = self.0.partition_point(|range| range.end <= frame);
        self.0.get(index).filter(|range| range.contains(&frame))
    }

    /// Whether `frame` is in it.
    pub fn contains(&self, frame: usize) -> bool {
        self.covering(frame).is_some()
    }

    /// The parts of `range` that are not in the set.
    pub fn gaps(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut gaps = Vec::new();
        let mut start = range.start;
        for own in &self.0 {
            if own.start >= range.end {
                break;
            }
            if own.start > start {
                gaps.push(start..own.start);
            }
            start = start.max(own.end);
        }
        if start < range.end {
            gaps.push(start..range.end);
        }
        gaps
    }

    /// The first frame of `range` that is not in the set.
    pub fn first_gap(&self, range: Range<usize>) -> Option<usize> {
        let frame = self
            .covering(range.start)
            .map_or(range.start, |own| own.end);
        range.contains(&frame).then_some(frame)
    }

    /// The last frame of `range` that is not in the set.
    pub fn last_gap(&self, range: Range<usize>) -> Option<usize> {
        let last = range.end.checked_sub(1)?;
        let frame = match self.covering(last) {
            Some(own) => own.start.checked_sub(1)?,
            None => last,
        };
        range.contains(&frame).then_some(frame)
    }
}

impl FromIterator<usize> for RangeSet {
    fn from_iter<I: IntoIterator<Item = usize>>(frames: I) -> Self {
        let mut set = Self::new();
        for frame in frames {
            // Sorted input, the usual case, only ever grows the last range.
            match set.0.last_mut() {
                Some(last) if last.end == frame => last.end += 1,
                _ => set.insert(frame..frame + 1),
            }
        }
        set
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init)] // lists of ranges are what is compared
mod tests {
    use super::*;

    #[test]
    fn ranges_merge_when_they_touch() {
        let mut set = RangeSet::new();
        for range in [5..7, 0..2, 9..9, 3..4, 2..3, 20..30, 6..21] {
            set.insert(range);
        }
        assert_eq!(set.ranges(), [0..4, 5..30]);
        assert!(set.contains(3) && !set.contains(4) && set.contains(29) && !set.contains(30));
    }

    #[test]
    fn parts_are_taken_away_and_found() {
        let mut set = RangeSet::new();
        set.insert(2..10);
        set.insert(20..30);
        set.remove(4..6);
        set.remove(9..9);
        set.remove(8..22);
        assert_eq!(set.ranges(), [2..4, 6..8, 22..30]);
        assert_eq!(set.first_in(0..50), Some(2));
        assert_eq!(set.first_in(4..6), None);
        assert_eq!(set.first_in(4..9), Some(6));
        assert_eq!(set.first_in(7..9), Some(7));
        assert_eq!(set.last_in(0..50), Some(29));
        assert_eq!(set.last_in(4..6), None);
        assert_eq!(set.last_in(0..7), Some(6));
        assert_eq!(set.last_in(8..22), None);
        set.remove(0..100);
        assert_eq!(set, RangeSet::new());
        assert_eq!(set.last_in(0..5), None);
    }

    #[test]
    fn gaps_are_found_from_both_ends() {
        let set: RangeSet = [3, 4, 5, 8].into_iter().collect();
        assert_eq!(set.first_gap(3..9), Some(6));
        assert_eq!(set.last_gap(3..9), Some(7));
        assert_eq!(set.first_gap(3..6), None);
        assert_eq!(set.last_gap(3..6), None);
        assert_eq!(set.last_gap(0..6), Some(2));
        assert_eq!(set.first_gap(0..0), None);
        assert_eq!(set.last_gap(0..0), None);
        let from_zero: RangeSet = (0..4).collect();
        assert_eq!(from_zero.last_gap(0..4), None);
        assert_eq!(set.gaps(0..10), [0..3, 6..8, 9..10]);
        assert_eq!(set.gaps(4..8), [6..8]);
        assert_eq!(set.gaps(3..6), []);
        assert_eq!(set.gaps(0..0), []);
    }
}
