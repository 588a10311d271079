//! What a clip is packed with, and what came of it.

use zoetrope_codecs::{CameraHint, PlaneLayout, UpAxis, limits};

use crate::{PackError, Result};

/// Quality when nothing else is asked for: V3's own default quantiser of 25.
pub const DEFAULT_QUALITY: u8 = 50;
/// Frames of a group when nothing else is asked for: what V3's packer has.
pub const DEFAULT_GROUP_FRAMES: usize = 20;
/// H.264 quantiser at quality 0.
const COARSEST_QP: u8 = 50;
/// Coarsest quantiser of colour, scale and rotation, as in V3's packer.
const COARSEST_SHAPE_QP: u8 = 22;

/// How to pack.
#[derive(Clone, Debug, PartialEq)]
pub struct PackOptions {
    /// Frames a second.
    pub frame_rate: f64,
    /// 0 (smallest) to 100 (lossless planes).
    pub quality: u8,
    /// Frames of a group, which is what a player must decode from its start to show any of it.
    pub group_frames: usize,
    /// Which axis of the input points up.
    pub up: UpAxis,
    /// The view that the clip opens with, in world space; without it a player finds its own.
    pub camera: Option<CameraHint>,
    /// Name for people.
    pub title: Option<String>,
    /// Who made the input.
    pub credit: Option<String>,
    /// Under which licence.
    pub licence: Option<String>,
    /// Highest SH degree that is kept, 0 to 3.
    pub sh_degree_max: u8,
}

impl Default for PackOptions {
    fn default() -> Self {
        Self {
            frame_rate: zoetrope_codecs::container::DEFAULT_FRAME_RATE,
            quality: DEFAULT_QUALITY,
            group_frames: DEFAULT_GROUP_FRAMES,
            up: UpAxis::default(),
            camera: None,
            title: None,
            credit: None,
            licence: None,
            sh_degree_max: limits::MAX_SH_DEGREE as u8,
        }
    }
}

impl PackOptions {
    /// # Errors
    /// [`PackError::Option`] when one makes no sense.
    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |what, value: String, allowed| {
            Err(PackError::Option {
                what,
                value,
                allowed,
            })
        };
        if !limits::FRAME_RATES.contains(&self.frame_rate) {
            return refuse("the frame rate", self.frame_rate.to_string(), "0.1 to 1000");
        }
        if self.quality > 100 {
            return refuse("the quality", self.quality.to_string(), "0 to 100");
        }
        if self.group_frames == 0 || self.group_frames as u64 > limits::MAX_GROUP_FRAMES {
            return refuse("the group size", self.group_frames.to_string(), "1 to 1000");
        }
        if u64::from(self.sh_degree_max) > limits::MAX_SH_DEGREE {
            return refuse("the SH degree", self.sh_degree_max.to_string(), "0 to 3");
        }
        if let Some(camera) = self.camera.filter(|camera| !camera.makes_sense()) {
            return refuse(
                "the camera",
                format!("{camera:?}"),
                "of finite numbers, away from its target, with a field of view of 1 to 170 degrees",
            );
        }
        Ok(())
    }

    /// V3's Q: the quantiser of the planes that are coded most coarsely.
    pub fn qp(&self) -> u8 {
        let coarseness = u32::from(100 - self.quality.min(100));
        ((coarseness * u32::from(COARSEST_QP) + 50) / 100) as u8
    }
}

/// Kinds of planes that are coded alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaneClass {
    /// Low bytes of positions.
    PositionLow,
    /// High bytes of positions.
    PositionHigh,
    /// V3's empty planes of normals.
    Normals,
    /// SH DC.
    Colour,
    /// SH beyond DC.
    Rest,
    /// Opacity.
    Opacity,
    /// Scale.
    Scale,
    /// Rotation.
    Rotation,
}

impl PlaneClass {
    /// Every class with its name for people.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::PositionLow, "position low bytes"),
        (Self::PositionHigh, "position high bytes"),
        (Self::Normals, "normals"),
        (Self::Colour, "colour"),
        (Self::Rest, "SH rest"),
        (Self::Opacity, "opacity"),
        (Self::Scale, "scale"),
        (Self::Rotation, "rotation"),
    ];

    /// Name for people.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(class, _)| *class == self)
            .map_or("planes", |(_, name)| name)
    }

    /// The class of a layer.
    pub fn of(layer: usize, layout: &PlaneLayout) -> Self {
        if layer < PlaneLayout::DC_LAYER {
            if layer.is_multiple_of(2) {
                Self::PositionLow
            } else {
                Self::PositionHigh
            }
        } else if layer < PlaneLayout::REST_LAYER {
            Self::Colour
        } else if layer < layout.opacity_layer() {
            Self::Rest
        } else if layer < layout.scale_layer() {
            Self::Opacity
        } else if layer < layout.rotation_layer() {
            Self::Scale
        } else {
            Self::Rotation
        }
    }

    /// Its quantiser, as V3's packer chooses it for its Q, `qp`. High bytes are lossless: one step
    /// of theirs is 256 of a position.
    pub fn qp(self, qp: u8) -> u8 {
        match self {
            Self::PositionHigh => 0,
            Self::Colour | Self::Scale | Self::Rotation => qp.min(COARSEST_SHAPE_QP),
            Self::PositionLow | Self::Normals | Self::Rest | Self::Opacity => qp,
        }
    }
}

/// How far the work is. `done` never falls and reaches `total` at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Units of work done; one unit takes about as long as another.
    pub done: u64,
    /// All units.
    pub total: u64,
    /// What is done now, for people.
    pub stage: &'static str,
}

/// What was packed.
#[derive(Clone, Debug, PartialEq)]
pub struct PackReport {
    /// Frames.
    pub frames: usize,
    /// Groups.
    pub groups: usize,
    /// Gaussians of the fullest frame.
    pub gaussians_max: usize,
    /// Gaussians of all frames that were left out because a value of theirs was not finite or their
    /// quaternion was zero.
    pub gaussians_dropped: u64,
    /// SH degree.
    pub sh_degree: u8,
    /// Bytes of all files.
    pub bytes_total: u64,
    /// Bytes of the JSON files.
    pub bytes_json: u64,
    /// Bytes of the videos by kind of plane.
    pub bytes_by_class: Vec<(PlaneClass, u64)>,
    /// How far Gaussians move from frame to frame.
    pub steps: StepStatistics,
    /// Peak signal-to-noise ratio of positions in dB, the peak being the longest side of the box
    /// around all centres. `None` where nothing was decoded again, or where there is no error.
    pub position_psnr_db: Option<f64>,
    /// Root mean square error of a coordinate in world units, where it was decoded again.
    pub position_rms_error: Option<f64>,
}

impl PackReport {
    /// Mean bytes of a frame, everything included.
    pub fn bytes_per_frame(&self) -> f64 {
        self.bytes_total as f64 / self.frames.max(1) as f64
    }
}

/// Lengths of the steps of Gaussians from one frame to the next inside groups, in world units. All
/// 0 where there were none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepStatistics {
    /// Half of all steps are shorter.
    pub median: f32,
    /// 99 of 100 steps are shorter.
    pub p99: f32,
    /// The longest step.
    pub max: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The widest view that makes sense.
    const CAMERA: CameraHint = CameraHint {
        position: [0.0, -1.0, -3.0],
        target: [0.0; 3],
        fov_y_degrees: 170.0,
    };

    #[test]
    fn quality_becomes_v3s_quantisers() {
        let qp = |quality| {
            PackOptions {
                quality,
                ..PackOptions::default()
            }
            .qp()
        };
        assert_eq!([qp(100), qp(70), qp(50), qp(0)], [0, 15, 25, 50]);
        let layout = PlaneLayout::for_count(10, 1);
        let qps: Vec<u8> = (0..layout.layers())
            .map(|layer| PlaneClass::of(layer, &layout).qp(30))
            .collect();
        let expected = [
            &[30, 0, 30, 0, 30, 0][..],
            &[22; 3],
            &[30; 9],
            &[30],
            &[22; 3],
            &[22; 4],
        ]
        .concat();
        assert_eq!(qps, expected);
    }

    #[test]
    fn senseless_options_are_refused() {
        let fine = PackOptions::default();
        fine.check().expect("defaults");
        for odd in [
            PackOptions {
                frame_rate: f64::NAN,
                ..fine.clone()
            },
            PackOptions {
                frame_rate: 1000.1,
                ..fine.clone()
            },
            PackOptions {
                quality: 101,
                ..fine.clone()
            },
            PackOptions {
                group_frames: 0,
                ..fine.clone()
            },
            PackOptions {
                group_frames: 1001,
                ..fine.clone()
            },
            PackOptions {
                sh_degree_max: 4,
                ..fine.clone()
            },
            PackOptions {
                camera: Some(CameraHint {
                    position: [1.0, f32::INFINITY, 0.0],
                    ..CAMERA
                }),
                ..fine.clone()
            },
            PackOptions {
                camera: Some(CameraHint {
                    position: CAMERA.target,
                    ..CAMERA
                }),
                ..fine.clone()
            },
            PackOptions {
                camera: Some(CameraHint {
                    fov_y_degrees: 170.1,
                    ..CAMERA
                }),
                ..fine.clone()
            },
        ] {
            assert!(
                matches!(odd.check(), Err(PackError::Option { .. })),
                "{odd:?}"
            );
        }
        PackOptions {
            quality: 100,
            group_frames: 1000,
            frame_rate: 1000.0,
            camera: Some(CAMERA),
            ..fine
        }
        .check()
        .expect("at the limits");
    }
}
