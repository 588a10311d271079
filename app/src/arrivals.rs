//! What comes to the window from outside: from the command line, from other starts of the
//! application.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::link::target_of_argument;
use crate::open::{ClipTarget, is_link};
use crate::session::Repaint;

/// Arrivals that wait at most; of more the oldest go, as one clip is open at a time.
const WAITING_MAX: usize = 16;

/// Something that came from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A clip that the person has named.
    Clip(ClipTarget),
    /// A link, which may come from anywhere: a page in a browser can start the application with one.
    Link(String),
    /// The window is wanted in front.
    Raise,
}

impl Arrival {
    /// What was named on a command line: a link, or a clip.
    pub fn of_argument(argument: &Path) -> Self {
        match argument.to_str() {
            Some(link) if is_link(argument) => Self::Link(link.to_owned()),
            _ => Self::Clip(target_of_argument(argument)),
        }
    }
}

/// What has come and was not looked at yet. Filled from any thread.
#[derive(Default)]
pub struct Arrivals {
    waiting: Mutex<VecDeque<Arrival>>,
    wake: Mutex<Option<Repaint>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Arrivals {
    /// Adds one, and wakes the window.
    pub fn push(&self, arrival: Arrival) {
        let mut waiting = locked(&self.waiting);
        if waiting.len() == WAITING_MAX {
            waiting.pop_front();
        }
        waiting.push_back(arrival);
        drop(waiting);
        if let Some(wake) = &*locked(&self.wake) {
            wake(Duration::ZERO);
        }
    }

    /// Which window is woken from now on.
    pub(crate) fn set_wake(&self, wake: Repaint) {
        *locked(&self.wake) = Some(wake);
    }

    /// Whether a clip or a link waits.
    pub(crate) fn has_clip(&self) -> bool {
        let waiting = locked(&self.waiting);
        waiting.iter().any(|arrival| *arrival != Arrival::Raise)
    }

    /// All that has come, oldest first.
    pub fn take(&self) -> Vec<Arrival> {
        locked(&self.waiting).drain(..).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn an_argument_is_a_link_or_a_path() {
        for link in ["zoetrope://open?src=x", "HTTPS://example.org/a.zoe"] {
            let expected = Arrival::Link(link.to_owned());
            assert_eq!(Arrival::of_argument(Path::new(link)), expected);
        }
        let file = Arrival::of_argument(Path::new("file:///a%20b"));
        assert_eq!(file, Arrival::Clip("/a b".into()));
        for path in ["a.ply", "walk/*.ply", "/a/b", "C:\\a"] {
            let expected = Arrival::Clip(path.into());
            assert_eq!(Arrival::of_argument(Path::new(path)), expected);
        }
    }

    #[test]
    fn each_wakes_the_window_and_the_newest_stay() {
        let arrivals = Arrivals::default();
        arrivals.push(Arrival::Raise);
        assert!(!arrivals.has_clip());
        let woken = Arc::new(AtomicUsize::new(0));
        let counter = woken.clone();
        arrivals.set_wake(Arc::new(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        }));
        for number in 0..=WAITING_MAX {
            arrivals.push(Arrival::Link(number.to_string()));
        }
        assert_eq!(woken.load(Ordering::Relaxed), WAITING_MAX + 1);
        assert!(arrivals.has_clip());
        let taken = arrivals.take();
        assert_eq!(taken.len(), WAITING_MAX);
        assert_eq!(taken[0], Arrival::Link("1".to_owned()));
        assert!(arrivals.take().is_empty());
    }
}
