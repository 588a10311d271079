//! Video decoding and encoding through FFmpeg, behind the traits of zoetrope-codecs.
//!
//! The only crate of the workspace that links C. FFmpeg sees memory and [`Source`](zoetrope_codecs::source::Source)s and
//! nothing else: it never opens a path or a URL, its demuxers and decoders are an allow-list, and what it logs goes
//! to the `log` crate at debug level.
//!
//! * [`PlaneVideoDecoder`]: the grey videos of a group of Gaussian video, to planes.
//! * [`H264PlaneEncoder`]: the way back, as V3's own packer writes it.
//! * [`MovieWriter`]: pictures of the window and sound to an ordinary video.
//! * [`FfmpegPictures`]: the pictures of ordinary videos and picture files.
//! * [`FfmpegAtlasDecoder`] and [`FfmpegAtlasEncoder`]: the atlas of a Zoetrope clip's layer.

mod atlas_decoder;
mod atlas_encoder;
mod encoder;
mod grey;
mod input;
mod library;
mod movie;
mod mp4;
mod pictures;
mod plane_decoder;
mod plane_reader;
mod rgb_to_yuv;

pub use atlas_decoder::FfmpegAtlasDecoder;
pub use atlas_encoder::FfmpegAtlasEncoder;
pub use encoder::H264PlaneEncoder;
pub use movie::{MovieSettings, MovieWriter};
pub use pictures::FfmpegPictures;
pub use plane_decoder::PlaneVideoDecoder;
