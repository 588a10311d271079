//! Opening the window.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use zoetrope_app::{
    Arrival, Arrivals, DemoClip, FolderStorage, MemoryStorage, OpenOptions, RunOptions, Storage,
};

use crate::desktop::{Desktop, config_folder, runtime_folder};
use crate::instance::{self, Start};
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

/// Opens the window on `clip`, a path or a link, or on whatever the settings say, at first the built-in
/// demo. Where a window is open already it gets the clip instead, unless a `new_window` is wanted.
///
/// # Errors
/// When there is no display or no way to draw.
pub fn run(
    clip: Option<&Path>,
    new_window: bool,
    open: OpenOptions,
    measure: Option<Measure>,
) -> anyhow::Result<()> {
    if !has_display() {
        anyhow::bail!(
            "there is no display to open a window on; start it in a desktop session, or use a \
             sub-command, which needs none (zoetrope --help)"
        );
    }
    let arrivals = Arc::new(Arrivals::default());
    let arrival = clip.map(Arrival::of_argument);
    let mut first = None;
    if !new_window && measure.is_none() {
        match agree(arrival.as_ref(), &arrivals) {
            Ok(Start::HandedOver) => return Ok(()),
            Ok(Start::First(instance)) => first = Some(instance),
            // Two windows are better than none.
            Err(error) => log::warn!("other starts cannot be reached: {error:#}"),
        }
    }
    if let Some(arrival) = arrival {
        arrivals.push(arrival);
    }
    let storage: Arc<dyn Storage> = match config_folder() {
        Some(folder) => Arc::new(FolderStorage::new(folder)),
        // Without a home nothing can be kept, and everything else works.
        None => Arc::new(MemoryStorage::default()),
    };
    let result = zoetrope_app::run(RunOptions {
        arrivals,
        demos: demos(),
        platform: Arc::new(Desktop),
        storage,
        open,
        watch: measure.map(Measure::into_watch),
    });
    drop(first);
    result
}

/// Agrees with the other starts on this display about who shows what.
fn agree(arrival: Option<&Arrival>, arrivals: &Arc<Arrivals>) -> anyhow::Result<Start> {
    let folder = runtime_folder().context("there is no folder for it")?;
    // A window on another display cannot come to the front of this one.
    let displays = DISPLAYS.iter().filter_map(|name| std::env::var(name).ok());
    let display = displays.collect::<Vec<_>>().join("-");
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter
        } else {
            '_'
        }
    };
    let display: String = display.chars().map(plain).take(40).collect();
    instance::start(&folder, &format!("window-{display}"), arrival, arrivals)
}

/// Whether a window can be expected to open.
pub fn has_display() -> bool {
    !cfg!(target_os = "linux") || DISPLAYS.iter().any(|name| std::env::var_os(name).is_some())
}
