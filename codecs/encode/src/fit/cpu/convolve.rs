//! The convolution, forward and, with its kernels turned round, back to its inputs' gradient.
//!
//! A register tile holds some output channels of neighbouring vectors; each input is loaded once for all of them.

use pulp::{Arch, Simd, WithSimd};
use zoetrope_codecs::neural::LayerShape;

use super::map::{LEAD, Map, columns};

/// Output channels of a tile.
const TILE: usize = 6;
/// Output channels of a tile where there are no more: red, green and blue.
const COLOURS: usize = 3;

/// Weights in the order of their use.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    tile: usize,
    outputs: usize,
    inputs: usize,
    kernel: usize,
    /// `[tile][ky][input][kx][channel of the tile]`; zeros where the last tile is not full.
    weights: Vec<f32>,
    /// `[tile][channel of the tile]`.
    bias: Vec<f32>,
}

impl Packed {
    /// Room for the layer itself.
    pub(super) fn forward(layer: &LayerShape) -> Self {
        Self::new(layer.inputs, layer.convolved(), layer.kernel)
    }

    /// Room for its transpose, which has no bias.
    pub(super) fn backward(layer: &LayerShape) -> Self {
        Self::new(layer.convolved(), layer.inputs, layer.kernel)
    }

    fn new(inputs: usize, outputs: usize, kernel: usize) -> Self {
        let tile = if outputs <= COLOURS { COLOURS } else { TILE };
        let rounded = outputs.next_multiple_of(tile);
        Self {
            tile,
            outputs,
            inputs,
            kernel,
            weights: vec![0.0; rounded * inputs * kernel * kernel],
            bias: vec![0.0; rounded],
        }
    }

    /// Takes `[output][input][ky][kx]`.
    pub(super) fn set(&mut self, weights: &[f32], bias: &[f32]) {
        let taps = self.kernel * self.kernel;
        for (index, kernel) in weights.chunks_exact(taps).enumerate() {
            let (output, input) = (index / self.inputs, index % self.inputs);
            for (tap, weight) in kernel.iter().enumerate() {
                let at = self.place(output, input, tap);
                self.weights[at] = *weight;
            }
        }
        self.bias[..bias.len()].copy_from_slice(bias);
    }

    /// Takes `[input][output][ky][kx]` of the layer whose transpose this is.
    pub(super) fn set_transposed(&mut self, weights: &[f32]) {
        let taps = self.kernel * self.kernel;
        for (index, kernel) in weights.chunks_exact(taps).enumerate() {
            let (input, output) = (index / self.outputs, index % self.outputs);
            for (tap, weight) in kernel.iter().rev().enumerate() {
                let at = self.place(output, input, tap);
                self.weights[at] = *weight;
            }
        }
    }

    fn place(&self, output: usize, input: usize, tap: usize) -> usize {
        let (ky, kx) = (tap / self.kernel, tap % self.kernel);
        let row = (output / self.tile * self.kernel + ky) * self.inputs + input;
        (row * self.kernel + kx) * self.tile + output % self.tile
    }

    /// Numbers that [`Self::row`] writes for an input of this width.
    pub(super) fn lines_len(&self, width: usize) -> usize {
        self.bias.len() * columns(width)
    }

    /// Row `y` of the result: a line of [`columns`] numbers for each output channel.
    pub(super) fn row(&self, arch: Arch, input: &Map, y: usize, lines: &mut [f32]) {
        arch.dispatch(Row {
            packed: self,
            input,
            y,
            lines,
        });
    }
}

struct Row<'a> {
    packed: &'a Packed,
    input: &'a Map,
    y: usize,
    lines: &'a mut [f32],
}

impl WithSimd for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match (self.packed.tile, self.packed.kernel) {
            (COLOURS, 1) => self.run::<S, COLOURS, 1>(simd),
            (COLOURS, 3) => self.run::<S, COLOURS, 3>(simd),
            (COLOURS, _) => self.run::<S, COLOURS, 5>(simd),
            (_, 1) => self.run::<S, TILE, 1>(simd),
            (_, 3) => self.run::<S, TILE, 3>(simd),
            _ => self.run::<S, TILE, 5>(simd),
        }
    }
}

impl Row<'_> {
    #[inline(always)]
    fn run<S: Simd, const C: usize, const K: usize>(self, simd: S) {
        let Self {
            packed,
            input,
            y,
            lines,
        } = self;
        let half = K / 2;
        let rows = input.rows(y as isize - half as isize, K);
        let (row, pitch) = (input.row_len(), input.pitch());
        let columns = columns(input.width);
        let vectors = input.width.div_ceil(S::F32_LANES);
        let most = if S::REGISTER_COUNT >= 32 { 4 } else { 2 };
        let blocks = vectors.div_ceil(most);
        let weights = packed.weights.chunks_exact(packed.inputs * K * K * C);
        let tiles = weights.zip(packed.bias.as_chunks::<C>().0);
        for ((weights, bias), lines) in tiles.zip(lines.chunks_exact_mut(C * columns)) {
            for block in 0..blocks {
                let (first, end) = (block * vectors / blocks, (block + 1) * vectors / blocks);
                let tile = Tile {
                    weights,
                    bias,
                    rows,
                    row,
                    pitch,
                    columns,
                    at: first * S::F32_LANES,
                };
                match end - first {
                    1 => tile.run::<S, K, 1>(simd, lines),
                    2 => tile.run::<S, K, 2>(simd, lines),
                    3 => tile.run::<S, K, 3>(simd, lines),
                    _ => tile.run::<S, K, 4>(simd, lines),
                }
            }
        }
    }
}

struct Tile<'a, const C: usize> {
    weights: &'a [f32],
    bias: &'a [f32; C],
    rows: &'a [f32],
    row: usize,
    pitch: usize,
    columns: usize,
    /// First column.
    at: usize,
}

impl<const C: usize> Tile<'_, C> {
    #[inline(always)]
    fn run<S: Simd, const K: usize, const N: usize>(&self, simd: S, lines: &mut [f32]) {
        let mut sums = [[simd.splat_f32s(0.0); N]; C];
        for (sums, bias) in sums.iter_mut().zip(self.bias) {
            *sums = [simd.splat_f32s(*bias); N];
        }
        let from = LEAD - K / 2 + self.at;
        let reach = from..from + N * S::F32_LANES + K - 1;
        let (weights, _) = self.weights.as_chunks::<C>();
        let (weights, _) = weights.as_chunks::<K>();
        let inputs = self.row / self.pitch;
        let rows = self.rows.chunks_exact(self.row);
        for (row, weights) in rows.zip(weights.chunks_exact(inputs)) {
            for (line, weights) in row.chunks_exact(self.pitch).zip(weights) {
                sums = add_line::<S, C, K, N>(simd, sums, &line[reach.clone()], weights);
            }
        }
        for (line, sums) in lines.chunks_exact_mut(self.columns).zip(&sums) {
            let (line, _) = S::as_mut_simd_f32s(&mut line[self.at..]);
            for (place, sum) in line.iter_mut().zip(sums) {
                *place = *sum;
            }
        }
    }
}

/// Adds the products of one line. Sums go by value, which keeps them in registers.
#[inline(always)]
fn add_line<S: Simd, const C: usize, const K: usize, const N: usize>(
    simd: S,
    mut sums: [[S::f32s; N]; C],
    line: &[f32],
    weights: &[[f32; C]; K],
) -> [[S::f32s; N]; C] {
    for (kx, weights) in weights.iter().enumerate() {
        let (vectors, _) = S::as_simd_f32s(&line[kx..kx + N * S::F32_LANES]);
        for (sums, weight) in sums.iter_mut().zip(weights) {
            let weight = simd.splat_f32s(*weight);
            for (sum, vector) in sums.iter_mut().zip(vectors) {
                *sum = simd.mul_add_f32s(weight, *vector, *sum);
            }
        }
    }
    sums
}
