//! Sound that travels with a clip: coded packets, carried as they are.

use super::boxes::{Fields, FourCc, Parse, need, put_u16, put_u32, write_box, write_full_box};
use crate::limits;

/// A codec of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SoundCodec {
    /// AAC (ISO/IEC 14496-3).
    Aac,
    /// MPEG-1 or MPEG-2 layer III.
    Mp3,
    /// Opus (RFC 6716).
    Opus,
    /// FLAC (RFC 9639).
    Flac,
    /// Whole numbers without compression.
    Pcm,
    /// Floating-point numbers without compression.
    PcmFloat,
}

impl SoundCodec {
    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aac => "AAC",
            Self::Mp3 => "MP3",
            Self::Opus => "Opus",
            Self::Flac => "FLAC",
            Self::Pcm => "PCM",
            Self::PcmFloat => "PCM (floating point)",
        }
    }
}

/// What a decoder must know of a sound track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoundFormat {
    /// Codec.
    pub codec: SoundCodec,
    /// Samples a second of each channel.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u16,
    /// What the codec needs before its first packet: AAC's `AudioSpecificConfig`; the content of
    /// Opus' `dOps` box; FLAC's STREAMINFO block; for PCM two bytes, 1 for little-endian or 0, and the
    /// bits of a sample; nothing for MP3.
    pub config: Vec<u8>,
    /// Ticks a second of all times of the track.
    pub timescale: u32,
    /// Ticks at the track's start that are decoded but not heard (the encoder's own delay).
    pub delay: u32,
}

/// One coded packet of sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoundPacket {
    /// When it begins, in ticks of the track; with [`SoundFormat::delay`] taken off, from the clip's
    /// start.
    pub time: u64,
    /// How long it lasts, in ticks of the track.
    pub duration: u32,
    /// The coded bytes.
    pub bytes: Vec<u8>,
}

/// Sound from a clip's start on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoundTrack {
    /// What a decoder must know.
    pub format: SoundFormat,
    /// The packets by their time.
    pub packets: Vec<SoundPacket>,
}

/// Object types of `esds` (mp4ra.org).
const AAC_OBJECT: u8 = 0x40;
const MPEG1_AUDIO: u8 = 0x6b;
const MPEG2_AUDIO: u8 = 0x69;
/// Tags of the descriptors in `esds` (ISO/IEC 14496-1, 7.2.2).
const ES: u8 = 3;
const DECODER_CONFIG: u8 = 4;
const DECODER_SPECIFIC: u8 = 5;
const SYNC_LAYER: u8 = 6;
/// The head of the only metadata block in `dfLa`: the last one, STREAMINFO, 34 bytes.
const STREAM_INFO: [u8; 4] = [0x80, 0, 0, 34];

/// Appends the track's sample entry.
pub(super) fn write_sound_entry(out: &mut Vec<u8>, format: &SoundFormat) {
    let kind = match format.codec {
        SoundCodec::Aac | SoundCodec::Mp3 => b"mp4a",
        SoundCodec::Opus => b"Opus",
        SoundCodec::Flac => b"fLaC",
        SoundCodec::Pcm => b"ipcm",
        SoundCodec::PcmFloat => b"fpcm",
    };
    write_box(out, kind, |out| {
        out.extend([0; 6]);
        put_u16(out, 1);
        out.extend([0; 8]);
        put_u16(out, format.channels);
        put_u16(out, 16);
        out.extend([0; 4]);
        // 16.16 bits; what does not fit stands in the track's time scale alone.
        put_u32(
            out,
            u16::try_from(format.sample_rate).map_or(0, |rate| u32::from(rate) << 16),
        );
        let config = &format.config;
        match format.codec {
            SoundCodec::Aac => write_esds(out, AAC_OBJECT, Some(config)),
            SoundCodec::Mp3 => write_esds(out, MPEG1_AUDIO, None),
            SoundCodec::Opus => write_box(out, b"dOps", |out| out.extend(config)),
            SoundCodec::Flac => write_full_box(out, b"dfLa", 0, 0, |out| {
                out.extend(STREAM_INFO);
                out.extend(config);
            }),
            SoundCodec::Pcm | SoundCodec::PcmFloat => {
                write_full_box(out, b"pcmC", 0, 0, |out| out.extend(config));
            }
        }
    });
}

fn write_esds(out: &mut Vec<u8>, object: u8, config: Option<&[u8]>) {
    let mut decoder = vec![object, 0x15];
    // Buffer size, largest and mean bit rate: not known, and nobody needs them.
    decoder.extend([0; 11]);
    if let Some(config) = config {
        put_descriptor(&mut decoder, DECODER_SPECIFIC, config);
    }
    let mut stream = vec![0, 0, 0];
    put_descriptor(&mut stream, DECODER_CONFIG, &decoder);
    put_descriptor(&mut stream, SYNC_LAYER, &[2]);
    write_full_box(out, b"esds", 0, 0, |out| put_descriptor(out, ES, &stream));
}

fn put_descriptor(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    // 7 bits each, the highest first; all but the last have their upper bit set.
    for group in (0..4).rev() {
        let bits = (content.len() >> (7 * group)) as u8 & 0x7f;
        out.push(if group > 0 { bits | 0x80 } else { bits });
    }
    out.extend(content);
}

/// Reads the sample entry of a sound track whose times have `timescale`; `None` for a codec that is
/// not known here.
pub(super) fn read_sound_entry(
    kind: FourCc,
    entry: &[u8],
    timescale: u32,
    delay: u32,
) -> Parse<Option<SoundFormat>> {
    let mut fields = Fields::new(entry);
    fields.take(16)?;
    let channels = fields.u16()?;
    fields.take(6)?;
    let sample_rate = match fields.u32()? >> 16 {
        0 => timescale,
        rate => rate,
    };
    let children = fields.rest();
    let (codec, config) = match &kind {
        b"mp4a" => match read_esds(need(children, b"esds")?)? {
            (AAC_OBJECT, Some(config)) => (SoundCodec::Aac, config.to_vec()),
            (MPEG1_AUDIO | MPEG2_AUDIO, _) => (SoundCodec::Mp3, Vec::new()),
            _ => return Ok(None),
        },
        b"Opus" => (SoundCodec::Opus, need(children, b"dOps")?.to_vec()),
        b"fLaC" => {
            let mut fields = Fields::new(need(children, b"dfLa")?);
            fields.take(8)?;
            (SoundCodec::Flac, fields.take(34)?.to_vec())
        }
        b"ipcm" | b"fpcm" => {
            let mut fields = Fields::new(need(children, b"pcmC")?);
            fields.version_and_flags()?;
            let codec = match &kind {
                b"ipcm" => SoundCodec::Pcm,
                _ => SoundCodec::PcmFloat,
            };
            (codec, fields.take(2)?.to_vec())
        }
        _ => return Ok(None),
    };
    if config.len() > limits::MAX_CODEC_CONFIG_BYTES as usize {
        return Err("the header of its sound is too large".to_owned());
    }
    Ok(Some(SoundFormat {
        codec,
        sample_rate,
        channels,
        config,
        timescale,
        delay,
    }))
}

/// The object type and the decoder's own header.
fn read_esds(content: &[u8]) -> Parse<(u8, Option<&[u8]>)> {
    let mut fields = Fields::new(content);
    fields.version_and_flags()?;
    let mut stream = Fields::new(descriptor(&mut fields, ES)?);
    stream.u16()?;
    let flags = stream.u8()?;
    if flags & 0x80 != 0 {
        stream.u16()?;
    }
    if flags & 0x40 != 0 {
        let length = stream.u8()?;
        stream.take(usize::from(length))?;
    }
    if flags & 0x20 != 0 {
        stream.u16()?;
    }
    let mut decoder = Fields::new(descriptor(&mut stream, DECODER_CONFIG)?);
    let object = decoder.u8()?;
    decoder.take(12)?;
    Ok((object, descriptor(&mut decoder, DECODER_SPECIFIC).ok()))
}

/// The content of the next descriptor, which must have that tag.
fn descriptor<'a>(fields: &mut Fields<'a>, tag: u8) -> Parse<&'a [u8]> {
    if fields.u8()? != tag {
        return Err("the header of its sound makes no sense".to_owned());
    }
    let mut length = 0_usize;
    for _ in 0..4 {
        let byte = fields.u8()?;
        length = length << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    fields.take(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::zoe::boxes::boxes;

    #[test]
    fn every_codec_is_written_and_read() {
        for (codec, config, sample_rate) in [
            (SoundCodec::Aac, vec![0x11, 0x90], 48000),
            (SoundCodec::Aac, vec![7; 300], 44100),
            (SoundCodec::Mp3, vec![], 44100),
            (
                SoundCodec::Opus,
                vec![0, 2, 0, 0, 0, 0, 0xbb, 0x80, 0, 0, 0],
                48000,
            ),
            (SoundCodec::Flac, (0..34).collect(), 96000),
            (SoundCodec::Pcm, vec![1, 24], 192_000),
            (SoundCodec::PcmFloat, vec![0, 32], 8000),
        ] {
            let format = SoundFormat {
                codec,
                sample_rate,
                channels: 2,
                config,
                timescale: sample_rate,
                delay: 1024,
            };
            let mut bytes = Vec::new();
            write_sound_entry(&mut bytes, &format);
            let entry = boxes(&bytes).next().expect("is one").expect("is whole");
            let read = |content| read_sound_entry(entry.kind, content, sample_rate, 1024);
            assert_eq!(read(entry.content), Ok(Some(format)));
            for cut in 0..entry.content.len() {
                // Without the header there is nothing to decode.
                assert!(!matches!(read(&entry.content[..cut]), Ok(Some(_))), "{cut}");
            }
            assert_eq!(read_sound_entry(*b"ac-3", entry.content, 1, 0), Ok(None));
        }
    }
}
