//! What a network is made of.

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
    /// sin(30 x): a SIREN with the factor of its authors (Sitzmann et al., NeurIPS 2020, section 3.2).
    Sin,
}

impl Activation {
    /// Every activation with the name that HNeRV's `--act` has for it, where it has it.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::None, "none"),
        (Self::Gelu, "gelu"),
        (Self::Relu, "relu"),
        (Self::LeakyRelu, "leaky"),
        (Self::LeakyRelu10, "leaky01"),
        (Self::Relu6, "relu6"),
        (Self::Silu, "swish"),
        (Self::Softplus, "softplus"),
        (Self::HardSwish, "hardswish"),
        (Self::Sin, "sin30"),
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

/// The shape of a [`Layer`], which its numbers follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LayerShape {
    /// Channels that go in.
    pub inputs: usize,
    /// Channels that come out, behind the shuffle.
    pub outputs: usize,
    /// Width and height of the kernel, an odd number.
    pub kernel: usize,
    /// How many times larger the shuffle makes the picture: height, width.
    pub shuffle: [usize; 2],
    /// What follows.
    pub activation: Activation,
}

impl LayerShape {
    /// Channels of the convolution, in front of the shuffle; also the number of biases.
    pub fn convolved(&self) -> usize {
        self.outputs
            .saturating_mul(self.shuffle[0])
            .saturating_mul(self.shuffle[1])
    }

    /// The shape of the weights in PyTorch's order: convolved channels, inputs, kernel, kernel.
    pub fn weights(&self) -> [usize; 4] {
        [self.convolved(), self.inputs, self.kernel, self.kernel]
    }
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

    /// Its shape.
    pub fn shape(&self) -> LayerShape {
        LayerShape {
            inputs: self.inputs,
            outputs: self.outputs,
            kernel: self.kernel,
            shuffle: self.shuffle,
            activation: self.activation,
        }
    }
}
