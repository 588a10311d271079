//! Every cap on what an input may ask of this machine, with its reason.
//!
//! Each is tested at the limit and one past it, where it is used.

use std::ops::RangeInclusive;

use crate::{Error, Result};

/// Gaussians in a splat file. The largest scene that came with "3D Gaussian Splatting" (Kerbl et al.
/// 2023) has 6.1 million; ten million at SH degree 3 take 2.4 GB, and half of that on the GPU.
pub const MAX_GAUSSIANS: u64 = 10_000_000;
/// Gaussians in a frame of Gaussian video. Each has a sample in every plane, see
/// [`MAX_FRAME_SAMPLES`].
pub const MAX_VIDEO_GAUSSIANS: u64 = 4_000_000;
/// Side of a plane in pixels: the smallest 2D texture limit of the GPUs that are worth supporting.
pub const MAX_PLANE_SIDE: u64 = 8192;
/// Width or height of an atlas in pixels: what HEVC and AV1 can have at most at the levels that
/// decoders know, and more than any hardware takes.
pub const MAX_ATLAS_SIDE: u64 = 16_384;
/// Pixels of one frame over all its planes: 64 Mi samples are 64 MiB.
pub const MAX_FRAME_SAMPLES: u64 = 64 << 20;
/// Groups of a clip: a day at one group a second.
pub const MAX_GROUPS: u64 = 100_000;
/// Frames of a clip: 9 hours at 30 frames a second.
pub const MAX_FRAMES: u64 = 1_000_000;
/// Frames of one group: seeking decodes a group from its start, so longer ones cannot be scrubbed.
pub const MAX_GROUP_FRAMES: u64 = 1000;
/// Frames of a group of layered Gaussian video: more than a second at any rate that screens have.
pub const MAX_LAYERED_GROUP_FRAMES: u64 = 250;
/// Coefficients of motion of all Gaussians of one group together, 12 bytes each: four for each of
/// [`MAX_VIDEO_GAUSSIANS`].
pub const MAX_GROUP_COEFFICIENTS: u64 = 16_000_000;
/// Bytes of a clip's JSON: V3 spends about 1.1 KB of it a frame.
pub const MAX_MANIFEST_BYTES: u64 = 64 << 20;
/// Bytes of one plane's video in one group.
pub const MAX_PLANE_VIDEO_BYTES: u64 = 256 << 20;
/// Bytes of all videos of one group together: they lie in memory while it is decoded.
pub const MAX_GROUP_BYTES: u64 = 1 << 30;
/// Bytes of one splat file: [`MAX_GAUSSIANS`] take 2.5 GB in the largest usual format.
pub const MAX_SPLAT_FILE_BYTES: u64 = 4 << 30;
/// Bytes of a text header (PLY).
pub const MAX_HEADER_BYTES: u64 = 64 << 10;
/// Bytes of a SOG model's `meta.json`: three code books of 256 numbers take about 15 KiB.
pub const MAX_SOG_META_BYTES: u64 = 1 << 20;
/// Pixels of a SOG picture: [`MAX_GAUSSIANS`] in a square whose side is a power of two.
pub const MAX_SOG_PIXELS: u64 = 16 << 20;
/// Bytes of a SOG picture: twice what [`MAX_SOG_PIXELS`] take without any compression.
pub const MAX_SOG_PICTURE_BYTES: u64 = 128 << 20;
/// Bytes of a streamed SOG model's `lod-meta.json`: about 400 for each part of the model.
pub const MAX_LOD_META_BYTES: u64 = 16 << 20;
/// Parts of a streamed SOG model: what [`MAX_LOD_META_BYTES`] describe.
pub const MAX_LOD_LEAVES: u64 = 40_000;
/// Records of a `.4dgs` file: a chunk and its SH coefficients take four.
pub const MAX_4DGS_RECORDS: u64 = 1_000_000;
/// Bytes of a record of a `.4dgs` file that holds no Gaussians: a window for each frame of an hour takes
/// 2 MiB.
pub const MAX_4DGS_RECORD_BYTES: u64 = 4 << 20;
/// Bytes of the JSON of a `.splatv` file: some hundred cameras.
pub const MAX_SPLATV_JSON_BYTES: u64 = 1 << 20;
/// Bytes of a Python pickle that is read whole: the arrays of some million Gaussians.
pub const MAX_PICKLE_BYTES: u64 = 1 << 30;
/// Values in a Python pickle, an array counting as a few: they take about 60 bytes each.
pub const MAX_PICKLE_VALUES: u64 = 1_000_000;
/// Sections of a .ksplat file: their headers take 4 MiB.
pub const MAX_KSPLAT_SECTIONS: u64 = 4096;
/// Bytes of a glTF model's JSON, which may hold its buffers as base64.
pub const MAX_GLTF_JSON_BYTES: u64 = 256 << 20;
/// Objects in a glTF model's JSON: some for each of its nodes, accessors and primitives.
pub const MAX_GLTF_OBJECTS: u64 = 200_000;
/// Values in a glTF model's JSON beyond the first of each list.
pub const MAX_GLTF_VALUES: u64 = 2_000_000;
/// Primitives of Gaussians that the nodes of a glTF model show.
pub const MAX_GLTF_PRIMITIVES: u64 = 20_000;
/// Bytes of the tables of contents that are read out of a zip archive.
pub const MAX_ZIP_DIRECTORY_BYTES: u64 = 256 << 20;
/// Bytes of one entry of a zip archive, unpacked.
pub const MAX_ZIP_ENTRY_BYTES: u64 = 2 << 30;
/// Bytes of a file that a server sends only as a whole: it stays in memory.
pub const MAX_STREAMED_BYTES: u64 = 256 << 20;
/// How many folders deep a folder is searched.
pub const MAX_FOLDER_DEPTH: usize = 4;
/// Frames a second that a clip may ask for: a slide every ten seconds to a high-speed camera.
pub const FRAME_RATES: RangeInclusive<f64> = 0.1..=1000.0;
/// Bytes of a sidecar `zoetrope.json`.
pub const MAX_SIDECAR_BYTES: u64 = 1 << 20;
/// Kinds of file name, numbers aside, of which a folder is searched for splat files.
pub const MAX_FOLDER_PATTERNS: usize = 1000;
/// Entries of a folder or a zip archive that are looked at.
pub const MAX_FOLDER_ENTRIES: u64 = 1_000_000;
/// Bytes in front of the groups of our own clip: the index of [`MAX_ZOE_GROUPS`] groups takes 4 MiB.
pub const MAX_FRONT_BYTES: u64 = 16 << 20;
/// Groups of our own clip: its index counts them in 16 bits, 9 hours of half a second each.
pub const MAX_ZOE_GROUPS: u64 = 65_535;
/// Layers of quality of our own clip.
pub const MAX_LAYERS: usize = 8;
/// Tracks of our own clip: two for each layer, sound, and some that other tools may have added.
pub const MAX_TRACKS: usize = 64;
/// Sound tracks of our own clip that are written.
pub const MAX_SOUND_TRACKS: usize = 8;
/// Samples of one group over all tracks: [`MAX_GROUP_FRAMES`] in every layer and as many side samples
/// are 16 000, the rest is for sound.
pub const MAX_GROUP_SAMPLES: u64 = 100_000;
/// Kinds of video in one track: another for each size of its pictures.
pub const MAX_SAMPLE_ENTRIES: u64 = 4096;
/// Bytes of what a codec needs before its first packet; honest ones take some hundreds.
pub const MAX_CODEC_CONFIG_BYTES: u64 = 64 << 10;
/// Bytes of a sound file that is put into a clip: its packets lie in memory meanwhile.
pub const MAX_SOUND_BYTES: u64 = 512 << 20;
/// Bytes of one packet of sound: a second of eight channels without compression.
pub const MAX_SOUND_PACKET_BYTES: u64 = 2 << 20;
/// Bytes of a poster.
pub const MAX_POSTER_BYTES: u64 = 4 << 20;
/// Thumbnails of a clip: one for each pixel of a long time bar.
pub const MAX_THUMBNAILS: u64 = 1000;
/// Bytes of one thumbnail.
pub const MAX_THUMBNAIL_BYTES: u64 = 64 << 10;
/// Width and height of a thumbnail in pixels.
pub const MAX_THUMBNAIL_SIDE: u64 = 1024;
/// SH degree: 3 is the largest that 3D Gaussian Splatting is trained with.
pub const MAX_SH_DEGREE: u64 = 3;
/// Standard deviation of a Gaussian, world units: e^12, where the 16-bit logarithms end in which the
/// GPU holds scales. Trained ones are below e^5; a larger one is a number gone wrong, or a logarithm
/// that was taken for a scale's own.
pub const MAX_SCALE: f32 = 162_754.8;
/// Coordinate of a Gaussian, world units: squares of the distances between points this far away are
/// finite in f32, which those of points ten times as far are not.
pub const MAX_COORDINATE: f32 = 1e18;
/// Layers of a network that makes pictures; published ones have seven.
pub const MAX_NETWORK_LAYERS: u64 = 64;
/// Parameters of such a network, four bytes each; the largest that was published has 10 million.
pub const MAX_NETWORK_PARAMETERS: u64 = 64 << 20;
/// Numbers in the embedding of one frame: published ones have 128, and the places of all patches of an 8K picture, 32
/// numbers each, are as many as this.
pub const MAX_EMBEDDING: u64 = 1 << 20;
/// Frames that a network makes of one embedding. All of them are decoded for one, so that more would be felt in seeking.
pub const MAX_NETWORK_FRAMES: u64 = 16;
/// Multiplications of one frame: 4 T, ten times what the largest published network takes, and a second
/// of a fast desktop GPU.
pub const MAX_NETWORK_MACS: u64 = 4 << 40;
/// Numbers behind one of its layers, two gigabytes: 64 channels of a 4K picture.
pub const MAX_NETWORK_FEATURES: u64 = 512 << 20;
/// Numbers of all networks of a group of frames together, four bytes each: they lie in memory side by side, since each says only what
/// changed since the one before.
pub const MAX_GROUP_LATENTS: u64 = 64 << 20;
/// Bytes of a file with such a network: [`MAX_NEURAL_NUMBERS`] of four bytes each.
pub const MAX_NEURAL_FILE_BYTES: u64 = 4 * MAX_NEURAL_NUMBERS;
/// Numbers of a neural video: its parameters, and as many again for the embeddings of its frames.
pub const MAX_NEURAL_NUMBERS: u64 = 2 * MAX_NETWORK_PARAMETERS;
/// Bytes of the table of tensors of a safetensors file: about 120 for each, and networks have hundreds.
pub const MAX_SAFETENSORS_HEADER_BYTES: u64 = 4 << 20;
/// Width or height of a decoded picture: 8K, and the smallest 2D texture limit of the GPUs that are
/// worth supporting.
pub const MAX_PICTURE_SIDE: u64 = 8192;

/// Bytes of the address of a clip: as much as web servers take.
pub const MAX_ADDRESS_BYTES: u64 = 8 << 10;
/// Bytes of a link to a clip: an address of which every byte had to be encoded, and a view.
pub const MAX_LINK_BYTES: u64 = 4 * MAX_ADDRESS_BYTES;

/// [`Error::Limit`] when `value` is above `limit`.
///
/// `name` is the input, `what` the plural of the thing counted.
pub fn check(name: &str, what: &'static str, value: u64, limit: u64) -> Result<()> {
    if value > limit {
        return Err(Error::Limit {
            name: name.to_owned(),
            what,
            value,
            limit,
        });
    }
    Ok(())
}

/// [`check`] of the Gaussians of a splat file.
///
/// # Errors
/// [`Error::Limit`] above [`MAX_GAUSSIANS`].
pub fn check_gaussians(name: &str, count: u64) -> Result<()> {
    check(name, "Gaussians in a frame", count, MAX_GAUSSIANS)
}
