//! What is shown of taps: how far a double tap went, and that a finger plays fast.

use egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{EDGE, Steer};
use crate::ui::theme;

/// Over how much of its time what is shown fades in and out.
const FADE: f32 = 0.25;

impl Steer {
    /// Shows it over the picture in `rect` at the time `now`. With `calm` nothing spreads.
    pub fn feedback(&self, ui: &Ui, rect: Rect, now: f64, calm: bool) {
        if let Some(ripple) = self.ripple(now) {
            let is_left = ripple.seconds < 0.0;
            let x = if is_left {
                rect.left() + 0.5 * EDGE * rect.width()
            } else {
                rect.right() - 0.5 * EDGE * rect.width()
            };
            let fade = (ripple.part.min(1.0 - ripple.part) / FADE).min(1.0);
            let middle = pos2(x, rect.center().y);
            if !calm {
                let radius = (0.5 + 0.5 * ripple.part) * 0.5 * EDGE * rect.width();
                let wave = theme::palette(ui).play_hover.gamma_multiply(fade);
                let clip = ui.painter().with_clip_rect(rect);
                clip.circle_filled(middle, radius.min(96.0), wave);
            }
            let sign = if is_left { '−' } else { '+' };
            let text = format!("{sign}{} s", ripple.seconds.abs());
            chip(ui, middle, &text, if calm { 1.0 } else { fade });
        }
        if self.is_fast() {
            let at = pos2(
                rect.center().x,
                rect.top() + 2.0 * theme::GAP_L + theme::GAP_M,
            );
            chip(ui, at, "2×", 1.0);
        }
    }
}

/// A short text on a surface of its own.
fn chip(ui: &Ui, middle: egui::Pos2, text: &str, opacity: f32) {
    let palette = theme::palette(ui);
    let galley = ui
        .painter()
        .layout_no_wrap(text.to_owned(), theme::body(), palette.text);
    let size = galley.size() + 2.0 * vec2(theme::GAP_M, theme::GAP_S);
    let rect = Rect::from_center_size(middle, size);
    let response = ui.interact(rect, ui.make_persistent_id(("chip", text)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    ui.painter().rect_filled(
        rect,
        0.5 * rect.height(),
        palette.surface.gamma_multiply(opacity),
    );
    let at = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), rect);
    ui.painter().galley_with_override_text_color(
        at.min,
        galley,
        palette.text.gamma_multiply(opacity),
    );
}
