//! Everything a person can do, by name.
//!
//! Keys, buttons, the command line, links and tests all go through [`Command`]; the table
//! [`COMMANDS`] is what help screens are generated from.

use std::fmt;
use std::str::FromStr;

/// A user action. Commands that concern the picture or the window rather than time are carried out
/// by the application; the player leaves them alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Command {
    /// Starts playing; from the beginning when the clip has ended.
    Play,
    /// Stops the clock.
    Pause,
    /// Plays or pauses.
    TogglePlay,
    /// Goes to a time in seconds.
    Seek(f64),
    /// Goes a number of seconds forwards or (negative) backwards.
    SeekBy(f64),
    /// Goes to a frame, counted from 0.
    SeekFrame(usize),
    /// Follows the hand on the time bar to a time in seconds; the clock stands until [`Self::ScrubEnd`].
    Scrub(f64),
    /// Lets go of the time bar.
    ScrubEnd,
    /// Pauses and goes a number of frames forwards or (negative) backwards.
    Step(i64),
    /// Sets the speed; 1 is normal.
    Speed(f64),
    /// Next faster step.
    SpeedUp,
    /// Next slower step.
    SpeedDown,
    /// Normal speed.
    SpeedReset,
    /// What happens at the end.
    Loop(LoopMode),
    /// The next loop mode.
    LoopCycle,
    /// Marks the start of the A-B loop here.
    AbStart,
    /// Marks the end of the A-B loop here.
    AbEnd,
    /// Forgets the A-B loop.
    AbClear,
    /// Marks A, then B, then forgets both.
    AbCycle,
    /// Goes to a percentage of the clip.
    GoPercent(f64),
    /// Goes to the first frame.
    GoStart,
    /// Goes to the last frame.
    GoEnd,
    /// Asks for a file to open.
    Open,
    /// Asks for a folder to open (V3 clips and sequences are folders).
    OpenFolder,
    /// Puts the camera back to the first view.
    ResetView,
    /// Shows or hides the statistics.
    ToggleStatistics,
    /// Fills the screen, or leaves it.
    ToggleFullscreen,
    /// Takes the messages away; without messages, leaves full screen.
    DismissNotices,
}

/// What happens when the end is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoopMode {
    /// Stops on the last frame.
    #[default]
    Off,
    /// Starts again.
    All,
    /// Plays back and forth.
    Bounce,
}

impl LoopMode {
    /// Every mode with its name.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Off, "off"),
        (Self::All, "all"),
        (Self::Bounce, "bounce"),
    ];

    /// "off", "all", "bounce".
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::All => "all",
            Self::Bounce => "bounce",
        }
    }

    /// The mode that a loop button goes to next.
    pub fn next(self) -> Self {
        match self {
            Self::Off => Self::All,
            Self::All => Self::Bounce,
            Self::Bounce => Self::Off,
        }
    }
}

/// One row of the command table.
#[derive(Clone, Copy, Debug)]
pub struct CommandInfo {
    /// Name in text.
    pub name: &'static str,
    /// What follows the name, or nothing ("SECONDS").
    pub argument: &'static str,
    /// What it does, for help.
    pub description: &'static str,
    parse: fn(&str) -> Option<Command>,
}

const fn row(
    name: &'static str,
    argument: &'static str,
    description: &'static str,
    parse: fn(&str) -> Option<Command>,
) -> CommandInfo {
    CommandInfo {
        name,
        argument,
        description,
        parse,
    }
}

/// Every command.
pub const COMMANDS: &[CommandInfo] = &[
    row("play", "", "play; again from the start at the end", |_| {
        Some(Command::Play)
    }),
    row("pause", "", "pause", |_| Some(Command::Pause)),
    row("toggle-play", "", "play or pause", |_| {
        Some(Command::TogglePlay)
    }),
    row("seek", "SECONDS", "go to a time", |text| {
        number(text).map(Command::Seek)
    }),
    row("seek-by", "SECONDS", "go forwards or backwards", |text| {
        number(text).map(Command::SeekBy)
    }),
    row("seek-frame", "N", "go to a frame, counted from 0", |text| {
        text.parse().ok().map(Command::SeekFrame)
    }),
    row("scrub", "SECONDS", "hold the time bar at a time", |text| {
        number(text).map(Command::Scrub)
    }),
    row("scrub-end", "", "let go of the time bar", |_| {
        Some(Command::ScrubEnd)
    }),
    row("step", "N", "pause and go N frames on or back", |text| {
        text.parse().ok().map(Command::Step)
    }),
    row("speed", "FACTOR", "set the speed, 0.1 to 4", |text| {
        number(text).map(Command::Speed)
    }),
    row("speed-up", "", "faster", |_| Some(Command::SpeedUp)),
    row("speed-down", "", "slower", |_| Some(Command::SpeedDown)),
    row("speed-reset", "", "normal speed", |_| {
        Some(Command::SpeedReset)
    }),
    row(
        "loop",
        "off|all|bounce",
        "what happens at the end",
        |text| {
            LoopMode::ALL
                .iter()
                .find(|(_, name)| *name == text)
                .map(|(mode, _)| Command::Loop(*mode))
        },
    ),
    row("loop-cycle", "", "next loop mode", |_| {
        Some(Command::LoopCycle)
    }),
    row("ab-a", "", "start of the A-B loop here", |_| {
        Some(Command::AbStart)
    }),
    row("ab-b", "", "end of the A-B loop here", |_| {
        Some(Command::AbEnd)
    }),
    row("ab-clear", "", "forget the A-B loop", |_| {
        Some(Command::AbClear)
    }),
    row("ab-cycle", "", "mark A, then B, then forget both", |_| {
        Some(Command::AbCycle)
    }),
    row("go-percent", "0..100", "go to a part of the clip", |text| {
        number(text).map(Command::GoPercent)
    }),
    row("go-start", "", "go to the first frame", |_| {
        Some(Command::GoStart)
    }),
    row("go-end", "", "go to the last frame", |_| {
        Some(Command::GoEnd)
    }),
    row("open", "", "open a file", |_| Some(Command::Open)),
    row("open-folder", "", "open a folder of frames", |_| {
        Some(Command::OpenFolder)
    }),
    row("reset-view", "", "put the camera back", |_| {
        Some(Command::ResetView)
    }),
    row("toggle-statistics", "", "show or hide statistics", |_| {
        Some(Command::ToggleStatistics)
    }),
    row(
        "toggle-fullscreen",
        "",
        "fill the screen or leave it",
        |_| Some(Command::ToggleFullscreen),
    ),
    row(
        "dismiss-notices",
        "",
        "take messages away, or leave full screen",
        |_| Some(Command::DismissNotices),
    ),
];

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

impl Command {
    /// Its name without the argument.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Play => "play",
            Self::Pause => "pause",
            Self::TogglePlay => "toggle-play",
            Self::Seek(_) => "seek",
            Self::SeekBy(_) => "seek-by",
            Self::SeekFrame(_) => "seek-frame",
            Self::Scrub(_) => "scrub",
            Self::ScrubEnd => "scrub-end",
            Self::Step(_) => "step",
            Self::Speed(_) => "speed",
            Self::SpeedUp => "speed-up",
            Self::SpeedDown => "speed-down",
            Self::SpeedReset => "speed-reset",
            Self::Loop(_) => "loop",
            Self::LoopCycle => "loop-cycle",
            Self::AbStart => "ab-a",
            Self::AbEnd => "ab-b",
            Self::AbClear => "ab-clear",
            Self::AbCycle => "ab-cycle",
            Self::GoPercent(_) => "go-percent",
            Self::GoStart => "go-start",
            Self::GoEnd => "go-end",
            Self::Open => "open",
            Self::OpenFolder => "open-folder",
            Self::ResetView => "reset-view",
            Self::ToggleStatistics => "toggle-statistics",
            Self::ToggleFullscreen => "toggle-fullscreen",
            Self::DismissNotices => "dismiss-notices",
        }
    }

    /// Its row of [`COMMANDS`].
    pub fn info(&self) -> Option<&'static CommandInfo> {
        COMMANDS.iter().find(|info| info.name == self.name())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Seek(value)
            | Self::SeekBy(value)
            | Self::Scrub(value)
            | Self::Speed(value)
            | Self::GoPercent(value) => write!(f, " {value}"),
            Self::SeekFrame(frame) => write!(f, " {frame}"),
            Self::Step(frames) => write!(f, " {frames}"),
            Self::Loop(mode) => write!(f, " {}", mode.name()),
            _ => Ok(()),
        }
    }
}

impl FromStr for Command {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (name, argument) = text
            .split_once(char::is_whitespace)
            .map_or((text, ""), |(name, rest)| (name, rest.trim()));
        let Some(info) = COMMANDS.iter().find(|info| info.name == name) else {
            return Err(crate::Error::UnknownCommand(name.to_owned()));
        };
        let wrong = || crate::Error::WrongArgument {
            name: info.name,
            expected: if info.argument.is_empty() {
                "nothing"
            } else {
                info.argument
            },
            found: argument.to_owned(),
        };
        if info.argument.is_empty() && !argument.is_empty() {
            return Err(wrong());
        }
        (info.parse)(argument).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_parses_and_prints_back() {
        for info in COMMANDS {
            let argument = match info.argument {
                "" => "",
                "SECONDS" => "-12.5",
                "N" => "3",
                "FACTOR" => "1.5",
                "0..100" => "40",
                "off|all|bounce" => "bounce",
                other => panic!("no example for {other}"),
            };
            let text = format!("{} {argument}", info.name);
            let command: Command = text.parse().expect(info.name);
            assert_eq!(command.to_string(), text.trim());
            assert_eq!(command.name(), info.name);
            assert_eq!(command.info().map(|found| found.name), Some(info.name));
            assert!(!info.description.is_empty());
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = COMMANDS.iter().map(|info| info.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), COMMANDS.len());
    }

    #[test]
    fn wrong_commands_are_explained() {
        for text in [
            "",
            "fly",
            "seek",
            "seek nan",
            "seek inf",
            "step 1.5",
            "seek-frame -1",
            "play 3",
            "loop maybe",
            "seek 1 2",
        ] {
            assert!(text.parse::<Command>().is_err(), "{text}");
        }
        let error = "loop maybe".parse::<Command>().expect_err("no such mode");
        assert_eq!(
            error.to_string(),
            "the command \"loop\" takes off|all|bounce, not \"maybe\""
        );
        let error = "fly".parse::<Command>().expect_err("no such command");
        assert_eq!(error.to_string(), "there is no command \"fly\"");
    }
}
