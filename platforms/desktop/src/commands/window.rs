//! Opening the window.

use std::path::Path;
use std::sync::Arc;

use zoetrope_app::{ClipTarget, DialogPlatform, RunOptions};

/// The clip that plays when none is named.
const DEMO: &[u8] = include_bytes!("../../../../assets/demo/biker.zip");

/// Opens the window on `clip`, or on the built-in demo.
///
/// # Errors
/// When there is no display or no way to draw.
pub fn run(clip: Option<&Path>) -> anyhow::Result<()> {
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
    })
}
