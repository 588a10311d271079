//! Grey pictures to an H.264 video in MP4, as V3's packer has them.

use ffmpeg_next::codec::{self, Flags};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Dictionary, Rational, color, encoder, frame, threading};
use zoetrope_codecs::{Cancel, Error, PlaneVideoEncoder, PlaneVideoSettings, Result, limits};

use crate::{library, mp4};

/// Largest H.264 quantiser.
const MAX_QP: u8 = 51;
/// Chroma of a picture without colour.
const NEUTRAL_CHROMA: u8 = 128;
/// What messages about limits call the pictures.
const NAME: &str = "a plane to be encoded";

/// Encodes planes with libx264 as V3's own packer does (`-qp Q -pix_fmt yuvj444p`, preset medium):
/// full-range 4:4:4 with neutral chroma, constant quantiser, one IDR picture at the start. At
/// quantiser 0 the luma is lossless.
///
/// Each call runs on the thread that made it; encode planes side by side.
#[derive(Clone, Debug)]
pub struct H264PlaneEncoder {
    cancel: Cancel,
}

impl H264PlaneEncoder {
    /// An encoder that stops with [`Error::Cancelled`] between two pictures once `cancel` is set.
    ///
    /// # Errors
    /// [`Error::Encode`] when this FFmpeg was built without libx264.
    pub fn new(cancel: &Cancel) -> Result<Self> {
        library::prepare();
        find_libx264()?;
        Ok(Self {
            cancel: cancel.clone(),
        })
    }
}

impl PlaneVideoEncoder for H264PlaneEncoder {
    fn encode(&self, frames: &[&[u8]], settings: &PlaneVideoSettings) -> Result<Vec<u8>> {
        check(frames, settings)?;
        encode_mp4(frames, settings, &self.cancel).map_err(|error| {
            if error == ffmpeg_next::Error::Exit {
                return Error::Cancelled;
            }
            refusal(format!(
                "libx264 refused {} pictures of {side} x {side} pixels{}; if memory is short, close \
                 other programs or pack fewer frames in a group",
                frames.len(),
                library::remark(error),
                side = settings.side
            ))
        })
    }
}

fn find_libx264() -> Result<ffmpeg_next::Codec> {
    encoder::find_by_name("libx264").ok_or_else(|| {
        refusal(
            "this FFmpeg was built without libx264; install one that has it (Debian and Ubuntu: \
             the package libavcodec-extra, elsewhere FFmpeg with --enable-libx264)",
        )
    })
}

fn refusal(reason: impl Into<String>) -> Error {
    Error::Encode {
        reason: reason.into(),
    }
}

fn check(frames: &[&[u8]], settings: &PlaneVideoSettings) -> Result<()> {
    let side = u64::from(settings.side);
    limits::check(NAME, "pixels on a side", side, limits::MAX_PLANE_SIDE)?;
    limits::check(
        NAME,
        "frames in a group",
        frames.len() as u64,
        limits::MAX_GROUP_FRAMES,
    )?;
    if side == 0 || frames.is_empty() {
        return Err(refusal("there are no pictures"));
    }
    if let Some(odd) = frames
        .iter()
        .find(|frame| frame.len() as u64 != side * side)
    {
        return Err(refusal(format!(
            "a picture has {} samples instead of {side} x {side}",
            odd.len()
        )));
    }
    if settings.qp > MAX_QP {
        return Err(refusal(format!(
            "the quantiser is {} and must be 0 to {MAX_QP}",
            settings.qp
        )));
    }
    if !limits::FRAME_RATES.contains(&settings.frame_rate) {
        return Err(refusal(format!(
            "the frame rate is {} and must be 0.1 to 1000",
            settings.frame_rate
        )));
    }
    Ok(())
}

/// [`ffmpeg_next::Error::Exit`] when cancelled.
fn encode_mp4(
    frames: &[&[u8]],
    settings: &PlaneVideoSettings,
    cancel: &Cancel,
) -> Result<Vec<u8>, ffmpeg_next::Error> {
    let mut encoder = open_encoder(settings)?;
    let mut picture = grey_picture(settings.side);
    mp4::encode(
        &mut encoder,
        mp4::time_base(settings.frame_rate),
        frames.len(),
        |encoder, index| {
            if cancel.is_cancelled() {
                return Err(ffmpeg_next::Error::Exit);
            }
            mp4::make_writable(&mut picture)?;
            mp4::fill_luma(&mut picture, settings.side as usize, frames[index]);
            picture.set_pts(Some(index as i64));
            encoder.send_frame(&picture)
        },
    )
}

fn open_encoder(
    settings: &PlaneVideoSettings,
) -> Result<encoder::video::Encoder, ffmpeg_next::Error> {
    let codec = encoder::find_by_name("libx264").ok_or(ffmpeg_next::Error::EncoderNotFound)?;
    let mut context = codec::Context::new_with_codec(codec).encoder().video()?;
    context.set_width(settings.side);
    context.set_height(settings.side);
    context.set_format(Pixel::YUVJ444P);
    context.set_color_range(color::Range::JPEG);
    context.set_time_base(mp4::time_base(settings.frame_rate));
    context.set_frame_rate(Some(Rational::from(settings.frame_rate)));
    context.set_flags(Flags::GLOBAL_HEADER);
    context.set_threading(threading::Config::count(1));
    let mut options = Dictionary::new();
    options.set("preset", "medium");
    options.set("qp", &settings.qp.to_string());
    // One IDR picture at the start and none after it, however long the group and however its
    // content jumps: a group is what can be decoded on its own.
    options.set("x264-params", "keyint=infinite:scenecut=0");
    context.open_as_with(codec, options)
}

/// A picture with neutral chroma.
fn grey_picture(side: u32) -> frame::Video {
    let mut picture = frame::Video::new(Pixel::YUVJ444P, side, side);
    for plane in 1..3 {
        picture.data_mut(plane).fill(NEUTRAL_CHROMA);
    }
    picture
}
