//! From the name of a clip to its frames, for commands that need no player.

use std::path::Path;

use zoetrope_app::link::{follow, target_of_argument};
use zoetrope_app::open::is_link;
use zoetrope_app::{ClipTarget, OpenOptions, open_clip_with};
use zoetrope_codecs::{Cancel, FrameReader};
use zoetrope_player::share_link::ShareLink;

/// Opens a file, a folder, a glob, an address or a link, as the window does.
///
/// # Errors
/// When it is not there or holds no clip.
pub fn open(clip: impl AsRef<Path>, cancel: &Cancel) -> anyhow::Result<FrameReader> {
    open_with(clip, &OpenOptions::default(), cancel)
}

/// As [`open`], in a way that somebody chose.
///
/// # Errors
/// As [`open`].
pub fn open_with(
    clip: impl AsRef<Path>,
    options: &OpenOptions,
    cancel: &Cancel,
) -> anyhow::Result<FrameReader> {
    let opened = open_clip_with(&target_of(clip.as_ref())?, options, cancel)?;
    Ok(FrameReader::new(opened.demuxer, opened.decoder))
}

/// What is named on the command line.
///
/// # Errors
/// When it is a link that leads to no clip.
pub fn target_of(clip: &Path) -> anyhow::Result<ClipTarget> {
    match clip.to_str() {
        Some(link) if is_link(clip) => Ok(follow(&ShareLink::parse(link)?)?.target),
        _ => Ok(target_of_argument(clip)),
    }
}
