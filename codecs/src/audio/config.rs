//! What a decoder must know before the first packet, as our clips carry it.

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known as codecs;

use crate::container::zoe::{SoundCodec, delay_of_sound, movie_box};
use crate::source::Source;
use crate::{Cancel, Error, Result, limits};

/// The first bytes of Opus' header, which are left out in MP4.
const OPUS_MAGIC: &[u8] = b"OpusHead";
/// Bytes of an Opus header between its version and its channel mapping.
const OPUS_FIELDS: usize = 9;
/// Bytes in which the first frame of an ADTS file is looked for.
const ADTS_HEAD_BYTES: u64 = 10;
/// Bytes of the head of an ID3v2 tag.
const ID3_HEAD_BYTES: u64 = 10;

/// The codec of a track, and its header.
pub(super) fn codec_and_config(
    source: &dyn Source,
    parameters: &AudioCodecParameters,
    cancel: &Cancel,
) -> Result<(SoundCodec, Vec<u8>)> {
    let extra = parameters.extra_data.as_deref().unwrap_or_default();
    if extra.len() as u64 > limits::MAX_CODEC_CONFIG_BYTES {
        return Err(Error::malformed(
            source.name(),
            "the header of its sound is too large",
        ));
    }
    let pcm = |little: u8, bits: u8| Ok((SoundCodec::Pcm, vec![little, bits]));
    match parameters.codec {
        codecs::CODEC_ID_AAC if extra.is_empty() => {
            Ok((SoundCodec::Aac, adts_config(source, cancel)?))
        }
        codecs::CODEC_ID_AAC => Ok((SoundCodec::Aac, extra.to_vec())),
        codecs::CODEC_ID_MP3 => Ok((SoundCodec::Mp3, Vec::new())),
        codecs::CODEC_ID_OPUS => opus_config(extra)
            .map(|config| (SoundCodec::Opus, config))
            .ok_or_else(|| Error::malformed(source.name(), "its Opus header is cut short")),
        codecs::CODEC_ID_FLAC if extra.len() == 34 => Ok((SoundCodec::Flac, extra.to_vec())),
        codecs::CODEC_ID_PCM_S16LE => pcm(1, 16),
        codecs::CODEC_ID_PCM_S24LE => pcm(1, 24),
        codecs::CODEC_ID_PCM_S32LE => pcm(1, 32),
        codecs::CODEC_ID_PCM_F32LE => Ok((SoundCodec::PcmFloat, vec![1, 32])),
        codecs::CODEC_ID_PCM_F64LE => Ok((SoundCodec::PcmFloat, vec![1, 64])),
        codecs::CODEC_ID_VORBIS => Err(Error::unsupported(
            source.name(),
            "it is Vorbis sound, which a clip cannot carry; convert it to Opus or AAC",
        )),
        _ => Err(Error::unsupported(
            source.name(),
            "its sound has a codec that a clip cannot carry; convert it to AAC, Opus, FLAC or WAV \
             with 16 bits",
        )),
    }
}

/// The content of `dOps` out of the header that Ogg has (RFC 7845, 5.1), which is little-endian, or out
/// of that of MP4 itself.
fn opus_config(head: &[u8]) -> Option<Vec<u8>> {
    let content = head.strip_prefix(OPUS_MAGIC)?;
    let (version, rest) = content.split_first()?;
    if *version == 0 {
        return (content.len() >= 11).then(|| content.to_vec());
    }
    let fields = swap_opus_fields(rest).filter(|fields| fields.len() > OPUS_FIELDS)?;
    Some([&[0], &fields[..]].concat())
}

/// An Opus header behind its version (RFC 7845, 5.1) in the other byte order: MP4 has it big-endian, all
/// others little-endian. `None` when it is too short.
pub fn swap_opus_fields(fields: &[u8]) -> Option<Vec<u8>> {
    let mut swapped = fields.to_vec();
    // Samples to skip, sample rate, gain; a number of channels stands before them.
    for number in [1..3, 3..7, 7..OPUS_FIELDS] {
        swapped.get_mut(number)?.reverse();
    }
    Some(swapped)
}

/// AAC's header out of the first frame of an ADTS file (ISO/IEC 13818-7, 6.2), which may have an ID3
/// tag in front.
fn adts_config(source: &dyn Source, cancel: &Cancel) -> Result<Vec<u8>> {
    let head = |at: u64| {
        let end = at.saturating_add(ADTS_HEAD_BYTES).min(source.len());
        source.read(at.min(end)..end, cancel)
    };
    let mut bytes = head(0)?;
    if let [b'I', b'D', b'3', _, _, _, size @ ..] = &bytes[..]
        && size.len() >= 4
    {
        let size = size[..4]
            .iter()
            .fold(0, |size, seven| size << 7 | u64::from(seven & 0x7f));
        bytes = head(ID3_HEAD_BYTES + size)?;
    }
    let [0xff, b1, b2, b3, ..] = bytes[..] else {
        return Err(no_adts(source));
    };
    if b1 & 0xf6 != 0xf0 {
        return Err(no_adts(source));
    }
    let object = u16::from(b2 >> 6) + 1;
    let rate = u16::from(b2 >> 2 & 0xf);
    let channels = u16::from(b2 & 1) << 2 | u16::from(b3 >> 6);
    let config = object << 11 | rate << 7 | channels << 3;
    Ok(config.to_be_bytes().to_vec())
}

fn no_adts(source: &dyn Source) -> Error {
    Error::unsupported(
        source.name(),
        "its AAC sound has no header at its start; put it into an M4A file",
    )
}

/// The ticks that an MP4 file leaves out at the start of its first sound track; 0 for any other file.
pub(super) fn delay_of_mp4(source: &dyn Source, cancel: &Cancel) -> Result<u32> {
    let movie = movie_box(source, cancel)?;
    Ok(movie.map_or(0, |movie| delay_of_sound(&movie)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemorySource;

    #[test]
    fn opus_headers_become_those_of_mp4() {
        let ogg = b"OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x02\x01\x00";
        let mp4 = b"OpusHead\x00\x02\x01\x38\x00\x00\xbb\x80\x01\x02\x00";
        let config = mp4[8..].to_vec();
        assert_eq!(opus_config(ogg), Some(config.clone()));
        assert_eq!(opus_config(mp4), Some(config));
        for cut in 0..ogg.len() {
            assert_eq!(opus_config(&ogg[..cut]), None);
            assert_eq!(opus_config(&mp4[..cut]), None);
        }
    }

    #[test]
    fn adts_headers_become_those_of_mp4() {
        // AAC LC, 48 kHz, stereo.
        let frame = [0xff, 0xf1, 0x4c, 0x80, 0x20, 0x1f, 0xfc];
        let config = |bytes: &[u8]| {
            let source = MemorySource::new("a.aac", bytes);
            adts_config(&source, &Cancel::new())
        };
        assert_eq!(config(&frame).expect("is one"), [0x11, 0x90]);
        let mut tagged = b"ID3\x04\x00\x00\x00\x00\x01\x02".to_vec();
        tagged.extend([0; 130]);
        tagged.extend(frame);
        assert_eq!(config(&tagged).expect("is one"), [0x11, 0x90]);
        for bytes in [
            &frame[..3],
            b"",
            b"ID3\x04",
            b"\xff\x00\x4c\x80",
            &tagged[..20],
        ] {
            assert!(config(bytes).is_err());
        }
    }
}
