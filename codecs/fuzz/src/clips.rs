//! Clips of our own.

use std::io::Cursor;
use std::ops::Range;
use std::sync::Arc;

use zoetrope_codecs::container::zoe::{self, ZoeDemuxer};
use zoetrope_codecs::source::Source;
use zoetrope_codecs::{Cancel, Demuxer, Detail, Error, GroupPayload, LayeredGroup, Result};

use super::{MAX_GROUPS, read_groups, source};

/// A clip of our own. Everything that can be read of it is read, and a copy of it must be a clip too.
pub fn zoe(data: &[u8]) {
    let cancel = Cancel::new();
    let Ok(mut clip) = ZoeDemuxer::open(Arc::new(source(data)), &cancel) else {
        return;
    };
    read_groups(&mut clip);
    for group in 0..clip.groups().len().min(MAX_GROUPS) {
        let whole = clip
            .read_group(group, &cancel)
            .map(|packets| packets.payload);
        let key = clip.read_part(group, Detail::Key, &cancel);
        if let (Ok(GroupPayload::Layered(whole)), Ok(key)) = (whole, key) {
            assert_eq!(key.frames.len(), 1);
            let GroupPayload::Layered(key) = key.payload else {
                unreachable!("the whole group is one");
            };
            let first = |layers: &LayeredGroup| layers.layers[0].side[0].clone();
            assert_eq!((key.layers.len(), first(&key)), (1, first(&whole)));
        }
        let _ = clip.read_sound(group, &cancel);
    }
    let _ = clip.poster(&cancel);
    if let Ok(Some(thumbnails)) = clip.thumbnails(&cancel) {
        assert_eq!(thumbnails.frames.len(), thumbnails.jpegs.len());
    }
    let mut copy = Vec::new();
    let spool = Cursor::new(Vec::new());
    if let Ok(frames) = zoe::trim(&mut clip, 0..8, spool, &mut copy, &cancel) {
        let copy = ZoeDemuxer::open(Arc::new(source(&copy)), &cancel).expect("was just written");
        assert_eq!(copy.info().frame_count, frames.len());
    }
}

/// The front of a clip of our own, behind which there are no bytes that could be read, but which
/// might be there.
pub fn zoe_index(data: &[u8]) {
    let cancel = Cancel::new();
    let Ok(mut clip) = ZoeDemuxer::open(Arc::new(Endless(data.to_vec())), &cancel) else {
        return;
    };
    let layers = clip.info().layers.len() as u8;
    let groups = clip.groups().len();
    for group in 0..groups {
        let mut least = clip.part_bytes(group, Detail::Key).expect("is known");
        for layer in 1..=layers {
            let more = clip
                .part_bytes(group, Detail::Layers(layer))
                .expect("is known");
            assert!(least <= more, "{layer} layers of group {group}");
            least = more;
        }
        assert_eq!(Some(least), clip.part_bytes(group, Detail::FULL));
    }
    read_groups(&mut clip);
}

/// Bytes that are known, and then many that are not.
struct Endless(Vec<u8>);

impl Source for Endless {
    fn name(&self) -> &str {
        "endless"
    }

    fn len(&self) -> u64 {
        1 << 40
    }

    fn read(&self, range: Range<u64>, _: &Cancel) -> Result<Vec<u8>> {
        let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        if length > 17 << 20 {
            return Err(Error::malformed("endless", "too much was asked for"));
        }
        let mut bytes = vec![0; length];
        let known = usize::try_from(range.start).ok();
        let known = known
            .and_then(|start| self.0.get(start..))
            .unwrap_or_default();
        let count = known.len().min(length);
        bytes[..count].copy_from_slice(&known[..count]);
        Ok(bytes)
    }
}
