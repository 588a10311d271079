//! Clips whose Gaussians move by formulas: frames are worked out, each by itself, at
//! [`DEFAULT_FRAME_RATE`].

use super::{DEFAULT_FRAME_RATE, Warnings};
use crate::clip::GaussianCounts;
use crate::splat::Axes;
use crate::{
    Bounds, CameraHint, Cancel, ClipInfo, ClipKind, Demuxer, Error, GroupInfo, GroupPackets,
    GroupPayload, Result, SplatCloud, UpAxis, limits,
};

/// Gaussians that move.
pub(super) trait Motion: Send {
    /// All that are visible at `time_s`, seconds from the clip's start.
    fn at(&mut self, time_s: f64, cancel: &Cancel) -> Result<SplatCloud>;
}

/// What is known of a moving clip before a frame is worked out.
pub(super) struct MovingFacts {
    /// Name for messages.
    pub(super) name: String,
    /// Name of the format for people.
    pub(super) codec: &'static str,
    /// Length in seconds.
    pub(super) duration_s: f64,
    pub(super) sh_degree: u8,
    /// The most Gaussians that a frame can have.
    pub(super) most_gaussians: u64,
    pub(super) bounds: Option<Bounds>,
    pub(super) axes: Axes,
    /// Which axis points up, where the file says so.
    pub(super) up: Option<UpAxis>,
    pub(super) camera: Option<CameraHint>,
    pub(super) size_bytes: u64,
    pub(super) warnings: Warnings,
}

/// Demuxer of moving Gaussians: each frame is a group of its own.
pub struct MovingDemuxer {
    motion: Box<dyn Motion>,
    name: String,
    info: ClipInfo,
    groups: Vec<GroupInfo>,
}

impl MovingDemuxer {
    pub(super) fn new(motion: Box<dyn Motion>, facts: MovingFacts) -> Result<Self> {
        let name = facts.name;
        let frames = (facts.duration_s * DEFAULT_FRAME_RATE - 1e-6).ceil();
        if !frames.is_finite() {
            return Err(Error::malformed(name, "its length is no number of seconds"));
        }
        let frames = frames.max(1.0) as u64;
        limits::check(&name, "frames", frames, limits::MAX_FRAMES)?;
        let most = usize::try_from(facts.most_gaussians).unwrap_or(usize::MAX);
        let info = ClipInfo {
            kind: ClipKind::MovingSplats,
            title: super::last_part(&name),
            codec: facts.codec.to_owned(),
            frame_rate: DEFAULT_FRAME_RATE,
            // Any rate would do: there is a position for each moment.
            frame_rate_known: true,
            frame_count: frames as usize,
            sh_degree: facts.sh_degree,
            gaussians: Some(GaussianCounts {
                min: 0,
                mean: most as f64,
                max: most,
            }),
            bounds: facts.bounds,
            picture: None,
            up: facts.up.unwrap_or_else(|| facts.axes.up()),
            camera: facts.camera,
            size_bytes: Some(facts.size_bytes),
            credit: None,
            licence: None,
            layers: Vec::new(),
            warnings: facts.warnings.all.into_list(),
            omissions: facts.warnings.omissions.into_list(),
        };
        let groups = (0..info.frame_count)
            .map(|frame| GroupInfo {
                frames: frame..frame + 1,
            })
            .collect();
        Ok(Self {
            motion,
            name,
            info,
            groups,
        })
    }
}

impl Demuxer for MovingDemuxer {
    fn info(&self) -> &ClipInfo {
        &self.info
    }

    fn groups(&self) -> &[GroupInfo] {
        &self.groups
    }

    fn read_group(&mut self, group: usize, cancel: &Cancel) -> Result<GroupPackets> {
        if group >= self.groups.len() {
            return Err(Error::NoSuchFrame {
                frame: group,
                count: self.groups.len(),
            });
        }
        let cloud = self.motion.at(group as f64 / DEFAULT_FRAME_RATE, cancel)?;
        Ok(GroupPackets {
            group,
            frames: group..group + 1,
            payload: GroupPayload::SplatFile {
                name: self.name.clone(),
                cloud: Box::new(cloud),
                coarse: false,
            },
        })
    }
}
