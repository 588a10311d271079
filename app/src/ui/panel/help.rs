//! Help: what keys, mouse and fingers do.

use egui::{Id, RichText, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use zoetrope_player::{COMMANDS, Command, CommandInfo, Group};

use super::super::icons::{Icon, icon_button};
use super::super::theme;
use super::{
    Frames, Panel, SheetResponse, fixed_sheet, keys_width, paint_keys, scroll, search_field,
    section,
};
use crate::fuzzy;
use crate::keys::{Keymap, with_hint};
use crate::text::{Text, text};

/// Height of a row of one line.
const ROW: f32 = 28.0;
/// From this width on there are two columns.
const TWO_COLUMNS: f32 = 620.0;
/// More keys than this of one command are told as a range.
const KEYS_MAX: usize = 6;

/// The panel, from frame to frame.
#[derive(Default)]
pub struct HelpPanel {
    query: String,
}

/// A row: what is done, and with what.
struct Row {
    title: String,
    keys: Vec<String>,
}

impl Row {
    fn fits(&self, query: &str, section: &str) -> bool {
        fuzzy::contains(
            query,
            &format!("{section} {} {}", self.title, self.keys.join(" ")),
        )
    }
}

/// Rows that belong together.
struct Block {
    title: &'static str,
    rows: Vec<Row>,
}

impl HelpPanel {
    /// Shows the panel, and gives what is asked for with it.
    pub fn show(
        &mut self,
        ui: &Ui,
        frames: Frames,
        is_new: bool,
        keymap: &Keymap,
        commands: &mut Vec<Command>,
    ) -> SheetResponse {
        if is_new {
            self.query.clear();
        }
        let text = text(ui);
        fixed_sheet(ui, frames, Panel::Help, text.panels.help, |ui| {
            self.head(ui, is_new, commands);
            let blocks = blocks(text, keymap, &self.query);
            if blocks.is_empty() {
                let nothing = text.common.nothing_found;
                ui.label(RichText::new(nothing).color(theme::palette(ui).text_quiet));
            }
            scroll(ui, |ui| columns(ui, &blocks));
        })
    }
}

impl HelpPanel {
    /// The field for searching, and the way to change keys.
    fn head(&mut self, ui: &mut Ui, is_new: bool, commands: &mut Vec<Command>) {
        let texts = &text(ui).panels;
        let label = texts.help_change_keys;
        let hint = with_hint(ui.ctx(), label, Command::EditKeys);
        let id = Id::unique("help field");
        ui.horizontal(|ui| {
            let row = ui.available_rect_before_wrap();
            let is_narrow = row.width() < TWO_COLUMNS;
            let button = if is_narrow { theme::BUTTON } else { 160.0 };
            ui.scope(|ui| {
                ui.set_width(row.width() - button - theme::GAP_S);
                search_field(ui, id, &mut self.query, texts.help_field, is_new);
            });
            let clicked = if is_narrow {
                let (place, _) =
                    ui.allocate_exact_size(egui::Vec2::splat(theme::BUTTON), Sense::hover());
                icon_button(ui, place, Icon::Keyboard, label, &hint, false).clicked()
            } else {
                let button = egui::Button::new(label).min_size(vec2(button, theme::BUTTON));
                ui.add(button).on_hover_text(hint).clicked()
            };
            if clicked {
                commands.push(Command::EditKeys);
            }
        });
    }
}

/// All that is told, as far as it fits the query.
fn blocks(text: &'static Text, keymap: &Keymap, query: &str) -> Vec<Block> {
    let groups = Group::ALL.into_iter().map(|group| Block {
        title: text.group(group),
        rows: COMMANDS
            .iter()
            .filter(|info| info.group == group)
            .flat_map(|info| rows(text, keymap, info))
            .collect(),
    });
    let mut blocks: Vec<Block> = groups.chain([mouse(text), touch(text)]).collect();
    for block in &mut blocks {
        block.rows.retain(|row| row.fits(query, block.title));
    }
    blocks.retain(|block| !block.rows.is_empty());
    blocks
}

/// The rows of a command: one for each argument that has keys, or one for all where they are many.
fn rows(text: &Text, keymap: &Keymap, info: &'static CommandInfo) -> Vec<Row> {
    let mut counted: Vec<(Command, Vec<String>)> = Vec::new();
    for binding in keymap.bindings() {
        // Of two commands with the same key the first has it.
        if binding.command.name() != info.name
            || keymap.command_of(binding.chord, false) != Some(binding.command)
        {
            continue;
        }
        let key = binding.chord.symbols();
        match counted
            .iter_mut()
            .find(|(command, _)| *command == binding.command)
        {
            Some((_, keys)) => keys.push(key),
            None => counted.push((binding.command, vec![key])),
        }
    }
    let title = text.command(info);
    if counted.len() > KEYS_MAX {
        let mut keys = counted.iter().filter_map(|(_, keys)| keys.first().cloned());
        let (first, last) = (keys.next(), keys.next_back());
        let keys = [first, Some("…".to_owned()), last];
        return vec![Row {
            title: title.to_owned(),
            keys: keys.into_iter().flatten().collect(),
        }];
    }
    let rows = counted.into_iter().map(|(command, keys)| Row {
        title: with_argument(title, command),
        keys,
    });
    rows.collect()
}

/// A command's title with its argument.
pub fn with_argument(title: &str, command: Command) -> String {
    let typed = command.to_string();
    match typed.split_once(' ') {
        Some((_, argument)) => format!("{title}: {}", argument.replace('-', "−")),
        None => title.to_owned(),
    }
}

fn mouse(text: &'static Text) -> Block {
    let t = &text.panels;
    block(
        t.help_mouse,
        &[
            (t.turns, t.drag_left),
            (t.moves, t.drag_right),
            (t.zooms, t.wheel),
            (t.focuses, t.double_click),
            (t.steps, t.wheel_time),
        ],
    )
}

fn touch(text: &'static Text) -> Block {
    let t = &text.panels;
    block(
        t.help_touch,
        &[
            (t.turns, t.one_finger),
            (t.moves_and_zooms, t.two_fingers),
            (t.toggles_controls, t.tap),
            (t.focuses, t.double_tap),
            (t.jumps, t.double_tap_edge),
            (t.double_speed, t.long_press),
        ],
    )
}

fn block(title: &'static str, rows: &[(&str, &str)]) -> Block {
    let rows = rows.iter().map(|(title, key)| Row {
        title: (*title).to_owned(),
        keys: vec![(*key).to_owned()],
    });
    Block {
        title,
        rows: rows.collect(),
    }
}

/// Lays the blocks out in one or two columns of about the same height.
fn columns(ui: &mut Ui, blocks: &[Block]) {
    let room = ui.available_rect_before_wrap();
    if room.width() < TWO_COLUMNS {
        for block in blocks {
            show_block(ui, block);
        }
        return;
    }
    let height = |block: &Block| 2.0 + block.rows.len() as f32;
    let all: f32 = blocks.iter().map(height).sum();
    let mut sum = 0.0;
    let first = blocks.iter().take_while(|block| {
        let fits = sum + 0.5 * height(block) <= 0.5 * all;
        sum += height(block);
        fits
    });
    let (left, right) = blocks.split_at(first.count());
    let width = 0.5 * (room.width() - theme::GAP_XL);
    let mut bottom = room.top();
    for (index, column) in [left, right].into_iter().enumerate() {
        let x = room.left() + index as f32 * (width + theme::GAP_XL);
        let at = egui::Rect::from_min_size(pos2(x, room.top()), vec2(width, room.height()));
        let shown = ui.scope_builder(UiBuilder::new().max_rect(at), |ui| {
            ui.set_width(width);
            for block in column {
                show_block(ui, block);
            }
        });
        bottom = bottom.max(shown.response.rect.bottom());
    }
    ui.advance_cursor_after_rect(room.with_max_y(bottom));
}

fn show_block(ui: &mut Ui, block: &Block) {
    section(ui, block.title);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for row in &block.rows {
            show_row(ui, row);
        }
    });
}

fn show_row(ui: &mut Ui, row: &Row) {
    let palette = theme::palette(ui);
    let width = ui.available_width();
    let keys = keys_width(ui, &row.keys);
    // Long gestures on a narrow panel stand below what they do.
    let is_stacked = keys > 0.55 * width;
    let room = if is_stacked {
        width
    } else {
        width - keys - theme::GAP_S
    };
    let title = ui
        .painter()
        .layout(row.title.clone(), theme::body(), palette.text, room);
    let title_height = title.size().y + 2.0 * 5.0;
    let height = if is_stacked {
        title_height + ROW
    } else {
        title_height.max(ROW)
    };
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    response.widget_info(|| {
        let label = format!("{}: {}", row.title, row.keys.join(", "));
        WidgetInfo::labeled(Role::Label, true, label)
    });
    if !ui.is_rect_visible(rect) {
        return;
    }
    let (title_y, keys_at) = if is_stacked {
        let y = rect.bottom() - 0.5 * ROW;
        (rect.top() + 5.0, pos2(rect.left() + keys, y))
    } else {
        let y = rect.center().y;
        (y - 0.5 * title.size().y, pos2(rect.right(), y))
    };
    ui.painter()
        .galley(pos2(rect.left(), title_y), title, palette.text);
    paint_keys(ui, keys_at, &row.keys);
}
