//! A stream to values.

use super::tables::Tables;
use super::{LANES, PROBABILITY_BITS, PROBABILITY_SUM, Reader, STATE_MIN, join};
use crate::{Error, Result};

/// A slot of a table: the token that owns it and its place.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    frequency: u16,
    /// Slots of this token before this one.
    offset: u16,
    token: u8,
}

/// Decodes one stream. Reading never fails in the middle: past the end, and after damage, values are
/// arbitrary, and [`Self::finish`] tells.
#[derive(Debug)]
pub struct EntropyDecoder<'a> {
    name: &'a str,
    map: Vec<u8>,
    slots: Vec<Slot>,
    states: [u32; LANES],
    lane: usize,
    words: &'a [u8],
    raw: &'a [u8],
    pending: u64,
    pending_bits: u32,
    sound: bool,
}

impl<'a> EntropyDecoder<'a> {
    /// Starts on `bytes`, all of which are the stream, with contexts `0..contexts`. Messages call it
    /// `name`.
    ///
    /// # Errors
    /// When its tables are damaged or it is shorter than it says.
    pub fn new(name: &'a str, bytes: &'a [u8], contexts: usize) -> Result<Self> {
        let mut reader = Reader::new(name, bytes);
        let tables = Tables::read(&mut reader, contexts)?;
        let mut slots = Vec::with_capacity(tables.tables.len() * PROBABILITY_SUM as usize);
        for table in &tables.tables {
            for (token, frequency) in table.frequencies.iter().enumerate() {
                slots.extend((0..*frequency).map(|offset| Slot {
                    frequency: *frequency,
                    offset,
                    token: token as u8,
                }));
            }
        }
        if slots.is_empty() {
            slots.resize(PROBABILITY_SUM as usize, Slot::default());
        }
        let words = reader.varint()? as usize;
        let words = reader.take(words.saturating_mul(2))?;
        let raw = reader.varint()? as usize;
        let raw = reader.take(raw)?;
        if !reader.rest().is_empty() {
            return Err(reader.damaged("something follows its end"));
        }
        let mut decoder = Self {
            name,
            map: tables.map,
            slots,
            states: [0; LANES],
            lane: 0,
            words,
            raw,
            pending: 0,
            pending_bits: 0,
            sound: true,
        };
        for lane in 0..LANES {
            let high = decoder.word();
            decoder.states[lane] = high << 16 | decoder.word();
        }
        Ok(decoder)
    }

    /// The next value.
    #[inline]
    pub fn get(&mut self, context: usize) -> u32 {
        let state = self.states[self.lane];
        let table = usize::from(self.map[context]) << PROBABILITY_BITS;
        let slot = self.slots[table + (state & (PROBABILITY_SUM - 1)) as usize];
        let mut next =
            u32::from(slot.frequency) * (state >> PROBABILITY_BITS) + u32::from(slot.offset);
        if next < STATE_MIN {
            next = next << 16 | self.word();
        }
        self.states[self.lane] = next;
        self.lane = (self.lane + 1) % LANES;
        let (low, bits) = join(slot.token);
        if bits == 0 {
            low
        } else {
            low + self.bits(bits)
        }
    }

    fn word(&mut self) -> u32 {
        match self.words {
            [low, high, rest @ ..] => {
                self.words = rest;
                u32::from(u16::from_le_bytes([*low, *high]))
            }
            _ => {
                self.sound = false;
                0
            }
        }
    }

    fn bits(&mut self, count: u32) -> u32 {
        while self.pending_bits < count {
            let byte = match self.raw {
                [byte, rest @ ..] => {
                    self.raw = rest;
                    *byte
                }
                [] => {
                    self.sound = false;
                    0
                }
            };
            self.pending |= u64::from(byte) << self.pending_bits;
            self.pending_bits += 8;
        }
        let bits = self.pending as u32 & ((1 << count) - 1);
        self.pending >>= count;
        self.pending_bits -= count;
        bits
    }

    /// Ends the stream after its last value.
    ///
    /// # Errors
    /// When it is damaged, or is not at its end.
    pub fn finish(self) -> Result<()> {
        let done = self.words.is_empty() && self.raw.is_empty() && self.pending == 0;
        if self.sound && done && self.states == [STATE_MIN; LANES] {
            return Ok(());
        }
        Err(Error::malformed(
            self.name,
            "its entropy-coded data does not end where it should; copy the clip again",
        ))
    }
}
