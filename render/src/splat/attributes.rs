//! The Gaussians of a frame in a texture: planes as they come, clouds packed.

use zoetrope_codecs::{PlaneFrame, SplatCloud, SplatFrame};

use super::pack::{Texel, pack_layer, texel_count};
use crate::resources::Resources;
use crate::{Error, Gpu, Result};

/// Tests look at what has come to lie on the GPU.
const READ_BACK: wgpu::TextureUsages = if cfg!(test) {
    wgpu::TextureUsages::COPY_SRC
} else {
    wgpu::TextureUsages::empty()
};

/// What the texture holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeKind {
    /// 8-bit planes of Gaussian video.
    Planes,
    /// Packed cloud.
    Cloud,
}

/// The texture, used again for frames that fit it.
#[derive(Debug)]
pub struct Attributes {
    /// What it holds.
    pub kind: AttributeKind,
    /// All layers.
    pub view: wgpu::TextureView,
    texture: wgpu::Texture,
    /// One packed layer on its way.
    scratch: Vec<Texel>,
}

impl Attributes {
    /// Whether `frame` can be uploaded here.
    pub fn fit(&self, frame: &SplatFrame) -> bool {
        let shape = Shape::of(frame);
        let same = self.kind == shape.kind && self.texture.depth_or_array_layers() == shape.layers;
        same && match shape.kind {
            // Planes are one run of bytes, so the texture has their side exactly.
            AttributeKind::Planes => self.side() == shape.side,
            AttributeKind::Cloud => self.side() >= shape.side,
        }
    }

    /// A texture for frames like `frame`.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn new(gpu: &Gpu, resources: &mut Resources, frame: &SplatFrame) -> Result<Self> {
        let shape = Shape::of(frame);
        let limits = &gpu.capabilities.limits;
        for (what, value, limit) in [
            ("a plane side", shape.side, limits.max_texture_dimension_2d),
            (
                "a plane count",
                shape.layers,
                limits.max_texture_array_layers,
            ),
        ] {
            if value > limit {
                return Err(Error::TooLarge {
                    what,
                    value: value.into(),
                    limit: limit.into(),
                });
            }
        }
        let texture = resources.texture(
            "splat attributes",
            wgpu::Extent3d {
                width: shape.side,
                height: shape.side,
                depth_or_array_layers: shape.layers,
            },
            shape.format(),
            wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST | READ_BACK,
        );
        Ok(Self {
            kind: shape.kind,
            view: texture.create_view(&wgpu::TextureViewDescriptor {
                dimension: Some(wgpu::TextureViewDimension::D2Array),
                ..Default::default()
            }),
            texture,
            scratch: Vec::new(),
        })
    }

    /// Replaces the content by `frame`, which fits.
    pub fn upload(&mut self, gpu: &Gpu, frame: &SplatFrame) {
        match frame {
            SplatFrame::Planes(planes) => self.upload_planes(gpu, planes),
            SplatFrame::Cloud(cloud) => self.upload_cloud(gpu, cloud),
        }
        gpu.queue.submit([]);
    }

    /// Width of the texture in pixels.
    pub fn side(&self) -> u32 {
        self.texture.width()
    }

    /// Bytes of memory it takes.
    pub fn size_bytes(&self) -> u64 {
        let pixel_bytes = match self.kind {
            AttributeKind::Planes => 1,
            AttributeKind::Cloud => size_of::<Texel>() as u64,
        };
        let pixels = u64::from(self.side()).pow(2);
        pixels * u64::from(self.texture.depth_or_array_layers()) * pixel_bytes
            + (self.scratch.capacity() * size_of::<Texel>()) as u64
    }

    fn upload_planes(&self, gpu: &Gpu, planes: &PlaneFrame) {
        let layout = wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some(planes.layout.side),
            rows_per_image: Some(planes.layout.side),
        };
        gpu.queue.write_texture(
            self.texture.as_image_copy(),
            &planes.samples,
            layout,
            self.texture.size(),
        );
    }

    /// One layer after the other, so that the packed copy is never larger than one.
    fn upload_cloud(&mut self, gpu: &Gpu, cloud: &SplatCloud) {
        let side = self.side();
        let rows = (cloud.len() as u32).div_ceil(side);
        let texels = rows as usize * side as usize;
        if self.scratch.len() < texels {
            self.scratch.resize(texels, [0; 4]);
        }
        for layer in 0..texel_count(cloud.sh_degree) {
            pack_layer(cloud, layer, &mut self.scratch[..texels]);
            let mut target = self.texture.as_image_copy();
            target.origin.z = layer;
            gpu.queue.write_texture(
                target,
                bytemuck::cast_slice(&self.scratch[..texels]),
                wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(side * size_of::<Texel>() as u32),
                    rows_per_image: Some(rows),
                },
                wgpu::Extent3d {
                    width: side,
                    height: rows,
                    depth_or_array_layers: 1,
                },
            );
        }
    }
}

/// The texture that a frame needs.
struct Shape {
    kind: AttributeKind,
    side: u32,
    layers: u32,
}

impl Shape {
    fn of(frame: &SplatFrame) -> Self {
        match frame {
            SplatFrame::Planes(planes) => Self {
                kind: AttributeKind::Planes,
                side: planes.layout.side.max(1),
                layers: planes.layout.layers() as u32,
            },
            SplatFrame::Cloud(cloud) => Self {
                kind: AttributeKind::Cloud,
                // Coarse steps, so that a sequence of changing count seldom needs another one.
                side: ((cloud.len() as f64).sqrt().ceil() as u32)
                    .next_multiple_of(64)
                    .max(64),
                layers: texel_count(cloud.sh_degree),
            },
        }
    }

    fn format(&self) -> wgpu::TextureFormat {
        match self.kind {
            AttributeKind::Planes => wgpu::TextureFormat::R8Unorm,
            AttributeKind::Cloud => wgpu::TextureFormat::Rgba32Uint,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zoetrope_codecs::splat::synthetic;

    #[test]
    fn two_million_of_degree_3_need_no_large_buffer() {
        let mut cloud = SplatCloud::with_capacity(0, 3);
        cloud.positions = vec![[0.0; 3]; 2_000_000];
        let shape = Shape::of(&SplatFrame::Cloud(cloud));
        assert_eq!((shape.side, shape.layers), (1472, 8));
        // One layer is what goes through a staging buffer at a time.
        assert!(u64::from(shape.side).pow(2) * 16 < 128 << 20);
    }

    #[test]
    fn smaller_clouds_use_the_texture_of_larger_ones() {
        let gpu = pollster::block_on(Gpu::headless()).expect("a Vulkan device");
        let mut resources = Resources::new(&gpu.device);
        let frame = |count, degree| SplatFrame::Cloud(synthetic::surface(count, degree, 1));
        let attributes =
            Attributes::new(&gpu, &mut resources, &frame(5000, 1)).expect("it is small");
        assert!(attributes.fit(&frame(4000, 1)) && attributes.fit(&frame(0, 1)));
        assert!(!attributes.fit(&frame(20_000, 1)) && !attributes.fit(&frame(5000, 2)));
    }
}
