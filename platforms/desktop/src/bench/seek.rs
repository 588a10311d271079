//! `seek`: how long an exact seek takes, and a backward step inside what is decoded.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use zoetrope_app::{ClipTarget, open_clip};
use zoetrope_codecs::Cancel;
use zoetrope_player::{Command, Player, PlayerOptions, PlayerState};

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
/// A seek that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Seeks to frames all over the clip, through the player that the window uses.
///
/// # Errors
/// When the clip cannot be made or a seek does not arrive.
pub fn run(cancel: &Cancel) -> anyhow::Result<Metrics> {
    let clip = V3Clip::pack(GROUPS, cancel)?;
    let mut desk = Desk::open(&clip, cancel)?;
    desk.go_to(0)?;

    let (mut waits, mut seed) = (Vec::new(), 1u32);
    let before = cpu_time::of_this_process();
    for _ in 0..SEEKS {
        cancel.check()?;
        // Numerical Recipes' linear congruential generator: the same frames in every run.
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let frame = ((u64::from(seed) * (GROUPS * GROUP_FRAMES) as u64) >> 32) as usize;
        waits.push(desk.go_to(frame)?);
    }
    let cpu = cpu_time::of_this_process() - before;

    let mut steps = Vec::new();
    desk.go_to(GROUP_FRAMES - 1)?;
    desk.wait_for_group()?;
    for _ in 1..GROUP_FRAMES {
        steps.push(desk.step_back()?);
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

/// A player, its clock, and the bell that rings when a frame has arrived.
struct Desk {
    player: Player,
    start: Instant,
    bell: Arc<(Mutex<bool>, Condvar)>,
}

impl Desk {
    fn open(clip: &V3Clip, cancel: &Cancel) -> anyhow::Result<Self> {
        let opened = open_clip(&ClipTarget::from(clip.path()), cancel)?;
        let bell = Arc::new((Mutex::new(false), Condvar::new()));
        let ring = bell.clone();
        let options = PlayerOptions {
            store_bytes: STORE_BYTES,
            waker: Arc::new(move || {
                if let Ok(mut rung) = ring.0.lock() {
                    *rung = true;
                }
                ring.1.notify_one();
            }),
            ..PlayerOptions::default()
        };
        Ok(Self {
            player: Player::new(opened.demuxer, opened.decoder, options)?,
            start: Instant::now(),
            bell,
        })
    }

    fn tick(&mut self) -> PlayerState {
        self.player.tick(self.start.elapsed().as_secs_f64())
    }

    /// Seconds until exactly this frame can be drawn.
    fn go_to(&mut self, frame: usize) -> anyhow::Result<f64> {
        self.player.apply(Command::SeekFrame(frame));
        self.wait(|state| state.picture.as_ref().is_some_and(|picture| picture.exact))
    }

    /// Waits until all of the first group is decoded: a seek may have found its end still there.
    fn wait_for_group(&mut self) -> anyhow::Result<()> {
        self.wait(|state| {
            let mut ranges = state.decoded.iter();
            ranges.any(|range| range.start == 0 && range.end >= GROUP_FRAMES)
        })?;
        Ok(())
    }

    /// Seconds until the player's state is as wanted.
    fn wait(&mut self, wanted: impl Fn(&PlayerState) -> bool) -> anyhow::Result<f64> {
        let begin = Instant::now();
        loop {
            let state = self.tick();
            if let Some(notice) = state.notices.first() {
                anyhow::bail!("{notice}");
            }
            if wanted(&state) {
                return Ok(begin.elapsed().as_secs_f64());
            }
            ensure!(begin.elapsed() < PATIENCE, "a seek did not arrive");
            let rung = self.bell.0.lock().ok().context("the decoder panicked")?;
            let (mut rung, _) = self
                .bell
                .1
                .wait_timeout_while(rung, Duration::from_millis(100), |rung| !*rung)
                .ok()
                .context("the decoder panicked")?;
            *rung = false;
        }
    }

    /// Seconds until the frame before can be drawn; it must be there at once.
    fn step_back(&mut self) -> anyhow::Result<f64> {
        let begin = Instant::now();
        self.player.apply(Command::Step(-1));
        let state = self.tick();
        ensure!(
            state.picture.is_some_and(|picture| picture.exact),
            "a step back inside a decoded group had to wait"
        );
        Ok(begin.elapsed().as_secs_f64())
    }
}
