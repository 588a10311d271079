//! Tensors by their names, as whatever numbers the file had.

use std::collections::{BTreeMap, HashMap};

use crate::neural::quantised::{MAX_AXES, MAX_SYMBOL_BITS, Quantised};
use crate::pickle::{Array, Kind};
use crate::{Error, Result, limits};

/// A tensor of floating-point numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tensor {
    /// Size along each axis.
    pub(super) shape: Vec<usize>,
    /// Its numbers, the last axis the fastest.
    pub(super) numbers: Vec<f32>,
    /// Bits that the file spends on it, minima and scales included.
    pub(super) bits: u64,
    /// Whether they are integers with a minimum and a scale.
    pub(super) is_quantised: bool,
    /// Those integers, where they are bytes: `numbers` are what they come to.
    pub(super) quantised: Option<Quantised>,
}

/// All tensors that have to do with a decoder.
#[derive(Debug, Default)]
pub(super) struct Tensors {
    all: BTreeMap<String, Tensor>,
    numbers: u64,
    /// Texts that came along.
    pub(super) notes: HashMap<String, String>,
}

/// Parts of a checkpoint that decoding does not need: networks that only training uses.
const TRAINING_ONLY: [&str; 2] = ["encoder.", "optimizer."];
/// What PyTorch puts in front of all names when it trains on several devices.
const PARALLEL_PREFIX: &str = "module.";

impl Tensors {
    /// The name under which a tensor is kept; `None` for those that are of no use.
    pub(super) fn kept_name(name: &str) -> Option<&str> {
        let name = name.strip_prefix(PARALLEL_PREFIX).unwrap_or(name);
        let is_needed = !TRAINING_ONLY.iter().any(|part| name.starts_with(part));
        is_needed.then_some(name)
    }

    /// Adds a tensor of plain numbers.
    pub(super) fn insert(&mut self, file: &str, name: &str, array: &Array) -> Result<()> {
        self.count(file, array)?;
        let tensor = Tensor {
            shape: array.shape().to_vec(),
            numbers: array.floats(),
            bits: bits(array),
            is_quantised: false,
            quantised: None,
        };
        self.all.insert(name.to_owned(), tensor);
        Ok(())
    }

    /// Adds a tensor that is `min + scale * codes`, where an axis of size 1 of the minima and the scales
    /// stands for all along that axis of the codes, and axes in front may be missing.
    pub(super) fn insert_quantised(
        &mut self,
        file: &str,
        name: &str,
        [codes, min, scale]: [&Array; 3],
    ) -> Result<()> {
        self.count(file, codes)?;
        let spread = |array: &Array| {
            spread(array, codes.shape()).ok_or_else(|| {
                Error::malformed(
                    file,
                    format!(
                        "the minima or scales of \"{name}\" have the shape {:?}, which does not fit {:?}",
                        array.shape(),
                        codes.shape()
                    ),
                )
            })
        };
        let mut numbers = codes.floats();
        let (min, scale) = (spread(min)?, spread(scale)?);
        let quantised = quantised(codes.shape(), &numbers, &min, &scale);
        for (k, number) in numbers.iter_mut().enumerate() {
            *number = min.at(k) + scale.at(k) * *number;
        }
        let bits = bits(codes) + min.bits + scale.bits;
        let tensor = Tensor {
            shape: codes.shape().to_vec(),
            numbers,
            bits,
            is_quantised: true,
            quantised,
        };
        self.all.insert(name.to_owned(), tensor);
        Ok(())
    }

    fn count(&mut self, file: &str, array: &Array) -> Result<()> {
        let count: usize = array.shape().iter().product();
        self.numbers = self.numbers.saturating_add(count as u64);
        limits::check(
            file,
            "numbers of a neural video",
            self.numbers,
            limits::MAX_NEURAL_NUMBERS,
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&Tensor> {
        self.all.get(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.keys().map(String::as_str)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

fn bits(array: &Array) -> u64 {
    let count: usize = array.shape().iter().product();
    8 * array.kind().size() as u64 * count as u64
}

/// Whether an array can be codes of a quantised tensor.
pub(super) fn is_code(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::U8 | Kind::I8 | Kind::U16 | Kind::I16 | Kind::I32 | Kind::U32 | Kind::I64
    )
}

/// An array as one of a larger shape.
struct Spread {
    numbers: Vec<f32>,
    /// Size of each axis of the larger shape, and how far a step along it goes here.
    axes: Vec<(usize, usize)>,
    bits: u64,
}

/// `None` where the shapes do not fit.
fn spread(array: &Array, shape: &[usize]) -> Option<Spread> {
    let own = array.shape();
    // A shape of a single 1 stands for a single number, whatever it is spread over.
    let own = if own.iter().all(|size| *size == 1) {
        &[]
    } else {
        own
    };
    let missing = shape.len().checked_sub(own.len())?;
    let mut axes: Vec<(usize, usize)> = shape[..missing].iter().map(|size| (*size, 0)).collect();
    let mut step: usize = own.iter().product();
    for (own, size) in own.iter().zip(&shape[missing..]) {
        if *own != 1 && own != size {
            return None;
        }
        step = step.checked_div(*own)?;
        axes.push((*size, if *own == 1 { 0 } else { step }));
    }
    Some(Spread {
        numbers: array.floats(),
        axes,
        bits: bits(array),
    })
}

impl Spread {
    /// The number that belongs to the one at `index` of the larger shape.
    fn at(&self, mut index: usize) -> f32 {
        let mut at = 0;
        for (size, step) in self.axes.iter().rev() {
            at += (index % size) * step;
            index /= size;
        }
        self.numbers.get(at).copied().unwrap_or(f32::NAN)
    }
}

/// The tensor as symbols; `None` where its codes are no bytes, or it has as many minima as codes.
fn quantised(shape: &[usize], codes: &[f32], min: &Spread, scale: &Spread) -> Option<Quantised> {
    if shape.len() > MAX_AXES {
        return None;
    }
    let kept: Vec<usize> = (0..shape.len())
        .filter(|axis| {
            let varies = |spread: &Spread| spread.axes[*axis].1 != 0;
            shape[*axis] > 1 && (varies(min) || varies(scale))
        })
        .collect();
    let slots: usize = kept.iter().map(|axis| shape[*axis]).product();
    if slots > codes.len() / 2 + 1 {
        return None;
    }
    let symbols = codes.iter().map(|code| {
        let symbol = *code as u8;
        (f32::from(symbol) == *code).then_some(symbol)
    });
    let symbols: Vec<u8> = symbols.collect::<Option<_>>()?;
    let largest = symbols.iter().copied().max().unwrap_or(0);
    let bits = (u8::BITS - largest.leading_zeros()).clamp(1, u32::from(MAX_SYMBOL_BITS)) as u8;
    // Any tensor with the slot's indices along the axes that are kept has its minimum.
    let first_of = |mut slot: usize| {
        let mut index = 0;
        for axis in kept.iter().rev() {
            let step: usize = shape[axis + 1..].iter().product();
            index += slot % shape[*axis] * step;
            slot /= shape[*axis];
        }
        index
    };
    let at = |spread: &Spread| (0..slots).map(|slot| spread.at(first_of(slot))).collect();
    let axes = kept.iter().fold(0, |axes, axis| axes | 1 << axis);
    let ranges = [at(min), at(scale)];
    // Ranges that are not finite make numbers that are not, of which the network tells.
    Quantised::from_parts("a tensor", shape.to_vec(), bits, axes, symbols, ranges).ok()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn array(kind: Kind, shape: &[usize], bytes: Vec<u8>) -> Array<'static> {
        Array::new(kind, shape.to_vec(), Cow::Owned(bytes)).expect("fits")
    }

    #[test]
    fn numbers_are_capped_over_all_tensors() {
        let mut tensors = Tensors {
            numbers: limits::MAX_NEURAL_NUMBERS - 3,
            ..Tensors::default()
        };
        let three = array(Kind::U8, &[3], vec![1, 2, 3]);
        tensors.insert("it", "a", &three).expect("is the limit");
        let one = array(Kind::U8, &[1], vec![1]);
        let error = tensors.insert("it", "b", &one).expect_err("is past it");
        assert!(matches!(error, Error::Limit { .. }));
    }

    #[test]
    fn minima_and_scales_spread_as_in_numpy() {
        let codes = array(Kind::U8, &[2, 3], vec![0, 1, 2, 3, 4, 5]);
        let two = array(Kind::U8, &[2, 1], vec![10, 20]);
        let three = array(Kind::U8, &[3], vec![1, 2, 3]);
        let one = array(Kind::U8, &[1, 1, 1, 1], vec![2]);
        let mut tensors = Tensors::default();
        let mut read = |min: &Array, scale: &Array| {
            tensors.insert_quantised("it", "a", [&codes, min, scale])?;
            if let Some(tensor) = tensors.get("a")
                && let Some(quantised) = &tensor.quantised
            {
                assert_eq!(quantised.dequantise(), tensor.numbers);
            }
            Ok::<_, Error>(tensors.get("a").map(|tensor| tensor.numbers.clone()))
        };
        let across = read(&two, &three).expect("fits");
        assert_eq!(across, Some(vec![10.0, 12.0, 16.0, 23.0, 28.0, 35.0]));
        let single = read(&one, &one).expect("fits");
        assert_eq!(single, Some(vec![2.0, 4.0, 6.0, 8.0, 10.0, 12.0]));
        let wrong = array(Kind::U8, &[3, 1], vec![1, 2, 3]);
        assert!(read(&wrong, &one).is_err());
        let long = array(Kind::U8, &[2, 2, 3], vec![0; 12]);
        assert!(read(&one, &long).is_err());
    }
}
