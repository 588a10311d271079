//! Opening the window.

use std::path::Path;
use std::sync::Arc;

use zoetrope_app::{ClipTarget, DialogPlatform, RunOptions};

use crate::measure::Measure;

/// The clip that plays when none is named.
pub const DEMO: &[u8] = include_bytes!("../../../../assets/demo/biker.zip");

/// Where Linux programs are told their display.
const DISPLAYS: [&str; 3] = ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"];

/// Opens the window on `clip`, or on the built-in demo.
///
/// # Errors
/// When there is no display or no way to draw.
pub fn run(clip: Option<&Path>, measure: Option<Measure>) -> anyhow::Result<()> {
    if !has_display() {
        anyhow::bail!(
            "there is no display to open a window on; start it in a desktop session, or use a \
             sub-command, which needs none (zoetrope --help)"
        );
    }
    let clip = clip.map_or_else(
        || ClipTarget::Memory {
            name: "Biker".to_owned(),
            bytes: DEMO.into(),
        },
        ClipTarget::from,
    );
    zoetrope_app::run(RunOptions {
        clip: Some(clip),
        platform: Arc::new(DialogPlatform),
        watch: measure.map(Measure::into_watch),
    })
}

/// Whether a window can be expected to open.
pub fn has_display() -> bool {
    !cfg!(target_os = "linux") || DISPLAYS.iter().any(|name| std::env::var_os(name).is_some())
}
