//! Clips from web servers, behind the seams of [`zoetrope_codecs::source`].
//!
//! A [`Network`] owns one I/O thread and what it shares: connections, and a cache of blocks in
//! memory and on disk. Those who read ([`HttpSource`], [`HttpFolder`]) say what they want and block
//! until it is there; the thread looks at all wishes at once and decides what to ask for.

mod block_cache;
mod client;
mod disk_cache;
mod fault;
mod folder;
mod inspect;
mod locate;
mod network;
mod page;
mod plan;
mod response;
mod source;
mod state;
mod timing;
mod transfer;

pub use folder::HttpFolder;
pub use inspect::{Check, inspect};
pub use locate::open_link;
pub use network::{Network, NetworkOptions};
pub use source::HttpSource;
