//! Writes a clip, one group after the other.

use std::collections::VecDeque;
use std::io::{self, Read, Seek, Write};
use std::ops::Range;

use super::boxes::{put_u32, write_box};
use super::fragment::{Run, Sample, write_fragment};
use super::index::{IndexedGroup, write_index};
use super::meta::{ClipDescription, PictureTable, write_json};
use super::moov::{MovieParts, VideoEntry, level_count, side_track, sound_track, video_track};
use super::samples::{Clock, check_layer, refuse};
use super::sound::{SoundFormat, SoundPacket, SoundTrack};
use super::{BRAND, PICTURES};
use crate::{Cancel, Error, LayerPackets, LayeredGroup, Result, Thumbnails, VideoStream, limits};

/// Pictures up to this size lie in front of the groups, where the first read gets them; larger ones
/// would keep the first group waiting.
const FRONT_PICTURES_BYTES: u64 = 32 << 10;
/// Bytes that are copied between two looks at the flag.
const PIECE_BYTES: usize = 1 << 20;

/// Writes a clip. Groups wait in a spool, since the index in front of them needs all their sizes;
/// memory grows by a few numbers for each group.
pub struct ZoeWriter<S> {
    description: ClipDescription,
    spool: S,
    /// Sample entries of each layer.
    entries: Vec<Vec<VideoEntry>>,
    sounds: Vec<Sound>,
    groups: Vec<IndexedGroup>,
    gaussians: Vec<u32>,
    frames: u64,
    /// Number of the last fragment.
    sequence: u32,
    pictures: PictureTable,
    picture_bytes: Vec<u8>,
    /// Whether a group was written in part.
    is_broken: bool,
}

/// A sound track and its packets that are still to be written.
struct Sound {
    format: SoundFormat,
    waiting: VecDeque<SoundPacket>,
}

impl<S: Read + Write + Seek> ZoeWriter<S> {
    /// Starts a clip; `spool` is an empty file (or memory) for what comes before the index is known.
    ///
    /// # Errors
    /// [`Error::Write`] when the description makes no sense, and when the spool cannot be used.
    pub fn new(description: ClipDescription, mut spool: S) -> Result<Self> {
        let layers = description.layers.len();
        if !(1..=limits::MAX_LAYERS).contains(&layers) {
            return refuse(format!(
                "it has {layers} layers; 1 to {} are right",
                limits::MAX_LAYERS
            ));
        }
        let rate = description.frame_rate.per_second();
        // With finer ticks the times of a long group would not fit their fields.
        if !limits::FRAME_RATES.contains(&rate) || description.frame_rate.denominator > 1_000_000 {
            return refuse(format!("{rate} frames a second make no sense"));
        }
        spool.rewind().map_err(|error| Error::write(&error))?;
        Ok(Self {
            entries: vec![Vec::new(); layers],
            description,
            spool,
            sounds: Vec::new(),
            groups: Vec::new(),
            gaussians: Vec::new(),
            frames: 0,
            sequence: 0,
            pictures: PictureTable::default(),
            picture_bytes: Vec::new(),
            is_broken: false,
        })
    }

    /// The facts of the clip; all but the frame rate and the layers may change until the end.
    pub fn description_mut(&mut self) -> &mut ClipDescription {
        &mut self.description
    }

    /// Frames so far.
    pub fn frame_count(&self) -> u64 {
        self.frames
    }

    /// Adds a sound track, before the first group. What begins after the clip's end is left out.
    /// Returns its number for [`Self::push_sound`].
    ///
    /// # Errors
    /// [`Error::Write`] when there are groups already, or too many tracks.
    pub fn add_sound(&mut self, track: SoundTrack) -> Result<usize> {
        if !self.groups.is_empty() {
            return refuse("sound must be added before the first group");
        }
        if self.sounds.len() == limits::MAX_SOUND_TRACKS {
            return refuse(format!(
                "it has more than {} sound tracks",
                limits::MAX_SOUND_TRACKS
            ));
        }
        if track.format.timescale == 0 || track.format.channels == 0 {
            return refuse("its sound has no sample rate or no channels");
        }
        self.sounds.push(Sound {
            format: track.format,
            waiting: VecDeque::new(),
        });
        let number = self.sounds.len() - 1;
        self.push_sound(number, track.packets)?;
        Ok(number)
    }

    /// Adds packets to a sound track, each at or after the last one's time. A group takes those that
    /// begin before its end, so they must be there before it is added.
    ///
    /// # Errors
    /// [`Error::Write`] when there is no such track, or a packet is too large.
    pub fn push_sound(&mut self, number: usize, packets: Vec<SoundPacket>) -> Result<()> {
        let Some(sound) = self.sounds.get_mut(number) else {
            return refuse(format!("it has no sound track {number}"));
        };
        for packet in packets {
            let bytes = packet.bytes.len() as u64;
            if bytes > limits::MAX_SOUND_PACKET_BYTES {
                return refuse(format!("a packet of its sound takes {bytes} bytes"));
            }
            if sound
                .waiting
                .back()
                .is_some_and(|last| last.time > packet.time)
            {
                return refuse("the packets of its sound are not in their order");
            }
            sound.waiting.push_back(packet);
        }
        Ok(())
    }

    /// The poster and the thumbnails, JPEG files; replaces what was set before.
    ///
    /// # Errors
    /// [`Error::Write`] when they are too large, or the thumbnails make no sense.
    pub fn set_pictures(
        &mut self,
        poster: Option<&[u8]>,
        thumbnails: Option<&Thumbnails>,
    ) -> Result<()> {
        if poster.is_some_and(|jpeg| jpeg.len() as u64 > limits::MAX_POSTER_BYTES) {
            return refuse("its poster is too large");
        }
        if let Some(thumbnails) = thumbnails {
            let Thumbnails {
                width,
                height,
                frames,
                jpegs,
            } = thumbnails;
            let sides = 1..=limits::MAX_THUMBNAIL_SIDE;
            let fit = jpegs
                .iter()
                .all(|jpeg| jpeg.len() as u64 <= limits::MAX_THUMBNAIL_BYTES);
            if !sides.contains(&u64::from(*width)) || !sides.contains(&u64::from(*height)) || !fit {
                return refuse("its thumbnails are too large");
            }
            if frames.len() != jpegs.len()
                || frames.len() as u64 > limits::MAX_THUMBNAILS
                || !frames.is_sorted_by(|a, b| a < b)
            {
                return refuse("its thumbnails are too many, or not in their order");
            }
        }
        self.pictures = PictureTable::of(poster, thumbnails);
        self.picture_bytes.clear();
        self.picture_bytes.extend(poster.unwrap_or_default());
        for jpeg in thumbnails.iter().flat_map(|thumbnails| &thumbnails.jpegs) {
            self.picture_bytes.extend(jpeg);
        }
        Ok(())
    }

    /// Adds the next group of `frames` frames with `gaussians` Gaussians each.
    ///
    /// # Errors
    /// [`Error::Write`] when the group does not fit the clip or a cap of [`limits`], and when the
    /// spool refuses.
    pub fn add_group(&mut self, group: &LayeredGroup, frames: usize, gaussians: u32) -> Result<()> {
        self.check_group(group, frames)?;
        self.is_broken = true;
        let levels = level_count(self.description.layers.len(), self.sounds.len());
        let start = self.frames;
        self.frames += frames as u64;
        let mut level_bytes = Vec::with_capacity(levels);
        if let Some((base, others)) = group.layers.split_first() {
            let entry = self.entry(0, &base.video)?;
            let (key, rest) = (0..1, 1..usize::MAX);
            level_bytes.push(self.write_layer(0, base, entry, start, frames, key)?);
            level_bytes.push(self.write_layer(0, base, entry, start, frames, rest)?);
            if !self.sounds.is_empty() {
                level_bytes.push(self.write_sounds()?);
            }
            for (layer, packets) in (1..).zip(others) {
                let entry = self.entry(layer, &packets.video)?;
                let all = 0..usize::MAX;
                level_bytes.push(self.write_layer(layer, packets, entry, start, frames, all)?);
            }
        }
        level_bytes.resize(levels, 0);
        let total: u64 = level_bytes.iter().sum();
        if total > limits::MAX_GROUP_BYTES {
            return refuse(format!("a group takes {total} bytes; make it shorter"));
        }
        self.groups.push(IndexedGroup {
            frames: frames as u32,
            level_bytes: level_bytes.iter().map(|bytes| *bytes as u32).collect(),
        });
        self.gaussians.push(gaussians);
        self.is_broken = false;
        Ok(())
    }

    /// An error when the spool holds a part of a group that failed: nothing behind it would be found.
    fn check_whole(&self) -> Result<()> {
        match self.is_broken {
            true => refuse("one of its groups failed; begin it anew"),
            false => Ok(()),
        }
    }

    fn check_group(&self, group: &LayeredGroup, frames: usize) -> Result<()> {
        self.check_whole()?;
        if !(1..=limits::MAX_GROUP_FRAMES).contains(&(frames as u64)) {
            return refuse(format!(
                "a group has {frames} frames; 1 to {} are right",
                limits::MAX_GROUP_FRAMES
            ));
        }
        if self.frames + frames as u64 > limits::MAX_FRAMES {
            return refuse(format!("it has more than {} frames", limits::MAX_FRAMES));
        }
        if self.groups.len() as u64 == limits::MAX_ZOE_GROUPS {
            return refuse(format!(
                "it has more than {} groups; make them longer",
                limits::MAX_ZOE_GROUPS
            ));
        }
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
        self.write_runs(vec![side, video])
    }

    /// Writes the sound that begins before the end of the group as one fragment; returns its bytes.
    fn write_sounds(&mut self) -> Result<u64> {
        let rate = self.description.frame_rate;
        let end = u128::from(self.frames) * u128::from(rate.denominator);
        let layers = self.entries.len();
        let mut packets: Vec<(u32, Vec<SoundPacket>)> = Vec::new();
        for (number, sound) in self.sounds.iter_mut().enumerate() {
            let format = &sound.format;
            let begins_before = |packet: &SoundPacket| {
                let heard = packet.time.saturating_sub(u64::from(format.delay));
                u128::from(heard) * u128::from(rate.numerator) < end * u128::from(format.timescale)
            };
            let count = sound.waiting.partition_point(begins_before);
            packets.push((
                sound_track(layers, number),
                sound.waiting.drain(..count).collect(),
            ));
        }
        let mut runs: Vec<Run<'_>> = Vec::new();
        for (track, packets) in &packets {
            let mut next = None;
            for packet in packets {
                let sample = Sample {
                    duration: packet.duration,
                    composition_offset: 0,
                    bytes: &packet.bytes,
                };
                match runs.last_mut() {
                    Some(run) if next == Some(packet.time) => run.samples.push(sample),
                    _ => runs.push(Run {
                        track: *track,
                        entry: 1,
                        decode_time: packet.time,
                        default_duration: 0,
                        first_is_sync: false,
                        samples: vec![sample],
                    }),
                }
                next = Some(packet.time + u64::from(packet.duration));
            }
        }
        self.write_runs(runs)
    }

    /// Writes a fragment of what is not empty; nothing where all is.
    fn write_runs(&mut self, mut runs: Vec<Run<'_>>) -> Result<u64> {
        runs.retain(|run| !run.samples.is_empty());
        if runs.is_empty() {
            return Ok(0);
        }
        self.sequence = self.sequence.saturating_add(1);
        write_fragment(&mut self.spool, self.sequence, &runs).map_err(|error| Error::write(&error))
    }

    /// Writes the whole file.
    ///
    /// # Errors
    /// [`Error::Write`] when there are no groups, or `out` or the spool refuses;
    /// [`Error::Cancelled`] within 100 ms of `cancel`.
    pub fn finish(mut self, out: &mut dyn Write, cancel: &Cancel) -> Result<()> {
        self.check_whole()?;
        if self.groups.is_empty() {
            return refuse("it has no frames");
        }
        let front = self.front()?;
        let pictures = self.picture_box();
        let pictures_first = pictures.len() as u64 <= FRONT_PICTURES_BYTES;
        let (before, after) = if pictures_first {
            (&pictures[..], &[][..])
        } else {
            (&[][..], &pictures[..])
        };
        let index = write_index(
            &self.groups,
            video_track(0),
            self.description.frame_rate,
            before.len() as u64,
        );
        if (front.len() + index.len() + before.len()) as u64 > limits::MAX_FRONT_BYTES {
            return refuse("its groups differ so much that its header is too large");
        }
        let total = self
            .groups
            .iter()
            .flat_map(|group| &group.level_bytes)
            .map(|bytes| u64::from(*bytes))
            .sum();
        let write = |out: &mut dyn Write, bytes: &[u8]| {
            out.write_all(bytes).map_err(|error| Error::write(&error))
        };
        for bytes in [&front, &index, before] {
            write(out, bytes)?;
        }
        self.spool.rewind().map_err(|error| Error::write(&error))?;
        copy(&mut self.spool, out, total, cancel)?;
        write(out, after)
    }

    /// `ftyp` and `moov`.
    fn front(&self) -> Result<Vec<u8>> {
        let json = write_json(&self.description, &self.pictures);
        if json.len() as u64 > limits::MAX_SIDECAR_BYTES {
            return refuse("its camera path or its texts are too long");
        }
        let mut front = Vec::new();
        write_box(&mut front, b"ftyp", |out| {
            out.extend(BRAND);
            put_u32(out, 0);
            for brand in [BRAND, b"iso6"] {
                out.extend(brand);
            }
        });
        let layers = self.description.layers.iter().zip(&self.entries);
        let movie = MovieParts {
            frame_rate: self.description.frame_rate,
            frames: self.frames,
            layers: layers
                .map(|(layer, entries)| (layer.kind, &entries[..]))
                .collect(),
            sounds: self.sounds.iter().map(|sound| &sound.format).collect(),
            json: &json,
            gaussians: self.gaussians.clone(),
        };
        front.extend(movie.write());
        Ok(front)
    }

    /// The box of pictures; nothing where there are none.
    fn picture_box(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if !self.pictures.is_empty() {
            write_box(&mut bytes, PICTURES, |out| out.extend(&self.picture_bytes));
        }
        bytes
    }
}

/// Copies `length` bytes.
fn copy(from: &mut dyn Read, to: &mut dyn Write, length: u64, cancel: &Cancel) -> Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    let mut left = length;
    while left > 0 {
        cancel.check()?;
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE_BYTES);
        from.read_exact(&mut piece[..count])
            .and_then(|()| to.write_all(&piece[..count]))
            .map_err(|error: io::Error| Error::write(&error))?;
        left -= count as u64;
    }
    Ok(())
}
