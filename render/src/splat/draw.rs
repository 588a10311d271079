//! Hardware quads for sorted splats, and their way to 8 bits; the CPU twins are
//! [`crate::cpu::draw`] and [`crate::cpu::resolve`].

use bytemuck::{Pod, Zeroable};

use super::pipelines::Pipelines;
use super::sort::SortState;
use crate::View;
use crate::target::Target;

/// Uniform of the drawing. Same layout in WGSL (`DrawParameters`).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct DrawParameters {
    /// Red, green, blue, alpha behind everything, premultiplied.
    pub background: [f32; 4],
    /// Picture size in pixels.
    pub viewport_px: [f32; 2],
    /// Unused; structs in uniforms are multiples of 16 bytes.
    pub padding: [f32; 2],
}

impl DrawParameters {
    /// The parameters of `view`.
    pub fn new(view: &View) -> Self {
        Self {
            background: view.background.premultiplied(),
            viewport_px: [view.width as f32, view.height as f32],
            padding: [0.0; 2],
        }
    }
}

/// Draws the quads that `state` counts into a texture of [`super::pipelines::BLEND_FORMAT`].
pub fn draw_quads(
    encoder: &mut wgpu::CommandEncoder,
    pipelines: &Pipelines,
    bindings: &wgpu::BindGroup,
    state: &wgpu::Buffer,
    blend: &wgpu::TextureView,
) {
    let clear = wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT);
    let mut pass = begin_pass(encoder, "draw", blend, clear);
    pass.set_pipeline(&pipelines.draw);
    pass.set_bind_group(0, bindings, &[]);
    pass.draw_indirect(state, std::mem::offset_of!(SortState, vertex_count) as u64);
}

/// Turns blended colours into the picture.
pub fn resolve(
    encoder: &mut wgpu::CommandEncoder,
    pipelines: &Pipelines,
    bindings: &wgpu::BindGroup,
    target: &Target,
) {
    let clear = wgpu::LoadOp::Clear(wgpu::Color::BLACK);
    let mut pass = begin_pass(encoder, "resolve", &target.view, clear);
    pass.set_pipeline(&pipelines.resolve);
    pass.set_bind_group(0, bindings, &[]);
    pass.draw(0..3, 0..1);
}

fn begin_pass<'a>(
    encoder: &'a mut wgpu::CommandEncoder,
    label: &'static str,
    view: &wgpu::TextureView,
    load: wgpu::LoadOp<wgpu::Color>,
) -> wgpu::RenderPass<'a> {
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some(label),
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations {
                load,
                store: wgpu::StoreOp::Store,
            },
        })],
        depth_stencil_attachment: None,
        timestamp_writes: None,
        occlusion_query_set: None,
        multiview_mask: None,
    })
}
