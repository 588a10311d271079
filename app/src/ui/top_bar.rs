//! What floats over the top of the picture: where we are, and the way to everything else.

use egui::{Popup, Rect, RichText, Ui, UiBuilder, pos2, vec2};
use zoetrope_player::Command;

use super::icons::{Icon, icon_button};
use super::{theme, transport_bar};
use crate::keys;
use crate::text::text;

/// Height of the bar.
const HEIGHT: f32 = 44.0;
/// Widest the title gets.
const TITLE_WIDTH_MAX: f32 = 360.0;

/// Where the two ends of the bar are.
#[derive(Clone, Copy, Debug)]
pub struct TopBar {
    /// Start page, open and the title.
    pub left: Rect,
    /// Sharing, commands and settings.
    pub right: Rect,
}

/// Shows the bar and gives what is asked for with it. Without a clip it has no title.
pub fn top_bar(ui: &mut Ui, window: Rect, clip: Option<&str>) -> (TopBar, Vec<Command>) {
    let margin = transport_bar::margin(window);
    let top = window.top() + margin;
    let inset = theme::GAP_XS;
    // Without a clip there is nothing to share.
    let right_buttons = if clip.is_some() { 3.0 } else { 2.0 };
    let right_width = right_buttons * theme::BUTTON + 2.0 * inset;
    let right = Rect::from_min_size(
        pos2(window.right() - margin - right_width, top),
        vec2(right_width, HEIGHT),
    );
    let room = right.left() - theme::GAP_S - (window.left() + margin);
    let buttons = 2.0 * theme::BUTTON + 2.0 * inset;
    let title = clip.map(|title| {
        let width = (room - buttons - theme::GAP_M).clamp(0.0, TITLE_WIDTH_MAX);
        let mut job = egui::text::LayoutJob::simple_singleline(
            title.to_owned(),
            theme::body(),
            theme::palette(ui).text,
        );
        job.wrap = egui::text::TextWrapping::truncate_at_width(width);
        (title, ui.painter().layout_job(job))
    });
    let title_width = title
        .as_ref()
        .map_or(0.0, |(_, galley)| galley.size().x + theme::GAP_M);
    let left = Rect::from_min_size(
        pos2(window.left() + margin, top),
        vec2(buttons + title_width, HEIGHT),
    );
    let mut commands = Vec::new();
    for rect in [left, right] {
        ui.allocate_rect(rect, egui::Sense::click_and_drag());
        ui.painter()
            .add(theme::surface(theme::palette(ui)).paint(rect));
    }
    let slot = |rect: Rect, index: f32| {
        Rect::from_min_size(
            rect.min + vec2(inset + index * theme::BUTTON, inset),
            vec2(theme::BUTTON, theme::BUTTON),
        )
    };
    let text = text(ui);
    let share = clip.map(|_| {
        (
            slot(right, 0.0),
            Icon::Share2,
            text.share.title,
            Command::Share,
        )
    });
    let always = [
        (
            slot(left, 0.0),
            Icon::House,
            text.files.start_page,
            Command::StartPage,
        ),
        (
            slot(right, right_buttons - 2.0),
            Icon::Search,
            text.panels.palette,
            Command::CommandPalette,
        ),
        (
            slot(right, right_buttons - 1.0),
            Icon::Settings,
            text.settings.title,
            Command::Settings,
        ),
    ];
    for (rect, icon, label, command) in share.into_iter().chain(always) {
        let hint = keys::with_hint(ui.ctx(), label, command);
        if icon_button(ui, rect, icon, label, &hint, false).clicked() {
            commands.push(command);
        }
    }
    open_menu(ui, slot(left, 1.0), &mut commands);
    if let Some((title, _)) = title {
        let at = Rect::from_min_max(
            pos2(left.left() + buttons, left.top()),
            left.right_bottom() - vec2(theme::GAP_S, 0.0),
        );
        let builder = UiBuilder::new()
            .max_rect(at)
            .layout(egui::Layout::left_to_right(egui::Align::Center));
        ui.scope_builder(builder, |ui| {
            ui.add(egui::Label::new(RichText::new(title)).truncate());
        });
    }
    (TopBar { left, right }, commands)
}

fn open_menu(ui: &mut Ui, rect: Rect, commands: &mut Vec<Command>) {
    let text = text(ui);
    let response = icon_button(
        ui,
        rect,
        Icon::FolderOpen,
        text.files.open,
        text.files.open,
        false,
    );
    Popup::menu(&response).show(|ui| {
        for (label, command) in [
            (text.files.open_file, Command::Open),
            (text.files.open_folder, Command::OpenFolder),
            (text.files.open_link, Command::OpenLink),
            (text.fitting.menu, Command::MakeNeuralVideo),
        ] {
            let shortcut = keys::hint(ui.ctx(), command).unwrap_or_default();
            let button = egui::Button::new(label).shortcut_text(shortcut);
            if ui.add(button).accessible_name(label).clicked() {
                commands.push(command);
            }
        }
    });
}
