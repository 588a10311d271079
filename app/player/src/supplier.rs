//! The seam between the player, which wants frames, and whoever decodes them.

use std::ops::Range;
use std::sync::Arc;

use zoetrope_codecs::clip::{Detail, Thumbnails};
use zoetrope_codecs::{Decoder, Demuxer, Engine, FrameContent, Transfer};

use crate::{Clock, Pipeline, PlayOrder, RangeSet, Step, Window};

/// What the player wants now. A newer request replaces an older one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Where playback is and where it goes.
    pub order: PlayOrder,
    /// The frames worth decoding, the most wanted first.
    pub window: Window,
    /// Whether the clock runs.
    pub playing: bool,
    /// Whether the time bar is held.
    pub scrubbing: bool,
    /// Frames that need no decoding to be shown: held in one layer at least, or broken.
    pub settled: RangeSet,
    /// Frames of which only a coarse picture is held.
    pub coarse: RangeSet,
    /// Settled frames that are held in fewer layers than `improve_to`.
    pub improvable: RangeSet,
    /// In how many layers missing frames are read; 0 is as good as 1.
    pub layers: u8,
    /// In how many layers frames are read again that are improvable; 0 when none shall be.
    pub improve_to: u8,
    /// How far ahead is read over a network, in frames as [`PlayOrder::distance`] counts them.
    pub ahead_frames: usize,
    /// The group that the picture on the screen waits for: work on any other may be dropped.
    pub urgent_group: Option<usize>,
    /// Whether that is because of a seek, so that a coarse picture is better than none.
    pub sought: bool,
    /// Counts the seeks into another group: what was being read when it changed may be dropped.
    pub arrivals: u64,
    /// The number of a read that is to be given up.
    pub abandoned: u64,
    /// Deliveries that the player has seen; `settled` and the others know about these and no others.
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
        content: FrameContent,
        /// How much of the clip went into it.
        detail: Detail,
        /// Seconds of work it took, reading included unless that waited for a network.
        decode_s: f64,
    },
    /// Frames that cannot be decoded.
    Failed {
        /// The frames.
        frames: Range<usize>,
        /// Why, in words for the person at the screen, without a full stop.
        reason: String,
    },
    /// Frames that cannot be had in more layers than they are held in.
    Unimproved {
        /// The frames.
        frames: Range<usize>,
        /// Why, as above.
        reason: String,
    },
}

impl Delivery {
    /// Bytes of memory it holds.
    pub fn size_bytes(&self) -> usize {
        match &self.kind {
            DeliveryKind::Frame { content, .. } => content.size_bytes(),
            DeliveryKind::Failed { .. } | DeliveryKind::Unimproved { .. } => 0,
        }
    }
}

/// A read in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Counts the reads from 1.
    pub number: u64,
    /// What is read: a part of a group, or the pictures for the time bar.
    pub part: Option<(usize, Detail)>,
    /// Bytes of it, where known.
    pub bytes: Option<u64>,
    /// [`Request::arrivals`] when it began.
    pub arrivals: u64,
    /// Whether it was of [`Request::urgent_group`] when it began.
    pub urgent: bool,
}

impl Reading {
    /// Whether `request` wants it stopped: for the group that is waited for, for a coarse picture or
    /// fewer layers of the same group, or because it takes too long.
    pub(crate) fn is_stale(&self, request: &Urgency) -> bool {
        if request.abandoned == self.number {
            return true;
        }
        let Some(urgent) = request.group else {
            return false;
        };
        match self.part {
            Some((group, detail)) if group == urgent => {
                let arrived = request.sought && request.arrivals != self.arrivals;
                let more_than_needed = detail > Detail::Layers(1) && !self.urgent;
                detail != Detail::Key && (arrived || more_than_needed)
            }
            _ => true,
        }
    }
}

/// The part of a [`Request`] for which a read is stopped.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Urgency {
    group: Option<usize>,
    sought: bool,
    arrivals: u64,
    abandoned: u64,
}

impl Urgency {
    pub(crate) fn of(request: &Request) -> Self {
        Self {
            group: request.urgent_group,
            sought: request.sought,
            arrivals: request.arrivals,
            abandoned: request.abandoned,
        }
    }
}

/// What is known about where frames come from.
#[derive(Clone, Debug, Default)]
pub struct Supply {
    /// Whether they come over a network.
    pub remote: bool,
    /// Frames of groups that can be read without waiting for the network, as sorted ranges; says
    /// nothing about a clip that lies here.
    pub at_hand: Arc<[Range<usize>]>,
    /// The latest transfers over the network, oldest first.
    pub transfers: Arc<[Transfer]>,
    /// The read in progress.
    pub reading: Option<Reading>,
    /// How much of that is done, 0 to 1, where it is known.
    pub progress: Option<f32>,
    /// Who decodes, once something was.
    pub engine: Option<Arc<Engine>>,
    /// Pictures for the time bar, once they have been read from a clip that carries them.
    pub thumbnails: Option<Arc<Thumbnails>>,
}

/// Decodes what is asked for: on another thread, or between two pictures.
pub trait FrameSupplier {
    /// Replaces what is wanted.
    fn request(&mut self, request: Request);

    /// The next result, if there is one. Never waits.
    fn receive(&mut self) -> Option<Delivery>;

    /// Where frames come from. Never waits.
    fn supply(&self) -> Supply;

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

    fn supply(&self) -> Supply {
        self.pipeline.supply().clone()
    }

    fn waiting_bytes(&self) -> usize {
        self.ready.as_ref().map_or(0, Delivery::size_bytes)
    }

    fn must_be_polled(&self) -> bool {
        self.ready.is_some() || self.pipeline.has_work()
    }
}
