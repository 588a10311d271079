//! Reads and decodes what is wanted, one step at a time.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use zoetrope_codecs::clip::Detail;
use zoetrope_codecs::{
    Cancel, Decoder, Demuxer, Error, Frame, GroupInfo, GroupPackets, GroupPayload,
};

use crate::plan::{Plan, Progress, Situation};
use crate::prefetch::Outlook;
use crate::{Delivery, DeliveryKind, RangeSet, Reading, Request, Supply};

/// Seconds of a monotonic clock, for measuring only.
pub type Clock = Arc<dyn Fn() -> f64 + Send + Sync>;

/// What is at hand is looked up this often, in seconds, and for a clip of more groups than
/// [`POLLED_GROUPS`] less often.
const POLL_S: f64 = 0.1;
/// So many groups are looked up in no time.
const POLLED_GROUPS: f64 = 500.0;

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
    levels: u8,
    clock: Clock,
    request: Request,
    /// The request's settled frames and those delivered since.
    settled: RangeSet,
    /// The request's coarse frames and those delivered since.
    coarse: RangeSet,
    /// The request's improvable frames but for those improved since.
    improvable: RangeSet,
    /// The most layers of groups of which more cannot be had.
    caps: BTreeMap<usize, u8>,
    /// The group of which a coarse picture was had or tried last, and the arrivals then.
    coarse_tried: Option<(usize, u64)>,
    /// Deliveries that the player has not acknowledged, by number; in which detail, unless broken.
    unseen: BTreeMap<u64, (Range<usize>, Option<Detail>)>,
    delivered: u64,
    reads: u64,
    progress: Option<Progress>,
    /// Whether pictures for the time bar are still to be read.
    thumbnails: bool,
    prefetched: Vec<(usize, Detail)>,
    supply: Supply,
    polled_s: Option<f64>,
}

impl Pipeline {
    /// A pipeline at rest.
    pub fn new(demuxer: Box<dyn Demuxer>, decoder: Box<dyn Decoder>, clock: Clock) -> Self {
        let mut pipeline = Self {
            groups: demuxer.groups().to_vec(),
            levels: levels(demuxer.info().layers.len()),
            supply: Supply {
                remote: demuxer.transfers().is_some(),
                ..Supply::default()
            },
            demuxer,
            decoder,
            clock,
            request: Request::default(),
            settled: RangeSet::new(),
            coarse: RangeSet::new(),
            improvable: RangeSet::new(),
            caps: BTreeMap::new(),
            coarse_tried: None,
            unseen: BTreeMap::new(),
            delivered: 0,
            reads: 0,
            progress: None,
            thumbnails: true,
            prefetched: Vec::new(),
            polled_s: None,
        };
        pipeline.poll();
        pipeline
    }

    /// Replaces what is wanted.
    pub fn request(&mut self, request: Request) {
        self.unseen
            .retain(|number, _| *number > request.acknowledged);
        self.settled = request.settled.clone();
        self.coarse = request.coarse.clone();
        self.improvable = request.improvable.clone();
        let improved = Detail::Layers(request.improve_to);
        for (frames, detail) in self.unseen.values() {
            match detail {
                Some(Detail::Key) => self.coarse.insert(frames.clone()),
                Some(detail) if *detail < improved => {
                    self.settled.insert(frames.clone());
                    self.improvable.insert(frames.clone());
                }
                Some(_) | None => {
                    self.settled.insert(frames.clone());
                    self.improvable.remove(frames.clone());
                }
            }
        }
        // What the network did not bring then, it may bring now.
        if self.supply.remote && request.arrivals != self.request.arrivals {
            self.caps.clear();
        }
        for group in self.caps.keys() {
            self.improvable.remove(self.groups[*group].frames.clone());
        }
        self.request = request;
        self.prefetch();
    }

    /// Tells the demuxer what will be read soon.
    fn prefetch(&mut self) {
        if !self.supply.remote {
            return;
        }
        let parts = Outlook {
            request: &self.request,
            settled: &self.settled,
            improvable: &self.improvable,
            groups: &self.groups,
            levels: self.levels,
            part_bytes: &|group, detail| self.demuxer.part_bytes(group, self.asked(detail)),
        }
        .parts();
        let parts: Vec<_> = parts
            .into_iter()
            .map(|(group, detail)| (group, self.asked(detail)))
            .collect();
        if parts != self.prefetched {
            self.demuxer.prefetch(&parts);
            self.prefetched = parts;
        }
    }

    /// How all layers are asked for.
    fn asked(&self, detail: Detail) -> Detail {
        match detail {
            Detail::Layers(layers) if layers >= self.levels => Detail::FULL,
            detail => detail,
        }
    }

    /// Whether a step would do anything.
    pub fn has_work(&self) -> bool {
        self.plan() != Plan::Nothing
    }

    /// Whether something may come to be at hand without a step.
    pub fn waits_for_network(&self) -> bool {
        let is_there = |(group, detail): &(usize, Detail)| self.demuxer.is_at_hand(*group, *detail);
        self.supply.remote && !self.prefetched.iter().all(is_there)
    }

    /// Where frames come from.
    pub fn supply(&self) -> &Supply {
        &self.supply
    }

    /// Looks up what is at hand, unless that was just done. Whether it is news.
    pub fn poll(&mut self) -> bool {
        if !self.supply.remote {
            return false;
        }
        let now_s = (self.clock)();
        let every_s = POLL_S * (self.groups.len() as f64 / POLLED_GROUPS).max(1.0);
        let waited_s = self.polled_s.map_or(f64::INFINITY, |then| now_s - then);
        // A clock that stands measures nothing.
        if waited_s > 0.0 && waited_s < every_s {
            return false;
        }
        self.polled_s = Some(now_s);
        let base = self.asked(Detail::Layers(1));
        let mut at_hand = RangeSet::new();
        for (index, group) in self.groups.iter().enumerate() {
            if self.demuxer.is_at_hand(index, base) {
                at_hand.insert(group.frames.clone());
            }
        }
        let transfers = self.demuxer.transfers().unwrap_or_default();
        let is_news =
            *at_hand.ranges() != *self.supply.at_hand || *transfers != *self.supply.transfers;
        if is_news {
            self.supply.at_hand = at_hand.ranges().into();
            self.supply.transfers = transfers.into();
        }
        is_news
    }

    /// Does one piece of work: reads a part of a group and starts on it, or decodes one frame. Before
    /// it reads, it tells `begin` what, and the flag that stops the reading.
    pub fn step(&mut self, begin: &mut dyn FnMut(Reading, &Cancel)) -> Step {
        match self.plan() {
            Plan::Nothing => Step::Idle,
            Plan::Continue => self.decode_frame(),
            Plan::Start(group, detail) => self.start(group, detail, begin),
            Plan::Thumbnails => self.read_thumbnails(begin),
        }
    }

    fn plan(&self) -> Plan {
        Situation {
            request: &self.request,
            settled: &self.settled,
            coarse: &self.coarse,
            improvable: &self.improvable,
            groups: &self.groups,
            levels: self.levels,
            caps: &self.caps,
            progress: self.progress.as_ref(),
            coarse_tried: self.coarse_tried,
            thumbnails: self.thumbnails,
            remote: self.supply.remote,
            is_at_hand: &|group, detail| self.demuxer.is_at_hand(group, self.asked(detail)),
        }
        .plan()
    }

    fn begin(
        &mut self,
        part: Option<(usize, Detail)>,
        begin: &mut dyn FnMut(Reading, &Cancel),
    ) -> Cancel {
        self.reads += 1;
        let cancel = Cancel::new();
        let bytes = part.and_then(|(group, detail)| {
            let detail = self.asked(detail);
            self.demuxer.part_bytes(group, detail)
        });
        let reading = Reading {
            number: self.reads,
            part,
            bytes,
            arrivals: self.request.arrivals,
            urgent: part.is_some_and(|(group, _)| self.request.urgent_group == Some(group)),
        };
        begin(reading, &cancel);
        cancel
    }

    fn start(
        &mut self,
        group: usize,
        detail: Detail,
        begin: &mut dyn FnMut(Reading, &Cancel),
    ) -> Step {
        self.progress = None;
        let cancel = self.begin(Some((group, detail)), begin);
        let asked = self.asked(detail);
        let mut started = (self.clock)();
        let (clock, remote) = (&self.clock, self.supply.remote);
        let result = guarded("reading", || {
            let packets = self.demuxer.read_part(group, asked, &cancel)?;
            cancel.check()?;
            if remote {
                // Waiting for a network is no work.
                started = clock();
            }
            let came = (packets.frames.clone(), is_coarse(&packets));
            self.decoder.push(packets)?;
            Ok(came)
        });
        match result {
            Ok((frames, coarse)) => {
                self.progress = Some(self.progress_of(group, detail, frames, coarse, started));
                self.note_engine();
                Step::Worked
            }
            Err(Failure::Error(Error::Cancelled)) if cancel.is_cancelled() => Step::Worked,
            Err(failure) => self.fail(group, detail, None, &failure),
        }
    }

    /// Who decodes may be known only now.
    fn note_engine(&mut self) {
        let engine = self.decoder.engine();
        if self.supply.engine.as_deref() != Some(&engine) {
            self.supply.engine = Some(Arc::new(engine));
        }
    }

    /// What came of reading a part: a group of one picture is whole with its coarse picture, in the
    /// lowest layer, unless that lacks some of its Gaussians.
    fn progress_of(
        &self,
        group: usize,
        detail: Detail,
        came: Range<usize>,
        coarse: bool,
        started: f64,
    ) -> Progress {
        let whole = self.groups[group].frames.clone();
        let (detail, frames) = match detail {
            Detail::Key if coarse || came != whole => (Detail::Key, came),
            Detail::Key => (Detail::Layers(1), whole),
            detail => (detail, whole),
        };
        Progress {
            group,
            detail,
            next: frames.start,
            end: frames.end,
            spent_s: (self.clock)() - started,
        }
    }

    fn decode_frame(&mut self) -> Step {
        let Some(mut progress) = self.progress.take() else {
            return Step::Idle;
        };
        let due = progress.next;
        let (group, detail) = (progress.group, progress.detail);
        let rest = due..progress.end;
        let started = (self.clock)();
        let failure = match guarded("decoding", || self.decoder.next_frame()) {
            Ok(Some(frame)) if frame.index == due => Ok(frame),
            Ok(Some(Frame { index, .. })) => Err(Failure::WrongFrame { due, index }),
            Ok(None) => Err(Failure::EndsEarly),
            Err(failure) => Err(failure),
        };
        let frame = match failure {
            Ok(frame) => frame,
            Err(failure) => return self.fail(group, detail, Some(rest), &failure),
        };
        let decode_s = (self.clock)() - started + progress.spent_s;
        progress.next += 1;
        progress.spent_s = 0.0;
        if progress.next < progress.end {
            self.progress = Some(progress);
        }
        // Frames on the way to a wanted one are not worth a place.
        let is_wanted = if detail == Detail::Key {
            self.coarse_tried = Some((group, self.request.arrivals));
            !self.settled.contains(due)
        } else {
            self.request.window.contains(due)
                && (!self.settled.contains(due) || self.improvable.contains(due))
        };
        if !is_wanted {
            return Step::Worked;
        }
        self.deliver(
            due..due + 1,
            Some(detail),
            DeliveryKind::Frame {
                index: due,
                content: frame.content,
                detail,
                decode_s,
            },
        )
    }

    fn read_thumbnails(&mut self, begin: &mut dyn FnMut(Reading, &Cancel)) -> Step {
        let cancel = self.begin(None, begin);
        match guarded("reading", || self.demuxer.thumbnails(&cancel)) {
            Err(Failure::Error(Error::Cancelled)) if cancel.is_cancelled() => {}
            Ok(thumbnails) => {
                self.thumbnails = false;
                self.supply.thumbnails = thumbnails.map(Arc::new);
            }
            Err(failure) => {
                self.thumbnails = false;
                // Nobody asked for them, and the clip plays without.
                log::warn!("the pictures for the time bar cannot be read: {failure}");
            }
        }
        Step::Worked
    }

    /// A part that cannot be had. `frames` are those that were not decoded, if any were.
    fn fail(
        &mut self,
        group: usize,
        detail: Detail,
        frames: Option<Range<usize>>,
        failure: &Failure,
    ) -> Step {
        let whole = self.groups[group].frames.clone();
        if detail == Detail::Key {
            // The same will be told of the group itself.
            log::debug!("no coarse picture of group {group}: {failure}");
            self.coarse_tried = Some((group, self.request.arrivals));
            return Step::Worked;
        }
        let reason = failure.to_string();
        if let Detail::Layers(layers) = detail
            && layers > 1
        {
            // The layers below may be sound.
            log::warn!("frames {whole:?} are read in fewer layers: {reason}");
            self.caps.insert(group, layers - 1);
            self.improvable.remove(whole.clone());
            let frames = whole;
            return self.deliver(0..0, None, DeliveryKind::Unimproved { frames, reason });
        }
        let frames = frames.unwrap_or(whole);
        log::warn!("frames {frames:?} are skipped: {reason}");
        self.deliver(
            frames.clone(),
            None,
            DeliveryKind::Failed { frames, reason },
        )
    }

    fn deliver(
        &mut self,
        frames: Range<usize>,
        detail: Option<Detail>,
        kind: DeliveryKind,
    ) -> Step {
        self.delivered += 1;
        if detail == Some(Detail::Key) {
            self.coarse.insert(frames.clone());
        } else {
            self.settled.insert(frames.clone());
            self.improvable.remove(frames.clone());
        }
        self.unseen.insert(self.delivered, (frames, detail));
        Step::Delivered(Delivery {
            number: self.delivered,
            kind,
        })
    }
}

/// Layers of a clip of which the facts name so many; a clip that names none has one quality.
pub fn levels(layers: usize) -> u8 {
    u8::try_from(layers).unwrap_or(u8::MAX).max(1)
}

fn is_coarse(packets: &GroupPackets) -> bool {
    matches!(packets.payload, GroupPayload::SplatFile { coarse, .. } if coarse)
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
