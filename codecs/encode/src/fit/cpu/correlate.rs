//! The gradient of a convolution's weights: every output's gradient with every input, at every tap.
//!
//! A register tile holds the sums of some output channels at the taps of one row of a kernel, a vector of partial sums
//! each, over neighbouring columns. All numbers are added in one order, however many threads there are.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use zoetrope_codecs::neural::LayerShape;

use super::map::{LEAD, Map};

/// Numbers of the gradients that stay in the first cache while all inputs meet them.
const BLOCK: usize = 4096;
/// The most numbers of a vector on any processor.
const MOST_LANES: usize = 16;
/// Output channels of a network's last layer.
const COLOURS: usize = 3;
/// Multiplications of a task, about: a tenth of a millisecond.
const TASK_MACS: usize = 4 << 20;

/// Some weights of one layer.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) layer: usize,
    outputs: Range<usize>,
    inputs: Range<usize>,
    kernel: usize,
    /// Outputs of a register tile.
    tile: usize,
    /// `[output][input][ky][kx]` of these outputs and inputs.
    gradient: Vec<f32>,
    /// Of these outputs; empty where another task has it.
    bias: Vec<f32>,
    /// Partial sums, `[input][ky][output][kx]` vectors.
    lanes: Vec<f32>,
}

/// Output channels of a register tile; no more than there are, of which three are common.
fn tile_of(arch: Arch, kernel: usize, outputs: usize) -> usize {
    struct Registers;
    impl WithSimd for Registers {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::REGISTER_COUNT
        }
    }
    let most = tile(arch.dispatch(Registers), kernel);
    if outputs <= COLOURS {
        most.min(COLOURS)
    } else {
        most
    }
}

/// As many as their sums at the taps of a row leave registers for what is loaded.
const fn tile(registers: usize, kernel: usize) -> usize {
    match (registers >= 32, kernel) {
        (true, 1 | 3) => 8,
        (true, _) | (false, 1 | 3) => 4,
        (false, _) => 2,
    }
}

/// The tasks of a layer whose input has this size.
pub(super) fn tasks(
    arch: Arch,
    index: usize,
    layer: &LayerShape,
    [height, width]: [usize; 2],
) -> Vec<Task> {
    let tile = tile_of(arch, layer.kernel, layer.convolved());
    let taps = layer.kernel * layer.kernel;
    let macs = (height * width * taps * tile).max(1);
    let group = (TASK_MACS / macs).clamp(1, layer.inputs);
    let mut tasks = Vec::new();
    for first in (0..layer.convolved()).step_by(tile) {
        let outputs = first..(first + tile).min(layer.convolved());
        for input in (0..layer.inputs).step_by(group) {
            let inputs = input..(input + group).min(layer.inputs);
            let kernels = inputs.len() * layer.kernel;
            let bias = if input == 0 { outputs.len() } else { 0 };
            tasks.push(Task {
                layer: index,
                gradient: vec![0.0; outputs.len() * inputs.len() * taps],
                bias: vec![0.0; bias],
                lanes: vec![0.0; kernels * tile * layer.kernel * MOST_LANES],
                outputs: outputs.clone(),
                inputs,
                kernel: layer.kernel,
                tile,
            });
        }
    }
    tasks
}

impl Task {
    /// Sums over all frames: pairs of a layer's input and of its convolution's gradient.
    pub(super) fn run<'a>(
        &mut self,
        arch: Arch,
        frames: impl Iterator<Item = (&'a Map, &'a Map)> + Clone,
    ) {
        self.lanes.fill(0.0);
        self.bias.fill(0.0);
        for (input, slopes) in frames {
            arch.dispatch(Frame {
                task: self,
                input,
                slopes,
            });
        }
        arch.dispatch(Collect { task: self });
    }

    /// Puts the result in its place among the layer's.
    pub(super) fn put(&self, weights: &mut [f32], bias: &mut [f32], inputs: usize) {
        let taps = self.kernel * self.kernel;
        let each = self.inputs.len() * taps;
        for (output, gradient) in self.outputs.clone().zip(self.gradient.chunks_exact(each)) {
            let from = (output * inputs + self.inputs.start) * taps;
            weights[from..from + each].copy_from_slice(gradient);
        }
        if !self.bias.is_empty() {
            bias[self.outputs.clone()].copy_from_slice(&self.bias);
        }
    }
}

struct Frame<'a> {
    task: &'a mut Task,
    input: &'a Map,
    slopes: &'a Map,
}

impl WithSimd for Frame<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match (self.task.tile, self.task.kernel) {
            (8, 1) => self.run::<S, 8, 1>(simd),
            (8, _) => self.run::<S, 8, 3>(simd),
            (4, 1) => self.run::<S, 4, 1>(simd),
            (4, 3) => self.run::<S, 4, 3>(simd),
            (4, _) => self.run::<S, 4, 5>(simd),
            (COLOURS, 1) => self.run::<S, COLOURS, 1>(simd),
            (COLOURS, 3) => self.run::<S, COLOURS, 3>(simd),
            (COLOURS, _) => self.run::<S, COLOURS, 5>(simd),
            _ => self.run::<S, 2, 5>(simd),
        }
    }
}

impl Frame<'_> {
    #[inline(always)]
    fn run<S: Simd, const C: usize, const K: usize>(self, simd: S) {
        let Self {
            task,
            input,
            slopes,
        } = self;
        let (height, width) = (slopes.height, slopes.width);
        let vectors = width.div_ceil(S::F32_LANES);
        let block = (BLOCK / (C * vectors * S::F32_LANES)).clamp(1, height.max(1));
        let half = (K / 2) as isize;
        let last = task.outputs.end - 1;
        // A tile that is not full has its last channel several times.
        let starts: [usize; C] =
            std::array::from_fn(|c| (task.outputs.start + c).min(last) * slopes.pitch() + LEAD);
        for first in (0..height).step_by(block) {
            let rows = first..(first + block).min(height);
            let (lanes, _) = S::as_mut_simd_f32s(&mut task.lanes);
            let (lanes, _) = lanes.as_chunks_mut::<K>();
            let (lanes, _) = lanes.as_chunks_mut::<C>();
            let kernels = task
                .inputs
                .clone()
                .flat_map(|i| (0..K).map(move |ky| (i, ky)));
            for (sums, (channel, ky)) in lanes.iter_mut().zip(kernels) {
                let from = channel * input.pitch() + LEAD - K / 2;
                let mut new = *sums;
                for y in rows.clone() {
                    let slopes = slopes.row(y as isize);
                    let input = &input.row((y + ky) as isize - half)[from..];
                    new = add_row::<S, C, K>(simd, new, vectors, (slopes, &starts), input);
                }
                *sums = new;
            }
            if !task.bias.is_empty() {
                for (bias, start) in task.bias.iter_mut().zip(&starts) {
                    for y in rows.clone() {
                        let line = &slopes.row(y as isize)[*start..];
                        let (line, _) = S::as_simd_f32s(line);
                        let mut sum = simd.splat_f32s(0.0);
                        for vector in &line[..vectors] {
                            sum = simd.add_f32s(sum, *vector);
                        }
                        *bias += simd.reduce_sum_f32s(sum);
                    }
                }
            }
        }
    }
}

/// Adds a row. Beyond the width the gradients are zeros. Sums go by value, which keeps them in registers.
#[inline(always)]
fn add_row<S: Simd, const C: usize, const K: usize>(
    simd: S,
    mut sums: [[S::f32s; K]; C],
    vectors: usize,
    (slopes, starts): (&[f32], &[usize; C]),
    input: &[f32],
) -> [[S::f32s; K]; C] {
    let numbers = vectors * S::F32_LANES;
    let slopes: [&[S::f32s]; C] =
        std::array::from_fn(|c| S::as_simd_f32s(&slopes[starts[c]..starts[c] + numbers]).0);
    let inputs: [&[S::f32s]; K] =
        std::array::from_fn(|kx| S::as_simd_f32s(&input[kx..kx + numbers]).0);
    for v in 0..vectors {
        let mut near = [simd.splat_f32s(0.0); K];
        for (near, line) in near.iter_mut().zip(&inputs) {
            *near = line[v];
        }
        for (sums, line) in sums.iter_mut().zip(&slopes) {
            let slope = line[v];
            for (sum, near) in sums.iter_mut().zip(&near) {
                *sum = simd.mul_add_f32s(slope, *near, *sum);
            }
        }
    }
    sums
}

struct Collect<'a> {
    task: &'a mut Task,
}

impl WithSimd for Collect<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let task = self.task;
        let kernel = task.kernel;
        let (tile, inputs) = (task.tile, task.inputs.len());
        let (lanes, _) = S::as_simd_f32s(&task.lanes);
        let kernels = lanes.chunks_exact(tile * kernel).take(inputs * kernel);
        for (index, sums) in kernels.enumerate() {
            let (input, ky) = (index / kernel, index % kernel);
            for output in 0..task.outputs.len() {
                for kx in 0..kernel {
                    let at = ((output * inputs + input) * kernel + ky) * kernel + kx;
                    task.gradient[at] = simd.reduce_sum_f32s(sums[output * kernel + kx]);
                }
            }
        }
    }
}
