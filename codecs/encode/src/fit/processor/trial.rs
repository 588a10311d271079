//! Whether the graphics processor is to be had, and to be trusted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use zoetrope_codecs::Cancel;

use crate::Result;
use crate::fit::burn::{BurnEngine, Gpu};
use crate::fit::cpu::CpuEngine;
use crate::fit::engine::{Engine, Outcome, State, Step};
use crate::fit::shape::Shape;
use crate::fit::video::Video;

/// How far two engines' losses may be apart, as part of them.
const LOSS_APART: f64 = 1e-3;
/// The same for the gradients of a layer's weights, of its biases and of embeddings, as part of their length.
const SLOPES_APART: f64 = 1e-2;

/// What a step took and made.
struct Trial {
    time: Duration,
    outcome: Outcome,
    state: State,
}

/// What there is to say of the graphics processor.
#[derive(Debug, PartialEq)]
enum Verdict {
    Better,
    Slower,
    /// In this, which it computes wrongly.
    Differs(String),
}

/// Does the step on both. That takes what three steps take, and the two engines differ by far more than machines do:
/// small networks keep no graphics processor busy.
pub(super) fn is_gpu_better(
    shape: &Shape,
    video: &Arc<Video>,
    state: &State,
    step: &Step,
    cancel: &Cancel,
) -> Result<bool> {
    let gpu = match Gpu::get() {
        Ok(gpu) if !gpu.is_software() => gpu,
        _ => return Ok(false),
    };
    let mut on_cpu = CpuEngine::new(shape.clone(), video.clone(), state.clone())?;
    let cpu = trial(&mut on_cpu, step, cancel)?;
    let mut on_gpu = BurnEngine::new(gpu, shape.clone(), video.clone(), state.clone())?;
    let done = trial(&mut on_gpu, step, cancel).and_then(|first| {
        // The first one compiled its shaders.
        let Trial { time, .. } = trial(&mut on_gpu, step, cancel)?;
        Ok(Trial { time, ..first })
    });
    match done.map(|done| verdict(shape, state, &done, &cpu)) {
        Ok(Verdict::Better) => return Ok(true),
        Ok(Verdict::Slower) => {}
        Ok(Verdict::Differs(what)) => log::warn!(
            "{} computes {what} wrongly, so all cores do it instead; a newer driver may help",
            gpu.name()
        ),
        Err(error) if error.is_cancelled() => return Err(error),
        Err(error) => log::warn!("{error}"),
    }
    Ok(false)
}

fn trial(engine: &mut dyn Engine, step: &Step, cancel: &Cancel) -> Result<Trial> {
    let start = Instant::now();
    let outcome = engine.step(step, cancel)?;
    Ok(Trial {
        time: start.elapsed(),
        outcome,
        state: engine.state()?,
    })
}

/// Both trials began at `before`. A loss alone says nothing of the way back from it, on which a device has been wrong where its
/// pictures were right: so the running means of the gradients are compared, too, each kind of numbers by itself.
fn verdict(shape: &Shape, before: &State, gpu: &Trial, cpu: &Trial) -> Verdict {
    let (loss, expected) = (gpu.outcome.loss, cpu.outcome.loss);
    // Not the other way round, here and below: NaN is far from everything.
    let is_close = (loss - expected).abs() <= LOSS_APART * expected.abs();
    if !is_close {
        return Verdict::Differs("the loss".to_owned());
    }
    let states = [before, &gpu.state, &cpu.state];
    let means = states.map(|state| &state.parameters.first[..]);
    for (index, place) in shape.places().into_iter().enumerate() {
        for (range, what) in [(place.weights, "weights"), (place.bias, "biases")] {
            if !are_close(means.map(|means| &means[range.clone()])) {
                return Verdict::Differs(format!("the gradient of layer {}'s {what}", index + 1));
            }
        }
    }
    if !are_close(states.map(|state| &state.embeddings.first[..])) {
        return Verdict::Differs("the gradient of embeddings".to_owned());
    }
    if gpu.time < cpu.time {
        Verdict::Better
    } else {
        Verdict::Slower
    }
}

/// Whether it was moved by about what was expected.
fn are_close([before, found, expected]: [&[f32]; 3]) -> bool {
    let length = |from: &[f32], to: &[f32]| {
        let squares = from.iter().zip(to);
        let squares = squares.map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2));
        squares.sum::<f64>().sqrt()
    };
    length(found, expected) <= SLOPES_APART * length(before, expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::cpu::tests::{first_state, noise, small};
    use crate::fit::engine::Descent;
    use crate::fit::loss::Loss;

    /// What the processor's step makes, behind another one: then there are running means.
    struct Known {
        shape: Shape,
        before: State,
        cpu: Trial,
    }

    impl Known {
        fn new() -> Self {
            let shape = small();
            let video = Arc::new(noise(shape.picture_size(), 4, 1));
            let state = first_state(&shape, 2, 2);
            let mut engine = CpuEngine::new(shape.clone(), video, state).expect("fits");
            let step = Step {
                evaluations: vec![1, 0],
                descent: Descent::Adam,
                rate: 1e-3,
                embedding_rate: 1e-2,
                loss: Loss::HNERV,
                rounding: None,
            };
            let first = trial(&mut engine, &step, &Cancel::new()).expect("runs");
            let mut cpu = trial(&mut engine, &step, &Cancel::new()).expect("runs");
            cpu.time = Duration::from_millis(20);
            Self {
                shape,
                before: first.state,
                cpu,
            }
        }

        /// Of a device that makes the same but for `change`.
        fn verdict(&self, millis: u64, change: impl FnOnce(&mut Trial)) -> Verdict {
            let mut gpu = Trial {
                time: Duration::from_millis(millis),
                outcome: self.cpu.outcome.clone(),
                state: self.cpu.state.clone(),
            };
            change(&mut gpu);
            verdict(&self.shape, &self.before, &gpu, &self.cpu)
        }
    }

    #[test]
    fn only_less_time_for_the_same_is_better() {
        let known = Known::new();
        assert_eq!(known.verdict(10, |_| {}), Verdict::Better);
        assert_eq!(known.verdict(30, |_| {}), Verdict::Slower);
        let near = known.verdict(10, |trial| {
            trial.outcome.loss *= 1.0005;
            let means = &mut trial.state.parameters.first;
            means.iter_mut().for_each(|mean| *mean *= 1.0001);
        });
        assert_eq!(near, Verdict::Better);
        for wrong in [1.002, f64::NAN] {
            let verdict = known.verdict(10, |trial| trial.outcome.loss *= wrong);
            assert_eq!(verdict, Verdict::Differs("the loss".to_owned()));
        }
    }

    /// Be it in the numbers of one layer alone, with the right loss, in less time or in more.
    #[test]
    fn a_wrong_gradient_is_not_better() {
        let known = Known::new();
        let layer = known.shape.layers().len();
        let last = known.shape.places().pop().expect("has layers");
        let of = |what: String| Verdict::Differs(format!("the gradient of {what}"));
        let turned = known.verdict(10, |trial| {
            trial.state.parameters.first[last.weights].rotate_left(1);
        });
        assert_eq!(turned, of(format!("layer {layer}'s weights")));
        let none = known.verdict(30, |trial| {
            let means = trial.state.parameters.first[last.bias.clone()].iter_mut();
            let before = &known.before.parameters.first[last.bias];
            means
                .zip(before)
                .for_each(|(mean, before)| *mean = 0.9 * before);
        });
        assert_eq!(none, of(format!("layer {layer}'s biases")));
        let nan = known.verdict(10, |trial| trial.state.parameters.first[0] = f32::NAN);
        assert_eq!(nan, of("layer 1's weights".to_owned()));
        let embeddings = known.verdict(10, |trial| trial.state.embeddings.first.reverse());
        assert_eq!(embeddings, of("embeddings".to_owned()));
    }
}
