//! The pictures that a network is fitted to.

use zoetrope_codecs::Cancel;

use crate::{PackError, Result};

/// Where they come from: a folder, a video.
pub trait FrameSource {
    /// Width and height, the same of all.
    fn size(&self) -> [usize; 2];

    /// Frames a second.
    fn frame_rate(&self) -> f64;

    /// How many there are, where that is known without reading them all.
    fn frame_count(&self) -> Option<usize>;

    /// The next one: red, green and blue of each pixel, row by row. `None` behind the last one.
    ///
    /// # Errors
    /// When it cannot be read.
    fn next_frame(&mut self, cancel: &Cancel) -> Result<Option<Vec<u8>>>;
}

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

    /// Adds a frame of `width` pixels a row: the middle of it. Where it is smaller, its last row and column are
    /// repeated.
    ///
    /// # Errors
    /// [`PackError::Unfit`] for pixels that are no whole rows.
    pub fn push(&mut self, width: usize, rgb: &[u8]) -> Result<()> {
        if width == 0 || rgb.is_empty() || !rgb.len().is_multiple_of(width * 3) {
            return Err(PackError::Unfit {
                reason: "a frame of it is no whole rows of pixels".to_owned(),
            });
        }
        let given = [width, rgb.len() / (width * 3)];
        let from = [0, 1].map(|axis| given[axis].saturating_sub(self.size[axis]) / 2);
        for colour in 0..3 {
            for y in 0..self.size[1] {
                let row = (from[1] + y).min(given[1] - 1) * width;
                for x in 0..self.size[0] {
                    let pixel = row + (from[0] + x).min(width - 1);
                    self.planes.push(rgb[pixel * 3 + colour]);
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

    /// A colour of a frame, of the last one behind it.
    pub(crate) fn colour(&self, frame: usize, colour: usize) -> &[u8] {
        let frame = frame.min(self.frames().saturating_sub(1));
        let first = (3 * frame + colour) * self.plane();
        self.planes
            .get(first..first + self.plane())
            .unwrap_or_default()
    }
}
