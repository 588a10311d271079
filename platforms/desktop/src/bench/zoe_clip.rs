//! A long clip of our own of 100 000 moving Gaussians, for the benchmarks that stream.

use std::io::Cursor;
use std::sync::Arc;

use anyhow::bail;
use zoetrope_codecs::container::zoe::{ZoeDemuxer, ZoeWriter};
use zoetrope_codecs::source::FileSource;
use zoetrope_codecs::splat::synthetic;
use zoetrope_codecs::{Cancel, Demuxer as _, GroupPayload};
use zoetrope_encode::PackOptions;
use zoetrope_encode::zoe::{ZoePacking, pack_zoe};
use zoetrope_ffmpeg::{FfmpegAtlasDecoder, FfmpegAtlasEncoder};

use super::v3_clip::Swaying;

/// Frames of a group: 0.8 s, as `zoetrope pack` makes them.
pub const GROUP_FRAMES: usize = 24;
/// Gaussians of a frame.
pub const GAUSSIANS: usize = 100_000;
/// Groups that are packed; the clip repeats them.
const PACKED_GROUPS: usize = 2;

/// A clip of `groups` groups with a ladder of layers, in memory.
///
/// # Errors
/// When it cannot be packed.
pub fn make(groups: usize, cancel: &Cancel) -> anyhow::Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("clip.zoe");
    let mut sequence = Swaying {
        figure: synthetic::surface(GAUSSIANS, 0, 1),
        frames: PACKED_GROUPS * GROUP_FRAMES,
    };
    eprintln!("packing {} frames to stream …", sequence.frames);
    let options = PackOptions {
        group_frames: GROUP_FRAMES,
        quality: 60,
        ..PackOptions::default()
    };
    let encoder = FfmpegAtlasEncoder::new(cancel);
    let packing = ZoePacking {
        ladder: true,
        ..ZoePacking::new(&options, &encoder, &FfmpegAtlasDecoder::boxed, cancel)
    };
    pack_zoe(&mut sequence, &path, packing)?;
    repeat(Arc::new(FileSource::open(&path)?), groups, cancel)
}

/// The groups of a clip over and over.
fn repeat(source: Arc<FileSource>, groups: usize, cancel: &Cancel) -> anyhow::Result<Vec<u8>> {
    let mut clip = ZoeDemuxer::open(source, cancel)?;
    let mut writer = ZoeWriter::new(clip.description().clone(), Cursor::new(Vec::new()))?;
    for group in 0..groups {
        let group = group % clip.groups().len();
        let gaussians = clip.gaussians(group).unwrap_or_default();
        let packets = clip.read_group(group, cancel)?;
        let GroupPayload::Layered(layered) = packets.payload else {
            bail!("the clip is of another kind than was packed");
        };
        writer.add_group(&layered, packets.frames.len(), gaussians)?;
    }
    let mut bytes = Vec::new();
    writer.finish(&mut bytes, cancel)?;
    Ok(bytes)
}
