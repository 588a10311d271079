//! From a path to what is to be opened.

use std::path::{Path, PathBuf};

use super::v3::{GROUP_INFO_NAME, SIDECAR_NAME, VIEWER_MIN_MAX_NAME};
use super::{Input, lod_sog, queen};
use crate::Result;
use crate::source::{FileFolder, FileSource};
use crate::splat::sog::META_NAME;

impl Input {
    /// The file or folder at `path`. One that is only a part of a clip (one of its JSON files, a
    /// group's folder, a plane's video) stands for the clip's folder, so that whatever a file
    /// dialog can pick works.
    ///
    /// # Errors
    /// When there is nothing at `path`, or it may not be read.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if let Some(clip) = clip_around(path) {
            return Ok(Self::Folder(Box::new(FileFolder::open(clip)?)));
        }
        if path.is_dir() {
            return Ok(Self::Folder(Box::new(FileFolder::open(path)?)));
        }
        Ok(Self::File(Box::new(FileSource::open(path)?)))
    }
}

/// The folder of the clip that `path` is a part of.
fn clip_around(path: &Path) -> Option<PathBuf> {
    // "group3" alone has an empty parent; its full path has a real one.
    let path = path.canonicalize().ok()?;
    let parent = path.parent()?;
    let name = path.file_name()?.to_str()?;
    let is_clip = |folder: &Path| folder.join(GROUP_INFO_NAME).is_file();
    let is_group = |name: &str| {
        name.strip_prefix("group")
            .is_some_and(|number| number.parse::<u32>().is_ok())
    };
    if path.is_dir() {
        let part = is_group(name) && !is_clip(&path) && is_clip(parent);
        return part.then(|| parent.to_owned());
    }
    if name == SIDECAR_NAME {
        return Some(parent.to_owned());
    }
    if [GROUP_INFO_NAME, VIEWER_MIN_MAX_NAME].contains(&name) {
        return is_clip(parent).then(|| parent.to_owned());
    }
    if [META_NAME, lod_sog::META_NAME].contains(&name) {
        return Some(parent.to_owned());
    }
    if path.ends_with(queen::PICKLE_PATH) {
        // Above the frame's own folder.
        return Some(parent.parent()?.parent()?.to_owned());
    }
    let group = parent.file_name()?.to_str()?;
    let clip = parent.parent()?;
    let is_plane = name
        .strip_suffix(".mp4")
        .is_some_and(|number| number.parse::<u32>().is_ok());
    (is_plane && is_group(group) && is_clip(clip)).then(|| clip.to_owned())
}
