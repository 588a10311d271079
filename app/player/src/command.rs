//! Everything a person can do, by name.
//!
//! Keys, buttons, the command palette, the command line, links and tests all go through [`Command`];
//! the table [`COMMANDS`] is what help screens are generated from.

use std::fmt::Display;
use std::str::FromStr;

/// A value that follows a command's name.
trait Argument: Sized + Display {
    fn parse(text: &str) -> Option<Self>;
}

impl Argument for f64 {
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|value: &Self| value.is_finite())
    }
}

macro_rules! parsed_by_from_str {
    ($($type:ty),*) => {
        $(impl Argument for $type {
            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        })*
    };
}

parsed_by_from_str!(i64, u32, usize);

/// An argument that is one of a few words.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $name:ident { $( $(#[$doc:meta])* $variant:ident = $word:literal, )* }
    ) => {
        $(#[$meta])*
        pub enum $name { $( $(#[$doc])* $variant, )* }

        impl $name {
            /// Every value with its word.
            pub const ALL: &[(Self, &str)] = &[ $( (Self::$variant, $word), )* ];

            /// The word for it.
            pub fn name(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }

        impl Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl Argument for $name {
            fn parse(text: &str) -> Option<Self> {
                let mut all = Self::ALL.iter();
                all.find(|(_, word)| *word == text).map(|(value, _)| *value)
            }
        }
    };
}

words! {
    /// What happens when the end is reached.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    LoopMode {
        /// Stops on the last frame.
        #[default]
        Off = "off",
        /// Starts again.
        All = "all",
        /// Plays back and forth.
        Bounce = "bounce",
    }
}

impl LoopMode {
    /// The mode that a loop button goes to next.
    pub fn next(self) -> Self {
        match self {
            Self::Off => Self::All,
            Self::All => Self::Bounce,
            Self::Bounce => Self::Off,
        }
    }
}

words! {
    /// How splats smaller than a pixel are filtered.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    Antialiasing {
        /// As the clip was trained.
        #[default]
        Auto = "auto",
        /// Widened to a pixel, as in the original 3D Gaussian splatting.
        Classic = "classic",
        /// Widened and dimmed, as in Mip-Splatting.
        Mip = "mip",
    }
}

words! {
    /// How a flat clip is shown with the video that it was made of.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    Comparison {
        /// The clip alone.
        #[default]
        Off = "off",
        /// The clip on the left of a line that can be moved, its source on the right.
        Wipe = "wipe",
        /// Both whole, the source on the right.
        SideBySide = "side-by-side",
    }
}

impl Comparison {
    /// The one that a key goes to next.
    pub fn next(self) -> Self {
        match self {
            Self::Off => Self::Wipe,
            Self::Wipe => Self::SideBySide,
            Self::SideBySide => Self::Off,
        }
    }
}

/// Pixels drawn for each pixel shown, along a side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RenderScale {
    /// As many as the frame rate allows.
    #[default]
    Auto,
    /// A fixed percentage, 10 to 100.
    Percent(u32),
}

impl Display for RenderScale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Percent(percent) => percent.fmt(f),
        }
    }
}

impl FromStr for RenderScale {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let percent = text.parse().map_err(|_| ())?;
        let fits = (10..=100).contains(&percent);
        fits.then_some(Self::Percent(percent)).ok_or(())
    }
}

/// In how many layers a clip is read that has layers of quality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quality {
    /// As many as network and device allow.
    #[default]
    Auto,
    /// This many, at least 1; a clip with fewer is read in all it has.
    Layers(u8),
}

impl Display for Quality {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Layers(layers) => layers.fmt(f),
        }
    }
}

impl FromStr for Quality {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let layers = text.parse().map_err(|_| ())?;
        (layers > 0).then_some(Self::Layers(layers)).ok_or(())
    }
}

parsed_by_from_str!(RenderScale, Quality);

/// What a command is about: the sections of the help screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Clips and the program.
    File,
    /// Playing and loops.
    Playback,
    /// Going elsewhere in time.
    Time,
    /// The camera.
    Camera,
    /// What the picture looks like, and keeping it.
    Picture,
    /// Panels and the window.
    Window,
}

impl Group {
    /// Every group, in the order of the help screen.
    pub const ALL: [Self; 6] = [
        Self::Playback,
        Self::Time,
        Self::Camera,
        Self::Picture,
        Self::Window,
        Self::File,
    ];
}

/// One row of the command table.
#[derive(Clone, Copy, Debug)]
pub struct CommandInfo {
    /// Name in text.
    pub name: &'static str,
    /// What follows the name, or nothing ("SECONDS").
    pub argument: &'static str,
    /// What it does, for help: a title in English.
    pub description: &'static str,
    /// What it is about.
    pub group: Group,
    parse: fn(&str) -> Option<Command>,
}

macro_rules! commands {
    (@argument) => { "" };
    (@argument $argument:literal) => { $argument };
    (@parse $variant:ident) => { |_| Some(Command::$variant) };
    (@parse $variant:ident $type:ty) => {
        |text| <$type as Argument>::parse(text).map(Command::$variant)
    };
    ($( $variant:ident $(($type:ty, $argument:literal))? = $name:literal, $group:ident, $description:literal; )*) => {
        /// A user action. Commands that concern the picture or the window rather than time are
        /// carried out by the application; the player leaves them alone.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Command {
            $( #[doc = $description] $variant $(($type))?, )*
        }

        /// Every command.
        pub const COMMANDS: &[CommandInfo] = &[ $( CommandInfo {
            name: $name,
            argument: commands!(@argument $($argument)?),
            description: $description,
            group: Group::$group,
            parse: commands!(@parse $variant $($type)?),
        }, )* ];

        impl Command {
            /// Its name without the argument.
            pub fn name(&self) -> &'static str {
                match self { $( Self::$variant { .. } => $name, )* }
            }

            /// Its argument as text.
            fn argument(&self) -> Option<String> {
                $( $( if let Self::$variant(value) = self {
                    let value: &$type = value;
                    return Some(value.to_string());
                } )? )*
                None
            }
        }
    };
}

commands! {
    Play = "play", Playback, "Play; from the start when at the end";
    Pause = "pause", Playback, "Pause";
    TogglePlay = "toggle-play", Playback, "Play or pause";
    Speed(f64, "FACTOR") = "speed", Playback, "Set the speed, 0.1 to 4";
    SpeedUp = "speed-up", Playback, "Faster";
    SpeedDown = "speed-down", Playback, "Slower";
    SpeedReset = "speed-reset", Playback, "Normal speed";
    Loop(LoopMode, "off|all|bounce") = "loop", Playback, "Choose what happens at the end";
    LoopCycle = "loop-cycle", Playback, "Next loop mode";
    AbStart = "ab-a", Playback, "Start of the A-B loop here";
    AbEnd = "ab-b", Playback, "End of the A-B loop here";
    SetA(usize, "FRAME") = "set-a", Playback, "Start of the A-B loop at a frame";
    SetB(usize, "FRAME") = "set-b", Playback, "End of the A-B loop at a frame";
    AbClear = "ab-clear", Playback, "Forget the A-B loop";
    AbCycle = "ab-cycle", Playback, "Mark A, then B, then forget both";
    Quality(Quality, "auto|LAYERS") = "quality", Playback, "Layers of quality that are loaded";

    Seek(f64, "SECONDS") = "seek", Time, "Go to a time";
    SeekBy(f64, "SECONDS") = "seek-by", Time, "Go forwards or backwards";
    SeekFrame(usize, "FRAME") = "seek-frame", Time, "Go to a frame, counted from 0";
    Scrub(f64, "SECONDS") = "scrub", Time, "Hold the time bar at a time";
    ScrubEnd = "scrub-end", Time, "Let go of the time bar";
    Step(i64, "N") = "step", Time, "Pause and go N frames on or back";
    GoPercent(f64, "0..100") = "go-percent", Time, "Go to a part of the clip";
    GoStart = "go-start", Time, "Go to the first frame";
    GoEnd = "go-end", Time, "Go to the last frame";
    BookmarkAdd = "bookmark-add", Time, "Bookmark this moment, or remove its bookmark";
    BookmarkNext = "bookmark-next", Time, "Go to the next bookmark";
    BookmarkPrevious = "bookmark-previous", Time, "Go to the previous bookmark";
    BookmarkClear = "bookmark-clear", Time, "Remove all bookmarks of this clip";

    ResetView = "reset-view", Camera, "Reset the view";
    FrameAll = "frame-all", Camera, "Frame everything";
    Focus = "focus", Camera, "Focus on what is in the middle";
    CameraOrbit = "camera-orbit", Camera, "Orbit camera";
    CameraFly = "camera-fly", Camera, "Fly camera";
    CameraToggle = "camera-toggle", Camera, "Switch between orbiting and flying";
    FlipUp = "flip-up", Camera, "Turn the clip upside down";
    NextUp = "next-up", Camera, "Next up axis";
    FovWider = "fov-wider", Camera, "Wider field of view";
    FovNarrower = "fov-narrower", Camera, "Narrower field of view";
    SaveView = "save-view", Camera, "Save this view";
    GoView(usize, "N") = "view", Camera, "Fly to a saved view, counted from 1";
    NextView = "next-view", Camera, "Fly to the next saved view";
    PreviousView = "previous-view", Camera, "Fly to the previous saved view";
    Turntable = "turntable", Camera, "Turntable on or off";
    PathKey = "path-key", Camera, "Set a key of the camera path here";
    PathRemoveKey = "path-remove-key", Camera, "Remove the nearest key of the camera path";
    PathPlay = "path-play", Camera, "Follow the camera path, or let go of it";
    PathClear = "path-clear", Camera, "Remove the camera path";

    Screenshot = "screenshot", Picture, "Save a screenshot";
    ScreenshotTransparent = "screenshot-transparent", Picture, "Save a screenshot without background";
    ScreenshotLarge = "screenshot-large", Picture, "Save a large, supersampled screenshot";
    ShowScreenshots = "show-screenshots", Picture, "Show the folder of screenshots";
    ShDegree(u32, "0..3") = "sh-degree", Picture, "Detail of colours that change with the view, 0 to 3";
    Antialiasing(Antialiasing, "auto|classic|mip") = "antialiasing", Picture, "Anti-aliasing";
    RenderScale(RenderScale, "auto|PERCENT") = "render-scale", Picture, "Pixels drawn for each pixel shown";
    ChooseSource = "choose-source", Picture, "Choose the source video of a flat clip";
    Compare(Comparison, "off|wipe|side-by-side") = "compare", Picture, "Show a flat clip with its source";
    CompareCycle = "compare-cycle", Picture, "Next way to compare with the source";

    CommandPalette = "command-palette", Window, "Search commands";
    Help = "help", Window, "Keys and commands";
    Settings = "settings", Window, "Settings";
    EditKeys = "edit-keys", Window, "Change keys";
    ToggleMore = "toggle-more", Window, "More controls";
    ToggleInspector = "toggle-inspector", Window, "Inspector";
    ToggleCameraPanel = "toggle-camera-panel", Window, "Camera, views and path";
    Share = "share", Window, "Share: link, network and copies";
    ToggleStatistics = "toggle-statistics", Window, "Statistics over the picture";
    ToggleLog = "toggle-log", Window, "Log";
    ToggleFullscreen = "toggle-fullscreen", Window, "Full screen";
    ToggleOnTop = "toggle-on-top", Window, "Keep the window on top";
    ToggleTheme = "toggle-theme", Window, "Light or dark";
    UiScaleUp = "ui-scale-up", Window, "Larger controls";
    UiScaleDown = "ui-scale-down", Window, "Smaller controls";
    UiScaleReset = "ui-scale-reset", Window, "Controls of normal size";
    CopyError = "copy-error", Window, "Copy the details of the last message";
    DismissNotices = "dismiss-notices", Window, "Close what lies on top, or leave full screen";

    Open = "open", File, "Open a file";
    OpenFolder = "open-folder", File, "Open a folder of frames";
    OpenLink = "open-link", File, "Open a path or a link";
    OpenRecent(usize, "N") = "open-recent", File, "Open a recent clip, counted from 1";
    MakeNeuralVideo = "make-neural-video", File, "Make a neural video out of a video";
    AskAgain = "ask-again", File, "Ask again for what the file of a network does not say";
    CopyLink = "copy-link", File, "Copy a link to this moment and view";
    StartPage = "start-page", File, "Close the clip and show the start page";
    Quit = "quit", File, "Quit";
}

impl Command {
    /// Its row of [`COMMANDS`].
    pub fn info(&self) -> Option<&'static CommandInfo> {
        COMMANDS.iter().find(|info| info.name == self.name())
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())?;
        match self.argument() {
            Some(argument) => write!(f, " {argument}"),
            None => Ok(()),
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
                "N" | "FRAME" | "0..3" => "3",
                "FACTOR" => "1.5",
                "0..100" => "40",
                "off|all|bounce" => "bounce",
                "auto|classic|mip" => "mip",
                "off|wipe|side-by-side" => "wipe",
                "auto|PERCENT" => "50",
                "auto|LAYERS" => "2",
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
    fn names_are_unique_and_groups_are_shown() {
        let mut names: Vec<_> = COMMANDS.iter().map(|info| info.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), COMMANDS.len());
        for info in COMMANDS {
            assert!(Group::ALL.contains(&info.group), "{}", info.name);
        }
    }

    #[test]
    fn wrong_commands_are_explained() {
        for text in [
            "",
            "teleport",
            "seek",
            "seek nan",
            "seek inf",
            "step 1.5",
            "seek-frame -1",
            "play 3",
            "loop maybe",
            "seek 1 2",
            "render-scale 9",
            "render-scale 101",
            "antialiasing on",
        ] {
            assert!(text.parse::<Command>().is_err(), "{text}");
        }
        let error = "loop maybe".parse::<Command>().expect_err("no such mode");
        assert_eq!(
            error.to_string(),
            "the command \"loop\" takes off|all|bounce, not \"maybe\""
        );
        let error = "teleport".parse::<Command>().expect_err("no such command");
        assert_eq!(error.to_string(), "there is no command \"teleport\"");
    }
}
