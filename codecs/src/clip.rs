//! The facts of a clip, and the two traits between its bytes and its frames.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use crate::container::zoe::{SoundFormat, SoundPacket};
use crate::neural::NeuralFrame;
use crate::{AttributeRanges, Bounds, Cancel, FrameContent, LayeredGroup, PlaneLayout, Result};

/// What a clip is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClipKind {
    /// Zoetrope's own clip: one streamable file, see `codecs/FORMAT.md`.
    Zoe,
    /// A V3 asset: a folder of groups of grey videos.
    V3,
    /// One splat file.
    SplatFile,
    /// A numbered sequence of splat files, a frame each.
    SplatSequence,
    /// One file of Gaussians that move by formulas.
    MovingSplats,
    /// Flat pictures as the weights of a network.
    NeuralVideo,
}

impl ClipKind {
    /// Name for people: "V3", "splat file", "splat sequence".
    pub fn name(self) -> &'static str {
        match self {
            Self::Zoe => "Zoetrope clip",
            Self::V3 => "V3",
            Self::SplatFile => "splat file",
            Self::SplatSequence => "splat sequence",
            Self::MovingSplats => "moving splats",
            Self::NeuralVideo => "neural video",
        }
    }
}

/// Which axis of world space points up. INRIA files have y down (COLMAP), hence the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum UpAxis {
    PlusX,
    MinusX,
    PlusY,
    #[default]
    MinusY,
    PlusZ,
    MinusZ,
}

impl UpAxis {
    /// Every axis with its name on the command line and in files.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::PlusX, "+x"),
        (Self::MinusX, "-x"),
        (Self::PlusY, "+y"),
        (Self::MinusY, "-y"),
        (Self::PlusZ, "+z"),
        (Self::MinusZ, "-z"),
    ];

    /// "+x" … "-z"; a missing sign means plus.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let signed = if text.starts_with(['+', '-']) {
            text
        } else {
            format!("+{text}")
        };
        Self::ALL
            .iter()
            .find(|(_, name)| *name == signed)
            .map(|(axis, _)| *axis)
    }

    /// "+x" … "-z".
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(axis, _)| *axis == self)
            .map_or("-y", |(_, name)| name)
    }

    /// Unit vector in world space.
    pub fn vector(self) -> [f32; 3] {
        match self {
            Self::PlusX => [1.0, 0.0, 0.0],
            Self::MinusX => [-1.0, 0.0, 0.0],
            Self::PlusY => [0.0, 1.0, 0.0],
            Self::MinusY => [0.0, -1.0, 0.0],
            Self::PlusZ => [0.0, 0.0, 1.0],
            Self::MinusZ => [0.0, 0.0, -1.0],
        }
    }
}

/// A first view that the clip itself asks for, in world space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CameraHint {
    /// Camera centre.
    pub position: [f32; 3],
    /// The point looked at, around which the camera orbits.
    pub target: [f32; 3],
    /// Vertical field of view in degrees.
    pub fov_y_degrees: f32,
}

impl CameraHint {
    /// Vertical fields of view that make sense, degrees.
    pub const FOVS_Y_DEGREES: RangeInclusive<f32> = 1.0..=170.0;

    /// Whether something can be seen through it: all numbers are finite, the target is not where
    /// the camera is, and the field of view is one of [`Self::FOVS_Y_DEGREES`].
    pub fn makes_sense(&self) -> bool {
        let mut numbers = self.position.iter().chain(&self.target);
        numbers.all(|number| number.is_finite())
            && self.position != self.target
            && Self::FOVS_Y_DEGREES.contains(&self.fov_y_degrees)
    }
}

/// The facts of a clip that are known before anything is decoded.
#[derive(Clone, Debug)]
pub struct ClipInfo {
    /// What it is.
    pub kind: ClipKind,
    /// Name for people: the file's or folder's last part.
    pub title: String,
    /// Codec or format of the frames ("H.264 planes", "SOG", "PLY").
    pub codec: String,
    /// Frames a second.
    pub frame_rate: f64,
    /// Whether `frame_rate` stands in the clip (else it is the usual 30).
    pub frame_rate_known: bool,
    /// Number of frames.
    pub frame_count: usize,
    /// SH degree, 0 to 3; the largest where frames differ.
    pub sh_degree: u8,
    /// Fewest, mean and most Gaussians of a frame, where the container tells without decoding.
    pub gaussians: Option<GaussianCounts>,
    /// Box around the centres of all Gaussians of all frames, where the container tells.
    pub bounds: Option<Bounds>,
    /// What its pictures are, of a clip that is flat.
    pub picture: Option<PictureInfo>,
    /// Which axis points up.
    pub up: UpAxis,
    /// First view, where the clip asks for one.
    pub camera: Option<CameraHint>,
    /// Bytes of all groups, where known without reading them.
    pub size_bytes: Option<u64>,
    /// Who made it, where the clip tells.
    pub credit: Option<String>,
    /// Under which licence, where the clip tells.
    pub licence: Option<String>,
    /// The layers of quality, each on top of those before it; empty where there is but one quality.
    pub layers: Vec<LayerInfo>,
    /// Oddities that did not stop the clip from opening, a sentence each.
    pub warnings: Vec<String>,
    /// Those of `warnings` about content that is left out of the clip altogether: whoever watches
    /// must be told, for no error of a group will tell.
    pub omissions: Vec<String>,
}

impl ClipInfo {
    /// Whether its frames are flat pictures, with nothing to turn.
    pub fn is_flat(&self) -> bool {
        self.picture.is_some()
    }

    /// Length in seconds.
    pub fn duration(&self) -> f64 {
        self.frame_count as f64 / self.frame_rate
    }
}

/// What the pictures of a flat clip are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureInfo {
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// Weights and biases of the network that makes them.
    pub parameters: Option<u64>,
    /// Multiplications with addition that it takes to make one.
    pub macs: Option<u64>,
}

impl PictureInfo {
    /// Multiplications with addition for each pixel.
    pub fn macs_per_pixel(&self) -> Option<f64> {
        let [width, height] = self.size.map(f64::from);
        Some(self.macs? as f64 / (width * height))
    }
}

impl ClipInfo {
    /// Bits of the file for each pixel of each picture; `None` of what is not flat.
    pub fn bits_per_pixel(&self) -> Option<f64> {
        let [width, height] = self.picture?.size.map(f64::from);
        let bits = 8.0 * self.size_bytes? as f64;
        Some(bits / (width * height * self.frame_count as f64))
    }
}

/// Gaussians of a frame over a whole clip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaussianCounts {
    /// Fewest.
    pub min: usize,
    /// Mean.
    pub mean: f64,
    /// Most.
    pub max: usize,
}

/// One layer of quality.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerInfo {
    /// Name for people ("base", "all Gaussians", "SH 3", "precision").
    pub name: String,
    /// Bytes of this layer in all groups, without the layers below it.
    pub bytes: u64,
}

/// How much of a group is read and decoded. Ordered from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Detail {
    /// Only the first picture of the group, in the lowest layer: what a hand on the time bar sees.
    Key,
    /// All pictures of the group, in this many layers of quality, at least 1.
    Layers(u8),
}

impl Detail {
    /// All pictures in the best quality there is.
    pub const FULL: Self = Self::Layers(u8::MAX);

    /// Layers that are read.
    pub fn layers(self) -> usize {
        match self {
            Self::Key => 1,
            Self::Layers(count) => usize::from(count.max(1)),
        }
    }
}

/// One independently decodable stretch of a clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupInfo {
    /// Frames it holds, counted from the clip's start. Groups tile the clip without gaps.
    pub frames: Range<usize>,
}

/// The undecoded content of one group.
#[derive(Debug)]
pub struct GroupPackets {
    /// Index of the group.
    pub group: usize,
    /// Frames it holds, counted from the clip's start.
    pub frames: Range<usize>,
    /// The bytes.
    pub payload: GroupPayload,
}

/// What the bytes of a group are.
#[derive(Debug)]
pub enum GroupPayload {
    /// Gaussian video: one grey video per stored plane.
    PlaneVideos {
        /// Count, side and SH degree, constant within the group.
        layout: PlaneLayout,
        /// De-quantisation of each frame, as many as the group has frames.
        ranges: Vec<Arc<AttributeRanges>>,
        /// The videos, in the order of [`PlaneLayout`]'s layers, one for each layer.
        videos: Vec<PlaneVideo>,
    },
    /// A group of Zoetrope's own clip.
    Layered(LayeredGroup),
    /// A splat file, which is one frame.
    SplatFile {
        /// Name for messages.
        name: String,
        /// The file, already parsed: splat formats have no codec worth a second thread.
        cloud: Box<crate::SplatCloud>,
        /// Whether that is only some of its Gaussians, which were to be had sooner than all.
        coarse: bool,
    },
    /// A frame of neural video; the others of its group come out of the same embedding, in their order.
    Neural(NeuralFrame),
}

/// The video of one plane over one group.
#[derive(Debug)]
pub struct PlaneVideo {
    /// Name for messages ("group3/5.mp4").
    pub name: String,
    /// A whole video file (MP4).
    pub bytes: Vec<u8>,
}

/// A strip of small pictures for the time bar, all of one size and evenly spread over the clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnails {
    /// Width of each in pixels.
    pub width: u32,
    /// Height of each in pixels.
    pub height: u32,
    /// Frame that each shows, rising.
    pub frames: Vec<usize>,
    /// One JPEG file for each.
    pub jpegs: Vec<Vec<u8>>,
}

/// One transfer over the network that has ended, well or not, for the choice of quality.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transfer {
    /// When it was asked for, seconds of the source's own monotonic clock.
    pub started_s: f64,
    /// When the first byte of the content came, on the same clock.
    pub first_byte_s: f64,
    /// When it ended, on the same clock.
    pub ended_s: f64,
    /// Bytes that came.
    pub bytes: u64,
}

/// Bytes to packets: knows the tracks and the time index, reads one group at a time.
pub trait Demuxer: Send {
    /// Facts of the clip.
    fn info(&self) -> &ClipInfo;

    /// The groups in time order. They tile `0..info().frame_count`.
    fn groups(&self) -> &[GroupInfo];

    /// Reads one group. A damaged or missing group is an error of that group alone: the others
    /// can still be read.
    ///
    /// # Errors
    /// Anything of [`crate::Error`]; [`crate::Error::Cancelled`] within 100 ms of `cancel`.
    fn read_group(&mut self, group: usize, cancel: &Cancel) -> Result<GroupPackets>;

    /// Reads as much of a group as `detail` says, where the clip is stored so that less can be read;
    /// [`GroupPackets::frames`] tells which frames it came to.
    ///
    /// # Errors
    /// As [`Self::read_group`].
    fn read_part(&mut self, group: usize, detail: Detail, cancel: &Cancel) -> Result<GroupPackets> {
        let _ = detail;
        self.read_group(group, cancel)
    }

    /// Bytes of that part of a group, where known without reading it.
    fn part_bytes(&self, group: usize, detail: Detail) -> Option<u64> {
        let _ = (group, detail);
        None
    }

    /// Says which parts will be read soon, the most wanted first; replaces what was said before. A
    /// clip that is at hand has nothing to do.
    fn prefetch(&self, parts: &[(usize, Detail)]) {
        let _ = parts;
    }

    /// Whether that part of a group can be read without a wait that people notice, for the network or
    /// for a big file.
    fn is_at_hand(&self, group: usize, detail: Detail) -> bool {
        let _ = (group, detail);
        true
    }

    /// The latest transfers over the network, oldest first; `None` for a clip that lies here.
    fn transfers(&self) -> Option<Vec<Transfer>> {
        None
    }

    /// Pictures for the time bar, where the clip carries them.
    ///
    /// # Errors
    /// As [`Self::read_group`].
    fn thumbnails(&mut self, cancel: &Cancel) -> Result<Option<Thumbnails>> {
        let _ = cancel;
        Ok(None)
    }

    /// The sound tracks that come with the clip.
    fn sounds(&self) -> &[SoundFormat] {
        &[]
    }

    /// The packets of each of [`Self::sounds`] that begin in a group.
    ///
    /// # Errors
    /// As [`Self::read_group`].
    fn read_sound(&mut self, group: usize, cancel: &Cancel) -> Result<Vec<Vec<SoundPacket>>> {
        let _ = (group, cancel);
        Ok(vec![Vec::new(); self.sounds().len()])
    }

    /// Version of the frames' format as people say it ("2", "0.1"), where it has versions.
    fn format_version(&self) -> Option<&str> {
        None
    }

    /// Whether [`ClipInfo::up`] stands in the clip; else it is what its format's convention says.
    fn up_is_stated(&self) -> bool {
        false
    }

    /// The clip's own camera path, a JSON object as the app writes it.
    fn camera_path(&self) -> Option<&str> {
        None
    }
}

/// Packets to frames. One group at a time; pushing another drops what was left of the last.
pub trait Decoder: Send {
    /// Starts on a group.
    ///
    /// # Errors
    /// When the payload cannot be decoded by this decoder, or its headers are damaged.
    fn push(&mut self, packets: GroupPackets) -> Result<()>;

    /// Decodes the next frame of the group, in time order; `None` after the last.
    ///
    /// # Errors
    /// When the frame cannot be decoded. The group is then over; push another.
    fn next_frame(&mut self) -> Result<Option<Frame>>;

    /// Who does the work.
    fn engine(&self) -> Engine;
}

/// A decoded frame.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Number of the frame from the clip's start.
    pub index: usize,
    /// Its content, shared between the frame store and the renderer.
    pub content: FrameContent,
}

/// Who decodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engine {
    /// Name for people ("FFmpeg H.264").
    pub name: String,
    /// Whether fixed-function hardware does it.
    pub hardware: bool,
}

/// Encodes one plane over one group.
pub trait PlaneVideoEncoder: Sync {
    /// A whole MP4 file out of `frames`: 8-bit full-range grey pictures of `side`² samples each,
    /// row-major. The first picture is the only IDR picture.
    ///
    /// # Errors
    /// When the encoder refuses the settings.
    fn encode(&self, frames: &[&[u8]], settings: &PlaneVideoSettings) -> Result<Vec<u8>>;
}

/// Settings of [`PlaneVideoEncoder::encode`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaneVideoSettings {
    /// Width and height in pixels.
    pub side: u32,
    /// Constant H.264 quantiser, 0 (lossless) to 51.
    pub qp: u8,
    /// Frames a second.
    pub frame_rate: f64,
}
