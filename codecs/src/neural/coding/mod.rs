//! Entropy coding of a network's integers, specified in `codecs/NEURAL.md`, "Streams".
//!
//! A range coder with models that adapt, made of whole numbers only, so that every machine decodes the same. Each tensor is
//! a stream of its own, and they are decoded side by side.
//!
//! Why not the coder of [`gaussian_video::entropy`](crate::gaussian_video::entropy), whose tables stand in front of each stream:
//! embeddings are a stream of some hundred symbols for each frame, for which a model can go on here from one stream to the
//! next. Bytes that both took for weights, with values around each tensor's mean for the other coder; those of this one hold
//! the heads of the tensors and the first embedding too:
//!
//! | weights | this | that |
//! | --- | --- | --- |
//! | of the published HNeRV, 8 bits | 1 405 604 | 1 412 336 |
//! | the same, quantised anew to 6 bits | 856 360 | 858 977 |
//! | of `tiny.safetensors`, 8 bits | 198 777 | 198 695 |
//!
//! For weights alone the two are within half a per cent. The other 131 embeddings of the published HNeRV take 6 962 bytes here;
//! as plain bits they would be 12 576. The other coder was not measured on them.

mod model;
mod stream;

use crate::Cancel;
use crate::gaussian_video::entropy::{TOKENS, join, split, unzigzag, zigzag};
use model::Adaptive;
use stream::{SymbolDecoder, SymbolEncoder};

/// Models of integers: which one holds follows from the sizes of the two before.
const CLASSES: usize = 3;
/// Symbols between two looks at the flag: a few milliseconds.
const INTERVAL: usize = 1 << 16;

/// Models of one kind of symbols, which may go on from one stream to the next.
#[derive(Clone, Debug)]
pub(super) struct SymbolCoder(Adaptive);

impl SymbolCoder {
    /// For symbols of `bits` bits, 1 to 8.
    pub(super) fn new(bits: u8) -> Self {
        Self(Adaptive::new(1 << bits))
    }

    /// A stream of symbols.
    pub(super) fn encode(&mut self, symbols: &[u8]) -> Vec<u8> {
        let mut encoder = SymbolEncoder::new();
        for symbol in symbols {
            encoder.put(&mut self.0, usize::from(*symbol));
        }
        encoder.finish()
    }

    /// The `count` symbols of a stream; `None` where it is damaged, and soon after `cancel`.
    pub(super) fn decode(
        &mut self,
        bytes: &[u8],
        count: usize,
        cancel: &Cancel,
    ) -> Option<Vec<u8>> {
        let mut decoder = SymbolDecoder::new(bytes)?;
        let mut symbols = Vec::with_capacity(count);
        for place in 0..count {
            if place.is_multiple_of(INTERVAL) && cancel.is_cancelled() {
                return None;
            }
            symbols.push(decoder.get(&mut self.0)? as u8);
        }
        decoder.is_at_end().then_some(symbols)
    }
}

/// A stream of integers of which small ones are likely, and zeros after zeros most of all.
pub(super) fn encode_integers(integers: &[i32]) -> Vec<u8> {
    let mut models = vec![Adaptive::new(TOKENS); CLASSES];
    let mut encoder = SymbolEncoder::new();
    let mut before = [0; 2];
    for integer in integers {
        let (token, bits, raw) = split(zigzag(*integer));
        encoder.put(&mut models[class(before)], usize::from(token));
        encoder.put_bits(raw, bits);
        before = [before[1], token];
    }
    encoder.finish()
}

/// The `count` integers of a stream; `None` where it is damaged, and soon after `cancel`.
pub(super) fn decode_integers(bytes: &[u8], count: usize, cancel: &Cancel) -> Option<Vec<i32>> {
    let mut models = vec![Adaptive::new(TOKENS); CLASSES];
    let mut decoder = SymbolDecoder::new(bytes)?;
    let mut before = [0; 2];
    let mut integers = Vec::with_capacity(count);
    for place in 0..count {
        if place.is_multiple_of(INTERVAL) && cancel.is_cancelled() {
            return None;
        }
        let token = decoder.get(&mut models[class(before)])? as u8;
        let (low, bits) = join(token);
        integers.push(unzigzag(low + decoder.get_bits(bits)?));
        before = [before[1], token];
    }
    decoder.is_at_end().then_some(integers)
}

/// The model for what follows two tokens: both zero, small, or else.
fn class([a, b]: [u8; 2]) -> usize {
    match u32::from(a) + u32::from(b) {
        0 => 0,
        1..=4 => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn bell(count: usize, bits: u8) -> Vec<u8> {
        let mut random = Random::new(u64::from(bits));
        let most = f32::from(u8::MAX >> (8 - bits));
        (0..count)
            .map(|_| (most * (0.5 + 0.18 * random.normal())).clamp(0.0, most) as u8)
            .collect()
    }

    fn entropy_bytes(symbols: &[u8]) -> f64 {
        let mut counts = [0_u32; 256];
        for symbol in symbols {
            counts[usize::from(*symbol)] += 1;
        }
        let total = symbols.len() as f64;
        let of = |count: f64| count * (total / count).log2() / 8.0;
        counts
            .iter()
            .filter(|count| **count > 0)
            .map(|count| of(f64::from(*count)))
            .sum()
    }

    #[test]
    fn symbols_come_back_at_the_cost_of_their_entropy() {
        for bits in 1..=8 {
            for count in [0, 1, 7, 1000, 100_000] {
                let symbols = bell(count, bits);
                let bytes = SymbolCoder::new(bits).encode(&symbols);
                let again = SymbolCoder::new(bits).decode(&bytes, count, &Cancel::new());
                assert_eq!(again.as_ref(), Some(&symbols));
                // Learning a frequency costs about a byte and a half.
                let most = 1.002 * entropy_bytes(&symbols) + f64::from(3 << (bits - 1)) + 8.0;
                assert!(
                    (bytes.len() as f64) < most,
                    "{bits} bits, {count}: {} of {most}",
                    bytes.len()
                );
            }
        }
    }

    #[test]
    fn a_coder_goes_on_in_the_next_stream() {
        let symbols = bell(6400, 6);
        let (mut encoder, mut decoder) = (SymbolCoder::new(6), SymbolCoder::new(6));
        let mut bytes = 0;
        for part in symbols.chunks(64) {
            let stream = encoder.encode(part);
            assert_eq!(
                decoder
                    .decode(&stream, part.len(), &Cancel::new())
                    .as_deref(),
                Some(part)
            );
            bytes += stream.len();
        }
        let alone: usize = symbols
            .chunks(64)
            .map(|part| SymbolCoder::new(6).encode(part).len())
            .sum();
        assert!(bytes < alone * 95 / 100, "{bytes} and {alone}");
    }

    #[test]
    fn integers_of_every_size_come_back() {
        let mut random = Random::new(9);
        let integers: Vec<i32> = (0..20_000)
            .map(|_| (random.bits() as i32) >> random.below(32))
            .chain([i32::MIN, i32::MAX, 0, -1])
            .collect();
        let bytes = encode_integers(&integers);
        assert_eq!(
            decode_integers(&bytes, integers.len(), &Cancel::new()),
            Some(integers)
        );
        assert_eq!(
            decode_integers(&encode_integers(&[]), 0, &Cancel::new()),
            Some(vec![])
        );
    }

    #[test]
    fn runs_of_zeros_cost_nearly_nothing() {
        let bytes = encode_integers(&vec![0; 200_000]);
        assert!(bytes.len() < 100, "{}", bytes.len());
        assert_eq!(
            decode_integers(&bytes, 200_000, &Cancel::new()),
            Some(vec![0; 200_000])
        );
        let some: Vec<i32> = (0..200_000).map(|k| i32::from(k % 1000 == 0)).collect();
        // The entropy is 285 bytes.
        let bytes = encode_integers(&some);
        assert!(bytes.len() < 450, "{}", bytes.len());
    }

    #[test]
    fn damage_never_panics() {
        let symbols = bell(500, 7);
        let bytes = SymbolCoder::new(7).encode(&symbols);
        let go = Cancel::new();
        let read = |bytes: &[u8]| SymbolCoder::new(7).decode(bytes, 500, &go);
        for length in 0..bytes.len() {
            assert!(
                read(&bytes[..length]).as_ref() != Some(&symbols),
                "{length}"
            );
        }
        let (mut unnoticed, cases) = (0, 8 * bytes.len());
        for bit in 0..cases {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            unnoticed += usize::from(read(&damaged).is_some());
            decode_integers(&damaged, 500, &go);
        }
        assert!(unnoticed < cases / 2, "{unnoticed} of {cases}");
        assert_eq!(read(&[1]), None);
    }

    #[test]
    fn a_stream_is_left_when_nobody_wants_it() {
        let stop = Cancel::new();
        stop.cancel();
        let bytes = encode_integers(&[1, 2, 3]);
        assert_eq!(decode_integers(&bytes, 3, &stop), None);
        assert_eq!(SymbolCoder::new(8).decode(&bytes, 3, &stop), None);
    }
}
