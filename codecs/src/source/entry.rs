//! A source in a folder that knows the folder.

use std::ops::Range;
use std::sync::Arc;

use super::{Folder, Source};
use crate::{Cancel, Result, Transfer};

/// The one at a path of a folder; what lies beside it can be opened too.
pub(crate) struct EntrySource {
    source: Box<dyn Source>,
    folder: Arc<dyn Folder>,
    /// Path of the folder that it lies in, with a `/` at its end, or nothing.
    parent: String,
}

impl EntrySource {
    /// Opens the one at the relative `path` of `folder`.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub(crate) fn open(folder: Arc<dyn Folder>, path: &str, cancel: &Cancel) -> Result<Self> {
        let parent = path.rfind('/').map_or("", |end| &path[..=end]).to_owned();
        Ok(Self {
            source: folder.open(path, cancel)?,
            folder,
            parent,
        })
    }
}

impl Source for EntrySource {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read(&self, range: Range<u64>, cancel: &Cancel) -> Result<Vec<u8>> {
        self.source.read(range, cancel)
    }

    fn prefetch(&self, ranges: &[Range<u64>]) {
        self.source.prefetch(ranges);
    }

    fn is_at_hand(&self, range: Range<u64>) -> bool {
        self.source.is_at_hand(range)
    }

    fn transfers(&self) -> Option<Vec<Transfer>> {
        self.source.transfers()
    }

    fn beside(&self, path: &str, cancel: &Cancel) -> Result<Box<dyn Source>> {
        self.folder.open(&format!("{}{path}", self.parent), cancel)
    }
}

#[cfg(test)]
mod tests {
    use super::super::MemoryFolder;
    use super::*;

    #[test]
    fn what_lies_beside_is_found_from_where_it_lies() {
        let mut folder = MemoryFolder::new("models");
        for path in ["a.gltf", "a.bin", "deep/b.gltf", "deep/b.bin"] {
            folder.insert(path, path.as_bytes());
        }
        let folder: Arc<dyn Folder> = Arc::new(folder);
        let cancel = Cancel::new();
        let beside = |path: &str, other: &str| {
            let source = EntrySource::open(folder.clone(), path, &cancel).expect("is there");
            let other = source.beside(other, &cancel);
            other.map(|other| other.read_all(100, &cancel).expect("reads"))
        };
        assert_eq!(beside("a.gltf", "a.bin").expect("is there"), b"a.bin");
        assert_eq!(
            beside("deep/b.gltf", "b.bin").expect("is there"),
            b"deep/b.bin"
        );
        assert!(
            beside("deep/b.gltf", "a.bin")
                .expect_err("is none")
                .is_not_found()
        );
        assert!(
            beside("a.gltf", "../a.bin")
                .expect_err("is none")
                .is_not_found()
        );
    }
}
