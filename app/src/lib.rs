//! The Zoetrope application, free of any platform.
//!
//! A platform's shell calls [`run`] with what it has been asked to open and with its [`Platform`].
//!
//! ```text
//! keys, buttons, dialogs ──Command──▶ Session (Player, camera) ──frame, view──▶ Viewport (renderer)
//! ```

pub mod camera;
pub mod keys;
pub mod open;
pub mod platform;
mod run;
pub mod session;
mod ui;

pub use open::{ClipTarget, OpenClip, open_clip};
pub use platform::{DialogPlatform, NullPlatform, Platform};
pub use run::{RunOptions, run};
pub use ui::{AppOptions, FrameWatch, LostDevice, ZoetropeApp};
