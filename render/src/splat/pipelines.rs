//! The compiled shaders of the GPU tier.

use super::attributes::AttributeKind;
use crate::shader;

/// Format in which splats are blended: half floats, because 8 bits would lose the sum of many
/// faint layers, and full floats cost many times more on most GPUs.
pub const BLEND_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba16Float;

/// One pipeline for each stage. Bindings are all in group 0.
#[derive(Debug)]
pub struct Pipelines {
    project_planes: wgpu::ComputePipeline,
    project_cloud: wgpu::ComputePipeline,
    /// Counts digits.
    pub histogram: wgpu::ComputePipeline,
    /// Sums counts within a digit.
    pub scan: wgpu::ComputePipeline,
    /// Sums digits.
    pub bases: wgpu::ComputePipeline,
    /// Moves items.
    pub scatter: wgpu::ComputePipeline,
    /// Quads into [`BLEND_FORMAT`].
    pub draw: wgpu::RenderPipeline,
    /// [`BLEND_FORMAT`] into the picture.
    pub resolve: wgpu::RenderPipeline,
}

impl Pipelines {
    /// Compiles all.
    pub fn new(device: &wgpu::Device) -> Self {
        let over = wgpu::BlendComponent {
            src_factor: wgpu::BlendFactor::One,
            dst_factor: wgpu::BlendFactor::OneMinusSrcAlpha,
            operation: wgpu::BlendOperation::Add,
        };
        Self {
            project_planes: compute(device, "splat/project_planes"),
            project_cloud: compute(device, "splat/project_cloud"),
            histogram: compute(device, "splat/sort_histogram"),
            scan: compute(device, "splat/sort_scan"),
            bases: compute(device, "splat/sort_bases"),
            scatter: compute(device, "splat/sort_scatter"),
            draw: render(
                device,
                ["splat/draw_vertex", "splat/draw_fragment"],
                wgpu::PrimitiveTopology::TriangleStrip,
                wgpu::ColorTargetState {
                    format: BLEND_FORMAT,
                    blend: Some(wgpu::BlendState {
                        color: over,
                        alpha: over,
                    }),
                    write_mask: wgpu::ColorWrites::ALL,
                },
            ),
            resolve: render(
                device,
                ["splat/resolve_vertex", "splat/resolve_fragment"],
                wgpu::PrimitiveTopology::TriangleList,
                wgpu::TextureFormat::Rgba8Unorm.into(),
            ),
        }
    }

    /// The projection of frames of a kind.
    pub fn project(&self, kind: AttributeKind) -> &wgpu::ComputePipeline {
        match kind {
            AttributeKind::Planes => &self.project_planes,
            AttributeKind::Cloud => &self.project_cloud,
        }
    }
}

fn compute(device: &wgpu::Device, name: &'static str) -> wgpu::ComputePipeline {
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(name),
        layout: None,
        module: &shader::module(device, name),
        entry_point: Some(shader::entry_point(name)),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    })
}

fn render(
    device: &wgpu::Device,
    [vertex, fragment]: [&'static str; 2],
    topology: wgpu::PrimitiveTopology,
    target: wgpu::ColorTargetState,
) -> wgpu::RenderPipeline {
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(vertex),
        layout: None,
        vertex: wgpu::VertexState {
            module: &shader::module(device, vertex),
            entry_point: Some(shader::entry_point(vertex)),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState {
            topology,
            ..Default::default()
        },
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &shader::module(device, fragment),
            entry_point: Some(shader::entry_point(fragment)),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(target)],
        }),
        multiview_mask: None,
        cache: None,
    })
}
