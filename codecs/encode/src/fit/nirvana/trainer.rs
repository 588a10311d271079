//! One network after the other, from pictures to groups of a clip.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use zoetrope_codecs::neural::{Crop, PatchGrid};
use zoetrope_codecs::pictures::{PictureSource, PicturesInfo};
use zoetrope_codecs::random::Random;
use zoetrope_codecs::{Cancel, limits};

use super::checkpoint::{Current, Identity, Progress};
use super::groups::Groups;
use super::plan::{CUT_DB, Kind, NirvanaOptions, Plan, SLACK_DB, shape_for};
use crate::PackError;
use crate::Result;
use crate::fit::checkpoint::{FINGERPRINT_START, fingerprint};
use crate::fit::cpu::{self, CpuEngine};
use crate::fit::engine::{Engine, Moments, State};
use crate::fit::rounding::{LatentRounding, Rounding};
use crate::fit::shape::Shape;
use crate::fit::trainer::{CHECKPOINT_EVERY, FitProgress, FitWatch, Fitted, decibels, mean, rgb8};
use crate::fit::video::Video;

/// A video that networks of patches' places are to be fitted to, a few frames each.
pub struct NirvanaFit {
    grid: PatchGrid,
    shape: Shape,
    plan: Plan,
    options: NirvanaOptions,
    frames: usize,
    crop: Crop,
}

impl NirvanaFit {
    /// Finds a network for pictures of this kind.
    ///
    /// # Errors
    /// [`PackError`]: where there are none, or they are too many or too large, and for options beyond what makes sense.
    pub fn new(info: &PicturesInfo, options: NirvanaOptions) -> Result<Self> {
        if info.count == 0 {
            return Err(PackError::NoFrames);
        }
        limits::check(&info.title, "frames", info.count as u64, limits::MAX_FRAMES)?;
        let plan = Plan::new(&options)?;
        let (grid, shape) = shape_for(info.size.map(|side| side as usize))?;
        Ok(Self {
            grid,
            shape,
            plan,
            options,
            frames: info.count,
            crop: Crop {
                start: [0; 2],
                size: info.size,
            },
        })
    }

    /// The networks' shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Frames.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// The most steps, if no network but the first begins anew.
    pub fn steps(&self) -> u64 {
        self.share(self.networks())
    }

    /// Frames of a network.
    fn each(&self) -> usize {
        self.shape.architecture().frames()
    }

    fn networks(&self) -> usize {
        self.shape.evaluations(self.frames)
    }

    /// Steps that are planned for the first networks.
    fn share(&self, networks: usize) -> u64 {
        match networks.checked_sub(1) {
            Some(others) => {
                self.plan.steps(Kind::Anew) + others as u64 * self.plan.steps(Kind::Next)
            }
            None => 0,
        }
    }

    /// Of everything that the numbers depend on but for the pictures.
    fn identity(&self) -> Identity {
        let text = format!(
            "{:?} {:?} {:?} {:?} {}",
            self.shape, self.plan, self.options, self.crop, self.frames
        );
        Identity {
            fingerprint: fingerprint(FINGERPRINT_START, &text),
            parameters: self.shape.parameters(),
        }
    }

    fn groups(&self) -> Groups {
        Groups::new(self.grid, self.shape.architecture().clone(), self.crop)
    }

    fn beginning(&self) -> Progress {
        let mut random = Random::new(self.options.seed);
        Progress {
            seconds: 0.0,
            steps: 0,
            pictures: Vec::new(),
            psnr: Vec::new(),
            reached: None,
            groups: self.groups(),
            current: Current::new(self.shape.first_parameters(&mut random)),
        }
    }

    /// The pictures of a network.
    fn video(
        &self,
        source: &mut dyn PictureSource,
        network: usize,
        cancel: &Cancel,
    ) -> Result<Video> {
        let first = network * self.each();
        let mut video = Video::new(self.shape.picture_size());
        for frame in first..(first + self.each()).min(self.frames) {
            cancel.check()?;
            video.push(&source.picture(frame, cancel)?)?;
        }
        Ok(video)
    }

    /// Fits on the processor. `source` gives the pictures, a few at a time. A checkpoint is kept at `checkpoint`, and removed by the
    /// one who has written the result; with `resume` it goes on from there, to the very numbers that it had come to without a stop.
    ///
    /// # Errors
    /// [`PackError`], for which [`PackError::is_cancelled`] holds soon after `cancel`.
    pub fn run(
        &self,
        source: &mut dyn PictureSource,
        checkpoint: Option<&Path>,
        resume: bool,
        watch: &mut dyn FitWatch,
        cancel: &Cancel,
    ) -> Result<Fitted> {
        let known = checkpoint.filter(|_| resume);
        let known = known.and_then(|path| Progress::read(path, self.identity(), self.groups()));
        let done = known.unwrap_or_else(|| self.beginning());
        let mut run = Run {
            fit: self,
            start: Instant::now(),
            before: done.seconds,
            checkpoint,
            saved: None,
            done,
        };
        let fitted = run.networks(source, watch, cancel);
        if let Err(error) = &fitted
            && error.is_cancelled()
        {
            run.save()?;
        }
        fitted?;
        run.finish()
    }
}

/// A fit while it runs.
struct Run<'a> {
    fit: &'a NirvanaFit,
    start: Instant,
    /// Seconds before a stop.
    before: f64,
    checkpoint: Option<&'a Path>,
    /// When that was written.
    saved: Option<Instant>,
    done: Progress,
}

impl Run<'_> {
    fn seconds(&self) -> f64 {
        self.before + self.start.elapsed().as_secs_f64()
    }

    fn save(&mut self) -> Result<()> {
        self.done.seconds = self.seconds();
        if let Some(path) = self.checkpoint {
            self.done.write(path, self.fit.identity())?;
            self.saved = Some(Instant::now());
        }
        Ok(())
    }

    fn networks(
        &mut self,
        source: &mut dyn PictureSource,
        watch: &mut dyn FitWatch,
        cancel: &Cancel,
    ) -> Result<()> {
        let mut network = 0;
        while network < self.fit.networks() {
            let video = self.fit.video(source, network, cancel)?;
            let own = video.fingerprint();
            match self.done.pictures.get(network) {
                None => self.done.pictures.push(own),
                Some(known) if *known == own => {}
                // What the checkpoint was made of was another video.
                Some(_) => {
                    self.done = self.fit.beginning();
                    network = 0;
                    continue;
                }
            }
            if network * self.fit.each() >= self.done.psnr.len() {
                self.network(&Arc::new(video), watch, cancel)?;
            }
            network += 1;
        }
        Ok(())
    }

    fn network(
        &mut self,
        video: &Arc<Video>,
        watch: &mut dyn FitWatch,
        cancel: &Cancel,
    ) -> Result<()> {
        let shape = &self.fit.shape;
        let state = State {
            embeddings: Moments::new(self.fit.grid.numbers(), 1),
            ..std::mem::take(&mut self.done.current.state)
        };
        let mut engine = CpuEngine::new(shape.clone(), video.clone(), state)?;
        let done = self.fitted(&mut engine, video, watch, cancel);
        // A stop may come in the middle.
        self.done.current.state = engine.state()?;
        let psnr = done?;
        let current = &mut self.done.current;
        let kind = current.kind.unwrap_or(Kind::Anew);
        let rounding = rounding(shape, &self.done.groups, current, self.fit.options.bits);
        let integers = rounding.integers(shape, &current.state.parameters.values);
        let values = rounding.values(shape, &integers);
        if kind == Kind::Anew {
            self.done.reached = Some(mean(psnr.iter().copied()));
        }
        *current = Current::new(values);
        self.done.psnr.extend(psnr);
        let frames = video.frames();
        self.done
            .groups
            .push(kind == Kind::Anew, rounding.scales(), integers, frames)
    }

    /// Fits the current network; gives the PSNR of each of its frames.
    fn fitted(
        &mut self,
        engine: &mut dyn Engine,
        video: &Video,
        watch: &mut dyn FitWatch,
        cancel: &Cancel,
    ) -> Result<Vec<f64>> {
        let kind = match self.done.current.kind {
            Some(kind) => kind,
            None => self.begin(engine, video, cancel)?,
        };
        let (fit, plan) = (self.fit, &self.fit.plan);
        let goal = match kind {
            Kind::Anew => fit.options.psnr,
            Kind::Next => fit.options.psnr.or(self.done.reached),
        };
        let own = self.done.psnr.len()..self.done.psnr.len() + video.frames();
        let steps_before = self.done.steps;
        let mut shared: Option<Arc<Rounding>> = None;
        while self.done.current.position < plan.steps(kind) {
            cancel.check()?;
            let number = self.done.current.position;
            let mut step = plan.step(kind, number);
            let is_rounded = number >= plan.rounded_from(kind);
            if is_rounded && shared.is_none() {
                self.done.current.state = engine.state()?;
                shared = Some(Arc::new(Rounding::Latents(self.rounding())));
            }
            step.rounding.clone_from(&shared);
            let outcome = engine.step(&step, cancel)?;
            let psnr = mean(outcome.squared_errors.iter().copied().map(decibels));
            let is_good = goal.is_some_and(|goal| psnr >= goal);
            self.done.steps += 1;
            self.done.current.position = match (is_good, is_rounded) {
                (false, _) => number + 1,
                (true, false) => plan.rounded_from(kind).max(number + 1),
                (true, true) => plan.steps(kind),
            };
            self.tell(
                watch,
                outcome.loss,
                [psnr, video.frames() as f64],
                is_rounded,
            );
            if watch.wants_picture() {
                let pictures = engine.pictures(0, shared.as_deref(), cancel)?;
                let size = fit.shape.picture_size();
                let rgb = rgb8(&pictures, 0, size[0] * size[1]);
                watch.picture(own.start, size, rgb);
            }
            let is_old = |saved: Instant| saved.elapsed() >= CHECKPOINT_EVERY;
            if self.checkpoint.is_some() && self.saved.is_none_or(is_old) {
                self.done.current.state = engine.state()?;
                self.save()?;
            }
        }
        self.done.current.state = engine.state()?;
        let rounding = Rounding::Latents(self.rounding());
        let psnr = self.psnr(engine, video, Some(&rounding), cancel)?;
        if steps_before == self.done.steps {
            let known = [mean(psnr.iter().copied()), video.frames() as f64];
            self.tell(watch, 0.0, known, true);
        }
        Ok(psnr)
    }

    /// Tells where it is; the current network has a PSNR over some frames.
    fn tell(
        &self,
        watch: &mut dyn FitWatch,
        loss: f64,
        [psnr, frames]: [f64; 2],
        is_rounded: bool,
    ) {
        let (fit, current) = (self.fit, &self.done.current);
        // A network that begins anew late in the video takes longer than was planned, and moves the bar more slowly.
        let network = self.done.psnr.len() / fit.each();
        let [start, end] = [network, network + 1].map(|networks| fit.share(networks));
        let steps = fit.plan.steps(current.kind.unwrap_or(Kind::Anew));
        let part = (end - start) as f64 * current.position as f64 / steps as f64;
        let (sum, count) = (
            self.done.psnr.iter().sum::<f64>(),
            self.done.psnr.len() as f64,
        );
        watch.progress(&FitProgress {
            step: start + part.round() as u64,
            steps: fit.steps(),
            loss,
            psnr: Some((sum + psnr * frames) / (count + frames)),
            seconds: self.seconds(),
            is_rounded,
        });
    }

    /// Looks at how far the network before is from what is wanted now.
    fn begin(&mut self, engine: &mut dyn Engine, video: &Video, cancel: &Cancel) -> Result<Kind> {
        let goal = self.fit.options.psnr.or(self.done.reached);
        let mut kind = Kind::Anew;
        if let Some(goal) = goal.filter(|_| !self.done.psnr.is_empty()) {
            // Its numbers are those of the file.
            let psnr = mean(self.psnr(engine, video, None, cancel)?.into_iter());
            let is_enough = psnr >= goal - SLACK_DB;
            if is_enough || psnr >= CUT_DB {
                kind = Kind::Next;
            }
            if is_enough {
                self.done.current.position = self.fit.plan.steps(kind);
            }
        }
        self.done.current.kind = Some(kind);
        Ok(kind)
    }

    /// How the current network's numbers become integers, chosen now if they were not yet.
    fn rounding(&mut self) -> LatentRounding {
        let (shape, bits) = (&self.fit.shape, self.fit.options.bits);
        let rounding = rounding(shape, &self.done.groups, &self.done.current, bits);
        self.done.current.scales = Some(rounding.scales().to_vec());
        rounding
    }

    /// PSNR of each frame at 8 bits.
    fn psnr(
        &self,
        engine: &mut dyn Engine,
        video: &Video,
        rounding: Option<&Rounding>,
        cancel: &Cancel,
    ) -> Result<Vec<f64>> {
        let pictures = engine.pictures(0, rounding, cancel)?;
        let [width, height] = self.fit.shape.picture_size();
        let of = |frame| {
            let rgb = rgb8(&pictures, frame, width * height);
            decibels(video.squared_error(frame, self.fit.crop.size, &rgb))
        };
        Ok((0..video.frames()).map(of).collect())
    }

    fn finish(self) -> Result<Fitted> {
        let seconds = self.seconds();
        Ok(Fitted {
            groups: self.done.groups.finish()?,
            frames: self.fit.frames,
            crop: self.fit.crop,
            psnr: self.done.psnr,
            steps: self.done.steps,
            seconds,
            processor: cpu::NAME.to_owned(),
        })
    }
}

/// How the numbers of the current network become integers.
fn rounding(shape: &Shape, groups: &Groups, current: &Current, bits: u8) -> LatentRounding {
    let known = match current.kind {
        Some(Kind::Next) => groups.rounding(),
        _ => current.scales.clone().map(LatentRounding::new),
    };
    known.unwrap_or_else(|| LatentRounding::best(shape, &current.state.parameters.values, bits))
}
