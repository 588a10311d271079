//! Which layers of quality are read: adaptive bit rate over layers instead of versions.
//!
//! [`decide`] is a pure function of what happened ([`History`]), what is in hand ([`Buffer`]) and what
//! there is to choose from ([`Ladder`]). It puts together rules that each have a file:
//!
//! - while little is buffered, what the network carries ([`throughput`]),
//! - above that, BOLA, which looks at the buffer only (`bola`),
//! - giving up a read that takes too long (`abandon`),
//! - what decoding and drawing can do, for layers cost time too (`compute`),
//! - and that quality does not flicker (`switches`).
//!
//! The mix of the first two follows K. Spiteri, R. Sitaraman, D. Sparacio, "From Theory to Practice:
//! Improving Bitrate Adaptation in the DASH Reference Player" (MMSys 2018), section 3, scaled down to
//! the few seconds that splats leave room for.

mod abandon;
mod bola;
mod compute;
mod switches;
mod throughput;

use zoetrope_codecs::{ClipInfo, Transfer};

pub use throughput::{Throughput, throughput};

/// Seconds of playing that are read ahead of the playhead.
pub const BUFFER_GOAL_S: f64 = 6.0;
/// From so many seconds on the buffer itself tells what can be had.
const BUFFER_LONG_S: f64 = 3.0;

/// What there is to choose from.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    /// Bits of a second of the clip in one layer, in two, and so on; at least one, rising.
    bits_per_s: Vec<f64>,
    /// Seconds of the clip in a group.
    group_s: f64,
}

impl Ladder {
    /// A ladder of these bit rates, by number of layers, over groups of `group_s` seconds. What is not
    /// a rate, and what does not rise, is mended.
    pub fn new(bits_per_s: &[f64], group_s: f64) -> Self {
        let mut rates: Vec<f64> = Vec::with_capacity(bits_per_s.len().max(1));
        for rate in bits_per_s {
            let floor = rates.last().copied().unwrap_or(1.0);
            rates.push(if rate.is_finite() {
                rate.max(floor)
            } else {
                floor
            });
        }
        if rates.is_empty() {
            rates.push(1.0);
        }
        let group_s = if group_s.is_finite() { group_s } else { 1.0 };
        Self {
            bits_per_s: rates,
            group_s: group_s.clamp(0.04, 60.0),
        }
    }

    /// The ladder of a clip whose groups are `group_frames` long.
    pub fn of(info: &ClipInfo, group_frames: usize) -> Self {
        let duration_s = info.duration().max(1e-3);
        let mut bytes = 0.0;
        let rates: Vec<f64> = if info.layers.is_empty() {
            vec![info.size_bytes.unwrap_or(0) as f64 * 8.0 / duration_s]
        } else {
            let layers = info.layers.iter();
            layers
                .map(|layer| {
                    bytes += layer.bytes as f64;
                    bytes * 8.0 / duration_s
                })
                .collect()
        };
        Self::new(&rates, group_frames as f64 / info.frame_rate)
    }

    /// Bits a second in so many layers.
    pub fn rate(&self, layers: u8) -> f64 {
        let index = usize::from(layers.clamp(1, self.top())) - 1;
        self.bits_per_s[index]
    }

    /// All layers.
    pub fn top(&self) -> u8 {
        u8::try_from(self.bits_per_s.len()).unwrap_or(u8::MAX)
    }

    /// Seconds of the clip in a group.
    pub fn group_s(&self) -> f64 {
        self.group_s
    }

    /// The most layers that need no more than so many bits a second; 1 when none fits.
    fn fitting(&self, bits_per_s: f64) -> u8 {
        let fits = |layers: &u8| self.rate(*layers) <= bits_per_s;
        (1..=self.top()).rev().find(fits).unwrap_or(1)
    }
}

/// What is in hand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Buffer {
    /// Seconds of playing from the playhead on that need no network.
    pub ahead_s: f64,
    /// Seconds that are to be held.
    pub goal_s: f64,
}

/// A read in progress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fetch {
    /// In how many layers.
    pub layers: u8,
    /// Since when, in seconds.
    pub elapsed_s: f64,
    /// How much it is, where known; else it follows from the ladder.
    pub bytes: Option<u64>,
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct History<'a> {
    /// Transfers, oldest first; `None` for a clip that needs no network.
    pub transfers: Option<&'a [Transfer]>,
    /// Layers that were decided last; 0 before anything was.
    pub layers: u8,
    /// Seconds since they were last changed.
    pub since_switch_s: f64,
    /// Mean seconds of decoding a frame, by number of layers, where measured.
    pub decode_s: &'a [Option<f64>],
    /// Seconds from frame to frame as they are played; 0 while nothing plays.
    pub frame_s: f64,
    /// Share of frames that were due and not shown because the interface was late, by number of
    /// layers, where enough were played to tell.
    pub dropped: &'a [Option<f64>],
    /// The read in progress.
    pub fetch: Option<Fetch>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Layers that are read from now on.
    pub layers: u8,
    /// Whether the read in progress is given up, for one in `layers`.
    pub abandon: bool,
}

/// Decides how many layers are read next.
pub fn decide(history: &History<'_>, buffer: Buffer, ladder: &Ladder) -> Decision {
    let top = compute::most(history, ladder);
    let Some(transfers) = history.transfers else {
        return Decision {
            layers: top,
            abandon: false,
        };
    };
    let measured = throughput(transfers);
    if let Some(layers) = abandon::instead(history, buffer, ladder, measured) {
        return Decision {
            layers: layers.min(top),
            abandon: true,
        };
    }
    let is_short = buffer.ahead_s < BUFFER_LONG_S.min(buffer.goal_s / 2.0);
    let (wanted, carried) = if is_short {
        let carried = throughput::layers(measured, buffer, ladder);
        (carried, carried)
    } else {
        let carried = throughput::sustained(measured, buffer, ladder);
        (bola::layers(buffer, ladder), carried)
    };
    let layers = switches::settle(wanted.min(top), carried, history, ladder);
    Decision {
        layers: layers.min(top),
        abandon: false,
    }
}

#[cfg(test)]
mod tests;
