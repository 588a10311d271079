//! Grey pictures to an H.264 video in MP4, as V3's packer has them.

use ffmpeg_next::format::Pixel;
use zoetrope_codecs::{Cancel, PlaneVideoEncoder, PlaneVideoSettings, Result, limits};

use crate::grey::{self, GreyVideo};
use crate::library;

/// FFmpeg's name of the encoder.
const LIBRARY: &str = "libx264";
/// Largest H.264 quantiser.
const MAX_QP: u8 = 51;

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
    /// An encoder that stops with [`zoetrope_codecs::Error::Cancelled`] between two pictures once
    /// `cancel` is set.
    ///
    /// # Errors
    /// [`zoetrope_codecs::Error::Encode`] when this FFmpeg was built without libx264.
    pub fn new(cancel: &Cancel) -> Result<Self> {
        library::prepare();
        grey::find(LIBRARY)?;
        Ok(Self {
            cancel: cancel.clone(),
        })
    }
}

impl PlaneVideoEncoder for H264PlaneEncoder {
    fn encode(&self, frames: &[&[u8]], settings: &PlaneVideoSettings) -> Result<Vec<u8>> {
        let video = GreyVideo {
            name: "a plane to be encoded",
            width: settings.side,
            height: settings.side,
            side_max: limits::MAX_PLANE_SIDE,
            format: Pixel::YUVJ444P,
            qp: settings.qp,
            qps: 0..=MAX_QP,
            frame_rate: settings.frame_rate,
            library: LIBRARY,
            options: &[
                ("qp", settings.qp.to_string()),
                // One IDR picture at the start and none after it, however long the group and however
                // its content jumps: a group is what can be decoded on its own.
                ("x264-params", "keyint=infinite:scenecut=0".to_owned()),
            ],
        };
        video.encode(frames, &self.cancel)
    }
}
