//! Probabilities that follow what was coded so far, whole numbers only.

use std::borrow::Borrow;
use std::num::NonZeroU16;

use constriction::stream::model::{DecoderModel, EncoderModel, EntropyModel};

/// Bits of a probability: those of all symbols add up to 2 to the power of this.
pub(super) const PRECISION: usize = 16;
const TOTAL: u32 = 1 << PRECISION;
/// What a symbol counts, where one that was never seen counts 1.
const SEEN: u32 = 24;
/// Symbols between two renewals of the probabilities: a quarter of those that there were, within these.
const LEAST_INTERVAL: u32 = 8;
const MOST_INTERVAL: u32 = 4096;
/// Quantiles that share an entry of the table of first symbols.
const BUCKET: u32 = 256;

/// A model of symbols below a number of its own. It is renewed from the counts at fixed places of the stream, the same for both
/// sides.
#[derive(Clone, Debug)]
pub(super) struct Adaptive {
    weights: Vec<u32>,
    /// Where the quantiles of each symbol begin, and the end of the last one's.
    starts: Vec<u32>,
    /// The symbol of the first quantile of each bucket.
    firsts: Vec<u16>,
    seen: u32,
    renewal: u32,
}

impl Adaptive {
    /// A model of symbols below `symbols`, 2 to 256.
    pub(super) fn new(symbols: usize) -> Self {
        let mut model = Self {
            weights: vec![1; symbols],
            starts: vec![0; symbols + 1],
            firsts: vec![0; (TOTAL / BUCKET) as usize],
            seen: 0,
            renewal: LEAST_INTERVAL,
        };
        model.renew();
        model
    }

    /// Counts a symbol that was coded.
    #[inline]
    pub(super) fn count(&mut self, symbol: usize) {
        self.weights[symbol] += SEEN;
        self.seen += 1;
        if self.seen == self.renewal {
            self.renew();
            let interval = (self.seen / 4).clamp(LEAST_INTERVAL, MOST_INTERVAL);
            self.renewal = self.seen.saturating_add(interval);
        }
    }

    /// Every symbol keeps a share of 1, and the rest goes by weight; what rounding leaves goes to the heaviest.
    fn renew(&mut self) {
        let total: u64 = self.weights.iter().map(|weight| u64::from(*weight)).sum();
        let room = u64::from(TOTAL) - self.weights.len() as u64;
        let share = |weight: u32| (u64::from(weight) * room / total) as u32 + 1;
        let shared: u32 = self.weights.iter().map(|weight| share(*weight)).sum();
        let mut heaviest = 0;
        for (symbol, weight) in self.weights.iter().enumerate() {
            if *weight > self.weights[heaviest] {
                heaviest = symbol;
            }
        }
        let mut start = 0;
        for (symbol, weight) in self.weights.iter().enumerate() {
            self.starts[symbol] = start;
            start += share(*weight);
            if symbol == heaviest {
                start += TOTAL - shared;
            }
        }
        self.starts[self.weights.len()] = TOTAL;
        let mut symbol = 0;
        for (bucket, first) in self.firsts.iter_mut().enumerate() {
            while self.starts[symbol + 1] <= bucket as u32 * BUCKET {
                symbol += 1;
            }
            *first = symbol as u16;
        }
    }

    fn range(&self, symbol: usize) -> Option<(u16, NonZeroU16)> {
        let (start, end) = (*self.starts.get(symbol)?, *self.starts.get(symbol + 1)?);
        Some((start as u16, NonZeroU16::new((end - start) as u16)?))
    }
}

impl EntropyModel<PRECISION> for Adaptive {
    type Symbol = usize;
    type Probability = u16;
}

impl EncoderModel<PRECISION> for Adaptive {
    #[inline]
    fn left_cumulative_and_probability(
        &self,
        symbol: impl Borrow<usize>,
    ) -> Option<(u16, NonZeroU16)> {
        self.range(*symbol.borrow())
    }
}

impl DecoderModel<PRECISION> for Adaptive {
    #[inline]
    fn quantile_function(&self, quantile: u16) -> (usize, u16, NonZeroU16) {
        let quantile = u32::from(quantile);
        let mut symbol = usize::from(self.firsts[(quantile / BUCKET) as usize]);
        while self.starts[symbol + 1] <= quantile {
            symbol += 1;
        }
        // Every symbol has a share.
        let (start, probability) = self.range(symbol).unwrap_or((0, NonZeroU16::MAX));
        (symbol, start, probability)
    }
}

/// Bits as they are, 1 to 16 of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw(pub(super) u32);

impl Raw {
    fn each(self) -> NonZeroU16 {
        NonZeroU16::new((TOTAL >> self.0) as u16).unwrap_or(NonZeroU16::MAX)
    }
}

impl EntropyModel<PRECISION> for Raw {
    type Symbol = usize;
    type Probability = u16;
}

impl EncoderModel<PRECISION> for Raw {
    fn left_cumulative_and_probability(
        &self,
        symbol: impl Borrow<usize>,
    ) -> Option<(u16, NonZeroU16)> {
        let start = *symbol.borrow() << (PRECISION as u32 - self.0);
        Some((u16::try_from(start).ok()?, self.each()))
    }
}

impl DecoderModel<PRECISION> for Raw {
    fn quantile_function(&self, quantile: u16) -> (usize, u16, NonZeroU16) {
        let shift = PRECISION as u32 - self.0;
        let symbol = usize::from(quantile) >> shift;
        (symbol, (symbol << shift) as u16, self.each())
    }
}
