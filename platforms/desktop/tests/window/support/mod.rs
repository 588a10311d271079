//! Drives the built binary as a person would: a display of its own, a pointer, a keyboard and eyes.
//!
//! Nothing here sleeps for a fixed time and hopes: it looks at the screen until what it waits for
//! is there, and fails with a screenshot and the app's log when it does not come.

mod app;
mod display;
mod picture;

pub use app::App;
pub use display::Display;
pub use picture::{Area, Picture};

use std::time::{Duration, Instant};

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(40);

/// Asks `probe` until it has an answer; `None` when `limit` is over.
pub fn wait_for<T>(limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = probe() {
            return Some(answer);
        }
        if start.elapsed() > limit {
            return None;
        }
        std::thread::sleep(POLL);
    }
}
