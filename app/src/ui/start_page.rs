//! What is there when no clip is open: demos, recent clips, and ways to open others.

use std::collections::HashMap;
use std::io::Cursor;
use std::path::PathBuf;

use egui::{
    Button, Color32, ColorImage, CornerRadius, Rect, Response, RichText, Role, ScrollArea, Sense,
    TextureHandle, TextureOptions, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};
use zoetrope_player::Command;

use super::icons::{self, Icon, icon_button};
use super::{DemoClip, theme, timecode, transport_bar};
use crate::keys;
use crate::open::ClipTarget;
use crate::png_file;
use crate::recents::{Recent, poster_name};
use crate::storage::Storage;
use crate::text::{fill, text};

/// Pictures of a demo in a second.
const SHEET_RATE: f64 = 8.0;
/// Pictures in a row of its sheet.
const SHEET_COLUMNS: u32 = 4;
/// Sides of the picture of a card, in points.
const CARD: egui::Vec2 = vec2(224.0, 126.0);
/// Height of the lines under the picture of a card.
const CAPTION: f32 = 44.0;
/// The widest that the page gets.
const WIDTH_MAX: f32 = 960.0;
/// What is larger was not made here, and does not fit into every device's textures.
const PICTURE_MAX_SIDE: usize = 2048;
/// What that takes as it is decoded.
const PICTURE_MAX_BYTES: usize = 4 * PICTURE_MAX_SIDE * PICTURE_MAX_SIDE;

/// A demo clip with its pictures.
pub struct Demo {
    clip: DemoClip,
    sheet: Option<TextureHandle>,
}

impl Demo {
    /// Of a built-in clip.
    pub fn new(clip: DemoClip) -> Self {
        Self { clip, sheet: None }
    }
}

/// The page, from frame to frame.
pub struct StartPage {
    demos: Vec<Demo>,
    posters: HashMap<PathBuf, Option<TextureHandle>>,
}

/// What is asked for on the page.
pub enum Request {
    /// A command.
    Command(Command),
    /// To open a clip.
    Open(ClipTarget),
    /// To forget a recent clip.
    Forget(PathBuf),
    /// To forget all recent clips.
    ForgetAll,
}

impl StartPage {
    /// With these demos.
    pub fn new(demos: Vec<Demo>) -> Self {
        Self {
            demos,
            posters: HashMap::new(),
        }
    }

    /// Looks a poster up again: it has changed.
    pub fn forget_poster(&mut self, path: &std::path::Path) {
        self.posters.remove(path);
    }

    fn poster(
        &mut self,
        ui: &Ui,
        path: &std::path::Path,
        storage: &dyn Storage,
    ) -> Option<TextureHandle> {
        if let Some(poster) = self.posters.get(path) {
            return poster.clone();
        }
        let name = poster_name(path);
        let poster = storage.read(&name).ok().flatten().and_then(|bytes| {
            let image = decode_png(&bytes)?;
            Some(ui.ctx().load_texture(name, image, TextureOptions::LINEAR))
        });
        self.posters.insert(path.to_owned(), poster.clone());
        poster
    }
}

/// Shows the page and gives what is asked for.
pub fn show(
    ui: &mut Ui,
    window: Rect,
    page: &mut StartPage,
    recents: &[Recent],
    storage: &dyn Storage,
    reduce_motion: bool,
) -> Vec<Request> {
    let margin = transport_bar::margin(window);
    let width = (window.width() - 2.0 * margin).min(WIDTH_MAX);
    let top = window.top() + margin + 44.0 + theme::GAP_S;
    let at = Rect::from_min_max(
        pos2(window.center().x - 0.5 * width, top),
        // The scroll bar has its place beside the page.
        pos2(
            window.center().x + 0.5 * width + theme::GAP_S,
            window.bottom() - margin,
        ),
    );
    let mut requests = Vec::new();
    let background = theme::palette(ui).background;
    ui.painter().rect_filled(window, 0.0, background);
    ui.scope_builder(UiBuilder::new().max_rect(at), |ui| {
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                ui.set_width(width);
                head(ui, &mut requests);
                if !page.demos.is_empty() {
                    heading(ui, text(ui).files.demos);
                    demos(ui, page, reduce_motion, &mut requests);
                }
                recent_clips(ui, page, recents, storage, &mut requests);
                ui.add_space(theme::GAP_L);
            });
    });
    requests
}

/// The name, and the ways to open something.
fn head(ui: &mut Ui, requests: &mut Vec<Request>) {
    let (text, palette) = (text(ui), theme::palette(ui));
    ui.add_space(theme::GAP_XL);
    ui.vertical_centered(|ui| {
        ui.spacing_mut().item_spacing.y = theme::GAP_XS;
        ui.label(RichText::new("Zoetrope").font(theme::heading()));
        ui.label(RichText::new(text.files.tagline).color(palette.text_quiet));
    });
    ui.add_space(theme::GAP_M);
    let labels = [
        (text.files.open_file, Command::Open, true),
        (text.files.open_folder, Command::OpenFolder, false),
        (text.files.open_link, Command::OpenLink, false),
    ];
    let is_narrow = ui.available_width() < 500.0;
    let size = if is_narrow {
        vec2(ui.available_width(), 40.0)
    } else {
        vec2(160.0, theme::BUTTON)
    };
    let row = if is_narrow {
        ui.available_width()
    } else {
        3.0 * size.x + 2.0 * theme::GAP_S
    };
    let left = (0.5 * (ui.available_width() - row)).max(0.0);
    let mut buttons = |ui: &mut Ui| {
        for (label, command, main) in labels {
            let (fill, color) = if main {
                (palette.accent, palette.on_accent)
            } else {
                (palette.surface_raised, palette.text)
            };
            let button = Button::new(RichText::new(label).color(color))
                .fill(fill)
                .min_size(size);
            let hint = keys::hint(ui.ctx(), command);
            let mut response = ui.add(button);
            if let Some(key) = hint {
                response = response.on_hover_text(key);
            }
            if response.clicked() {
                requests.push(Request::Command(command));
            }
        }
    };
    if is_narrow {
        ui.vertical_centered(buttons);
    } else {
        ui.horizontal(|ui| {
            ui.add_space(left);
            ui.spacing_mut().item_spacing.x = theme::GAP_S;
            buttons(ui);
        });
    }
    ui.add_space(theme::GAP_XS);
    ui.vertical_centered(|ui| {
        ui.label(
            RichText::new(text.files.drop_here)
                .font(theme::small())
                .color(palette.text_quiet),
        );
    });
}

fn heading(ui: &mut Ui, title: &str) {
    ui.add_space(theme::GAP_L);
    ui.label(RichText::new(title).font(theme::title()));
    ui.add_space(theme::GAP_XS);
}

fn demos(ui: &mut Ui, page: &mut StartPage, reduce_motion: bool, requests: &mut Vec<Request>) {
    let (now, focused) = ui.input(|input| (input.time, input.focused));
    cards(ui, page.demos.len(), |ui, index, rect| {
        let demo = &mut page.demos[index];
        let count = demo.clip.sheet_pictures.max(1);
        let sheet = demo.sheet.get_or_insert_with(|| {
            let image = decode_png(demo.clip.sheet).unwrap_or_default();
            ui.ctx()
                .load_texture(&demo.clip.name, image, TextureOptions::LINEAR)
        });
        let label = fill(text(ui).files.demo_clip, &[&demo.clip.name]);
        let picture = if reduce_motion {
            0
        } else {
            (now * SHEET_RATE) as u32 % count
        };
        let rows = count.div_ceil(SHEET_COLUMNS);
        let part = vec2(1.0 / SHEET_COLUMNS as f32, 1.0 / rows as f32);
        let (row, column) = (picture / SHEET_COLUMNS, picture % SHEET_COLUMNS);
        let uv = Rect::from_min_size(pos2(column as f32 * part.x, row as f32 * part.y), part);
        let response = card(ui, rect, &label, Some((sheet, uv)));
        caption(ui, rect, &demo.clip.name, "");
        if response.clicked() {
            requests.push(Request::Open(demo.clip.target()));
        }
        // A window in the background is quiet.
        if !reduce_motion && focused && ui.is_rect_visible(rect) {
            let next = (1.0 - (now * SHEET_RATE).fract()) / SHEET_RATE;
            let next = std::time::Duration::from_secs_f64(next.max(0.01));
            ui.ctx().request_repaint_after(next);
        }
    });
}

fn recent_clips(
    ui: &mut Ui,
    page: &mut StartPage,
    recents: &[Recent],
    storage: &dyn Storage,
    requests: &mut Vec<Request>,
) {
    let (text, palette) = (text(ui), theme::palette(ui));
    heading(ui, text.files.recent);
    if recents.is_empty() {
        ui.label(RichText::new(text.files.recent_none).color(palette.text_quiet));
        return;
    }
    cards(ui, recents.len(), |ui, index, rect| {
        let recent = &recents[index];
        let poster = page.poster(ui, &recent.path, storage);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        let label = fill(text.files.recent_clip, &[&recent.title]);
        let picture = poster.as_ref().map(|poster| (poster, whole));
        let response = card(ui, rect, &label, picture);
        let path = recent.path.display().to_string();
        let response = response.on_hover_text(path);
        let length = if recent.duration_ms == 0 {
            String::new()
        } else {
            let seconds = recent.duration_ms as f64 / 1e3;
            timecode::clock_text(seconds, seconds)
        };
        caption(ui, rect, &recent.title, &length);
        if response.clicked() {
            requests.push(Request::Open(ClipTarget::Path(recent.path.clone())));
        }
        let forget = Rect::from_min_size(
            rect.right_top() + vec2(-theme::BUTTON - 2.0, rect.height() - CAPTION + 4.0),
            vec2(theme::BUTTON, theme::BUTTON),
        );
        let label = fill(text.files.recent_forget, &[&recent.title]);
        if icon_button(ui, forget, Icon::X, &label, &label, false).clicked() {
            requests.push(Request::Forget(recent.path.clone()));
        }
    });
    ui.add_space(theme::GAP_S);
    if ui.button(text.files.recent_clear).clicked() {
        requests.push(Request::ForgetAll);
    }
}

/// Lays cards out in rows that fill the width.
fn cards(ui: &mut Ui, count: usize, mut show: impl FnMut(&mut Ui, usize, Rect)) {
    let width = ui.available_width();
    let columns = ((width + theme::GAP_M) / (CARD.x + theme::GAP_M))
        .floor()
        .max(1.0);
    // On a phone a card is as wide as the page.
    let card_width = if columns < 2.0 { width } else { CARD.x };
    let size = vec2(card_width, card_width * CARD.y / CARD.x + CAPTION);
    let columns = columns as usize;
    let rows = count.div_ceil(columns);
    let height = rows as f32 * (size.y + theme::GAP_M) - theme::GAP_M;
    let (place, _) = ui.allocate_exact_size(vec2(width, height.max(0.0)), Sense::hover());
    for index in 0..count {
        let (row, column) = (index / columns, index % columns);
        let at = place.min
            + vec2(
                column as f32 * (size.x + theme::GAP_M),
                row as f32 * (size.y + theme::GAP_M),
            );
        show(ui, index, Rect::from_min_size(at, size));
    }
    // What is in the cards has moved it about.
    ui.advance_cursor_after_rect(place);
}

/// A card that is a button: a picture, with room for lines below it.
fn card(ui: &mut Ui, rect: Rect, label: &str, picture: Option<(&TextureHandle, Rect)>) -> Response {
    let palette = theme::palette(ui);
    let picture_rect = rect.with_max_y(rect.bottom() - CAPTION);
    let response = ui.allocate_rect(picture_rect, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, label));
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, theme::RADIUS, palette.surface);
    let corners = CornerRadius {
        sw: 0,
        se: 0,
        ..CornerRadius::same(theme::RADIUS)
    };
    match picture {
        Some((texture, uv)) => {
            let shape = egui::epaint::RectShape::filled(picture_rect, corners, Color32::WHITE)
                .with_texture(texture.id(), uv);
            painter.add(shape);
        }
        None => {
            painter.rect_filled(picture_rect, corners, palette.hover);
            icons::paint(&painter, picture_rect, Icon::Box, 32.0, palette.text_quiet);
        }
    }
    let over = response.hovered() || response.has_focus();
    let edge = if over { palette.accent } else { palette.edge };
    painter.rect_stroke(
        rect,
        theme::RADIUS,
        egui::Stroke::new(if over { 2.0 } else { 1.0 }, edge),
        egui::StrokeKind::Inside,
    );
    response
}

/// The lines under the picture of a card.
fn caption(ui: &mut Ui, rect: Rect, title: &str, detail: &str) {
    let palette = theme::palette(ui);
    let at = Rect::from_min_max(
        pos2(rect.left() + theme::GAP_M, rect.bottom() - CAPTION),
        rect.max - vec2(theme::BUTTON + theme::GAP_XS, 0.0),
    );
    let builder = UiBuilder::new()
        .max_rect(at)
        .layout(egui::Layout::left_to_right(egui::Align::Center));
    ui.scope_builder(builder, |ui| {
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let lines = if detail.is_empty() { 18.0 } else { 33.0 };
            ui.add_space(0.5 * (CAPTION - lines));
            ui.add(egui::Label::new(RichText::new(title)).truncate());
            if !detail.is_empty() {
                ui.label(
                    RichText::new(detail)
                        .font(theme::small())
                        .color(palette.text_quiet),
                );
            }
        });
    });
}

/// A PNG as egui wants it; `None` when it is none, or too large.
fn decode_png(bytes: &[u8]) -> Option<ColorImage> {
    let picture = png_file::decode(Cursor::new(bytes), PICTURE_MAX_BYTES).ok()?;
    let size = [picture.width as usize, picture.height as usize];
    let fits = size.iter().all(|side| *side <= PICTURE_MAX_SIDE);
    fits.then(|| ColorImage::from_rgba_unmultiplied(size, &picture.rgba))
}
