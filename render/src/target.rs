//! The texture that holds the picture.

use crate::read_back::read_texture;
use crate::resources::Resources;
use crate::{Error, Gpu, Picture, Result, View};

/// The size of a texture that holds a picture of these pixels.
///
/// # Errors
/// [`Error::EmptyPicture`] and [`Error::TooLarge`].
pub fn extent(gpu: &Gpu, [width, height]: [u32; 2]) -> Result<wgpu::Extent3d> {
    if width == 0 || height == 0 {
        return Err(Error::EmptyPicture { width, height });
    }
    let limit = gpu.capabilities.limits.max_texture_dimension_2d;
    if width.max(height) > limit {
        return Err(Error::TooLarge {
            what: "a picture side",
            value: width.max(height).into(),
            limit: limit.into(),
        });
    }
    Ok(wgpu::Extent3d {
        width,
        height,
        depth_or_array_layers: 1,
    })
}

/// The renderer's own texture: Rgba8Unorm, display-space colour, premultiplied.
#[derive(Debug)]
pub struct Target {
    /// The texture.
    pub texture: wgpu::Texture,
    /// All of it.
    pub view: wgpu::TextureView,
}

impl Target {
    /// A texture of the view's size.
    ///
    /// # Errors
    /// [`Error::EmptyPicture`], [`Error::TooLarge`] and [`Error::OutOfMemory`].
    pub fn new(gpu: &Gpu, resources: &mut Resources, view: &View) -> Result<Self> {
        let size = extent(gpu, [view.width, view.height])?;
        let usage = wgpu::TextureUsages::TEXTURE_BINDING
            | wgpu::TextureUsages::RENDER_ATTACHMENT
            | wgpu::TextureUsages::COPY_SRC
            | wgpu::TextureUsages::COPY_DST;
        let format = wgpu::TextureFormat::Rgba8Unorm;
        let texture = gpu.checked(|| resources.texture("picture", size, format, usage))?;
        Ok(Self {
            view: texture.create_view(&wgpu::TextureViewDescriptor::default()),
            texture,
        })
    }

    /// Whether it has the view's size.
    pub fn fits(&self, view: &View) -> bool {
        (self.texture.width(), self.texture.height()) == (view.width, view.height)
    }

    /// Replaces the picture by RGBA bytes, row-major from the top.
    pub fn write(&self, gpu: &Gpu, rgba: &[u8]) {
        gpu.queue.write_texture(
            self.texture.as_image_copy(),
            rgba,
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(self.texture.width() * 4),
                rows_per_image: None,
            },
            self.texture.size(),
        );
        // Without a submission the copy would wait, and its staging memory with it, until
        // somebody else submits.
        gpu.queue.submit([]);
    }

    /// Copies the picture back; blocks until it is there.
    ///
    /// # Errors
    /// [`Error::Lost`].
    pub fn read(&self, gpu: &Gpu) -> Result<Picture> {
        read_texture(gpu, &self.texture)
    }
}
