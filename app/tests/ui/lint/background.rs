//! What lies behind text: the window drawn without any, and how well a colour shows up on it.

use std::sync::mpsc;

use eframe::egui_wgpu::{RenderState, ScreenDescriptor};
use egui::epaint::{ClippedShape, Shape};
use egui::{Color32, Rect};
use egui_kittest::Harness;
use image::{Rgba, RgbaImage};

/// Share of the pixels behind some text that may be worse than what is asked for: edges and single
/// splats do not make text unreadable.
const WORST_SHARE: f64 = 0.05;

/// Draws the last frame without its text.
pub fn without_text<State>(harness: &Harness<'_, State>, render_state: &RenderState) -> RgbaImage {
    let ctx = &harness.ctx;
    let shapes = harness.output().shapes.iter();
    let shapes: Vec<ClippedShape> = shapes
        .map(|clipped| ClippedShape {
            shape: textless(&clipped.shape),
            ..clipped.clone()
        })
        .collect();
    let scale = ctx.pixels_per_point();
    let size = ctx.content_rect().size() * scale;
    let screen = ScreenDescriptor {
        size_in_pixels: [size.x.round() as u32, size.y.round() as u32],
        pixels_per_point: scale,
    };
    let jobs = ctx.tessellate(shapes, scale);
    draw(render_state, &jobs, &screen)
}

fn textless(shape: &Shape) -> Shape {
    match shape {
        Shape::Text(_) => Shape::Noop,
        Shape::Vec(shapes) => Shape::Vec(shapes.iter().map(textless).collect()),
        shape => shape.clone(),
    }
}

fn draw(
    state: &RenderState,
    jobs: &[egui::ClippedPrimitive],
    screen: &ScreenDescriptor,
) -> RgbaImage {
    let [width, height] = screen.size_in_pixels;
    let texture = state.device.create_texture(&wgpu::TextureDescriptor {
        label: Some("window without text"),
        size: wgpu::Extent3d {
            width,
            height,
            depth_or_array_layers: 1,
        },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: state.target_format,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    });
    let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
    let mut encoder = state.device.create_command_encoder(&Default::default());
    let mut renderer = state.renderer.write();
    let first = renderer.update_buffers(&state.device, &state.queue, &mut encoder, jobs, screen);
    {
        let attachment = wgpu::RenderPassColorAttachment {
            view: &view,
            resolve_target: None,
            ops: wgpu::Operations {
                load: wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT),
                store: wgpu::StoreOp::Store,
            },
            depth_slice: None,
        };
        let mut pass = encoder
            .begin_render_pass(&wgpu::RenderPassDescriptor {
                color_attachments: &[Some(attachment)],
                ..Default::default()
            })
            .forget_lifetime();
        renderer.render(&mut pass, jobs, screen);
    }
    drop(renderer);
    let row_bytes = (4 * width).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let buffer = state.device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: u64::from(row_bytes) * u64::from(height),
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    encoder.copy_texture_to_buffer(
        texture.as_image_copy(),
        wgpu::TexelCopyBufferInfo {
            buffer: &buffer,
            layout: wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(row_bytes),
                rows_per_image: None,
            },
        },
        texture.size(),
    );
    state
        .queue
        .submit(first.into_iter().chain([encoder.finish()]));
    let (sender, mapped) = mpsc::channel();
    let slice = buffer.slice(..);
    slice.map_async(wgpu::MapMode::Read, move |result| {
        sender.send(result).expect("the test listens");
    });
    state
        .device
        .poll(wgpu::PollType::wait_indefinitely())
        .expect("the device works");
    mapped.recv().expect("an answer").expect("it is mapped");
    let data = slice.get_mapped_range().expect("it is mapped");
    let pixels: Vec<u8> = data
        .chunks_exact(row_bytes as usize)
        .flat_map(|row| row[..4 * width as usize].to_vec())
        .collect();
    RgbaImage::from_raw(width, height, pixels).expect("as many bytes as pixels")
}

/// The contrast of text of a colour (premultiplied) with the pixels of an area behind it, 1 to 21,
/// but for the few worst ones.
pub fn contrast(color: Color32, behind: &RgbaImage, area: Rect) -> f32 {
    let columns =
        area.left().floor().max(0.0) as u32..(area.right().ceil() as u32).min(behind.width());
    let rows =
        area.top().floor().max(0.0) as u32..(area.bottom().ceil() as u32).min(behind.height());
    let mut found: Vec<f32> = rows
        .flat_map(|y| columns.clone().map(move |x| (x, y)))
        .map(|(x, y)| ratio(color, *behind.get_pixel(x, y)))
        .collect();
    found.sort_by(f32::total_cmp);
    let worst = (found.len() as f64 * WORST_SHARE) as usize;
    found.get(worst).copied().unwrap_or(f32::INFINITY)
}

/// WCAG 2.2's contrast ratio of a colour laid over a pixel with that pixel.
fn ratio(color: Color32, pixel: Rgba<u8>) -> f32 {
    let behind = [pixel[0], pixel[1], pixel[2]].map(f32::from);
    let rest = 1.0 - f32::from(color.a()) / 255.0;
    let over = [color.r(), color.g(), color.b()].map(f32::from);
    let over = [0, 1, 2].map(|channel| over[channel] + rest * behind[channel]);
    let (a, b) = (luminance(over), luminance(behind));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// WCAG 2.2's relative luminance of an sRGB colour of 0 to 255.
fn luminance(color: [f32; 3]) -> f32 {
    let linear = color.map(|channel| {
        let channel = channel / 255.0;
        if channel <= 0.04045 {
            channel / 12.92
        } else {
            ((channel + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

#[test]
fn contrast_is_as_the_guidelines_say() {
    let on = |color, pixel: [u8; 3]| ratio(color, Rgba([pixel[0], pixel[1], pixel[2], 255]));
    assert!((on(Color32::WHITE, [0; 3]) - 21.0).abs() < 1e-3);
    assert!((on(Color32::WHITE, [255; 3]) - 1.0).abs() < 1e-3);
    // #767676 on white is the well-known limit.
    let grey = on(Color32::from_gray(0x76), [255; 3]);
    assert!((grey - 4.54).abs() < 0.01, "{grey}");
    // Half white over black is a middle grey.
    let half = on(Color32::from_white_alpha(128), [0; 3]);
    assert!((half - on(Color32::from_gray(128), [0; 3])).abs() < 1e-3);
}
