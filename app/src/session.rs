//! The clip that is open, the one that is being opened, and the change from one to the other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::{Duration, Instant};

use zoetrope_codecs::neural::{ImportOptions, ImportQuestion};
use zoetrope_codecs::{Bounds, Cancel, ClipInfo, ClipKind, Error, SplatCloud};
use zoetrope_player::share_link::StartView;
use zoetrope_player::{Command, LoopMode, Player, PlayerOptions, PlayerState};

use crate::camera::CameraRig;
use crate::link::Wanted;
use crate::open::{ClipTarget, OpenClip};
use crate::platform::Platform;

/// Opens a clip, with what is known of its network; called on a thread of its own.
pub type Opener =
    Arc<dyn Fn(&ClipTarget, &ImportOptions, &Cancel) -> anyhow::Result<OpenClip> + Send + Sync>;

/// Makes the user interface look again after a time. Called from any thread.
pub type Repaint = Arc<dyn Fn(Duration) + Send + Sync>;

/// While nobody waits for a frame, news of decoding is shown at this pace: every look costs a
/// repaint, which on software rendering takes the cores that decode.
const CALM_REPAINT: Duration = Duration::from_millis(100);

/// How other threads reach the user interface.
struct Wake {
    repaint: Repaint,
    urgent: AtomicBool,
}

impl Wake {
    fn wake(&self) {
        let urgent = self.urgent.load(Ordering::Relaxed);
        (self.repaint)(if urgent { Duration::ZERO } else { CALM_REPAINT });
    }
}

/// A clip with its player and camera.
pub struct Clip {
    /// What was opened.
    pub target: ClipTarget,
    /// Plays it.
    pub player: Player,
    /// The player's last state.
    pub state: PlayerState,
    /// Its camera, from the first picture on.
    pub rig: Option<CameraRig>,
    /// The box that the first view shows.
    pub bounds: Option<Bounds>,
    /// How it is shown at first.
    pub view: StartView,
}

/// A clip on its way.
struct Opening {
    wanted: Wanted,
    name: String,
    result: Receiver<anyhow::Result<OpenClip>>,
    cancel: Cancel,
    loop_mode: LoopMode,
    /// Memory for decoded frames.
    store_bytes: usize,
    since: f64,
}

/// The open clip and the one that will replace it.
pub struct Session {
    current: Option<Clip>,
    /// Opened, but without its first frame: the current one is shown until then.
    incoming: Option<Clip>,
    opening: Option<Opening>,
    opener: Opener,
    wake: Arc<Wake>,
    platform: Arc<dyn Platform>,
}

/// What a tick has to tell.
#[derive(Debug, Default)]
pub struct News {
    /// Sentences about things that went wrong, each told once.
    pub notices: Vec<String>,
    /// Whether another clip is the current one now.
    pub changed: bool,
    /// What cannot be opened before something is answered.
    pub unanswered: Option<Unanswered>,
}

/// A network whose file leaves something open.
#[derive(Debug)]
pub struct Unanswered {
    /// What was to be opened.
    pub wanted: Wanted,
    /// What must be known.
    pub question: ImportQuestion,
}

impl Session {
    /// Without a clip.
    pub fn new(opener: Opener, repaint: Repaint, platform: Arc<dyn Platform>) -> Self {
        Self {
            current: None,
            incoming: None,
            opening: None,
            opener,
            wake: Arc::new(Wake {
                repaint,
                urgent: AtomicBool::new(true),
            }),
            platform,
        }
    }

    /// Starts opening what is `wanted` at the time `now`, instead of whatever was being opened; `import`
    /// is what is known of its network, if it is one. Unless its view says otherwise it plays when it is
    /// there, in the loop mode of the clip that it replaces, else in `loop_mode`, with `memory_mb` (10⁶
    /// bytes) for decoded frames.
    pub fn open(
        &mut self,
        wanted: Wanted,
        import: ImportOptions,
        loop_mode: LoopMode,
        memory_mb: f64,
        now: f64,
    ) {
        let chosen = self.current.as_ref().map(|clip| clip.state.loop_mode);
        let loop_mode = chosen.unwrap_or(loop_mode);
        if let Some(opening) = self.opening.take() {
            opening.cancel.cancel();
        }
        let (sender, result) = mpsc::channel();
        let cancel = Cancel::new();
        let target = wanted.target.clone();
        let name = target.name();
        let (opener, wake, flag) = (self.opener.clone(), self.wake.clone(), cancel.clone());
        let platform = self.platform.clone();
        let failed = sender.clone();
        let thread = std::thread::Builder::new()
            .name("open".to_owned())
            .spawn(move || {
                platform.lower_thread_priority();
                let opened = catch_unwind(AssertUnwindSafe(|| opener(&target, &import, &flag)));
                let opened = opened.unwrap_or_else(|_| {
                    let name = target.name();
                    Err(anyhow::anyhow!(
                        "\"{name}\" cannot be opened: reading it failed"
                    ))
                });
                // Nobody listens any more when another clip was asked for meanwhile.
                if sender.send(opened).is_ok() {
                    (wake.repaint)(Duration::ZERO);
                }
            });
        if let Err(error) = thread {
            let sent = failed.send(Err(anyhow::anyhow!("\"{name}\" cannot be opened: {error}")));
            debug_assert!(sent.is_ok(), "the receiver is right here");
        }
        self.opening = Some(Opening {
            wanted,
            name,
            result,
            cancel,
            loop_mode,
            store_bytes: (memory_mb * 1e6) as usize,
            since: now,
        });
    }

    /// Closes the clip, and no longer opens another.
    pub fn close(&mut self) {
        if let Some(opening) = self.opening.take() {
            opening.cancel.cancel();
        }
        (self.current, self.incoming) = (None, None);
    }

    /// Whether there is neither a clip nor one that will be its successor.
    pub fn is_empty(&self) -> bool {
        self.current.is_none() && self.incoming.is_none()
    }

    /// The name of the clip that is being opened and the time since which it is.
    pub fn opening(&self) -> Option<(&str, f64)> {
        self.opening
            .as_ref()
            .map(|opening| (opening.name.as_str(), opening.since))
    }

    /// What was opened last, or is being opened.
    pub fn target(&self) -> Option<&ClipTarget> {
        let opened = self.incoming.as_ref().or(self.current.as_ref());
        let opening = self.opening.as_ref().map(|opening| &opening.wanted.target);
        opening.or(opened.map(|clip| &clip.target))
    }

    /// The clip on the screen.
    pub fn clip(&self) -> Option<&Clip> {
        self.current.as_ref()
    }

    /// The clip on the screen.
    pub fn clip_mut(&mut self) -> Option<&mut Clip> {
        self.current.as_mut()
    }

    /// Carries out a command of the player; false when it is not one, or there is no clip.
    pub fn apply(&mut self, command: Command) -> bool {
        self.current
            .as_mut()
            .is_some_and(|clip| clip.player.apply(command))
    }

    /// Brings everything up to `now` seconds. Never waits.
    pub fn tick(&mut self, now: f64) -> News {
        let mut news = News::default();
        self.receive(now, &mut news);
        if let Some(clip) = &mut self.current {
            clip.state = clip.player.tick(now);
            news.notices.append(&mut clip.state.notices);
        }
        if let Some(mut clip) = self.incoming.take() {
            clip.state = clip.player.tick(now);
            news.notices.append(&mut clip.state.notices);
            if clip.state.picture.is_some() {
                self.current = Some(clip);
                news.changed = true;
            } else if clip.state.buffering {
                self.incoming = Some(clip);
            } else {
                let title = &clip.player.info().title;
                let notice = format!("\"{title}\" has no frame that can be shown");
                news.notices.push(notice);
            }
        }
        let waits = |clip: &Clip| clip.state.buffering || clip.state.picture.is_none();
        let urgent = self.current.as_ref().is_some_and(waits) || self.incoming.is_some();
        // What came in between was announced at the calm pace.
        if urgent && !self.wake.urgent.swap(urgent, Ordering::Relaxed) {
            (self.wake.repaint)(Duration::ZERO);
        }
        self.wake.urgent.store(urgent, Ordering::Relaxed);
        news
    }

    /// Takes a clip that has been opened.
    fn receive(&mut self, now: f64, news: &mut News) {
        let Some(opening) = &self.opening else {
            return;
        };
        let opened = match opening.result.try_recv() {
            Ok(opened) => opened,
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => {
                Err(anyhow::anyhow!("\"{}\" cannot be opened", opening.name))
            }
        };
        let Some(opening) = self.opening.take() else {
            return;
        };
        if let Err(error) = &opened
            && let Some(Error::Unanswered { question, .. }) = error.downcast_ref()
        {
            news.unanswered = Some(Unanswered {
                wanted: opening.wanted,
                question: question.clone(),
            });
            return;
        }
        match opened.and_then(|clip| self.start(opening, clip, now)) {
            Ok(mut clip) => {
                news.notices.append(&mut clip.state.notices);
                self.incoming = Some(clip);
            }
            Err(error) => news.notices.push(format!("{error:#}")),
        }
    }

    fn start(&self, opening: Opening, clip: OpenClip, now: f64) -> anyhow::Result<Clip> {
        let wake = self.wake.clone();
        let platform = self.platform.clone();
        let started = Instant::now();
        let options = PlayerOptions::default();
        let store_bytes = opening
            .store_bytes
            .max(largest_frame_bytes(clip.demuxer.info()));
        let mut player = Player::new(
            clip.demuxer,
            clip.decoder,
            PlayerOptions {
                store_bytes,
                autoplay: true,
                loop_mode: opening.loop_mode,
                clock: Arc::new(move || started.elapsed().as_secs_f64()),
                waker: Arc::new(move || wake.wake()),
                thread_start: Arc::new(move || platform.lower_thread_priority()),
                ..options
            },
        )?;
        self.wake.urgent.store(true, Ordering::Relaxed);
        let view = opening.wanted.view;
        for command in view.commands(player.frame_rate()) {
            player.apply(command);
        }
        let state = player.tick(now);
        let bounds = player.info().bounds;
        Ok(Clip {
            target: opening.wanted.target,
            player,
            state,
            rig: None,
            bounds,
            view,
        })
    }
}

/// Bytes of the largest frame of a clip of splat files, so that one always fits; 0 where that is not
/// known before decoding.
fn largest_frame_bytes(info: &ClipInfo) -> usize {
    match (info.kind, info.gaussians) {
        (ClipKind::SplatFile | ClipKind::SplatSequence | ClipKind::MovingSplats, Some(counts)) => {
            SplatCloud::bytes_for(counts.max, info.sh_degree)
        }
        _ => 0,
    }
}

/// A text as a sentence: with a capital letter, unless it starts with a name, and a full stop.
pub(crate) fn sentence(text: String) -> String {
    let first_word = text.split_whitespace().next().unwrap_or_default();
    let is_word = first_word.chars().all(char::is_alphabetic);
    let mut letters = text.chars();
    let mut sentence: String = match letters.next() {
        Some(first) if is_word => first.to_uppercase().chain(letters).collect(),
        _ => text,
    };
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;
    use zoetrope_codecs::{clip::GaussianCounts, limits};

    #[test]
    fn the_largest_frame_that_is_read_fits() {
        let mut info = crate::open::test_info();
        assert_eq!(largest_frame_bytes(&info), 0);
        let max = limits::MAX_GAUSSIANS as usize;
        let mean = max as f64;
        info.gaussians = Some(GaussianCounts {
            min: max,
            mean,
            max,
        });
        info.sh_degree = 3;
        assert_eq!(largest_frame_bytes(&info), 10_000_000 * 59 * 4);
        info.kind = ClipKind::V3;
        assert_eq!(largest_frame_bytes(&info), 0);
    }

    #[test]
    fn errors_become_sentences() {
        for (error, expected) in [
            ("cannot read it", "Cannot read it."),
            (
                "a.ply is damaged: too short",
                "a.ply is damaged: too short.",
            ),
            ("What?", "What?"),
            ("", "."),
        ] {
            assert_eq!(sentence(error.to_owned()), expected);
        }
    }
}
