//! Bytes to frames: clip containers, splat formats and Gaussian video.
//!
//! Pure Rust, no GPU, no windows, no C, no `unsafe`. Data goes one way:
//!
//! ```text
//! Source ──bytes──▶ Demuxer ──GroupPackets──▶ Decoder ──Frame──▶ (player, renderer)
//! ```
//!
//! * [`source`]: where bytes come from (a file, memory, an entry of a zip), and folders of them.
//! * [`splat`]: one file per format of a single Gaussian cloud, and the cloud itself.
//! * [`container`]: finds out what an input is and opens it: our own clips, V3 clips, sequences, splat
//!   files.
//! * [`audio`]: sound files as coded packets.
//! * [`gaussian_video`]: Gaussians as 2D pictures: layout, quantisation, the frame made of planes.
//! * [`clip`]: the facts of a clip and the traits [`Demuxer`] and [`Decoder`].
//! * [`layered`]: a group of Zoetrope's own clip, and the traits that code its atlases.
//! * [`neural`]: video as the weights of a network.
//! * [`pictures`]: rows of flat pictures, to make neural video of and to compare it with.
//! * [`frame_reader`]: frames by their number, through both.
//! * [`random`]: numbers that are the same in every run, for packing, synthetic scenes and tests.
//! * [`limits`]: every cap in one place, with its reason.

pub mod audio;
pub mod cancel;
pub mod clip;
pub mod container;
pub mod error;
pub mod frame;
pub mod frame_reader;
pub mod gaussian_video;
pub mod layered;
pub mod limits;
pub mod neural;
pub mod pickle;
pub mod pictures;
pub mod random;
pub mod source;
pub mod splat;

pub use cancel::Cancel;
pub use clip::{
    CameraHint, ClipInfo, ClipKind, Decoder, Demuxer, Detail, Engine, Frame, GroupInfo,
    GroupPackets, GroupPayload, LayerInfo, PictureInfo, PlaneVideo, PlaneVideoEncoder,
    PlaneVideoSettings, Thumbnails, Transfer, UpAxis,
};
pub use container::{Input, open, open_sequence};
pub use error::{Error, Result};
pub use frame::{Bounds, FrameContent, PictureFrame, SplatFrame};
pub use frame_reader::FrameReader;
pub use gaussian_video::{AttributeRanges, PlaneFrame, PlaneLayout};
pub use layered::{
    AtlasDecoder, AtlasEncoder, AtlasSettings, LayerKind, LayerPackets, LayeredGroup, VideoCodec,
    VideoPacket, VideoStream,
};
pub use splat::{SplatCloud, SplatFileDecoder};
