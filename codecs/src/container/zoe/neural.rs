//! Neural video in a clip: its groups are short for whoever watches, since every sample is decoded by itself, and long in the file, where
//! many share a network.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::boxes::Parse;
use super::demuxer::ZoeDemuxer;
use super::fragment::{ReadRun, read_fragments};
use super::index::Index;
use super::moov::NeuralTrack;
use crate::neural::NeuralFrame;
use crate::neural::track::{CodedGroup, GroupReader, NeuralGroup, TrackConfig};
use crate::{Cancel, Detail, Error, GroupInfo, GroupPayload, PictureInfo, Result};

/// Groups of the file that stay in memory: the one that plays, and the one before or behind it.
const KEPT: usize = 2;

/// The neural video of a clip.
pub(super) struct NeuralClip {
    track: NeuralTrack,
    configs: Vec<Option<TrackConfig>>,
    /// A configuration that is known: what is told of the clip.
    first: TrackConfig,
    /// Frames of a sample.
    each: usize,
    /// The sample, counted over all groups, with which each group of the file begins, and the number of all samples.
    starts: Vec<usize>,
    reader: GroupReader,
    /// Groups that were read, with how many of their levels.
    kept: VecDeque<(usize, usize, Arc<NeuralGroup>)>,
}

impl NeuralClip {
    /// For a clip of which `index` has the groups that are whole.
    pub(super) fn open(name: &str, track: NeuralTrack, index: &Index) -> Result<Self> {
        let read = |bytes: &Option<Vec<u8>>| {
            let config = bytes.as_ref().map(|bytes| TrackConfig::read(name, bytes));
            config.transpose()
        };
        let configs: Vec<Option<TrackConfig>> =
            track.entries.iter().map(read).collect::<Result<_>>()?;
        let facts = |config: &TrackConfig| (config.crop.size, config.architecture().frames());
        let mut known = configs.iter().flatten();
        let Some(first) = known.next().cloned() else {
            return Err(Error::malformed(
                name,
                "the description of its networks is missing",
            ));
        };
        if known.any(|config| facts(config) != facts(&first)) {
            return Err(Error::malformed(
                name,
                "its groups differ in the size of their pictures; copy the clip again",
            ));
        }
        let (_, each) = facts(&first);
        let mut starts = vec![0];
        for group in 0..index.len() {
            let samples = index.frames(group).len().div_ceil(each);
            starts.push(starts[group] + samples);
        }
        Ok(Self {
            track,
            configs,
            first,
            each,
            starts,
            reader: GroupReader::default(),
            kept: VecDeque::new(),
        })
    }

    /// What is told of its pictures. Parameters and multiplications are the largest that occur.
    pub(super) fn picture(&self) -> PictureInfo {
        let known = || self.configs.iter().flatten().map(TrackConfig::architecture);
        PictureInfo {
            size: self.first.crop.size,
            parameters: known().map(|shape| shape.parameters()).max(),
            macs: known()
                .map(|shape| shape.macs().div_ceil(self.each as u64))
                .max(),
        }
    }

    /// Name of its codec for people.
    pub(super) fn codec_name(&self) -> &'static str {
        self.first.codec_name()
    }

    /// The groups for whoever watches: a sample each.
    pub(super) fn groups(&self, index: &Index) -> Vec<GroupInfo> {
        let of_group = |group: usize| {
            let frames = index.frames(group);
            let starts = frames.clone().step_by(self.each);
            starts.map(move |start| GroupInfo {
                frames: start..(start + self.each).min(frames.end),
            })
        };
        (0..index.len()).flat_map(of_group).collect()
    }

    /// The group of the file with a sample, and the sample's number in it; `None` behind the last one.
    pub(super) fn place(&self, sample: usize) -> Option<(usize, usize)> {
        let group = self
            .starts
            .partition_point(|start| *start <= sample)
            .checked_sub(1)?;
        (sample < *self.starts.last()?).then(|| (group, sample - self.starts[group]))
    }

    /// Levels that must be read for a sample.
    pub(super) fn levels(&self, sample: usize, detail: Detail) -> usize {
        match detail {
            Detail::Key if sample == 0 => 1,
            _ => self.track.levels,
        }
    }

    /// A frame of a group of the file, if as many levels of that were read as it needs.
    pub(super) fn frame(
        &mut self,
        name: &str,
        group: usize,
        levels: usize,
        index: usize,
    ) -> Result<Option<NeuralFrame>> {
        let is_it = |kept: &&(usize, usize, Arc<NeuralGroup>)| kept.0 == group && kept.1 >= levels;
        match self.kept.iter().find(is_it) {
            Some((_, _, neural)) => neural.frame(name, index),
            None => Ok(None),
        }
    }

    /// Keeps a group of the file that was read out of its first `levels` levels.
    pub(super) fn keep(
        &mut self,
        name: &str,
        group: usize,
        levels: usize,
        (entry, samples): (u32, &[&[u8]]),
        frames: usize,
        cancel: &Cancel,
    ) -> Result<()> {
        let config = self.config(name, entry)?;
        let neural = self.reader.read(name, config, samples, frames, cancel)?;
        self.kept.retain(|(other, _, _)| *other != group);
        self.kept.truncate(KEPT - 1);
        self.kept.push_front((group, levels, Arc::new(neural)));
        Ok(())
    }

    /// The configuration of a sample entry, counted from 1.
    pub(super) fn config(&self, name: &str, entry: u32) -> Result<&TrackConfig> {
        let place = (entry as usize).checked_sub(1);
        let config = place.and_then(|place| self.configs.get(place));
        match config {
            Some(Some(config)) => Ok(config),
            Some(None) => Err(Error::unsupported(
                name,
                "it is of a kind that is not known here",
            )),
            None => Err(Error::malformed(
                name,
                "the description of its network is missing; copy the clip again",
            )),
        }
    }

    /// The sample entry and the samples of a group of the file out of its `runs`.
    pub(super) fn samples<'a>(
        &self,
        runs: &[ReadRun<'a>],
        frames: &Range<usize>,
        frame_ticks: u32,
    ) -> Parse<(u32, Vec<&'a [u8]>)> {
        let mut samples = Vec::new();
        let mut entry = None;
        let ticks = i128::from(frame_ticks);
        let start = frames.start as i128 * ticks + i128::from(self.track.delay);
        for run in runs.iter().filter(|run| run.track == self.track.video) {
            if *entry.get_or_insert(run.entry) != run.entry {
                return Err("its samples change their network".to_owned());
            }
            let mut time = i128::from(run.decode_time);
            for sample in &run.samples {
                let presented = time + i128::from(sample.composition_offset) - start;
                if presented != (samples.len() * self.each) as i128 * ticks {
                    return Err("a sample lies elsewhere than its frame".to_owned());
                }
                samples.push(sample.bytes);
                time += i128::from(sample.duration);
            }
        }
        let entry = entry.ok_or_else(|| "its network is missing".to_owned())?;
        Ok((entry, samples))
    }
}

impl ZoeDemuxer {
    /// A frame of neural video and those that are decoded with it.
    pub(super) fn read_neural(
        &mut self,
        group: usize,
        detail: Detail,
        cancel: &Cancel,
    ) -> Result<GroupPayload> {
        cancel.check()?;
        let name = self.name_of(group);
        let missing = || Error::malformed(&name, "its frame is missing; copy the clip again");
        let neural = self.neural.as_mut().ok_or_else(missing)?;
        let (file_group, sample) = neural.place(group).ok_or_else(missing)?;
        let levels = neural.levels(sample, detail);
        let file_frames = self.index.frames(file_group);
        let first = self.groups[group].frames.start - file_frames.start;
        if let Some(frame) = neural.frame(&name, file_group, levels, first)? {
            return Ok(GroupPayload::Neural(frame));
        }
        let bytes = self
            .source
            .read(self.index.bytes(file_group, levels), cancel)?;
        let frame_ticks = self.description.frame_rate.denominator;
        let runs = read_fragments(&bytes, &self.defaults);
        let (entry, samples) = runs
            .and_then(|runs| neural.samples(&runs, &file_frames, frame_ticks))
            .map_err(|reason| Error::malformed(&name, format!("{reason}; copy the clip again")))?;
        let count = file_frames.len();
        neural.keep(&name, file_group, levels, (entry, &samples), count, cancel)?;
        let frame = neural.frame(&name, file_group, levels, first)?;
        frame.map(GroupPayload::Neural).ok_or_else(missing)
    }

    /// A group of the file of neural video as it is coded; `None` of Gaussians.
    pub(super) fn read_coded(
        &self,
        file_group: usize,
        cancel: &Cancel,
    ) -> Result<Option<CodedGroup>> {
        let Some(neural) = &self.neural else {
            return Ok(None);
        };
        let name = self.name_of(file_group);
        let frames = self.index.frames(file_group);
        let levels = neural.levels(0, Detail::FULL);
        let bytes = self
            .source
            .read(self.index.bytes(file_group, levels), cancel)?;
        let runs = read_fragments(&bytes, &self.defaults);
        let frame_ticks = self.description.frame_rate.denominator;
        let (entry, samples) = runs
            .and_then(|runs| neural.samples(&runs, &frames, frame_ticks))
            .map_err(|reason| self.damaged(file_group, &reason))?;
        Ok(Some(CodedGroup {
            config: neural.config(&name, entry)?.clone(),
            samples: samples.iter().map(|sample| sample.to_vec()).collect(),
            frames: frames.len(),
        }))
    }
}
