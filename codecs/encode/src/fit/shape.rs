//! The shape of a network that is fitted, and where its numbers lie.

use std::ops::Range;

use zoetrope_codecs::neural::{Activation, Architecture, Layer, LayerShape, Network, Output};

use crate::{PackError, Result};
use zoetrope_codecs::random::Random;

/// What sin(30 x) multiplies its argument with.
pub(super) const SINE_FACTOR: f32 = 30.0;

/// Length of a step of a layer in front of a sine, to that of others; its output goes 30 times as far. Of 4 frames, 200 steps of Adam made
/// 27.0 dB with this and 26.7 dB with 1; in the end, rounded to integers, 26.9 and 25.4 dB were left.
const SINE_STEPS: f32 = 0.2;

/// How long the steps of a layer's numbers are, to [`Step::rate`](super::Step::rate).
pub fn step_factor(layer: &LayerShape) -> f32 {
    match layer.activation {
        Activation::Sin => SINE_STEPS,
        _ => 1.0,
    }
}

/// An architecture that can be fitted: kernels of 1, 3 or 5, GELU, sin(30 x) or nothing behind its layers, and
/// tanh(x) / 2 + 1/2 behind the last one.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    architecture: Architecture,
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
    /// Looks at whether `architecture` can be fitted.
    ///
    /// # Errors
    /// [`PackError::Unfit`] where it cannot, and as [`Architecture::check`].
    pub fn new(architecture: Architecture) -> Result<Self> {
        architecture.check("the network")?;
        let unfit = |reason: String| Err(PackError::Unfit { reason });
        if architecture.output != Output::Tanh {
            return unfit("only tanh can make its colours".to_owned());
        }
        let last = architecture.layers.len() - 1;
        for (index, layer) in architecture.layers.iter().enumerate() {
            if !matches!(layer.kernel, 1 | 3 | 5) {
                return unfit(format!("its kernel is {}, not 1, 3 or 5", layer.kernel));
            }
            let known = match layer.activation {
                Activation::Gelu | Activation::Sin => index < last,
                Activation::None => true,
                _ => false,
            };
            if !known {
                let name = layer.activation.name();
                return unfit(format!("{name} cannot follow its layer {}", index + 1));
            }
        }
        Ok(Self { architecture })
    }

    /// All of it.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Channels, height and width of an embedding.
    pub fn embedding(&self) -> [usize; 3] {
        self.architecture.embedding
    }

    /// The layers, the first one first.
    pub fn layers(&self) -> &[LayerShape] {
        &self.architecture.layers
    }

    /// Channels of what it makes: three for each picture of an evaluation.
    pub fn outputs(&self) -> usize {
        3 * self.architecture.frames()
    }

    /// Numbers of an embedding.
    pub fn embedding_len(&self) -> usize {
        self.embedding().iter().product()
    }

    /// Evaluations that so many frames take.
    pub fn evaluations(&self, frames: usize) -> usize {
        frames.div_ceil(self.architecture.frames())
    }

    /// Height and width in front of each layer, and of the picture.
    pub fn sizes(&self) -> Vec<[usize; 2]> {
        let [_, height, width] = self.embedding();
        let mut size = [height, width];
        let mut sizes = vec![size];
        for layer in self.layers() {
            size = [size[0] * layer.shuffle[0], size[1] * layer.shuffle[1]];
            sizes.push(size);
        }
        sizes
    }

    /// Width and height of the pictures.
    pub fn picture_size(&self) -> [usize; 2] {
        self.architecture.picture_size()
    }

    /// Weights and biases.
    pub fn parameters(&self) -> usize {
        self.architecture.parameters() as usize
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
            weights: next(layer.weights().iter().product()),
            bias: next(layer.convolved()),
        };
        self.layers().iter().map(of).collect()
    }

    /// First parameters. With n the numbers that go into a sum, they are uniform below 1 / √n, as PyTorch begins a convolution;
    /// weights in front of a sine below 1 / n in the first layer and √(6 / n) / 30 in others (Sitzmann et al., NeurIPS 2020, section 3.2).
    pub fn first_parameters(&self, random: &mut Random) -> Vec<f32> {
        let mut parameters = Vec::with_capacity(self.parameters());
        for (index, layer) in self.layers().iter().enumerate() {
            let [convolved, inputs, height, width] = layer.weights();
            let count = (inputs * height * width) as f32;
            let bound = 1.0 / count.sqrt();
            let of_weights = match layer.activation {
                Activation::Sin if index == 0 => 1.0 / count,
                Activation::Sin => (6.0 / count).sqrt() / SINE_FACTOR,
                _ => bound,
            };
            let weights = convolved * inputs * height * width;
            parameters.extend((0..weights).map(|_| (2.0 * random.unit() - 1.0) * of_weights));
            parameters.extend((0..convolved).map(|_| (2.0 * random.unit() - 1.0) * bound));
        }
        parameters
    }

    /// The network with these parameters.
    ///
    /// # Errors
    /// As [`Network::new`]; `name` is the network's.
    pub fn network(&self, name: &str, parameters: &[f32]) -> Result<Network> {
        let numbers = |range: Range<usize>| parameters.get(range).unwrap_or_default().to_vec();
        let layers = self.layers().iter().zip(self.places());
        let layers = layers.map(|(layer, place)| Layer {
            inputs: layer.inputs,
            outputs: layer.outputs,
            kernel: layer.kernel,
            shuffle: layer.shuffle,
            activation: layer.activation,
            weights: numbers(place.weights),
            bias: numbers(place.bias),
        });
        let (embedding, output) = (self.embedding(), self.architecture.output);
        Ok(Network::new(name, embedding, layers.collect(), output)?)
    }
}
