//! Splat files as a clip: each is one frame and a group of its own.

use std::sync::Arc;

use super::v3::Sidecar;
use super::{DEFAULT_FRAME_RATE, Warnings, last_part};
use crate::clip::{CameraHint, Detail, GaussianCounts};
use crate::source::{EntrySource, Folder, Source};
use crate::splat::{self, Axes, SplatFacts, sog};
use crate::{
    Bounds, Cancel, ClipInfo, ClipKind, Demuxer, Error, GroupInfo, GroupPackets, GroupPayload,
    Result, SplatCloud, limits,
};

/// Frames whose headers are read when a sequence is opened; in longer ones the first of them stand
/// for all.
const MAX_EXAMINED_FRAMES: usize = 512;

/// One frame.
pub(super) enum Item {
    /// A splat file.
    File(Arc<dyn Source>),
    /// A splat file in a folder. It is opened for each read, so that a long sequence in an archive
    /// keeps none of them unpacked.
    Entry(Arc<dyn Folder>, String),
    /// A SOG model as a folder.
    Sog(Arc<dyn Folder>),
}

impl Item {
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(source) => source.name().to_owned(),
            Self::Entry(folder, path) => format!("{}/{path}", folder.name()),
            Self::Sog(folder) => folder.name().to_owned(),
        }
    }

    fn facts(&self, cancel: &Cancel) -> Result<SplatFacts> {
        match self {
            Self::File(source) => splat::facts(source, cancel),
            Self::Entry(folder, path) => splat::facts(&entry(folder, path, cancel)?, cancel),
            Self::Sog(folder) => sog::facts(&**folder, cancel),
        }
    }

    fn read(&self, cancel: &Cancel) -> Result<SplatCloud> {
        match self {
            Self::File(source) => splat::read(source, cancel),
            Self::Entry(folder, path) => splat::read(&entry(folder, path, cancel)?, cancel),
            Self::Sog(folder) => sog::read(&**folder, cancel),
        }
    }

    /// Bytes, where one look tells.
    fn size(&self, cancel: &Cancel) -> Option<u64> {
        match self {
            Self::File(source) => Some(source.len()),
            Self::Entry(folder, path) => Some(folder.open(path, cancel).ok()?.len()),
            Self::Sog(folder) => {
                let paths = folder.list().ok()??;
                let sizes = paths
                    .iter()
                    .map(|path| Some(folder.open(path, cancel).ok()?.len()));
                sizes.sum()
            }
        }
    }
}

fn entry(folder: &Arc<dyn Folder>, path: &str, cancel: &Cancel) -> Result<Arc<dyn Source>> {
    let entry = EntrySource::open(folder.clone(), path, cancel)?;
    Ok(Arc::new(entry))
}

/// Demuxer of one splat file or a sequence of them.
pub struct SequenceDemuxer {
    items: Vec<Item>,
    info: ClipInfo,
    groups: Vec<GroupInfo>,
    version: Option<String>,
    up_is_stated: bool,
    /// Of the first file; frames in another convention are turned.
    axes: Axes,
    /// The one file, where it is so big that some of it is to be shown before all is read.
    big_file: Option<Arc<dyn Source>>,
}

impl SequenceDemuxer {
    /// A clip out of `items` in time order. `name` is that of the whole.
    pub(super) fn open(
        name: &str,
        kind: ClipKind,
        items: Vec<Item>,
        mut warnings: Warnings,
        cancel: &Cancel,
    ) -> Result<Self> {
        limits::check(name, "frames", items.len() as u64, limits::MAX_FRAMES)?;
        let mut known = Vec::new();
        let mut first_error = None;
        for (frame, item) in items.iter().take(MAX_EXAMINED_FRAMES).enumerate() {
            cancel.check()?;
            match item.facts(cancel) {
                Ok(facts) => known.push(facts),
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(error) => {
                    warnings.push(format!("frame {frame} cannot be shown: {error}"));
                    first_error.get_or_insert(error);
                }
            }
        }
        let Some(first) = known.first().cloned() else {
            let empty = || Error::unsupported(name, "it holds no splat files");
            return Err(first_error.unwrap_or_else(empty));
        };
        add_notes(&known, &mut warnings);
        let all_known = known.len() == items.len();
        let sizes = items
            .iter()
            .take(MAX_EXAMINED_FRAMES)
            .map(|item| item.size(cancel))
            .sum::<Option<u64>>();
        let groups = (0..items.len())
            .map(|frame| GroupInfo {
                frames: frame..frame + 1,
            })
            .collect();
        let info = ClipInfo {
            kind,
            title: last_part(name),
            codec: first.format.name().to_owned(),
            frame_rate: DEFAULT_FRAME_RATE,
            frame_rate_known: false,
            frame_count: items.len(),
            sh_degree: known.iter().map(|facts| facts.sh_degree).max().unwrap_or(0),
            gaussians: all_known.then(|| counts(&known)),
            bounds: if all_known {
                union(&known, first.axes)
            } else {
                None
            },
            picture: None,
            up: first.axes.up(),
            camera: None,
            size_bytes: sizes.filter(|_| items.len() <= MAX_EXAMINED_FRAMES),
            credit: None,
            licence: None,
            layers: Vec::new(),
            warnings: warnings.all.into_list(),
            omissions: warnings.omissions.into_list(),
        };
        let big_file = match &items[..] {
            [Item::File(source)]
                if source.len() >= splat::PREVIEWED_BYTES && splat::has_preview(first.format) =>
            {
                Some(source.clone())
            }
            _ => None,
        };
        Ok(Self {
            big_file,
            items,
            info,
            groups,
            version: first.version,
            up_is_stated: false,
            axes: first.axes,
        })
    }
}

impl SequenceDemuxer {
    /// With what the file beside the frames says about them: their rate, what is up, the first view,
    /// names.
    pub(super) fn with_sidecar(mut self, folder: &dyn Folder, cancel: &Cancel) -> Result<Self> {
        let mut warnings = Warnings::default();
        let sidecar = Sidecar::read(folder, &mut warnings, cancel)?;
        let info = &mut self.info;
        info.warnings.extend(warnings.all.into_list());
        if let Some(frame_rate) = sidecar.frame_rate {
            (info.frame_rate, info.frame_rate_known) = (frame_rate, true);
        }
        if let Some(up) = sidecar.up {
            (info.up, self.up_is_stated) = (up, true);
        }
        if let Some(title) = sidecar.title {
            info.title = title;
        }
        info.camera = sidecar.camera.map(CameraHint::from).or(info.camera);
        info.credit = sidecar.credit.or(info.credit.take());
        info.licence = sidecar.licence.or(info.licence.take());
        Ok(self)
    }
}

impl SequenceDemuxer {
    fn item(&self, group: usize) -> Result<&Item> {
        let missing = || Error::malformed(&self.info.title, format!("it has no frame {group}"));
        self.items.get(group).ok_or_else(missing)
    }

    fn packets(&self, group: usize, cloud: SplatCloud, coarse: bool) -> Result<GroupPackets> {
        Ok(GroupPackets {
            group,
            frames: group..group + 1,
            payload: GroupPayload::SplatFile {
                name: self.item(group)?.name(),
                cloud: Box::new(cloud.with_axes(self.axes)),
                coarse,
            },
        })
    }
}

/// What is odd about the files, and that they are of several kinds; each said once.
fn add_notes(known: &[SplatFacts], warnings: &mut Warnings) {
    let mut notes: Vec<&str> = Vec::new();
    for note in known.iter().flat_map(|facts| &facts.notes) {
        if !notes.contains(&note.as_str()) {
            notes.push(note);
        }
    }
    for note in notes {
        warnings.push(note.to_owned());
    }
    let mut names: Vec<&str> = Vec::new();
    for facts in known {
        if !names.contains(&facts.format.name()) {
            names.push(facts.format.name());
        }
    }
    if names.len() > 1 {
        warnings.push(format!(
            "its frames are files of several formats: {}",
            names.join(", ")
        ));
    }
}

fn counts(known: &[SplatFacts]) -> GaussianCounts {
    let counts = || known.iter().map(|facts| facts.count as usize);
    GaussianCounts {
        min: counts().min().unwrap_or(0),
        mean: counts().sum::<usize>() as f64 / known.len().max(1) as f64,
        max: counts().max().unwrap_or(0),
    }
}

/// The box around all, in a space of the convention `axes`.
fn union(known: &[SplatFacts], axes: Axes) -> Option<Bounds> {
    known.iter().try_fold(Bounds::EMPTY, |all, facts| {
        let bounds = facts.bounds?;
        Some(all.union(if facts.axes == axes {
            bounds
        } else {
            bounds.turned()
        }))
    })
}

impl Demuxer for SequenceDemuxer {
    fn info(&self) -> &ClipInfo {
        &self.info
    }

    fn groups(&self) -> &[GroupInfo] {
        &self.groups
    }

    fn up_is_stated(&self) -> bool {
        self.up_is_stated
    }

    fn format_version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    fn read_group(&mut self, group: usize, cancel: &Cancel) -> Result<GroupPackets> {
        let cloud = self.item(group)?.read(cancel)?;
        self.packets(group, cloud, false)
    }

    fn read_part(&mut self, group: usize, detail: Detail, cancel: &Cancel) -> Result<GroupPackets> {
        if detail == Detail::Key
            && let Some(file) = &self.big_file
            && let Some(some) = splat::preview(file, cancel)?
        {
            return self.packets(group, some, true);
        }
        self.read_group(group, cancel)
    }

    fn is_at_hand(&self, _: usize, detail: Detail) -> bool {
        self.big_file.is_none() || detail == Detail::Key
    }
}
