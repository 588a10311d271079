//! Where the time of the last pictures went.

use egui::{Color32, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use zoetrope_player::{Playback, PlayerState};

use super::super::super::frame_log::{FrameLog, KEPT, PictureTime};
use super::super::super::theme;
use super::{Inspected, fact, quiet};
use crate::text::{InspectorText, fill, text};

/// Height of the graph, in points.
const HEIGHT: f32 = 84.0;
/// Side of a colour in the legend, in points.
const SWATCH: f32 = 10.0;
/// What the graph's height stands for at least, in milliseconds.
const SPAN_MIN_MS: f64 = 8.0;

/// The stages of a picture, in the order in which they are stacked.
const STAGES: usize = 5;

/// A colour for each stage: the same lightness for all, and apart for those who see few colours.
const ON_DARK: [Color32; STAGES] = [
    Color32::from_rgb(122, 162, 255),
    Color32::from_rgb(79, 209, 197),
    Color32::from_rgb(206, 147, 216),
    Color32::from_rgb(255, 182, 88),
    Color32::from_rgb(166, 214, 92),
];
const ON_LIGHT: [Color32; STAGES] = [
    Color32::from_rgb(38, 84, 190),
    Color32::from_rgb(0, 118, 112),
    Color32::from_rgb(136, 54, 152),
    Color32::from_rgb(176, 94, 0),
    Color32::from_rgb(70, 118, 0),
];

fn parts(picture: &PictureTime) -> [f64; STAGES] {
    let stages = picture.stages;
    [
        picture.decode_ms.unwrap_or(0.0),
        stages.upload_ms,
        stages.project_ms,
        stages.sort_ms,
        stages.draw_ms,
    ]
}

fn names(text: &InspectorText) -> [&'static str; STAGES] {
    [
        text.stage_decode,
        text.stage_upload,
        text.stage_project,
        text.stage_sort,
        text.stage_draw,
    ]
}

/// The frame rate, the graph and its legend.
pub fn times(ui: &mut Ui, state: &PlayerState, inspected: &Inspected<'_>) {
    let text = &text(ui).inspector;
    let log = inspected.log;
    let line = match state.playback {
        Playback::Playing => fill(text.rate, &[&inspected.frame_rate.to_string()]),
        Playback::Paused | Playback::Ended => text.paused.to_owned(),
    };
    let Some((half, most)) = log.percentiles_ms() else {
        quiet(ui, text.no_pictures);
        return;
    };
    let numbers = [half, most].map(|ms| format!("{ms:.1}"));
    let [half, most] = &numbers;
    fact(ui, &line, &fill(text.median, &[half, most]));
    let count = log.pictures().len().to_string();
    let mut label = fill(text.graph_label, &[&count, half, most]);
    let budget_ms = log.last().and_then(|picture| picture.budget_ms);
    if let Some(ms) = budget_ms {
        let budget = fill(text.graph_budget, &[&format!("{ms:.1}")]);
        label = format!("{label}; {budget}");
    }
    graph(ui, log, budget_ms, &label);
    legend(ui, log);
}

fn graph(ui: &mut Ui, log: &FrameLog, budget_ms: Option<f64>, label: &str) {
    let palette = theme::palette(ui);
    let size = vec2(ui.available_width(), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, label));
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, theme::RADIUS_CONTROL, palette.hover);
    let span_ms = span_ms(log, budget_ms);
    let y = |ms: f64| rect.bottom() - rect.height() * (ms / span_ms).min(1.0) as f32;
    let step = rect.width() / KEPT as f32;
    let colours = colours(ui);
    // The newest is at the right.
    let first = KEPT - log.pictures().len();
    for (slot, picture) in (first..).zip(log.pictures()) {
        let left = rect.left() + step * slot as f32;
        let mut below = 0.0;
        for (ms, colour) in parts(picture).into_iter().zip(colours) {
            let bar = Rect::from_min_max(
                pos2(left, y(below + ms)),
                pos2(left + (step - 0.5).max(1.0), y(below)),
            );
            painter.rect_filled(bar, 0.0, colour);
            below += ms;
        }
    }
    if let Some(ms) = budget_ms {
        let line = Stroke::new(1.0, palette.text);
        painter.hline(rect.x_range(), y(ms), line);
        let text = format!("{ms:.1} ms");
        let at = pos2(rect.left() + theme::GAP_S, y(ms) - 2.0);
        let galley = painter.layout_no_wrap(text, theme::small(), palette.text);
        let place = Rect::from_min_size(at - vec2(0.0, galley.size().y), galley.size());
        painter.rect_filled(place.expand(2.0), 3.0, palette.surface_raised);
        painter.galley(place.min, galley, palette.text);
    }
}

/// What the graph's height stands for: nearly all pictures, and the budget with some room.
fn span_ms(log: &FrameLog, budget_ms: Option<f64>) -> f64 {
    let most = log.percentiles_ms().map_or(0.0, |(_, most)| most);
    let budget = budget_ms.map_or(0.0, |ms| 1.4 * ms);
    (1.15 * most).max(budget).max(SPAN_MIN_MS)
}

fn colours(ui: &Ui) -> [Color32; STAGES] {
    if ui.visuals().dark_mode {
        ON_DARK
    } else {
        ON_LIGHT
    }
}

/// Each stage with its colour and its mean.
fn legend(ui: &mut Ui, log: &FrameLog) {
    let palette = theme::palette(ui);
    let names = names(&text(ui).inspector);
    let means = means(log);
    let colours = colours(ui);
    // The rows are not buttons.
    let height = std::mem::take(&mut ui.spacing_mut().interact_size.y);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(theme::GAP_M, 2.0);
        for ((name, ms), colour) in names.into_iter().zip(means).zip(colours) {
            let text = format!("{name} {ms:.1} ms");
            let galley = ui
                .painter()
                .layout_no_wrap(text.clone(), theme::small(), palette.text);
            let size = vec2(SWATCH + theme::GAP_XS, 0.0) + galley.size();
            let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
            let swatch = Rect::from_center_size(
                pos2(rect.left() + 0.5 * SWATCH, rect.center().y),
                vec2(SWATCH, SWATCH),
            );
            ui.painter().rect_filled(swatch, 2.0, colour);
            let at = pos2(swatch.right() + theme::GAP_XS, rect.top());
            ui.painter().galley(at, galley, palette.text);
        }
    });
    ui.spacing_mut().interact_size.y = height;
}

/// The mean of each stage, in milliseconds; of decoding, over the pictures that needed it.
fn means(log: &FrameLog) -> [f64; STAGES] {
    let mut sums = [0.0; STAGES];
    let mut counts = [0.0; STAGES];
    for picture in log.pictures() {
        for (stage, ms) in parts(picture).into_iter().enumerate() {
            if stage > 0 || picture.decode_ms.is_some() {
                sums[stage] += ms;
                counts[stage] += 1.0;
            }
        }
    }
    std::array::from_fn(|stage| sums[stage] / f64::max(counts[stage], 1.0))
}

#[cfg(test)]
mod tests {
    use super::super::super::super::draw_thread::StageTimes;
    use super::super::super::super::theme::{DARK, LIGHT};
    use super::*;

    fn picture(decode_ms: Option<f64>, draw_ms: f64) -> PictureTime {
        PictureTime {
            decode_ms,
            stages: StageTimes {
                sort_ms: 1.0,
                draw_ms,
                ..StageTimes::default()
            },
            budget_ms: Some(33.3),
            scale: 1.0,
        }
    }

    #[test]
    fn means_are_of_the_pictures_that_had_the_stage() {
        let mut log = FrameLog::default();
        assert_eq!(means(&log), [0.0; STAGES]);
        log.push(picture(Some(4.0), 10.0));
        log.push(picture(None, 20.0));
        assert_eq!(means(&log), [4.0, 0.0, 0.0, 1.0, 15.0]);
    }

    #[test]
    fn the_graph_is_high_enough_for_the_budget_and_nearly_all() {
        let mut log = FrameLog::default();
        assert_eq!(span_ms(&log, None), SPAN_MIN_MS);
        log.push(picture(None, 1.0));
        assert_eq!(span_ms(&log, Some(30.0)), 42.0);
        log.push(picture(None, 99.0));
        assert!((span_ms(&log, Some(30.0)) - 115.0).abs() < 1e-9);
    }

    #[test]
    fn stages_stand_out_from_their_ground() {
        for (palette, colours) in [(&DARK, ON_DARK), (&LIGHT, ON_LIGHT)] {
            let luma = |colour: Color32| {
                let [r, g, b, _] = colour.to_array().map(|channel| {
                    let value = f32::from(channel) / 255.0;
                    value.powf(2.2)
                });
                0.2126 * r + 0.7152 * g + 0.0722 * b
            };
            for colour in colours {
                let (a, b) = (luma(colour), luma(palette.background));
                let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                assert!(contrast >= 3.0, "{colour:?} {contrast}");
            }
        }
    }
}
