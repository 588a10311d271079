//! Writing of the movie box.

use super::{
    GAUSSIANS, JSON, LEVEL_BY_TRACK, NEURAL_CONFIG, NEURAL_ENTRY, NeuralEntry, REORDER_FRAMES,
    SIDE_ENTRY, VideoEntry, side_track, sound_track, video_track,
};
use crate::container::zoe::boxes::{FourCc, put_u16, put_u32, put_u64, write_box, write_full_box};
use crate::container::zoe::fragment::{DEPENDENT_SAMPLE, SYNC_SAMPLE};
use crate::container::zoe::meta::FrameRate;
use crate::container::zoe::sound::{SoundFormat, write_sound_entry};
use crate::{LayerKind, VideoCodec};

/// Flags of `tkhd`: enabled, part of the presentation.
const TRACK_ENABLED: u32 = 3;
const UNITY_MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// Everything that a movie box is made of.
pub(in crate::container::zoe) struct MovieParts<'a> {
    pub(in crate::container::zoe) frame_rate: FrameRate,
    pub(in crate::container::zoe) frames: u64,
    pub(in crate::container::zoe) tracks: MovieTracks<'a>,
    pub(in crate::container::zoe) sounds: Vec<&'a SoundFormat>,
    pub(in crate::container::zoe) json: &'a str,
    /// Gaussians in each group; none of neural video.
    pub(in crate::container::zoe) gaussians: Vec<u32>,
}

/// The tracks with the frames.
pub(in crate::container::zoe) enum MovieTracks<'a> {
    /// Kind and sample entries of each layer.
    Layers(Vec<(LayerKind, &'a [VideoEntry])>),
    /// Sample entries of neural video.
    Neural(&'a [NeuralEntry]),
}

impl MovieTracks<'_> {
    /// Layers, of which neural video has one.
    fn layers(&self) -> usize {
        match self {
            Self::Layers(layers) => layers.len(),
            Self::Neural(_) => 1,
        }
    }
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

impl MovieParts<'_> {
    /// The `moov` box.
    pub(in crate::container::zoe) fn write(&self) -> Vec<u8> {
        let (layers, sounds) = (self.tracks.layers(), self.sounds.len());
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
            match &self.tracks {
                MovieTracks::Layers(layers) => {
                    for (layer, (kind, entries)) in layers.iter().enumerate() {
                        self.write_video_track(out, layer, entries);
                        self.write_side_track(out, layer, *kind);
                    }
                }
                MovieTracks::Neural(entries) => self.write_neural_track(out, entries),
            }
            for (sound, format) in self.sounds.iter().enumerate() {
                self.write_sound_track(out, sound, format);
            }
            self.write_extends(out);
            write_box(out, b"udta", |out| {
                write_box(out, JSON, |out| out.extend(self.json.as_bytes()));
                if matches!(self.tracks, MovieTracks::Layers(_)) {
                    write_full_box(out, GAUSSIANS, 0, 0, |out| {
                        put_u32(out, self.gaussians.len() as u32);
                        for count in &self.gaussians {
                            put_u32(out, *count);
                        }
                    });
                }
            });
        });
        bytes
    }

    fn write_video_track(&self, out: &mut Vec<u8>, layer: usize, entries: &[VideoEntry]) {
        let size = entries
            .first()
            .map_or([0; 2], |entry| [entry.width, entry.height]);
        let delay = REORDER_FRAMES * self.frame_rate.denominator;
        let track = self.picture_track(layer, size, delay, "Zoetrope atlas");
        write_picture_track(out, &track, entries, write_video_entry);
    }

    fn write_neural_track(&self, out: &mut Vec<u8>, entries: &[NeuralEntry]) {
        let size = entries.first().map_or([0; 2], |entry| entry.size);
        // Its samples are in the order of presentation.
        let track = self.picture_track(0, size, 0, "Zoetrope neural video");
        write_picture_track(out, &track, entries, write_neural_entry);
    }

    /// The track of a layer's pictures, which are presented `delay` ticks after their decoding times.
    fn picture_track(&self, layer: usize, size: [u32; 2], delay: u32, name: &'static str) -> Track {
        Track {
            id: video_track(layer),
            // A player that knows nothing of layers shows the base.
            flags: if layer == 0 { TRACK_ENABLED } else { 0 },
            size,
            volume: 0,
            timescale: self.frame_rate.numerator,
            delay,
            describes: None,
            handler: b"vide",
            name,
        }
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
            id: sound_track(self.tracks.layers(), sound),
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
        let (layers, sounds) = (self.tracks.layers(), self.sounds.len());
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
                if matches!(self.tracks, MovieTracks::Layers(_)) {
                    extends(side_track(layer), frame, SYNC_SAMPLE);
                }
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

/// Appends a track of pictures with its sample entries.
fn write_picture_track<E>(
    out: &mut Vec<u8>,
    track: &Track,
    entries: &[E],
    write_entry: fn(&mut Vec<u8>, &E),
) {
    track.write(
        out,
        |out| {
            write_full_box(out, b"vmhd", 0, 1, |out| out.extend([0; 8]));
        },
        entries.len(),
        |out| entries.iter().for_each(|entry| write_entry(out, entry)),
    );
}

fn write_video_entry(out: &mut Vec<u8>, entry: &VideoEntry) {
    let (kind, config) = match entry.codec {
        VideoCodec::H264 => (b"avc1", b"avcC"),
        VideoCodec::Hevc => (b"hvc1", b"hvcC"),
        VideoCodec::Av1 => (b"av01", b"av1C"),
    };
    write_box(out, kind, |out| {
        put_visual_entry(out, [entry.width, entry.height]);
        write_box(out, config, |out| out.extend(&entry.config));
        // Primaries, transfer and matrix are not specified: the pictures hold no colours.
        put_colours(out, [2; 3]);
    });
}

fn write_neural_entry(out: &mut Vec<u8>, entry: &NeuralEntry) {
    write_box(out, NEURAL_ENTRY, |out| {
        put_visual_entry(out, entry.coded);
        write_box(out, NEURAL_CONFIG, |out| out.extend(&entry.config));
        if entry.size != entry.coded {
            write_box(out, b"clap", |out| {
                for size in entry.size {
                    put_u32(out, size);
                    put_u32(out, 1);
                }
                // From the middle of the picture to the middle of what is shown, in halves.
                for axis in 0..2 {
                    let halves = i64::from(2 * entry.crop.start[axis] + entry.size[axis])
                        - i64::from(entry.coded[axis]);
                    put_u32(out, (halves as i32).cast_unsigned());
                    put_u32(out, 2);
                }
            });
        }
        // Primaries of BT.709, transfer of sRGB, and no matrix: red, green and blue.
        put_colours(out, [1, 13, 0]);
    });
}

/// The fields of every entry of a video track.
fn put_visual_entry(out: &mut Vec<u8>, size: [u32; 2]) {
    out.extend([0; 6]);
    put_u16(out, 1);
    out.extend([0; 16]);
    for side in size {
        put_u16(out, u16::try_from(side).unwrap_or(u16::MAX));
    }
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
}

/// `colr` with the codes of primaries, transfer and matrix, in full range.
fn put_colours(out: &mut Vec<u8>, codes: [u16; 3]) {
    write_box(out, b"colr", |out| {
        out.extend(b"nclx");
        for code in codes {
            put_u16(out, code);
        }
        out.push(0x80);
    });
}

fn kind_number(kind: LayerKind) -> u8 {
    match kind {
        LayerKind::Gaussians => 0,
        LayerKind::Harmonics => 1,
        LayerKind::Precision => 2,
    }
}
