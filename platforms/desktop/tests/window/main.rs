//! End to end: the built binary on a display of its own, driven by keys and pointer, judged by what
//! the screen shows.
#![cfg(target_os = "linux")]

mod other_starts;
mod playing;
mod quiet;
mod robustness;
mod support;
mod walk;
