//! Everything the interface says, in every language it speaks.
//!
//! Each area of the interface has a file here, in which the languages stand side by side: a text
//! without its translation does not compile. What codecs and devices report about a clip is told in
//! English, as it comes.

#[macro_use]
mod table;
mod camera;
mod commands;
mod common;
mod files;
mod fitting;
mod inspector;
mod network;
mod panels;
mod playback;
mod settings;
mod share;

use egui::{Context, Id, Ui};

pub use camera::CameraText;
pub use common::CommonText;
pub use files::FilesText;
pub use fitting::FittingText;
pub use inspector::InspectorText;
pub use network::NetworkText;
pub use panels::PanelsText;
pub use playback::PlaybackText;
pub use settings::SettingsText;
pub use share::ShareText;

/// A language of the interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

/// Every text, in one language. Where a text has `{0}`, [`fill`] puts something there.
#[derive(Debug)]
pub struct Text {
    /// Its language.
    pub language: Language,
    /// Used everywhere.
    pub common: CommonText,
    /// Playing and the time bar.
    pub playback: PlaybackText,
    /// Opening, the start page and messages.
    pub files: FilesText,
    /// The camera.
    pub camera: CameraText,
    /// The inspector, statistics and screenshots.
    pub inspector: InspectorText,
    /// Settings.
    pub settings: SettingsText,
    /// The command palette, help, keys, log and hints.
    pub panels: PanelsText,
    /// Links and sharing.
    pub share: ShareText,
    /// Making neural video.
    pub fitting: FittingText,
    /// What the file of a network does not say.
    pub network: NetworkText,
}

macro_rules! text_in {
    ($language:ident, $code:ident) => {
        Text {
            language: Language::$language,
            common: CommonText::$code,
            playback: PlaybackText::$code,
            files: FilesText::$code,
            camera: CameraText::$code,
            inspector: InspectorText::$code,
            settings: SettingsText::$code,
            panels: PanelsText::$code,
            share: ShareText::$code,
            fitting: FittingText::$code,
            network: NetworkText::$code,
        }
    };
}

static ENGLISH: Text = text_in!(English, EN);
static GERMAN: Text = text_in!(German, DE);

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// The texts in it.
    pub fn text(self) -> &'static Text {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }

    /// The language of a locale like "de-AT" or "de_DE.UTF-8"; English when it is none of ours.
    pub fn of_locale(locale: &str) -> Self {
        let code = locale.split(['-', '_', '.']).next().unwrap_or_default();
        if code.eq_ignore_ascii_case("de") {
            Self::German
        } else {
            Self::English
        }
    }

    /// Makes it the language of an interface.
    pub fn apply(self, ctx: &Context) {
        ctx.data_mut(|data| data.insert_temp(Id::NULL, self));
    }
}

impl Text {
    /// What a command does, as a title.
    pub fn command(&self, info: &zoetrope_player::CommandInfo) -> &'static str {
        commands::title(self.language, info)
    }

    /// What a group of commands is about.
    pub fn group(&self, group: zoetrope_player::Group) -> &'static str {
        commands::group(self, group)
    }
}

/// The texts in the language of the interface.
pub fn text(ui: &Ui) -> &'static Text {
    text_of(ui.ctx())
}

/// The texts in the language of the interface.
pub fn text_of(ctx: &Context) -> &'static Text {
    let language = ctx.data(|data| data.get_temp::<Language>(Id::NULL));
    language.unwrap_or_default().text()
}

/// Puts `values` where the text has `{0}`, `{1}` ….
pub fn fill(text: &str, values: &[&str]) -> String {
    let mut filled = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let value = rest[1..].find('}').and_then(|end| {
            let index: usize = rest[1..=end].parse().ok()?;
            Some((values.get(index)?, end + 2))
        });
        match value {
            Some((value, length)) => {
                filled.push_str(value);
                rest = &rest[length..];
            }
            None => {
                filled.push('{');
                rest = &rest[1..];
            }
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use zoetrope_player::{COMMANDS, Group};

    fn pairs() -> Vec<(&'static str, &'static str, &'static str)> {
        [
            CommonText::pairs(),
            PlaybackText::pairs(),
            FilesText::pairs(),
            CameraText::pairs(),
            InspectorText::pairs(),
            SettingsText::pairs(),
            PanelsText::pairs(),
            ShareText::pairs(),
        ]
        .concat()
    }

    fn places(text: &str) -> Vec<String> {
        let mut found: Vec<String> = (0..9)
            .map(|index| format!("{{{index}}}"))
            .filter(|place| text.contains(place))
            .collect();
        found.sort();
        found
    }

    #[test]
    fn every_text_is_there_in_both_languages() {
        let all = pairs();
        assert!(all.len() > 50);
        for (key, english, german) in all {
            assert!(!english.is_empty() && !german.is_empty(), "{key}");
            assert_eq!(places(english), places(german), "{key}");
            let dots = |text: &str| text.ends_with('…');
            assert_eq!(dots(english), dots(german), "{key}");
        }
    }

    #[test]
    fn every_command_has_a_title_in_both_languages() {
        for info in COMMANDS {
            let english = ENGLISH.command(info);
            let german = GERMAN.command(info);
            assert_eq!(english, info.description);
            assert!(!german.is_empty() && german != english, "{}", info.name);
        }
        for group in Group::ALL {
            assert_ne!(ENGLISH.group(group), GERMAN.group(group));
        }
    }

    #[test]
    fn values_go_where_they_belong() {
        assert_eq!(fill("Opening {0}…", &["a.ply"]), "Opening a.ply…");
        assert_eq!(fill("{1} of {0}", &["9", "{0}"]), "{0} of 9");
        assert_eq!(fill("{ {x} {7} {", &["a"]), "{ {x} {7} {");
    }

    #[test]
    fn locales_choose_the_language() {
        for (locale, language) in [
            ("de", Language::German),
            ("de-AT", Language::German),
            ("DE_DE.UTF-8", Language::German),
            ("en-GB", Language::English),
            ("den", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::of_locale(locale), language, "{locale}");
        }
    }
}
