//! A group of Zoetrope's own clip as it is stored, and the traits that code its atlases.

use crate::{Engine, Result};

/// A group of Zoetrope's own clip, as it is stored: layers of quality, the base first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayeredGroup {
    /// The layers, each on top of those before it.
    pub layers: Vec<LayerPackets>,
}

/// One layer of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerPackets {
    /// What the layer adds.
    pub kind: LayerKind,
    /// The atlas: all lossy planes tiled into one picture.
    pub video: VideoStream,
    /// Samples of the side track: the first holds the layer's header and what the first picture
    /// needs, those after it the rest.
    pub side: Vec<Vec<u8>>,
}

/// What a layer adds to those below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LayerKind {
    /// Gaussians at SH degree 0.
    Gaussians,
    /// The SH coefficients beyond DC of all Gaussians below.
    Harmonics,
    /// Finer values of all Gaussians below.
    Precision,
}

/// A codec of the atlas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum VideoCodec {
    H264,
    Hevc,
    Av1,
}

impl VideoCodec {
    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::H264 => "H.264",
            Self::Hevc => "HEVC",
            Self::Av1 => "AV1",
        }
    }
}

/// A stretch of video that begins with a key picture, as MP4 stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoStream {
    /// Codec.
    pub codec: VideoCodec,
    /// The content of the sample entry's `avcC`, `hvcC` or `av1C` box.
    pub config: Vec<u8>,
    /// Width of the pictures in pixels.
    pub width: u32,
    /// Height of the pictures in pixels.
    pub height: u32,
    /// The packets in decoding order; NAL units have length prefixes (ISO/IEC 14496-15).
    pub packets: Vec<VideoPacket>,
}

/// One coded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoPacket {
    /// Place of the picture in the group, in the order of presentation.
    pub picture: u32,
    /// The coded bytes.
    pub bytes: Vec<u8>,
}

/// Encodes the atlas of a layer over one group.
pub trait AtlasEncoder: Sync {
    /// A video of `pictures`: 8-bit full-range luma, row-major, neutral chroma, 4:2:0. The first
    /// picture is the only key picture, and the first packet.
    ///
    /// # Errors
    /// When the encoder refuses the settings, and when it is cancelled.
    fn encode(&self, pictures: &[&[u8]], settings: &AtlasSettings) -> Result<VideoStream>;
}

/// Settings of [`AtlasEncoder::encode`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtlasSettings {
    /// Codec.
    pub codec: VideoCodec,
    /// Width of the pictures in pixels, even.
    pub width: u32,
    /// Height of the pictures in pixels, even.
    pub height: u32,
    /// Constant quantiser, 1 to 51 (H.264 and HEVC).
    pub qp: u8,
    /// Frames a second.
    pub frame_rate: f64,
}

/// Decodes the atlas of a layer.
pub trait AtlasDecoder: Send {
    /// Starts on a video, of which at most `pictures` are read; what was left of the last is dropped.
    ///
    /// # Errors
    /// About `name`, when its codec is not there or its header is damaged.
    fn push(&mut self, name: &str, video: VideoStream, pictures: usize) -> Result<()>;

    /// Decodes the next picture in the order of presentation into `luma`, width x height samples,
    /// row-major.
    ///
    /// # Errors
    /// When the picture is damaged or missing.
    fn next_picture(&mut self, luma: &mut [u8]) -> Result<()>;

    /// Who does the work.
    fn engine(&self) -> Engine;
}
