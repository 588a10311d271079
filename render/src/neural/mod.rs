//! Neural video: the network of a frame, evaluated on the GPU.
//!
//! A layer is one dispatch: convolution, pixel shuffle and activation at once, by a shader that is made for
//! its shape. The last one draws the picture, which stays a texture; nothing is read back. Feature maps lie in
//! groups of four channels with borders of zeros, so that no shader asks where the picture ends, and the
//! shuffle costs nothing: an invocation computes channels of one place of it and stores them there.
//!
//! Networks are those of HNeRV (Chen et al., CVPR 2023) and NeRV (Chen et al., NeurIPS 2021). The yardstick
//! is [`crate::cpu::neural`].

mod ceiling;
mod plan;
mod self_test;
mod shape;
mod weights;

use std::collections::HashMap;

use zoetrope_codecs::neural::Network;

pub use self::ceiling::FmaCeiling;
pub use self::self_test::{Deviation, self_test};

use self::plan::{LayerParameters, Plan};
use self::shape::LayerShape;
use crate::read_back::read_texture;
use crate::resources::Resources;
use crate::{Error, Gpu, Picture, Result, Tier};

/// The structs that shaders read, for the test of their layout.
#[cfg(test)]
pub(crate) mod layouts {
    pub use super::ceiling::CeilingParameters;
    pub use super::plan::LayerParameters;
}

/// Shaders in all their forms, for the tests of shaders.
#[cfg(test)]
pub(crate) fn sources_for_tests() -> Vec<(&'static str, String)> {
    let mut sources = vec![("neural/ceiling", ceiling::source())];
    sources.extend(shape::sources_for_tests());
    sources
}

/// How numbers are stored. Sums are always kept in f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Feature maps and weights in f32.
    F32,
    /// Feature maps and weights in f16, which takes half the memory and its traffic, and is 83 dB from f32 in
    /// HNeRV's networks.
    F16,
}

impl Precision {
    /// What suits a device: half floats where they are and save traffic that counts.
    pub fn of(gpu: &Gpu) -> Self {
        match gpu.capabilities.tier {
            Tier::Gpu if gpu.capabilities.half_floats => Self::F16,
            Tier::Gpu | Tier::Cpu => Self::F32,
        }
    }

    fn number_bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }
}

/// How a layer is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kernel {
    /// One invocation for each number, plain loops: what the others are measured against.
    Naive,
    /// Vectors of pixels, no shared memory: for software Vulkan whose subgroups have this many invocations,
    /// always the same number.
    Lanes(u32),
    /// Tiles in shared memory: for GPUs.
    Tile,
}

impl Kernel {
    /// The one that suits a device.
    pub fn of(gpu: &Gpu) -> Self {
        match (gpu.capabilities.tier, gpu.capabilities.subgroup_size) {
            (Tier::Cpu, Some(lanes @ (4 | 8 | 16))) => Self::Lanes(lanes),
            _ => Self::Tile,
        }
    }
}

/// Feature maps above this many bytes are computed in strips, whatever the device allows: 1080p with 36
/// channels takes 265 MB whole, and a strip costs little more than its halo.
const MAP_BYTES_MAX: u64 = 128 << 20;
/// Largest side of a convolution's kernel whose tile fits shared memory. Published networks have 5 at most.
const KERNEL_MAX: usize = 7;

/// Choices that suit a device unless a test or a comparison makes others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How numbers are stored.
    pub precision: Precision,
    /// How layers are computed.
    pub kernel: Kernel,
    /// Feature maps above this many bytes are computed in strips; the device's limits count as well.
    pub map_bytes_max: u64,
}

impl Options {
    /// What suits a device.
    pub fn of(gpu: &Gpu, precision: Precision) -> Self {
        Self {
            precision,
            kernel: Kernel::of(gpu),
            map_bytes_max: MAP_BYTES_MAX,
        }
    }
}

/// Evaluates a network into textures of its own: Rgba8Unorm, display-space colour, opaque.
#[derive(Debug)]
pub struct NeuralRenderer {
    resources: Resources,
    options: Options,
    embedding_size: [usize; 3],
    plan: Plan,
    embedding: wgpu::Buffer,
    /// The embedding in the order of its map, as numbers and as stored.
    packed: Vec<f32>,
    stored: Vec<u8>,
    dispatches: Vec<Dispatch>,
    pictures: [wgpu::Texture; 2],
    views: [wgpu::TextureView; 2],
    /// Which picture is the newest.
    newest: usize,
    drawn: bool,
    memory_bytes: u64,
    strips: usize,
}

/// A pass, ready to be encoded.
#[derive(Debug)]
struct Dispatch {
    pipeline: wgpu::ComputePipeline,
    /// For each of the two pictures.
    bindings: [wgpu::BindGroup; 2],
    workgroups: [u32; 3],
}

/// The buffers of a layer that stay the same.
struct LayerBuffers {
    weights: wgpu::Buffer,
    bias: wgpu::Buffer,
    input: wgpu::Buffer,
}

impl NeuralRenderer {
    /// Prepares a network: compiles its shaders and uploads its weights.
    ///
    /// # Errors
    /// [`Error::NoHalfFloats`] where the device cannot store them, [`Error::TooLarge`] for networks that the
    /// device cannot hold, [`Error::OutOfMemory`], [`Error::Device`] and [`Error::Lost`].
    pub fn new(gpu: &Gpu, network: &Network, precision: Precision) -> Result<Self> {
        Self::with_options(gpu, network, Options::of(gpu, precision))
    }

    /// The same with other choices.
    ///
    /// # Errors
    /// Those of [`NeuralRenderer::new`].
    pub fn with_options(gpu: &Gpu, network: &Network, options: Options) -> Result<Self> {
        if options.precision == Precision::F16 && !gpu.capabilities.half_floats {
            return Err(Error::NoHalfFloats {
                adapter: gpu.capabilities.adapter_name.clone(),
            });
        }
        let limits = &gpu.capabilities.limits;
        let bytes_max = limits
            .max_storage_buffer_binding_size
            .min(limits.max_buffer_size);
        let shapes = shapes(network, &options);
        let plan = Plan::new(network, &shapes, bytes_max.min(options.map_bytes_max))?;
        check_limits(gpu, network, &shapes, &plan, bytes_max)?;
        gpu.checked(|| Self::build(gpu, network, options, &shapes, plan))
    }

    fn build(
        gpu: &Gpu,
        network: &Network,
        options: Options,
        shapes: &[LayerShape],
        plan: Plan,
    ) -> Self {
        let mut resources = Resources::new(&gpu.device);
        let buffers = layer_buffers(gpu, &mut resources, network, shapes, &plan);
        let [width, height] = network.picture_size().map(|side| side as u32);
        let pictures = [(); 2].map(|()| {
            resources.texture(
                "neural picture",
                wgpu::Extent3d {
                    width,
                    height,
                    depth_or_array_layers: 1,
                },
                wgpu::TextureFormat::Rgba8Unorm,
                wgpu::TextureUsages::STORAGE_BINDING
                    | wgpu::TextureUsages::TEXTURE_BINDING
                    | wgpu::TextureUsages::COPY_SRC,
            )
        });
        let views = pictures
            .each_ref()
            .map(|picture| picture.create_view(&Default::default()));
        let dispatches = dispatches(gpu, &mut resources, shapes, &plan, &buffers, &views);
        let held = |buffers: &LayerBuffers| {
            buffers.weights.size() + buffers.bias.size() + buffers.input.size()
        };
        let pixels = u64::from(width) * u64::from(height);
        let memory_bytes = buffers.iter().map(held).sum::<u64>() + 2 * 4 * pixels;
        let last = shapes.len() - 1;
        Self {
            resources,
            options,
            embedding_size: network.embedding(),
            embedding: buffers[0].input.clone(),
            packed: vec![0.0; plan.embedding.numbers()],
            stored: Vec::with_capacity(plan.input_bytes[0] as usize),
            dispatches,
            pictures,
            views,
            newest: 0,
            drawn: false,
            memory_bytes,
            strips: plan.passes.iter().filter(|pass| pass.layer == last).count(),
            plan,
        }
    }

    /// Draws the picture of an embedding (channels, rows, columns). The picture of the call before stays as
    /// it is, so that it can still be shown.
    ///
    /// # Errors
    /// [`Error::Frame`] for an embedding that is not the network's, [`Error::Lost`].
    pub fn decode(&mut self, gpu: &Gpu, embedding: &[f32]) -> Result<&wgpu::TextureView> {
        gpu.check()?;
        let [channels, height, width] = self.embedding_size;
        if embedding.len() != channels * height * width {
            return Err(Error::Frame {
                reason: format!(
                    "its network takes {} numbers, and gets {}",
                    channels * height * width,
                    embedding.len()
                ),
            });
        }
        let map = &self.plan.embedding;
        weights::pack_embedding(embedding, [height, width], map, &mut self.packed);
        weights::stored(self.options.precision, &self.packed, &mut self.stored);
        gpu.queue.write_buffer(&self.embedding, 0, &self.stored);
        self.newest = 1 - self.newest;
        let mut encoder = gpu
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: Some("neural video"),
                timestamp_writes: None,
            });
            for dispatch in &self.dispatches {
                let [x, y, z] = dispatch.workgroups;
                pass.set_pipeline(&dispatch.pipeline);
                pass.set_bind_group(0, &dispatch.bindings[self.newest], &[]);
                pass.dispatch_workgroups(x, y, z);
            }
        }
        gpu.queue.submit([encoder.finish()]);
        self.drawn = true;
        Ok(&self.views[self.newest])
    }

    /// The newest picture; `None` before the first.
    pub fn texture(&self) -> Option<&wgpu::Texture> {
        self.drawn.then(|| &self.pictures[self.newest])
    }

    /// Copies the newest picture back; blocks until it is there.
    ///
    /// # Errors
    /// [`Error::NothingDrawn`] before the first, [`Error::Lost`].
    pub fn read_picture(&self, gpu: &Gpu) -> Result<Picture> {
        read_texture(gpu, self.texture().ok_or(Error::NothingDrawn)?)
    }

    /// Textures, buffers and bind groups made so far.
    pub fn resources_created(&self) -> u64 {
        self.resources.created()
    }

    /// Bytes of the device's memory that weights, maps and pictures take.
    pub fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    /// Strips in which the picture is drawn; 1 when all maps are whole.
    pub fn strips(&self) -> usize {
        self.strips
    }
}

/// The shapes of all layers.
fn shapes(network: &Network, options: &Options) -> Vec<LayerShape> {
    let [_, height, width] = network.embedding();
    let mut size = [width as u32, height as u32];
    let last = network.layers().len() - 1;
    let shape = |(index, layer): (usize, &zoetrope_codecs::neural::Layer)| {
        let output = (index == last).then(|| network.output());
        let shape = LayerShape::new(options.kernel, options.precision, layer, output, size);
        size = [size[0] * shape.shuffle[1], size[1] * shape.shuffle[0]];
        shape
    };
    network.layers().iter().enumerate().map(shape).collect()
}

/// Whether the device can hold the network.
fn check_limits(
    gpu: &Gpu,
    network: &Network,
    shapes: &[LayerShape],
    plan: &Plan,
    bytes_max: u64,
) -> Result<()> {
    let limits = &gpu.capabilities.limits;
    let fits = |what, value: u64, limit: u64| match value <= limit {
        true => Ok(()),
        false => Err(Error::TooLarge { what, value, limit }),
    };
    let side = network.picture_size().into_iter().max().unwrap_or(0);
    fits(
        "a picture side",
        side as u64,
        limits.max_texture_dimension_2d.into(),
    )?;
    for (layer, shape) in network.layers().iter().zip(shapes) {
        fits(
            "a convolution kernel",
            layer.kernel as u64,
            KERNEL_MAX as u64,
        )?;
        let numbers = shape.staged_groups() as u64
            * u64::from(shape.packed() * shape.blocks() * shape.block * shape.slot_channels())
            * (layer.kernel * layer.kernel) as u64;
        let bytes = numbers * shape.precision.number_bytes();
        fits("the weights of a layer", bytes, bytes_max)?;
    }
    let most = limits.max_compute_workgroups_per_dimension;
    for pass in &plan.passes {
        for count in pass.workgroups {
            fits("the channels of a layer", count.into(), most.into())?;
        }
    }
    Ok(())
}

fn layer_buffers(
    gpu: &Gpu,
    resources: &mut Resources,
    network: &Network,
    shapes: &[LayerShape],
    plan: &Plan,
) -> Vec<LayerBuffers> {
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
    let mut bytes = Vec::new();
    let mut filled = |resources: &mut Resources, label, precision, numbers: &[f32]| {
        weights::stored(precision, numbers, &mut bytes);
        // Copies are whole words.
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        let buffer = resources.buffer(label, bytes.len() as u64, usage);
        gpu.queue.write_buffer(&buffer, 0, &bytes);
        buffer
    };
    let layers = network.layers().iter().zip(shapes).zip(&plan.input_bytes);
    layers
        .map(|((layer, shape), input_bytes)| {
            let weights = weights::pack_weights(layer, shape);
            let bias = weights::pack_bias(layer, shape);
            LayerBuffers {
                weights: filled(resources, "neural weights", shape.precision, &weights),
                bias: filled(resources, "neural bias", Precision::F32, &bias),
                input: resources.buffer("neural features", *input_bytes, usage),
            }
        })
        .collect()
}

fn dispatches(
    gpu: &Gpu,
    resources: &mut Resources,
    shapes: &[LayerShape],
    plan: &Plan,
    buffers: &[LayerBuffers],
    views: &[wgpu::TextureView; 2],
) -> Vec<Dispatch> {
    let alignment = u64::from(gpu.capabilities.limits.min_uniform_buffer_offset_alignment);
    let size = size_of::<LayerParameters>() as u64;
    let step = size.next_multiple_of(alignment);
    let mut bytes = vec![0; plan.passes.len() * step as usize];
    for (pass, place) in plan
        .passes
        .iter()
        .zip(bytes.chunks_exact_mut(step as usize))
    {
        place[..size as usize].copy_from_slice(bytemuck::bytes_of(&pass.parameters));
    }
    let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
    let parameters = resources.buffer("neural parameters", bytes.len() as u64, usage);
    gpu.queue.write_buffer(&parameters, 0, &bytes);
    // Layers of one shape share a pipeline.
    let mut compiled = HashMap::new();
    let pipelines: Vec<wgpu::ComputePipeline> = shapes
        .iter()
        .map(|shape| {
            let source = shape.source();
            let made = compiled
                .entry(source)
                .or_insert_with_key(|source| compile(gpu, shape.entry_point(), source));
            made.clone()
        })
        .collect();
    let dispatch = |(pass, offset): (&plan::Pass, u64)| {
        let pipeline = &pipelines[pass.layer];
        let layout = pipeline.get_bind_group_layout(0);
        let layer = &buffers[pass.layer];
        let bindings = views.each_ref().map(|view| {
            let output = match buffers.get(pass.layer + 1) {
                Some(next) => next.input.as_entire_binding(),
                None => wgpu::BindingResource::TextureView(view),
            };
            let parameters = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer: &parameters,
                offset,
                size: std::num::NonZeroU64::new(size),
            });
            resources.bind_group(
                "neural layer",
                &layout,
                &[
                    parameters,
                    layer.weights.as_entire_binding(),
                    layer.bias.as_entire_binding(),
                    layer.input.as_entire_binding(),
                    output,
                ],
            )
        });
        Dispatch {
            pipeline: pipeline.clone(),
            bindings,
            workgroups: pass.workgroups,
        }
    };
    plan.passes
        .iter()
        .zip((0..).step_by(step as usize))
        .map(dispatch)
        .collect()
}

/// A compute pipeline from a shader's text.
fn compile(gpu: &Gpu, entry_point: &'static str, source: &str) -> wgpu::ComputePipeline {
    let module = gpu
        .device
        .create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(entry_point),
            source: wgpu::ShaderSource::Wgsl(source.into()),
        });
    gpu.device
        .create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(entry_point),
            layout: None,
            module: &module,
            entry_point: Some(entry_point),
            compilation_options: wgpu::PipelineCompilationOptions {
                // All of the shared memory is written before it is read.
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        })
}
