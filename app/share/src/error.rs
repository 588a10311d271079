//! What can go wrong. Each message is a sentence for the person who shares.

use std::io;
use std::net::SocketAddr;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The machine has no address that others could reach.
    #[error("this computer is on no network; connect it to one, or bind to an address of your own")]
    NoNetwork,
    /// Nobody can be listened to there.
    #[error("cannot listen on {address}: {error}; choose another address or port")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// A file of the clip cannot be used.
    #[error("cannot share {path}: {error}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// A file that lies outside of the clip's folder.
    #[error(
        "cannot share {0}: it is a link to a file outside of the clip; put the file itself there"
    )]
    Outside(String),
    /// More files than a clip has.
    #[error("the clip has more than {0} files; share a smaller one")]
    TooManyFiles(usize),
    /// There is nothing to be served.
    #[error("the clip has no files")]
    Empty,
    /// The system has no randomness.
    #[error("the system has no randomness for a secret address: {0}")]
    NoRandomness(String),
    /// The system has no thread or timer.
    #[error("cannot start serving: {0}; close other programs and try again")]
    Start(io::Error),
}
