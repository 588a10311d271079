//! What a network is: its layers, their weights, and what follows from them.

use std::sync::Arc;

use crate::{Error, Result, limits};

/// A function of each number behind a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Activation {
    /// The number itself.
    #[default]
    None,
    /// x Φ(x) with the normal distribution's Φ, the exact form.
    Gelu,
    /// max(x, 0).
    Relu,
    /// x above 0, x / 100 below.
    LeakyRelu,
    /// x above 0, x / 10 below.
    LeakyRelu10,
    /// x between 0 and 6.
    Relu6,
    /// x σ(x), also called swish.
    Silu,
    /// ln(1 + eˣ).
    Softplus,
    /// x min(max(x + 3, 0), 6) / 6.
    HardSwish,
}

impl Activation {
    /// Every activation with the name that HNeRV's `--act` has for it.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::None, "none"),
        (Self::Gelu, "gelu"),
        (Self::Relu, "relu"),
        (Self::LeakyRelu, "leaky"),
        (Self::LeakyRelu10, "leaky01"),
        (Self::Relu6, "relu6"),
        (Self::Silu, "swish"),
        (Self::Softplus, "softplus"),
        (Self::HardSwish, "hardswish"),
    ];

    /// The activation of a name, or of "silu", which PyTorch has for swish.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        let name = if name == "silu" { "swish" } else { &name };
        let mut all = Self::ALL.iter();
        all.find(|(_, known)| *known == name)
            .map(|(activation, _)| *activation)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(activation, _)| *activation == self)
            .map_or("none", |(_, name)| name)
    }
}

/// From the last layer's numbers to red, green and blue, 0 to 1 each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Output {
    /// tanh(x) / 2 + 1/2.
    Tanh,
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// x + this, cut to 0 to 1.
    Offset(f32),
}

/// A convolution with stride 1 and zeros around its input, so that the size stays, then a pixel
/// shuffle, then an activation.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Channels that go in.
    pub inputs: usize,
    /// Channels that come out, behind the shuffle.
    pub outputs: usize,
    /// Width and height of the kernel, an odd number.
    pub kernel: usize,
    /// How many times larger the shuffle makes the picture: height, width. Channel
    /// `(c * sy + dy) * sx + dx` of the convolution is pixel `(y * sy + dy, x * sx + dx)` of channel `c`.
    pub shuffle: [usize; 2],
    /// What follows.
    pub activation: Activation,
    /// `[outputs * sy * sx][inputs][kernel][kernel]`, the last index fastest (PyTorch's order).
    pub weights: Vec<f32>,
    /// `[outputs * sy * sx]`.
    pub bias: Vec<f32>,
}

impl Layer {
    /// Channels of the convolution, in front of the shuffle.
    pub fn convolved(&self) -> usize {
        self.outputs * self.shuffle[0] * self.shuffle[1]
    }
}

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
    /// `embedding` is channels, height, width. The last layer must have three outputs: red, green, blue.
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
        if self.layers.is_empty() || self.embedding.contains(&0) {
            return malformed("its network is empty".to_owned());
        }
        let cap = |what, value: Option<u64>, limit| {
            limits::check(name, what, value.unwrap_or(u64::MAX), limit)
        };
        cap(
            "layers of a network",
            Some(self.layers.len() as u64),
            limits::MAX_NETWORK_LAYERS,
        )?;
        cap(
            "numbers in an embedding",
            product(&self.embedding),
            limits::MAX_EMBEDDING,
        )?;
        let [mut channels, mut height, mut width] = self.embedding;
        let (mut macs, mut parameters) = (Some(0_u64), Some(0_u64));
        for (index, layer) in self.layers.iter().enumerate() {
            let number = index + 1;
            if layer.inputs != channels {
                return malformed(format!(
                    "layer {number} of its network takes {} channels, and gets {channels}",
                    layer.inputs
                ));
            }
            if layer.kernel.is_multiple_of(2) || layer.shuffle.contains(&0) || layer.outputs == 0 {
                return malformed(format!(
                    "layer {number} of its network has an impossible shape"
                ));
            }
            let convolved = product(&[layer.outputs, layer.shuffle[0], layer.shuffle[1]]);
            let taps = product(&[layer.inputs, layer.kernel, layer.kernel]);
            let weights = convolved.zip(taps).and_then(|(a, b)| a.checked_mul(b));
            parameters = (|| parameters?.checked_add(weights?)?.checked_add(convolved?))();
            cap(
                "parameters of a network",
                parameters,
                limits::MAX_NETWORK_PARAMETERS,
            )?;
            macs = (|| macs?.checked_add(weights?.checked_mul(product(&[height, width])?)?))();
            cap("multiplications of a frame", macs, limits::MAX_NETWORK_MACS)?;
            channels = layer.outputs;
            (height, width) = (
                height.saturating_mul(layer.shuffle[0]),
                width.saturating_mul(layer.shuffle[1]),
            );
            let features = product(&[channels, height, width]);
            cap(
                "numbers behind a layer",
                features,
                limits::MAX_NETWORK_FEATURES,
            )?;
            for side in [height, width] {
                cap(
                    "pixels of a picture's side",
                    Some(side as u64),
                    limits::MAX_PICTURE_SIDE,
                )?;
            }
            if weights != Some(layer.weights.len() as u64)
                || convolved != Some(layer.bias.len() as u64)
            {
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
        if channels != 3 {
            return malformed(format!(
                "its network makes {channels} channels, not red, green and blue"
            ));
        }
        Ok(())
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
        let [_, height, width] = self.embedding;
        self.layers
            .iter()
            .fold([width, height], |[width, height], layer| {
                [width * layer.shuffle[1], height * layer.shuffle[0]]
            })
    }

    /// Weights and biases.
    pub fn parameters(&self) -> usize {
        let count = |layer: &Layer| layer.weights.len() + layer.bias.len();
        self.layers.iter().map(count).sum()
    }

    /// Multiplications with addition that a frame takes.
    pub fn macs(&self) -> u64 {
        let [_, height, width] = self.embedding;
        let mut pixels = (height * width) as u64;
        let mut macs = 0;
        for layer in &self.layers {
            macs += pixels * layer.weights.len() as u64;
            pixels *= (layer.shuffle[0] * layer.shuffle[1]) as u64;
        }
        macs
    }
}

/// `None` when it does not fit.
fn product(numbers: &[usize]) -> Option<u64> {
    numbers
        .iter()
        .try_fold(1_u64, |product, number| product.checked_mul(*number as u64))
}

/// A whole neural video: one network, and an embedding for each frame.
#[derive(Clone, Debug)]
pub struct NeuralVideo {
    /// What decodes.
    pub network: Arc<Network>,
    /// The embeddings of all frames, one after the other: channel by channel, row by row.
    embeddings: Arc<[f32]>,
}

impl NeuralVideo {
    /// Puts both together.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the embeddings are not a whole number of frames, or not finite;
    /// [`Error::Limit`] for more frames than a clip can have.
    pub fn new(name: &str, network: Network, embeddings: Vec<f32>) -> Result<Self> {
        let each: usize = network.embedding.iter().product();
        if embeddings.is_empty() || !embeddings.len().is_multiple_of(each) {
            return Err(Error::malformed(
                name,
                format!(
                    "its {} numbers for frames are no multiple of the {each} that a frame takes",
                    embeddings.len()
                ),
            ));
        }
        let frames = (embeddings.len() / each) as u64;
        limits::check(name, "frames", frames, limits::MAX_FRAMES)?;
        if !embeddings.iter().all(|number| number.is_finite()) {
            return Err(Error::malformed(
                name,
                "its frames have numbers that are not finite",
            ));
        }
        Ok(Self {
            network: Arc::new(network),
            embeddings: embeddings.into(),
        })
    }

    /// Number of frames.
    pub fn frame_count(&self) -> usize {
        self.embeddings.len() / self.each()
    }

    /// The embedding of a frame; `None` behind the last one.
    pub fn embedding(&self, frame: usize) -> Option<&[f32]> {
        let first = frame.checked_mul(self.each())?;
        self.embeddings.get(first..first.checked_add(self.each())?)
    }

    fn each(&self) -> usize {
        self.network.embedding.iter().product()
    }
}

/// One frame of a neural video, not decoded.
#[derive(Clone, Debug)]
pub struct NeuralFrame {
    video: Arc<NeuralVideo>,
    index: usize,
}

impl NeuralFrame {
    /// Frame `index` of `video`; `None` behind the last one.
    pub fn new(video: Arc<NeuralVideo>, index: usize) -> Option<Self> {
        video.embedding(index)?;
        Some(Self { video, index })
    }

    /// What decodes it.
    pub fn network(&self) -> &Arc<Network> {
        &self.video.network
    }

    /// Its numbers: channel by channel, row by row.
    pub fn embedding(&self) -> &[f32] {
        self.video.embedding(self.index).unwrap_or_default()
    }

    /// Width and height of its picture in pixels.
    pub fn picture_size(&self) -> [u32; 2] {
        // Both are below the cap on a picture's side.
        self.network().picture_size().map(|side| side as u32)
    }

    /// Whether both are the same frame of the same video.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.video, &other.video) && self.index == other.index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
