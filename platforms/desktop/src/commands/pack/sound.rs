//! The sound that goes with a packed clip.

use std::sync::Arc;

use anyhow::bail;
use zoetrope_codecs::audio::read_sound;
use zoetrope_codecs::container::zoe::SoundTrack;
use zoetrope_codecs::source::FileSource;
use zoetrope_codecs::{Cancel, FrameReader, limits};

use crate::cli::PackArgs;

/// The sound of the file that was named, else that of the input: its first track.
///
/// # Errors
/// When it cannot be read, or is too long.
pub fn of(
    args: &PackArgs,
    input: &mut FrameReader,
    cancel: &Cancel,
) -> anyhow::Result<Option<SoundTrack>> {
    if let Some(path) = &args.audio {
        let source = FileSource::open(path)?;
        return Ok(Some(read_sound(Arc::new(source), cancel)?));
    }
    let rate = args.fps.unwrap_or(input.info().frame_rate);
    let Some(format) = input.demuxer().sounds().first().cloned() else {
        return Ok(None);
    };
    if rate != input.info().frame_rate {
        log::warn!("the input's sound is left out, since it does not fit another frame rate");
        return Ok(None);
    }
    let mut track = SoundTrack {
        format,
        packets: Vec::new(),
    };
    let mut bytes = 0;
    for group in 0..input.groups().len() {
        let mut read = input.demuxer().read_sound(group, cancel)?;
        if read.is_empty() {
            continue;
        }
        let packets = read.swap_remove(0);
        bytes += packets
            .iter()
            .map(|packet| packet.bytes.len() as u64)
            .sum::<u64>();
        if bytes > limits::MAX_SOUND_BYTES {
            bail!("the input's sound is too long; give it as a compressed file with --audio");
        }
        track.packets.extend(packets);
    }
    Ok(Some(track))
}
