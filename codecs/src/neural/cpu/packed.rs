//! Convolutions with their weights in the order in which they are used.

use pulp::{Arch, Simd, WithSimd};

use super::map::Rows;
use super::target::Target;
use super::{CHANNELS, Scratch, direct, transform, winograd};
use crate::Cancel;
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
const LEAST_PIXELS: usize = 256;
/// Transformed weights that a network may have, 256 MiB.
pub(super) const MOST_WEIGHTS: usize = 64 << 20;

impl Method {
    /// The fastest for a layer whose input is `height` times `width` pixels. Transformed weights are taken off `left`.
    pub(super) fn for_layer(layer: &Layer, [height, width]: [usize; 2], left: &mut usize) -> Self {
        let kernels = layer.inputs.saturating_mul(layer.convolved());
        let weights = kernels.saturating_mul(transform::POINTS * transform::POINTS);
        let is_worth = layer.inputs >= LEAST_CHANNELS
            && layer.convolved() >= LEAST_CHANNELS
            && height * width >= LEAST_PIXELS
            && weights <= *left;
        match transform::tile_of(layer.kernel) {
            Some(tile) if is_worth => {
                *left -= weights;
                Self::Winograd { tile }
            }
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

    /// Makes the rows of the convolution from `y` on that a task makes, shuffled and activated. After `cancel` some are
    /// missing.
    pub(super) fn run(
        &self,
        (arch, cancel): (Arch, &Cancel),
        rows: &Rows,
        y: usize,
        target: &mut Target,
        scratch: &mut Scratch,
    ) {
        arch.dispatch(Task {
            convolution: self,
            cancel,
            rows,
            y,
            target,
            scratch,
        });
    }
}

/// Some rows of a convolution.
pub(super) struct Work<'a> {
    pub(super) convolution: &'a Convolution,
    pub(super) rows: &'a Rows<'a>,
    /// The first of them.
    pub(super) y: usize,
    pub(super) cancel: &'a Cancel,
}

struct Task<'a, 'b> {
    convolution: &'a Convolution,
    cancel: &'a Cancel,
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
            cancel,
            rows,
            y,
            target,
            scratch,
        } = self;
        let scratch = &mut scratch.winograd;
        let work = Work {
            convolution,
            rows,
            y,
            cancel,
        };
        match convolution.method {
            Method::Direct => direct::row(simd, &work, target, scratch),
            Method::Winograd { tile: 2 } => {
                winograd::tile_row::<S, 2>(simd, &work, target, scratch);
            }
            Method::Winograd { tile: 4 } => {
                winograd::tile_row::<S, 4>(simd, &work, target, scratch);
            }
            Method::Winograd { .. } => {
                winograd::tile_row::<S, 6>(simd, &work, target, scratch);
            }
        }
    }
}
