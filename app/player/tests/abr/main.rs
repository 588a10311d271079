//! The choice of layers, played over recorded networks with a fake clock, against published baselines.
//!
//! Quality of experience is the linear one of X. Yin, A. Jindal, V. Sekar, B. Sinopoli, "A
//! Control-Theoretic Approach for Dynamic Adaptive Video Streaming over HTTP" (SIGCOMM 2015), section
//! 3.1: the mean quality, less the mean change of quality from group to group, less the time of
//! waiting. Quality is the bit rate in Mbit/s, and a second of waiting costs as much as a second in the
//! best quality is worth.

mod baselines;
mod simulator;

use std::fs;
use std::path::Path;

use baselines::{Bba0, ThroughputRule};
use simulator::{Link, Ours, Outcome, Policy, simulate};
use zoetrope_player::abr::Ladder;

/// Seconds of the clip that is played.
const GROUPS: usize = 300;

/// The recorded networks with their names.
fn recorded() -> Vec<(String, Link)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces");
    let mut traces: Vec<_> = fs::read_dir(folder)
        .expect("the folder of traces")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .map(|path| {
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let text = fs::read_to_string(&path).expect("a trace");
            let latency_s = if name.starts_with("3g") { 0.1 } else { 0.02 };
            (name, Link::parse(&text, latency_s))
        })
        .collect();
    traces.sort_by(|a, b| a.0.cmp(&b.0));
    traces
}

/// What is to choose from: over 3G a small clip, else one of 150 000 Gaussians.
fn ladder(name: &str) -> Ladder {
    if name.starts_with("3g") {
        Ladder::new(&[0.4e6, 0.8e6, 1.6e6, 3.2e6], 1.0)
    } else {
        Ladder::new(&[6e6, 12e6, 24e6, 48e6], 1.0)
    }
}

fn play(link: &Link, ladder: &Ladder, policy: &mut dyn Policy) -> Outcome {
    simulate(link, ladder, GROUPS, policy)
}

#[test]
fn recorded_networks_are_used_better_than_by_published_baselines() {
    let mut sums = [0.0; 3];
    let mut stalls = [0.0; 3];
    let mut worse = Vec::new();
    let traces = recorded();
    assert_eq!(traces.len(), 10);
    for (name, link) in &traces {
        let ladder = ladder(name);
        let outcomes = [
            play(link, &ladder, &mut Ours::default()),
            play(link, &ladder, &mut ThroughputRule::default()),
            play(link, &ladder, &mut Bba0::default()),
        ];
        let qoe = outcomes.each_ref().map(|outcome| outcome.qoe(&ladder));
        println!(
            "{name:24} {qoe:6.2?} {}",
            outcomes.each_ref().map(Outcome::summary).join(" | ")
        );
        for index in 0..3 {
            // In units of the best quality, so that no trace counts more than another.
            sums[index] += qoe[index] / (ladder.rate(ladder.top()) / 1e6);
            stalls[index] += outcomes[index].stalled_share();
        }
        // On no network is it much worse than the one that happens to suit it.
        worse.extend((qoe[0] < 0.97 * qoe[1].max(qoe[2])).then_some((name, qoe)));
    }
    println!("mean {sums:.3?} stalled {stalls:.4?}");
    assert!(worse.is_empty(), "{worse:?}");
    assert!(sums[0] > 1.1 * sums[1].max(sums[2]), "{sums:?}");
    // Most of the waiting is outages that nobody has the buffer for.
    assert!(stalls[0] < 0.8 * stalls[2], "{stalls:?}");
    assert!(stalls[0] < 1.15 * stalls[1], "{stalls:?}");
}

#[test]
fn a_rate_that_fits_the_network_plays_without_waiting() {
    let ladder = Ladder::new(&[6e6, 12e6, 24e6, 48e6], 1.0);
    for latency_s in [0.02, 0.08, 0.2] {
        for layers in 1..=4 {
            let link = Link::steady(ladder.rate(layers) / 0.8, latency_s);
            let outcome = play(&link, &ladder, &mut Ours::default());
            let share = outcome.stalled_share();
            assert!(share <= 0.01, "{layers} layers, {latency_s} s: {share}");
            // It does choose that rate, or nearly.
            let mean = outcome.mean_layers();
            assert!(mean > f64::from(layers) - 0.5, "{layers}: {mean}");
            // A change now and then, no flicker.
            assert!(outcome.changes() < GROUPS / 8, "{}", outcome.changes());
        }
    }
}

#[test]
fn an_outage_is_survived_and_left_behind() {
    let ladder = Ladder::new(&[6e6, 12e6, 24e6, 48e6], 1.0);
    for outage_s in [5.0, 30.0] {
        let link = Link::with_outage(30e6, 60.0, outage_s);
        let outcome = play(&link, &ladder, &mut Ours::default());
        // What was buffered is played meanwhile, and playing goes on 1.5 s after the network does.
        let resumed_s = outcome
            .last_stall_end_s()
            .map_or(0.0, |end_s| end_s - 60.0 - outage_s);
        assert!(resumed_s <= 1.5, "{outage_s}: {resumed_s}");
        assert!(
            outcome.stalled_s() <= outage_s - 2.0,
            "{outage_s}: {outcome:?}"
        );
        // After it the quality is what it was before.
        assert_eq!(outcome.layers_at(50), outcome.layers_at(GROUPS - 10));
    }
}
