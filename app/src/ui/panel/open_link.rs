//! Opening what is typed or pasted: a path, a pattern or a link.

use egui::{Button, Id, Key, Margin, RichText, Role, TextEdit, Ui, WidgetInfo, vec2};

use super::super::links::link_error;
use super::super::theme;
use super::{Frames, Panel, SheetResponse, sheet};
use crate::link::{self, LinkError, Wanted};
use crate::text::text;

/// The panel, from frame to frame.
#[derive(Default)]
pub struct OpenLinkPanel {
    typed: String,
    error: Option<LinkError>,
}

impl OpenLinkPanel {
    /// Shows the panel. What is to be opened is put into `wanted`, and the panel is to be closed
    /// then.
    pub fn show(
        &mut self,
        ui: &Ui,
        frames: Frames,
        is_new: bool,
        wanted: &mut Option<Wanted>,
    ) -> SheetResponse {
        if is_new {
            *self = Self::default();
        }
        let title = text(ui).files.open_link_title;
        let mut response = sheet(ui, frames, Panel::OpenLink, title, |ui| {
            *wanted = self.contents(ui, is_new);
        });
        response.close |= wanted.is_some();
        response
    }

    fn contents(&mut self, ui: &mut Ui, is_new: bool) -> Option<Wanted> {
        let (texts, palette) = (text(ui), theme::palette(ui));
        let field = Id::unique("link field");
        let is_typing = ui.memory(|memory| memory.has_focus(field));
        // The field would let go of the keyboard.
        let enter =
            is_typing && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::Enter));
        let button_width = 96.0;
        let mut clicked = false;
        ui.horizontal(|ui| {
            let edit = TextEdit::singleline(&mut self.typed)
                .id(field)
                .margin(Margin::symmetric(10, 8))
                .desired_width(ui.available_width() - button_width - theme::GAP_S);
            let edit = ui.add(edit).accessible_name(texts.files.open_link_label);
            if is_new {
                edit.request_focus();
            }
            if edit.changed() {
                self.error = None;
            }
            let open = RichText::new(texts.files.open).color(palette.on_accent);
            let open = Button::new(open)
                .fill(palette.accent)
                .min_size(vec2(button_width, theme::BUTTON));
            clicked = ui.add(open).clicked();
        });
        match self.error {
            Some(error) => {
                let sentence = link_error(text(ui), error);
                let told = RichText::new(sentence).color(palette.danger);
                let label = ui.add(egui::Label::new(told).wrap());
                label.widget_info(|| WidgetInfo::labeled(Role::Alert, true, sentence));
            }
            None => {
                let told = RichText::new(texts.panels.link_explained)
                    .font(theme::small())
                    .color(palette.text_quiet);
                ui.add(egui::Label::new(told).wrap());
            }
        }
        if !enter && !clicked {
            return None;
        }
        let home = std::env::home_dir();
        match link::parse(&self.typed, home.as_deref()) {
            Ok(wanted) => Some(wanted),
            Err(error) => {
                self.error = Some(error);
                ui.memory_mut(|memory| memory.request_focus(field));
                None
            }
        }
    }
}
