//! The side track: positions of a layer's Gaussians over a group, entropy coded.
//! Specified in `codecs/FORMAT.md`, "Positions".
//!
//! Video codecs cannot carry positions: 16 bits split into two 8-bit planes wrap around, and the low
//! plane is noise that takes three quarters of a V3 clip. Here a row is a key position and the
//! coefficients of its [`Trajectory`], each predicted from the rows to the left and above in the
//! picture.

mod choice;
mod walk;

use walk::{BANDS, KEY_CONTEXTS, MOTION_CONTEXTS, Prediction};

use super::Trajectory;
use super::entropy::{EntropyDecoder, EntropyEncoder, Reader, put_varint};
use crate::{Result, limits};

/// Units of a position code: codes 0 to 65535 have this many binary places here.
pub const FRACTION_BITS: u32 = 8;
/// Largest shift of a row's quantiser.
pub const MAX_SHIFT: u8 = 3;
/// Largest magnitude of a key or a coefficient, in units.
pub const VALUE_MAX: i32 = 1 << 28;
/// Largest quantiser, in units.
pub const MAX_STEP: u32 = 1 << 20;

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
        let mut walk = Self {
            shifts: self.shifts.clone(),
            keys: self.keys.clone(),
            key_step: self.key_step,
            ..Self::default()
        };
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
}

/// A step, which is not 0.
fn step(reader: &mut Reader<'_>) -> Result<u32> {
    match reader.varint()? {
        step @ 1..=MAX_STEP => Ok(step),
        _ => Err(reader.damaged("its quantiser is out of range")),
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
