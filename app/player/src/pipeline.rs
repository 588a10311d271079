//! Decides what is decoded next, and decodes it, one step at a time.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use zoetrope_codecs::{Cancel, Decoder, Demuxer, Error, Frame, GroupInfo};

use crate::{Delivery, DeliveryKind, RangeSet, Request, Window};

/// Seconds of a monotonic clock, for measuring only.
pub type Clock = Arc<dyn Fn() -> f64 + Send + Sync>;

/// What a step came to.
#[derive(Debug)]
pub enum Step {
    /// Nothing is wanted.
    Idle,
    /// Work was done that is not a result yet.
    Worked,
    /// A result.
    Delivered(Delivery),
}

/// A demuxer and a decoder, and where they are.
pub struct Pipeline {
    demuxer: Box<dyn Demuxer>,
    decoder: Box<dyn Decoder>,
    groups: Vec<GroupInfo>,
    clock: Clock,
    request: Request,
    /// The request's settled frames and those delivered since.
    settled: RangeSet,
    /// Deliveries that the player has not acknowledged, by number.
    unseen: BTreeMap<u64, Range<usize>>,
    delivered: u64,
    progress: Option<Progress>,
}

/// The group being decoded.
struct Progress {
    /// The next frame that the decoder will give.
    next: usize,
    /// One past the group's last frame.
    end: usize,
    /// Work already done for the next frame, in seconds.
    spent_s: f64,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    Nothing,
    /// Go on with the group in progress.
    Continue,
    /// Start on this group.
    Start(usize),
}

impl Pipeline {
    /// A pipeline at rest.
    pub fn new(demuxer: Box<dyn Demuxer>, decoder: Box<dyn Decoder>, clock: Clock) -> Self {
        Self {
            groups: demuxer.groups().to_vec(),
            demuxer,
            decoder,
            clock,
            request: Request::default(),
            settled: RangeSet::new(),
            unseen: BTreeMap::new(),
            delivered: 0,
            progress: None,
        }
    }

    /// Replaces what is wanted.
    pub fn request(&mut self, request: Request) {
        self.unseen
            .retain(|number, _| *number > request.acknowledged);
        self.settled = request.settled.clone();
        for frames in self.unseen.values() {
            self.settled.insert(frames.clone());
        }
        self.request = request;
    }

    /// Whether a step would do anything.
    pub fn has_work(&self) -> bool {
        self.plan() != Plan::Nothing
    }

    /// Does one piece of work: reads a group and starts on it, or decodes one frame. Before it
    /// reads, it tells `begin` the group and the flag that stops the reading.
    pub fn step(&mut self, begin: &mut dyn FnMut(usize, &Cancel)) -> Step {
        match self.plan() {
            Plan::Nothing => Step::Idle,
            Plan::Continue => self.decode_frame(),
            Plan::Start(group) => self.start(group, begin),
        }
    }

    fn plan(&self) -> Plan {
        let Some((frame, ahead)) = next_missing(&self.request.window, &self.settled) else {
            return Plan::Nothing;
        };
        if let Some(progress) = &self.progress {
            if (progress.next..progress.end).contains(&frame) {
                return Plan::Continue;
            }
            // Memory is full up to the frame where this group stopped, which will be wanted as soon
            // as the playhead moves. Going back for what lies behind would throw the group away.
            if !ahead && self.request.playing && self.follows_window(progress.next) {
                return Plan::Nothing;
            }
        }
        group_of(&self.groups, frame).map_or(Plan::Nothing, Plan::Start)
    }

    /// Whether `frame` is the one after the frames ahead that are worth holding.
    fn follows_window(&self, frame: usize) -> bool {
        let mut spans = self.request.window.spans.iter();
        spans.any(|span| span.ahead && !span.falling && span.frames.end == frame)
    }

    fn start(&mut self, group: usize, begin: &mut dyn FnMut(usize, &Cancel)) -> Step {
        self.progress = None;
        let frames = self.groups[group].frames.clone();
        let cancel = Cancel::new();
        begin(group, &cancel);
        let started = (self.clock)();
        let result = guarded("reading", || {
            let packets = self.demuxer.read_group(group, &cancel)?;
            cancel.check()?;
            self.decoder.push(packets)
        });
        match result {
            Ok(()) => {
                self.progress = Some(Progress {
                    next: frames.start,
                    end: frames.end,
                    spent_s: (self.clock)() - started,
                });
                Step::Worked
            }
            Err(Failure::Error(Error::Cancelled)) if cancel.is_cancelled() => Step::Worked,
            Err(failure) => self.fail(frames, &failure),
        }
    }

    fn decode_frame(&mut self) -> Step {
        let Some(mut progress) = self.progress.take() else {
            return Step::Idle;
        };
        let due = progress.next;
        let rest = due..progress.end;
        let started = (self.clock)();
        let frame = match guarded("decoding", || self.decoder.next_frame()) {
            Ok(Some(frame)) if frame.index == due => frame,
            Ok(Some(Frame { index, .. })) => {
                return self.fail(rest, &Failure::WrongFrame { due, index });
            }
            Ok(None) => return self.fail(rest, &Failure::EndsEarly),
            Err(failure) => return self.fail(rest, &failure),
        };
        let decode_s = (self.clock)() - started + progress.spent_s;
        progress.next += 1;
        progress.spent_s = 0.0;
        if progress.next < progress.end {
            self.progress = Some(progress);
        }
        // Frames on the way to a wanted one are not worth a place.
        if !self.request.window.contains(due) || self.settled.contains(due) {
            return Step::Worked;
        }
        self.deliver(
            due..due + 1,
            DeliveryKind::Frame {
                index: due,
                content: frame.content,
                decode_s,
            },
        )
    }

    fn fail(&mut self, frames: Range<usize>, failure: &Failure) -> Step {
        let reason = failure.to_string();
        log::warn!("frames {frames:?} are skipped: {reason}");
        self.deliver(frames.clone(), DeliveryKind::Failed { frames, reason })
    }

    fn deliver(&mut self, frames: Range<usize>, kind: DeliveryKind) -> Step {
        self.delivered += 1;
        self.settled.insert(frames.clone());
        self.unseen.insert(self.delivered, frames);
        Step::Delivered(Delivery {
            number: self.delivered,
            kind,
        })
    }
}

/// The most wanted frame that is not settled, and whether it lies ahead.
fn next_missing(window: &Window, settled: &RangeSet) -> Option<(usize, bool)> {
    window.spans.iter().find_map(|span| {
        let gap = if span.falling {
            settled.last_gap(span.frames.clone())
        } else {
            settled.first_gap(span.frames.clone())
        };
        gap.map(|frame| (frame, span.ahead))
    })
}

/// The group that holds `frame`.
pub(crate) fn group_of(groups: &[GroupInfo], frame: usize) -> Option<usize> {
    let index = groups.partition_point(|group| group.frames.end <= frame);
    groups
        .get(index)
        .is_some_and(|group| group.frames.contains(&frame))
        .then_some(index)
}

/// Why frames could not be had.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Error(Error),
    #[error("The decoder failed while {0} this part of the clip")]
    Panic(&'static str),
    #[error("This part of the clip holds fewer frames than it claims")]
    EndsEarly,
    #[error("The decoder gave frame {index} where frame {due} was due")]
    WrongFrame { due: usize, index: usize },
}

/// Runs a piece of someone else's code, whose panic must not end the application.
fn guarded<T>(
    doing: &'static str,
    work: impl FnOnce() -> zoetrope_codecs::Result<T>,
) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(Failure::Error),
        Err(_) => Err(Failure::Panic(doing)),
    }
}
