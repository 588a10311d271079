//! Clips out of files and folders. What an input is shows in its content, never in its name alone.

mod folder;
pub mod four_dgs;
#[cfg(not(target_family = "wasm"))]
mod locate;
pub mod lod_sog;
mod magic;
mod moving;
pub mod queen;
mod sequence;
pub mod splatv;
pub mod v3;
pub mod zoe;

use std::sync::Arc;

pub use moving::MovingDemuxer;
use sequence::Item;
pub use sequence::SequenceDemuxer;

use crate::neural::{ImportOptions, NeuralDemuxer};
use crate::source::{Folder, Source, ZipFolder, natural_order};
use crate::{Cancel, ClipKind, Demuxer, Error, Result};
use magic::Content;

/// Frames a second of clips that do not say it: what V3's own players show.
pub const DEFAULT_FRAME_RATE: f64 = 30.0;

/// What is to be opened.
pub enum Input {
    /// One file.
    File(Box<dyn Source>),
    /// A folder.
    Folder(Box<dyn Folder>),
}

/// Opens a clip: one of our own, a V3 folder, a zip archive of one, a folder of numbered splat files, one splat file.
///
/// A folder may be the clip's own, or one above it where there is no other clip.
///
/// # Errors
/// One sentence that says what the input is and what would work.
pub fn open(input: Input, cancel: &Cancel) -> Result<Box<dyn Demuxer>> {
    open_with(input, &ImportOptions::default(), cancel)
}

/// As [`open`], with what is known of a neural video that its file does not say.
///
/// # Errors
/// As [`open`].
pub fn open_with(
    input: Input,
    options: &ImportOptions,
    cancel: &Cancel,
) -> Result<Box<dyn Demuxer>> {
    match input {
        Input::File(source) => open_file(Arc::from(source), options, cancel),
        Input::Folder(folder) => folder::open(Arc::from(folder), cancel),
    }
}

/// Opens a sequence out of an explicit list of splat files, a frame each, in natural order of their
/// names (2 before 10). A `zoetrope.json` in the folder `beside` tells of them what it tells of a
/// folder's frames.
///
/// # Errors
/// When the list is empty or none of the files can be read.
pub fn open_sequence(
    mut sources: Vec<Box<dyn Source>>,
    beside: Option<&dyn Folder>,
    cancel: &Cancel,
) -> Result<Box<dyn Demuxer>> {
    if sources.len() == 1
        && let Some(source) = sources.pop()
    {
        return open_file(Arc::from(source), &ImportOptions::default(), cancel);
    }
    sources.sort_by(|a, b| natural_order(a.name(), b.name()));
    let name = sources.first().map_or_else(
        || "the list of files".to_owned(),
        |first| first.name().to_owned(),
    );
    let items = sources
        .into_iter()
        .map(|source| Item::File(Arc::from(source)))
        .collect();
    let demuxer = SequenceDemuxer::open(
        &name,
        ClipKind::SplatSequence,
        items,
        Warnings::default(),
        cancel,
    )?;
    Ok(Box::new(match beside {
        Some(folder) => demuxer.with_sidecar(folder, cancel)?,
        None => demuxer,
    }))
}

fn open_file(
    source: Arc<dyn Source>,
    options: &ImportOptions,
    cancel: &Cancel,
) -> Result<Box<dyn Demuxer>> {
    let unsupported = |reason: &str| Err(Error::unsupported(source.name(), reason));
    match magic::recognise(&*source, cancel)? {
        Content::Zoe => Ok(Box::new(zoe::ZoeDemuxer::open(source, cancel)?)),
        Content::FourDgs => Ok(Box::new(four_dgs::open(source, cancel)?)),
        Content::Splatv => Ok(Box::new(splatv::open(&source, cancel)?)),
        Content::Splat(_) => single(Item::File(source), cancel),
        Content::Neural => Ok(Box::new(NeuralDemuxer::open(source, options, cancel)?)),
        Content::Zip => {
            let archive = ZipFolder::open(source.clone(), cancel)?;
            let paths = archive.list()?.unwrap_or_default();
            // What other tools packed again need not begin with its pickle.
            if paths.iter().any(|path| path.ends_with("data.pkl")) {
                return Ok(Box::new(NeuralDemuxer::open(source, options, cancel)?));
            }
            if let Some(reason) = foreign_archive(&paths) {
                return unsupported(reason);
            }
            if folder::is_sog(&archive, cancel)? {
                return single(Item::File(source), cancel);
            }
            folder::open(Arc::new(archive), cancel)
        }
        Content::SogMeta => unsupported("it is a part of a SOG model; open the folder it lies in"),
        Content::Foreign(reason) => unsupported(reason),
        Content::Unknown => unsupported(
            "it is nothing that can be read; Zoetrope clips, V3 folders, splat files (PLY, \
             compressed PLY, .splat, .ksplat, SPZ, SOG, glTF, .splatv, .4dgs) and neural video \
             (PyTorch, safetensors) work",
        ),
    }
}

/// A clip of one frame.
fn single(item: Item, cancel: &Cancel) -> Result<Box<dyn Demuxer>> {
    let name = item.name();
    let items = vec![item];
    let warnings = Warnings::default();
    let demuxer = SequenceDemuxer::open(&name, ClipKind::SplatFile, items, warnings, cancel)?;
    Ok(Box::new(demuxer))
}

/// Archives that are known and not opened.
fn foreign_archive(paths: &[String]) -> Option<&'static str> {
    if paths.is_empty() {
        Some("it is a zip archive with nothing in it")
    } else if paths.iter().all(|path| path.ends_with(".npy")) {
        Some("it is an archive of NumPy arrays; open a V3 folder, or PLY or SOG files")
    } else {
        None
    }
}

/// The last part of a path, for people.
pub(crate) fn last_part(name: &str) -> String {
    let name = name.trim_end_matches(['/', '\\']);
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    last.to_owned()
}

/// Warnings of a clip, and those of them about content that is left out.
#[derive(Default)]
struct Warnings {
    all: Sentences,
    omissions: Sentences,
}

impl Warnings {
    fn push(&mut self, sentence: String) {
        self.all.push(sentence);
    }

    /// A warning about content that is no part of the clip's frames.
    fn push_omission(&mut self, sentence: String) {
        self.omissions.push(sentence.clone());
        self.all.push(sentence);
    }

    fn extend(&mut self, sentences: Vec<String>) {
        for sentence in sentences {
            self.push(sentence);
        }
    }
}

/// Sentences; beyond a few only counted.
#[derive(Default)]
struct Sentences {
    list: Vec<String>,
    more: usize,
}

impl Sentences {
    const MAX: usize = 12;

    fn push(&mut self, sentence: String) {
        if self.list.len() < Self::MAX {
            self.list.push(sentence);
        } else {
            self.more += 1;
        }
    }

    fn into_list(mut self) -> Vec<String> {
        if self.more > 0 {
            self.list.push(format!("and {} more like these", self.more));
        }
        self.list
    }
}
