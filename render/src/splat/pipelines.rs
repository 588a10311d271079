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
            project_planes: shader::compute_pipeline(device, "splat/project_planes"),
            project_cloud: shader::compute_pipeline(device, "splat/project_cloud"),
            histogram: shader::compute_pipeline(device, "splat/sort_histogram"),
            scan: shader::compute_pipeline(device, "splat/sort_scan"),
            bases: shader::compute_pipeline(device, "splat/sort_bases"),
            scatter: shader::compute_pipeline(device, "splat/sort_scatter"),
            draw: shader::render_pipeline(
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
            resolve: shader::whole_picture(device, "splat/resolve_fragment"),
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
