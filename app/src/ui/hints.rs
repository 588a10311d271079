//! First-run hints: what one would not guess, one at a time, each until it is done or put away.

use egui::{Button, Event, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use zoetrope_player::Command;

use super::theme;
use crate::keys;
use crate::text::{fill, text};

/// Widest a hint gets.
const WIDTH_MAX: f32 = 560.0;
/// A place that is lower shows none.
const HEIGHT_MIN: f32 = 120.0;

/// Something worth a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// How the clip is turned.
    Turn,
    /// How it is played.
    Play,
    /// Where all commands are.
    Palette,
}

impl Hint {
    /// Every hint, in the order in which they come.
    const ALL: [Self; 3] = [Self::Turn, Self::Play, Self::Palette];

    /// Its name among those that were seen.
    fn name(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::Play => "play",
            Self::Palette => "palette",
        }
    }

    /// The hint that is of no use any more to one who has given a command.
    fn taught(command: Command) -> Option<Self> {
        match command {
            Command::TogglePlay | Command::Step(_) => Some(Self::Play),
            Command::CommandPalette => Some(Self::Palette),
            _ => None,
        }
    }

    /// What it says.
    fn sentence(self, ui: &Ui, touch: bool) -> String {
        let texts = &text(ui).panels;
        let key = |command| keys::hint(ui.ctx(), command);
        match self {
            Self::Turn if touch => texts.hint_turn_touch.to_owned(),
            Self::Turn => texts.hint_turn.to_owned(),
            Self::Play => match [Command::TogglePlay, Command::Step(-1), Command::Step(1)].map(key)
            {
                [Some(play), Some(back), Some(on)] if !touch => {
                    fill(texts.hint_play, &[&play, &back, &on])
                }
                _ => texts.hint_play_touch.to_owned(),
            },
            Self::Palette => match key(Command::CommandPalette) {
                Some(key) if !touch => fill(texts.hint_palette, &[&key]),
                _ => texts.hint_palette_touch.to_owned(),
            },
        }
    }
}

/// The hints, from frame to frame.
#[derive(Debug, Default)]
pub struct Hints {
    /// Whether a finger was seen.
    touch: bool,
}

impl Hints {
    /// Notes that a hint has been followed, or that a command was given which it is about.
    pub fn learn(command: Command, seen: &mut Vec<String>) {
        if let Some(hint) = Hint::taught(command) {
            put_away(hint, seen);
        }
    }

    /// Shows the first hint that was not `seen` at the foot of `area`; none about turning where the clip
    /// is flat. Gives the place it takes.
    pub fn show(&mut self, ui: &mut Ui, area: Rect, is_flat: bool, seen: &mut Vec<String>) -> Rect {
        self.touch |= ui.input(|input| {
            let mut events = input.events.iter();
            events.any(|event| matches!(event, Event::Touch { .. }))
        });
        let mut hints = Hint::ALL.into_iter();
        let hint = hints.find(|hint| {
            let is_of_use = !(is_flat && *hint == Hint::Turn);
            is_of_use && !seen.iter().any(|name| name == hint.name())
        });
        let Some(hint) = hint.filter(|_| area.height() > HEIGHT_MIN) else {
            return Rect::NOTHING;
        };
        let sentence = hint.sentence(ui, self.touch);
        let (place, done) = pill(ui, area, &sentence);
        if done {
            put_away(hint, seen);
        }
        place
    }
}

/// A hint does not come back.
pub fn put_away(hint: Hint, seen: &mut Vec<String>) {
    if !seen.iter().any(|name| name == hint.name()) {
        seen.push(hint.name().to_owned());
    }
}

/// A sentence with a button beside it; its place, and whether the button was pressed.
fn pill(ui: &mut Ui, area: Rect, sentence: &str) -> (Rect, bool) {
    let palette = theme::palette(ui);
    let done = text(ui).panels.hint_done;
    let label = ui
        .painter()
        .layout_no_wrap(done.to_owned(), theme::body(), palette.text);
    let button = vec2(label.size().x + 2.0 * theme::GAP_M, theme::BUTTON);
    let sides = theme::GAP_L + theme::GAP_S + button.x + theme::GAP_XS;
    let room = area.width().min(WIDTH_MAX) - sides;
    let galley = ui.painter().layout(
        sentence.to_owned(),
        theme::body(),
        palette.text,
        room.max(80.0),
    );
    let size = vec2(
        galley.size().x + sides,
        (galley.size().y + 2.0 * theme::GAP_S).max(theme::BUTTON + 2.0 * theme::GAP_XS),
    );
    let top_left = pos2(
        area.center().x - 0.5 * size.x,
        area.bottom() - theme::GAP_XS - size.y,
    );
    let place = Rect::from_min_size(top_left.round(), size);
    let response = ui.allocate_rect(place, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Status, true, sentence));
    ui.painter().add(theme::surface(palette).paint(place));
    let text_at = pos2(
        place.left() + theme::GAP_L,
        place.center().y - 0.5 * galley.size().y,
    );
    ui.painter().galley(text_at, galley, palette.text);
    let at = Rect::from_min_size(
        pos2(
            place.right() - theme::GAP_XS - button.x,
            place.center().y - 0.5 * button.y,
        ),
        button,
    );
    let builder = UiBuilder::new().max_rect(at);
    let clicked = ui
        .scope_builder(builder, |ui| {
            ui.add(Button::new(done).min_size(button)).clicked()
        })
        .inner;
    (place, clicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hint_is_put_away_once_and_by_what_it_is_about() {
        let mut seen = Vec::new();
        Hints::learn(Command::Quit, &mut seen);
        assert!(seen.is_empty());
        Hints::learn(Command::Step(-1), &mut seen);
        Hints::learn(Command::TogglePlay, &mut seen);
        Hints::learn(Command::CommandPalette, &mut seen);
        put_away(Hint::Turn, &mut seen);
        put_away(Hint::Turn, &mut seen);
        assert_eq!(seen, ["play", "palette", "turn"]);
        assert_eq!(seen.len(), Hint::ALL.len());
    }
}
