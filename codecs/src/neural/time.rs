//! Embeddings that follow from the time.

use std::f32::consts::PI;

use crate::limits;

/// An embedding out of sines and cosines of the time: sin(t bⁱ π), cos(t bⁱ π), `--embed pe_b_L` of HNeRV and
/// NeRV; t is 0 at the first frame and would be 1 behind the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeEmbedding {
    /// b.
    pub base: f64,
    /// L, half the numbers of an embedding.
    pub levels: usize,
}

impl TimeEmbedding {
    /// Reads "pe_1.25_80", or "1.25_80".
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches("pe_");
        let (base, levels) = text.split_once('_')?;
        let embedding = Self {
            base: base.parse().ok()?,
            levels: levels.parse().ok()?,
        };
        embedding.makes_sense().then_some(embedding)
    }

    /// Whether numbers come out of it.
    pub(super) fn makes_sense(self) -> bool {
        let is_sound = self.base.is_finite() && self.base > 0.0 && self.levels > 0;
        is_sound && self.levels as u64 <= limits::MAX_EMBEDDING / 2
    }
}

/// In which order sines and cosines stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeOrder {
    /// All sines first: HNeRV.
    SinesFirst,
    /// A sine and a cosine in turns: NeRV.
    InTurns,
}

/// How embeddings follow from the time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeRule {
    /// Base and levels.
    pub embedding: TimeEmbedding,
    /// The order of the numbers, and with it their rounding.
    pub order: TimeOrder,
}

impl TimeRule {
    /// The embedding of a frame out of `frames`. The largest factors turn the angle many times over, so that the roundings are
    /// part of the format: they are those of `PositionEncoding` (HNeRV, `model_all.py`), which has factors in f32 and the time
    /// in f64 and puts all sines first, and of `PositionalEncoding` (NeRV, `utils.py`), all in f32, in turns.
    pub fn numbers(self, frame: usize, frames: usize) -> Vec<f32> {
        let TimeEmbedding { base, levels } = self.embedding;
        let time = frame as f64 / frames as f64;
        let angles = (0..levels).map(|level| match self.order {
            TimeOrder::InTurns => {
                let factor = base.powf(level as f64) as f32;
                f64::from(time as f32 * factor * PI)
            }
            TimeOrder::SinesFirst => {
                let factor = (base as f32 as f64).powf(level as f64) as f32;
                time * f64::from(factor * PI)
            }
        });
        if self.order == TimeOrder::InTurns {
            let turns = angles.flat_map(|angle| [angle.sin(), angle.cos()]);
            return turns.map(|number| number as f32).collect();
        }
        let angles: Vec<f64> = angles.collect();
        let sines = angles.iter().map(|angle| angle.sin() as f32);
        let cosines = angles.iter().map(|angle| angle.cos() as f32);
        sines.chain(cosines).collect()
    }

    /// The embeddings of all of `frames`, one after the other.
    pub fn all(self, frames: usize) -> Vec<f32> {
        (0..frames)
            .flat_map(|frame| self.numbers(frame, frames))
            .collect()
    }
}
