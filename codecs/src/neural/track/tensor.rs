//! One quantised tensor as bytes.

use crate::gaussian_video::entropy::{Reader, put_varint};
use crate::neural::coding::{SymbolCoder, decode_integers, encode_integers};
use crate::neural::quantised::{Quantised, RangePrecision, slot_count};
use crate::{Cancel, Result};

/// What stands in front of a tensor's symbols: bits, axes, and minima and scales.
pub(super) struct Header {
    pub(super) bits: u8,
    pub(super) axes: u8,
    pub(super) ranges: [Vec<f32>; 2],
}

impl Header {
    /// Appends that of a tensor.
    pub(super) fn write(tensor: &Quantised, bytes: &mut Vec<u8>) {
        let precision = match tensor.precision() {
            RangePrecision::Half => 0,
            RangePrecision::Single => 1,
        };
        bytes.extend([tensor.bits(), tensor.axes(), precision]);
        let mut steps = Vec::with_capacity(2 * tensor.minima().len());
        for numbers in [tensor.minima(), tensor.scales()] {
            let mut before = 0;
            for number in numbers {
                let pattern = pattern(tensor.precision(), *number);
                steps.push(difference(tensor.precision(), pattern, before));
                before = pattern;
            }
        }
        put_bytes(bytes, &encode_integers(&steps));
    }

    /// Reads that of a tensor of a shape.
    pub(super) fn read(reader: &mut Reader<'_>, shape: &[usize], cancel: &Cancel) -> Result<Self> {
        let (bits, axes) = (reader.byte()?, reader.byte()?);
        let precision = match reader.byte()? {
            0 => RangePrecision::Half,
            1 => RangePrecision::Single,
            _ => return Err(reader.damaged("one of its tensors has ranges of an unknown kind")),
        };
        let bytes = take_bytes(reader)?;
        let slots = slot_count(shape, axes).filter(|_| (1..=8).contains(&bits));
        let slots =
            slots.ok_or_else(|| reader.damaged("one of its tensors has impossible axes"))?;
        let steps = slots
            .checked_mul(2)
            .and_then(|count| decode_integers(bytes, count, cancel));
        cancel.check()?;
        let steps = steps.ok_or_else(|| reader.damaged(STREAM))?;
        let ranges = [&steps[..slots], &steps[slots..]].map(|steps| {
            let mut before = 0;
            let numbers = steps.iter().map(|step| {
                before = sum(precision, before, *step);
                number(precision, before)
            });
            numbers.collect()
        });
        Ok(Self { bits, axes, ranges })
    }
}

/// Why a stream is refused.
pub(super) const STREAM: &str = "one of its streams of numbers is damaged; copy the clip again";

/// Appends a whole tensor.
pub(super) fn write(tensor: &Quantised, bytes: &mut Vec<u8>) {
    Header::write(tensor, bytes);
    put_bytes(
        bytes,
        &SymbolCoder::new(tensor.bits()).encode(tensor.symbols()),
    );
}

/// A tensor that was found, and not decoded yet.
pub(super) struct Found<'a> {
    shape: Vec<usize>,
    bytes: &'a [u8],
}

impl<'a> Found<'a> {
    /// Finds the end of a tensor.
    pub(super) fn skip(reader: &mut Reader<'a>, shape: &[usize]) -> Result<Self> {
        let rest = reader.rest();
        reader.take(3)?;
        take_bytes(reader)?;
        take_bytes(reader)?;
        Ok(Self {
            shape: shape.to_vec(),
            bytes: &rest[..rest.len() - reader.rest().len()],
        })
    }

    /// Decodes it.
    pub(super) fn decode(&self, name: &str, cancel: &Cancel) -> Result<Quantised> {
        let mut reader = Reader::new(name, self.bytes);
        let Header { bits, axes, ranges } = Header::read(&mut reader, &self.shape, cancel)?;
        let stream = take_bytes(&mut reader)?;
        let count = self.shape.iter().product();
        let symbols = SymbolCoder::new(bits).decode(stream, count, cancel);
        cancel.check()?;
        let symbols = symbols.ok_or_else(|| reader.damaged(STREAM))?;
        Quantised::from_parts(name, self.shape.clone(), bits, axes, symbols, ranges)
    }
}

/// Appends a length, and so many bytes.
pub(super) fn put_bytes(bytes: &mut Vec<u8>, part: &[u8]) {
    put_varint(bytes, u32::try_from(part.len()).unwrap_or(u32::MAX));
    bytes.extend(part);
}

/// What [`put_bytes`] appended.
pub(super) fn take_bytes<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8]> {
    let length = reader.varint()? as usize;
    reader.take(length)
}

fn pattern(precision: RangePrecision, number: f32) -> u32 {
    match precision {
        RangePrecision::Half => u32::from(half::f16::from_f32(number).to_bits()),
        RangePrecision::Single => number.to_bits(),
    }
}

fn number(precision: RangePrecision, pattern: u32) -> f32 {
    match precision {
        RangePrecision::Half => half::f16::from_bits(pattern as u16).to_f32(),
        RangePrecision::Single => f32::from_bits(pattern),
    }
}

/// From one pattern to another, around the end of their bits where that is shorter.
fn difference(precision: RangePrecision, pattern: u32, before: u32) -> i32 {
    let difference = pattern.wrapping_sub(before);
    match precision {
        RangePrecision::Half => i32::from(difference as u16 as i16),
        RangePrecision::Single => difference as i32,
    }
}

fn sum(precision: RangePrecision, before: u32, step: i32) -> u32 {
    let pattern = before.wrapping_add(step as u32);
    match precision {
        RangePrecision::Half => pattern & 0xffff,
        RangePrecision::Single => pattern,
    }
}
