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
        let decoder = WebPDecoder::new(CancellableBytes::new(bytes, cancel))
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
        let width = self.width();
        let mut samples = vec![0; width * self.height() * channels];
        let result = self.decoder.read_image(&mut samples);
        self.cancel.check()?;
        result.map_err(|error| {
            Error::malformed(
                self.name,
                format!("it is no whole WebP picture ({error}); copy the file again"),
            )
        })?;
        Ok(Picture {
            width,
            channels,
            samples,
        })
    }
}

/// A decoded picture.
pub(super) struct Picture {
    width: usize,
    channels: usize,
    samples: Vec<u8>,
}

/// Pixels, row by row: red, green, blue, and alpha where there is any.
pub(super) enum Pixels<'a> {
    Opaque(&'a [[u8; 3]]),
    WithAlpha(&'a [[u8; 4]]),
}

impl Picture {
    /// Number of pixels.
    pub(super) fn len(&self) -> usize {
        self.samples.len() / self.channels
    }

    /// Width in pixels.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// All pixels.
    pub(super) fn pixels(&self) -> Pixels<'_> {
        if self.channels == 4 {
            Pixels::WithAlpha(self.samples.as_chunks().0)
        } else {
            Pixels::Opaque(self.samples.as_chunks().0)
        }
    }

    /// Red, green and blue of a pixel; `index` is below [`Self::len`].
    #[inline]
    pub(super) fn colour(&self, index: usize) -> [u8; 3] {
        let samples = &self.samples[index * self.channels..][..3];
        [samples[0], samples[1], samples[2]]
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
    bytes: Vec<u8>,
    /// Where the next byte lies.
    at: usize,
    /// Where the flag is looked at again; never before `at`, never behind the end.
    ask_at: usize,
    cancel: Cancel,
}

impl CancellableBytes {
    /// Some milliseconds of decoding.
    const PIECE_BYTES: usize = 32 << 10;

    fn new(bytes: Vec<u8>, cancel: &Cancel) -> Self {
        Self {
            bytes,
            at: 0,
            ask_at: 0,
            cancel: cancel.clone(),
        }
    }

    #[cold]
    fn ask(&mut self) -> io::Result<()> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        self.ask_at = self.bytes.len().min(self.at + Self::PIECE_BYTES);
        Ok(())
    }
}

impl Read for CancellableBytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for CancellableBytes {
    // Decoders ask for every few bytes.
    #[inline]
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.ask_at {
            self.ask()?;
        }
        Ok(&self.bytes[self.at..self.ask_at])
    }

    #[inline]
    fn consume(&mut self, count: usize) {
        self.at = self.ask_at.min(self.at + count);
    }
}

impl Seek for CancellableBytes {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let mut cursor = Cursor::new(&self.bytes);
        cursor.set_position(self.at as u64);
        let at = cursor.seek(position)?;
        self.at = self.bytes.len().min(at as usize);
        self.ask_at = self.at;
        Ok(at)
    }
}
