//! Who fits.

use std::sync::Arc;
#[cfg(feature = "fit-gpu")]
use std::time::{Duration, Instant};

use zoetrope_codecs::Cancel;

#[cfg(feature = "fit-gpu")]
use super::burn::{BurnEngine, Gpu};
use super::cpu::CpuEngine;
#[cfg(feature = "fit-gpu")]
use super::engine::Outcome;
use super::engine::{Engine, State, Step};
use super::shape::Shape;
use super::video::Video;
use crate::Result;

/// What a network is fitted on. Whatever it is, a fit can be stopped on one and go on upon another; only between
/// processors its numbers are the very same, bit for bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Processor {
    /// The graphics processor where there is a real one that comes to the same loss in less time, else the processor.
    Auto,
    /// All cores.
    #[default]
    Cpu,
    /// The graphics processor, be it a driver that only plays one.
    Gpu,
}

/// An engine for `processor`; `trial` is a step to choose by.
pub(super) fn engine(
    processor: Processor,
    shape: &Shape,
    video: &Arc<Video>,
    state: State,
    trial: &Step,
    cancel: &Cancel,
) -> Result<Box<dyn Engine>> {
    match processor {
        Processor::Cpu => {}
        Processor::Gpu => return gpu_engine(shape, video, state),
        Processor::Auto => {
            if is_gpu_better(shape, video, &state, trial, cancel)? {
                return gpu_engine(shape, video, state);
            }
        }
    }
    let engine = CpuEngine::new(shape.clone(), video.clone(), state)?;
    Ok(Box::new(engine))
}

#[cfg(feature = "fit-gpu")]
fn gpu_engine(shape: &Shape, video: &Arc<Video>, state: State) -> Result<Box<dyn Engine>> {
    let gpu = Gpu::get()?;
    if gpu.is_software() {
        log::warn!(
            "{} is the processor under another name, and many times slower than it; --engine cpu fits on all cores",
            gpu.name()
        );
    }
    let engine = BurnEngine::new(gpu, shape.clone(), video.clone(), state)?;
    Ok(Box::new(engine))
}

#[cfg(not(feature = "fit-gpu"))]
fn gpu_engine(_: &Shape, _: &Arc<Video>, _: State) -> Result<Box<dyn Engine>> {
    Err(crate::PackError::Gpu {
        reason: "this program was built without it".to_owned(),
    })
}

#[cfg(not(feature = "fit-gpu"))]
fn is_gpu_better(_: &Shape, _: &Arc<Video>, _: &State, _: &Step, _: &Cancel) -> Result<bool> {
    Ok(false)
}

/// Does the step on both. That takes what three steps take, and the two engines differ by far more than machines do:
/// small networks keep no graphics processor busy.
#[cfg(feature = "fit-gpu")]
fn is_gpu_better(
    shape: &Shape,
    video: &Arc<Video>,
    state: &State,
    trial: &Step,
    cancel: &Cancel,
) -> Result<bool> {
    let gpu = match Gpu::get() {
        Ok(gpu) if !gpu.is_software() => gpu,
        _ => return Ok(false),
    };
    let mut on_cpu = CpuEngine::new(shape.clone(), video.clone(), state.clone())?;
    let cpu = timed(&mut on_cpu, trial, cancel)?;
    let mut on_gpu = BurnEngine::new(gpu, shape.clone(), video.clone(), state.clone())?;
    // The first one compiles its shaders.
    let done = timed(&mut on_gpu, trial, cancel).and_then(|first| {
        let (time, _) = timed(&mut on_gpu, trial, cancel)?;
        Ok((time, first.1))
    });
    match done {
        Ok(known) => Ok(is_better(&known, &cpu)),
        Err(error) if error.is_cancelled() => Err(error),
        Err(error) => {
            log::warn!("{error}");
            Ok(false)
        }
    }
}

#[cfg(feature = "fit-gpu")]
fn timed(engine: &mut dyn Engine, step: &Step, cancel: &Cancel) -> Result<(Duration, Outcome)> {
    let start = Instant::now();
    let outcome = engine.step(step, cancel)?;
    Ok((start.elapsed(), outcome))
}

/// Whether the first one took less time for the same.
#[cfg(feature = "fit-gpu")]
fn is_better(it: &(Duration, Outcome), other: &(Duration, Outcome)) -> bool {
    let (loss, expected) = (it.1.loss, other.1.loss);
    it.0 < other.0 && (loss - expected).abs() <= 1e-3 * expected.abs()
}

#[cfg(all(test, feature = "fit-gpu"))]
mod tests {
    use super::*;

    #[test]
    fn only_less_time_for_the_same_loss_is_better() {
        let of = |millis: u64, loss: f64| {
            let outcome = Outcome {
                loss,
                squared_errors: Vec::new(),
            };
            (Duration::from_millis(millis), outcome)
        };
        let cpu = of(20, 0.5);
        assert!(is_better(&of(10, 0.5004), &cpu));
        assert!(!is_better(&of(30, 0.5), &cpu));
        assert!(!is_better(&of(10, 0.51), &cpu));
        assert!(!is_better(&of(10, f64::NAN), &cpu));
    }
}
