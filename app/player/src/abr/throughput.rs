//! What the network carries.

use zoetrope_codecs::Transfer;

use super::{Buffer, Ladder};

/// Half-lives of the fast and the slow mean, in seconds of transfer (dash.js uses the same).
const HALF_LIVES_S: [f64; 2] = [3.0, 8.0];
/// The part of the measured throughput that is counted on.
pub const SAFETY: f64 = 0.9;
/// The part of the buffer that one group may take to come, so that it is there before it is due.
const SUFFICIENT: f64 = 0.7;
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
    for busy in busy_times(transfers) {
        latency.add(busy.latency_s, 1.0);
        if busy.bytes >= BYTES_MIN && busy.seconds > 0.0 {
            for mean in &mut means {
                mean.add(busy.bytes as f64 * 8.0 / busy.seconds, busy.seconds);
            }
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
    seconds: f64,
    latency_s: f64,
    bytes: u64,
}

fn busy_times(transfers: &[Transfer]) -> Vec<Busy> {
    let mut sorted: Vec<&Transfer> = transfers
        .iter()
        .filter(|transfer| transfer.ended_s >= transfer.started_s)
        .collect();
    sorted.sort_by(|a, b| a.started_s.total_cmp(&b.started_s));
    let mut times: Vec<Busy> = Vec::new();
    let mut span: Option<(f64, f64)> = None;
    for transfer in sorted {
        let latency_s = (transfer.first_byte_s - transfer.started_s).max(0.0);
        match (&mut span, times.last_mut()) {
            (Some((started, ended)), Some(busy)) if transfer.started_s < *ended => {
                *ended = ended.max(transfer.ended_s);
                busy.seconds = *ended - *started;
                busy.bytes += transfer.bytes;
                busy.latency_s = busy.latency_s.min(latency_s);
            }
            _ => {
                span = Some((transfer.started_s, transfer.ended_s));
                times.push(Busy {
                    seconds: transfer.ended_s - transfer.started_s,
                    latency_s,
                    bytes: transfer.bytes,
                });
            }
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
    let carried = measured.bits_per_s * SAFETY;
    let in_time = measured.bits_per_s * SUFFICIENT * buffer.ahead_s / ladder.group_s();
    ladder.fitting(carried.min(in_time))
}
