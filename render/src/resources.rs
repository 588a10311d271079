//! Makes GPU resources and counts them, so that a test can prove that a frame makes none.

/// Makes GPU resources on one device.
#[derive(Debug)]
pub struct Resources {
    device: wgpu::Device,
    created: u64,
}

impl Resources {
    /// On `device`.
    pub fn new(device: &wgpu::Device) -> Self {
        Self {
            device: device.clone(),
            created: 0,
        }
    }

    /// Textures, buffers and bind groups made so far.
    pub fn created(&self) -> u64 {
        self.created
    }

    /// A 2D texture (an array where `size` has layers) without mip levels.
    pub fn texture(
        &mut self,
        label: &'static str,
        size: wgpu::Extent3d,
        format: wgpu::TextureFormat,
        usage: wgpu::TextureUsages,
    ) -> wgpu::Texture {
        self.created += 1;
        self.device.create_texture(&wgpu::TextureDescriptor {
            label: Some(label),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage,
            view_formats: &[],
        })
    }

    /// A buffer, zeroed.
    pub fn buffer(
        &mut self,
        label: &'static str,
        size_bytes: u64,
        usage: wgpu::BufferUsages,
    ) -> wgpu::Buffer {
        self.created += 1;
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size: size_bytes,
            usage,
            mapped_at_creation: false,
        })
    }

    /// A bind group; `resources[k]` is binding `k`.
    pub fn bind_group(
        &mut self,
        label: &'static str,
        layout: &wgpu::BindGroupLayout,
        resources: &[wgpu::BindingResource<'_>],
    ) -> wgpu::BindGroup {
        self.created += 1;
        let entries: Vec<wgpu::BindGroupEntry<'_>> = resources
            .iter()
            .zip(0..)
            .map(|(resource, binding)| wgpu::BindGroupEntry {
                binding,
                resource: resource.clone(),
            })
            .collect();
        self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(label),
            layout,
            entries: &entries,
        })
    }
}
