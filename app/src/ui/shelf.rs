//! The start page and what it knows of clips: recents and their posters.

use std::path::Path;
use std::time::Duration;

use egui::{Rect, Ui};

use super::{ZoetropeApp, start_page, theme};
use crate::open::{ClipTarget, absolute};
use crate::recents::{Recent, poster_name};

impl ZoetropeApp {
    /// Notes that the clip on the screen was opened.
    pub(super) fn take_up_recent(&mut self) {
        let now = self.ctx.input(|input| input.time);
        let Some(clip) = self.session.clip() else {
            self.posters.clip_changed(None, now);
            return;
        };
        // A built-in clip is on the start page anyway.
        let ClipTarget::Path(path) = &clip.target else {
            self.posters.clip_changed(None, now);
            return;
        };
        let path = absolute(path);
        let lasts = clip.state.frame_count > 1;
        let recent = Recent {
            path: path.clone(),
            title: clip.player.info().title.clone(),
            duration_ms: if lasts {
                (clip.state.duration * 1e3).round() as u64
            } else {
                0
            },
        };
        for gone in self.kept.recents.value.add(recent) {
            self.forget_poster(&gone.path);
        }
        self.posters.clip_changed(Some(path), now);
    }

    /// Whether a poster is still to be made.
    pub fn is_making_posters(&self) -> bool {
        !self.posters.is_idle()
    }

    /// Makes the poster that is due, and shows those that are done.
    pub(super) fn make_poster(&mut self, now: f64) {
        let finished: Vec<_> = self.posters.finished().collect();
        for path in finished {
            self.start_page.forget_poster(&path);
        }
        if let Some(path) = self.posters.take_due(now)
            && let Some(shown) = self.viewport.shown()
        {
            let background = theme::palette_of(&self.ctx).background.to_array();
            let background = [0, 1, 2].map(|index| f32::from(background[index]) / 255.0);
            let tools = (
                self.viewport.gpu().clone(),
                self.viewport.workers().clone(),
                self.kept.storage.clone(),
            );
            let ctx = self.ctx.clone();
            self.posters.make(path, shown, background, tools, move || {
                ctx.request_repaint();
            });
        }
        if let Some(wait) = self.posters.wait(now) {
            let wait = Duration::try_from_secs_f64(wait).unwrap_or_default();
            self.ctx.request_repaint_after(wait);
        }
    }

    /// What is there when no clip is.
    pub(super) fn show_start_page(&mut self, ui: &mut Ui, window: Rect) {
        if self.session.opening().is_some() {
            return;
        }
        let asked = start_page::show(
            ui,
            window,
            &mut self.start_page,
            self.kept.recents.value.entries(),
            &*self.kept.storage,
            self.kept.settings.value.reduce_motion,
        );
        for request in asked {
            match request {
                start_page::Request::Command(command) => self.apply(command),
                start_page::Request::Open(target) => self.open(target),
                start_page::Request::Forget(path) => {
                    self.forget_poster(&path);
                    self.kept.recents.value.remove(&path);
                }
                start_page::Request::ForgetAll => {
                    let entries = self.kept.recents.value.entries().to_vec();
                    for entry in entries {
                        self.forget_poster(&entry.path);
                    }
                    self.kept.recents.value.clear();
                }
            }
        }
    }

    fn forget_poster(&mut self, path: &Path) {
        self.start_page.forget_poster(path);
        let name = poster_name(path);
        if let Err(error) = self.kept.storage.remove(&name) {
            log::warn!("{name} cannot be removed: {error}");
        }
    }
}
