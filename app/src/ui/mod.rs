//! The window: the picture, and what floats over it.

mod actions;
mod backdrop;
mod camera_actions;
mod comparing;
mod draw_thread;
mod filming;
mod fitting;
mod frame_log;
mod hand;
mod hints;
mod icons;
mod idle;
mod inspect;
mod layers;
mod links;
mod look;
mod network_question;
mod panel;
mod panels;
mod posters;
mod sharing;
mod shelf;
mod shots;
mod start_page;
mod statistics;
mod steer;
mod theme;
mod thumbnails;
mod time_bar;
mod time_field;
mod timecode;
mod toasts;
mod top_bar;
mod transport_bar;
mod viewport;

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context;
use egui::{Rect, Ui, ViewportCommand};
use zoetrope_player::{Command, PlayerState};

use crate::arrivals::Arrivals;
use crate::camera::CameraRig;
use crate::kept::Kept;
use crate::keys::Keymap;
use crate::open::ClipTarget;
use crate::platform::{Pick, Platform};
use crate::screenshot::Screenshots;
use crate::session::{Opener, Repaint, Session, sentence};
use crate::settings::{Settings, StartWith, ThemeChoice};
use crate::storage::Storage;
use backdrop::Backdrop;
use camera_actions::CameraDesk;
use comparing::SourceDesk;
use fitting::FitDesk;
use hints::Hints;
use idle::Idle;
use panel::{Panel, Panels};
use panels::PanelStates;
use posters::Posters;
use sharing::ShareDesk;
use start_page::{Demo, StartPage};
use steer::Steer;
use thumbnails::Thumbnails;
use time_bar::Marks;
use toasts::Toasts;
use transport_bar::BarHands;
use viewport::Viewport;

/// Told at the end of every frame of the interface how many pictures were drawn so far; answers
/// whether the window shall be closed.
pub type FrameWatch = Arc<dyn Fn(u64) -> bool + Send + Sync>;

/// The smallest window, in points: what fits into it fits onto every phone.
pub const SIZE_MIN: [f32; 2] = [340.0, 280.0];

/// What the application is started with.
pub struct AppOptions {
    /// The clip that is opened at once; without one and without an arrival the settings decide.
    pub clip: Option<ClipTarget>,
    /// What comes from outside.
    pub arrivals: Arc<Arrivals>,
    /// The built-in clips of the start page.
    pub demos: Vec<DemoClip>,
    /// Dialogs and the like.
    pub platform: Arc<dyn Platform>,
    /// Where settings and the like are kept.
    pub storage: Arc<dyn Storage>,
    /// Makes what opens clips, which may decode on the window's device.
    pub opener: Box<dyn FnOnce(&zoetrope_render::Gpu) -> Opener>,
    /// How long the interface may wait for a picture before it goes on with the old one.
    pub patience: Duration,
    /// Where the application leaves word before it closes its window because of the device.
    pub lost: Arc<OnceLock<LostDevice>>,
    /// Who watches the frames of the interface, if anybody does.
    pub watch: Option<FrameWatch>,
}

/// A built-in clip.
#[derive(Clone, Debug)]
pub struct DemoClip {
    /// Its name.
    pub name: String,
    /// The clip.
    pub bytes: &'static [u8],
    /// Pictures of it for the start page as a PNG, in rows of four.
    pub sheet: &'static [u8],
    /// How many pictures the sheet has.
    pub sheet_pictures: u32,
}

impl DemoClip {
    /// How it is opened.
    pub fn target(&self) -> ClipTarget {
        ClipTarget::Memory {
            name: self.name.clone(),
            bytes: self.bytes.into(),
        }
    }
}

/// The graphics device stopped working: what happened, and what was on the screen.
#[derive(Clone, Debug)]
pub struct LostDevice {
    /// What happened.
    pub error: zoetrope_render::Error,
    /// The clip that was open or being opened.
    pub clip: Option<ClipTarget>,
}

/// What was asked for in a dialog, and what was chosen.
type Picked = (Pick, PathBuf);

/// The application: a session, a picture of it, and controls.
pub struct ZoetropeApp {
    session: Session,
    viewport: Viewport,
    backdrop: Backdrop,
    screenshots: Screenshots,
    kept: Kept,
    /// What the interface was last told of the settings and the keys.
    applied: Option<(Settings, Keymap)>,
    toasts: Toasts,
    panels: Panels,
    panel_states: PanelStates,
    platform: Arc<dyn Platform>,
    /// What dialogs answer.
    picked: (Sender<Picked>, Receiver<Picked>),
    steer: Steer,
    camera_desk: CameraDesk,
    source_desk: SourceDesk,
    /// Whether the camera moves by itself.
    camera_moves: bool,
    bar: BarHands,
    idle: Idle,
    hints: Hints,
    share_desk: ShareDesk,
    fit_desk: FitDesk,
    start_page: StartPage,
    posters: Posters,
    thumbnails: Thumbnails,
    marks: Marks,
    /// The places of what floated over the picture in the last frame.
    covered: Vec<Rect>,
    /// Whether a text field had the keyboard in the last frame.
    typed: bool,
    /// The clip to open in the first frame.
    first: Option<ClipTarget>,
    arrivals: Arc<Arrivals>,
    lost: Arc<OnceLock<LostDevice>>,
    watch: Option<FrameWatch>,
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
        let repaint: Repaint = Arc::new(move |after: Duration| ctx.request_repaint_after(after));
        options.arrivals.set_wake(repaint.clone());
        let (kept, notices) = Kept::load(options.storage, options.platform.locale());
        let first = options.clip.or_else(|| {
            let is_alone = !options.arrivals.has_clip();
            is_alone
                .then(|| first_clip(&kept, &options.demos))
                .flatten()
        });
        let viewport = Viewport::new(
            render_state,
            &cc.egui_ctx,
            options.platform.clone(),
            options.patience,
        )?;
        let opener = (options.opener)(viewport.gpu());
        let mut app = Self {
            session: Session::new(opener, repaint, options.platform.clone()),
            viewport,
            backdrop: Backdrop::default(),
            screenshots: Screenshots::default(),
            kept,
            applied: None,
            toasts: Toasts::default(),
            panels: Panels::default(),
            panel_states: PanelStates::default(),
            platform: options.platform,
            picked: mpsc::channel(),
            steer: Steer::default(),
            camera_desk: CameraDesk::default(),
            source_desk: SourceDesk::default(),
            camera_moves: false,
            bar: BarHands::default(),
            idle: Idle::default(),
            hints: Hints::default(),
            share_desk: ShareDesk::default(),
            fit_desk: FitDesk::default(),
            start_page: StartPage::new(options.demos.into_iter().map(Demo::new).collect()),
            posters: Posters::default(),
            thumbnails: Thumbnails::default(),
            marks: Marks::default(),
            covered: Vec::new(),
            typed: false,
            first,
            arrivals: options.arrivals,
            lost: options.lost,
            watch: options.watch,
            ctx: cc.egui_ctx.clone(),
        };
        app.apply_settings();
        for notice in notices {
            app.tell(notice);
        }
        if app.kept.remembered.value.on_top {
            app.set_on_top(true);
        }
        Ok(app)
    }

    /// Starts opening a clip; the one that is open stays until the new one has its first frame.
    pub fn open(&mut self, target: ClipTarget) {
        self.open_wanted(target.into());
    }

    /// Tells the person at the screen something, in a sentence.
    pub fn tell(&mut self, message: String) {
        log::warn!("{message}");
        self.toasts.push(sentence(message));
    }

    /// The player's last state, if a clip is open.
    pub fn player_state(&self) -> Option<&PlayerState> {
        self.session.clip().map(|clip| &clip.state)
    }

    /// The messages on the screen.
    pub fn messages(&self) -> Vec<String> {
        self.toasts.messages()
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.kept.settings.value
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

    /// Whether the camera moves by itself.
    pub fn is_moving(&self) -> bool {
        self.camera_moves
    }

    /// Everything that comes from elsewhere: dialogs, dropped files, keys, decoding.
    fn listen(&mut self) {
        if let Some(target) = self.first.take() {
            self.open(target);
        }
        self.receive_arrivals();
        let picked = self.take_picked();
        let dropped = self.ctx.input(|input| {
            let files = input.raw.dropped_files.iter();
            files.map(|file| file.path().to_owned()).collect::<Vec<_>>()
        });
        // One clip is open at a time: of several the last counts.
        if let Some(path) = picked.into_iter().chain(dropped).last() {
            self.open(path.into());
        }
        let mode = self.rig().map(CameraRig::mode);
        let free = !self.panels.is_modal();
        self.steer.listen(&self.ctx, mode, free);
        if self.panels.is_open(Panel::Keys) {
            let keys = &mut self.panel_states.keys;
            keys.capture(&self.ctx, &mut self.kept.keymap.value);
        }
        let typed = std::mem::take(&mut self.typed);
        for command in self.kept.keymap.value.pressed(&self.ctx) {
            if typed && command == Command::DismissNotices {
                // Escape has left a text field, and is used up by that.
                continue;
            }
            // A panel that wants all attention has the keys, but for those that close it.
            let closes = command == Command::DismissNotices
                || self
                    .panels
                    .middle()
                    .is_some_and(|open| open.command() == Some(command));
            if !self.panels.is_modal() || closes {
                self.apply(command);
            }
        }
    }

    fn tick(&mut self) {
        let now = self.ctx.input(|input| input.time);
        let news = self.session.tick(now);
        for notice in news.notices {
            self.tell(notice);
        }
        if let Some(unanswered) = news.unanswered {
            self.ask_about_network(unanswered);
        }
        if news.changed {
            self.clip_changed();
        }
        let (wait, notices) = self.kept.sync(now);
        for notice in notices {
            self.tell(notice);
        }
        if let Some(wait) = wait.and_then(|wait| Duration::try_from_secs_f64(wait).ok()) {
            self.ctx.request_repaint_after(wait);
        }
        self.apply_settings();
        self.receive_screenshots();
        self.receive_shared();
        self.receive_fit();
        self.receive_backdrop();
        self.make_poster(now);
    }

    /// Another clip is on the screen, or none.
    fn clip_changed(&mut self) {
        self.viewport.forget();
        self.thumbnails.clear();
        self.source_desk.forget();
        self.take_up_notes();
        let title = match self.session.clip() {
            Some(clip) => format!("Zoetrope – {}", clip.player.info().title),
            None => "Zoetrope".to_owned(),
        };
        self.ctx.send_viewport_cmd(ViewportCommand::Title(title));
        self.take_up_recent();
        self.stop_sharing();
    }

    /// Tells the interface what has changed in the settings and the keys.
    fn apply_settings(&mut self) {
        self.apply_ui_scale();
        let settings = &self.kept.settings.value;
        let keymap = &self.kept.keymap.value;
        if let Some((s, k)) = &self.applied
            && (s, k) == (settings, keymap)
        {
            return;
        }
        self.ctx.set_theme(match settings.theme {
            ThemeChoice::System => egui::ThemePreference::System,
            ThemeChoice::Dark => egui::ThemePreference::Dark,
            ThemeChoice::Light => egui::ThemePreference::Light,
        });
        self.kept.language().apply(&self.ctx);
        keymap.apply(&self.ctx);
        self.viewport.set_render_scale(settings.render_scale);
        self.applied = Some((settings.clone(), keymap.clone()));
        self.ctx.request_repaint();
    }

    /// Makes controls as large as was chosen, and as the window has room for.
    fn apply_ui_scale(&self) {
        let window = self.ctx.content_rect().size() * self.ctx.zoom_factor();
        let room = (window / egui::Vec2::from(SIZE_MIN)).min_elem();
        // A window that is too small for normal controls cannot be mended by smaller ones.
        let scale = (self.kept.settings.value.ui_scale as f32).min(room.max(1.0));
        if self.ctx.zoom_factor() != scale {
            self.ctx.set_zoom_factor(scale);
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
}

/// What a start without a clip opens.
fn first_clip(kept: &Kept, demos: &[DemoClip]) -> Option<ClipTarget> {
    match kept.settings.value.start_with {
        StartWith::Demo => demos.first().map(DemoClip::target),
        StartWith::StartPage => None,
        StartWith::Last => {
            let newest = kept.recents.value.entries().first();
            newest.map(|recent| recent.path.clone().into())
        }
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
        if self.session.is_empty() {
            self.show_start_page(ui, window);
        }
        let frames = self.controls(ui, window);
        self.show_panels(ui, frames);
        self.opening_note(ui, window);
        Self::drop_note(ui, window);
        self.remember_window(ui);
        self.typed = ui.ctx().text_edit_focused();
        self.schedule();
        if let Some(watch) = &self.watch
            && watch(self.viewport.pictures())
        {
            self.ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }

    fn on_exit(&mut self) {
        self.kept.save();
    }
}
