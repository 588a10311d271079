//! Weights, biases and embeddings in the order in which shaders read them.

use half::f16;
use zoetrope_codecs::neural::Layer;

use super::plan::Map;
use super::shape::LayerShape;
use super::{Kernel, Precision};

/// Numbers as they are stored. Half floats end at 65504, and a number above becomes that.
pub fn stored(precision: Precision, numbers: &[f32], bytes: &mut Vec<u8>) {
    bytes.clear();
    match precision {
        Precision::F32 => bytes.extend_from_slice(bytemuck::cast_slice(numbers)),
        Precision::F16 => {
            let limit = f32::from(f16::MAX);
            for number in numbers {
                let half = f16::from_f32(number.clamp(-limit, limit));
                bytes.extend_from_slice(&half.to_ne_bytes());
            }
        }
    }
}

/// Weights: `[block][group of inputs][ky][kx][input of the group][slot of the block][4 outputs]`, zero
/// where there is no such channel; for the naive kernel as the network has them.
pub fn pack_weights(layer: &Layer, shape: &LayerShape) -> Vec<f32> {
    if shape.kernel == Kernel::Naive {
        return layer.weights.clone();
    }
    let (taps, inputs) = (layer.kernel * layer.kernel, layer.inputs);
    let (block, groups) = (shape.block as usize, shape.staged_groups() as usize);
    let group_numbers = taps * 4 * block * 4;
    // All lanes load, if only some of them weights.
    let beyond = 4 * shape.lanes() as usize;
    let mut packed = vec![0.0; shape.blocks() as usize * groups * group_numbers + beyond];
    for slot in 0..shape.slots() {
        let block_start = slot as usize / block * groups * group_numbers;
        for c in 0..4 {
            let Some(channel) = convolved_channel(layer, shape, slot, c) else {
                continue;
            };
            for input in 0..inputs {
                let of_input = &layer.weights[(channel * inputs + input) * taps..][..taps];
                let start = block_start + input / 4 * group_numbers;
                for (tap, weight) in of_input.iter().enumerate() {
                    let place = ((tap * 4 + input % 4) * block + slot as usize % block) * 4;
                    packed[start + place + c] = *weight;
                }
            }
        }
    }
    packed
}

/// Biases: `[slot][4 outputs]`, as many slots as the blocks hold; for the naive kernel as the network
/// has them.
pub fn pack_bias(layer: &Layer, shape: &LayerShape) -> Vec<f32> {
    if shape.kernel == Kernel::Naive {
        return layer.bias.clone();
    }
    let mut packed = vec![0.0; (shape.blocks() * shape.block) as usize * 4];
    for slot in 0..shape.slots() {
        for c in 0..4 {
            if let Some(channel) = convolved_channel(layer, shape, slot, c) {
                packed[slot as usize * 4 + c] = layer.bias[channel];
            }
        }
    }
    packed
}

/// The convolution's channel that is number `c` of a slot; `None` where the slot has none.
fn convolved_channel(layer: &Layer, shape: &LayerShape, slot: u32, c: usize) -> Option<usize> {
    let [group, dy, dx] = shape.slot_of(slot).map(|part| part as usize);
    let output = group * 4 + c;
    let [sy, sx] = layer.shuffle;
    (output < layer.outputs).then_some((output * sy + dy) * sx + dx)
}

/// An embedding (channels, rows, columns) into a map with borders, which are zero already.
pub fn pack_embedding(embedding: &[f32], size: [usize; 2], map: &Map, packed: &mut [f32]) {
    let [height, width] = size;
    for (channel, plane) in embedding.chunks_exact(height * width).enumerate() {
        for (row, numbers) in plane.chunks_exact(width).enumerate() {
            for (column, number) in numbers.iter().enumerate() {
                packed[map.index(channel, row, column)] = *number;
            }
        }
    }
}
