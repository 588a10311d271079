//! Decoded frames in memory, under a hard cap in bytes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use zoetrope_codecs::FrameContent;
use zoetrope_codecs::clip::Detail;

use crate::{PlayOrder, RangeSet, Window};

/// A thing that knows how much memory it takes. A copy of it is cheap and shares that.
pub trait FrameSize {
    /// Bytes of memory.
    fn size_bytes(&self) -> usize;
}

impl FrameSize for FrameContent {
    fn size_bytes(&self) -> usize {
        FrameContent::size_bytes(self)
    }
}

/// What the store has for a frame.
#[derive(Clone, Debug)]
pub enum Lookup<F> {
    /// The frame itself, and in which detail.
    Ready(F, Detail),
    /// Not that one, but the nearest that is decoded, with its number, or that one as a coarse
    /// picture.
    Stale(usize, F, Detail),
    /// Nothing is decoded.
    Missing,
}

/// Whether a frame can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameStatus {
    /// Decoded and held, in one layer of quality at least.
    Ready,
    /// Not decoded, or no longer held; or there is but a coarse picture.
    Missing,
    /// It cannot be decoded.
    Failed,
}

/// What became of a frame that was put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insert {
    /// It is held.
    Stored,
    /// It is held in better detail already.
    Worse,
    /// Others are wanted more and there is no room.
    Dropped,
    /// It alone is larger than the cap.
    TooLarge,
}

/// A frame in the store.
#[derive(Debug)]
struct Held<F> {
    frame: F,
    detail: Detail,
}

/// Decoded frames around the playhead. Never holds more than `limit_bytes`; throws away first what
/// will be played last. A frame of better detail replaces a worse one, never the other way round.
#[derive(Debug)]
pub struct FrameStore<F> {
    frames: BTreeMap<usize, Held<F>>,
    bytes: usize,
    limit_bytes: usize,
    /// The largest frame seen: how many frames are asked for follows from it, so that all that
    /// are asked for fit.
    largest_bytes: usize,
    order: PlayOrder,
    window: Window,
    failed: RangeSet,
    frame_count: usize,
    buffered: Arc<[Range<usize>]>,
    decoded: Arc<[Range<usize>]>,
    revision: u64,
}

impl<F: Clone + FrameSize> FrameStore<F> {
    /// An empty store for a clip of `frame_count` frames.
    pub fn new(limit_bytes: usize, frame_count: usize) -> Self {
        let order = PlayOrder::start(frame_count);
        Self {
            frames: BTreeMap::new(),
            bytes: 0,
            limit_bytes,
            largest_bytes: 0,
            window: order.window(frame_count),
            order,
            failed: RangeSet::new(),
            frame_count,
            buffered: RangeSet::new().gaps(0..frame_count).into(),
            decoded: Arc::from([]),
            revision: 0,
        }
    }

    /// Says which frames are wanted from now on. Nothing is thrown away until room is needed.
    pub fn want(&mut self, order: PlayOrder) {
        if order != self.order {
            self.order = order;
            self.window = self.order.window(self.capacity());
            self.revision += 1;
        }
    }

    /// Frames that fit, as far as sizes are known.
    fn capacity(&self) -> usize {
        self.limit_bytes
            .checked_div(self.largest_bytes)
            .unwrap_or(usize::MAX)
    }

    /// The order last given to [`Self::want`].
    pub fn order(&self) -> &PlayOrder {
        &self.order
    }

    /// The frames worth decoding.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// Takes a decoded frame, making room for it if it is wanted more than others.
    pub fn insert(&mut self, index: usize, frame: F, detail: Detail) -> Insert {
        let size = frame.size_bytes();
        if size > self.limit_bytes {
            return Insert::TooLarge;
        }
        if size > self.largest_bytes {
            self.largest_bytes = size;
            self.window = self.order.window(self.capacity());
        }
        self.revision += 1;
        let held = self.frames.get(&index).map(|held| held.detail);
        if held.is_some_and(|held| held > detail) {
            return Insert::Worse;
        }
        let old = self.remove(index);
        let result = if self.make_room(index, size) {
            self.put(index, Held { frame, detail });
            Insert::Stored
        } else {
            // What was there fitted, and still does.
            if let Some(old) = old {
                self.put(index, old);
            }
            Insert::Dropped
        };
        let decoded: RangeSet = self.with_detail(|detail| detail != Detail::Key);
        self.decoded = decoded.ranges().into();
        result
    }

    fn put(&mut self, index: usize, held: Held<F>) {
        self.bytes += held.frame.size_bytes();
        self.frames.insert(index, held);
    }

    fn remove(&mut self, index: usize) -> Option<Held<F>> {
        let held = self.frames.remove(&index)?;
        self.bytes -= held.frame.size_bytes();
        Some(held)
    }

    /// Throws away frames until `size` more bytes fit; false when all that are left are wanted more
    /// than `index`.
    fn make_room(&mut self, index: usize, size: usize) -> bool {
        let rank = |store: &Self, frame: usize| {
            (!store.window.contains(frame), store.order.distance(frame))
        };
        while self.bytes + size > self.limit_bytes {
            let worst = self.frames.keys().copied();
            match worst.max_by_key(|other| rank(self, *other)) {
                Some(other) if rank(self, other) > rank(self, index) => {
                    self.remove(other);
                }
                _ => return false,
            }
        }
        true
    }

    fn with_detail(&self, is_wanted: impl Fn(Detail) -> bool) -> RangeSet {
        let frames = self.frames.iter();
        let frames = frames.filter(|(_, held)| is_wanted(held.detail));
        frames.map(|(index, _)| *index).collect()
    }

    /// Remembers that `frames` cannot be decoded.
    pub fn fail(&mut self, frames: Range<usize>) {
        self.failed.insert(frames);
        self.buffered = self.failed.gaps(0..self.frame_count).into();
        self.revision += 1;
    }

    /// Forgets that `frames` could not be decoded, so that they are tried again.
    pub fn forgive(&mut self, frames: Range<usize>) {
        self.failed.remove(frames);
        self.buffered = self.failed.gaps(0..self.frame_count).into();
        self.revision += 1;
    }

    /// The frame, or the nearest to it; of two equally near, the earlier.
    pub fn get(&self, index: usize) -> Lookup<F> {
        let before = self.frames.range(..=index).next_back();
        let after = self.frames.range(index..).next();
        let nearest = match (before, after) {
            (Some(before), Some(after)) if after.0 - index < index - before.0 => Some(after),
            (Some(before), _) => Some(before),
            (None, after) => after,
        };
        match nearest {
            Some((found, held)) if *found == index && held.detail != Detail::Key => {
                Lookup::Ready(held.frame.clone(), held.detail)
            }
            Some((found, held)) => Lookup::Stale(*found, held.frame.clone(), held.detail),
            None => Lookup::Missing,
        }
    }

    /// The frame itself in whatever detail it is held.
    pub fn held(&self, index: usize) -> Option<(F, Detail)> {
        let held = self.frames.get(&index)?;
        Some((held.frame.clone(), held.detail))
    }

    /// In which detail the frame is held.
    pub fn detail(&self, index: usize) -> Option<Detail> {
        self.frames.get(&index).map(|held| held.detail)
    }

    /// Whether the frame can be had.
    pub fn status(&self, index: usize) -> FrameStatus {
        match self.detail(index) {
            Some(Detail::Layers(_)) => FrameStatus::Ready,
            _ if self.failed.contains(index) => FrameStatus::Failed,
            _ => FrameStatus::Missing,
        }
    }

    /// Ranges of frames that are not known to fail, sorted.
    pub fn buffered(&self) -> &Arc<[Range<usize>]> {
        &self.buffered
    }

    /// Ranges of decoded frames, sorted.
    pub fn decoded(&self) -> &Arc<[Range<usize>]> {
        &self.decoded
    }

    /// Frames that need no decoding: held, or known to fail.
    pub fn settled(&self) -> RangeSet {
        let mut settled = self.failed.clone();
        for range in self.decoded.iter() {
            settled.insert(range.clone());
        }
        settled
    }

    /// Frames of which only a coarse picture is held.
    pub fn coarse(&self) -> RangeSet {
        self.with_detail(|detail| detail == Detail::Key)
    }

    /// Decoded frames that are held in fewer than `layers` layers.
    pub fn below(&self, layers: u8) -> RangeSet {
        self.with_detail(|detail| detail != Detail::Key && detail < Detail::Layers(layers))
    }

    /// Frames that cannot be decoded.
    pub fn failed(&self) -> &RangeSet {
        &self.failed
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The cap.
    pub fn limit_bytes(&self) -> usize {
        self.limit_bytes
    }

    /// Counts every change of what is held or wanted.
    pub fn revision(&self) -> u64 {
        self.revision
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init)] // lists of ranges are what is compared
mod tests {
    use super::*;
    use crate::Repeat;

    #[derive(Clone, Debug)]
    struct Sized(usize);

    impl FrameSize for Sized {
        fn size_bytes(&self) -> usize {
            self.0
        }
    }

    fn order(playhead: usize, count: usize, repeat: Repeat) -> PlayOrder {
        PlayOrder {
            playhead,
            repeat,
            playing: true,
            ..PlayOrder::start(count)
        }
    }

    fn put(store: &mut FrameStore<Sized>, index: usize, size: usize) -> Insert {
        store.insert(index, Sized(size), Detail::FULL)
    }

    #[test]
    fn nearest_is_stale_and_the_frame_itself_is_ready() {
        let mut store = FrameStore::new(100, 50);
        assert!(matches!(store.get(3), Lookup::Missing));
        put(&mut store, 10, 1);
        put(&mut store, 20, 1);
        assert!(matches!(store.get(10), Lookup::Ready(..)));
        assert!(matches!(store.get(0), Lookup::Stale(10, ..)));
        assert!(matches!(store.get(15), Lookup::Stale(10, ..)));
        assert!(matches!(store.get(16), Lookup::Stale(20, ..)));
        assert!(matches!(store.get(49), Lookup::Stale(20, ..)));
        assert_eq!(*store.decoded().clone(), [10..11, 20..21]);
    }

    #[test]
    fn the_cap_holds_and_the_farthest_goes_first() {
        let mut store = FrameStore::new(10, 100);
        store.want(order(20, 100, Repeat::Once));
        for index in 20..30 {
            assert_eq!(put(&mut store, index, 1), Insert::Stored);
        }
        assert_eq!(store.bytes(), 10);
        // One past what fits, farther than all: refused.
        assert_eq!(put(&mut store, 30, 1), Insert::Dropped);
        // Nearer than the farthest: the farthest goes.
        assert_eq!(put(&mut store, 19, 1), Insert::Stored);
        assert_eq!(*store.decoded().clone(), [19..29]);
        assert_eq!(store.bytes(), 10);
    }

    #[test]
    fn a_frame_at_the_cap_is_held_and_one_byte_more_is_not() {
        let mut store = FrameStore::new(10, 3);
        assert_eq!(put(&mut store, 0, 10), Insert::Stored);
        assert_eq!(put(&mut store, 0, 11), Insert::TooLarge);
        assert_eq!(store.bytes(), 10);
    }

    #[test]
    fn replacing_a_frame_counts_it_once() {
        let mut store = FrameStore::new(10, 3);
        put(&mut store, 0, 4);
        put(&mut store, 0, 6);
        assert_eq!(store.bytes(), 6);
    }

    #[test]
    fn better_detail_replaces_worse_and_never_the_other_way_round() {
        let mut store = FrameStore::new(20, 9);
        let put =
            |store: &mut FrameStore<Sized>, size, detail| store.insert(4, Sized(size), detail);
        assert_eq!(put(&mut store, 1, Detail::Key), Insert::Stored);
        assert_eq!(store.status(4), FrameStatus::Missing);
        assert!(matches!(store.get(4), Lookup::Stale(4, _, Detail::Key)));
        assert!(store.decoded().is_empty() && store.coarse().contains(4));
        assert_eq!(put(&mut store, 3, Detail::Layers(2)), Insert::Stored);
        assert_eq!((store.status(4), store.bytes()), (FrameStatus::Ready, 3));
        assert_eq!(put(&mut store, 2, Detail::Layers(1)), Insert::Worse);
        assert_eq!(put(&mut store, 1, Detail::Key), Insert::Worse);
        assert_eq!(store.detail(4), Some(Detail::Layers(2)));
        assert!(store.below(3).contains(4) && !store.below(2).contains(4));
        assert_eq!(put(&mut store, 5, Detail::Layers(3)), Insert::Stored);
        assert_eq!((store.bytes(), store.coarse()), (5, RangeSet::new()));
        // One that does not fit leaves what was there.
        assert_eq!(put(&mut store, 21, Detail::FULL), Insert::TooLarge);
        assert_eq!(store.detail(4), Some(Detail::Layers(3)));
    }

    #[test]
    fn everything_in_the_window_fits_whatever_the_sizes() {
        let mut store = FrameStore::new(40, 100);
        store.want(order(50, 100, Repeat::Loop));
        for round in 0..200 {
            let index = (round * 37) % 100;
            put(&mut store, index, 1 + (round * 7) % 9);
            assert!(store.bytes() <= 40);
        }
        let wanted: Vec<_> = store.window().spans.clone();
        for frame in wanted.iter().flat_map(|span| span.frames.clone()) {
            assert_eq!(put(&mut store, frame, 9), Insert::Stored, "{frame}");
        }
        for frame in wanted.iter().flat_map(|span| span.frames.clone()) {
            assert_eq!(store.status(frame), FrameStatus::Ready, "{frame}");
        }
    }

    #[test]
    fn failed_frames_are_remembered_and_settled() {
        let mut store = FrameStore::new(10, 20);
        put(&mut store, 3, 1);
        store.fail(4..8);
        assert_eq!(store.status(3), FrameStatus::Ready);
        assert_eq!(store.status(4), FrameStatus::Failed);
        assert_eq!(store.status(8), FrameStatus::Missing);
        assert_eq!(store.settled().ranges(), [3..8]);
        assert_eq!(*store.buffered().clone(), [0..4, 8..20]);
    }
}
