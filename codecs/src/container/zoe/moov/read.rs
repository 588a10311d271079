//! Reading of the movie box.

use std::collections::BTreeMap;

use super::{GAUSSIANS, JSON, LEVEL_BY_TRACK, NEURAL_CONFIG, NEURAL_ENTRY, SIDE_ENTRY, VideoEntry};
use crate::container::zoe::boxes::{Fields, FourCc, Parse, boxes, find, need};
use crate::container::zoe::fragment::TrackDefaults;
use crate::container::zoe::meta::FrameRate;
use crate::container::zoe::sound::{SoundFormat, read_sound_entry};
use crate::{LayerKind, VideoCodec, limits};

/// Bytes of an entry of a video track in front of its boxes.
const VISUAL_ENTRY_BYTES: usize = 78;

/// The tracks of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::container::zoe) struct LayerTracks {
    pub(in crate::container::zoe) kind: LayerKind,
    pub(in crate::container::zoe) video: u32,
    pub(in crate::container::zoe) side: u32,
    /// `None` for a codec that is not known here.
    pub(in crate::container::zoe) entries: Vec<Option<VideoEntry>>,
    /// Ticks that are taken off the time of presentation of every picture.
    pub(in crate::container::zoe) delay: u32,
    /// Levels that must be read for this layer and those below it.
    pub(in crate::container::zoe) levels: usize,
}

/// The track of neural video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::container::zoe) struct NeuralTrack {
    pub(in crate::container::zoe) video: u32,
    /// The configurations; `None` for an entry of another kind.
    pub(in crate::container::zoe) entries: Vec<Option<Vec<u8>>>,
    /// Ticks that are taken off the time of presentation of every sample.
    pub(in crate::container::zoe) delay: u32,
    /// Levels that must be read for all frames.
    pub(in crate::container::zoe) levels: usize,
}

/// What a movie box says.
#[derive(Debug)]
pub(in crate::container::zoe) struct Movie<'a> {
    pub(in crate::container::zoe) frame_rate: FrameRate,
    /// The layers of Gaussians; none of neural video.
    pub(in crate::container::zoe) layers: Vec<LayerTracks>,
    pub(in crate::container::zoe) neural: Option<NeuralTrack>,
    /// The sound tracks of known codecs.
    pub(in crate::container::zoe) sounds: Vec<(u32, SoundFormat)>,
    /// Sound tracks of codecs that are not known here.
    pub(in crate::container::zoe) foreign_sounds: usize,
    pub(in crate::container::zoe) defaults: BTreeMap<u32, TrackDefaults>,
    pub(in crate::container::zoe) level_count: usize,
    pub(in crate::container::zoe) json: &'a [u8],
    /// Gaussians in each group; empty where the file does not tell.
    pub(in crate::container::zoe) gaussians: Vec<u32>,
}

/// A track of a kind that matters here.
struct ReadTrack {
    id: u32,
    timescale: u32,
    /// Ticks at the start that are not presented.
    delay: u32,
    describes: Option<u32>,
    content: Content,
}

enum Content {
    Video(Vec<Option<VideoEntry>>),
    Neural(Vec<Option<Vec<u8>>>),
    Side { layer: u8, kind: LayerKind },
    Sound(SoundFormat),
    ForeignSound,
    Other,
}

impl<'a> Movie<'a> {
    /// Reads the content of `moov`.
    pub(in crate::container::zoe) fn read(moov: &'a [u8]) -> Parse<Self> {
        let mut tracks = Vec::new();
        for found in boxes(moov) {
            let found = found?;
            if found.kind == *b"trak" {
                if tracks.len() == limits::MAX_TRACKS {
                    return Err(format!("it has more than {} tracks", limits::MAX_TRACKS));
                }
                tracks.push(read_track(found.content)?);
            }
        }
        let extends = need(moov, b"mvex")?;
        let defaults = read_defaults(extends)?;
        let level_tracks = read_levels(extends)?;
        let layers = pair_layers(&tracks, &level_tracks)?;
        // A flat video beside layers of Gaussians would be something that is not known yet.
        let neural = match layers.first() {
            Some(_) => None,
            None => find_neural(&tracks, &level_tracks)?,
        };
        let base = layers.first().map(|base| base.video);
        let base = base.or(neural.as_ref().map(|track| track.video));
        let base = base.ok_or("it has no layers")?;
        let timescale = |id| {
            let track = tracks.iter().find(|track: &&ReadTrack| track.id == id);
            track.map_or(0, |track| track.timescale)
        };
        let numerator = timescale(base);
        if layers
            .iter()
            .any(|layer| timescale(layer.video) != numerator || timescale(layer.side) != numerator)
        {
            return Err("its layers differ in their time scale".to_owned());
        }
        let frame_rate = FrameRate {
            numerator,
            denominator: defaults.get(&base).map_or(0, |track| track.duration),
        };
        if !limits::FRAME_RATES.contains(&frame_rate.per_second()) {
            return Err("its frame rate makes no sense".to_owned());
        }
        let foreign_sounds = tracks
            .iter()
            .filter(|track| matches!(track.content, Content::ForeignSound))
            .count();
        let sounds: Vec<(u32, SoundFormat)> = tracks
            .into_iter()
            .filter_map(|track| match track.content {
                Content::Sound(format) => Some((track.id, format)),
                _ => None,
            })
            .collect();
        let user_data = find(moov, b"udta")?.unwrap_or_default();
        Ok(Self {
            frame_rate,
            layers,
            neural,
            sounds,
            foreign_sounds,
            defaults,
            level_count: level_tracks.len(),
            json: find(user_data, JSON)?.unwrap_or_default(),
            gaussians: find(user_data, GAUSSIANS)?
                .map(read_gaussians)
                .transpose()?
                .unwrap_or_default(),
        })
    }
}

/// Finds the video of each side track, and the levels that each layer takes.
fn pair_layers(tracks: &[ReadTrack], level_tracks: &[u32]) -> Parse<Vec<LayerTracks>> {
    let mut layers: Vec<LayerTracks> = Vec::new();
    for layer in 0..limits::MAX_LAYERS {
        let side = tracks.iter().find_map(|track| match track.content {
            Content::Side { layer: of, kind } if usize::from(of) == layer => {
                Some((track.id, track.describes, kind))
            }
            _ => None,
        });
        let Some((side, video, kind)) = side else {
            break;
        };
        let (video, delay, entries) = tracks
            .iter()
            .find_map(|track| match &track.content {
                Content::Video(entries) if Some(track.id) == video => {
                    Some((track.id, track.delay, entries.clone()))
                }
                _ => None,
            })
            .ok_or_else(|| format!("its layer {layer} has no video"))?;
        let last = level_tracks.iter().rposition(|track| *track == video);
        let levels = last.map_or(0, |last| last + 1);
        if levels <= layers.last().map_or(1, |below| below.levels) {
            return Err(format!("its layer {layer} has no level of its own"));
        }
        layers.push(LayerTracks {
            kind,
            video,
            side,
            entries,
            delay,
            levels,
        });
    }
    let base = layers.first().map(|base| &base.video);
    if base.is_some() && level_tracks.first() != base {
        return Err("its first level is not that of its base layer".to_owned());
    }
    let beyond = |track: &ReadTrack| matches!(track.content, Content::Side { layer, .. } if usize::from(layer) >= layers.len());
    if tracks.iter().any(beyond) {
        return Err(format!(
            "its layers are not numbered from 0 on, or are more than {}",
            limits::MAX_LAYERS
        ));
    }
    Ok(layers)
}

/// The track of neural video, which must be that of the first levels.
fn find_neural(tracks: &[ReadTrack], level_tracks: &[u32]) -> Parse<Option<NeuralTrack>> {
    let found = tracks.iter().find_map(|track| match &track.content {
        Content::Neural(entries) => Some((track, entries)),
        _ => None,
    });
    let Some((track, entries)) = found else {
        return Ok(None);
    };
    let of_track = level_tracks.iter().take_while(|level| **level == track.id);
    let levels = of_track.count();
    if levels < 2 || level_tracks[levels..].contains(&track.id) {
        return Err("its levels are not those of a neural video".to_owned());
    }
    Ok(Some(NeuralTrack {
        video: track.id,
        entries: entries.clone(),
        delay: track.delay,
        levels,
    }))
}

fn read_track(trak: &[u8]) -> Parse<ReadTrack> {
    let mut fields = Fields::new(need(trak, b"tkhd")?);
    let (version, _) = fields.version_and_flags()?;
    fields.take(if version == 0 { 8 } else { 16 })?;
    let id = fields.u32()?;
    let describes = match find(trak, b"tref")? {
        Some(references) => match find(references, b"cdsc")? {
            Some(tracks) => Some(Fields::new(tracks).u32()?),
            None => None,
        },
        None => None,
    };
    let media = need(trak, b"mdia")?;
    let mut fields = Fields::new(need(media, b"mdhd")?);
    let (version, _) = fields.version_and_flags()?;
    fields.take(if version == 0 { 8 } else { 16 })?;
    let timescale = fields.u32()?;
    let mut fields = Fields::new(need(media, b"hdlr")?);
    fields.take(8)?;
    let handler = fields.four_cc()?;
    let table = need(need(media, b"minf")?, b"stbl")?;
    let mut fields = Fields::new(need(table, b"stsd")?);
    fields.take(8)?;
    let entries = fields.rest();
    let delay = read_delay(trak)?;
    let content = match &handler {
        b"vide" if find(entries, NEURAL_ENTRY)?.is_some() => {
            Content::Neural(read_entries(entries, read_neural_entry)?)
        }
        b"vide" => Content::Video(read_entries(entries, read_video_entry)?),
        b"meta" => read_side_entry(entries)?,
        b"soun" => match boxes(entries).next().transpose()? {
            Some(entry) => match read_sound_entry(entry.kind, entry.content, timescale, delay)? {
                Some(format) if timescale > 0 => Content::Sound(format),
                _ => Content::ForeignSound,
            },
            None => Content::ForeignSound,
        },
        _ => Content::Other,
    };
    Ok(ReadTrack {
        id,
        timescale,
        delay,
        describes,
        content,
    })
}

fn read_entries<T>(
    entries: &[u8],
    read: impl Fn(FourCc, &[u8]) -> Parse<Option<T>>,
) -> Parse<Vec<Option<T>>> {
    let mut list = Vec::new();
    for found in boxes(entries) {
        let found = found?;
        if list.len() as u64 == limits::MAX_SAMPLE_ENTRIES {
            return Err(format!(
                "a track has more than {} sample entries",
                limits::MAX_SAMPLE_ENTRIES
            ));
        }
        list.push(read(found.kind, found.content)?);
    }
    Ok(list)
}

fn read_neural_entry(kind: FourCc, entry: &[u8]) -> Parse<Option<Vec<u8>>> {
    if kind != *NEURAL_ENTRY {
        return Ok(None);
    }
    let mut fields = Fields::new(entry);
    fields.take(VISUAL_ENTRY_BYTES)?;
    read_config(fields.rest(), NEURAL_CONFIG).map(Some)
}

/// The configuration of a video.
fn read_config(boxes: &[u8], kind: &FourCc) -> Parse<Vec<u8>> {
    let config = need(boxes, kind)?;
    if config.len() as u64 > limits::MAX_CODEC_CONFIG_BYTES {
        return Err(format!(
            "the header of a video takes {} bytes, and {} are the most",
            config.len(),
            limits::MAX_CODEC_CONFIG_BYTES
        ));
    }
    Ok(config.to_vec())
}

fn read_video_entry(kind: FourCc, entry: &[u8]) -> Parse<Option<VideoEntry>> {
    let (codec, config) = match &kind {
        b"avc1" | b"avc3" => (VideoCodec::H264, b"avcC"),
        b"hvc1" | b"hev1" => (VideoCodec::Hevc, b"hvcC"),
        b"av01" => (VideoCodec::Av1, b"av1C"),
        _ => return Ok(None),
    };
    let mut fields = Fields::new(entry);
    fields.take(24)?;
    let (width, height) = (fields.u16()?, fields.u16()?);
    fields.take(50)?;
    let config = read_config(fields.rest(), config)?;
    Ok(Some(VideoEntry {
        codec,
        width: u32::from(width),
        height: u32::from(height),
        config,
    }))
}

fn read_side_entry(entries: &[u8]) -> Parse<Content> {
    let Some(content) = find(entries, SIDE_ENTRY)? else {
        return Ok(Content::Other);
    };
    let mut fields = Fields::new(content);
    fields.take(8)?;
    let (version, layer, kind) = (fields.u8()?, fields.u8()?, fields.u8()?);
    let kind = match kind {
        0 => LayerKind::Gaussians,
        1 => LayerKind::Harmonics,
        2 => LayerKind::Precision,
        _ => return Ok(Content::Other),
    };
    Ok(match version {
        0 => Content::Side { layer, kind },
        // A layer of a later version stands above those that are known.
        _ => Content::Other,
    })
}

/// Ticks at the start of a track that its edit list leaves out.
fn read_delay(trak: &[u8]) -> Parse<u32> {
    let Some(edits) = find(trak, b"edts")? else {
        return Ok(0);
    };
    let mut fields = Fields::new(need(edits, b"elst")?);
    let (version, _) = fields.version_and_flags()?;
    if fields.u32()? == 0 {
        return Ok(0);
    }
    fields.long(version)?;
    // An empty edit, -1, leaves nothing out.
    Ok(u32::try_from(fields.long(version)?)
        .ok()
        .filter(|delay| *delay != u32::MAX)
        .unwrap_or(0))
}

fn read_defaults(extends: &[u8]) -> Parse<BTreeMap<u32, TrackDefaults>> {
    let mut defaults = BTreeMap::new();
    for found in boxes(extends) {
        let found = found?;
        if found.kind == *b"trex" {
            let mut fields = Fields::new(found.content);
            fields.version_and_flags()?;
            let track = fields.u32()?;
            let values = TrackDefaults {
                entry: fields.u32()?,
                duration: fields.u32()?,
                size: fields.u32()?,
            };
            defaults.insert(track, values);
        }
    }
    Ok(defaults)
}

/// The track of each level.
fn read_levels(extends: &[u8]) -> Parse<Vec<u32>> {
    let mut fields = Fields::new(need(extends, b"leva")?);
    fields.version_and_flags()?;
    let count = fields.u8()?;
    let mut tracks = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        tracks.push(fields.u32()?);
        if fields.u8()? & 0x7f != LEVEL_BY_TRACK {
            return Err("its levels are not told by tracks".to_owned());
        }
    }
    Ok(tracks)
}

fn read_gaussians(content: &[u8]) -> Parse<Vec<u32>> {
    let mut fields = Fields::new(content);
    fields.version_and_flags()?;
    let count = fields.u32()? as usize;
    let bytes = fields.take(count.checked_mul(4).ok_or("a box ends too early")?)?;
    Ok(bytes
        .chunks_exact(4)
        .map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
        .collect())
}

/// Ticks that the first sound track of any MP4 file leaves out at its start, by the content of its
/// `moov`; 0 where there is no telling.
pub(crate) fn delay_of_sound(moov: &[u8]) -> u32 {
    let is_sound = |trak: &[u8]| {
        let mut fields = Fields::new(need(need(trak, b"mdia")?, b"hdlr")?);
        fields.take(8)?;
        fields.four_cc().map(|handler| handler == *b"soun")
    };
    boxes(moov)
        .map_while(Parse::ok)
        .filter(|found| found.kind == *b"trak")
        .find(|found| is_sound(found.content) == Ok(true))
        .and_then(|found| read_delay(found.content).ok())
        .unwrap_or(0)
}
