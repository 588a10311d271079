//! What the shader of a layer is made for, and its source.

use std::fmt::Write;

use zoetrope_codecs::neural::{self, Activation, Output};

use super::{Kernel, Precision};
use crate::shader;
use crate::unroll::unroll;

/// Width and height of the tile kernel's workgroup.
const TILE_WORKGROUP: [u32; 2] = [8, 8];
/// Pixels of a row in one invocation of the tile kernel.
const TILE_PIXELS: u32 = 4;
/// Slots in one invocation of the tile kernel.
const TILE_BLOCK: u32 = 2;

/// All that a layer's shader depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerShape {
    /// How it is computed.
    pub kernel: Kernel,
    /// How numbers are stored.
    pub precision: Precision,
    /// Channels that go in.
    pub inputs: u32,
    /// Channels that come out.
    pub outputs: u32,
    /// Side of the convolution's kernel.
    pub side: u32,
    /// Height and width of the shuffle.
    pub shuffle: [u32; 2],
    /// What follows.
    pub activation: Activation,
    /// For the last layer, which draws the picture.
    pub output: Option<Output>,
    /// Width and height of a workgroup in invocations.
    pub workgroup: [u32; 2],
    /// Pixels of a row in one invocation.
    pub pixels: u32,
    /// Slots in one invocation.
    pub block: u32,
}

impl LayerShape {
    /// For a layer whose convolution makes `size` (width, height) pixels.
    pub fn new(
        kernel: Kernel,
        precision: Precision,
        layer: &neural::LayerShape,
        output: Option<Output>,
        size: [u32; 2],
    ) -> Self {
        let mut shape = Self {
            kernel,
            precision,
            inputs: layer.inputs as u32,
            outputs: layer.outputs as u32,
            side: layer.kernel as u32,
            shuffle: layer.shuffle.map(|factor| factor as u32),
            activation: layer.activation,
            output,
            workgroup: TILE_WORKGROUP,
            pixels: TILE_PIXELS,
            block: TILE_BLOCK,
        };
        shape.block = shape.block.min(shape.slots());
        match shape.kernel {
            Kernel::Naive => (shape.workgroup, shape.pixels, shape.block) = ([64, 1], 1, 1),
            Kernel::Lanes(lanes) => shape.choose_lanes(lanes, size),
            Kernel::Tile => (),
        }
        shape
    }

    /// Takes the cheapest division of the work among the lanes of a vector.
    fn choose_lanes(&mut self, lanes: u32, [width, height]: [u32; 2]) {
        // Larger ones take seconds to compile, and have no registers left.
        let divisions = [
            [4, 4],
            [4, 2],
            [8, 1],
            [4, 1],
            [2, 4],
            [2, 2],
            [1, 4],
            [1, 1],
        ];
        let mut best = f64::INFINITY;
        for columns in (0..=lanes.ilog2()).map(|power| lanes >> power) {
            for [pixels, block] in divisions {
                let rows = lanes / columns;
                let vectors = u64::from(width.div_ceil(columns * pixels))
                    * u64::from(height.div_ceil(rows))
                    * u64::from(self.slots().div_ceil(block));
                // For each input channel and tap: a load takes about as long as sixteen sums (vectors of
                // eight, Mesa 22.3), and each lane does its share of those of weights.
                let features = f64::from(pixels + self.side - 1) / f64::from(self.side);
                let weights = f64::from(4 * block) / f64::from(lanes);
                let sums = f64::from(4 * block * pixels);
                let cost = vectors as f64 * (16.0 * (features + weights) + sums);
                if cost < best {
                    best = cost;
                    (self.pixels, self.block) = (pixels, block);
                    self.workgroup = [columns, rows];
                }
            }
        }
    }

    /// Invocations of a subgroup, where they count.
    pub fn lanes(&self) -> u32 {
        match self.kernel {
            Kernel::Lanes(lanes) => lanes,
            Kernel::Naive | Kernel::Tile => 1,
        }
    }

    /// Channels that lie beside each other in a feature map.
    pub fn packed(&self) -> u32 {
        match self.kernel {
            Kernel::Naive => 1,
            Kernel::Lanes(_) | Kernel::Tile => 4,
        }
    }

    /// Channels of a slot.
    pub fn slot_channels(&self) -> u32 {
        match (self.kernel, self.output) {
            (Kernel::Naive, None) => 1,
            (Kernel::Naive, Some(_)) => 3,
            _ => 4,
        }
    }

    /// Groups of input channels.
    pub fn in_groups(&self) -> u32 {
        self.inputs.div_ceil(self.packed())
    }

    /// Groups of output channels.
    pub fn out_groups(&self) -> u32 {
        self.outputs.div_ceil(self.slot_channels())
    }

    /// Groups of output channels, at each place of the shuffle.
    pub fn slots(&self) -> u32 {
        self.out_groups() * self.shuffle[0] * self.shuffle[1]
    }

    /// Group, row and column in the shuffle of a slot: `slot_of` of the shaders.
    pub fn slot_of(&self, index: u32) -> [u32; 3] {
        let rest = index / self.shuffle[1];
        [
            rest % self.out_groups(),
            rest / self.out_groups(),
            index % self.shuffle[1],
        ]
    }

    /// Blocks of slots.
    pub fn blocks(&self) -> u32 {
        self.slots().div_ceil(self.block)
    }

    /// Groups of input channels that are staged at once. A kernel of one tap has so little to do with each
    /// that waiting for the others would take longer.
    fn stage(&self) -> u32 {
        match (self.kernel, self.side) {
            (Kernel::Tile, 1) => 2,
            _ => 1,
        }
    }

    /// Groups of input channels that weights are there for.
    pub fn staged_groups(&self) -> u32 {
        self.in_groups().next_multiple_of(self.stage())
    }

    /// Pixels in front of the shuffle that a workgroup computes: columns, rows.
    pub fn workgroup_pixels(&self) -> [u32; 2] {
        [self.workgroup[0] * self.pixels, self.workgroup[1]]
    }

    /// Columns, rows and elements of a row of the staged tile.
    fn tile(&self) -> [u32; 3] {
        let [width, height] = self.workgroup_pixels().map(|pixels| pixels + self.side - 1);
        [width, height, width.next_multiple_of(self.pixels)]
    }

    /// Shared memory that the tile kernel takes.
    #[cfg(test)]
    fn shared_bytes(&self) -> u32 {
        let [_, rows, stride] = self.tile();
        let weights = self.side * self.side * 4 * self.block;
        self.stage() * 16 * (rows * stride + weights)
    }

    /// Name of the shader and of its entry point.
    pub fn entry_point(&self) -> &'static str {
        match self.kernel {
            Kernel::Naive => "naive",
            Kernel::Lanes(_) => "lanes",
            Kernel::Tile => "tile",
        }
    }

    /// The shader.
    pub fn source(&self) -> String {
        let [tile_columns, tile_rows, tile_stride] = self.tile();
        let constants = [
            ("BLOCK", self.block),
            ("IN_GROUPS", self.in_groups()),
            ("KERNEL", self.side),
            ("LANES", self.lanes()),
            ("OUT_GROUPS", self.out_groups()),
            ("PIXELS", self.pixels),
            ("SHUFFLE_X", self.shuffle[1]),
            ("SHUFFLE_Y", self.shuffle[0]),
            ("SLOTS", self.slots()),
            ("SLOT_CHANNELS", self.slot_channels()),
            ("STAGE", self.stage()),
            ("STAGED_GROUPS", self.staged_groups()),
            ("TILE_COLUMNS", tile_columns),
            ("TILE_ROWS", tile_rows),
            ("TILE_RUN", tile_stride / self.pixels),
            ("TILE_STRIDE", tile_stride),
            (
                "WEIGHT_LOADS",
                (self.side * 4 * self.block).div_ceil(self.lanes()),
            ),
            ("WINDOW", self.pixels + self.side - 1),
            ("WORKGROUP_X", self.workgroup[0]),
            ("WORKGROUP_Y", self.workgroup[1]),
        ];
        let mut text = self.header();
        for (name, value) in constants {
            let _ = writeln!(text, "const {name}: u32 = {value}u;");
        }
        let store = match (self.output, self.kernel) {
            (Some(_), _) => "shared/neural_picture",
            (None, Kernel::Naive) => "shared/neural_scalars",
            (None, _) => "shared/neural_features",
        };
        let kernel = format!("neural/{}", self.entry_point());
        text += &shader::pieces(&[store, &kernel]);
        unroll(&text, &constants)
    }

    /// Types and functions that the shader's files leave open.
    fn header(&self) -> String {
        let (enable, number, largest) = match self.precision {
            Precision::F32 => ("", "f32", f32::MAX),
            Precision::F16 => ("enable f16;\n", "f16", f32::from(half::f16::MAX)),
        };
        let activation = match self.activation {
            Activation::None => "none",
            Activation::Gelu => "gelu",
            Activation::Relu => "relu",
            Activation::LeakyRelu => "leaky_relu",
            Activation::LeakyRelu10 => "leaky_relu_10",
            Activation::Relu6 => "relu_6",
            Activation::Silu => "silu",
            Activation::Softplus => "softplus",
            Activation::HardSwish => "hard_swish",
            Activation::Sin => "sin_30",
        };
        let mut header = format!(
            "{enable}alias Number = {number};\nalias Number4 = vec4<{number}>;\n\
             const NUMBER_MAX: f32 = {largest:?}f;\n\
             fn activate(x: vec4f) -> vec4f {{\n    return {activation}(x);\n}}\n"
        );
        if let Some(output) = self.output {
            let (function, offset) = match output {
                Output::Tanh => ("tanh_output", 0.0),
                Output::Sigmoid => ("sigmoid_output", 0.0),
                Output::Offset(offset) => ("offset_output", offset),
            };
            let _ = write!(
                header,
                "const OUTPUT_OFFSET: f32 = {offset:?}f;\n\
                 fn to_colour(x: vec4f) -> vec4f {{\n    return {function}(x);\n}}\n"
            );
        }
        header
    }
}

/// Shaders of all kernels with all sides, activations and outputs.
#[cfg(test)]
pub(super) fn sources_for_tests() -> Vec<(&'static str, String)> {
    let activations = Activation::ALL.map(|(activation, _)| activation);
    let outputs = [
        None,
        Some(Output::Tanh),
        Some(Output::Sigmoid),
        Some(Output::Offset(0.5)),
    ];
    let kernels = [
        ("neural/naive", Kernel::Naive),
        ("neural/lanes", Kernel::Lanes(8)),
        ("neural/tile", Kernel::Tile),
    ];
    let mut sources = Vec::new();
    for (index, activation) in activations.into_iter().enumerate() {
        let side = [1, 3, 5, 7][index % 4];
        let layer = neural::LayerShape {
            inputs: 5,
            outputs: 3,
            kernel: side,
            shuffle: [2, 3],
            activation,
        };
        for (name, kernel) in kernels {
            let precision = [Precision::F32, Precision::F16][index % 2];
            let output = outputs[index / 2 % 4];
            let shape = LayerShape::new(kernel, precision, &layer, output, [20, 10]);
            // What every device of WebGPU has.
            assert!(shape.shared_bytes() <= 16 << 10, "side {side}");
            sources.push((name, shape.source()));
        }
    }
    sources
}
