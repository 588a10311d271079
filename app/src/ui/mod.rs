//! The window: the picture, and what floats over it.

mod draw_thread;
mod hand;
mod icons;
mod statistics;
mod steer;
mod theme;
mod time_bar;
mod toasts;
mod transport_bar;
mod viewport;

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context;
use egui::{Align2, Rect, Ui, ViewportCommand, vec2};
use zoetrope_player::{Command, PlayerState};

use crate::camera::{CameraPath, CameraRig, Canvas, RigOptions, Scene};
use crate::keys;
use crate::open::ClipTarget;
use crate::platform::{Pick, Platform};
use crate::session::{Opener, Session, sentence};
use hand::Hand;
use steer::{Steer, Wish};
use toasts::Toasts;
use transport_bar::BarState;
use viewport::Viewport;

/// Opening shorter than this shows nothing: what flashes by cannot be read.
const OPENING_SHOWN_AFTER_S: f64 = 0.4;

/// What the application is started with.
pub struct AppOptions {
    /// The clip that is opened at once.
    pub clip: Option<ClipTarget>,
    /// Dialogs and the like.
    pub platform: Arc<dyn Platform>,
    /// Opens clips.
    pub opener: Opener,
    /// How long the interface may wait for a picture before it goes on with the old one.
    pub patience: Duration,
    /// Where the application leaves word before it closes its window because of the device.
    pub lost: Arc<OnceLock<LostDevice>>,
}

/// The graphics device stopped working: what happened, and what was on the screen.
#[derive(Clone, Debug)]
pub struct LostDevice {
    /// What happened.
    pub error: zoetrope_render::Error,
    /// The clip that was open or being opened.
    pub clip: Option<ClipTarget>,
}

/// The application: a session, a picture of it, and controls.
pub struct ZoetropeApp {
    session: Session,
    viewport: Viewport,
    toasts: Toasts,
    statistics: bool,
    platform: Arc<dyn Platform>,
    /// What dialogs answer.
    picked: (Sender<PathBuf>, Receiver<PathBuf>),
    steer: Steer,
    /// Whether the camera moves by itself.
    camera_moves: bool,
    time_hand: Hand,
    /// The places of what floated over the picture in the last frame.
    covered: Vec<Rect>,
    /// The clip to open in the first frame.
    first: Option<ClipTarget>,
    lost: Arc<OnceLock<LostDevice>>,
    ctx: egui::Context,
}

impl ZoetropeApp {
    /// The application in a window.
    ///
    /// # Errors
    /// When the window has no wgpu device, or one that cannot do what the renderer needs.
    pub fn new(cc: &eframe::CreationContext<'_>, options: AppOptions) -> anyhow::Result<Self> {
        let render_state = cc
            .wgpu_render_state
            .clone()
            .context("the window has no graphics device")?;
        theme::apply(&cc.egui_ctx);
        let ctx = cc.egui_ctx.clone();
        let repaint = Arc::new(move |after: Duration| ctx.request_repaint_after(after));
        Ok(Self {
            session: Session::new(options.opener, repaint),
            viewport: Viewport::new(render_state, &cc.egui_ctx, options.patience)?,
            toasts: Toasts::default(),
            statistics: false,
            platform: options.platform,
            picked: mpsc::channel(),
            steer: Steer::default(),
            camera_moves: false,
            time_hand: Hand::default(),
            covered: Vec::new(),
            first: options.clip,
            lost: options.lost,
            ctx: cc.egui_ctx.clone(),
        })
    }

    /// Starts opening a clip; the one that is open stays until the new one has its first frame.
    pub fn open(&mut self, target: ClipTarget) {
        let now = self.ctx.input(|input| input.time);
        self.session.open(target, now);
    }

    /// Tells the person at the screen something, in a sentence.
    pub fn tell(&mut self, message: String) {
        self.toasts.push(sentence(message));
    }

    /// Carries out a command.
    pub fn apply(&mut self, command: Command) {
        match command {
            Command::Open => self.pick(Pick::File),
            Command::OpenFolder => self.pick(Pick::Folder),
            Command::ResetView => {
                let now = self.ctx.input(|input| input.time);
                if let Some(rig) = self.rig_mut() {
                    rig.reset(now);
                }
            }
            Command::ToggleStatistics => self.statistics = !self.statistics,
            Command::ToggleFullscreen => self.set_fullscreen(!self.is_fullscreen()),
            Command::DismissNotices if !self.toasts.messages().is_empty() => self.toasts.clear(),
            Command::DismissNotices if self.is_fullscreen() => self.set_fullscreen(false),
            command => {
                self.session.apply(command);
            }
        }
        self.ctx.request_repaint();
    }

    /// The player's last state, if a clip is open.
    pub fn player_state(&self) -> Option<&PlayerState> {
        self.session.clip().map(|clip| &clip.state)
    }

    /// The camera, once there is a picture.
    pub fn rig(&self) -> Option<&CameraRig> {
        self.session.clip()?.rig.as_ref()
    }

    fn rig_mut(&mut self) -> Option<&mut CameraRig> {
        self.session.clip_mut()?.rig.as_mut()
    }

    /// The messages on the screen.
    pub fn messages(&self) -> &[String] {
        self.toasts.messages()
    }

    /// Pictures drawn so far; the same number means that nothing was drawn again.
    pub fn pictures(&self) -> u64 {
        self.viewport.pictures()
    }

    /// Whether the device was lost. The interface is drawn on the same device, so that nothing can
    /// be shown any more: the window is closed, for another one to be opened.
    fn is_lost(&mut self) -> bool {
        if let Err(error) = self.viewport.check_device() {
            let clip = self.session.target().cloned();
            if self.lost.set(LostDevice { error, clip }).is_ok() {
                self.ctx.send_viewport_cmd(ViewportCommand::Close);
            }
        }
        self.lost.get().is_some()
    }

    /// Whether a picture is on its way.
    pub fn is_drawing(&self) -> bool {
        self.viewport.is_drawing()
    }

    fn is_fullscreen(&self) -> bool {
        self.ctx
            .input(|input| input.viewport().fullscreen.unwrap_or(false))
    }

    fn set_fullscreen(&self, full: bool) {
        self.ctx
            .send_viewport_cmd(ViewportCommand::Fullscreen(full));
    }

    fn pick(&self, what: Pick) {
        let (sender, ctx) = (self.picked.0.clone(), self.ctx.clone());
        self.platform.pick(
            what,
            Box::new(move |path| {
                // The window may be gone by the time the dialog is closed.
                if let Some(path) = path
                    && sender.send(path).is_ok()
                {
                    ctx.request_repaint();
                }
            }),
        );
    }

    /// Everything that comes from elsewhere: dialogs, dropped files, keys, decoding.
    fn listen(&mut self) {
        if let Some(target) = self.first.take() {
            self.open(target);
        }
        let picked: Vec<PathBuf> = self.picked.1.try_iter().collect();
        let dropped = self.ctx.input(|input| {
            let files = input.raw.dropped_files.iter();
            files.map(|file| file.path().to_owned()).collect::<Vec<_>>()
        });
        // One clip is open at a time: of several the last counts.
        if let Some(path) = picked.into_iter().chain(dropped).last() {
            self.open(path.into());
        }
        let mode = self.rig().map(CameraRig::mode);
        self.steer.listen(&self.ctx, mode, true);
        for command in keys::pressed(&self.ctx) {
            self.apply(command);
        }
    }

    fn tick(&mut self) {
        let now = self.ctx.input(|input| input.time);
        let news = self.session.tick(now);
        for notice in news.notices {
            self.tell(notice);
        }
        if news.changed {
            self.viewport.forget();
            if let Some(clip) = self.session.clip() {
                let title = format!("Zoetrope – {}", clip.player.info().title);
                self.ctx.send_viewport_cmd(ViewportCommand::Title(title));
            }
        }
    }

    /// Comes back when the next frame is due. While a picture is being drawn its end is soon enough:
    /// on software rendering every look takes the cores that draw.
    fn schedule(&self) {
        if self.camera_moves && !self.viewport.is_drawing() {
            self.ctx.request_repaint();
        }
        if let Some(seconds) = self.player_state().and_then(|state| state.next_wakeup)
            && !self.viewport.is_drawing()
        {
            self.ctx
                .request_repaint_after(Duration::try_from_secs_f64(seconds).unwrap_or_default());
        }
    }

    fn picture(&mut self, ui: &mut Ui, rect: Rect) {
        let response = steer::sense(ui, rect, "Picture");
        self.camera_moves = false;
        let now = ui.input(|input| input.time);
        let canvas = Canvas {
            size: rect.size(),
            covered: rect.bottom() - transport_bar::bar_rect(rect).top(),
        };
        let Some(clip) = self.session.clip_mut() else {
            return;
        };
        let Some(picture) = &clip.state.picture else {
            return;
        };
        let bounds = *clip.bounds.get_or_insert_with(|| picture.frame.bounds());
        let info = clip.player.info();
        let options = RigOptions::default();
        let rig = clip
            .rig
            .get_or_insert_with(|| CameraRig::new(Scene::new(info, bounds, None), canvas, options));
        rig.arrange(canvas, options);
        let wishes = self
            .steer
            .steer(ui, &response, &self.covered, &clip.state, rig);
        self.camera_moves = rig.tick(now, &CameraPath::default(), clip.state.time);
        let camera = rig.drawn();
        let shown = self.viewport.show(ui, rect, &picture.frame, camera);
        self.steer.feedback(ui, rect, now, options.reduce_motion);
        match shown {
            Ok(()) => {}
            // The next frame acts on it.
            Err(zoetrope_render::Error::Lost { .. }) => self.ctx.request_repaint(),
            Err(error) => self.tell(error.to_string()),
        }
        for wish in wishes {
            match wish {
                Wish::Command(command) => self.apply(command),
                Wish::Focus(pos) => self.focus_at(pos - rect.min.to_vec2()),
            }
        }
    }

    /// Looks at what is at a place of the picture.
    fn focus_at(&mut self, pos: egui::Pos2) {
        let now = self.ctx.input(|input| input.time);
        if let Some(rig) = self.rig_mut() {
            rig.focus(rig.point_at(pos), now);
        }
        self.ctx.request_repaint();
    }

    fn controls(&mut self, ui: &mut Ui, window: Rect) {
        let margin = transport_bar::margin(window);
        self.covered.clear();
        let Some(clip) = self.session.clip() else {
            self.welcome(ui, window);
            self.toasts.show(ui, window, margin);
            return;
        };
        if self.statistics {
            let now = ui.input(|input| input.time);
            let decoder = &clip.player.engine().name;
            let lines = statistics::lines(&clip.state, &mut self.viewport, decoder, now);
            self.covered
                .push(statistics::show(ui, window, margin, &lines));
        }
        let bar = BarState {
            player: &clip.state,
            statistics: self.statistics,
        };
        let commands = transport_bar::transport_bar(ui, window, &bar, &mut self.time_hand);
        self.covered.push(transport_bar::bar_rect(window));
        for command in commands {
            self.apply(command);
        }
        self.covered.push(self.toasts.show(ui, window, margin));
    }

    /// What is there before a clip is.
    fn welcome(&mut self, ui: &mut Ui, window: Rect) {
        if self.session.opening().is_some() {
            return;
        }
        let at = Rect::from_center_size(window.center(), vec2(320.0, 150.0));
        ui.scope_builder(egui::UiBuilder::new().max_rect(at), |ui| {
            ui.vertical_centered(|ui| {
                ui.heading("Zoetrope");
                ui.label(
                    egui::RichText::new("Drop a clip here, or open one").color(theme::TEXT_QUIET),
                );
                ui.add_space(theme::GAP_S);
                for (text, command, fill, color) in [
                    ("Open file…", Command::Open, theme::ACCENT, theme::ON_ACCENT),
                    (
                        "Open folder…",
                        Command::OpenFolder,
                        theme::SURFACE_RAISED,
                        theme::TEXT,
                    ),
                ] {
                    let button = egui::Button::new(egui::RichText::new(text).color(color))
                        .fill(fill)
                        .min_size(vec2(160.0, theme::BUTTON));
                    if ui.add(button).clicked() {
                        self.apply(command);
                    }
                }
            });
        });
    }

    /// What is being opened, once it takes long enough to be read.
    fn opening_note(&self, ui: &Ui, window: Rect) {
        let Some((name, since)) = self.session.opening() else {
            return;
        };
        let waited = ui.input(|input| input.time) - since;
        if waited < OPENING_SHOWN_AFTER_S {
            let rest = Duration::try_from_secs_f64(OPENING_SHOWN_AFTER_S - waited);
            ui.ctx().request_repaint_after(rest.unwrap_or_default());
            return;
        }
        note(ui, window, &format!("Opening {name}…"));
    }

    /// Shows where a dragged file will go.
    fn drop_note(ui: &Ui, window: Rect) {
        if ui.input(|input| input.raw.hovered_files.is_empty()) {
            return;
        }
        ui.painter().rect_stroke(
            window.shrink(theme::GAP_S),
            theme::RADIUS,
            egui::Stroke::new(2.0, theme::ACCENT),
            egui::StrokeKind::Inside,
        );
        note(ui, window, "Drop to open");
    }
}

impl eframe::App for ZoetropeApp {
    fn logic(&mut self, _: &egui::Context, _: &mut eframe::Frame) {
        if self.is_lost() {
            return;
        }
        self.listen();
        self.tick();
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        if self.lost.get().is_some() {
            return;
        }
        let window = ui.ctx().content_rect();
        self.picture(ui, window);
        self.controls(ui, window);
        self.opening_note(ui, window);
        Self::drop_note(ui, window);
        self.schedule();
    }

    fn clear_color(&self, _: &egui::Visuals) -> [f32; 4] {
        theme::BACKGROUND.to_normalized_gamma_f32()
    }
}

/// A line of text in the middle of the window.
fn note(ui: &Ui, window: Rect, text: &str) {
    let galley = ui
        .painter()
        .layout_no_wrap(text.to_owned(), theme::body(), theme::TEXT);
    let size = galley.size() + 2.0 * vec2(theme::GAP_L, theme::GAP_M);
    let rect = Align2::CENTER_CENTER.align_size_within_rect(size, window);
    ui.painter().add(theme::surface().paint(rect));
    ui.painter().galley(
        rect.min + vec2(theme::GAP_L, theme::GAP_M),
        galley,
        theme::TEXT,
    );
}

/// "1:02.50", with as many parts as `duration` needs, in seconds.
fn clock_text(time: f64, duration: f64) -> String {
    let hundredths = (time.max(0.0) * 100.0).round() as u64;
    let (seconds, rest) = (hundredths / 100, hundredths % 100);
    let (minutes, second) = (seconds / 60, seconds % 60);
    if duration < 3600.0 {
        format!("{minutes}:{second:02}.{rest:02}")
    } else {
        let (hours, minute) = (minutes / 60, minutes % 60);
        format!("{hours}:{minute:02}:{second:02}.{rest:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::clock_text;

    #[test]
    fn times_are_read_like_a_clock() {
        for (time, duration, text) in [
            (0.0, 4.0, "0:00.00"),
            (1.0 / 30.0, 4.0, "0:00.03"),
            (59.999, 100.0, "1:00.00"),
            (62.5, 100.0, "1:02.50"),
            (62.5, 4000.0, "0:01:02.50"),
            (3723.0, 4000.0, "1:02:03.00"),
            (-1.0, 4.0, "0:00.00"),
        ] {
            assert_eq!(clock_text(time, duration), text);
        }
    }
}
