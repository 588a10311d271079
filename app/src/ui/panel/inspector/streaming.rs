//! Layers of quality, and the network that they come over.

use egui::Ui;
use zoetrope_codecs::clip::Detail;
use zoetrope_player::{Command, NetworkState, Quality};

use super::quality::choose;
use super::{InspectedClip, Request, fact, megabytes};
use crate::text::{fill, text};

/// Layers that can be chosen by a button each.
const BUTTONS_MAX: u8 = 8;

/// What is loaded, and what is chosen for it.
pub fn streaming(ui: &mut Ui, clip: &InspectedClip<'_>, asked: &mut Vec<Request>) {
    if clip.state.levels > 1 {
        choice(ui, clip, asked);
        layers(ui, clip);
    }
    if let Some(network) = &clip.state.network {
        transfers(ui, network);
    }
}

fn choice(ui: &mut Ui, clip: &InspectedClip<'_>, asked: &mut Vec<Request>) {
    let (inspector, playback) = (&text(ui).inspector, &text(ui).playback);
    let state = clip.state;
    let mut choices = vec![(playback.quality_auto.to_owned(), Quality::Auto)];
    choices.extend(
        (1..=state.levels.min(BUTTONS_MAX))
            .map(|layers| (layers.to_string(), Quality::Layers(layers))),
    );
    let numbers = [state.layers, state.levels].map(|number| number.to_string());
    let now = fill(inspector.quality_now, &[&numbers[0], &numbers[1]]);
    let names = [inspector.quality, playback.quality_is];
    if let Some(quality) = choose(ui, names, &now, &choices, state.quality) {
        asked.push(Request::Command(Command::Quality(quality)));
    }
}

/// What is shown, and what there is.
fn layers(ui: &mut Ui, clip: &InspectedClip<'_>) {
    let text = &text(ui).inspector;
    let levels = clip.state.levels;
    if let Some(picture) = &clip.state.picture {
        let shown = match picture.detail {
            Detail::Key => text.layer_shown_coarse.to_owned(),
            Detail::Layers(layers) => {
                let numbers = [layers.min(levels), levels].map(|number| number.to_string());
                fill(text.layer_shown_value, &[&numbers[0], &numbers[1]])
            }
        };
        fact(ui, text.layer_shown, &shown);
    }
    let seconds = clip.info.duration().max(1e-3);
    for (index, layer) in clip.info.layers.iter().enumerate() {
        let rate = megabits(layer.bytes as f64 * 8.0 / seconds);
        let name = fill(text.layer, &[&(index + 1).to_string()]);
        fact(ui, &name, &fill(text.layer_value, &[&layer.name, &rate]));
    }
}

fn transfers(ui: &mut Ui, network: &NetworkState) {
    let text = &text(ui).inspector;
    let throughput = network.bits_per_s.map(megabits);
    let throughput = throughput.map_or(text.throughput_unknown.to_owned(), |rate| {
        fill(text.throughput_value, &[&rate])
    });
    fact(ui, text.throughput, &throughput);
    let ahead = format!("{:.1}", network.buffered_s);
    fact(ui, text.buffered, &fill(text.buffered_value, &[&ahead]));
    if let Some(last) = network.transfers.last() {
        let ms = 1e3 * (last.ended_s - last.started_s).max(0.0);
        let values = [
            network.transfers.len().to_string(),
            megabytes(last.bytes as f64),
            format!("{ms:.0}"),
        ];
        let [count, bytes, ms] = &values;
        let value = fill(text.transfers_value, &[count, bytes, ms]);
        fact(ui, text.transfers, &value);
    }
}

/// "12.3"
fn megabits(bits_per_s: f64) -> String {
    format!("{:.1}", bits_per_s / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_in_megabits() {
        assert_eq!(megabits(12_345_678.0), "12.3");
        assert_eq!(megabits(0.0), "0.0");
    }
}
