//! What has no room on the bar of a narrow window.

use egui::{Button, Ui, vec2};
use zoetrope_player::{Command, PlayerState};

use super::super::icons::{Icon, labeled};
use super::super::transport_bar::{ab_label, loop_look, quality_look};
use super::{Frames, Panel, SheetResponse, sheet};
use crate::text::text;

/// What the panel has to know.
pub struct MoreState<'a> {
    /// The player's state.
    pub player: &'a PlayerState,
    /// Whether there is nothing to turn: the clip shows flat pictures.
    pub is_flat: bool,
    /// What shows over the picture.
    pub statistics: bool,
}

/// Shows the panel and gives what is asked for with it.
pub fn more(
    ui: &Ui,
    frames: Frames,
    state: &MoreState<'_>,
    commands: &mut Vec<Command>,
) -> SheetResponse {
    let text = text(ui);
    let (loop_icon, loop_label) = loop_look(state.player.loop_mode, text);
    let ab = ab_label(state.player, text);
    let (quality_label, quality) = quality_look(state.player, text);
    let quality = (
        Icon::Layers,
        quality_label.as_str(),
        Command::Quality(quality),
        false,
    );
    // What is chosen once closes the panel; what is switched leaves it open.
    let rows: [(Icon, &str, Command, bool); 10] = [
        (loop_icon, loop_label, Command::LoopCycle, false),
        (Icon::Brackets, ab, Command::AbCycle, false),
        (
            Icon::LocateFixed,
            text.camera.reset_view,
            Command::ResetView,
            true,
        ),
        (
            Icon::Video,
            text.camera.title,
            Command::ToggleCameraPanel,
            true,
        ),
        (
            Icon::Camera,
            text.inspector.screenshot,
            Command::Screenshot,
            true,
        ),
        (
            Icon::Info,
            text.inspector.title,
            Command::ToggleInspector,
            true,
        ),
        (
            Icon::ChartNoAxesColumn,
            text.inspector.statistics,
            Command::ToggleStatistics,
            false,
        ),
        (Icon::ScrollText, text.panels.log, Command::ToggleLog, true),
        (Icon::Keyboard, text.panels.help, Command::Help, true),
        (Icon::Settings, text.settings.title, Command::Settings, true),
    ];
    let mut close = false;
    let mut response = sheet(ui, frames, Panel::More, text.playback.more_controls, |ui| {
        // A clip of one quality has nothing to choose.
        let quality = (state.player.levels > 1).then_some(quality);
        for (icon, label, command, closes) in quality.into_iter().chain(rows) {
            let turns = matches!(command, Command::ResetView | Command::ToggleCameraPanel);
            if turns && state.is_flat {
                continue;
            }
            let on = command == Command::ToggleStatistics && state.statistics;
            let button = Button::selectable(on, labeled(icon, label))
                .min_size(vec2(ui.available_width(), 40.0));
            if ui.add(button).accessible_name(label).clicked() {
                close |= closes;
                commands.push(command);
            }
        }
    });
    response.close |= close;
    response
}
