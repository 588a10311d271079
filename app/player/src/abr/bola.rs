//! BOLA: the quality follows from what is buffered alone.
//!
//! K. Spiteri, R. Urgaonkar, R. K. Sitaraman, "BOLA: Near-Optimal Bitrate Adaptation for Online
//! Videos" (INFOCOM 2016; arXiv:1601.06748v3), section "BOLA: An Online Control Algorithm": of the
//! qualities `m` with sizes `S_m` and utilities `υ_m = ln(S_m / S_1)` the one is read that has the
//! largest `(V (υ_m + γp) − Q) / S_m` at a buffer level of `Q`. As in its section on choosing the
//! parameters, `V` and `γp` follow from the levels at which the lowest and the highest quality are
//! wanted.

use super::{BUFFER_LONG_S, Buffer, Ladder};

/// The most layers that are worth reading at what is buffered.
pub fn layers(buffer: Buffer, ladder: &Ladder) -> u8 {
    let utility = |layers: u8| (ladder.rate(layers) / ladder.rate(1)).ln();
    let highest = utility(ladder.top());
    if highest <= 0.0 {
        // All layers cost nothing.
        return ladder.top();
    }
    // The base layer is best up to `low_s`, where the next one that costs anything is as good, and the
    // top up to the goal, where it is worth nothing any more: two equations for V and γp.
    let low_s = (BUFFER_LONG_S / 2.0).min(buffer.goal_s / 4.0);
    let mut dearer = (2..=ladder.top()).filter(|layers| utility(*layers) > 0.0);
    let next = dearer.next().unwrap_or(ladder.top());
    let slope = utility(next) / (ladder.rate(next) / ladder.rate(1) - 1.0);
    let v = (buffer.goal_s - low_s) / (highest + slope);
    let gamma_p = buffer.goal_s / v - highest;
    let score =
        |layers: u8| (v * (utility(layers) + gamma_p) - buffer.ahead_s) / ladder.rate(layers);
    (1..=ladder.top())
        .max_by(|a, b| score(*a).total_cmp(&score(*b)))
        .unwrap_or(1)
}
