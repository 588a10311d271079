//! The range coder of torchac (Mentzer et al., CVPR 2019): an arithmetic coder with 32 bits, after
//! Witten, Neal and Cleary 1987, over cumulative frequencies of 16 bits.

/// Bits of a frequency.
const PRECISION: u32 = 16;
const HALF: u32 = 1 << 31;
const QUARTER: u32 = 1 << 30;

/// Cumulative frequencies: where each symbol begins, and where the last one ends.
pub(super) struct Frequencies(Vec<u32>);

impl Frequencies {
    /// Out of cumulative probabilities from 0 to 1, one more than there are symbols. Each is rounded to
    /// 65536 parts less one for each symbol, half to even, and then moved up by its number, so that none
    /// is impossible.
    pub(super) fn new(probabilities: &[f32]) -> Option<Self> {
        let symbols = u32::try_from(probabilities.len().checked_sub(1)?).ok()?;
        let parts = (1_u32 << PRECISION).checked_sub(symbols)?;
        let bounds = probabilities
            .iter()
            .enumerate()
            .map(|(index, probability)| {
                // In f32, as the encoder does it.
                let rounded = (probability * parts as f32).round_ties_even() as u32;
                rounded.saturating_add(index as u32)
            });
        let mut bounds: Vec<u32> = bounds.collect();
        // What is stored for the last one does not count.
        *bounds.last_mut()? = 1 << PRECISION;
        let rises = bounds.first() == Some(&0) && bounds.windows(2).all(|pair| pair[0] < pair[1]);
        (symbols > 0 && rises).then_some(Self(bounds))
    }

    /// The symbol whose stretch holds `count`.
    fn symbol(&self, count: u32) -> usize {
        let next = self.0.partition_point(|bound| *bound <= count);
        next.clamp(1, self.0.len() - 1) - 1
    }
}

/// The bits of a stream; zeros behind its end.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn next(&mut self) -> u32 {
        let byte = self.bytes.get(self.at / 8).copied().unwrap_or(0);
        let bit = (byte >> (7 - self.at % 8)) & 1;
        self.at += 1;
        u32::from(bit)
    }
}

/// Decodes `count` symbols.
pub(super) fn decode(bytes: &[u8], frequencies: &Frequencies, count: usize) -> Vec<u16> {
    let mut bits = Bits { bytes, at: 0 };
    let (mut low, mut high) = (0_u32, u32::MAX);
    let mut value = (0..32).fold(0, |value, _| (value << 1) | bits.next());
    let mut symbols = Vec::with_capacity(count);
    for _ in 0..count {
        let span = u64::from(high) - u64::from(low) + 1;
        let offset = u64::from(value.wrapping_sub(low)) + 1;
        let symbol = frequencies.symbol((((offset << PRECISION) - 1) / span) as u32);
        symbols.push(symbol as u16);
        let bound = |symbol: usize| ((span * u64::from(frequencies.0[symbol])) >> PRECISION) as u32;
        high = low.wrapping_add(bound(symbol + 1)).wrapping_sub(1);
        low = low.wrapping_add(bound(symbol));
        loop {
            if low >= HALF || high < HALF {
                // The first bit is the same.
            } else if low >= QUARTER && high < HALF + QUARTER {
                // They straddle the middle: the second bit goes instead.
                low -= QUARTER;
                high -= QUARTER;
                value = value.wrapping_sub(QUARTER);
            } else {
                break;
            }
            low <<= 1;
            high = (high << 1) | 1;
            value = (value << 1) | bits.next();
        }
    }
    symbols
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_rounded_and_rise() {
        let frequencies = Frequencies::new(&[0.0, 0.25, 0.25, 1.0]).expect("rise");
        // 65533 parts: a quarter is 16383.25.
        assert_eq!(frequencies.0, [0, 16384, 16385, 65536]);
        assert_eq!(
            [0, 16383, 16384, 16385, 65535].map(|count| frequencies.symbol(count)),
            [0, 0, 1, 2, 2]
        );
        for bad in [
            &[][..],
            &[0.0],
            &[0.5, 1.0],
            &[0.0, 0.9, 0.1, 1.0],
            &[0.0, f32::MAX, 1.0],
        ] {
            assert!(Frequencies::new(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn any_bytes_give_symbols() {
        let frequencies = Frequencies::new(&[0.0, 0.9, 0.95, 1.0]).expect("rise");
        for bytes in [&[][..], &[0xff; 40], &[0x55, 0xaa, 0x00, 0xff, 0x80]] {
            let symbols = decode(bytes, &frequencies, 500);
            assert_eq!(symbols.len(), 500);
            assert!(symbols.iter().all(|symbol| *symbol < 3));
        }
    }
}
