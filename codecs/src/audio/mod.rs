//! Sound files: their coded packets, without decoding them.

mod config;
mod stream;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use symphonia::core::audio::Channels;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

pub use config::swap_opus_fields;

use crate::container::zoe::{SoundFormat, SoundPacket, SoundTrack};
use crate::source::Source;
use crate::{Cancel, Error, Result, limits};
use stream::SourceStream;

/// Reads the first sound track of a file: AAC (M4A, MP4 or ADTS), MP3, Opus (Ogg or MP4), FLAC and WAV.
///
/// # Errors
/// [`Error::Unsupported`] for anything else, with what would work; [`Error::Limit`] above
/// [`limits::MAX_SOUND_BYTES`]; [`Error::Cancelled`] within 100 ms of `cancel`.
pub fn read_sound(source: Arc<dyn Source>, cancel: &Cancel) -> Result<SoundTrack> {
    let name = source.name().to_owned();
    // The library is young: what it does not expect must not take the program with it.
    catch_unwind(AssertUnwindSafe(|| read(source, cancel))).unwrap_or_else(|_| {
        Err(Error::malformed(
            name,
            "its sound cannot be read; convert it to AAC, FLAC or WAV",
        ))
    })
}

fn read(source: Arc<dyn Source>, cancel: &Cancel) -> Result<SoundTrack> {
    let name = source.name().to_owned();
    // The packets take no more than the file, and lie in memory together.
    limits::check(
        &name,
        "bytes of sound",
        source.len(),
        limits::MAX_SOUND_BYTES,
    )?;
    let stream = SourceStream::new(source.clone(), cancel.clone());
    let stream = MediaSourceStream::new(Box::new(stream), MediaSourceStreamOptions::default());
    let mut reader = symphonia::default::get_probe()
        .probe(
            &Hint::new(),
            stream,
            FormatOptions::default(),
            MetadataOptions::default(),
        )
        .map_err(|error| refusal(&name, cancel, &error))?;
    let (id, format) = {
        let track = reader.default_track(TrackType::Audio);
        let track = track.ok_or_else(|| Error::unsupported(&name, "there is no sound in it"))?;
        let Some(CodecParameters::Audio(parameters)) = &track.codec_params else {
            return Err(Error::unsupported(&name, "there is no sound in it"));
        };
        let timescale = track
            .time_base
            .filter(|base| base.numer.get() == 1)
            .map(|base| base.denom.get());
        let delay = match track.delay {
            Some(delay) => delay,
            None => config::delay_of_mp4(&*source, cancel)?,
        };
        let (codec, config) = config::codec_and_config(&*source, parameters, cancel)?;
        let channels = parameters.channels.as_ref().map_or(0, Channels::count);
        let format = SoundFormat {
            codec,
            sample_rate: parameters.sample_rate.unwrap_or(0),
            channels: u16::try_from(channels).unwrap_or(0),
            config,
            timescale: timescale.or(parameters.sample_rate).unwrap_or(0),
            delay,
        };
        if format.timescale == 0 || format.channels == 0 {
            return Err(Error::malformed(
                &name,
                "its sound has no sample rate or no channels",
            ));
        }
        (track.id, format)
    };
    let packets = read_packets(&mut *reader, id, &name, cancel)?;
    if packets.is_empty() {
        return Err(Error::malformed(&name, "there is no sound in it"));
    }
    Ok(SoundTrack { format, packets })
}

fn read_packets(
    reader: &mut dyn FormatReader,
    track: u32,
    name: &str,
    cancel: &Cancel,
) -> Result<Vec<SoundPacket>> {
    let mut packets: Vec<SoundPacket> = Vec::new();
    let mut last_start = 0;
    loop {
        cancel.check()?;
        let packet = match reader.next_packet() {
            Ok(Some(packet)) => packet,
            // A file that is cut short ends where it ends.
            Ok(None) | Err(SymphoniaError::IoError(_)) => {
                cancel.check()?;
                return Ok(packets);
            }
            Err(error) => return Err(refusal(name, cancel, &error)),
        };
        if packet.track_id != track {
            continue;
        }
        // A packet lasts until the next one begins: the durations that come with the packets leave
        // out, or count twice, what a player does not let be heard at both ends.
        let mut duration = packet
            .dur
            .saturating_add(packet.trim_start)
            .saturating_add(packet.trim_end)
            .get();
        let start = packet.pts.get();
        let mut time = 0;
        if let Some(last) = packets.last_mut() {
            let lasted = start.saturating_sub(last_start).max(0).cast_unsigned();
            duration = duration.min(lasted);
            last.duration = u32::try_from(lasted).unwrap_or(u32::MAX);
            time = last.time + u64::from(last.duration);
        }
        last_start = start;
        packets.push(SoundPacket {
            time,
            duration: u32::try_from(duration).unwrap_or(u32::MAX),
            bytes: packet.data.into_vec(),
        });
    }
}

/// The error for a file that the library does not read.
fn refusal(name: &str, cancel: &Cancel, error: &SymphoniaError) -> Error {
    if cancel.is_cancelled() {
        return Error::Cancelled;
    }
    Error::unsupported(
        name,
        format!(
            "its sound cannot be read ({error}); AAC (M4A), MP3, Opus, FLAC and WAV files work"
        ),
    )
}
