//! Convolution by Winograd's minimal filtering: the tiles of a row of tiles go to 64 points, at each of which a
//! product of matrices over the input channels remains.

use pulp::Simd;

use super::CHANNELS;
use super::activation::activate;
use super::buffer::Buffer;
use super::map::Layout;
use super::packed::{Weights, Work};
use super::target::Target;
use super::tile;
use super::transform::{self, POINTS, from_points, to_points};
use crate::neural::Layer;

/// All points of a tile.
const ALL: usize = POINTS * POINTS;

/// Memory of one task.
#[derive(Default)]
pub(super) struct Scratch {
    /// Rows of one channel at the points of their columns: `[point][phase][column]`.
    lines: Buffer,
    /// Inputs at the points: `[point][input][vector]`.
    inputs: Buffer,
    /// Sums at the points of one tile of channels: `[point][channel][vector]`.
    sums: Buffer,
    /// Lines that are finished but for their place.
    pub(super) out: Buffer,
    /// A row of zeros.
    zeros: Buffer,
}

/// The weights of a layer at the points, `[tile][point][input]`.
pub(super) fn pack(layer: &Layer) -> Vec<Weights> {
    let (inputs, convolved) = (layer.inputs, layer.convolved());
    let taps = layer.kernel * layer.kernel;
    let tiles = convolved.div_ceil(CHANNELS);
    let mut packed = vec![[0.0; CHANNELS]; tiles * ALL * inputs];
    for (index, kernel) in layer.weights.chunks_exact(taps).enumerate() {
        let (channel, input) = (index / inputs, index % inputs);
        let points = transform::kernel(kernel, layer.kernel);
        for (point, value) in points.as_flattened().iter().enumerate() {
            let at = ((channel / CHANNELS) * ALL + point) * inputs + input;
            packed[at][channel % CHANNELS] = *value as f32;
        }
    }
    packed
}

/// Vectors between two points of the inputs: an odd number, so that the points do not fall on the
/// same few places of a cache.
fn stride(inputs: usize, vectors: usize) -> usize {
    (inputs * vectors) | 1
}

/// The rows of a convolution that a row of tiles covers.
#[inline(always)]
pub(super) fn tile_row<S: Simd, const M: usize>(
    simd: S,
    work: &Work,
    target: &mut Target,
    scratch: &mut Scratch,
) {
    let (convolution, rows) = (work.convolution, work.rows);
    let (layout, lanes) = (rows.layout, S::F32_LANES);
    let most = tile::most_vectors::<S>();
    let inputs = convolution.inputs;
    let Scratch {
        lines,
        inputs: at_points,
        sums,
        out,
        zeros,
    } = scratch;
    lines.grow(POINTS * M * (most + 4) * lanes);
    at_points.grow(ALL * stride(inputs, most) * lanes);
    sums.grow(ALL * CHANNELS * most * lanes);
    out.grow(M * M * most * lanes);
    zeros.grow(layout.row());
    let zeros = &zeros[..layout.row()];
    let half = (convolution.kernel / 2) as isize;
    let near: [&[f32]; POINTS] = std::array::from_fn(|k| {
        rows.get(work.y as isize - half + k as isize)
            .unwrap_or(zeros)
    });
    let vectors = layout.columns().div_ceil(lanes);
    let blocks = vectors.div_ceil(most);
    for block in 0..blocks {
        let (first, end) = (block * vectors / blocks, (block + 1) * vectors / blocks);
        let (column, count) = (first * lanes, end - first);
        let runs = target.runs(0..M, M, column, count * lanes);
        let wide = runs.len() / M;
        bring_in::<S, M>(simd, &near, layout, half, column, count, lines, at_points);
        let each = ALL * inputs;
        let tiles = convolution
            .weights
            .chunks_exact(each)
            .zip(&convolution.bias);
        for (number, (weights, bias)) in tiles.enumerate() {
            if work.cancel.is_cancelled() {
                return;
            }
            match count {
                1 => multiply::<S, 1>(simd, inputs, weights, at_points, sums),
                2 => multiply::<S, 2>(simd, inputs, weights, at_points, sums),
                3 => multiply::<S, 3>(simd, inputs, weights, at_points, sums),
                _ => multiply::<S, 4>(simd, inputs, weights, at_points, sums),
            }
            for (k, bias) in bias.iter().enumerate() {
                let channel = number * CHANNELS + k;
                if channel >= convolution.convolved {
                    break;
                }
                bring_out::<S, M>(simd, sums, k, count, *bias, out);
                let (out, _) = S::as_mut_simd_f32s(out);
                let out = &mut out[..M * M * count];
                activate(simd, convolution.activation, out);
                let out: &[f32] = pulp::bytemuck::cast_slice(out);
                let place = target.channel(channel);
                for (pixel, line) in out.chunks_exact(count * lanes).enumerate() {
                    let runs = &runs[pixel % M * wide..];
                    target.put(line, runs, place, pixel / M);
                }
            }
        }
    }
}

/// Brings the tiles from `column` on to the points, `count` vectors of them, for all channels.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn bring_in<S: Simd, const M: usize>(
    simd: S,
    near: &[&[f32]; POINTS],
    layout: &Layout,
    half: isize,
    column: usize,
    count: usize,
    lines: &mut [f32],
    at_points: &mut [f32],
) {
    let lanes = S::F32_LANES;
    // Phase and column of each of a tile's columns, the latter counted from the leftmost of all.
    let left = (-half).div_euclid(M as isize);
    let places: [(usize, usize); POINTS] = std::array::from_fn(|k| {
        let x = k as isize - half;
        let from_left = x.div_euclid(M as isize) - left;
        (x.rem_euclid(M as isize) as usize, from_left as usize)
    });
    let reach = places.iter().map(|place| place.1).max().unwrap_or(0);
    let long = (count * lanes + reach).div_ceil(lanes);
    let start = (layout.lead + column).saturating_add_signed(left);
    let step = stride(near[0].len() / layout.line(), count);
    for (channel, first) in (0..near[0].len()).step_by(layout.line()).enumerate() {
        let (vectors, _) = S::as_mut_simd_f32s(lines);
        for phase in 0..M {
            let from = first + phase * layout.pitch + start;
            let columns: [&[S::f32s]; POINTS] =
                std::array::from_fn(|k| S::as_simd_f32s(&near[k][from..from + long * lanes]).0);
            for v in 0..long {
                let down = to_points(simd, std::array::from_fn(|k| columns[k][v]));
                for (point, value) in down.into_iter().enumerate() {
                    vectors[(point * M + phase) * long + v] = value;
                }
            }
        }
        let (points, _) = S::as_mut_simd_f32s(at_points);
        for row in 0..POINTS {
            let across: [&[S::f32s]; POINTS] = std::array::from_fn(|k| {
                let (phase, column) = places[k];
                let from = (row * M + phase) * long * lanes + column;
                S::as_simd_f32s(&lines[from..from + count * lanes]).0
            });
            for v in 0..count {
                let values = to_points(simd, std::array::from_fn(|k| across[k][v]));
                for (k, value) in values.into_iter().enumerate() {
                    points[(row * POINTS + k) * step + channel * count + v] = value;
                }
            }
        }
    }
}

/// The product at every point, for one tile of channels.
#[inline(always)]
fn multiply<S: Simd, const N: usize>(
    simd: S,
    inputs: usize,
    weights: &[Weights],
    at_points: &[f32],
    sums: &mut [f32],
) {
    let (vectors, _) = S::as_simd_f32s(at_points);
    let (sums, _) = S::as_mut_simd_f32s(sums);
    let points = vectors.chunks_exact(stride(inputs, N));
    let weights = weights.chunks_exact(inputs);
    for ((out, vectors), weights) in sums.chunks_exact_mut(CHANNELS * N).zip(points).zip(weights) {
        let mut sums = tile::start::<S, N, CHANNELS>(simd, &[0.0; CHANNELS]);
        let (vectors, _) = vectors.as_chunks::<N>();
        for (vectors, weights) in vectors.iter().zip(weights) {
            tile::add(simd, &mut sums, vectors, weights);
        }
        out.copy_from_slice(sums.as_flattened());
    }
}

/// Brings the sums of a channel back from the points: `M * M` pixels of each tile.
#[inline(always)]
fn bring_out<S: Simd, const M: usize>(
    simd: S,
    sums: &[f32],
    channel: usize,
    count: usize,
    bias: f32,
    out: &mut [f32],
) {
    let (sums, _) = S::as_simd_f32s(sums);
    let (out, _) = S::as_mut_simd_f32s(out);
    let bias = simd.splat_f32s(bias);
    let step = CHANNELS * count;
    let sums = &sums[channel * count..(ALL - 1) * step + (channel + 1) * count];
    for v in 0..count {
        let mut half = [[simd.splat_f32s(0.0); POINTS]; M];
        for column in 0..POINTS {
            let down = std::array::from_fn(|row| sums[(row * POINTS + column) * step + v]);
            let down: [S::f32s; M] = from_points(simd, down);
            for (half, value) in half.iter_mut().zip(down) {
                half[column] = value;
            }
        }
        for (row, half) in half.into_iter().enumerate() {
            let across: [S::f32s; M] = from_points(simd, half);
            for (column, value) in across.into_iter().enumerate() {
                out[(row * M + column) * count + v] = simd.add_f32s(value, bias);
            }
        }
    }
}
