//! Facts of the clip, of the device and of memory.

use egui::{Rect, Role, Sense, Ui, WidgetInfo, vec2};
use zoetrope_codecs::{Bounds, ClipInfo, ClipKind, PictureInfo};
use zoetrope_player::PlayerState;
use zoetrope_render::{RenderStats, Tier};

use super::super::super::statistics::grouped;
use super::super::super::theme;
use super::super::super::timecode::clock_text;
use super::{Inspected, InspectedClip, fact, file_size, quiet};
use crate::text::{InspectorText, Text, fill, text};

/// Height of a bar, in points.
const BAR_HEIGHT: f32 = 6.0;

/// What is known of the clip.
pub fn clip(ui: &mut Ui, clip: &InspectedClip<'_>, stats: RenderStats) {
    let text = text(ui);
    for (name, value) in clip_facts(clip, stats, text) {
        fact(ui, name, &value);
    }
    for warning in &clip.info.warnings {
        quiet(ui, warning);
    }
}

fn clip_facts(
    clip: &InspectedClip<'_>,
    stats: RenderStats,
    text: &'static Text,
) -> Vec<(&'static str, String)> {
    let (info, state, text) = (clip.info, clip.state, &text.inspector);
    let kind = match info.kind {
        ClipKind::NeuralVideo => text.kind_neural,
        ClipKind::V3 => text.kind_v3,
        ClipKind::SplatFile => text.kind_file,
        ClipKind::SplatSequence => text.kind_sequence,
        _ => info.kind.name(),
    };
    let mut facts = vec![
        (text.kind, kind.to_owned()),
        (text.codec, info.codec.clone()),
    ];
    if info.frame_count > 1 {
        let rate = format!("{:.2}", info.frame_rate);
        let rate = rate.trim_end_matches('0').trim_end_matches('.');
        let mut frames = fill(text.frames_value, &[&grouped(info.frame_count), rate]);
        if !info.frame_rate_known {
            frames = format!("{frames} ({})", text.frame_rate_assumed);
        }
        facts.push((text.frames, frames));
        facts.push((text.duration, clock_text(state.duration, state.duration)));
    }
    if let Some(bytes) = info.size_bytes {
        facts.push((text.file_size, file_size(bytes)));
    }
    if let Some(counts) = info.gaussians {
        let [min, max] = [counts.min, counts.max].map(grouped);
        facts.push((
            text.gaussians,
            if counts.min == counts.max {
                max
            } else {
                let mean = grouped(counts.mean.round() as usize);
                fill(text.gaussians_range, &[&min, &max, &mean])
            },
        ));
    }
    if let Some(picture) = info.picture {
        facts.extend(picture_facts(info, picture, state, text));
        return facts;
    }
    if let Some(shown) = &state.picture
        && let Some(frame) = shown.frame.splats()
    {
        let stored = grouped(frame.count());
        let mut here = match stats.drawn {
            Some(drawn) => fill(text.here_value, &[&stored, &grouped(drawn as usize)]),
            None => stored,
        };
        if shown.frame.dropped() > 0 {
            let broken = fill(text.broken, &[&grouped(shown.frame.dropped())]);
            here = format!("{here}, {broken}");
        }
        facts.push((text.here, here));
    }
    facts.push((text.sh_degree, info.sh_degree.to_string()));
    if let Some(bounds) = info.bounds.filter(|bounds| !bounds.is_empty()) {
        facts.push((text.extent, extent(bounds)));
        facts.push((text.centre, bounds.centre().map(short).join(", ")));
    }
    facts.push((text.up, info.up.name().to_owned()));
    facts
}

/// What there is to tell of flat pictures.
fn picture_facts(
    info: &ClipInfo,
    picture: PictureInfo,
    state: &PlayerState,
    text: &'static InspectorText,
) -> Vec<(&'static str, String)> {
    let [width, height] = picture.size;
    let mut facts = vec![(text.picture_size, format!("{width} × {height}"))];
    if let Some(bits) = info.bits_per_pixel() {
        facts.push((text.bits_per_pixel, format!("{bits:.3}")));
    }
    if let Some(parameters) = picture.parameters {
        facts.push((text.parameters, grouped(parameters as usize)));
    }
    if let (Some(macs), Some(each)) = (picture.macs, picture.macs_per_pixel()) {
        let (all, each) = (macs as f64 / 1e9, each / 1e3);
        facts.push((
            text.macs,
            fill(
                text.macs_value,
                &[&format!("{all:.2}"), &format!("{each:.1}")],
            ),
        ));
    }
    if let Some(ms) = state.decode_ms {
        facts.push((text.decode_time, format!("{ms:.1} ms")));
    }
    facts
}

/// "2.4 × 1 × 3.1"
fn extent(bounds: Bounds) -> String {
    let sides: [f32; 3] = std::array::from_fn(|axis| bounds.max[axis] - bounds.min[axis]);
    sides.map(short).join(" × ")
}

/// A number with three digits that count.
fn short(number: f32) -> String {
    match number.abs() {
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

/// What draws and what decodes.
pub fn device(ui: &mut Ui, inspected: &Inspected<'_>) {
    let text = &text(ui).inspector;
    let device = inspected.device;
    let graphics = format!("{} ({})", device.adapter_name, device.backend);
    fact(ui, text.adapter, &graphics);
    if !device.driver.is_empty() {
        fact(ui, text.driver, &device.driver);
    }
    let way = match device.tier {
        Tier::Cpu => text.way_cpu,
        Tier::Gpu => text.way_gpu,
    };
    fact(ui, text.way, way);
    if let Some(clip) = &inspected.clip {
        let engine = if clip.engine.hardware {
            text.decoder_hardware
        } else {
            text.decoder_software
        };
        fact(ui, text.decoder, &fill(engine, &[&clip.engine.name]));
    }
}

/// What is held, as bars on one scale.
pub fn memory(ui: &mut Ui, inspected: &Inspected<'_>) {
    let text = &text(ui).inspector;
    let drawing = inspected.stats.memory_bytes as f64;
    let frames = inspected.clip.as_ref().map_or((0.0, 0.0), |clip| {
        let state = clip.state;
        (state.memory_bytes as f64, state.memory_limit_bytes as f64)
    });
    let scale = frames.1.max(frames.0).max(drawing).max(1.0);
    let mb = |bytes: f64| format!("{:.0}", bytes / 1e6);
    if frames.1 > 0.0 {
        let value = fill(text.memory_of, &[&mb(frames.0), &mb(frames.1)]);
        let parts = [frames.0 / scale, frames.1 / scale];
        bar(ui, text.memory_frames, &value, parts);
    }
    let value = fill(text.memory_mb, &[&mb(drawing)]);
    bar(ui, text.memory_drawing, &value, [drawing / scale, 0.0]);
}

/// A bar with its name and value; `parts` of its width are used, and may be.
fn bar(ui: &mut Ui, name: &str, value: &str, [used, allowed]: [f64; 2]) {
    fact(ui, name, value);
    let palette = theme::palette(ui);
    let size = vec2(ui.available_width(), BAR_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ProgressIndicator, true, name);
        info.current_text_value = Some(value.to_owned());
        info
    });
    let part = |part: f64| {
        let width = rect.width() * part.clamp(0.0, 1.0) as f32;
        Rect::from_min_size(rect.min, vec2(width, rect.height()))
    };
    let radius = 0.5 * BAR_HEIGHT;
    ui.painter()
        .rect_filled(part(allowed), radius, palette.track_buffered);
    ui.painter().rect_filled(part(used), radius, palette.accent);
    ui.add_space(theme::GAP_XS);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (number, text) in [
            (0.0, "0.00"),
            (-1.234, "-1.23"),
            (12.34, "12.3"),
            (1234.5, "1234"),
        ] {
            assert_eq!(short(number), text);
        }
        let bounds = Bounds {
            min: [-1.0, 0.0, 2.0],
            max: [1.0, 0.5, 152.4],
        };
        assert_eq!(extent(bounds), "2.00 × 0.50 × 150");
    }
}
