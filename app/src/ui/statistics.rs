//! Numbers for those who want them.

use egui::{Rect, RichText, Ui, UiBuilder, vec2};
use zoetrope_player::{Playback, PlayerState};

use super::theme;
use super::viewport::Viewport;

/// Shows the statistics at the top left of `area`, and gives the place they take.
pub fn show(ui: &mut Ui, area: Rect, lines: &[String]) -> Rect {
    let palette = theme::palette(ui);
    let at = Rect::from_min_size(area.min, vec2(area.width(), 0.0));
    ui.scope_builder(UiBuilder::new().max_rect(at), |ui| {
        theme::surface(palette)
            .inner_margin(egui::Margin::symmetric(12, 8))
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                for (index, line) in lines.iter().enumerate() {
                    let color = if index == 0 {
                        palette.text
                    } else {
                        palette.text_quiet
                    };
                    ui.label(RichText::new(line).font(theme::small()).color(color));
                }
            })
            .response
            .rect
    })
    .inner
}

/// The statistics as lines of text.
pub fn lines(state: &PlayerState, viewport: &mut Viewport, decoder: &str, now: f64) -> Vec<String> {
    let stats = viewport.stats();
    let times = viewport.times();
    let drawn = stats.drawn.map_or_else(String::new, |drawn| {
        format!(", {} drawn", grouped(drawn as usize))
    });
    let dropped = state.picture.as_ref().map_or(0, |p| p.frame.dropped());
    let broken = match dropped {
        0 => String::new(),
        _ => format!(", {dropped} broken"),
    };
    let decode = state
        .decode_ms
        .map_or_else(|| "–".to_owned(), |ms| format!("{ms:.1} ms"));
    let draw_ms = times.upload_ms + times.project_ms + times.draw_ms;
    let memory = state.memory_bytes as f64 + stats.memory_bytes as f64;
    let device = &viewport.gpu().capabilities;
    let device = format!("{} ({})", device.adapter_name, device.backend);
    let rate = match state.playback {
        Playback::Playing => format!("{} fps", viewport.frame_rate(now)),
        Playback::Paused | Playback::Ended => "paused".to_owned(),
    };
    let flat = state.picture.as_ref().and_then(|p| p.frame.picture_size());
    let shown = match flat {
        Some([width, height]) => format!("{width} × {height} pixels"),
        None => format!(
            "{} Gaussians{drawn}{broken}",
            grouped(stats.stored as usize)
        ),
    };
    vec![
        format!("{rate} · {shown}"),
        format!(
            "decode {decode} · sort {:.1} ms · draw {draw_ms:.1} ms · {:.0} MB",
            times.sort_ms,
            memory / 1e6
        ),
        format!("{decoder} · {device}"),
    ]
}

/// A number with its thousands apart.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            // A thin space does not break and is not taken for a decimal mark.
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1\u{202f}000"),
            (31_658, "31\u{202f}658"),
            (1_234_567, "1\u{202f}234\u{202f}567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
