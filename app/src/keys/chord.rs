//! A key with what is held with it.

use std::fmt;
use std::str::FromStr;

use egui::{Key, Modifiers};

/// A key with what must be held, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    /// The key.
    pub key: Key,
    /// Ctrl, or Cmd on a Mac.
    pub command: bool,
    /// Shift. Always false for keys that are typed with it, like "?".
    pub shift: bool,
    /// Alt.
    pub alt: bool,
}

/// Keys that many keyboards have on another key's shifted side.
const SHIFTED: [Key; 7] = [
    Key::Questionmark,
    Key::Plus,
    Key::Colon,
    Key::Pipe,
    Key::Exclamationmark,
    Key::OpenCurlyBracket,
    Key::CloseCurlyBracket,
];

impl Chord {
    /// What the system tells as a wish to copy, and not as a key.
    pub const COPY: Self = Self {
        key: Key::C,
        command: true,
        shift: false,
        alt: false,
    };

    /// A key as it was pressed.
    pub fn new(key: Key, modifiers: Modifiers) -> Self {
        Self {
            key,
            command: modifiers.command || modifiers.ctrl,
            shift: modifiers.shift && !SHIFTED.contains(&key),
            alt: modifiers.alt,
        }
    }

    /// As it is written on keys: "Ctrl+Shift+O", "←".
    pub fn symbols(&self) -> String {
        self.text(match self.key {
            // Egui's own arrows are triangles, which fonts of text do not have.
            Key::ArrowLeft => "←",
            Key::ArrowRight => "→",
            Key::ArrowUp => "↑",
            Key::ArrowDown => "↓",
            key => key.symbol_or_name(),
        })
    }

    fn text(&self, key: &str) -> String {
        let mut text = String::new();
        for (held, name) in [
            (self.command, "Ctrl+"),
            (self.alt, "Alt+"),
            (self.shift, "Shift+"),
        ] {
            if held {
                text += name;
            }
        }
        text + key
    }
}

impl fmt::Display for Chord {
    /// As it stands in files: "Ctrl+Shift+O", "Left".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(self.key.name()))
    }
}

impl FromStr for Chord {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut modifiers = Modifiers::NONE;
        let mut rest = text.trim();
        // The key itself may be "+".
        while let Some((name, after)) = rest.split_once('+').filter(|(_, after)| !after.is_empty())
        {
            match name.trim().to_ascii_lowercase().as_str() {
                "ctrl" | "cmd" | "command" => modifiers.command = true,
                "shift" => modifiers.shift = true,
                "alt" | "option" => modifiers.alt = true,
                _ => return Err(()),
            }
            rest = after.trim();
        }
        let key = Key::from_name(rest).ok_or(())?;
        Ok(Self::new(key, modifiers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_print_and_parse_back() {
        for key in Key::ALL {
            for (command, shift, alt) in [
                (false, false, false),
                (true, false, false),
                (true, true, true),
                (false, true, false),
            ] {
                let modifiers = Modifiers {
                    command,
                    shift,
                    alt,
                    ..Modifiers::NONE
                };
                let chord = Chord::new(*key, modifiers);
                assert_eq!(chord.to_string().parse(), Ok(chord), "{chord}");
            }
        }
    }

    #[test]
    fn chords_are_written_loosely() {
        let chord = |text: &str| text.parse::<Chord>().map(|chord| chord.to_string());
        assert_eq!(chord(" shift + ctrl+o").as_deref(), Ok("Ctrl+Shift+O"));
        assert_eq!(chord("Ctrl++").as_deref(), Ok("Ctrl+Plus"));
        assert_eq!(chord("?").as_deref(), Ok("Questionmark"));
        assert_eq!(chord("Shift+?"), chord("?"));
        assert_eq!(chord("Cmd+,").as_deref(), Ok("Ctrl+Comma"));
        for bad in ["", "Ctrl+", "Hyper+A", "A+B", "Ctrl+NoSuchKey", "+A"] {
            assert!(bad.parse::<Chord>().is_err(), "{bad}");
        }
    }

    #[test]
    fn symbols_are_for_people() {
        let chord: Chord = "Shift+Left".parse().expect("a chord");
        assert_eq!(chord.symbols(), "Shift+←");
    }
}
