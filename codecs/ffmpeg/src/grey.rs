//! Grey pictures to a video in MP4: what the encoders of planes and of atlases have in common.

use std::ops::RangeInclusive;

use ffmpeg_next::codec::{self, Flags};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Codec, Dictionary, Rational, color, encoder, frame, threading};
use zoetrope_codecs::{Cancel, Error, Result, limits};

use crate::{library, mp4};

/// Chroma of a picture without colour.
const NEUTRAL_CHROMA: u8 = 128;

/// What is encoded, and how: 8-bit full range with neutral chroma, constant quantiser, preset medium,
/// on the thread that asks for it.
pub(crate) struct GreyVideo<'a> {
    /// What messages about limits call the pictures.
    pub name: &'static str,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Largest width and height.
    pub side_max: u64,
    /// Pixel format, 8-bit planar YUV.
    pub format: Pixel,
    /// Constant quantiser.
    pub qp: u8,
    /// Quantisers that there are.
    pub qps: RangeInclusive<u8>,
    /// Frames a second.
    pub frame_rate: f64,
    /// FFmpeg's name of the encoder.
    pub library: &'static str,
    /// The encoder's own options.
    pub options: &'a [(&'static str, String)],
}

impl GreyVideo<'_> {
    /// Encodes `pictures`, each `width` x `height` samples, row-major, into a whole MP4 file.
    ///
    /// # Errors
    /// [`Error::Encode`] when a number makes no sense or the encoder refuses, [`Error::Limit`], and
    /// [`Error::Cancelled`] between two pictures once `cancel` is set.
    pub(crate) fn encode(&self, pictures: &[&[u8]], cancel: &Cancel) -> Result<Vec<u8>> {
        self.check(pictures)?;
        self.mux(pictures, cancel).map_err(|error| {
            if error == ffmpeg_next::Error::Exit {
                return Error::Cancelled;
            }
            refusal(format!(
                "{} refused {} pictures of {} x {} pixels{}; if memory is short, close other \
                 programs or pack fewer frames in a group",
                self.library,
                pictures.len(),
                self.width,
                self.height,
                library::remark(error),
            ))
        })
    }

    fn check(&self, pictures: &[&[u8]]) -> Result<()> {
        let (width, height) = (u64::from(self.width), u64::from(self.height));
        for side in [width, height] {
            limits::check(self.name, "pixels on a side", side, self.side_max)?;
        }
        limits::check(
            self.name,
            "frames in a group",
            pictures.len() as u64,
            limits::MAX_GROUP_FRAMES,
        )?;
        if width == 0 || height == 0 || pictures.is_empty() {
            return Err(refusal("there are no pictures"));
        }
        if let Some(odd) = pictures
            .iter()
            .find(|picture| picture.len() as u64 != width * height)
        {
            return Err(refusal(format!(
                "a picture has {} samples instead of {width} x {height}",
                odd.len()
            )));
        }
        if !self.qps.contains(&self.qp) {
            return Err(refusal(format!(
                "the quantiser is {} and must be {} to {}",
                self.qp,
                self.qps.start(),
                self.qps.end()
            )));
        }
        if !limits::FRAME_RATES.contains(&self.frame_rate) {
            return Err(refusal(format!(
                "the frame rate is {} and must be 0.1 to 1000",
                self.frame_rate
            )));
        }
        Ok(())
    }

    /// [`ffmpeg_next::Error::Exit`] when cancelled.
    fn mux(&self, pictures: &[&[u8]], cancel: &Cancel) -> Result<Vec<u8>, ffmpeg_next::Error> {
        let mut encoder = self.open()?;
        let mut picture = frame::Video::new(self.format, self.width, self.height);
        for plane in 1..3 {
            picture.data_mut(plane).fill(NEUTRAL_CHROMA);
        }
        let unit = mp4::time_base(self.frame_rate);
        mp4::encode(&mut encoder, unit, pictures.len(), |encoder, index| {
            if cancel.is_cancelled() {
                return Err(ffmpeg_next::Error::Exit);
            }
            mp4::make_writable(&mut picture)?;
            mp4::fill_luma(&mut picture, self.width as usize, pictures[index]);
            picture.set_pts(Some(index as i64));
            encoder.send_frame(&picture)
        })
    }

    fn open(&self) -> Result<encoder::video::Encoder, ffmpeg_next::Error> {
        let codec =
            encoder::find_by_name(self.library).ok_or(ffmpeg_next::Error::EncoderNotFound)?;
        let mut context = codec::Context::new_with_codec(codec).encoder().video()?;
        context.set_width(self.width);
        context.set_height(self.height);
        context.set_format(self.format);
        context.set_color_range(color::Range::JPEG);
        context.set_time_base(mp4::time_base(self.frame_rate));
        context.set_frame_rate(Some(Rational::from(self.frame_rate)));
        context.set_flags(Flags::GLOBAL_HEADER);
        context.set_threading(threading::Config::count(1));
        let mut options = Dictionary::new();
        options.set("preset", "medium");
        for (key, value) in self.options {
            options.set(key, value);
        }
        context.open_as_with(codec, options)
    }
}

/// The encoder of this name.
///
/// # Errors
/// [`Error::Encode`] when this FFmpeg was built without it.
pub(crate) fn find(library: &str) -> Result<Codec> {
    encoder::find_by_name(library).ok_or_else(|| {
        refusal(format!(
            "this FFmpeg was built without {library}; install one that has it (Debian and Ubuntu: \
             the package libavcodec-extra, elsewhere FFmpeg with --enable-{library})"
        ))
    })
}

/// The error of pictures that cannot be encoded.
pub(crate) fn refusal(reason: impl Into<String>) -> Error {
    Error::Encode {
        reason: reason.into(),
    }
}
