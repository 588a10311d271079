//! From the name of a clip to its frames, for commands that need no player.

use zoetrope_app::{ClipTarget, open_clip};
use zoetrope_codecs::{Cancel, FrameReader};

/// Opens a file, a folder or a glob, as the window does.
///
/// # Errors
/// When it is not there or holds no clip.
pub fn open(clip: impl Into<ClipTarget>, cancel: &Cancel) -> anyhow::Result<FrameReader> {
    let opened = open_clip(&clip.into(), cancel)?;
    Ok(FrameReader::new(opened.demuxer, opened.decoder))
}
