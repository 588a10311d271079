//! What is shared.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Error;

/// Files of a clip at most: 65 for each of as many groups as a clip has.
const FILES_MAX: usize = 6_500_000;

/// What is served of a file.
#[derive(Clone, Debug)]
pub enum Content {
    /// A file on the disk.
    File(PathBuf),
    /// Bytes in memory.
    Memory(Arc<[u8]>),
}

/// A file of the clip.
#[derive(Clone, Debug)]
pub struct SharedFile {
    /// Its path below the clip, with `/` between its parts; for a single file its name.
    pub path: String,
    /// What is served.
    pub content: Content,
}

/// A clip that is to be served.
#[derive(Clone, Debug)]
pub struct Share {
    /// Its title, for people.
    pub title: String,
    /// What a player opens: the name of a single file, or "FOLDER/".
    pub entry: String,
    /// Its files; those of a folder below `entry`.
    pub files: Vec<SharedFile>,
    /// A picture of it as a PNG.
    pub poster: Option<Arc<[u8]>>,
}

impl Share {
    /// A clip that is one file.
    ///
    /// # Errors
    /// When the file is not there.
    pub fn of_file(title: &str, path: &Path) -> Result<Self, Error> {
        let name = name_of(path);
        let real = real_path(path)?;
        let file = SharedFile {
            path: name.clone(),
            content: Content::File(real),
        };
        Ok(Self {
            title: title.to_owned(),
            entry: name,
            files: vec![file],
            poster: None,
        })
    }

    /// A clip in memory, that is called `name`.
    pub fn of_memory(title: &str, name: &str, bytes: Arc<[u8]>) -> Self {
        let file = SharedFile {
            path: name.to_owned(),
            content: Content::Memory(bytes),
        };
        Self {
            title: title.to_owned(),
            entry: name.to_owned(),
            files: vec![file],
            poster: None,
        }
    }

    /// A clip that is a folder: the files in it, and in the folders in it, that `is_part` says yes to by
    /// their path below it. What is hidden and what lies outside is left alone.
    ///
    /// # Errors
    /// When the folder cannot be read, or there is nothing in it, or a part is a link to somewhere else.
    pub fn of_folder(
        title: &str,
        folder: &Path,
        is_part: impl Fn(&str) -> bool,
    ) -> Result<Self, Error> {
        let root = real_path(folder)?;
        let entry = format!("{}/", name_of(&root));
        let mut files = Vec::new();
        for part in parts(&root)? {
            let Some(path) = part.strip_prefix(&root).ok().and_then(slashed) else {
                continue;
            };
            if !is_part(&path) {
                continue;
            }
            let real = real_path(&part)?;
            if !real.starts_with(&root) {
                return Err(Error::Outside(part.display().to_string()));
            }
            if real.is_dir() {
                continue;
            }
            if files.len() == FILES_MAX {
                return Err(Error::TooManyFiles(FILES_MAX));
            }
            files.push(SharedFile {
                path: format!("{entry}{path}"),
                content: Content::File(real),
            });
        }
        if files.is_empty() {
            return Err(Error::Empty);
        }
        Ok(Self {
            title: title.to_owned(),
            entry,
            files,
            poster: None,
        })
    }

    /// The files by their paths.
    pub(crate) fn into_map(self) -> HashMap<String, Content> {
        let files = self.files.into_iter();
        files.map(|file| (file.path, file.content)).collect()
    }
}

/// What lies in a folder and in those in it, without going through links to others.
fn parts(root: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut parts = Vec::new();
    let mut inside = vec![root.to_owned()];
    // A clip is no deeper.
    for depth in 0..2 {
        for folder in std::mem::take(&mut inside) {
            let entries = fs::read_dir(&folder).map_err(|error| file_error(&folder, error))?;
            for entry in entries {
                let entry = entry.map_err(|error| file_error(&folder, error))?;
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if entry.file_name().to_string_lossy().starts_with('.') {
                    continue;
                }
                if !is_folder {
                    parts.push(entry.path());
                } else if depth == 0 {
                    inside.push(entry.path());
                }
            }
        }
    }
    parts.sort();
    Ok(parts)
}

fn file_error(path: &Path, error: std::io::Error) -> Error {
    Error::File {
        path: path.display().to_string(),
        error,
    }
}

fn real_path(path: &Path) -> Result<PathBuf, Error> {
    path.canonicalize().map_err(|error| file_error(path, error))
}

/// A relative path with `/` between its parts; `None` when it is no text.
fn slashed(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    Some(parts?.join("/"))
}

/// The last part of a path, for an address.
fn name_of(path: &Path) -> String {
    let name = path.file_name().and_then(|name| name.to_str());
    name.unwrap_or("clip").to_owned()
}

/// What a file is at the moment: what caches compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Length in bytes.
    pub len: u64,
    /// When it was changed last.
    pub modified: Option<SystemTime>,
    /// What tells it from an earlier one, in quotes.
    pub etag: String,
}

impl Version {
    /// Of a file on the disk.
    pub fn of_file(metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok();
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let nanos = since.map_or(0, |since| since.as_nanos());
        Self {
            len: metadata.len(),
            modified,
            etag: format!("\"{:x}-{nanos:x}\"", metadata.len()),
        }
    }

    /// Of bytes in memory.
    pub fn of_memory(bytes: &[u8]) -> Self {
        // FNV-1a: it is compared with itself only.
        let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self {
            len: bytes.len() as u64,
            modified: None,
            etag: format!("\"{:x}-{hash:x}\"", bytes.len()),
        }
    }
}

/// What a file holds, by its name.
pub fn content_type(path: &str) -> &'static str {
    let extension = path.rsplit('.').next().unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "zoe" => "model/vnd.zoetrope",
        "mp4" => "video/mp4",
        "json" => "application/json",
        "zip" | "sog" => "application/zip",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}
