//! What clips of all kinds have in common on their way out: sound, pictures, the spool and the index.

use std::collections::VecDeque;
use std::io::{self, Read, Seek, Write};

use super::boxes::{put_u32, write_box};
use super::fragment::{Run, Sample, write_fragment};
use super::index::{IndexedGroup, write_index};
use super::meta::{FrameRate, PictureTable};
use super::moov::{sound_track, video_track};
use super::samples::refuse;
use super::sound::{SoundFormat, SoundPacket, SoundTrack};
use super::{BRAND, PICTURES};
use crate::{Cancel, Error, Result, Thumbnails, limits};

/// Pictures up to this size lie in front of the groups, where the first read gets them; larger ones
/// would keep the first group waiting.
const FRONT_PICTURES_BYTES: u64 = 32 << 10;
/// Bytes that are copied between two looks at the flag.
const PIECE_BYTES: usize = 1 << 20;

/// Groups wait in a spool, since the index in front of them needs all their sizes; memory grows by a few
/// numbers for each group.
pub(super) struct Store<S> {
    frame_rate: FrameRate,
    /// Layers in front of whose tracks no sound stands.
    layers: usize,
    spool: S,
    sounds: Vec<Sound>,
    groups: Vec<IndexedGroup>,
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

impl<S: Read + Write + Seek> Store<S> {
    /// Starts a clip of so many layers.
    pub(super) fn new(frame_rate: FrameRate, layers: usize, mut spool: S) -> Result<Self> {
        let rate = frame_rate.per_second();
        // With finer ticks the times of a long group would not fit their fields.
        if !limits::FRAME_RATES.contains(&rate) || frame_rate.denominator > 1_000_000 {
            return refuse(format!("{rate} frames a second make no sense"));
        }
        spool.rewind().map_err(|error| Error::write(&error))?;
        Ok(Self {
            frame_rate,
            layers,
            spool,
            sounds: Vec::new(),
            groups: Vec::new(),
            frames: 0,
            sequence: 0,
            pictures: PictureTable::default(),
            picture_bytes: Vec::new(),
            is_broken: false,
        })
    }

    /// Frames so far.
    pub(super) fn frame_count(&self) -> u64 {
        self.frames
    }

    /// The formats of the sound tracks.
    pub(super) fn sound_formats(&self) -> Vec<&SoundFormat> {
        self.sounds.iter().map(|sound| &sound.format).collect()
    }

    /// Where the pictures lie.
    pub(super) fn pictures(&self) -> &PictureTable {
        &self.pictures
    }

    /// See `ZoeWriter::add_sound`.
    pub(super) fn add_sound(&mut self, track: SoundTrack) -> Result<usize> {
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

    /// See `ZoeWriter::push_sound`.
    pub(super) fn push_sound(&mut self, number: usize, packets: Vec<SoundPacket>) -> Result<()> {
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

    /// See `ZoeWriter::set_pictures`.
    pub(super) fn set_pictures(
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

    /// An error when the spool holds a part of a group that failed: nothing behind it would be found.
    fn check_whole(&self) -> Result<()> {
        match self.is_broken {
            true => refuse("one of its groups failed; begin it anew"),
            false => Ok(()),
        }
    }

    /// Whether there may be another group of `frames` frames.
    pub(super) fn check_group(&self, frames: usize) -> Result<()> {
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
        Ok(())
    }

    /// Begins a group that was checked; returns its first frame.
    pub(super) fn begin_group(&mut self, frames: usize) -> u64 {
        self.is_broken = true;
        let start = self.frames;
        self.frames += frames as u64;
        start
    }

    /// Ends the group that was begun, with the bytes of each of its levels.
    pub(super) fn end_group(&mut self, frames: usize, level_bytes: &[u64]) -> Result<()> {
        let total: u64 = level_bytes.iter().sum();
        if total > limits::MAX_GROUP_BYTES {
            return refuse(format!("a group takes {total} bytes; make it shorter"));
        }
        self.groups.push(IndexedGroup {
            frames: frames as u32,
            level_bytes: level_bytes.iter().map(|bytes| *bytes as u32).collect(),
        });
        self.is_broken = false;
        Ok(())
    }

    /// Writes the sound that begins before the end of the group as one fragment; returns its bytes.
    pub(super) fn write_sounds(&mut self) -> Result<u64> {
        let rate = self.frame_rate;
        let end = u128::from(self.frames) * u128::from(rate.denominator);
        let layers = self.layers;
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
    pub(super) fn write_runs(&mut self, mut runs: Vec<Run<'_>>) -> Result<u64> {
        runs.retain(|run| !run.samples.is_empty());
        if runs.is_empty() {
            return Ok(0);
        }
        self.sequence = self.sequence.saturating_add(1);
        write_fragment(&mut self.spool, self.sequence, &runs).map_err(|error| Error::write(&error))
    }

    /// An error where there is nothing to be written.
    pub(super) fn check_finished(&self) -> Result<()> {
        self.check_whole()?;
        if self.groups.is_empty() {
            return refuse("it has no frames");
        }
        Ok(())
    }

    /// Writes the whole file around its `moov` box.
    pub(super) fn finish(
        mut self,
        moov: &[u8],
        out: &mut dyn Write,
        cancel: &Cancel,
    ) -> Result<()> {
        let mut front = Vec::new();
        write_box(&mut front, b"ftyp", |out| {
            out.extend(BRAND);
            put_u32(out, 0);
            for brand in [BRAND, b"iso6"] {
                out.extend(brand);
            }
        });
        front.extend(moov);
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
            self.frame_rate,
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
