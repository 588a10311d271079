//! The pictures that a network is fitted to.

use zoetrope_codecs::PictureFrame;

use super::checkpoint::FINGERPRINT_START;
use crate::{PackError, Result};

/// All pictures of a video in memory, a plane for each colour, cut to a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Video {
    size: [usize; 2],
    /// Frame by frame red, green, blue.
    planes: Vec<u8>,
}

impl Video {
    /// Nothing yet; `size` is width and height.
    pub fn new(size: [usize; 2]) -> Self {
        Self {
            size,
            planes: Vec::new(),
        }
    }

    /// Adds a frame: the middle of it. Where it is smaller, its last row and column are repeated.
    ///
    /// # Errors
    /// [`PackError::Unfit`] for pixels that are no whole rows.
    pub fn push(&mut self, frame: &PictureFrame) -> Result<()> {
        let given = [frame.width, frame.height].map(|side| side as usize);
        let (pixels, rest) = frame.rgba.as_chunks::<4>();
        let is_whole = rest.is_empty() && pixels.len() == given[0] * given[1];
        if pixels.is_empty() || !is_whole {
            return Err(PackError::Unfit {
                reason: "a frame of it is no whole rows of pixels".to_owned(),
            });
        }
        let from = [0, 1].map(|axis| given[axis].saturating_sub(self.size[axis]) / 2);
        for colour in 0..3 {
            for y in 0..self.size[1] {
                let row = (from[1] + y).min(given[1] - 1) * given[0];
                let row = &pixels[row..row + given[0]];
                for x in 0..self.size[0] {
                    let pixel = row[(from[0] + x).min(given[0] - 1)];
                    self.planes.push(pixel[colour]);
                }
            }
        }
        Ok(())
    }

    /// Width and height.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    /// How many there are.
    pub fn frames(&self) -> usize {
        self.planes.len() / (3 * self.plane()).max(1)
    }

    /// Numbers of a plane.
    fn plane(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Of all pixels (FNV-1a over eight bytes at a time).
    pub(crate) fn fingerprint(&self) -> u64 {
        let (words, rest) = self.planes.as_chunks::<8>();
        let words = words.iter().map(|word| u64::from_le_bytes(*word));
        let rest = rest.iter().map(|byte| u64::from(*byte));
        let start = FINGERPRINT_START ^ (self.size[0] as u64);
        words.chain(rest).fold(start, |hash, word| {
            (hash ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(17)
        })
    }

    /// Mean squared error of a frame, of the upper left part of it; `rgb` is red, green and blue of each pixel of the whole
    /// picture. Colours are 0 to 1.
    pub(crate) fn squared_error(&self, frame: usize, part: [u32; 2], rgb: &[u8]) -> f64 {
        let [width, height] = part.map(|side| side as usize);
        let mut sum = 0;
        for colour in 0..3 {
            let plane = self.colour(frame, colour);
            let rows = plane
                .chunks_exact(self.size[0])
                .zip(rgb.chunks_exact(3 * self.size[0]));
            for (plane, rgb) in rows.take(height) {
                let pixels = plane.iter().zip(rgb.as_chunks::<3>().0).take(width);
                let errors = pixels.map(|(t, x)| u64::from(t.abs_diff(x[colour])).pow(2));
                sum += errors.sum::<u64>();
            }
        }
        sum as f64 / (255.0 * 255.0 * (3 * width * height).max(1) as f64)
    }

    /// A colour of a frame, of the last one behind it.
    pub(crate) fn colour(&self, frame: usize, colour: usize) -> &[u8] {
        let frame = frame.min(self.frames().saturating_sub(1));
        let first = (3 * frame + colour) * self.plane();
        self.planes
            .get(first..first + self.plane())
            .unwrap_or_default()
    }
}
