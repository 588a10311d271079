//! The command palette: every command by a few letters of its name.

mod entries;

use std::sync::Arc;

use egui::accesskit;
use egui::text::{CCursor, CCursorRange, LayoutJob, TextFormat};
use egui::{
    Galley, Id, Key, Modifiers, Response, RichText, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2,
    vec2,
};
use zoetrope_player::Command;

use self::entries::{Action, Entry};
use super::super::icons::focus_ring;
use super::super::theme;
use super::{
    Frames, Panel, SheetResponse, fixed_sheet, keys_width, paint_keys, scroll, search_field,
};
use crate::text::{fill, text};

pub use self::entries::PaletteSources;

/// Rows that a page key goes on.
const PAGE: usize = 8;
/// Height of a row.
const ROW: f32 = 36.0;
/// Narrower rows do not tell what a command is about.
const GROUP_FROM: f32 = 420.0;

/// The palette, from frame to frame.
#[derive(Default)]
pub struct PalettePanel {
    query: String,
    chosen: usize,
    /// Why what was typed cannot be done.
    wrong: Option<String>,
}

/// How the keyboard moves through the list.
#[derive(Default)]
struct Keys {
    step: isize,
    enter: bool,
}

impl PalettePanel {
    /// Shows the panel, which has been opened just now when it `is_new`. What is chosen in it is put
    /// into `chosen`, and the panel is to be closed then.
    pub fn show(
        &mut self,
        ui: &Ui,
        frames: Frames,
        is_new: bool,
        sources: &PaletteSources<'_>,
        chosen: &mut Option<Command>,
    ) -> SheetResponse {
        if is_new {
            *self = Self::default();
        }
        let title = sources.text.panels.palette;
        let mut response = fixed_sheet(ui, frames, Panel::Palette, title, |ui| {
            *chosen = self.contents(ui, is_new, sources);
        });
        response.close |= chosen.is_some();
        response
    }

    fn contents(
        &mut self,
        ui: &mut Ui,
        is_new: bool,
        sources: &PaletteSources<'_>,
    ) -> Option<Command> {
        let field = Id::unique("palette field");
        // Before the field has a chance to use them.
        let keys = if is_new || ui.memory(|memory| memory.has_focus(field)) {
            take_keys(ui)
        } else {
            Keys::default()
        };
        let label = text(ui).panels.palette_field;
        let response = search_field(ui, field, &mut self.query, label, is_new);
        if response.changed() {
            self.chosen = 0;
            self.wrong = None;
        }
        let entries = entries::find(&self.query, sources);
        let count = entries.len();
        if count > 0 && keys.step != 0 {
            // One step past an end leads to the other, a page only up to it.
            let at = self.chosen as isize + keys.step;
            self.chosen = if keys.step.abs() == 1 {
                at.rem_euclid(count as isize) as usize
            } else {
                at.clamp(0, count as isize - 1) as usize
            };
        }
        self.chosen = self.chosen.min(count.saturating_sub(1));
        self.notice(ui, &entries);
        let moved = keys.step != 0 || response.changed();
        let clicked = scroll(ui, |ui| self.list(ui, &entries, field, moved));
        let picked = clicked.or(keys.enter.then_some(self.chosen));
        self.act(ui, entries.get(picked?)?, field)
    }

    /// What is wrong with what was typed, or that nothing fits it.
    fn notice(&self, ui: &mut Ui, entries: &[Entry]) {
        let palette = theme::palette(ui);
        if let Some(wrong) = &self.wrong {
            let label = ui.label(RichText::new(wrong).color(palette.danger));
            label.widget_info(|| WidgetInfo::labeled(Role::Alert, true, wrong));
        } else if entries.is_empty() {
            let nothing = text(ui).common.nothing_found;
            ui.label(RichText::new(nothing).color(palette.text_quiet));
        }
    }

    /// The rows. Gives the one that was clicked.
    fn list(&self, ui: &mut Ui, entries: &[Entry], field: Id, moved: bool) -> Option<usize> {
        let mut clicked = None;
        let builder = UiBuilder::new().accessibility_role(Role::ListBox);
        ui.scope_builder(builder, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for (index, entry) in entries.iter().enumerate() {
                let is_chosen = index == self.chosen;
                let response = row(ui, entry, is_chosen);
                if is_chosen {
                    // The keyboard stays in the field; this is what a screen reader reads.
                    ui.ctx().accesskit_node_builder(field, |node| {
                        node.set_active_descendant(response.id.accesskit_id());
                    });
                    if moved {
                        response.scroll_to_me(None);
                    }
                }
                if response.clicked() {
                    clicked = Some(index);
                }
            }
        });
        clicked
    }

    /// Does what an entry says: gives its command, or asks for what is missing.
    fn act(&mut self, ui: &Ui, entry: &Entry, field: Id) -> Option<Command> {
        match &entry.action {
            Action::Run(command) => return Some(*command),
            Action::Ask(info) => {
                self.query = format!("{} ", info.name);
                let all = self.query.chars().count();
                let mut edit = egui::TextEdit::load_state(ui.ctx(), field).unwrap_or_default();
                let end = CCursorRange::one(CCursor::new(all));
                edit.cursor.set_char_range(Some(end));
                edit.store(ui.ctx(), field);
                ui.memory_mut(|memory| memory.request_focus(field));
                self.wrong = None;
                self.chosen = 0;
            }
            Action::Wrong { info, found } => {
                let text = text(ui);
                let wanted = entries::argument(text, info.argument);
                let title = text.command(info);
                self.wrong = Some(fill(text.panels.wrong_argument, &[title, &wanted, found]));
            }
        }
        None
    }
}

fn take_keys(ui: &Ui) -> Keys {
    let mut keys = Keys::default();
    ui.input_mut(|input| {
        for (key, step) in [
            (Key::ArrowUp, -1),
            (Key::ArrowDown, 1),
            (Key::PageUp, -(PAGE as isize)),
            (Key::PageDown, PAGE as isize),
        ] {
            let times = input.count_and_consume_key(Modifiers::NONE, key);
            keys.step += step * times as isize;
        }
        keys.enter = input.consume_key(Modifiers::NONE, Key::Enter);
    });
    keys
}

/// A row of the list.
fn row(ui: &mut Ui, entry: &Entry, is_chosen: bool) -> Response {
    let palette = theme::palette(ui);
    let width = ui.available_width();
    let inset = theme::GAP_S + 2.0;
    let group = (width > GROUP_FROM).then(|| {
        let group = entry.group.to_owned();
        ui.painter()
            .layout_no_wrap(group, theme::small(), palette.text_quiet)
    });
    let keys_width = keys_width(ui, entry.keys.as_slice());
    let group_width = group.as_ref().map_or(0.0, |group| group.size().x);
    let room = width - 2.0 * inset - keys_width - group_width - theme::GAP_M;
    let title = title(ui, room, entry);
    let size = vec2(width, (title.size().y + 2.0 * theme::GAP_S).max(ROW));
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response
        .widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, is_chosen, entry.label()));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_selected(is_chosen);
        node.add_action(accesskit::Action::Click);
    });
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let fill = if is_chosen {
        palette.chosen
    } else if response.hovered() {
        palette.hover
    } else {
        egui::Color32::TRANSPARENT
    };
    ui.painter().rect_filled(rect, theme::RADIUS_CONTROL, fill);
    if response.has_focus() {
        focus_ring(ui, rect);
    }
    let inner = rect.shrink2(vec2(inset, 0.0));
    let centred = |x: f32, galley: &Galley| pos2(x, rect.center().y - 0.5 * galley.size().y);
    ui.painter()
        .galley(centred(inner.left(), &title), title, palette.text);
    let right = paint_keys(ui, inner.right_center(), entry.keys.as_slice());
    if let Some(group) = group {
        let at = centred(right - theme::GAP_XS - group_width, &group);
        ui.painter().galley(at, group, palette.text_quiet);
    }
    response
}

/// The title of an entry with its argument, in as many lines as it needs.
fn title(ui: &Ui, room: f32, entry: &Entry) -> Arc<Galley> {
    let palette = theme::palette(ui);
    let mut job = LayoutJob::default();
    let format = |color| TextFormat {
        font_id: theme::body(),
        color,
        ..TextFormat::default()
    };
    job.append(&entry.title, 0.0, format(palette.text));
    if !entry.argument.is_empty() {
        let color = match entry.action {
            Action::Run(_) => palette.accent,
            Action::Ask(_) => palette.text_quiet,
            Action::Wrong { .. } => palette.danger,
        };
        job.append(&format!("  {}", entry.argument), 0.0, format(color));
    }
    job.wrap.max_width = room;
    ui.painter().layout_job(job)
}
