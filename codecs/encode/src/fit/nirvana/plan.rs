//! What is fitted to a few frames of a size, and how.

use zoetrope_codecs::container::zoe::FrameRate;
use zoetrope_codecs::limits;
use zoetrope_codecs::neural::{Activation, Architecture, LayerShape, Output, PatchGrid};

use crate::fit::engine::{Descent, Step};
use crate::fit::loss::Loss;
use crate::fit::plan::LITE_MACS;
use crate::fit::shape::Shape;
use crate::{PackError, Result};

/// Networks of a group, which bound what a seek costs.
pub(super) const GROUP_NETWORKS: u64 = 16;
/// Sides of patches: the smallest whose places are not too many. Of 4 frames after 300 steps of Adam, 67 500 numbers with patches of 8
/// made 28.3 dB, 82 412 with patches of 16 28.5, 115 084 with patches of 32 28.2.
const PATCHES: [usize; 3] = [8, 16, 32];
/// Frequencies of the places.
const LEVELS: usize = 6;
/// Most frames of a network, and most pixels of all of them: the last map has three numbers for each, 200 MB. After 200 steps of Adam, 4, 8 and
/// 16 frames made 28.4, 27.8 and 27.2 dB, so what more frames share is worth more than they cost.
const MOST_FRAMES: usize = 8;
const MOST_PIXELS: usize = 1 << 24;
/// Channels of the layers of places for pictures of [`USUAL_PIXELS`]; they grow with the side of pictures.
const HIDDEN: f64 = 96.0;
const USUAL_PIXELS: f64 = 320.0 * 160.0;
/// Channels of these layers are a multiple of this.
const HIDDEN_UNIT: usize = 16;
const FEWEST_UNITS: usize = 2;
/// Channels at a quarter of the picture's width, at half of it, and at all of it. With these a network has 44 488 numbers; one of 81 336
/// (128, 32, 24, 16) made 33.3 dB in 150 steps, where this one makes 30.0, with a file twice as large.
const CHANNELS: [usize; 3] = [24, 16, 12];
/// Length of the longest step of a network that begins anew. Of 8 frames of 320 x 160 pixels, 100 steps of which the longest was 0.01, 0.03
/// and 0.06 made 28.7, 31.2 and 23.4 dB; Adam, with its best length of 0.01, made 25.6.
const RATE: f64 = 3e-2;
/// The same of one that begins as the one before.
const NEXT_RATE: f64 = 2.4e-2;
/// Steps of biases, to those of weights.
const BIAS_RATE: f64 = 0.3;
/// Part of the steps of a network that begins anew in which the length of a step grows.
const WARM_UP: f64 = 0.05;
/// Parts of the steps, at the end, that see the numbers that are written.
const ROUNDED_PART: f64 = 0.3;
const NEXT_ROUNDED_PART: f64 = 0.4;
/// Steps of a network that begins anew where nothing else is asked for, and the part of these that others get. So 64 frames of 320 x 160 pixels
/// take 95 s of a processor's time and 166 kB for 30.8 dB; until 28.5 dB, 40 s and 165 kB. With 300 steps, 0.6, rounding over 0.6 of the
/// others' steps of 0.018 and no price, 64 s and 158 kB made 30.0 dB; so, but with 350 steps, 0.7, 6 bits and a price of
/// 6e-6, 85 s and 194 kB made 30.9 dB.
const STEPS: usize = 400;
const NEXT_PART: f64 = 0.7;
/// Bits of a number where nothing else is asked for: of 24 frames, 5 made 30.0 dB with 61 kB, 4 28.3 dB with 44 kB.
const BITS: u8 = 5;
/// What a difference of 1 to the integer before costs, in parts of the loss: of 24 frames, 0 made 31.0 dB with 63 kB, and 1e-5 made
/// 30.5 dB with 53 kB.
pub(super) const PRICE: f32 = 4e-6;
/// PSNR below which the network before is no beginning: after 8 frames of motion, 16 to 21 dB are left of the bunny.
pub(super) const CUT_DB: f64 = 16.0;
/// How far below what is wanted the network before may be to be taken as it is.
pub(super) const SLACK_DB: f64 = 0.02;

/// How to fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NirvanaOptions {
    /// Frames a second.
    pub frame_rate: FrameRate,
    /// PSNR in dB at which a network is good enough; what the first one comes to where this is `None`.
    pub psnr: Option<f64>,
    /// How often a network that begins anew sees its frames; by default where this is `None`.
    pub epochs: Option<usize>,
    /// Where random numbers start.
    pub seed: u64,
    /// Bits of a number of a whole network.
    pub bits: u8,
}

impl NirvanaOptions {
    /// What suits most videos.
    pub fn new(frame_rate: FrameRate) -> Self {
        Self {
            frame_rate,
            psnr: None,
            epochs: None,
            seed: 0,
            bits: BITS,
        }
    }
}

/// How a network begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Far from what is wanted: it gets steps of its own size, and begins a group of the file.
    Anew,
    /// Near: only what changes is told.
    Next,
}

/// How many steps networks get, and how long these are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plan {
    anew: u64,
    next: u64,
}

impl Plan {
    pub(super) fn new(options: &NirvanaOptions) -> Result<Self> {
        let refuse = |what, value: String, allowed| {
            Err(PackError::Option {
                what,
                value,
                allowed,
            })
        };
        if !(4..=8).contains(&options.bits) {
            return refuse("the number of bits", options.bits.to_string(), "4 to 8");
        }
        let anew = match options.epochs {
            Some(epochs) if !(1..=1_000_000).contains(&epochs) => {
                return refuse("the number of epochs", epochs.to_string(), "1 to 1000000");
            }
            Some(epochs) => epochs,
            None => STEPS,
        };
        if let Some(psnr) = options.psnr.filter(|psnr| !(1.0..=100.0).contains(psnr)) {
            return refuse("the PSNR", format!("{psnr} dB"), "1 to 100 dB");
        }
        let next = (anew as f64 * NEXT_PART).round() as u64;
        Ok(Self {
            anew: anew as u64,
            next: next.max(1),
        })
    }

    /// Most steps of a network.
    pub(super) fn steps(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Anew => self.anew,
            Kind::Next => self.next,
        }
    }

    /// The step from which on a network sees the numbers that are written.
    pub(super) fn rounded_from(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Anew => (self.anew as f64 * (1.0 - ROUNDED_PART)) as u64,
            Kind::Next => (self.next as f64 * (1.0 - NEXT_ROUNDED_PART)) as u64,
        }
    }

    /// Step `number` of a network, counted from 0.
    pub(super) fn step(&self, kind: Kind, number: u64) -> Step {
        let steps = self.steps(kind);
        let done = (number as f64 + 0.5) / steps as f64;
        let (rate, warm) = match kind {
            Kind::Anew => (RATE, WARM_UP),
            Kind::Next => (NEXT_RATE, 0.0),
        };
        let length = if done < warm {
            done / warm
        } else {
            let down = (done - warm) / (1.0 - warm);
            0.5 * (1.0 + (std::f64::consts::PI * down).cos())
        };
        Step {
            evaluations: vec![0],
            descent: Descent::Muon {
                rate: (rate * length) as f32,
            },
            rate: (BIAS_RATE * rate * length) as f32,
            embedding_rate: 0.0,
            loss: Loss::SQUARED,
            rounding: None,
        }
    }
}

/// The patches and the network for pictures of `size` (width, height).
///
/// # Errors
/// [`PackError::Unfit`] for pictures that are too large.
pub(super) fn shape_for(size: [usize; 2]) -> Result<(PatchGrid, Shape)> {
    let side = limits::MAX_PICTURE_SIDE as usize;
    let of = |patch: &usize| {
        let [columns, rows] = size.map(|length| length.div_ceil(*patch));
        let grid = PatchGrid {
            rows,
            columns,
            levels: LEVELS,
        };
        let numbers = grid.shape().iter().product::<usize>() as u64;
        let is_there = columns > 0 && rows > 0 && columns.max(rows) * patch <= side;
        let fits = is_there && numbers <= limits::MAX_EMBEDDING;
        fits.then_some((*patch, grid))
    };
    let (patch, grid) = PATCHES.iter().find_map(of).ok_or_else(|| {
        let [width, height] = size;
        PackError::Unfit {
            reason: format!(
                "its pictures are {width} x {height}; 1 to {side} pixels each way are right"
            ),
        }
    })?;
    let pixels = grid.rows * grid.columns * patch * patch;
    let frames = (MOST_PIXELS / pixels).clamp(1, MOST_FRAMES);
    // To the power of two below: an evaluation then is the same stretch of time in most videos.
    let frames = 1 << frames.ilog2();
    let wanted = (pixels as f64 / USUAL_PIXELS).sqrt() * HIDDEN;
    let widest = ((wanted / HIDDEN_UNIT as f64).round() as usize).max(FEWEST_UNITS);
    let light = (1..=widest).rev().find_map(|units| {
        let architecture = architecture(grid, patch, units * HIDDEN_UNIT, frames);
        let most = LITE_MACS * (pixels * frames) as u64;
        (architecture.macs() <= most).then_some(architecture)
    });
    let architecture = light.unwrap_or_else(|| architecture(grid, patch, HIDDEN_UNIT, frames));
    Ok((grid, Shape::new(architecture)?))
}

fn architecture(grid: PatchGrid, patch: usize, hidden: usize, frames: usize) -> Architecture {
    let layer = |inputs, outputs, kernel, shuffle: usize, activation| LayerShape {
        inputs,
        outputs,
        kernel,
        shuffle: [shuffle; 2],
        activation,
    };
    let embedding = grid.shape();
    let [wide, middle, narrow] = CHANNELS;
    let layers = vec![
        layer(embedding[0], hidden, 1, 1, Activation::Sin),
        layer(hidden, hidden, 1, 1, Activation::Sin),
        layer(hidden, wide, 1, patch / 4, Activation::Gelu),
        layer(wide, middle, 3, 2, Activation::Gelu),
        layer(middle, narrow, 3, 2, Activation::Gelu),
        layer(narrow, 3 * frames, 3, 1, Activation::None),
    ];
    Architecture {
        embedding,
        layers,
        output: Output::Tanh,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_many_sizes_are_covered() {
        for (size, frames) in [
            ([320, 160], 8),
            ([1280, 640], 8),
            ([1280, 720], 8),
            ([1920, 1080], 8),
            ([3840, 2160], 2),
            ([37, 1000], 8),
            ([1, 1], 8),
        ] {
            let (grid, shape) = shape_for(size).expect("there is one");
            let made = shape.picture_size();
            let around = [0, 1].map(|axis| made[axis].checked_sub(size[axis]));
            let is_tight = |around: Option<usize>| around.is_some_and(|around| around < 16);
            assert!(around.into_iter().all(is_tight), "{size:?} {made:?}");
            assert_eq!(shape.embedding(), grid.shape());
            let architecture = shape.architecture();
            assert_eq!(architecture.frames(), frames, "{size:?}");
            let pixels = (made[0] * made[1] * frames) as u64;
            assert!(architecture.macs() <= LITE_MACS * pixels, "{size:?}");
            let all = architecture.parameters() * GROUP_NETWORKS;
            assert!(all <= limits::MAX_GROUP_LATENTS, "{size:?}");
        }
        let refused = [[0, 5], [9000, 5]].map(|size| shape_for(size).err());
        assert!(refused.iter().all(Option::is_some));
        let small = shape_for([320, 160]).expect("there is one").1;
        let large = shape_for([1920, 1080]).expect("there is one").1;
        assert!(small.parameters() < large.parameters());
    }

    #[test]
    fn steps_end_small_and_see_what_is_written() {
        let options = NirvanaOptions {
            epochs: Some(100),
            ..NirvanaOptions::new(FrameRate::from_per_second(25.0))
        };
        let plan = Plan::new(&options).expect("makes sense");
        assert!(plan.steps(Kind::Next) < plan.steps(Kind::Anew));
        for kind in [Kind::Anew, Kind::Next] {
            let last = plan.steps(kind) - 1;
            assert!(plan.rounded_from(kind) <= last);
            let rates = [last / 2, last].map(|number| plan.step(kind, number).rate);
            assert!(rates[0] > rates[1] && rates[1] > 0.0, "{rates:?}");
        }
    }
}
