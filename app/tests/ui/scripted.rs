//! A small clip without files: coloured balls on a ring that turns.

use std::collections::VecDeque;
use std::f32::consts::TAU;
use std::sync::Arc;

use zoetrope_app::OpenClip;
use zoetrope_codecs::{
    Bounds, Cancel, ClipInfo, ClipKind, Decoder, Demuxer, Engine, Error, Frame, GroupInfo,
    GroupPackets, GroupPayload, Result, SplatCloud, SplatFrame, UpAxis,
};

/// Frames of a scripted clip, in groups of 5, at 10 a second.
pub const FRAMES: usize = 40;
const GROUP_FRAMES: usize = 5;

/// A clip called `title`; the groups in `broken` cannot be read.
pub fn clip(title: &str, broken: &[usize]) -> OpenClip {
    OpenClip {
        demuxer: Box::new(Ring {
            info: ClipInfo {
                kind: ClipKind::SplatSequence,
                title: title.to_owned(),
                codec: "script".to_owned(),
                frame_rate: 10.0,
                frame_rate_known: true,
                frame_count: FRAMES,
                sh_degree: 0,
                gaussians: None,
                bounds: Some(Bounds {
                    min: [-1.2; 3],
                    max: [1.2; 3],
                }),
                up: UpAxis::PlusY,
                camera: None,
                size_bytes: None,
                credit: None,
                licence: None,
                layers: Vec::new(),
                warnings: Vec::new(),
                omissions: Vec::new(),
            },
            groups: (0..FRAMES)
                .step_by(GROUP_FRAMES)
                .map(|start| GroupInfo {
                    frames: start..start + GROUP_FRAMES,
                })
                .collect(),
            broken: broken.to_vec(),
        }),
        decoder: Box::new(RingDecoder::default()),
    }
}

struct Ring {
    info: ClipInfo,
    groups: Vec<GroupInfo>,
    broken: Vec<usize>,
}

impl Demuxer for Ring {
    fn info(&self) -> &ClipInfo {
        &self.info
    }

    fn groups(&self) -> &[GroupInfo] {
        &self.groups
    }

    fn read_group(&mut self, group: usize, cancel: &Cancel) -> Result<GroupPackets> {
        cancel.check()?;
        if self.broken.contains(&group) {
            return Err(Error::malformed(
                format!("group{group}"),
                "it is scripted so",
            ));
        }
        Ok(GroupPackets {
            group,
            frames: self.groups[group].frames.clone(),
            payload: GroupPayload::SplatFile {
                name: format!("group{group}"),
                cloud: Box::default(),
            },
        })
    }
}

#[derive(Default)]
struct RingDecoder {
    frames: VecDeque<usize>,
}

impl Decoder for RingDecoder {
    fn push(&mut self, packets: GroupPackets) -> Result<()> {
        self.frames = packets.frames.collect();
        Ok(())
    }

    fn next_frame(&mut self) -> Result<Option<Frame>> {
        Ok(self.frames.pop_front().map(|index| Frame {
            index,
            content: Arc::new(ring(index)),
        }))
    }

    fn engine(&self) -> Engine {
        Engine {
            name: "Script".to_owned(),
            hardware: false,
        }
    }
}

fn ring(index: usize) -> SplatFrame {
    const BALLS: usize = 240;
    let mut cloud = SplatCloud::with_capacity(BALLS, 0);
    let turned = index as f32 / FRAMES as f32;
    for ball in 0..BALLS {
        let part = ball as f32 / BALLS as f32;
        let angle = TAU * (part + turned);
        let wave = 0.25 * (3.0 * TAU * part).sin();
        // Out of the SH basis: colour = 0.5 + 0.2820948 x coefficient.
        let channel = |shift: f32| 1.6 * (TAU * (part + shift)).cos();
        cloud.push(
            [angle.cos(), wave, angle.sin()],
            [1.0, 0.0, 0.0, 0.0],
            [0.07; 3],
            0.95,
            [channel(0.0), channel(0.33), channel(0.67)],
            &[],
        );
    }
    SplatFrame::Cloud(cloud)
}
