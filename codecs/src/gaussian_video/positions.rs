//! The side track: positions of a layer's Gaussians over a group, entropy coded.
//! Specified in `codecs/FORMAT.md`, "Positions".
//!
//! Video codecs cannot carry positions: 16 bits split into two 8-bit planes wrap around, and the low
//! plane is noise that takes three quarters of a V3 clip. Here a row is a key position and the
//! coefficients of its [`Trajectory`], each predicted from the rows to the left and above in the
//! picture.

use super::Trajectory;
use super::entropy::{EntropyDecoder, EntropyEncoder, Reader, put_varint, unzigzag, zigzag};
use crate::{Result, limits};

/// Units of a position code: codes 0 to 65535 have this many binary places here.
pub const FRACTION_BITS: u32 = 8;
/// Largest shift of a row's quantiser.
pub const MAX_SHIFT: u8 = 3;
/// Largest magnitude of a key or a coefficient, in units.
pub const VALUE_MAX: i32 = 1 << 28;
/// Largest quantiser, in units.
pub const MAX_STEP: u32 = 1 << 20;

/// Contexts of shifts: the sum of both neighbours' shifts.
const SHIFT_CONTEXTS: usize = 2 * MAX_SHIFT as usize + 1;
/// Classes of magnitude of what is around.
const AROUND: usize = 12;
/// Classes of magnitude of the axis before, beside what is around.
const BESIDE: usize = 4;
const KEY_CONTEXTS: usize = SHIFT_CONTEXTS + AROUND * BESIDE;
/// Classes of both neighbours' numbers of coefficients.
const COUNTS: usize = 8;
/// Classes of coefficients by their number.
const BANDS: usize = 7;
const MOTION_CONTEXTS: usize = COUNTS + BANDS * AROUND * BESIDE;

/// How a value is predicted from those to the left (l), above (a) and above left (c).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prediction {
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
    const ALL: [Self; 4] = [Self::None, Self::Mean, Self::Median, Self::Plane];

    /// Values are at most [`VALUE_MAX`], so only the last may take more than 32 bits on the way.
    fn of(self, [l, a, c]: [i32; 3]) -> i32 {
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

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let code = usize::from(reader.byte()?);
        let known = Self::ALL.get(code).copied();
        known.ok_or_else(|| reader.damaged("it predicts in a way that is not known"))
    }
}

/// Positions of some rows over a group, quantised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions {
    /// Shift of each row's quantisers: its values are multiples of `1 << shift`.
    pub shifts: Vec<u8>,
    /// Key position of each row, in steps of `key_step`.
    pub keys: Vec<[i32; 3]>,
    /// Where each row's coefficients begin in `coefficients`, and the end of the last; empty before
    /// the motion is read.
    pub starts: Vec<u32>,
    /// Coefficients of each row's trajectory in steps of `motion_step`, lowest first.
    pub coefficients: Vec<[i32; 3]>,
    /// Step of keys, in units of 2⁻⁸ position codes.
    pub key_step: u32,
    /// Step of coefficients, in the same units.
    pub motion_step: u32,
}

impl Positions {
    /// Coefficients of `row`.
    pub fn motion(&self, row: usize) -> &[[i32; 3]] {
        match (self.starts.get(row), self.starts.get(row + 1)) {
            (Some(start), Some(end)) => &self.coefficients[*start as usize..*end as usize],
            _ => &[],
        }
    }

    /// Position of `row` in frame `t` of its group, in units of 2⁻⁸ position codes.
    pub fn at(&self, row: usize, t: usize, transform: &Trajectory) -> [i32; 3] {
        let (key, motion) = (self.keys[row], self.motion(row));
        std::array::from_fn(|axis| {
            let coefficients = motion.iter().map(|c| c[axis] * self.motion_step as i32);
            key[axis] * self.key_step as i32 + transform.displacement(t, coefficients)
        })
    }

    /// Appends the key positions to a sample, rows in a picture `width` wide.
    pub fn write_keys(&self, width: usize, bytes: &mut Vec<u8>) {
        let prediction = self.best_key_prediction(width);
        bytes.push(prediction as u8);
        put_varint(bytes, self.key_step);
        let mut encoder = EntropyEncoder::new(KEY_CONTEXTS);
        let mut walk = self.clone();
        walk.walk_keys(width, prediction, &mut encoder);
        encoder.finish(bytes);
    }

    /// Reads the key positions of `count` rows.
    ///
    /// # Errors
    /// [`crate::Error::Malformed`].
    pub fn read_keys(name: &str, bytes: &[u8], count: usize, width: usize) -> Result<Self> {
        let mut reader = Reader::new(name, bytes);
        let prediction = Prediction::read(&mut reader)?;
        let mut positions = Self {
            shifts: vec![0; count],
            keys: vec![[0; 3]; count],
            key_step: step(&mut reader)?,
            ..Self::default()
        };
        let mut decoder = EntropyDecoder::new(name, reader.rest(), KEY_CONTEXTS)?;
        let sound = positions.walk_keys(width, prediction, &mut decoder);
        decoder.finish()?;
        if !sound {
            return Err(reader.damaged("it holds a position that is out of range"));
        }
        Ok(positions)
    }

    /// Appends the motion to a sample, rows in a picture `width` wide.
    pub fn write_motion(&self, width: usize, bytes: &mut Vec<u8>) {
        let predictions = self.best_motion_predictions(width);
        bytes.extend(predictions.map(|prediction| prediction as u8));
        put_varint(bytes, self.motion_step);
        let mut encoder = EntropyEncoder::new(MOTION_CONTEXTS);
        let mut walk = self.clone();
        walk.walk_motion(width, predictions, usize::MAX, &mut encoder);
        encoder.finish(bytes);
    }

    /// Reads the motion of rows whose keys were read, of at most `length` coefficients each.
    ///
    /// # Errors
    /// [`crate::Error::Malformed`], and [`crate::Error::Limit`] above
    /// [`limits::MAX_GROUP_COEFFICIENTS`].
    pub fn read_motion(
        &mut self,
        name: &str,
        bytes: &[u8],
        width: usize,
        length: usize,
    ) -> Result<()> {
        let mut reader = Reader::new(name, bytes);
        let mut predictions = [Prediction::None; BANDS];
        for prediction in &mut predictions {
            *prediction = Prediction::read(&mut reader)?;
        }
        self.motion_step = step(&mut reader)?;
        self.starts = Vec::new();
        self.coefficients = Vec::new();
        let mut decoder = EntropyDecoder::new(name, reader.rest(), MOTION_CONTEXTS)?;
        let sound = self.walk_motion(width, predictions, length, &mut decoder);
        limits::check(
            name,
            "coefficients of motion in a group",
            self.coefficients.len() as u64,
            limits::MAX_GROUP_COEFFICIENTS,
        )?;
        decoder.finish()?;
        if !sound {
            return Err(reader.damaged("it holds a motion that is out of range"));
        }
        Ok(())
    }

    /// Codes all shifts and keys. Returns whether all values are in range.
    fn walk_keys(&mut self, width: usize, prediction: Prediction, coder: &mut impl Coder) -> bool {
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
    fn walk_motion(
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
                let value = |range: &std::ops::Range<usize>, axis: usize| {
                    let at = range.start + k;
                    if at < range.end {
                        self.coefficients[at][axis]
                    } else {
                        0
                    }
                };
                let error = |range: &std::ops::Range<usize>, axis: usize| {
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

/// A step, which is not 0.
fn step(reader: &mut Reader<'_>) -> Result<u32> {
    match reader.varint()? {
        step @ 1..=MAX_STEP => Ok(step),
        _ => Err(reader.damaged("its quantiser is out of range")),
    }
}

/// Magnitudes of the residuals of this row of the picture and the one above.
struct Residuals {
    width: usize,
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

/// What residuals cost, about: their binary digits.
fn cost(residual: i32) -> u64 {
    u64::from(u32::BITS - residual.unsigned_abs().leading_zeros())
}

/// The prediction with the least cost; of equals, the first.
fn cheapest(costs: [u64; Prediction::ALL.len()]) -> Prediction {
    let best = (0..costs.len()).min_by_key(|k| costs[*k]).unwrap_or(0);
    Prediction::ALL[best]
}

/// Choices of the encoder.
impl Positions {
    fn best_key_prediction(&self, width: usize) -> Prediction {
        let raster = Raster { width };
        let mut costs = [0; Prediction::ALL.len()];
        for row in 1..self.keys.len() {
            let Some(rows) = raster.around(row) else {
                continue;
            };
            for (cost_of, prediction) in costs.iter_mut().zip(Prediction::ALL) {
                for axis in 0..3 {
                    let known = rows.map(|row| self.keys[row][axis]);
                    *cost_of += cost(self.keys[row][axis] - prediction.of(known));
                }
            }
        }
        cheapest(costs)
    }

    fn best_motion_predictions(&self, width: usize) -> [Prediction; BANDS] {
        let raster = Raster { width };
        let mut costs = [[0; Prediction::ALL.len()]; BANDS];
        for row in 1..self.keys.len() {
            let Some(rows) = raster.around(row) else {
                continue;
            };
            let around = rows.map(|row| self.motion(row));
            for (k, own) in self.motion(row).iter().enumerate() {
                for (cost_of, prediction) in costs[band(k)].iter_mut().zip(Prediction::ALL) {
                    for axis in 0..3 {
                        let known = around.map(|motion| motion.get(k).map_or(0, |c| c[axis]));
                        *cost_of += cost(own[axis] - prediction.of(known));
                    }
                }
            }
        }
        costs.map(cheapest)
    }
}

/// Rows in raster order, and what is around each.
#[derive(Clone, Copy)]
struct Raster {
    width: usize,
}

impl Raster {
    /// Rows to the left, above and above left of `row`; where one is missing, another stands in for
    /// it, and for the first row there is none.
    fn around(self, row: usize) -> Option<[usize; 3]> {
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
        std::cmp::Ordering::Less => 1,
        std::cmp::Ordering::Equal => 2,
        std::cmp::Ordering::Greater => 3,
    }
}

fn band(k: usize) -> usize {
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
trait Coder {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Rows of which some move; `shift` of every row below 4.
    fn positions(count: usize, length: usize) -> Positions {
        let mut random = Random::new(7);
        let mut positions = Positions {
            key_step: 37,
            motion_step: 200,
            starts: vec![0],
            ..Positions::default()
        };
        for row in 0..count {
            let shift = if row % 50 < 40 {
                0
            } else {
                random.below(4) as u8
            };
            positions.shifts.push(shift);
            let place = [row as i32, 3 * row as i32, 100_000 - row as i32];
            positions
                .keys
                .push(place.map(|p| (p + random.below(9) as i32) >> shift << shift));
            if row % 3 > 0 {
                let moves = random.below(length + 1);
                positions.coefficients.extend((0..moves).map(|k| {
                    [900, -70, 3]
                        .map(|c| ((c >> k.min(9)) + random.below(3) as i32) >> shift << shift)
                }));
            }
            positions.starts.push(positions.coefficients.len() as u32);
        }
        positions
    }

    fn written(positions: &Positions, width: usize) -> [Vec<u8>; 2] {
        let mut samples = [Vec::new(), Vec::new()];
        positions.write_keys(width, &mut samples[0]);
        positions.write_motion(width, &mut samples[1]);
        samples
    }

    fn read(
        samples: &[Vec<u8>; 2],
        count: usize,
        width: usize,
        length: usize,
    ) -> Result<Positions> {
        let mut positions = Positions::read_keys("keys", &samples[0], count, width)?;
        positions.read_motion("motion", &samples[1], width, length)?;
        Ok(positions)
    }

    #[test]
    fn what_is_written_is_read() {
        for (count, width, length) in [(0, 8, 5), (1, 8, 0), (9, 8, 3), (64, 8, 9), (5000, 72, 19)]
        {
            let positions = positions(count, length);
            let samples = written(&positions, width);
            let back = read(&samples, count, width, length).expect("reads");
            assert_eq!(back, positions, "{count}");
        }
    }

    #[test]
    fn neighbours_that_are_alike_cost_little() {
        let positions = positions(5000, 3);
        let [keys, _] = written(&positions, 72);
        // Noise of 9 values on three axes is 9.5 bits a row.
        assert!(keys.len() * 8 < 5000 * 16, "{}", keys.len());
    }

    #[test]
    fn damage_is_an_error_or_other_positions() {
        let positions = positions(60, 6);
        let samples = written(&positions, 8);
        for (which, sample) in samples.iter().enumerate() {
            for length in 0..sample.len() {
                let mut cut = samples.clone();
                cut[which].truncate(length);
                assert!(read(&cut, 60, 8, 6).is_err(), "{which} cut at {length}");
            }
            for bit in 0..8 * sample.len() {
                let mut damaged = samples.clone();
                damaged[which][bit / 8] ^= 1 << (bit % 8);
                if let Ok(found) = read(&damaged, 60, 8, 6) {
                    let transform = Trajectory::new(7);
                    for t in 0..7 {
                        found.at(59, t, &transform);
                    }
                }
            }
        }
    }

    #[test]
    fn coefficients_are_capped() {
        // A group that says the longest motion of every row, which costs a byte or two each.
        let count = 64_300;
        let positions = Positions {
            shifts: vec![0; count],
            keys: vec![[0; 3]; count],
            starts: (0..=count as u32).map(|row| row * 249).collect(),
            coefficients: vec![[0; 3]; count * 249],
            key_step: 1,
            motion_step: 1,
        };
        let samples = written(&positions, 256);
        assert!(samples[1].len() < 4 * count);
        assert!((count * 249) as u64 > limits::MAX_GROUP_COEFFICIENTS);
        assert!(read(&samples, count, 256, 249).is_err());
    }
}
