//! Giving up a read that takes too long, for one of fewer layers: what has come of the lower layers
//! is not lost.

use super::throughput::SAFETY;
use super::{Buffer, History, Ladder, Throughput};

/// No read is judged before it has gone on for so many seconds.
const GRACE_S: f64 = 0.5;
/// A read may take so many times as long as what it brings lasts.
const PATIENCE: f64 = 1.8;

/// In how many layers to read instead, if the read in progress is to be given up.
pub fn instead(
    history: &History<'_>,
    buffer: Buffer,
    ladder: &Ladder,
    measured: Option<Throughput>,
) -> Option<u8> {
    let fetch = history.fetch.filter(|fetch| fetch.layers > 1)?;
    if fetch.elapsed_s < GRACE_S {
        return None;
    }
    let of_ladder = ladder.rate(fetch.layers) * ladder.group_s();
    let bits = fetch.bytes.map_or(of_ladder, |bytes| bytes as f64 * 8.0);
    // It has not ended, so that the network carries less than this.
    let ceiling = bits / fetch.elapsed_s;
    let carried = measured.map_or(ceiling, |measured| measured.bits_per_s.min(ceiling));
    let whole_s = (bits / carried.max(1.0)).max(fetch.elapsed_s);
    let foreseen_s = measured.map_or(0.0, |measured| bits / measured.bits_per_s.max(1.0));
    // What took longer than foreseen will take as long again.
    let left_s = if foreseen_s > fetch.elapsed_s {
        foreseen_s - fetch.elapsed_s
    } else {
        fetch.elapsed_s
    };
    if whole_s <= PATIENCE * ladder.group_s() || left_s <= buffer.ahead_s {
        return None;
    }
    Some(ladder.fitting(carried * SAFETY).min(fetch.layers - 1))
}
