//! Passes, ready to be encoded.

use std::collections::HashMap;

use super::buffers::LayerBuffers;
use super::plan::{LayerParameters, Pass, Plan};
use super::shape::LayerShape;
use crate::Gpu;
use crate::resources::Resources;

/// A pass, ready to be encoded.
#[derive(Debug)]
pub struct Dispatch {
    pub pipeline: wgpu::ComputePipeline,
    /// For each of the two pictures.
    pub bindings: [wgpu::BindGroup; 2],
    pub workgroups: [u32; 3],
}

/// All passes of a plan.
pub fn dispatches(
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
    let dispatch = |(pass, offset): (&Pass, u64)| {
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
pub fn compile(gpu: &Gpu, entry_point: &'static str, source: &str) -> wgpu::ComputePipeline {
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
