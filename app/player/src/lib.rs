//! Clock, transport, commands and the frame store of the player.
//!
//! [`Player`] decides which frame of a clip is shown when. It never touches pixels, and it has no
//! clock of its own: the caller hands in `now` with every [`Player::tick`].
//!
//! ```text
//! Command ──▶ Transport ──playhead──▶ FrameStore ──Request──▶ Pipeline (Demuxer, Decoder)
//!                                         ▲                        │
//!                                         └──────── Delivery ──────┘
//! ```

pub mod abr;
mod adaptation;
mod command;
#[cfg(not(target_arch = "wasm32"))]
mod decode_thread;
mod error;
mod frame_store;
mod pipeline;
mod plan;
mod play_order;
mod player;
mod prefetch;
mod range_set;
pub mod share_link;
mod stall;
mod state;
mod supplier;
mod transport;

pub use command::{
    Antialiasing, COMMANDS, Command, CommandInfo, Comparison, Group, LoopMode, Quality, RenderScale,
};
#[cfg(not(target_arch = "wasm32"))]
pub use decode_thread::DecodeThread;
pub use error::Error;
pub use frame_store::{FrameSize, FrameStatus, FrameStore, Insert, Lookup};
pub use pipeline::{Clock, Pipeline, Step};
pub use play_order::{PlayOrder, Repeat, Span, Window};
pub use player::{Player, PlayerOptions};
pub use prefetch::AHEAD_BYTES;
pub use range_set::RangeSet;
pub use state::{NetworkState, Picture, PlayerState, WaitCause, Waiting};
pub use supplier::{
    Delivery, DeliveryKind, FrameSupplier, InlineDecoding, Reading, Request, Supply,
};
pub use transport::{Playback, SPEED_MAX, SPEED_MIN, Transport};
