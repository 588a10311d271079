//! What decoding and drawing can do: layers cost time as well as bytes.

use super::{History, Ladder};

/// The part of the time from frame to frame that decoding may take.
const DECODE_SHARE: f64 = 0.9;
/// More frames dropped than this share are too many (as in dash.js).
const DROPPED_MAX: f64 = 0.15;

/// The most layers that can be decoded and drawn in time; the base layer always can.
pub fn most(history: &History<'_>, ladder: &Ladder) -> u8 {
    let budget_s = history.frame_s * DECODE_SHARE;
    let value = |list: &[Option<f64>], layers: u8| {
        let index = usize::from(layers) - 1;
        list.get(index).copied().flatten()
    };
    let is_possible = |layers: &u8| {
        let decodes = value(history.decode_s, *layers)
            .is_none_or(|decode_s| budget_s <= 0.0 || decode_s <= budget_s);
        let draws = value(history.dropped, *layers).is_none_or(|share| share <= DROPPED_MAX);
        decodes && draws
    };
    // More layers than one that is too many are too many, whatever they measured.
    let mut possible = (1..=ladder.top()).take_while(is_possible);
    let most = possible.by_ref().last();
    most.unwrap_or(1)
}
