//! What decoding came to.

use std::ops::Range;

use zoetrope_codecs::FrameContent;
use zoetrope_codecs::clip::Detail;

use super::{Player, Shown};
use crate::plan::group_of;
use crate::{DeliveryKind, FrameStatus, Insert};

/// Weight of the newest frame in the mean decode time.
const DECODE_WEIGHT: f64 = 0.1;

impl Player {
    pub(super) fn receive(&mut self) {
        while let Some(delivery) = self.supplier.receive() {
            self.acknowledged = delivery.number;
            match delivery.kind {
                DeliveryKind::Frame {
                    index,
                    content,
                    detail,
                    decode_s,
                } => {
                    self.adaptation.decoded(detail, decode_s, self.now_s);
                    let ms = decode_s * 1e3;
                    self.decode_ms = Some(
                        self.decode_ms
                            .map_or(ms, |mean| mean + DECODE_WEIGHT * (ms - mean)),
                    );
                    self.keep(index, content, detail);
                }
                DeliveryKind::Failed { frames, reason } => self.skip(frames, reason),
                DeliveryKind::Unimproved { frames, reason } => self.leave(&frames, reason),
            }
        }
    }

    pub(super) fn keep(&mut self, index: usize, content: FrameContent, detail: Detail) {
        match self.store.insert(index, content.clone(), detail) {
            Insert::Stored | Insert::Worse => {}
            // A coarse picture that is waited for needs no place to be shown.
            Insert::Dropped if detail == Detail::Key && self.is_awaited(index) => {
                self.shown = Some(Shown {
                    index,
                    frame: content,
                    detail,
                });
            }
            Insert::Dropped => {}
            Insert::TooLarge => {
                let limit_mb = self.store.limit_bytes() / 1_000_000;
                let reason = format!(
                    "Decoded frames may take {limit_mb} MB, which is too little for frames of this \
                     clip; choose one with fewer Gaussians"
                );
                if self.store.status(index) == FrameStatus::Ready {
                    self.leave(&(index..index + 1), reason);
                } else {
                    self.skip(index..index + 1, reason);
                }
            }
        }
    }

    /// Whether `frame` stands in for the frame that is due and was sought.
    pub(super) fn is_awaited(&self, frame: usize) -> bool {
        let due = self.transport.frame();
        self.sought
            && self.status(due) != FrameStatus::Ready
            && group_of(&self.groups, frame) == group_of(&self.groups, due)
    }

    /// Says that frames stay in the quality they have.
    pub(super) fn leave(&mut self, frames: &Range<usize>, reason: String) {
        if self.told.insert(reason.clone()) {
            let which = frames_in_words(frames);
            self.notices
                .push(format!("{reason}. {which} stay in lower quality."));
        }
    }

    /// Gives frames up, and says so, unless the very same reason was told before: a file that
    /// changes while it is open spoils one group after the other.
    pub(super) fn skip(&mut self, frames: Range<usize>, reason: String) {
        if self.told.insert(reason.clone()) {
            let which = frames_in_words(&frames);
            let verb = if frames.len() == 1 { "is" } else { "are" };
            self.notices
                .push(format!("{reason}. {which} {verb} skipped."));
        }
        self.store.fail(frames);
    }
}

/// "Frame 3", "Frames 5 to 9".
fn frames_in_words(frames: &Range<usize>) -> String {
    if frames.len() == 1 {
        format!("Frame {}", frames.start)
    } else {
        let last = frames.end.saturating_sub(1);
        format!("Frames {} to {last}", frames.start)
    }
}
