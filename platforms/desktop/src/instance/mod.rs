//! One window for all starts: a later start hands what it was asked to open to the first, and ends.
//!
//! The first start holds a lock on a file in the person's runtime folder for as long as it runs, so
//! that nothing of an earlier one that crashed is ever taken for a running window. Only who holds the
//! lock listens, in that folder, which nobody else can look into.

mod message;
mod transport;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use zoetrope_app::{Arrival, Arrivals};

use message::Message;
use transport::{Listener, Stream};

/// How long a start waits for another that is just beginning to listen.
const BEGINNING: Duration = Duration::from_secs(2);
/// How long either side waits for the other's next byte.
const PATIENCE: Duration = Duration::from_secs(2);
/// What is said when something was taken over.
const TAKEN: &[u8] = b"ok\n";

/// What a start has become.
#[derive(Debug)]
pub enum Start {
    /// The one that the others hand over to, as long as this is held.
    First(Instance),
    /// Superfluous: the first has taken over.
    HandedOver,
}

/// The first start: what others hand over arrives in its window.
#[derive(Debug)]
pub struct Instance {
    _lock: File,
    place: PathBuf,
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Still under the lock: nobody else can have begun to listen there.
        transport::remove(&self.place);
    }
}

/// Becomes the first start of those that share `folder` and `name`, or hands `arrival` over to it;
/// without one its window only comes to the front.
///
/// # Errors
/// When there can be no agreement: the folder cannot be used, or the first does not answer.
pub fn start(
    folder: &Path,
    name: &str,
    arrival: Option<&Arrival>,
    arrivals: &Arc<Arrivals>,
) -> anyhow::Result<Start> {
    make_private(folder).with_context(|| format!("{} cannot be used", folder.display()))?;
    let place = folder.join(format!("{name}.socket"));
    let lock = folder.join(format!("{name}.lock"));
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(lock)?;
    match lock.try_lock() {
        Ok(()) => {
            let listener = transport::listen(&place).context("nobody can be listened to")?;
            let arrivals = arrivals.clone();
            thread::Builder::new()
                .name("other starts".to_owned())
                .spawn(move || serve(&listener, &arrivals))?;
            Ok(Start::First(Instance { _lock: lock, place }))
        }
        Err(TryLockError::WouldBlock) => {
            hand_over(&place, arrival).context("the window that is open does not answer")?;
            Ok(Start::HandedOver)
        }
        Err(TryLockError::Error(error)) => Err(error).context("the folder has no locks"),
    }
}

/// A folder that only its owner can look into.
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Takes what other starts hand over, for ever.
fn serve(listener: &Listener, arrivals: &Arrivals) {
    loop {
        let taken = listener
            .accept()
            .and_then(|stream| take_over(stream, listener.secret(), arrivals));
        if let Err(error) = taken {
            log::warn!("another start handed nothing over: {error}");
            // An error that stays must not take the processor.
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn take_over(mut stream: Stream, secret: &str, arrivals: &Arrivals) -> io::Result<()> {
    stream.set_timeouts(PATIENCE)?;
    let deadline = Instant::now() + PATIENCE;
    let mut bytes = Vec::new();
    let mut block = [0; 4096];
    while !message::is_whole(&bytes) {
        let read = stream.read(&mut block)?;
        if read == 0 || bytes.len() + read > message::BYTES_MAX || Instant::now() > deadline {
            return Err(io::ErrorKind::InvalidData.into());
        }
        bytes.extend(&block[..read]);
    }
    let message = Message::decode(&bytes, secret).ok_or(io::ErrorKind::InvalidData)?;
    arrivals.push(Arrival::Raise);
    if let Some(arrival) = message.arrival {
        arrivals.push(arrival);
    }
    stream.write_all(TAKEN)
}

fn hand_over(place: &Path, arrival: Option<&Arrival>) -> anyhow::Result<()> {
    let deadline = Instant::now() + BEGINNING;
    let (mut stream, secret) = loop {
        match transport::connect(place) {
            Ok(connected) => break connected,
            Err(error) if Instant::now() > deadline => return Err(error.into()),
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    };
    stream.set_timeouts(PATIENCE)?;
    let message = Message {
        arrival: arrival.cloned(),
    };
    let bytes = message
        .encode(&secret)
        .context("the name of the clip is too long")?;
    stream.write_all(&bytes)?;
    let mut answer = [0; TAKEN.len()];
    stream.read_exact(&mut answer)?;
    anyhow::ensure!(answer == TAKEN, "it answers in another way");
    Ok(())
}

#[cfg(test)]
mod tests;
