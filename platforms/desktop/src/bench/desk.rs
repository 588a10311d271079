//! A player that a benchmark sits at, as the window does.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use zoetrope_app::open::OpenClip;
use zoetrope_player::{Player, PlayerOptions, PlayerState};

/// What takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A player, its clock, and the bell that rings when a frame has arrived.
pub struct Desk {
    /// The player.
    pub player: Player,
    start: Instant,
    bell: Arc<(Mutex<bool>, Condvar)>,
    /// The longest time between two looks at the player.
    tick: Duration,
}

impl Desk {
    /// Sits down at a clip; the clock counts from `start`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn new(
        clip: OpenClip,
        options: PlayerOptions,
        start: Instant,
        tick: Duration,
    ) -> anyhow::Result<Self> {
        let bell = Arc::new((Mutex::new(false), Condvar::new()));
        let ring = bell.clone();
        let options = PlayerOptions {
            waker: Arc::new(move || {
                if let Ok(mut rung) = ring.0.lock() {
                    *rung = true;
                }
                ring.1.notify_one();
            }),
            ..options
        };
        Ok(Self {
            player: Player::new(clip.demuxer, clip.decoder, options)?,
            start,
            bell,
            tick,
        })
    }

    /// Brings the player up to now.
    pub fn tick(&mut self) -> PlayerState {
        self.player.tick(self.start.elapsed().as_secs_f64())
    }

    /// Seconds until the player's state is as wanted; `what` names it.
    ///
    /// # Errors
    /// On the first notice of the player, and when it takes too long.
    pub fn wait(
        &mut self,
        what: &str,
        wanted: impl Fn(&PlayerState) -> bool,
    ) -> anyhow::Result<f64> {
        let begin = Instant::now();
        loop {
            let state = self.tick();
            if let Some(notice) = state.notices.first() {
                bail!("{notice}");
            }
            if wanted(&state) {
                return Ok(begin.elapsed().as_secs_f64());
            }
            ensure!(begin.elapsed() < PATIENCE, "{what} did not arrive");
            self.sleep()?;
        }
    }

    /// Sleeps until a frame has arrived, or for a tick.
    ///
    /// # Errors
    /// When the decoding thread panicked.
    pub fn sleep(&self) -> anyhow::Result<()> {
        let rung = self.bell.0.lock().ok().context("the decoder panicked")?;
        let waited = self
            .bell
            .1
            .wait_timeout_while(rung, self.tick, |rung| !*rung);
        let (mut rung, _) = waited.ok().context("the decoder panicked")?;
        *rung = false;
        Ok(())
    }
}
