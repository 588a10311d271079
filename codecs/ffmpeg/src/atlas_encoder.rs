//! Pictures of an atlas to a video that any hardware decodes.

use ffmpeg_next::format::Pixel;
use zoetrope_codecs::{
    AtlasEncoder, AtlasSettings, Cancel, Error, Result, VideoCodec, VideoPacket, VideoStream,
    limits,
};

use crate::grey::{self, GreyVideo};
use crate::{library, mp4};

/// Largest quantiser.
const MAX_QP: u8 = 51;
/// Fewer pictures are all encoded in the order of time.
const PICTURES_WITH_B: usize = 12;

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
        let &AtlasSettings {
            codec,
            width,
            height,
            qp,
            frame_rate,
        } = settings;
        if width % 2 + height % 2 > 0 {
            return Err(grey::refusal("the sides of its pictures are odd"));
        }
        let library = Library::of(codec)?;
        grey::find(library.name).map_err(|error| match error {
            Error::Encode { reason } => {
                grey::refusal(format!("{reason}, or choose the other codec (--codec)"))
            }
            error => error,
        })?;
        let mut parameters = format!("{}:qp={qp}", library.parameters);
        if pictures.len() < PICTURES_WITH_B {
            // libx265 gives no times to pictures that end before its reordering has begun.
            parameters.push_str(":bframes=0");
        }
        let video = GreyVideo {
            name: "an atlas to be encoded",
            width,
            height,
            side_max: limits::MAX_ATLAS_SIDE,
            format: library.format,
            qp,
            qps: 1..=MAX_QP,
            frame_rate,
            library: library.name,
            options: &[(library.parameters_key, parameters)],
        };
        let stream = mp4::take_apart(video.encode(pictures, &self.cancel)?)?;
        let packets = stream
            .packets
            .into_iter()
            .map(|(picture, bytes)| VideoPacket { picture, bytes })
            .collect();
        Ok(VideoStream {
            codec,
            config: stream.config,
            width,
            height,
            packets,
        })
    }
}

/// FFmpeg's encoder of a codec and what it is given.
struct Library {
    name: &'static str,
    format: Pixel,
    parameters_key: &'static str,
    parameters: &'static str,
}

impl Library {
    fn of(codec: VideoCodec) -> Result<Self> {
        match codec {
            // One key picture at the start and none after it: a group is what can be decoded on its
            // own.
            VideoCodec::H264 => Ok(Self {
                name: "libx264",
                format: Pixel::YUVJ420P,
                parameters_key: "x264-params",
                parameters: "keyint=infinite:scenecut=0:psy=0:aq-mode=0:mbtree=0:bframes=8:\
                             b-adapt=2:ref=5",
            }),
            VideoCodec::Hevc => Ok(Self {
                name: "libx265",
                format: Pixel::YUV420P,
                parameters_key: "x265-params",
                parameters: "keyint=-1:scenecut=0:open-gop=0:aq-mode=0:cutree=0:psy-rd=0:\
                             psy-rdoq=0:rdoq-level=2:range=full:pools=none:frame-threads=1:wpp=0:\
                             log-level=none:info=0",
            }),
            VideoCodec::Av1 => Err(grey::refusal(
                "AV1 is read but not written here; choose HEVC or H.264",
            )),
        }
    }
}
