//! The shape of a network that is fitted, and where its numbers lie.

use std::ops::Range;

use zoetrope_codecs::neural::{Activation, Layer, Network, Output};

use super::random::Random;
use crate::{PackError, Result};

/// A layer without its weights; see [`Layer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerShape {
    /// Channels that go in.
    pub inputs: usize,
    /// Channels that come out, behind the shuffle.
    pub outputs: usize,
    /// Width and height of the kernel: 1, 3 or 5.
    pub kernel: usize,
    /// How many times larger the shuffle makes the picture: height, width.
    pub shuffle: [usize; 2],
    /// What follows.
    pub activation: Activation,
}

impl LayerShape {
    /// Channels of the convolution, in front of the shuffle.
    pub fn convolved(&self) -> usize {
        self.outputs * self.shuffle[0] * self.shuffle[1]
    }

    fn taps(&self) -> usize {
        self.inputs * self.kernel * self.kernel
    }
}

/// A chain of layers whose last one makes the colours of one picture or of several, tanh(x) / 2 + 1/2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    embedding: [usize; 3],
    layers: Vec<LayerShape>,
}

/// Where the numbers of a layer lie among all parameters of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Weights, in the order of [`Layer::weights`].
    pub weights: Range<usize>,
    /// Biases.
    pub bias: Range<usize>,
}

impl Shape {
    /// Puts a shape together. `embedding` is channels, height, width.
    ///
    /// # Errors
    /// [`PackError::Unfit`] where layers do not chain, for a kernel or an activation that cannot be fitted, and
    /// for a network beyond what players take.
    pub fn new(embedding: [usize; 3], layers: Vec<LayerShape>) -> Result<Self> {
        let unfit = |reason: String| Err(PackError::Unfit { reason });
        for (index, layer) in layers.iter().enumerate() {
            if !matches!(layer.kernel, 1 | 3 | 5) {
                return unfit(format!("its kernel is {}, not 1, 3 or 5", layer.kernel));
            }
            let last = index + 1 == layers.len();
            let known = match layer.activation {
                Activation::Gelu => !last,
                Activation::None => true,
                _ => false,
            };
            if !known {
                let name = layer.activation.name();
                return unfit(format!("{name} cannot follow its layer {}", index + 1));
            }
        }
        let shape = Self { embedding, layers };
        // The rest is what every player looks at.
        shape.network("the network", &vec![0.0; shape.parameters()])?;
        Ok(shape)
    }

    /// Channels, height and width of an embedding.
    pub fn embedding(&self) -> [usize; 3] {
        self.embedding
    }

    /// The layers, the first one first.
    pub fn layers(&self) -> &[LayerShape] {
        &self.layers
    }

    /// Channels of what it makes: three for each picture of an evaluation.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }

    /// Numbers of an embedding.
    pub fn embedding_len(&self) -> usize {
        self.embedding.iter().product()
    }

    /// Height and width in front of each layer, and of the picture.
    pub fn sizes(&self) -> Vec<[usize; 2]> {
        let mut size = [self.embedding[1], self.embedding[2]];
        let mut sizes = vec![size];
        for layer in &self.layers {
            size = [size[0] * layer.shuffle[0], size[1] * layer.shuffle[1]];
            sizes.push(size);
        }
        sizes
    }

    /// Width and height of the pictures.
    pub fn picture_size(&self) -> [usize; 2] {
        let [height, width] = self.sizes().last().copied().unwrap_or_default();
        [width, height]
    }

    /// Weights and biases.
    pub fn parameters(&self) -> usize {
        let of = |layer: &LayerShape| layer.convolved() * (layer.taps() + 1);
        self.layers.iter().map(of).sum()
    }

    /// Multiplications of a picture.
    pub fn macs(&self) -> u64 {
        let sizes = self.sizes();
        let of = |(layer, [height, width]): (&LayerShape, &[usize; 2])| {
            (layer.convolved() * layer.taps()) as u64 * (height * width) as u64
        };
        self.layers.iter().zip(&sizes).map(of).sum()
    }

    /// Where each layer's numbers are: its weights, then its biases.
    pub fn places(&self) -> Vec<Place> {
        let mut end = 0;
        let mut next = |count: usize| {
            let start = end;
            end += count;
            start..end
        };
        let of = |layer: &LayerShape| Place {
            weights: next(layer.convolved() * layer.taps()),
            bias: next(layer.convolved()),
        };
        self.layers.iter().map(of).collect()
    }

    /// First parameters: uniform below 1 / √(numbers that a sum has), as PyTorch begins a convolution.
    pub fn first_parameters(&self, random: &mut Random) -> Vec<f32> {
        let mut parameters = Vec::with_capacity(self.parameters());
        for layer in &self.layers {
            let bound = 1.0 / (layer.taps() as f32).sqrt();
            let count = layer.convolved() * (layer.taps() + 1);
            parameters.extend((0..count).map(|_| random.symmetric() * bound));
        }
        parameters
    }

    /// The network with these parameters.
    ///
    /// # Errors
    /// As [`Network::new`]; `name` is the network's.
    pub fn network(&self, name: &str, parameters: &[f32]) -> Result<Network> {
        let layers = self
            .layers
            .iter()
            .zip(self.places())
            .map(|(layer, place)| Layer {
                inputs: layer.inputs,
                outputs: layer.outputs,
                kernel: layer.kernel,
                shuffle: layer.shuffle,
                activation: layer.activation,
                weights: parameters.get(place.weights).unwrap_or_default().to_vec(),
                bias: parameters.get(place.bias).unwrap_or_default().to_vec(),
            })
            .collect();
        Ok(Network::new(name, self.embedding, layers, Output::Tanh)?)
    }
}
