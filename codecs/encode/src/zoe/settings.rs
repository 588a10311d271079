//! What a quality means: the layers of a clip and the quantisers of each.

use zoetrope_codecs::VideoCodec;

/// Quantiser of the atlases at quality 0 and 100.
const QP_WORST: f32 = 40.0;
const QP_BEST: f32 = 2.0;
/// The quantiser at which positions have a step as long as a typical Gaussian is wide.
const QP_OF_UNIT_STEP: f32 = 20.0;
/// Quantisers whose step is twice as long (H.264 and HEVC).
const QP_OF_DOUBLE_STEP: f32 = 6.0;
/// Below this quantiser YCoCg loses more than the video does.
const QP_OF_RGB: u8 = 12;
/// How much finer a layer of precision is, as a difference of quantisers.
const PRECISION_QP: u8 = 6;

/// How the layers of a clip are coded.
#[derive(Clone, Debug, PartialEq)]
pub struct ZoeSettings {
    /// Codec of the atlases.
    pub codec: VideoCodec,
    /// Quantiser of the atlases, 1 to 51.
    pub qp: u8,
    /// Step of positions in parts of the width of a typical Gaussian.
    pub position_step: f32,
    /// Whether colours are coded as YCoCg.
    pub ycocg: bool,
    /// Frames a second.
    pub frame_rate: f64,
    /// The layers, the lowest first, which is one of Gaussians.
    pub layers: Vec<LayerPlan>,
}

/// One layer to make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LayerPlan {
    /// The most important Gaussians that are in no layer yet, this share of all.
    Gaussians(f32),
    /// SH coefficients up to this degree.
    Harmonics(u8),
    /// Finer values of all Gaussians.
    Precision,
}

impl ZoeSettings {
    /// The settings of `quality`, 0 (smallest) to 100 (best). The video's quantiser and the step of
    /// positions rise together, as both cost least for the same error.
    pub fn of_quality(quality: u8, codec: VideoCodec, frame_rate: f64, sh_degree: u8) -> Self {
        let part = f32::from(quality.min(100)) / 100.0;
        let qp = QP_WORST + part * (QP_BEST - QP_WORST);
        let mut layers = vec![LayerPlan::Gaussians(1.0)];
        layers.extend(harmonics(sh_degree));
        Self {
            codec,
            qp: qp.round() as u8,
            position_step: ((qp - QP_OF_UNIT_STEP) / QP_OF_DOUBLE_STEP).exp2(),
            ycocg: qp.round() as u8 >= QP_OF_RGB,
            frame_rate,
            layers,
        }
    }

    /// A ladder: a base of few Gaussians, the others, their colour by direction, and values as fine as
    /// `quality` asks, below which the lower layers stay.
    pub fn ladder(quality: u8, codec: VideoCodec, frame_rate: f64, sh_degree: u8) -> Self {
        let mut settings = Self::of_quality(quality, codec, frame_rate, sh_degree);
        settings.qp = (settings.qp + PRECISION_QP).min(51);
        settings.position_step *= (f32::from(PRECISION_QP) / QP_OF_DOUBLE_STEP).exp2();
        settings.layers = vec![LayerPlan::Gaussians(0.2), LayerPlan::Gaussians(1.0)];
        settings.layers.extend(harmonics(sh_degree));
        settings.layers.push(LayerPlan::Precision);
        settings
    }

    /// The quantiser of a layer of precision.
    pub(super) fn precision_qp(&self) -> u8 {
        self.qp.saturating_sub(PRECISION_QP).max(1)
    }

    /// How much finer a layer of precision has positions.
    pub(super) fn precision_factor() -> f32 {
        (f32::from(PRECISION_QP) / QP_OF_DOUBLE_STEP).exp2()
    }
}

fn harmonics(sh_degree: u8) -> Option<LayerPlan> {
    (sh_degree > 0).then_some(LayerPlan::Harmonics(sh_degree))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_runs_from_coarse_to_fine() {
        let of = |quality| ZoeSettings::of_quality(quality, VideoCodec::Hevc, 30.0, 0);
        assert_eq!([0, 50, 100, 255].map(|q| of(q).qp), [40, 21, 2, 2]);
        assert!(of(0).position_step > of(50).position_step);
        assert!((of(53).position_step - 1.0).abs() < 0.05);
        assert!(of(50).ycocg && !of(100).ycocg);
        assert_eq!(of(50).layers, [LayerPlan::Gaussians(1.0)]);
    }

    #[test]
    fn the_top_of_a_ladder_is_as_fine_as_a_single_layer() {
        let single = ZoeSettings::of_quality(60, VideoCodec::Hevc, 30.0, 3);
        let ladder = ZoeSettings::ladder(60, VideoCodec::Hevc, 30.0, 3);
        assert_eq!(ladder.precision_qp(), single.qp);
        let finest = ladder.position_step / ZoeSettings::precision_factor();
        assert!((finest - single.position_step).abs() < 1e-6);
        assert_eq!(ladder.layers.len(), 4);
    }
}
