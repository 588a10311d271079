//! Splat frames to pixels.

mod attributes;
pub(crate) mod constants;
mod cpu_tier;
mod draw;
#[cfg(test)]
mod finite_tests;
mod gpu_tier;
mod pack;
mod pipelines;
mod project;
mod record;
mod sort;
#[cfg(test)]
mod stage_tests;
mod visible_count;

/// The structs that shaders read, for the test of their layout.
#[cfg(test)]
pub(crate) mod layouts {
    pub use super::draw::DrawParameters;
    pub use super::sort::{SortParameters, SortState};
}

use std::sync::{Arc, Weak};

use zoetrope_codecs::gaussian_video::rest_coefficients;
use zoetrope_codecs::{Bounds, SplatFrame};

pub(crate) use project::ProjectParameters;
pub(crate) use record::{Ellipse, SplatRecord};

use self::cpu_tier::CpuTier;
use self::gpu_tier::GpuTier;
use crate::resources::Resources;
use crate::target::Target;
use crate::{Error, Gpu, Picture, Result, Tier, View};

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
///
/// Memory grows to what the largest frame and picture need and is used again: after warm-up a
/// frame allocates nothing on the device.
#[derive(Debug)]
pub struct SplatRenderer {
    /// The device everything below belongs to.
    generation: u64,
    resources: Resources,
    target: Option<Target>,
    engine: Engine,
    last: Option<Drawn>,
}

/// How it is drawn.
#[derive(Debug)]
enum Engine {
    Cpu(Box<CpuTier>),
    Gpu(Box<GpuTier>),
}

/// What the picture shows, so that the same need not be drawn twice.
#[derive(Debug)]
struct Drawn {
    frame: Weak<SplatFrame>,
    bounds: Bounds,
    view: View,
    stats: RenderStats,
}

/// What is to be drawn.
struct Job<'a> {
    frame: &'a Arc<SplatFrame>,
    /// Of the frame.
    bounds: Bounds,
    view: &'a View,
}

impl SplatRenderer {
    /// A renderer on `gpu`; `tier` overrides the probe's choice (for tests and comparisons).
    ///
    /// # Errors
    /// [`Error::Device`] when the device cannot do what the tier needs, [`Error::Lost`].
    pub fn new(gpu: &Gpu, tier: Option<Tier>) -> Result<Self> {
        let mut resources = Resources::new(&gpu.device);
        let engine = match tier.unwrap_or(gpu.capabilities.tier) {
            Tier::Cpu => Engine::Cpu(Box::default()),
            Tier::Gpu if !gpu.capabilities.compute => {
                return Err(Error::Device {
                    adapter: gpu.capabilities.adapter_name.clone(),
                    reason: "it has no compute shaders; draw on the CPU instead".to_owned(),
                });
            }
            Tier::Gpu => {
                let tier = gpu.checked(|| GpuTier::new(gpu, &mut resources))?;
                Engine::Gpu(Box::new(tier))
            }
        };
        Ok(Self {
            generation: gpu.generation,
            resources,
            target: None,
            engine,
            last: None,
        })
    }

    /// Draws `frame` as `view` sees it into the renderer's own texture (Rgba8Unorm, display-space
    /// colour, premultiplied), which is made anew when the size changes. When neither frame nor view is
    /// another than last time, the picture is there already and nothing is done.
    ///
    /// `observer` is told when each stage ends. On the GPU tier that means that the stage's work
    /// was submitted; an observer that measures waits for the device ([`Gpu::wait`]).
    ///
    /// A `gpu` of another generation than last time makes the renderer build everything anew on it.
    ///
    /// # Errors
    /// [`Error::EmptyPicture`], [`Error::TooLarge`], [`Error::Frame`] and [`Error::OutOfMemory`]:
    /// the old picture stays. [`Error::Lost`]: render again with another [`Gpu`].
    pub fn render(
        &mut self,
        gpu: &Gpu,
        frame: &Arc<SplatFrame>,
        view: &View,
        observer: &mut dyn FnMut(Stage),
    ) -> Result<RenderStats> {
        gpu.check()?;
        if self.generation != gpu.generation {
            *self = Self::new(gpu, Some(self.tier()))?;
        }
        let same_frame = self
            .last
            .as_ref()
            .filter(|last| std::ptr::eq(last.frame.as_ptr(), Arc::as_ptr(frame)));
        if let Some(last) = same_frame
            && last.view == *view
        {
            return Ok(last.stats);
        }
        let bounds = match same_frame {
            Some(last) => last.bounds,
            None => {
                check(frame)?;
                frame.bounds()
            }
        };
        let fitting = self.target.as_ref().filter(|target| target.fits(view));
        // The old picture stays until there is another one.
        let new_target = match fitting {
            Some(_) => None,
            None => Some(Target::new(gpu, &mut self.resources, view)?),
        };
        let Some(target) = new_target.as_ref().or(self.target.as_ref()) else {
            return Err(Error::NothingDrawn);
        };
        let job = Job {
            frame,
            bounds,
            view,
        };
        let fresh = same_frame.is_none();
        // Should drawing fail half-way, the next call starts from nothing.
        self.last = None;
        let (drawn, memory_bytes) = match &mut self.engine {
            Engine::Cpu(cpu) => {
                let drawn = cpu.render(gpu, &job, target, observer);
                (Some(drawn), cpu.size_bytes())
            }
            Engine::Gpu(tier) => {
                let resources = &mut self.resources;
                let drawn = tier.render(gpu, resources, &job, fresh, target, observer)?;
                (drawn, tier.size_bytes())
            }
        };
        let stats = RenderStats {
            stored: frame.count() as u32,
            drawn,
            memory_bytes: memory_bytes + 4 * u64::from(view.width) * u64::from(view.height),
        };
        if new_target.is_some() {
            self.target = new_target;
        }
        self.last = Some(Drawn {
            frame: Arc::downgrade(frame),
            bounds,
            view: *view,
            stats,
        });
        Ok(stats)
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

    /// Which way it draws.
    pub fn tier(&self) -> Tier {
        match self.engine {
            Engine::Cpu(_) => Tier::Cpu,
            Engine::Gpu(_) => Tier::Gpu,
        }
    }

    /// Textures, buffers and bind groups made since the renderer was made. Stays as it is while
    /// frames and pictures do not grow.
    pub fn resources_created(&self) -> u64 {
        self.resources.created()
    }
}

/// Checks that the parts of a frame fit together: the loops and shaders rely on it.
pub(crate) fn check(frame: &SplatFrame) -> Result<()> {
    let damaged = |reason: String| Err(Error::Frame { reason });
    match frame {
        SplatFrame::Planes(planes) => {
            let layout = &planes.layout;
            if let Err(error) = layout.check("the frame") {
                return damaged(error.to_string());
            }
            if planes.samples.len() != layout.samples() {
                return damaged(format!(
                    "its planes should have {} samples but have {}",
                    layout.samples(),
                    planes.samples.len()
                ));
            }
            if planes.ranges.values().len() != layout.attributes() {
                return damaged(format!(
                    "it should have {} attribute ranges but has {}",
                    layout.attributes(),
                    planes.ranges.values().len()
                ));
            }
        }
        SplatFrame::Cloud(cloud) => {
            let lengths = [
                cloud.rotations.len(),
                cloud.scales.len(),
                cloud.opacities.len(),
                cloud.sh_dc.len(),
            ];
            let width = rest_coefficients(cloud.sh_degree);
            let has_rest = cloud.sh_rest.is_for(cloud.len(), width);
            if cloud.sh_degree > 3 {
                return damaged(format!("its SH degree is {}, above 3", cloud.sh_degree));
            }
            if lengths != [cloud.len(); 4] || !has_rest {
                return damaged("its attributes are not all of one length".to_owned());
            }
            let limit = zoetrope_codecs::limits::MAX_GAUSSIANS;
            if cloud.len() as u64 > limit {
                return Err(Error::TooLarge {
                    what: "a number of Gaussians",
                    value: cloud.len() as u64,
                    limit,
                });
            }
        }
    }
    Ok(())
}
