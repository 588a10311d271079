//! Entropy coding of integers: a hybrid of tokens, coded by an interleaved rANS with static tables
//! for each context, and raw bits. Specified in `codecs/FORMAT.md`, "Entropy coding".
//!
//! rANS is after "Asymmetric numeral systems" (Duda 2013) in the byte-wise form of Giesen's "Interleaved
//! entropy coders" (2014); the split into tokens and raw bits is that of JPEG XL (ISO/IEC 18181-1,
//! "hybrid integers"). Integers only, so that every machine decodes the same.

mod bits;
mod decoder;
mod encoder;
mod tables;

pub use bits::{Reader, put_varint};
pub use decoder::EntropyDecoder;
pub use encoder::EntropyEncoder;

/// Bits of a probability: frequencies of a table add up to `1 << PROBABILITY_BITS`.
const PROBABILITY_BITS: u32 = 12;
const PROBABILITY_SUM: u32 = 1 << PROBABILITY_BITS;
/// Values below have a token of their own.
const DIRECT: u32 = 16;
/// Binary digits of [`DIRECT`] less one.
const DIRECT_BITS: u32 = 4;
/// Tokens of a value of 32 bits.
pub(crate) const TOKENS: usize = (DIRECT + 2 * (32 - DIRECT_BITS)) as usize;
/// Lower end of a coder's state.
const STATE_MIN: u32 = 1 << 16;
/// States that take turns, symbol by symbol.
const LANES: usize = 2;
/// Most tables of one stream.
const MAX_TABLES: usize = 255;

/// The token of a value, how many raw bits follow it, and those bits.
pub(crate) fn split(value: u32) -> (u8, u32, u32) {
    if value < DIRECT {
        return (value as u8, 0, 0);
    }
    let top = value.ilog2();
    let half = value >> (top - 1) & 1;
    let token = DIRECT + 2 * (top - DIRECT_BITS) + half;
    (token as u8, top - 1, value & ((1 << (top - 1)) - 1))
}

/// The smallest value of a token and how many raw bits follow it.
pub(crate) fn join(token: u8) -> (u32, u32) {
    let token = u32::from(token);
    if token < DIRECT {
        return (token, 0);
    }
    let top = (token - DIRECT) / 2 + DIRECT_BITS;
    let half = (token - DIRECT) & 1;
    (1 << top | half << (top - 1), top - 1)
}

/// Signed to unsigned: 0, -1, 1, -2, 2 … become 0, 1, 2, 3, 4 …
pub fn zigzag(value: i32) -> u32 {
    (value << 1 ^ value >> 31) as u32
}

/// The way back of [`zigzag`].
pub fn unzigzag(value: u32) -> i32 {
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn tokens_cover_every_value_once() {
        let mut next = 0u64;
        for token in 0..TOKENS as u8 {
            let (low, bits) = join(token);
            assert_eq!(u64::from(low), next, "{token}");
            assert_eq!(split(low), (token, bits, 0));
            next += 1 << bits;
            let high = (next - 1) as u32;
            assert_eq!(split(high), (token, bits, high - low));
        }
        assert_eq!(next, 1 << 32);
    }

    #[test]
    fn zigzag_turns_and_returns() {
        for value in [0, -1, 1, -2, 77, -77, i32::MAX, i32::MIN] {
            assert_eq!(unzigzag(zigzag(value)), value);
        }
        assert_eq!([0, -1, 1, -2, 2].map(zigzag), [0, 1, 2, 3, 4]);
    }

    /// Values of three contexts: nearly all zero, small, and anything.
    fn values(count: usize) -> Vec<(usize, u32)> {
        let mut random = Random::new(5);
        (0..count)
            .map(|_| {
                let context = random.below(3);
                let value = match context {
                    0 => u32::from(random.below(50) == 0),
                    1 => (random.unit() * random.unit() * 40.0) as u32,
                    _ => random.below(1 << 30) as u32 >> random.below(30),
                };
                (context, value)
            })
            .collect()
    }

    fn coded(values: &[(usize, u32)]) -> Vec<u8> {
        let mut encoder = EntropyEncoder::new(4);
        for (context, value) in values {
            encoder.put(*context, *value);
        }
        let mut bytes = Vec::new();
        encoder.finish(&mut bytes);
        bytes
    }

    #[test]
    fn what_is_coded_is_decoded() {
        for count in [0, 1, 2, 3, 1000, 50_000] {
            let values = values(count);
            let bytes = coded(&values);
            let mut decoder = EntropyDecoder::new("test", &bytes, 4).expect("a stream");
            for (context, value) in &values {
                assert_eq!(decoder.get(*context), *value);
            }
            decoder.finish().expect("the end");
        }
    }

    #[test]
    fn rare_events_cost_little() {
        let zeros: Vec<(usize, u32)> = (0..100_000)
            .map(|k| (0, u32::from(k % 1000 == 0)))
            .collect();
        // The entropy is 0.0114 bits a symbol, 143 bytes.
        let length = coded(&zeros).len();
        assert!(length < 190, "{length}");
        let certain = vec![(1, 7); 100_000];
        assert!(coded(&certain).len() < 32);
    }

    #[test]
    fn damage_is_noticed_or_harmless() {
        let values = values(300);
        let bytes = coded(&values);
        let read = |bytes: &[u8]| {
            let Ok(mut decoder) = EntropyDecoder::new("test", bytes, 4) else {
                return false;
            };
            for (context, _) in &values {
                decoder.get(*context);
            }
            decoder.finish().is_ok()
        };
        assert!(read(&bytes));
        for length in 0..bytes.len() {
            assert!(!read(&bytes[..length]), "cut at {length}");
        }
        let mut unnoticed = 0;
        for bit in 0..8 * bytes.len() {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            unnoticed += usize::from(read(&damaged));
        }
        // Raw bits can be anything; all others end in a wrong state.
        assert!(unnoticed < 8 * bytes.len() / 2, "{unnoticed}");
    }
}
