//! A preset and the changes a person has made to it.

use std::collections::HashMap;

use serde_json::{Value, json};
use zoetrope_player::Command;

use super::chord::Chord;
use crate::storage::Stored;

/// Changes that are read from a file; nobody makes more by hand.
const CHANGES_MAX: usize = 1000;

/// A set of keys to start from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// What mpv and YouTube agree on.
    #[default]
    Zoetrope,
    /// The habits of mpv.
    Mpv,
    /// The habits of YouTube.
    Youtube,
    /// The habits of VLC.
    Vlc,
}

impl Preset {
    /// Every preset with its word and its name.
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Zoetrope, "zoetrope", "Zoetrope"),
        (Self::Mpv, "mpv", "mpv"),
        (Self::Youtube, "youtube", "YouTube"),
        (Self::Vlc, "vlc", "VLC"),
    ];

    /// Its bindings: those that all have, where it says nothing else about the key or the command
    /// has no other key.
    fn bindings(self) -> Vec<Binding> {
        let own = match self {
            Self::Zoetrope => include_str!("presets/zoetrope.keys"),
            Self::Mpv => include_str!("presets/mpv.keys"),
            Self::Youtube => include_str!("presets/youtube.keys"),
            Self::Vlc => include_str!("presets/vlc.keys"),
        };
        let mut bindings = parse(own);
        for binding in parse(include_str!("presets/common.keys")) {
            if bindings.iter().all(|other| other.chord != binding.chord) {
                bindings.push(binding);
            }
        }
        bindings
    }
}

/// A chord and what it does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Binding {
    /// What is pressed.
    pub chord: Chord,
    /// What it does.
    pub command: Command,
}

impl Binding {
    fn value(&self) -> Value {
        json!([self.chord.to_string(), self.command.to_string()])
    }

    fn of_value(value: &Value) -> Option<Self> {
        let [Value::String(chord), Value::String(command)] = value.as_array()?.as_slice() else {
            return None;
        };
        Some(Self {
            chord: chord.parse().ok()?,
            command: command.parse().ok()?,
        })
    }
}

/// Lines of "CHORD COMMAND"; those that make no sense are left out (a test holds that there are
/// none in the presets).
fn parse(text: &str) -> Vec<Binding> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let (chord, command) = line.split_once(char::is_whitespace)?;
            Some(Binding {
                chord: chord.parse().ok()?,
                command: command.trim().parse().ok()?,
            })
        })
        .collect()
}

/// Which chord does what.
#[derive(Clone, Debug, PartialEq)]
pub struct Keymap {
    preset: Preset,
    /// Bindings of the preset that are gone.
    removed: Vec<Binding>,
    /// Bindings that the preset does not have.
    added: Vec<Binding>,
    /// What follows from all that; of two with the same chord the first counts.
    bindings: Vec<Binding>,
    /// Entries of the file that this version does not understand, which it keeps.
    unknown: Vec<Value>,
}

impl Default for Keymap {
    fn default() -> Self {
        let preset = Preset::default();
        Self {
            preset,
            removed: Vec::new(),
            added: Vec::new(),
            bindings: preset.bindings(),
            unknown: Vec::new(),
        }
    }
}

impl Keymap {
    /// The preset it starts from.
    pub fn preset(&self) -> Preset {
        self.preset
    }

    /// Every binding; of two with the same chord the first counts.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// Starts from another preset; the changes stay.
    pub fn set_preset(&mut self, preset: Preset) {
        self.preset = preset;
        self.gather();
    }

    /// Forgets all changes.
    pub fn reset(&mut self) {
        self.removed.clear();
        self.added.clear();
        self.gather();
    }

    /// Whether anything was changed.
    pub fn is_changed(&self) -> bool {
        !self.removed.is_empty() || !self.added.is_empty()
    }

    /// Lets `chord` do `command`. Whatever else it did it still does, as a conflict in which the
    /// new one counts.
    pub fn bind(&mut self, chord: Chord, command: Command) {
        let binding = Binding { chord, command };
        self.removed.retain(|other| *other != binding);
        self.added.retain(|other| *other != binding);
        self.added.insert(0, binding);
        self.gather();
    }

    /// Lets `chord` no longer do `command`.
    pub fn unbind(&mut self, chord: Chord, command: Command) {
        let binding = Binding { chord, command };
        self.added.retain(|other| *other != binding);
        if self.preset.bindings().contains(&binding) {
            self.removed.push(binding);
        }
        self.gather();
    }

    fn gather(&mut self) {
        let preset = self.preset.bindings();
        self.removed.retain(|binding| preset.contains(binding));
        let kept = preset
            .iter()
            .filter(|binding| !self.removed.contains(binding) && !self.added.contains(binding));
        self.bindings = self.added.iter().chain(kept).copied().collect();
    }

    /// The chords of a command, the first of which is told in hints.
    pub fn chords(&self, command: Command) -> impl Iterator<Item = Chord> + '_ {
        let bindings = self.bindings.iter();
        bindings
            .filter(move |binding| binding.command == command)
            .map(|binding| binding.chord)
    }

    /// What `chord` does; a key that is held down repeats only what goes somewhere.
    pub fn command_of(&self, chord: Chord, repeat: bool) -> Option<Command> {
        let mut bindings = self.bindings.iter();
        let binding = bindings.find(|binding| binding.chord == chord)?;
        let repeats = matches!(
            binding.command,
            Command::SeekBy(_)
                | Command::Step(_)
                | Command::SpeedUp
                | Command::SpeedDown
                | Command::FovNarrower
                | Command::FovWider
                | Command::UiScaleUp
                | Command::UiScaleDown
        );
        (repeats || !repeat).then_some(binding.command)
    }

    /// Chords that do more than one thing, with those things; the first counts.
    pub fn conflicts(&self) -> Vec<(Chord, Vec<Command>)> {
        let mut commands: HashMap<Chord, Vec<Command>> = HashMap::new();
        for binding in &self.bindings {
            commands
                .entry(binding.chord)
                .or_default()
                .push(binding.command);
        }
        let mut conflicts: Vec<_> = commands
            .into_iter()
            .filter(|(_, commands)| commands.len() > 1)
            .collect();
        conflicts.sort_by_key(|(chord, _)| chord.to_string());
        conflicts
    }
}

impl Stored for Keymap {
    const NAME: &'static str = "keys.json";

    fn decode(bytes: &[u8]) -> Result<(Self, Vec<String>), String> {
        let file: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let Value::Object(file) = file else {
            return Err("it is not an object".to_owned());
        };
        let mut keymap = Self::default();
        let mut skipped = Vec::new();
        if let Some(word) = file.get("preset") {
            let mut presets = Preset::ALL.iter();
            match presets.find(|(_, name, _)| word == name) {
                Some((preset, _, _)) => keymap.preset = *preset,
                None => skipped.push(format!("preset = {word}")),
            }
        }
        for (key, added) in [("added", true), ("removed", false)] {
            let list = match file.get(key) {
                None => continue,
                Some(Value::Array(list)) if list.len() <= CHANGES_MAX => list,
                Some(_) => {
                    skipped.push(key.to_owned());
                    continue;
                }
            };
            for value in list {
                match Binding::of_value(value) {
                    Some(binding) if added => keymap.added.push(binding),
                    Some(binding) => keymap.removed.push(binding),
                    None => {
                        skipped.push(value.to_string());
                        if added {
                            keymap.unknown.push(value.clone());
                        }
                    }
                }
            }
        }
        keymap.gather();
        Ok((keymap, skipped))
    }

    fn encode(&self) -> Vec<u8> {
        let values = |bindings: &[Binding]| bindings.iter().map(Binding::value).collect::<Vec<_>>();
        let mut presets = Preset::ALL.iter();
        let word = presets
            .find(|(preset, _, _)| *preset == self.preset)
            .map(|(_, word, _)| *word);
        let mut added = values(&self.added);
        added.extend(self.unknown.iter().cloned());
        let file = json!({
            "preset": word,
            "added": added,
            "removed": values(&self.removed),
        });
        format!("{file:#}\n").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Key, Modifiers};

    fn chord(text: &str) -> Chord {
        text.parse().expect("a chord")
    }

    #[test]
    fn every_line_of_a_preset_makes_sense_and_no_key_does_two_things() {
        for text in [
            include_str!("presets/common.keys"),
            include_str!("presets/zoetrope.keys"),
            include_str!("presets/mpv.keys"),
            include_str!("presets/youtube.keys"),
            include_str!("presets/vlc.keys"),
        ] {
            let lines = text
                .lines()
                .filter(|line| !line.is_empty() && !line.starts_with('#'));
            assert_eq!(parse(text).len(), lines.count());
        }
        for (preset, word, _) in Preset::ALL {
            let mut keymap = Keymap::default();
            keymap.set_preset(preset);
            assert_eq!(keymap.conflicts(), [], "{word}");
            let plays = keymap.chords(Command::TogglePlay).next();
            assert_eq!(plays, Some(chord("Space")), "{word}");
            // Whatever else a preset changes, these are how one finds the others.
            for command in [Command::CommandPalette, Command::Help, Command::Settings] {
                assert!(keymap.chords(command).next().is_some(), "{word} {command}");
            }
        }
    }

    #[test]
    fn modifiers_decide() {
        let keymap = Keymap::default();
        let command_of = |text: &str| keymap.command_of(chord(text), false);
        assert_eq!(command_of("Shift+Left"), Some(Command::SeekBy(-1.0)));
        assert_eq!(command_of("Left"), Some(Command::SeekBy(-5.0)));
        assert_eq!(command_of("Ctrl+Left"), None);
        assert_eq!(command_of("O"), None);
        assert_eq!(command_of("Ctrl+O"), Some(Command::Open));
        let pressed = Chord::new(Key::Questionmark, Modifiers::SHIFT);
        assert_eq!(keymap.command_of(pressed, false), Some(Command::Help));
    }

    #[test]
    fn a_held_key_steps_on_but_does_not_toggle() {
        let keymap = Keymap::default();
        assert_eq!(
            keymap.command_of(chord("Period"), true),
            Some(Command::Step(1))
        );
        assert_eq!(keymap.command_of(chord("Space"), true), None);
    }

    #[test]
    fn changes_count_before_the_preset_and_conflicts_are_found() {
        let mut keymap = Keymap::default();
        keymap.bind(chord("S"), Command::Pause);
        assert_eq!(keymap.command_of(chord("S"), false), Some(Command::Pause));
        assert_eq!(
            keymap.conflicts(),
            [(chord("S"), vec![Command::Pause, Command::Screenshot])]
        );
        keymap.unbind(chord("S"), Command::Screenshot);
        assert_eq!(keymap.conflicts(), []);
        assert_eq!(keymap.chords(Command::Screenshot).count(), 0);
        // A change survives another preset, and the way through a file.
        keymap.set_preset(Preset::Mpv);
        let (read, skipped) = Keymap::decode(&keymap.encode()).expect("keys");
        assert_eq!((&read, skipped.len()), (&keymap, 0));
        keymap.reset();
        assert!(!keymap.is_changed());
        assert_eq!(keymap.preset(), Preset::Mpv);
    }

    #[test]
    fn a_broken_entry_leaves_the_others_alone() {
        let text = br#"{"preset": "emacs", "removed": 3, "added":
            [["Q", "pause"], ["Q"], 7, ["NoKey", "play"], ["W", "teleport 3"]]}"#;
        let (keymap, skipped) = Keymap::decode(text).expect("keys");
        assert_eq!(keymap.command_of(chord("Q"), false), Some(Command::Pause));
        assert_eq!(skipped.len(), 6, "{skipped:?}");
        assert_eq!(keymap.preset(), Preset::Zoetrope);
        // What a newer version has added is not lost.
        let written = String::from_utf8(keymap.encode()).expect("text");
        assert!(written.contains("teleport 3"), "{written}");
    }

    #[test]
    fn damage_is_never_more_than_an_error() {
        let mut keymap = Keymap::default();
        keymap.bind(chord("Ctrl+Shift+P"), Command::GoPercent(12.5));
        keymap.unbind(chord("Space"), Command::TogglePlay);
        let bytes = keymap.encode();
        for length in 0..bytes.len() - 2 {
            assert!(Keymap::decode(&bytes[..length]).is_err(), "cut at {length}");
        }
        for bad in ["[]", "3", "null", "\"keys\""] {
            assert!(Keymap::decode(bad.as_bytes()).is_err(), "{bad}");
        }
        let change = r#"["Q","pause"]"#;
        let many = |count: usize| format!("{{\"added\":[{}]}}", vec![change; count].join(","));
        let read = |text: String| Keymap::decode(text.as_bytes()).expect("keys").1.len();
        assert_eq!(read(many(CHANGES_MAX)), 0);
        assert_eq!(read(many(CHANGES_MAX + 1)), 1);
    }
}
