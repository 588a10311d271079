//! Symbols of a few bits with a minimum and a scale: the numbers of HNeRV's networks.

use rayon::prelude::*;
use zoetrope_codecs::neural::{CodedEmbeddings, CodedNetwork, Quantised};

use crate::Result;
use crate::fit::shape::Shape;

/// Axes along which minima and scales of an embedding's numbers differ: all but the frames.
const EMBEDDING_AXES: u8 = 0b1110;

/// How a network's numbers are quantised: chosen once, so that what is fitted in the end is what is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolRounding {
    bits: u8,
    /// Axes of the weights and the bias of each layer.
    axes: Vec<[u8; 2]>,
}

impl SymbolRounding {
    /// The axes that suit `parameters`, for `bits` bits a number.
    ///
    /// # Errors
    /// As [`CodedNetwork::quantise`].
    pub fn best(shape: &Shape, parameters: &[f32], bits: u8) -> Result<Self> {
        let network = shape.network("the network", parameters)?;
        let coded = CodedNetwork::quantise(&network, bits)?;
        let axes = coded.tensors().iter();
        Ok(Self {
            bits,
            axes: axes.map(|pair| [pair[0].axes(), pair[1].axes()]).collect(),
        })
    }

    /// Axes put down earlier.
    pub(crate) fn new(bits: u8, axes: Vec<[u8; 2]>) -> Self {
        Self { bits, axes }
    }

    /// Bits of a number.
    pub fn bits(&self) -> u8 {
        self.bits
    }

    /// Axes of the weights and the bias of each layer.
    pub fn axes(&self) -> &[[u8; 2]] {
        &self.axes
    }

    /// The parameters as a clip holds them.
    ///
    /// # Errors
    /// As [`Quantised::quantise`].
    pub fn tensors(&self, shape: &Shape, parameters: &[f32]) -> Result<Vec<[Quantised; 2]>> {
        let places = shape.places();
        let layers = shape.layers().par_iter().zip(&places).zip(&self.axes);
        let tensors = layers.map(|((layer, place), axes)| {
            let weights = &parameters[place.weights.clone()];
            let bias = &parameters[place.bias.clone()];
            Ok([
                Quantised::quantise(weights, &layer.weights(), self.bits, axes[0])?,
                Quantised::quantise(bias, &[layer.convolved()], self.bits, axes[1])?,
            ])
        });
        tensors.collect()
    }

    /// The network as a clip holds it.
    ///
    /// # Errors
    /// As [`CodedNetwork::new`].
    pub fn network(&self, shape: &Shape, parameters: &[f32]) -> Result<CodedNetwork> {
        let tensors = self.tensors(shape, parameters)?;
        Ok(CodedNetwork::new(
            "the network",
            shape.architecture().clone(),
            tensors,
        )?)
    }

    /// The parameters that a player will have.
    ///
    /// # Errors
    /// As [`Quantised::quantise`].
    pub fn rounded(&self, shape: &Shape, parameters: &[f32]) -> Result<Vec<f32>> {
        let tensors = self.tensors(shape, parameters)?;
        let numbers: Vec<Vec<f32>> = tensors
            .par_iter()
            .flatten_iter()
            .map(Quantised::dequantise)
            .collect();
        Ok(numbers.concat())
    }

    /// The embeddings as a clip holds them.
    ///
    /// # Errors
    /// As [`Quantised::quantise`].
    pub fn embeddings(&self, shape: &Shape, embeddings: &[f32]) -> Result<Quantised> {
        let [channels, height, width] = shape.embedding();
        let count = embeddings.len() / shape.embedding_len().max(1);
        let sizes = [count, channels, height, width];
        let axes = if count > 1 { EMBEDDING_AXES } else { 0 };
        Ok(Quantised::quantise(embeddings, &sizes, self.bits, axes)?)
    }

    /// The same, for a group.
    ///
    /// # Errors
    /// As [`Quantised::quantise`].
    pub fn coded_embeddings(&self, shape: &Shape, embeddings: &[f32]) -> Result<CodedEmbeddings> {
        Ok(CodedEmbeddings::Numbers(
            self.embeddings(shape, embeddings)?,
        ))
    }
}
