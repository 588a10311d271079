//! The pictures: lossless WebP.

use std::io::{self, BufRead, Cursor, Read, Seek, SeekFrom};

use image_webp::{ColorType, WebPDecoder, WebPEncoder};

use crate::source::Source;
use crate::{Cancel, Error, Result, limits};

/// A picture whose bytes were read and whose header was understood.
pub(super) struct Undecoded {
    name: String,
    decoder: WebPDecoder<CancellableBytes>,
    cancel: Cancel,
}

impl Undecoded {
    /// Reads `source`, which must be a lossless still picture of at least `pixels` pixels.
    pub(super) fn read(source: &dyn Source, pixels: usize, cancel: &Cancel) -> Result<Self> {
        let bytes = source.read_all(limits::MAX_SOG_PICTURE_BYTES, cancel)?;
        let name = source.name().to_owned();
        let decoder = WebPDecoder::new(CancellableBytes {
            bytes: Cursor::new(bytes),
            cancel: cancel.clone(),
        })
        .map_err(|error| Error::malformed(&name, format!("it is no WebP picture ({error})")))?;
        let mut picture = Self {
            name,
            decoder,
            cancel: cancel.clone(),
        };
        picture.check(pixels)?;
        Ok(picture)
    }

    fn check(&mut self, pixels: usize) -> Result<()> {
        let (width, height) = (self.width(), self.height());
        let have = width as u64 * height as u64;
        limits::check(&self.name, "pixels", have, limits::MAX_SOG_PIXELS)?;
        if have < pixels as u64 {
            return Err(Error::malformed(
                &self.name,
                format!("it is {width} x {height} pixels, too few for {pixels} Gaussians"),
            ));
        }
        if self.decoder.is_animated() || self.decoder.is_lossy() {
            return Err(Error::malformed(
                &self.name,
                "it is no lossless still picture, so its numbers are gone",
            ));
        }
        Ok(())
    }

    /// Width in pixels.
    pub(super) fn width(&self) -> usize {
        self.decoder.dimensions().0 as usize
    }

    fn height(&self) -> usize {
        self.decoder.dimensions().1 as usize
    }

    /// Decodes it; its bytes are gone then.
    pub(super) fn decode(mut self) -> Result<Picture> {
        let channels = if self.decoder.has_alpha() { 4 } else { 3 };
        let mut samples = vec![0; self.width() * self.height() * channels];
        let result = self.decoder.read_image(&mut samples);
        self.cancel.check()?;
        result.map_err(|error| {
            Error::malformed(
                self.name,
                format!("it is no whole WebP picture ({error}); copy the file again"),
            )
        })?;
        Ok(Picture { channels, samples })
    }
}

/// A decoded picture.
pub(super) struct Picture {
    channels: usize,
    samples: Vec<u8>,
}

impl Picture {
    /// Number of pixels.
    pub(super) fn pixels(&self) -> usize {
        self.samples.len() / self.channels
    }

    /// Red, green, blue, alpha of a pixel; `index` is below [`Self::pixels`].
    pub(super) fn pixel(&self, index: usize) -> [u8; 4] {
        let samples = &self.samples[index * self.channels..][..self.channels];
        [
            samples[0],
            samples[1],
            samples[2],
            samples.get(3).copied().unwrap_or(255),
        ]
    }
}

/// A whole WebP file of `width` x `height` pixels, lossless, of `N` = 3 or 4 samples each.
pub(super) fn encode<const N: usize>(
    pixels: &[[u8; N]],
    width: usize,
    height: usize,
) -> Result<Vec<u8>> {
    let kind = if N == 4 {
        ColorType::Rgba8
    } else {
        ColorType::Rgb8
    };
    let mut bytes = Vec::new();
    WebPEncoder::new(&mut bytes)
        .encode(pixels.as_flattened(), width as u32, height as u32, kind)
        .map_err(|error| Error::Write {
            reason: format!("a picture of {width} x {height} pixels cannot be encoded ({error})"),
        })?;
    Ok(bytes)
}

/// Bytes that end with an error once cancelled, so that a long decode stops early.
struct CancellableBytes {
    bytes: Cursor<Vec<u8>>,
    cancel: Cancel,
}

impl CancellableBytes {
    fn check(&self) -> io::Result<()> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        Ok(())
    }
}

impl Read for CancellableBytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        self.bytes.read(buffer)
    }
}

impl BufRead for CancellableBytes {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.check()?;
        let bytes = self.bytes.fill_buf()?;
        // Short pieces, so that the flag is looked at often.
        Ok(&bytes[..bytes.len().min(4096)])
    }

    fn consume(&mut self, count: usize) {
        self.bytes.consume(count);
    }
}

impl Seek for CancellableBytes {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(position)
    }
}
