//! A folder inside a folder.

use std::sync::Arc;

use super::{Folder, Source};
use crate::Result;

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

    fn open(&self, path: &str) -> Result<Box<dyn Source>> {
        self.parent.open(&format!("{}{path}", self.prefix))
    }
}
