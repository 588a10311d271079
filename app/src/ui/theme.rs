//! Colours, distances and type of the whole interface.
//!
//! Neutral, so that the picture's colours are seen as they are; one accent, and only for what moves
//! or is chosen. Text has a contrast of at least 4.5 : 1 on everything it stands on, a test holds.

use std::sync::Arc;

use egui::{
    Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Shadow, Stroke,
    TextStyle, Theme, Ui, Visuals,
};

/// The colours of one theme.
#[derive(Debug, PartialEq)]
pub struct Palette {
    /// Behind the picture, display space.
    pub background: Color32,
    /// Surfaces that float over the picture.
    pub surface: Color32,
    /// Popups, tooltips and fields, which lie over surfaces.
    pub surface_raised: Color32,
    /// Edges of surfaces.
    pub edge: Color32,
    /// A control under the pointer.
    pub hover: Color32,
    /// A control that is on, or a row that is chosen.
    pub chosen: Color32,
    /// The play button.
    pub play: Color32,
    /// The play button under the pointer.
    pub play_hover: Color32,
    /// Main text and icons.
    pub text: Color32,
    /// Text that is there when looked for.
    pub text_quiet: Color32,
    /// What is played or chosen: the lamp in the drum.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Something went wrong.
    pub danger: Color32,
    /// The time bar where nothing is at hand.
    pub track: Color32,
    /// The time bar where a frame can be decoded at once.
    pub track_buffered: Color32,
    /// The time bar where frames are decoded.
    pub track_decoded: Color32,
    /// Over the picture, under a panel that wants all attention.
    pub backdrop: Color32,
    /// The shadow under floating surfaces.
    pub shadow: Color32,
}

/// Light on dark.
pub const DARK: Palette = Palette {
    background: Color32::from_rgb(13, 14, 17),
    surface: Color32::from_rgba_premultiplied(22, 23, 27, 247),
    surface_raised: Color32::from_rgb(36, 38, 44),
    edge: Color32::from_rgba_premultiplied(22, 22, 22, 22),
    hover: Color32::from_rgba_premultiplied(24, 24, 24, 24),
    chosen: Color32::from_rgba_premultiplied(36, 30, 22, 36),
    play: Color32::from_rgba_premultiplied(30, 30, 31, 31),
    play_hover: Color32::from_rgba_premultiplied(52, 52, 54, 54),
    text: Color32::from_rgb(233, 234, 238),
    text_quiet: Color32::from_rgb(164, 168, 179),
    accent: Color32::from_rgb(255, 182, 88),
    on_accent: Color32::from_rgb(28, 20, 8),
    danger: Color32::from_rgb(255, 138, 122),
    track: Color32::from_rgba_premultiplied(28, 28, 30, 30),
    track_buffered: Color32::from_rgba_premultiplied(46, 47, 50, 50),
    track_decoded: Color32::from_rgba_premultiplied(84, 86, 92, 92),
    backdrop: Color32::from_black_alpha(120),
    shadow: Color32::from_black_alpha(110),
};

/// Dark on light.
pub const LIGHT: Palette = Palette {
    background: Color32::from_rgb(229, 230, 234),
    surface: Color32::from_rgba_premultiplied(243, 243, 245, 245),
    surface_raised: Color32::from_rgb(255, 255, 255),
    edge: Color32::from_black_alpha(30),
    hover: Color32::from_black_alpha(18),
    chosen: Color32::from_rgba_premultiplied(30, 16, 0, 34),
    play: Color32::from_black_alpha(20),
    play_hover: Color32::from_black_alpha(40),
    text: Color32::from_rgb(27, 28, 33),
    text_quiet: Color32::from_rgb(82, 86, 96),
    accent: Color32::from_rgb(154, 82, 0),
    on_accent: Color32::from_rgb(255, 255, 255),
    danger: Color32::from_rgb(176, 36, 22),
    track: Color32::from_black_alpha(26),
    track_buffered: Color32::from_black_alpha(46),
    track_decoded: Color32::from_black_alpha(92),
    backdrop: Color32::from_black_alpha(104),
    shadow: Color32::from_black_alpha(60),
};

impl Palette {
    const fn of(theme: Theme) -> &'static Self {
        match theme {
            Theme::Dark => &DARK,
            Theme::Light => &LIGHT,
        }
    }
}

/// The colours of the theme that is shown.
pub fn palette(ui: &Ui) -> &'static Palette {
    Palette::of(ui.theme())
}

/// The colours of the theme that is shown.
pub fn palette_of(ctx: &egui::Context) -> &'static Palette {
    Palette::of(ctx.theme())
}

/// The spacing scale, in points: 4, 8, 12, 16, 24.
pub const GAP_XS: f32 = 4.0;
/// Between controls.
pub const GAP_S: f32 = 8.0;
/// Inside surfaces.
pub const GAP_M: f32 = 12.0;
/// Between surfaces and the window's edge.
pub const GAP_L: f32 = 16.0;
/// Between sections.
pub const GAP_XL: f32 = 24.0;

/// Side of an icon button: large enough for a finger on the narrow layout.
pub const BUTTON: f32 = 36.0;
/// Windows lower than this, and narrow ones, are for fingers.
pub const LOW: f32 = 500.0;
/// Windows narrower than this get the narrow layout.
pub const NARROW: f32 = 560.0;

/// Corner radius of surfaces.
pub const RADIUS: u8 = 14;
/// Corner radius of controls.
pub const RADIUS_CONTROL: u8 = 8;

/// How long anything takes to appear, fade or move, in seconds.
pub const MOTION_S: f32 = 0.14;

/// The type scale, in points: 12, 14, 17, 24.
pub fn small() -> FontId {
    FontId::new(12.0, FontFamily::Proportional)
}

/// Text of controls.
pub fn body() -> FontId {
    FontId::new(14.0, FontFamily::Proportional)
}

/// Titles of panels and sections.
pub fn title() -> FontId {
    FontId::new(17.0, strong_family())
}

/// The name on the start page.
pub fn heading() -> FontId {
    FontId::new(24.0, strong_family())
}

/// Headings inside panels.
pub fn strong() -> FontId {
    FontId::new(14.0, strong_family())
}

/// Numbers that run: every digit is as wide as the next.
pub fn number() -> FontId {
    FontId::new(13.0, FontFamily::Monospace)
}

/// An icon of `size` points a side.
pub fn icon(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("icons".into()))
}

fn strong_family() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// Sets fonts and both themes up.
pub fn apply(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    // The keys for it are the keymap's.
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
    for (theme, palette) in [(Theme::Dark, &DARK), (Theme::Light, &LIGHT)] {
        ctx.style_mut_of(theme, |style| {
            style.visuals = visuals(theme, palette);
            style.animation_time = MOTION_S;
            style.spacing.item_spacing = egui::vec2(GAP_S, GAP_S);
            style.spacing.button_padding = egui::vec2(GAP_M, 7.0);
            style.spacing.interact_size.y = BUTTON;
            style.spacing.menu_margin = Margin::same(6);
            // What is at the edge of a panel is to be read, too.
            style.spacing.scroll.fade.strength = 0.0;
            style.interaction.selectable_labels = false;
            style.interaction.tooltip_delay = 0.5;
            for (text_style, font) in [
                (TextStyle::Heading, title()),
                (TextStyle::Body, body()),
                (TextStyle::Button, body()),
                (TextStyle::Small, small()),
                (TextStyle::Monospace, number()),
            ] {
                style.text_styles.insert(text_style, font);
            }
        });
    }
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    for (name, bytes) in [
        (
            "Inter",
            include_bytes!("../../../assets/fonts/Inter-Regular.otf").as_slice(),
        ),
        (
            "Inter SemiBold",
            include_bytes!("../../../assets/fonts/Inter-SemiBold.otf").as_slice(),
        ),
        ("Lucide", lucide_icons::LUCIDE_FONT_BYTES),
    ] {
        let mut data = FontData::from_static(bytes);
        if name == "Lucide" {
            // The middle of its icons is above the middle of its lines.
            data.tweak.y_offset_factor = 0.08;
        }
        fonts.font_data.insert(name.to_owned(), Arc::new(data));
    }
    // Egui's own fonts stay behind ours, for what ours do not have.
    let usual = fonts.families.entry(FontFamily::Proportional).or_default();
    let behind = usual.clone();
    usual.insert(0, "Inter".to_owned());
    let with = |first: &str| [vec![first.to_owned()], behind.clone()].concat();
    fonts
        .families
        .insert(strong_family(), with("Inter SemiBold"));
    fonts.families.insert(icon(1.0).family, with("Lucide"));
    fonts
}

fn visuals(theme: Theme, palette: &Palette) -> Visuals {
    let mut visuals = match theme {
        Theme::Dark => Visuals::dark(),
        Theme::Light => Visuals::light(),
    };
    visuals.panel_fill = palette.background;
    visuals.window_fill = palette.surface_raised;
    visuals.window_stroke = Stroke::new(1.0, palette.edge);
    visuals.window_shadow = shadow(palette);
    visuals.popup_shadow = shadow(palette);
    visuals.window_corner_radius = CornerRadius::same(RADIUS);
    visuals.menu_corner_radius = CornerRadius::same(10);
    visuals.selection.bg_fill = palette.accent;
    visuals.selection.stroke = Stroke::new(1.0, palette.on_accent);
    visuals.hyperlink_color = palette.accent;
    visuals.error_fg_color = palette.danger;
    visuals.warn_fg_color = palette.accent;
    visuals.weak_text_color = Some(palette.text_quiet);
    visuals.text_edit_bg_color = Some(palette.hover);
    visuals.extreme_bg_color = palette.surface_raised;
    visuals.slider_trailing_fill = true;
    // The handle of a slider lies over its rail, which must not shine through.
    let rail = palette.surface.to_opaque().blend(palette.track_buffered);
    let widgets = &mut visuals.widgets;
    let states = [
        (
            &mut widgets.noninteractive,
            Color32::TRANSPARENT,
            palette.text,
        ),
        (&mut widgets.inactive, palette.hover, palette.text),
        (&mut widgets.hovered, palette.play_hover, palette.text),
        (&mut widgets.active, palette.play_hover, palette.accent),
        (&mut widgets.open, palette.hover, palette.text),
    ];
    for (state, fill, text) in states {
        state.bg_fill = rail;
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::NONE;
        state.fg_stroke = Stroke::new(1.0, text);
        state.corner_radius = CornerRadius::same(RADIUS_CONTROL);
        state.expansion = 0.0;
    }
    widgets.noninteractive.bg_stroke = Stroke::new(1.0, palette.edge);
    visuals
}

fn shadow(palette: &Palette) -> Shadow {
    Shadow {
        offset: [0, 6],
        blur: 24,
        spread: 0,
        color: palette.shadow,
    }
}

/// A surface that floats over the picture.
pub fn surface(palette: &Palette) -> egui::Frame {
    egui::Frame::new()
        .fill(palette.surface)
        .stroke(Stroke::new(1.0, palette.edge))
        .corner_radius(CornerRadius::same(RADIUS))
        .shadow(shadow(palette))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2.2).
    fn luminance(color: [f32; 3]) -> f32 {
        let linear = color.map(|c| {
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    fn over(top: Color32, below: [f32; 3]) -> [f32; 3] {
        let [r, g, b, a] = top.to_array().map(|c| f32::from(c) / 255.0);
        let [x, y, z] = below;
        [r + x * (1.0 - a), g + y * (1.0 - a), b + z * (1.0 - a)]
    }

    fn contrast(text: Color32, ground: [f32; 3]) -> f32 {
        let (a, b) = (luminance(over(text, ground)), luminance(ground));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_everything_it_stands_on() {
        for (name, palette) in [("dark", &DARK), ("light", &LIGHT)] {
            // A surface lies over a picture that may be black or white.
            for picture in [[0.0; 3], [1.0; 3]] {
                let surface = over(palette.surface, picture);
                let raised = over(palette.surface_raised, surface);
                let ground = over(palette.background, picture);
                for ground in [
                    surface,
                    raised,
                    ground,
                    over(palette.hover, surface),
                    over(palette.hover, raised),
                    over(palette.chosen, surface),
                ] {
                    for (what, text) in [
                        ("text", palette.text),
                        ("quiet", palette.text_quiet),
                        ("accent", palette.accent),
                        ("danger", palette.danger),
                    ] {
                        let contrast = contrast(text, ground);
                        assert!(contrast >= 4.5, "{name} {what} {contrast} on {ground:?}");
                    }
                }
                // A control under the pointer has main text.
                let pressed = contrast(palette.text, over(palette.play_hover, raised));
                assert!(pressed >= 4.5, "{name} {pressed}");
            }
            let accent = over(palette.accent, [0.0; 3]);
            assert!(contrast(palette.on_accent, accent) >= 4.5, "{name}");
        }
    }

    #[test]
    fn the_fonts_have_what_is_written_with_them() {
        let ctx = egui::Context::default();
        apply(&ctx);
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            let has = |font: FontId, glyph: char| {
                let has = ui.ctx().fonts_mut(|fonts| fonts.has_glyph(&font, glyph));
                assert!(has, "{glyph} {font:?}");
            };
            has(icon(20.0), char::from(lucide_icons::Icon::House));
            for glyph in "Zoetrope äöüßÄÖÜ – … · × % ←→↑↓−“”„\u{202f}".chars()
            {
                for font in [small(), body(), title(), number()] {
                    has(font, glyph);
                }
            }
        });
        output.textures_delta.clear();
    }
}
