//! The seam between what is fitted and the processor that does it.

use std::borrow::Cow;
use std::sync::Arc;

use zoetrope_codecs::Cancel;

use super::loss::Loss;
use super::rounding::Rounding;
use super::shape::Shape;
use super::video::Video;
use crate::{PackError, Result};

/// All that changes while a network is fitted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Steps done.
    pub steps: u64,
    /// Weights and biases, as [`Shape::places`] has them.
    pub parameters: Moments,
    /// Embeddings, one evaluation after the other.
    pub embeddings: Moments,
}

/// Numbers with what Adam (Kingma and Ba 2015) keeps of their gradients.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moments {
    /// The numbers.
    pub values: Vec<f32>,
    /// Running means of their gradients.
    pub first: Vec<f32>,
    /// Running means of their squares.
    pub second: Vec<f32>,
    /// How often each part was moved: a count for all parameters, one for each evaluation's embedding.
    pub counts: Vec<u32>,
}

impl Moments {
    /// Numbers that were never moved, in so many parts of equal length.
    pub fn new(values: Vec<f32>, parts: usize) -> Self {
        Self {
            first: vec![0.0; values.len()],
            second: vec![0.0; values.len()],
            counts: vec![0; parts],
            values,
        }
    }
}

/// The numbers that pictures are made with.
pub(super) struct Numbers<'a> {
    pub(super) parameters: Cow<'a, [f32]>,
    /// Of all evaluations.
    pub(super) embeddings: Cow<'a, [f32]>,
}

impl State {
    /// Looks at whether it is one of fitting `shape` to `video`.
    pub(super) fn check(&self, shape: &Shape, video: &Video) -> Result<()> {
        let evaluations = shape.evaluations(video.frames());
        let fits = video.size() == shape.picture_size()
            && self.parameters.values.len() == shape.parameters()
            && self.embeddings.values.len() == evaluations * shape.embedding_len()
            && self.embeddings.counts.len() == evaluations;
        if fits {
            return Ok(());
        }
        Err(PackError::Unfit {
            reason: "its pictures, its network and its checkpoint do not belong together"
                .to_owned(),
        })
    }

    /// Its own numbers, or what `rounding` makes of them.
    pub(super) fn numbers(
        &self,
        shape: &Shape,
        rounding: Option<&Rounding>,
    ) -> Result<Numbers<'_>> {
        let (parameters, embeddings) = (&self.parameters.values, &self.embeddings.values);
        Ok(match rounding {
            None => Numbers {
                parameters: parameters.into(),
                embeddings: embeddings.into(),
            },
            Some(rounding) => Numbers {
                parameters: rounding.rounded(shape, parameters)?.into(),
                embeddings: rounding.rounded_embeddings(shape, embeddings)?.into(),
            },
        })
    }
}

/// How steps follow gradients.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Descent {
    /// Every number by itself (Kingma and Ba 2015).
    #[default]
    Adam,
    /// The weights of a layer as a matrix, `[convolved][inputs · kernel²]`, by Muon (Jordan et al. 2024); biases by Adam. All steps of a
    /// layer are [`step_factor`](super::step_factor) as long as is said. Of [`Moments`] the weights use the first.
    Muon {
        /// Length of the weights' steps.
        rate: f32,
    },
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which evaluations of the network it looks at; each counts alike.
    pub evaluations: Vec<usize>,
    /// How the step follows the gradient.
    pub descent: Descent,
    /// Length of the step.
    pub rate: f32,
    /// The same for embeddings; 0 keeps them.
    pub embedding_rate: f32,
    /// What is minimised.
    pub loss: Loss,
    /// The numbers that the pictures are made with, where they are not the state's own. Gradients go straight through
    /// (Bengio et al. 2013), and [`Rounding::charge`] adds to them.
    pub rounding: Option<Arc<Rounding>>,
}

/// What a step met.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The loss in front of the step.
    pub loss: f64,
    /// Mean squared error of each evaluation's pictures, colours being 0 to 1.
    pub squared_errors: Vec<f64>,
}

/// Fits a network. The pictures are with it from the start, so a step needs no more than what it looks at.
pub trait Engine {
    /// What it runs on, for people.
    fn name(&self) -> String;

    /// The network's shape.
    fn shape(&self) -> &Shape;

    /// Does a step.
    ///
    /// # Errors
    /// [`Error::Cancelled`](zoetrope_codecs::Error::Cancelled) soon after `cancel`; nothing has changed then.
    fn step(&mut self, step: &Step, cancel: &Cancel) -> Result<Outcome>;

    /// Where it is.
    ///
    /// # Errors
    /// When the device is lost.
    fn state(&mut self) -> Result<State>;

    /// Pictures of an evaluation: red, green and blue planes of one after the other, 0 to 1.
    ///
    /// # Errors
    /// As [`Self::step`].
    fn pictures(
        &mut self,
        evaluation: usize,
        rounding: Option<&Rounding>,
        cancel: &Cancel,
    ) -> Result<Vec<f32>>;
}
