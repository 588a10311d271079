//! Drawing without a window.

use anyhow::Context as _;
use glam::Vec3;
use zoetrope_codecs::{Bounds, CameraHint, Cancel, FrameContent, FrameReader, UpAxis};
use zoetrope_render::{Background, Camera, Filter, Gpu, Picture, Renderer, View, cpu};

use crate::cli::{EngineArg, PictureArgs};

/// A renderer and the GPU it draws on, or the CPU reference.
#[allow(clippy::large_enum_variant)] // There is only ever one.
pub enum Offscreen {
    /// What the window uses.
    Gpu {
        /// The device.
        gpu: Gpu,
        /// The renderer on it.
        renderer: Renderer,
    },
    /// The exact reference.
    Reference,
}

impl Offscreen {
    /// A renderer of the wanted kind.
    ///
    /// # Errors
    /// When the machine has no GPU and no software Vulkan.
    pub fn new(engine: EngineArg) -> anyhow::Result<Self> {
        Ok(match engine {
            EngineArg::Cpu => Self::Reference,
            EngineArg::Gpu => {
                let gpu = pollster::block_on(Gpu::headless())?;
                let renderer = Renderer::new(&gpu, None)?;
                Self::Gpu { gpu, renderer }
            }
        })
    }

    /// Draws one frame.
    ///
    /// # Errors
    /// When the GPU cannot hold the frame.
    pub fn draw(&mut self, frame: &FrameContent, view: &View) -> anyhow::Result<Picture> {
        match self {
            Self::Gpu { gpu, renderer } => {
                renderer.render(gpu, frame, view, &mut |_| ())?;
                Ok(renderer.read_picture(gpu)?)
            }
            Self::Reference => Ok(match frame {
                FrameContent::Splats(frame) => cpu::reference::render(&frame.to_cloud(), view),
                FrameContent::Picture(picture) => cpu::fit::fit(picture, view),
                FrameContent::Neural(frame) => {
                    let picture = cpu::neural::decode(frame.network(), frame.embedding());
                    cpu::fit::fit(&picture.into(), view)
                }
            }),
        }
    }
}

/// Where a clip is in its world, as far as cameras need to know.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// Box around its Gaussians.
    pub bounds: Bounds,
    /// Up direction, a unit vector in world space.
    pub up: Vec3,
    /// First view, the clip's own or one that shows all of it.
    pub camera: Camera,
}

impl Scene {
    /// The scene of an open clip. Decodes the first frame that can be when the container does not
    /// tell the bounds.
    ///
    /// # Errors
    /// When no frame can be decoded.
    pub fn of(reader: &mut FrameReader, aspect: f32, cancel: &Cancel) -> anyhow::Result<Self> {
        let bounds = match reader.info().bounds {
            Some(bounds) => bounds,
            // A flat picture is seen whole from anywhere.
            None if reader.info().is_flat() => Bounds::EMPTY,
            None => reader
                .frame(0, cancel)
                .context("the first frame is needed to find the view")?
                .bounds(),
        };
        let info = reader.info();
        let up = Vec3::from_array(info.up.vector());
        let camera = match &info.camera {
            Some(hint) => camera(hint, info.up),
            None => Camera::framing(bounds, up, Camera::DEFAULT_FOV_Y, aspect),
        };
        Ok(Self { bounds, up, camera })
    }
}

/// The camera that `hint` describes, with `up` pointing up in the picture.
pub fn camera(hint: &CameraHint, up: UpAxis) -> Camera {
    Camera {
        position: hint.position.into(),
        target: hint.target.into(),
        up: up.vector().into(),
        fov_y: hint.fov_y_degrees.to_radians(),
    }
}

/// The view that `args` ask for, through `camera`, at `supersample` times the size.
pub fn view(args: &PictureArgs, camera: Camera, own: Filter, supersample: u32) -> View {
    View {
        camera,
        width: args.size.width * supersample,
        height: args.size.height * supersample,
        background: Background::Opaque(args.background.0),
        filter: if args.mip { Filter::Mip } else { own },
        sh_degree: args.sh_degree,
    }
}
