//! Icons, drawn: sharp at every scale, and no font needs to have them.

use egui::{Color32, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo};
use zoetrope_player::LoopMode;

use super::theme;

/// What a button shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// A triangle.
    Play,
    /// Two bars.
    Pause,
    /// A bar and a triangle to the left.
    StepBack,
    /// A triangle to the right and a bar.
    StepForward,
    /// An arrow that ends, runs round, or goes both ways.
    Loop(LoopMode),
    /// Two marks.
    AbLoop,
    /// A folder.
    Open,
    /// Bars of a chart.
    Statistics,
    /// Four corners.
    Fullscreen,
    /// A target.
    ResetView,
    /// A cross.
    Close,
}

/// Points on a grid of 24 × 24 to the screen.
struct Grid {
    rect: Rect,
}

impl Grid {
    fn at(&self, x: f32, y: f32) -> Pos2 {
        self.rect.min + egui::vec2(x, y) * (self.rect.width() / 24.0)
    }

    fn points<const N: usize>(&self, points: [(f32, f32); N]) -> Vec<Pos2> {
        points.iter().map(|(x, y)| self.at(*x, *y)).collect()
    }
}

impl Icon {
    /// Paints it into a square.
    pub fn paint(self, painter: &Painter, rect: Rect, color: Color32) {
        let grid = Grid { rect };
        let stroke = Stroke::new(rect.width() / 24.0 * 1.8, color);
        let fill = |points: Vec<Pos2>| {
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        };
        let bar = |x: f32, y: f32, width: f32, height: f32| {
            let rect = Rect::from_min_max(grid.at(x, y), grid.at(x + width, y + height));
            painter.rect_filled(rect, 1.0, color);
        };
        let line = |points: Vec<Pos2>| {
            painter.line(points, stroke);
        };
        match self {
            Self::Play => fill(grid.points([(7.5, 4.5), (20.0, 12.0), (7.5, 19.5)])),
            Self::Pause => {
                bar(6.5, 5.0, 3.6, 14.0);
                bar(13.9, 5.0, 3.6, 14.0);
            }
            Self::StepBack => {
                bar(5.5, 6.0, 2.2, 12.0);
                fill(grid.points([(18.5, 6.0), (18.5, 18.0), (9.2, 12.0)]));
            }
            Self::StepForward => {
                bar(16.3, 6.0, 2.2, 12.0);
                fill(grid.points([(5.5, 6.0), (14.8, 12.0), (5.5, 18.0)]));
            }
            Self::Loop(LoopMode::Off) => {
                line(grid.points([(4.0, 12.0), (15.0, 12.0)]));
                line(grid.points([(11.0, 8.0), (15.0, 12.0), (11.0, 16.0)]));
                bar(18.2, 6.5, 1.8, 11.0);
            }
            Self::Loop(LoopMode::All) => {
                line(grid.points([(4.5, 12.0), (4.5, 7.5), (19.0, 7.5)]));
                line(grid.points([(16.0, 4.5), (19.0, 7.5), (16.0, 10.5)]));
                line(grid.points([(19.5, 12.0), (19.5, 16.5), (5.0, 16.5)]));
                line(grid.points([(8.0, 13.5), (5.0, 16.5), (8.0, 19.5)]));
            }
            Self::Loop(LoopMode::Bounce) => {
                line(grid.points([(4.0, 12.0), (20.0, 12.0)]));
                line(grid.points([(8.0, 8.0), (4.0, 12.0), (8.0, 16.0)]));
                line(grid.points([(16.0, 8.0), (20.0, 12.0), (16.0, 16.0)]));
            }
            Self::AbLoop => {
                line(grid.points([(8.0, 5.0), (4.5, 5.0), (4.5, 19.0), (8.0, 19.0)]));
                line(grid.points([(16.0, 5.0), (19.5, 5.0), (19.5, 19.0), (16.0, 19.0)]));
                line(grid.points([(8.5, 12.0), (15.5, 12.0)]));
            }
            Self::Open => {
                line(grid.points([
                    (3.5, 18.5),
                    (3.5, 6.0),
                    (9.5, 6.0),
                    (11.5, 8.5),
                    (20.5, 8.5),
                    (20.5, 18.5),
                    (3.5, 18.5),
                    (3.5, 17.0),
                ]));
            }
            Self::Statistics => {
                bar(4.5, 12.5, 3.2, 7.0);
                bar(10.4, 8.5, 3.2, 11.0);
                bar(16.3, 4.5, 3.2, 15.0);
            }
            Self::Fullscreen => {
                for (x, y) in [(4.5, 4.5), (19.5, 4.5), (4.5, 19.5), (19.5, 19.5)] {
                    let toward = |from: f32| if from < 12.0 { from + 4.5 } else { from - 4.5 };
                    line(grid.points([(toward(x), y), (x, y), (x, toward(y))]));
                }
            }
            Self::ResetView => {
                painter.circle_stroke(grid.at(12.0, 12.0), rect.width() * 0.25, stroke);
                painter.circle_filled(grid.at(12.0, 12.0), rect.width() * 0.08, color);
                for points in [
                    [(12.0, 2.5), (12.0, 6.0)],
                    [(12.0, 18.0), (12.0, 21.5)],
                    [(2.5, 12.0), (6.0, 12.0)],
                    [(18.0, 12.0), (21.5, 12.0)],
                ] {
                    line(grid.points(points));
                }
            }
            Self::Close => {
                line(grid.points([(6.5, 6.5), (17.5, 17.5)]));
                line(grid.points([(17.5, 6.5), (6.5, 17.5)]));
            }
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
    let response = ui.allocate_rect(rect, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), label));
    let is_play = matches!(icon, Icon::Play | Icon::Pause);
    let over = response.hovered() || response.has_focus();
    if is_play {
        // The one control that is always wanted has a body of its own.
        let fill = if over { theme::PLAY_HOVER } else { theme::PLAY };
        ui.painter()
            .circle_filled(rect.center(), 0.5 * rect.width() - 1.0, fill);
    } else if over {
        ui.painter()
            .rect_filled(rect, theme::RADIUS_CONTROL, theme::HOVER);
    }
    if response.has_focus() {
        focus_ring(ui, rect);
    }
    let color = if !ui.is_enabled() {
        theme::TEXT_QUIET.gamma_multiply(0.5)
    } else if lit || response.is_pointer_button_down_on() {
        theme::ACCENT
    } else {
        theme::TEXT
    };
    let side = (rect.width().min(rect.height()) * 0.58).round();
    icon.paint(
        ui.painter(),
        Rect::from_center_size(rect.center(), egui::Vec2::splat(side)),
        color,
    );
    response.on_hover_text(hint)
}

/// Shows where the keyboard is.
pub fn focus_ring(ui: &Ui, rect: Rect) {
    ui.painter().rect_stroke(
        rect,
        theme::RADIUS_CONTROL,
        Stroke::new(1.5, theme::ACCENT),
        egui::StrokeKind::Inside,
    );
}
