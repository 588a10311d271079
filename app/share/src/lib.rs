//! Serves one clip on the local network, for as long as it is wanted.
//!
//! Nothing but the clip's own files can be reached: they are listed before the server starts, and a
//! request is looked up in that list, below a name that nobody can guess. Only reading is possible, in
//! ranges, from web pages as well (CORS).
//!
//! ```text
//! http://ADDRESS:PORT/NAME/            a page for people: what this is, and how to open it
//! http://ADDRESS:PORT/NAME/dance.zoe   the clip
//! ```

mod address;
mod answer;
mod body;
mod connection;
mod error;
mod files;
mod page;
mod qr;
mod range;
mod server;

pub use address::local_address;
pub use error::Error;
pub use files::{Content, Share, SharedFile};
pub use qr::QrCode;
pub use server::{Options, Server, Visitors};

/// A name that nobody can guess: 128 bits out of the system's randomness.
///
/// # Errors
/// When the system has none.
pub fn random_name() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::NoRandomness(error.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
