//! The player: transport, frame store and decoding, put together.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use zoetrope_codecs::{ClipInfo, Decoder, Demuxer, Engine, GroupInfo, SplatFrame};

use crate::pipeline::group_of;
use crate::{
    Clock, Command, DeliveryKind, Error, FrameStatus, FrameStore, FrameSupplier, Insert, Lookup,
    LoopMode, Playback, Request, Transport,
};

/// How a player is set up.
#[derive(Clone)]
pub struct PlayerOptions {
    /// Memory for decoded frames, in bytes.
    pub store_bytes: usize,
    /// Memory for frames on their way from the decoding thread, in bytes.
    pub hand_over_bytes: usize,
    /// Whether the clip starts at once.
    pub autoplay: bool,
    /// What happens at its end.
    pub loop_mode: LoopMode,
    /// Seconds of a monotonic clock, with which decoding is measured.
    pub clock: Clock,
    /// Called from the decoding thread whenever there is something new to show.
    pub waker: Arc<dyn Fn() + Send + Sync>,
    /// Called once on the decoding thread before anything else, to set its priority.
    pub thread_start: Arc<dyn Fn() + Send + Sync>,
}

impl Default for PlayerOptions {
    /// Half a gigabyte of frames, paused, no loop, nothing measured and nobody woken.
    fn default() -> Self {
        Self {
            store_bytes: 448 << 20,
            hand_over_bytes: 64 << 20,
            autoplay: false,
            loop_mode: LoopMode::Off,
            clock: Arc::new(|| 0.0),
            waker: Arc::new(|| {}),
            thread_start: Arc::new(|| {}),
        }
    }
}

/// A picture to show.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its content.
    pub frame: Arc<SplatFrame>,
    /// Its number from the clip's start.
    pub index: usize,
    /// Whether it is the frame that is due; else it stands in until that is decoded.
    pub exact: bool,
}

/// Everything that a user interface shows, at one moment.
#[derive(Clone, Debug)]
pub struct PlayerState {
    /// What to draw; `None` until the first frame is decoded.
    pub picture: Option<Picture>,
    /// The frame that is due.
    pub frame: usize,
    /// Number of frames.
    pub frame_count: usize,
    /// Frames a second.
    pub frame_rate: f64,
    /// Position in seconds.
    pub time: f64,
    /// Length in seconds.
    pub duration: f64,
    /// What the clock does.
    pub playback: Playback,
    /// Whether the frame that is due is still being decoded.
    pub buffering: bool,
    /// Whether the time bar is held.
    pub scrubbing: bool,
    /// Speed, 1 is normal.
    pub speed: f64,
    /// What happens at the end.
    pub loop_mode: LoopMode,
    /// The marked frames A and B.
    pub ab: (Option<usize>, Option<usize>),
    /// Frames that can be had without waiting for anything but decoding, as sorted ranges: all that
    /// are not known to be broken, for a clip that lies on this device.
    pub buffered: Arc<[Range<usize>]>,
    /// Frames that are decoded and held, as sorted ranges.
    pub decoded: Arc<[Range<usize>]>,
    /// Sentences to be shown, each given once.
    pub notices: Vec<String>,
    /// Mean milliseconds of decoding a frame, over the last few.
    pub decode_ms: Option<f64>,
    /// Bytes of decoded frames held.
    pub memory_bytes: usize,
    /// Bytes of decoded frames that may be held.
    pub memory_limit_bytes: usize,
    /// Seconds until the next tick is needed; `None` when nothing will change by itself (the waker
    /// tells about new frames).
    pub next_wakeup: Option<f64>,
}

/// Plays one clip.
pub struct Player {
    info: ClipInfo,
    engine: Engine,
    groups: Vec<GroupInfo>,
    transport: Transport,
    store: FrameStore<SplatFrame>,
    supplier: Box<dyn FrameSupplier>,
    shown: Option<(usize, Arc<SplatFrame>)>,
    notices: Vec<String>,
    /// Why frames were skipped, as far as it was told.
    told: HashSet<String>,
    decode_ms: Option<f64>,
    acknowledged: u64,
    /// What the last request was made of: revision of the store, acknowledged, playing.
    requested: Option<(u64, u64, bool)>,
}

/// Weight of the newest frame in the mean decode time.
const DECODE_WEIGHT: f64 = 0.1;

impl Player {
    /// Opens the player on a clip and starts decoding (on a thread where there are threads).
    ///
    /// # Errors
    /// [`Error::Thread`] when the system gives no thread.
    pub fn new(
        demuxer: Box<dyn Demuxer>,
        decoder: Box<dyn Decoder>,
        options: PlayerOptions,
    ) -> Result<Self, Error> {
        let (info, groups) = (demuxer.info().clone(), demuxer.groups().to_vec());
        let engine = decoder.engine();
        #[cfg(not(target_arch = "wasm32"))]
        let supplier = crate::DecodeThread::spawn(
            crate::Pipeline::new(demuxer, decoder, options.clock.clone()),
            options.hand_over_bytes,
            options.waker.clone(),
            {
                let start = options.thread_start.clone();
                move || start()
            },
        )?;
        #[cfg(target_arch = "wasm32")]
        let supplier = crate::InlineDecoding::new(demuxer, decoder, options.clock.clone());
        Ok(Self::with_supplier(
            info,
            groups,
            engine,
            Box::new(supplier),
            &options,
        ))
    }

    /// A player over decoding that someone else runs.
    pub fn with_supplier(
        info: ClipInfo,
        groups: Vec<GroupInfo>,
        engine: Engine,
        supplier: Box<dyn FrameSupplier>,
        options: &PlayerOptions,
    ) -> Self {
        let mut transport = Transport::new(&info);
        transport.apply(Command::Loop(options.loop_mode));
        if options.autoplay {
            transport.apply(Command::Play);
        }
        Self {
            store: FrameStore::new(options.store_bytes, info.frame_count),
            notices: info.omissions.clone(),
            told: HashSet::new(),
            info,
            engine,
            groups,
            transport,
            supplier,
            shown: None,
            decode_ms: None,
            acknowledged: 0,
            requested: None,
        }
    }

    /// Facts of the clip.
    pub fn info(&self) -> &ClipInfo {
        &self.info
    }

    /// Who decodes.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Frames a second that it plays at.
    pub fn frame_rate(&self) -> f64 {
        self.transport.frame_rate()
    }

    /// Carries out a command; false for those that are not the player's. The next [`Self::tick`]
    /// shows its effect.
    pub fn apply(&mut self, command: Command) -> bool {
        self.transport.apply(command)
    }

    /// Brings everything up to `now`, in seconds of a clock that does not go backwards. Never
    /// waits for decoding.
    pub fn tick(&mut self, now: f64) -> PlayerState {
        self.receive();
        let (store, shown) = (&self.store, &self.shown);
        self.transport.advance(now, &mut |frame| match shown {
            // What is on the screen is there, even if the store has let go of it.
            Some((index, _)) if *index == frame => FrameStatus::Ready,
            _ => store.status(frame),
        });
        self.store.want(self.transport.order());
        self.ask();
        self.state()
    }

    fn receive(&mut self) {
        while let Some(delivery) = self.supplier.receive() {
            self.acknowledged = delivery.number;
            match delivery.kind {
                DeliveryKind::Frame {
                    index,
                    content,
                    decode_s,
                } => {
                    let ms = decode_s * 1e3;
                    self.decode_ms = Some(
                        self.decode_ms
                            .map_or(ms, |mean| mean + DECODE_WEIGHT * (ms - mean)),
                    );
                    if self.store.insert(index, content) == Insert::TooLarge {
                        let limit_mb = self.store.limit_bytes() / 1_000_000;
                        let reason = format!(
                            "Decoded frames may take {limit_mb} MB, which is too little for frames \
                             of this clip; choose one with fewer Gaussians"
                        );
                        self.skip(index..index + 1, reason);
                    }
                }
                DeliveryKind::Failed { frames, reason } => self.skip(frames, reason),
            }
        }
    }

    /// Gives frames up, and says so, unless the very same reason was told before: a file that
    /// changes while it is open spoils one group after the other.
    fn skip(&mut self, frames: Range<usize>, reason: String) {
        if !self.told.contains(&reason) {
            let which = if frames.len() == 1 {
                format!("Frame {} is", frames.start)
            } else {
                format!(
                    "Frames {} to {} are",
                    frames.start,
                    frames.end.saturating_sub(1)
                )
            };
            self.notices.push(format!("{reason}. {which} skipped."));
            self.told.insert(reason);
        }
        self.store.fail(frames);
    }

    fn ask(&mut self) {
        let order = self.store.order();
        let made_of = (self.store.revision(), self.acknowledged, order.playing);
        if self.requested == Some(made_of) && !self.supplier.must_be_polled() {
            return;
        }
        self.requested = Some(made_of);
        let urgent_group = self
            .transport
            .is_waiting()
            .then(|| group_of(&self.groups, order.playhead))
            .flatten();
        self.supplier.request(Request {
            window: self.store.window().clone(),
            playing: order.playing,
            settled: self.store.settled(),
            urgent_group,
            acknowledged: self.acknowledged,
        });
    }

    /// The frame that is due if it is there. Otherwise the hand on the time bar sees the nearest,
    /// as does one who waits for a frame that cannot be had; anyone else keeps the old picture until
    /// the new one is complete.
    fn choose_picture(&mut self) -> Option<Picture> {
        let due = self.transport.frame();
        let is_shown = self.shown.as_ref().is_some_and(|(index, _)| *index == due);
        match self.store.get(due) {
            _ if is_shown => {}
            Lookup::Ready(frame) => self.shown = Some((due, frame)),
            Lookup::Stale(index, frame)
                if self.transport.is_scrubbing()
                    || self.shown.is_none()
                    || self.store.status(due) == FrameStatus::Failed =>
            {
                self.shown = Some((index, frame));
            }
            Lookup::Stale(..) | Lookup::Missing => {}
        }
        self.shown.as_ref().map(|(index, frame)| Picture {
            frame: frame.clone(),
            index: *index,
            exact: *index == due,
        })
    }

    fn state(&mut self) -> PlayerState {
        let picture = self.choose_picture();
        let transport = &self.transport;
        let polled = self.supplier.must_be_polled().then_some(0.0);
        PlayerState {
            picture,
            frame: transport.frame(),
            frame_count: transport.frame_count(),
            frame_rate: transport.frame_rate(),
            time: transport.time(),
            duration: transport.duration(),
            playback: transport.playback(),
            buffering: transport.is_waiting(),
            scrubbing: transport.is_scrubbing(),
            speed: transport.speed(),
            loop_mode: transport.loop_mode(),
            ab: transport.ab(),
            buffered: self.store.buffered().clone(),
            decoded: self.store.decoded().clone(),
            notices: std::mem::take(&mut self.notices),
            decode_ms: self.decode_ms,
            memory_bytes: self.store.bytes() + self.supplier.waiting_bytes(),
            memory_limit_bytes: self.store.limit_bytes(),
            next_wakeup: polled.or_else(|| transport.next_change()),
        }
    }
}
