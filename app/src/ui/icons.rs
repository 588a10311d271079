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

/// Draws on a grid of 24 × 24 in one colour.
struct Pen<'a> {
    painter: &'a Painter,
    rect: Rect,
    color: Color32,
}

impl Pen<'_> {
    /// A length of the grid on the screen.
    fn length(&self, length: f32) -> f32 {
        length * self.rect.width() / 24.0
    }

    fn at(&self, (x, y): (f32, f32)) -> Pos2 {
        self.rect.min + egui::vec2(self.length(x), self.length(y))
    }

    fn stroke(&self) -> Stroke {
        Stroke::new(self.length(1.8), self.color)
    }

    fn fill(&self, points: &[(f32, f32)]) {
        let points = points.iter().map(|point| self.at(*point)).collect();
        let shape = Shape::convex_polygon(points, self.color, Stroke::NONE);
        self.painter.add(shape);
    }

    fn bar(&self, x: f32, y: f32, width: f32, height: f32) {
        let rect = Rect::from_min_max(self.at((x, y)), self.at((x + width, y + height)));
        self.painter.rect_filled(rect, 1.0, self.color);
    }

    fn line(&self, points: &[(f32, f32)]) {
        let points = points.iter().map(|point| self.at(*point)).collect();
        self.painter.line(points, self.stroke());
    }
}

impl Icon {
    /// Paints it into a square.
    pub fn paint(self, painter: &Painter, rect: Rect, color: Color32) {
        let pen = Pen {
            painter,
            rect,
            color,
        };
        match self {
            Self::Play => pen.fill(&[(7.5, 4.5), (20.0, 12.0), (7.5, 19.5)]),
            Self::Pause => {
                pen.bar(6.5, 5.0, 3.6, 14.0);
                pen.bar(13.9, 5.0, 3.6, 14.0);
            }
            Self::StepBack => {
                pen.bar(5.5, 6.0, 2.2, 12.0);
                pen.fill(&[(18.5, 6.0), (18.5, 18.0), (9.2, 12.0)]);
            }
            Self::StepForward => {
                pen.bar(16.3, 6.0, 2.2, 12.0);
                pen.fill(&[(5.5, 6.0), (14.8, 12.0), (5.5, 18.0)]);
            }
            Self::Loop(mode) => paint_loop(&pen, mode),
            Self::AbLoop => {
                pen.line(&[(8.0, 5.0), (4.5, 5.0), (4.5, 19.0), (8.0, 19.0)]);
                pen.line(&[(16.0, 5.0), (19.5, 5.0), (19.5, 19.0), (16.0, 19.0)]);
                pen.line(&[(8.5, 12.0), (15.5, 12.0)]);
            }
            Self::Open => {
                let flap = [(3.5, 18.5), (3.5, 6.0), (9.5, 6.0), (11.5, 8.5)];
                let body = [(20.5, 8.5), (20.5, 18.5), (3.5, 18.5), (3.5, 17.0)];
                pen.line(&[flap, body].concat());
            }
            Self::Statistics => {
                pen.bar(4.5, 12.5, 3.2, 7.0);
                pen.bar(10.4, 8.5, 3.2, 11.0);
                pen.bar(16.3, 4.5, 3.2, 15.0);
            }
            Self::Fullscreen => {
                for (x, y) in [(4.5, 4.5), (19.5, 4.5), (4.5, 19.5), (19.5, 19.5)] {
                    let toward = |from: f32| if from < 12.0 { from + 4.5 } else { from - 4.5 };
                    pen.line(&[(toward(x), y), (x, y), (x, toward(y))]);
                }
            }
            Self::ResetView => {
                let middle = pen.at((12.0, 12.0));
                painter.circle_stroke(middle, pen.length(6.0), pen.stroke());
                painter.circle_filled(middle, pen.length(2.0), color);
                pen.line(&[(12.0, 2.5), (12.0, 6.0)]);
                pen.line(&[(12.0, 18.0), (12.0, 21.5)]);
                pen.line(&[(2.5, 12.0), (6.0, 12.0)]);
                pen.line(&[(18.0, 12.0), (21.5, 12.0)]);
            }
            Self::Close => {
                pen.line(&[(6.5, 6.5), (17.5, 17.5)]);
                pen.line(&[(17.5, 6.5), (6.5, 17.5)]);
            }
        }
    }
}

fn paint_loop(pen: &Pen<'_>, mode: LoopMode) {
    match mode {
        LoopMode::Off => {
            pen.line(&[(4.0, 12.0), (15.0, 12.0)]);
            pen.line(&[(11.0, 8.0), (15.0, 12.0), (11.0, 16.0)]);
            pen.bar(18.2, 6.5, 1.8, 11.0);
        }
        LoopMode::All => {
            pen.line(&[(4.5, 12.0), (4.5, 7.5), (19.0, 7.5)]);
            pen.line(&[(16.0, 4.5), (19.0, 7.5), (16.0, 10.5)]);
            pen.line(&[(19.5, 12.0), (19.5, 16.5), (5.0, 16.5)]);
            pen.line(&[(8.0, 13.5), (5.0, 16.5), (8.0, 19.5)]);
        }
        LoopMode::Bounce => {
            pen.line(&[(4.0, 12.0), (20.0, 12.0)]);
            pen.line(&[(8.0, 8.0), (4.0, 12.0), (8.0, 16.0)]);
            pen.line(&[(16.0, 8.0), (20.0, 12.0), (16.0, 16.0)]);
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
