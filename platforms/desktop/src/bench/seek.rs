//! `seek`: how long an exact seek takes, and a backward step inside what is decoded.

use std::time::{Duration, Instant};

use anyhow::ensure;
use zoetrope_app::{ClipTarget, open_clip};
use zoetrope_codecs::Cancel;
use zoetrope_player::{Command, PlayerOptions};

use super::desk::Desk;
use super::v3_clip::{GROUP_FRAMES, V3Clip};
use super::{Metrics, median, quantile};
use crate::cpu_time;

/// Groups of the clip.
const GROUPS: usize = 3;
/// Seeks measured.
const SEEKS: usize = 200;
/// Memory for decoded frames: two of the three groups, so that many seeks find nothing and a group
/// behind the playhead stays whole.
const STORE_BYTES: usize = 2 * GROUP_FRAMES * 17 * 320 * 320;
/// Between two looks at the player, where nothing arrives.
const TICK: Duration = Duration::from_millis(100);

/// Seeks to frames all over the clip, through the player that the window uses.
///
/// # Errors
/// When the clip cannot be made or a seek does not arrive.
pub fn run(cancel: &Cancel) -> anyhow::Result<Metrics> {
    let clip = V3Clip::pack(GROUPS, cancel)?;
    let mut desk = open(&clip, cancel)?;
    go_to(&mut desk, 0)?;

    let (mut waits, mut seed) = (Vec::new(), 1u32);
    let before = cpu_time::of_this_process();
    for _ in 0..SEEKS {
        cancel.check()?;
        // Numerical Recipes' linear congruential generator: the same frames in every run.
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let frame = ((u64::from(seed) * (GROUPS * GROUP_FRAMES) as u64) >> 32) as usize;
        waits.push(go_to(&mut desk, frame)?);
    }
    let cpu = cpu_time::of_this_process() - before;

    let mut steps = Vec::new();
    go_to(&mut desk, GROUP_FRAMES - 1)?;
    wait_for_group(&mut desk)?;
    for _ in 1..GROUP_FRAMES {
        steps.push(step_back(&mut desk)?);
    }

    let mut metrics = Metrics::default();
    metrics.set("seeks", SEEKS);
    metrics.set("group_frames", GROUP_FRAMES);
    metrics.set("cpu_seconds_per_seek", cpu / SEEKS as f64);
    metrics.set("wall_seconds_p50", median(&mut waits));
    metrics.set("wall_seconds_p95", quantile(&mut waits, 0.95));
    metrics.set("backward_step_wall_seconds_p50", median(&mut steps));
    metrics.set("backward_step_wall_seconds_p95", quantile(&mut steps, 0.95));
    Ok(metrics)
}

/// Opens the clip at a desk.
fn open(clip: &V3Clip, cancel: &Cancel) -> anyhow::Result<Desk> {
    let opened = open_clip(&ClipTarget::from(clip.path()), cancel)?;
    let options = PlayerOptions {
        store_bytes: STORE_BYTES,
        ..PlayerOptions::default()
    };
    Desk::new(opened, options, Instant::now(), TICK)
}

/// Seconds until exactly this frame can be drawn.
fn go_to(desk: &mut Desk, frame: usize) -> anyhow::Result<f64> {
    desk.player.apply(Command::SeekFrame(frame));
    desk.wait("a seek", |state| {
        state.picture.as_ref().is_some_and(|picture| picture.exact)
    })
}

/// Waits until all of the first group is decoded: a seek may have found its end still there.
fn wait_for_group(desk: &mut Desk) -> anyhow::Result<()> {
    desk.wait("the first group", |state| {
        let mut ranges = state.decoded.iter();
        ranges.any(|range| range.start == 0 && range.end >= GROUP_FRAMES)
    })?;
    Ok(())
}

/// Seconds until the frame before can be drawn; it must be there at once.
fn step_back(desk: &mut Desk) -> anyhow::Result<f64> {
    let begin = Instant::now();
    desk.player.apply(Command::Step(-1));
    let state = desk.tick();
    ensure!(
        state.picture.is_some_and(|picture| picture.exact),
        "a step back inside a decoded group had to wait"
    );
    Ok(begin.elapsed().as_secs_f64())
}
