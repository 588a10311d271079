//! Zoetrope's own clip: a fragmented MP4 file. `codecs/FORMAT.md` describes it byte by byte.
//!
//! ```text
//! ftyp            what the file is
//! moov            tracks: video and side samples of each layer, sound; our JSON
//! sidx, ssix      where each group lies, and each level in it
//! zoep            poster and thumbnails, here when they are small
//! moof mdat …     the groups; in each its levels:
//!                 key picture, rest of the base layer, sound, then the other layers
//! zoep            poster and thumbnails, here when they are large
//! ```
//!
//! The first bytes of a group are always something that can be shown, so that one read of a range
//! gives as much of it as is wanted.

mod boxes;
mod demuxer;
mod facts;
mod fragment;
mod front;
mod index;
mod meta;
mod moov;
mod neural;
mod neural_writer;
mod samples;
mod sound;
mod store;
mod trim;
mod writer;

pub use demuxer::ZoeDemuxer;
pub use meta::{ClipDescription, FrameRate, LayerDescription};
pub use neural_writer::NeuralWriter;
pub use sound::{SoundCodec, SoundFormat, SoundPacket, SoundTrack};
pub use trim::trim;
pub use writer::ZoeWriter;

pub(crate) use front::movie_box;
pub(crate) use moov::delay_of_sound;

use boxes::FourCc;

/// The brand of version 1 of the format.
pub(super) const BRAND: &FourCc = b"zoe1";
/// The box of poster and thumbnails.
const PICTURES: &FourCc = b"zoep";
