//! Bytes in memory: built-in clips and tests.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::{Folder, Source};
use crate::{Cancel, Error, Result};

/// A source over bytes that are already there.
#[derive(Clone, Debug)]
pub struct MemorySource {
    name: String,
    bytes: Arc<[u8]>,
}

impl MemorySource {
    /// A source called `name` for messages.
    pub fn new(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self {
            name: name.into(),
            bytes: bytes.into(),
        }
    }
}

impl Source for MemorySource {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read(&self, range: Range<u64>, cancel: &Cancel) -> Result<Vec<u8>> {
        cancel.check()?;
        usize::try_from(range.start)
            .ok()
            .zip(usize::try_from(range.end).ok())
            .and_then(|(start, end)| self.bytes.get(start..end))
            .map(<[u8]>::to_vec)
            .ok_or_else(|| Error::malformed(&self.name, "it ends too early"))
    }
}

/// A folder over bytes that are already there.
#[derive(Clone, Debug, Default)]
pub struct MemoryFolder {
    name: String,
    files: BTreeMap<String, Arc<[u8]>>,
}

impl MemoryFolder {
    /// An empty folder called `name` for messages.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            files: BTreeMap::new(),
        }
    }

    /// Adds or replaces the file at the relative `path`.
    pub fn insert(&mut self, path: impl Into<String>, bytes: impl Into<Arc<[u8]>>) {
        self.files.insert(path.into(), bytes.into());
    }

    /// Takes the file at `path` away; whether it was there.
    pub fn remove(&mut self, path: &str) -> bool {
        self.files.remove(path).is_some()
    }

    /// The bytes of the file at `path`.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(|bytes| &**bytes)
    }
}

impl Folder for MemoryFolder {
    fn name(&self) -> &str {
        &self.name
    }

    fn list(&self) -> Result<Option<Vec<String>>> {
        let mut paths: Vec<String> = self.files.keys().cloned().collect();
        paths.sort_by(|a, b| super::natural_order(a, b));
        Ok(Some(paths))
    }

    fn open(&self, path: &str, _: &Cancel) -> Result<Box<dyn Source>> {
        match self.files.get(path) {
            Some(bytes) => Ok(Box::new(MemorySource::new(path, bytes.clone()))),
            None => Err(super::not_found(&self.name, path)),
        }
    }
}
