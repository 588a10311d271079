//! Where the bytes of a buffer are: in the GLB, in the text as base64, or in a file beside it.

use std::ops::Range;

use super::asset::{Asset, BufferInfo};
use crate::source::Source;
use crate::{Cancel, Error, Result, limits};

/// A buffer that can be read.
pub(super) enum Buffer<'a> {
    /// A part of the model's own file.
    Inside(&'a dyn Source, Range<u64>),
    /// Unpacked out of the text.
    Bytes(Vec<u8>),
    /// Another file.
    File(Box<dyn Source>),
}

impl<'a> Buffer<'a> {
    /// Opens buffer `index` of `asset`, which was read from `source`.
    pub(super) fn open(
        source: &'a dyn Source,
        asset: &Asset,
        index: usize,
        cancel: &Cancel,
    ) -> Result<Self> {
        let name = source.name();
        let info = asset
            .buffers
            .get(index)
            .ok_or_else(|| Error::malformed(name, format!("it has no buffer {index}")))?;
        limits::check(
            name,
            "bytes in a buffer",
            info.byte_length,
            limits::MAX_SPLAT_FILE_BYTES,
        )?;
        let buffer = Self::locate(source, asset, index, info, cancel)?;
        if buffer.len() < info.byte_length {
            return Err(Error::malformed(
                name,
                format!(
                    "its buffer {index} has {} of {} bytes; copy the file again",
                    buffer.len(),
                    info.byte_length
                ),
            ));
        }
        Ok(buffer)
    }

    fn locate(
        source: &'a dyn Source,
        asset: &Asset,
        index: usize,
        info: &BufferInfo,
        cancel: &Cancel,
    ) -> Result<Self> {
        let name = source.name();
        let Some(uri) = &info.uri else {
            return match (&asset.binary, index) {
                (Some(range), 0) => Ok(Self::Inside(source, range.clone())),
                _ => Err(Error::malformed(
                    name,
                    format!("it does not say where its buffer {index} is"),
                )),
            };
        };
        if let Some(data) = uri.strip_prefix("data:") {
            let bytes = data
                .split_once(',')
                .filter(|(kind, _)| kind.ends_with(";base64"))
                .and_then(|(_, text)| base64(text))
                .ok_or_else(|| {
                    Error::malformed(name, format!("its buffer {index} is no whole base64 text"))
                })?;
            return Ok(Self::Bytes(bytes));
        }
        let path = percent_decoded(uri);
        match source.beside(&path, cancel) {
            Ok(file) => Ok(Self::File(file)),
            Err(error) if error.is_not_found() => Err(Error::unsupported(
                name,
                format!(
                    "its numbers are in another file, \"{path}\", which is not beside it; copy that \
                     too, or export the model as .glb"
                ),
            )),
            Err(error) => Err(error),
        }
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Inside(_, range) => range.end - range.start,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(source) => source.len(),
        }
    }

    /// The bytes of `range`; `None` where it is not inside.
    pub(super) fn read(&self, range: Range<u64>, cancel: &Cancel) -> Result<Option<Vec<u8>>> {
        if range.start > range.end || range.end > self.len() {
            return Ok(None);
        }
        match self {
            Self::Inside(source, own) => {
                let range = own.start + range.start..own.start + range.end;
                source.read(range, cancel).map(Some)
            }
            Self::Bytes(bytes) => Ok(bytes
                .get(range.start as usize..range.end as usize)
                .map(<[u8]>::to_vec)),
            Self::File(source) => source.read(range, cancel).map(Some),
        }
    }
}

/// Bytes of a buffer as a source of their own.
pub(super) struct Part<'a> {
    pub name: &'a str,
    pub buffer: &'a Buffer<'a>,
    pub range: Range<u64>,
}

impl Source for Part<'_> {
    fn name(&self) -> &str {
        self.name
    }

    fn len(&self) -> u64 {
        self.range.end - self.range.start
    }

    fn read(&self, range: Range<u64>, cancel: &Cancel) -> Result<Vec<u8>> {
        let [start, end] = [range.start, range.end].map(|at| self.range.start.checked_add(at));
        let inside = start
            .zip(end)
            .filter(|(_, end)| *end <= self.range.end)
            .map(|(start, end)| self.buffer.read(start..end, cancel));
        let bytes = inside.transpose()?.flatten();
        bytes.ok_or_else(|| Error::malformed(self.name, "it ends too early"))
    }
}

/// Bytes out of base64 (RFC 4648), with padding or without.
fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for letters in text.chunks(4) {
        let mut bits = 0_u32;
        for letter in letters {
            let six = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'a'..=b'z' => letter - b'a' + 26,
                b'0'..=b'9' => letter - b'0' + 52,
                b'+' | b'-' => 62,
                b'/' | b'_' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(six);
        }
        // Four letters are three bytes, three are two, two are one; one alone is none.
        let whole = letters.len().checked_sub(1).filter(|bytes| *bytes > 0)?;
        bits <<= 6 * (4 - letters.len());
        bytes.extend_from_slice(bits.to_be_bytes().get(1..=whole)?);
    }
    Some(bytes)
}

/// A relative URI as a path: `%20` is a space. What is no escape stays as it is.
fn percent_decoded(uri: &str) -> String {
    let mut bytes = Vec::with_capacity(uri.len());
    let mut rest = uri.strip_prefix("./").unwrap_or(uri).as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|_| *first == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        (bytes, rest) = match code {
            Some(code) => (with(bytes, code), &behind[2..]),
            None => (with(bytes, *first), behind),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn with(mut bytes: Vec<u8>, byte: u8) -> Vec<u8> {
    bytes.push(byte);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_any_length() {
        let cases: [(&str, &[u8]); 6] = [
            ("", b""),
            ("Zg==", b"f"),
            ("Zm8=", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9vYg", b"foob"),
            ("+/-_", &[0xfb, 0xff, 0xbf]),
        ];
        for (text, bytes) in cases {
            assert_eq!(base64(text).as_deref(), Some(bytes), "{text}");
        }
        for text in ["Z", "Zm9vY", "Zm 9", "Zm9v\n"] {
            assert_eq!(base64(text), None, "{text}");
        }
    }

    #[test]
    fn uris_are_paths() {
        assert_eq!(percent_decoded("./a%20b/c%C3%A9.bin"), "a b/c\u{e9}.bin");
        assert_eq!(percent_decoded("50%.bin"), "50%.bin");
        assert_eq!(percent_decoded("%zz%2"), "%zz%2");
    }
}
