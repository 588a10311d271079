//! The samples of one group on their way out: what they must be, and their times.

use std::ops::Range;

use super::fragment::{Run, Sample};
use super::moov::REORDER_FRAMES;
use crate::{Error, LayerPackets, Result, VideoStream, limits};

/// The times of the samples of one group.
pub(super) struct Clock {
    /// When the group begins, in ticks.
    pub(super) start: u64,
    pub(super) frame_ticks: u32,
    pub(super) frames: usize,
}

impl Clock {
    /// The `part` of `samples`, of which each lasts a frame and the last one to the group's end; with
    /// their places in the order of presentation where these differ.
    pub(super) fn run<'a>(
        &self,
        track: u32,
        entry: u32,
        samples: impl ExactSizeIterator<Item = (Option<u32>, &'a [u8])>,
        part: &Range<usize>,
    ) -> Run<'a> {
        let ticks = i64::from(self.frame_ticks);
        let last = samples.len().saturating_sub(1);
        let frame_of = |sample: usize| sample.min(self.frames - 1);
        let samples: Vec<Sample<'a>> = samples
            .enumerate()
            .filter(|(place, _)| part.contains(place))
            .map(|(place, (picture, bytes))| {
                let end = match place {
                    _ if place == last => self.frames,
                    _ => frame_of(place + 1),
                };
                let moved = picture.map_or(0, |picture| {
                    i64::from(picture) - place as i64 + i64::from(REORDER_FRAMES)
                });
                Sample {
                    // At most MAX_GROUP_FRAMES frames; a frame's ticks were checked with the rate.
                    duration: ((end - frame_of(place)) as u32).saturating_mul(self.frame_ticks),
                    composition_offset: (moved * ticks) as i32,
                    bytes,
                }
            })
            .collect();
        let before = frame_of(part.start.min(last)) as u64;
        Run {
            track,
            entry,
            decode_time: self.start + before * u64::from(self.frame_ticks),
            default_duration: self.frame_ticks,
            first_is_sync: false,
            samples,
        }
    }
}

impl Clock {
    /// The `part` of `samples`, of which each lasts `each` frames and the last one to the group's end, in the order of
    /// presentation.
    pub(super) fn run_of<'a>(
        &self,
        track: u32,
        entry: u32,
        samples: &'a [Vec<u8>],
        each: usize,
        part: &Range<usize>,
    ) -> Run<'a> {
        let place_of = |sample: usize| sample.saturating_mul(each).min(self.frames);
        let chosen = samples
            .iter()
            .enumerate()
            .filter(|(place, _)| part.contains(place));
        let samples = chosen.map(|(place, bytes)| Sample {
            duration: ((place_of(place + 1) - place_of(place)) as u32)
                .saturating_mul(self.frame_ticks),
            composition_offset: 0,
            bytes,
        });
        Run {
            track,
            entry,
            decode_time: self.start + place_of(part.start) as u64 * u64::from(self.frame_ticks),
            default_duration: self.frame_ticks,
            first_is_sync: false,
            samples: samples.collect(),
        }
    }
}

/// Whether a layer of a group of `frames` frames can be stored.
pub(super) fn check_layer(layer: &LayerPackets, frames: usize) -> Result<()> {
    let VideoStream {
        packets,
        config,
        width,
        height,
        ..
    } = &layer.video;
    if layer.side.is_empty() || layer.side.len() as u64 > limits::MAX_GROUP_FRAMES {
        return refuse(format!(
            "a layer has {} side samples in a group; 1 to {} are right",
            layer.side.len(),
            limits::MAX_GROUP_FRAMES
        ));
    }
    if packets.len() > frames {
        return refuse(format!(
            "a group of {frames} frames has {} pictures",
            packets.len()
        ));
    }
    let mut seen = vec![false; packets.len()];
    for packet in packets {
        match seen.get_mut(packet.picture as usize) {
            Some(seen) if !*seen => *seen = true,
            _ => return refuse("the pictures of a group are not numbered from 0 on"),
        }
    }
    if packets.first().is_some_and(|first| first.picture != 0) {
        return refuse("the first packet of a group is not its first picture");
    }
    let sides = 1..=u32::from(u16::MAX);
    let storable = sides.contains(width) && sides.contains(height);
    if !packets.is_empty() && !storable {
        return refuse(format!(
            "pictures of {width} x {height} pixels cannot be stored"
        ));
    }
    if config.len() as u64 > limits::MAX_CODEC_CONFIG_BYTES {
        return refuse("the header of a video is too large");
    }
    Ok(())
}

/// The error for what cannot be written.
pub(super) fn refuse<T>(reason: impl Into<String>) -> Result<T> {
    Err(Error::Write {
        reason: reason.into(),
    })
}
