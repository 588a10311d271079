//! The groups of a clip that is being packed, each a little clip of its own in a folder beside the
//! output: who stops half-way goes on there.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zoetrope_codecs::container::zoe::{ClipDescription, ZoeDemuxer, ZoeWriter};
use zoetrope_codecs::source::FileSource;
use zoetrope_codecs::{Bounds, Cancel, Demuxer as _, GroupPayload, LayeredGroup};

use crate::{PackError, Result};

/// Name of the file that says what the parts are of.
const FINGERPRINT: &str = "fingerprint.txt";

/// The folder of parts.
pub(super) struct Parts {
    folder: PathBuf,
}

/// A finished group.
pub(super) struct Part {
    pub group: LayeredGroup,
    pub frames: usize,
    pub gaussians: u32,
    /// Box around the centres of all its Gaussians.
    pub bounds: Bounds,
}

/// Where [`super::pack_zoe`] keeps finished groups until the clip at `target` is complete. `None` for
/// what is no name of a file, like "..".
pub fn parts_path(target: &Path) -> Option<PathBuf> {
    let mut name = OsString::from(".");
    name.push(target.file_name()?);
    name.push(".parts");
    Some(target.with_file_name(name))
}

impl Parts {
    /// Opens the parts of the clip at `target`. Those of another input or other options, as
    /// `fingerprint` tells, are thrown away, as all are where `resume` is false.
    pub fn open(target: &Path, fingerprint: &str, resume: bool) -> Result<Self> {
        let Some(folder) = parts_path(target) else {
            let name = target.display().to_string();
            return Err(PackError::Exists { name });
        };
        let known = fs::read_to_string(folder.join(FINGERPRINT));
        if !resume || known.is_ok_and(|known| known != fingerprint) {
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(PackError::write(&folder, &error));
                }
                _ => {}
            }
        }
        fs::create_dir_all(&folder).map_err(|error| PackError::write(&folder, &error))?;
        let file = folder.join(FINGERPRINT);
        fs::write(&file, fingerprint).map_err(|error| PackError::write(&file, &error))?;
        Ok(Self { folder })
    }

    fn path(&self, group: usize) -> PathBuf {
        self.folder.join(format!("group{group}.zoe"))
    }

    /// Whether the group is finished.
    pub fn has(&self, group: usize, cancel: &Cancel) -> bool {
        self.read(group, cancel).is_ok()
    }

    /// Keeps a group.
    pub fn write(
        &self,
        group: usize,
        part: &Part,
        description: &ClipDescription,
        cancel: &Cancel,
    ) -> Result<()> {
        let mut description = description.clone();
        description.bounds = Some(part.bounds).filter(|bounds| !bounds.is_empty());
        let mut writer = ZoeWriter::new(description, Cursor::new(Vec::new()))?;
        writer.add_group(&part.group, part.frames, part.gaussians)?;
        let mut bytes = Vec::new();
        writer.finish(&mut bytes, cancel)?;
        let path = self.path(group);
        let temporary = path.with_extension("partial");
        fs::write(&temporary, bytes)
            .and_then(|()| fs::rename(&temporary, &path))
            .map_err(|error| PackError::write(&path, &error))
    }

    /// A group that was kept.
    pub fn read(&self, group: usize, cancel: &Cancel) -> Result<Part> {
        let source = FileSource::open(self.path(group))?;
        let mut clip = ZoeDemuxer::open(Arc::new(source), cancel)?;
        let packets = clip.read_group(0, cancel)?;
        let gaussians = clip.gaussians(0).unwrap_or(0);
        let bounds = clip.info().bounds.unwrap_or(Bounds::EMPTY);
        match packets.payload {
            GroupPayload::Layered(group) => Ok(Part {
                group,
                frames: packets.frames.len(),
                gaussians,
                bounds,
            }),
            GroupPayload::PlaneVideos { .. }
            | GroupPayload::SplatFile { .. }
            | GroupPayload::Neural(_) => Err(PackError::NoFrames),
        }
    }

    /// Throws the parts away: the clip is complete.
    pub fn remove(self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            // The clip is there; what is left beside it is told by its name.
            log::warn!("{} cannot be removed: {error}", self.folder.display());
        }
    }
}
