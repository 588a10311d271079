//! The controls of time, floating over the foot of the picture.

use egui::{
    Align, Align2, Layout, Popup, Rect, RichText, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2,
    vec2,
};
use zoetrope_player::{Command, LoopMode, Playback, PlayerState};

use super::hand::Hand;
use super::icons::{Icon, focus_ring, icon_button};
use super::{clock_text, theme, time_bar};
use crate::keys;

/// Widest the bar gets.
const WIDTH_MAX: f32 = 920.0;
/// Height of the row of the time bar.
const TIME_BAR: f32 = 24.0;
/// Height: the time bar, and the row of controls below it.
const HEIGHT: f32 = 84.0;
/// Height of the narrow layout, in which times have a row of their own.
const HEIGHT_NARROW: f32 = 108.0;
/// The play button is larger than the others.
const PLAY: f32 = 44.0;
/// Width of the speed button.
const SPEED: f32 = 48.0;
/// The choices of the speed menu.
const SPEEDS: [f64; 8] = [0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0];

/// What the bar has to know besides the player's state.
pub struct BarState<'a> {
    /// The player's state.
    pub player: &'a PlayerState,
    /// Whether the statistics are shown.
    pub statistics: bool,
}

/// Where the bar is in a window.
pub fn bar_rect(window: Rect) -> Rect {
    let margin = margin(window);
    let width = (window.width() - 2.0 * margin).min(WIDTH_MAX);
    let height = if is_narrow(window) {
        HEIGHT_NARROW
    } else {
        HEIGHT
    };
    Rect::from_center_size(
        pos2(window.center().x, window.bottom() - margin - 0.5 * height),
        vec2(width, height),
    )
}

fn is_narrow(window: Rect) -> bool {
    window.width() < theme::NARROW
}

/// Distance of floating surfaces from the window's edge.
pub fn margin(window: Rect) -> f32 {
    if is_narrow(window) {
        theme::GAP_S
    } else {
        theme::GAP_L
    }
}

/// Shows the bar and gives what is asked for with it.
pub fn transport_bar(
    ui: &mut Ui,
    window: Rect,
    state: &BarState<'_>,
    hand: &mut Hand,
) -> Vec<Command> {
    let rect = bar_rect(window);
    // Presses between the controls must not reach the picture.
    ui.allocate_rect(rect, Sense::click_and_drag());
    ui.painter().add(theme::surface().paint(rect));
    let inner = rect.shrink2(vec2(theme::GAP_M, theme::GAP_S));
    let (top, below) = inner.split_top_bottom_at_y(inner.top() + TIME_BAR);
    let commands = time_bar::time_bar(ui, top, state.player, hand);
    let mut controls = Controls {
        ui,
        state,
        commands,
    };
    if is_narrow(window) {
        controls.narrow(below);
    } else {
        controls.wide(below);
    }
    controls.commands
}

/// Takes pieces off a row, from its left or its right end.
struct Row(Rect);

impl Row {
    fn left(&mut self, width: f32) -> Rect {
        let (taken, rest) = self.0.split_left_right_at_x(self.0.left() + width);
        self.0 = rest;
        taken
    }

    fn right(&mut self, width: f32) -> Rect {
        let (rest, taken) = self.0.split_left_right_at_x(self.0.right() - width);
        self.0 = rest;
        taken
    }
}

/// The controls while they are being laid out.
struct Controls<'a> {
    ui: &'a mut Ui,
    state: &'a BarState<'a>,
    commands: Vec<Command>,
}

impl Controls<'_> {
    /// One row: play, time, everything else.
    fn wide(&mut self, rect: Rect) {
        let player = self.state.player;
        let mut row = Row(rect.with_min_y(rect.bottom() - PLAY));
        self.play_buttons(row.left(2.0 * theme::BUTTON + PLAY));
        row.left(theme::GAP_S);
        self.button(
            row.right(theme::BUTTON),
            Icon::Fullscreen,
            "Full screen",
            false,
        );
        let statistics = self.state.statistics;
        self.button(
            row.right(theme::BUTTON),
            Icon::Statistics,
            "Statistics",
            statistics,
        );
        self.button(
            row.right(theme::BUTTON),
            Icon::ResetView,
            "Reset view",
            false,
        );
        open_menu(self.ui, row.right(theme::BUTTON), &mut self.commands);
        self.loop_button(row.right(theme::BUTTON));
        let label = match player.ab {
            (None, _) => "A-B loop: mark A",
            (Some(_), None) => "A-B loop: mark B",
            (Some(_), Some(_)) => "A-B loop: clear",
        };
        self.button(
            row.right(theme::BUTTON),
            Icon::AbLoop,
            label,
            player.ab.0.is_some(),
        );
        speed_menu(self.ui, row.right(SPEED), player.speed, &mut self.commands);
        let length = format!("/ {}", clock_text(player.duration, player.duration));
        let frame = format!("frame {} of {}", player.frame + 1, player.frame_count);
        self.texts(row.0, Align::Min, &[&length, "", &frame]);
    }

    /// Two rows: times, and below them play in the middle.
    fn narrow(&mut self, rect: Rect) {
        let player = self.state.player;
        let mut row = Row(rect.with_min_y(rect.bottom() - PLAY));
        let (times, _) = rect.split_top_bottom_at_y(row.0.top());
        self.texts(times.shrink2(vec2(theme::GAP_XS, 0.0)), Align::Min, &[]);
        let length = clock_text(player.duration, player.duration);
        self.texts(
            times.shrink2(vec2(theme::GAP_XS, 0.0)),
            Align::Max,
            &[&length],
        );
        speed_menu(self.ui, row.left(SPEED), player.speed, &mut self.commands);
        self.button(
            row.right(theme::BUTTON),
            Icon::Fullscreen,
            "Full screen",
            false,
        );
        open_menu(self.ui, row.right(theme::BUTTON), &mut self.commands);
        self.loop_button(row.right(theme::BUTTON));
        // In the middle of the window, or as near to it as the others leave room.
        let half = theme::BUTTON + 0.5 * PLAY;
        let x = rect.center().x.min(row.0.right() - half);
        let middle = pos2(x, row.0.center().y);
        self.play_buttons(Rect::from_center_size(middle, vec2(2.0 * half, PLAY)));
    }

    fn play_buttons(&mut self, rect: Rect) {
        let (icon, label) = match self.state.player.playback {
            Playback::Playing => (Icon::Pause, "Pause"),
            Playback::Paused => (Icon::Play, "Play"),
            Playback::Ended => (Icon::Play, "Play again"),
        };
        let mut row = Row(rect);
        self.button(row.left(theme::BUTTON), Icon::StepBack, "Step back", false);
        self.button(row.left(PLAY), icon, label, false);
        self.button(
            row.left(theme::BUTTON),
            Icon::StepForward,
            "Step forward",
            false,
        );
    }

    fn loop_button(&mut self, rect: Rect) {
        let mode = self.state.player.loop_mode;
        let label = format!("Loop: {}", mode.name());
        self.button(rect, Icon::Loop(mode), &label, mode != LoopMode::Off);
    }

    /// An icon button, for what the icon stands for.
    fn button(&mut self, slot: Rect, icon: Icon, label: &str, lit: bool) {
        let command = match icon {
            Icon::StepBack => Command::Step(-1),
            Icon::StepForward => Command::Step(1),
            Icon::Loop(_) => Command::LoopCycle,
            Icon::AbLoop => Command::AbCycle,
            Icon::Statistics => Command::ToggleStatistics,
            Icon::Fullscreen => Command::ToggleFullscreen,
            Icon::ResetView => Command::ResetView,
            Icon::Open => Command::Open,
            Icon::Close => Command::DismissNotices,
            Icon::Play | Icon::Pause => Command::TogglePlay,
        };
        // A clip of one frame has no time.
        let about_time = !matches!(
            icon,
            Icon::Statistics | Icon::Fullscreen | Icon::ResetView | Icon::Open
        );
        let enabled = !about_time || self.state.player.frame_count > 1;
        let hint =
            keys::hint(command).map_or_else(|| label.to_owned(), |key| format!("{label} ({key})"));
        let side = slot.width().min(slot.height());
        let at = Rect::from_center_size(slot.center(), vec2(side, side));
        let response = self
            .ui
            .add_enabled_ui(enabled, |ui| icon_button(ui, at, icon, label, &hint, lit));
        if response.inner.clicked() {
            self.commands.push(command);
        }
    }

    /// The time, then those of the quieter texts for which there is room, as text that can be read
    /// out.
    fn texts(&mut self, rect: Rect, align: Align, quiet: &[&str]) {
        let state = self.state.player;
        let layout = match align {
            Align::Max => Layout::right_to_left(Align::Center),
            Align::Min | Align::Center => Layout::left_to_right(Align::Center),
        };
        let builder = UiBuilder::new().max_rect(rect).layout(layout);
        self.ui.scope_builder(builder, |ui| {
            ui.spacing_mut().item_spacing.x = theme::GAP_XS;
            if align == Align::Min {
                let time = clock_text(state.time, state.duration);
                ui.label(RichText::new(time).color(theme::TEXT));
            }
            for text in quiet {
                let font = theme::body();
                let galley = ui
                    .painter()
                    .layout_no_wrap((*text).to_owned(), font, theme::TEXT);
                if galley.size().x + theme::GAP_S > ui.available_width() {
                    break;
                }
                if text.is_empty() {
                    ui.add_space(theme::GAP_S);
                } else {
                    ui.label(RichText::new(*text).color(theme::TEXT_QUIET));
                }
            }
            if align == Align::Min && state.buffering && !state.scrubbing {
                ui.add_space(theme::GAP_S);
                ui.label(RichText::new("Buffering").color(theme::ACCENT));
            }
        });
    }
}

fn open_menu(ui: &mut Ui, rect: Rect, commands: &mut Vec<Command>) {
    let side = theme::BUTTON.min(rect.width());
    let at = Rect::from_center_size(rect.center(), vec2(side, side));
    let response = icon_button(ui, at, Icon::Open, "Open", "Open a clip", false);
    Popup::menu(&response).show(|ui| {
        for (text, command) in [
            ("Open file…", Command::Open),
            ("Open folder…", Command::OpenFolder),
        ] {
            let shortcut = keys::hint(command).unwrap_or_default();
            let button = egui::Button::new(text).shortcut_text(shortcut);
            if ui.add(button).accessible_name(text).clicked() {
                commands.push(command);
            }
        }
    });
}

fn speed_menu(ui: &mut Ui, slot: Rect, speed: f64, commands: &mut Vec<Command>) {
    let rect = Rect::from_center_size(slot.center(), vec2(slot.width(), theme::BUTTON));
    let text = format!("{}×", (speed * 100.0).round() / 100.0);
    let response = ui.allocate_rect(rect, Sense::click());
    let label = format!("Speed: {text}");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &label));
    if response.hovered() || response.has_focus() {
        ui.painter()
            .rect_filled(rect, theme::RADIUS_CONTROL, theme::HOVER);
    }
    if response.has_focus() {
        focus_ring(ui, rect);
    }
    let color = if speed == 1.0 {
        theme::TEXT
    } else {
        theme::ACCENT
    };
    ui.painter().text(
        rect.center(),
        Align2::CENTER_CENTER,
        text,
        theme::body(),
        color,
    );
    let response = response.on_hover_text("Speed ([ slower, ] faster, Backspace normal)");
    Popup::menu(&response).width(96.0).show(|ui| {
        for choice in SPEEDS.iter().rev() {
            let text = format!("{choice}×");
            if ui.selectable_label(speed == *choice, text).clicked() {
                commands.push(Command::Speed(*choice));
                ui.close();
            }
        }
    });
}
