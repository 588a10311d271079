//! Files and folders of the operating system.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use super::{Folder, Source};
use crate::{Cancel, Error, Result, limits};

/// Bytes between two looks at the cancel flag.
const PIECE_BYTES: usize = 4 << 20;

/// A file. It is opened anew for each read, so that a long sequence does not run out of file
/// handles; one that changed since [`FileSource::open`] is an error, never a mixture of both.
#[derive(Clone, Debug)]
pub struct FileSource {
    name: String,
    path: PathBuf,
    len: u64,
    modified: Option<SystemTime>,
}

impl FileSource {
    /// Looks at the file at `path`, which is its name for messages too.
    ///
    /// # Errors
    /// When it is not there, forbidden, or no ordinary file.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let name = path.display().to_string();
        let metadata = fs::metadata(&path).map_err(|error| Error::io(&name, &error))?;
        // Opening a pipe would wait for ever.
        if !metadata.is_file() {
            return Err(Error::unsupported(
                name,
                "it is no ordinary file; open a file or a folder",
            ));
        }
        Ok(Self {
            name,
            path,
            len: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }

    fn check_unchanged(&self, metadata: &Metadata) -> Result<()> {
        if metadata.len() == self.len && metadata.modified().ok() == self.modified {
            return Ok(());
        }
        Err(self.changed())
    }

    fn changed(&self) -> Error {
        Error::Changed {
            name: self.name.clone(),
        }
    }

    fn io(&self, error: &io::Error) -> Error {
        match error.kind() {
            // It was there when the source was opened.
            io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof => self.changed(),
            _ => Error::io(&self.name, error),
        }
    }
}

impl Source for FileSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, range: Range<u64>, cancel: &Cancel) -> Result<Vec<u8>> {
        cancel.check()?;
        if range.start > range.end || range.end > self.len {
            return Err(Error::malformed(&self.name, "it ends too early"));
        }
        let length = usize::try_from(range.end - range.start)
            .map_err(|_| Error::malformed(&self.name, "it is too large for this machine"))?;
        let mut file = File::open(&self.path).map_err(|error| self.io(&error))?;
        let metadata = |file: &File| file.metadata().map_err(|error| self.io(&error));
        self.check_unchanged(&metadata(&file)?)?;
        file.seek(SeekFrom::Start(range.start))
            .map_err(|error| self.io(&error))?;
        let mut bytes = vec![0; length];
        for piece in bytes.chunks_mut(PIECE_BYTES) {
            cancel.check()?;
            file.read_exact(piece).map_err(|error| self.io(&error))?;
        }
        self.check_unchanged(&metadata(&file)?)?;
        Ok(bytes)
    }

    fn beside(&self, path: &str, cancel: &Cancel) -> Result<Box<dyn Source>> {
        let parent = self.path.parent().unwrap_or(&self.path);
        let parent = if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        };
        FileFolder::open(parent)?.open(path, cancel)
    }
}

/// A folder of files. Names that are no Unicode are listed and opened with U+FFFD in place of what
/// cannot be read.
#[derive(Clone, Debug)]
pub struct FileFolder {
    name: String,
    path: PathBuf,
}

impl FileFolder {
    /// The folder at `path`, which is its name for messages too.
    ///
    /// # Errors
    /// When it is not there, no folder, or may not be listed.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let name = path.display().to_string();
        fs::read_dir(&path).map_err(|error| Error::io(&name, &error))?;
        Ok(Self { name, path })
    }

    /// Adds everything under `folder`, whose path relative to the root is `prefix`. Folders inside
    /// that may not be listed are left out: what is missing shows when it is opened.
    fn walk(
        &self,
        folder: &Path,
        prefix: &str,
        depth: usize,
        limit: u64,
        paths: &mut Vec<String>,
    ) -> Result<()> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if prefix.is_empty() => return Err(Error::io(&self.name, &error)),
            Err(_) => return Ok(()),
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            // Follows links, which `entry.metadata()` would not.
            let Ok(metadata) = fs::metadata(entry.path()) else {
                continue;
            };
            let path = format!("{prefix}{name}");
            if metadata.is_file() {
                paths.push(path);
                limits::check(&self.name, "files at least", paths.len() as u64, limit)?;
            } else if metadata.is_dir() && depth < limits::MAX_FOLDER_DEPTH {
                self.walk(&entry.path(), &format!("{path}/"), depth + 1, limit, paths)?;
            }
        }
        Ok(())
    }

    /// Where the file is that [`Folder::list`] calls `path`.
    fn locate(&self, path: &str) -> Result<PathBuf> {
        let mut located = self.path.clone();
        for part in path.split('/') {
            let exact = located.join(part);
            if !part.contains(char::REPLACEMENT_CHARACTER) || exact.exists() {
                located = exact;
                continue;
            }
            let entries = fs::read_dir(&located).map_err(|error| Error::io(&self.name, &error))?;
            let alike: Vec<_> = entries
                .flatten()
                .map(|entry| entry.file_name())
                .filter(|name| name.to_string_lossy() == part)
                .collect();
            located = match &alike[..] {
                [] => return Err(super::not_found(&self.name, path)),
                [name] => located.join(name),
                _ => {
                    return Err(Error::unsupported(
                        format!("{}/{path}", self.name),
                        "several names look like this one once what is no Unicode is left out; \
                         rename the files",
                    ));
                }
            };
        }
        Ok(located)
    }

    fn list_up_to(&self, limit: u64) -> Result<Vec<String>> {
        let mut paths = Vec::new();
        self.walk(&self.path, "", 0, limit, &mut paths)?;
        paths.sort_by(|a, b| super::natural_order(a, b));
        Ok(paths)
    }
}

impl Folder for FileFolder {
    fn name(&self) -> &str {
        &self.name
    }

    fn list(&self) -> Result<Option<Vec<String>>> {
        self.list_up_to(limits::MAX_FOLDER_ENTRIES).map(Some)
    }

    fn open(&self, path: &str, _: &Cancel) -> Result<Box<dyn Source>> {
        // On Windows a part may still be a drive.
        let mut parts = Path::new(path).components();
        if !super::is_inside(path) || !parts.all(|part| matches!(part, Component::Normal(_))) {
            return Err(super::not_found(&self.name, path));
        }
        Ok(Box::new(FileSource::open(self.locate(path)?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ranges_and_refuses_what_is_beyond() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.bin");
        fs::write(&path, b"0123456789").expect("writes");
        let source = FileSource::open(&path).expect("opens");
        let cancel = Cancel::new();
        assert_eq!(source.read(2..5, &cancel).expect("reads"), b"234");
        assert_eq!(source.read(10..10, &cancel).expect("reads"), b"");
        #[allow(clippy::reversed_empty_ranges)]
        for range in [5..11, 7..6, u64::MAX..u64::MAX] {
            assert!(matches!(
                source.read(range, &cancel),
                Err(Error::Malformed { .. })
            ));
        }
        cancel.cancel();
        assert!(matches!(source.read(0..1, &cancel), Err(Error::Cancelled)));
    }

    #[test]
    fn notices_a_change_of_length_of_time_and_a_removal() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.bin");
        let cancel = Cancel::new();
        let open = |content: &[u8]| {
            fs::write(&path, content).expect("writes");
            FileSource::open(&path).expect("opens")
        };
        let source = open(b"one");
        fs::write(&path, b"longer").expect("writes");
        assert!(matches!(
            source.read(0..1, &cancel),
            Err(Error::Changed { .. })
        ));

        let source = open(b"one");
        File::options()
            .write(true)
            .open(&path)
            .and_then(|file| file.set_modified(SystemTime::UNIX_EPOCH))
            .expect("sets the time");
        assert!(matches!(
            source.read(0..1, &cancel),
            Err(Error::Changed { .. })
        ));

        let source = open(b"one");
        fs::remove_file(&path).expect("removes");
        assert!(matches!(
            source.read(0..1, &cancel),
            Err(Error::Changed { .. })
        ));
    }

    #[test]
    fn lists_in_natural_order_and_stops_at_the_cap() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for path in ["group10/0.mp4", "group2/0.mp4", "a.json"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("has one")).expect("creates");
            fs::write(path, b"x").expect("writes");
        }
        let folder = FileFolder::open(folder.path()).expect("opens");
        assert_eq!(
            folder.list_up_to(3).expect("three are within the cap"),
            ["a.json", "group2/0.mp4", "group10/0.mp4"]
        );
        assert!(matches!(folder.list_up_to(2), Err(Error::Limit { .. })));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_that_are_no_unicode_are_listed_and_opened() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &[u8], content: &str| {
            let path = folder
                .path()
                .join("t\u{e4}nze")
                .join(OsStr::from_bytes(name));
            fs::create_dir_all(path.parent().expect("has one")).expect("creates");
            fs::write(path, content).expect("writes");
        };
        write(b"caf\xe9_1.ply", "one");
        write(b"caf\xe9_2.ply", "two");
        let files = FileFolder::open(folder.path()).expect("opens");
        let paths = files.list().expect("lists").expect("can be listed");
        assert_eq!(
            paths,
            [
                "t\u{e4}nze/caf\u{fffd}_1.ply",
                "t\u{e4}nze/caf\u{fffd}_2.ply"
            ]
        );
        let cancel = Cancel::new();
        let source = files.open(&paths[1], &Cancel::new()).expect("opens");
        assert_eq!(source.read(0..3, &cancel).expect("reads"), b"two");

        write(b"caf\xe8_2.ply", "three");
        let error = files
            .open(&paths[1], &Cancel::new())
            .map(|_| ())
            .expect_err("is ambiguous");
        assert!(error.to_string().contains("rename the files"), "{error}");
        files
            .open(&paths[0], &Cancel::new())
            .expect("the other one still opens");
        let missing = files
            .open("t\u{e4}nze/\u{fffd}.ply", &Cancel::new())
            .map(|_| ());
        assert!(missing.expect_err("is missing").is_not_found());
    }

    #[test]
    fn paths_stay_inside() {
        let outer = tempfile::tempdir().expect("a temporary folder");
        fs::write(outer.path().join("secret"), b"x").expect("writes");
        fs::create_dir(outer.path().join("clip")).expect("creates");
        let folder = FileFolder::open(outer.path().join("clip")).expect("opens");
        let absolute = outer.path().join("secret").display().to_string();
        for path in ["../secret", "a/../../secret", &absolute, "", "a//b", "a\\b"] {
            let error = folder
                .open(path, &Cancel::new())
                .map(|_| ())
                .expect_err("is outside");
            assert!(error.is_not_found(), "{path}: {error}");
        }
    }

    #[test]
    fn a_missing_folder_and_a_file_in_its_place_are_told() {
        let outer = tempfile::tempdir().expect("a temporary folder");
        let error = FileFolder::open(outer.path().join("nothing")).expect_err("is missing");
        assert!(error.is_not_found());
        fs::write(outer.path().join("file"), b"x").expect("writes");
        FileFolder::open(outer.path().join("file")).expect_err("is a file");
        assert!(matches!(
            FileSource::open(outer.path()),
            Err(Error::Unsupported { .. })
        ));
    }

    /// Root may read everything, so the refusal itself can only be seen as another user.
    #[cfg(unix)]
    #[test]
    fn a_folder_without_permission_is_told() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o000)).expect("sets");
        let system = fs::read_dir(folder.path());
        let ours = FileFolder::open(folder.path());
        assert_eq!(system.is_ok(), ours.is_ok());
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let message = ours
            .err()
            .unwrap_or_else(|| Error::io("clip", &denied))
            .to_string();
        assert!(message.contains("do not have permission"), "{message}");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("sets");
    }
}
