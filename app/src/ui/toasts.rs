//! Messages: errors stay until they are taken away, notes go by themselves.

use std::sync::Arc;
use std::time::Duration;

use egui::{Galley, Rect, Ui, vec2};
use zoetrope_player::Command;

use super::icons::{Icon, icon_button};
use super::theme;
use crate::keys;
use crate::text::{fill, text};

/// Messages shown at once; the others are counted.
const SHOWN: usize = 3;
/// Messages kept: nobody reads more, and a clip may have a million bad frames.
const KEPT: usize = 30;
/// Widest a message gets.
const WIDTH_MAX: f32 = 420.0;
/// How long a note stays, in seconds.
const NOTE_S: f64 = 4.0;
/// The same for one with something to do.
const ACTION_NOTE_S: f64 = 8.0;

/// What can be done about a note.
#[derive(Clone, Copy, Debug)]
pub struct Action {
    /// On its button.
    pub icon: Icon,
    /// What it is called.
    pub label: &'static str,
    /// What it does.
    pub command: Command,
}

/// A message on the screen.
#[derive(Debug)]
struct Toast {
    text: String,
    /// When a note goes; errors stay.
    until: Option<f64>,
    action: Option<Action>,
}

/// What there is to tell, oldest first.
#[derive(Debug, Default)]
pub struct Toasts {
    toasts: Vec<Toast>,
    /// Older messages that are no longer kept.
    forgotten: usize,
}

impl Toasts {
    /// Adds a message about something that went wrong, unless the very same one is there already.
    pub fn push(&mut self, text: String) {
        self.add(Toast {
            text,
            until: None,
            action: None,
        });
    }

    /// Adds a note that goes by itself, in place of the one before: it tells of what was done last.
    pub fn note(&mut self, text: String, now: f64) {
        self.toasts
            .retain(|toast| toast.until.is_none() && toast.text != text);
        self.add(Toast {
            text,
            until: Some(now + NOTE_S),
            action: None,
        });
    }

    /// Adds a note that goes by itself, with something that can be done about it.
    pub fn note_with(&mut self, text: String, action: Action, now: f64) {
        self.toasts.retain(|toast| toast.text != text);
        self.add(Toast {
            text,
            until: Some(now + ACTION_NOTE_S),
            action: Some(action),
        });
    }

    fn add(&mut self, toast: Toast) {
        if self.toasts.iter().all(|other| other.text != toast.text) {
            self.toasts.push(toast);
        }
        if self.toasts.len() > KEPT {
            self.toasts.remove(0);
            self.forgotten += 1;
        }
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        self.toasts.clear();
        self.forgotten = 0;
    }

    /// The messages, oldest first.
    pub fn messages(&self) -> Vec<String> {
        self.toasts.iter().map(|toast| toast.text.clone()).collect()
    }

    /// The newest message about something that went wrong.
    pub fn last_error(&self) -> Option<&str> {
        let mut errors = self.toasts.iter().rev();
        errors
            .find(|toast| toast.until.is_none())
            .map(|toast| toast.text.as_str())
    }

    /// Shows the newest at the top right of `area`. Gives the place they take, and what is asked for
    /// with them.
    pub fn show(&mut self, ui: &mut Ui, area: Rect) -> (Rect, Vec<Command>) {
        self.expire(ui);
        if self.toasts.is_empty() {
            return (Rect::NOTHING, Vec::new());
        }
        let width = area.width().min(WIDTH_MAX);
        let left = area.right() - width;
        let mut top = area.top();
        let mut dismissed = None;
        let mut commands = Vec::new();
        let mut hidden = self.toasts.len();
        let newest_error = self.toasts.iter().rposition(|toast| toast.until.is_none());
        for (index, toast) in self.toasts.iter().enumerate().rev().take(SHOWN) {
            let at = Rect::from_min_size(egui::pos2(left, top), vec2(width, 0.0));
            let action = if newest_error == Some(index) {
                Some(Action {
                    icon: Icon::Copy,
                    label: text(ui).files.copy_details,
                    command: Command::CopyError,
                })
            } else {
                toast.action
            };
            let is_newest = hidden == self.toasts.len();
            let bottom = top + height(&laid_out(ui, at, toast, action.is_some()));
            // A low window has no room for the older ones.
            if !is_newest && bottom > area.bottom() {
                break;
            }
            hidden = index;
            let shown = show_toast(ui, at, index, toast, action);
            if shown.close {
                dismissed = Some(index);
            }
            commands.extend(shown.command);
            top = shown.bottom + theme::GAP_S;
        }
        if hidden > 0 {
            let count = (hidden + self.forgotten).to_string();
            let more = fill(text(ui).files.and_more, &[&count]);
            let at = egui::pos2(area.right(), top);
            ui.painter().text(
                at,
                egui::Align2::RIGHT_TOP,
                more,
                theme::small(),
                theme::palette(ui).text_quiet,
            );
        }
        if let Some(index) = dismissed {
            self.toasts.remove(index);
        }
        let place = Rect::from_min_max(
            egui::pos2(left, area.top()),
            egui::pos2(area.right(), top - theme::GAP_S),
        );
        (place, commands)
    }

    /// Lets notes go whose time is over.
    fn expire(&mut self, ui: &Ui) {
        let now = ui.input(|input| input.time);
        self.toasts
            .retain(|toast| toast.until.is_none_or(|until| until > now));
        let ends = self.toasts.iter().filter_map(|toast| toast.until);
        if let Some(end) = ends.min_by(f64::total_cmp) {
            let rest = Duration::try_from_secs_f64(end - now).unwrap_or_default();
            ui.ctx().request_repaint_after(rest);
        }
    }
}

/// What became of a message.
struct Shown {
    bottom: f32,
    close: bool,
    command: Option<Command>,
}

/// The text of a message, in lines that leave room for its buttons.
fn laid_out(ui: &Ui, at: Rect, toast: &Toast, has_action: bool) -> Arc<Galley> {
    let buttons = if has_action { 2.0 } else { 1.0 } * theme::BUTTON + theme::GAP_XS;
    let width = at.width() - theme::GAP_S - 2.0 * theme::GAP_M - buttons;
    let color = theme::palette(ui).text;
    ui.painter()
        .layout(toast.text.clone(), theme::body(), color, width)
}

/// How high a message with this text is.
fn height(galley: &Galley) -> f32 {
    (galley.size().y + 2.0 * theme::GAP_M).max(theme::BUTTON + theme::GAP_S)
}

fn show_toast(ui: &mut Ui, at: Rect, index: usize, toast: &Toast, action: Option<Action>) -> Shown {
    let palette = theme::palette(ui);
    let galley = laid_out(ui, at, toast, action.is_some());
    let rect = Rect::from_min_size(at.min, vec2(at.width(), height(&galley)));
    let id = ui.make_persistent_id(("toast", index));
    // Presses on it must not reach the picture.
    let response = ui.interact(rect, id, egui::Sense::click_and_drag());
    let role = if toast.until.is_some() {
        egui::Role::Status
    } else {
        egui::Role::Alert
    };
    response.widget_info(|| egui::WidgetInfo::labeled(role, true, &toast.text));
    ui.painter().add(theme::surface(palette).paint(rect));
    let stripe = Rect::from_min_max(
        rect.left_top() + vec2(theme::GAP_S, theme::GAP_M),
        rect.left_bottom() + vec2(theme::GAP_S + 3.0, -theme::GAP_M),
    );
    let color = if toast.until.is_some() {
        palette.accent
    } else {
        palette.danger
    };
    ui.painter().rect_filled(stripe, 1.5, color);
    let text_at = egui::pos2(
        rect.left() + theme::GAP_S + theme::GAP_M,
        rect.center().y - 0.5 * galley.size().y,
    );
    ui.painter().galley(text_at, galley, palette.text);
    let slot = |number: f32| {
        Rect::from_center_size(
            egui::pos2(
                rect.right() - theme::GAP_XS - (number + 0.5) * theme::BUTTON,
                rect.center().y,
            ),
            vec2(theme::BUTTON, theme::BUTTON),
        )
    };
    let files = &text(ui).files;
    let mut button = |slot: Rect, icon: Icon, label: &str, command: Command| {
        let hint = keys::with_hint(ui.ctx(), label, command);
        icon_button(ui, slot, icon, label, &hint, false).clicked()
    };
    let command = action
        .filter(|action| button(slot(1.0), action.icon, action.label, action.command))
        .map(|action| action.command);
    let close = button(slot(0.0), Icon::X, files.dismiss, Command::DismissNotices);
    Shown {
        bottom: rect.bottom(),
        close,
        command,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_message_is_there_once() {
        let mut toasts = Toasts::default();
        toasts.push("a".to_owned());
        toasts.push("b".to_owned());
        toasts.push("a".to_owned());
        assert_eq!(toasts.messages(), ["a", "b"]);
        toasts.clear();
        toasts.push("a".to_owned());
        assert_eq!(toasts.messages(), ["a"]);
    }

    #[test]
    fn the_newest_are_kept_and_the_others_counted() {
        let mut toasts = Toasts::default();
        for number in 0..=KEPT {
            toasts.push(number.to_string());
        }
        assert_eq!((toasts.toasts.len(), toasts.forgotten), (KEPT, 1));
        assert_eq!(toasts.messages().last(), Some(&KEPT.to_string()));
        toasts.clear();
        assert_eq!(toasts.forgotten, 0);
    }

    #[test]
    fn notes_are_no_errors_and_start_again_when_they_come_again() {
        let mut toasts = Toasts::default();
        toasts.push("error".to_owned());
        toasts.note("note".to_owned(), 1.0);
        toasts.note("note".to_owned(), 3.0);
        assert_eq!(toasts.messages(), ["error", "note"]);
        assert_eq!(toasts.last_error(), Some("error"));
        assert_eq!(toasts.toasts[1].until, Some(3.0 + NOTE_S));
    }
}
