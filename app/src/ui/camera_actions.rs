//! Carrying out commands about the camera and what is kept of a clip.

use egui::{Id, Pos2, Rect, Ui};
use glam::Vec3;
use zoetrope_codecs::UpAxis;
use zoetrope_player::{Command, PlayerState};

use super::panel::{self, CameraPanel, CameraRequest, CameraState, Frames, Panel, SheetResponse};
use super::timecode::clock_text;
use super::{ZoetropeApp, theme, transport_bar};
use crate::camera::{CameraMode, CameraRig, Canvas, KEYS_MAX, Pose, RigOptions, VIEWS_MAX};
use crate::notes::{BOOKMARKS_MAX, ClipNotes, Marked, Notes};
use crate::settings::Settings;
use crate::text::{Text, fill, text_of};

/// The step of the field of view, in degrees.
const FOV_STEP: f32 = 5.0;

/// The camera's part of the application.
#[derive(Debug, Default)]
pub struct CameraDesk {
    /// By what the clip is known in the notes.
    key: Option<String>,
    /// The saved view gone to last.
    view: Option<usize>,
    /// The place of the picture whose depth is being looked for, from its upper left corner.
    picking: Option<Pos2>,
    /// The panel, from frame to frame.
    panel: CameraPanel,
}

impl CameraDesk {
    /// What is kept of the clip.
    pub fn notes<'a>(&self, notes: &'a Notes) -> &'a ClipNotes {
        match &self.key {
            Some(key) => notes.clip(key),
            None => ClipNotes::none(),
        }
    }

    /// Focuses what was found at the place that was asked for; where that is nothing, on what is
    /// there at the target's depth.
    pub fn focus(&mut self, rig: &mut CameraRig, picked: Option<Vec3>, now: f64) {
        if let Some(pos) = self.picking.take() {
            let point = picked.unwrap_or_else(|| rig.point_at(pos));
            rig.focus(point, now);
        }
    }
}

impl RigOptions {
    /// How the settings like the camera.
    pub fn of(settings: &Settings) -> Self {
        Self {
            reduce_motion: settings.reduce_motion,
            orbit_speed: settings.orbit_speed as f32,
            fly_speed: settings.fly_speed as f32,
            invert_look: settings.invert_vertical,
            turn_s: settings.turntable_s as f32,
        }
    }
}

/// How long a frame lasts, in seconds.
fn frame_s(state: &PlayerState) -> f64 {
    1.0 / state.frame_rate.max(1e-3)
}

/// The time at which the frame that is due begins, in seconds.
fn frame_time(state: &PlayerState) -> f64 {
    state.frame as f64 * frame_s(state)
}

impl ZoetropeApp {
    /// The camera, once there is a picture.
    pub fn rig(&self) -> Option<&CameraRig> {
        self.session.clip()?.rig.as_ref()
    }

    fn rig_mut(&mut self) -> Option<&mut CameraRig> {
        self.session.clip_mut()?.rig.as_mut()
    }

    /// The picture in `rect`, and how much of it the bar and a panel at the side cover.
    pub(super) fn canvas(&self, ui: &Ui, rect: Rect) -> Canvas {
        let bar = transport_bar::bar_rect(rect);
        let side = self.panels.side();
        let motion = if self.kept.settings.value.reduce_motion {
            0.0
        } else {
            theme::MOTION_S
        };
        let id = Id::unique("picture beside the panel");
        let part = ui.ctx().animate_bool_with_time(id, side.is_some(), motion);
        let frames = Frames {
            window: rect,
            free: rect.shrink(transport_bar::margin(rect)),
        };
        let panel = panel::sheet_rect(frames, side.unwrap_or(Panel::Camera));
        let foot = rect.bottom() - bar.top();
        let (panel_right, panel_foot) = if rect.width() < theme::NARROW {
            (0.0, rect.bottom() - panel.top())
        } else {
            (rect.right() - panel.left(), 0.0)
        };
        Canvas {
            size: rect.size(),
            foot: foot + part * (panel_foot - foot).max(0.0),
            right: part * panel_right,
        }
    }

    /// What is kept of the clip.
    pub fn notes(&self) -> &ClipNotes {
        self.camera_desk.notes(&self.kept.notes.value)
    }

    fn edit_notes<R>(&mut self, change: impl FnOnce(&mut ClipNotes) -> R) -> Option<R> {
        let key = self.camera_desk.key.as_ref()?;
        let result = self.kept.notes.value.edit(key, change);
        self.mark_times();
        Some(result)
    }

    /// Tells the time bar what is marked.
    fn mark_times(&mut self) {
        let notes = self.notes();
        let bookmarks = notes.bookmarks().iter().map(|mark| mark.time).collect();
        let path_keys = notes.path.times().collect();
        self.marks.bookmarks = bookmarks;
        self.marks.path_keys = path_keys;
    }

    /// Another clip is on the screen, or none.
    pub(super) fn take_up_notes(&mut self) {
        let clip = self.session.clip();
        self.camera_desk = CameraDesk {
            key: clip.map(|clip| Notes::key_of(&clip.target)),
            ..CameraDesk::default()
        };
        // It is the one used last from now on.
        self.edit_notes(|_| ());
        self.mark_times();
    }

    fn say(&mut self, text: String) {
        let now = self.ctx.input(|input| input.time);
        self.toasts.note(text, now);
    }

    /// Commands about the camera and bookmarks; whether it was one and there is a clip.
    pub(super) fn apply_camera(&mut self, command: Command) -> bool {
        let now = self.ctx.input(|input| input.time);
        let text = text_of(&self.ctx);
        self.apply_rig(command, now, text)
            || self.apply_views(command, now, text)
            || self.apply_path(command, now, text)
            || self.apply_bookmarks(command, text)
    }

    fn apply_rig(&mut self, command: Command, now: f64, text: &Text) -> bool {
        let Some(rig) = self.rig_mut() else {
            return false;
        };
        match command {
            Command::ResetView => rig.reset(now),
            Command::FrameAll => rig.frame_all(now),
            Command::Focus => {
                let middle = rig.middle().to_vec2();
                let window = self.ctx.content_rect();
                self.focus_at(window.min + middle, window);
            }
            Command::CameraOrbit => self.set_camera_mode(CameraMode::Orbit),
            Command::CameraFly => self.set_camera_mode(CameraMode::Fly),
            Command::CameraToggle => {
                let mode = match rig.mode() {
                    CameraMode::Orbit => CameraMode::Fly,
                    CameraMode::Fly => CameraMode::Orbit,
                };
                self.set_camera_mode(mode);
            }
            Command::FlipUp => {
                rig.flip_up(now);
                self.keep_up(text);
            }
            Command::NextUp => {
                let index = UpAxis::ALL.iter().position(|(up, _)| *up == rig.up());
                let (up, _) = UpAxis::ALL[index.map_or(0, |index| (index + 1) % UpAxis::ALL.len())];
                rig.set_up(up, now);
                self.keep_up(text);
            }
            Command::FovWider | Command::FovNarrower => {
                let step = if command == Command::FovWider {
                    FOV_STEP
                } else {
                    -FOV_STEP
                };
                rig.set_fov(rig.fov_degrees().round() + step);
                let degrees = format!("{:.0}", rig.fov_degrees());
                self.say(fill(text.camera.field_of_view_is, &[&degrees]));
            }
            Command::Turntable => rig.set_turning(!rig.is_turning()),
            _ => return false,
        }
        true
    }

    fn set_camera_mode(&mut self, mode: CameraMode) {
        if let Some(rig) = self.rig_mut() {
            rig.set_mode(mode);
        }
        self.edit_notes(|notes| notes.mode = mode);
        let (name, hint) = panel::mode_texts(&self.ctx, mode);
        self.say(format!("{name}: {hint}"));
    }

    /// Keeps what is up now.
    fn keep_up(&mut self, text: &Text) {
        let Some((up, own)) = self.session.clip().and_then(|clip| {
            let rig = clip.rig.as_ref()?;
            Some((rig.up(), clip.player.info().up))
        }) else {
            return;
        };
        self.edit_notes(|notes| notes.up = (up != own).then_some(up));
        self.say(fill(text.camera.up_axis_is, &[&up.name().to_uppercase()]));
    }

    fn apply_views(&mut self, command: Command, now: f64, text: &Text) -> bool {
        let count = self.notes().views().len();
        let index = match command {
            Command::SaveView => return self.save_view(text),
            Command::GoView(number) => match number.checked_sub(1) {
                Some(index) if index < count => index,
                _ => {
                    self.say(fill(text.camera.no_view, &[&number.to_string()]));
                    return true;
                }
            },
            Command::NextView | Command::PreviousView if count == 0 => {
                self.say(text.camera.no_views.to_owned());
                return true;
            }
            Command::NextView => match self.camera_desk.view {
                Some(last) => (last + 1) % count,
                None => 0,
            },
            Command::PreviousView => match self.camera_desk.view {
                Some(last) => (last.min(count) + count - 1) % count,
                None => count - 1,
            },
            _ => return false,
        };
        let Some(view) = self.notes().views().get(index).cloned() else {
            return true;
        };
        self.camera_desk.view = Some(index);
        if let Some(rig) = self.rig_mut() {
            rig.go_to(&view.pose.camera(), now);
        }
        self.say(view.name);
        true
    }

    fn save_view(&mut self, text: &Text) -> bool {
        let Some(pose) = self.rig().and_then(|rig| Pose::new(rig.camera())) else {
            return false;
        };
        let views = self.notes().views();
        // The first number that no view has.
        let name = (views.len() + 1..)
            .map(|number| fill(text.camera.view_name, &[&number.to_string()]))
            .find(|name| views.iter().all(|view| view.name != *name))
            .unwrap_or_default();
        let last = views.len();
        let saved = self.edit_notes(|notes| notes.add_view(&name, pose));
        if saved == Some(true) {
            self.camera_desk.view = Some(last);
            self.say(fill(text.camera.view_saved, &[&name]));
        } else {
            self.say(fill(text.camera.views_full, &[&VIEWS_MAX.to_string()]));
        }
        true
    }

    fn apply_path(&mut self, command: Command, now: f64, text: &Text) -> bool {
        let Some(clip) = self.session.clip() else {
            return false;
        };
        let state = &clip.state;
        let (time, frame_s, duration) = (frame_time(state), frame_s(state), state.duration);
        match command {
            Command::PathKey => {
                let Some(pose) = self.rig().and_then(|rig| Pose::new(rig.camera())) else {
                    return false;
                };
                let set = self.edit_notes(|notes| notes.path.set(time, pose, frame_s));
                self.say(if set == Some(true) {
                    fill(text.camera.key_set, &[&clock_text(time, duration)])
                } else {
                    fill(text.camera.keys_full, &[&KEYS_MAX.to_string()])
                });
            }
            Command::PathRemoveKey => match self.notes().path.nearest(time) {
                Some(index) => {
                    self.remove_key(index, text);
                }
                None => self.say(text.camera.no_path.to_owned()),
            },
            Command::PathClear => {
                self.edit_notes(|notes| notes.path.clear());
                self.say(text.camera.path_cleared.to_owned());
            }
            Command::PathPlay => self.toggle_following(now, text),
            _ => return false,
        }
        true
    }

    fn remove_key(&mut self, index: usize, text: &Text) {
        let key = self.notes().path.keys().get(index).copied();
        let duration = self.player_state().map_or(0.0, |state| state.duration);
        if let Some(key) = key {
            self.edit_notes(|notes| notes.path.remove(index));
            let at = clock_text(key.time, duration);
            self.say(fill(text.camera.key_removed, &[&at]));
        }
    }

    fn toggle_following(&mut self, now: f64, text: &Text) {
        if self.notes().path.is_empty() {
            self.say(text.camera.no_path.to_owned());
            return;
        }
        let Some(rig) = self.rig_mut() else {
            return;
        };
        let following = !rig.is_following();
        rig.set_following(following, now);
        if following {
            // A path is seen in motion.
            self.session.apply(Command::Play);
        }
        self.say(
            if following {
                text.camera.path_followed
            } else {
                text.camera.path_left
            }
            .to_owned(),
        );
    }

    fn apply_bookmarks(&mut self, command: Command, text: &Text) -> bool {
        let Some(clip) = self.session.clip() else {
            return false;
        };
        let state = &clip.state;
        let (time, frame_s, duration) = (frame_time(state), frame_s(state), state.duration);
        match command {
            Command::BookmarkAdd => {
                let marked = self.edit_notes(|notes| notes.toggle_bookmark(time, frame_s));
                let at = clock_text(time, duration);
                self.say(match marked {
                    Some(Marked::Added) => fill(text.camera.bookmark_added, &[&at]),
                    Some(Marked::Removed) => fill(text.camera.bookmark_removed, &[&at]),
                    Some(Marked::Full) | None => {
                        fill(text.camera.bookmarks_full, &[&BOOKMARKS_MAX.to_string()])
                    }
                });
            }
            Command::BookmarkNext | Command::BookmarkPrevious => {
                let notes = self.notes();
                let found = if command == Command::BookmarkNext {
                    notes.bookmark_after(time, frame_s)
                } else {
                    notes.bookmark_before(time, frame_s)
                };
                match found {
                    Some(time) => {
                        self.session.apply(Command::Seek(time));
                    }
                    None => self.say(text.camera.no_bookmark.to_owned()),
                }
            }
            Command::BookmarkClear => {
                self.edit_notes(ClipNotes::clear_bookmarks);
                self.say(text.camera.bookmarks_cleared.to_owned());
            }
            _ => return false,
        }
        true
    }

    /// Looks at what is at a place of the picture in `rect`, once its depth is found.
    pub(super) fn focus_at(&mut self, pos: Pos2, rect: Rect) {
        self.camera_desk.picking = Some(pos - rect.min.to_vec2());
        self.viewport.pick(pos);
    }

    /// Shows the camera's panel.
    pub(super) fn show_camera_panel(&mut self, ui: &Ui, frames: Frames) -> SheetResponse {
        let mut desk = std::mem::take(&mut self.camera_desk);
        let notes = desk.notes(&self.kept.notes.value);
        let state = CameraState {
            rig: self.rig(),
            player: self.player_state(),
            notes,
            turntable_s: self.kept.settings.value.turntable_s,
        };
        let (response, requests) = desk.panel.show(ui, frames, &state);
        self.camera_desk = desk;
        for request in requests {
            self.fulfil(request);
        }
        response
    }

    fn fulfil(&mut self, request: CameraRequest) {
        let now = self.ctx.input(|input| input.time);
        let text = text_of(&self.ctx);
        match request {
            CameraRequest::Command(command) => self.apply(command),
            CameraRequest::Fov(degrees) => {
                if let Some(rig) = self.rig_mut() {
                    rig.set_fov(degrees);
                }
            }
            CameraRequest::Up(up) => {
                if let Some(rig) = self.rig_mut() {
                    rig.set_up(up, now);
                }
                self.keep_up(text);
            }
            CameraRequest::RenameView(index, name) => {
                self.edit_notes(|notes| notes.rename_view(index, &name));
            }
            CameraRequest::RemoveView(index) => {
                self.edit_notes(|notes| notes.remove_view(index));
                self.camera_desk.view = None;
            }
            CameraRequest::RemoveKey(index) => self.remove_key(index, text),
            CameraRequest::TurnSeconds(seconds) => self.kept.settings.value.turntable_s = seconds,
        }
        self.ctx.request_repaint();
    }
}
