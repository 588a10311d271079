//! Small pictures of clips, for the start page.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use zoetrope_codecs::FrameContent;
use zoetrope_render::{Background, Gpu, View};

use crate::recents::poster_name;
use crate::screenshot;
use crate::storage::Storage;
use crate::workers::Workers;

/// How long a clip is on the screen before its poster is made, in seconds: many begin in the dark.
const AFTER_S: f64 = 1.5;
/// Pixels of a poster: a card of the start page at twice its size.
const SIZE: [u32; 2] = [448, 252];

/// The poster that is due, and those on their way.
pub struct Posters {
    due: Option<(PathBuf, f64)>,
    sender: Sender<PathBuf>,
    done: Receiver<PathBuf>,
    thread: Option<JoinHandle<()>>,
}

impl Default for Posters {
    fn default() -> Self {
        let (sender, done) = mpsc::channel();
        Self {
            due: None,
            sender,
            done,
            thread: None,
        }
    }
}

impl Posters {
    /// Another clip is on the screen, at a path if it is a file.
    pub fn clip_changed(&mut self, path: Option<PathBuf>, now: f64) {
        self.due = path.map(|path| (path, now + AFTER_S));
    }

    /// Seconds until one is due; `None` when none is.
    pub fn wait(&self, now: f64) -> Option<f64> {
        self.due.as_ref().map(|(_, at)| (at - now).max(0.0))
    }

    /// The clip whose poster is due now; says so once.
    pub fn take_due(&mut self, now: f64) -> Option<PathBuf> {
        let (path, _) = self.due.take_if(|(_, at)| *at <= now)?;
        Some(path)
    }

    /// Whether none is due or on its way.
    pub fn is_idle(&self) -> bool {
        self.due.is_none() && self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Clips whose posters have been written.
    pub fn finished(&self) -> impl Iterator<Item = PathBuf> + '_ {
        self.done.try_iter()
    }

    /// Makes a poster on a thread of its own. What goes wrong is no concern of the person who plays
    /// the clip, and goes to the log.
    pub fn make(
        &mut self,
        path: PathBuf,
        (frame, view): (FrameContent, View),
        background: [f32; 3],
        tools: (Gpu, Workers, Arc<dyn Storage>),
        repaint: impl FnOnce() + Send + 'static,
    ) {
        let (gpu, workers, storage) = tools;
        let sender = self.sender.clone();
        let view = View {
            width: SIZE[0],
            height: SIZE[1],
            background: Background::Opaque(background),
            ..view
        };
        let started = std::thread::Builder::new()
            .name("poster".to_owned())
            .spawn(move || {
                workers.enlist();
                let written = workers
                    .run(|| screenshot::draw(&gpu, &frame, &view))
                    .map_err(anyhow::Error::from)
                    .and_then(|picture| Ok(screenshot::encode(picture, &[])?))
                    .and_then(|bytes| Ok(storage.write(&poster_name(&path), &bytes)?));
                match written {
                    Ok(()) => {
                        // The window may be closed by now.
                        if sender.send(path).is_ok() {
                            repaint();
                        }
                    }
                    Err(error) => log::warn!("no poster of {}: {error:#}", path.display()),
                }
            });
        match started {
            Ok(thread) => self.join_and_keep(Some(thread)),
            Err(error) => log::warn!("no poster: {error}"),
        }
    }

    fn join_and_keep(&mut self, next: Option<JoinHandle<()>>) {
        if let Some(Err(_)) = std::mem::replace(&mut self.thread, next).map(JoinHandle::join) {
            log::error!("making a poster ended by a panic");
        }
    }
}

impl Drop for Posters {
    fn drop(&mut self) {
        // The device must not go away under it.
        self.join_and_keep(None);
    }
}
