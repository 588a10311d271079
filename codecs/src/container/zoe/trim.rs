//! Cuts a stretch out of a clip by copying whole groups, without coding anything anew.

use std::io::{Read, Seek, Write};
use std::ops::Range;

use serde_json::Value;

use super::demuxer::ZoeDemuxer;
use super::meta::{ClipDescription, FrameRate};
use super::neural_writer::NeuralWriter;
use super::sound::{SoundFormat, SoundPacket, SoundTrack};
use super::writer::ZoeWriter;
use crate::{Cancel, Demuxer, Detail, Error, GroupPayload, Result, Thumbnails};

/// Writes the groups of a clip that overlap `frames` to `out` as a clip of their own, with their
/// sound; returns the frames that this comes to, which begin and end where groups do. `spool` is an
/// empty file for what comes before the index is known.
///
/// Title, credit, licence and first view stay; thumbnails and the camera path move with the frames.
///
/// # Errors
/// [`Error::NoSuchFrame`] when none of `frames` is in the clip, [`Error::Write`] when `out` or `spool`
/// refuses, and what reading a group returns.
pub fn trim(
    demuxer: &mut ZoeDemuxer,
    frames: Range<usize>,
    spool: impl Read + Write + Seek,
    out: &mut dyn Write,
    cancel: &Cancel,
) -> Result<Range<usize>> {
    let overlaps = |group: &Range<usize>| group.start < frames.end && frames.start < group.end;
    let chosen: Vec<(usize, Range<usize>)> = demuxer
        .file_groups()
        .into_iter()
        .enumerate()
        .filter(|(_, group)| overlaps(group))
        .collect();
    let (Some((_, first)), Some((_, last))) = (chosen.first(), chosen.last()) else {
        return Err(Error::NoSuchFrame {
            frame: frames.start,
            count: demuxer.info().frame_count,
        });
    };
    let kept = first.start..last.end;
    let mut description = demuxer.description().clone();
    let start_s = kept.start as f64 / description.frame_rate.per_second();
    description.camera_path = description
        .camera_path
        .and_then(|path| path_from(&path, start_s));
    let mut writer = Writer::new(demuxer, description, spool)?;
    let rate = demuxer.frame_rate();
    let cuts: Vec<SoundCut> = demuxer
        .sounds()
        .iter()
        .map(|format| SoundCut::new(format, rate, kept.start))
        .collect();
    for (cut, format) in cuts.iter().zip(demuxer.sounds()) {
        writer.add_sound(SoundTrack {
            format: SoundFormat {
                delay: cut.delay,
                ..format.clone()
            },
            packets: Vec::new(),
        })?;
    }
    let thumbnails = demuxer
        .thumbnails(cancel)?
        .map(|thumbnails| thumbnails_of(thumbnails, &kept));
    writer.set_pictures(demuxer.poster(cancel)?.as_deref(), thumbnails.as_ref())?;
    for (group, group_frames) in chosen {
        for (number, packets) in demuxer
            .read_file_sound(group, cancel)?
            .into_iter()
            .enumerate()
        {
            writer.push_sound(number, cuts[number].move_all(packets))?;
        }
        writer.copy(demuxer, group, group_frames.len(), cancel)?;
    }
    writer.finish(out, cancel)?;
    Ok(kept)
}

/// The writer of what the clip holds.
enum Writer<S> {
    Layers(ZoeWriter<S>),
    Neural(NeuralWriter<S>),
}

impl<S: Read + Write + Seek> Writer<S> {
    fn new(demuxer: &ZoeDemuxer, description: ClipDescription, spool: S) -> Result<Self> {
        Ok(match &demuxer.neural {
            Some(_) => Self::Neural(NeuralWriter::new(description, spool)?),
            None => Self::Layers(ZoeWriter::new(description, spool)?),
        })
    }

    fn add_sound(&mut self, track: SoundTrack) -> Result<usize> {
        match self {
            Self::Layers(writer) => writer.add_sound(track),
            Self::Neural(writer) => writer.add_sound(track),
        }
    }

    fn push_sound(&mut self, number: usize, packets: Vec<SoundPacket>) -> Result<()> {
        match self {
            Self::Layers(writer) => writer.push_sound(number, packets),
            Self::Neural(writer) => writer.push_sound(number, packets),
        }
    }

    fn set_pictures(
        &mut self,
        poster: Option<&[u8]>,
        thumbnails: Option<&Thumbnails>,
    ) -> Result<()> {
        match self {
            Self::Layers(writer) => writer.set_pictures(poster, thumbnails),
            Self::Neural(writer) => writer.set_pictures(poster, thumbnails),
        }
    }

    /// Copies a group of the file.
    fn copy(
        &mut self,
        demuxer: &mut ZoeDemuxer,
        group: usize,
        frames: usize,
        cancel: &Cancel,
    ) -> Result<()> {
        match self {
            Self::Layers(writer) => {
                let packets = demuxer.read_part(group, Detail::FULL, cancel)?;
                if let GroupPayload::Layered(layered) = &packets.payload {
                    let gaussians = demuxer.gaussians(group).unwrap_or(0);
                    writer.add_group(layered, frames, gaussians)?;
                }
            }
            Self::Neural(writer) => {
                if let Some(coded) = demuxer.read_coded(group, cancel)? {
                    writer.add_coded(&coded)?;
                }
            }
        }
        Ok(())
    }

    fn finish(self, out: &mut dyn Write, cancel: &Cancel) -> Result<()> {
        match self {
            Self::Layers(writer) => writer.finish(out, cancel),
            Self::Neural(writer) => writer.finish(out, cancel),
        }
    }
}

/// How the times of a sound track change.
struct SoundCut {
    /// Ticks that are taken off every time.
    shift: u64,
    /// Delay of the new track.
    delay: u32,
}

impl SoundCut {
    fn new(format: &SoundFormat, rate: FrameRate, first_frame: usize) -> Self {
        if first_frame == 0 {
            return Self {
                shift: 0,
                delay: format.delay,
            };
        }
        let ticks = first_frame as u128 * u128::from(rate.denominator);
        let shift = ticks * u128::from(format.timescale) / u128::from(rate.numerator.max(1));
        // What the encoder's delay was for lies before the first packet that is kept.
        Self {
            shift: u64::try_from(shift)
                .unwrap_or(u64::MAX)
                .saturating_add(u64::from(format.delay)),
            delay: 0,
        }
    }

    fn move_all(&self, mut packets: Vec<SoundPacket>) -> Vec<SoundPacket> {
        for packet in &mut packets {
            packet.time = packet.time.saturating_sub(self.shift);
        }
        packets
    }
}

/// The thumbnails of the frames that are kept.
fn thumbnails_of(thumbnails: Thumbnails, kept: &Range<usize>) -> Thumbnails {
    let (frames, jpegs) = thumbnails
        .frames
        .into_iter()
        .zip(thumbnails.jpegs)
        .filter(|(frame, _)| kept.contains(frame))
        .map(|(frame, jpeg)| (frame - kept.start, jpeg))
        .unzip();
    Thumbnails {
        frames,
        jpegs,
        ..thumbnails
    }
}

/// A camera path that begins `start_s` seconds later; of the keys before that only the last stays, at
/// the new start. `None` for what is no path.
fn path_from(path: &str, start_s: f64) -> Option<String> {
    if start_s == 0.0 {
        return Some(path.to_owned());
    }
    let mut root: Value = serde_json::from_str(path).ok()?;
    let keys = root.get_mut("keys")?.as_array_mut()?;
    let time = |key: &Value| key.get("time").and_then(Value::as_f64).unwrap_or(0.0);
    keys.sort_by(|a, b| time(a).total_cmp(&time(b)));
    let first = keys.partition_point(|key| time(key) <= start_s);
    keys.drain(..first.saturating_sub(1));
    for key in keys {
        let moved = (time(key) - start_s).max(0.0);
        key.as_object_mut()?.insert("time".to_owned(), moved.into());
    }
    Some(root.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_path_moves_with_the_frames() {
        let path = r#"{"version":1,"keys":[{"time":4.0,"fov":4},{"time":0.5,"fov":1},{"time":1.0,"fov":2}]}"#;
        let moved = |start_s| {
            let text = path_from(path, start_s).expect("is a path");
            let root: Value = serde_json::from_str(&text).expect("is JSON");
            let keys = root["keys"].as_array().expect("is a list");
            keys.iter()
                .map(|key| {
                    (
                        key["time"].as_f64().unwrap_or(-1.0),
                        key["fov"].as_i64().unwrap_or(0),
                    )
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(path_from(path, 0.0).as_deref(), Some(path));
        assert_eq!(moved(0.25), [(0.25, 1), (0.75, 2), (3.75, 4)]);
        assert_eq!(moved(1.5), [(0.0, 2), (2.5, 4)]);
        assert_eq!(moved(9.0), [(0.0, 4)]);
        assert_eq!(path_from("{}", 1.0), None);
        assert_eq!(path_from("[", 1.0), None);
    }
}
