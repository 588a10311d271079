//! What is shown and told.

use std::ops::Range;
use std::sync::Arc;

use zoetrope_codecs::FrameContent;
use zoetrope_codecs::clip::Detail;

use super::{Player, Shown};
use crate::abr::{self, Buffer};
use crate::plan::group_of;
use crate::{FrameStatus, Lookup, NetworkState, Picture, PlayerState};

impl Player {
    /// The frame that is due if it is there. Otherwise the hand on the time bar sees the nearest,
    /// as does one who waits for a frame that cannot be had, and one who sought a frame sees a coarse
    /// picture of its group; anyone else keeps the old picture until the new one is complete.
    pub(super) fn choose_picture(&mut self) -> Option<Picture> {
        let due = self.transport.frame();
        let shown = self.shown.as_ref();
        let has_due = shown.is_some_and(|shown| shown.index == due && shown.detail != Detail::Key);
        match self.store.get(due) {
            Lookup::Ready(frame, detail) => {
                if !has_due || shown.is_none_or(|shown| shown.detail < detail) {
                    self.shown = Some(Shown {
                        index: due,
                        frame,
                        detail,
                    });
                }
            }
            _ if has_due => {}
            Lookup::Stale(index, frame, detail)
                if self.transport.is_scrubbing()
                    || shown.is_none()
                    || self.store.status(due) == FrameStatus::Failed =>
            {
                self.shown = Some(Shown {
                    index,
                    frame,
                    detail,
                });
            }
            Lookup::Stale(..) | Lookup::Missing => {
                if let Some(coarse) = self.coarse_picture(due) {
                    self.shown = Some(coarse);
                }
            }
        }
        self.shown.as_ref().map(|shown| Picture {
            frame: shown.frame.clone(),
            index: shown.index,
            exact: shown.index == due && shown.detail != Detail::Key,
            detail: shown.detail,
        })
    }

    /// The coarse picture of the group of a frame that was sought.
    pub(super) fn coarse_picture(&self, due: usize) -> Option<Shown> {
        let group = self.sought.then(|| group_of(&self.groups, due)).flatten()?;
        let index = self.groups[group].frames.start;
        let (frame, detail) = self.store.held(index)?;
        (detail == Detail::Key).then_some(Shown {
            index,
            frame,
            detail,
        })
    }

    /// What is at hand, but for what is known to be broken.
    pub(super) fn buffered(&self) -> Arc<[Range<usize>]> {
        if !self.supply.remote {
            return self.store.buffered().clone();
        }
        let mut buffered = self.store.settled();
        for range in self.supply.at_hand.iter() {
            buffered.insert(range.clone());
        }
        for range in self.store.failed().ranges() {
            buffered.remove(range.clone());
        }
        buffered.ranges().into()
    }

    pub(super) fn state(&mut self, buffer: Buffer) -> PlayerState {
        let picture = self.choose_picture();
        let transport = &self.transport;
        let polled = self.supplier.must_be_polled().then_some(0.0);
        let waiting = self.stall.waiting(self.now_s);
        let is_coarse = picture.as_ref().is_some_and(Picture::is_coarse);
        // Of a coarse picture nobody needs to know how far it is.
        let of_whole = |reading: crate::Reading| {
            reading
                .part
                .is_some_and(|(_, detail)| detail != Detail::Key)
        };
        let progress = self
            .supply
            .progress
            .filter(|_| waiting.is_some() && self.supply.reading.is_some_and(of_whole));
        let network = self.supply.remote.then(|| NetworkState {
            buffered_s: buffer.ahead_s,
            bits_per_s: abr::throughput(&self.supply.transfers)
                .map(|throughput| throughput.bits_per_s),
            transfers: self.supply.transfers.clone(),
        });
        PlayerState {
            picture,
            frame: transport.frame(),
            frame_count: transport.frame_count(),
            frame_rate: transport.frame_rate(),
            time: transport.time(),
            duration: transport.duration(),
            playback: transport.playback(),
            buffering: transport.is_waiting(),
            waiting,
            progress,
            scrubbing: transport.is_scrubbing(),
            speed: transport.speed(),
            loop_mode: transport.loop_mode(),
            ab: transport.ab(),
            buffered: self.buffered(),
            decoded: self.store.decoded().clone(),
            quality: self.adaptation.choice(),
            layers: self.adaptation.layers(),
            levels: self.adaptation.levels(),
            network,
            thumbnails: self.supply.thumbnails.clone(),
            notices: std::mem::take(&mut self.notices),
            decode_ms: self.decode_ms,
            memory_bytes: self.store.bytes() + self.supplier.waiting_bytes(),
            memory_limit_bytes: self.store.limit_bytes(),
            next_wakeup: polled
                .or_else(|| transport.next_change())
                .or_else(|| self.stall.next_look(is_coarse || progress.is_some())),
        }
    }

    /// A decoded frame near `frame`, with its number: for small pictures of what is not shown.
    pub fn decoded_near(&self, frame: usize) -> Option<(usize, FrameContent)> {
        match self.store.get(frame) {
            Lookup::Ready(content, _) => Some((frame, content)),
            Lookup::Stale(index, content, _) => Some((index, content)),
            Lookup::Missing => None,
        }
    }
}
