//! Which key does what. mpv and YouTube habits, as data.

use egui::{Event, Key, Modifiers};
use zoetrope_player::Command;

/// A key with what must be held, and what it does.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The key.
    pub key: Key,
    /// What must be held, exactly. `command` is Ctrl, or Cmd on a Mac.
    pub modifiers: Modifiers,
    /// What it does.
    pub command: Command,
}

const fn plain(key: Key, command: Command) -> Binding {
    with(key, Modifiers::NONE, command)
}

const fn with(key: Key, modifiers: Modifiers, command: Command) -> Binding {
    Binding {
        key,
        modifiers,
        command,
    }
}

/// The bindings that the application starts with.
pub const BINDINGS: &[Binding] = &[
    plain(Key::Space, Command::TogglePlay),
    plain(Key::K, Command::TogglePlay),
    plain(Key::ArrowLeft, Command::SeekBy(-5.0)),
    plain(Key::ArrowRight, Command::SeekBy(5.0)),
    with(Key::ArrowLeft, Modifiers::SHIFT, Command::SeekBy(-1.0)),
    with(Key::ArrowRight, Modifiers::SHIFT, Command::SeekBy(1.0)),
    plain(Key::J, Command::SeekBy(-10.0)),
    plain(Key::L, Command::SeekBy(10.0)),
    plain(Key::Comma, Command::Step(-1)),
    plain(Key::Period, Command::Step(1)),
    plain(Key::OpenBracket, Command::SpeedDown),
    plain(Key::CloseBracket, Command::SpeedUp),
    plain(Key::Backspace, Command::SpeedReset),
    with(Key::L, Modifiers::SHIFT, Command::LoopCycle),
    plain(Key::B, Command::AbCycle),
    plain(Key::Num0, Command::GoPercent(0.0)),
    plain(Key::Num1, Command::GoPercent(10.0)),
    plain(Key::Num2, Command::GoPercent(20.0)),
    plain(Key::Num3, Command::GoPercent(30.0)),
    plain(Key::Num4, Command::GoPercent(40.0)),
    plain(Key::Num5, Command::GoPercent(50.0)),
    plain(Key::Num6, Command::GoPercent(60.0)),
    plain(Key::Num7, Command::GoPercent(70.0)),
    plain(Key::Num8, Command::GoPercent(80.0)),
    plain(Key::Num9, Command::GoPercent(90.0)),
    plain(Key::Home, Command::GoStart),
    plain(Key::End, Command::GoEnd),
    plain(Key::R, Command::ResetView),
    plain(Key::I, Command::ToggleStatistics),
    plain(Key::F, Command::ToggleFullscreen),
    plain(Key::Escape, Command::DismissNotices),
    with(Key::O, Modifiers::COMMAND, Command::Open),
    with(
        Key::O,
        Modifiers::COMMAND.plus(Modifiers::SHIFT),
        Command::OpenFolder,
    ),
];

/// The commands of the keys pressed in this frame. Keys typed into a text field are not the
/// player's; Space and Enter belong to a button that has the keyboard's focus.
pub fn pressed(ctx: &egui::Context) -> Vec<Command> {
    if ctx.text_edit_focused() {
        return Vec::new();
    }
    let focused = ctx.memory(|memory| memory.focused().is_some());
    ctx.input(|input| {
        let events = input.events.iter();
        events
            .filter_map(|event| match event {
                Event::Key {
                    key,
                    pressed: true,
                    repeat,
                    modifiers,
                    ..
                } if !(focused && matches!(key, Key::Space | Key::Enter)) => {
                    command_of(*key, *modifiers, *repeat)
                }
                _ => None,
            })
            .collect()
    })
}

/// What a key does; a key that is held down repeats only what goes somewhere.
fn command_of(key: Key, modifiers: Modifiers, repeat: bool) -> Option<Command> {
    let mut bindings = BINDINGS.iter();
    let binding = bindings
        .find(|binding| binding.key == key && modifiers.matches_exact(binding.modifiers))?;
    let repeats = matches!(
        binding.command,
        Command::SeekBy(_) | Command::Step(_) | Command::SpeedUp | Command::SpeedDown
    );
    (repeats || !repeat).then_some(binding.command)
}

/// The key of a command for hints ("Space"), the first of several.
pub fn hint(command: Command) -> Option<String> {
    let mut bindings = BINDINGS.iter();
    let binding = bindings.find(|binding| binding.command == command)?;
    let mut text = String::new();
    if binding.modifiers.command {
        text += "Ctrl+";
    }
    if binding.modifiers.shift {
        text += "Shift+";
    }
    Some(text + binding.key.symbol_or_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_does_two_things() {
        for (index, binding) in BINDINGS.iter().enumerate() {
            for other in &BINDINGS[..index] {
                assert!(
                    binding.key != other.key || binding.modifiers != other.modifiers,
                    "{binding:?}"
                );
            }
        }
    }

    #[test]
    fn modifiers_decide() {
        let shift = Modifiers::SHIFT;
        assert_eq!(
            command_of(Key::ArrowLeft, shift, false),
            Some(Command::SeekBy(-1.0))
        );
        assert_eq!(
            command_of(Key::ArrowLeft, Modifiers::NONE, false),
            Some(Command::SeekBy(-5.0))
        );
        assert_eq!(command_of(Key::ArrowLeft, Modifiers::CTRL, false), None);
        assert_eq!(command_of(Key::O, Modifiers::NONE, false), None);
        let ctrl = Modifiers {
            ctrl: true,
            command: true,
            ..Modifiers::NONE
        };
        assert_eq!(command_of(Key::O, ctrl, false), Some(Command::Open));
    }

    #[test]
    fn a_held_key_steps_on_but_does_not_toggle() {
        let none = Modifiers::NONE;
        assert_eq!(command_of(Key::Period, none, true), Some(Command::Step(1)));
        assert_eq!(command_of(Key::Space, none, true), None);
    }

    #[test]
    fn hints_name_the_key() {
        assert_eq!(hint(Command::TogglePlay).as_deref(), Some("Space"));
        assert_eq!(hint(Command::OpenFolder).as_deref(), Some("Ctrl+Shift+O"));
        assert_eq!(hint(Command::Play), None);
    }
}
