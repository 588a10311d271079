//! What the network carries.

use zoetrope_codecs::Transfer;

use super::{BUFFER_LONG_S, Buffer, Ladder};

/// Half-lives of the fast and the slow mean, in seconds (dash.js uses the same).
const HALF_LIVES_S: [f64; 2] = [3.0, 8.0];
/// The part of the measured throughput that is counted on.
pub const SAFETY: f64 = 0.9;
/// The part of the buffer that one group may take to come, so that it is there before it is due.
const SUFFICIENT: f64 = 0.7;
/// Over so many seconds what is buffered may be used up for better quality.
const HORIZON_S: f64 = 4.0;
/// A value counts for no more than so many seconds.
const WEIGHT_MAX_S: f64 = 3.0;
/// Fewer bytes tell of latency, not of throughput.
const BYTES_MIN: u64 = 16 << 10;

/// What transfers tell about the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Throughput {
    /// Bits a second that can be expected: the lower of two means, of which the fast one sees a drop
    /// at once and the slow one does not believe in a short rise.
    pub bits_per_s: f64,
    /// Seconds from asking to the first byte, mean.
    pub latency_s: f64,
}

/// The mean of what the transfers tell; `None` while they tell nothing. Transfers that overlap share
/// the network, and count as one.
pub fn throughput(transfers: &[Transfer]) -> Option<Throughput> {
    let mut means = HALF_LIVES_S.map(Mean::new);
    let mut latency = Mean::new(HALF_LIVES_S[1]);
    let mut last_end_s = f64::NEG_INFINITY;
    for busy in busy_times(transfers) {
        latency.add(busy.latency_s, 1.0);
        let seconds = busy.ended_s - busy.started_s - busy.latency_s;
        if busy.bytes < BYTES_MIN || seconds <= 0.0 {
            continue;
        }
        // A value stands for the time since the one before it, whether the network was busy all of it
        // or not: else what one long outage left would take minutes to be forgotten.
        let stands_for_s = (busy.ended_s - last_end_s).min(WEIGHT_MAX_S);
        last_end_s = busy.ended_s;
        for mean in &mut means {
            mean.add(busy.bytes as f64 * 8.0 / seconds, stands_for_s);
        }
    }
    let [fast, slow] = means.map(|mean| mean.value());
    Some(Throughput {
        bits_per_s: fast?.min(slow?),
        latency_s: latency.value().unwrap_or(0.0),
    })
}

/// A time in which at least one transfer was under way.
struct Busy {
    started_s: f64,
    ended_s: f64,
    latency_s: f64,
    bytes: u64,
}

fn busy_times(transfers: &[Transfer]) -> Vec<Busy> {
    let mut sorted: Vec<&Transfer> = transfers
        .iter()
        .filter(|transfer| transfer.ended_s > transfer.started_s)
        .collect();
    sorted.sort_by(|a, b| a.started_s.total_cmp(&b.started_s));
    let mut times: Vec<Busy> = Vec::new();
    for transfer in sorted {
        let waited_s = transfer.first_byte_s - transfer.started_s;
        let latency_s = waited_s.clamp(0.0, transfer.ended_s - transfer.started_s);
        match times.last_mut() {
            Some(busy) if transfer.started_s < busy.ended_s => {
                busy.ended_s = busy.ended_s.max(transfer.ended_s);
                busy.bytes += transfer.bytes;
                busy.latency_s = busy.latency_s.min(latency_s);
            }
            _ => times.push(Busy {
                started_s: transfer.started_s,
                ended_s: transfer.ended_s,
                latency_s,
                bytes: transfer.bytes,
            }),
        }
    }
    times
}

/// A mean that forgets, with each value weighted by how long it lasted.
struct Mean {
    half_life: f64,
    sum: f64,
    weight: f64,
}

impl Mean {
    fn new(half_life: f64) -> Self {
        Self {
            half_life,
            sum: 0.0,
            weight: 0.0,
        }
    }

    fn add(&mut self, value: f64, weight: f64) {
        let kept = 0.5_f64.powf(weight / self.half_life);
        self.sum = self.sum * kept + value * (1.0 - kept);
        self.weight = self.weight * kept + (1.0 - kept);
    }

    fn value(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }
}

/// The most layers that the network carries, and that are there in time for what is buffered. The
/// first group, and any after the buffer ran empty, is read in the base layer alone.
pub fn layers(measured: Option<Throughput>, buffer: Buffer, ladder: &Ladder) -> u8 {
    let Some(measured) = measured else {
        return 1;
    };
    // What is read ahead is asked for ahead, so that latency costs nothing; but the next group does
    // not come sooner than that.
    let carried = measured.bits_per_s * SAFETY;
    let time_s = (buffer.ahead_s * SUFFICIENT - measured.latency_s).max(0.0);
    let in_time = measured.bits_per_s * time_s / ladder.group_s();
    ladder.fitting(carried.min(in_time))
}

/// The most layers that the network carries together with what is buffered: what is held beyond a long
/// buffer may be used up over [`HORIZON_S`].
pub fn sustained(measured: Option<Throughput>, buffer: Buffer, ladder: &Ladder) -> u8 {
    let spare_s = (buffer.ahead_s - BUFFER_LONG_S).max(0.0);
    // What fills a long buffer without the network is at hand already.
    let bits_per_s = measured.map_or(f64::INFINITY, |measured| measured.bits_per_s);
    ladder.fitting(bits_per_s * (SAFETY + spare_s / HORIZON_S))
}
