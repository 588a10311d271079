//! Values to a stream.

use super::tables::Tables;
use super::{LANES, PROBABILITY_BITS, STATE_MIN, TOKENS, put_varint, split};

/// Collects values and writes them at once, since their tables come first.
#[derive(Clone, Debug)]
pub struct EntropyEncoder {
    counts: Vec<[u32; TOKENS]>,
    /// Context and token of every value.
    symbols: Vec<(u16, u8)>,
    /// Raw bits, the lowest of the first byte first.
    raw: Vec<u8>,
    raw_bits: u32,
    pending: u64,
}

impl EntropyEncoder {
    /// An encoder of values in contexts `0..contexts`.
    pub fn new(contexts: usize) -> Self {
        Self {
            counts: vec![[0; TOKENS]; contexts],
            symbols: Vec::new(),
            raw: Vec::new(),
            raw_bits: 0,
            pending: 0,
        }
    }

    /// Adds a value.
    pub fn put(&mut self, context: usize, value: u32) {
        let (token, bits, raw) = split(value);
        self.counts[context][usize::from(token)] += 1;
        self.symbols.push((context as u16, token));
        self.pending |= u64::from(raw) << self.raw_bits;
        self.raw_bits += bits;
        while self.raw_bits >= 8 {
            self.raw.push(self.pending as u8);
            self.pending >>= 8;
            self.raw_bits -= 8;
        }
    }

    /// Appends everything to `bytes`: tables, number of 16-bit words, words, raw bits.
    pub fn finish(mut self, bytes: &mut Vec<u8>) {
        if self.raw_bits > 0 {
            self.raw.push(self.pending as u8);
        }
        let tables = Tables::cluster(&self.counts);
        tables.write(bytes);
        let ranges: Vec<Vec<(u32, u32)>> = tables
            .tables
            .iter()
            .map(|table| {
                let mut start = 0;
                let range = |frequency: &u16| {
                    let range = (start, u32::from(*frequency));
                    start += range.1;
                    range
                };
                table.frequencies.iter().map(range).collect()
            })
            .collect();
        let mut states = [STATE_MIN; LANES];
        let mut words = Vec::new();
        // Backwards, since a stack gives back last what it was given first.
        for (index, (context, token)) in self.symbols.iter().enumerate().rev() {
            let table = usize::from(tables.map[usize::from(*context)]);
            let (start, frequency) = ranges[table][usize::from(*token)];
            let state = &mut states[index % LANES];
            let limit = u64::from(frequency) << (32 - PROBABILITY_BITS);
            if u64::from(*state) >= limit {
                words.push(*state as u16);
                *state >>= 16;
            }
            *state = ((*state / frequency) << PROBABILITY_BITS) + *state % frequency + start;
        }
        for state in states.iter().rev() {
            words.extend([*state as u16, (*state >> 16) as u16]);
        }
        put_varint(bytes, words.len() as u32);
        for word in words.iter().rev() {
            bytes.extend(word.to_le_bytes());
        }
        put_varint(bytes, self.raw.len() as u32);
        bytes.extend(self.raw);
    }
}
