//! Convolutions with their weights in the order in which they are used.

use pulp::{Arch, Simd, WithSimd};

use super::map::Rows;
use super::target::Target;
use super::{CHANNELS, Scratch, direct, transform, winograd};
use crate::neural::{Activation, Layer};

/// Weights of a register tile for one input.
pub(super) type Weights = [f32; CHANNELS];

/// How a convolution is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// Number by number.
    Direct,
    /// In tiles of so many rows and columns.
    Winograd {
        /// Rows and columns of a tile.
        tile: usize,
    },
}

/// Products of a layer, input channels times output channels, from which on Winograd's transforms are worth
/// their time.
const LEAST_CHANNELS: usize = 8;
/// Pixels from which on it is worth its memory.
const LEAST_PIXELS: usize = 128;
/// Transformed weights that a layer may have, 256 MiB.
const MOST_WEIGHTS: usize = 64 << 20;

impl Method {
    /// The fastest for a layer whose input is `height` times `width` pixels.
    pub(super) fn for_layer(layer: &Layer, [height, width]: [usize; 2]) -> Self {
        let weights = layer.inputs * layer.convolved() * transform::POINTS * transform::POINTS;
        let is_worth = layer.inputs >= LEAST_CHANNELS
            && layer.convolved() >= LEAST_CHANNELS
            && height * width >= LEAST_PIXELS
            && weights <= MOST_WEIGHTS;
        match transform::tile_of(layer.kernel) {
            Some(tile) if is_worth => Self::Winograd { tile },
            _ => Self::Direct,
        }
    }

    /// Phases of its input, where a shuffle left `natural` ones.
    pub(super) fn phases(self, natural: usize, width: usize) -> usize {
        match self {
            Self::Winograd { tile } => tile,
            // Any will do, as long as they fill vectors.
            Self::Direct if width >= natural * 4 * super::MOST_LANES => natural,
            Self::Direct => 1,
        }
    }

    /// Rows of the convolution that are made together.
    pub(super) fn rows(self) -> usize {
        match self {
            Self::Winograd { tile } => tile,
            Self::Direct => 1,
        }
    }
}

/// A layer.
pub(super) struct Convolution {
    pub(super) method: Method,
    pub(super) inputs: usize,
    pub(super) convolved: usize,
    pub(super) kernel: usize,
    pub(super) shuffle: [usize; 2],
    pub(super) activation: Activation,
    /// Tile by tile of [`CHANNELS`]; zeros where the last tile is not full.
    pub(super) bias: Vec<Weights>,
    /// Direct: `[tile][ky][input][kx]`; Winograd: `[tile][point][input]`.
    pub(super) weights: Vec<Weights>,
}

impl Convolution {
    pub(super) fn new(layer: &Layer, method: Method) -> Self {
        let convolved = layer.convolved();
        let tiles = convolved.div_ceil(CHANNELS);
        let of_tile = |tile: usize, get: &dyn Fn(usize) -> f32| {
            std::array::from_fn(|k| {
                let channel = tile * CHANNELS + k;
                if channel < convolved {
                    get(channel)
                } else {
                    0.0
                }
            })
        };
        let weights = match method {
            Method::Direct => direct::pack(layer),
            Method::Winograd { .. } => winograd::pack(layer),
        };
        Self {
            method,
            inputs: layer.inputs,
            convolved,
            kernel: layer.kernel,
            shuffle: layer.shuffle,
            activation: layer.activation,
            bias: (0..tiles)
                .map(|tile| of_tile(tile, &|channel| layer.bias[channel]))
                .collect(),
            weights,
        }
    }

    /// Makes the rows of the convolution from `y` on that a task makes, shuffled and activated.
    pub(super) fn run(
        &self,
        arch: Arch,
        rows: &Rows,
        y: usize,
        target: &mut Target,
        scratch: &mut Scratch,
    ) {
        arch.dispatch(Task {
            convolution: self,
            rows,
            y,
            target,
            scratch,
        });
    }
}

struct Task<'a, 'b> {
    convolution: &'a Convolution,
    rows: &'a Rows<'a>,
    y: usize,
    target: &'a mut Target<'b>,
    scratch: &'a mut Scratch,
}

impl WithSimd for Task<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            convolution,
            rows,
            y,
            target,
            scratch,
        } = self;
        let scratch = &mut scratch.winograd;
        match convolution.method {
            Method::Direct => direct::row(simd, convolution, rows, y, target, scratch),
            Method::Winograd { tile: 2 } => {
                winograd::tile_row::<S, 2>(simd, convolution, rows, y, target, scratch);
            }
            Method::Winograd { tile: 4 } => {
                winograd::tile_row::<S, 4>(simd, convolution, rows, y, target, scratch);
            }
            Method::Winograd { .. } => {
                winograd::tile_row::<S, 6>(simd, convolution, rows, y, target, scratch);
            }
        }
    }
}
