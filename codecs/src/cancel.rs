//! A flag that stops work in progress, and how far that work is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::{Error, Result};

/// A shared flag: the one who asked for work sets it, the one who does the work looks at it often
/// enough to stop within 100 ms. Work that knows how far it is notes it here.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    cancelled: AtomicBool,
    /// One more than the part that is done, in [`PARTS`]; 0 while nothing is known.
    done: AtomicU32,
}

/// Steps of progress that are told apart.
const PARTS: u32 = 10_000;

impl Cancel {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to stop.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the work was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed)
    }

    /// Notes that `done` of `total` steps of the work are done.
    pub fn note_progress(&self, done: usize, total: usize) {
        let part = done.min(total) as f64 / total.max(1) as f64;
        let part = (part * f64::from(PARTS)) as u32;
        self.0.done.store(1 + part, Ordering::Relaxed);
    }

    /// How much of the work is done, 0 to 1, where it is known.
    pub fn progress(&self) -> Option<f32> {
        let done = self.0.done.load(Ordering::Relaxed).checked_sub(1)?;
        Some(done as f32 / PARTS as f32)
    }

    /// [`Error::Cancelled`] when the work was asked to stop, for use with `?`.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            Err(Error::Cancelled)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_known_once_it_is_noted() {
        let cancel = Cancel::new();
        let worker = cancel.clone();
        assert_eq!(cancel.progress(), None);
        for (done, total, part) in [(0, 7, 0.0), (1, 4, 0.25), (9, 9, 1.0), (0, 0, 0.0)] {
            worker.note_progress(done, total);
            assert_eq!(cancel.progress(), Some(part));
        }
        assert!(!cancel.is_cancelled());
    }
}
