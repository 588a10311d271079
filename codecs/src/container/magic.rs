//! Tells what a file is by its first bytes.

use super::{four_dgs, splatv, zoe};
use crate::neural::NeuralFormat;
use crate::source::Source;
use crate::splat::{HEAD_BYTES, SplatFormat, ZIP_MAGIC, dot_splat, gltf};
use crate::{Cancel, Result};

/// Bytes of text that are looked at.
const TEXT_BYTES: u64 = 1 << 20;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Our own clip.
    Zoe,
    /// Moving Gaussians, `.4dgs`.
    FourDgs,
    /// Moving Gaussians, `.splatv`.
    Splatv,
    /// A splat file; of a PLY file it is not told which kind.
    Splat(SplatFormat),
    /// A network that makes pictures.
    Neural,
    /// A zip archive.
    Zip,
    /// `meta.json` of SOG.
    SogMeta,
    /// Something known that is not opened here; what it is, and what to do.
    Foreign(&'static str),
    /// Nothing known.
    Unknown,
}

/// Looks into `source`.
pub(super) fn recognise(source: &dyn Source, cancel: &Cancel) -> Result<Content> {
    let head = source.read(0..source.len().min(HEAD_BYTES), cancel)?;
    if head.is_empty() {
        return Ok(Content::Foreign("it is empty; copy it again"));
    }
    if head.starts_with(four_dgs::MAGIC) {
        return Ok(Content::FourDgs);
    }
    if head.starts_with(&splatv::MAGIC) {
        return Ok(Content::Splatv);
    }
    if let Some(format) = SplatFormat::of_head(&head, source.len()) {
        return Ok(Content::Splat(format));
    }
    if NeuralFormat::of_head(&head, source.len()).is_some() {
        return Ok(Content::Neural);
    }
    if head.starts_with(ZIP_MAGIC) {
        return Ok(Content::Zip);
    }
    if is_zoe(&head) {
        return Ok(Content::Zoe);
    }
    if gltf::is_gltf_text(source, &head, cancel)? {
        return Ok(Content::Splat(SplatFormat::Gltf));
    }
    // Nothing marks a .splat file, and its first two bytes, or one, may be the mark of something else.
    let is_dot_splat = dot_splat::is_dot_splat(source, cancel)?;
    match foreign(&head) {
        Some(foreign) if !is_dot_splat || !dot_splat::has_name(source.name()) => {
            return Ok(Content::Foreign(foreign));
        }
        _ if is_dot_splat => return Ok(Content::Splat(SplatFormat::Splat)),
        _ => {}
    }
    if head.trim_ascii_start().starts_with(b"{") || head.starts_with(b"\xef\xbb\xbf{") {
        let text = source.read(0..source.len().min(TEXT_BYTES), cancel)?;
        return Ok(json(&text));
    }
    Ok(Content::Unknown)
}

/// Why pickles are refused.
pub(super) const PICKLE: &str = "it is a Python pickle (a PyTorch checkpoint or the like), which is a \
     program that could do anything to this machine; convert it to PLY with the tool that made it";
const VIDEO: &str = "it is an ordinary video; a V3 clip is a folder with group_info.json in it";
const PICTURE: &str = "it is a picture, not a clip; open a V3 folder, or PLY or SOG files";

/// An MP4 file with a brand of ours among its first. One of a version that is not known yet is told
/// by its demuxer.
fn is_zoe(head: &[u8]) -> bool {
    let Some((size, rest)) = head.split_first_chunk() else {
        return false;
    };
    let brands = (u32::from_be_bytes(*size) as usize).min(head.len());
    let ours = |brand: &[u8]| brand.starts_with(&zoe::BRAND[..3]);
    rest.starts_with(b"ftyp") && head[..brands].chunks_exact(4).skip(2).any(ours)
}

/// Formats that cannot be opened, by their first bytes.
fn foreign(head: &[u8]) -> Option<&'static str> {
    let at = |offset: usize, magic: &[u8]| {
        head.get(offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    if at(4, b"ftypavif") || at(4, b"ftypheic") || at(4, b"ftypmif1") {
        return Some(PICTURE);
    }
    if at(4, b"ftyp") || at(4, b"moov") || at(4, b"mdat") {
        return Some(VIDEO);
    }
    let known: [(&[u8], &'static str); 14] = [
        (b"\x1a\x45\xdf\xa3", VIDEO),
        (b"\x89PNG", PICTURE),
        (b"\xff\xd8\xff", PICTURE),
        (b"GIF8", PICTURE),
        (
            b"RIFF",
            "it is a WebP picture, WAV sound or AVI video; open a V3 folder, or PLY or SOG files",
        ),
        (b"\x1f\x8b", "it is packed with gzip; unpack it first"),
        (b"PK\x05\x06", "it is a zip archive with nothing in it"),
        (b"\x80\x02", PICKLE),
        (b"\x80\x03", PICKLE),
        (b"\x80\x04", PICKLE),
        (b"\x80\x05", PICKLE),
        (
            b"\x93NUMPY",
            "it is a NumPy array; open a V3 folder, or PLY or SOG files",
        ),
        (b"%PDF", "it is a PDF document"),
        (b"\x7fELF", "it is a program"),
    ];
    let found = known.iter().find(|(magic, _)| head.starts_with(magic));
    found.map(|(_, what)| *what)
}

/// What a JSON text belongs to, by its keys.
fn json(text: &[u8]) -> Content {
    let has = |key: &[u8]| text.windows(key.len()).any(|window| window == key);
    if has(b"\"means\"") && has(b"\"quats\"") {
        Content::SogMeta
    } else if has(b"\"frame_index\"") || (has(b"\"num\"") && has(b"\"info\"")) {
        Content::Foreign("it is a part of a V3 clip; open the folder that it lies in")
    } else if has(b"\"lodLevels\"") {
        Content::Foreign("it is a part of a streamed SOG model; open the folder that it lies in")
    } else {
        Content::Foreign("it is a JSON file; open a V3 folder, or PLY or SOG files")
    }
}
