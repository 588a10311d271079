//! Pictures of an atlas to a video that any hardware decodes.

use ffmpeg_next::codec::{self, Flags};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Dictionary, Rational, color, encoder, frame, threading};
use zoetrope_codecs::{
    AtlasEncoder, AtlasSettings, Cancel, Error, Result, VideoCodec, VideoPacket, VideoStream,
    limits,
};

use crate::{library, mp4};

/// Largest quantiser.
const MAX_QP: u8 = 51;
/// Fewer pictures are all encoded in the order of time.
const PICTURES_WITH_B: usize = 12;
/// Chroma of a picture without colour.
const NEUTRAL_CHROMA: u8 = 128;
/// What messages about limits call the pictures.
const NAME: &str = "an atlas to be encoded";

/// Encodes atlases with libx265 or libx264: 4:2:0, full range, constant quantiser, tuned for the
/// smallest squared error, since nobody looks at the pictures.
///
/// Each call runs on the thread that made it; encode groups side by side.
#[derive(Clone, Debug)]
pub struct FfmpegAtlasEncoder {
    cancel: Cancel,
}

impl FfmpegAtlasEncoder {
    /// An encoder that stops with [`Error::Cancelled`] between two pictures once `cancel` is set.
    pub fn new(cancel: &Cancel) -> Self {
        library::prepare();
        Self {
            cancel: cancel.clone(),
        }
    }
}

impl AtlasEncoder for FfmpegAtlasEncoder {
    fn encode(&self, pictures: &[&[u8]], settings: &AtlasSettings) -> Result<VideoStream> {
        check(pictures, settings)?;
        let (library, _) = library_of(settings.codec)?;
        if encoder::find_by_name(library).is_none() {
            return Err(refusal(format!(
                "this FFmpeg was built without {library}; install one that has it (Debian and \
                 Ubuntu: the package libavcodec-extra), or choose the other codec (--codec)"
            )));
        }
        let file = encode(pictures, settings, &self.cancel).map_err(|error| {
            if error == ffmpeg_next::Error::Exit {
                return Error::Cancelled;
            }
            refusal(format!(
                "{library} refused {} pictures of {} x {} pixels{}; if memory is short, close other \
                 programs or pack fewer frames in a group",
                pictures.len(),
                settings.width,
                settings.height,
                library::remark(error),
            ))
        })?;
        let stream = mp4::take_apart(file)?;
        let packets = stream
            .packets
            .into_iter()
            .map(|(picture, bytes)| VideoPacket { picture, bytes })
            .collect();
        Ok(VideoStream {
            codec: settings.codec,
            config: stream.config,
            width: settings.width,
            height: settings.height,
            packets,
        })
    }
}

/// FFmpeg's encoder of a codec and the options that it is given.
fn library_of(codec: VideoCodec) -> Result<(&'static str, &'static str)> {
    match codec {
        // One key picture at the start and none after it: a group is what can be decoded on its own.
        VideoCodec::H264 => Ok((
            "libx264",
            "keyint=infinite:scenecut=0:psy=0:aq-mode=0:mbtree=0:bframes=8:b-adapt=2:ref=5",
        )),
        VideoCodec::Hevc => Ok((
            "libx265",
            "keyint=-1:scenecut=0:open-gop=0:aq-mode=0:cutree=0:psy-rd=0:psy-rdoq=0:rdoq-level=2:\
             range=full:pools=none:frame-threads=1:wpp=0:log-level=none:info=0",
        )),
        VideoCodec::Av1 => Err(refusal(
            "AV1 is read but not written here; choose HEVC or H.264",
        )),
    }
}

fn refusal(reason: impl Into<String>) -> Error {
    Error::Encode {
        reason: reason.into(),
    }
}

fn check(pictures: &[&[u8]], settings: &AtlasSettings) -> Result<()> {
    let (width, height) = (u64::from(settings.width), u64::from(settings.height));
    for side in [width, height] {
        limits::check(NAME, "pixels on a side", side, limits::MAX_ATLAS_SIDE)?;
    }
    limits::check(
        NAME,
        "frames in a group",
        pictures.len() as u64,
        limits::MAX_GROUP_FRAMES,
    )?;
    if width == 0 || height == 0 || width % 2 + height % 2 > 0 || pictures.is_empty() {
        return Err(refusal("its pictures are empty, or their sides are odd"));
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
    if !(1..=MAX_QP).contains(&settings.qp) {
        return Err(refusal(format!(
            "the quantiser is {} and must be 1 to {MAX_QP}",
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
fn encode(
    pictures: &[&[u8]],
    settings: &AtlasSettings,
    cancel: &Cancel,
) -> Result<Vec<u8>, ffmpeg_next::Error> {
    let mut encoder = open_encoder(settings, pictures.len())?;
    let mut picture = frame::Video::new(
        pixel_format(settings.codec),
        settings.width,
        settings.height,
    );
    for plane in 1..3 {
        picture.data_mut(plane).fill(NEUTRAL_CHROMA);
    }
    let unit = mp4::time_base(settings.frame_rate);
    mp4::encode(&mut encoder, unit, pictures.len(), |encoder, index| {
        if cancel.is_cancelled() {
            return Err(ffmpeg_next::Error::Exit);
        }
        mp4::make_writable(&mut picture)?;
        mp4::fill_luma(&mut picture, settings.width as usize, pictures[index]);
        picture.set_pts(Some(index as i64));
        encoder.send_frame(&picture)
    })
}

fn pixel_format(codec: VideoCodec) -> Pixel {
    match codec {
        VideoCodec::H264 => Pixel::YUVJ420P,
        VideoCodec::Hevc | VideoCodec::Av1 => Pixel::YUV420P,
    }
}

fn open_encoder(
    settings: &AtlasSettings,
    pictures: usize,
) -> Result<encoder::video::Encoder, ffmpeg_next::Error> {
    let (library, parameters) =
        library_of(settings.codec).map_err(|_| ffmpeg_next::Error::EncoderNotFound)?;
    let codec = encoder::find_by_name(library).ok_or(ffmpeg_next::Error::EncoderNotFound)?;
    let mut context = codec::Context::new_with_codec(codec).encoder().video()?;
    context.set_width(settings.width);
    context.set_height(settings.height);
    context.set_format(pixel_format(settings.codec));
    context.set_color_range(color::Range::JPEG);
    context.set_time_base(mp4::time_base(settings.frame_rate));
    context.set_frame_rate(Some(Rational::from(settings.frame_rate)));
    context.set_flags(Flags::GLOBAL_HEADER);
    context.set_threading(threading::Config::count(1));
    let mut options = Dictionary::new();
    options.set("preset", "medium");
    let mut parameters = format!("{parameters}:qp={}", settings.qp);
    if pictures < PICTURES_WITH_B {
        // libx265 gives no times to pictures that end before its reordering has begun.
        parameters.push_str(":bframes=0");
    }
    match settings.codec {
        VideoCodec::H264 => options.set("x264-params", &parameters),
        VideoCodec::Hevc | VideoCodec::Av1 => options.set("x265-params", &parameters),
    }
    context.open_as_with(codec, options)
}
