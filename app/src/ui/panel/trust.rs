//! Asks before a link to somewhere new is followed.

use egui::{Button, Checkbox, Frame, Label, Margin, RichText, Ui, vec2};

use super::super::theme;
use super::{Frames, Panel, SheetResponse, sheet};
use crate::text::text;

/// A link that waits for an answer.
pub struct Question {
    /// The host that it leads to; `None` for a file of this computer.
    pub host: Option<String>,
    /// The whole address.
    pub address: String,
    /// Whether links to it are followed without asking from now on.
    pub always: bool,
}

/// Shows the question; whether the answer is yes. It is to be closed with either answer.
pub fn trust(
    ui: &Ui,
    frames: Frames,
    is_new: bool,
    question: &mut Question,
) -> (SheetResponse, bool) {
    let texts = &text(ui).share;
    let mut answer = None;
    let mut response = sheet(ui, frames, Panel::Trust, texts.ask_title, |ui| {
        let palette = theme::palette(ui);
        ui.label(RichText::new(texts.ask_host).color(palette.text_quiet));
        let host = question.host.as_deref().unwrap_or(texts.ask_here);
        ui.add(Label::new(RichText::new(host).font(theme::title())).wrap());
        address(ui, &question.address);
        let always = match question.host {
            Some(_) => texts.always_host,
            None => texts.always_here,
        };
        ui.add(Checkbox::new(&mut question.always, always));
        ui.add_space(theme::GAP_S);
        answer = buttons(ui, is_new);
    });
    response.close |= answer.is_some();
    (response, answer == Some(true))
}

/// The whole address, every letter of it: what is left out may be what matters.
fn address(ui: &mut Ui, address: &str) {
    let palette = theme::palette(ui);
    let frame = Frame::NONE
        .fill(palette.surface_raised)
        .corner_radius(theme::RADIUS_CONTROL)
        .inner_margin(Margin::symmetric(10, 8));
    ui.add_space(theme::GAP_XS);
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        let text = RichText::new(address).font(theme::number());
        ui.add(Label::new(text).wrap());
    });
    ui.add_space(theme::GAP_XS);
}

fn buttons(ui: &mut Ui, is_new: bool) -> Option<bool> {
    let (texts, palette) = (text(ui), theme::palette(ui));
    let width = 0.5 * (ui.available_width() - theme::GAP_S);
    let size = vec2(width, theme::BUTTON);
    let mut answer = None;
    ui.horizontal(|ui| {
        let cancel = RichText::new(texts.common.cancel).color(palette.text);
        let cancel = ui.add(Button::new(cancel).min_size(size));
        // Who types on while a link comes must not have said yes.
        if is_new {
            cancel.request_focus();
        }
        let open = RichText::new(texts.files.open).color(palette.on_accent);
        let open = Button::new(open).fill(palette.accent).min_size(size);
        if cancel.clicked() {
            answer = Some(false);
        }
        if ui.add(open).clicked() {
            answer = Some(true);
        }
    });
    answer
}
