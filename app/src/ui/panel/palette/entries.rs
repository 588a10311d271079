//! What the palette finds for what was typed.

use std::cmp::Reverse;

use zoetrope_player::{COMMANDS, Command, CommandInfo};

use crate::fuzzy;
use crate::keys::Keymap;
use crate::recents::Recent;
use crate::text::{Language, Text, fill};

/// Commands that say nothing where they are the only one, or that only a hand on the time bar gives.
const LEFT_OUT: [&str; 3] = ["command-palette", "scrub", "scrub-end"];

/// What the palette has to know.
pub struct PaletteSources<'a> {
    /// The texts of the interface.
    pub text: &'static Text,
    /// The keys.
    pub keymap: &'a Keymap,
    /// Clips that can be opened again.
    pub recents: &'a [Recent],
    /// Commands that were used lately, newest first.
    pub used: &'a [String],
}

/// A row of the list.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it does.
    pub title: String,
    /// With what, or what is missing.
    pub argument: String,
    /// What it is about.
    pub group: &'static str,
    /// Its first key.
    pub keys: Option<String>,
    /// What happens when it is chosen.
    pub action: Action,
}

/// What happens when an entry is chosen.
#[derive(Clone, Debug)]
pub enum Action {
    /// The command is carried out.
    Run(Command),
    /// Its argument is asked for.
    Ask(&'static CommandInfo),
    /// It is told that the argument makes no sense.
    Wrong {
        /// The command.
        info: &'static CommandInfo,
        /// What was typed for the argument.
        found: String,
    },
}

impl Entry {
    /// Its name for those who cannot see it.
    pub fn label(&self) -> String {
        if self.argument.is_empty() {
            self.title.clone()
        } else {
            format!("{}: {}", self.title, self.argument)
        }
    }

    fn of(info: &'static CommandInfo, action: Action, sources: &PaletteSources<'_>) -> Self {
        let text = sources.text;
        let (argument, keys) = match &action {
            Action::Run(command) => {
                let typed = command.to_string();
                let argument = typed.split_once(' ').map_or("", |(_, argument)| argument);
                let keys = sources.keymap.chords(*command).next();
                (argument.to_owned(), keys.map(|chord| chord.symbols()))
            }
            Action::Ask(info) => (format!("{}…", argument(text, info.argument)), None),
            Action::Wrong { found, .. } => (found.clone(), None),
        };
        Self {
            title: text.command(info).to_owned(),
            argument,
            group: text.group(info.group),
            keys,
            action,
        }
    }
}

/// What a command takes, in words.
pub fn argument(text: &Text, argument: &str) -> String {
    let panels = &text.panels;
    match argument {
        "FACTOR" => panels.argument_factor.to_owned(),
        "SECONDS" => panels.argument_seconds.to_owned(),
        "FRAME" => panels.argument_frame.to_owned(),
        "0..100" => panels.argument_percent.to_owned(),
        words if words.contains(['|', '.']) => {
            let words = words
                .replace("PERCENT", "10 … 100")
                .replace("LAYERS", "1, 2, 3 …")
                .replace("..", " … ")
                .replace('|', ", ");
            fill(panels.argument_one_of, &[&words])
        }
        _ => panels.argument_number.to_owned(),
    }
}

/// The entries for what was typed, best first.
pub fn find(query: &str, sources: &PaletteSources<'_>) -> Vec<Entry> {
    let query = query.trim_start();
    if query.is_empty() {
        return everything(sources);
    }
    let mut found = scored(query.trim_end(), sources);
    found.sort_by_key(|(score, _)| Reverse(*score));
    let found = found.into_iter().map(|(_, entry)| entry);
    match by_name(query, sources) {
        // Who types a wrong argument may have meant other words of a title.
        Some(Named::Wrong(entry)) => found.chain([entry]).collect(),
        Some(Named::Fits(mut entries)) => {
            let others: Vec<_> = found
                .filter(|other| entries.iter().all(|entry| entry.label() != other.label()))
                .collect();
            entries.extend(others);
            entries
        }
        None => found.collect(),
    }
}

/// Commands used lately, all commands, and clips.
fn everything(sources: &PaletteSources<'_>) -> Vec<Entry> {
    let used = sources.used.iter().filter_map(|text| {
        let command: Command = text.parse().ok()?;
        let mut entry = Entry::of(command.info()?, Action::Run(command), sources);
        entry.group = sources.text.panels.palette_used;
        Some(entry)
    });
    let all = offered().map(|info| Entry::of(info, action_of(info), sources));
    used.chain(all).chain(clips(sources)).collect()
}

fn offered() -> impl Iterator<Item = &'static CommandInfo> {
    COMMANDS
        .iter()
        .filter(|info| !LEFT_OUT.contains(&info.name))
}

/// A command without an argument is carried out, another asks for it.
fn action_of(info: &'static CommandInfo) -> Action {
    info.name.parse().map_or(Action::Ask(info), Action::Run)
}

fn clips(sources: &PaletteSources<'_>) -> impl Iterator<Item = Entry> {
    let recents = sources.recents.iter().enumerate();
    recents.map(|(index, recent)| Entry {
        title: fill(sources.text.panels.palette_open, &[&recent.title]),
        argument: String::new(),
        group: sources.text.files.recent,
        keys: None,
        action: Action::Run(Command::OpenRecent(index + 1)),
    })
}

/// Everything that fits a query, with how well it does.
fn scored(query: &str, sources: &PaletteSources<'_>) -> Vec<(i32, Entry)> {
    let mut found = Vec::new();
    let with_argument = query.rsplit_once(char::is_whitespace);
    for info in offered() {
        if let Some(score) = score(query, info, sources.text) {
            found.push((score, Entry::of(info, action_of(info), sources)));
        } else if let Some((words, typed)) = with_argument
            && !info.argument.is_empty()
            && let Some(score) = score(words, info, sources.text)
            && let Some(command) = parse(info, typed)
        {
            found.push((score, Entry::of(info, Action::Run(command), sources)));
        }
    }
    found.extend(clips(sources).filter_map(|entry| {
        // A clip is rarely what was meant when a command fits as well.
        Some((fuzzy::score(query, &entry.title)? - 4, entry))
    }));
    found
}

/// How well a query fits a command's title, its English title or its name.
fn score(query: &str, info: &CommandInfo, text: &Text) -> Option<i32> {
    let name = info.name.replace('-', " ");
    let title = fuzzy::score(query, text.command(info));
    let name = fuzzy::score(query, &name).or_else(|| fuzzy::score(query, info.name));
    let english = (text.language != Language::English)
        .then(|| fuzzy::score(query, info.description))
        .flatten();
    // The title is what people read.
    title
        .max(name.map(|score| score - 1))
        .max(english.map(|score| score - 2))
}

/// What a query is that starts with a command's name.
enum Named {
    Fits(Vec<Entry>),
    Wrong(Entry),
}

/// The entries of a query like "speed 2".
fn by_name(query: &str, sources: &PaletteSources<'_>) -> Option<Named> {
    let (name, typed) = query.split_once(char::is_whitespace)?;
    let info = offered().find(|info| info.name.eq_ignore_ascii_case(name))?;
    if info.argument.is_empty() {
        return None;
    }
    let typed = typed.trim();
    let command = parse(info, typed);
    let mut entries: Vec<Entry> = command
        .into_iter()
        .chain(
            choices(info)
                .filter(|choice| choice.starts_with(&typed.to_lowercase()))
                .filter_map(|choice| parse(info, &choice))
                .filter(|other| command != Some(*other)),
        )
        .map(|command| Entry::of(info, Action::Run(command), sources))
        .collect();
    if !entries.is_empty() {
        return Some(Named::Fits(entries));
    }
    if typed.is_empty() {
        entries.push(Entry::of(info, Action::Ask(info), sources));
        return Some(Named::Fits(entries));
    }
    let found = typed.to_owned();
    Some(Named::Wrong(Entry::of(
        info,
        Action::Wrong { info, found },
        sources,
    )))
}

/// The command with a typed argument; a comma is as good as a point.
fn parse(info: &CommandInfo, typed: &str) -> Option<Command> {
    let parse = |typed: &str| format!("{} {typed}", info.name).parse().ok();
    parse(typed).or_else(|| parse(&typed.replace(',', ".")))
}

/// The values there are to choose from, where they are few.
fn choices(info: &CommandInfo) -> impl Iterator<Item = String> + use<> {
    let range = info.argument.split_once("..");
    let range = range.and_then(|(first, last)| {
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        (last - first < 10).then_some(first..=last)
    });
    let is_word = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
    let words = info.argument.split('|').filter(is_word);
    let words = words.filter(|word| !word.is_empty());
    let numbers = range.into_iter().flatten().map(|number| number.to_string());
    words.map(str::to_owned).chain(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources<'a>(
        language: Language,
        keymap: &'a Keymap,
        used: &'a [String],
        recents: &'a [Recent],
    ) -> PaletteSources<'a> {
        PaletteSources {
            text: language.text(),
            keymap,
            recents,
            used,
        }
    }

    /// The commands of the first entries.
    fn first(language: Language, query: &str) -> String {
        let keymap = Keymap::default();
        let entries = find(query, &sources(language, &keymap, &[], &[]));
        match entries.first().map(|entry| &entry.action) {
            Some(Action::Run(command)) => command.to_string(),
            Some(Action::Ask(info)) => format!("{}?", info.name),
            Some(Action::Wrong { info, .. }) => format!("{}!", info.name),
            None => "nothing".to_owned(),
        }
    }

    #[test]
    fn what_was_meant_comes_first() {
        for (query, expected) in [
            ("full", "toggle-fullscreen"),
            ("settings", "settings"),
            ("screenshot", "screenshot"),
            ("toggle-theme", "toggle-theme"),
            ("dark", "toggle-theme"),
            ("scrtra", "screenshot-transparent"),
            ("speed 2", "speed 2"),
            ("speed 0,5", "speed 0.5"),
            ("seek 12.5", "seek 12.5"),
            ("set the speed 3", "speed 3"),
            ("loop b", "loop bounce"),
            ("loop ", "loop off"),
            ("sh-degree ", "sh-degree 0"),
            ("render-scale ", "render-scale auto"),
            ("render-scale 50", "render-scale 50"),
            ("seek ", "seek?"),
            ("speed fast", "speed!"),
            ("next view", "next-view"),
            ("zzzz", "nothing"),
        ] {
            assert_eq!(first(Language::English, query), expected, "{query}");
        }
        for (query, expected) in [
            ("vollbild", "toggle-fullscreen"),
            ("full screen", "toggle-fullscreen"),
            ("kamera fliegen", "camera-fly"),
            ("großere bed", "ui-scale-up"),
            ("tempo setzen 2", "speed 2"),
        ] {
            assert_eq!(first(Language::German, query), expected, "{query}");
        }
    }

    #[test]
    fn used_commands_lead_and_clips_follow() {
        let keymap = Keymap::default();
        let used = ["speed 2", "gone-command", "turntable"].map(str::to_owned);
        let recents = [Recent {
            path: "walk.ply".into(),
            title: "Walk".to_owned(),
            duration_ms: 0,
        }];
        let sources = sources(Language::English, &keymap, &used, &recents);
        let entries = find("", &sources);
        assert_eq!(entries[0].label(), "Set the speed, 0.1 to 4: 2");
        assert_eq!(entries[1].label(), "Turntable on or off");
        assert_eq!(entries.len(), 2 + COMMANDS.len() - LEFT_OUT.len() + 1);
        assert_eq!(
            entries.last().map(Entry::label).as_deref(),
            Some("Open Walk")
        );
        assert_eq!(find("open walk", &sources)[0].label(), "Open Walk");
    }

    #[test]
    fn every_argument_has_words_and_every_offer_can_be_taken() {
        for language in Language::ALL {
            for info in COMMANDS.iter().filter(|info| !info.argument.is_empty()) {
                let words = argument(language.text(), info.argument);
                let is_shouted = words.chars().filter(|c| c.is_uppercase()).count() > 2;
                assert!(!is_shouted, "{words}");
                for choice in choices(info) {
                    assert!(parse(info, &choice).is_some(), "{} {choice}", info.name);
                }
            }
        }
    }
}
