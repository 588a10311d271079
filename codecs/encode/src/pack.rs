//! The packer: a sequence of clouds to a V3 asset on disk.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use zoetrope_codecs::container::v3::{
    FrameRanges, GROUP_INFO_NAME, GroupFrames, NORMAL_VIDEOS, SIDECAR_NAME, Sidecar,
    VIEWER_MIN_MAX_NAME, group_info_to_json, video_path, viewer_min_max_to_json,
};
use zoetrope_codecs::{
    AttributeRanges, Bounds, Cancel, Decoder, GroupPackets, GroupPayload, PlaneFrame, PlaneLayout,
    PlaneVideo, PlaneVideoEncoder, PlaneVideoSettings, SplatCloud, SplatFrame,
};

use crate::canonical::pick;
use crate::grouping::{Group, Grouping, MATCHING_UNITS, Meter};
use crate::matching::NONE;
use crate::order::picture_order;
use crate::output::NewFolder;
use crate::signs::align_signs;
use crate::slots::Slots;
use crate::statistics::{PositionError, Steps};
use crate::{CloudSequence, PackError, PackOptions, PackReport, PlaneClass, Progress, Result};

/// What the packer works with.
pub struct Packing<'a> {
    /// How to pack.
    pub options: &'a PackOptions,
    /// Encodes the planes, several at a time.
    pub encoder: &'a dyn PlaneVideoEncoder,
    /// Decodes each group again to measure its error; nothing is measured without.
    pub decoder: Option<&'a mut dyn Decoder>,
    /// Told of each unit of work, from any thread, one call at a time.
    pub progress: &'a (dyn Fn(Progress) + Sync),
    /// Stops the work.
    pub cancel: &'a Cancel,
}

/// Packs `input` into a V3 asset at `target`, where there must be nothing but an empty folder. It is
/// written under a temporary name beside it and renamed when complete; after an error nothing is
/// left. The result plays in V3's own players.
///
/// # Errors
/// [`PackError`]; for which [`PackError::is_cancelled`] holds after `cancel`.
pub fn pack_v3(
    input: &mut dyn CloudSequence,
    target: &Path,
    packing: Packing<'_>,
) -> Result<PackReport> {
    packing.options.check()?;
    if input.is_empty() {
        return Err(PackError::NoFrames);
    }
    let sh_degree = input.sh_degree().min(packing.options.sh_degree_max);
    let planes = PlaneLayout::for_count(0, sh_degree).layers() + NORMAL_VIDEOS;
    let frames = input.len();
    let meter = Meter::new(
        frames as u64 * (MATCHING_UNITS + planes as u64),
        packing.progress,
    );
    let cancel = packing.cancel;
    let mut grouping = Grouping::new(input, sh_degree, packing.options.group_frames);
    let mut packer = Packer {
        folder: NewFolder::create(target)?,
        sh_degree,
        packing,
        meter,
        groups: BTreeMap::new(),
        ranges: BTreeMap::new(),
        bounds: Bounds::EMPTY,
        steps: Steps::default(),
        error: PositionError::default(),
        bytes: PlaneClass::ALL.map(|(class, _)| (class, 0)),
        gaussians_max: 0,
        gaussians_dropped: 0,
    };
    while let Some(Group { start, slots }) = grouping.next(&packer.meter, cancel)? {
        packer.pack_group(start, slots)?;
    }
    packer.gaussians_dropped = grouping.dropped;
    packer.finish(frames)
}

/// The asset so far.
struct Packer<'a> {
    folder: NewFolder,
    sh_degree: u8,
    packing: Packing<'a>,
    meter: Meter<'a>,
    groups: BTreeMap<i64, GroupFrames>,
    ranges: BTreeMap<i64, FrameRanges>,
    bounds: Bounds,
    steps: Steps,
    error: PositionError,
    bytes: [(PlaneClass, u64); PlaneClass::ALL.len()],
    gaussians_max: usize,
    gaussians_dropped: u64,
}

impl Packer<'_> {
    /// Packs the frames of one group, of which the first has the index `start`.
    fn pack_group(&mut self, start: usize, slots: Slots) -> Result<()> {
        let cancel = self.packing.cancel;
        let group = self.groups.len();
        let frames = slots.clouds.len();
        for (cloud, rows) in slots.clouds.iter().zip(&slots.rows) {
            self.bounds = self.bounds.union(cloud.bounds());
            let there = rows.iter().filter(|row| **row != NONE).count();
            self.gaussians_max = self.gaussians_max.max(there);
        }
        self.steps.add(&slots);
        let pixels = picture_order(&slots.clouds, cancel)?;
        let mut clouds: Vec<SplatCloud> = slots
            .clouds
            .into_par_iter()
            .map(|cloud| pick(&cloud, &pixels, self.sh_degree))
            .collect();
        let layout = PlaneLayout::for_count(pixels.len() as u32, self.sh_degree);
        layout.check(&format!("group {group}"))?;
        align_signs(&mut clouds, layout.side as usize);
        let ranges = Arc::new(AttributeRanges::of(&clouds));
        let planes: Vec<PlaneFrame> = clouds
            .par_iter()
            .map(|cloud| PlaneFrame::quantise(cloud, &ranges))
            .collect();
        let videos = self.encode(group, &planes)?;
        let last = (start + frames - 1) as i64;
        let numbers = [start as i64, last];
        self.groups.insert(
            group as i64,
            GroupFrames {
                frame_index: numbers,
                name_index: Some(numbers),
            },
        );
        for index in numbers[0]..=last {
            let entry = FrameRanges::new(layout.count.into(), &ranges);
            self.ranges.insert(index, entry);
        }
        self.measure(group, start, &clouds, layout, &ranges, videos)
    }

    /// Encodes and writes every plane of a group, side by side. Returns those that hold something,
    /// in the order of the layout's layers.
    fn encode(&mut self, group: usize, planes: &[PlaneFrame]) -> Result<Vec<PlaneVideo>> {
        let Some(layout) = planes.first().map(|plane| plane.layout) else {
            return Ok(Vec::new());
        };
        let options = self.packing.options;
        let settings = |class: PlaneClass| PlaneVideoSettings {
            side: layout.side,
            qp: class.qp(options.qp()),
            frame_rate: options.frame_rate,
        };
        let (encoder, cancel) = (self.packing.encoder, self.packing.cancel);
        let (folder, meter) = (&self.folder, &self.meter);
        let stage = "encoding planes";
        let units = planes.len() as u64;
        // The low bytes take the longest by far; rayon gives each thread a stretch of the list, so
        // they are dealt out first.
        let mut layers: Vec<usize> = (0..layout.layers()).collect();
        layers.sort_by_key(|layer| PlaneClass::of(*layer, &layout) != PlaneClass::PositionLow);
        let encoded = Mutex::new(vec![Vec::new(); layout.layers()]);
        layers
            .into_iter()
            .par_bridge()
            .try_for_each(|layer| -> Result<()> {
                cancel.check()?;
                let frames: Vec<&[u8]> = planes.iter().map(|plane| plane.layer(layer)).collect();
                let video = encoder.encode(&frames, &settings(PlaneClass::of(layer, &layout)))?;
                cancel.check()?;
                folder.write(&video_path(group as i64, layer), &video)?;
                encoded.lock().unwrap_or_else(PoisonError::into_inner)[layer] = video;
                meter.add(units, stage);
                Ok(())
            })?;
        let empty = vec![0; layout.plane_samples()];
        let normals = encoder.encode(
            &vec![empty.as_slice(); planes.len()],
            &settings(PlaneClass::Normals),
        )?;
        for video in PlaneLayout::DC_LAYER..PlaneLayout::DC_LAYER + NORMAL_VIDEOS {
            folder.write(&format!("group{group}/{video}.mp4"), &normals)?;
            meter.add(units, stage);
        }
        let encoded = encoded.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.count(PlaneClass::Normals, NORMAL_VIDEOS * normals.len());
        for (layer, video) in encoded.iter().enumerate() {
            self.count(PlaneClass::of(layer, &layout), video.len());
        }
        Ok(encoded
            .into_iter()
            .enumerate()
            .map(|(layer, bytes)| PlaneVideo {
                name: video_path(group as i64, layer),
                bytes,
            })
            .collect())
    }

    fn count(&mut self, class: PlaneClass, bytes: usize) {
        for (other, sum) in &mut self.bytes {
            if *other == class {
                *sum += bytes as u64;
            }
        }
    }

    /// Decodes a group again and measures how far it is off.
    fn measure(
        &mut self,
        group: usize,
        start: usize,
        clouds: &[SplatCloud],
        layout: PlaneLayout,
        ranges: &Arc<AttributeRanges>,
        videos: Vec<PlaneVideo>,
    ) -> Result<()> {
        let Some(decoder) = self.packing.decoder.as_deref_mut() else {
            return Ok(());
        };
        decoder.push(GroupPackets {
            group,
            frames: start..start + clouds.len(),
            payload: GroupPayload::PlaneVideos {
                layout,
                ranges: clouds.iter().map(|_| ranges.clone()).collect(),
                videos,
            },
        })?;
        for cloud in clouds {
            self.packing.cancel.check()?;
            if let Some(frame) = decoder.next_frame()?
                && let Some(SplatFrame::Planes(planes)) = frame.content.splats().map(AsRef::as_ref)
            {
                self.error.add(cloud, planes);
            }
        }
        Ok(())
    }

    /// Writes the JSON files and gives the folder its name.
    fn finish(self, frames: usize) -> Result<PackReport> {
        let options = self.packing.options;
        let sidecar = Sidecar {
            version: Some(Sidecar::VERSION),
            frame_rate: Some(options.frame_rate),
            up: Some(options.up),
            sh_degree: Some(self.sh_degree),
            bounds: (!self.bounds.is_empty()).then(|| self.bounds.into()),
            camera: options.camera.map(Into::into),
            title: options.title.clone(),
            credit: options.credit.clone(),
            licence: options.licence.clone(),
        };
        let mut bytes_json = 0;
        for (name, text) in [
            (GROUP_INFO_NAME, group_info_to_json(&self.groups)),
            (VIEWER_MIN_MAX_NAME, viewer_min_max_to_json(&self.ranges)),
            (SIDECAR_NAME, sidecar.to_json()),
        ] {
            self.folder.write(name, text.as_bytes())?;
            bytes_json += text.len() as u64;
        }
        self.packing.cancel.check()?;
        let bytes_by_class: Vec<(PlaneClass, u64)> = self.bytes.to_vec();
        let report = PackReport {
            frames,
            groups: self.groups.len(),
            gaussians_max: self.gaussians_max,
            gaussians_dropped: self.gaussians_dropped,
            sh_degree: self.sh_degree,
            bytes_total: bytes_json + bytes_by_class.iter().map(|(_, bytes)| bytes).sum::<u64>(),
            bytes_json,
            bytes_by_class,
            steps: self.steps.statistics(),
            position_psnr_db: self.error.psnr_db(&self.bounds),
            position_rms_error: self.error.rms(),
        };
        self.folder.finish()?;
        Ok(report)
    }
}
