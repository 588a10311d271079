//! Algorithms to compare with.

use zoetrope_player::abr::Ladder;

use crate::simulator::{Policy, View};

/// The highest rate below the harmonic mean of the last five groups: what "RB" is in the paper of Yin
/// et al., and what most players did.
#[derive(Default)]
pub struct ThroughputRule {
    rates: Vec<f64>,
}

impl Policy for ThroughputRule {
    fn choose(&mut self, view: &View<'_>) -> u8 {
        self.rates = view
            .transfers
            .iter()
            .rev()
            .take(5)
            .map(|transfer| transfer.bytes as f64 * 8.0 / (transfer.ended_s - transfer.started_s))
            .collect();
        let sum: f64 = self.rates.iter().map(|rate| 1.0 / rate).sum();
        let mean = self.rates.len() as f64 / sum;
        highest(view.ladder, |rate| rate <= mean)
    }
}

/// BBA-0 of T.-Y. Huang, R. Johari, N. McKeown, M. Trunnell, M. Watson, "A Buffer-Based Approach to
/// Rate Adaptation" (SIGCOMM 2014), algorithm 1: the rate is a function of the buffer, lowest below a
/// reservoir, highest where nine tenths are full, linear in between, and changes only when that
/// function passes the next rate. The reservoir has the paper's part of the buffer (90 of 240 s).
#[derive(Default)]
pub struct Bba0 {
    previous: u8,
}

impl Policy for Bba0 {
    fn choose(&mut self, view: &View<'_>) -> u8 {
        let ladder = view.ladder;
        let (lowest, top) = (ladder.rate(1), ladder.rate(ladder.top()));
        let reservoir_s = view.goal_s * 90.0 / 240.0;
        let upper_s = view.goal_s * 0.9;
        let previous = self.previous.max(1);
        let up = ladder.rate((previous + 1).min(ladder.top()));
        let down = ladder.rate((previous - 1).max(1));
        let part = (view.ahead_s - reservoir_s) / (upper_s - reservoir_s);
        let function = lowest + part * (top - lowest);
        self.previous = if view.ahead_s <= reservoir_s {
            1
        } else if view.ahead_s >= upper_s {
            ladder.top()
        } else if function >= up {
            highest(ladder, |rate| rate < function)
        } else if function <= down {
            let above = (1..=ladder.top()).find(|layers| ladder.rate(*layers) > function);
            above.unwrap_or(ladder.top())
        } else {
            previous
        };
        self.previous
    }
}

fn highest(ladder: &Ladder, fits: impl Fn(f64) -> bool) -> u8 {
    let mut layers = (1..=ladder.top()).rev();
    layers
        .find(|layers| fits(ladder.rate(*layers)))
        .unwrap_or(1)
}
