//! The picture: drawn by the renderer into its own texture, shown by egui.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use eframe::egui_wgpu::RenderState;
use egui::{Pos2, Rect, TextureId, Ui};
use zoetrope_codecs::SplatFrame;
use zoetrope_render::{Background, Camera, Filter, Gpu, RenderStats, SplatRenderer, View};

use super::draw_thread::{DrawThread, Drawn, StageTimes};
use super::theme;

/// Over how long pictures are counted for the frame rate, in seconds.
const RATE_WINDOW_S: f64 = 1.0;

/// The renderer and its picture.
pub struct Viewport {
    render_state: RenderState,
    gpu: Gpu,
    thread: DrawThread,
    /// How long the interface waits for a picture before it goes on with the old one.
    patience: Duration,
    texture: Option<(TextureId, wgpu::TextureView)>,
    /// What the last picture that was started shows; nothing is drawn again until one of these
    /// changes.
    drawn: Option<(Arc<SplatFrame>, View)>,
    /// Whether it shows another frame than the one before it.
    is_new_frame: bool,
    stats: RenderStats,
    times: StageTimes,
    pictures: u64,
    /// When different frames were drawn.
    rate: VecDeque<f64>,
}

impl Viewport {
    /// A renderer on the device that draws the interface, whose context is `ctx`. A picture that
    /// takes longer than `patience` is shown when it is done, and the old one until then.
    ///
    /// # Errors
    /// When the device cannot do what the renderer needs, or there is no thread to draw on.
    pub fn new(
        render_state: RenderState,
        ctx: &egui::Context,
        patience: Duration,
    ) -> anyhow::Result<Self> {
        let gpu = Gpu::new(
            &render_state.adapter,
            render_state.device.clone(),
            render_state.queue.clone(),
        );
        let renderer = SplatRenderer::new(&gpu, None)?;
        let ctx = ctx.clone();
        let repaint = move || ctx.request_repaint();
        Ok(Self {
            thread: DrawThread::spawn(gpu.clone(), renderer, repaint)?,
            patience,
            render_state,
            gpu,
            texture: None,
            drawn: None,
            is_new_frame: false,
            stats: RenderStats::default(),
            times: StageTimes::default(),
            pictures: 0,
            rate: VecDeque::new(),
        })
    }

    /// Draws `frame` from `camera` at the physical size of `rect`, if the last picture shows
    /// something else, and shows the newest picture that is done there.
    ///
    /// # Errors
    /// When the frame or the size cannot be drawn; the old picture stays.
    pub fn show(
        &mut self,
        ui: &Ui,
        rect: Rect,
        frame: &Arc<SplatFrame>,
        camera: Camera,
    ) -> Result<(), zoetrope_render::Error> {
        let scale = ui.pixels_per_point();
        let view = View {
            camera,
            width: ((rect.width() * scale).round() as u32).max(1),
            height: ((rect.height() * scale).round() as u32).max(1),
            background: opaque(theme::palette(ui).background),
            filter: filter_of(frame),
            sh_degree: 3,
        };
        // Waiting is for pictures that are done before anybody notices.
        let patience = if self.times.total_ms() > self.patience.as_secs_f64() * 1e3 {
            Duration::ZERO
        } else {
            self.patience
        };
        let mut finished = self.thread.finish(Duration::ZERO);
        if !self.thread.is_busy() && !self.shows(frame, &view) {
            self.is_new_frame = !self.shows_frame(frame);
            // Also if this fails: trying again in every repaint would not mend it.
            self.drawn = Some((frame.clone(), view));
            self.thread.start(frame.clone(), view);
            finished = self.thread.finish(patience).or(finished);
        }
        let result = match finished {
            Some(Ok(drawn)) => {
                self.receive(drawn, ui.input(|input| input.time));
                Ok(())
            }
            Some(Err(error)) => Err(error),
            None => Ok(()),
        };
        if let Some((texture, _)) = &self.texture {
            let uv = Rect::from_min_max(Pos2::ZERO, egui::pos2(1.0, 1.0));
            ui.painter().image(*texture, rect, uv, egui::Color32::WHITE);
        }
        result
    }

    fn shows(&self, frame: &Arc<SplatFrame>, view: &View) -> bool {
        self.drawn
            .as_ref()
            .is_some_and(|(drawn, from)| Arc::ptr_eq(drawn, frame) && from == view)
    }

    fn shows_frame(&self, frame: &Arc<SplatFrame>) -> bool {
        self.drawn
            .as_ref()
            .is_some_and(|(drawn, _)| Arc::ptr_eq(drawn, frame))
    }

    /// Takes a picture that is done.
    fn receive(&mut self, drawn: Drawn, now: f64) {
        self.stats = drawn.stats;
        self.times = drawn.times;
        self.pictures += 1;
        if self.is_new_frame {
            self.rate.push_back(now);
        }
        if let Some(target) = &drawn.target {
            self.register(target);
        }
    }

    /// Tells egui about the renderer's texture when that is a new one.
    fn register(&mut self, target: &wgpu::TextureView) {
        if self
            .texture
            .as_ref()
            .is_some_and(|(_, view)| view == target)
        {
            return;
        }
        let mut egui_renderer = self.render_state.renderer.write();
        let device = &self.render_state.device;
        // One texel is one pixel of the window.
        let filter = wgpu::FilterMode::Nearest;
        let id = match self.texture.take() {
            Some((id, _)) => {
                egui_renderer.update_egui_texture_from_wgpu_texture(device, target, filter, id);
                id
            }
            None => egui_renderer.register_native_texture(device, target, filter),
        };
        self.texture = Some((id, target.clone()));
    }

    /// Lets go of the picture of a clip that is gone.
    pub fn forget(&mut self) {
        self.drawn = None;
        self.rate.clear();
    }

    /// Whether a picture is on its way, with whose end the window is painted again.
    pub fn is_drawing(&self) -> bool {
        self.thread.is_busy()
    }

    /// Different frames drawn in the second before `now`.
    pub fn frame_rate(&mut self, now: f64) -> usize {
        while self
            .rate
            .front()
            .is_some_and(|time| *time <= now - RATE_WINDOW_S)
        {
            self.rate.pop_front();
        }
        self.rate.len()
    }

    /// What the last picture took.
    pub fn stats(&self) -> RenderStats {
        self.stats
    }

    /// How long the last picture took.
    pub fn times(&self) -> StageTimes {
        self.times
    }

    /// Pictures drawn so far.
    pub fn pictures(&self) -> u64 {
        self.pictures
    }

    /// Whether the device still works. Asks it, and does not wait.
    ///
    /// # Errors
    /// [`zoetrope_render::Error::Lost`].
    pub fn check_device(&self) -> Result<(), zoetrope_render::Error> {
        if let Err(error) = self.gpu.device.poll(wgpu::PollType::Poll) {
            log::debug!("polling the device: {error}");
        }
        self.gpu.check()
    }

    /// The device.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }
}

fn opaque(colour: egui::Color32) -> Background {
    let [red, green, blue, _] = colour.to_array().map(|channel| f32::from(channel) / 255.0);
    Background::Opaque([red, green, blue])
}

fn filter_of(frame: &SplatFrame) -> Filter {
    match frame {
        SplatFrame::Cloud(cloud) if cloud.antialiased => Filter::Mip,
        SplatFrame::Cloud(_) | SplatFrame::Planes(_) => Filter::Classic,
    }
}
