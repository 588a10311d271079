//! A folder inside a folder.

use std::sync::Arc;

use super::{Folder, Source};
use crate::{Cancel, Result, Transfer};

/// The part of a folder that lies under one path.
#[derive(Clone)]
pub struct SubFolder {
    name: String,
    parent: Arc<dyn Folder>,
    /// Ends with `/`.
    prefix: String,
}

impl SubFolder {
    /// The folder at the relative `path` of `parent`. Whether there is one shows when it is used.
    pub fn new(parent: Arc<dyn Folder>, path: &str) -> Self {
        Self {
            name: format!("{}/{path}", parent.name()),
            parent,
            prefix: format!("{path}/"),
        }
    }

    fn locate(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}

impl Folder for SubFolder {
    fn name(&self) -> &str {
        &self.name
    }

    fn list(&self) -> Result<Option<Vec<String>>> {
        let paths = self.parent.list()?;
        Ok(paths.map(|paths| {
            paths
                .iter()
                .filter_map(|path| path.strip_prefix(&self.prefix))
                .map(str::to_owned)
                .collect()
        }))
    }

    fn open(&self, path: &str, cancel: &Cancel) -> Result<Box<dyn Source>> {
        self.parent.open(&self.locate(path), cancel)
    }

    fn open_together(&self, paths: &[String], cancel: &Cancel) -> Result<Vec<Box<dyn Source>>> {
        let paths: Vec<String> = paths.iter().map(|path| self.locate(path)).collect();
        self.parent.open_together(&paths, cancel)
    }

    fn prefetch(&self, paths: &[String]) {
        let paths: Vec<String> = paths.iter().map(|path| self.locate(path)).collect();
        self.parent.prefetch(&paths);
    }

    fn is_at_hand(&self, path: &str) -> bool {
        self.parent.is_at_hand(&self.locate(path))
    }

    fn transfers(&self) -> Option<Vec<Transfer>> {
        self.parent.transfers()
    }
}
