//! From a sequence of frames to groups whose rows are the same Gaussian throughout.

use std::sync::{Mutex, PoisonError};

use zoetrope_codecs::Cancel;

use crate::canonical::canonical;
use crate::matching::{NONE, Tracker};
use crate::slots::{Slots, TrackedFrame, into_slots};
use crate::{CloudSequence, Progress, Result};

/// Units of work of finding a frame's Gaussians in the frame before.
pub(crate) const MATCHING_UNITS: u64 = 20;

/// Frames that motion is learnt from after groups that were left out.
const WARM_UP_FRAMES: usize = 3;

/// Adds up the units of work that are done.
pub(crate) struct Meter<'a> {
    done: Mutex<u64>,
    total: u64,
    tell: &'a (dyn Fn(Progress) + Sync),
}

impl<'a> Meter<'a> {
    /// Nothing of `total` units is done.
    pub fn new(total: u64, tell: &'a (dyn Fn(Progress) + Sync)) -> Self {
        Self {
            done: Mutex::new(0),
            total,
            tell,
        }
    }

    /// Tells that `units` more are done.
    pub fn add(&self, units: u64, stage: &'static str) {
        // Held while telling, so that nobody is told of less after more.
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        *done = (*done + units).min(self.total);
        (self.tell)(Progress {
            done: *done,
            total: self.total,
            stage,
        });
    }
}

/// A group, its Gaussians in slots.
pub(crate) struct Group {
    /// Index of its first frame.
    pub start: usize,
    /// Its frames.
    pub slots: Slots,
}

/// Reads a sequence group by group.
pub(crate) struct Grouping<'a> {
    input: &'a mut dyn CloudSequence,
    sh_degree: u8,
    group_frames: usize,
    next: usize,
    tracker: Option<Tracker>,
    /// Whether groups were left out just before.
    warm_up: bool,
    /// Gaussians that the files held and that cannot be shown.
    pub dropped: u64,
}

impl<'a> Grouping<'a> {
    /// Groups of `group_frames` frames, with SH up to `sh_degree`.
    pub fn new(input: &'a mut dyn CloudSequence, sh_degree: u8, group_frames: usize) -> Self {
        Self {
            input,
            sh_degree,
            group_frames,
            next: 0,
            tracker: None,
            warm_up: false,
            dropped: 0,
        }
    }

    /// Leaves a group out; returns how many frames it has. The one after it is followed from the last
    /// frames of this one, as far as motion is learnt from.
    ///
    /// # Errors
    /// When a frame cannot be read, and when `cancel` is set.
    pub fn skip(&mut self, cancel: &Cancel) -> Result<usize> {
        let start = self.next;
        self.next = (start + self.group_frames).min(self.input.len());
        self.tracker = None;
        self.warm_up = true;
        cancel.check()?;
        Ok(self.next - start)
    }

    /// Follows the frames before the next one, after groups that were left out.
    fn warm_up(&mut self, cancel: &Cancel) -> Result<()> {
        for index in self.next.saturating_sub(WARM_UP_FRAMES)..self.next {
            let cloud = canonical(self.input.read(index, cancel)?, self.sh_degree);
            match &mut self.tracker {
                Some(tracker) => drop(tracker.advance(&cloud, cancel)?),
                None => self.tracker = Some(Tracker::new(&cloud)),
            }
        }
        self.warm_up = false;
        Ok(())
    }

    /// The next group; `None` after the last.
    ///
    /// # Errors
    /// When a frame cannot be read, and when `cancel` is set.
    pub fn next(&mut self, meter: &Meter<'_>, cancel: &Cancel) -> Result<Option<Group>> {
        let start = self.next;
        let end = (start + self.group_frames).min(self.input.len());
        if start >= end {
            return Ok(None);
        }
        if self.warm_up {
            self.warm_up(cancel)?;
        }
        let mut frames = Vec::with_capacity(end - start);
        for index in start..end {
            cancel.check()?;
            let cloud = self.input.read(index, cancel)?;
            self.dropped += cloud.dropped as u64;
            let cloud = canonical(cloud, self.sh_degree);
            let origin = match &mut self.tracker {
                Some(tracker) => tracker.advance(&cloud, cancel)?,
                None => {
                    self.tracker = Some(Tracker::new(&cloud));
                    vec![NONE; cloud.len()]
                }
            };
            meter.add(MATCHING_UNITS, "following the Gaussians");
            frames.push(TrackedFrame { cloud, origin });
        }
        self.next = end;
        let slots = into_slots(&frames, self.sh_degree, cancel)?;
        Ok(Some(Group { start, slots }))
    }
}
