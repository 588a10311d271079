//! Copies a texture back into memory.

use crate::{Error, Gpu, Picture, Result};

/// The picture in an Rgba8Unorm texture with `COPY_SRC`; blocks until it is there.
///
/// # Errors
/// [`Error::Lost`].
pub fn read_texture(gpu: &Gpu, texture: &wgpu::Texture) -> Result<Picture> {
    gpu.check()?;
    let (width, height) = (texture.width(), texture.height());
    let row_bytes = width * 4;
    let stride = row_bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("picture read-back"),
        size: u64::from(stride) * u64::from(height),
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let mut encoder = gpu
        .device
        .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    encoder.copy_texture_to_buffer(
        texture.as_image_copy(),
        wgpu::TexelCopyBufferInfo {
            buffer: &buffer,
            layout: wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(stride),
                rows_per_image: None,
            },
        },
        texture.size(),
    );
    gpu.queue.submit([encoder.finish()]);
    buffer.map_async(wgpu::MapMode::Read, .., |_| ());
    gpu.wait()?;
    let mapped = buffer.get_mapped_range(..).map_err(|error| Error::Lost {
        reason: error.to_string(),
    })?;
    let mut rgba = Vec::with_capacity(row_bytes as usize * height as usize);
    for row in mapped.chunks_exact(stride as usize) {
        rgba.extend_from_slice(&row[..row_bytes as usize]);
    }
    Ok(Picture {
        width,
        height,
        rgba,
    })
}
