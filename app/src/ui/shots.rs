//! Screenshots of what the window shows.

use std::path::PathBuf;

use zoetrope_player::Command;
use zoetrope_render::Background;

use super::ZoetropeApp;
use super::icons::Icon;
use super::toasts::Action;
use crate::screenshot::{Shot, ShotError};
use crate::text::{fill, text_of};

/// Kinds of screenshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShotKind {
    /// A pixel for each of the window's.
    Plain,
    /// The same without anything behind the clip.
    Transparent,
    /// Several pixels along a side for each of the window's.
    Large,
}

impl ZoetropeApp {
    /// Takes a screenshot of the clip as it is shown, without controls.
    pub(super) fn take_screenshot(&mut self, kind: ShotKind) {
        let text = &text_of(&self.ctx).inspector;
        let Some((shot, clip)) = self.viewport.shown().zip(self.session.clip()) else {
            self.tell(text.nothing_to_shoot.to_owned());
            return;
        };
        let (frame, mut view) = shot;
        if kind == ShotKind::Large {
            let factor = self.kept.settings.value.screenshot_scale.round() as u32;
            view.width = view.width.saturating_mul(factor);
            view.height = view.height.saturating_mul(factor);
        }
        let mut backdrop = None;
        if kind == ShotKind::Transparent {
            view.background = Background::Transparent;
        } else if view.background == Background::Transparent {
            backdrop = self.backdrop.picture().cloned();
        }
        let Some(folder) = self.screenshot_folder() else {
            self.tell(text.no_shot_folder.to_owned());
            return;
        };
        let state = &clip.state;
        let shown = state
            .picture
            .as_ref()
            .map_or(state.frame, |shown| shown.index);
        let shot = Shot {
            frame,
            view,
            backdrop,
            title: clip.player.info().title.clone(),
            time_s: shown as f64 / state.frame_rate,
            link: self.link_for_others(),
            folder,
        };
        let ctx = self.ctx.clone();
        let started = self.screenshots.start(
            shot,
            self.viewport.gpu().clone(),
            self.viewport.workers().clone(),
            move || ctx.request_repaint(),
        );
        if let Err(error) = started {
            self.tell(fill(text.shot_failed, &[&error.to_string()]));
        }
    }

    /// Where screenshots go.
    fn screenshot_folder(&self) -> Option<PathBuf> {
        match self.kept.settings.value.screenshot_folder.trim() {
            "" => self.platform.pictures_folder(),
            folder => Some(folder.into()),
        }
    }

    /// Tells of the screenshots that have been written, or were not.
    pub(super) fn receive_screenshots(&mut self) {
        let text = &text_of(&self.ctx).inspector;
        let now = self.ctx.input(|input| input.time);
        while let Some(done) = self.screenshots.done() {
            match done {
                Ok(path) => {
                    let saved = fill(text.shot_saved, &[&path.display().to_string()]);
                    log::info!("{saved}");
                    self.toasts.note_with(
                        saved,
                        Action {
                            icon: Icon::FolderOpen,
                            label: text.show_shots,
                            command: Command::ShowScreenshots,
                        },
                        now,
                    );
                }
                Err(ShotError::TooLarge {
                    width,
                    height,
                    side_max,
                }) => {
                    let numbers = [width, height, side_max].map(|number| number.to_string());
                    let [width, height, side_max] = &numbers;
                    self.tell(fill(text.shot_too_large, &[width, height, side_max]));
                }
                Err(ShotError::Write { folder, error }) => {
                    let folder = folder.display().to_string();
                    self.tell(fill(text.shot_not_written, &[&folder, &error.to_string()]));
                }
                // The window itself acts on a lost device.
                Err(ShotError::Draw(zoetrope_render::Error::Lost { .. })) => {}
                Err(ShotError::Draw(error)) => {
                    self.tell(fill(text.shot_failed, &[&error.to_string()]));
                }
            }
        }
    }

    /// Shows the folder of screenshots in the system's file manager.
    pub(super) fn show_screenshots(&mut self) {
        let text = &text_of(&self.ctx).inspector;
        match self.screenshot_folder() {
            None => self.tell(text.no_shot_folder.to_owned()),
            Some(folder) => {
                if !self.platform.show_folder(&folder) {
                    let folder = folder.display().to_string();
                    self.tell(fill(text.folder_not_shown, &[&folder]));
                }
            }
        }
    }

    /// Whether no screenshot is on its way.
    pub fn is_done_shooting(&self) -> bool {
        self.screenshots.is_idle()
    }
}
