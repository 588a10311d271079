//! A player without pictures: groups come over a link whose rate is known at every moment, and are
//! played as they last.

use zoetrope_codecs::Transfer;
use zoetrope_player::abr::{self, Buffer, Decision, Fetch, History, Ladder};

/// Seconds of a step of the clock.
const STEP_S: f64 = 0.02;
/// So many transfers are remembered.
const TRANSFERS: usize = 64;
/// Playing that stopped goes on with so many seconds.
const RESUME_S: f64 = 1.0;

/// A network: how many bits a second it carries, from when on; again and again.
#[derive(Clone, Debug)]
pub struct Link {
    /// Seconds and bits a second.
    spans: Vec<(f64, f64)>,
    latency_s: f64,
}

impl Link {
    /// Lines of milliseconds and kbit/s.
    pub fn parse(text: &str, latency_s: f64) -> Self {
        let number = |word: Option<&str>| -> f64 {
            word.and_then(|word| word.parse().ok()).expect("a number")
        };
        let spans = text.lines().map(|line| {
            let mut words = line.split_whitespace();
            (number(words.next()) / 1e3, number(words.next()) * 1e3)
        });
        Self {
            spans: spans.collect(),
            latency_s,
        }
    }

    pub fn steady(bits_per_s: f64, latency_s: f64) -> Self {
        Self {
            spans: vec![(3600.0, bits_per_s)],
            latency_s,
        }
    }

    /// Carries nothing for a while.
    pub fn with_outage(bits_per_s: f64, at_s: f64, outage_s: f64) -> Self {
        Self {
            spans: vec![(at_s, bits_per_s), (outage_s, 0.0), (3600.0, bits_per_s)],
            latency_s: 0.02,
        }
    }

    fn rate(&self, at_s: f64) -> f64 {
        let whole: f64 = self.spans.iter().map(|span| span.0).sum();
        let mut left = at_s % whole;
        for (seconds, rate) in &self.spans {
            if left < *seconds {
                return *rate;
            }
            left -= seconds;
        }
        0.0
    }
}

/// What a policy sees.
pub struct View<'a> {
    pub transfers: &'a [Transfer],
    pub ahead_s: f64,
    pub goal_s: f64,
    pub ladder: &'a Ladder,
    pub now_s: f64,
    /// The read in progress.
    pub fetch: Option<Fetch>,
}

/// A way to choose layers.
pub trait Policy {
    /// The layers of the next group.
    fn choose(&mut self, view: &View<'_>) -> u8;

    /// In how many layers to go on with a group instead, of which this many have come.
    fn instead(&mut self, view: &View<'_>, came: u8) -> Option<u8> {
        let _ = (view, came);
        None
    }
}

/// [`abr::decide`], with the history that the player keeps for it.
#[derive(Default)]
pub struct Ours {
    layers: u8,
    switched_s: f64,
}

impl Ours {
    fn decide(&self, view: &View<'_>) -> Decision {
        let history = History {
            transfers: Some(view.transfers),
            layers: self.layers,
            since_switch_s: view.now_s - self.switched_s,
            fetch: view.fetch,
            ..History::default()
        };
        let buffer = Buffer {
            ahead_s: view.ahead_s,
            goal_s: view.goal_s,
        };
        abr::decide(&history, buffer, view.ladder)
    }

    fn take(&mut self, layers: u8, now_s: f64) {
        if layers != self.layers {
            (self.layers, self.switched_s) = (layers, now_s);
        }
    }
}

impl Policy for Ours {
    fn choose(&mut self, view: &View<'_>) -> u8 {
        self.take(self.decide(view).layers, view.now_s);
        self.layers
    }

    fn instead(&mut self, view: &View<'_>, came: u8) -> Option<u8> {
        if view.ahead_s <= 0.0 {
            // Somebody waits: what is there, or else the least there is.
            return Some(came.max(1));
        }
        let decision = self.decide(view);
        decision.abandon.then(|| {
            self.take(decision.layers, view.now_s);
            decision.layers.max(came)
        })
    }
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Layers of each group.
    layers: Vec<u8>,
    /// From when to when playing stood, after it had begun.
    stalls: Vec<(f64, f64)>,
}

impl Outcome {
    pub fn stalled_s(&self) -> f64 {
        self.stalls.iter().map(|(from_s, to_s)| to_s - from_s).sum()
    }

    /// The part of the whole time in which playing stood.
    pub fn stalled_share(&self) -> f64 {
        let stalled_s = self.stalled_s();
        stalled_s / (stalled_s + self.layers.len() as f64)
    }

    pub fn last_stall_end_s(&self) -> Option<f64> {
        self.stalls.last().map(|(_, to_s)| *to_s)
    }

    pub fn mean_layers(&self) -> f64 {
        let sum: f64 = self.layers.iter().map(|layers| f64::from(*layers)).sum();
        sum / self.layers.len() as f64
    }

    pub fn layers_at(&self, group: usize) -> u8 {
        self.layers[group]
    }

    pub fn changes(&self) -> usize {
        let pairs = self.layers.windows(2);
        pairs.filter(|pair| pair[0] != pair[1]).count()
    }

    /// Quality of experience for each group, in Mbit/s.
    pub fn qoe(&self, ladder: &Ladder) -> f64 {
        let quality = |layers: &u8| ladder.rate(*layers) / 1e6;
        let sum: f64 = self.layers.iter().map(quality).sum();
        let pairs = self.layers.windows(2);
        let changes: f64 = pairs
            .map(|pair| (quality(&pair[0]) - quality(&pair[1])).abs())
            .sum();
        let waiting = quality(&ladder.top()) * self.stalled_s();
        (sum - changes - waiting) / self.layers.len() as f64
    }

    pub fn summary(&self) -> String {
        format!(
            "{:.2} layers, {} changes, {:.1} s stalled",
            self.mean_layers(),
            self.changes(),
            self.stalled_s()
        )
    }
}

/// A group on its way.
struct Load {
    layers: u8,
    /// Bits of each number of layers.
    sizes: Vec<f64>,
    started_s: f64,
    first_byte_s: f64,
    came: f64,
}

impl Load {
    /// Layers that have come whole.
    fn layers_there(&self) -> u8 {
        let there = self.sizes.iter().take_while(|size| self.came >= **size);
        there.count() as u8
    }

    fn is_whole(&self) -> bool {
        self.came >= self.sizes[usize::from(self.layers) - 1]
    }
}

/// Plays so many groups.
pub fn simulate(link: &Link, ladder: &Ladder, groups: usize, policy: &mut dyn Policy) -> Outcome {
    let mut outcome = Outcome::default();
    let mut transfers: Vec<Transfer> = Vec::new();
    let (mut ahead_s, mut now_s, mut played_s) = (0.0_f64, 0.0_f64, 0.0_f64);
    let mut load: Option<Load> = None;
    let mut last_end_s = f64::NEG_INFINITY;
    let mut stalled_since: Option<f64> = None;
    let mut started = false;
    let length_s = groups as f64 * ladder.group_s();
    while played_s < length_s - 1e-6 {
        assert!(now_s < 20.0 * length_s, "it never ends");
        let view = |load: Option<&Load>| View {
            transfers: &transfers,
            ahead_s,
            goal_s: abr::BUFFER_GOAL_S,
            ladder,
            now_s,
            fetch: load.map(|load| Fetch {
                layers: load.layers,
                elapsed_s: now_s - load.started_s,
                bytes: Some((load.sizes[usize::from(load.layers) - 1] / 8.0) as u64),
            }),
        };
        let next = outcome.layers.len();
        let has_room = ahead_s + ladder.group_s() <= abr::BUFFER_GOAL_S;
        if load.is_none() && next < groups && has_room {
            load = Some(Load {
                layers: policy.choose(&view(None)).clamp(1, ladder.top()),
                sizes: sizes(ladder, next),
                started_s: now_s,
                // What follows at once was asked for before.
                first_byte_s: if now_s - last_end_s <= STEP_S {
                    now_s
                } else {
                    now_s + link.latency_s
                },
                came: 0.0,
            });
        } else if let Some(load) = &mut load
            && let Some(layers) = policy.instead(&view(Some(load)), load.layers_there())
            && started
        {
            load.layers = layers.clamp(1, load.layers);
        }
        if let Some(done) = &mut load {
            if now_s >= done.first_byte_s {
                done.came += link.rate(now_s) * STEP_S;
            }
            if done.is_whole() {
                transfers.push(Transfer {
                    started_s: done.started_s,
                    first_byte_s: done.first_byte_s,
                    ended_s: now_s + STEP_S,
                    bytes: (done.came / 8.0) as u64,
                });
                let surplus = transfers.len().saturating_sub(TRANSFERS);
                transfers.drain(..surplus);
                last_end_s = now_s + STEP_S;
                outcome.layers.push(done.layers);
                ahead_s += ladder.group_s();
                load = None;
            }
        }
        let is_all = outcome.layers.len() == groups;
        let enough = ahead_s >= RESUME_S || is_all;
        if ahead_s <= 1e-9 && started && stalled_since.is_none() {
            stalled_since = Some(now_s);
        } else if enough && (stalled_since.is_some() || !started) {
            started = true;
            outcome
                .stalls
                .extend(stalled_since.take().map(|since_s| (since_s, now_s)));
        }
        if started && stalled_since.is_none() {
            let played = STEP_S.min(ahead_s);
            ahead_s -= played;
            played_s += played;
        }
        now_s += STEP_S;
    }
    outcome
}

/// Bits of a group in one layer, in two, and so on: some groups are larger than others.
fn sizes(ladder: &Ladder, group: usize) -> Vec<f64> {
    let factor = 1.0 + 0.2 * (group as f64 * 2.4).sin();
    (1..=ladder.top())
        .map(|layers| ladder.rate(layers) * ladder.group_s() * factor)
        .collect()
}
