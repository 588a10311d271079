//! The player: transport, frame store and decoding, put together.

mod ahead;
mod deliveries;
mod picture;

use std::collections::HashSet;
use std::sync::Arc;

use zoetrope_codecs::clip::Detail;
use zoetrope_codecs::{ClipInfo, Decoder, Demuxer, Engine, FrameContent, GroupInfo};

use crate::abr::Ladder;
use crate::adaptation::{Adaptation, Moment};
use crate::plan::group_of;
use crate::stall::Stall;
use crate::{
    Clock, Command, Error, FrameStatus, FrameStore, FrameSupplier, LoopMode, PlayerState, Request,
    Supply, Transport,
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

/// A frame on the screen.
#[derive(Clone)]
struct Shown {
    index: usize,
    frame: FrameContent,
    detail: Detail,
}

/// Plays one clip.
pub struct Player {
    info: ClipInfo,
    engine: Engine,
    groups: Vec<GroupInfo>,
    transport: Transport,
    store: FrameStore<FrameContent>,
    supplier: Box<dyn FrameSupplier>,
    /// Where frames came from at the last tick.
    supply: Supply,
    adaptation: Adaptation,
    stall: Stall,
    shown: Option<Shown>,
    /// Whether the frame that is due was sought, and is not there yet.
    sought: bool,
    /// Seeks into another group.
    arrivals: u64,
    notices: Vec<String>,
    /// Why frames were skipped, as far as it was told.
    told: HashSet<String>,
    decode_ms: Option<f64>,
    acknowledged: u64,
    /// What the last request was made of.
    requested: Option<Made>,
    now_s: f64,
}

/// What a request is made of, but for what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Made {
    revision: u64,
    acknowledged: u64,
    playing: bool,
    scrubbing: bool,
    sought: bool,
    arrivals: u64,
    layers: u8,
    improve_to: u8,
    abandoned: u64,
    urgent_group: Option<usize>,
    ahead_frames: usize,
}

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
        let group_frames = groups.iter().map(|group| group.frames.len()).max();
        Self {
            store: FrameStore::new(options.store_bytes, info.frame_count),
            adaptation: Adaptation::new(Ladder::of(&info, group_frames.unwrap_or(1))),
            notices: info.omissions.clone(),
            told: HashSet::new(),
            info,
            engine,
            groups,
            transport,
            supply: supplier.supply(),
            supplier,
            stall: Stall::default(),
            shown: None,
            sought: true,
            arrivals: 0,
            decode_ms: None,
            acknowledged: 0,
            requested: None,
            now_s: 0.0,
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
        if let Command::Quality(choice) = command {
            self.adaptation.choose(choice);
            return true;
        }
        let before = self.transport.frame();
        let is_mine = self.transport.apply(command);
        let frame = self.transport.frame();
        if frame != before {
            self.arrive(before, frame);
        }
        is_mine
    }

    /// A seek went from one frame to another.
    fn arrive(&mut self, before: usize, frame: usize) {
        self.sought = true;
        let group = group_of(&self.groups, frame);
        if group != group_of(&self.groups, before) {
            self.arrivals += 1;
        }
        // What the network did not bring then, it may bring now.
        if self.supply.remote
            && self.store.status(frame) == FrameStatus::Failed
            && let Some(group) = group
        {
            self.store.forgive(self.groups[group].frames.clone());
        }
    }

    /// Brings everything up to `now`, in seconds of a clock that does not go backwards. Never
    /// waits for decoding.
    pub fn tick(&mut self, now: f64) -> PlayerState {
        let waited_s = now - self.now_s;
        self.now_s = now;
        self.supply = self.supplier.supply();
        if let Some(engine) = &self.supply.engine
            && **engine != self.engine
        {
            self.engine = (**engine).clone();
        }
        self.receive();
        let before = self.transport.frame();
        self.advance(now);
        self.store.want(self.transport.order());
        self.count_drops(before, waited_s);
        if self.status(self.transport.frame()) == FrameStatus::Ready {
            self.sought = false;
        }
        let moment = Moment {
            now_s: now,
            playing: self.transport.order().playing,
            frame_s: self.frame_s(),
            buffer: self.buffer(),
        };
        self.adaptation.update(&moment, &self.supply);
        self.ask();
        self.state(moment.buffer)
    }

    /// Lets time pass, unless the network has to bring more first.
    fn advance(&mut self, now: f64) {
        let due = self.transport.frame();
        let order = self.transport.order();
        let is_missing = self.status(due) == FrameStatus::Missing;
        let is_cut_off = self.supply.remote && is_missing && !self.is_at_hand(due);
        let enough = self.stall.frames_to_resume(self.transport.frame_rate());
        let is_enough = self.stall.is_held() && self.frames_ahead(enough) >= enough;
        let held = self
            .stall
            .update(order.playing, is_missing, is_cut_off, is_enough);
        let (store, shown) = (&self.store, &self.shown);
        self.transport.advance(now, &mut |frame| match shown {
            _ if held && frame == due => FrameStatus::Missing,
            // What is on the screen is there, even if the store has let go of it.
            Some(shown) if shown.index == frame && shown.detail != Detail::Key => {
                FrameStatus::Ready
            }
            _ => store.status(frame),
        });
        let due = self.transport.frame();
        let is_waiting = self.transport.is_waiting();
        let is_cut_off = held || self.supply.remote && !self.is_at_hand(due);
        self.stall.note_wait(is_waiting, is_cut_off, now);
    }

    /// Whether a frame can be shown.
    fn status(&self, frame: usize) -> FrameStatus {
        match &self.shown {
            Some(shown) if shown.index == frame && shown.detail != Detail::Key => {
                FrameStatus::Ready
            }
            _ => self.store.status(frame),
        }
    }

    fn ask(&mut self) {
        let order = self.store.order();
        let is_missing = self.status(order.playhead) == FrameStatus::Missing;
        let urgent_group = (is_missing && self.info.frame_count > 0)
            .then(|| group_of(&self.groups, order.playhead))
            .flatten();
        let made = Made {
            revision: self.store.revision(),
            acknowledged: self.acknowledged,
            playing: order.playing,
            scrubbing: self.transport.is_scrubbing(),
            sought: self.sought,
            arrivals: self.arrivals,
            layers: self.adaptation.layers(),
            improve_to: self.adaptation.improve_to(),
            abandoned: self.adaptation.abandoned(),
            urgent_group,
            ahead_frames: self.goal_frames(),
        };
        if self.requested == Some(made) && !self.supplier.must_be_polled() {
            return;
        }
        self.requested = Some(made);
        let improvable = match made.improve_to {
            0 => crate::RangeSet::new(),
            layers => self.store.below(layers),
        };
        self.supplier.request(Request {
            order: order.clone(),
            window: self.store.window().clone(),
            playing: made.playing,
            scrubbing: made.scrubbing,
            settled: self.store.settled(),
            coarse: self.store.coarse(),
            improvable,
            layers: made.layers,
            improve_to: made.improve_to,
            ahead_frames: made.ahead_frames,
            urgent_group,
            sought: made.sought,
            arrivals: made.arrivals,
            abandoned: made.abandoned,
            acknowledged: made.acknowledged,
        });
    }
}
