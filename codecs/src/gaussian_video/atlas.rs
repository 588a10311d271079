//! The atlas: planes of a layer, tiled into one picture for one video decoder.
//! Specified in `codecs/FORMAT.md`, "Atlas".

use super::PlaneLayout;
use crate::{Result, limits};

/// Where the planes of a layer lie in its picture: square tiles, row by row, as many in a row as
/// make the picture nearest to a square.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Atlas {
    /// Gaussians of the layer; Gaussian k is pixel k of every tile, row-major.
    pub count: u32,
    /// Width and height of a tile in pixels.
    pub side: u32,
    /// Number of tiles.
    pub tiles: u32,
}

impl Atlas {
    /// The atlas of `tiles` planes of `count` Gaussians.
    pub fn new(count: u32, tiles: u32) -> Self {
        // A multiple of 8, so that tiles begin where coding blocks do.
        let side = PlaneLayout::side_for(count);
        Self { count, side, tiles }
    }

    /// Tiles beside each other.
    pub fn columns(&self) -> u32 {
        (f64::from(self.tiles).sqrt().ceil() as u32).max(1)
    }

    /// Width of the picture in pixels.
    pub fn width(&self) -> u32 {
        self.side * self.columns()
    }

    /// Height of the picture in pixels.
    pub fn height(&self) -> u32 {
        self.side * self.tiles.div_ceil(self.columns()).max(1)
    }

    /// Pixels of the picture.
    pub fn samples(&self) -> usize {
        self.width() as usize * self.height() as usize
    }

    /// Checks it against [`limits`].
    ///
    /// # Errors
    /// [`crate::Error::Limit`] about `name`.
    pub fn check(&self, name: &str) -> Result<()> {
        limits::check(
            name,
            "Gaussians in a frame",
            self.count.into(),
            limits::MAX_VIDEO_GAUSSIANS,
        )?;
        let side = u64::from(self.side) * u64::from(self.columns());
        limits::check(
            name,
            "pixels on a side of its pictures",
            side,
            limits::MAX_ATLAS_SIDE,
        )?;
        limits::check(
            name,
            "samples in a frame",
            self.samples() as u64,
            limits::MAX_FRAME_SAMPLES,
        )
    }

    /// The first pixel of row `row` of a tile in the picture.
    fn offset(&self, tile: u32, row: usize) -> usize {
        let (columns, side) = (self.columns() as usize, self.side as usize);
        let (x, y) = (tile as usize % columns, tile as usize / columns);
        (y * side + row) * self.width() as usize + x * side
    }

    /// The pixels of `tile` that hold Gaussians, in runs from the first Gaussian on.
    fn runs(&self, tile: u32) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
        let atlas = *self;
        let (side, count) = (self.side as usize, self.count as usize);
        (0..count.div_ceil(side)).map(move |row| {
            let start = atlas.offset(tile, row);
            start..start + side.min(count - row * side)
        })
    }

    /// Copies the Gaussians' samples of `tile` out of a picture.
    pub fn read_tile(&self, picture: &[u8], tile: u32, samples: &mut [u8]) {
        let mut rest = samples;
        for run in self.runs(tile) {
            let (now, later) = rest.split_at_mut(run.len());
            now.copy_from_slice(&picture[run]);
            rest = later;
        }
    }

    /// Copies samples into `tile` of a picture. Padding repeats the last sample of its row, or the
    /// row above it, so that it costs the video nothing.
    pub fn write_tile(&self, picture: &mut [u8], tile: u32, samples: &[u8]) {
        let side = self.side as usize;
        for row in 0..side {
            let start = self.offset(tile, row);
            let from = (row * side).min(samples.len());
            let own = &samples[from..samples.len().min(from + side)];
            if own.is_empty() && row > 0 {
                let above = self.offset(tile, row - 1);
                picture.copy_within(above..above + side, start);
                continue;
            }
            picture[start..start + own.len()].copy_from_slice(own);
            let last = own.last().copied().unwrap_or_default();
            picture[start + own.len()..start + side].fill(last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_come_back_and_do_not_touch_each_other() {
        for (count, tiles) in [
            (1, 1),
            (64, 11),
            (65, 11),
            (1000, 9),
            (152_746, 11),
            (700, 45),
        ] {
            let atlas = Atlas::new(count, tiles);
            atlas.check("atlas").expect("is small");
            let mut picture = vec![128; atlas.samples()];
            let plane =
                |tile: u32| -> Vec<u8> { (0..count).map(|k| (k * 7 + tile * 31) as u8).collect() };
            for tile in 0..tiles {
                atlas.write_tile(&mut picture, tile, &plane(tile));
            }
            let mut found = vec![0; count as usize];
            for tile in 0..tiles {
                atlas.read_tile(&picture, tile, &mut found);
                assert_eq!(found, plane(tile), "{tile} of {tiles}");
            }
        }
    }

    #[test]
    fn pictures_are_about_square() {
        let size = |count, tiles| {
            let atlas = Atlas::new(count, tiles);
            (atlas.width(), atlas.height())
        };
        assert_eq!(size(152_746, 11), (1568, 1176));
        assert_eq!(size(1, 1), (8, 8));
        assert_eq!(size(1, 45), (56, 56));
    }

    #[test]
    fn caps_hold_at_the_limit_and_one_past_it() {
        let mut atlas = Atlas {
            count: limits::MAX_VIDEO_GAUSSIANS as u32,
            side: 2000,
            tiles: 11,
        };
        atlas.check("atlas").expect("at the limit");
        atlas.count += 1;
        assert!(atlas.check("atlas").is_err());
        let mut wide = Atlas {
            count: 1,
            side: limits::MAX_ATLAS_SIDE as u32,
            tiles: 1,
        };
        assert!(wide.check("atlas").is_err(), "too many samples");
        wide.side = 8192;
        wide.check("atlas").expect("64 Mi samples");
        wide.side += 1;
        assert!(wide.check("atlas").is_err());
    }
}
