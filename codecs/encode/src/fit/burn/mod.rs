//! Fitting on a graphics processor, through burn's tensors and its wgpu back end.
//!
//! ```text
//!   processor                         device
//! numbers, rounded ──────▶ network ─▶ pictures ─▶ loss
//! embeddings, targets ──▶    ▲                     │ autodiff
//! step ◀── one transfer ◀────┴── gradients ◀───────┘
//! ```
//!
//! The device only differentiates. What is fitted stays on the processor, where steps and rounding are the CPU engine's
//! own code: a lost device loses nothing, a checkpoint goes from one engine to the other, and all that crosses over is
//! as many numbers as the network has, there and back.
//!
//! No type of burn's leaves this folder.

mod device;
mod loss;
mod network;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use burn_tensor::{Tensor, TensorData};
use pulp::Arch;
use zoetrope_codecs::Cancel;

use super::cpu::{Slopes, descend};
use super::engine::{Engine, Outcome, State, Step};
use super::rounding::Rounding;
use super::shape::Shape;
use super::video::Video;
use crate::Result;
pub(super) use device::Gpu;
use loss::Similarity;
use network::Network;

/// The graphics processor's engine.
pub(super) struct BurnEngine {
    gpu: &'static Gpu,
    shape: Shape,
    video: Arc<Video>,
    state: State,
    similarity: Option<Similarity>,
}

/// What a step tells, with the gradients of its loss.
struct Differentiated {
    outcome: Outcome,
    /// By the embedding of each of the step's evaluations.
    embeddings: Vec<f32>,
    parameters: Vec<f32>,
}

impl BurnEngine {
    /// Fits `shape` to `video` on `gpu`, going on from `state`.
    ///
    /// # Errors
    /// [`PackError::Unfit`](crate::PackError::Unfit) where these do not belong together.
    pub(super) fn new(
        gpu: &'static Gpu,
        shape: Shape,
        video: Arc<Video>,
        state: State,
    ) -> Result<Self> {
        state.check(&shape, &video)?;
        let [width, height] = shape.picture_size();
        Ok(Self {
            similarity: Similarity::new([height, width], gpu.device()),
            gpu,
            shape,
            video,
            state,
        })
    }

    /// Looks at whether the largest map of so many evaluations is one that the device can hold: burn would only notice
    /// when it has begun.
    fn check_room(&self, evaluations: usize) -> Result<()> {
        let sizes = self.shape.sizes();
        let maps = self.shape.layers().iter().zip(&sizes);
        let maps = maps.map(|(layer, [height, width])| {
            // Sums, and inputs in strips, whose edges are there twice.
            let sums = layer.convolved() * height * width;
            let wide = width + layer.kernel;
            sums.max(2 * layer.inputs * (height + layer.kernel) * wide)
        });
        let bytes = maps.max().unwrap_or(0) * evaluations * size_of::<f32>();
        self.gpu.check_room(bytes as u64)
    }

    /// Embeddings of some evaluations, one after the other.
    fn embeddings(&self, numbers: &[f32], evaluations: &[usize]) -> Tensor<4> {
        let each = self.shape.embedding_len();
        let embeddings = evaluations.iter();
        let embeddings =
            embeddings.flat_map(|evaluation| &numbers[evaluation * each..(evaluation + 1) * each]);
        let [channels, height, width] = self.shape.embedding();
        let sizes = [evaluations.len(), channels, height, width];
        let data = TensorData::new(embeddings.copied().collect::<Vec<_>>(), sizes);
        Tensor::from_data(data, self.gpu.device())
    }

    /// What the pictures of some evaluations should be.
    fn targets(&self, evaluations: &[usize]) -> Tensor<4> {
        let (outputs, frames) = (self.shape.outputs(), self.shape.architecture().frames());
        let planes = evaluations.iter().flat_map(|evaluation| {
            let first = evaluation * frames;
            (0..outputs).map(move |channel| self.video.colour(first + channel / 3, channel % 3))
        });
        let numbers = planes.flatten().map(|byte| f32::from(*byte) / 255.0);
        let [width, height] = self.shape.picture_size();
        let sizes = [evaluations.len(), outputs, height, width];
        let data = TensorData::new(numbers.collect::<Vec<_>>(), sizes);
        Tensor::from_data(data, self.gpu.device())
    }

    /// The loss at the step's evaluations, and its gradients.
    fn differentiate(&self, step: &Step) -> Result<Differentiated> {
        self.check_room(step.evaluations.len())?;
        let numbers = self.state.numbers(&self.shape, step.rounding.as_deref())?;
        let network = Network::new(&self.shape, &numbers.parameters, self.gpu.device());
        let embeddings = self.embeddings(&numbers.embeddings, &step.evaluations);
        let embeddings = embeddings.autodiff().require_grad();
        let trace = network.trace(embeddings.clone());
        let pictures = trace.pictures.clone();
        let targets = self.targets(&step.evaluations);
        let errors = loss::squared_errors(pictures.clone().inner(), targets.clone());
        let loss = loss::loss(&step.loss, pictures, targets, self.similarity.as_ref());
        let gradients = loss.backward();
        let mut all = vec![
            loss.inner(),
            errors,
            network::slope(&embeddings, &gradients).reshape([-1]),
        ];
        all.extend(trace.slopes(&gradients));
        // In one piece: whoever reads waits for the device.
        let all = self.gpu.read(Tensor::cat(all, 0))?;
        let count = step.evaluations.len();
        let (loss, rest) = all.split_at(1);
        let (errors, rest) = rest.split_at(count);
        let (embeddings, parameters) = rest.split_at(count * self.shape.embedding_len());
        Ok(Differentiated {
            outcome: Outcome {
                loss: loss.iter().copied().map(f64::from).sum(),
                squared_errors: errors.iter().copied().map(f64::from).collect(),
            },
            embeddings: embeddings.to_vec(),
            parameters: parameters.to_vec(),
        })
    }
}

impl Engine for BurnEngine {
    fn name(&self) -> String {
        self.gpu.name().to_owned()
    }

    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn step(&mut self, step: &Step, cancel: &Cancel) -> Result<Outcome> {
        cancel.check()?;
        let mut done = self.differentiate(step)?;
        // What the device has begun it ends; nothing was moved until here.
        cancel.check()?;
        let slopes = Slopes {
            loss: done.outcome.loss,
            parameters: &mut done.parameters,
            embeddings: done.embeddings.chunks_exact(self.shape.embedding_len()),
        };
        descend(Arch::new(), &self.shape, &mut self.state, step, slopes);
        Ok(done.outcome)
    }

    fn state(&mut self) -> Result<State> {
        Ok(self.state.clone())
    }

    fn pictures(
        &mut self,
        evaluation: usize,
        rounding: Option<&Rounding>,
        cancel: &Cancel,
    ) -> Result<Vec<f32>> {
        cancel.check()?;
        self.check_room(1)?;
        let numbers = self.state.numbers(&self.shape, rounding)?;
        let network = Network::new(&self.shape, &numbers.parameters, self.gpu.device());
        let embedding = self.embeddings(&numbers.embeddings, &[evaluation]);
        self.gpu.read(network.pictures(embedding).reshape([-1]))
    }
}
