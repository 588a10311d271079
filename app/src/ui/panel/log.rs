//! The log: what has happened.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{
    Button, ComboBox, Galley, Id, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2,
};
use log::{Level, LevelFilter};

use super::super::theme;
use super::{Frames, Panel, SheetResponse, fixed_sheet, search_field};
use crate::fuzzy;
use crate::log_buffer::{KEPT, LogBuffer, LogRecord, LogWatch};
use crate::text::text;

/// Between two records.
const GAP: f32 = 8.0;

/// The panel, from frame to frame.
pub struct LogPanel {
    query: String,
    level: LevelFilter,
    /// Copies of the records, oldest first.
    records: Vec<LogRecord>,
    /// The number of the first record that is not among them.
    next: u64,
    /// How high the records are, at a width.
    heights: (f32, Vec<f32>),
    /// There while the panel is open.
    watch: Option<LogWatch>,
}

impl Default for LogPanel {
    fn default() -> Self {
        Self {
            query: String::new(),
            level: LevelFilter::Trace,
            records: Vec::new(),
            next: 0,
            heights: (0.0, Vec::new()),
            watch: None,
        }
    }
}

impl LogPanel {
    /// Shows the panel. Gives a text for the clipboard when that is asked for.
    pub fn show(&mut self, ui: &Ui, frames: Frames) -> (SheetResponse, Option<String>) {
        let buffer = LogBuffer::global();
        let ctx = ui.ctx();
        self.watch.get_or_insert_with(|| {
            let ctx = ctx.clone();
            buffer.watch(move || ctx.request_repaint())
        });
        self.receive(buffer);
        let mut copied = None;
        let texts = text(ui);
        let shown = fixed_sheet(ui, frames, Panel::Log, texts.panels.log, |ui| {
            let id = Id::unique("log field");
            search_field(ui, id, &mut self.query, texts.panels.log_field, false);
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().interact_size.y = theme::BUTTON;
                self.choose_level(ui);
                let copy = Button::new(texts.panels.log_copy).min_size(vec2(0.0, theme::BUTTON));
                if ui.add_enabled(!self.records.is_empty(), copy).clicked() {
                    let lines = self.records.iter().map(LogRecord::line);
                    copied = Some(lines.collect::<Vec<_>>().join("\n"));
                }
            });
            self.list(ui);
        });
        (shown, copied)
    }

    /// Forgets what is only needed while the panel is open.
    pub fn close(&mut self) {
        self.watch = None;
    }

    fn receive(&mut self, buffer: &LogBuffer) {
        let new = buffer.since(self.next);
        let Some(last) = new.last() else {
            return;
        };
        self.next = last.number + 1;
        self.records.extend(new);
        let surplus = self.records.len().saturating_sub(KEPT);
        self.records.drain(..surplus);
        let (_, heights) = &mut self.heights;
        heights.drain(..surplus.min(heights.len()));
    }

    fn choose_level(&mut self, ui: &mut Ui) {
        let texts = &text(ui).panels;
        let levels = [
            (LevelFilter::Trace, texts.log_all),
            (LevelFilter::Info, texts.log_info),
            (LevelFilter::Warn, texts.log_warnings),
            (LevelFilter::Error, texts.log_errors),
        ];
        let chosen = levels.iter().find(|(level, _)| *level == self.level);
        let shown = ComboBox::from_id_salt("level")
            .width(190.0)
            .selected_text(chosen.map_or("", |(_, name)| *name))
            .show_ui(ui, |ui| {
                for (level, name) in levels {
                    ui.selectable_value(&mut self.level, level, name);
                }
            });
        shown.response.accessible_name(texts.log_level);
    }

    /// The records that are wanted. Only those in sight are laid out.
    fn list(&mut self, ui: &mut Ui) {
        let width = ui.available_width() - theme::GAP_S;
        self.measure(ui, width);
        let (_, heights) = &self.heights;
        let shown: Vec<(&LogRecord, f32)> = self
            .records
            .iter()
            .zip(heights.iter().copied())
            .filter(|(record, _)| self.fits(record))
            .collect();
        if shown.is_empty() {
            let texts = text(ui);
            let nothing = if self.records.is_empty() {
                texts.panels.log_empty
            } else {
                texts.common.nothing_found
            };
            ui.weak(nothing);
            return;
        }
        let all: f32 = shown.iter().map(|(_, height)| height + GAP).sum();
        ScrollArea::vertical()
            .auto_shrink([false, true])
            .stick_to_bottom(true)
            .show_viewport(ui, |ui, viewport| {
                ui.set_height(all);
                let top_left = ui.max_rect().min;
                let mut top = 0.0;
                for (record, height) in shown {
                    if top + height >= viewport.top() && top <= viewport.bottom() {
                        let at = pos2(top_left.x, top_left.y + top);
                        let rect = Rect::from_min_size(at, vec2(width, height));
                        row(ui, rect, record);
                    }
                    top += height + GAP;
                }
            });
    }

    fn fits(&self, record: &LogRecord) -> bool {
        record.level <= self.level
            && (self.query.trim().is_empty() || fuzzy::contains(&self.query, &record.line()))
    }

    /// Measures what has not been measured at this width.
    fn measure(&mut self, ui: &Ui, width: f32) {
        let (measured, heights) = &mut self.heights;
        if (*measured - width).abs() > 0.5 {
            *measured = width;
            heights.clear();
        }
        for record in self.records.iter().skip(heights.len()) {
            let [head, message] = layout(ui, record, width);
            heights.push(head.size().y + message.size().y);
        }
    }
}

/// What is told about a record, and what it says.
fn layout(ui: &Ui, record: &LogRecord, width: f32) -> [Arc<Galley>; 2] {
    let palette = theme::palette(ui);
    let level = match record.level {
        Level::Error => palette.danger,
        Level::Warn => palette.accent,
        Level::Info | Level::Debug | Level::Trace => palette.text_quiet,
    };
    let mut job = LayoutJob::default();
    job.wrap.max_width = width;
    for (text, color) in [
        (format!("{:.3} s", record.time_s), palette.text_quiet),
        (format!("   {}   ", record.level), level),
        (record.target.clone(), palette.text_quiet),
    ] {
        job.append(&text, 0.0, TextFormat::simple(theme::small(), color));
    }
    let painter = ui.painter();
    let message = record.message.clone();
    [
        painter.layout_job(job),
        painter.layout(message, theme::small(), palette.text, width),
    ]
}

fn row(ui: &mut Ui, rect: Rect, record: &LogRecord) {
    let palette = theme::palette(ui);
    let id = ui.scope_id().with(record.number);
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, record.line().trim_start()));
    let [head, message] = layout(ui, record, rect.width());
    let below = rect.min + vec2(0.0, head.size().y);
    ui.painter().galley(rect.min, head, palette.text_quiet);
    ui.painter().galley(below, message, palette.text);
}
