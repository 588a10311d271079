//! A device without a window, and the texture that is drawn into.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use wgpu_3dgs_viewer::Viewer;
use wgpu_3dgs_viewer::core::glam::UVec2;

use crate::Result;
use crate::scene::PeerCamera;

/// Display-space colour in 8 bits: blending happens in display space, as the splats were trained.
pub const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;
/// Bytes of a pixel of [`FORMAT`].
const PIXEL_BYTES: u32 = 4;

/// The device and the picture.
pub struct Target {
    /// Device of the best adapter that needs no surface.
    pub device: wgpu::Device,
    /// Its queue.
    pub queue: wgpu::Queue,
    /// Name of the adapter, as its driver gives it.
    pub adapter_name: String,
    /// Name and version of its driver.
    pub driver: String,
    texture: wgpu::Texture,
    view: wgpu::TextureView,
}

impl Target {
    /// A device with all that its adapter allows, and a texture of `width` × `height` pixels.
    ///
    /// # Errors
    /// When there is no Vulkan or GL adapter, or the picture is larger than it can draw.
    pub fn new(width: u32, height: u32) -> Result<Self> {
        let instance =
            wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
        let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        }))
        .map_err(|error| format!("no graphics adapter: {error}; install a Vulkan driver"))?;
        let limits = adapter.limits();
        let side = limits.max_texture_dimension_2d;
        if width > side || height > side {
            return Err(format!("--size can be at most {side}x{side} here"));
        }
        let info = adapter.get_info();
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            required_limits: limits,
            ..Default::default()
        }))
        .map_err(|error| format!("{} refused a device: {error}", info.name))?;
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("picture"),
            size: wgpu::Extent3d {
                width,
                height,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: FORMAT,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        Ok(Self {
            device,
            queue,
            adapter_name: info.name,
            driver: format!("{} {}", info.driver, info.driver_info),
            texture,
            view,
        })
    }

    /// Draws one frame and waits until it is complete.
    ///
    /// # Errors
    /// When the device is lost.
    pub fn draw(&self, viewer: &mut Viewer, camera: &PeerCamera) -> Result<()> {
        let size = UVec2::new(self.texture.width(), self.texture.height());
        viewer.update_camera(&self.queue, camera, size);
        let mut encoder = self.device.create_command_encoder(&Default::default());
        viewer.render(&mut encoder, &self.view);
        self.queue.submit([encoder.finish()]);
        self.wait()
    }

    /// Writes the picture as an 8-bit PNG, values as they are.
    ///
    /// # Errors
    /// When the device is lost or the file cannot be written.
    pub fn save_png(&self, path: &Path) -> Result<()> {
        let rgba = self.read()?;
        let cannot = |error: String| format!("cannot write {}: {error}", path.display());
        let file = File::create(path).map_err(|error| cannot(error.to_string()))?;
        let (width, height) = (self.texture.width(), self.texture.height());
        let mut encoder = png::Encoder::new(BufWriter::new(file), width, height);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder
            .write_header()
            .map_err(|error| cannot(error.to_string()))?;
        writer
            .write_image_data(&rgba)
            .map_err(|error| cannot(error.to_string()))?;
        writer.finish().map_err(|error| cannot(error.to_string()))
    }

    fn read(&self) -> Result<Vec<u8>> {
        let (width, height) = (self.texture.width(), self.texture.height());
        let row = width * PIXEL_BYTES;
        let padded_row = row.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("picture copy"),
            size: u64::from(padded_row) * u64::from(height),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encoder.copy_texture_to_buffer(
            self.texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(padded_row),
                    rows_per_image: None,
                },
            },
            self.texture.size(),
        );
        self.queue.submit([encoder.finish()]);
        // A failed mapping shows itself in `get_mapped_range` below.
        buffer.map_async(wgpu::MapMode::Read, .., |_| {});
        self.wait()?;
        let mapped = buffer
            .get_mapped_range(..)
            .map_err(|error| format!("cannot read the picture back: {error}"))?;
        Ok(mapped
            .chunks_exact(padded_row as usize)
            .flat_map(|line| &line[..row as usize])
            .copied()
            .collect())
    }

    fn wait(&self) -> Result<()> {
        self.device
            .poll(wgpu::PollType::wait_indefinitely())
            .map(|_| ())
            .map_err(|error| format!("the graphics device failed: {error}"))
    }
}
