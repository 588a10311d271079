//! `sort`: ordering depth keys on the CPU, beside the standard library's sort.

use std::hint::black_box;

use zoetrope_codecs::Cancel;
use zoetrope_render::cpu::sort::RadixSort;

use super::{Metrics, bandwidth, median};
use crate::cpu_time;

/// Numbers of keys.
const SIZES: [(usize, &str); 3] = [(100_000, "100k"), (1_000_000, "1m"), (8_000_000, "8m")];
/// How often each size is sorted.
const ROUNDS: usize = 5;
/// Bits of a key: what scenes of this size use.
const KEY_BITS: u32 = 24;
/// Bytes that a two-pass radix sort of 32-bit keys and rows moves for each key: the keys read
/// twice to count, and twice read and written.
const BYTES_PER_KEY: f64 = 2.0 * (4.0 + 8.0 + 8.0);

/// Sorts random and nearly sorted keys.
///
/// # Errors
/// When cancelled.
pub fn run(cancel: &Cancel) -> anyhow::Result<Metrics> {
    let mut metrics = Metrics::default();
    let bandwidth = bandwidth::copy_bytes_per_second();
    metrics.set("bound_copy_bytes_per_second", bandwidth);
    let mut sort = RadixSort::default();
    for (size, name) in SIZES {
        let random = random_keys(size);
        let mut nearly = random.clone();
        nearly.sort_unstable();
        // As from one frame to the next: neighbours change places.
        for pair in nearly.chunks_exact_mut(8) {
            pair.swap(1, 6);
        }
        for (keys, order) in [(&random, "random"), (&nearly, "nearly_sorted")] {
            cancel.check()?;
            let ours = time(&mut || {
                black_box(sort.sort(black_box(keys), KEY_BITS));
            });
            let std = time(&mut || {
                let mut rows: Vec<u32> = (0..size as u32).collect();
                rows.sort_by_key(|row| keys[*row as usize]);
                black_box(rows);
            });
            metrics.set(format!("{name}_{order}_cpu_seconds"), ours);
            metrics.set(
                format!("{name}_{order}_keys_per_cpu_second"),
                size as f64 / ours,
            );
            metrics.set(format!("{name}_{order}_ratio_ours_over_std"), ours / std);
            metrics.set(
                format!("{name}_{order}_bound_over_measured"),
                size as f64 * BYTES_PER_KEY / bandwidth / ours,
            );
        }
    }
    Ok(metrics)
}

/// The middle of the CPU seconds of several runs; the first one, which makes memory, left out.
fn time(work: &mut dyn FnMut()) -> f64 {
    work();
    let mut seconds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let before = cpu_time::of_this_process();
            work();
            cpu_time::of_this_process() - before
        })
        .collect();
    median(&mut seconds)
}

/// Keys without order, the same in every run (Marsaglia's xorshift).
fn random_keys(count: usize) -> Vec<u32> {
    let mut state = 2_463_534_242u32;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state >> (32 - KEY_BITS)
        })
        .collect()
}
