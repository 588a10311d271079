//! The video that a flat clip was made of.

use egui::{Slider, Ui};
use zoetrope_player::{Command, Comparison};

use super::super::super::comparing::SourceFacts;
use super::{Request, choose, decibels, fact, quiet};
use crate::text::{fill, text};

/// What is told of the source, and how it is shown.
pub fn source(ui: &mut Ui, facts: &SourceFacts, asked: &mut Vec<Request>) {
    let text = &text(ui).inspector;
    if let Some(name) = &facts.name {
        fact(ui, text.source, name);
        let psnr = facts.psnr.map(|psnr| decibels(psnr, text.equal));
        fact(ui, text.psnr, psnr.as_deref().unwrap_or(text.psnr_unknown));
        if let Some((mean, count)) = facts.mean_psnr {
            let values = [decibels(mean, text.equal), count.to_string()];
            let [mean, count] = &values;
            fact(
                ui,
                text.psnr_mean,
                &fill(text.psnr_mean_value, &[mean, count]),
            );
        }
        let choices = [
            (text.comparison_off, Comparison::Off),
            (text.comparison_wipe, Comparison::Wipe),
            (text.comparison_side, Comparison::SideBySide),
        ]
        .map(|(name, choice)| (name.to_owned(), choice));
        let names = [text.comparison, text.comparison_choice];
        if let Some(choice) = choose(ui, names, "", &choices, facts.comparison) {
            asked.push(Request::Command(Command::Compare(choice)));
        }
        if facts.comparison == Comparison::Wipe {
            let mut percent = (100.0 * facts.line).round();
            ui.spacing_mut().slider_width = ui.available_width();
            let slider = Slider::new(&mut percent, 0.0..=100.0).show_value(false);
            let moved = ui.add(slider);
            if moved.changed() {
                asked.push(Request::WipeLine(percent / 100.0));
            }
            moved.accessible_name(text.wipe_line);
        }
    } else {
        quiet(ui, text.no_source);
    }
    if ui.button(text.choose_source).clicked() {
        asked.push(Request::Command(Command::ChooseSource));
    }
}
