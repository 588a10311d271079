//! Messages that stay until they are taken away.

use egui::{Rect, Ui, vec2};

use super::icons::{Icon, icon_button};
use super::theme;

/// Messages shown at once; the others are counted.
const SHOWN: usize = 3;
/// Messages kept: nobody reads more, and a clip may have a million bad frames.
const KEPT: usize = 30;
/// Widest a message gets.
const WIDTH_MAX: f32 = 420.0;

/// What went wrong, oldest first.
#[derive(Debug, Default)]
pub struct Toasts {
    messages: Vec<String>,
    /// Older messages that are no longer kept.
    forgotten: usize,
}

impl Toasts {
    /// Adds a message, unless the very same one is there already.
    pub fn push(&mut self, message: String) {
        if !self.messages.contains(&message) {
            self.messages.push(message);
        }
        if self.messages.len() > KEPT {
            self.messages.remove(0);
            self.forgotten += 1;
        }
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        self.messages.clear();
        self.forgotten = 0;
    }

    /// The messages, oldest first.
    pub fn messages(&self) -> &[String] {
        &self.messages
    }

    /// Shows the newest at the top right of `area`, and gives the place they take.
    pub fn show(&mut self, ui: &mut Ui, area: Rect, margin: f32) -> Rect {
        if self.messages.is_empty() {
            return Rect::NOTHING;
        }
        let width = (area.width() - 2.0 * margin).min(WIDTH_MAX);
        let mut top = area.top() + margin;
        let mut dismissed = None;
        let hidden = self.messages.len().saturating_sub(SHOWN);
        for (index, message) in self.messages.iter().enumerate().skip(hidden).rev() {
            let at = Rect::from_min_size(
                egui::pos2(area.right() - margin - width, top),
                vec2(width, 0.0),
            );
            let (bottom, close) = toast(ui, at, index, message);
            if close {
                dismissed = Some(index);
            }
            top = bottom + theme::GAP_S;
        }
        if hidden > 0 {
            let text = format!("and {} more; Esc dismisses all", hidden + self.forgotten);
            let at = egui::pos2(area.right() - margin, top);
            ui.painter().text(
                at,
                egui::Align2::RIGHT_TOP,
                text,
                theme::small(),
                theme::TEXT_QUIET,
            );
        }
        if let Some(index) = dismissed {
            self.messages.remove(index);
        }
        let left_top = egui::pos2(area.right() - margin - width, area.top());
        Rect::from_min_max(
            left_top,
            egui::pos2(area.right() - margin, top - theme::GAP_S),
        )
    }
}

/// One message; its lower edge and whether it was dismissed.
fn toast(ui: &mut Ui, at: Rect, index: usize, message: &str) -> (f32, bool) {
    let text_width = at.width() - theme::GAP_S - 2.0 * theme::GAP_M - theme::BUTTON;
    let galley = ui
        .painter()
        .layout(message.to_owned(), theme::body(), theme::TEXT, text_width);
    let height = (galley.size().y + 2.0 * theme::GAP_M).max(theme::BUTTON + theme::GAP_S);
    let rect = Rect::from_min_size(at.min, vec2(at.width(), height));
    let id = ui.make_persistent_id(("toast", index));
    let response = ui.interact(rect, id, egui::Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Alert, true, message));
    ui.painter().add(theme::surface().paint(rect));
    let stripe = Rect::from_min_max(
        rect.left_top() + vec2(theme::GAP_S, theme::GAP_M),
        rect.left_bottom() + vec2(theme::GAP_S + 3.0, -theme::GAP_M),
    );
    ui.painter().rect_filled(stripe, 1.5, theme::ACCENT);
    let text_at = egui::pos2(
        rect.left() + theme::GAP_S + theme::GAP_M,
        rect.center().y - 0.5 * galley.size().y,
    );
    ui.painter().galley(text_at, galley, theme::TEXT);
    let close_at = Rect::from_center_size(
        egui::pos2(
            rect.right() - theme::GAP_XS - 0.5 * theme::BUTTON,
            rect.center().y,
        ),
        vec2(theme::BUTTON, theme::BUTTON),
    );
    let close = icon_button(ui, close_at, Icon::Close, "Dismiss", "Dismiss (Esc)", false);
    (rect.bottom(), close.clicked())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_message_is_there_once() {
        let mut toasts = Toasts::default();
        toasts.push("a".to_owned());
        toasts.push("b".to_owned());
        toasts.push("a".to_owned());
        assert_eq!(toasts.messages(), ["a", "b"]);
        toasts.clear();
        toasts.push("a".to_owned());
        assert_eq!(toasts.messages(), ["a"]);
    }

    #[test]
    fn the_newest_are_kept_and_the_others_counted() {
        let mut toasts = Toasts::default();
        for number in 0..=KEPT {
            toasts.push(number.to_string());
        }
        assert_eq!((toasts.messages().len(), toasts.forgotten), (KEPT, 1));
        assert_eq!(toasts.messages().last(), Some(&KEPT.to_string()));
        toasts.clear();
        assert_eq!(toasts.forgotten, 0);
    }
}
