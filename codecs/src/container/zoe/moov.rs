//! The movie box: the tracks of a clip, their sample entries, and our own boxes in `udta`.

use std::collections::BTreeMap;

use super::boxes::{
    Fields, FourCc, Parse, boxes, find, need, put_u16, put_u32, put_u64, write_box, write_full_box,
};
use super::fragment::{DEPENDENT_SAMPLE, SYNC_SAMPLE, TrackDefaults};
use super::meta::FrameRate;
use super::sound::{SoundFormat, read_sound_entry, write_sound_entry};
use crate::{LayerKind, VideoCodec, limits};

/// The box of the JSON text.
const JSON: &FourCc = b"zoej";
/// The box of Gaussians in each group.
const GAUSSIANS: &FourCc = b"zoeg";
/// The sample entry of side tracks.
const SIDE_ENTRY: &FourCc = b"zoes";
/// Flags of `tkhd`: enabled, part of the presentation.
const TRACK_ENABLED: u32 = 3;
/// `leva`: the level of a sample is told by its track.
const LEVEL_BY_TRACK: u8 = 2;
const UNITY_MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// How the atlas of some groups is coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VideoEntry {
    pub(super) codec: VideoCodec,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) config: Vec<u8>,
}

/// Everything that a movie box is made of.
pub(super) struct MovieParts<'a> {
    pub(super) frame_rate: FrameRate,
    pub(super) frames: u64,
    /// Kind and sample entries of each layer.
    pub(super) layers: Vec<(LayerKind, &'a [VideoEntry])>,
    pub(super) sounds: Vec<&'a SoundFormat>,
    pub(super) json: &'a str,
    /// Gaussians in each group.
    pub(super) gaussians: Vec<u32>,
}

/// Track of a layer's video.
pub(super) fn video_track(layer: usize) -> u32 {
    2 * layer as u32 + 1
}

/// Track of a layer's side samples.
pub(super) fn side_track(layer: usize) -> u32 {
    2 * layer as u32 + 2
}

/// Track of a sound in a clip of that many layers.
pub(super) fn sound_track(layers: usize, sound: usize) -> u32 {
    (2 * layers + sound) as u32 + 1
}

/// The tracks of the levels: the base layer's key picture and the rest of it, sound, the other layers.
fn level_tracks(layers: usize, sounds: usize) -> Vec<u32> {
    let mut tracks = vec![video_track(0); 2];
    if sounds > 0 {
        tracks.push(sound_track(layers, 0));
    }
    tracks.extend((1..layers).map(video_track));
    tracks
}

/// Levels of a group: the base layer takes two, all sound one, each other layer one.
pub(super) fn level_count(layers: usize, sounds: usize) -> usize {
    1 + layers + usize::from(sounds > 0)
}

impl MovieParts<'_> {
    /// The `moov` box.
    pub(super) fn write(&self) -> Vec<u8> {
        let (layers, sounds) = (self.layers.len(), self.sounds.len());
        let mut bytes = Vec::new();
        write_box(&mut bytes, b"moov", |out| {
            write_full_box(out, b"mvhd", 1, 0, |out| {
                out.extend([0; 16]);
                put_u32(out, self.frame_rate.numerator);
                put_u64(out, 0);
                put_u32(out, 0x1_0000);
                put_u16(out, 0x100);
                out.extend([0; 10]);
                put_matrix(out);
                out.extend([0; 24]);
                put_u32(out, sound_track(layers, sounds));
            });
            for (layer, (kind, entries)) in self.layers.iter().enumerate() {
                self.write_video_track(out, layer, entries);
                self.write_side_track(out, layer, *kind);
            }
            for (sound, format) in self.sounds.iter().enumerate() {
                self.write_sound_track(out, sound, format);
            }
            self.write_extends(out);
            write_box(out, b"udta", |out| {
                write_box(out, JSON, |out| out.extend(self.json.as_bytes()));
                write_full_box(out, GAUSSIANS, 0, 0, |out| {
                    put_u32(out, self.gaussians.len() as u32);
                    for count in &self.gaussians {
                        put_u32(out, *count);
                    }
                });
            });
        });
        bytes
    }

    fn write_video_track(&self, out: &mut Vec<u8>, layer: usize, entries: &[VideoEntry]) {
        let size = entries
            .first()
            .map_or([0; 2], |entry| [entry.width, entry.height]);
        let track = Track {
            id: video_track(layer),
            // A player that knows nothing of layers shows the base.
            flags: if layer == 0 { TRACK_ENABLED } else { 0 },
            size,
            volume: 0,
            timescale: self.frame_rate.numerator,
            delay: 0,
            describes: None,
            handler: b"vide",
            name: "Zoetrope atlas",
        };
        track.write(
            out,
            |out| {
                write_full_box(out, b"vmhd", 0, 1, |out| out.extend([0; 8]));
            },
            entries.len(),
            |out| {
                for entry in entries {
                    write_video_entry(out, entry);
                }
            },
        );
    }

    fn write_side_track(&self, out: &mut Vec<u8>, layer: usize, kind: LayerKind) {
        let track = Track {
            id: side_track(layer),
            flags: 0,
            size: [0; 2],
            volume: 0,
            timescale: self.frame_rate.numerator,
            delay: 0,
            describes: Some(video_track(layer)),
            handler: b"meta",
            name: "Zoetrope side track",
        };
        track.write(
            out,
            |out| write_full_box(out, b"nmhd", 0, 0, |_| {}),
            1,
            |out| {
                write_box(out, SIDE_ENTRY, |out| {
                    out.extend([0; 6]);
                    put_u16(out, 1);
                    out.extend([0, layer as u8, kind_number(kind), 0]);
                });
            },
        );
    }

    fn write_sound_track(&self, out: &mut Vec<u8>, sound: usize, format: &SoundFormat) {
        let track = Track {
            id: sound_track(self.layers.len(), sound),
            flags: if sound == 0 { TRACK_ENABLED } else { 0 },
            size: [0; 2],
            volume: 0x100,
            timescale: format.timescale,
            delay: format.delay,
            describes: None,
            handler: b"soun",
            name: "Sound",
        };
        track.write(
            out,
            |out| write_full_box(out, b"smhd", 0, 0, |out| out.extend([0; 4])),
            1,
            |out| write_sound_entry(out, format),
        );
    }

    /// `mvex`: what fragments take for granted, and which levels there are.
    fn write_extends(&self, out: &mut Vec<u8>) {
        let (layers, sounds) = (self.layers.len(), self.sounds.len());
        let frame = self.frame_rate.denominator;
        write_box(out, b"mvex", |out| {
            write_full_box(out, b"mehd", 1, 0, |out| {
                put_u64(out, self.frames.saturating_mul(u64::from(frame)));
            });
            let mut extends = |track: u32, duration: u32, flags: u32| {
                write_full_box(out, b"trex", 0, 0, |out| {
                    for value in [track, 1, duration, 0, flags] {
                        put_u32(out, value);
                    }
                });
            };
            for layer in 0..layers {
                extends(video_track(layer), frame, DEPENDENT_SAMPLE);
                extends(side_track(layer), frame, SYNC_SAMPLE);
            }
            for sound in 0..sounds {
                extends(sound_track(layers, sound), 0, SYNC_SAMPLE);
            }
            write_full_box(out, b"leva", 0, 0, |out| {
                let tracks = level_tracks(layers, sounds);
                out.push(tracks.len() as u8);
                for track in tracks {
                    put_u32(out, track);
                    out.push(LEVEL_BY_TRACK);
                }
            });
        });
    }
}

fn put_matrix(out: &mut Vec<u8>) {
    for value in UNITY_MATRIX {
        put_u32(out, value);
    }
}

/// What all kinds of track have.
struct Track {
    id: u32,
    flags: u32,
    /// Width and height in pixels.
    size: [u32; 2],
    /// 8.8 bits.
    volume: u16,
    timescale: u32,
    /// Ticks at the start that are not presented.
    delay: u32,
    /// The track that this one belongs to.
    describes: Option<u32>,
    handler: &'static FourCc,
    name: &'static str,
}

impl Track {
    /// Appends the `trak` box; `media_header` appends the header of its kind, `entries` its sample
    /// entries.
    fn write(
        &self,
        out: &mut Vec<u8>,
        media_header: impl FnOnce(&mut Vec<u8>),
        entry_count: usize,
        entries: impl FnOnce(&mut Vec<u8>),
    ) {
        write_box(out, b"trak", |out| {
            write_full_box(out, b"tkhd", 1, self.flags, |out| {
                out.extend([0; 16]);
                put_u32(out, self.id);
                // A reserved field, the duration, two reserved fields, layer and alternate group.
                out.extend([0; 24]);
                put_u16(out, self.volume);
                put_u16(out, 0);
                put_matrix(out);
                for pixels in self.size {
                    put_u32(out, pixels << 16);
                }
            });
            if let Some(track) = self.describes {
                write_box(out, b"tref", |out| {
                    write_box(out, b"cdsc", |out| put_u32(out, track));
                });
            }
            if self.delay > 0 {
                write_box(out, b"edts", |out| {
                    write_full_box(out, b"elst", 1, 0, |out| {
                        put_u32(out, 1);
                        // To the end, from behind the delay, at normal speed.
                        put_u64(out, 0);
                        put_u64(out, u64::from(self.delay));
                        put_u32(out, 0x1_0000);
                    });
                });
            }
            write_box(out, b"mdia", |out| {
                write_full_box(out, b"mdhd", 1, 0, |out| {
                    out.extend([0; 16]);
                    put_u32(out, self.timescale);
                    put_u64(out, 0);
                    // Language: undetermined.
                    put_u16(out, 0x55c4);
                    put_u16(out, 0);
                });
                write_full_box(out, b"hdlr", 0, 0, |out| {
                    put_u32(out, 0);
                    out.extend(self.handler);
                    out.extend([0; 12]);
                    out.extend(self.name.as_bytes());
                    out.push(0);
                });
                write_box(out, b"minf", |out| {
                    media_header(out);
                    write_box(out, b"dinf", |out| {
                        write_full_box(out, b"dref", 0, 0, |out| {
                            put_u32(out, 1);
                            // The samples are in this file.
                            write_full_box(out, b"url ", 0, 1, |_| {});
                        });
                    });
                    write_box(out, b"stbl", |out| {
                        write_full_box(out, b"stsd", 0, 0, |out| {
                            put_u32(out, entry_count as u32);
                            entries(out);
                        });
                        for kind in [b"stts", b"stsc", b"stco"] {
                            write_full_box(out, kind, 0, 0, |out| put_u32(out, 0));
                        }
                        write_full_box(out, b"stsz", 0, 0, |out| out.extend([0; 8]));
                    });
                });
            });
        });
    }
}

fn write_video_entry(out: &mut Vec<u8>, entry: &VideoEntry) {
    let (kind, config) = match entry.codec {
        VideoCodec::H264 => (b"avc1", b"avcC"),
        VideoCodec::Hevc => (b"hvc1", b"hvcC"),
        VideoCodec::Av1 => (b"av01", b"av1C"),
    };
    write_box(out, kind, |out| {
        out.extend([0; 6]);
        put_u16(out, 1);
        out.extend([0; 16]);
        put_u16(out, u16::try_from(entry.width).unwrap_or(u16::MAX));
        put_u16(out, u16::try_from(entry.height).unwrap_or(u16::MAX));
        // 72 dots an inch, both ways.
        put_u32(out, 0x48_0000);
        put_u32(out, 0x48_0000);
        put_u32(out, 0);
        // One frame in each sample.
        put_u16(out, 1);
        out.extend([0; 32]);
        // Colour without alpha; the last field is fixed.
        put_u16(out, 24);
        put_u16(out, 0xffff);
        write_box(out, config, |out| out.extend(&entry.config));
        write_box(out, b"colr", |out| {
            out.extend(b"nclx");
            // Primaries, transfer and matrix are not specified: the pictures hold no colours.
            for code in [2; 3] {
                put_u16(out, code);
            }
            // Full range.
            out.push(0x80);
        });
    });
}

fn kind_number(kind: LayerKind) -> u8 {
    match kind {
        LayerKind::Gaussians => 0,
        LayerKind::Harmonics => 1,
        LayerKind::Precision => 2,
    }
}

/// The tracks of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LayerTracks {
    pub(super) kind: LayerKind,
    pub(super) video: u32,
    pub(super) side: u32,
    /// `None` for a codec that is not known here.
    pub(super) entries: Vec<Option<VideoEntry>>,
    /// Levels that must be read for this layer and those below it.
    pub(super) levels: usize,
}

/// What a movie box says.
#[derive(Debug)]
pub(super) struct Movie<'a> {
    pub(super) frame_rate: FrameRate,
    pub(super) layers: Vec<LayerTracks>,
    /// The sound tracks of known codecs.
    pub(super) sounds: Vec<(u32, SoundFormat)>,
    /// Sound tracks of codecs that are not known here.
    pub(super) foreign_sounds: usize,
    pub(super) defaults: BTreeMap<u32, TrackDefaults>,
    pub(super) level_count: usize,
    pub(super) json: &'a [u8],
    /// Gaussians in each group; empty where the file does not tell.
    pub(super) gaussians: Vec<u32>,
}

/// A track of a kind that matters here.
struct ReadTrack {
    id: u32,
    timescale: u32,
    describes: Option<u32>,
    content: Content,
}

enum Content {
    Video(Vec<Option<VideoEntry>>),
    Side { layer: u8, kind: LayerKind },
    Sound(SoundFormat),
    ForeignSound,
    Other,
}

impl<'a> Movie<'a> {
    /// Reads the content of `moov`.
    pub(super) fn read(moov: &'a [u8]) -> Parse<Self> {
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
        let base = layers.first().ok_or("it has no layers")?;
        let timescale = |id| {
            let track = tracks.iter().find(|track: &&ReadTrack| track.id == id);
            track.map_or(0, |track| track.timescale)
        };
        let numerator = timescale(base.video);
        if layers
            .iter()
            .any(|layer| timescale(layer.video) != numerator || timescale(layer.side) != numerator)
        {
            return Err("its layers differ in their time scale".to_owned());
        }
        let frame_rate = FrameRate {
            numerator,
            denominator: defaults.get(&base.video).map_or(0, |track| track.duration),
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
        let (video, entries) = tracks
            .iter()
            .find_map(|track| match &track.content {
                Content::Video(entries) if Some(track.id) == video => {
                    Some((track.id, entries.clone()))
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
            levels,
        });
    }
    if level_tracks.first() != layers.first().map(|base| &base.video) {
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
    let content = match &handler {
        b"vide" => Content::Video(read_video_entries(entries)?),
        b"meta" => read_side_entry(entries)?,
        b"soun" => match boxes(entries).next().transpose()? {
            Some(entry) => {
                let delay = read_delay(trak)?;
                match read_sound_entry(entry.kind, entry.content, timescale, delay)? {
                    Some(format) if timescale > 0 => Content::Sound(format),
                    _ => Content::ForeignSound,
                }
            }
            None => Content::ForeignSound,
        },
        _ => Content::Other,
    };
    Ok(ReadTrack {
        id,
        timescale,
        describes,
        content,
    })
}

fn read_video_entries(entries: &[u8]) -> Parse<Vec<Option<VideoEntry>>> {
    let mut list = Vec::new();
    for found in boxes(entries) {
        let found = found?;
        if list.len() as u64 == limits::MAX_SAMPLE_ENTRIES {
            return Err(format!(
                "a track has more than {} sample entries",
                limits::MAX_SAMPLE_ENTRIES
            ));
        }
        list.push(read_video_entry(found.kind, found.content)?);
    }
    Ok(list)
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
    let config = need(fields.rest(), config)?;
    if config.len() as u64 > limits::MAX_CODEC_CONFIG_BYTES {
        return Err(format!(
            "the header of a video takes {} bytes, and {} are the most",
            config.len(),
            limits::MAX_CODEC_CONFIG_BYTES
        ));
    }
    Ok(Some(VideoEntry {
        codec,
        width: u32::from(width),
        height: u32::from(height),
        config: config.to_vec(),
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
