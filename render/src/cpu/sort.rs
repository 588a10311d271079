//! Stable radix sort of depth keys: twin of `splat/sort_*.wgsl`, and the CPU tier's own sort.
//!
//! Least significant digit first, each pass in three steps: `histogram` counts the digits of each
//! block, `scan` turns counts into places, `scatter` moves the items there. Culled keys are left
//! out by the first pass, so later passes and the drawing never see them.

pub use crate::splat::constants::KEY_CULLED;

/// Which bits of the key a pass sorts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digit {
    /// Lowest bit.
    pub shift: u32,
    /// Number of bits.
    pub bits: u32,
}

impl Digit {
    /// Number of different digits.
    pub fn values(self) -> usize {
        1 << self.bits
    }

    fn of(self, key: u32) -> usize {
        (key >> self.shift) as usize & (self.values() - 1)
    }
}

/// Counts digits: `counts[digit * blocks + block]`, culled keys left out. `counts` is overwritten;
/// its length must be `digit.values()` times the number of blocks of `block_len` items.
pub fn histogram(keys: &[u32], digit: Digit, block_len: usize, counts: &mut [u32]) {
    counts.fill(0);
    let blocks = counts.len() / digit.values();
    for (block, keys) in keys.chunks(block_len).enumerate() {
        for key in keys.iter().filter(|key| **key != KEY_CULLED) {
            counts[digit.of(*key) * blocks + block] += 1;
        }
    }
}

/// Turns counts into the place of the first item of each digit and block; returns the sum.
pub fn scan(counts: &mut [u32]) -> u32 {
    let mut sum = 0;
    for count in counts {
        sum += std::mem::replace(count, sum);
    }
    sum
}

/// Moves each item that is not culled to its place, in order within its digit. `rows` are the
/// items' values; without it an item's value is its index. `places` is used up.
pub fn scatter(
    (keys, rows): (&[u32], Option<&[u32]>),
    digit: Digit,
    block_len: usize,
    places: &mut [u32],
    (sorted_keys, sorted_rows): (&mut [u32], &mut [u32]),
) {
    let blocks = places.len() / digit.values();
    for (index, key) in keys.iter().enumerate() {
        if *key == KEY_CULLED {
            continue;
        }
        let place = &mut places[digit.of(*key) * blocks + index / block_len];
        sorted_keys[*place as usize] = *key;
        sorted_rows[*place as usize] = rows.map_or(index as u32, |rows| rows[index]);
        *place += 1;
    }
}

/// The CPU tier's sort, with the memory it keeps between frames.
#[derive(Debug, Default)]
pub struct RadixSort {
    counts: Vec<u32>,
    keys: [Vec<u32>; 2],
    rows: [Vec<u32>; 2],
}

impl RadixSort {
    /// The rows of all keys that are not [`KEY_CULLED`], smallest key first, equal keys in row
    /// order. Keys have `key_bits` bits, an even number up to 24.
    pub fn sort(&mut self, keys: &[u32], key_bits: u32) -> &[u32] {
        // Two passes always: on a CPU counters of 12-bit digits still fit the first-level cache.
        let bits = key_bits / 2;
        let digits = [0, bits].map(|shift| Digit { shift, bits });
        for buffer in self.keys.iter_mut().chain(&mut self.rows) {
            buffer.resize(keys.len(), 0);
        }
        self.counts.resize(digits[0].values(), 0);
        let block_len = keys.len().max(1);
        let [keys_a, keys_b] = &mut self.keys;
        let [rows_a, rows_b] = &mut self.rows;

        histogram(keys, digits[0], block_len, &mut self.counts);
        let visible = scan(&mut self.counts) as usize;
        let sorted = (&mut keys_a[..], &mut rows_a[..]);
        scatter((keys, None), digits[0], block_len, &mut self.counts, sorted);

        let (keys_a, rows_a) = (&keys_a[..visible], &rows_a[..visible]);
        histogram(keys_a, digits[1], block_len, &mut self.counts);
        scan(&mut self.counts);
        let sorted = (&mut keys_b[..], &mut rows_b[..]);
        let items = (keys_a, Some(rows_a));
        scatter(items, digits[1], block_len, &mut self.counts, sorted);
        &rows_b[..visible]
    }

    /// Bytes of memory it holds.
    pub fn size_bytes(&self) -> usize {
        let buffers = self.keys.iter().chain(&self.rows);
        4 * (self.counts.capacity() + buffers.map(Vec::capacity).sum::<usize>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random_keys(count: usize, bits: u32) -> Vec<u32> {
        let mut state = 7_u32;
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
                if state >> 29 == 0 {
                    KEY_CULLED
                } else {
                    state >> (32 - bits) & (state >> 8 | 0xff)
                }
            })
            .collect()
    }

    #[test]
    fn sorts_stably_and_leaves_culled_keys_out() {
        for (count, bits) in [(0, 16), (1, 16), (1000, 16), (70_000, 16), (70_000, 24)] {
            let keys = random_keys(count, bits);
            let mut expected: Vec<u32> = (0..count as u32)
                .filter(|row| keys[*row as usize] != KEY_CULLED)
                .collect();
            expected.sort_by_key(|row| keys[*row as usize]);
            let mut sort = RadixSort::default();
            assert_eq!(sort.sort(&keys, bits), expected, "{count} {bits}");
            assert_eq!(sort.sort(&keys, bits), expected, "again, in used memory");
        }
    }

    #[test]
    fn blocks_do_not_change_the_result() {
        let keys = random_keys(5000, 8);
        let digit = Digit { shift: 0, bits: 8 };
        let sorted = |block_len: usize| {
            let mut counts = vec![9; 256 * keys.len().div_ceil(block_len)];
            histogram(&keys, digit, block_len, &mut counts);
            let total = scan(&mut counts) as usize;
            let (mut sorted_keys, mut rows) = (vec![0; total], vec![0; total]);
            let target = (&mut sorted_keys[..], &mut rows[..]);
            scatter((&keys, None), digit, block_len, &mut counts, target);
            rows
        };
        assert_eq!(sorted(5000), sorted(64));
    }
}
