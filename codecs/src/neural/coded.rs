//! Networks and embeddings whose numbers are quantised, as clips hold them.

use rayon::prelude::*;

use super::{Architecture, Layer, Network, NeuralVideo, Quantised, TimeRule};
use crate::{Error, Result};

/// A network of quantised numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct CodedNetwork {
    architecture: Architecture,
    /// Weights and bias of each layer.
    tensors: Vec<[Quantised; 2]>,
}

impl CodedNetwork {
    /// Puts a network together. `tensors` are the weights and the bias of each layer, in the shapes `[convolved][inputs][kernel][kernel]`
    /// and `[convolved]`.
    ///
    /// # Errors
    /// As [`Architecture::check`], and [`Error::Malformed`] where a tensor has another shape. `name` is the input's.
    pub fn new(
        name: &str,
        architecture: Architecture,
        tensors: Vec<[Quantised; 2]>,
    ) -> Result<Self> {
        architecture.check(name)?;
        let fits = tensors.len() == architecture.layers.len()
            && architecture
                .layers
                .iter()
                .zip(&tensors)
                .all(|(layer, [weights, bias])| {
                    weights.shape() == layer.weights() && bias.shape() == [layer.convolved()]
                });
        if !fits {
            return Err(Error::malformed(
                name,
                "the tensors of its network have not the shapes of its layers",
            ));
        }
        Ok(Self {
            architecture,
            tensors,
        })
    }

    /// Quantises a network to `bits` bits a number, each tensor with the axes that suit it ([`Quantised::best`]).
    ///
    /// # Errors
    /// As [`Quantised::best`].
    pub fn quantise(network: &Network, bits: u8) -> Result<Self> {
        let layers = network.layers().par_iter();
        let tensors: Result<Vec<[Quantised; 2]>> = layers
            .map(|layer| {
                let shape = layer.shape();
                Ok([
                    Quantised::best(&layer.weights, &shape.weights(), bits)?,
                    Quantised::best(&layer.bias, &[shape.convolved()], bits)?,
                ])
            })
            .collect();
        Ok(Self {
            architecture: network.architecture(),
            tensors: tensors?,
        })
    }

    /// The network of these numbers.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn network(&self, name: &str) -> Result<Network> {
        // It goes through memory once: less than what threads would save.
        let tensors = self.tensors.iter();
        let numbers = tensors.map(|pair| [pair[0].dequantise(), pair[1].dequantise()]);
        let numbers: Vec<[Vec<f32>; 2]> = numbers.collect();
        network_of(name, &self.architecture, numbers)
    }

    /// Its shapes.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Weights and bias of each layer.
    pub fn tensors(&self) -> &[[Quantised; 2]] {
        &self.tensors
    }
}

/// A network of weights and biases, layer by layer.
pub(super) fn network_of(
    name: &str,
    architecture: &Architecture,
    numbers: Vec<[Vec<f32>; 2]>,
) -> Result<Network> {
    let layers = architecture.layers.iter().zip(numbers);
    let layers = layers.map(|(shape, [weights, bias])| Layer {
        inputs: shape.inputs,
        outputs: shape.outputs,
        kernel: shape.kernel,
        shuffle: shape.shuffle,
        activation: shape.activation,
        weights,
        bias,
    });
    Network::new(
        name,
        architecture.embedding,
        layers.collect(),
        architecture.output,
    )
}

/// Embeddings of a stretch of frames.
#[derive(Clone, Debug, PartialEq)]
pub enum CodedEmbeddings {
    /// Quantised numbers of the shape `[frames][channels][height][width]`.
    Numbers(Quantised),
    /// Sines and cosines of the time.
    Time(TimeRule),
}

impl CodedEmbeddings {
    /// Quantises the embeddings of a video to `bits` bits a number. Minima and scales differ along the axes that suit them best,
    /// but not from frame to frame.
    ///
    /// # Errors
    /// As [`Quantised::quantise`].
    pub fn quantise(video: &NeuralVideo, bits: u8) -> Result<Self> {
        let [channels, height, width] = video.network.embedding();
        let frames = video.frame_count() / video.network.frames();
        let numbers = video.embeddings();
        let shape = [frames, channels, height, width];
        // What is the same for all frames is the choice of HNeRV's files.
        let each = Quantised::quantise(numbers, &shape, bits, 0b1110)?;
        let channel = Quantised::quantise(numbers, &shape, bits, 0b0010)?;
        let all = [
            each,
            channel,
            Quantised::quantise(numbers, &shape, bits, 0)?,
        ];
        let best = all
            .into_iter()
            .min_by(|a, b| a.merit(numbers).total_cmp(&b.merit(numbers)));
        best.map(Self::Numbers).ok_or_else(|| Error::Write {
            reason: "it has no frames".to_owned(),
        })
    }
}
