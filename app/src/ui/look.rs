//! How the clip is drawn, out of the settings.

use zoetrope_player::{Antialiasing, Playback, PlayerState};
use zoetrope_render::{Background, Filter};

use super::theme::Palette;
use crate::settings::{BackgroundChoice, Settings, colour_of};

/// How a frame is to be drawn, besides from where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// What is behind it.
    pub background: Background,
    /// Low-pass filter; the frame's own where nothing is asked for.
    pub filter: Option<Filter>,
    /// Highest SH degree.
    pub sh_degree: u8,
    /// Seconds from one frame to the next, while they come by themselves.
    pub frame_interval_s: Option<f64>,
    /// What decoding a frame takes, in milliseconds.
    pub decode_ms: Option<f64>,
}

impl Look {
    /// What the settings ask for. `has_backdrop` says whether there is a picture behind the clip.
    pub fn new(
        settings: &Settings,
        palette: &Palette,
        has_backdrop: bool,
        state: &PlayerState,
    ) -> Self {
        let moves = state.playback == Playback::Playing || state.scrubbing;
        let frames_a_second = state.frame_rate * state.speed;
        Self {
            background: background(settings, palette, has_backdrop),
            filter: match settings.antialiasing {
                Antialiasing::Auto => None,
                Antialiasing::Classic => Some(Filter::Classic),
                Antialiasing::Mip => Some(Filter::Mip),
            },
            sh_degree: settings.sh_degree.min(3) as u8,
            frame_interval_s: moves.then_some(1.0 / frames_a_second.max(1e-3)),
            decode_ms: state.decode_ms,
        }
    }
}

fn background(settings: &Settings, palette: &Palette, has_backdrop: bool) -> Background {
    let theme = {
        let [red, green, blue, _] = palette.background.to_array();
        [red, green, blue]
    };
    let colour = match settings.background {
        BackgroundChoice::Picture if has_backdrop => return Background::Transparent,
        BackgroundChoice::Theme | BackgroundChoice::Picture => theme,
        BackgroundChoice::Black => [0; 3],
        BackgroundChoice::White => [255; 3],
        BackgroundChoice::Colour => colour_of(&settings.background_colour).unwrap_or(theme),
    };
    Background::Opaque(colour.map(|channel| f32::from(channel) / 255.0))
}

#[cfg(test)]
mod tests {
    use super::super::theme::{DARK, LIGHT};
    use super::*;

    #[test]
    fn backgrounds_are_what_was_chosen() {
        let mut settings = Settings::default();
        let opaque = |colour: [u8; 3]| Background::Opaque(colour.map(|c| f32::from(c) / 255.0));
        for (choice, has_backdrop, expected) in [
            (BackgroundChoice::Theme, true, opaque([13, 14, 17])),
            (BackgroundChoice::Black, false, opaque([0; 3])),
            (BackgroundChoice::White, false, opaque([255; 3])),
            (BackgroundChoice::Colour, false, opaque([64; 3])),
            (BackgroundChoice::Picture, true, Background::Transparent),
            // Until it has been read, and when it cannot be.
            (BackgroundChoice::Picture, false, opaque([13, 14, 17])),
        ] {
            settings.background = choice;
            assert_eq!(background(&settings, &DARK, has_backdrop), expected);
        }
        settings.background = BackgroundChoice::Colour;
        settings.background_colour = "red".to_owned();
        assert_eq!(
            background(&settings, &LIGHT, false),
            opaque([229, 230, 234])
        );
    }
}
