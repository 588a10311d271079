//! Boxes of the ISO base media file format (ISO/IEC 14496-12, 4.2): read with bounds checks, and
//! written.

/// The type of a box: four letters.
pub(super) type FourCc = [u8; 4];

/// What was read, or why the bytes make no sense: the end of a sentence.
pub(super) type Parse<T> = Result<T, String>;

/// The head of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BoxHead {
    pub(super) kind: FourCc,
    /// Bytes of the head itself, 8 or 16.
    pub(super) head_bytes: u64,
    /// Bytes of head and content.
    pub(super) bytes: u64,
}

impl BoxHead {
    /// Bytes that are enough to read any head.
    pub(super) const MAX_BYTES: u64 = 16;

    /// Reads the head of a box that may take up to `room` bytes; `None` where `bytes` ends too early.
    pub(super) fn read(bytes: &[u8], room: u64) -> Parse<Option<Self>> {
        let mut fields = Fields::new(bytes);
        let (Ok(size), Ok(kind)) = (fields.u32(), fields.four_cc()) else {
            return Ok(None);
        };
        let (head_bytes, size) = match size {
            // The last box of the file may leave its size open.
            0 => (8, room),
            1 => match fields.u64() {
                Ok(size) => (16, size),
                Err(_) => return Ok(None),
            },
            size => (8, u64::from(size)),
        };
        if size < head_bytes || size > room {
            return Err(format!(
                "the box {} claims {size} bytes, and there are {room}",
                name(kind)
            ));
        }
        Ok(Some(Self {
            kind,
            head_bytes,
            bytes: size,
        }))
    }
}

/// The type of a box for messages: letters, or its number.
pub(super) fn name(kind: FourCc) -> String {
    if kind.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        kind.iter().map(|byte| char::from(*byte)).collect()
    } else {
        format!("0x{:08x}", u32::from_be_bytes(kind))
    }
}

/// Big-endian numbers, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes that were not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn take(&mut self, count: usize) -> Parse<&'a [u8]> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or_else(|| "a box ends too early".to_owned())?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Parse<[u8; N]> {
        let (taken, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| "a box ends too early".to_owned())?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Parse<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Parse<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u24(&mut self) -> Parse<u32> {
        let [a, b, c] = self.array()?;
        Ok(u32::from_be_bytes([0, a, b, c]))
    }

    pub(super) fn u32(&mut self) -> Parse<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Parse<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// 64 bits in version 1 of a box, else 32.
    pub(super) fn long(&mut self, version: u8) -> Parse<u64> {
        match version {
            0 => self.u32().map(u64::from),
            _ => self.u64(),
        }
    }

    pub(super) fn four_cc(&mut self) -> Parse<FourCc> {
        self.array()
    }

    /// Version and flags, with which a full box begins.
    pub(super) fn version_and_flags(&mut self) -> Parse<(u8, u32)> {
        Ok((self.u8()?, self.u24()?))
    }
}

/// A box inside other bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) kind: FourCc,
    /// Where its head begins.
    pub(super) start: usize,
    /// Where its content ends.
    pub(super) end: usize,
    pub(super) content: &'a [u8],
}

/// The boxes of which `bytes` consists, in their order; after an error there are no more.
pub(super) fn boxes(bytes: &[u8]) -> impl Iterator<Item = Parse<Found<'_>>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let start = at;
        let head = BoxHead::read(rest, rest.len() as u64).and_then(|head| {
            head.ok_or_else(|| "there are stray bytes between the boxes".to_owned())
        });
        Some(match head {
            Ok(head) => {
                // The head was checked against the bytes that there are.
                at += head.bytes as usize;
                Ok(Found {
                    kind: head.kind,
                    start,
                    end: at,
                    content: &rest[head.head_bytes as usize..head.bytes as usize],
                })
            }
            Err(reason) => {
                at = bytes.len();
                Err(reason)
            }
        })
    })
}

/// The content of the first box of that type among `bytes`.
pub(super) fn find<'a>(bytes: &'a [u8], kind: &FourCc) -> Parse<Option<&'a [u8]>> {
    for found in boxes(bytes) {
        let found = found?;
        if found.kind == *kind {
            return Ok(Some(found.content));
        }
    }
    Ok(None)
}

/// The content of the first box of that type among `bytes`, which must be there.
pub(super) fn need<'a>(bytes: &'a [u8], kind: &FourCc) -> Parse<&'a [u8]> {
    find(bytes, kind)?.ok_or_else(|| format!("the box {} is missing", name(*kind)))
}

/// Appends a box around what `content` appends.
pub(super) fn write_box(out: &mut Vec<u8>, kind: &FourCc, content: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0; 4]);
    out.extend(kind);
    content(out);
    // Everything that is built in memory is far below 4 GiB.
    let bytes = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&bytes.to_be_bytes());
}

/// Appends a box with version and flags around what `content` appends.
pub(super) fn write_full_box(
    out: &mut Vec<u8>,
    kind: &FourCc,
    version: u8,
    flags: u32,
    content: impl FnOnce(&mut Vec<u8>),
) {
    write_box(out, kind, |out| {
        put_u32(out, u32::from(version) << 24 | flags);
        content(out);
    });
}

pub(super) fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend(value.to_be_bytes());
}

pub(super) fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend(value.to_be_bytes());
}

pub(super) fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend(value.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = Vec::new();
        write_box(&mut bytes, b"outr", |out| {
            write_full_box(out, b"innr", 1, 0x20000, |out| {
                put_u16(out, 7);
                put_u64(out, 1 << 40);
            });
            write_box(out, b"free", |_| {});
        });
        let inside = need(&bytes, b"outr").expect("is there");
        let mut fields = Fields::new(need(inside, b"innr").expect("is there"));
        assert_eq!(fields.version_and_flags(), Ok((1, 0x20000)));
        assert_eq!(fields.u16(), Ok(7));
        assert_eq!(fields.long(1), Ok(1 << 40));
        assert!(fields.rest().is_empty() && fields.u8().is_err());
        assert_eq!(find(inside, b"free"), Ok(Some(&[][..])));
        assert_eq!(find(inside, b"none"), Ok(None));
        assert!(need(inside, b"none").is_err());
    }

    #[test]
    fn sizes_may_be_long_or_open_and_must_fit() {
        let long = [
            0, 0, 0, 1, b'a', b'b', b'c', b'd', 0, 0, 0, 0, 0, 0, 0, 17, 9,
        ];
        assert_eq!(find(&long, b"abcd"), Ok(Some(&[9][..])));
        let open = [0, 0, 0, 0, b'a', b'b', b'c', b'd', 9, 9];
        assert_eq!(find(&open, b"abcd"), Ok(Some(&[9, 9][..])));
        for size in [2, 7, 11, 255] {
            let lie = [0, 0, 0, size, b'a', b'b', b'c', b'd', 9, 9];
            let mut all = boxes(&lie);
            assert!(all.next().is_some_and(|found| found.is_err()), "{size}");
            assert!(all.next().is_none());
        }
        assert!(find(&[0; 5], b"abcd").is_err());
        assert_eq!(BoxHead::read(&long[..12], 17), Ok(None));
    }
}
