//! What people choose, and the table from which both the file and the settings panel are made.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};
use zoetrope_player::{Antialiasing, LoopMode, RenderScale};

use crate::storage::Stored;
use crate::text::{Language, Text};

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Dark, light, or as the system.
    pub theme: ThemeChoice,
    /// The language, or that of the system.
    pub language: Option<Language>,
    /// Size of controls, 1 is normal.
    pub ui_scale: f64,
    /// No flights of the camera, no fading.
    pub reduce_motion: bool,
    /// Controls fade while a clip plays and nothing is touched.
    pub hide_controls: bool,
    /// First-run hints are shown.
    pub hints: bool,
    /// What a start without a clip shows.
    pub start_with: StartWith,
    /// What happens at the end of a clip.
    pub loop_mode: LoopMode,
    /// Memory for decoded frames, in MB (10⁶ bytes).
    pub memory_mb: f64,
    /// Factor on the turn of a drag.
    pub orbit_speed: f64,
    /// Factor on the speed of flying.
    pub fly_speed: f64,
    /// Dragging down looks up.
    pub invert_vertical: bool,
    /// One turn of the turntable, in seconds.
    pub turntable_s: f64,
    /// Bands of spherical harmonics that are drawn, 0 to 3.
    pub sh_degree: u32,
    /// Filter of splats smaller than a pixel.
    pub antialiasing: Antialiasing,
    /// Pixels drawn for each pixel shown.
    pub render_scale: RenderScale,
    /// What is behind the splats.
    pub background: BackgroundChoice,
    /// The colour of [`BackgroundChoice::Colour`], "#rrggbb".
    pub background_colour: String,
    /// The file of [`BackgroundChoice::Picture`].
    pub background_picture: String,
    /// Where screenshots go; empty for the system's folder of pictures.
    pub screenshot_folder: String,
    /// Pixels along a side of a large screenshot for each pixel of the window.
    pub screenshot_scale: f64,
    /// What a newer version has written stays.
    unknown: Map<String, Value>,
}

/// Which theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThemeChoice {
    /// As the system has it.
    System,
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
}

/// What a start without a clip shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartWith {
    /// The built-in demo plays.
    Demo,
    /// The start page.
    StartPage,
    /// The clip that was opened last.
    Last,
}

/// What is behind the splats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackgroundChoice {
    /// The theme's colour.
    Theme,
    /// Black.
    Black,
    /// White.
    White,
    /// A colour of one's own.
    Colour,
    /// A picture.
    Picture,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::Dark,
            language: None,
            ui_scale: 1.0,
            reduce_motion: false,
            hide_controls: true,
            hints: true,
            start_with: StartWith::Demo,
            // Most clips last a few seconds, and are there to be looked at from all sides.
            loop_mode: LoopMode::All,
            memory_mb: 470.0,
            orbit_speed: 1.0,
            fly_speed: 1.0,
            invert_vertical: false,
            turntable_s: 20.0,
            sh_degree: 3,
            antialiasing: Antialiasing::Auto,
            render_scale: RenderScale::Auto,
            background: BackgroundChoice::Theme,
            background_colour: "#404040".to_owned(),
            background_picture: String::new(),
            screenshot_folder: String::new(),
            screenshot_scale: 2.0,
            unknown: Map::new(),
        }
    }
}

impl Settings {
    /// The language, where the system's is `locale`.
    pub fn language(&self, locale: &str) -> Language {
        self.language.unwrap_or_else(|| Language::of_locale(locale))
    }
}

/// What a setting is about: the headings of the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Colours, language, size.
    Look,
    /// Start, loop, memory.
    Playback,
    /// Camera.
    Camera,
    /// Quality and background.
    Picture,
    /// Where things go.
    Files,
}

impl Section {
    /// Every section, in the order of the panel.
    pub const ALL: [Self; 5] = [
        Self::Look,
        Self::Playback,
        Self::Camera,
        Self::Picture,
        Self::Files,
    ];

    /// Its heading.
    pub fn title(self, text: &Text) -> &'static str {
        match self {
            Self::Look => text.settings.section_look,
            Self::Playback => text.settings.section_playback,
            Self::Camera => text.settings.section_camera,
            Self::Picture => text.settings.section_picture,
            Self::Files => text.settings.section_files,
        }
    }
}

/// A choice: its word in the file, and its name for people.
pub type Choice = (&'static str, fn(&Text) -> &'static str);

/// What can be set, and how.
pub enum Kind {
    /// Yes or no.
    Toggle {
        /// Reads it.
        get: fn(&Settings) -> bool,
        /// Sets it.
        set: fn(&mut Settings, bool),
    },
    /// One of a few.
    Choice {
        /// What there is to choose from.
        choices: &'static [Choice],
        /// The index of the chosen one.
        get: fn(&Settings) -> usize,
        /// Chooses by index.
        set: fn(&mut Settings, usize),
    },
    /// A number.
    Number {
        /// Lowest and highest.
        range: RangeInclusive<f64>,
        /// Distance of neighbours.
        step: f64,
        /// What stands behind the number.
        unit: &'static str,
        /// Reads it.
        get: fn(&Settings) -> f64,
        /// Sets it.
        set: fn(&mut Settings, f64),
    },
    /// A line of text.
    Line {
        /// What it stands for.
        form: LineForm,
        /// Whether it makes sense.
        check: fn(&str) -> bool,
        /// Reads it.
        get: fn(&Settings) -> &str,
        /// Sets it.
        set: fn(&mut Settings, String),
    },
}

/// What a line of text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineForm {
    /// A colour, "#rrggbb".
    Colour,
    /// The path of a picture, or nothing.
    Picture,
    /// The path of a folder, or nothing.
    Folder,
}

/// A row of the table.
pub struct SettingInfo {
    /// Its name in the file.
    pub key: &'static str,
    /// Where in the panel it is.
    pub section: Section,
    /// Its name for people.
    pub title: fn(&Text) -> &'static str,
    /// What it is.
    pub kind: Kind,
}

macro_rules! toggle {
    ($field:ident, $section:ident) => {
        SettingInfo {
            key: stringify!($field),
            section: Section::$section,
            title: |text| text.settings.$field,
            kind: Kind::Toggle {
                get: |settings| settings.$field,
                set: |settings, value| settings.$field = value,
            },
        }
    };
}

macro_rules! number {
    ($field:ident, $title:ident, $section:ident, $range:expr, $step:expr, $unit:expr) => {
        SettingInfo {
            key: stringify!($field),
            section: Section::$section,
            title: |text| text.settings.$title,
            kind: Kind::Number {
                range: $range,
                step: $step,
                unit: $unit,
                get: |settings| settings.$field,
                set: |settings, value| settings.$field = value,
            },
        }
    };
}

macro_rules! line {
    ($field:ident, $title:ident, $section:ident, $form:ident, $check:expr) => {
        SettingInfo {
            key: stringify!($field),
            section: Section::$section,
            title: |text| text.settings.$title,
            kind: Kind::Line {
                form: LineForm::$form,
                check: $check,
                get: |settings| &settings.$field,
                set: |settings, value| settings.$field = value,
            },
        }
    };
}

/// One of several values, each with its word and its name for people.
macro_rules! choice {
    ($field:ident, $section:ident, $( $value:expr => $word:literal $name:ident ),+ $(,)?) => {
        SettingInfo {
            key: stringify!($field),
            section: Section::$section,
            title: |text| text.settings.$field,
            kind: Kind::Choice {
                choices: &[ $( ($word, |text| text.settings.$name) ),+ ],
                get: |settings| {
                    let values = [ $( $value ),+ ];
                    values.iter().position(|value| *value == settings.$field).unwrap_or_default()
                },
                set: |settings, index| {
                    if let Some(value) = [ $( $value ),+ ].get(index) {
                        settings.$field = *value;
                    }
                },
            },
        }
    };
}

/// Every setting, in the order of the panel.
pub const SETTINGS: &[SettingInfo] = &[
    choice!(theme, Look,
        ThemeChoice::Dark => "dark" theme_dark,
        ThemeChoice::Light => "light" theme_light,
        ThemeChoice::System => "system" theme_system),
    SettingInfo {
        key: "language",
        section: Section::Look,
        title: |text| text.settings.language,
        kind: Kind::Choice {
            choices: &[
                ("system", |text| text.settings.language_system),
                // A language is found by those who speak it.
                ("en", |_| "English"),
                ("de", |_| "Deutsch"),
            ],
            get: |settings| match settings.language {
                None => 0,
                Some(Language::English) => 1,
                Some(Language::German) => 2,
            },
            set: |settings, index| {
                settings.language = match index {
                    1 => Some(Language::English),
                    2 => Some(Language::German),
                    _ => None,
                };
            },
        },
    },
    number!(ui_scale, ui_scale, Look, 0.75..=3.0, 0.05, "×"),
    toggle!(reduce_motion, Look),
    toggle!(hide_controls, Look),
    toggle!(hints, Look),
    choice!(start_with, Playback,
        StartWith::Demo => "demo" start_demo,
        StartWith::StartPage => "start-page" start_page,
        StartWith::Last => "last" start_last),
    choice!(loop_mode, Playback,
        LoopMode::Off => "off" loop_off,
        LoopMode::All => "all" loop_all,
        LoopMode::Bounce => "bounce" loop_bounce),
    number!(memory_mb, memory, Playback, 64.0..=8192.0, 1.0, " MB"),
    number!(orbit_speed, orbit_speed, Camera, 0.25..=4.0, 0.05, "×"),
    number!(fly_speed, fly_speed, Camera, 0.1..=10.0, 0.1, "×"),
    toggle!(invert_vertical, Camera),
    number!(turntable_s, turntable, Camera, 4.0..=120.0, 1.0, " s"),
    SettingInfo {
        key: "sh_degree",
        section: Section::Picture,
        title: |text| text.settings.sh_degree,
        kind: Kind::Choice {
            choices: &[
                ("0", |text| text.settings.sh_0),
                ("1", |text| text.settings.sh_1),
                ("2", |text| text.settings.sh_2),
                ("3", |text| text.settings.sh_3),
            ],
            get: |settings| settings.sh_degree as usize,
            set: |settings, index| settings.sh_degree = (index as u32).min(3),
        },
    },
    choice!(antialiasing, Picture,
        Antialiasing::Auto => "auto" antialiasing_auto,
        Antialiasing::Classic => "classic" antialiasing_classic,
        Antialiasing::Mip => "mip" antialiasing_mip),
    SettingInfo {
        key: "render_scale",
        section: Section::Picture,
        title: |text| text.settings.render_scale,
        kind: Kind::Choice {
            choices: &[
                ("auto", |text| text.settings.render_scale_auto),
                ("100", |_| "100 %"),
                ("75", |_| "75 %"),
                ("50", |_| "50 %"),
                ("33", |_| "33 %"),
            ],
            get: |settings| match settings.render_scale {
                RenderScale::Auto => 0,
                // The nearest of those in the list.
                RenderScale::Percent(percent) => match percent {
                    88.. => 1,
                    63..88 => 2,
                    42..63 => 3,
                    _ => 4,
                },
            },
            set: |settings, index| {
                settings.render_scale = match index {
                    1 => RenderScale::Percent(100),
                    2 => RenderScale::Percent(75),
                    3 => RenderScale::Percent(50),
                    4 => RenderScale::Percent(33),
                    _ => RenderScale::Auto,
                };
            },
        },
    },
    choice!(background, Picture,
        BackgroundChoice::Theme => "theme" background_theme,
        BackgroundChoice::Black => "black" background_black,
        BackgroundChoice::White => "white" background_white,
        BackgroundChoice::Colour => "colour" background_colour,
        BackgroundChoice::Picture => "picture" background_picture),
    line!(
        background_colour,
        background_colour_value,
        Picture,
        Colour,
        |text| colour_of(text).is_some()
    ),
    line!(
        background_picture,
        background_picture_file,
        Picture,
        Picture,
        |_| true
    ),
    line!(screenshot_folder, screenshot_folder, Files, Folder, |_| {
        true
    }),
    number!(
        screenshot_scale,
        screenshot_scale,
        Files,
        2.0..=4.0,
        1.0,
        "×"
    ),
];

/// "#rrggbb" as red, green and blue.
pub fn colour_of(text: &str) -> Option<[u8; 3]> {
    let digits = text.trim().strip_prefix('#').unwrap_or(text.trim());
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let [_, rgb @ ..] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some(rgb)
}

impl SettingInfo {
    /// Whether it is as it was at first.
    pub fn is_default(&self, settings: &Settings) -> bool {
        self.read(settings) == self.read(&Settings::default())
    }

    /// Whether it has an effect, as other settings are.
    pub fn applies(&self, settings: &Settings) -> bool {
        match self.key {
            "background_colour" => settings.background == BackgroundChoice::Colour,
            "background_picture" => settings.background == BackgroundChoice::Picture,
            _ => true,
        }
    }

    /// Makes it as it was at first.
    pub fn reset(&self, settings: &mut Settings) {
        let usual = self.read(&Settings::default());
        let was_set = self.write(settings, &usual);
        debug_assert!(was_set, "a default is a value");
    }

    /// Its value in the file.
    pub fn read(&self, settings: &Settings) -> Value {
        match &self.kind {
            Kind::Toggle { get, .. } => get(settings).into(),
            Kind::Choice { choices, get, .. } => {
                choices.get(get(settings)).map(|choice| choice.0).into()
            }
            Kind::Number { get, .. } => get(settings).into(),
            Kind::Line { get, .. } => get(settings).into(),
        }
    }

    /// Sets it to a value of the file; false when that makes no sense.
    pub fn write(&self, settings: &mut Settings, value: &Value) -> bool {
        match &self.kind {
            Kind::Toggle { set, .. } => value.as_bool().map(|value| set(settings, value)),
            Kind::Choice { choices, set, .. } => value
                .as_str()
                .and_then(|word| choices.iter().position(|choice| choice.0 == word))
                .map(|index| set(settings, index)),
            Kind::Number { range, set, .. } => value
                .as_f64()
                .filter(|value| range.contains(value))
                .map(|value| set(settings, value)),
            Kind::Line { check, set, .. } => value
                .as_str()
                .filter(|text| check(text))
                .map(|text| set(settings, text.to_owned())),
        }
        .is_some()
    }
}

impl Stored for Settings {
    const NAME: &'static str = "settings.json";

    fn decode(bytes: &[u8]) -> Result<(Self, Vec<String>), String> {
        let mut values: Map<String, Value> =
            serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let mut settings = Self::default();
        let mut skipped = Vec::new();
        for info in SETTINGS {
            if let Some(value) = values.remove(info.key)
                && !info.write(&mut settings, &value)
            {
                skipped.push(format!("{} = {value}", info.key));
            }
        }
        settings.unknown = values;
        Ok((settings, skipped))
    }

    /// Only what differs from the defaults, so that better defaults reach everyone.
    fn encode(&self) -> Vec<u8> {
        let mut values = self.unknown.clone();
        for info in SETTINGS {
            if !info.is_default(self) {
                values.insert(info.key.to_owned(), info.read(self));
            }
        }
        format!("{:#}\n", Value::Object(values)).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another value than the default.
    fn other(info: &SettingInfo) -> Value {
        let usual = info.read(&Settings::default());
        match &info.kind {
            Kind::Toggle { .. } => (!usual.as_bool().expect("a toggle")).into(),
            Kind::Choice { choices, .. } => {
                let mut words = choices.iter().map(|choice| choice.0);
                words.find(|word| usual != *word).into()
            }
            Kind::Number { range, .. } => (*range.end()).into(),
            Kind::Line { .. } => "#123456".into(),
        }
    }

    #[test]
    fn every_setting_comes_back() {
        for info in SETTINGS {
            let mut settings = Settings::default();
            assert!(info.is_default(&settings), "{}", info.key);
            assert!(info.write(&mut settings, &other(info)), "{}", info.key);
            assert!(!info.is_default(&settings), "{}", info.key);
            let (read, skipped) = Settings::decode(&settings.encode()).expect("settings");
            assert_eq!((read, skipped.len()), (settings.clone(), 0), "{}", info.key);
            info.reset(&mut settings);
            assert_eq!(settings, Settings::default(), "{}", info.key);
        }
        assert_eq!(Settings::default().encode(), b"{}\n");
    }

    #[test]
    fn one_broken_value_leaves_the_others_alone() {
        let text = r##"{"theme": "light", "ui_scale": 9, "hints": "no", "language": 3,
            "background_colour": "red", "memory_mb": null, "from_the_future": [1]}"##;
        let (settings, skipped) = Settings::decode(text.as_bytes()).expect("settings");
        assert_eq!(settings.theme, ThemeChoice::Light);
        assert_eq!(settings.ui_scale, 1.0);
        assert_eq!(skipped.len(), 5, "{skipped:?}");
        assert!(skipped.contains(&"ui_scale = 9".to_owned()));
        // What this version does not know is kept.
        let text = String::from_utf8(settings.encode()).expect("text");
        assert!(text.contains("from_the_future"), "{text}");
    }

    #[test]
    fn damage_is_never_more_than_an_error() {
        let mut settings = Settings::default();
        for info in SETTINGS {
            info.write(&mut settings, &other(info));
        }
        let bytes = settings.encode();
        for length in 0..bytes.len() - 1 {
            assert!(
                Settings::decode(&bytes[..length]).is_err()
                    || bytes[length..].trim_ascii().is_empty(),
                "cut at {length}"
            );
        }
        for bad in ["[]", "3", "null", "\u{feff}{}", "{\"a\":}"] {
            assert!(Settings::decode(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_end_at_their_limits() {
        for info in SETTINGS {
            let Kind::Number { range, step, .. } = &info.kind else {
                continue;
            };
            let mut settings = Settings::default();
            for (value, fits) in [
                (*range.start(), true),
                (*range.end(), true),
                (range.start() - step, false),
                (range.end() + step, false),
            ] {
                let was_set = info.write(&mut settings, &value.into());
                assert_eq!(was_set, fits, "{} = {value}", info.key);
            }
        }
    }

    #[test]
    fn colours_have_six_digits() {
        assert_eq!(colour_of("#ff8000"), Some([255, 128, 0]));
        assert_eq!(colour_of(" 00ff00 "), Some([0, 255, 0]));
        for bad in ["", "#fff", "#gg0000", "#+f0000", "#ff80001", "ÿÿÿ"] {
            assert_eq!(colour_of(bad), None, "{bad}");
        }
    }
}
