//! A network as burn's tensors.
//!
//! burn's autodiff goes from the loss to the sums of each convolution. From there to the weights it would take a
//! convolution with one invocation for each weight, which adds up a whole map by itself; [`by_weights`] cuts the
//! map into strips instead, so that there is work for all of a device.

use burn_tensor::activation::tanh;
use burn_tensor::module::conv2d;
use burn_tensor::ops::ConvOptions;
use burn_tensor::{Device, Gradients, Tensor, TensorData};
use zoetrope_codecs::neural::{Activation, LayerShape};

use crate::fit::shape::{SINE_FACTOR, Shape};

/// Invocations that keep a device busy.
const INVOCATIONS: usize = 1 << 16;

/// A network's numbers on a device.
pub(super) struct Network<'a> {
    layers: Vec<Layer<'a>>,
}

struct Layer<'a> {
    shape: &'a LayerShape,
    is_last: bool,
    weights: Tensor<4>,
    bias: Tensor<1>,
}

/// Pictures, with what the gradients by the network are made of.
pub(super) struct Trace {
    pub(super) pictures: Tensor<4>,
    layers: Vec<LayerTrace>,
}

struct LayerTrace {
    input: Tensor<4>,
    /// The bias as it was added to each sum: the gradient by it is that by the sums.
    bias: Tensor<4>,
    kernel: usize,
}

impl<'a> Network<'a> {
    pub(super) fn new(shape: &'a Shape, parameters: &[f32], device: &Device) -> Self {
        let last = shape.layers().len() - 1;
        let layers = shape.layers().iter().zip(shape.places()).enumerate();
        let layers = layers.map(|(index, (layer, place))| {
            let weights = TensorData::new(parameters[place.weights].to_vec(), layer.weights());
            let bias = TensorData::new(parameters[place.bias].to_vec(), [layer.convolved()]);
            Layer {
                shape: layer,
                is_last: index == last,
                weights: Tensor::from_data(weights, device),
                bias: Tensor::from_data(bias, device),
            }
        });
        Self {
            layers: layers.collect(),
        }
    }

    /// Pictures of embeddings: evaluations, channels, rows, columns.
    pub(super) fn pictures(&self, embeddings: Tensor<4>) -> Tensor<4> {
        let layers = self.layers.iter();
        layers.fold(embeddings, |map, layer| {
            let bias = layer.bias_of(&map);
            layer.forward(map, bias)
        })
    }

    /// The same, to be differentiated by `embeddings` and by all numbers.
    pub(super) fn trace(&self, embeddings: Tensor<4>) -> Trace {
        let mut map = embeddings;
        let mut layers = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let bias = layer.bias_of(&map).autodiff().require_grad();
            layers.push(LayerTrace {
                input: map.clone().inner(),
                bias: bias.clone(),
                kernel: layer.shape.kernel,
            });
            map = layer.forward(map, bias);
        }
        Trace {
            pictures: map,
            layers,
        }
    }
}

impl Layer<'_> {
    /// For each sum of `map`'s convolution.
    fn bias_of(&self, map: &Tensor<4>) -> Tensor<4> {
        let [count, _, height, width] = map.dims();
        let channels = self.shape.convolved();
        let bias = self.bias.clone().reshape([1, channels, 1, 1]);
        bias.expand([count, channels, height, width])
    }

    fn forward(&self, map: Tensor<4>, bias: Tensor<4>) -> Tensor<4> {
        let half = self.shape.kernel / 2;
        let options = ConvOptions::new([1; 2], [half; 2], [1; 2], 1);
        let sums = conv2d(map, self.weights.clone(), None, options) + bias;
        let numbers = match self.shape.activation {
            Activation::Gelu => gelu(sums),
            Activation::Sin => sine(sums),
            _ if self.is_last => tanh(sums) * 0.5 + 0.5,
            _ => sums,
        };
        shuffle(numbers, self.shape.shuffle)
    }
}

impl Trace {
    /// Gradients by all parameters, in the order of [`Shape::places`].
    pub(super) fn slopes(self, gradients: &Gradients) -> impl Iterator<Item = Tensor<1>> {
        self.layers.into_iter().flat_map(|layer| {
            let sums = slope(&layer.bias, gradients);
            let bias = sums.clone().sum_dims(&[0, 2, 3]).reshape([-1]);
            let weights = by_weights(layer.input, sums, layer.kernel);
            [weights.reshape([-1]), bias]
        })
    }
}

/// How many strips of equal height a map is cut into. None is lower than the kernel, or rows would be there many times.
pub(super) fn strips(height: usize, kernel: usize, weights: usize) -> usize {
    let mut most = 1;
    for strips in (1..=height / kernel).filter(|strips| height.is_multiple_of(*strips)) {
        most = strips;
        if strips * weights >= INVOCATIONS {
            break;
        }
    }
    most
}

/// The gradient by a convolution's weights: outputs, inputs, rows, columns. For each strip of rows it is a convolution of the
/// inputs, one an image and the evaluations its channels, with the gradients of the sums; all strips are one convolution
/// in groups.
fn by_weights(input: Tensor<4>, sums: Tensor<4>, kernel: usize) -> Tensor<4> {
    let half = kernel / 2;
    let [count, inputs, height, width] = input.dims();
    let outputs = sums.dims()[1];
    let weights = inputs * outputs * kernel * kernel;
    let strips = strips(height, kernel, weights);
    let input = input.pad((half, half, half, half), 0.0);
    let options = ConvOptions::new([1; 2], [0; 2], [1; 2], strips);
    if strips == 1 {
        // A strip alone needs no sum, and must not have one. Below, `sum_dim` of an axis of length 1 was wrong on wgpu for every
        // even number of inputs and of outputs with a kernel of 3, and never else. As its source reads, cubek-reduce 0.3.1 makes
        // vectors along any axis that has the same place in the orders of what goes in (channels last, as convolutions leave it)
        // and of what comes out: here the inputs. Of more strips none comes before the one that is summed but the channels.
        let (input, sums) = (input.swap_dims(0, 1), sums.swap_dims(0, 1));
        return conv2d(input, sums, None, options).swap_dims(0, 1);
    }
    let rows = height / strips;
    let (high, wide) = (rows + 2 * half, width + 2 * half);
    let input: Tensor<5> = input.unfold(2, high, rows);
    let input = input
        .permute([1, 2, 0, 4, 3])
        .reshape([inputs, strips * count, high, wide]);
    let sums = sums
        .reshape([count, outputs, strips, rows, width])
        .permute([2, 1, 0, 3, 4])
        .reshape([strips * outputs, count, rows, width]);
    conv2d(input, sums, None, options)
        .reshape([inputs, strips, outputs, kernel, kernel])
        .sum_dim(1)
        .reshape([inputs, outputs, kernel, kernel])
        .swap_dims(0, 1)
}

/// x Φ(x). burn has this one, too, but with the derivative of another, which is off by up to 0.0009.
fn gelu(x: Tensor<4>) -> Tensor<4> {
    let below = (x.clone() * std::f64::consts::FRAC_1_SQRT_2).erf() * 0.5 + 0.5;
    x * below
}

/// sin(30 x), of less than a turn: of more a device's sine need not be right.
fn sine(x: Tensor<4>) -> Tensor<4> {
    let angle = x * SINE_FACTOR;
    let turns = (angle.clone().detach() / std::f64::consts::TAU).round();
    (angle - turns * std::f64::consts::TAU).sin()
}

/// Channel `(c * sy + dy) * sx + dx` is pixel `(y * sy + dy, x * sx + dx)` of channel `c`.
fn shuffle(map: Tensor<4>, [sy, sx]: [usize; 2]) -> Tensor<4> {
    if [sy, sx] == [1, 1] {
        return map;
    }
    let [count, convolved, height, width] = map.dims();
    let channels = convolved / (sy * sx);
    map.reshape([count, channels, sy, sx, height, width])
        .permute([0, 1, 4, 2, 5, 3])
        .reshape([count, channels, height * sy, width * sx])
}

/// A gradient; zeros by what has no part in the loss.
pub(super) fn slope<const D: usize>(by: &Tensor<D>, gradients: &Gradients) -> Tensor<D> {
    let gradient = by.grad(gradients);
    gradient.unwrap_or_else(|| by.clone().inner().zeros_like())
}
