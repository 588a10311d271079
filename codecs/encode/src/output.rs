//! A folder that is there whole or not at all.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{PackError, Result};

/// Where [`crate::pack_v3`] writes until the clip at `target` is complete. `None` for what is no name
/// of a folder, like "..".
pub fn unfinished_path(target: &Path) -> Option<PathBuf> {
    let mut name = OsString::from(".");
    name.push(target.file_name()?);
    name.push(format!(".partial-{}", std::process::id()));
    Some(target.with_file_name(name))
}

/// A folder under a temporary name beside its final one. Dropped before [`NewFolder::finish`], it
/// takes everything that was written with it.
pub(crate) struct NewFolder {
    temporary: PathBuf,
    target: PathBuf,
    finished: bool,
}

impl NewFolder {
    /// Starts the folder that will be at `target`, where there must be nothing but an empty folder.
    pub(crate) fn create(target: &Path) -> Result<Self> {
        match fs::read_dir(target) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(PackError::Exists { name: name(target) });
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(PackError::Exists { name: name(target) });
            }
            Err(error) => return Err(PackError::write(target, &error)),
        }
        let Some(temporary) = unfinished_path(target) else {
            return Err(PackError::Exists { name: name(target) });
        };
        fs::create_dir(&temporary).map_err(|error| PackError::write(target, &error))?;
        Ok(Self {
            temporary,
            target: target.to_owned(),
            finished: false,
        })
    }

    /// Writes a file by its path inside the folder ("group0/3.mp4").
    pub(crate) fn write(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let file = self.temporary.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).map_err(|error| PackError::write(parent, &error))?;
        }
        // The message names the file as it would have been.
        fs::write(&file, bytes).map_err(|error| PackError::write(&self.target.join(path), &error))
    }

    /// Gives the folder its name.
    pub(crate) fn finish(mut self) -> Result<()> {
        // A folder takes the place of an empty one on Unix; elsewhere that one must go first, and
        // this removes it only if it is still empty.
        let _ = fs::remove_dir(&self.target);
        fs::rename(&self.temporary, &self.target)
            .map_err(|error| PackError::write(&self.target, &error))?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if !self.finished {
            // There is nobody to tell: what cannot be removed lies beside the target, by its name.
            let _ = fs::remove_dir_all(&self.temporary);
        }
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(path: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(path)
            .expect("read")
            .map(|entry| {
                entry
                    .expect("entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn it_is_there_whole_or_not_at_all() {
        let parent = tempfile::tempdir().expect("a folder");
        let target = parent.path().join("deep/clip");
        assert!(
            matches!(NewFolder::create(&target), Err(PackError::Write { .. })),
            "there is no folder for it"
        );
        fs::create_dir(parent.path().join("deep")).expect("create");
        let folder = NewFolder::create(&target).expect("create");
        folder.write("group0/0.mp4", b"video").expect("write");
        assert!(!target.exists());
        let unfinished = unfinished_path(&target).expect("a name");
        assert!(unfinished.join("group0/0.mp4").is_file());
        drop(folder);
        assert!(
            entries(&parent.path().join("deep")).is_empty(),
            "nothing is left behind"
        );

        let folder = NewFolder::create(&target).expect("create");
        folder.write("group0/0.mp4", b"video").expect("write");
        folder.finish().expect("finish");
        assert_eq!(entries(&parent.path().join("deep")), ["clip"]);
        assert_eq!(
            fs::read(target.join("group0/0.mp4")).expect("read"),
            b"video"
        );

        assert!(matches!(
            NewFolder::create(&target),
            Err(PackError::Exists { .. })
        ));
        let file = parent.path().join("file");
        fs::write(&file, b"kept").expect("write");
        assert!(matches!(
            NewFolder::create(&file),
            Err(PackError::Exists { .. })
        ));
        assert_eq!(fs::read(&file).expect("read"), b"kept");

        let empty = parent.path().join("empty");
        fs::create_dir(&empty).expect("create");
        NewFolder::create(&empty)
            .expect("an empty folder may be replaced")
            .finish()
            .expect("finish");
    }
}
