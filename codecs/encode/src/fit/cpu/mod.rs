//! Fitting on the processor: all cores, whatever vectors they have.
//!
//! ```text
//! embedding ─▶ convolve ─▶ activate, shuffle ─▶ … ─▶ picture ─▶ loss
//!                             │ slopes                            │ gradient
//! embedding's ◀─ convolve ◀─ chain ◀─ … ◀───────── chain ◀────────┘
//!                (turned)     │
//!                             └▶ correlate ─▶ gradient of the weights
//! ```
//!
//! Convolutions are done by `convolve` both ways. Of what goes forward the inputs of the layers are kept, and the
//! activations' derivatives, which become the gradients in their place. Sums have one order each, so the numbers
//! do not depend on the number of threads.

mod adam;
mod convolve;
mod correlate;
mod descend;
pub(super) mod loss;
mod map;
mod muon;
mod pointwise;
#[cfg(test)]
pub(super) mod tests;

use std::sync::Arc;

use pulp::Arch;
use rayon::prelude::*;
use zoetrope_codecs::Cancel;

use super::engine::{Engine, Outcome, State, Step};
use super::rounding::Rounding;
use super::shape::{Place, Shape};
use super::video::Video;
use crate::Result;
use convolve::Packed;
pub(super) use descend::{Slopes, descend};
use loss::{Factors, Plane};
use map::{LEAD, Map, columns};
use pointwise::{Function, Rows};

/// Its name, for people.
pub(super) const NAME: &str = "the processor";

/// The processor's engine.
pub struct CpuEngine {
    arch: Arch,
    shape: Shape,
    places: Vec<Place>,
    video: Arc<Video>,
    state: State,
    layers: Vec<LayerWork>,
    tasks: Vec<correlate::Task>,
    /// Of all parameters.
    gradient: Vec<f32>,
    frames: Vec<FrameWork>,
}

/// A layer's weights in the order of their use.
struct LayerWork {
    forward: Packed,
    backward: Packed,
    function: Function,
    rows: Rows,
}

/// Maps of one evaluation.
struct FrameWork {
    /// What goes into each layer, and the pictures.
    inputs: Vec<Map>,
    /// Derivatives of the layers' functions, then the gradients of their convolutions.
    slopes: Vec<Map>,
    /// Of the pictures.
    planes: Vec<Plane>,
    /// Of the embedding.
    gradient: Vec<f32>,
}

impl CpuEngine {
    /// Fits `shape` to `video`, going on from `state`.
    ///
    /// # Errors
    /// [`PackError::Unfit`](crate::PackError::Unfit) where these do not belong together.
    pub fn new(shape: Shape, video: Arc<Video>, state: State) -> Result<Self> {
        let arch = Arch::new();
        let sizes = shape.sizes();
        state.check(&shape, &video)?;
        let last = shape.layers().len() - 1;
        let layers = shape.layers().iter().enumerate().map(|(index, layer)| {
            let width = sizes[index][1];
            LayerWork {
                forward: Packed::forward(layer),
                backward: Packed::backward(layer),
                function: Function::of(layer.activation, index == last),
                rows: Rows {
                    outputs: layer.outputs,
                    shuffle: layer.shuffle,
                    width,
                    pitch: LEAD + columns(width) + LEAD,
                    pitch_behind: LEAD + columns(width * layer.shuffle[1]) + LEAD,
                },
            }
        });
        let layers = layers.collect();
        let tasks = shape.layers().iter().zip(&sizes).enumerate();
        let tasks = tasks
            .flat_map(|(index, (layer, size))| correlate::tasks(arch, index, layer, *size))
            .collect();
        Ok(Self {
            arch,
            places: shape.places(),
            gradient: vec![0.0; shape.parameters()],
            shape,
            video,
            state,
            layers,
            tasks,
            frames: Vec::new(),
        })
    }

    #[cfg(test)]
    fn set_arch(&mut self, arch: Arch) {
        let sizes = self.shape.sizes();
        let layers = self.shape.layers().iter().zip(&sizes).enumerate();
        self.tasks = layers
            .flat_map(|(index, (layer, size))| correlate::tasks(arch, index, layer, *size))
            .collect();
        self.arch = arch;
    }

    fn new_frame(&self) -> FrameWork {
        let (layers, sizes) = (self.shape.layers(), self.shape.sizes());
        let inputs = layers.iter().zip(&sizes);
        let mut inputs: Vec<Map> = inputs
            .map(|(layer, size)| Map::new(layer.inputs, *size, layer.kernel))
            .collect();
        let [width, height] = self.shape.picture_size();
        inputs.push(Map::new(self.shape.outputs(), [height, width], 1));
        let slopes = layers.iter().zip(&sizes);
        let planes = (0..self.shape.outputs()).map(|channel| Plane::new(channel, height, width));
        FrameWork {
            inputs,
            slopes: slopes
                .map(|(layer, size)| Map::new(layer.convolved(), *size, layer.kernel))
                .collect(),
            planes: planes.collect(),
            gradient: vec![0.0; self.shape.embedding_len()],
        }
    }

    /// Brings the weights into the order of their use, and gives the embeddings.
    fn pack(&mut self, rounding: Option<&Rounding>) -> Result<Vec<f32>> {
        let numbers = self.state.numbers(&self.shape, rounding)?;
        let values = &numbers.parameters;
        self.layers
            .par_iter_mut()
            .zip(&self.places)
            .for_each(|(layer, place)| {
                let weights = &values[place.weights.clone()];
                layer.forward.set(weights, &values[place.bias.clone()]);
                layer.backward.set_transposed(weights);
            });
        Ok(numbers.embeddings.into_owned())
    }

    /// All pictures of an evaluation.
    fn forward(&self, frame: &mut FrameWork, embedding: &[f32], cancel: &Cancel) -> Result<()> {
        let FrameWork { inputs, slopes, .. } = frame;
        if let Some(first) = inputs.first_mut() {
            first.fill(embedding);
        }
        for (index, (layer, slopes)) in self.layers.iter().zip(slopes).enumerate() {
            let (before, behind) = inputs.split_at_mut(index + 1);
            let (Some(input), Some(output)) = (before.last(), behind.first_mut()) else {
                continue;
            };
            let rows = &layer.rows;
            let task = output.row_len() * rows.shuffle[0];
            let row = slopes.row_len();
            let lines = layer.forward.lines_len(rows.width);
            output
                .rows_mut()
                .par_chunks_mut(task)
                .zip(slopes.rows_mut().par_chunks_mut(row))
                .enumerate()
                .try_for_each_init(
                    || vec![0.0; lines],
                    |lines, (y, (behind, slopes))| {
                        cancel.check()?;
                        layer.forward.row(self.arch, input, y, lines);
                        let made = (slopes, behind);
                        pointwise::activate(self.arch, layer.function, rows, lines, made);
                        Ok::<(), zoetrope_codecs::Error>(())
                    },
                )?;
        }
        Ok(())
    }

    /// From the pictures to the gradient of the loss by each convolution's sums and by the embedding.
    fn backward(
        &self,
        frame: &mut FrameWork,
        evaluation: usize,
        step: &Step,
        cancel: &Cancel,
    ) -> Result<()> {
        let arch = self.arch;
        let FrameWork {
            inputs,
            slopes,
            planes,
            gradient,
        } = frame;
        let [width, height] = self.shape.picture_size();
        let count = step.evaluations.len() * planes.len();
        let factors = Factors::new(&step.loss, count, height, width);
        if let Some(picture) = inputs.last() {
            let first = evaluation * self.shape.architecture().frames();
            planes.par_iter_mut().try_for_each(|plane| {
                let target = self
                    .video
                    .colour(first + plane.channel / 3, plane.channel % 3);
                let tasks: Vec<_> = plane.tasks(picture, target, factors).collect();
                tasks.into_par_iter().try_for_each(|task| {
                    cancel.check()?;
                    task.run(arch);
                    Ok::<(), zoetrope_codecs::Error>(())
                })
            })?;
        }
        if let (Some(slopes), Some(layer)) = (slopes.last_mut(), self.layers.last()) {
            let (row, high) = (slopes.row_len(), layer.rows.shuffle[0]);
            let rows = slopes.rows_mut().par_chunks_mut(row);
            rows.enumerate().for_each(|(y, slopes)| {
                pointwise::chain(arch, &layer.rows, slopes, |dy, channel| {
                    &planes[channel].gradient[(y * high + dy) * width..][..width]
                });
            });
        }
        for index in (1..self.layers.len()).rev() {
            let (before, behind) = slopes.split_at_mut(index);
            let (Some(made), Some(known)) = (before.last_mut(), behind.first()) else {
                continue;
            };
            let (packed, rows) = (&self.layers[index].backward, &self.layers[index - 1].rows);
            let (row, high) = (made.row_len(), rows.shuffle[0]);
            let (lines, columns) = (packed.lines_len(known.width), columns(known.width));
            made.rows_mut()
                .par_chunks_mut(row)
                .enumerate()
                .try_for_each_init(
                    || vec![0.0; lines * high],
                    |all, (y, slopes)| {
                        cancel.check()?;
                        for (dy, lines) in all.chunks_exact_mut(lines).enumerate() {
                            packed.row(arch, known, y * high + dy, lines);
                        }
                        pointwise::chain(arch, rows, slopes, |dy, channel| {
                            &all[dy * lines + channel * columns..][..columns]
                        });
                        Ok::<(), zoetrope_codecs::Error>(())
                    },
                )?;
        }
        if let (Some(known), Some(layer)) = (slopes.first(), self.layers.first()) {
            let [_, height, width] = self.shape.embedding();
            let mut lines = vec![0.0; layer.backward.lines_len(width)];
            for y in 0..height {
                layer.backward.row(arch, known, y, &mut lines);
                let lines = lines.chunks_exact(columns(width));
                for (channel, line) in gradient.chunks_exact_mut(height * width).zip(lines) {
                    channel[y * width..(y + 1) * width].copy_from_slice(&line[..width]);
                }
            }
        }
        Ok(())
    }

    /// The gradient of all parameters, out of what [`Self::backward`] left.
    fn correlate(&mut self, count: usize, cancel: &Cancel) -> Result<()> {
        let (arch, frames) = (self.arch, &self.frames[..count]);
        self.tasks
            .par_iter_mut()
            .with_max_len(1)
            .try_for_each(|task| {
                cancel.check()?;
                let layer = task.layer;
                let frames = frames.iter();
                let maps = frames.map(|frame| (&frame.inputs[layer], &frame.slopes[layer]));
                task.run(arch, maps);
                Ok::<(), zoetrope_codecs::Error>(())
            })?;
        for task in &self.tasks {
            let place = &self.places[task.layer];
            let (weights, bias) = self.gradient[place.weights.start..place.bias.end]
                .split_at_mut(place.weights.len());
            task.put(weights, bias, self.shape.layers()[task.layer].inputs);
        }
        Ok(())
    }

    /// The loss at the step's evaluations, and its gradient, which stays in the fields.
    fn differentiate(&mut self, step: &Step, cancel: &Cancel) -> Result<Outcome> {
        let count = step.evaluations.len();
        while self.frames.len() < count {
            self.frames.push(self.new_frame());
        }
        let embeddings = self.pack(step.rounding.as_deref())?;
        let each = self.shape.embedding_len();
        let mut frames = std::mem::take(&mut self.frames);
        let done =
            frames
                .par_iter_mut()
                .zip(&step.evaluations)
                .try_for_each(|(frame, evaluation)| {
                    let embedding = &embeddings[evaluation * each..(evaluation + 1) * each];
                    self.forward(frame, embedding, cancel)?;
                    self.backward(frame, *evaluation, step, cancel)
                });
        self.frames = frames;
        done?;
        self.correlate(count, cancel)?;
        Ok(self.outcome(step))
    }

    fn outcome(&self, step: &Step) -> Outcome {
        let [width, height] = self.shape.picture_size();
        let (pixels, windows) = (width * height, loss::windows(height, width));
        let planes = self.shape.outputs();
        let frames = &self.frames[..step.evaluations.len()];
        let mut outcome = Outcome::default();
        for frame in frames {
            let (mut loss, mut squared) = (0.0, 0.0);
            for plane in &frame.planes {
                let sums = plane.sums();
                let part = |sum: f64, count: usize, share: f32| {
                    sum / count.max(1) as f64 * f64::from(share)
                };
                loss += part(sums.absolute, pixels, step.loss.l1);
                loss += part(sums.squared, pixels, step.loss.l2);
                if windows > 0 {
                    loss += part(windows as f64 - sums.ssim, windows, step.loss.ssim);
                }
                squared += sums.squared;
            }
            outcome.loss += loss / (planes * frames.len()) as f64;
            outcome
                .squared_errors
                .push(squared / (planes * pixels) as f64);
        }
        outcome
    }
}

impl Engine for CpuEngine {
    fn name(&self) -> String {
        NAME.to_owned()
    }

    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn step(&mut self, step: &Step, cancel: &Cancel) -> Result<Outcome> {
        let outcome = self.differentiate(step, cancel)?;
        let frames = self.frames.iter();
        let slopes = Slopes {
            loss: outcome.loss,
            parameters: &mut self.gradient,
            embeddings: frames.map(|frame| frame.gradient.as_slice()),
        };
        descend(self.arch, &self.shape, &mut self.state, step, slopes);
        Ok(outcome)
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
        let embeddings = self.pack(rounding)?;
        let each = self.shape.embedding_len();
        let embedding = &embeddings[evaluation * each..(evaluation + 1) * each];
        let mut frame = self.frames.pop().unwrap_or_else(|| self.new_frame());
        let done = self.forward(&mut frame, embedding, cancel);
        let mut pictures = Vec::new();
        if let Some(picture) = frame.inputs.last() {
            for channel in 0..picture.channels {
                for y in 0..picture.height {
                    pictures.extend_from_slice(picture.line(y, channel));
                }
            }
        }
        self.frames.push(frame);
        done.map(|()| pictures)
    }
}
