//! Ctrl-C on the command line.

use std::path::PathBuf;
use std::process;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use zoetrope_codecs::Cancel;

use crate::output;

/// What a shell expects of a program ended by Ctrl-C: 128 + SIGINT.
pub const EXIT_CODE: u8 = 130;

/// How long a command may take to stop by itself before it is ended.
const PATIENCE: Duration = Duration::from_millis(80);

/// Half-written outputs, to be removed if the command does not get to do it.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Makes Ctrl-C set the returned flag. A command that does not stop soon after is ended, and what
/// it had half written is removed.
///
/// # Errors
/// When the system has no such signal to listen to.
pub fn install() -> anyhow::Result<Cancel> {
    let cancel = Cancel::new();
    let flag = cancel.clone();
    ctrlc::set_handler(move || {
        flag.cancel();
        thread::sleep(PATIENCE);
        // Stays locked to the end, so that no other output is begun.
        let unfinished = unfinished();
        for path in unfinished.iter() {
            output::remove(path);
        }
        process::exit(EXIT_CODE.into());
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(cancel)
}

/// The list of half-written outputs. A panic elsewhere while it was locked does not spoil it.
pub fn unfinished() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
