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

/// All layers of a network as the device has them.
pub struct StoredNetwork {
    /// All but the last.
    pub layers: Vec<StoredLayer>,
    /// The last one of each frame that comes out of an embedding.
    pub parts: Vec<StoredLayer>,
}

/// The buffers of a layer that stay the same.
#[derive(Debug)]
pub struct LayerBuffers {
    pub weights: wgpu::Buffer,
    pub bias: wgpu::Buffer,
    pub input: wgpu::Buffer,
}

impl StoredLayer {
    fn of(layer: &Layer, shape: &LayerShape) -> Self {
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

    /// Brings it to the device.
    pub fn write(&self, gpu: &Gpu, buffers: &LayerBuffers) {
        gpu.queue.write_buffer(&buffers.weights, 0, &self.weights);
        gpu.queue.write_buffer(&buffers.bias, 0, &self.bias);
    }
}

impl StoredNetwork {
    /// Brings a network into the order of its shaders.
    pub fn of(network: &Network, shapes: &[LayerShape]) -> Self {
        let mut layers: Vec<StoredLayer> = Vec::with_capacity(shapes.len());
        let mut parts = Vec::new();
        for (index, (layer, shape)) in network.layers().iter().zip(shapes).enumerate() {
            if index + 1 < shapes.len() {
                layers.push(StoredLayer::of(layer, shape));
            } else {
                let frames = 0..network.frames();
                parts
                    .extend(frames.map(|part| StoredLayer::of(&layer_of_part(layer, part), shape)));
            }
        }
        Self { layers, parts }
    }
}

/// The part of the last layer that makes one of the frames of an embedding.
fn layer_of_part(layer: &Layer, part: usize) -> Layer {
    let convolved = 3 * layer.shuffle[0] * layer.shuffle[1];
    let numbers = layer.weights.len() / layer.bias.len().max(1) * convolved;
    Layer {
        outputs: 3,
        weights: layer.weights[part * numbers..(part + 1) * numbers].to_vec(),
        bias: layer.bias[part * convolved..(part + 1) * convolved].to_vec(),
        ..*layer
    }
}

/// Memory for all layers of a network; the last one's is for any of its parts.
pub fn layer_buffers(
    resources: &mut Resources,
    network: &StoredNetwork,
    plan: &Plan,
) -> Vec<LayerBuffers> {
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
    let mut buffer = |label, bytes: u64| resources.buffer(label, bytes, usage);
    let layers = network.layers.iter().chain(network.parts.first());
    layers
        .zip(&plan.input_bytes)
        .map(|(layer, input_bytes)| LayerBuffers {
            weights: buffer("neural weights", layer.weights.len() as u64),
            bias: buffer("neural bias", layer.bias.len() as u64),
            input: buffer("neural features", *input_bytes),
        })
        .collect()
}
