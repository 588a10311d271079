//! Splat frames to pixels.

use std::sync::Arc;

use zoetrope_codecs::SplatFrame;

use crate::{Error, Gpu, Picture, Result, Tier, View, cpu};

/// A part of the work on one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The frame to where drawing reads it; nothing when it is there already.
    Upload,
    /// Unpack, cull, 2D covariance and colour of each Gaussian.
    Project,
    /// Order by depth.
    Sort,
    /// Blending into the picture.
    Draw,
}

/// What one frame took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RenderStats {
    /// Gaussians in the frame.
    pub stored: u32,
    /// Gaussians that reached the picture. On the GPU tier the last number that came back, which
    /// is that of an earlier frame.
    pub drawn: Option<u32>,
    /// Bytes of memory that the renderer holds for its work.
    pub memory_bytes: u64,
}

/// Draws splat frames into a texture of its own.
pub struct SplatRenderer {
    target: Option<Target>,
}

struct Target {
    texture: wgpu::Texture,
    view: wgpu::TextureView,
}

impl SplatRenderer {
    /// A renderer on `gpu`; `tier` overrides the probe's choice (for tests and comparisons).
    ///
    /// # Errors
    /// When the device cannot do what the tier needs.
    pub fn new(gpu: &Gpu, tier: Option<Tier>) -> Result<Self> {
        let _ = (gpu, tier);
        Ok(Self { target: None })
    }

    /// Draws `frame` as `view` sees it into the renderer's own texture (Rgba8Unorm, display-space
    /// colour, opaque), which is made anew when the size changes.
    ///
    /// `observer` is told when each stage ends. On the GPU tier that means that the stage's work
    /// was submitted; an observer that measures waits for the device ([`Gpu::wait`]).
    ///
    /// # Errors
    /// [`Error::EmptyPicture`], [`Error::TooLarge`] and [`Error::Frame`]; the old picture stays.
    pub fn render(
        &mut self,
        gpu: &Gpu,
        frame: &Arc<SplatFrame>,
        view: &View,
        observer: &mut dyn FnMut(Stage),
    ) -> Result<RenderStats> {
        let picture = cpu::reference::render(&frame.to_cloud(), view);
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("splat picture"),
            size: wgpu::Extent3d {
                width: view.width,
                height: view.height,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING
                | wgpu::TextureUsages::COPY_SRC
                | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        gpu.queue.write_texture(
            texture.as_image_copy(),
            &picture.rgba,
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(view.width * 4),
                rows_per_image: None,
            },
            texture.size(),
        );
        self.target = Some(Target {
            view: texture.create_view(&wgpu::TextureViewDescriptor::default()),
            texture,
        });
        observer(Stage::Draw);
        Ok(RenderStats {
            stored: frame.count() as u32,
            drawn: None,
            memory_bytes: 0,
        })
    }

    /// The texture of the last picture.
    pub fn target(&self) -> Option<&wgpu::TextureView> {
        self.target.as_ref().map(|target| &target.view)
    }

    /// Copies the last picture back; blocks until it is there.
    ///
    /// # Errors
    /// [`Error::NothingDrawn`] and [`Error::Lost`].
    pub fn read_picture(&self, gpu: &Gpu) -> Result<Picture> {
        let target = self.target.as_ref().ok_or(Error::NothingDrawn)?;
        read_texture(gpu, &target.texture)
    }
}

/// Copies an RGBA texture with 8 bits a channel back.
fn read_texture(gpu: &Gpu, texture: &wgpu::Texture) -> Result<Picture> {
    let (width, height) = (texture.width(), texture.height());
    let row_bytes = width * 4;
    let stride = row_bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("picture read-back"),
        size: u64::from(stride) * u64::from(height),
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
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
    let view = buffer.get_mapped_range(..).map_err(|error| Error::Lost {
        reason: error.to_string(),
    })?;
    let mut rgba = Vec::with_capacity(row_bytes as usize * height as usize);
    for row in view.chunks_exact(stride as usize) {
        rgba.extend_from_slice(&row[..row_bytes as usize]);
    }
    Ok(Picture {
        width,
        height,
        rgba,
    })
}
