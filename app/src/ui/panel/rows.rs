//! What panels are put together of: facts, remarks, buttons.

use egui::{Button, Label, RichText, Ui, vec2};

use super::super::icons::{Icon, labeled};
use super::super::theme;

/// Width of the names of facts, in points.
const NAME_WIDTH: f32 = 112.0;

/// A text that explains.
pub fn quiet(ui: &mut Ui, text: &str) {
    let color = theme::palette(ui).text_quiet;
    let text = RichText::new(text).font(theme::small()).color(color);
    ui.add(Label::new(text).wrap());
}

/// A fact with its name.
pub fn fact(ui: &mut Ui, name: &str, value: &str) {
    let palette = theme::palette(ui);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_S;
        let name = RichText::new(name)
            .font(theme::small())
            .color(palette.text_quiet);
        ui.allocate_ui(vec2(NAME_WIDTH, 0.0), |ui| {
            ui.set_width(NAME_WIDTH);
            ui.add(Label::new(name).wrap());
        });
        let value = RichText::new(value)
            .font(theme::small())
            .color(palette.text);
        ui.add(Label::new(value).wrap());
    });
}

/// The button that people look for, as wide as there is room; whether it was pressed.
pub fn main_button(ui: &mut Ui, icon: Icon, label: &str) -> bool {
    let palette = theme::palette(ui);
    let mut job = labeled(icon, label);
    for section in &mut job.sections {
        section.format.color = palette.on_accent;
    }
    let button = Button::new(job)
        .fill(palette.accent)
        .min_size(vec2(ui.available_width(), theme::BUTTON));
    ui.add(button).accessible_name(label).clicked()
}

/// A button with an icon, as wide as there is room; whether it was pressed.
pub fn wide_button(ui: &mut Ui, icon: Icon, label: &str) -> bool {
    let button = Button::new(labeled(icon, label))
        .fill(theme::palette(ui).hover)
        .right_text("")
        .min_size(vec2(ui.available_width(), theme::BUTTON));
    ui.add(button).accessible_name(label).clicked()
}

/// "1.2 MB", or "181 kB" and "0.1 kB" of less.
pub fn file_size(bytes: u64) -> String {
    let kilobytes = bytes as f64 / 1e3;
    match bytes {
        0..10_000 => format!("{kilobytes:.1} kB"),
        10_000..1_000_000 => format!("{kilobytes:.0} kB"),
        _ => megabytes(bytes as f64),
    }
}

/// "1.2 MB"
pub fn megabytes(bytes: f64) -> String {
    let mb = bytes / 1e6;
    if mb >= 100.0 {
        format!("{mb:.0} MB")
    } else {
        format!("{mb:.1} MB")
    }
}

/// "33.54 dB"; `equal` stands for what has no difference at all.
pub fn decibels(psnr: f64, equal: &str) -> String {
    match psnr.is_finite() {
        true => format!("{psnr:.2} dB"),
        false => equal.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_write_them() {
        let sizes = [92, 181_176, 999_400, 3_000_000, 123_456_789].map(file_size);
        assert_eq!(sizes, ["0.1 kB", "181 kB", "999 kB", "3.0 MB", "123 MB"]);
    }
}
