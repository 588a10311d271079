//! Pictures of the screen and how they differ.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// A difference of one colour channel, of 255, that an eye could see.
const VISIBLE: u8 = 8;

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Left edge.
    pub x: usize,
    /// Upper edge.
    pub y: usize,
    /// Width.
    pub width: usize,
    /// Height.
    pub height: usize,
}

/// An 8-bit RGB picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// Reads an X window dump (XWD, version 7) with 32 bits a pixel, which is the form in which
    /// Xvfb keeps its screen. `None` when the bytes are anything else.
    pub fn from_xwd(bytes: &[u8]) -> Option<Self> {
        let field = |index: usize| -> Option<usize> {
            let word: [u8; 4] = bytes.get(4 * index..4 * index + 4)?.try_into().ok()?;
            usize::try_from(u32::from_be_bytes(word)).ok()
        };
        let (header_bytes, version, format) = (field(0)?, field(1)?, field(2)?);
        let (width, height) = (field(4)?, field(5)?);
        let (little_endian, bits, row_bytes) = (field(7)? == 0, field(11)?, field(12)?);
        let masks = [field(14)?, field(15)?, field(16)?];
        if version != 7 || format != 2 || bits != 32 || !little_endian {
            return None;
        }
        if masks != [0x00ff_0000, 0x0000_ff00, 0x0000_00ff] {
            return None;
        }
        const COLOUR_BYTES: usize = 12;
        let samples = bytes.get(header_bytes + field(19)? * COLOUR_BYTES..)?;
        let mut pixels = Vec::with_capacity(width * height);
        for row in samples.chunks_exact(row_bytes).take(height) {
            let row = row.get(..4 * width)?;
            pixels.extend(row.chunks_exact(4).map(|bgrx| [bgrx[2], bgrx[1], bgrx[0]]));
        }
        (pixels.len() == width * height).then_some(Self {
            width,
            height,
            pixels,
        })
    }

    /// Reads a PNG.
    ///
    /// # Panics
    /// When it is none of 8 bits a channel.
    pub fn open(path: &Path) -> Self {
        let file = std::io::BufReader::new(File::open(path).expect("open the picture"));
        let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
        let mut bytes = vec![0; reader.output_buffer_size().expect("its size")];
        let info = reader.next_frame(&mut bytes).expect("a whole PNG");
        let samples = info.color_type.samples();
        assert_eq!(info.bit_depth, png::BitDepth::Eight);
        let pixels = bytes[..info.buffer_size()].chunks_exact(samples);
        Self {
            width: info.width as usize,
            height: info.height as usize,
            pixels: pixels.map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(),
        }
    }

    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Mean of all channels, 0 to 255.
    pub fn brightness(&self) -> f64 {
        let channels = self.pixels.as_flattened();
        let sum: u64 = channels.iter().map(|channel| u64::from(*channel)).sum();
        sum as f64 / channels.len().max(1) as f64
    }

    /// A part of it; what lies outside is left out.
    pub fn crop(&self, area: Area) -> Self {
        let left = area.x.min(self.width);
        let right = (area.x + area.width).min(self.width);
        let top = area.y.min(self.height);
        let bottom = (area.y + area.height).min(self.height);
        let pixels = (top..bottom)
            .flat_map(|y| &self.pixels[y * self.width + left..y * self.width + right])
            .copied()
            .collect();
        Self {
            width: right - left,
            height: bottom - top,
            pixels,
        }
    }

    /// Share of pixels, 0 to 1, that differ so that one could see it. Pictures of different size
    /// differ wholly.
    pub fn difference(&self, other: &Self) -> f64 {
        if (self.width, self.height) != (other.width, other.height) || self.pixels.is_empty() {
            return 1.0;
        }
        let differing = self
            .pixels
            .iter()
            .zip(&other.pixels)
            .filter(|(a, b)| differ(**a, **b))
            .count();
        differing as f64 / self.pixels.len() as f64
    }

    /// Share of pixels, 0 to 1, that are not of the picture's most frequent colour: 0 for an empty
    /// viewport.
    pub fn content(&self) -> f64 {
        let mut sorted = self.pixels.clone();
        sorted.sort_unstable();
        let most = sorted
            .chunk_by(|a, b| a == b)
            .max_by_key(|run| run.len())
            .map(|run| run[0]);
        let Some(background) = most else {
            return 0.0;
        };
        let content = self.pixels.iter().filter(|p| differ(**p, background));
        content.count() as f64 / self.pixels.len() as f64
    }

    /// Saves it as a PNG.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) {
        let file = File::create(path).expect("create the screenshot's file");
        let side = |length: usize| u32::try_from(length).expect("a screen's size");
        let mut encoder =
            png::Encoder::new(BufWriter::new(file), side(self.width), side(self.height));
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().expect("write the screenshot");
        writer
            .write_image_data(self.pixels.as_flattened())
            .expect("write the screenshot");
    }
}

fn differ(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).any(|(a, b)| a.abs_diff(b) >= VISIBLE)
}

#[test]
fn a_window_dump_becomes_a_picture() {
    // 2 x 1 pixels in rows of 12 bytes, one colour-map entry to skip.
    let mut dump = Vec::new();
    let masks = [0x00ff_0000, 0x0000_ff00, 0x0000_00ff];
    let mut header = [0_u32; 25];
    header[0] = 104; // with a name of 4 bytes
    header[1] = 7;
    header[2] = 2;
    (header[4], header[5]) = (2, 1);
    (header[11], header[12]) = (32, 12);
    header[14..17].copy_from_slice(&masks);
    header[19] = 1;
    for word in header {
        dump.extend(word.to_be_bytes());
    }
    dump.extend([0; 4 + 12]);
    dump.extend([1, 2, 3, 0, 40, 50, 60, 0, 9, 9, 9, 9]);

    let picture = Picture::from_xwd(&dump).expect("a dump");
    assert_eq!(picture.pixels, [[3, 2, 1], [60, 50, 40]]);
    for length in 0..dump.len() {
        assert_eq!(Picture::from_xwd(&dump[..length]), None, "cut at {length}");
    }

    let right = Area {
        x: 1,
        y: 0,
        width: 5,
        height: 5,
    };
    assert_eq!(picture.crop(right).pixels, [[60, 50, 40]]);
    assert_eq!(picture.content(), 0.5);
    assert_eq!(picture.difference(&picture), 0.0);
    let mut other = picture.clone();
    other.pixels[0][2] += VISIBLE;
    assert_eq!(picture.difference(&other), 0.5);
}
