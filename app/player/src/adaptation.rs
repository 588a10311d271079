//! Applies [`abr::decide`] while a clip is played: keeps the history that it is a function of.

use zoetrope_codecs::clip::Detail;

use crate::abr::{self, Buffer, Fetch, History, Ladder};
use crate::{Quality, Reading, Supply};

/// Weight of the newest frame in the mean decode time.
const DECODE_WEIGHT: f64 = 0.1;
/// After so many seconds a measurement counts half, so that what was too slow is tried again.
const FORGET_S: f64 = 60.0;
/// Over how many seconds of playing dropped frames are counted.
const DROPS_S: f64 = 5.0;
/// While it plays, frames are only decoded again where that takes less than this share of the time.
const SPARE_SHARE: f64 = 0.5;
/// What is buffered is long enough to make frames better, as a share of the goal.
const FULL_SHARE: f64 = 0.8;

/// A measurement that is believed less and less.
#[derive(Clone, Copy, Debug)]
struct Measured {
    value: f64,
    at_s: f64,
}

impl Measured {
    fn now(self, now_s: f64) -> f64 {
        self.value * 0.5_f64.powf((now_s - self.at_s).max(0.0) / FORGET_S)
    }
}

/// Frames that were due in one number of layers, and those of them that were never shown.
#[derive(Clone, Copy, Debug, Default)]
struct Drops {
    due: f64,
    dropped: f64,
    at_s: f64,
}

/// What the player tells before each decision.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The time, in the seconds of [`crate::Player::tick`].
    pub now_s: f64,
    /// Whether the clock runs.
    pub playing: bool,
    /// Seconds from frame to frame while it does.
    pub frame_s: f64,
    /// What is in hand.
    pub buffer: Buffer,
}

/// The choice of layers over time.
#[derive(Debug)]
pub struct Adaptation {
    choice: Quality,
    ladder: Ladder,
    layers: u8,
    switched_s: f64,
    decided_s: f64,
    decode: Vec<Option<Measured>>,
    drops: Vec<Drops>,
    /// The number of the read in progress, and since when it was seen.
    reading: Option<(u64, f64)>,
    abandoned: u64,
    improve_to: u8,
}

impl Adaptation {
    /// The choice for a clip with this ladder.
    pub fn new(ladder: Ladder) -> Self {
        let levels = usize::from(ladder.top());
        Self {
            choice: Quality::Auto,
            layers: 0,
            switched_s: f64::NEG_INFINITY,
            decided_s: f64::NEG_INFINITY,
            decode: vec![None; levels],
            drops: vec![Drops::default(); levels],
            reading: None,
            abandoned: 0,
            improve_to: 0,
            ladder,
        }
    }

    /// Takes the choice of a person.
    pub fn choose(&mut self, choice: Quality) {
        self.choice = choice;
        self.decided_s = f64::NEG_INFINITY;
        self.switched_s = f64::NEG_INFINITY;
    }

    /// What was chosen.
    pub fn choice(&self) -> Quality {
        self.choice
    }

    /// Layers of the clip.
    pub fn levels(&self) -> u8 {
        self.ladder.top()
    }

    /// Layers that missing frames are read in.
    pub fn layers(&self) -> u8 {
        self.layers.max(1)
    }

    /// Layers that frames are to be had in again; 0 when none are.
    pub fn improve_to(&self) -> u8 {
        self.improve_to
    }

    /// The number of the read that was given up last.
    pub fn abandoned(&self) -> u64 {
        self.abandoned
    }

    /// A frame took so long to decode.
    pub fn decoded(&mut self, detail: Detail, decode_s: f64, now_s: f64) {
        let Some(slot) = index_of(detail).and_then(|index| self.decode.get_mut(index)) else {
            return;
        };
        let mean = slot.map_or(decode_s, |old| {
            old.value + DECODE_WEIGHT * (decode_s - old.value)
        });
        *slot = Some(Measured {
            value: mean,
            at_s: now_s,
        });
    }

    /// So many frames were due while one of `detail` was shown; all but one of them were dropped.
    pub fn played(&mut self, detail: Detail, due: usize, frame_s: f64, now_s: f64) {
        let Some(drops) = index_of(detail).and_then(|index| self.drops.get_mut(index)) else {
            return;
        };
        let kept = 0.5_f64.powf(due as f64 * frame_s / DROPS_S);
        drops.due = drops.due * kept + due as f64;
        drops.dropped = drops.dropped * kept + due.saturating_sub(1) as f64;
        drops.at_s = now_s;
    }

    /// Decides anew, where it is time to.
    pub fn update(&mut self, moment: &Moment, supply: &Supply) {
        let began = self.follow(supply.reading, moment.now_s);
        let cap = match self.choice {
            Quality::Auto => self.ladder.top(),
            Quality::Layers(layers) => layers.clamp(1, self.ladder.top()),
        };
        if let Quality::Layers(_) = self.choice {
            self.layers = cap;
        } else {
            self.decide(moment, supply, began);
        }
        self.improve_to = self.improvement(moment, supply, cap);
    }

    fn decide(&mut self, moment: &Moment, supply: &Supply, began: bool) {
        let now_s = moment.now_s;
        let decode_s: Vec<_> = self
            .decode
            .iter()
            .map(|slot| slot.map(|measured| measured.now(now_s)))
            .collect();
        let dropped: Vec<_> = self
            .drops
            .iter()
            .map(|drops| {
                let is_enough = drops.due * moment.frame_s >= DROPS_S / 2.0;
                let share = Measured {
                    value: drops.dropped / drops.due.max(1.0),
                    at_s: drops.at_s,
                };
                is_enough.then(|| share.now(now_s))
            })
            .collect();
        let history = History {
            transfers: supply.remote.then_some(&*supply.transfers),
            layers: self.layers,
            since_switch_s: now_s - self.switched_s,
            decode_s: &decode_s,
            frame_s: if moment.playing { moment.frame_s } else { 0.0 },
            dropped: &dropped,
            // While the clip stands nothing is late.
            fetch: moment
                .playing
                .then(|| self.fetch(supply.reading, now_s))
                .flatten(),
        };
        let decision = abr::decide(&history, moment.buffer, &self.ladder);
        if decision.abandon
            && let Some((number, _)) = self.reading
        {
            self.abandoned = number;
        } else if !began && now_s - self.decided_s < self.ladder.group_s() {
            // A decision holds for a group, however the buffer goes up and down meanwhile.
            return;
        }
        self.decided_s = now_s;
        if decision.layers != self.layers {
            if self.layers != 0 {
                self.switched_s = now_s;
            }
            self.layers = decision.layers;
        }
    }

    /// Notes since when something is being read; whether that is something new.
    fn follow(&mut self, reading: Option<Reading>, now_s: f64) -> bool {
        let number = reading.map(|reading| reading.number);
        if number == self.reading.map(|(number, _)| number) {
            return false;
        }
        self.reading = number.map(|number| (number, now_s));
        true
    }

    /// The read in progress as [`abr::decide`] wants to know it, unless it has been given up.
    fn fetch(&self, reading: Option<Reading>, now_s: f64) -> Option<Fetch> {
        let (reading, (number, since_s)) = reading.zip(self.reading)?;
        let (_, detail) = reading.part?;
        let is_judged = number != self.abandoned && detail != Detail::Key;
        is_judged.then(|| Fetch {
            layers: u8::try_from(detail.layers()).unwrap_or(u8::MAX),
            elapsed_s: now_s - since_s,
            bytes: reading.bytes,
        })
    }

    /// What is looked at while the clip stands gets as good as it can; while it plays only what costs
    /// nothing that is needed.
    fn improvement(&self, moment: &Moment, supply: &Supply, cap: u8) -> u8 {
        if self.ladder.top() == 1 {
            return 0;
        }
        if !moment.playing {
            return cap;
        }
        let layers = self.layers().min(cap);
        let slot = self.decode.get(usize::from(layers) - 1).copied().flatten();
        let spare_s = moment.frame_s * SPARE_SHARE;
        let decodes = slot.is_none_or(|measured| measured.now(moment.now_s) <= spare_s);
        let is_long = !supply.remote || moment.buffer.ahead_s >= FULL_SHARE * moment.buffer.goal_s;
        if decodes && is_long { layers } else { 0 }
    }
}

/// The place of a detail in a list by number of layers; a coarse picture has none.
fn index_of(detail: Detail) -> Option<usize> {
    match detail {
        Detail::Key => None,
        Detail::Layers(layers) => Some(usize::from(layers.max(1)) - 1),
    }
}
