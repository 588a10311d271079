//! Panels: what opens over the picture, and what it opens in.

mod camera;
mod fit;
mod help;
mod inspector;
mod keys;
mod log;
mod more;
mod network;
mod open_link;
mod palette;
mod rows;
mod settings;
mod share;
mod trust;

use egui::{
    Align, Area, Context, Frame, Id, Layout, Margin, Modal, Order, Pos2, Rect, Response, RichText,
    Role, ScrollArea, TextEdit, Ui, UiBuilder, Vec2, pos2, vec2,
};

use super::icons::{Icon, focus_ring, icon_button};
use super::theme;
use crate::keys::with_hint;
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
    /// Link, network and copies.
    Share,
    /// Making a neural video.
    Fit,
    /// Asks before a link is followed.
    Trust,
    /// Asks for what the file of a network does not say.
    Network,
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
            Self::Log | Self::Inspector | Self::Camera | Self::Share | Self::Fit => Place::Side,
            _ => Place::Middle,
        }
    }

    /// The widest that it gets.
    fn width_max(self) -> f32 {
        match self {
            Self::Inspector | Self::Camera | Self::Share | Self::Fit => SIDE_WIDTH,
            Self::Log => 460.0,
            Self::Help => 920.0,
            Self::Settings | Self::Keys => 720.0,
            _ => MIDDLE_WIDTH,
        }
    }

    /// The command that opens it, and closes it again; `None` for one that opens by itself.
    pub fn command(self) -> Option<Command> {
        Some(match self {
            Self::Palette => Command::CommandPalette,
            Self::Help => Command::Help,
            Self::Settings => Command::Settings,
            Self::Keys => Command::EditKeys,
            Self::OpenLink => Command::OpenLink,
            Self::More => Command::ToggleMore,
            Self::Log => Command::ToggleLog,
            Self::Inspector => Command::ToggleInspector,
            Self::Camera => Command::ToggleCameraPanel,
            Self::Share => Command::Share,
            Self::Fit => Command::MakeNeuralVideo,
            Self::Trust | Self::Network => return None,
        })
    }

    /// Whether it is typed into at once, so that a keyboard on the screen covers the foot.
    fn is_typed_into(self) -> bool {
        matches!(self, Self::Palette | Self::OpenLink)
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
    /// Whether there was one in the middle in the last frame.
    was_modal: bool,
    /// What had the keyboard before.
    focus_before: Option<Id>,
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

    /// Gives the keyboard back to what had it, once no panel is in the middle any more. To be called
    /// before the panels are shown: while one in the middle is, nothing below it can have focus.
    pub fn follow_focus(&mut self, ctx: &Context) {
        let is_modal = self.is_modal();
        match (self.was_modal, is_modal) {
            (false, true) => self.focus_before = ctx.memory(egui::Memory::focused),
            (true, false) => {
                let before = self.focus_before.take();
                ctx.memory_mut(|memory| match (before, memory.focused()) {
                    (Some(before), _) => memory.request_focus(before),
                    (None, Some(inside)) => memory.surrender_focus(inside),
                    (None, None) => {}
                });
                ctx.request_repaint();
            }
            _ => {}
        }
        self.was_modal = is_modal;
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
/// Lowest that a sheet above the bar may be.
const SHEET_MIN: f32 = 180.0;
/// Widest most panels in the middle get.
const MIDDLE_WIDTH: f32 = 600.0;
/// Height of a painted key.
const KEY_HEIGHT: f32 = 22.0;

/// Shows a panel with its title and a button that closes it; `contents` scroll. On a narrow window
/// it is a sheet at the foot.
pub fn sheet(
    ui: &Ui,
    frames: Frames,
    panel: Panel,
    title: &str,
    contents: impl FnOnce(&mut Ui),
) -> SheetResponse {
    fixed_sheet(ui, frames, panel, title, |ui| scroll(ui, contents))
}

/// Like [`sheet`], but of the `contents` only what they put into [`scroll`] does.
pub fn fixed_sheet(
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
    // A sheet stands on the foot of a narrow window; elsewhere a panel is as high as its contents.
    // What covers the bar covers it wholly: half a control is worse than none.
    let covers_bar = panel.place() == Place::Side && rect.bottom() > frames.free.bottom() + 1.0;
    let fills = covers_bar || frames.window.width() < theme::NARROW && !panel.is_typed_into();
    let framed = |ui: &mut Ui| framed(ui, rect, fills, title, contents);
    match panel.place() {
        Place::Side => {
            let shown = area.show(ui.ctx(), framed);
            SheetResponse {
                rect: shown.response.rect,
                close: shown.inner,
            }
        }
        Place::Middle => {
            let shown = Modal::new(panel.id())
                .area(area.role(Role::Dialog).accessible_name(title))
                .frame(Frame::NONE)
                .backdrop_color(palette.backdrop)
                .show(ui.ctx(), framed);
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
        if panel.is_typed_into() {
            return window.shrink(theme::GAP_S);
        }
        // A finger reaches the foot, and the picture stays in sight above, where there is room for
        // that; nothing is hidden by half.
        let wanted = window.top() + 0.36 * window.height();
        let has_room = wanted > free.top() && free.bottom() - wanted > 160.0;
        let top = if has_room { wanted } else { window.top() };
        let sheet = window
            .shrink(theme::GAP_S)
            .with_min_y(top.max(window.top() + theme::GAP_S));
        // What stands beside the picture elsewhere leaves the bar to be used here, too, as long as
        // that leaves something of the sheet.
        let lower = sheet.with_max_y(free.bottom());
        let fits = panel.place() == Place::Side && lower.height() >= SHEET_MIN;
        return if fits { lower } else { sheet };
    }
    match panel.place() {
        Place::Side => {
            let width = panel.width_max().min(free.width());
            free.with_min_x(free.right() - width)
        }
        Place::Middle => {
            let width = panel.width_max().min(window.width() - 2.0 * theme::GAP_L);
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

/// The surface, its title and its contents; at least as high as `rect` when it `fills` that. Whether
/// it is to be closed.
fn framed(
    ui: &mut Ui,
    rect: Rect,
    fills: bool,
    title: &str,
    contents: impl FnOnce(&mut Ui),
) -> bool {
    let palette = theme::palette(ui);
    let margin = theme::GAP_M;
    let frame = theme::surface(palette).inner_margin(Margin::same(margin as i8));
    frame
        .show(ui, |ui| {
            let width = rect.width() - 2.0 * margin;
            // An area is no higher by itself than egui thinks usual.
            ui.set_max_height(rect.height() - 2.0 * margin);
            ui.set_width(width);
            if fills {
                ui.set_min_height(rect.height() - 2.0 * margin);
            }
            let close = header(ui, title);
            ui.add_space(theme::GAP_XS);
            let top_left = ui.cursor().min;
            let height = (rect.bottom() - margin - top_left.y).max(40.0);
            let room = Rect::from_min_size(top_left, vec2(width, height));
            ui.scope_builder(UiBuilder::new().max_rect(room), contents);
            close
        })
        .inner
}

/// Lets `contents` scroll in what room is left.
pub fn scroll<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    ScrollArea::vertical()
        .auto_shrink([false, true])
        .show(ui, |ui| {
            // Room for the scroll bar, which floats over the contents.
            ui.set_width(ui.available_width() - theme::GAP_S);
            contents(ui)
        })
        .inner
}

/// A field for searching; it takes the keyboard when it is to be in `focus`.
pub fn search_field(ui: &mut Ui, id: Id, query: &mut String, label: &str, focus: bool) -> Response {
    let palette = theme::palette(ui);
    let icon = RichText::new(char::from(Icon::Search))
        .font(theme::icon(16.0))
        .color(palette.text_quiet);
    let field = TextEdit::singleline(query)
        .id(id)
        .hint_text(RichText::new(label).color(palette.text_quiet))
        .prefix(icon)
        .margin(Margin::symmetric(10, 8))
        .desired_width(f32::INFINITY);
    let response = ui.add(field).accessible_name(label);
    if focus {
        response.request_focus();
    }
    if response.has_focus() {
        focus_ring(ui, response.rect);
    }
    response
}

/// How wide a painted key is whose text is `text_width` wide.
fn key_width(text_width: f32) -> f32 {
    (text_width + 2.0 * 6.0).max(KEY_HEIGHT)
}

/// How wide keys are that stand side by side.
pub fn keys_width(ui: &Ui, keys: &[String]) -> f32 {
    let widths = keys.iter().map(|key| {
        let galley =
            ui.painter()
                .layout_no_wrap(key.clone(), theme::small(), theme::palette(ui).text_quiet);
        key_width(galley.size().x) + theme::GAP_XS
    });
    widths.sum()
}

/// Paints keys one beside the other, up to `right`. Gives where they start.
pub fn paint_keys(ui: &Ui, right: Pos2, keys: &[String]) -> f32 {
    let palette = theme::palette(ui);
    let mut at = right;
    for key in keys.iter().rev() {
        let galley = ui
            .painter()
            .layout_no_wrap(key.clone(), theme::small(), palette.text_quiet);
        let size = vec2(key_width(galley.size().x), KEY_HEIGHT);
        let rect = Rect::from_min_size(pos2(at.x - size.x, at.y - 0.5 * size.y), size);
        ui.painter().rect_filled(rect, 5.0, palette.hover);
        let text_at = rect.center() - 0.5 * galley.size();
        ui.painter().galley(text_at, galley, palette.text_quiet);
        at.x = rect.left() - theme::GAP_XS;
    }
    at.x
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
    let hint = with_hint(ui.ctx(), label, Command::DismissNotices);
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
pub use fit::{FitChoice, FitRequest, FitView, fit, made_sentence};
pub use help::HelpPanel;
pub use inspector::{Inspected, InspectedClip, Request, inspector};
pub use keys::KeysPanel;
pub use log::LogPanel;
pub use more::{MoreState, more};
pub use network::NetworkPanel;
pub use open_link::OpenLinkPanel;
pub use palette::{PalettePanel, PaletteSources};
pub use settings::{SettingsPanel, SettingsRequest};
pub use share::{FilmChoice, FilmMove, LinkParts, Reach, ShareRequest, ShareState, Sharing, share};
pub use trust::{Question, trust};
