//! What the device holds of each layer.

use zoetrope_codecs::neural::{Layer, Network};

use super::plan::Plan;
use super::shape::LayerShape;
use super::{Precision, weights};
use crate::Gpu;
use crate::resources::Resources;

/// A layer's weights and biases as the device has them.
#[derive(Debug)]
pub struct StoredLayer {
    weights: Vec<u8>,
    bias: Vec<u8>,
}

/// The buffers of a layer that stay the same.
#[derive(Debug)]
pub struct LayerBuffers {
    pub weights: wgpu::Buffer,
    pub bias: wgpu::Buffer,
    pub input: wgpu::Buffer,
}

/// The part of the last layer that makes one of the frames of an embedding.
pub fn layer_of_part(layer: &Layer, part: usize) -> Layer {
    let convolved = 3 * layer.shuffle[0] * layer.shuffle[1];
    let numbers = layer.weights.len() / layer.bias.len().max(1) * convolved;
    Layer {
        outputs: 3,
        weights: layer.weights[part * numbers..(part + 1) * numbers].to_vec(),
        bias: layer.bias[part * convolved..(part + 1) * convolved].to_vec(),
        ..*layer
    }
}

impl StoredLayer {
    pub fn of(layer: &Layer, shape: &LayerShape) -> Self {
        let stored = |precision, numbers: &[f32]| {
            let mut bytes = Vec::new();
            weights::stored(precision, numbers, &mut bytes);
            // Copies are whole words.
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            bytes
        };
        Self {
            weights: stored(shape.precision, &weights::pack_weights(layer, shape)),
            bias: stored(Precision::F32, &weights::pack_bias(layer, shape)),
        }
    }

    pub fn write(&self, gpu: &Gpu, buffers: &LayerBuffers) {
        gpu.queue.write_buffer(&buffers.weights, 0, &self.weights);
        gpu.queue.write_buffer(&buffers.bias, 0, &self.bias);
    }
}

/// Memory for all layers of a network.
pub fn layer_buffers(
    resources: &mut Resources,
    network: &Network,
    shapes: &[LayerShape],
    plan: &Plan,
) -> Vec<LayerBuffers> {
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
    let last = shapes.len() - 1;
    let layers = network.layers().iter().zip(shapes).zip(&plan.input_bytes);
    layers
        .enumerate()
        .map(|(index, ((layer, shape), input_bytes))| {
            let stored = match index == last {
                true => StoredLayer::of(&layer_of_part(layer, 0), shape),
                false => StoredLayer::of(layer, shape),
            };
            let mut buffer = |label, bytes: u64| resources.buffer(label, bytes, usage);
            LayerBuffers {
                weights: buffer("neural weights", stored.weights.len() as u64),
                bias: buffer("neural bias", stored.bias.len() as u64),
                input: buffer("neural features", *input_bytes),
            }
        })
        .collect()
}
