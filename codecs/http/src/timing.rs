//! How long things may take.

use std::time::Duration;

/// How long things may take, and how often they are tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Timing {
    /// Until a server has answered with the head of a response.
    pub(crate) answer: Duration,
    /// Without a single byte in the middle of a response.
    pub(crate) stall: Duration,
    /// Without a byte for somebody who waits, until another connection is tried beside the silent one.
    pub(crate) hedge: Duration,
    /// Before the first repetition; doubled for each further one.
    pub(crate) retry_first: Duration,
    /// Before any repetition at most, and what a server may ask for.
    pub(crate) retry_cap: Duration,
    /// Before any repetition at most, while somebody waits.
    pub(crate) retry_cap_awaited: Duration,
    /// For a server that was never heard of.
    pub(crate) open_patience: Duration,
    /// For one that has answered before: it will come back.
    pub(crate) read_patience: Duration,
    /// That a request may go on although nobody wants it, for the one who comes back.
    pub(crate) grace: Duration,
    /// Between two looks at all of this.
    pub(crate) tick: Duration,
}

impl Timing {
    /// All of it passes `speed` times faster: tests of outages need not last as long as an outage.
    pub(crate) fn at_speed(speed: f64) -> Self {
        let seconds = |seconds: f64| Duration::from_secs_f64(seconds / speed);
        Self {
            answer: seconds(10.0),
            stall: seconds(5.0),
            hedge: seconds(1.0),
            retry_first: seconds(0.1),
            retry_cap: seconds(8.0),
            retry_cap_awaited: seconds(0.8),
            open_patience: seconds(12.0),
            read_patience: seconds(120.0),
            grace: seconds(0.05),
            tick: seconds(0.1),
        }
    }

    /// How long to wait after the `faults`-th fault in a row; `dice` from 0 to 1 keeps many clients
    /// from coming back at the same moment.
    pub(crate) fn retry_delay(&self, faults: u32, awaited: bool, dice: f64) -> Duration {
        let cap = if awaited {
            self.retry_cap_awaited
        } else {
            self.retry_cap
        };
        let doubled = self.retry_first * 2_u32.saturating_pow(faults.saturating_sub(1).min(16));
        doubled.min(cap).mul_f64(0.5 + 0.5 * dice.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_slow_down_to_a_cap_and_stay_brisk_for_who_waits() {
        let timing = Timing::at_speed(1.0);
        let delay = |faults, awaited, dice| timing.retry_delay(faults, awaited, dice).as_secs_f64();
        assert_eq!(delay(1, false, 1.0), 0.1);
        assert_eq!(delay(1, false, 0.0), 0.05);
        assert_eq!(delay(4, false, 1.0), 0.8);
        assert_eq!(delay(40, false, 1.0), 8.0);
        assert_eq!(delay(u32::MAX, true, 1.0), 0.8);
        assert!((Timing::at_speed(20.0).stall.as_secs_f64() - 0.25).abs() < 1e-9);
    }
}
