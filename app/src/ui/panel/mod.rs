//! Panels: what opens over the picture, and what it opens in.

mod camera;
mod inspector;
mod more;

use egui::{
    Align, Area, Frame, Id, Layout, Margin, Modal, Order, Rect, RichText, ScrollArea, Ui,
    UiBuilder, Vec2, pos2, vec2,
};

use super::icons::{Icon, icon_button};
use super::theme;
use crate::keys;
use crate::text::text;
use zoetrope_player::Command;

/// Something that can be open over the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Panel {
    /// Search for a command.
    Palette,
    /// Keys and commands.
    Help,
    /// Settings.
    Settings,
    /// Changing keys.
    Keys,
    /// Asks for a path or a link.
    OpenLink,
    /// What has no room on a narrow window's bar.
    More,
    /// What has happened.
    Log,
    /// Facts, statistics and quality.
    Inspector,
    /// Camera, views and path.
    Camera,
}

/// Where a panel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the right edge, beside the picture; one at a time.
    Side,
    /// In the middle, and nothing else can be used meanwhile; one at a time.
    Middle,
}

impl Panel {
    fn place(self) -> Place {
        match self {
            Self::Log | Self::Inspector | Self::Camera => Place::Side,
            _ => Place::Middle,
        }
    }

    fn id(self) -> Id {
        Id::unique(("panel", self))
    }
}

/// Which panels are open.
#[derive(Debug, Default)]
pub struct Panels {
    side: Option<Panel>,
    middle: Option<Panel>,
    /// Whether the one in the middle was opened in this frame, and wants the keyboard.
    is_new: bool,
}

impl Panels {
    /// Opens a panel in place of any other in its place.
    pub fn open(&mut self, panel: Panel) {
        match panel.place() {
            Place::Side => self.side = Some(panel),
            Place::Middle => {
                self.middle = Some(panel);
                self.is_new = true;
            }
        }
    }

    /// Opens a panel, or closes it.
    pub fn toggle(&mut self, panel: Panel) {
        if self.is_open(panel) {
            self.close(panel);
        } else {
            self.open(panel);
        }
    }

    /// Closes a panel.
    pub fn close(&mut self, panel: Panel) {
        for open in [&mut self.side, &mut self.middle] {
            if *open == Some(panel) {
                *open = None;
            }
        }
    }

    /// Whether it is open.
    pub fn is_open(&self, panel: Panel) -> bool {
        self.side == Some(panel) || self.middle == Some(panel)
    }

    /// Whether one is open that wants all attention.
    pub fn is_modal(&self) -> bool {
        self.middle.is_some()
    }

    /// The panel in the middle.
    pub fn middle(&self) -> Option<Panel> {
        self.middle
    }

    /// The panel at the side.
    pub fn side(&self) -> Option<Panel> {
        self.side
    }

    /// Whether the panel in the middle is shown for the first time; says so once.
    pub fn take_new(&mut self) -> bool {
        std::mem::take(&mut self.is_new)
    }

    /// Closes what lies on top; false when nothing does.
    pub fn close_top(&mut self) -> bool {
        self.middle.take().or_else(|| self.side.take()).is_some()
    }
}

/// Where a panel is shown.
#[derive(Clone, Copy, Debug)]
pub struct Frames {
    /// The window.
    pub window: Rect,
    /// What is free between the bars at its top and its foot.
    pub free: Rect,
}

/// What became of a sheet.
pub struct SheetResponse {
    /// Where it is.
    pub rect: Rect,
    /// Whether it is to be closed.
    pub close: bool,
}

/// Widest a panel at the side gets.
const SIDE_WIDTH: f32 = 340.0;
/// Smallest that a panel gets.
const SIZE_MIN: Vec2 = vec2(160.0, 120.0);
/// Widest a panel in the middle gets.
const MIDDLE_WIDTH: f32 = 600.0;

/// Shows a panel with its title and a button that closes it; `contents` scroll. On a narrow window
/// it is a sheet at the foot.
pub fn sheet(
    ui: &Ui,
    frames: Frames,
    panel: Panel,
    title: &str,
    contents: impl FnOnce(&mut Ui),
) -> SheetResponse {
    let rect = sheet_rect(frames, panel);
    // Where there is no room at all, it sticks out of the window.
    let rect = Rect::from_min_size(rect.min, rect.size().max(SIZE_MIN));
    let palette = theme::palette(ui);
    let area = Area::new(panel.id())
        .order(match panel.place() {
            Place::Side => Order::Middle,
            Place::Middle => Order::Foreground,
        })
        .fixed_pos(rect.min)
        .constrain(false)
        .fade_in(false);
    match panel.place() {
        Place::Side => {
            let shown = area.show(ui.ctx(), |ui| framed(ui, rect, title, contents));
            SheetResponse {
                rect: shown.response.rect,
                close: shown.inner,
            }
        }
        Place::Middle => {
            let shown = Modal::new(panel.id())
                .area(area)
                .frame(Frame::NONE)
                .backdrop_color(palette.backdrop)
                .show(ui.ctx(), |ui| framed(ui, rect, title, contents));
            SheetResponse {
                close: shown.inner || shown.should_close(),
                rect: shown.response.rect,
            }
        }
    }
}

/// What is left of the free place beside the panel at the side; on a narrow window that leaves
/// everything above it free.
pub fn beside(frames: Frames, side: Option<Panel>) -> Rect {
    match side {
        Some(panel) if frames.window.width() >= theme::NARROW => {
            let left = sheet_rect(frames, panel).left();
            frames.free.with_max_x(left - theme::GAP_S)
        }
        _ => frames.free,
    }
}

/// The largest that a panel may be.
pub fn sheet_rect(frames: Frames, panel: Panel) -> Rect {
    let Frames { window, free } = frames;
    if window.width() < theme::NARROW {
        // A finger reaches the foot, and the picture stays in sight above.
        let top = window.top()
            + (0.36 * window.height())
                .min(window.height() - 240.0)
                .max(0.0);
        let sheet = window
            .shrink(theme::GAP_S)
            .with_min_y(top.max(window.top() + theme::GAP_S));
        return match panel.place() {
            // The bar stays at hand.
            Place::Side => sheet.with_max_y(free.bottom()),
            Place::Middle => sheet,
        };
    }
    match panel.place() {
        Place::Side => {
            let width = SIDE_WIDTH.min(free.width());
            free.with_min_x(free.right() - width)
        }
        Place::Middle => {
            let width = MIDDLE_WIDTH.min(window.width() - 2.0 * theme::GAP_L);
            let height = (0.8 * window.height()).min(680.0);
            let top = window.top() + (0.12 * window.height()).min(96.0);
            let height = height.min(window.bottom() - top - theme::GAP_L);
            Rect::from_min_size(
                pos2(window.center().x - 0.5 * width, top),
                vec2(width, height),
            )
        }
    }
}

/// The surface, its title and its contents. Whether it is to be closed.
fn framed(ui: &mut Ui, rect: Rect, title: &str, contents: impl FnOnce(&mut Ui)) -> bool {
    let palette = theme::palette(ui);
    let margin = theme::GAP_M;
    let frame = theme::surface(palette).inner_margin(Margin::same(margin as i8));
    frame
        .show(ui, |ui| {
            // An area is no higher by itself than egui thinks usual.
            ui.set_max_height(rect.height() - 2.0 * margin);
            ui.set_width(rect.width() - 2.0 * margin);
            // An area has no more room than it took the last time.
            ui.set_max_height(rect.height() - 2.0 * margin);
            let close = header(ui, title);
            ui.add_space(theme::GAP_XS);
            let height = rect.bottom() - margin - ui.cursor().top();
            ScrollArea::vertical()
                .max_height(height.max(40.0))
                .auto_shrink([false, true])
                .show(ui, |ui| {
                    // Room for the scroll bar, which floats over the contents.
                    ui.set_width(ui.available_width() - theme::GAP_S);
                    contents(ui);
                });
            close
        })
        .inner
}

fn header(ui: &mut Ui, title: &str) -> bool {
    let row = ui.available_rect_before_wrap();
    let row = Rect::from_min_size(row.min, vec2(row.width(), theme::BUTTON));
    let close_at = row.with_min_x(row.right() - theme::BUTTON);
    ui.scope_builder(
        UiBuilder::new()
            .max_rect(row.with_max_x(close_at.left()))
            .layout(Layout::left_to_right(Align::Center)),
        |ui| {
            ui.add_space(theme::GAP_XS);
            ui.label(RichText::new(title).font(theme::title()));
        },
    );
    let label = text(ui).common.close;
    let hint = keys::with_hint(ui.ctx(), label, Command::DismissNotices);
    let close = icon_button(ui, close_at, Icon::X, label, &hint, false).clicked();
    ui.advance_cursor_after_rect(row);
    close
}

/// A heading inside a panel.
pub fn section(ui: &mut Ui, title: &str) {
    ui.add_space(theme::GAP_S);
    ui.label(
        RichText::new(title)
            .font(theme::strong())
            .color(theme::palette(ui).text_quiet),
    );
}

pub use camera::{CameraPanel, CameraRequest, CameraState, mode_texts};
pub use inspector::{Inspected, InspectedClip, Request, inspector};
pub use more::{MoreState, more};
