//! Drawing with compute shaders and hardware quads.
//!
//! upload → project (one invocation a Gaussian, once a frame, not once a vertex) → sort → quads into
//! half floats, farthest first → 8 bits. Nothing is read back in between: how many quads there are
//! is an argument that the sort leaves for an indirect draw.

use super::attributes::Attributes;
use super::constants::WORKGROUP_SIZE;
use super::draw::{DrawParameters, draw_quads, resolve};
use super::pipelines::{BLEND_FORMAT, Pipelines};
use super::project::{ProjectParameters, key_bits};
use super::record::SplatRecord;
use super::sort::{Sort, fold_dispatch};
use super::visible_count::VisibleCount;
use super::{Job, Stage};
use crate::resources::Resources;
use crate::target::Target;
use crate::{Error, Gpu, Result};

/// The GPU tier's resources. They grow to the largest frame and are used again.
#[derive(Debug)]
pub struct GpuTier {
    pipelines: Pipelines,
    project_uniform: wgpu::Buffer,
    draw_uniform: wgpu::Buffer,
    attributes: Option<Attributes>,
    buffers: Option<Buffers>,
    blend: Option<Blend>,
    project_bindings: Option<wgpu::BindGroup>,
    visible: VisibleCount,
}

/// What grows with the number of Gaussians.
#[derive(Debug)]
struct Buffers {
    capacity: u32,
    records: wgpu::Buffer,
    sort: Sort,
    /// For sorted rows after 16-bit and after 24-bit keys.
    draw_bindings: [wgpu::BindGroup; 2],
}

/// What grows with the picture.
#[derive(Debug)]
struct Blend {
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    resolve_bindings: wgpu::BindGroup,
}

impl GpuTier {
    /// Compiles the shaders.
    pub fn new(gpu: &Gpu, resources: &mut Resources) -> Self {
        let uniform = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        Self {
            pipelines: Pipelines::new(&gpu.device),
            project_uniform: resources.buffer(
                "projection parameters",
                size_of::<ProjectParameters>() as u64,
                uniform,
            ),
            draw_uniform: resources.buffer(
                "draw parameters",
                size_of::<DrawParameters>() as u64,
                uniform,
            ),
            attributes: None,
            buffers: None,
            blend: None,
            project_bindings: None,
            visible: VisibleCount::new(resources),
        }
    }

    /// Draws; returns how many Gaussians reached the picture of the last frame that is known.
    ///
    /// `fresh` says that the frame is not the one of last time.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::OutOfMemory`], [`Error::Device`] and [`Error::Lost`].
    pub fn render(
        &mut self,
        gpu: &Gpu,
        resources: &mut Resources,
        job: &Job<'_>,
        fresh: bool,
        target: &Target,
        observer: &mut dyn FnMut(Stage),
    ) -> Result<Option<u32>> {
        let prepared = gpu.checked(|| self.prepare(gpu, resources, job, target));
        if let Err(error) = prepared.and_then(|prepared| prepared) {
            // Some of it may be there, but not usable.
            (self.attributes, self.buffers, self.blend) = (None, None, None);
            self.project_bindings = None;
            return Err(error);
        }
        let (Some(attributes), Some(buffers), Some(blend), Some(project_bindings)) = (
            &mut self.attributes,
            &self.buffers,
            &self.blend,
            &self.project_bindings,
        ) else {
            return Err(Error::NothingDrawn);
        };
        if fresh {
            attributes.upload(gpu, job.frame);
        }
        observer(Stage::Upload);

        let mut parameters = ProjectParameters::new(job.frame, job.bounds, job.view);
        parameters.side = attributes.side();
        gpu.queue
            .write_buffer(&self.project_uniform, 0, bytemuck::bytes_of(&parameters));
        let count = parameters.count;
        submit(gpu, |encoder| {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: Some("project"),
                timestamp_writes: None,
            });
            let [x, y] = fold_dispatch(count.div_ceil(WORKGROUP_SIZE), gpu);
            pass.set_pipeline(self.pipelines.project(attributes.kind));
            pass.set_bind_group(0, project_bindings, &[]);
            pass.dispatch_workgroups(x, y, 1);
        });
        observer(Stage::Project);

        let key_bits = key_bits(count as usize);
        submit(gpu, |encoder| {
            let sort = &buffers.sort;
            sort.encode(gpu, &self.pipelines, encoder, count, key_bits);
        });
        observer(Stage::Sort);

        let draw = DrawParameters::new(job.view);
        gpu.queue
            .write_buffer(&self.draw_uniform, 0, bytemuck::bytes_of(&draw));
        submit(gpu, |encoder| {
            let bindings = &buffers.draw_bindings[usize::from(key_bits > 16)];
            let state = &buffers.sort.state;
            draw_quads(encoder, &self.pipelines, bindings, state, &blend.view);
            resolve(encoder, &self.pipelines, &blend.resolve_bindings, target);
            self.visible.copy(encoder, &buffers.sort.state);
        });
        let drawn = self.visible.update(gpu);
        observer(Stage::Draw);
        Ok(drawn)
    }

    /// Makes what is missing or too small.
    fn prepare(
        &mut self,
        gpu: &Gpu,
        resources: &mut Resources,
        job: &Job<'_>,
        target: &Target,
    ) -> Result<()> {
        let fits = |attributes: &Attributes| attributes.fit(job.frame);
        if !self.attributes.as_ref().is_some_and(fits) {
            self.project_bindings = None;
            // The old one goes first: two of 256 MiB need not be there at once.
            self.attributes = None;
            self.attributes = Some(Attributes::new(gpu, resources, job.frame)?);
        }
        let count = job.frame.count() as u32;
        if self
            .buffers
            .as_ref()
            .is_none_or(|buffers| buffers.capacity < count)
        {
            self.project_bindings = None;
            self.buffers = None;
            let buffers = Buffers::new(gpu, resources, &self.pipelines, count, &self.draw_uniform)?;
            self.buffers = Some(buffers);
        }
        if let (None, Some(attributes), Some(buffers)) =
            (&self.project_bindings, &self.attributes, &self.buffers)
        {
            let pipeline = self.pipelines.project(attributes.kind);
            self.project_bindings = Some(resources.bind_group(
                "project",
                &pipeline.get_bind_group_layout(0),
                &[
                    self.project_uniform.as_entire_binding(),
                    wgpu::BindingResource::TextureView(&attributes.view),
                    buffers.sort.keys[0].as_entire_binding(),
                    buffers.records.as_entire_binding(),
                ],
            ));
        }
        if self
            .blend
            .as_ref()
            .is_none_or(|blend| blend.texture.size() != target.texture.size())
        {
            self.blend = Some(Blend::new(
                resources,
                &self.pipelines,
                &self.draw_uniform,
                target,
            ));
        }
        Ok(())
    }

    /// Bytes of memory it holds.
    pub fn size_bytes(&self) -> u64 {
        let attributes = self.attributes.as_ref().map_or(0, Attributes::size_bytes);
        let buffers = self.buffers.as_ref().map_or(0, |buffers| {
            buffers.records.size() + buffers.sort.size_bytes()
        });
        let blend = self.blend.as_ref().map_or(0, |blend| {
            8 * u64::from(blend.texture.width()) * u64::from(blend.texture.height())
        });
        attributes + buffers + blend
    }
}

impl Buffers {
    /// # Errors
    /// [`Error::TooLarge`] when the records do not fit one binding.
    fn new(
        gpu: &Gpu,
        resources: &mut Resources,
        pipelines: &Pipelines,
        count: u32,
        draw_uniform: &wgpu::Buffer,
    ) -> Result<Self> {
        // Coarse steps, so that a sequence of changing count seldom needs others.
        let capacity = count.next_multiple_of(1 << 16).max(1 << 16);
        let record_bytes = size_of::<SplatRecord>() as u64;
        let limits = &gpu.capabilities.limits;
        let limit = limits
            .max_storage_buffer_binding_size
            .min(limits.max_buffer_size);
        if record_bytes * u64::from(capacity) > limit {
            return Err(Error::TooLarge {
                what: "a number of Gaussians",
                value: count.into(),
                limit: limit / record_bytes,
            });
        }
        let records = resources.buffer(
            "splat records",
            record_bytes * u64::from(capacity),
            wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
        );
        let sort = Sort::new(resources, pipelines, capacity);
        let draw_bindings = [16, 24].map(|key_bits| {
            resources.bind_group(
                "draw",
                &pipelines.draw.get_bind_group_layout(0),
                &[
                    draw_uniform.as_entire_binding(),
                    sort.state.as_entire_binding(),
                    sort.sorted_rows(key_bits).as_entire_binding(),
                    records.as_entire_binding(),
                ],
            )
        });
        Ok(Self {
            capacity,
            records,
            sort,
            draw_bindings,
        })
    }
}

impl Blend {
    fn new(
        resources: &mut Resources,
        pipelines: &Pipelines,
        draw_uniform: &wgpu::Buffer,
        target: &Target,
    ) -> Self {
        let texture = resources.texture(
            "blended splats",
            target.texture.size(),
            BLEND_FORMAT,
            wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::TEXTURE_BINDING,
        );
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let resolve_bindings = resources.bind_group(
            "resolve",
            &pipelines.resolve.get_bind_group_layout(0),
            &[
                draw_uniform.as_entire_binding(),
                wgpu::BindingResource::TextureView(&view),
            ],
        );
        Self {
            texture,
            view,
            resolve_bindings,
        }
    }
}

/// Encodes and submits one stage.
fn submit(gpu: &Gpu, encode: impl FnOnce(&mut wgpu::CommandEncoder)) {
    let mut encoder = gpu
        .device
        .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    encode(&mut encoder);
    gpu.queue.submit([encoder.finish()]);
}
