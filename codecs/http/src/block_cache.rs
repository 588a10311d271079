//! Blocks of files in memory, the least recently used of which make room for others.
//!
//! Files are kept in blocks of one size at fixed places instead of as the ranges that were asked
//! for: then two ranges that overlap share their bytes, what is missing is found by looking things
//! up, and nothing is ever merged. A range costs at most a block more at either end, 13 ms at
//! 10 Mbit/s, which as a rule the next range wants anyway.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;

/// Bytes of a block; the last of a file may be shorter.
pub(crate) const BLOCK_BYTES: u64 = 16 << 10;

/// One version of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ContentId(pub(crate) u64);

/// The blocks that hold the bytes of a range.
pub(crate) fn blocks_of(bytes: &std::ops::Range<u64>) -> std::ops::Range<u64> {
    if bytes.is_empty() {
        return 0..0;
    }
    bytes.start / BLOCK_BYTES..bytes.end.div_ceil(BLOCK_BYTES)
}

/// The cache.
pub(crate) struct BlockCache {
    limit_bytes: u64,
    used_bytes: u64,
    clock: u64,
    entries: HashMap<(ContentId, u64), Entry>,
    /// From least to most recently used, those that stay in any case left out.
    order: BTreeMap<u64, (ContentId, u64)>,
}

struct Entry {
    bytes: Bytes,
    /// Its key in the order; `None` while it must stay.
    used: Option<u64>,
}

impl BlockCache {
    /// A cache of at most `limit_bytes`, beside what must stay.
    pub(crate) fn new(limit_bytes: u64) -> Self {
        Self {
            limit_bytes,
            used_bytes: 0,
            clock: 0,
            entries: HashMap::new(),
            order: BTreeMap::new(),
        }
    }

    pub(crate) fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    pub(crate) fn contains(&self, content: ContentId, block: u64) -> bool {
        self.entries.contains_key(&(content, block))
    }

    /// A block, which is now the most recently used.
    pub(crate) fn get(&mut self, content: ContentId, block: u64) -> Option<Bytes> {
        let entry = self.entries.get_mut(&(content, block))?;
        if let Some(used) = &mut entry.used {
            self.order.remove(used);
            self.clock += 1;
            *used = self.clock;
            self.order.insert(self.clock, (content, block));
        }
        Some(entry.bytes.clone())
    }

    /// Adds a block. With `stays` it is kept until [`Self::forget`], whatever else comes.
    pub(crate) fn insert(&mut self, content: ContentId, block: u64, bytes: Bytes, stays: bool) {
        let key = (content, block);
        self.remove(key);
        let used = (!stays).then(|| {
            self.clock += 1;
            self.used_bytes += bytes.len() as u64;
            self.order.insert(self.clock, key);
            self.clock
        });
        self.entries.insert(key, Entry { bytes, used });
        while self.used_bytes > self.limit_bytes
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.remove(oldest);
        }
    }

    /// Drops all blocks of a file.
    pub(crate) fn forget(&mut self, content: ContentId) {
        let keys: Vec<_> = self.entries.keys().copied().collect();
        for key in keys.into_iter().filter(|key| key.0 == content) {
            self.remove(key);
        }
    }

    fn remove(&mut self, key: (ContentId, u64)) {
        if let Some(entry) = self.entries.remove(&key)
            && let Some(used) = entry.used
        {
            self.order.remove(&used);
            self.used_bytes -= entry.bytes.len() as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: ContentId = ContentId(1);
    const OTHER: ContentId = ContentId(2);

    fn block(byte: u8) -> Bytes {
        Bytes::from(vec![byte; 10])
    }

    #[test]
    fn ranges_and_their_blocks() {
        assert_eq!(blocks_of(&(0..0)), 0..0);
        assert_eq!(blocks_of(&(5..5)), 0..0);
        assert_eq!(blocks_of(&(0..1)), 0..1);
        assert_eq!(blocks_of(&(BLOCK_BYTES - 1..BLOCK_BYTES + 1)), 0..2);
        assert_eq!(blocks_of(&(BLOCK_BYTES..2 * BLOCK_BYTES)), 1..2);
    }

    #[test]
    fn the_least_recently_used_go_first_and_the_cap_holds() {
        let mut cache = BlockCache::new(30);
        for number in 0..3 {
            cache.insert(FILE, number, block(number as u8), false);
        }
        assert_eq!(cache.get(FILE, 0), Some(block(0)));
        cache.insert(OTHER, 0, block(9), false);
        let there = [0, 1, 2].map(|number| cache.contains(FILE, number));
        assert_eq!(there, [true, false, true]);
        assert_eq!(cache.used_bytes, 30);
        // The same block again takes no more room.
        cache.insert(OTHER, 0, block(8), false);
        assert_eq!(cache.used_bytes, 30);
        assert_eq!(cache.get(OTHER, 0), Some(block(8)));
    }

    #[test]
    fn what_must_stay_stays_until_it_is_forgotten() {
        let mut cache = BlockCache::new(20);
        for number in 0..10 {
            cache.insert(FILE, number, block(1), true);
            cache.insert(OTHER, number, block(2), false);
        }
        assert!((0..10).all(|number| cache.contains(FILE, number)));
        assert_eq!(cache.used_bytes, 20);
        cache.forget(FILE);
        assert!(!(0..10).any(|number| cache.contains(FILE, number)));
        assert!(cache.contains(OTHER, 9) && cache.contains(OTHER, 8));
        assert_eq!(cache.entries.len(), 2);
    }
}
