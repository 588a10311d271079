//! What lies in front of the groups.

use std::ops::Range;

use super::boxes::BoxHead;
use super::{BRAND, PICTURES};
use crate::source::Source;
use crate::{Cancel, Error, Result, limits};

/// Bytes of the first read. Most headers fit, and over a network it costs no more time than less.
const FIRST_READ_BYTES: u64 = 128 << 10;

/// Boxes at the top of a file among which its movie box is looked for.
const MAX_TOP_BOXES: usize = 100;

/// The bytes before the first group, and where its boxes lie in them.
pub(super) struct Front {
    bytes: Vec<u8>,
    pub(super) moov: Range<u64>,
    pub(super) sidx: Range<u64>,
    pub(super) ssix: Range<u64>,
    /// The content of the box of pictures, where it is here.
    pub(super) pictures: Option<Range<u64>>,
}

impl Front {
    /// Reads the boxes up to the first fragment, in as few reads as may be.
    pub(super) fn read(source: &dyn Source, cancel: &Cancel) -> Result<Self> {
        let length = source.len();
        let mut front = Self {
            bytes: source.read(0..length.min(FIRST_READ_BYTES), cancel)?,
            moov: 0..0,
            sidx: 0..0,
            ssix: 0..0,
            pictures: None,
        };
        let mut at = 0;
        while at < length {
            front.grow(source, (at + BoxHead::MAX_BYTES).min(length), cancel)?;
            let head = BoxHead::read(&front.bytes[at as usize..], length - at);
            let head = head.and_then(|head| head.ok_or_else(|| "it ends in a box".to_owned()));
            let Ok(head) = head else {
                break;
            };
            let content = at + head.head_bytes..at + head.bytes;
            match &head.kind {
                b"ftyp" if at == 0 => {
                    front.grow(source, content.end, cancel)?;
                    front.check_brand(source, &content)?;
                }
                _ if at == 0 => break,
                b"moov" => {
                    front.grow(source, content.end, cancel)?;
                    front.moov = content;
                }
                b"sidx" => {
                    front.grow(source, content.end, cancel)?;
                    front.sidx = content;
                }
                b"ssix" => {
                    front.grow(source, content.end, cancel)?;
                    front.ssix = content;
                }
                kind if kind == PICTURES => front.pictures = Some(content),
                b"moof" | b"mdat" => break,
                _ => {}
            }
            at += head.bytes;
        }
        if front.moov.is_empty() || front.sidx.is_empty() || front.ssix.is_empty() {
            return Err(Error::malformed(
                source.name(),
                "its header is cut short or damaged; copy the clip again",
            ));
        }
        Ok(front)
    }

    /// Reads on until `end` bytes are there.
    fn grow(&mut self, source: &dyn Source, end: u64, cancel: &Cancel) -> Result<()> {
        let have = self.bytes.len() as u64;
        if end <= have {
            return Ok(());
        }
        limits::check(
            source.name(),
            "bytes in its header",
            end,
            limits::MAX_FRONT_BYTES,
        )?;
        // What follows is wanted too.
        let to = end
            .saturating_add(FIRST_READ_BYTES)
            .min(limits::MAX_FRONT_BYTES)
            .min(source.len());
        let more = source.read(have..to, cancel)?;
        self.bytes.extend(more);
        Ok(())
    }

    pub(super) fn content(&self, range: &Range<u64>) -> &[u8] {
        // Every range was grown to before it was kept.
        &self.bytes[range.start as usize..range.end as usize]
    }

    fn check_brand(&self, source: &dyn Source, content: &Range<u64>) -> Result<()> {
        if self
            .content(content)
            .chunks_exact(4)
            .any(|brand| brand == BRAND)
        {
            return Ok(());
        }
        Err(Error::unsupported(
            source.name(),
            "it is no Zoetrope clip, or one of a version that is not known yet; update Zoetrope",
        ))
    }
}

/// The content of the `moov` box of any MP4 file; `None` where there is none of a size that makes
/// sense.
pub(crate) fn movie_box(source: &dyn Source, cancel: &Cancel) -> Result<Option<Vec<u8>>> {
    let length = source.len();
    let mut at = 0;
    for _ in 0..MAX_TOP_BOXES {
        let end = at + BoxHead::MAX_BYTES.min(length - at);
        let Ok(Some(head)) = BoxHead::read(&source.read(at..end, cancel)?, length - at) else {
            break;
        };
        if head.kind == *b"moov" && head.bytes <= limits::MAX_FRONT_BYTES {
            return source
                .read(at + head.head_bytes..at + head.bytes, cancel)
                .map(Some);
        }
        at += head.bytes;
    }
    Ok(None)
}
