//! Colours, distances and type of the whole interface.
//!
//! Dark and neutral, so that the picture's colours are seen as they are; one accent, and only for
//! what moves or is chosen.

use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, TextStyle, Visuals};

/// Behind the picture, display space.
pub const BACKGROUND: Color32 = Color32::from_rgb(13, 14, 17);
/// Surfaces that float over the picture.
pub const SURFACE: Color32 = Color32::from_rgba_premultiplied(22, 23, 27, 236);
/// Popups and tooltips, which lie over surfaces.
pub const SURFACE_RAISED: Color32 = Color32::from_rgb(33, 35, 41);
/// Edges of surfaces.
pub const EDGE: Color32 = Color32::from_rgba_premultiplied(20, 20, 20, 20);
/// A control under the pointer.
pub const HOVER: Color32 = Color32::from_rgba_premultiplied(24, 24, 24, 24);
/// The play button.
pub const PLAY: Color32 = Color32::from_rgba_premultiplied(30, 30, 31, 31);
/// The play button under the pointer.
pub const PLAY_HOVER: Color32 = Color32::from_rgba_premultiplied(52, 52, 54, 54);
/// Main text and icons.
pub const TEXT: Color32 = Color32::from_rgb(233, 234, 238);
/// Text that is there when looked for.
pub const TEXT_QUIET: Color32 = Color32::from_rgb(156, 160, 171);
/// What is played or chosen: the lamp in the drum.
pub const ACCENT: Color32 = Color32::from_rgb(255, 182, 88);
/// Text on the accent.
pub const ON_ACCENT: Color32 = Color32::from_rgb(28, 20, 8);
/// The time bar where nothing is decoded.
pub const TRACK: Color32 = Color32::from_rgba_premultiplied(34, 34, 36, 36);
/// The time bar where frames are decoded.
pub const TRACK_DECODED: Color32 = Color32::from_rgba_premultiplied(84, 86, 92, 92);

/// The spacing scale, in points: 4, 8, 12, 16.
pub const GAP_XS: f32 = 4.0;
/// Between controls.
pub const GAP_S: f32 = 8.0;
/// Inside surfaces.
pub const GAP_M: f32 = 12.0;
/// Between surfaces and the window's edge.
pub const GAP_L: f32 = 16.0;

/// Side of an icon button: large enough for a finger on the narrow layout.
pub const BUTTON: f32 = 36.0;
/// Windows narrower than this get the narrow layout.
pub const NARROW: f32 = 560.0;

/// Corner radius of surfaces.
pub const RADIUS: u8 = 14;
/// Corner radius of controls.
pub const RADIUS_CONTROL: u8 = 8;

/// The shadow under floating surfaces.
pub const SHADOW: Shadow = Shadow {
    offset: [0, 6],
    blur: 24,
    spread: 0,
    color: Color32::from_black_alpha(110),
};

/// Small text.
pub fn small() -> FontId {
    FontId::new(12.0, FontFamily::Proportional)
}

/// Text of controls.
pub fn body() -> FontId {
    FontId::new(14.0, FontFamily::Proportional)
}

/// Sets the theme up.
pub fn apply(ctx: &egui::Context) {
    ctx.set_theme(egui::Theme::Dark);
    ctx.all_styles_mut(|style| {
        style.visuals = visuals();
        style.spacing.item_spacing = egui::vec2(GAP_S, GAP_S);
        style.spacing.button_padding = egui::vec2(GAP_M, 7.0);
        style.spacing.interact_size.y = 32.0;
        style.spacing.menu_margin = Margin::same(6);
        style.interaction.selectable_labels = false;
        style.interaction.tooltip_delay = 0.5;
        style.text_styles.insert(
            TextStyle::Heading,
            FontId::new(22.0, FontFamily::Proportional),
        );
        for text_style in [TextStyle::Body, TextStyle::Button] {
            style.text_styles.insert(text_style, body());
        }
        style.text_styles.insert(TextStyle::Small, small());
    });
}

fn visuals() -> Visuals {
    let mut visuals = Visuals::dark();
    visuals.panel_fill = BACKGROUND;
    visuals.window_fill = SURFACE_RAISED;
    visuals.window_stroke = Stroke::new(1.0, EDGE);
    visuals.window_shadow = SHADOW;
    visuals.popup_shadow = SHADOW;
    visuals.window_corner_radius = CornerRadius::same(RADIUS);
    visuals.menu_corner_radius = CornerRadius::same(10);
    visuals.selection.bg_fill = ACCENT;
    visuals.selection.stroke = Stroke::new(1.0, ON_ACCENT);
    visuals.hyperlink_color = ACCENT;
    let widgets = &mut visuals.widgets;
    let states = [
        (&mut widgets.noninteractive, Color32::TRANSPARENT, TEXT),
        (&mut widgets.inactive, Color32::TRANSPARENT, TEXT),
        (&mut widgets.hovered, HOVER, TEXT),
        (&mut widgets.active, HOVER, ACCENT),
        (&mut widgets.open, HOVER, TEXT),
    ];
    for (state, fill, text) in states {
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::NONE;
        state.fg_stroke = Stroke::new(1.0, text);
        state.corner_radius = CornerRadius::same(RADIUS_CONTROL);
        state.expansion = 0.0;
    }
    visuals
}

/// A surface that floats over the picture.
pub fn surface() -> egui::Frame {
    egui::Frame::new()
        .fill(SURFACE)
        .stroke(Stroke::new(1.0, EDGE))
        .corner_radius(CornerRadius::same(RADIUS))
        .shadow(SHADOW)
}
