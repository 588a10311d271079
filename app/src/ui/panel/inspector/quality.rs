//! What is chosen for the picture.

use egui::{Button, Color32, Sense, Slider, Stroke, StrokeKind, TextEdit, Ui, vec2};
use zoetrope_player::{Antialiasing, Command, RenderScale};

use super::super::super::theme;
use super::{Request, fact, quiet};
use crate::settings::{BackgroundChoice, Settings, colour_of};
use crate::text::{fill, text};

/// Room beside a slider for its number and its name, in points.
const SLIDER_MARGIN: f32 = 80.0;
/// Fixed render scales that can be chosen, in percent.
const PERCENTS: [u32; 4] = [100, 75, 50, 33];

/// The choices; `scale` is that of the last picture.
pub fn quality(ui: &mut Ui, settings: &mut Settings, scale: f32, asked: &mut Vec<Request>) {
    let text = &text(ui).inspector;
    let degrees = [0, 1, 2, 3].map(|degree: u32| (degree.to_string(), degree));
    if let Some(degree) = choose(
        ui,
        [text.colours, text.colours_choice],
        "",
        &degrees,
        settings.sh_degree,
    ) {
        asked.push(Request::Command(Command::ShDegree(degree)));
    }
    let filters = [
        (text.auto.to_owned(), Antialiasing::Auto),
        (text.classic.to_owned(), Antialiasing::Classic),
        (text.mip.to_owned(), Antialiasing::Mip),
    ];
    if let Some(filter) = choose(
        ui,
        [text.antialiasing, text.antialiasing_choice],
        "",
        &filters,
        settings.antialiasing,
    ) {
        asked.push(Request::Command(Command::Antialiasing(filter)));
    }
    let mut scales = vec![(text.auto.to_owned(), RenderScale::Auto)];
    scales.extend(PERCENTS.map(|percent| (percent.to_string(), RenderScale::Percent(percent))));
    let now = fill(text.render_scale_now, &[&format!("{:.0}", 100.0 * scale)]);
    if let Some(scale) = choose(
        ui,
        [text.render_scale, text.render_scale_choice],
        &now,
        &scales,
        settings.render_scale,
    ) {
        asked.push(Request::Command(Command::RenderScale(scale)));
    }
    background(ui, settings, asked);
}

fn background(ui: &mut Ui, settings: &mut Settings, asked: &mut Vec<Request>) {
    let text = &text(ui).inspector;
    let backgrounds = [
        (text.background_theme, BackgroundChoice::Theme),
        (text.background_black, BackgroundChoice::Black),
        (text.background_white, BackgroundChoice::White),
        (text.background_colour, BackgroundChoice::Colour),
        (text.background_picture, BackgroundChoice::Picture),
    ]
    .map(|(name, choice)| (name.to_owned(), choice));
    let names = [text.background, text.background_choice];
    if let Some(choice) = choose(ui, names, "", &backgrounds, settings.background) {
        settings.background = choice;
        if choice == BackgroundChoice::Picture && settings.background_picture.is_empty() {
            asked.push(Request::ChooseBackdrop);
        }
    }
    match settings.background {
        BackgroundChoice::Colour => colour(ui, &mut settings.background_colour),
        BackgroundChoice::Picture => {
            if ui.button(text.choose_picture).clicked() {
                asked.push(Request::ChooseBackdrop);
            }
            match settings.background_picture.as_str() {
                "" => quiet(ui, text.no_backdrop),
                path => quiet(ui, path),
            }
        }
        BackgroundChoice::Theme | BackgroundChoice::Black | BackgroundChoice::White => {}
    }
}

/// A colour as a text and as three sliders.
fn colour(ui: &mut Ui, value: &mut String) {
    let text = &text(ui).inspector;
    let palette = theme::palette(ui);
    let mut colour = colour_of(value).unwrap_or_default();
    ui.horizontal(|ui| {
        let side = ui.spacing().interact_size.y;
        let (rect, _) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
        let [red, green, blue] = colour;
        let edge = Stroke::new(1.0, palette.edge);
        ui.painter().rect(
            rect,
            theme::RADIUS_CONTROL,
            Color32::from_rgb(red, green, blue),
            edge,
            StrokeKind::Inside,
        );
        let field = TextEdit::singleline(value)
            .char_limit(7)
            .desired_width(96.0)
            .align(egui::Align2::LEFT_CENTER)
            .font(theme::number());
        ui.add(field).accessible_name(text.pick_colour);
    });
    let before = colour;
    let names = [text.red, text.green, text.blue];
    for (name, channel) in names.into_iter().zip(&mut colour) {
        ui.horizontal(|ui| {
            ui.spacing_mut().slider_width = ui.available_width() - SLIDER_MARGIN;
            let slider = Slider::new(channel, 0..=255).show_value(false);
            ui.add(slider).accessible_name(name);
            quiet(ui, &format!("{name} {channel}"));
        });
    }
    if colour != before {
        let [red, green, blue] = colour;
        *value = format!("#{red:02x}{green:02x}{blue:02x}");
    }
}

/// A row of buttons of which one is on; what is chosen now. `names` are that of the row, and that
/// of a button with its choice.
pub fn choose<T: Copy + PartialEq>(
    ui: &mut Ui,
    [name, button_name]: [&str; 2],
    remark: &str,
    choices: &[(String, T)],
    present: T,
) -> Option<T> {
    fact(ui, name, remark);
    let mut chosen = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(theme::GAP_XS, theme::GAP_XS);
        ui.spacing_mut().button_padding.x = theme::GAP_S;
        for (label, choice) in choices {
            let button = Button::selectable(*choice == present, label.as_str())
                .min_size(vec2(theme::BUTTON, 0.0));
            let name = fill(button_name, &[label]);
            if ui.add(button).accessible_name(name).clicked() {
                chosen = Some(*choice);
            }
        }
    });
    ui.add_space(theme::GAP_XS);
    chosen
}
