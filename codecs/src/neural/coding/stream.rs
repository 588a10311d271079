//! One stream of symbols.

use constriction::UnwrapInfallible;
use constriction::backends::Cursor;
use constriction::stream::queue::{RangeDecoder, RangeEncoder};
use constriction::stream::{Decode, Encode};

use super::model::{Adaptive, PRECISION, Raw};

/// Symbols to bytes.
pub(super) struct SymbolEncoder {
    coder: RangeEncoder<u16, u64>,
}

impl SymbolEncoder {
    pub(super) fn new() -> Self {
        Self {
            coder: RangeEncoder::new(),
        }
    }

    /// Adds a symbol of `model`, which counts it.
    #[inline]
    pub(super) fn put(&mut self, model: &mut Adaptive, symbol: usize) {
        // Only a symbol that the model has not can be refused, and callers have none.
        let coded = Encode::<PRECISION>::encode_symbol(&mut self.coder, symbol, &*model);
        debug_assert!(coded.is_ok());
        model.count(symbol);
    }

    /// Adds the lowest `count` bits of `value`, at most 32.
    pub(super) fn put_bits(&mut self, value: u32, mut count: u32) {
        while count > 0 {
            let some = count.min(PRECISION as u32);
            count -= some;
            let bits = (value >> count) as usize & ((1 << some) - 1);
            let coded = Encode::<PRECISION>::encode_symbol(&mut self.coder, bits, Raw(some));
            debug_assert!(coded.is_ok());
        }
    }

    /// The stream: words of 16 bits, little-endian, without zeros at the end.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut words = self.coder.into_compressed().unwrap_infallible();
        while words.last() == Some(&0) {
            words.pop();
        }
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }
}

/// Bytes to symbols. After damage symbols are arbitrary.
pub(super) struct SymbolDecoder {
    coder: RangeDecoder<u16, u64, Cursor<u16, Vec<u16>>>,
}

impl SymbolDecoder {
    /// Starts on a stream; `None` for an odd number of bytes.
    pub(super) fn new(bytes: &[u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks();
        let words: Vec<u16> = words.iter().map(|word| u16::from_le_bytes(*word)).collect();
        rest.is_empty().then(|| Self {
            coder: RangeDecoder::from_compressed(words).unwrap_infallible(),
        })
    }

    /// The next symbol of `model`, which counts it; `None` where nothing can have been coded so.
    #[inline]
    pub(super) fn get(&mut self, model: &mut Adaptive) -> Option<usize> {
        let symbol = Decode::<PRECISION>::decode_symbol(&mut self.coder, &*model).ok()?;
        model.count(symbol);
        Some(symbol)
    }

    /// The next `count` bits, at most 32.
    pub(super) fn get_bits(&mut self, mut count: u32) -> Option<u32> {
        let mut value = 0;
        while count > 0 {
            let some = count.min(PRECISION as u32);
            count -= some;
            let bits = Decode::<PRECISION>::decode_symbol(&mut self.coder, Raw(some)).ok()?;
            value = value << some | bits as u32;
        }
        Some(value)
    }

    /// Whether this can be the end of the stream.
    pub(super) fn is_at_end(&self) -> bool {
        self.coder.maybe_exhausted()
    }
}
