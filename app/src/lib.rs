//! The Zoetrope application, free of any platform.
//!
//! A platform's shell calls [`run`] with what it has been asked to open and with its [`Platform`].
//!
//! ```text
//! keys, buttons, dialogs ──Command──▶ Session (Player, camera) ──frame, view──▶ Viewport (renderer)
//! ```

mod adaptive_scale;
pub mod answers;
pub mod arrivals;
pub mod camera;
pub mod film;
pub mod fitting;
pub mod frame_name;
mod fuzzy;
mod jpeg_file;
mod kept;
pub mod keys;
mod known_hosts;
pub mod link;
pub mod log_buffer;
pub mod network;
pub mod notes;
pub mod open;
pub mod pictures;
pub mod platform;
mod png_file;
pub mod recents;
pub mod remembered;
mod run;
mod save_copy;
mod save_frame;
mod screenshot;
pub mod session;
pub mod settings;
pub mod shared_clip;
mod source_video;
pub mod storage;
pub mod text;
mod ui;
mod workers;

pub use arrivals::{Arrival, Arrivals};
pub use open::{ClipTarget, NeuralEngine, OpenClip, OpenOptions, open_clip, open_clip_with};
pub use platform::{NullPlatform, Platform};
pub use run::{RunOptions, run};
pub use save_copy::Progress;
pub use storage::{FolderStorage, MemoryStorage, Storage};
pub use ui::{AppOptions, DemoClip, FrameWatch, LostDevice, ZoetropeApp};
