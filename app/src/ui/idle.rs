//! Controls fade when a clip plays and nobody touches anything.

use std::time::Duration;

use egui::{CursorIcon, Event, Ui};
use zoetrope_player::{Playback, PlayerState};

use super::theme;
use super::transport_bar::WAITING_SHOWN_AFTER_S;

/// How long nothing has to be touched, in seconds.
const REST_S: f64 = 2.5;

/// When anything was touched last.
#[derive(Debug, Default)]
pub struct Idle {
    touched: f64,
    /// Whether controls were faded in the last frame.
    hidden: bool,
}

impl Idle {
    /// How strongly controls are shown, 0 to 1. They fade while `state` plays, if they `may_hide`.
    pub fn strength(&mut self, ui: &Ui, may_hide: bool, state: Option<&PlayerState>) -> f32 {
        let now = ui.input(|input| input.time);
        let is_touched = ui.input(|input| {
            input.pointer.any_down()
                || input.events.iter().any(|event| {
                    matches!(
                        event,
                        Event::PointerMoved(_)
                            | Event::PointerButton { .. }
                            | Event::MouseWheel { .. }
                            | Event::Touch { .. }
                            | Event::Key { .. }
                            | Event::AccessKitActionRequest(_)
                    )
                })
        });
        let plays = state.is_some_and(|state| {
            // What is waited for is told by the controls.
            let waits = state
                .waiting
                .is_some_and(|waiting| waiting.seconds >= WAITING_SHOWN_AFTER_S);
            let plays = state.playback == Playback::Playing && !state.scrubbing && !waits;
            plays && state.picture.is_some()
        });
        // Whoever is in a menu, or goes through controls with the keyboard, is not idle.
        let busy =
            egui::Popup::is_any_open(ui.ctx()) || ui.memory(|memory| memory.focused().is_some());
        if is_touched || !plays || !may_hide || busy {
            self.touched = now;
        }
        let rest = REST_S - (now - self.touched);
        self.hidden = rest <= 0.0;
        if self.hidden {
            ui.ctx().set_cursor_icon(CursorIcon::None);
        } else if plays && may_hide {
            let rest = Duration::try_from_secs_f64(rest).unwrap_or_default();
            ui.ctx().request_repaint_after(rest);
        }
        let id = ui.scope_id().with("controls");
        ui.ctx()
            .animate_bool_with_time(id, !self.hidden, theme::MOTION_S)
    }
}
