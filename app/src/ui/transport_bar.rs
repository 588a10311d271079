//! The controls of time, floating over the foot of the picture.

use std::time::Duration;

use egui::{
    Align2, Popup, Rect, Response, RichText, Role, Sense, TextureHandle, Ui, WidgetInfo, pos2, vec2,
};
use zoetrope_player::{Command, LoopMode, Playback, PlayerState, Quality, WaitCause};

use super::icons::{Icon, focus_ring, icon_button};
use super::panel::Panel;
use super::time_bar::{Marks, TimeBar};
use super::time_field::TimeField;
use super::{theme, timecode};
use crate::keys;
use crate::text::{Text, fill, text};

/// Widest the bar gets.
const WIDTH_MAX: f32 = 920.0;
/// Height of the row of the time bar, and on a window that is as small as a phone.
const TIME_BAR: (f32, f32) = (24.0, 36.0);
/// Height of the row of times of the narrow layout.
const TIMES: f32 = 36.0;
/// The play button is larger than the others.
const PLAY: f32 = 44.0;
/// Width of the speed button.
const SPEED: f32 = 52.0;
/// The choices of the speed menu.
const SPEEDS: [f64; 6] = [0.25, 0.5, 1.0, 1.5, 2.0, 4.0];
/// Waiting shorter than this is not told: what flashes by cannot be read.
pub const WAITING_SHOWN_AFTER_S: f64 = 0.4;
/// A speed that is dragged this near to normal is normal, as a part of it.
const SPEED_SNAP: f64 = 0.07;

/// What the bar has to know besides the player's state.
pub struct BarState<'a> {
    /// The player's state.
    pub player: &'a PlayerState,
    /// What is marked in the clip.
    pub marks: &'a Marks,
    /// Whether there is nothing to turn: the clip shows flat pictures.
    pub is_flat: bool,
    /// Which panel is open at the side.
    pub side: Option<Panel>,
    /// Whether the window fills the screen.
    pub fullscreen: bool,
    /// The picture for where the pointer is on the time bar.
    pub thumbnail: Option<&'a TextureHandle>,
}

/// What the hands on the bar are doing, from frame to frame.
#[derive(Default)]
pub struct BarHands {
    /// On the time bar.
    pub time_bar: TimeBar,
    /// In the field for the time.
    pub field: TimeField,
}

/// Where the bar is in a window.
pub fn bar_rect(window: Rect) -> Rect {
    let margin = margin(window);
    let width = (window.width() - 2.0 * margin).min(WIDTH_MAX);
    let times = if is_narrow(window) { TIMES } else { 0.0 };
    let height = time_bar_height(window) + times + PLAY + 2.0 * theme::GAP_S;
    Rect::from_center_size(
        pos2(window.center().x, window.bottom() - margin - 0.5 * height),
        vec2(width, height),
    )
}

/// How high the time bar is: for a finger where there may be one.
fn time_bar_height(window: Rect) -> f32 {
    if is_narrow(window) || window.height() < theme::LOW {
        TIME_BAR.1
    } else {
        TIME_BAR.0
    }
}

/// Whether a window gets the layout of a phone.
pub fn is_narrow(window: Rect) -> bool {
    window.width() < theme::NARROW
}

/// Distance of floating surfaces from the window's edge.
pub fn margin(window: Rect) -> f32 {
    if is_narrow(window) {
        theme::GAP_S
    } else {
        theme::GAP_L
    }
}

/// Shows the bar and gives what is asked for with it.
pub fn transport_bar(
    ui: &mut Ui,
    window: Rect,
    state: &BarState<'_>,
    hands: &mut BarHands,
) -> Vec<Command> {
    let rect = bar_rect(window);
    // Presses between the controls must not reach the picture.
    ui.allocate_rect(rect, Sense::click_and_drag());
    ui.painter()
        .add(theme::surface(theme::palette(ui)).paint(rect));
    let inner = rect.shrink2(vec2(theme::GAP_M, theme::GAP_S));
    let (top, below) = inner.split_top_bottom_at_y(inner.top() + time_bar_height(window));
    let commands = hands
        .time_bar
        .show(ui, top, state.player, state.marks, state.thumbnail);
    let text = text(ui);
    let mut controls = Controls {
        ui,
        text,
        state,
        field: &mut hands.field,
        commands,
    };
    if is_narrow(window) {
        controls.narrow(below);
    } else {
        controls.wide(below);
    }
    controls.commands
}

/// Takes pieces off a row, from its left or its right end.
struct Row(Rect);

impl Row {
    fn left(&mut self, width: f32) -> Rect {
        let (taken, rest) = self.0.split_left_right_at_x(self.0.left() + width);
        self.0 = rest;
        taken
    }

    fn right(&mut self, width: f32) -> Rect {
        let (rest, taken) = self.0.split_left_right_at_x(self.0.right() - width);
        self.0 = rest;
        taken
    }
}

/// The controls while they are being laid out.
struct Controls<'a> {
    ui: &'a mut Ui,
    text: &'static Text,
    state: &'a BarState<'a>,
    field: &'a mut TimeField,
    commands: Vec<Command>,
}

impl Controls<'_> {
    /// One row: play, time, everything else.
    fn wide(&mut self, rect: Rect) {
        let mut row = Row(rect.with_min_y(rect.bottom() - PLAY));
        self.play_buttons(row.left(2.0 * theme::BUTTON + PLAY));
        row.left(theme::GAP_S);
        let full = row.right(theme::BUTTON);
        self.fullscreen_button(full);
        let inspector = self.text.inspector.title;
        self.panel_button(
            row.right(theme::BUTTON),
            Icon::Info,
            inspector,
            Panel::Inspector,
        );
        let shot = row.right(theme::BUTTON);
        let label = self.text.inspector.screenshot;
        self.button(shot, Icon::Camera, label, Command::Screenshot, false);
        if !self.state.is_flat {
            let camera = self.text.camera.title;
            self.panel_button(row.right(theme::BUTTON), Icon::Video, camera, Panel::Camera);
            let reset = self.text.camera.reset_view;
            let at = row.right(theme::BUTTON);
            self.button(at, Icon::LocateFixed, reset, Command::ResetView, false);
        }
        row.right(theme::GAP_S);
        self.loop_button(row.right(theme::BUTTON));
        self.ab_button(row.right(theme::BUTTON));
        self.bookmark_button(row.right(theme::BUTTON));
        self.speed_button(row.right(SPEED));
        self.times(row.0.shrink2(vec2(theme::GAP_XS, 0.0)));
    }

    /// Times have a row of their own, and what is used less is behind "more".
    fn narrow(&mut self, rect: Rect) {
        let mut row = Row(rect.with_min_y(rect.bottom() - PLAY));
        self.times(rect.with_max_y(row.0.top()));
        self.speed_button(row.left(SPEED));
        self.bookmark_button(row.left(theme::BUTTON));
        let more = self.text.playback.more_controls;
        let at = row.right(theme::BUTTON);
        self.button(at, Icon::Ellipsis, more, Command::ToggleMore, false);
        let full = row.right(theme::BUTTON);
        self.fullscreen_button(full);
        let width = 2.0 * theme::BUTTON + PLAY;
        let middle = Rect::from_center_size(
            pos2(rect.center().x, row.0.center().y),
            vec2(width, row.0.height()),
        );
        self.play_buttons(middle);
    }

    fn play_buttons(&mut self, rect: Rect) {
        let mut row = Row(rect);
        let (icon, label) = match self.state.player.playback {
            Playback::Playing => (Icon::Pause, self.text.playback.pause),
            Playback::Paused => (Icon::Play, self.text.playback.play),
            Playback::Ended => (Icon::Play, self.text.playback.play_again),
        };
        let (back, forward) = (
            self.text.playback.step_back,
            self.text.playback.step_forward,
        );
        let at = row.left(theme::BUTTON);
        self.timed(at, Icon::StepBack, back, Command::Step(-1), false);
        self.timed(row.left(PLAY), icon, label, Command::TogglePlay, false);
        let at = row.left(theme::BUTTON);
        self.timed(at, Icon::StepForward, forward, Command::Step(1), false);
    }

    fn loop_button(&mut self, rect: Rect) {
        let mode = self.state.player.loop_mode;
        let (icon, label) = loop_look(mode, self.text);
        self.timed(rect, icon, label, Command::LoopCycle, mode != LoopMode::Off);
    }

    fn ab_button(&mut self, rect: Rect) {
        let label = ab_label(self.state.player, self.text);
        let lit = self.state.player.ab.0.is_some();
        self.timed(rect, Icon::Brackets, label, Command::AbCycle, lit);
    }

    fn bookmark_button(&mut self, rect: Rect) {
        let here = self.state.marks.bookmark_at(self.state.player).is_some();
        let label = if here {
            self.text.playback.bookmark_remove
        } else {
            self.text.playback.bookmark
        };
        self.timed(rect, Icon::Bookmark, label, Command::BookmarkAdd, here);
    }

    fn fullscreen_button(&mut self, rect: Rect) {
        let (icon, label) = if self.state.fullscreen {
            (Icon::Minimize, self.text.playback.leave_full_screen)
        } else {
            (Icon::Maximize, self.text.playback.full_screen)
        };
        self.button(rect, icon, label, Command::ToggleFullscreen, false);
    }

    fn panel_button(&mut self, rect: Rect, icon: Icon, label: &str, panel: Panel) {
        let lit = self.state.side == Some(panel);
        let command = match panel {
            Panel::Camera => Command::ToggleCameraPanel,
            _ => Command::ToggleInspector,
        };
        self.button(rect, icon, label, command, lit);
    }

    /// A button about time: a clip of one frame has none.
    fn timed(&mut self, rect: Rect, icon: Icon, label: &str, command: Command, lit: bool) {
        let enabled = self.state.player.frame_count > 1;
        let hint = keys::with_hint(self.ui.ctx(), label, command);
        let shown = self.ui.add_enabled_ui(enabled, |ui| {
            square_button(ui, rect, icon, label, &hint, lit)
        });
        if shown.inner.clicked() {
            self.commands.push(command);
        }
    }

    fn button(&mut self, rect: Rect, icon: Icon, label: &str, command: Command, lit: bool) {
        let hint = keys::with_hint(self.ui.ctx(), label, command);
        if square_button(self.ui, rect, icon, label, &hint, lit).clicked() {
            self.commands.push(command);
        }
    }

    fn speed_button(&mut self, slot: Rect) {
        let speed = self.state.player.speed;
        let enabled = self.state.player.frame_count > 1;
        let (text, commands) = (self.text, &mut self.commands);
        self.ui.add_enabled_ui(enabled, |ui| {
            speed_menu(ui, text, slot, speed, commands);
        });
    }

    /// What is waited for, and whether it takes long enough to be told.
    fn waiting(&self) -> (String, bool) {
        let playback = &self.text.playback;
        let Some(waiting) = self.state.player.waiting else {
            return (playback.buffering.to_owned(), false);
        };
        let left_s = WAITING_SHOWN_AFTER_S - waiting.seconds;
        if let Ok(left) = Duration::try_from_secs_f64(left_s) {
            self.ui.ctx().request_repaint_after(left);
        }
        let words = match waiting.cause {
            WaitCause::Network => playback.waiting.to_owned(),
            WaitCause::Decoding => match self.state.player.progress {
                Some(progress) => {
                    let percent = format!("{:.0}", 100.0 * progress);
                    fill(playback.reading, &[&percent])
                }
                None => playback.buffering.to_owned(),
            },
        };
        (words, left_s <= 0.0 && !self.state.player.scrubbing)
    }

    /// The time, which can be typed into, and then as much of the quieter texts as has room.
    fn times(&mut self, rect: Rect) {
        let state = self.state.player;
        let width = self.field.width(self.ui, state).min(rect.width());
        let at = Rect::from_min_size(
            pos2(rect.left(), rect.center().y - 0.5 * theme::BUTTON),
            vec2(width, theme::BUTTON),
        );
        self.commands.extend(self.field.show(self.ui, at, state));
        let length = timecode::clock_text(state.duration, state.duration);
        let frame = fill(
            self.text.playback.frame_of,
            &[
                &(state.frame + 1).to_string(),
                &state.frame_count.to_string(),
            ],
        );
        let palette = theme::palette(self.ui);
        let mut left = at.right() + theme::GAP_XS;
        let (waiting_for, is_waiting) = self.waiting();
        let texts = [
            (
                format!("/ {length}"),
                theme::number(),
                palette.text_quiet,
                true,
            ),
            (frame, theme::small(), palette.text_quiet, true),
            (waiting_for, theme::small(), palette.accent, is_waiting),
        ];
        for (text, font, color, wanted) in texts {
            if !wanted {
                continue;
            }
            let galley = self
                .ui
                .painter()
                .layout_no_wrap(text.clone(), font.clone(), color);
            let size = galley.size();
            if left + size.x > rect.right() {
                break;
            }
            let place = Rect::from_min_size(pos2(left, rect.center().y - 0.5 * size.y), size);
            let label = egui::Label::new(RichText::new(text).font(font).color(color)).extend();
            self.ui.put(place, label);
            left += size.x + theme::GAP_M;
        }
    }
}

/// What a loop button shows.
pub fn loop_look(mode: LoopMode, text: &'static Text) -> (Icon, &'static str) {
    match mode {
        LoopMode::Off => (Icon::ArrowRightToLine, text.playback.loop_off),
        LoopMode::All => (Icon::Repeat, text.playback.loop_all),
        LoopMode::Bounce => (Icon::ArrowLeftRight, text.playback.loop_bounce),
    }
}

/// What a quality button shows, and which quality it goes to next.
pub fn quality_look(state: &PlayerState, text: &'static Text) -> (String, Quality) {
    let playback = &text.playback;
    let (name, next) = match state.quality {
        Quality::Auto => (playback.quality_auto.to_owned(), Quality::Layers(1)),
        Quality::Layers(layers) if layers < state.levels => {
            (layers.to_string(), Quality::Layers(layers + 1))
        }
        Quality::Layers(layers) => (layers.to_string(), Quality::Auto),
    };
    (fill(playback.quality_is, &[&name]), next)
}

/// What the A-B button does next.
pub fn ab_label(state: &PlayerState, text: &'static Text) -> &'static str {
    match state.ab {
        (None, _) => text.playback.ab_mark_a,
        (Some(_), None) => text.playback.ab_mark_b,
        (Some(_), Some(_)) => text.playback.ab_clear,
    }
}

/// An icon button in the middle of a slot.
fn square_button(
    ui: &mut Ui,
    slot: Rect,
    icon: Icon,
    label: &str,
    hint: &str,
    lit: bool,
) -> Response {
    let side = slot.width().min(slot.height());
    let at = Rect::from_center_size(slot.center(), vec2(side, side));
    icon_button(ui, at, icon, label, hint, lit)
}

/// "1.25×".
fn speed_text(speed: f64) -> String {
    format!("{}×", (speed * 100.0).round() / 100.0)
}

fn speed_menu(
    ui: &mut Ui,
    text: &'static Text,
    slot: Rect,
    speed: f64,
    commands: &mut Vec<Command>,
) {
    let palette = theme::palette(ui);
    let rect = Rect::from_center_size(slot.center(), vec2(slot.width(), theme::BUTTON));
    let shown = speed_text(speed);
    let response = ui.allocate_rect(rect, Sense::click());
    let label = fill(text.playback.speed_is, &[&shown]);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &label));
    if response.hovered() || response.has_focus() {
        ui.painter()
            .rect_filled(rect, theme::RADIUS_CONTROL, palette.hover);
    }
    if response.has_focus() {
        focus_ring(ui, rect);
    }
    let color = if !ui.is_enabled() {
        palette.text_quiet.gamma_multiply(0.5)
    } else if speed == 1.0 {
        palette.text
    } else {
        palette.accent
    };
    ui.painter().text(
        rect.center(),
        Align2::CENTER_CENTER,
        shown,
        theme::number(),
        color,
    );
    let hint = keys::with_hint(ui.ctx(), text.playback.speed_hint, Command::SpeedUp);
    let response = response.on_hover_text(hint);
    Popup::menu(&response)
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
        .width(220.0)
        .show(|ui| speed_choices(ui, text, speed, commands));
}

/// A slider that snaps to normal, and buttons for the usual speeds.
fn speed_choices(ui: &mut Ui, text: &'static Text, speed: f64, commands: &mut Vec<Command>) {
    let mut chosen = speed;
    ui.spacing_mut().slider_width = 208.0;
    let slider = egui::Slider::new(&mut chosen, 0.1..=4.0)
        .logarithmic(true)
        .show_value(false);
    if ui
        .add(slider)
        .accessible_name(text.playback.speed)
        .changed()
    {
        commands.push(Command::Speed(snapped(chosen)));
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(theme::GAP_XS, theme::GAP_XS);
        for choice in SPEEDS {
            let button = egui::Button::selectable(speed == choice, speed_text(choice))
                .min_size(vec2(66.0, theme::BUTTON));
            if ui.add(button).clicked() {
                commands.push(Command::Speed(choice));
                ui.close();
            }
        }
    });
}

/// A dragged speed: normal near to it, else in steps of a twentieth.
fn snapped(speed: f64) -> f64 {
    if (speed.ln()).abs() < SPEED_SNAP {
        1.0
    } else if speed < 1.0 {
        (speed * 100.0).round() / 100.0
    } else {
        (speed * 20.0).round() / 20.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dragged_speed_snaps_to_normal() {
        for (dragged, speed) in [
            (1.04, 1.0),
            (0.95, 1.0),
            (1.26, 1.25),
            (0.503, 0.5),
            (0.1, 0.1),
            (4.0, 4.0),
        ] {
            assert_eq!(snapped(dragged), speed);
        }
    }
}
