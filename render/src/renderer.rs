//! Draws whatever a clip shows.

use zoetrope_codecs::FrameContent;

use crate::flat::FlatRenderer;
use crate::{Gpu, Picture, RenderStats, Result, SplatRenderer, Stage, Tier, View};

/// Draws frames of all kinds, each with the renderer of its kind.
#[derive(Debug)]
pub struct Renderer {
    splats: SplatRenderer,
    /// None until there is a flat picture.
    flat: Option<FlatRenderer>,
    /// Whether the last picture was flat.
    is_flat: bool,
}

impl Renderer {
    /// A renderer on `gpu`; `tier` overrides the probe's choice for Gaussians.
    ///
    /// # Errors
    /// As [`SplatRenderer::new`].
    pub fn new(gpu: &Gpu, tier: Option<Tier>) -> Result<Self> {
        Ok(Self {
            splats: SplatRenderer::new(gpu, tier)?,
            flat: None,
            is_flat: false,
        })
    }

    /// Draws `content` as `view` sees it; a flat picture as large as it fits, whatever the camera.
    ///
    /// # Errors
    /// As [`SplatRenderer::render`] and [`FlatRenderer::render`].
    pub fn render(
        &mut self,
        gpu: &Gpu,
        content: &FrameContent,
        view: &View,
        observer: &mut dyn FnMut(Stage),
    ) -> Result<RenderStats> {
        if let FrameContent::Splats(frame) = content {
            let stats = self.splats.render(gpu, frame, view, observer)?;
            self.is_flat = false;
            return Ok(stats);
        }
        let flat = match &mut self.flat {
            Some(flat) => flat,
            None => self.flat.insert(FlatRenderer::new(gpu)?),
        };
        let stats = flat.render(gpu, content, view, observer)?;
        self.is_flat = true;
        Ok(stats)
    }

    /// The texture of the last picture.
    pub fn target(&self) -> Option<&wgpu::TextureView> {
        match &self.flat {
            Some(flat) if self.is_flat => flat.target(),
            _ => self.splats.target(),
        }
    }

    /// Copies the last picture back; blocks until it is there.
    ///
    /// # Errors
    /// [`crate::Error::NothingDrawn`] and [`crate::Error::Lost`].
    pub fn read_picture(&self, gpu: &Gpu) -> Result<Picture> {
        match &self.flat {
            Some(flat) if self.is_flat => flat.read_picture(gpu),
            _ => self.splats.read_picture(gpu),
        }
    }

    /// Which way Gaussians are drawn.
    pub fn tier(&self) -> Tier {
        self.splats.tier()
    }
}
