//! The time as a field that can be typed into.

use egui::{Align2, Key, Rect, Role, Sense, TextEdit, Ui, WidgetInfo};
use zoetrope_player::{Command, PlayerState};

use super::icons::focus_ring;
use super::{theme, timecode};
use crate::text::text;

/// The field, from frame to frame.
#[derive(Default)]
pub struct TimeField {
    /// What is being typed.
    typed: Option<String>,
    /// Whether the field was opened in this frame.
    is_new: bool,
    /// Whether what was typed makes no sense.
    wrong: bool,
}

impl TimeField {
    /// How wide it is: as the longest time of the clip.
    pub fn width(&self, ui: &Ui, state: &PlayerState) -> f32 {
        let longest = timecode::clock_text(state.duration, state.duration);
        let color = theme::palette(ui).text;
        let galley = ui.painter().layout_no_wrap(longest, theme::number(), color);
        galley.size().x + 2.0 * theme::GAP_XS
    }

    /// Shows the time, or the field, and gives where to go.
    pub fn show(&mut self, ui: &mut Ui, rect: Rect, state: &PlayerState) -> Option<Command> {
        if self.typed.is_some() {
            return self.edit(ui, rect, state);
        }
        let palette = theme::palette(ui);
        let text = text(ui);
        let shown = timecode::clock_text(state.time, state.duration);
        let response = ui.allocate_rect(rect, Sense::click());
        let label = format!("{}: {shown}", text.playback.go_to_time);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
        if response.hovered() || response.has_focus() {
            ui.painter()
                .rect_filled(rect, theme::RADIUS_CONTROL, palette.hover);
        }
        if response.has_focus() {
            focus_ring(ui, rect);
        }
        let at = rect.left_center() + egui::vec2(theme::GAP_XS, 0.0);
        ui.painter().text(
            at,
            Align2::LEFT_CENTER,
            &shown,
            theme::number(),
            palette.text,
        );
        if response
            .on_hover_text(text.playback.go_to_time_hint)
            .clicked()
        {
            self.typed = Some(shown);
            self.is_new = true;
            self.wrong = false;
        }
        None
    }

    fn edit(&mut self, ui: &mut Ui, rect: Rect, state: &PlayerState) -> Option<Command> {
        let palette = theme::palette(ui);
        let text = text(ui);
        let typed = self.typed.as_mut()?;
        let field = TextEdit::singleline(typed)
            .font(theme::number())
            .margin(egui::Margin::symmetric(4, 9))
            .text_color(if self.wrong {
                palette.danger
            } else {
                palette.text
            })
            .desired_width(rect.width());
        let response = ui
            .put(rect, field)
            .accessible_name(text.playback.go_to_time);
        if std::mem::take(&mut self.is_new) {
            response.request_focus();
            // Typing replaces what is there.
            let mut edit = TextEdit::load_state(ui.ctx(), response.id).unwrap_or_default();
            let all = egui::text::CCursorRange::two(
                egui::text::CCursor::new(0),
                egui::text::CCursor::new(typed.chars().count()),
            );
            edit.cursor.set_char_range(Some(all));
            edit.store(ui.ctx(), response.id);
            return None;
        }
        if response.changed() {
            self.wrong = false;
        }
        if self.wrong {
            response.show_tooltip_text(text.playback.not_a_time);
        }
        if !response.lost_focus() {
            return None;
        }
        if !ui.input(|input| input.key_pressed(Key::Enter)) {
            self.typed = None;
            return None;
        }
        let command = timecode::parse(typed, state);
        if command.is_some() {
            self.typed = None;
        } else {
            self.wrong = true;
            response.request_focus();
        }
        command
    }
}
