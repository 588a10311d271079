//! Neural video: the network of a frame, evaluated on the GPU.
//!
//! A layer is one dispatch: convolution, pixel shuffle and activation at once, by a shader that is made for
//! its shape. The last one draws the picture, which stays a texture; nothing is read back. Feature maps lie in
//! groups of four channels with borders of zeros, so that no shader asks where the picture ends, and the
//! shuffle costs nothing: an invocation computes channels of one place of it and stores them there.
//!
//! Networks are those of HNeRV (Chen et al., CVPR 2023) and NeRV (Chen et al., NeurIPS 2021). The yardstick
//! is [`crate::cpu::neural`].

mod buffers;
mod ceiling;
mod dispatch;
mod plan;
mod self_test;
mod shape;
mod weights;

use zoetrope_codecs::neural::Network;

pub use self::ceiling::FmaCeiling;
pub use self::self_test::{Deviation, self_test};

use self::buffers::{LayerBuffers, StoredLayer, StoredNetwork, layer_buffers};
use self::dispatch::{Dispatch, dispatches};
use self::plan::Plan;
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
    shapes: Vec<LayerShape>,
    buffers: Vec<LayerBuffers>,
    /// The last layer of each frame that comes out of an embedding.
    parts: Vec<StoredLayer>,
    /// Which of them is on the device, and the embedding that the maps there were made of.
    loaded: Option<usize>,
    evaluated: Vec<u8>,
    /// The embedding in the order of its map, as numbers and as stored.
    packed: Vec<f32>,
    stored: Vec<u8>,
    dispatches: Vec<Dispatch>,
    /// How many of them come before the last layer; 0 where that has strips.
    before_last: usize,
    pictures: [wgpu::Texture; 2],
    views: [wgpu::TextureView; 2],
    /// Which picture is the newest.
    newest: usize,
    drawn: bool,
    memory_bytes: u64,
    strips: usize,
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
        let stored = StoredNetwork::of(network, &shapes);
        let mut made = gpu.checked(|| Self::build(gpu, network, &stored, options, shapes, plan))?;
        made.upload(gpu, stored);
        Ok(made)
    }

    fn build(
        gpu: &Gpu,
        network: &Network,
        stored: &StoredNetwork,
        options: Options,
        shapes: Vec<LayerShape>,
        plan: Plan,
    ) -> Self {
        let mut resources = Resources::new(&gpu.device);
        let buffers = layer_buffers(&mut resources, stored, &plan);
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
        let dispatches = dispatches(gpu, &mut resources, &shapes, &plan, &buffers, &views);
        let held = |buffers: &LayerBuffers| {
            buffers.weights.size() + buffers.bias.size() + buffers.input.size()
        };
        let pixels = u64::from(width) * u64::from(height);
        let memory_bytes = buffers.iter().map(held).sum::<u64>() + 2 * 4 * pixels;
        let last = shapes.len() - 1;
        let strips = plan.passes.iter().filter(|pass| pass.layer == last).count();
        Self {
            resources,
            options,
            embedding_size: network.embedding(),
            parts: Vec::new(),
            loaded: None,
            evaluated: Vec::new(),
            before_last: if strips == 1 { dispatches.len() - 1 } else { 0 },
            packed: vec![0.0; plan.embedding.numbers()],
            stored: Vec::with_capacity(plan.input_bytes[0] as usize),
            dispatches,
            pictures,
            views,
            newest: 0,
            drawn: false,
            memory_bytes,
            strips,
            plan,
            shapes,
            buffers,
        }
    }

    /// Takes another network in place of its own, if that has the same layers: neither shaders nor
    /// memory are made anew then. Whether it did.
    pub fn load(&mut self, gpu: &Gpu, network: &Network) -> bool {
        let fits = network.embedding() == self.embedding_size
            && network.frames() == self.parts.len()
            && shapes(network, &self.options) == self.shapes;
        if fits {
            self.upload(gpu, StoredNetwork::of(network, &self.shapes));
        }
        fits
    }

    /// Brings the weights of a network to the device, those of the last layer but when they are needed.
    fn upload(&mut self, gpu: &Gpu, network: StoredNetwork) {
        for (layer, buffers) in network.layers.iter().zip(&self.buffers) {
            layer.write(gpu, buffers);
        }
        (self.parts, self.loaded) = (network.parts, None);
        self.evaluated.clear();
    }

    /// Draws the first picture of an embedding (channels, rows, columns), as [`Self::decode_part`].
    ///
    /// # Errors
    /// As [`Self::decode_part`].
    pub fn decode(&mut self, gpu: &Gpu, embedding: &[f32]) -> Result<&wgpu::TextureView> {
        self.decode_part(gpu, embedding, 0)
    }

    /// Draws the picture number `part` of those that come out of an embedding (channels, rows, columns). The
    /// picture of the call before stays as it is, so that it can still be shown.
    ///
    /// # Errors
    /// [`Error::Frame`] for an embedding or a part that is not the network's, [`Error::Lost`].
    pub fn decode_part(
        &mut self,
        gpu: &Gpu,
        embedding: &[f32],
        part: usize,
    ) -> Result<&wgpu::TextureView> {
        gpu.check()?;
        let Some(last) = self.parts.get(part) else {
            return Err(Error::Frame {
                reason: format!("its network makes no frame {part} of an embedding"),
            });
        };
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
        // Pictures of one embedding differ in the last layer only.
        let first = match self.evaluated == self.stored {
            true => self.before_last,
            false => 0,
        };
        gpu.queue
            .write_buffer(&self.buffers[0].input, 0, &self.stored);
        self.evaluated.clone_from(&self.stored);
        if self.loaded != Some(part)
            && let Some(buffers) = self.buffers.last()
        {
            last.write(gpu, buffers);
            self.loaded = Some(part);
        }
        self.newest = 1 - self.newest;
        let mut encoder = gpu
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: Some("neural video"),
                timestamp_writes: None,
            });
            for dispatch in &self.dispatches[first..] {
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
        let mut layer = layer.shape();
        if output.is_some() {
            // The frames of an embedding are drawn one by one.
            layer.outputs = 3;
        }
        let shape = LayerShape::new(options.kernel, options.precision, &layer, output, size);
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
