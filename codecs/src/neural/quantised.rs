//! Tensors as integers: a symbol for each number, and a minimum and a scale for all numbers that share them.
//!
//! value = minimum + scale · symbol, both found by the indices along the axes that are kept, as PyTorch broadcasts. It is the
//! uniform quantiser of HNeRV (Chen et al., CVPR 2023, `hnerv_utils.quant_tensor`), whose files come out unchanged.

use std::ops::Range;

use half::f16;

use crate::{Error, Result};

/// Most bits of a symbol.
pub const MAX_SYMBOL_BITS: u8 = 8;
/// Most axes of a tensor: a bit of the mask for each.
pub const MAX_AXES: usize = 8;
/// How much larger the mean squared error may become for minima and scales of half the bits.
const HALF_TOLERANCE: f64 = 1.02;

/// How minima and scales are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RangePrecision {
    /// To IEEE 754 binary16.
    Half,
    /// To binary32.
    Single,
}

impl RangePrecision {
    /// Bytes of a number.
    pub fn bytes(self) -> usize {
        match self {
            Self::Half => 2,
            Self::Single => 4,
        }
    }

    fn round(self, number: f64) -> f32 {
        match self {
            Self::Half => f16::from_f64(number).to_f32(),
            Self::Single => number as f32,
        }
    }

    /// The least that holds all of `numbers` as they are.
    fn of(mut numbers: impl Iterator<Item = f32>) -> Self {
        let is_half =
            numbers.all(|number| f16::from_f32(number).to_f32().to_bits() == number.to_bits());
        if is_half { Self::Half } else { Self::Single }
    }
}

/// A tensor of symbols, with a minimum and a scale for each of its slots: the combinations of indices along the axes that are
/// kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantised {
    shape: Vec<usize>,
    axes: u8,
    bits: u8,
    symbols: Vec<u8>,
    minima: Vec<f32>,
    scales: Vec<f32>,
    precision: RangePrecision,
}

impl Quantised {
    /// Puts a tensor together out of what a file holds. `symbols` are in the order of `shape`, the last index fastest. Bit `k`
    /// of `axes` is set where `minima` and `scales` differ along axis `k`; these have one number for each
    /// combination of indices along such axes, the last fastest.
    ///
    /// # Errors
    /// [`Error::Malformed`] where lengths do not fit each other, a symbol has more than `bits` bits (1 to 8), or a minimum or
    /// scale is not finite. `name` is the input's.
    pub fn from_parts(
        name: &str,
        shape: Vec<usize>,
        bits: u8,
        axes: u8,
        symbols: Vec<u8>,
        [minima, scales]: [Vec<f32>; 2],
    ) -> Result<Self> {
        let malformed = |reason: &str| Err(Error::malformed(name, reason));
        if !(1..=MAX_SYMBOL_BITS).contains(&bits) {
            return malformed("its symbols have an impossible number of bits");
        }
        let slots = slot_count(&shape, axes);
        if count(&shape) != Some(symbols.len())
            || slots != Some(minima.len())
            || slots != Some(scales.len())
        {
            return malformed("a tensor of its network has another length than its shape says");
        }
        if symbols.iter().any(|symbol| *symbol > most(bits)) {
            return malformed("a tensor of its network has symbols beyond its bits");
        }
        let mut ranges = minima.iter().chain(&scales);
        if !ranges.all(|number| number.is_finite()) {
            return malformed("a tensor of its network has a range that is not finite");
        }
        let precision = RangePrecision::of(minima.iter().chain(&scales).copied());
        Ok(Self {
            shape,
            axes,
            bits,
            symbols,
            minima,
            scales,
            precision,
        })
    }

    /// A tensor of exactly these numbers: each is a minimum of its own, and its symbol says nothing. For few numbers that a file has
    /// as they are, such as biases.
    ///
    /// # Errors
    /// As [`Self::quantise`].
    pub fn exact(values: &[f32], shape: &[usize]) -> Result<Self> {
        let axes = (0..shape.len().min(MAX_AXES)).fold(0, |axes, axis| axes | 1 << axis);
        check(values, shape, 1, axes)?;
        Ok(Self {
            shape: shape.to_vec(),
            axes,
            bits: 1,
            symbols: vec![0; values.len()],
            minima: values.to_vec(),
            scales: vec![0.0; values.len()],
            precision: RangePrecision::of(values.iter().copied()),
        })
    }

    /// Quantises `values`, which are in the order of `shape`, the last index fastest, to symbols of `bits` bits, with a minimum
    /// and a scale for each combination of indices along the axes whose bits are set in `axes` (0: one of each). Every
    /// number gets the symbol that comes nearest. Minima and scales are rounded to 16 bits where that costs next to nothing.
    ///
    /// # Errors
    /// [`Error::Write`] where `values` has not as many numbers as `shape`, one is not finite, `bits` is not 1 to 8, or `axes` are
    /// not those of `shape`.
    pub fn quantise(values: &[f32], shape: &[usize], bits: u8, axes: u8) -> Result<Self> {
        check(values, shape, bits, axes)?;
        let ends = ends(values, shape, axes);
        let single = Self::with(values, shape, bits, axes, &ends, RangePrecision::Single);
        let half = Self::with(values, shape, bits, axes, &ends, RangePrecision::Half);
        let is_finite = |tensor: &Self| {
            let mut ranges = tensor.minima.iter().chain(&tensor.scales);
            ranges.all(|number| number.is_finite())
        };
        let allowed = HALF_TOLERANCE * single.mean_squared_error(values);
        if is_finite(&half) && half.mean_squared_error(values) <= allowed {
            return Ok(half);
        }
        Ok(single)
    }

    /// Quantises `values` with the axes that give the least error for their size: each halving of the error is worth a bit
    /// of every number, as for any uniform quantiser at a high rate. The size is the entropy of the symbols, and minima and
    /// scales as they are.
    ///
    /// # Errors
    /// As [`Self::quantise`].
    pub fn best(values: &[f32], shape: &[usize], bits: u8) -> Result<Self> {
        let whole = Self::quantise(values, shape, bits, 0)?;
        let mut best = (whole.merit(values), whole);
        for axes in 1..1_u16 << shape.len().min(MAX_AXES) {
            let axes = axes as u8;
            // An axis of size 1 makes no difference, and ranges that take half of what they are for never pay.
            let is_idle = (0..shape.len()).any(|k| axes >> k & 1 == 1 && shape[k] == 1);
            let slots = slot_count(shape, axes).unwrap_or(usize::MAX);
            if is_idle || slots.saturating_mul(8) > values.len() {
                continue;
            }
            let tensor = Self::quantise(values, shape, bits, axes)?;
            let merit = tensor.merit(values);
            if merit < best.0 {
                best = (merit, tensor);
            }
        }
        Ok(best.1)
    }

    fn with(
        values: &[f32],
        shape: &[usize],
        bits: u8,
        axes: u8,
        ends: &[[f32; 2]],
        precision: RangePrecision,
    ) -> Self {
        let levels = f64::from(most(bits));
        // Beyond this the product with the largest symbol would not be finite.
        let largest = f64::from(f32::MAX) / levels;
        let minima: Vec<f32> = ends
            .iter()
            .map(|[low, _]| precision.round(f64::from(*low)))
            .collect();
        let scales: Vec<f32> = ends
            .iter()
            .map(|[low, high]| (f64::from(*high) - f64::from(*low)) / levels)
            .map(|scale| precision.round(scale.min(largest * (1.0 - 1e-6))))
            .collect();
        let mut symbols = vec![0; values.len()];
        each_run(shape, axes, |slot, run| {
            let (minimum, scale) = (f64::from(minima[slot]), f64::from(scales[slot]));
            let steps = if scale > 0.0 { 1.0 / scale } else { 0.0 };
            for (symbol, value) in symbols[run.clone()].iter_mut().zip(&values[run]) {
                let place = (f64::from(*value) - minimum) * steps;
                // Ends may lie a little outside after rounding.
                *symbol = (place + 0.5).clamp(0.0, levels) as u8;
            }
        });
        Self {
            shape: shape.to_vec(),
            axes,
            bits,
            symbols,
            minima,
            scales,
            precision,
        }
    }

    /// The numbers: minimum + scale · symbol in binary32, the product rounded before the sum, the same on every machine.
    pub fn dequantise(&self) -> Vec<f32> {
        let mut values = vec![0.0; self.symbols.len()];
        each_run(&self.shape, self.axes, |slot, run| {
            let (minimum, scale) = (self.minima[slot], self.scales[slot]);
            for (value, symbol) in values[run.clone()].iter_mut().zip(&self.symbols[run]) {
                *value = minimum + scale * f32::from(*symbol);
            }
        });
        values
    }

    /// Mean of the squared differences to `values`, as many as there are symbols.
    pub fn mean_squared_error(&self, values: &[f32]) -> f64 {
        let own = self.dequantise();
        let squares = own
            .iter()
            .zip(values)
            .map(|(own, value)| (f64::from(*own) - f64::from(*value)).powi(2));
        squares.sum::<f64>() / values.len().max(1) as f64
    }

    /// Bits for each number, and those that a smaller error would have cost.
    pub(super) fn merit(&self, values: &[f32]) -> f64 {
        let range_bits = 16 * self.precision.bytes() * self.minima.len();
        let bits = self.entropy_bits() + range_bits as f64;
        let error = self.mean_squared_error(values).max(f64::MIN_POSITIVE);
        bits / values.len().max(1) as f64 + 0.5 * error.log2()
    }

    /// Bits that the symbols take where each costs what its frequency says.
    pub fn entropy_bits(&self) -> f64 {
        let mut counts = [0_u64; 256];
        for symbol in &self.symbols {
            counts[usize::from(*symbol)] += 1;
        }
        let total = self.symbols.len() as f64;
        counts
            .iter()
            .filter(|count| **count > 0)
            .map(|count| *count as f64)
            .map(|count| count * (total / count).log2())
            .sum()
    }

    /// The same with other axes of size 1 at the end; `None` where the shapes differ in more.
    pub(super) fn reshaped(self, shape: Vec<usize>) -> Option<Self> {
        let trimmed = |shape: &[usize]| {
            let ones = shape.iter().rev().take_while(|size| **size == 1).count();
            shape[..shape.len() - ones].to_vec()
        };
        let kept = trimmed(&shape);
        let fits = kept == trimmed(&self.shape) && u32::from(self.axes) >> kept.len() == 0;
        fits.then_some(Self { shape, ..self })
    }

    /// Size along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Which axes have minima and scales of their own, a bit for each.
    pub fn axes(&self) -> u8 {
        self.axes
    }

    /// Bits of a symbol.
    pub fn bits(&self) -> u8 {
        self.bits
    }

    /// The symbols in the order of the shape, the last index fastest.
    pub fn symbols(&self) -> &[u8] {
        &self.symbols
    }

    /// The minimum of each slot.
    pub fn minima(&self) -> &[f32] {
        &self.minima
    }

    /// The scale of each slot.
    pub fn scales(&self) -> &[f32] {
        &self.scales
    }

    /// What minima and scales are rounded to.
    pub fn precision(&self) -> RangePrecision {
        self.precision
    }
}

/// The largest symbol of so many bits.
fn most(bits: u8) -> u8 {
    (u8::MAX >> (MAX_SYMBOL_BITS - bits)).max(1)
}

/// Numbers of a shape; `None` when there are too many to count.
fn count(shape: &[usize]) -> Option<usize> {
    shape
        .iter()
        .try_fold(1_usize, |all, size| all.checked_mul(*size))
}

/// Minima of a shape; `None` where the axes are none of it.
pub(crate) fn slot_count(shape: &[usize], axes: u8) -> Option<usize> {
    if shape.len() > MAX_AXES || u32::from(axes) >> shape.len() != 0 {
        return None;
    }
    let kept = shape
        .iter()
        .enumerate()
        .filter(|(axis, _)| axes >> axis & 1 == 1);
    kept.map(|(_, size)| *size)
        .try_fold(1_usize, usize::checked_mul)
}

fn check(values: &[f32], shape: &[usize], bits: u8, axes: u8) -> Result<()> {
    let reason = if count(shape) != Some(values.len()) {
        format!("{} numbers do not have the shape {shape:?}", values.len())
    } else if slot_count(shape, axes).is_none() {
        format!("the shape {shape:?} has not the axes {axes:#b}")
    } else if !(1..=MAX_SYMBOL_BITS).contains(&bits) {
        format!("numbers cannot be kept in {bits} bits; 1 to {MAX_SYMBOL_BITS} work")
    } else if !values
        .iter()
        .fold(true, |all, value| all & value.is_finite())
    {
        "some of its numbers are not finite".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::Write { reason })
}

/// The smallest and the largest number of each slot.
fn ends(values: &[f32], shape: &[usize], axes: u8) -> Vec<[f32; 2]> {
    let slots = slot_count(shape, axes).unwrap_or(0);
    let mut ends = vec![[f32::INFINITY, f32::NEG_INFINITY]; slots];
    each_run(shape, axes, |slot, run| {
        for value in &values[run] {
            let [low, high] = &mut ends[slot];
            (*low, *high) = (low.min(*value), high.max(*value));
        }
    });
    ends
}

/// Goes through a tensor in runs of neighbours that share a slot.
fn each_run(shape: &[usize], axes: u8, mut run: impl FnMut(usize, Range<usize>)) {
    if shape.contains(&0) {
        return;
    }
    let is_kept = |axis: usize| axes >> axis & 1 == 1;
    let outer = (0..shape.len())
        .rposition(is_kept)
        .map_or(0, |last| last + 1);
    let length: usize = shape[outer..].iter().product();
    // How far a step along each axis goes among the slots.
    let mut steps = vec![0; outer];
    let mut step = 1;
    for axis in (0..outer).rev().filter(|axis| is_kept(*axis)) {
        steps[axis] = step;
        step *= shape[axis];
    }
    let runs: usize = shape[..outer].iter().product();
    let mut index = vec![0; outer];
    let mut slot = 0;
    for number in 0..runs {
        run(slot, number * length..(number + 1) * length);
        for axis in (0..outer).rev() {
            index[axis] += 1;
            slot += steps[axis];
            if index[axis] < shape[axis] {
                break;
            }
            slot -= steps[axis] * shape[axis];
            index[axis] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn numbers(count: usize, seed: u64) -> Vec<f32> {
        let mut random = Random::new(seed);
        (0..count).map(|_| random.unit() - 0.4).collect()
    }

    #[test]
    fn every_number_gets_its_nearest_symbol() {
        let shape = [4, 3, 5, 2];
        let values = numbers(120, 1);
        for bits in 1..=8 {
            for axes in 0..16 {
                let tensor = Quantised::quantise(&values, &shape, bits, axes).expect("fits");
                assert_eq!(
                    tensor.minima().len(),
                    slot_count(&shape, axes).expect("fits")
                );
                let own = tensor.dequantise();
                each_run(&shape, axes, |slot, run| {
                    for index in run {
                        let error = |symbol: u8| {
                            let value =
                                tensor.minima[slot] + tensor.scales[slot] * f32::from(symbol);
                            (value - values[index]).abs()
                        };
                        assert_eq!(
                            own[index],
                            tensor.minima[slot]
                                + tensor.scales[slot] * f32::from(tensor.symbols[index])
                        );
                        let least = (0..=most(bits)).map(error).fold(f32::MAX, f32::min);
                        assert!(error(tensor.symbols[index]) <= least + 1e-6);
                    }
                });
            }
        }
    }

    #[test]
    fn slots_are_those_of_broadcasting() {
        let shape = [2, 3, 4];
        for axes in 0..8_u8 {
            let mut seen = Vec::new();
            each_run(&shape, axes, |slot, run| seen.extend(run.map(|_| slot)));
            let expected: Vec<usize> = (0..24)
                .map(|index| {
                    let at = [index / 12, index / 4 % 3, index % 4];
                    (0..3)
                        .filter(|axis| axes >> axis & 1 == 1)
                        .fold(0, |slot, axis| slot * shape[axis] + at[axis])
                })
                .collect();
            assert_eq!(seen, expected, "{axes:#b}");
        }
    }

    #[test]
    fn odd_numbers_are_safe() {
        let of = |values: &[f32], bits| {
            let tensor = Quantised::quantise(values, &[values.len()], bits, 0).expect("fits");
            tensor.dequantise()
        };
        for constant in [0.0, -0.0, 1.0 / 3.0, -7e37, 1e-40, f32::MAX, f32::MIN] {
            assert_eq!(of(&[constant; 3], 8), [constant; 3]);
        }
        for bits in [1, 6, 8] {
            let wide = of(&[f32::MIN, 0.0, f32::MAX], bits);
            assert!(wide.iter().all(|value| value.is_finite()), "{wide:?}");
            assert_eq!(wide[0], f32::MIN);
        }
        // Far from zero, 16 bits would leave nothing of the differences.
        let far = of(&[1000.0, 1000.001, 1000.002], 8);
        assert!(far[0] < far[1] && far[1] < far[2], "{far:?}");
        // Below 16 bits' smallest number.
        let small = of(&[1e-12, 2e-12, 3e-12], 8);
        assert!((small[1] - 2e-12).abs() < 1e-14, "{small:?}");
        assert!(of(&[], 8).is_empty());
    }

    #[test]
    fn the_best_axes_follow_the_numbers() {
        let shape = [8, 6, 5, 5];
        let base = numbers(1200, 3);
        let moved = |of: &dyn Fn(usize) -> usize| -> Vec<f32> {
            let values = base.iter().enumerate();
            values
                .map(|(k, value)| value + 5.0 * of(k) as f32)
                .collect()
        };
        let axes = |values: &[f32]| Quantised::best(values, &shape, 8).expect("fits").axes();
        assert_eq!(axes(&base), 0);
        assert_eq!(axes(&moved(&|k| k / 150)), 1);
        assert_eq!(axes(&moved(&|k| k / 25 % 6)), 2);
    }

    #[test]
    fn ranges_take_half_the_bits_where_that_costs_nothing() {
        let tensor = Quantised::quantise(&numbers(999, 4), &[999], 8, 0).expect("fits");
        assert_eq!(tensor.precision(), RangePrecision::Half);
        let parts = [tensor.minima.clone(), tensor.scales.clone()];
        let symbols = tensor.symbols.clone();
        let again = Quantised::from_parts("it", vec![999], 8, 0, symbols, parts).expect("fits");
        assert_eq!(again, tensor);
    }

    #[test]
    fn exact_numbers_stay_as_they_are() {
        let values = numbers(30, 5);
        let tensor = Quantised::exact(&values, &[5, 6]).expect("fits");
        assert_eq!(tensor.dequantise(), values);
        assert_eq!(tensor.precision(), RangePrecision::Single);
        let halves = [0.5, -2.0, 0.0];
        let tensor = Quantised::exact(&halves, &[3]).expect("fits");
        assert_eq!(
            (tensor.dequantise(), tensor.precision()),
            (halves.to_vec(), RangePrecision::Half)
        );
        assert!(Quantised::exact(&[f32::NAN], &[1]).is_err());
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let refused = |values: &[f32], shape: &[usize], bits, axes| {
            Quantised::quantise(values, shape, bits, axes).is_err()
        };
        assert!(!refused(&[1.0; 6], &[2, 3], 8, 3));
        assert!(refused(&[1.0; 5], &[2, 3], 8, 0));
        assert!(refused(&[1.0; 6], &[2, 3], 8, 4));
        assert!(refused(&[1.0; 6], &[2, 3], 0, 0));
        assert!(refused(&[1.0; 6], &[2, 3], 9, 0));
        assert!(refused(&[1.0, f32::NAN], &[2], 8, 0));
        assert!(refused(&[1.0], &[1; 9], 8, 0));
        let parts = |bits, symbols: &[u8], minima: &[f32]| {
            let ranges = [minima.to_vec(), vec![1.0; minima.len()]];
            Quantised::from_parts("it", vec![2, 2], bits, 1, symbols.to_vec(), ranges)
        };
        assert!(parts(2, &[0, 1, 2, 3], &[0.0, 1.0]).is_ok());
        assert!(parts(1, &[0, 1, 2, 3], &[0.0, 1.0]).is_err());
        assert!(parts(2, &[0, 1, 2], &[0.0, 1.0]).is_err());
        assert!(parts(2, &[0, 1, 2, 3], &[0.0]).is_err());
        assert!(parts(2, &[0, 1, 2, 3], &[0.0, f32::NAN]).is_err());
        assert!(parts(9, &[0, 1, 2, 3], &[0.0, 1.0]).is_err());
    }
}
