//! What outlives the window: small named documents, behind a seam.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::text::{Text, fill};

/// The largest document that is read: a poster takes some 100 kB, a page of settings 2 kB.
const DOCUMENT_MAX_BYTES: u64 = 4 << 20;
/// Broken versions of a document that are kept.
const ASIDE_MAX: usize = 20;
/// Changes are written when they have rested for so long, in seconds: a slider is dragged.
const REST_S: f64 = 0.5;

/// Keeps documents. Names are relative paths of plain words, like "settings.json".
pub trait Storage: Send + Sync {
    /// The document, if there is one.
    ///
    /// # Errors
    /// When it is there but cannot be read, or is larger than 4 MiB.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>>;

    /// Replaces a document, wholly or not at all.
    ///
    /// # Errors
    /// When it cannot be written; the old one stays.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Gives a document another name, in place of whatever had that.
    ///
    /// # Errors
    /// When there is none, or it cannot be renamed.
    fn rename(&self, name: &str, new_name: &str) -> io::Result<()>;

    /// Removes a document, if there is one.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Where a document is, for people; `None` when it is nowhere they could look.
    fn place(&self, name: &str) -> Option<PathBuf>;
}

/// Documents in memory: for tests, and where nothing can be kept.
#[derive(Debug, Default)]
pub struct MemoryStorage {
    documents: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl MemoryStorage {
    fn documents(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.documents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for MemoryStorage {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.documents().get(name).cloned())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.documents().insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn rename(&self, name: &str, new_name: &str) -> io::Result<()> {
        let mut documents = self.documents();
        let bytes = documents.remove(name).ok_or(ErrorKind::NotFound)?;
        documents.insert(new_name.to_owned(), bytes);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.documents().remove(name);
        Ok(())
    }

    fn place(&self, _: &str) -> Option<PathBuf> {
        None
    }
}

/// Documents as files of a folder, which is made when the first is written.
#[derive(Clone, Debug)]
pub struct FolderStorage {
    folder: PathBuf,
}

impl FolderStorage {
    /// In `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Storage for FolderStorage {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let file = match fs::File::open(self.path(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        file.take(DOCUMENT_MAX_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > DOCUMENT_MAX_BYTES {
            return Err(io::Error::new(
                ErrorKind::FileTooLarge,
                "it is larger than 4 MiB",
            ));
        }
        Ok(Some(bytes))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        write_whole(&self.path(name), bytes)
    }

    fn rename(&self, name: &str, new_name: &str) -> io::Result<()> {
        fs::rename(self.path(name), self.path(new_name))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn place(&self, name: &str) -> Option<PathBuf> {
        Some(self.path(name))
    }
}

/// Writes a file beside its name and renames it when it is complete, so that nobody, another window
/// neither, ever sees half of it. Folders that are missing are made.
///
/// # Errors
/// When it cannot be written; what was there before stays.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = fs::File::create(&beside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // It may not even have been made; the first error is the one that tells.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// A thing that is kept as a document.
pub trait Stored: Clone + Default + PartialEq {
    /// The document's name.
    const NAME: &'static str;

    /// Out of the document, and what in it cannot be used, for people.
    ///
    /// # Errors
    /// When nothing in it can be used: why, as the end of a sentence.
    fn decode(bytes: &[u8]) -> Result<(Self, Vec<String>), String>;

    /// The document.
    fn encode(&self) -> Vec<u8>;
}

/// A [`Stored`] thing with its document.
#[derive(Debug)]
pub struct Document<T> {
    /// What is kept. Changes are noticed by [`Self::sync`].
    pub value: T,
    saved: T,
    /// What `value` was when it was last looked at, and since when, in seconds.
    changed: Option<(T, f64)>,
    /// Saving failed and that was told.
    told: bool,
}

impl<T: Stored> Document<T> {
    /// Reads it. What cannot be read never stops the start: a document that makes no sense is set
    /// aside, so that nothing of it is lost, and the defaults are used. The sentences say so.
    pub fn load(storage: &dyn Storage, text: &Text) -> (Self, Vec<String>) {
        let (value, notices) = match storage.read(T::NAME) {
            Ok(None) => (T::default(), Vec::new()),
            Ok(Some(bytes)) => match T::decode(&bytes) {
                Ok((value, skipped)) => {
                    let notice = |what: &String| {
                        fill(text.settings.skipped_values, &[T::NAME, what.as_str()])
                    };
                    (value, skipped.iter().map(notice).collect())
                }
                Err(reason) => (T::default(), vec![set_aside::<T>(storage, text, &reason)]),
            },
            Err(error) => {
                let reason = error.to_string();
                // A folder with the name of the document can be set aside like a document.
                (T::default(), vec![set_aside::<T>(storage, text, &reason)])
            }
        };
        let document = Self {
            saved: value.clone(),
            value,
            changed: None,
            told: false,
        };
        (document, notices)
    }

    /// Writes what has changed and has rested a moment by the time `now`, in seconds. Gives the
    /// seconds until it has to be called again, and a sentence when saving fails, once.
    pub fn sync(
        &mut self,
        now: f64,
        storage: &dyn Storage,
        text: &Text,
    ) -> (Option<f64>, Option<String>) {
        if self.value == self.saved {
            self.changed = None;
            return (None, None);
        }
        match &self.changed {
            Some((value, since)) if *value == self.value => {
                let rest = since + REST_S - now;
                if rest > 0.0 {
                    return (Some(rest), None);
                }
                (None, self.save(storage, text))
            }
            _ => {
                self.changed = Some((self.value.clone(), now));
                (Some(REST_S), None)
            }
        }
    }

    /// Writes what has changed at once; a sentence when that fails, once.
    pub fn save(&mut self, storage: &dyn Storage, text: &Text) -> Option<String> {
        if self.value == self.saved {
            return None;
        }
        self.changed = None;
        // Also when it fails: trying in every frame would not mend it, the next change tries again.
        self.saved = self.value.clone();
        let error = storage.write(T::NAME, &self.value.encode()).err()?;
        log::error!("{} cannot be saved: {error}", T::NAME);
        let first = !std::mem::replace(&mut self.told, true);
        first.then(|| fill(text.settings.not_saved, &[T::NAME, &error.to_string()]))
    }
}

fn set_aside<T: Stored>(storage: &dyn Storage, text: &Text, reason: &str) -> String {
    let aside = name_aside(storage, T::NAME);
    match storage.rename(T::NAME, &aside) {
        Ok(()) => fill(
            text.settings.broken_document,
            &[T::NAME, reason, aside.as_str()],
        ),
        Err(error) => {
            log::warn!("{} cannot be set aside: {error}", T::NAME);
            fill(text.settings.unreadable_document, &[T::NAME, reason])
        }
    }
}

/// A name for a document that is set aside: what was set aside before stays, too.
fn name_aside(storage: &dyn Storage, name: &str) -> String {
    let first = format!("{name}.broken");
    let others = (2..=ASIDE_MAX).map(|number| format!("{first}-{number}"));
    std::iter::once(first.clone())
        .chain(others)
        .find(|aside| matches!(storage.read(aside), Ok(None)))
        .unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;

    #[derive(Clone, Debug, Default, PartialEq)]
    struct Number(u32);

    impl Stored for Number {
        const NAME: &'static str = "number.json";

        fn decode(bytes: &[u8]) -> Result<(Self, Vec<String>), String> {
            let text = std::str::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
            let number = text.parse().map_err(|_| "it is no number".to_owned())?;
            Ok((Self(number), Vec::new()))
        }

        fn encode(&self) -> Vec<u8> {
            self.0.to_string().into_bytes()
        }
    }

    fn load(storage: &dyn Storage) -> (Document<Number>, Vec<String>) {
        Document::load(storage, Language::English.text())
    }

    #[test]
    fn a_document_comes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let storage = FolderStorage::new(folder.path().join("not/yet/there"));
        let text = Language::English.text();
        let (mut document, notices) = load(&storage);
        assert_eq!((document.value.0, notices.len()), (0, 0));
        document.value.0 = 7;
        // It rests first.
        assert_eq!(document.sync(1.0, &storage, text), (Some(0.5), None));
        assert!(document.sync(1.2, &storage, text).0.is_some());
        assert_eq!(load(&storage).0.value.0, 0);
        assert_eq!(document.sync(1.6, &storage, text), (None, None));
        assert_eq!(load(&storage).0.value.0, 7);
        // At the end there is no time to rest.
        document.value.0 = 8;
        assert_eq!(document.save(&storage, text), None);
        assert_eq!(load(&storage).0.value.0, 8);
        assert_eq!(
            fs::read_dir(folder.path().join("not/yet/there"))
                .expect("the folder")
                .count(),
            1
        );
    }

    #[test]
    fn a_broken_document_is_set_aside_and_told() {
        let memory = MemoryStorage::default();
        memory.write("number.json", b"seven").expect("memory");
        let (document, notices) = load(&memory);
        assert_eq!(document.value.0, 0);
        assert_eq!(
            notices,
            [
                "number.json could not be read (it is no number); it was set aside as \
              number.json.broken, and the defaults are used"
            ]
        );
        assert_eq!(
            memory.read("number.json.broken").expect("memory"),
            Some(b"seven".to_vec())
        );
        assert_eq!(load(&memory).1.len(), 0);
    }

    #[test]
    fn what_was_set_aside_before_stays() {
        let memory = MemoryStorage::default();
        for (number, text) in ["seven", "eight"].iter().enumerate() {
            memory
                .write("number.json", text.as_bytes())
                .expect("memory");
            let (_, notices) = load(&memory);
            let aside = ["number.json.broken", "number.json.broken-2"][number];
            assert!(notices[0].contains(&format!("set aside as {aside},")));
            let kept = memory.read(aside).expect("memory");
            assert_eq!(kept.as_deref(), Some(text.as_bytes()));
        }
        let first = memory.read("number.json.broken").expect("memory");
        assert_eq!(first.as_deref(), Some(b"seven".as_slice()));
    }

    #[test]
    fn what_is_no_file_or_too_large_is_set_aside_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let storage = FolderStorage::new(folder.path());
        fs::create_dir(folder.path().join("number.json")).expect("a folder");
        let (_, notices) = load(&storage);
        assert!(notices[0].contains("set aside"), "{notices:?}");
        assert!(folder.path().join("number.json.broken").is_dir());

        let other = tempfile::tempdir().expect("a folder");
        let storage = FolderStorage::new(other.path());
        let file = fs::File::create(other.path().join("number.json")).expect("a file");
        file.set_len(DOCUMENT_MAX_BYTES).expect("a size");
        assert_eq!(
            storage
                .read("number.json")
                .expect("at the limit")
                .map(|b| b.len() as u64),
            Some(DOCUMENT_MAX_BYTES)
        );
        file.set_len(DOCUMENT_MAX_BYTES + 1).expect("a size");
        let (_, notices) = load(&storage);
        assert!(notices[0].contains("larger than 4 MiB"), "{notices:?}");
    }

    #[test]
    fn what_cannot_be_saved_is_told_once() {
        let folder = tempfile::tempdir().expect("a folder");
        // A file where the folder should be.
        let blocked = folder.path().join("blocked");
        fs::write(&blocked, b"").expect("a file");
        let storage = FolderStorage::new(&blocked);
        let text = Language::English.text();
        let mut document = Document {
            value: Number(1),
            saved: Number(0),
            changed: None,
            told: false,
        };
        let told = document.save(&storage, text).expect("a sentence");
        assert!(told.starts_with("number.json cannot be saved ("), "{told}");
        assert_eq!(document.sync(0.0, &storage, text), (None, None));
        document.value.0 = 2;
        assert_eq!(document.save(&storage, text), None);
    }
}
