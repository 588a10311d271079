//! Convolution number by number: for small kernels and small layers.

use pulp::Simd;

use super::activation::activate;
use super::packed::{Weights, Work};
use super::target::Target;
use super::tile::{self, COLOURS, Sums};
use super::{CHANNELS, MOST_LANES, winograd};
use crate::neural::Layer;

/// Numbers of a tile, at most.
const TILE: usize = CHANNELS * 4 * MOST_LANES;

/// The weights of a layer as `[tile][ky][input][kx]`.
pub(super) fn pack(layer: &Layer) -> Vec<Weights> {
    let (kernel, inputs, convolved) = (layer.kernel, layer.inputs, layer.convolved());
    let mut packed = Vec::with_capacity(convolved.div_ceil(CHANNELS) * kernel * inputs * kernel);
    for tile in 0..convolved.div_ceil(CHANNELS) {
        for ky in 0..kernel {
            for input in 0..inputs {
                for kx in 0..kernel {
                    packed.push(std::array::from_fn(|k| {
                        let channel = tile * CHANNELS + k;
                        let at = ((channel * inputs + input) * kernel + ky) * kernel + kx;
                        if channel < convolved {
                            layer.weights[at]
                        } else {
                            0.0
                        }
                    }));
                }
            }
        }
    }
    packed
}

/// A row of a convolution.
#[inline(always)]
pub(super) fn row<S: Simd>(
    simd: S,
    work: &Work,
    target: &mut Target,
    scratch: &mut winograd::Scratch,
) {
    let (convolution, rows) = (work.convolution, work.rows);
    let layout = rows.layout;
    let half = (convolution.kernel / 2) as isize;
    let near: Vec<Option<&[f32]>> = (-half..=half)
        .map(|k| rows.get(work.y as isize + k))
        .collect();
    let vectors = layout.columns().div_ceil(S::F32_LANES);
    let most = tile::most_vectors::<S>();
    scratch.out.grow(TILE);
    for phase in 0..layout.phases {
        let taps: Vec<usize> = (-half..=half)
            .map(|k| layout.place(phase as isize + k))
            .collect();
        let mut first = 0;
        while first < vectors {
            let count = (vectors - first).min(most);
            let block = Block {
                near: &near,
                taps: &taps,
                line: layout.line(),
                column: first * S::F32_LANES,
                phase,
                phases: layout.phases,
            };
            match count {
                1 => block.run::<S, 1>(simd, work, target, &mut scratch.out),
                2 => block.run::<S, 2>(simd, work, target, &mut scratch.out),
                3 => block.run::<S, 3>(simd, work, target, &mut scratch.out),
                _ => block.run::<S, 4>(simd, work, target, &mut scratch.out),
            }
            first += count;
        }
    }
}

/// A few vectors of a row, of all channels.
struct Block<'a> {
    /// The rows that the kernel reaches.
    near: &'a [Option<&'a [f32]>],
    /// Where column 0 of each tap lies in a channel's line.
    taps: &'a [usize],
    line: usize,
    column: usize,
    phase: usize,
    phases: usize,
}

impl Block<'_> {
    #[inline(always)]
    fn run<S: Simd, const N: usize>(
        &self,
        simd: S,
        work: &Work,
        target: &mut Target,
        out: &mut [f32],
    ) {
        let convolution = work.convolution;
        let kernel = convolution.kernel;
        let length = N * S::F32_LANES;
        let runs = target.runs(self.phase..self.phase + 1, self.phases, self.column, length);
        let each = kernel * convolution.inputs * kernel;
        let tiles = convolution.weights.chunks_exact(each);
        for (number, (weights, bias)) in tiles.zip(&convolution.bias).enumerate() {
            if work.cancel.is_cancelled() {
                return;
            }
            let (out, _) = S::as_mut_simd_f32s(out);
            let out = &mut out[..CHANNELS * N];
            if convolution.convolved <= COLOURS {
                let sums = self.sums::<S, N, COLOURS>(simd, weights, convolution.inputs, bias);
                out[..COLOURS * N].copy_from_slice(sums.as_flattened());
            } else {
                let sums = self.sums::<S, N, CHANNELS>(simd, weights, convolution.inputs, bias);
                out.copy_from_slice(sums.as_flattened());
            }
            activate(simd, convolution.activation, out);
            let numbers: &[f32] = pulp::bytemuck::cast_slice(out);
            for (k, line) in numbers.chunks_exact(N * S::F32_LANES).enumerate() {
                let channel = number * CHANNELS + k;
                if channel < convolution.convolved {
                    target.put(line, &runs, target.channel(channel), 0);
                }
            }
        }
    }

    #[inline(always)]
    fn sums<S: Simd, const N: usize, const C: usize>(
        &self,
        simd: S,
        weights: &[Weights],
        inputs: usize,
        bias: &Weights,
    ) -> Sums<S, N, C> {
        let mut sums = tile::start::<S, N, C>(simd, bias);
        let of_row = weights.chunks_exact(inputs * self.taps.len());
        for (row, weights) in self.near.iter().zip(of_row) {
            let Some(row) = row else { continue };
            let of_input = weights.chunks_exact(self.taps.len());
            for (line, weights) in row.chunks_exact(self.line).zip(of_input) {
                for (tap, weights) in self.taps.iter().zip(weights) {
                    let numbers = line.get(tap + self.column..).unwrap_or_default();
                    if let Some(vectors) = tile::vectors::<S, N>(numbers) {
                        tile::add(simd, &mut sums, vectors, weights);
                    }
                }
            }
        }
        sums
    }
}
