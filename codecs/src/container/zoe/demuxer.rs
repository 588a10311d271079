//! Reads a clip group by group, as much of each as is wanted.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::PICTURES;
use super::boxes::{BoxHead, Parse};
use super::facts::{clip_info, describe};
use super::fragment::{ReadRun, TrackDefaults, read_fragments};
use super::front::Front;
use super::index::Index;
use super::meta::{ClipDescription, FrameRate, Meta, PictureTable};
use super::moov::{LayerTracks, Movie};
use super::neural::NeuralClip;
use super::sound::{SoundFormat, SoundPacket};
use crate::container::{Warnings, last_part};
use crate::source::Source;
use crate::{
    Cancel, ClipInfo, Demuxer, Detail, Error, GroupInfo, GroupPackets, GroupPayload, LayerPackets,
    LayeredGroup, Result, Thumbnails, Transfer, VideoCodec, VideoPacket, VideoStream,
};

/// Demuxer of Zoetrope's own clips.
pub struct ZoeDemuxer {
    pub(super) source: Arc<dyn Source>,
    info: ClipInfo,
    pub(super) groups: Vec<GroupInfo>,
    pub(super) description: ClipDescription,
    pub(super) index: Index,
    /// The layers of Gaussians; none of neural video.
    layers: Vec<LayerTracks>,
    pub(super) neural: Option<NeuralClip>,
    sounds: Vec<SoundFormat>,
    /// The track of each of `sounds`.
    sound_tracks: Vec<u32>,
    pub(super) defaults: BTreeMap<u32, TrackDefaults>,
    gaussians: Vec<u32>,
    pictures: PictureTable,
    /// Where the content of the box of pictures lies, where it is in front of the groups.
    front_pictures: Option<Range<u64>>,
    /// Where the box of pictures begins if it is behind the groups.
    groups_end: u64,
}

impl ZoeDemuxer {
    /// Opens the clip in `source`.
    ///
    /// # Errors
    /// When it is no such clip, or its front (everything before the groups) is cut or damaged, or no
    /// group is whole. A clip that is cut behind that opens with the groups that are whole.
    pub fn open(source: Arc<dyn Source>, cancel: &Cancel) -> Result<Self> {
        let front = Front::read(&*source, cancel)?;
        let name = source.name().to_owned();
        let malformed =
            |reason: String| Error::malformed(&name, format!("{reason}; copy the clip again"));
        let movie = Movie::read(front.content(&front.moov)).map_err(malformed)?;
        let mut index = Index::read(
            front.content(&front.sidx),
            front.content(&front.ssix),
            front.sidx.end,
            movie.frame_rate,
            movie.level_count,
        )
        .map_err(malformed)?;
        let title = last_part(&name);
        let (meta, sentences) = Meta::read(&title, movie.json);
        let mut warnings = Warnings::default();
        warnings.extend(sentences);
        if movie.foreign_sounds > 0 {
            warnings.push(
                "it has sound in a codec that is not known here, which is left out".to_owned(),
            );
        }
        let all_groups = index.len();
        let (all_frames, groups_end) = (index.frames(all_groups - 1).end, index.end());
        index.cut(source.len());
        if index.len() == 0 {
            return Err(malformed("it ends before its first group does".to_owned()));
        }
        let whole_frames = index.frames(index.len() - 1).end;
        if index.len() < all_groups {
            warnings.push_omission(format!(
                "the file is cut short: {} of its {all_frames} frames are missing; copy it again",
                all_frames - whole_frames
            ));
        }
        let neural = movie.neural.clone();
        let neural = neural.map(|track| NeuralClip::open(&name, track, &index));
        let neural = neural.transpose()?;
        let groups = match &neural {
            Some(neural) => neural.groups(&index),
            None => (0..index.len())
                .map(|group| GroupInfo {
                    frames: index.frames(group),
                })
                .collect(),
        };
        let facts = (&movie, &meta, &index, neural.as_ref());
        let info = clip_info(title, facts, &groups, warnings);
        let description = describe(&movie, &meta, &info);
        let (sound_tracks, sounds) = movie.sounds.into_iter().unzip();
        Ok(Self {
            info,
            groups,
            description,
            index,
            gaussians: movie.gaussians,
            layers: movie.layers,
            neural,
            sounds,
            sound_tracks,
            defaults: movie.defaults,
            pictures: meta.pictures,
            front_pictures: front.pictures,
            groups_end,
            source,
        })
    }

    /// The facts that a copy of the clip keeps.
    pub fn description(&self) -> &ClipDescription {
        &self.description
    }

    /// Frames a second, exactly.
    pub fn frame_rate(&self) -> FrameRate {
        self.description.frame_rate
    }

    /// Gaussians of the frames of a group, where the clip tells.
    pub fn gaussians(&self, group: usize) -> Option<u32> {
        self.gaussians.get(group).copied()
    }

    /// The picture that stands for the clip, a JPEG file.
    ///
    /// # Errors
    /// As [`Demuxer::read_group`].
    pub fn poster(&self, cancel: &Cancel) -> Result<Option<Vec<u8>>> {
        let Some(bytes) = self.pictures.poster_bytes else {
            return Ok(None);
        };
        let Some(start) = self.picture_start(cancel)? else {
            return Ok(None);
        };
        let range = start..start.saturating_add(u64::from(bytes));
        self.source.read(range, cancel).map(Some)
    }

    /// Where the content of the box of pictures begins; `None` where the clip was cut before it, of
    /// which [`ClipInfo::warnings`] tells.
    fn picture_start(&self, cancel: &Cancel) -> Result<Option<u64>> {
        let content = match &self.front_pictures {
            Some(content) => content.clone(),
            None => {
                let room = self.source.len().saturating_sub(self.groups_end);
                let head_end = self.groups_end.saturating_add(room.min(BoxHead::MAX_BYTES));
                let head = match room {
                    0 => return Ok(None),
                    _ => self.source.read(self.groups_end..head_end, cancel)?,
                };
                match BoxHead::read(&head, room) {
                    Ok(Some(head)) if head.kind == *PICTURES => {
                        self.groups_end + head.head_bytes..self.groups_end + head.bytes
                    }
                    _ => return Ok(None),
                }
            }
        };
        let whole = self.pictures.total_bytes() <= content.end - content.start;
        Ok(whole.then_some(content.start))
    }

    /// Bytes of a part of a group in the file.
    fn part_range(&self, group: usize, detail: Detail) -> Option<Range<u64>> {
        self.groups.get(group)?;
        if let Some(neural) = &self.neural {
            let (file_group, sample) = neural.place(group)?;
            return Some(self.index.bytes(file_group, neural.levels(sample, detail)));
        }
        let levels = match detail {
            Detail::Key => 1,
            Detail::Layers(_) => {
                let last = detail.layers().min(self.layers.len());
                self.layers.get(last.checked_sub(1)?)?.levels
            }
        };
        Some(self.index.bytes(group, levels))
    }

    fn check(&self, group: usize) -> Result<()> {
        if group < self.groups.len() {
            return Ok(());
        }
        Err(Error::malformed(
            self.source.name(),
            format!("it has no group {group}"),
        ))
    }

    pub(super) fn name_of(&self, group: usize) -> String {
        format!("group {group} of {}", self.info.title)
    }

    pub(super) fn damaged(&self, group: usize, reason: &str) -> Error {
        Error::malformed(
            self.name_of(group),
            format!("{reason}; copy the clip again"),
        )
    }

    /// The first `count` layers of a group out of its `runs`.
    fn layers_of(&self, group: usize, count: usize, runs: &[ReadRun<'_>]) -> Parse<LayeredGroup> {
        let frames = self.index.frames(group);
        let mut layered = LayeredGroup::default();
        for (number, tracks) in self.layers.iter().take(count).enumerate() {
            let of = |track: u32| runs.iter().filter(move |run| run.track == track);
            let side: Vec<Vec<u8>> = of(tracks.side)
                .flat_map(|run| &run.samples)
                .map(|sample| sample.bytes.to_vec())
                .collect();
            let mut video = VideoStream {
                codec: self.codec(),
                config: Vec::new(),
                width: 0,
                height: 0,
                packets: Vec::new(),
            };
            let mut entry = None;
            for run in of(tracks.video) {
                if *entry.get_or_insert(run.entry) != run.entry {
                    return Err("its pictures change their codec".to_owned());
                }
                self.pictures_of(run, tracks.delay, &frames, &mut video.packets)?;
            }
            if let Some(entry) = entry {
                let place = (entry as usize).checked_sub(1);
                let entry = place.and_then(|place| tracks.entries.get(place));
                let entry = entry
                    .ok_or_else(|| "the header of its pictures is missing".to_owned())?
                    .as_ref()
                    .ok_or_else(|| "its pictures have a codec that is not known here".to_owned())?;
                video.codec = entry.codec;
                video.config.clone_from(&entry.config);
                (video.width, video.height) = (entry.width, entry.height);
            }
            if side.is_empty() {
                // A group may end with fewer layers than the clip has.
                if number == 0 || !video.packets.is_empty() {
                    return Err(format!("its layer {number} is missing"));
                }
                break;
            }
            layered.layers.push(LayerPackets {
                kind: tracks.kind,
                video,
                side,
            });
        }
        Ok(layered)
    }

    /// Adds the packets of a run, with their places in the order of presentation.
    fn pictures_of(
        &self,
        run: &ReadRun<'_>,
        delay: u32,
        frames: &Range<usize>,
        packets: &mut Vec<VideoPacket>,
    ) -> Parse<()> {
        let frame_ticks = i128::from(self.frame_rate().denominator);
        let start = frames.start as i128 * frame_ticks + i128::from(delay);
        let mut time = i128::from(run.decode_time);
        for sample in &run.samples {
            let presented = time + i128::from(sample.composition_offset) - start;
            let picture = presented / frame_ticks;
            if presented % frame_ticks != 0 || !(0..frames.len() as i128).contains(&picture) {
                return Err("a picture lies outside its group".to_owned());
            }
            packets.push(VideoPacket {
                picture: picture as u32,
                bytes: sample.bytes.to_vec(),
            });
            time += i128::from(sample.duration);
        }
        Ok(())
    }

    /// The codec of the base layer.
    fn codec(&self) -> VideoCodec {
        let entries = self.layers.first().map_or(&[][..], |base| &base.entries);
        let known = entries.iter().flatten().next();
        known.map_or(VideoCodec::H264, |entry| entry.codec)
    }
}

impl ZoeDemuxer {
    /// The group of the file that a group is in, or is.
    fn file_group(&self, group: usize) -> usize {
        let place = self.neural.as_ref().and_then(|neural| neural.place(group));
        place.map_or(group, |(file_group, _)| file_group)
    }

    /// Frames of the groups of the file.
    pub(super) fn file_groups(&self) -> Vec<Range<usize>> {
        (0..self.index.len())
            .map(|group| self.index.frames(group))
            .collect()
    }

    /// The packets of each sound track that begin in a group of the file.
    pub(super) fn read_file_sound(
        &self,
        file_group: usize,
        cancel: &Cancel,
    ) -> Result<Vec<Vec<SoundPacket>>> {
        let mut tracks = vec![Vec::new(); self.sounds.len()];
        // The levels between the base layer and the next one, or the end.
        let first = match &self.neural {
            Some(neural) => neural.levels(0, Detail::FULL),
            None => self.layers.first().map_or(0, |base| base.levels),
        };
        let after = self
            .layers
            .get(1)
            .map_or(usize::MAX, |layer| layer.levels - 1);
        let start = self.index.bytes(file_group, first).end;
        let range = start..self.index.bytes(file_group, after).end;
        if tracks.is_empty() || range.is_empty() {
            return Ok(tracks);
        }
        let bytes = self.source.read(range, cancel)?;
        for run in read_fragments(&bytes, &self.defaults)
            .map_err(|reason| self.damaged(file_group, &reason))?
        {
            let Some(track) = self.sound_tracks.iter().position(|id| *id == run.track) else {
                continue;
            };
            let mut time = run.decode_time;
            for sample in run.samples {
                tracks[track].push(SoundPacket {
                    time,
                    duration: sample.duration,
                    bytes: sample.bytes.to_vec(),
                });
                time = time.saturating_add(u64::from(sample.duration));
            }
        }
        Ok(tracks)
    }
}

impl Demuxer for ZoeDemuxer {
    fn info(&self) -> &ClipInfo {
        &self.info
    }

    fn groups(&self) -> &[GroupInfo] {
        &self.groups
    }

    fn read_group(&mut self, group: usize, cancel: &Cancel) -> Result<GroupPackets> {
        self.read_part(group, Detail::FULL, cancel)
    }

    fn read_part(&mut self, group: usize, detail: Detail, cancel: &Cancel) -> Result<GroupPackets> {
        self.check(group)?;
        if self.neural.is_some() {
            return Ok(GroupPackets {
                group,
                frames: self.groups[group].frames.clone(),
                payload: self.read_neural(group, detail, cancel)?,
            });
        }
        let range = self.part_range(group, detail).unwrap_or_default();
        let bytes = self.source.read(range, cancel)?;
        let layered = read_fragments(&bytes, &self.defaults)
            .and_then(|runs| self.layers_of(group, detail.layers(), &runs))
            .map_err(|reason| self.damaged(group, &reason))?;
        let mut frames = self.index.frames(group);
        if detail == Detail::Key {
            frames.end = frames.start + 1;
        }
        Ok(GroupPackets {
            group,
            frames,
            payload: GroupPayload::Layered(layered),
        })
    }

    fn part_bytes(&self, group: usize, detail: Detail) -> Option<u64> {
        let range = self.part_range(group, detail)?;
        let place = self.neural.as_ref().and_then(|neural| neural.place(group));
        Some(match place {
            // They come with the first frame of their group in the file.
            Some((_, 1..)) => 0,
            _ => range.end - range.start,
        })
    }

    fn prefetch(&self, parts: &[(usize, Detail)]) {
        let mut ranges: Vec<Range<u64>> = parts
            .iter()
            .filter_map(|(group, detail)| self.part_range(*group, *detail))
            .collect();
        // Frames of neural video share the bytes of their group.
        ranges.dedup();
        self.source.prefetch(&ranges);
    }

    fn is_at_hand(&self, group: usize, detail: Detail) -> bool {
        let range = self.part_range(group, detail);
        range.is_some_and(|range| self.source.is_at_hand(range))
    }

    fn transfers(&self) -> Option<Vec<Transfer>> {
        self.source.transfers()
    }

    fn thumbnails(&mut self, cancel: &Cancel) -> Result<Option<Thumbnails>> {
        let Some(table) = &self.pictures.thumbnails else {
            return Ok(None);
        };
        let poster = u64::from(self.pictures.poster_bytes.unwrap_or(0));
        let Some(start) = self.picture_start(cancel)? else {
            return Ok(None);
        };
        let start = start.saturating_add(poster);
        let length: u64 = table.bytes.iter().map(|bytes| u64::from(*bytes)).sum();
        let bytes = self
            .source
            .read(start..start.saturating_add(length), cancel)?;
        let mut rest = &bytes[..];
        let mut jpegs = Vec::with_capacity(table.bytes.len());
        let frames: Vec<usize> = table
            .frames
            .iter()
            .copied()
            .take_while(|frame| *frame < self.info.frame_count)
            .collect();
        for length in table.bytes.iter().take(frames.len()) {
            let (jpeg, others) = rest.split_at_checked(*length as usize).unwrap_or_default();
            jpegs.push(jpeg.to_vec());
            rest = others;
        }
        Ok(Some(Thumbnails {
            width: table.width,
            height: table.height,
            frames,
            jpegs,
        }))
    }

    fn sounds(&self) -> &[SoundFormat] {
        &self.sounds
    }

    fn read_sound(&mut self, group: usize, cancel: &Cancel) -> Result<Vec<Vec<SoundPacket>>> {
        self.check(group)?;
        let file_group = self.file_group(group);
        let mut tracks = self.read_file_sound(file_group, cancel)?;
        if self.neural.is_some() {
            let frames = self.groups[group].frames.clone();
            let of_group = self.index.frames(file_group);
            let rate = self.frame_rate();
            for (packets, format) in tracks.iter_mut().zip(&self.sounds) {
                let frame_of = |packet: &SoundPacket| {
                    let heard = u128::from(packet.time.saturating_sub(u64::from(format.delay)));
                    let frame = heard * u128::from(rate.numerator)
                        / (u128::from(format.timescale) * u128::from(rate.denominator)).max(1);
                    // What begins elsewhere than its group belongs to an end of that.
                    let frame = usize::try_from(frame).unwrap_or(usize::MAX);
                    frame.clamp(of_group.start, of_group.end - 1)
                };
                packets.retain(|packet| frames.contains(&frame_of(packet)));
            }
        }
        Ok(tracks)
    }

    fn up_is_stated(&self) -> bool {
        true
    }

    fn camera_path(&self) -> Option<&str> {
        self.description.camera_path.as_deref()
    }
}
