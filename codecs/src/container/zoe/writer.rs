//! Writes a clip of Gaussians, one group after the other.

use std::io::{Read, Seek, Write};
use std::ops::Range;

use super::meta::{ClipDescription, write_json};
use super::moov::{MovieParts, MovieTracks, VideoEntry, level_count, side_track, video_track};
use super::samples::{Clock, check_layer, refuse};
use super::sound::{SoundPacket, SoundTrack};
use super::store::Store;
use crate::{Cancel, LayerPackets, LayeredGroup, Result, Thumbnails, VideoStream, limits};

/// Writes a clip of Gaussians. Groups wait in a spool, since the index in front of them needs all their sizes;
/// memory grows by a few numbers for each group.
pub struct ZoeWriter<S> {
    description: ClipDescription,
    store: Store<S>,
    /// Sample entries of each layer.
    entries: Vec<Vec<VideoEntry>>,
    gaussians: Vec<u32>,
}

impl<S: Read + Write + Seek> ZoeWriter<S> {
    /// Starts a clip; `spool` is an empty file (or memory) for what comes before the index is known.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write) when the description makes no sense, and when the spool cannot be used.
    pub fn new(description: ClipDescription, spool: S) -> Result<Self> {
        let layers = description.layers.len();
        if !(1..=limits::MAX_LAYERS).contains(&layers) {
            return refuse(format!(
                "it has {layers} layers; 1 to {} are right",
                limits::MAX_LAYERS
            ));
        }
        Ok(Self {
            store: Store::new(description.frame_rate, layers, spool)?,
            entries: vec![Vec::new(); layers],
            description,
            gaussians: Vec::new(),
        })
    }

    /// The facts of the clip; all but the frame rate and the layers may change until the end.
    pub fn description_mut(&mut self) -> &mut ClipDescription {
        &mut self.description
    }

    /// Frames so far.
    pub fn frame_count(&self) -> u64 {
        self.store.frame_count()
    }

    /// Adds a sound track, before the first group. What begins after the clip's end is left out.
    /// Returns its number for [`Self::push_sound`].
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write) when there are groups already, or too many tracks.
    pub fn add_sound(&mut self, track: SoundTrack) -> Result<usize> {
        self.store.add_sound(track)
    }

    /// Adds packets to a sound track, each at or after the last one's time. A group takes those that
    /// begin before its end, so they must be there before it is added.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write) when there is no such track, or a packet is too large.
    pub fn push_sound(&mut self, number: usize, packets: Vec<SoundPacket>) -> Result<()> {
        self.store.push_sound(number, packets)
    }

    /// The poster and the thumbnails, JPEG files; replaces what was set before.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write) when they are too large, or the thumbnails make no sense.
    pub fn set_pictures(
        &mut self,
        poster: Option<&[u8]>,
        thumbnails: Option<&Thumbnails>,
    ) -> Result<()> {
        self.store.set_pictures(poster, thumbnails)
    }

    /// Adds the next group of `frames` frames with `gaussians` Gaussians each.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write) when the group does not fit the clip or a cap of [`limits`], and when the
    /// spool refuses.
    pub fn add_group(&mut self, group: &LayeredGroup, frames: usize, gaussians: u32) -> Result<()> {
        self.check_group(group, frames)?;
        let sounds = self.store.sound_formats().len();
        let levels = level_count(self.description.layers.len(), sounds);
        let start = self.store.begin_group(frames);
        let mut level_bytes = Vec::with_capacity(levels);
        if let Some((base, others)) = group.layers.split_first() {
            let entry = self.entry(0, &base.video)?;
            let (key, rest) = (0..1, 1..usize::MAX);
            level_bytes.push(self.write_layer(0, base, entry, start, frames, key)?);
            level_bytes.push(self.write_layer(0, base, entry, start, frames, rest)?);
            if sounds > 0 {
                level_bytes.push(self.store.write_sounds()?);
            }
            for (layer, packets) in (1..).zip(others) {
                let entry = self.entry(layer, &packets.video)?;
                let all = 0..usize::MAX;
                level_bytes.push(self.write_layer(layer, packets, entry, start, frames, all)?);
            }
        }
        level_bytes.resize(levels, 0);
        self.store.end_group(frames, &level_bytes)?;
        self.gaussians.push(gaussians);
        Ok(())
    }

    fn check_group(&self, group: &LayeredGroup, frames: usize) -> Result<()> {
        self.store.check_group(frames)?;
        let kinds = self.description.layers.iter().map(|layer| layer.kind);
        let fits = group.layers.len() <= self.description.layers.len()
            && group
                .layers
                .iter()
                .map(|layer| layer.kind)
                .zip(kinds)
                .all(|(a, b)| a == b);
        if group.layers.is_empty() || !fits {
            return refuse("the layers of a group are not those of the clip");
        }
        // Beyond this no sum below can be too large for its type.
        let samples = |layer: &LayerPackets| {
            let video = layer.video.packets.iter().map(|packet| packet.bytes.len());
            let side = layer.side.iter().map(Vec::len);
            video.chain(side).map(|bytes| bytes as u64).sum::<u64>()
        };
        let bytes: u64 = group.layers.iter().map(samples).sum();
        if bytes > limits::MAX_GROUP_BYTES {
            return refuse(format!("a group takes {bytes} bytes; make it shorter"));
        }
        group
            .layers
            .iter()
            .try_for_each(|layer| check_layer(layer, frames))
    }

    /// The number, from 1, of the sample entry of a video.
    fn entry(&mut self, layer: usize, video: &VideoStream) -> Result<u32> {
        if video.packets.is_empty() {
            return Ok(1);
        }
        let entry = VideoEntry {
            codec: video.codec,
            width: video.width,
            height: video.height,
            config: video.config.clone(),
        };
        let entries = &mut self.entries[layer];
        let place = entries.iter().position(|other| *other == entry);
        let place = match place {
            Some(place) => place,
            None if entries.len() as u64 == limits::MAX_SAMPLE_ENTRIES => {
                return refuse(format!(
                    "its groups differ in size in more than {} ways",
                    limits::MAX_SAMPLE_ENTRIES
                ));
            }
            None => {
                entries.push(entry);
                entries.len() - 1
            }
        };
        Ok(place as u32 + 1)
    }

    /// Writes the `part` of the samples of a layer as one fragment; returns its bytes.
    fn write_layer(
        &mut self,
        layer: usize,
        packets: &LayerPackets,
        entry: u32,
        start: u64,
        frames: usize,
        part: Range<usize>,
    ) -> Result<u64> {
        let frame_ticks = self.description.frame_rate.denominator;
        let clock = Clock {
            start: start * u64::from(frame_ticks),
            frame_ticks,
            frames,
        };
        let side = clock.run(
            side_track(layer),
            1,
            packets.side.iter().map(|sample| (None, &sample[..])),
            &part,
        );
        let video = packets
            .video
            .packets
            .iter()
            .map(|packet| (Some(packet.picture), &packet.bytes[..]));
        let mut video = clock.run(video_track(layer), entry, video, &part);
        video.first_is_sync = part.start == 0;
        self.store.write_runs(vec![side, video])
    }

    /// Writes the whole file.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write) when there are no groups, or `out` or the spool refuses;
    /// [`Error::Cancelled`](crate::Error::Cancelled) within 100 ms of `cancel`.
    pub fn finish(self, out: &mut dyn Write, cancel: &Cancel) -> Result<()> {
        self.store.check_finished()?;
        let json = write_json(&self.description, self.store.pictures());
        if json.len() as u64 > limits::MAX_SIDECAR_BYTES {
            return refuse("its camera path or its texts are too long");
        }
        let layers = self.description.layers.iter().zip(&self.entries);
        let layers = layers.map(|(layer, entries)| (layer.kind, &entries[..]));
        let movie = MovieParts {
            frame_rate: self.description.frame_rate,
            frames: self.store.frame_count(),
            tracks: MovieTracks::Layers(layers.collect()),
            sounds: self.store.sound_formats(),
            json: &json,
            gaussians: self.gaussians.clone(),
        };
        let moov = movie.write();
        self.store.finish(&moov, out, cancel)
    }
}
