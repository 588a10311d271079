//! What is fitted to a video of a size, and how.

use zoetrope_codecs::container::zoe::FrameRate;
use zoetrope_codecs::limits;
use zoetrope_codecs::neural::{Activation, Architecture, LayerShape, Output};
use zoetrope_codecs::random::Random;

use super::engine::{Descent, Step};
use super::loss::Loss;
use super::shape::Shape;
use crate::{PackError, Result};

/// Channels of an embedding, as HNeRV has them.
const EMBEDDING_CHANNELS: usize = 16;
/// Places of an embedding: HNeRV's 2 x 4, more or less.
const EMBEDDING_PLACES: f64 = 8.0;
/// Fewest channels of a layer, as HNeRV has it.
const LOWER_WIDTH: usize = 12;
/// Most channels behind the stem; beyond that, no video is worth it.
const WIDEST: usize = 1024;
/// Multiplications for each pixel that phones do in real time.
pub(super) const LITE_MACS: u64 = 5000;
/// Bits of a file for each pixel where nothing else is asked for.
const DEFAULT_BITS_PER_PIXEL: f64 = 0.1;
/// Bytes of a file where nothing else is asked for.
const DEFAULT_BYTES: std::ops::RangeInclusive<u64> = 225_000..=3_000_000;
/// How many times larger the blocks make the picture, for pictures of many sizes.
const STRIDES: [&[usize]; 10] = [
    &[4, 2, 2],
    &[5, 2, 2],
    &[5, 4, 2],
    &[5, 4, 2, 2],
    &[5, 4, 3, 2],
    &[5, 4, 4, 2],
    &[5, 4, 3, 2, 2],
    &[5, 4, 4, 2, 2],
    &[5, 4, 3, 3, 2],
    &[5, 4, 4, 3, 2],
];
/// Length of the longest step. Of 16 frames of 320 x 160 pixels, 1200 steps of which the longest was 0.001, 0.003, 0.006, 0.01
/// and 0.015 made 22.1, 27.2, 29.2, 30.1 and 30.5 dB.
const RATE: f64 = 1e-2;
/// How much longer those of embeddings are: 0.8 dB more for 3 to 1 at a length of 0.003 or 0.006.
const EMBEDDING_RATE: f64 = 2.0;
/// Part of all steps in which the length of a step grows to that.
const WARM_UP: f64 = 0.05;
/// Frames of a step.
const BATCH: usize = 2;
/// Part of the steps, at the end, that see the numbers that are written.
const ROUNDED_PART: f64 = 0.15;
/// Passes over a video where nothing else is asked for, and the fewest steps: short videos need more passes.
const DEFAULT_EPOCHS: usize = 300;
const FEWEST_STEPS: usize = 4000;

/// A rule for the widths and kernels of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Kernels of 1 and 3, widths that shrink by 1.5: at most 5 kMAC a pixel, for any device.
    #[default]
    Lite,
    /// HNeRV's own (Chen et al., CVPR 2023): kernels of 1, 3 and 5, widths that shrink by 1.2; for desktop GPUs.
    Hnerv,
}

impl Profile {
    fn reduce(self) -> f64 {
        match self {
            Self::Lite => 1.5,
            Self::Hnerv => 1.2,
        }
    }

    /// Kernel of a block.
    fn kernel(self, block: usize) -> usize {
        let widest = match self {
            Self::Lite => 3,
            Self::Hnerv => 5,
        };
        (1 + 2 * block).min(widest)
    }
}

/// How to fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitOptions {
    /// Frames a second.
    pub frame_rate: FrameRate,
    /// Widths and kernels.
    pub profile: Profile,
    /// Bytes that the file may take; by the length of the video where this is `None`.
    pub bytes: Option<u64>,
    /// Passes over the video; by its length where this is `None`.
    pub epochs: Option<usize>,
    /// Where random numbers start.
    pub seed: u64,
    /// Bits of a number of the network in the file: 6 or 8.
    pub bits: u8,
    /// What is minimised.
    pub loss: Loss,
}

impl FitOptions {
    /// What suits most videos.
    pub fn new(frame_rate: FrameRate) -> Self {
        Self {
            frame_rate,
            profile: Profile::default(),
            bytes: None,
            epochs: None,
            seed: 0,
            bits: 8,
            loss: Loss::HNERV,
        }
    }
}

/// The steps of a fit: which frames each looks at, and how far it goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    evaluations: usize,
    steps: u64,
    seed: u64,
    loss: Loss,
}

impl Schedule {
    /// For a video of so many evaluations of a network.
    ///
    /// # Errors
    /// [`PackError::Option`] for options beyond what makes sense.
    pub fn new(evaluations: usize, options: &FitOptions) -> Result<Self> {
        let refuse = |what, value: String, allowed| {
            Err(PackError::Option {
                what,
                value,
                allowed,
            })
        };
        if !matches!(options.bits, 6 | 8) {
            return refuse("the number of bits", options.bits.to_string(), "6 or 8");
        }
        let an_epoch = evaluations.div_ceil(BATCH).max(1);
        let steps = match options.epochs {
            Some(epochs) if !(1..=1_000_000).contains(&epochs) => {
                return refuse("the number of epochs", epochs.to_string(), "1 to 1000000");
            }
            Some(epochs) => epochs * an_epoch,
            None => (DEFAULT_EPOCHS * an_epoch).max(FEWEST_STEPS),
        };
        Ok(Self {
            evaluations,
            steps: steps as u64,
            seed: options.seed,
            loss: options.loss,
        })
    }

    /// How many steps there are.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Whether step `number` sees the numbers that are written.
    pub fn is_rounded(&self, number: u64) -> bool {
        number as f64 >= self.steps as f64 * (1.0 - ROUNDED_PART)
    }

    /// Step `number`, counted from 0. It depends on nothing else, so a fit may go on anywhere.
    pub fn step(&self, number: u64) -> Step {
        let an_epoch = self.evaluations.div_ceil(BATCH).max(1) as u64;
        let (epoch, within) = (number / an_epoch, (number % an_epoch) as usize);
        let mut random = Random::new(self.seed ^ Random::new(epoch).bits());
        let mut order: Vec<usize> = (0..self.evaluations).collect();
        random.shuffle(&mut order);
        let some = order.iter().skip(within * BATCH).take(BATCH);
        let rate = RATE * self.length(number);
        Step {
            evaluations: some.copied().collect(),
            descent: Descent::Adam,
            rate: rate as f32,
            embedding_rate: (EMBEDDING_RATE * rate) as f32,
            loss: self.loss,
            rounding: None,
        }
    }

    /// Length of a step, the longest being 1: a line up, then half a cosine down.
    fn length(&self, number: u64) -> f64 {
        let done = (number as f64 + 1.0) / self.steps as f64;
        if done < WARM_UP {
            return done / WARM_UP;
        }
        let down = (done - WARM_UP) / (1.0 - WARM_UP);
        0.5 * (1.0 + (std::f64::consts::PI * down).cos())
    }
}

/// The network for `frames` pictures of `size` (width, height). Its own pictures may be larger: what is beyond is not shown.
///
/// # Errors
/// [`PackError::Option`] where no network is as small as what was asked for, and [`PackError::Unfit`] for pictures that are
/// too large.
pub fn shape_for(size: [usize; 2], frames: usize, options: &FitOptions) -> Result<Shape> {
    let (strides, embedding) = strides_for(size)?;
    let pixels = (size[0] * size[1]) as u64;
    let bytes = options.bytes.unwrap_or_else(|| {
        let bits = DEFAULT_BITS_PER_PIXEL * (pixels * frames as u64) as f64;
        ((bits / 8.0) as u64).clamp(*DEFAULT_BYTES.start(), *DEFAULT_BYTES.end())
    });
    let fits = |width: usize| {
        let architecture = architecture(options.profile, embedding, strides, width);
        let made = architecture.picture_size();
        let is_light = options.profile != Profile::Lite
            || architecture.macs() <= LITE_MACS * (made[0] * made[1]) as u64;
        let is_small = most_bytes(&architecture, frames, options.bits) <= bytes;
        (is_light && is_small).then_some(architecture)
    };
    // More width is more of everything, so the first that does not fit ends it.
    let widest = (1..=WIDEST).map_while(fits).last();
    match widest {
        Some(architecture) => Shape::new(architecture),
        None => Err(PackError::Option {
            what: "the size",
            value: format!("{bytes} bytes"),
            allowed: "more, for pictures of this size and number",
        }),
    }
}

/// Width and height of the pictures that a network makes for pictures of `size`.
///
/// # Errors
/// As [`shape_for`].
pub(crate) fn covering(size: [usize; 2]) -> Result<[usize; 2]> {
    let (strides, [_, rows, columns]) = strides_for(size)?;
    let factor: usize = strides.iter().product();
    Ok([columns * factor, rows * factor])
}

/// The strides whose pictures cover `size` with little around it and an embedding of about [`EMBEDDING_PLACES`]; and that
/// embedding's shape.
fn strides_for([width, height]: [usize; 2]) -> Result<(&'static [usize], [usize; 3])> {
    let side = limits::MAX_PICTURE_SIDE as usize;
    let of = |strides: &'static [usize]| {
        let factor: usize = strides.iter().product();
        let places = [height.div_ceil(factor), width.div_ceil(factor)];
        let count = (places[0] * places[1]) as f64;
        let around = count * (factor * factor) as f64 / (width * height) as f64;
        let cost = around * (1.0 + 0.1 * (count / EMBEDDING_PLACES).log2().abs());
        let fits = places.iter().all(|count| count * factor <= side);
        fits.then_some((cost, strides, places))
    };
    let known = if width * height == 0 || width.max(height) > side {
        None
    } else {
        let all = STRIDES.into_iter().filter_map(of);
        all.min_by(|a, b| a.0.total_cmp(&b.0))
    };
    let (_, strides, [rows, columns]) = known.ok_or_else(|| PackError::Unfit {
        reason: format!(
            "its pictures are {width} x {height}; 1 to {side} pixels each way are right"
        ),
    })?;
    Ok((strides, [EMBEDDING_CHANNELS, rows, columns]))
}

/// HNeRV's chain with `width` channels behind the stem.
fn architecture(
    profile: Profile,
    embedding: [usize; 3],
    strides: &[usize],
    width: usize,
) -> Architecture {
    let layer = |inputs, outputs, kernel, stride, activation| LayerShape {
        inputs,
        outputs,
        kernel,
        shuffle: [stride; 2],
        activation,
    };
    let mut layers = vec![layer(embedding[0], width, 1, 1, Activation::Gelu)];
    let mut channels = width;
    for (block, stride) in strides.iter().enumerate() {
        let next = (channels as f64 / profile.reduce()).round() as usize;
        let next = next.max(LOWER_WIDTH);
        let kernel = profile.kernel(block);
        layers.push(layer(channels, next, kernel, *stride, Activation::Gelu));
        channels = next;
    }
    layers.push(layer(channels, 3, 3, 1, Activation::None));
    Architecture {
        embedding,
        layers,
        output: Output::Tanh,
    }
}

/// Bytes that a file takes at most, to a few hundred: entropy coding may leave less.
fn most_bytes(architecture: &Architecture, frames: usize, bits: u8) -> u64 {
    let embeddings = architecture.embedding.iter().product::<usize>() * frames;
    let numbers = architecture.parameters() + embeddings as u64;
    // A minimum and a scale of two bytes each for at most every eighth number; mostly it is one in a hundred.
    let ranges = numbers / 100 * 4;
    numbers * u64::from(bits) / 8 + ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> FitOptions {
        FitOptions::new(FrameRate {
            numerator: 25,
            denominator: 1,
        })
    }

    #[test]
    fn the_published_widths() {
        // HNeRV's 1.5 M model of 640 x 1280 (`train_nerv_all.py`).
        let model = architecture(Profile::Hnerv, [16, 2, 4], &[5, 4, 4, 2, 2], 68);
        let widths: Vec<usize> = model.layers.iter().map(|layer| layer.outputs).collect();
        assert_eq!(widths, [68, 57, 48, 40, 33, 28, 3]);
        assert_eq!(model.parameters(), 1_488_276);
        let kernels: Vec<usize> = model.layers.iter().map(|layer| layer.kernel).collect();
        assert_eq!(kernels, [1, 1, 3, 5, 5, 5, 3]);
        let lite = architecture(Profile::Lite, [16, 2, 4], &[5, 4, 2, 2], 55);
        assert_eq!((lite.parameters(), lite.macs()), (209_422, 186_606_040));
    }

    #[test]
    fn pictures_of_many_sizes_are_covered() {
        for size in [
            [320, 160],
            [1280, 640],
            [1280, 720],
            [1920, 1080],
            [64, 64],
            [37, 1000],
            [1, 1],
        ] {
            let shape = shape_for(size, 100, &options()).expect("there is one");
            let made = shape.picture_size();
            assert!(
                made[0] >= size[0] && made[1] >= size[1],
                "{size:?} {made:?}"
            );
            let per_pixel = shape.architecture().macs() / (made[0] * made[1]) as u64;
            assert!(per_pixel <= LITE_MACS, "{per_pixel}");
        }
        let exact = shape_for([320, 160], 16, &options()).expect("there is one");
        assert_eq!(exact.picture_size(), [320, 160]);
        assert_eq!(exact.embedding(), [16, 2, 4]);
    }

    #[test]
    fn the_size_is_kept_or_refused() {
        let of = |bytes| {
            let options = FitOptions {
                bytes: Some(bytes),
                ..options()
            };
            shape_for([320, 160], 16, &options)
        };
        let sizes = [60_000, 120_000, 200_000].map(|bytes| of(bytes).expect("fits").parameters());
        assert!(sizes[0] < sizes[1] && sizes[1] < sizes[2]);
        assert!(sizes[2] < 200_000 && sizes[2] > 150_000, "{sizes:?}");
        assert!(matches!(of(1000), Err(PackError::Option { .. })));
    }

    #[test]
    fn every_epoch_has_every_frame_once() {
        let options = FitOptions {
            epochs: Some(3),
            ..options()
        };
        let schedule = Schedule::new(5, &options).expect("makes sense");
        assert_eq!(schedule.steps(), 9);
        let mut orders = Vec::new();
        for epoch in 0..3 {
            let steps = (3 * epoch..3 * epoch + 3).map(|number| schedule.step(number));
            let mut all: Vec<usize> = steps.flat_map(|step| step.evaluations).collect();
            orders.push(all.clone());
            all.sort_unstable();
            assert_eq!(all, [0, 1, 2, 3, 4]);
        }
        assert!(orders[0] != orders[1] || orders[1] != orders[2]);
        assert!(schedule.step(8).rate < schedule.step(3).rate);
        assert!(!schedule.is_rounded(0) && schedule.is_rounded(8));
        let odd = FitOptions { bits: 7, ..options };
        assert!(Schedule::new(5, &odd).is_err());
    }
}
