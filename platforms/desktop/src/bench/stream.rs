//! `stream`: a clip over a network of known speed, through the player that the window uses.
//!
//! The server runs in this process on the loopback device and shapes what it sends (`zoetrope-shaped`).
//! Each measurement starts with empty caches.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use zoetrope_app::open::open_clip_over;
use zoetrope_app::{ClipTarget, OpenOptions};
use zoetrope_codecs::Cancel;
use zoetrope_http::{Network, NetworkOptions};
use zoetrope_player::{Command, PlayerOptions, WaitCause};
use zoetrope_shaped::{Shape, ShapedServer};

use super::desk::Desk;
use super::zoe_clip::{self, GROUP_FRAMES};
use super::{Metrics, median, quantile};
use crate::cli::BenchArgs;

/// Groups of the clip: 64 s.
const GROUPS: usize = 80;
/// Starts and seeks measured.
const TIMES: usize = 7;
/// Between two looks at the player, as a window looks.
const TICK: Duration = Duration::from_millis(4);
/// How long the clip is played, and the time bar held.
const PLAYING: Duration = Duration::from_secs(15);
const SCRUBBING: Duration = Duration::from_secs(3);
/// How long the clip may load before that.
const LOADING: Duration = Duration::from_secs(4);
/// Moves of the hand on the time bar a second.
const MOVES_PER_SECOND: f64 = 60.0;
/// Part of the link that the clip takes while it is played.
const LOAD: f64 = 0.8;
/// How long the network is away.
const OUTAGE_S: f64 = 5.0;

/// A link of so many megabits a second.
fn link(megabits: f64, round_trip_s: f64) -> Shape {
    Shape {
        bits_per_second: megabits * 1e6,
        round_trip_s,
        ..Shape::default()
    }
}

/// Measures starting, seeking, scrubbing, playing and outages.
///
/// # Errors
/// When the clip cannot be made, or something does not arrive.
pub fn run(_: &BenchArgs, cancel: &Cancel) -> anyhow::Result<Metrics> {
    let bytes = zoe_clip::make(GROUPS, cancel)?;
    let seconds = (GROUPS * GROUP_FRAMES) as f64 / 30.0;
    let rate = bytes.len() as f64 * 8.0 / seconds;
    let mut metrics = Metrics::default();
    metrics.set("clip_gaussians", zoe_clip::GAUSSIANS);
    metrics.set("clip_megabits_per_second", rate * 1e-6);
    metrics.set(
        "clip_bytes_per_frame",
        bytes.len() / (GROUPS * GROUP_FRAMES),
    );

    for megabits in [50.0, 10.0] {
        let server = serve(&bytes, link(megabits, 0.02))?;
        let (mut starts, mut seeks) = (Vec::new(), Vec::new());
        for number in 0..TIMES {
            cancel.check()?;
            let (mut desk, start) = RemoteDesk::open(&server, cancel)?;
            starts.push(start);
            seeks.push(desk.seek_far(GROUPS / 2 + 5 * number)?);
        }
        let set = |metrics: &mut Metrics, name: &str, values: &mut [f64]| {
            let name = format!("{name}_{megabits:.0}_mbit_wall_seconds");
            metrics.set(format!("{name}_p50"), median(values));
            metrics.set(format!("{name}_p95"), quantile(values, 0.95));
        };
        set(&mut metrics, "first_picture", &mut starts);
        set(&mut metrics, "seek_unbuffered", &mut seeks);
    }

    let server = serve(&bytes, link(50.0, 0.02))?;
    let (mut desk, _) = RemoteDesk::open(&server, cancel)?;
    metrics.set("scrub_picture_changes_per_second", desk.scrub(cancel)?);

    let server = serve(&bytes, link(rate * 1e-6 / LOAD, 0.02))?;
    let (mut desk, _) = RemoteDesk::open(&server, cancel)?;
    let played = desk.play(PLAYING, cancel)?;
    metrics.set("play_at_0.8_start_wall_seconds", played.start);
    metrics.set(
        "play_at_0.8_rebuffering_share",
        played.waited / played.seconds,
    );
    metrics.set("play_at_0.8_layers", played.layers);

    let server = serve(&bytes, link(50.0, 0.02))?;
    let (mut desk, _) = RemoteDesk::open(&server, cancel)?;
    server.outage(OUTAGE_S);
    desk.seek_far(GROUPS / 2)?;
    let late = server.since_outage();
    metrics.set(
        "resume_after_outage_wall_seconds",
        late.context("the picture came during the outage")?,
    );
    Ok(metrics)
}

fn serve(bytes: &[u8], shape: Shape) -> anyhow::Result<ShapedServer> {
    Ok(ShapedServer::start(
        [("clip.zoe".to_owned(), bytes.to_vec())],
        shape,
    )?)
}

/// How playing went.
struct Played {
    seconds: f64,
    /// Seconds from pressing play to the second frame.
    start: f64,
    /// Seconds of waiting for the network after that.
    waited: f64,
    /// Layers of quality at the end.
    layers: u8,
}

/// A desk with a network of its own.
struct RemoteDesk(Desk);

impl RemoteDesk {
    /// Opens the clip; seconds until its first picture can be drawn.
    fn open(server: &ShapedServer, cancel: &Cancel) -> anyhow::Result<(Self, f64)> {
        let start = Instant::now();
        let network = Network::new(NetworkOptions {
            uses_proxy: false,
            ..NetworkOptions::default()
        });
        let opened = open_clip_over(
            &network,
            &ClipTarget::from(server.url("clip.zoe")),
            &OpenOptions::default(),
            cancel,
        )?;
        let options = PlayerOptions {
            clock: Arc::new(move || start.elapsed().as_secs_f64()),
            ..PlayerOptions::default()
        };
        let mut desk = Desk::new(opened, options, start, TICK)?;
        desk.wait("the first picture", |state| state.picture.is_some())?;
        let seconds = start.elapsed().as_secs_f64();
        Ok((Self(desk), seconds))
    }

    /// Seconds until a picture of the group `group`, which is not there yet, can be drawn.
    fn seek_far(&mut self, group: usize) -> anyhow::Result<f64> {
        let frame = group % GROUPS * GROUP_FRAMES + GROUP_FRAMES / 2;
        let state = self.0.tick();
        let is_there = state.buffered.iter().any(|range| range.contains(&frame));
        ensure!(!is_there, "frame {frame} was loaded before it was sought");
        self.0.player.apply(Command::SeekFrame(frame));
        let group = frame / GROUP_FRAMES;
        self.0.wait("the picture that was sought", |state| {
            let picture = state.picture.as_ref();
            picture.is_some_and(|picture| picture.index / GROUP_FRAMES == group)
        })
    }

    /// Lets the clip load while it is paused; the frame up to which it is loaded then.
    fn load_ahead(&mut self, cancel: &Cancel) -> anyhow::Result<usize> {
        let begin = Instant::now();
        while begin.elapsed() < LOADING {
            cancel.check()?;
            self.0.tick();
            self.0.sleep()?;
        }
        let state = self.0.tick();
        let loaded = state.buffered.iter().find(|range| range.contains(&0));
        let far = loaded.map_or(0, |range| range.end - 1);
        ensure!(far >= GROUP_FRAMES, "only {far} frames were loaded ahead");
        Ok(far)
    }

    /// Picture changes a second while a hand moves over what is loaded.
    fn scrub(&mut self, cancel: &Cancel) -> anyhow::Result<f64> {
        let far = self.load_ahead(cancel)?;
        let (begin, mut shown, mut changes) = (Instant::now(), None, 0_usize);
        while begin.elapsed() < SCRUBBING {
            cancel.check()?;
            let moves = (begin.elapsed().as_secs_f64() * MOVES_PER_SECOND).floor();
            // There and back, a second of the clip for each tenth of a second of the hand.
            let way = far as f64 / 30.0;
            let place = (moves / MOVES_PER_SECOND * 10.0) % (2.0 * way);
            self.0
                .player
                .apply(Command::Scrub(place.min(2.0 * way - place)));
            let picture = self.0.tick().picture.map(|picture| picture.index);
            if picture != shown {
                shown = picture;
                changes += 1;
            }
            self.0.sleep()?;
        }
        self.0.player.apply(Command::ScrubEnd);
        Ok(changes as f64 / begin.elapsed().as_secs_f64())
    }

    /// Plays for a while.
    fn play(&mut self, length: Duration, cancel: &Cancel) -> anyhow::Result<Played> {
        self.0.player.apply(Command::Play);
        let begin = Instant::now();
        let (mut waited, mut last) = (0.0, begin);
        let (mut start, mut layers) = (None, 0);
        while begin.elapsed() < length {
            cancel.check()?;
            let state = self.0.tick();
            ensure!(state.notices.is_empty(), "{:?}", state.notices);
            let now = Instant::now();
            // The wait at the start is no interruption.
            if start.is_none() && state.frame > 0 {
                start = Some((now - begin).as_secs_f64());
            }
            let cause = state.waiting.map(|waiting| waiting.cause);
            if start.is_some() && cause == Some(WaitCause::Network) {
                waited += (now - last).as_secs_f64();
            }
            last = now;
            layers = state.layers;
            self.0.sleep()?;
        }
        Ok(Played {
            seconds: begin.elapsed().as_secs_f64(),
            start: start.context("the clip never began to play")?,
            waited,
            layers,
        })
    }
}
