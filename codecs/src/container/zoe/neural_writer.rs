//! Writes a clip of neural video, one group after the other.

use std::io::{Read, Seek, Write};

use super::meta::{ClipDescription, write_json};
use super::moov::{MovieParts, MovieTracks, NeuralEntry, level_count, video_track};
use super::samples::{Clock, refuse};
use super::sound::{SoundPacket, SoundTrack};
use super::store::Store;
use crate::neural::track::CodedGroup;
use crate::neural::{CodedEmbeddings, CodedNetwork, Crop, LatentNetworks, PatchGrid};
use crate::{Cancel, Result, Thumbnails, limits};

/// Writes a clip of neural video. Groups wait in a spool, since the index in front of them needs all their sizes;
/// memory grows by a few numbers for each group.
pub struct NeuralWriter<S> {
    description: ClipDescription,
    store: Store<S>,
    /// Sample entries.
    entries: Vec<NeuralEntry>,
}

impl<S: Read + Write + Seek> NeuralWriter<S> {
    /// Starts a clip; `spool` is an empty file (or memory) for what comes before the index is known. Of `description` what
    /// is about Gaussians is not used.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write) when the description makes no sense, and when the spool cannot be used.
    pub fn new(description: ClipDescription, spool: S) -> Result<Self> {
        let flat = ClipDescription::new(description.frame_rate, 0);
        let description = ClipDescription {
            bounds: None,
            camera: None,
            camera_path: None,
            sh_degree: 0,
            layers: flat.layers,
            ..description
        };
        Ok(Self {
            store: Store::new(description.frame_rate, 1, spool)?,
            description,
            entries: Vec::new(),
        })
    }

    /// The facts of the clip; all but the frame rate may change until the end.
    pub fn description_mut(&mut self) -> &mut ClipDescription {
        &mut self.description
    }

    /// Frames so far.
    pub fn frame_count(&self) -> u64 {
        self.store.frame_count()
    }

    /// As [`ZoeWriter::add_sound`](super::ZoeWriter::add_sound).
    ///
    /// # Errors
    /// As there.
    pub fn add_sound(&mut self, track: SoundTrack) -> Result<usize> {
        self.store.add_sound(track)
    }

    /// As [`ZoeWriter::push_sound`](super::ZoeWriter::push_sound).
    ///
    /// # Errors
    /// As there.
    pub fn push_sound(&mut self, number: usize, packets: Vec<SoundPacket>) -> Result<()> {
        self.store.push_sound(number, packets)
    }

    /// As [`ZoeWriter::set_pictures`](super::ZoeWriter::set_pictures).
    ///
    /// # Errors
    /// As there.
    pub fn set_pictures(
        &mut self,
        poster: Option<&[u8]>,
        thumbnails: Option<&Thumbnails>,
    ) -> Result<()> {
        self.store.set_pictures(poster, thumbnails)
    }

    /// Adds the next `frames` frames: one network, and an embedding for each of them. `crop` is what is shown of the decoded
    /// pictures; all, where it is `None`. Returns the bytes that the group takes without its sound and its boxes.
    ///
    /// # Errors
    /// As [`CodedGroup::of_network`] and [`Self::add_coded`].
    pub fn add_group(
        &mut self,
        network: &CodedNetwork,
        embeddings: &CodedEmbeddings,
        frames: usize,
        crop: Option<Crop>,
    ) -> Result<u64> {
        self.add_coded(&CodedGroup::of_network(network, embeddings, frames, crop)?)
    }

    /// Adds the next `frames` frames: networks of the places of a picture's patches, each of which makes some of them.
    ///
    /// # Errors
    /// As [`CodedGroup::of_latents`] and [`Self::add_coded`].
    pub fn add_latents(
        &mut self,
        grid: PatchGrid,
        networks: &LatentNetworks,
        frames: usize,
        crop: Option<Crop>,
    ) -> Result<u64> {
        self.add_coded(&CodedGroup::of_latents(grid, networks, frames, crop)?)
    }

    /// Adds a group that is coded already; returns its bytes.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write) when the group does not fit the clip (all groups have pictures of one size, and the
    /// same number of frames in a sample) or a cap of [`limits`], and when the spool refuses.
    pub fn add_coded(&mut self, group: &CodedGroup) -> Result<u64> {
        let frames = group.frames;
        self.store.check_group(frames)?;
        let bytes = group.bytes();
        if bytes > limits::MAX_GROUP_BYTES {
            return refuse(format!("a group takes {bytes} bytes; make it shorter"));
        }
        let frame_ticks = self.description.frame_rate.denominator;
        let each = group.config.architecture().frames().max(1);
        if group.samples.len() != frames.div_ceil(each) {
            return refuse(format!(
                "{} samples are not those of {frames} frames",
                group.samples.len()
            ));
        }
        let entry = self.entry(NeuralEntry::of(&group.config))?;
        let start = self.store.begin_group(frames);
        let clock = Clock {
            start: start * u64::from(frame_ticks),
            frame_ticks,
            frames,
        };
        let mut level_bytes = Vec::new();
        for part in [0..1, 1..usize::MAX] {
            let mut run = clock.run_of(video_track(0), entry, &group.samples, each, &part);
            run.first_is_sync = part.start == 0;
            level_bytes.push(self.store.write_runs(vec![run])?);
        }
        let sounds = self.store.sound_formats().len();
        if sounds > 0 {
            level_bytes.push(self.store.write_sounds()?);
        }
        level_bytes.resize(level_count(1, sounds), 0);
        self.store.end_group(frames, &level_bytes)?;
        Ok(bytes)
    }

    /// The number, from 1, of a sample entry.
    fn entry(&mut self, entry: NeuralEntry) -> Result<u32> {
        if entry.config.len() as u64 > limits::MAX_CODEC_CONFIG_BYTES {
            return refuse("its network has too many layers");
        }
        let place = self.entries.iter().position(|other| *other == entry);
        let place = match place {
            Some(place) => place,
            None if self.entries.len() as u64 == limits::MAX_SAMPLE_ENTRIES => {
                return refuse(format!(
                    "the networks of its groups differ in more than {} ways",
                    limits::MAX_SAMPLE_ENTRIES
                ));
            }
            None => {
                let first = self.entries.first().unwrap_or(&entry);
                if (first.size, first.frames) != (entry.size, entry.frames) {
                    return refuse(
                        "the pictures of its groups differ in size, or in how many are made at once",
                    );
                }
                self.entries.push(entry);
                self.entries.len() - 1
            }
        };
        Ok(place as u32 + 1)
    }

    /// Writes the whole file.
    ///
    /// # Errors
    /// As [`ZoeWriter::finish`](super::ZoeWriter::finish).
    pub fn finish(self, out: &mut dyn Write, cancel: &Cancel) -> Result<()> {
        self.store.check_finished()?;
        let json = write_json(&self.description, self.store.pictures());
        if json.len() as u64 > limits::MAX_SIDECAR_BYTES {
            return refuse("its texts are too long");
        }
        let movie = MovieParts {
            frame_rate: self.description.frame_rate,
            frames: self.store.frame_count(),
            tracks: MovieTracks::Neural(&self.entries),
            sounds: self.store.sound_formats(),
            json: &json,
            gaussians: Vec::new(),
        };
        let moov = movie.write();
        self.store.finish(&moov, out, cancel)
    }
}
