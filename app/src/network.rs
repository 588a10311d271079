//! The network that all clips share.

use std::path::PathBuf;
use std::sync::OnceLock;

use zoetrope_http::{Network, NetworkOptions};

/// Started by the first clip that needs it.
static NETWORK: OnceLock<Network> = OnceLock::new();

/// The network, with its caches in memory only unless [`keep_clips_in`] was called before.
pub fn network() -> &'static Network {
    NETWORK.get_or_init(|| Network::new(NetworkOptions::default()))
}

/// Keeps what comes over the network in `folder` for the next time. Called by a platform's shell,
/// before anything is opened.
pub fn keep_clips_in(folder: PathBuf) {
    let options = NetworkOptions {
        disk_folder: Some(folder),
        ..NetworkOptions::default()
    };
    if NETWORK.set(Network::new(options)).is_err() {
        log::warn!("a clip was opened before the cache folder was known; it is not used");
    }
}
