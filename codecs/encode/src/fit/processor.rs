//! Who fits.

#[cfg(feature = "fit-gpu")]
mod trial;

use std::sync::Arc;

use zoetrope_codecs::Cancel;

#[cfg(feature = "fit-gpu")]
use super::burn::{BurnEngine, Gpu};
use super::cpu::CpuEngine;
use super::engine::{Engine, State, Step};
use super::shape::Shape;
use super::video::Video;
use crate::Result;
#[cfg(feature = "fit-gpu")]
use trial::is_gpu_better;

/// What a network is fitted on. Whatever it is, a fit can be stopped on one and go on upon another; only between
/// processors its numbers are the very same, bit for bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Processor {
    /// The graphics processor where there is a real one that comes to the same loss and gradients in less time, else the processor.
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
