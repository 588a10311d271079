//! A folder on a web server.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use url::Url;
use zoetrope_codecs::source::{Folder, Source};
use zoetrope_codecs::{Cancel, Error, Result, Transfer};

use crate::fault::FaultKind;
use crate::network::{Handle, Network};
use crate::source::{HttpSource, Together, name_of, take_back};
use crate::state::TransferLog;

/// Files of a folder that are remembered; a V3 clip has twenty for each group.
const FILES_MAX: usize = 4096;

/// A folder on a web server, of which only files can be opened whose names are known.
pub struct HttpFolder {
    name: String,
    base: Url,
    network: Network,
    log: Arc<TransferLog>,
    files: Mutex<Files>,
    /// Whose list of wishes this folder writes.
    owner: u64,
}

#[derive(Default)]
struct Files {
    /// Files that are there or were not asked for yet, so that opening one again costs nothing.
    handles: HashMap<String, Arc<Handle>>,
    /// Whether the server has answered at all.
    heard: bool,
}

impl HttpFolder {
    /// The folder at `base`. What is in it shows when it is opened.
    ///
    /// # Errors
    /// When the network cannot be used.
    pub fn new(network: &Network, base: &Url) -> Result<Self> {
        let mut base = base.clone();
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        Ok(Self {
            name: name_of(&base).trim_end_matches('/').to_owned(),
            base,
            network: network.clone(),
            log: Arc::default(),
            files: Mutex::default(),
            owner: network.shared()?.lock().new_id(),
        })
    }

    /// The folder inside this one.
    pub(crate) fn sub_folder(&self, path: &str) -> Result<Self> {
        Self::new(&self.network, &self.locate(path)?)
    }

    /// Which of `paths` are there; they are asked for at the same time.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub(crate) fn which_are_there(&self, paths: &[String], cancel: &Cancel) -> Result<Vec<bool>> {
        let together = self.together(paths)?;
        let open = |path: &String| match self.open_one(path, Some(together.clone()), cancel) {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        };
        paths.iter().map(open).collect()
    }

    /// Where the file called `path` is.
    pub(crate) fn locate(&self, path: &str) -> Result<Url> {
        let is_inside = !path.is_empty()
            && path
                .split('/')
                .all(|part| !part.is_empty() && part != "." && part != "..");
        let mut url = self.base.clone();
        let placed = is_inside
            && url
                .path_segments_mut()
                .map(|mut segments| {
                    segments.pop_if_empty().extend(path.split('/'));
                })
                .is_ok();
        if placed {
            return Ok(url);
        }
        let kind = io::ErrorKind::NotFound;
        Err(Error::io(format!("{}/{path}", self.name), &kind.into()))
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&self, path: &str) -> Result<Arc<Handle>> {
        let url = self.locate(path)?;
        let mut files = self.files();
        if let Some(handle) = files.handles.get(path) {
            return Ok(handle.clone());
        }
        if files.handles.len() >= FILES_MAX {
            files
                .handles
                .retain(|_, handle| Arc::strong_count(handle) > 1);
        }
        let handle = self.network.resource(url, self.log.clone())?;
        files.handles.insert(path.to_owned(), handle.clone());
        Ok(handle)
    }

    /// Wishes for all of `paths` at once.
    fn together(&self, paths: &[String]) -> Result<Arc<Together>> {
        let wished: Vec<_> = paths
            .iter()
            .map(|path| Ok((self.handle(path)?.id, 0..u64::MAX)))
            .collect::<Result<_>>()?;
        let shared = self.network.shared()?;
        let mut state = shared.lock();
        let owner = state.new_id();
        state.wish(owner, true, wished);
        drop(state);
        shared.wake.notify_one();
        Ok(Arc::new(Together {
            network: self.network.clone(),
            owner,
        }))
    }

    fn open_one(
        &self,
        path: &str,
        together: Option<Arc<Together>>,
        cancel: &Cancel,
    ) -> Result<Box<dyn Source>> {
        let handle = self.handle(path)?;
        let name = format!("{}/{path}", self.name);
        let heard = self.files().heard;
        let opened = HttpSource::of(
            handle.clone(),
            name,
            self.log.clone(),
            heard,
            together,
            cancel,
        );
        match opened {
            Ok(source) => {
                self.files().heard = true;
                Ok(Box::new(source))
            }
            Err(error) => Err(self.refused(path, &handle, error)),
        }
    }

    /// Forgets a file that cannot be opened. What may not be read, and a page in its place, mean that
    /// it is not there: object stores answer like that, and sites that show a page for every link.
    fn refused(&self, path: &str, handle: &Arc<Handle>, error: Error) -> Error {
        let fault = self.network.shared().ok().and_then(|shared| {
            let state = shared.lock();
            let resource = state.resources.get(&handle.id)?;
            resource.fault.as_ref().map(|(fault, _)| fault.clone())
        });
        let Some(fault) = fault else {
            return error;
        };
        let mut files = self.files();
        files.heard |= !fault.is_transient();
        if !matches!(error, Error::Cancelled) {
            files.handles.remove(path);
        }
        match (fault.kind, error) {
            (_, Error::Cancelled) => Error::Cancelled,
            (FaultKind::Missing | FaultKind::Forbidden | FaultKind::WebPage, _) => Error::Io {
                name: format!("{}/{path}", self.name),
                reason: fault.reason,
                kind: io::ErrorKind::NotFound,
            },
            (_, error) => error,
        }
    }
}

impl Folder for HttpFolder {
    fn name(&self) -> &str {
        &self.name
    }

    fn list(&self) -> Result<Option<Vec<String>>> {
        Ok(None)
    }

    fn open(&self, path: &str, cancel: &Cancel) -> Result<Box<dyn Source>> {
        self.open_one(path, None, cancel)
    }

    fn open_together(&self, paths: &[String], cancel: &Cancel) -> Result<Vec<Box<dyn Source>>> {
        let together = self.together(paths)?;
        let open = |path: &String| self.open_one(path, Some(together.clone()), cancel);
        paths.iter().map(open).collect()
    }

    fn prefetch(&self, paths: &[String]) {
        let wished: Result<Vec<_>> = paths
            .iter()
            .map(|path| Ok((self.handle(path)?.id, 0..u64::MAX)))
            .collect();
        if let (Ok(wished), Ok(shared)) = (wished, self.network.shared()) {
            shared.lock().wish(self.owner, false, wished);
            shared.wake.notify_one();
        }
    }

    fn is_at_hand(&self, path: &str) -> bool {
        let handle = self.files().handles.get(path).cloned();
        let shared = self.network.shared();
        handle
            .zip(shared.ok())
            .is_some_and(|(handle, shared)| shared.lock().has_all(handle.id, &(0..u64::MAX)))
    }

    fn transfers(&self) -> Option<Vec<Transfer>> {
        Some(self.log.latest())
    }
}

impl Drop for HttpFolder {
    fn drop(&mut self) {
        take_back(&self.network, self.owner);
    }
}
