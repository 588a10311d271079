//! Opening the window.

use std::path::Path;
use std::sync::Arc;

use zoetrope_app::{ClipTarget, DemoClip, FolderStorage, MemoryStorage, RunOptions, Storage};

use crate::desktop::{Desktop, config_folder};
use crate::measure::Measure;

/// Where Linux programs are told their display.
const DISPLAYS: [&str; 3] = ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"];

/// The built-in clips; the first plays when none is named.
pub fn demos() -> Vec<DemoClip> {
    vec![
        DemoClip {
            name: "Biker".to_owned(),
            bytes: include_bytes!("../../../../assets/demo/biker.zip"),
            sheet: include_bytes!("../../../../assets/demo/biker.png"),
            sheet_pictures: 28,
        },
        DemoClip {
            name: "Wave".to_owned(),
            bytes: include_bytes!("../../../../assets/demo/wave.zip"),
            sheet: include_bytes!("../../../../assets/demo/wave.png"),
            sheet_pictures: 28,
        },
    ]
}

/// Opens the window on `clip`, or on whatever the settings say, at first the built-in demo.
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
    let storage: Arc<dyn Storage> = match config_folder() {
        Some(folder) => Arc::new(FolderStorage::new(folder)),
        // Without a home nothing can be kept, and everything else works.
        None => Arc::new(MemoryStorage::default()),
    };
    zoetrope_app::run(RunOptions {
        clip: clip.map(ClipTarget::from),
        demos: demos(),
        platform: Arc::new(Desktop),
        storage,
        watch: measure.map(Measure::into_watch),
    })
}

/// Whether a window can be expected to open.
pub fn has_display() -> bool {
    !cfg!(target_os = "linux") || DISPLAYS.iter().any(|name| std::env::var_os(name).is_some())
}
