//! Clips of neural video.

use std::ops::Range;
use std::sync::Arc;

use zoetrope_codecs::container::zoe::ZoeDemuxer;
use zoetrope_codecs::neural::NeuralFrame;
use zoetrope_codecs::{Cancel, Demuxer, Detail, GroupPayload, Result};

use super::common::memory;

/// Opens a clip.
pub fn open(bytes: impl Into<Arc<[u8]>>) -> Result<ZoeDemuxer> {
    ZoeDemuxer::open(memory("clips/tiny.zoe", bytes), &Cancel::new())
}

/// The first frame of a part of a group, and which frames come with it.
pub fn part(clip: &mut dyn Demuxer, group: usize, detail: Detail) -> (Range<usize>, NeuralFrame) {
    let packets = clip
        .read_part(group, detail, &Cancel::new())
        .expect("reads");
    assert_eq!(packets.group, group);
    let GroupPayload::Neural(frame) = packets.payload else {
        panic!("is no neural video");
    };
    (packets.frames, frame)
}
