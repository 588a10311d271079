//! A control for each kind of setting.

use std::collections::HashMap;

use egui::{
    Color32, ComboBox, DragValue, Id, Margin, Rect, Response, RichText, Role, Sense, Slider,
    Stroke, TextEdit, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::super::super::icons::{Icon, focus_ring, icon_button};
use super::super::super::theme;
use crate::platform::Pick;
use crate::settings::{Kind, LineForm, SETTINGS, SettingInfo, Settings, colour_of};
use crate::text::{fill, text};

/// Size of a switch with what belongs to it, for a finger.
pub const SWITCH: Vec2 = vec2(40.0, 36.0);
/// Size of its track.
const TRACK: Vec2 = vec2(40.0, 22.0);
/// Width of a number that is typed.
const NUMBER_WIDTH: f32 = 84.0;
/// A range that ends so many times above its start is gone through by factors.
const WIDE_RANGE: f64 = 20.0;

/// What is being typed or dragged and is not a setting yet.
#[derive(Default)]
pub struct Drafts {
    lines: HashMap<&'static str, String>,
    /// The size of controls while it is dragged: a slider must not move away from the hand.
    scale: Option<f64>,
}

impl Drafts {
    /// Takes what makes sense into the settings.
    pub fn finish(&mut self, settings: &mut Settings) {
        for (key, typed) in self.lines.drain() {
            let mut infos = SETTINGS.iter();
            if let Some(info) = infos.find(|info| info.key == key) {
                info.write(settings, &typed.into());
            }
        }
    }
}

/// Shows the control of a setting. Gives what is to be chosen in a dialog.
pub fn control(
    ui: &mut Ui,
    info: &SettingInfo,
    settings: &mut Settings,
    drafts: &mut Drafts,
) -> Option<Pick> {
    let title = (info.title)(text(ui));
    match &info.kind {
        Kind::Toggle { get, set } => {
            let on = get(settings);
            if switch(ui, title, on).clicked() {
                set(settings, !on);
            }
            None
        }
        Kind::Choice { choices, get, set } => {
            let mut index = get(settings);
            let texts = text(ui);
            let response = ComboBox::from_id_salt(info.key)
                .width(ui.available_width())
                .show_index(ui, &mut index, choices.len(), |at| {
                    choices.get(at).map_or("", |choice| (choice.1)(texts))
                })
                .accessible_name(title);
            if response.has_focus() {
                focus_ring(ui, response.rect);
            }
            if response.changed() {
                set(settings, index);
            }
            None
        }
        Kind::Number { .. } => {
            number(ui, info, title, settings, drafts);
            None
        }
        Kind::Line { .. } => line(ui, info, title, settings, drafts),
    }
}

/// A switch that is on or off.
pub fn switch(ui: &mut Ui, title: &str, on: bool) -> Response {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(SWITCH, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Switch, ui.is_enabled(), on, title));
    let slid = ui.ctx().animate_bool(response.id, on);
    let track = Rect::from_center_size(rect.center(), TRACK);
    let (fill, knob) = if on {
        (palette.accent, palette.on_accent)
    } else {
        (palette.track_buffered, palette.text)
    };
    let radius = 0.5 * track.height();
    let painter = ui.painter();
    painter.rect_filled(track, radius, fill);
    if response.hovered() && !on {
        painter.rect_stroke(
            track,
            radius,
            Stroke::new(1.0, palette.text_quiet),
            egui::StrokeKind::Inside,
        );
    }
    let x = egui::lerp(track.left() + radius..=track.right() - radius, slid);
    painter.circle_filled(pos2(x, track.center().y), radius - 4.0, knob);
    if response.has_focus() {
        focus_ring(ui, track.expand(4.0));
    }
    response
}

/// A slider, and the number that can be typed.
fn number(
    ui: &mut Ui,
    info: &SettingInfo,
    title: &str,
    settings: &mut Settings,
    drafts: &mut Drafts,
) {
    let Kind::Number {
        range,
        step,
        unit,
        get,
        set,
    } = &info.kind
    else {
        return;
    };
    let waits = info.key == "ui_scale";
    let draft = if waits { drafts.scale } else { None };
    let mut value = draft.unwrap_or_else(|| get(settings));
    ui.spacing_mut().slider_width = ui.available_width() - NUMBER_WIDTH - theme::GAP_S;
    let slider = Slider::new(&mut value, range.clone())
        .step_by(*step)
        .logarithmic(range.end() / range.start() > WIDE_RANGE)
        .show_value(false);
    let slider = ui.add(slider).accessible_name(title);
    let typed = DragValue::new(&mut value)
        .range(range.clone())
        .speed(*step)
        .suffix(*unit)
        .max_decimals(2)
        .update_while_editing(false)
        .custom_parser(|text| text.trim().replace(',', ".").parse().ok())
        .min_size(vec2(NUMBER_WIDTH, 32.0));
    let name = fill(text(ui).settings.value, &[title]);
    let typed = ui.add(typed).accessible_name(name);
    let value = (value * 1e4).round() / 1e4;
    let is_held = slider.dragged() || typed.dragged();
    if slider.changed() || typed.changed() {
        if waits && is_held {
            drafts.scale = Some(value);
        } else {
            set(settings, value);
        }
    }
    if waits
        && !is_held
        && let Some(value) = drafts.scale.take()
    {
        set(settings, value);
    }
}

/// A field with what belongs to it.
fn line(
    ui: &mut Ui,
    info: &SettingInfo,
    title: &str,
    settings: &mut Settings,
    drafts: &mut Drafts,
) -> Option<Pick> {
    let Kind::Line {
        form,
        check,
        get,
        set,
    } = &info.kind
    else {
        return None;
    };
    let palette = theme::palette(ui);
    let texts = text(ui);
    let draft = drafts.lines.get(info.key);
    let mut typed = draft.map_or_else(|| get(settings).to_owned(), Clone::clone);
    let fits = check(&typed);
    let hint = match form {
        LineForm::Folder => texts.settings.screenshot_folder_usual,
        LineForm::Colour | LineForm::Picture => "",
    };
    let field = TextEdit::singleline(&mut typed)
        .id(Id::unique(("setting", info.key)))
        .hint_text(RichText::new(hint).color(palette.text_quiet))
        .margin(Margin::symmetric(8, 7))
        .text_color(if fits { palette.text } else { palette.danger })
        .desired_width(ui.available_width() - theme::BUTTON - theme::GAP_S);
    let response = ui.add(field).accessible_name(title);
    if !fits {
        response.show_tooltip_text(texts.settings.not_a_colour);
    }
    if response.changed() {
        // A colour is seen while it is typed; half a path is none.
        if *form == LineForm::Colour && check(&typed) {
            set(settings, typed.trim().to_owned());
        }
        drafts.lines.insert(info.key, typed);
    }
    if response.lost_focus()
        && let Some(typed) = drafts.lines.remove(info.key)
        && check(&typed)
    {
        set(settings, typed.trim().to_owned());
    }
    beside(ui, *form, title, settings, *get)
}

/// What stands beside a field: its colour, or a button that chooses for it.
fn beside(
    ui: &mut Ui,
    form: LineForm,
    title: &str,
    settings: &Settings,
    get: fn(&Settings) -> &str,
) -> Option<Pick> {
    let texts = &text(ui).settings;
    let (label, what) = match form {
        LineForm::Colour => {
            let [red, green, blue] = colour_of(get(settings)).unwrap_or_default();
            let size = Vec2::splat(theme::BUTTON);
            let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
            ui.painter().rect(
                rect.shrink(2.0),
                theme::RADIUS_CONTROL,
                Color32::from_rgb(red, green, blue),
                Stroke::new(1.0, theme::palette(ui).text_quiet),
                egui::StrokeKind::Inside,
            );
            return None;
        }
        LineForm::Picture => (texts.choose_file, Pick::Picture),
        LineForm::Folder => (texts.choose_folder, Pick::Destination),
    };
    let label = fill(label, &[title]);
    let at = ui.available_rect_before_wrap();
    let rect = Rect::from_center_size(
        pos2(at.left() + 0.5 * theme::BUTTON, at.center().y),
        Vec2::splat(theme::BUTTON),
    );
    let clicked = icon_button(ui, rect, Icon::FolderOpen, &label, &label, false).clicked();
    clicked.then_some(what)
}
