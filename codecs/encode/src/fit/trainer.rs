//! The whole fit: from pictures to a coded network.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use zoetrope_codecs::neural::Crop;
use zoetrope_codecs::neural::track::CodedGroup;
use zoetrope_codecs::pictures::PictureSource;
use zoetrope_codecs::random::Random;
use zoetrope_codecs::{Cancel, limits};

use super::checkpoint::{self, Checkpoint};
use super::engine::{Engine, Moments, State};
use super::plan::{FitOptions, Schedule, covering, shape_for};
use super::processor::{self, Processor};
use super::rounding::{Rounding, SymbolRounding};
use super::shape::Shape;
use super::video::Video;
use crate::{PackError, Result};

/// Time between two checkpoints: what a stop costs at most.
pub(super) const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);

/// How far a fit is.
#[derive(Clone, Debug, PartialEq)]
pub struct FitProgress {
    /// Steps done.
    pub step: u64,
    /// All steps.
    pub steps: u64,
    /// Loss of the last step.
    pub loss: f64,
    /// Mean PSNR in dB of all frames, each as it was when it was last looked at; `None` until all were.
    pub psnr: Option<f64>,
    /// Seconds since the start, those in front of a stop included.
    pub seconds: f64,
    /// Whether steps see the numbers that are written.
    pub is_rounded: bool,
}

/// Who looks on.
pub trait FitWatch {
    /// Called behind each step.
    fn progress(&mut self, progress: &FitProgress);

    /// Whether a picture is wanted now: of which frame is the fit's choice.
    fn wants_picture(&mut self) -> bool {
        false
    }

    /// That picture, width and height: red, green and blue of each pixel, row by row. What the clip shows is its upper left
    /// part.
    fn picture(&mut self, _frame: usize, _size: [usize; 2], _rgb: Vec<u8>) {}
}

/// A video as fitted networks.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The groups of a clip, in their order.
    pub groups: Vec<CodedGroup>,
    /// Frames.
    pub frames: usize,
    /// What is shown of its pictures.
    pub crop: Crop,
    /// PSNR in dB of each frame as the clip shows it, at 8 bits.
    pub psnr: Vec<f64>,
    /// Steps done.
    pub steps: u64,
    /// Seconds that it took.
    pub seconds: f64,
    /// What it ran on in the end, for people.
    pub processor: String,
}

/// A video that a network is to be fitted to.
pub struct Fit {
    shape: Shape,
    schedule: Schedule,
    options: FitOptions,
    video: Arc<Video>,
    crop: Crop,
    processor: Processor,
}

impl Fit {
    /// Reads all pictures of `source` and finds a network for them.
    ///
    /// # Errors
    /// [`PackError`]: where they cannot be read or are more than a group of a clip can have, and as [`shape_for`].
    pub fn new(
        source: &mut dyn PictureSource,
        options: FitOptions,
        cancel: &Cancel,
    ) -> Result<Self> {
        let size = source.info().size.map(|side| side as usize);
        let mut video = Video::new(covering(size)?);
        let frames = source.info().count;
        if frames as u64 > limits::MAX_GROUP_FRAMES {
            return Err(PackError::Unfit {
                reason: "it has more than 1000 frames; fit a shorter part".to_owned(),
            });
        }
        for frame in 0..frames {
            cancel.check()?;
            video.push(&source.picture(frame, cancel)?)?;
        }
        if video.frames() == 0 {
            return Err(PackError::NoFrames);
        }
        let shape = shape_for(size, video.frames(), &options)?;
        let schedule = Schedule::new(shape.evaluations(video.frames()), &options)?;
        Ok(Self {
            shape,
            schedule,
            options,
            video: Arc::new(video),
            crop: Crop {
                start: [0; 2],
                size: size.map(|side| side as u32),
            },
            processor: Processor::default(),
        })
    }

    /// The same, on `processor`; without this all cores do it.
    #[must_use]
    pub fn on(self, processor: Processor) -> Self {
        Self { processor, ..self }
    }

    /// The network's shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Frames.
    pub fn frames(&self) -> usize {
        self.video.frames()
    }

    /// Steps.
    pub fn steps(&self) -> u64 {
        self.schedule.steps()
    }

    /// Bits of the file for each pixel that is shown, at most about.
    pub fn bits_per_pixel(&self) -> f64 {
        let numbers = self.shape.parameters() + self.shape.embedding_len() * self.frames();
        let pixels = f64::from(self.crop.size[0]) * f64::from(self.crop.size[1]);
        numbers as f64 * f64::from(self.options.bits) / (pixels * self.frames() as f64)
    }

    /// Of everything that the numbers depend on.
    fn fingerprint(&self) -> u64 {
        let text = format!("{:?} {:?} {:?}", self.shape, self.schedule, self.options);
        checkpoint::fingerprint(self.video.fingerprint(), &text)
    }

    fn first_state(&self) -> State {
        let mut random = Random::new(self.options.seed);
        let parameters = self.shape.first_parameters(&mut random);
        let evaluations = self.shape.evaluations(self.frames());
        let count = evaluations * self.shape.embedding_len();
        let embeddings = (0..count).map(|_| 2.0 * random.unit() - 1.0).collect();
        State {
            steps: 0,
            parameters: Moments::new(parameters, 1),
            embeddings: Moments::new(embeddings, evaluations),
        }
    }

    /// Fits. A checkpoint is kept at `checkpoint`, and removed by the one who has written the result; with `resume` it
    /// goes on from there, whatever it ran on before: on the processor to the very numbers that it had come to without a
    /// stop.
    ///
    /// # Errors
    /// [`PackError`], for which [`PackError::is_cancelled`] holds soon after `cancel`.
    pub fn run(
        &self,
        checkpoint: Option<&Path>,
        resume: bool,
        watch: &mut dyn FitWatch,
        cancel: &Cancel,
    ) -> Result<Fitted> {
        let fingerprint = self.fingerprint();
        let known = checkpoint.filter(|_| resume);
        let known = known.and_then(|path| Checkpoint::read(path, fingerprint));
        let (state, rounding, before) = match known {
            Some(known) => (known.state, known.rounding, known.seconds),
            None => (self.first_state(), None, 0.0),
        };
        let trial = self
            .schedule
            .step(state.steps.min(self.steps().saturating_sub(1)));
        let (shape, video) = (&self.shape, &self.video);
        let mut engine = processor::engine(self.processor, shape, video, state, &trial, cancel)?;
        let mut run = Run {
            fit: self,
            fingerprint,
            start: Instant::now(),
            before,
            rounding,
            errors: vec![None; self.shape.evaluations(self.frames())],
        };
        let done = run.steps(&mut *engine, checkpoint, watch, cancel);
        if let Err(error) = &done
            && error.is_cancelled()
            && let Some(path) = checkpoint
        {
            run.checkpoint(&mut *engine)?.write(path)?;
        }
        done?;
        run.finish(&mut *engine, cancel)
    }
}

/// A fit while it runs.
struct Run<'a> {
    fit: &'a Fit,
    fingerprint: u64,
    start: Instant,
    /// Seconds before a stop.
    before: f64,
    rounding: Option<SymbolRounding>,
    /// Squared error of each evaluation when it was last looked at.
    errors: Vec<Option<f64>>,
}

impl Run<'_> {
    fn seconds(&self) -> f64 {
        self.before + self.start.elapsed().as_secs_f64()
    }

    fn rounding(&self) -> Option<Rounding> {
        self.rounding.clone().map(Rounding::Symbols)
    }

    fn checkpoint(&self, engine: &mut dyn Engine) -> Result<Checkpoint> {
        Ok(Checkpoint {
            fingerprint: self.fingerprint,
            state: engine.state()?,
            rounding: self.rounding.clone(),
            seconds: self.seconds(),
        })
    }

    fn steps(
        &mut self,
        engine: &mut dyn Engine,
        checkpoint: Option<&Path>,
        watch: &mut dyn FitWatch,
        cancel: &Cancel,
    ) -> Result<()> {
        let (schedule, shape) = (&self.fit.schedule, &self.fit.shape);
        // The first one at once: that there is no room for it is better known before hours of work.
        let mut saved: Option<Instant> = None;
        let first = engine.state()?.steps;
        for number in first..schedule.steps() {
            cancel.check()?;
            let mut step = schedule.step(number);
            if schedule.is_rounded(number) {
                if self.rounding.is_none() {
                    let parameters = engine.state()?.parameters.values;
                    let best = SymbolRounding::best(shape, &parameters, self.fit.options.bits)?;
                    self.rounding = Some(best);
                }
                step.rounding = self.rounding().map(Arc::new);
            }
            let outcome = engine.step(&step, cancel)?;
            for (evaluation, error) in step.evaluations.iter().zip(&outcome.squared_errors) {
                self.errors[*evaluation] = Some(*error);
            }
            let all: Option<Vec<f64>> = self.errors.iter().copied().collect();
            watch.progress(&FitProgress {
                step: number + 1,
                steps: schedule.steps(),
                loss: outcome.loss,
                psnr: all.map(|all| mean(all.into_iter().map(decibels))),
                seconds: self.seconds(),
                is_rounded: step.rounding.is_some(),
            });
            if watch.wants_picture() {
                let frame = self.fit.frames() / 2;
                let rgb = self.picture(engine, frame, cancel)?;
                watch.picture(frame, shape.picture_size(), rgb);
            }
            if let Some(path) = checkpoint
                && saved.is_none_or(|saved| saved.elapsed() >= CHECKPOINT_EVERY)
            {
                self.checkpoint(engine)?.write(path)?;
                saved = Some(Instant::now());
            }
        }
        Ok(())
    }

    /// A frame at 8 bits.
    fn picture(&self, engine: &mut dyn Engine, frame: usize, cancel: &Cancel) -> Result<Vec<u8>> {
        let each = self.fit.shape.architecture().frames();
        let pictures = engine.pictures(frame / each, self.rounding().as_ref(), cancel)?;
        let [width, height] = self.fit.shape.picture_size();
        Ok(rgb8(&pictures, frame % each, width * height))
    }

    fn finish(self, engine: &mut dyn Engine, cancel: &Cancel) -> Result<Fitted> {
        let (fit, shape) = (self.fit, &self.fit.shape);
        let state = engine.state()?;
        let values = &state.parameters.values;
        let rounding = match &self.rounding {
            Some(rounding) => rounding.clone(),
            None => SymbolRounding::best(shape, values, fit.options.bits)?,
        };
        let run = Self {
            rounding: Some(rounding.clone()),
            ..self
        };
        let mut psnr = Vec::with_capacity(fit.frames());
        for frame in 0..fit.frames() {
            let rgb = run.picture(engine, frame, cancel)?;
            psnr.push(decibels(fit.video.squared_error(
                frame,
                fit.crop.size,
                &rgb,
            )));
        }
        let network = rounding.network(shape, values)?;
        let embeddings = rounding.coded_embeddings(shape, &state.embeddings.values)?;
        let (frames, crop) = (fit.frames(), Some(fit.crop));
        let group = CodedGroup::of_network(&network, &embeddings, frames, crop)?;
        Ok(Fitted {
            groups: vec![group],
            frames,
            crop: fit.crop,
            psnr,
            steps: state.steps,
            seconds: run.seconds(),
            processor: engine.name(),
        })
    }
}

impl Fitted {
    /// Mean PSNR of all frames in dB.
    pub fn mean_psnr(&self) -> f64 {
        mean(self.psnr.iter().copied())
    }
}

/// Picture `part` of those of an evaluation, at 8 bits: red, green and blue of each pixel.
pub(super) fn rgb8(pictures: &[f32], part: usize, pixels: usize) -> Vec<u8> {
    let first = part * 3 * pixels;
    let planes = pictures.get(first..first + 3 * pixels).unwrap_or_default();
    let byte = |value: f32| (value * 255.0).round() as u8;
    (0..planes.len() / 3)
        .flat_map(|pixel| (0..3).map(move |colour| byte(planes[colour * pixels + pixel])))
        .collect()
}

/// PSNR of a mean squared error of numbers from 0 to 1, at most 100 dB.
pub(super) fn decibels(error: f64) -> f64 {
    -10.0 * error.max(1e-10).log10()
}

pub(super) fn mean(numbers: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = numbers.len().max(1) as f64;
    numbers.sum::<f64>() / count
}
