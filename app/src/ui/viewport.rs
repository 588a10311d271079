//! The picture: drawn by the renderer into its own texture, shown by egui.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use eframe::egui_wgpu::RenderState;
use egui::{PointerButton, Pos2, Rect, Response, Sense, TextureId, Ui};
use zoetrope_codecs::SplatFrame;
use zoetrope_render::{Camera, Filter, Gpu, RenderStats, SplatRenderer, Stage, View};

use super::hand::{Hand, Move};
use super::theme;
use crate::camera::OrbitCamera;

/// Over how long pictures are counted for the frame rate, in seconds.
const RATE_WINDOW_S: f64 = 1.0;

/// How long the stages of the last picture took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StageTimes {
    /// The frame to the renderer.
    pub upload_ms: f64,
    /// Projection.
    pub project_ms: f64,
    /// Sorting.
    pub sort_ms: f64,
    /// Blending.
    pub draw_ms: f64,
}

/// The renderer and its picture.
pub struct Viewport {
    render_state: RenderState,
    gpu: Gpu,
    renderer: SplatRenderer,
    texture: Option<(TextureId, wgpu::TextureView)>,
    /// What the picture shows; nothing is drawn again until one of these changes.
    drawn: Option<(Arc<SplatFrame>, View)>,
    stats: RenderStats,
    times: StageTimes,
    pictures: u64,
    /// When different frames were drawn.
    rate: VecDeque<f64>,
}

impl Viewport {
    /// A renderer on the device that draws the interface.
    ///
    /// # Errors
    /// When the device cannot do what the renderer needs.
    pub fn new(render_state: RenderState) -> Result<Self, zoetrope_render::Error> {
        let gpu = Gpu::new(
            &render_state.adapter,
            render_state.device.clone(),
            render_state.queue.clone(),
        );
        Ok(Self {
            renderer: SplatRenderer::new(&gpu, None)?,
            render_state,
            gpu,
            texture: None,
            drawn: None,
            stats: RenderStats::default(),
            times: StageTimes::default(),
            pictures: 0,
            rate: VecDeque::new(),
        })
    }

    /// Draws `frame` from `camera` at the physical size of `rect`, if the last picture shows
    /// something else, and shows the picture there.
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
            background: theme::BACKGROUND
                .to_array()
                .map(|channel| f32::from(channel) / 255.0)[..3]
                .try_into()
                .unwrap_or_default(),
            filter: filter_of(frame),
            sh_degree: 3,
        };
        let mut result = Ok(());
        if !self.shows(frame, &view) {
            result = self.draw(frame, view, ui.input(|input| input.time));
        }
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

    fn draw(
        &mut self,
        frame: &Arc<SplatFrame>,
        view: View,
        now: f64,
    ) -> Result<(), zoetrope_render::Error> {
        let same_frame = matches!(&self.drawn, Some((drawn, _)) if Arc::ptr_eq(drawn, frame));
        // Also after an error: trying again in every repaint would not mend it.
        self.drawn = Some((frame.clone(), view));
        let mut times = StageTimes::default();
        let mut last = Instant::now();
        self.stats = self
            .renderer
            .render(&self.gpu, frame, &view, &mut |stage| {
                let ms = last.elapsed().as_secs_f64() * 1e3;
                last = Instant::now();
                match stage {
                    Stage::Upload => times.upload_ms += ms,
                    Stage::Project => times.project_ms += ms,
                    Stage::Sort => times.sort_ms += ms,
                    Stage::Draw => times.draw_ms += ms,
                }
            })?;
        self.times = times;
        self.pictures += 1;
        if !same_frame {
            self.rate.push_back(now);
        }
        self.register();
        Ok(())
    }

    /// Tells egui about the renderer's texture when that is a new one.
    fn register(&mut self) {
        let Some(target) = self.renderer.target() else {
            return;
        };
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

    /// The device.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }
}

fn filter_of(frame: &SplatFrame) -> Filter {
    match frame {
        SplatFrame::Cloud(cloud) if cloud.antialiased => Filter::Mip,
        SplatFrame::Cloud(_) | SplatFrame::Planes(_) => Filter::Classic,
    }
}

/// The surface that takes the hand for the camera; everything shown later lies above it.
pub fn sense(ui: &mut Ui, rect: Rect) -> Response {
    let response = ui.allocate_rect(rect, Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Canvas, true, "Picture"));
    response
}

/// Moves the camera as the hand does: left drag or one finger orbits, right or middle drag or two
/// fingers pan, the wheel and pinching zoom. What is `covered` is not the picture's.
pub fn steer(
    ui: &Ui,
    response: &Response,
    covered: &[Rect],
    hand: &mut Hand,
    camera: &mut OrbitCamera,
) {
    let height = response.rect.height();
    let is_on =
        |pos: Pos2| response.rect.contains(pos) && !covered.iter().any(|rect| rect.contains(pos));
    let moves = hand.follow(ui, is_on);
    if let Some(touch) = ui.input(egui::InputState::multi_touch) {
        if is_on(touch.center_pos) {
            hand.let_go();
            camera.pan(touch.translation_delta, height);
            camera.zoom(touch.zoom_delta);
        }
        return;
    }
    for step in moves {
        match step {
            Move::Drag(PointerButton::Primary, from, to) => camera.orbit(to - from),
            Move::Drag(PointerButton::Secondary | PointerButton::Middle, from, to) => {
                camera.pan(to - from, height);
            }
            Move::Press(..) | Move::Drag(..) | Move::Release(..) => {}
        }
    }
    if response.hovered() {
        let (scroll, zoom) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
        if scroll != 0.0 {
            camera.scroll(scroll);
        }
        if zoom != 1.0 {
            camera.zoom(zoom);
        }
    }
}
