//! The settings, as the table of settings has them.

pub(super) mod controls;

use egui::{Align, Button, Id, Layout, Rect, RichText, Ui, UiBuilder, vec2};

use self::controls::Drafts;
use super::super::icons::{Icon, icon_button};
use super::super::theme;
use super::{Frames, Panel, SheetResponse, fixed_sheet, scroll, search_field, section};
use crate::fuzzy;
use crate::platform::Pick;
use crate::settings::{Kind, SETTINGS, Section, SettingInfo, Settings};
use crate::text::{Text, fill, text};

/// Height of a line of a row.
const ROW: f32 = 40.0;
/// Widest a control gets.
const CONTROL_WIDTH: f32 = 280.0;
/// On narrower panels controls stand below their titles.
const STACKED: f32 = 460.0;

/// The panel, from frame to frame.
#[derive(Default)]
pub struct SettingsPanel {
    query: String,
    drafts: Drafts,
    /// The settings before all were reset.
    before: Option<Settings>,
}

/// What is asked for in the panel besides settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsRequest {
    /// To choose a file or a folder.
    Pick(Pick),
    /// To change keys.
    EditKeys,
    /// To show hints again that were taken away.
    HintsAgain,
}

impl SettingsPanel {
    /// Shows the panel, changes settings, and gives what else is asked for. `has_hints` says whether
    /// there are hints that could be shown again.
    pub fn show(
        &mut self,
        ui: &Ui,
        frames: Frames,
        is_new: bool,
        settings: &mut Settings,
        has_hints: bool,
        requests: &mut Vec<SettingsRequest>,
    ) -> SheetResponse {
        if is_new {
            *self = Self::default();
        }
        let title = text(ui).settings.title;
        let response = fixed_sheet(ui, frames, Panel::Settings, title, |ui| {
            let id = Id::unique("settings field");
            let label = text(ui).settings.search;
            search_field(ui, id, &mut self.query, label, is_new);
            scroll(ui, |ui| {
                self.undo(ui, settings);
                self.rows(ui, settings, has_hints, requests);
                ui.add_space(theme::GAP_L);
                self.foot(ui, settings, requests);
            });
        });
        if response.close {
            self.drafts.finish(settings);
        }
        response
    }

    /// Offers to take a reset back.
    fn undo(&mut self, ui: &mut Ui, settings: &mut Settings) {
        let Some(before) = &self.before else {
            return;
        };
        let text = text(ui);
        let mut undo = false;
        ui.horizontal_wrapped(|ui| {
            ui.label(text.settings.were_reset);
            undo = ui.button(text.panels.undo).clicked();
        });
        if undo {
            *settings = before.clone();
            self.before = None;
        }
    }

    fn rows(
        &mut self,
        ui: &mut Ui,
        settings: &mut Settings,
        has_hints: bool,
        requests: &mut Vec<SettingsRequest>,
    ) {
        let text = text(ui);
        let mut is_empty = true;
        for part in Section::ALL {
            let shown: Vec<_> = SETTINGS
                .iter()
                .filter(|info| info.section == part && self.is_shown(info, settings, text))
                .collect();
            if shown.is_empty() {
                continue;
            }
            is_empty = false;
            section(ui, part.title(text));
            ui.spacing_mut().item_spacing.y = 2.0;
            for info in shown {
                let [row, control, reset] = place(ui, info, text);
                let builder = UiBuilder::new()
                    .max_rect(control)
                    .layout(Layout::left_to_right(Align::Center));
                ui.scope_builder(builder, |ui| {
                    if let Some(what) = controls::control(ui, info, settings, &mut self.drafts) {
                        requests.push(SettingsRequest::Pick(what));
                    }
                });
                reset_button(ui, reset, info, settings, text);
                ui.advance_cursor_after_rect(row);
                if info.key == "hints"
                    && has_hints
                    && ui.button(text.settings.hints_again).clicked()
                {
                    requests.push(SettingsRequest::HintsAgain);
                }
            }
        }
        if is_empty {
            let nothing = text.common.nothing_found;
            ui.label(RichText::new(nothing).color(theme::palette(ui).text_quiet));
        }
    }

    fn is_shown(&self, info: &SettingInfo, settings: &Settings, text: &Text) -> bool {
        if self.query.trim().is_empty() {
            return info.applies(settings);
        }
        let mut words = vec![(info.title)(text), info.section.title(text), info.key];
        if let Kind::Choice { choices, .. } = &info.kind {
            words.extend(choices.iter().map(|choice| (choice.1)(text)));
        }
        fuzzy::contains(&self.query, &words.join(" "))
    }

    /// What concerns all settings.
    fn foot(&mut self, ui: &mut Ui, settings: &mut Settings, requests: &mut Vec<SettingsRequest>) {
        let text = text(ui);
        ui.horizontal_wrapped(|ui| {
            let size = vec2(0.0, theme::BUTTON);
            if ui
                .add(Button::new(text.settings.keys).min_size(size))
                .clicked()
            {
                requests.push(SettingsRequest::EditKeys);
            }
            let is_changed = SETTINGS.iter().any(|info| !info.is_default(settings));
            let reset = Button::new(text.settings.reset_all).min_size(size);
            if ui.add_enabled(is_changed, reset).clicked() {
                self.before = Some(settings.clone());
                self.drafts = Drafts::default();
                for info in SETTINGS {
                    info.reset(settings);
                }
            }
        });
    }
}

/// Shows the title of a setting. Gives the places of its row, of its control and of the button
/// that resets it.
fn place(ui: &mut Ui, info: &SettingInfo, text: &Text) -> [Rect; 3] {
    let width = ui.available_width();
    let is_stacked = width < STACKED && !matches!(info.kind, Kind::Toggle { .. });
    let lines = if is_stacked { 1.8 } else { 1.0 };
    let (row, _) = ui.allocate_exact_size(vec2(width, lines * ROW), egui::Sense::hover());
    let control_width = match &info.kind {
        Kind::Toggle { .. } => controls::SWITCH.x,
        _ if is_stacked => row.width(),
        _ => CONTROL_WIDTH,
    };
    let control = row
        .with_min_y(row.bottom() - ROW)
        .with_min_x(row.right() - control_width);
    // Before the control, so that all controls end at the same edge.
    let title = if is_stacked {
        row.with_max_y(row.bottom() - ROW)
    } else {
        row.with_max_x(control.left() - theme::GAP_S)
    };
    let reset = Rect::from_center_size(
        title.right_center() - vec2(0.5 * theme::BUTTON, 0.0),
        vec2(theme::BUTTON, theme::BUTTON),
    );
    let title = title.with_max_x(reset.left() - theme::GAP_XS);
    let builder = UiBuilder::new()
        .max_rect(title)
        .layout(Layout::left_to_right(Align::Center));
    ui.scope_builder(builder, |ui| {
        ui.add(egui::Label::new((info.title)(text)).wrap());
    });
    [row, control, reset]
}

fn reset_button(ui: &mut Ui, rect: Rect, info: &SettingInfo, settings: &mut Settings, text: &Text) {
    if info.is_default(settings) {
        return;
    }
    let label = fill(text.settings.reset_one, &[(info.title)(text)]);
    if icon_button(ui, rect, Icon::RotateCcw, &label, text.common.reset, false).clicked() {
        info.reset(settings);
    }
}
