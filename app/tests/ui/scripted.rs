//! A small clip without files: coloured balls on a ring that turns.

use std::collections::VecDeque;
use std::f32::consts::TAU;

use zoetrope_app::OpenClip;
use zoetrope_codecs::clip::{Detail, LayerInfo, Thumbnails};
use zoetrope_codecs::{
    Bounds, Cancel, ClipInfo, ClipKind, Decoder, Demuxer, Engine, Error, Frame, GroupInfo,
    GroupPackets, GroupPayload, Result, SplatCloud, SplatFrame, Transfer, UpAxis,
};

/// Frames of a scripted clip, in groups of 5, at 10 a second.
pub const FRAMES: usize = 40;
const GROUP_FRAMES: usize = 5;

/// What a scripted clip is like.
#[derive(Clone, Copy, Default)]
pub struct Script<'a> {
    /// Groups that cannot be read.
    pub broken: &'a [usize],
    /// Layers of quality, or none.
    pub layers: u8,
    /// Whether it carries pictures for the time bar.
    pub thumbnails: bool,
    /// How many groups a network has brought, for a clip that comes over one; the others never come.
    pub at_hand: Option<usize>,
}

/// A clip called `title`; the groups in `broken` cannot be read.
pub fn clip(title: &str, broken: &[usize]) -> OpenClip {
    scripted(
        title,
        Script {
            broken,
            ..Script::default()
        },
    )
}

/// A clip called `title`.
pub fn scripted(title: &str, script: Script<'_>) -> OpenClip {
    OpenClip {
        demuxer: Box::new(Ring {
            info: ClipInfo {
                kind: if script.layers > 0 {
                    ClipKind::Zoe
                } else {
                    ClipKind::SplatSequence
                },
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
                picture: None,
                up: UpAxis::PlusY,
                camera: None,
                size_bytes: None,
                credit: None,
                licence: None,
                layers: ["base", "all Gaussians", "precision"]
                    .into_iter()
                    .take(script.layers.into())
                    .map(|name| LayerInfo {
                        name: name.to_owned(),
                        bytes: 2_500_000,
                    })
                    .collect(),
                warnings: Vec::new(),
                omissions: Vec::new(),
            },
            groups: (0..FRAMES)
                .step_by(GROUP_FRAMES)
                .map(|start| GroupInfo {
                    frames: start..start + GROUP_FRAMES,
                })
                .collect(),
            broken: script.broken.to_vec(),
            thumbnails: script.thumbnails,
            at_hand: script.at_hand,
        }),
        decoder: Box::new(RingDecoder::default()),
    }
}

struct Ring {
    info: ClipInfo,
    groups: Vec<GroupInfo>,
    broken: Vec<usize>,
    thumbnails: bool,
    at_hand: Option<usize>,
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
        while !self.is_at_hand(group, Detail::FULL) {
            cancel.check()?;
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
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
                coarse: false,
            },
        })
    }

    fn is_at_hand(&self, group: usize, _: Detail) -> bool {
        self.at_hand.is_none_or(|at_hand| group < at_hand)
    }

    fn transfers(&self) -> Option<Vec<Transfer>> {
        let transfer = Transfer {
            started_s: 0.0,
            first_byte_s: 0.02,
            ended_s: 0.32,
            bytes: 1_200_000,
        };
        self.at_hand.map(|_| vec![transfer])
    }

    fn thumbnails(&mut self, cancel: &Cancel) -> Result<Option<Thumbnails>> {
        cancel.check()?;
        let frames: Vec<usize> = (0..FRAMES).step_by(GROUP_FRAMES).collect();
        Ok(self.thumbnails.then(|| Thumbnails {
            width: 160,
            height: 90,
            jpegs: frames
                .iter()
                .map(|frame| jpeg([6 * *frame as u8, 90, 160]))
                .collect(),
            frames,
        }))
    }
}

/// A picture in one colour.
fn jpeg(colour: [u8; 3]) -> Vec<u8> {
    let picture = image::RgbImage::from_pixel(160, 90, image::Rgb(colour));
    let mut bytes = std::io::Cursor::new(Vec::new());
    let format = image::ImageFormat::Jpeg;
    picture.write_to(&mut bytes, format).expect("encoded");
    bytes.into_inner()
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
            content: ring(index).into(),
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
