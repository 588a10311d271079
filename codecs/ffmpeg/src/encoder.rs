//! Grey pictures to an H.264 video in MP4, as V3's packer has them.
#![allow(unsafe_code)]

use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use ffmpeg_next::codec::{self, Flags};
use ffmpeg_next::format::{self, Pixel, context::StreamIo};
use ffmpeg_next::{Dictionary, Packet, Rational, color, encoder, ffi, frame, threading};
use zoetrope_codecs::{Cancel, Error, PlaneVideoEncoder, PlaneVideoSettings, Result, limits};

use crate::library;

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

/// Encodes and muxes into memory. [`ffmpeg_next::Error::Exit`] when cancelled.
fn encode_mp4(
    frames: &[&[u8]],
    settings: &PlaneVideoSettings,
    cancel: &Cancel,
) -> Result<Vec<u8>, ffmpeg_next::Error> {
    let mut encoder = open_encoder(settings)?;
    let encoder_unit = settings_time_base(settings);
    let file = SharedFile::default();
    let io = StreamIo::from_write_seek(file.clone())?;
    let mut output = format::output_to_stream(io, None, Some("mp4"))?;
    let mut stream = output.add_stream_with(&encoder)?;
    stream.set_time_base(encoder_unit);
    output.write_header()?;
    let muxer_unit = output
        .stream(0)
        .ok_or(ffmpeg_next::Error::StreamNotFound)?
        .time_base();

    let mut packet = Packet::empty();
    let mut write_ready =
        |encoder: &mut encoder::video::Encoder| -> Result<(), ffmpeg_next::Error> {
            loop {
                match encoder.receive_packet(&mut packet) {
                    Ok(()) => {
                        packet.set_stream(0);
                        packet.set_duration(1);
                        packet.rescale_ts(encoder_unit, muxer_unit);
                        packet.write_interleaved(&mut output)?;
                    }
                    Err(ffmpeg_next::Error::Eof)
                    | Err(ffmpeg_next::Error::Other { errno: ffi::EAGAIN }) => return Ok(()),
                    Err(error) => return Err(error),
                }
            }
        };
    let mut picture = grey_picture(settings.side);
    for (index, samples) in frames.iter().enumerate() {
        if cancel.is_cancelled() {
            return Err(ffmpeg_next::Error::Exit);
        }
        make_writable(&mut picture)?;
        fill_luma(&mut picture, settings.side as usize, samples);
        picture.set_pts(Some(index as i64));
        encoder.send_frame(&picture)?;
        write_ready(&mut encoder)?;
    }
    encoder.send_eof()?;
    write_ready(&mut encoder)?;
    output.write_trailer()?;
    drop(output);
    Ok(file.into_bytes())
}

/// One unit is one picture.
fn settings_time_base(settings: &PlaneVideoSettings) -> Rational {
    let rate = Rational::from(settings.frame_rate);
    Rational::new(rate.denominator(), rate.numerator())
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
    context.set_time_base(settings_time_base(settings));
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

/// Gives `picture` memory of its own, should the encoder still hold on to the last one.
fn make_writable(picture: &mut frame::Video) -> Result<(), ffmpeg_next::Error> {
    // SAFETY: the frame owns a valid picture; on failure it is left as it was.
    match unsafe { ffi::av_frame_make_writable(picture.as_mut_ptr()) } {
        code if code < 0 => Err(ffmpeg_next::Error::from(code)),
        _ => Ok(()),
    }
}

fn fill_luma(picture: &mut frame::Video, side: usize, samples: &[u8]) {
    let stride = picture.stride(0);
    let rows = picture.data_mut(0).chunks_mut(stride);
    for (row, source) in rows.zip(samples.chunks_exact(side)) {
        row[..side].copy_from_slice(source);
    }
}

/// The file that the muxer writes: shared, since the muxer owns its end until it is closed.
#[derive(Clone, Default)]
struct SharedFile(Arc<Mutex<Cursor<Vec<u8>>>>);

impl SharedFile {
    fn with<T>(&self, act: impl FnOnce(&mut Cursor<Vec<u8>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn into_bytes(self) -> Vec<u8> {
        self.with(|file| std::mem::take(file.get_mut()))
    }
}

impl Write for SharedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for SharedFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.with(|file| file.seek(position))
    }
}
