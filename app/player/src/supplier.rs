//! The seam between the player, which wants frames, and whoever decodes them.

use std::ops::Range;
use std::sync::Arc;

use zoetrope_codecs::{Decoder, Demuxer, SplatFrame};

use crate::{Clock, Pipeline, RangeSet, Step, Window};

/// What the player wants now. A newer request replaces an older one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The frames worth decoding, the most wanted first.
    pub window: Window,
    /// Whether the clock runs.
    pub playing: bool,
    /// Frames that need no decoding.
    pub settled: RangeSet,
    /// The group that the picture on the screen waits for: work on any other may be dropped.
    pub urgent_group: Option<usize>,
    /// Deliveries that the player has seen; `settled` knows about these and no others.
    pub acknowledged: u64,
}

/// A result of decoding, on its way to the player.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Counts from 1 without gaps.
    pub number: u64,
    /// What it is.
    pub kind: DeliveryKind,
}

/// What decoding came to.
#[derive(Clone, Debug)]
pub enum DeliveryKind {
    /// A frame.
    Frame {
        /// Its number from the clip's start.
        index: usize,
        /// Its content.
        content: Arc<SplatFrame>,
        /// Seconds of work it took, reading included.
        decode_s: f64,
    },
    /// Frames that cannot be decoded.
    Failed {
        /// The frames.
        frames: Range<usize>,
        /// Why, in words for the person at the screen, without a full stop.
        reason: String,
    },
}

impl Delivery {
    /// Bytes of memory it holds.
    pub fn size_bytes(&self) -> usize {
        match &self.kind {
            DeliveryKind::Frame { content, .. } => content.size_bytes(),
            DeliveryKind::Failed { .. } => 0,
        }
    }
}

/// Decodes what is asked for: on another thread, or between two pictures.
pub trait FrameSupplier {
    /// Replaces what is wanted.
    fn request(&mut self, request: Request);

    /// The next result, if there is one. Never waits.
    fn receive(&mut self) -> Option<Delivery>;

    /// Bytes of results that wait to be received.
    fn waiting_bytes(&self) -> usize;

    /// Whether it only works while it is called, so that the caller must keep ticking.
    fn must_be_polled(&self) -> bool;
}

/// Decodes on the caller's thread, one step at each request: for places without threads.
pub struct InlineDecoding {
    pipeline: Pipeline,
    ready: Option<Delivery>,
}

impl InlineDecoding {
    /// Decodes with `decoder` what `demuxer` reads; `clock` gives seconds for measuring.
    pub fn new(demuxer: Box<dyn Demuxer>, decoder: Box<dyn Decoder>, clock: Clock) -> Self {
        Self {
            pipeline: Pipeline::new(demuxer, decoder, clock),
            ready: None,
        }
    }
}

impl FrameSupplier for InlineDecoding {
    fn request(&mut self, request: Request) {
        self.pipeline.request(request);
        if self.ready.is_none()
            && let Step::Delivered(delivery) = self.pipeline.step(&mut |_, _| {})
        {
            self.ready = Some(delivery);
        }
    }

    fn receive(&mut self) -> Option<Delivery> {
        self.ready.take()
    }

    fn waiting_bytes(&self) -> usize {
        self.ready.as_ref().map_or(0, Delivery::size_bytes)
    }

    fn must_be_polled(&self) -> bool {
        self.ready.is_some() || self.pipeline.has_work()
    }
}
