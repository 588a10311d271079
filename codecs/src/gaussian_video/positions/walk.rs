//! The way over all rows of a layer that reading and writing take alike: which context and which
//! prediction each value has.

use std::cmp::Ordering;
use std::ops::Range;

use super::{MAX_SHIFT, Positions, VALUE_MAX};
use crate::gaussian_video::entropy::{EntropyDecoder, EntropyEncoder, Reader, unzigzag, zigzag};
use crate::{Result, limits};

/// Contexts of shifts: the sum of both neighbours' shifts.
const SHIFT_CONTEXTS: usize = 2 * MAX_SHIFT as usize + 1;
/// Classes of magnitude of what is around.
const AROUND: usize = 12;
/// Classes of magnitude of the axis before, beside what is around.
const BESIDE: usize = 4;
pub(super) const KEY_CONTEXTS: usize = SHIFT_CONTEXTS + AROUND * BESIDE;
/// Classes of both neighbours' numbers of coefficients.
const COUNTS: usize = 8;
/// Classes of coefficients by their number.
pub(super) const BANDS: usize = 7;
pub(super) const MOTION_CONTEXTS: usize = COUNTS + BANDS * AROUND * BESIDE;

/// How a value is predicted from those to the left (l), above (a) and above left (c).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prediction {
    /// Not at all.
    None,
    /// The mean of l and a.
    Mean,
    /// Median of l, a and l + a - c (LOCO-I).
    Median,
    /// (3 l + 3 a - 2 c) / 4.
    Plane,
}

impl Prediction {
    pub(super) const ALL: [Self; 4] = [Self::None, Self::Mean, Self::Median, Self::Plane];

    /// Values are at most [`VALUE_MAX`], so only the last may take more than 32 bits on the way.
    pub(super) fn of(self, [l, a, c]: [i32; 3]) -> i32 {
        match self {
            Self::None => 0,
            Self::Mean => (l + a) >> 1,
            Self::Median => l.max(a).min(l.min(a).max(l + a - c)),
            Self::Plane => {
                let [l, a, c] = [l, a, c].map(i64::from);
                ((3 * (l + a) - 2 * c) >> 2) as i32
            }
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let code = usize::from(reader.byte()?);
        let known = Self::ALL.get(code).copied();
        known.ok_or_else(|| reader.damaged("it predicts in a way that is not known"))
    }
}

/// Rows in raster order, and what is around each.
#[derive(Clone, Copy)]
pub(super) struct Raster {
    pub(super) width: usize,
}

impl Raster {
    /// Rows to the left, above and above left of `row`; where one is missing, another stands in for
    /// it, and for the first row there is none.
    pub(super) fn around(self, row: usize) -> Option<[usize; 3]> {
        let left = (!row.is_multiple_of(self.width)).then(|| row - 1);
        let above = row.checked_sub(self.width);
        match (left, above) {
            (Some(left), Some(above)) => Some([left, above, above - 1]),
            (Some(only), None) | (None, Some(only)) => Some([only; 3]),
            (None, None) => None,
        }
    }
}

/// Class of magnitude: binary digits, as far as there are classes.
fn magnitude(sum: u32) -> usize {
    ((u32::BITS - sum.leading_zeros()) as usize).min(AROUND - 1)
}

/// Class of the residual of the axis before this one, beside the class of what is around.
fn beside(axis: usize, before: u32, around: usize) -> usize {
    if axis == 0 {
        return 0;
    }
    match magnitude(2 * before).cmp(&around) {
        Ordering::Less => 1,
        Ordering::Equal => 2,
        Ordering::Greater => 3,
    }
}

pub(super) fn band(k: usize) -> usize {
    match k {
        0..=3 => k,
        4..=5 => 4,
        6..=9 => 5,
        _ => 6,
    }
}

fn count_class(left: usize, above: usize) -> usize {
    match left + above {
        0 => 0,
        sum => (sum.ilog2() as usize + 1).min(COUNTS - 1),
    }
}

/// Reads or writes one value in a context: the same code walks the rows both ways.
pub(super) trait Coder {
    /// Codes `value`, or finds it out.
    fn code(&mut self, context: usize, value: u32) -> u32;
}

impl Coder for EntropyEncoder {
    fn code(&mut self, context: usize, value: u32) -> u32 {
        self.put(context, value);
        value
    }
}

impl Coder for EntropyDecoder<'_> {
    fn code(&mut self, context: usize, _: u32) -> u32 {
        self.get(context)
    }
}

/// `value` rounded to multiples of `1 << shift`, halves up.
fn shifted(value: i32, shift: u8) -> i32 {
    if shift == 0 {
        value
    } else {
        (value + (1 << (shift - 1))) >> shift
    }
}

/// Magnitudes of the residuals of this row of the picture and the one above.
struct Residuals {
    pub(super) width: usize,
    /// Column by column; those to the left are this row's, the others of the row above.
    line: Vec<[u32; 3]>,
}

impl Residuals {
    fn new(width: usize) -> Self {
        Self {
            width,
            line: vec![[0; 3]; width],
        }
    }

    /// Sum of those to the left and above.
    fn around(&self, row: usize, axis: usize) -> u32 {
        let column = row % self.width;
        let left = column
            .checked_sub(1)
            .map_or(0, |left| self.line[left][axis]);
        left + self.line[column][axis]
    }

    fn set(&mut self, row: usize, axis: usize, residual: u32) {
        self.line[row % self.width][axis] = residual;
    }
}

impl Positions {
    /// Codes all shifts and keys. Returns whether all values are in range.
    pub(super) fn walk_keys(
        &mut self,
        width: usize,
        prediction: Prediction,
        coder: &mut impl Coder,
    ) -> bool {
        let raster = Raster { width };
        let mut residuals = Residuals::new(width);
        let mut sound = true;
        for row in 0..self.keys.len() {
            let around = raster.around(row);
            let context = around.map_or(0, |[left, above, _]| {
                usize::from(self.shifts[left] + self.shifts[above])
            });
            let shift = coder.code(context, u32::from(self.shifts[row]));
            let shift = shift.min(u32::from(MAX_SHIFT)) as u8;
            self.shifts[row] = shift;
            let bound = VALUE_MAX / self.key_step as i32;
            let mut before = 0;
            for axis in 0..3 {
                let predicted = around.map_or(0, |rows| {
                    prediction.of(rows.map(|row| self.keys[row][axis]))
                });
                let predicted = shifted(predicted, shift);
                let class = magnitude(residuals.around(row, axis));
                let context = SHIFT_CONTEXTS + BESIDE * class + beside(axis, before, class);
                let own = (self.keys[row][axis] >> shift).wrapping_sub(predicted);
                let residual = unzigzag(coder.code(context, zigzag(own)));
                let value = i64::from(predicted.wrapping_add(residual)) << shift;
                let fits = value.unsigned_abs() <= bound as u64;
                sound &= fits;
                self.keys[row][axis] = if fits { value as i32 } else { 0 };
                before = residual.unsigned_abs().min(1 << 24);
                residuals.set(row, axis, before);
            }
        }
        sound
    }

    /// Codes all coefficients. Returns whether all values are in range; stops above the cap.
    pub(super) fn walk_motion(
        &mut self,
        width: usize,
        predictions: [Prediction; BANDS],
        length: usize,
        coder: &mut impl Coder,
    ) -> bool {
        let raster = Raster { width };
        let reading = self.starts.is_empty();
        if reading {
            self.starts.reserve(self.keys.len() + 1);
            self.starts.push(0);
        }
        let bound = VALUE_MAX / self.motion_step as i32;
        let mut residuals: Vec<[u32; 3]> = Vec::new();
        let mut sound = true;
        for row in 0..self.keys.len() {
            let shift = self.shifts[row];
            let around = raster.around(row);
            let [left, above, corner] = around.map_or([0..0, 0..0, 0..0], |rows| {
                rows.map(|row| self.starts[row] as usize..self.starts[row + 1] as usize)
            });
            let start = self.starts[row] as usize;
            let own = if reading {
                0
            } else {
                self.starts[row + 1] as usize - start
            };
            let context = count_class(left.len(), above.len());
            let count = coder.code(context, own as u32) as usize;
            if count > length || (start + count) as u64 > limits::MAX_GROUP_COEFFICIENTS {
                return false;
            }
            if reading {
                self.coefficients.resize(start + count, [0; 3]);
                self.starts.push((start + count) as u32);
            }
            residuals.resize(start + count, [0; 3]);
            for k in 0..count {
                let value = |range: &Range<usize>, axis: usize| {
                    let at = range.start + k;
                    if at < range.end {
                        self.coefficients[at][axis]
                    } else {
                        0
                    }
                };
                let error = |range: &Range<usize>, axis: usize| {
                    let at = range.start + k;
                    if at < range.end {
                        residuals[at][axis]
                    } else {
                        0
                    }
                };
                let band = band(k);
                let mut before = 0;
                let mut found = [0; 3];
                let mut errors = [0; 3];
                for axis in 0..3 {
                    let known = [&left, &above, &corner].map(|range| value(range, axis));
                    let predicted = shifted(predictions[band].of(known), shift);
                    let class = magnitude(error(&left, axis) + error(&above, axis));
                    let context =
                        COUNTS + BESIDE * (AROUND * band + class) + beside(axis, before, class);
                    let own = (self.coefficients[start + k][axis] >> shift).wrapping_sub(predicted);
                    let residual = unzigzag(coder.code(context, zigzag(own)));
                    let value = i64::from(predicted.wrapping_add(residual)) << shift;
                    let fits = value.unsigned_abs() <= bound as u64;
                    sound &= fits;
                    found[axis] = if fits { value as i32 } else { 0 };
                    before = residual.unsigned_abs().min(1 << 24);
                    errors[axis] = before;
                }
                self.coefficients[start + k] = found;
                residuals[start + k] = errors;
            }
        }
        sound
    }
}
