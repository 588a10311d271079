//! The camera: its mode and lens, saved views, the path, the turntable.

use std::ops::RangeInclusive;

use egui::emath::Numeric;
use egui::{
    Align, Button, Context, DragValue, Id, Key, Layout, Rect, Sense, Slider, TextEdit, Ui,
    UiBuilder, vec2,
};
use zoetrope_codecs::UpAxis;
use zoetrope_player::{Command, PlayerState};

use super::super::icons::{Icon, focus_ring, icon_button, labeled};
use super::super::theme;
use super::super::timecode::clock_text;
use super::rows::quiet;
use super::{Frames, Panel, SheetResponse, section, sheet};
use crate::camera::{CameraMode, CameraRig, NAME_MAX, RigOptions};
use crate::keys;
use crate::notes::ClipNotes;
use crate::text::{fill, text, text_of};

/// What the panel has to know.
pub struct CameraState<'a> {
    /// The camera, once there is a picture.
    pub rig: Option<&'a CameraRig>,
    /// The player's state.
    pub player: Option<&'a PlayerState>,
    /// What is kept of the clip.
    pub notes: &'a ClipNotes,
    /// One turn of the turntable, in seconds.
    pub turntable_s: f64,
}

/// What is asked for with the panel.
#[derive(Clone, Debug, PartialEq)]
pub enum CameraRequest {
    /// To carry out a command.
    Command(Command),
    /// Another field of view, in degrees.
    Fov(f32),
    /// Another up axis.
    Up(UpAxis),
    /// Another name for a saved view.
    RenameView(usize, String),
    /// To forget a saved view.
    RemoveView(usize),
    /// To remove a key of the path.
    RemoveKey(usize),
    /// Another time for a turn of the turntable, in seconds.
    TurnSeconds(f64),
}

/// The panel, from frame to frame.
#[derive(Debug, Default)]
pub struct CameraPanel {
    /// The view that is being renamed, its name so far, and whether the field is new.
    renaming: Option<(usize, String, bool)>,
}

impl CameraPanel {
    /// Shows the panel and gives what is asked for with it.
    pub fn show(
        &mut self,
        ui: &Ui,
        frames: Frames,
        state: &CameraState<'_>,
    ) -> (SheetResponse, Vec<CameraRequest>) {
        let mut asked = Vec::new();
        let title = text(ui).camera.title;
        let response = sheet(ui, frames, Panel::Camera, title, |ui| {
            ui.add_enabled_ui(state.rig.is_some(), |ui| {
                lens(ui, state, &mut asked);
                self.views(ui, state, &mut asked);
                path(ui, state, &mut asked);
                turntable(ui, state, &mut asked);
            });
        });
        (response, asked)
    }

    fn views(&mut self, ui: &mut Ui, state: &CameraState<'_>, asked: &mut Vec<CameraRequest>) {
        let text = &text(ui).camera;
        section(ui, text.views);
        if state.notes.views().is_empty() {
            quiet(ui, text.no_views);
        }
        for (index, view) in state.notes.views().iter().enumerate() {
            let is_renamed = matches!(&self.renaming, Some((other, ..)) if *other == index);
            if is_renamed {
                self.name_field(ui, index, asked);
                continue;
            }
            let name = view.name.as_str();
            let buttons = [
                (Icon::Pencil, fill(text.rename_view, &[name])),
                (Icon::Trash2, fill(text.remove_view, &[name])),
            ];
            let label = fill(text.go_to_view, &[name]);
            match row(ui, (Icon::Video, name, &label), &buttons) {
                Some(Pressed::Row) => {
                    asked.push(CameraRequest::Command(Command::GoView(index + 1)));
                }
                Some(Pressed::Button(0)) => {
                    self.renaming = Some((index, name.to_owned(), true));
                }
                Some(Pressed::Button(_)) => asked.push(CameraRequest::RemoveView(index)),
                None => {}
            }
        }
        command(
            ui,
            Icon::Plus,
            text.save_view,
            Command::SaveView,
            false,
            asked,
        );
    }

    /// The name of a view while it is being changed. Enter and going elsewhere keep it, Escape does
    /// not.
    fn name_field(&mut self, ui: &mut Ui, index: usize, asked: &mut Vec<CameraRequest>) {
        let Some((_, name, is_new)) = &mut self.renaming else {
            return;
        };
        let field = TextEdit::singleline(name)
            .id(Id::unique(("name of view", index)))
            .char_limit(NAME_MAX)
            .margin(vec2(theme::GAP_S, theme::GAP_S))
            .desired_width(f32::INFINITY);
        let response = ui.add(field);
        let label = text(ui).camera.name_of_view;
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_label(label));
        if response.has_focus() {
            focus_ring(ui, response.rect);
        }
        if std::mem::take(is_new) {
            response.request_focus();
            return;
        }
        if !response.has_focus() {
            let given_up = ui.input(|input| input.key_pressed(Key::Escape));
            let name = std::mem::take(name);
            self.renaming = None;
            if !given_up {
                asked.push(CameraRequest::RenameView(index, name));
            }
        }
    }
}

/// The name of a mode and how the camera is moved in it, with what hands there are.
pub fn mode_texts(ctx: &Context, mode: CameraMode) -> (&'static str, &'static str) {
    let text = &text_of(ctx).camera;
    let fingers = ctx.input(egui::InputState::has_touch_screen);
    match mode {
        CameraMode::Orbit if fingers => (text.orbit, text.orbit_touch_hint),
        CameraMode::Orbit => (text.orbit, text.orbit_hint),
        CameraMode::Fly if fingers => (text.fly, text.fly_touch_hint),
        CameraMode::Fly => (text.fly, text.fly_hint),
    }
}

/// Mode, field of view, up axis and where to look.
fn lens(ui: &mut Ui, state: &CameraState<'_>, asked: &mut Vec<CameraRequest>) {
    let text = &text(ui).camera;
    let mode = state.rig.map(CameraRig::mode);
    section(ui, text.mode);
    let modes = [
        (CameraMode::Orbit, text.orbit, Command::CameraOrbit),
        (CameraMode::Fly, text.fly, Command::CameraFly),
    ];
    let chosen = modes.iter().position(|(other, ..)| Some(*other) == mode);
    let names = modes.map(|(_, name, _)| (name, name));
    if let Some(index) = segments(ui, &names, chosen) {
        asked.push(CameraRequest::Command(modes[index].2));
    }
    let (_, hint) = mode_texts(ui.ctx(), mode.unwrap_or_default());
    quiet(ui, hint);

    section(ui, text.field_of_view);
    let mut degrees = state.rig.map_or(50.0, CameraRig::fov_degrees);
    let fovs = CameraRig::FOVS_DEGREES;
    if wide_slider(ui, &mut degrees, fovs, "°", text.field_of_view) {
        asked.push(CameraRequest::Fov(degrees));
    }

    section(ui, text.up_axis);
    let up = state.rig.map(CameraRig::up);
    let names = UpAxis::ALL.map(|(axis, name)| (axis, name.to_uppercase().replace('-', "−")));
    let labels = names
        .each_ref()
        .map(|(_, name)| fill(text.up_axis_is, &[name]));
    let choices: Vec<(&str, &str)> = names
        .iter()
        .zip(&labels)
        .map(|((_, name), label)| (name.as_str(), label.as_str()))
        .collect();
    let chosen = names.iter().position(|(axis, _)| Some(*axis) == up);
    if let Some(index) = segments(ui, &choices, chosen) {
        asked.push(CameraRequest::Up(names[index].0));
    }
    ui.add_space(theme::GAP_XS);
    for pair in [
        [
            (Icon::Maximize, text.frame_all, Command::FrameAll),
            (Icon::Focus, text.focus, Command::Focus),
        ],
        [
            (Icon::ArrowUpDown, text.flip, Command::FlipUp),
            (Icon::RotateCcw, text.first_view, Command::ResetView),
        ],
    ] {
        let width = 0.5 * (ui.available_width() - theme::GAP_S);
        ui.horizontal(|ui| {
            for (icon, label, wanted) in pair {
                ui.allocate_ui(vec2(width, theme::BUTTON), |ui| {
                    command(ui, icon, label, wanted, false, asked);
                });
            }
        });
    }
}

/// The keys of the path and what is done with it.
fn path(ui: &mut Ui, state: &CameraState<'_>, asked: &mut Vec<CameraRequest>) {
    let all = text(ui);
    let text = &all.camera;
    section(ui, text.path);
    let path = &state.notes.path;
    let duration = state.player.map_or(0.0, |player| player.duration);
    if path.is_empty() {
        quiet(ui, text.no_keys);
    }
    for (index, time) in path.times().enumerate() {
        let at = clock_text(time, duration);
        let buttons = [(Icon::Trash2, fill(text.remove_key, &[&at]))];
        let label = fill(text.key_at, &[&at]);
        match row(ui, (Icon::Diamond, &at, &label), &buttons) {
            Some(Pressed::Row) => asked.push(CameraRequest::Command(Command::Seek(time))),
            Some(Pressed::Button(_)) => asked.push(CameraRequest::RemoveKey(index)),
            None => {}
        }
    }
    command(ui, Icon::Plus, text.set_key, Command::PathKey, false, asked);
    if !path.is_empty() {
        let follows = state.rig.is_some_and(CameraRig::is_following);
        let wanted = Command::PathPlay;
        command(ui, Icon::Route, text.follow_path, wanted, follows, asked);
        let wanted = Command::PathClear;
        command(ui, Icon::Trash2, text.clear_path, wanted, false, asked);
    }
}

fn turntable(ui: &mut Ui, state: &CameraState<'_>, asked: &mut Vec<CameraRequest>) {
    let text = &text(ui).camera;
    section(ui, text.turntable);
    let turns = state.rig.is_some_and(CameraRig::is_turning);
    let wanted = Command::Turntable;
    command(ui, Icon::Rotate3d, text.turntable, wanted, turns, asked);
    let mut seconds = state.turntable_s;
    let (min, max) = RigOptions::TURNS_S.into_inner();
    let range = f64::from(min)..=f64::from(max);
    if wide_slider(ui, &mut seconds, range, " s", text.turn_seconds) {
        asked.push(CameraRequest::TurnSeconds(seconds));
    }
}

/// What was pressed of a row.
enum Pressed {
    /// The row itself.
    Row,
    /// A button at its end.
    Button(usize),
}

/// A row with something to go to and icon buttons at its end. `face` is its icon, what it shows, and
/// its name for those who cannot see it.
fn row(ui: &mut Ui, face: (Icon, &str, &str), buttons: &[(Icon, String)]) -> Option<Pressed> {
    let (icon, shown, label) = face;
    let (rect, _) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::BUTTON), Sense::hover());
    let mut pressed = None;
    let mut right = rect.right();
    for (index, (icon, label)) in buttons.iter().enumerate().rev() {
        let at = Rect::from_x_y_ranges(right - theme::BUTTON..=right, rect.y_range());
        right -= theme::BUTTON;
        if icon_button(ui, at, *icon, label, label, false).clicked() {
            pressed = Some(Pressed::Button(index));
        }
    }
    let builder = UiBuilder::new()
        .max_rect(rect.with_max_x(right - theme::GAP_XS))
        .layout(Layout::left_to_right(Align::Center).with_main_justify(true));
    ui.scope_builder(builder, |ui| {
        let button = Button::new(labeled(icon, shown))
            .truncate()
            .min_size(vec2(0.0, theme::BUTTON));
        if ui.add(left(button)).accessible_name(label).clicked() {
            pressed = Some(Pressed::Row);
        }
    });
    pressed
}

/// A button for a command, as wide as there is room.
fn command(
    ui: &mut Ui,
    icon: Icon,
    label: &str,
    wanted: Command,
    on: bool,
    asked: &mut Vec<CameraRequest>,
) {
    let mut button = Button::selectable(on, labeled(icon, label))
        .truncate()
        .min_size(vec2(ui.available_width(), theme::BUTTON));
    if !on {
        button = button.fill(theme::palette(ui).hover);
    }
    let hint = keys::with_hint(ui.ctx(), label, wanted);
    let response = ui
        .add(left(button))
        .accessible_name(label)
        .on_hover_text(hint);
    if response.clicked() {
        asked.push(CameraRequest::Command(wanted));
    }
}

/// A button whose text is at its left end.
fn left(button: Button<'_>) -> Button<'_> {
    button.right_text("")
}

/// Buttons side by side of which one is chosen: what each shows, and its name for those who cannot see
/// it. Gives the one that was pressed.
fn segments(ui: &mut Ui, choices: &[(&str, &str)], chosen: Option<usize>) -> Option<usize> {
    let count = choices.len().max(1) as f32;
    let gap = theme::GAP_XS;
    let width = (ui.available_width() - gap * (count - 1.0)) / count;
    let mut pressed = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        ui.spacing_mut().button_padding.x = 0.0;
        for (index, (shown, label)) in choices.iter().enumerate() {
            let on = chosen == Some(index);
            let button = Button::selectable(on, *shown).min_size(vec2(width, theme::BUTTON));
            if ui.add(button).accessible_name(*label).clicked() {
                pressed = Some(index);
            }
        }
    });
    pressed
}

/// A slider as wide as there is room with its number, which can be typed; whether it was changed.
fn wide_slider<Num: Numeric>(
    ui: &mut Ui,
    value: &mut Num,
    range: RangeInclusive<Num>,
    unit: &str,
    label: &str,
) -> bool {
    let number_width = 64.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().interact_size.y = theme::BUTTON;
        ui.set_min_height(theme::BUTTON);
        ui.spacing_mut().slider_width = ui.available_width() - number_width - theme::GAP_S;
        let slider = Slider::new(value, range.clone())
            .step_by(1.0)
            .show_value(false);
        let slid = ui.add(slider).accessible_name(label).changed();
        let number = DragValue::new(value)
            .range(range)
            .max_decimals(0)
            .suffix(unit);
        let exact = fill(text(ui).camera.as_number, &[label]);
        let size = vec2(number_width, theme::BUTTON);
        slid | ui.add_sized(size, number).accessible_name(exact).changed()
    })
    .inner
}
