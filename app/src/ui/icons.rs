//! Icons and the buttons that show them.

use egui::{Align2, Color32, Painter, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo};

pub use lucide_icons::Icon;

use super::theme;

/// Size of an icon in a button, in points.
const SIZE: f32 = 20.0;

/// Paints an icon in the middle of `rect`. Play and pause are solid, as they are everywhere.
pub fn paint(painter: &Painter, rect: Rect, icon: Icon, size: f32, color: Color32) {
    let side = Rect::from_center_size(rect.center(), egui::Vec2::splat(size));
    let at = |x: f32, y: f32| side.min + side.size() * egui::vec2(x, y);
    match icon {
        Icon::Play => {
            let points = vec![at(0.27, 0.12), at(0.92, 0.5), at(0.27, 0.88)];
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
        Icon::Pause => {
            for left in [0.2, 0.58] {
                let bar = Rect::from_min_max(at(left, 0.13), at(left + 0.22, 0.87));
                painter.rect_filled(bar, 1.5, color);
            }
        }
        icon => {
            let glyph = char::from(icon);
            let font = theme::icon(size);
            painter.text(rect.center(), Align2::CENTER_CENTER, glyph, font, color);
        }
    }
}

/// A button with an icon, named for those who cannot see it; `hint` is its tooltip.
pub fn icon_button(
    ui: &mut Ui,
    rect: Rect,
    icon: Icon,
    label: &str,
    hint: &str,
    lit: bool,
) -> Response {
    let palette = theme::palette(ui);
    let response = ui.allocate_rect(rect, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), label));
    let over = response.hovered() || response.has_focus();
    if matches!(icon, Icon::Play | Icon::Pause) {
        // The one control that is always wanted has a body of its own.
        let fill = if over {
            palette.play_hover
        } else {
            palette.play
        };
        ui.painter()
            .circle_filled(rect.center(), 0.5 * rect.width() - 1.0, fill);
    } else if over {
        ui.painter()
            .rect_filled(rect, theme::RADIUS_CONTROL, palette.hover);
    }
    if response.has_focus() {
        focus_ring(ui, rect);
    }
    let color = if !ui.is_enabled() {
        palette.text_quiet.gamma_multiply(0.5)
    } else if lit || response.is_pointer_button_down_on() {
        palette.accent
    } else {
        palette.text
    };
    paint(ui.painter(), rect, icon, SIZE, color);
    if hint.is_empty() {
        response
    } else {
        response.on_hover_text(hint)
    }
}

/// Shows where the keyboard is.
pub fn focus_ring(ui: &Ui, rect: Rect) {
    ui.painter().rect_stroke(
        rect,
        theme::RADIUS_CONTROL,
        Stroke::new(2.0, theme::palette(ui).accent),
        egui::StrokeKind::Inside,
    );
}

/// A row of the interface that is an icon and a text.
pub fn labeled(icon: Icon, text: &str) -> egui::text::LayoutJob {
    let mut job = egui::text::LayoutJob::default();
    let format = |font: egui::FontId| egui::TextFormat {
        font_id: font,
        // The colour of the button that it is in.
        color: Color32::PLACEHOLDER,
        valign: egui::Align::Center,
        ..egui::TextFormat::default()
    };
    job.append(
        &char::from(icon).to_string(),
        0.0,
        format(theme::icon(16.0)),
    );
    job.append(text, theme::GAP_S, format(theme::body()));
    job
}
