//! Flat pictures: as large as they fit, whole, background around them.

use std::sync::Arc;

use zoetrope_codecs::neural::{Network, NeuralFrame};
use zoetrope_codecs::{FrameContent, PictureFrame};

use crate::neural::{NeuralRenderer, Precision};
use crate::resources::Resources;
use crate::target::{Target, extent};
use crate::{Error, Gpu, Picture, RenderStats, Result, Stage, View, shader};

/// Places that are looked at for one pixel, along a side: enough for pictures eight times too large.
const TAPS_MAX: u32 = 8;

/// Where a flat picture lies, for `flat/fit_fragment.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct FitParameters {
    /// Red, green, blue, alpha of what is around it, premultiplied.
    pub background: [f32; 4],
    /// Its upper left corner in the view, pixels.
    pub origin_px: [f32; 2],
    /// Its width and height in the view, pixels.
    pub size_px: [f32; 2],
    /// Upper left corner of what is shown of the texture, 0 to 1.
    pub part_origin: [f32; 2],
    /// Width and height of that.
    pub part_size: [f32; 2],
    /// Places that are looked at for each pixel, across and down.
    pub taps: [u32; 2],
    /// Nothing.
    pub padding: [u32; 2],
}

/// What is shown of a texture, in its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Upper left corner.
    pub origin: [u32; 2],
    /// Width and height.
    pub size: [u32; 2],
    /// Width and height of the texture.
    pub texture: [u32; 2],
}

impl Part {
    /// All of a texture.
    pub fn whole(size: [u32; 2]) -> Self {
        Self {
            origin: [0; 2],
            size,
            texture: size,
        }
    }

    /// What is shown of the texture that a frame is made in.
    fn of(content: &FrameContent) -> Self {
        match content {
            FrameContent::Neural(frame) => {
                let crop = frame.crop();
                Self {
                    origin: crop.start,
                    size: crop.size,
                    texture: frame.network().picture_size().map(|side| side as u32),
                }
            }
            _ => Self::whole(content.picture_size().unwrap_or_default()),
        }
    }
}

impl FitParameters {
    /// A picture in the middle of `view`, as large as it can be seen whole, on whole pixels.
    pub fn new(part: Part, view: &View) -> Self {
        let picture = part.size.map(f64::from);
        let of_texture =
            |pixels: [u32; 2]| [0, 1].map(|axis| pixels[axis] as f32 / part.texture[axis] as f32);
        let room = [view.width, view.height].map(f64::from);
        let scale = (room[0] / picture[0]).min(room[1] / picture[1]);
        let fitted = [0, 1].map(|axis| (picture[axis] * scale).round().clamp(1.0, room[axis]));
        let taps = |axis: usize| (picture[axis] / fitted[axis]).ceil().min(TAPS_MAX.into()) as u32;
        Self {
            background: view.background.premultiplied(),
            origin_px: [0, 1].map(|axis| ((room[axis] - fitted[axis]) / 2.0).floor() as f32),
            size_px: fitted.map(|side| side as f32),
            part_origin: of_texture(part.origin),
            part_size: of_texture(part.size),
            taps: [taps(0).max(1), taps(1).max(1)],
            padding: [0; 2],
        }
    }
}

/// Draws flat pictures into a texture of its own. Once warm it allocates nothing.
#[derive(Debug)]
pub struct FlatRenderer {
    generation: u64,
    resources: Resources,
    pipeline: wgpu::RenderPipeline,
    sampler: wgpu::Sampler,
    parameters: wgpu::Buffer,
    source: Option<Source>,
    /// What the source made last, and where it lies.
    shown: Option<(FrameContent, wgpu::TextureView)>,
    /// For each texture that the source draws into.
    bindings: Vec<(wgpu::TextureView, wgpu::BindGroup)>,
    target: Option<Target>,
    /// How the target shows that.
    drawn: Option<View>,
}

/// Where the picture comes from.
#[derive(Debug)]
enum Source {
    /// A texture that pictures are copied to.
    Uploaded(wgpu::Texture),
    /// A network, and what evaluates it.
    Network(Arc<Network>, Box<NeuralRenderer>),
}

impl FlatRenderer {
    /// A renderer on `gpu`.
    ///
    /// # Errors
    /// [`Error::Device`], [`Error::OutOfMemory`] and [`Error::Lost`].
    pub fn new(gpu: &Gpu) -> Result<Self> {
        gpu.checked(|| {
            let mut resources = Resources::new(&gpu.device);
            let uses = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
            Self {
                generation: gpu.generation,
                pipeline: shader::whole_picture(&gpu.device, "flat/fit_fragment"),
                sampler: gpu.device.create_sampler(&wgpu::SamplerDescriptor {
                    label: Some("fit"),
                    mag_filter: wgpu::FilterMode::Linear,
                    min_filter: wgpu::FilterMode::Linear,
                    ..Default::default()
                }),
                parameters: resources.buffer("fit", size_of::<FitParameters>() as u64, uses),
                resources,
                source: None,
                shown: None,
                bindings: Vec::new(),
                target: None,
                drawn: None,
            }
        })
    }

    /// Draws `content`, a flat picture, into the renderer's own texture of the size of `view`; of that
    /// only size and background count. As [`crate::SplatRenderer::render`].
    ///
    /// # Errors
    /// [`Error::Frame`] for what is not flat or damaged; [`Error::EmptyPicture`], [`Error::TooLarge`],
    /// [`Error::OutOfMemory`] and [`Error::Lost`].
    pub fn render(
        &mut self,
        gpu: &Gpu,
        content: &FrameContent,
        view: &View,
        observer: &mut dyn FnMut(Stage),
    ) -> Result<RenderStats> {
        gpu.check()?;
        if self.generation != gpu.generation {
            *self = Self::new(gpu)?;
        }
        let texture = self.source_of(gpu, content)?;
        observer(Stage::Upload);
        let seen = |view: &View| (view.width, view.height, view.background);
        if self.drawn.as_ref().map(seen) == Some(seen(view)) {
            return Ok(self.stats());
        }
        if !self.target.as_ref().is_some_and(|target| target.fits(view)) {
            self.target = Some(Target::new(gpu, &mut self.resources, view)?);
        }
        let parameters = FitParameters::new(Part::of(content), view);
        gpu.queue
            .write_buffer(&self.parameters, 0, bytemuck::bytes_of(&parameters));
        self.draw(gpu, &texture);
        observer(Stage::Draw);
        self.drawn = Some(*view);
        Ok(self.stats())
    }

    /// The picture in a texture: made, unless it is the one that was made last.
    fn source_of(&mut self, gpu: &Gpu, content: &FrameContent) -> Result<wgpu::TextureView> {
        if let Some((shown, texture)) = &self.shown
            && shown.is_same(content)
        {
            return Ok(texture.clone());
        }
        // Should it fail, the next call starts from nothing.
        (self.shown, self.drawn) = (None, None);
        let texture = match content {
            FrameContent::Splats(_) => {
                return Err(Error::Frame {
                    reason: "it is not flat".to_owned(),
                });
            }
            FrameContent::Picture(picture) => self.upload(gpu, picture)?,
            FrameContent::Neural(frame) => self.decode(gpu, frame)?,
        };
        self.shown = Some((content.clone(), texture.clone()));
        Ok(texture)
    }

    fn draw(&mut self, gpu: &Gpu, texture: &wgpu::TextureView) {
        let Some(target) = &self.target else {
            return;
        };
        if !self.bindings.iter().any(|(known, _)| known == texture) {
            let group = self.resources.bind_group(
                "fit",
                &self.pipeline.get_bind_group_layout(0),
                &[
                    self.parameters.as_entire_binding(),
                    wgpu::BindingResource::TextureView(texture),
                    wgpu::BindingResource::Sampler(&self.sampler),
                ],
            );
            self.bindings.push((texture.clone(), group));
        }
        let known = self.bindings.iter().find(|(known, _)| known == texture);
        let mut encoder = gpu
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                label: Some("fit"),
                color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                    view: &target.view,
                    depth_slice: None,
                    resolve_target: None,
                    ops: wgpu::Operations::default(),
                })],
                ..Default::default()
            });
            pass.set_pipeline(&self.pipeline);
            if let Some((_, group)) = known {
                pass.set_bind_group(0, group, &[]);
            }
            pass.draw(0..3, 0..1);
        }
        gpu.queue.submit([encoder.finish()]);
    }

    fn upload(&mut self, gpu: &Gpu, picture: &PictureFrame) -> Result<wgpu::TextureView> {
        let (width, height) = (picture.width, picture.height);
        let size = extent(gpu, [width, height])?;
        if picture.rgba.len() as u64 != 4 * u64::from(width) * u64::from(height) {
            return Err(Error::Frame {
                reason: format!("it has not the bytes of {width} x {height} pixels"),
            });
        }
        let texture = match self.source.take() {
            Some(Source::Uploaded(texture)) if texture.size() == size => texture,
            _ => {
                self.bindings.clear();
                let usage = wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST;
                let format = wgpu::TextureFormat::Rgba8Unorm;
                let resources = &mut self.resources;
                gpu.checked(|| resources.texture("flat picture", size, format, usage))?
            }
        };
        gpu.queue.write_texture(
            texture.as_image_copy(),
            &picture.rgba,
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(4 * width),
                rows_per_image: None,
            },
            size,
        );
        let view = match self.bindings.first() {
            Some((view, _)) => view.clone(),
            None => texture.create_view(&wgpu::TextureViewDescriptor::default()),
        };
        self.source = Some(Source::Uploaded(texture));
        Ok(view)
    }

    fn decode(&mut self, gpu: &Gpu, frame: &NeuralFrame) -> Result<wgpu::TextureView> {
        let kept = match self.source.take() {
            Some(Source::Network(network, mut renderer)) => {
                let is_loaded = Arc::ptr_eq(&network, frame.network());
                (is_loaded || renderer.load(gpu, frame.network())).then_some(renderer)
            }
            _ => None,
        };
        let mut renderer = match kept {
            Some(renderer) => renderer,
            None => {
                self.bindings.clear();
                let precision = Precision::of(gpu);
                Box::new(NeuralRenderer::new(gpu, frame.network(), precision)?)
            }
        };
        let view = renderer.decode_part(gpu, frame.embedding(), frame.part())?;
        let view = view.clone();
        self.source = Some(Source::Network(frame.network().clone(), renderer));
        Ok(view)
    }

    fn stats(&self) -> RenderStats {
        let bytes =
            |texture: &wgpu::Texture| 4 * u64::from(texture.width()) * u64::from(texture.height());
        let source = match &self.source {
            None => 0,
            Some(Source::Uploaded(texture)) => bytes(texture),
            Some(Source::Network(_, renderer)) => renderer.memory_bytes(),
        };
        let target = self.target.as_ref();
        RenderStats {
            stored: 0,
            drawn: None,
            memory_bytes: source + target.map_or(0, |target| bytes(&target.texture)),
        }
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
        self.target.as_ref().ok_or(Error::NothingDrawn)?.read(gpu)
    }

    /// Textures, buffers and bind groups made since the renderer was made, but for those of networks.
    pub fn resources_created(&self) -> u64 {
        self.resources.created()
    }
}
