//! A clip that does what the test says, and decoding that is driven by hand.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zoetrope_codecs::clip::{Detail, LayerInfo, Thumbnails};
use zoetrope_codecs::{
    Cancel, ClipInfo, ClipKind, Decoder, Demuxer, Engine, Error, Frame, FrameContent, GroupInfo,
    GroupPackets, GroupPayload, Result, SplatCloud, SplatFrame, Transfer, UpAxis,
};
use zoetrope_player::{
    Delivery, FrameSupplier, Pipeline, Player, PlayerOptions, PlayerState, Request, Step, Supply,
};

/// Bytes of a scripted frame: one Gaussian at SH degree 0.
pub const FRAME_BYTES: usize = 56;

/// What goes wrong with a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Read,
    /// The same error whatever the group.
    Changed,
    DemuxerPanic,
    Push,
    DecoderPanic,
    /// At the third frame.
    Frame,
    /// Ends after two frames.
    Short,
    /// Gives the second frame twice.
    WrongFrame,
    /// Reading lasts until it is cancelled.
    Hang,
    /// More than the base layer cannot be read.
    Enhancement,
}

/// What the test sees of a running clip.
#[derive(Clone, Default)]
pub struct Log {
    pub reads: Arc<Mutex<Vec<usize>>>,
    pub decoded: Arc<AtomicUsize>,
    pub hanging: Arc<AtomicBool>,
    /// Parts that were read.
    pub parts: Arc<Mutex<Vec<(usize, Detail)>>>,
    /// The last list of what will be read.
    pub prefetched: Arc<Mutex<Vec<(usize, Detail)>>>,
    pub thumbnails: Arc<AtomicUsize>,
}

/// A network that brings what the test lets it bring.
#[derive(Clone, Default)]
pub struct Network(Arc<Mutex<NetworkState>>);

#[derive(Default)]
struct NetworkState {
    at_hand: BTreeMap<usize, Detail>,
    transfers: Vec<Transfer>,
    /// Reading of what is not at hand: comes at once, fails, or waits until the test brings it.
    mode: Mode,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Fast,
    Broken,
    Waiting,
}

impl Network {
    pub fn bring(&self, group: usize, detail: Detail) {
        let mut state = self.0.lock().expect("unpoisoned");
        let held = state.at_hand.entry(group).or_insert(detail);
        *held = (*held).max(detail);
    }

    pub fn set(&self, mode: Mode) {
        self.0.lock().expect("unpoisoned").mode = mode;
    }

    /// A second of transfer at so many bits a second.
    pub fn transfer(&self, bits_per_s: f64) {
        let mut state = self.0.lock().expect("unpoisoned");
        let started_s = state.transfers.len() as f64;
        state.transfers.push(Transfer {
            started_s,
            first_byte_s: started_s,
            ended_s: started_s + 1.0,
            bytes: (bits_per_s / 8.0) as u64,
        });
    }

    pub fn has(&self, group: usize, detail: Detail) -> bool {
        let state = self.0.lock().expect("unpoisoned");
        state
            .at_hand
            .get(&group)
            .is_some_and(|held| *held >= detail)
    }

    fn read(&self, group: usize, detail: Detail, cancel: &Cancel) -> Result<()> {
        loop {
            cancel.check()?;
            if self.has(group, detail) {
                return Ok(());
            }
            let mode = self.0.lock().expect("unpoisoned").mode;
            match mode {
                Mode::Fast => self.bring(group, detail),
                Mode::Broken => return Err(Error::malformed(format!("group{group}"), "away")),
                Mode::Waiting => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }
}

impl Log {
    pub fn reads(&self) -> Vec<usize> {
        self.reads.lock().expect("no test panics with it").clone()
    }

    pub fn parts(&self) -> Vec<(usize, Detail)> {
        self.parts.lock().expect("unpoisoned").clone()
    }

    pub fn prefetched(&self) -> Vec<(usize, Detail)> {
        self.prefetched.lock().expect("unpoisoned").clone()
    }

    pub fn decoded(&self) -> usize {
        self.decoded.load(Ordering::SeqCst)
    }
}

#[derive(Clone)]
pub struct Script {
    pub frame_count: usize,
    pub group_frames: usize,
    pub frame_rate: f64,
    pub faults: Vec<(usize, Fault)>,
    /// Gaussians of a frame, by its number.
    pub gaussians: fn(usize) -> usize,
    pub log: Log,
    /// Layers of quality, or none.
    pub layers: u8,
    pub network: Option<Network>,
}

impl Script {
    pub fn new(frame_count: usize, group_frames: usize) -> Self {
        Self {
            frame_count,
            group_frames,
            frame_rate: 10.0,
            faults: Vec::new(),
            gaussians: |_| 1,
            log: Log::default(),
            layers: 0,
            network: None,
        }
    }

    /// With so many layers, over a network that has brought nothing yet.
    pub fn remote(frame_count: usize, group_frames: usize, layers: u8) -> (Self, Network) {
        let network = Network::default();
        let script = Self {
            layers,
            network: Some(network.clone()),
            ..Self::new(frame_count, group_frames)
        };
        (script, network)
    }

    pub fn fault(mut self, group: usize, fault: Fault) -> Self {
        self.faults.push((group, fault));
        self
    }

    pub fn info(&self) -> ClipInfo {
        ClipInfo {
            kind: ClipKind::V3,
            title: "scripted".to_owned(),
            codec: "script".to_owned(),
            frame_rate: self.frame_rate,
            frame_rate_known: true,
            frame_count: self.frame_count,
            sh_degree: 0,
            gaussians: None,
            bounds: None,
            picture: None,
            up: UpAxis::MinusY,
            camera: None,
            size_bytes: None,
            credit: None,
            licence: None,
            // A megabit a second for each layer.
            layers: (0..self.layers)
                .map(|layer| LayerInfo {
                    name: format!("layer {layer}"),
                    bytes: (self.frame_count as f64 / self.frame_rate * 125_000.0) as u64,
                })
                .collect(),
            warnings: Vec::new(),
            omissions: Vec::new(),
        }
    }

    fn groups(&self) -> Vec<GroupInfo> {
        (0..self.frame_count)
            .step_by(self.group_frames)
            .map(|start| GroupInfo {
                frames: start..(start + self.group_frames).min(self.frame_count),
            })
            .collect()
    }

    pub fn demuxer(&self) -> Box<dyn Demuxer> {
        Box::new(ScriptedDemuxer {
            info: self.info(),
            groups: self.groups(),
            script: self.clone(),
        })
    }

    pub fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(ScriptedDecoder {
            script: self.clone(),
            frames: VecDeque::new(),
            fault: None,
            given: 0,
            detail: Detail::FULL,
            is_used: false,
        })
    }

    fn fault_of(&self, group: usize) -> Option<Fault> {
        let mut faults = self.faults.iter();
        faults.find(|(at, _)| *at == group).map(|(_, fault)| *fault)
    }
}

struct ScriptedDemuxer {
    info: ClipInfo,
    groups: Vec<GroupInfo>,
    script: Script,
}

impl Demuxer for ScriptedDemuxer {
    fn info(&self) -> &ClipInfo {
        &self.info
    }

    fn groups(&self) -> &[GroupInfo] {
        &self.groups
    }

    fn read_group(&mut self, group: usize, cancel: &Cancel) -> Result<GroupPackets> {
        self.read_part(group, Detail::FULL, cancel)
    }

    fn read_part(&mut self, group: usize, detail: Detail, cancel: &Cancel) -> Result<GroupPackets> {
        let log = &self.script.log;
        log.reads.lock().expect("unpoisoned").push(group);
        log.parts.lock().expect("unpoisoned").push((group, detail));
        match self.script.fault_of(group) {
            Some(Fault::Read) => return Err(Error::malformed(format!("group{group}"), "gone")),
            Some(Fault::Changed) => {
                let name = "the clip".to_owned();
                return Err(Error::Changed { name });
            }
            Some(Fault::DemuxerPanic) => panic!("scripted panic of the demuxer"),
            Some(Fault::Hang) => {
                self.script.log.hanging.store(true, Ordering::SeqCst);
                while !cancel.is_cancelled() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                return Err(Error::Cancelled);
            }
            Some(Fault::Enhancement) if detail > Detail::Layers(1) => {
                return Err(Error::malformed(format!("group{group}"), "too much"));
            }
            _ => {}
        }
        if let Some(network) = &self.script.network {
            network.read(group, detail, cancel)?;
        }
        let mut frames = self.groups[group].frames.clone();
        if detail == Detail::Key && self.script.layers > 0 {
            frames.end = frames.start + 1;
        }
        // The decoder is told the detail by way of the name.
        let name = match detail {
            Detail::Key => "0".to_owned(),
            Detail::Layers(layers) => layers.to_string(),
        };
        let cloud = Box::new(SplatCloud::default());
        Ok(GroupPackets {
            group,
            frames,
            payload: GroupPayload::SplatFile {
                name,
                cloud,
                coarse: false,
            },
        })
    }

    fn part_bytes(&self, _: usize, detail: Detail) -> Option<u64> {
        self.script.network.as_ref()?;
        let bytes = 125_000.0 * self.script.group_frames as f64 / self.script.frame_rate;
        let layers = detail.layers().min(usize::from(self.script.layers));
        Some((bytes * layers as f64) as u64)
    }

    fn prefetch(&self, parts: &[(usize, Detail)]) {
        *self.script.log.prefetched.lock().expect("unpoisoned") = parts.to_vec();
    }

    fn is_at_hand(&self, group: usize, detail: Detail) -> bool {
        let network = self.script.network.as_ref();
        network.is_none_or(|network| network.has(group, detail))
    }

    fn transfers(&self) -> Option<Vec<Transfer>> {
        let network = self.script.network.as_ref()?;
        Some(network.0.lock().expect("unpoisoned").transfers.clone())
    }

    fn thumbnails(&mut self, cancel: &Cancel) -> Result<Option<Thumbnails>> {
        cancel.check()?;
        self.script.log.thumbnails.fetch_add(1, Ordering::SeqCst);
        Ok((self.script.layers > 0).then(|| Thumbnails {
            width: 8,
            height: 8,
            frames: vec![0],
            jpegs: vec![Vec::new()],
        }))
    }
}

struct ScriptedDecoder {
    script: Script,
    frames: VecDeque<usize>,
    fault: Option<Fault>,
    given: usize,
    detail: Detail,
    /// Whether anything was pushed.
    is_used: bool,
}

impl Decoder for ScriptedDecoder {
    fn push(&mut self, packets: GroupPackets) -> Result<()> {
        self.fault = self.script.fault_of(packets.group);
        self.is_used = true;
        self.frames = packets.frames.collect();
        if let GroupPayload::SplatFile { name, .. } = packets.payload {
            self.detail = match name.parse() {
                Ok(0) | Err(_) => Detail::Key,
                Ok(layers) => Detail::Layers(layers),
            };
        }
        self.given = 0;
        if self.fault == Some(Fault::Push) {
            return Err(Error::malformed("a header", "wrong"));
        }
        Ok(())
    }

    fn next_frame(&mut self) -> Result<Option<Frame>> {
        match (self.fault, self.given) {
            (Some(Fault::Frame), 2) => return Err(Error::malformed("a frame", "wrong")),
            (Some(Fault::Short), 2) => return Ok(None),
            (Some(Fault::DecoderPanic), 1) => panic!("scripted panic of the decoder"),
            _ => {}
        }
        let Some(index) = self.frames.pop_front() else {
            return Ok(None);
        };
        self.given += 1;
        if self.fault == Some(Fault::WrongFrame) && self.given == 1 {
            self.frames.push_front(index);
        }
        self.script.log.decoded.fetch_add(1, Ordering::SeqCst);
        Ok(Some(Frame {
            index,
            content: frame(index, (self.script.gaussians)(index), self.detail).into(),
        }))
    }

    fn engine(&self) -> Engine {
        Engine {
            // As with decoders that are made when the first group tells which.
            name: if self.is_used { "script" } else { "none" }.to_owned(),
            hardware: false,
        }
    }
}

/// A frame that carries its number and its detail.
fn frame(index: usize, gaussians: usize, detail: Detail) -> SplatFrame {
    let layers = match detail {
        Detail::Key => 0,
        Detail::Layers(layers) => layers,
    };
    let mut cloud = SplatCloud::with_capacity(gaussians, 0);
    for _ in 0..gaussians {
        cloud.push(
            [index as f32, f32::from(layers), 0.0],
            [1.0, 0.0, 0.0, 0.0],
            [1.0; 3],
            1.0,
            [0.0; 3],
            &[],
        );
    }
    SplatFrame::Cloud(cloud)
}

/// The number that a frame carries.
pub fn number(frame: &FrameContent) -> usize {
    match &**frame.splats().expect("Gaussians") {
        SplatFrame::Cloud(cloud) => cloud.positions[0][0] as usize,
        SplatFrame::Planes(_) => panic!("scripted frames are clouds"),
    }
}

/// The layers that a frame carries; 0 for a coarse picture.
pub fn layers(frame: &FrameContent) -> u8 {
    match &**frame.splats().expect("Gaussians") {
        SplatFrame::Cloud(cloud) => cloud.positions[0][1] as u8,
        SplatFrame::Planes(_) => panic!("scripted frames are clouds"),
    }
}

/// Decoding that happens when the test says so.
#[derive(Clone)]
struct ByHand(Rc<RefCell<(Pipeline, VecDeque<Delivery>)>>);

impl FrameSupplier for ByHand {
    fn request(&mut self, request: Request) {
        self.0.borrow_mut().0.request(request);
    }

    fn receive(&mut self) -> Option<Delivery> {
        self.0.borrow_mut().1.pop_front()
    }

    fn supply(&self) -> Supply {
        let mut inner = self.0.borrow_mut();
        inner.0.poll();
        inner.0.supply().clone()
    }

    fn waiting_bytes(&self) -> usize {
        self.0.borrow().1.iter().map(Delivery::size_bytes).sum()
    }

    fn must_be_polled(&self) -> bool {
        false
    }
}

/// A player, its clip, its clock and its decoding.
pub struct Stage {
    pub player: Player,
    pub now: f64,
    pub log: Log,
    hand: ByHand,
}

impl Stage {
    /// With room for `capacity` frames.
    pub fn new(script: &Script, capacity: usize) -> Self {
        Self::with_options(
            script,
            &PlayerOptions {
                store_bytes: capacity * FRAME_BYTES,
                ..PlayerOptions::default()
            },
        )
    }

    pub fn with_options(script: &Script, options: &PlayerOptions) -> Self {
        // A clock that moves by a millisecond whenever it is looked at.
        let looked = AtomicUsize::new(0);
        let clock = Arc::new(move || looked.fetch_add(1, Ordering::SeqCst) as f64 * 1e-3);
        let pipeline = Pipeline::new(script.demuxer(), script.decoder(), clock);
        let hand = ByHand(Rc::new(RefCell::new((pipeline, VecDeque::new()))));
        let player = Player::with_supplier(
            script.info(),
            script.groups(),
            script.decoder().engine(),
            Box::new(hand.clone()),
            options,
        );
        Self {
            player,
            now: 100.0,
            log: script.log.clone(),
            hand,
        }
    }

    /// Carries out a command given as text.
    pub fn apply(&mut self, command: &str) {
        let command = command.parse().expect("a command");
        assert!(self.player.apply(command), "{command} is the player's");
    }

    /// Lets `seconds` pass.
    pub fn tick(&mut self, seconds: f64) -> PlayerState {
        self.now += seconds;
        let state = self.player.tick(self.now);
        if let Some(picture) = &state.picture {
            assert_eq!(number(&picture.frame), picture.index);
        }
        state
    }

    /// One step of decoding; false when there was nothing to do.
    pub fn decode_step(&mut self) -> bool {
        let mut inner = self.hand.0.borrow_mut();
        match inner.0.step(&mut |_, _| {}) {
            Step::Idle => false,
            Step::Worked => true,
            Step::Delivered(delivery) => {
                inner.1.push_back(delivery);
                true
            }
        }
    }

    /// Decodes until nothing is wanted any more, without letting time pass. Gives the notices.
    pub fn settle(&mut self) -> Vec<String> {
        let mut notices = Vec::new();
        for _ in 0..10_000 {
            notices.extend(self.tick(0.0).notices);
            if !self.decode_step() {
                return notices;
            }
        }
        panic!("decoding never comes to rest");
    }

    /// Plays for `seconds` in ticks of `dt` with decoding at rest in between; the frames shown.
    pub fn play(&mut self, seconds: f64, dt: f64) -> Vec<usize> {
        let mut shown = Vec::new();
        for _ in 0..(seconds / dt).round() as usize {
            let state = self.tick(dt);
            let index = state.picture.map(|picture| picture.index);
            if index.is_some() && index != shown.last().copied() {
                shown.extend(index);
            }
            self.settle();
        }
        shown
    }
}

/// The frames in sorted ranges.
pub fn ranges(state: &PlayerState) -> Vec<Range<usize>> {
    state.decoded.to_vec()
}
