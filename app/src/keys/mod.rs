//! Which key does what: presets and changes to them, as data.

mod chord;
mod keymap;

use std::sync::Arc;

use egui::{Context, Event, Id, Key};
use zoetrope_player::Command;

pub use chord::Chord;
pub use keymap::{Binding, Keymap, Preset};

impl Keymap {
    /// Makes it the one of which [`hint`] tells.
    pub fn apply(&self, ctx: &Context) {
        let keymap = Arc::new(self.clone());
        ctx.data_mut(|data| data.insert_temp(Id::NULL, keymap));
    }

    /// The commands of the keys pressed in this frame. Ctrl+C comes as what it is for. Keys typed into a text field are not the
    /// player's; Space and Enter belong to a button that has the keyboard's focus.
    pub fn pressed(&self, ctx: &Context) -> Vec<Command> {
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
                        self.command_of(Chord::new(*key, *modifiers), *repeat)
                    }
                    Event::Copy => self.command_of(Chord::COPY, false),
                    _ => None,
                })
                .collect()
        })
    }
}

/// The key of a command for hints ("Space"), the first of several.
pub fn hint(ctx: &Context, command: Command) -> Option<String> {
    let keymap = ctx.data(|data| data.get_temp::<Arc<Keymap>>(Id::NULL))?;
    let chord = keymap.chords(command).next()?;
    Some(chord.symbols())
}

/// "Pause (Space)": what a control does, with the key that does the same.
pub fn with_hint(ctx: &Context, label: &str, command: Command) -> String {
    hint(ctx, command).map_or_else(|| label.to_owned(), |key| format!("{label} ({key})"))
}
