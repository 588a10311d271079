//! What a network is: its layers, their weights, and what follows from them.

use super::architecture::{Architecture, COLOURS};
use super::layer::{Layer, Output};
use crate::{Error, Result};

/// A network that makes a picture out of an embedding.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    embedding: [usize; 3],
    layers: Vec<Layer>,
    output: Output,
}

impl Network {
    /// Puts a network together, after a look at whether its parts fit.
    ///
    /// `embedding` is channels, height, width. The last layer must have three outputs, red, green and blue, or as many times
    /// three as it makes frames at once.
    ///
    /// # Errors
    /// [`Error::Malformed`] where shapes do not chain or a number is not finite, [`Error::Limit`] above
    /// the caps on parameters, sizes and multiplications of a frame. `name` is the input's.
    pub fn new(
        name: &str,
        embedding: [usize; 3],
        layers: Vec<Layer>,
        output: Output,
    ) -> Result<Self> {
        let network = Self {
            embedding,
            layers,
            output,
        };
        network.check(name)?;
        Ok(network)
    }

    fn check(&self, name: &str) -> Result<()> {
        let malformed = |reason: String| Err(Error::malformed(name, reason));
        let architecture = self.architecture();
        architecture.check_sizes(name)?;
        for (index, layer) in self.layers.iter().enumerate() {
            let number = index + 1;
            let weights: usize = layer.shape().weights().iter().product();
            if layer.weights.len() != weights || layer.bias.len() != layer.convolved() {
                return malformed(format!(
                    "layer {number} of its network has not the weights that its shape needs"
                ));
            }
            let numbers = layer.weights.iter().chain(&layer.bias);
            if !numbers.fold(true, |all, number| all & number.is_finite()) {
                return malformed(format!(
                    "layer {number} of its network has weights that are no finite numbers"
                ));
            }
        }
        architecture.check_frames(name)
    }

    /// Its shapes, without its numbers.
    pub fn architecture(&self) -> Architecture {
        Architecture {
            embedding: self.embedding,
            layers: self.layers.iter().map(Layer::shape).collect(),
            output: self.output,
        }
    }

    /// Frames that it makes of an embedding: 1, but for networks of groups.
    pub fn frames(&self) -> usize {
        self.layers.last().map_or(0, |last| last.outputs / COLOURS)
    }

    /// Channels, height and width of an embedding.
    pub fn embedding(&self) -> [usize; 3] {
        self.embedding
    }

    /// Its layers, the first one first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// How its last numbers become colours.
    pub fn output(&self) -> Output {
        self.output
    }

    /// Width and height of its pictures.
    pub fn picture_size(&self) -> [usize; 2] {
        self.architecture().picture_size()
    }

    /// Weights and biases.
    pub fn parameters(&self) -> usize {
        let count = |layer: &Layer| layer.weights.len() + layer.bias.len();
        self.layers.iter().map(count).sum()
    }

    /// Multiplications with addition that an embedding takes.
    pub fn macs(&self) -> u64 {
        self.architecture().macs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;
    use crate::neural::{Activation, NeuralVideo};

    fn layer(inputs: usize, outputs: usize, kernel: usize, shuffle: [usize; 2]) -> Layer {
        let convolved = outputs * shuffle[0] * shuffle[1];
        Layer {
            inputs,
            outputs,
            kernel,
            shuffle,
            activation: Activation::Gelu,
            weights: vec![0.5; convolved * inputs * kernel * kernel],
            bias: vec![0.0; convolved],
        }
    }

    fn network(layers: Vec<Layer>) -> Result<Network> {
        Network::new("it", [2, 1, 3], layers, Output::Tanh)
    }

    #[test]
    fn what_follows_from_the_layers() {
        let layers = vec![layer(2, 4, 1, [5, 2]), layer(4, 3, 3, [1, 1])];
        let network = network(layers).expect("fits");
        assert_eq!(network.picture_size(), [6, 5]);
        assert_eq!(network.parameters(), 40 * 2 + 40 + 3 * 4 * 9 + 3);
        assert_eq!(network.macs(), 3 * 80 + 30 * 108);
        let video = NeuralVideo::new("it", network, (0..12).map(|k| k as f32).collect());
        let video = video.expect("fits");
        assert_eq!(video.frame_count(), 2);
        assert_eq!(
            video.embedding(1),
            Some(&[6.0, 7.0, 8.0, 9.0, 10.0, 11.0][..])
        );
        assert_eq!(video.embedding(2), None);
        assert_eq!(video.embedding(usize::MAX), None);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let says = |layers: Vec<Layer>, what: &str| {
            let error = network(layers).expect_err(what).to_string();
            assert!(error.contains(what), "{error}");
        };
        says(vec![], "empty");
        says(vec![layer(3, 3, 1, [1, 1])], "takes 3 channels, and gets 2");
        says(vec![layer(2, 4, 1, [1, 1])], "makes 4 channels");
        says(vec![layer(2, 3, 2, [1, 1])], "impossible shape");
        says(vec![layer(2, 3, 1, [0, 1])], "impossible shape");
        let mut short = layer(2, 3, 1, [1, 1]);
        short.bias.pop();
        says(vec![short], "not the weights");
        let mut broken = layer(2, 3, 1, [1, 1]);
        broken.weights[1] = f32::NAN;
        says(vec![broken], "no finite numbers");
        let tiny = || network(vec![layer(2, 3, 1, [1, 1])]).expect("fits");
        let error = NeuralVideo::new("it", tiny(), vec![0.0; 7]).expect_err("odd");
        assert!(error.to_string().contains("no multiple of the 6"));
        assert!(NeuralVideo::new("it", tiny(), vec![f32::INFINITY; 6]).is_err());
        assert!(NeuralVideo::new("it", tiny(), vec![]).is_err());
    }

    #[test]
    fn frames_of_an_embedding_are_three_channels_each() {
        let most = limits::MAX_NETWORK_FRAMES as usize;
        for frames in [1, 2, most] {
            let network = network(vec![layer(2, 3 * frames, 1, [1, 1])]).expect("fits");
            assert_eq!(network.frames(), frames);
        }
        let error = network(vec![layer(2, 3 * (most + 1), 1, [1, 1])]).expect_err("is past it");
        assert!(
            error.to_string().contains("frames of an embedding"),
            "{error}"
        );
    }

    #[test]
    fn caps_hold_at_the_limit_and_one_past_it() {
        // A shape alone is refused, before any weights of it are needed.
        let shape = |inputs, outputs, kernel, shuffle| Layer {
            inputs,
            outputs,
            kernel,
            shuffle,
            activation: Activation::None,
            weights: vec![],
            bias: vec![],
        };
        let error = |embedding, layers: Vec<Layer>| {
            Network::new("it", embedding, layers, Output::Tanh)
                .expect_err("has no weights")
                .to_string()
        };
        // (1 + 1) * outputs parameters.
        let most = (limits::MAX_NETWORK_PARAMETERS / 2) as usize;
        assert!(error([1, 1, 1], vec![shape(1, most, 1, [1, 1])]).contains("not the weights"));
        let above = error([1, 1, 1], vec![shape(1, most + 1, 1, [1, 1])]);
        assert!(above.contains("parameters of a network"), "{above}");
        let huge = error([1, 1, 1], vec![shape(1, usize::MAX, 1, [1, 1])]);
        assert!(huge.contains("parameters of a network"), "{huge}");
        let side = limits::MAX_PICTURE_SIDE as usize;
        let three = |shuffle| vec![layer(1, 3, 1, shuffle)];
        assert!(Network::new("it", [1, 1, 1], three([side, 1]), Output::Tanh).is_ok());
        let above = Network::new("it", [1, 1, 1], three([side + 1, 1]), Output::Tanh);
        assert!(above.is_err_and(|error| error.to_string().contains("side")));
        let numbers = limits::MAX_EMBEDDING as usize;
        let one = |count| {
            Network::new(
                "it",
                [count, 1, 1],
                vec![layer(count, 3, 1, [1, 1])],
                Output::Tanh,
            )
        };
        assert!(one(numbers).is_ok());
        assert!(one(numbers + 1).is_err_and(|error| error.to_string().contains("embedding")));
        // The first layer makes 2^24 pixels, the second as many numbers as there may be.
        let channels = (limits::MAX_NETWORK_FEATURES >> 24) as usize;
        let wide = |channels| {
            let first = shape(1, 1, 1, [4096, 4096]);
            let first = Layer {
                weights: vec![0.0; 1 << 24],
                bias: vec![0.0; 1 << 24],
                ..first
            };
            error([1, 1, 1], vec![first, shape(1, channels, 1, [1, 1])])
        };
        assert!(wide(channels).contains("not the weights"));
        assert!(wide(channels + 1).contains("numbers behind"));
        let chain = |count: usize| {
            let layers = (0..count).map(|_| layer(3, 3, 1, [1, 1])).collect();
            Network::new("it", [3, 1, 1], layers, Output::Tanh)
        };
        let most = limits::MAX_NETWORK_LAYERS as usize;
        assert!(chain(most).is_ok());
        assert!(chain(most + 1).is_err_and(|error| error.to_string().contains("layers")));
        // 2^18 pixels, for each of which 2^24 multiplications are the most.
        let bomb = |inputs| {
            let first = layer(inputs, 1, 1, [512, 512]);
            let last = shape(1111, 604, 5, [1, 1]);
            error([inputs, 1, 1], vec![first, layer(1, 1111, 1, [1, 1]), last])
        };
        assert_eq!((5 + 1111 + 1111 * 604 * 25) << 18, limits::MAX_NETWORK_MACS);
        assert!(bomb(5).contains("not the weights"));
        assert!(bomb(6).contains("multiplications"));
    }
}
