//! The packer: a sequence of clouds to Zoetrope's own clip on disk.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use rayon::prelude::*;
use zoetrope_codecs::container::zoe::{
    ClipDescription, FrameRate, LayerDescription, SoundTrack, ZoeWriter,
};
use zoetrope_codecs::{
    AtlasDecoder, AtlasEncoder, Bounds, Cancel, LayerKind, LayeredGroup, SplatCloud, Thumbnails,
    VideoCodec, limits,
};

use super::group::{GroupPacking, pack_group};
use super::parts::{Part, Parts};
use super::settings::{LayerPlan, ZoeSettings};
use crate::grouping::{Group, Grouping, MATCHING_UNITS, Meter};
use crate::output::unfinished_path;
use crate::{CloudSequence, PackError, PackOptions, Progress, Result};

/// Units of work of packing a frame, beside those of finding its Gaussians.
const PACKING_UNITS: u64 = 60;
/// Memory that groups which are packed side by side may take, with all copies.
const SIDE_BY_SIDE_BYTES: usize = 6 << 30;
/// Copies of a group's Gaussians that there are at once while it is packed.
const COPIES: usize = 4;

/// What the packer works with.
pub struct ZoePacking<'a> {
    /// How to pack.
    pub options: &'a PackOptions,
    /// Whether there is a ladder of layers, for slow networks and slow devices.
    pub ladder: bool,
    /// Codec of the atlases.
    pub codec: VideoCodec,
    /// Encodes atlases, several at a time.
    pub encoder: &'a dyn AtlasEncoder,
    /// Makes decoders of atlases.
    pub make_decoder: &'a (dyn Fn() -> Box<dyn AtlasDecoder> + Sync),
    /// A camera path, a JSON object as the app writes it.
    pub camera_path: Option<String>,
    /// Sound to go with it.
    pub sound: Option<SoundTrack>,
    /// A poster and pictures for the time bar.
    pub pictures: Option<Pictures>,
    /// Whether to go on where an earlier run of the same input and options was stopped.
    pub resume: bool,
    /// Told of each unit of work, from any thread, one call at a time.
    pub progress: &'a (dyn Fn(Progress) + Sync),
    /// Stops the work.
    pub cancel: &'a Cancel,
}

impl<'a> ZoePacking<'a> {
    /// One layer of Gaussians and what comes with them, in HEVC, without anything else, from the start.
    pub fn new(
        options: &'a PackOptions,
        encoder: &'a dyn AtlasEncoder,
        make_decoder: &'a (dyn Fn() -> Box<dyn AtlasDecoder> + Sync),
        cancel: &'a Cancel,
    ) -> Self {
        Self {
            options,
            ladder: false,
            codec: VideoCodec::Hevc,
            encoder,
            make_decoder,
            camera_path: None,
            sound: None,
            pictures: None,
            resume: false,
            progress: &|_| {},
            cancel,
        }
    }
}

/// Small pictures of the clip, JPEG.
#[derive(Clone, Debug)]
pub struct Pictures {
    /// The poster.
    pub poster: Vec<u8>,
    /// The pictures for the time bar.
    pub thumbnails: Thumbnails,
}

/// What was packed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ZoeReport {
    /// Frames.
    pub frames: usize,
    /// Groups.
    pub groups: usize,
    /// Groups that an earlier run had finished.
    pub groups_resumed: usize,
    /// Most Gaussians of a group.
    pub gaussians_max: usize,
    /// Gaussians of the input that cannot be shown.
    pub gaussians_dropped: u64,
    /// SH degree.
    pub sh_degree: u8,
    /// Bytes of the file.
    pub bytes_total: u64,
    /// Name of each layer and its bytes.
    pub bytes_by_layer: Vec<(String, u64)>,
    /// Bytes of key positions, motion, key pictures and other pictures.
    pub bytes_by_part: [(&'static str, u64); 4],
}

/// Packs `input` into a clip at `target`, where there must be nothing. Finished groups are kept in a
/// folder beside it ([`super::parts_path`]) until the clip is complete, which then appears as a whole.
///
/// # Errors
/// [`PackError`]; for which [`PackError::is_cancelled`] holds after `cancel`.
pub fn pack_zoe(
    input: &mut dyn CloudSequence,
    target: &Path,
    packing: ZoePacking<'_>,
) -> Result<ZoeReport> {
    let options = packing.options;
    options.check()?;
    if options.group_frames as u64 > limits::MAX_LAYERED_GROUP_FRAMES {
        return Err(PackError::Option {
            what: "the number of frames in a group",
            value: options.group_frames.to_string(),
            allowed: "1 to 250",
        });
    }
    if input.is_empty() {
        return Err(PackError::NoFrames);
    }
    check_target(target)?;
    let sh_degree = input.sh_degree().min(options.sh_degree_max);
    let make = if packing.ladder {
        ZoeSettings::ladder
    } else {
        ZoeSettings::of_quality
    };
    let settings = make(
        options.quality,
        packing.codec,
        options.frame_rate,
        sh_degree,
    );
    let frames = input.len();
    let group_frames = options.group_frames.min(frames);
    let fingerprint = fingerprint(input, &settings, options, packing.cancel)?;
    let packer = Packer {
        description: description(&packing, &settings, sh_degree),
        parts: Parts::open(target, &fingerprint, packing.resume)?,
        meter: Meter::new(
            frames as u64 * (MATCHING_UNITS + PACKING_UNITS),
            packing.progress,
        ),
        settings,
        packing,
    };
    let mut report = packer.pack_groups(input, sh_degree, group_frames)?;
    packer.join(target, frames.div_ceil(group_frames), &mut report)?;
    Ok(report)
}

/// Whether a clip can be packed to `target`: there must be nothing yet.
///
/// # Errors
/// [`PackError::Exists`].
pub fn check_target(target: &Path) -> Result<()> {
    if target.exists() {
        let name = target.display().to_string();
        return Err(PackError::Exists { name });
    }
    Ok(())
}

/// What the parts of a clip depend on.
fn fingerprint(
    input: &mut dyn CloudSequence,
    settings: &ZoeSettings,
    options: &PackOptions,
    cancel: &Cancel,
) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for index in [0, input.len() - 1] {
        let cloud = input.read(index, cancel)?;
        for position in &cloud.positions {
            position.map(f32::to_bits).hash(&mut hasher);
        }
    }
    Ok(format!(
        "{} frames in groups of {}, hash {:016x}, {settings:?}",
        input.len(),
        options.group_frames,
        hasher.finish()
    ))
}

fn description(packing: &ZoePacking<'_>, settings: &ZoeSettings, sh_degree: u8) -> ClipDescription {
    let options = packing.options;
    let mut first = true;
    let layers = settings.layers.iter().map(|plan| {
        let (kind, name) = match plan {
            LayerPlan::Gaussians(_) if std::mem::take(&mut first) => {
                (LayerKind::Gaussians, "base".to_owned())
            }
            LayerPlan::Gaussians(_) => (LayerKind::Gaussians, "all Gaussians".to_owned()),
            LayerPlan::Harmonics(degree) => (LayerKind::Harmonics, format!("SH {degree}")),
            LayerPlan::Precision => (LayerKind::Precision, "precision".to_owned()),
        };
        LayerDescription { kind, name }
    });
    ClipDescription {
        up: options.up,
        camera: options.camera,
        camera_path: packing.camera_path.clone(),
        title: options.title.clone(),
        credit: options.credit.clone(),
        licence: options.licence.clone(),
        layers: layers.collect(),
        ..ClipDescription::new(FrameRate::from_per_second(options.frame_rate), sh_degree)
    }
}

struct Packer<'a> {
    packing: ZoePacking<'a>,
    settings: ZoeSettings,
    description: ClipDescription,
    parts: Parts,
    meter: Meter<'a>,
}

impl Packer<'_> {
    /// Packs all groups that are not there yet, as many side by side as there are cores and memory.
    fn pack_groups(
        &self,
        input: &mut dyn CloudSequence,
        sh_degree: u8,
        group_frames: usize,
    ) -> Result<ZoeReport> {
        let cancel = self.packing.cancel;
        let mut report = ZoeReport {
            frames: input.len(),
            sh_degree,
            ..ZoeReport::default()
        };
        let mut grouping = Grouping::new(input, sh_degree, group_frames);
        let mut waiting: Vec<(usize, Group)> = Vec::new();
        let mut waiting_bytes = 0;
        for index in 0.. {
            if self.parts.has(index, cancel) {
                let frames = grouping.skip(cancel)?;
                report.groups_resumed += 1;
                self.meter.add(
                    frames as u64 * (MATCHING_UNITS + PACKING_UNITS),
                    "taking finished groups over",
                );
                continue;
            }
            let group = grouping.next(&self.meter, cancel)?;
            let end = group.is_none();
            if let Some(group) = group {
                let clouds = &group.slots.clouds;
                waiting_bytes += clouds.iter().map(SplatCloud::size_bytes).sum::<usize>() * COPIES;
                waiting.push((index, group));
            }
            let full = waiting.len() >= rayon::current_num_threads()
                || waiting_bytes >= SIDE_BY_SIDE_BYTES;
            if end || full {
                waiting
                    .par_iter()
                    .try_for_each(|(index, group)| self.pack(*index, group))?;
                waiting.clear();
                waiting_bytes = 0;
            }
            if end {
                break;
            }
        }
        report.gaussians_dropped = grouping.dropped;
        Ok(report)
    }

    fn pack(&self, index: usize, group: &Group) -> Result<()> {
        let packing = GroupPacking {
            settings: &self.settings,
            encoder: self.packing.encoder,
            make_decoder: self.packing.make_decoder,
            cancel: self.packing.cancel,
        };
        let clouds = &group.slots.clouds;
        let (layered, gaussians) = pack_group(clouds, &packing)?;
        let bounds = clouds.iter().map(SplatCloud::bounds);
        let part = Part {
            group: layered,
            frames: clouds.len(),
            gaussians,
            bounds: bounds.fold(Bounds::EMPTY, Bounds::union),
        };
        self.parts
            .write(index, &part, &self.description, self.packing.cancel)?;
        self.meter
            .add(clouds.len() as u64 * PACKING_UNITS, "packing groups");
        Ok(())
    }

    /// Joins the groups to the clip.
    fn join(mut self, target: &Path, groups: usize, report: &mut ZoeReport) -> Result<()> {
        let cancel = self.packing.cancel;
        let failed = |error: &io::Error| PackError::write(target, error);
        let spool = tempfile(target)?;
        let mut writer = ZoeWriter::new(self.description.clone(), spool)?;
        if let Some(sound) = self.packing.sound.take() {
            writer.add_sound(sound)?;
        }
        if let Some(pictures) = self.packing.pictures.take() {
            writer.set_pictures(Some(&pictures.poster), Some(&pictures.thumbnails))?;
        }
        let mut bounds = Bounds::EMPTY;
        report.bytes_by_layer = self
            .description
            .layers
            .iter()
            .map(|layer| (layer.name.clone(), 0))
            .collect();
        report.bytes_by_part = [
            ("key positions", 0),
            ("motion", 0),
            ("key pictures", 0),
            ("other pictures", 0),
        ];
        for index in 0..groups {
            cancel.check()?;
            let part = self.parts.read(index, cancel)?;
            bounds = bounds.union(part.bounds);
            report.groups += 1;
            report.gaussians_max = report.gaussians_max.max(part.gaussians as usize);
            count(&part.group, report);
            writer.add_group(&part.group, part.frames, part.gaussians)?;
        }
        writer.description_mut().bounds = Some(bounds).filter(|bounds| !bounds.is_empty());
        let Some(temporary) = unfinished_path(target) else {
            let name = target.display().to_string();
            return Err(PackError::Exists { name });
        };
        let unfinished = Unfinished(&temporary);
        let file = File::create(&temporary).map_err(|error| failed(&error))?;
        let mut out = BufWriter::new(file);
        writer.finish(&mut out, cancel)?;
        out.flush().map_err(|error| failed(&error))?;
        report.bytes_total = fs::metadata(&temporary)
            .map_err(|error| failed(&error))?
            .len();
        fs::rename(&temporary, target).map_err(|error| failed(&error))?;
        drop(unfinished);
        self.parts.remove();
        Ok(())
    }
}

/// A file that is gone with its last handle, beside `target`, where there is room for the clip.
fn tempfile(target: &Path) -> Result<File> {
    let folder = match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    tempfile::tempfile_in(folder).map_err(|error| PackError::write(target, &error))
}

/// Removes a file that was not renamed.
struct Unfinished<'a>(&'a Path);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        // It is not there when all went well.
        let _ = fs::remove_file(self.0);
    }
}

/// Adds the bytes of a group to the report.
fn count(group: &LayeredGroup, report: &mut ZoeReport) {
    for (layer, (_, sum)) in group.layers.iter().zip(&mut report.bytes_by_layer) {
        let side: Vec<u64> = layer
            .side
            .iter()
            .map(|sample| sample.len() as u64)
            .collect();
        let pictures = layer
            .video
            .packets
            .iter()
            .map(|packet| packet.bytes.len() as u64);
        let key = pictures.clone().next().unwrap_or(0);
        let others = pictures.sum::<u64>() - key;
        let parts = [
            side.first().copied().unwrap_or(0),
            side.iter().skip(1).sum(),
            key,
            others,
        ];
        for ((_, total), bytes) in report.bytes_by_part.iter_mut().zip(parts) {
            *total += bytes;
        }
        *sum += parts.iter().sum::<u64>();
    }
}
