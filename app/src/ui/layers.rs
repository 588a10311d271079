//! What lies over what: the picture, the controls that float over it, and notes above all.

use std::time::Duration;

use egui::{Align2, Rect, Ui, vec2};

use super::hints::{self, Hint};
use super::look::Look;
use super::panel::{self, Frames};
use super::steer::{self, Wish};
use super::transport_bar::{self, BarState};
use super::{ZoetropeApp, statistics, theme, top_bar};
use crate::camera::{CameraRig, RigOptions, Scene};
use crate::text::{fill, text};
use zoetrope_render::{Background, Camera};

/// Opening shorter than this shows nothing: what flashes by cannot be read.
const OPENING_SHOWN_AFTER_S: f64 = 0.4;

impl ZoetropeApp {
    pub(super) fn picture(&mut self, ui: &mut Ui, rect: Rect) {
        let response = steer::sense(ui, rect, text(ui).files.picture);
        self.camera_moves = false;
        let now = ui.input(|input| input.time);
        let canvas = self.canvas(ui, rect);
        let shown = self.session.clip().and_then(|clip| {
            let picture = clip.state.picture.as_ref()?;
            Some((picture.index, picture.frame.clone()))
        });
        let flat = shown.filter(|(_, frame)| frame.splats().is_none());
        let place = match flat {
            Some(_) => canvas.flat_place(rect, transport_bar::bar_rect(rect).top()),
            None => rect,
        };
        let beside =
            flat.and_then(|(index, frame)| self.compare(ui, &response, place, (index, &frame)));
        let notes = self.camera_desk.notes(&self.kept.notes.value);
        let Some(clip) = self.session.clip_mut() else {
            return;
        };
        let Some(picture) = &clip.state.picture else {
            return;
        };
        let bounds = *clip.bounds.get_or_insert_with(|| picture.frame.bounds());
        let info = clip.player.info();
        let options = RigOptions::of(&self.kept.settings.value);
        let rig = clip.rig.get_or_insert_with(|| {
            // What a link says of the clip counts before what was noted of it.
            let up = clip.view.up.or(notes.up);
            let mut rig = CameraRig::new(Scene::new(info, bounds, up), canvas, options);
            rig.set_mode(notes.mode);
            if let Some(camera) = &clip.view.camera {
                rig.show(&Camera {
                    position: camera.position.into(),
                    target: camera.target.into(),
                    fov_y: camera.fov_y,
                    ..rig.camera()
                });
            }
            rig
        });
        rig.arrange(canvas, options);
        if let Some(picked) = self.viewport.picked() {
            self.camera_desk.focus(rig, picked, now);
        }
        let before = rig.drawn();
        // A flat picture has no other sides: hands may seek and play, and move no camera.
        let mut idle = info.picture.map(|_| rig.clone());
        let moved = idle.as_mut().unwrap_or(rig);
        let wishes = self
            .steer
            .steer(ui, &response, &self.covered, &clip.state, moved);
        if rig.drawn() != before {
            hints::put_away(Hint::Turn, &mut self.kept.remembered.value.hints_seen);
        }
        self.camera_moves = rig.tick(now, &notes.path, clip.state.time);
        let camera = rig.drawn();
        let has_backdrop = self.backdrop.picture().is_some();
        let settings = &self.kept.settings.value;
        let look = Look::new(settings, theme::palette(ui), has_backdrop, &clip.state);
        if place != rect
            && let Background::Opaque(colour) = look.background
        {
            let [red, green, blue] = colour.map(|part| (255.0 * part).round() as u8);
            let colour = egui::Color32::from_rgb(red, green, blue);
            ui.painter().rect_filled(rect, 0.0, colour);
        }
        self.backdrop.paint(ui, rect);
        let contents = (&picture.frame, beside.as_ref());
        let shown = self.viewport.show(ui, place, contents, camera, &look);
        self.paint_comparison(ui, place, beside.as_ref());
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
                Wish::Focus(pos) => self.focus_at(pos, rect),
            }
        }
    }

    /// The bars, the statistics and the messages; where the panels have room.
    pub(super) fn controls(&mut self, ui: &mut Ui, window: Rect) -> Frames {
        self.covered.clear();
        let margin = transport_bar::margin(window);
        let mut commands = Vec::new();
        let title = self
            .session
            .clip()
            .map(|clip| clip.player.info().title.clone());
        let strength = self.idle.strength(
            ui,
            self.kept.settings.value.hide_controls
                && self.panels.side().is_none()
                // Who looks for a moment on the time bar needs the bar.
                && self.bar.time_bar.wanted_picture().is_none(),
            self.session.clip().map(|clip| &clip.state),
        );
        let (top, asked) = ui
            .scope(|ui| {
                ui.multiply_opacity(strength);
                top_bar::top_bar(ui, window, title.as_deref())
            })
            .inner;
        commands.extend(asked);
        self.covered.extend([top.left, top.right]);
        let free_top = top.left.bottom() + theme::GAP_S;
        let mut free = window.shrink(margin).with_min_y(free_top);
        let bar = transport_bar::bar_rect(window);
        let above = Frames {
            window,
            free: free.with_max_y(bar.top() - theme::GAP_S),
        };
        // A window too low for a sheet above the bar gives the sheet the bar's place.
        let is_hidden = |side| panel::sheet_rect(above, side).bottom() > bar.top();
        if let Some(clip) = self.session.clip()
            && !self.panels.side().is_some_and(is_hidden)
        {
            let bar = BarState {
                player: &clip.state,
                marks: &self.marks,
                is_flat: clip.player.info().is_flat(),
                side: self.panels.side(),
                fullscreen: self.is_fullscreen(),
                thumbnail: self.thumbnails.shown(),
            };
            let hands = &mut self.bar;
            let asked = ui
                .scope(|ui| {
                    ui.multiply_opacity(strength);
                    transport_bar::transport_bar(ui, window, &bar, hands)
                })
                .inner;
            commands.extend(asked);
            self.want_thumbnail(ui.ctx());
            self.covered.push(transport_bar::bar_rect(window));
            free = above.free;
        }
        let frames = Frames { window, free };
        let free = panel::beside(frames, self.panels.side());
        if self.kept.remembered.value.statistics
            && let Some(clip) = self.session.clip()
        {
            let now = ui.input(|input| input.time);
            let decoder = &clip.player.engine().name;
            let lines = statistics::lines(&clip.state, &mut self.viewport, decoder, now);
            self.covered.push(statistics::show(ui, free, &lines));
        }
        if self.kept.settings.value.hints
            && let Some(clip) = self.session.clip()
            && !self.panels.is_modal()
        {
            let is_flat = clip.player.info().is_flat();
            let seen = &mut self.kept.remembered.value.hints_seen;
            let place = ui.scope(|ui| {
                ui.multiply_opacity(strength);
                self.hints.show(ui, free, is_flat, seen)
            });
            self.covered.push(place.inner);
        }
        let (place, asked) = self.toasts.show(ui, free);
        self.covered.push(place);
        commands.extend(asked);
        for command in commands {
            self.apply(command);
        }
        frames
    }

    /// What is being opened, once it takes long enough to be read.
    pub(super) fn opening_note(&self, ui: &Ui, window: Rect) {
        let Some((name, since)) = self.session.opening() else {
            return;
        };
        let waited = ui.input(|input| input.time) - since;
        if waited < OPENING_SHOWN_AFTER_S {
            let rest = Duration::try_from_secs_f64(OPENING_SHOWN_AFTER_S - waited);
            ui.ctx().request_repaint_after(rest.unwrap_or_default());
            return;
        }
        note(ui, window, &fill(text(ui).files.opening, &[name]));
    }

    /// Shows where a dragged file will go.
    pub(super) fn drop_note(ui: &Ui, window: Rect) {
        if ui.input(|input| input.raw.hovered_files.is_empty()) {
            return;
        }
        ui.painter().rect_stroke(
            window.shrink(theme::GAP_S),
            theme::RADIUS,
            egui::Stroke::new(2.0, theme::palette(ui).accent),
            egui::StrokeKind::Inside,
        );
        note(ui, window, text(ui).files.drop_to_open);
    }
}

/// A line of text in the middle of the window.
fn note(ui: &Ui, window: Rect, text: &str) {
    let palette = theme::palette(ui);
    let galley = ui
        .painter()
        .layout_no_wrap(text.to_owned(), theme::body(), palette.text);
    let size = galley.size() + 2.0 * vec2(theme::GAP_L, theme::GAP_M);
    let rect = Align2::CENTER_CENTER.align_size_within_rect(size, window);
    ui.painter().add(theme::surface(palette).paint(rect));
    ui.painter().galley(
        rect.min + vec2(theme::GAP_L, theme::GAP_M),
        galley,
        palette.text,
    );
}
