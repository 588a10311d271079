//! Making a neural video: what of, how far it is, and what has come of it.

use egui::{ProgressBar, Rect, Role, Sense, Stroke, TextureHandle, Ui, WidgetInfo, pos2, vec2};

use super::super::icons::Icon;
use super::super::theme;
use super::inspector::choose;
use super::rows::{decibels, fact, file_size, main_button, quiet, wide_button};
use super::{Frames, Panel, SheetResponse, section, sheet};
use crate::fitting::{FitMade, FitNetwork, FitNews};
use crate::text::{FittingText, fill, text};

/// Height of the curve, in points.
const CURVE_HEIGHT: f32 = 72.0;
/// What the curve's height stands for at least, dB.
const SPAN_MIN: f64 = 4.0;

/// What is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FitChoice {
    /// What is fitted.
    pub network: FitNetwork,
    /// Bits of a number.
    pub bits: u8,
}

impl Default for FitChoice {
    fn default() -> Self {
        Self {
            network: FitNetwork::default(),
            bits: 8,
        }
    }
}

/// What there is to be seen.
pub enum FitView<'a> {
    /// Nobody here can make one.
    Cannot,
    /// Nothing was begun; the name of the video that was chosen.
    Choosing(Option<&'a str>),
    /// It is being made.
    Making {
        /// Its name.
        name: &'a str,
        /// How far it is.
        news: FitNews,
        /// PSNR in dB over steps.
        curve: &'a [[f64; 2]],
        /// A frame as it is now.
        picture: Option<&'a TextureHandle>,
    },
    /// It has been made.
    Made {
        /// Its name.
        name: &'a str,
        /// What it is.
        made: FitMade,
    },
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FitRequest {
    /// To choose the video.
    ChooseVideo,
    /// To begin.
    Start,
    /// To stop.
    Stop,
    /// To open what has been made.
    Play,
    /// To make another one.
    Another,
}

/// Shows the panel; what is chosen goes into `choice` and `asked`.
pub fn fit(
    ui: &Ui,
    frames: Frames,
    view: &FitView<'_>,
    choice: &mut FitChoice,
    asked: &mut Vec<FitRequest>,
) -> SheetResponse {
    let title = text(ui).fitting.title;
    sheet(ui, frames, Panel::Fit, title, |ui| {
        match view {
            FitView::Cannot => quiet(ui, text(ui).fitting.cannot),
            FitView::Choosing(video) => choosing(ui, *video, choice, asked),
            FitView::Making {
                name,
                news,
                curve,
                picture,
            } => making(ui, name, news, curve, *picture, asked),
            FitView::Made { name, made } => has_been_made(ui, name, made, asked),
        }
        ui.add_space(theme::GAP_S);
    })
}

fn choosing(ui: &mut Ui, video: Option<&str>, choice: &mut FitChoice, asked: &mut Vec<FitRequest>) {
    let texts = &text(ui).fitting;
    quiet(ui, texts.explained);
    ui.add_space(theme::GAP_S);
    fact(ui, texts.video, video.unwrap_or(texts.no_video));
    if wide_button(ui, Icon::Film, texts.choose_video) {
        asked.push(FitRequest::ChooseVideo);
    }
    ui.add_space(theme::GAP_S);
    let networks = [
        (texts.quick.to_owned(), FitNetwork::Quick),
        (texts.lite.to_owned(), FitNetwork::Lite),
        (texts.hnerv.to_owned(), FitNetwork::Hnerv),
    ];
    let remark = match choice.network {
        FitNetwork::Quick => texts.quick_explained,
        FitNetwork::Lite => texts.lite_explained,
        FitNetwork::Hnerv => texts.hnerv_explained,
    };
    let names = [texts.network, texts.network_choice];
    if let Some(network) = choose(ui, names, remark, &networks, choice.network) {
        choice.network = network;
    }
    if choice.network != FitNetwork::Quick {
        let remark = if choice.bits == 8 {
            texts.bits_8
        } else {
            texts.bits_6
        };
        let names = [texts.bits, texts.bits_choice];
        let bits = [("8".to_owned(), 8), ("6".to_owned(), 6)];
        if let Some(bits) = choose(ui, names, remark, &bits, choice.bits) {
            choice.bits = bits;
        }
    }
    ui.add_space(theme::GAP_S);
    ui.add_enabled_ui(video.is_some(), |ui| {
        if main_button(ui, Icon::Sparkles, texts.start) {
            asked.push(FitRequest::Start);
        }
    });
}

fn making(
    ui: &mut Ui,
    name: &str,
    news: &FitNews,
    curve: &[[f64; 2]],
    picture: Option<&TextureHandle>,
    asked: &mut Vec<FitRequest>,
) {
    let texts = &text(ui).fitting;
    section(ui, name);
    if news.steps == 0 {
        quiet(ui, texts.reading);
    } else {
        let part = news.step as f32 / news.steps as f32;
        let percent = (100.0 * part).floor();
        let bar = ProgressBar::new(part)
            .desired_height(6.0)
            .corner_radius(3.0);
        let label = fill(texts.progress_label, &[&percent.to_string()]);
        ui.add(bar).accessible_name(label);
        let steps = [news.step, news.steps].map(|steps| steps.to_string());
        let [step, all] = &steps;
        fact(ui, texts.steps, &fill(texts.steps_value, &[step, all]));
        let left = news.seconds_left().map(duration);
        let left = left.as_deref().unwrap_or(texts.left_unknown);
        fact(ui, texts.left, left);
        if let Some(psnr) = news.psnr {
            fact(ui, texts.quality, &decibels(psnr, ""));
        }
        ui.add_space(theme::GAP_XS);
        if curve.len() > 1 {
            paint_curve(ui, curve, news);
        }
    }
    if let Some(picture) = picture {
        ui.add_space(theme::GAP_XS);
        paint_picture(ui, picture, texts.picture_label);
    }
    ui.add_space(theme::GAP_S);
    if wide_button(ui, Icon::X, texts.stop) {
        asked.push(FitRequest::Stop);
    }
}

fn has_been_made(ui: &mut Ui, name: &str, made: &FitMade, asked: &mut Vec<FitRequest>) {
    let texts = &text(ui).fitting;
    quiet(ui, &made_sentence(texts, name, made));
    ui.add_space(theme::GAP_S);
    if main_button(ui, Icon::Play, texts.play) {
        asked.push(FitRequest::Play);
    }
    if wide_button(ui, Icon::Sparkles, texts.another) {
        asked.push(FitRequest::Another);
    }
}

/// What has been made.
pub fn made_sentence(texts: &FittingText, name: &str, made: &FitMade) -> String {
    let values = [file_size(made.bytes), decibels(made.psnr, "")];
    let [bytes, psnr] = &values;
    fill(texts.made, &[name, bytes, psnr])
}

/// PSNR over all steps that there will be.
fn paint_curve(ui: &mut Ui, curve: &[[f64; 2]], news: &FitNews) {
    let palette = theme::palette(ui);
    let room = vec2(ui.available_width(), CURVE_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(room, Sense::hover());
    let last = curve.last().map_or(0.0, |point| point[1]);
    let label = fill(text(ui).fitting.curve_label, &[&decibels(last, "")]);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, theme::RADIUS_CONTROL, palette.hover);
    let values = || curve.iter().map(|point| point[1]);
    let low = values().fold(f64::INFINITY, f64::min).floor();
    let high = values().fold(low + SPAN_MIN, f64::max).ceil();
    let inner = rect.shrink(theme::GAP_XS);
    let at = |[step, psnr]: [f64; 2]| {
        let x = (step / news.steps.max(1) as f64) as f32;
        let y = ((psnr - low) / (high - low)) as f32;
        pos2(
            inner.left() + x * inner.width(),
            inner.bottom() - y * inner.height(),
        )
    };
    let points = curve.iter().map(|point| at(*point)).collect();
    painter.line(points, Stroke::new(2.0, palette.accent));
    for (value, y) in [(high, inner.top()), (low, inner.bottom())] {
        let told = format!("{value:.0} dB");
        let galley = painter.layout_no_wrap(told, theme::small(), palette.text_quiet);
        let place = pos2(
            inner.right() - galley.size().x,
            (y - 0.5 * galley.size().y).clamp(rect.top(), rect.bottom() - galley.size().y),
        );
        painter.galley(place, galley, palette.text_quiet);
    }
}

/// A picture, as wide as the panel.
fn paint_picture(ui: &mut Ui, picture: &TextureHandle, label: &str) {
    let width = ui.available_width();
    let size = picture.size_vec2();
    let room = vec2(width, width * size.y / size.x.max(1.0));
    let (rect, response) = ui.allocate_exact_size(room, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, label));
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    let shape = egui::epaint::RectShape::filled(rect, theme::RADIUS_CONTROL, egui::Color32::WHITE)
        .with_texture(picture.id(), whole);
    ui.painter().add(shape);
}

/// "1:05:30", "12:07" or "0:09".
fn duration(seconds: f64) -> String {
    let seconds = seconds.clamp(0.0, 1e7).round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_write_them() {
        assert_eq!(
            [9.4, 727.0, 3930.0].map(duration),
            ["0:09", "12:07", "1:05:30"]
        );
    }
}
