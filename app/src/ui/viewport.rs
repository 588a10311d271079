//! The picture: drawn by the renderer into its own texture, shown by egui.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use eframe::egui_wgpu::RenderState;
use egui::{Pos2, Rect, TextureId, Ui};
use glam::Vec3;
use zoetrope_codecs::FrameContent;
use zoetrope_player::{Comparison, RenderScale};
use zoetrope_render::{Camera, Filter, Gpu, RenderStats, Renderer, View};

use super::draw_thread::{DrawThread, Drawn, StageTimes};
use super::frame_log::{FrameLog, PictureTime};
use super::look::Look;
use crate::adaptive_scale::{AdaptiveScale, DrawCost};
use crate::platform::Platform;
use crate::workers::Workers;

/// Over how long pictures are counted for the frame rate, in seconds.
const RATE_WINDOW_S: f64 = 1.0;

/// A camera that has not moved for so long stands still, in seconds: what follows a hand that
/// pauses is not held up by a picture with all pixels.
const STILL_AFTER_S: f64 = 0.15;
/// Time for a picture while the camera moves, in milliseconds: 30 a second follow a hand.
const CAMERA_BUDGET_MS: f64 = 1000.0 / 30.0;
/// Times for a picture that a clip may ask for, in milliseconds: from what a screen shows to what
/// is still felt as answering.
const CLIP_BUDGETS_MS: std::ops::RangeInclusive<f64> = 1000.0 / 60.0..=100.0;

/// A flat picture that is shown with the clip's.
#[derive(Clone)]
pub struct Beside {
    /// The picture.
    pub picture: FrameContent,
    /// How.
    pub comparison: Comparison,
    /// Where the line of a wipe is, 0 to 1 of the width.
    pub line: f32,
}

/// A picture that was started.
struct Started {
    frame: FrameContent,
    view: View,
    beside: Option<Beside>,
    /// Whether it shows another frame than the one before it.
    is_new_frame: bool,
    /// Pixels for each pixel of the screen, along a side.
    scale: f32,
    /// The time there was for it, while something moved.
    budget_ms: Option<f64>,
    decode_ms: Option<f64>,
}

/// The renderer and its picture.
pub struct Viewport {
    render_state: RenderState,
    gpu: Gpu,
    thread: DrawThread,
    workers: Workers,
    /// How long the interface waits for a picture before it goes on with the old one.
    patience: Duration,
    texture: Option<Shown>,
    /// What is shown with it, and how both were drawn.
    beside: Option<Shown>,
    comparison: Comparison,
    /// The last picture that was started; nothing is drawn again until it should be another one.
    started: Option<Started>,
    /// Where the picture was shown last, in points.
    rect: Rect,
    /// Its pixels at full scale.
    size_px: [u32; 2],
    camera: Option<Camera>,
    camera_moved_at: f64,
    scale: AdaptiveScale,
    stats: RenderStats,
    log: FrameLog,
    pictures: u64,
    /// When different frames were drawn.
    rate: VecDeque<f64>,
}

/// The left and the right half of an area.
fn halves(rect: Rect) -> [Rect; 2] {
    let (left, right) = rect.split_left_right_at_fraction(0.5);
    [left, right]
}

/// The renderer's texture as egui knows it.
struct Shown {
    id: TextureId,
    view: wgpu::TextureView,
    filter: wgpu::FilterMode,
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
        platform: Arc<dyn Platform>,
        patience: Duration,
    ) -> anyhow::Result<Self> {
        let gpu = Gpu::new(
            &render_state.adapter,
            render_state.device.clone(),
            render_state.queue.clone(),
        );
        let renderer = Renderer::new(&gpu, None)?;
        let workers = Workers::new("draw", platform)?;
        let ctx = ctx.clone();
        let repaint = move || ctx.request_repaint();
        Ok(Self {
            thread: DrawThread::spawn(gpu.clone(), renderer, workers.clone(), repaint)?,
            workers,
            patience,
            render_state,
            gpu,
            texture: None,
            beside: None,
            comparison: Comparison::Off,
            started: None,
            rect: Rect::NOTHING,
            size_px: [1, 1],
            camera: None,
            camera_moved_at: f64::NEG_INFINITY,
            scale: AdaptiveScale::default(),
            stats: RenderStats::default(),
            log: FrameLog::default(),
            pictures: 0,
            rate: VecDeque::new(),
        })
    }

    /// Draws `frame` from `camera` at the physical size of `rect`, or with fewer pixels while it
    /// moves too fast for that, if the last picture shows something else; and shows the newest
    /// picture that is done there, with the one that is to be `beside` it.
    ///
    /// # Errors
    /// When the frame or the size cannot be drawn; the old picture stays.
    pub fn show(
        &mut self,
        ui: &Ui,
        rect: Rect,
        (frame, beside): (&FrameContent, Option<&Beside>),
        camera: Camera,
        look: &Look,
    ) -> Result<(), zoetrope_render::Error> {
        let now = ui.input(|input| input.time);
        self.rect = rect;
        let drawn_size = match beside {
            Some(beside) if beside.comparison == Comparison::SideBySide => halves(rect)[0].size(),
            _ => rect.size(),
        };
        let budget_ms = self.budget_ms(ui, camera, look, now);
        let scale = self.scale.scale(budget_ms.is_some());
        let side_px = |points: f32, scale: f32| {
            let pixels = (points * ui.pixels_per_point() * scale).round();
            (pixels as u32).max(1)
        };
        self.size_px = [rect.width(), rect.height()].map(|points| side_px(points, 1.0));
        let view = View {
            camera,
            width: side_px(drawn_size.x, scale),
            height: side_px(drawn_size.y, scale),
            background: look.background,
            filter: look.filter.unwrap_or_else(|| Filter::of(frame)),
            sh_degree: look.sh_degree,
        };
        // Waiting is for pictures that are done before anybody notices.
        let patience = if self.times().total_ms() > self.patience.as_secs_f64() * 1e3 {
            Duration::ZERO
        } else {
            self.patience
        };
        let mut finished = self.finish(Duration::ZERO, now);
        if !self.thread.is_busy() && !self.shows(frame, &view, beside) {
            // Also if this fails: trying again in every repaint would not mend it.
            self.started = Some(Started {
                frame: frame.clone(),
                view,
                beside: beside.cloned(),
                is_new_frame: !self.shows_frame(frame),
                scale,
                budget_ms,
                decode_ms: look.decode_ms,
            });
            let picture = beside.map(|beside| beside.picture.clone());
            self.thread.start(frame.clone(), view, picture);
            finished = finished.and(self.finish(patience, now));
        }
        self.paint(ui, rect, beside.map_or(0.5, |beside| beside.line));
        finished
    }

    /// Paints the pictures that are done as they were drawn.
    fn paint(&self, ui: &Ui, rect: Rect, line: f32) {
        let paint = |shown: &Option<Shown>, place: Rect, part: Rect| {
            if let Some(shown) = shown {
                let uv = Rect::from_min_max(Pos2::ZERO, egui::pos2(1.0, 1.0));
                let painter = ui.painter().with_clip_rect(part);
                painter.image(shown.id, place, uv, egui::Color32::WHITE);
            }
        };
        match self.comparison {
            Comparison::Off => paint(&self.texture, rect, rect),
            Comparison::SideBySide => {
                let [left, right] = halves(rect);
                paint(&self.texture, left, left);
                paint(&self.beside, right, right);
            }
            Comparison::Wipe => {
                let (left, right) = rect.split_left_right_at_fraction(line);
                paint(&self.texture, rect, left);
                paint(&self.beside, rect, right);
            }
        }
    }

    /// The time there is for the next picture; `None` when nothing moves.
    fn budget_ms(&mut self, ui: &Ui, camera: Camera, look: &Look, now: f64) -> Option<f64> {
        if self.camera.replace(camera) != Some(camera) {
            self.camera_moved_at = now;
        }
        let still_in_s = self.camera_moved_at + STILL_AFTER_S - now;
        let clip = look.frame_interval_s.map(|seconds| {
            let ms = 1e3 * seconds;
            ms.clamp(*CLIP_BUDGETS_MS.start(), *CLIP_BUDGETS_MS.end())
        });
        if still_in_s <= 0.0 {
            return clip;
        }
        if clip.is_none() && self.scale.scale(true) != self.scale.scale(false) {
            let wait = Duration::try_from_secs_f64(still_in_s).unwrap_or_default();
            ui.ctx().request_repaint_after(wait);
        }
        Some(clip.map_or(CAMERA_BUDGET_MS, |ms| ms.min(CAMERA_BUDGET_MS)))
    }

    fn shows(&self, frame: &FrameContent, view: &View, beside: Option<&Beside>) -> bool {
        let Some(last) = &self.started else {
            return false;
        };
        let is_beside = match (&last.beside, beside) {
            (None, None) => true,
            (Some(last), Some(beside)) => {
                last.comparison == beside.comparison && last.picture.is_same(&beside.picture)
            }
            _ => false,
        };
        is_beside && last.view == *view && self.shows_frame(frame)
    }

    fn shows_frame(&self, frame: &FrameContent) -> bool {
        self.started
            .as_ref()
            .is_some_and(|last| last.frame.is_same(frame))
    }

    /// Takes the picture that was started, if it is done within `patience`.
    fn finish(&mut self, patience: Duration, now: f64) -> Result<(), zoetrope_render::Error> {
        if let Some(drawn) = self.thread.finish(patience) {
            self.receive(drawn?, now);
        }
        Ok(())
    }

    /// Takes a picture that is done.
    fn receive(&mut self, drawn: Drawn, now: f64) {
        self.stats = drawn.stats;
        self.pictures += 1;
        let mut filter = wgpu::FilterMode::Nearest;
        if let Some(started) = &self.started {
            let times = drawn.times;
            self.log.push(PictureTime {
                decode_ms: started.decode_ms.filter(|_| started.is_new_frame),
                stages: times,
                budget_ms: started.budget_ms,
                scale: started.scale,
            });
            if let Some(budget_ms) = started.budget_ms {
                let cost = DrawCost {
                    gaussians_ms: times.upload_ms + times.project_ms + times.sort_ms,
                    pixels_ms: times.draw_ms,
                    scale: started.scale,
                };
                self.scale.observe(cost, budget_ms, now);
            }
            if started.is_new_frame {
                self.rate.push_back(now);
            }
            // At full scale one texel is one pixel of the window.
            if started.scale != 1.0 {
                filter = wgpu::FilterMode::Linear;
            }
        }
        let beside = self.started.as_ref().and_then(|last| last.beside.as_ref());
        self.comparison = beside.map_or(Comparison::Off, |beside| beside.comparison);
        let shown = (self.texture.take(), self.beside.take());
        self.texture = self.register(shown.0, drawn.target.as_ref(), filter);
        self.beside = self.register(shown.1, drawn.beside.as_ref(), filter);
    }

    /// Tells egui about a texture of the renderer when that is a new one; the one before it is forgotten.
    fn register(
        &self,
        before: Option<Shown>,
        target: Option<&wgpu::TextureView>,
        filter: wgpu::FilterMode,
    ) -> Option<Shown> {
        let Some(target) = target else {
            return before;
        };
        let is_known = |shown: &Shown| shown.view == *target && shown.filter == filter;
        if before.as_ref().is_some_and(is_known) {
            return before;
        }
        let mut egui_renderer = self.render_state.renderer.write();
        let device = &self.render_state.device;
        let id = match before {
            Some(Shown { id, .. }) => {
                egui_renderer.update_egui_texture_from_wgpu_texture(device, target, filter, id);
                id
            }
            None => egui_renderer.register_native_texture(device, target, filter),
        };
        Some(Shown {
            id,
            view: target.clone(),
            filter,
        })
    }

    /// Starts looking for the point of the world that is shown at `pos`; the window is painted
    /// again when [`Self::picked`] has the answer.
    pub fn pick(&self, pos: Pos2) {
        if let Some(started) = &self.started
            && self.rect.is_positive()
        {
            let size = glam::Vec2::new(started.view.width as f32, started.view.height as f32);
            let part = (pos - self.rect.min) / self.rect.size();
            let pixel = size * glam::Vec2::new(part.x, part.y);
            self.thread.pick(started.frame.clone(), started.view, pixel);
        }
    }

    /// The answer to the last [`Self::pick`], once: a point, or nothing at that place.
    pub fn picked(&self) -> Option<Option<Vec3>> {
        self.thread.picked()
    }

    /// Lets go of the picture of a clip that is gone.
    pub fn forget(&mut self) {
        self.started = None;
        self.rate.clear();
        self.scale.forget();
        self.log.clear();
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
        self.log
            .last()
            .map_or_else(StageTimes::default, |picture| picture.stages)
    }

    /// How long the last pictures took.
    pub fn log(&self) -> &FrameLog {
        &self.log
    }

    /// Draws with so many pixels from now on.
    pub fn set_render_scale(&mut self, scale: RenderScale) {
        self.scale.set_mode(scale);
    }

    /// What the last picture shows, with all its pixels.
    pub fn shown(&self) -> Option<(FrameContent, View)> {
        let started = self.started.as_ref()?;
        let view = View {
            width: self.size_px[0],
            height: self.size_px[1],
            ..started.view
        };
        Some((started.frame.clone(), view))
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

    /// The threads that draw.
    pub fn workers(&self) -> &Workers {
        &self.workers
    }

    /// The device.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }
}
