//! Carrying out commands: the application's own, and handing the player's on.

use std::path::PathBuf;

use egui::{Ui, ViewportCommand, WindowLevel};
use zoetrope_codecs::splat::WriteFormat;
use zoetrope_player::Command;

use super::ZoetropeApp;
use super::hints::Hints;
use super::panel::Panel;
use super::shots::ShotKind;
use crate::open::ClipTarget;
use crate::pictures::PICTURE_EXTENSIONS;
use crate::platform::{Pick, PickRequest};
use crate::remembered::WindowPlace;
use crate::settings::{BackgroundChoice, ThemeChoice};
use crate::text::{fill, text_of};

/// How names of clips and of what lies in their folders end.
const CLIP_EXTENSIONS: [&str; 12] = [
    "zoe", "ply", "splat", "ksplat", "spz", "sog", "glb", "gltf", "splatv", "4dgs", "zip", "json",
];
/// How names of ordinary videos end.
const VIDEO_EXTENSIONS: [&str; 8] = ["mp4", "mkv", "webm", "mov", "m4v", "avi", "y4m", "ogv"];
/// The steps of the size of controls.
const UI_SCALE_STEP: f64 = 0.1;

impl ZoetropeApp {
    /// Carries out a command.
    pub fn apply(&mut self, command: Command) {
        Hints::learn(command, &mut self.kept.remembered.value.hints_seen);
        let handled = self.apply_window(command)
            || self.apply_file(command)
            || self.apply_picture(command)
            || self.apply_comparison(command)
            || self.apply_camera(command)
            || self.session.apply(command);
        if !handled {
            log::debug!("\"{command}\" has nothing to act on");
        }
        self.ctx.request_repaint();
    }

    /// Commands about panels and the window; whether it was one.
    fn apply_window(&mut self, command: Command) -> bool {
        match command {
            Command::CommandPalette => self.panels.toggle(Panel::Palette),
            Command::Help => self.panels.toggle(Panel::Help),
            Command::Settings => self.panels.toggle(Panel::Settings),
            Command::EditKeys => self.panels.toggle(Panel::Keys),
            Command::ToggleMore => self.panels.toggle(Panel::More),
            Command::ToggleInspector => self.panels.toggle(Panel::Inspector),
            Command::ToggleCameraPanel => self.panels.toggle(Panel::Camera),
            Command::Share => self.panels.toggle(Panel::Share),
            Command::ToggleLog => self.panels.toggle(Panel::Log),
            Command::ToggleStatistics => {
                let shown = &mut self.kept.remembered.value.statistics;
                *shown = !*shown;
            }
            Command::ToggleFullscreen => self.set_fullscreen(!self.is_fullscreen()),
            Command::ToggleOnTop => self.set_on_top(!self.kept.remembered.value.on_top),
            Command::ToggleTheme => {
                let is_dark = self.ctx.theme() == egui::Theme::Dark;
                self.kept.settings.value.theme = if is_dark {
                    ThemeChoice::Light
                } else {
                    ThemeChoice::Dark
                };
            }
            Command::UiScaleUp => self.scale_ui(UI_SCALE_STEP),
            Command::UiScaleDown => self.scale_ui(-UI_SCALE_STEP),
            Command::UiScaleReset => self.kept.settings.value.ui_scale = 1.0,
            Command::CopyError => self.copy_error(),
            Command::DismissNotices => self.dismiss(),
            Command::Quit => self.ctx.send_viewport_cmd(ViewportCommand::Close),
            _ => return false,
        }
        true
    }

    /// Commands about opening; whether it was one.
    fn apply_file(&mut self, command: Command) -> bool {
        match command {
            Command::Open => self.pick(Pick::File),
            Command::OpenFolder => self.pick(Pick::Folder),
            Command::OpenLink => self.panels.toggle(Panel::OpenLink),
            Command::OpenRecent(number) => {
                let recents = self.kept.recents.value.entries();
                let index = number.checked_sub(1);
                match index.and_then(|index| recents.get(index)) {
                    Some(recent) => self.open(ClipTarget::Path(recent.path.clone())),
                    None => {
                        let text = text_of(&self.ctx).files.there_is_no_recent;
                        self.tell(fill(text, &[&number.to_string()]));
                    }
                }
            }
            Command::MakeNeuralVideo => self.panels.toggle(Panel::Fit),
            Command::AskAgain => self.ask_again(),
            Command::CopyLink => self.copy_link(),
            Command::StartPage => {
                self.session.close();
                self.clip_changed();
            }
            _ => return false,
        }
        true
    }

    /// Commands about the picture; whether it was one.
    fn apply_picture(&mut self, command: Command) -> bool {
        let settings = &mut self.kept.settings.value;
        match command {
            Command::Screenshot => self.take_screenshot(ShotKind::Plain),
            Command::ScreenshotTransparent => self.take_screenshot(ShotKind::Transparent),
            Command::ScreenshotLarge => self.take_screenshot(ShotKind::Large),
            Command::ShowScreenshots => self.show_screenshots(),
            Command::ShDegree(degree) => settings.sh_degree = degree.min(3),
            Command::Antialiasing(choice) => settings.antialiasing = choice,
            Command::RenderScale(scale) => settings.render_scale = scale,
            _ => return false,
        }
        true
    }

    /// Takes away what lies on top: a panel, the messages, full screen.
    fn dismiss(&mut self) {
        if self.panels.is_modal() {
            self.panels.close_top();
        } else if self.toasts.last_error().is_some() {
            self.toasts.clear();
        } else if self.panels.close_top() {
            // Notes go by themselves, and nobody waits for them.
        } else if self.is_fullscreen() {
            self.set_fullscreen(false);
        } else {
            self.toasts.clear();
        }
    }

    fn scale_ui(&mut self, step: f64) {
        let scale = &mut self.kept.settings.value.ui_scale;
        *scale = ((*scale + step) * 100.0).round() / 100.0;
        *scale = scale.clamp(0.75, 3.0);
    }

    /// Whether the window fills the screen.
    pub(super) fn is_fullscreen(&self) -> bool {
        self.ctx
            .input(|input| input.viewport().fullscreen.unwrap_or(false))
    }

    fn set_fullscreen(&self, full: bool) {
        self.ctx
            .send_viewport_cmd(ViewportCommand::Fullscreen(full));
    }

    /// Keeps the window above others, or not.
    pub(super) fn set_on_top(&mut self, on_top: bool) {
        self.kept.remembered.value.on_top = on_top;
        let level = if on_top {
            WindowLevel::AlwaysOnTop
        } else {
            WindowLevel::Normal
        };
        self.ctx
            .send_viewport_cmd(ViewportCommand::WindowLevel(level));
    }

    /// Puts what went wrong last into the clipboard, with what one has to know to mend it.
    fn copy_error(&mut self) {
        let Some(message) = self.toasts.last_error().map(str::to_owned) else {
            return;
        };
        let device = &self.viewport.gpu().capabilities;
        let clip = self.session.target().map(ClipTarget::name);
        let details = format!(
            "{message}\nZoetrope {} on {} {}\n{} ({})\nclip: {}\n",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH,
            device.adapter_name,
            device.backend,
            clip.as_deref().unwrap_or("none"),
        );
        self.ctx.copy_text(details);
        let now = self.ctx.input(|input| input.time);
        let text = text_of(&self.ctx).files.details_copied;
        self.toasts.note(text.to_owned(), now);
    }

    /// Asks for a file or a folder; the answer comes to [`Self::take_picked`].
    pub(super) fn pick(&self, what: Pick) {
        let (sender, ctx) = (self.picked.0.clone(), self.ctx.clone());
        let text = text_of(&self.ctx);
        let title = match what {
            Pick::File => text.files.open_file,
            Pick::Folder => text.files.open_folder,
            Pick::Picture => text.settings.background_picture_file,
            Pick::Source => text.inspector.choose_source,
            Pick::FitVideo => text.fitting.choose_video,
            Pick::Fit => text.fitting.save_title,
            Pick::Destination => text.settings.screenshot_folder,
            Pick::Copy => text.share.save_copy,
            Pick::Cut => text.share.save_cut,
            Pick::Film => text.share.export,
            Pick::Frame => text.share.save_frame,
        };
        let all = (text.files.filter_all.to_owned(), ["*"].as_slice());
        let filters = match what {
            Pick::File => vec![
                (
                    text.files.filter_clips.to_owned(),
                    CLIP_EXTENSIONS.as_slice(),
                ),
                all,
            ],
            Pick::Picture => vec![(text.files.filter_pictures.to_owned(), ["png"].as_slice())],
            Pick::Source | Pick::FitVideo => vec![
                (
                    text.files.filter_videos.to_owned(),
                    VIDEO_EXTENSIONS.as_slice(),
                ),
                (
                    text.files.filter_all_pictures.to_owned(),
                    PICTURE_EXTENSIONS.as_slice(),
                ),
                all,
            ],
            Pick::Frame => {
                let mut filters = WriteFormat::ALL
                    .map(|format| (format.name().to_owned(), format.extensions().as_slice()))
                    .to_vec();
                // Versions of one format.
                filters.dedup();
                filters
            }
            Pick::Folder | Pick::Destination | Pick::Copy | Pick::Cut | Pick::Film | Pick::Fit => {
                Vec::new()
            }
        };
        let request = PickRequest {
            what,
            title: title.trim_end_matches('…').to_owned(),
            filters,
            file_name: self.name_to_save(what),
        };
        self.platform.pick(
            request,
            Box::new(move |path| {
                // The window may be gone by the time the dialog is closed.
                if let Some(path) = path
                    && sender.send((what, path)).is_ok()
                {
                    ctx.request_repaint();
                }
            }),
        );
    }

    /// Takes what was chosen in dialogs. Gives the clips that are to be opened.
    pub(super) fn take_picked(&mut self) -> Vec<PathBuf> {
        let mut clips = Vec::new();
        let picked: Vec<_> = self.picked.1.try_iter().collect();
        for (what, path) in picked {
            let text = path.to_str().map(str::to_owned);
            let settings = &mut self.kept.settings.value;
            match (what, text) {
                (Pick::File | Pick::Folder, _) => clips.push(path),
                (Pick::Source, _) => self.set_source(path),
                (Pick::FitVideo, _) => self.fit_desk.set_video(path),
                (Pick::Fit, _) => self.start_fit(path),
                (Pick::Copy | Pick::Cut | Pick::Film | Pick::Frame, _) => self.save(what, path),
                (Pick::Picture, Some(text)) => {
                    settings.background_picture = text;
                    settings.background = BackgroundChoice::Picture;
                }
                (Pick::Destination, Some(text)) => settings.screenshot_folder = text,
                (Pick::Picture | Pick::Destination, None) => {
                    let sentence = text_of(&self.ctx).files.not_text;
                    self.tell(fill(sentence, &[&path.display().to_string()]));
                }
            }
        }
        clips
    }

    /// Notes where the window is, for the next start.
    pub(super) fn remember_window(&mut self, ui: &Ui) {
        let place = ui.input(|input| {
            let viewport = input.viewport();
            // Neither of these is a size that the person has chosen.
            if viewport.fullscreen == Some(true) || viewport.minimized == Some(true) {
                return None;
            }
            let size = viewport.inner_rect?.size();
            let position = viewport.outer_rect.map(|rect| rect.min);
            Some((position, size, viewport.maximized.unwrap_or(false)))
        });
        let Some((position, size, maximized)) = place else {
            return;
        };
        // The window's own points do not depend on the size of controls.
        let zoom = ui.ctx().zoom_factor();
        let old = self.kept.remembered.value.window;
        self.kept.remembered.value.window = Some(match old {
            // What a maximised window goes back to is worth more than its size now.
            Some(old) if maximized => WindowPlace {
                maximized: true,
                ..old
            },
            _ => WindowPlace {
                position: position.map(|at| [at.x * zoom, at.y * zoom]),
                size: [(size.x * zoom).max(1.0), (size.y * zoom).max(1.0)],
                maximized,
            },
        });
    }
}
