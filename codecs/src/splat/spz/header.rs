//! The header, and what follows from it.

use super::MAGIC;
use crate::{Error, Result, limits};

/// Bytes of the header of versions 1 to 3, and of what version 4 has of it too.
pub(super) const HEADER_BYTES: usize = 16;
/// Bytes of the header of version 4.
pub(super) const PLAIN_HEADER_BYTES: usize = 32;
/// Bytes of one entry of the table of contents of version 4.
const ENTRY_BYTES: usize = 16;
/// Most streams that a table of contents may name: those that are known and some to come.
const MAX_STREAMS: usize = 16;

const ANTIALIASED: u8 = 1;
const HAS_EXTENSIONS: u8 = 2;

/// What all versions say at their start.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub version: u32,
    pub count: usize,
    /// As in the file: 0 to 4.
    pub stored_degree: u8,
    /// Bits of a position's fraction.
    pub fractional_bits: u8,
    pub antialiased: bool,
    pub has_extensions: bool,
    /// Version 4 only.
    stream_count: u8,
}

impl Header {
    /// Parses the first [`HEADER_BYTES`] of the unpacked content.
    pub(super) fn parse(name: &str, bytes: &[u8; HEADER_BYTES]) -> Result<Self> {
        if !bytes.starts_with(MAGIC) {
            return Err(Error::unsupported(
                name,
                "it is packed with gzip, and it is no SPZ file that is packed in it; unpack it first",
            ));
        }
        let word = |at: usize| u32::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]));
        let (version, count) = (word(4), word(8));
        if !(1..=4).contains(&version) {
            return Err(Error::unsupported(
                name,
                format!("it is SPZ version {version}; versions 1 to 4 can be read"),
            ));
        }
        limits::check_gaussians(name, u64::from(count))?;
        let [stored_degree, fractional_bits, flags, stream_count] =
            [bytes[12], bytes[13], bytes[14], bytes[15]];
        if stored_degree > 4 {
            return Err(Error::malformed(
                name,
                format!("it says that its SH degree is {stored_degree}, which SPZ does not have"),
            ));
        }
        Ok(Self {
            version,
            count: count as usize,
            stored_degree,
            fractional_bits,
            antialiased: flags & ANTIALIASED != 0,
            has_extensions: flags & HAS_EXTENSIONS != 0,
            stream_count,
        })
    }

    /// SH degree of the cloud.
    pub(super) fn sh_degree(&self) -> u8 {
        self.stored_degree.min(limits::MAX_SH_DEGREE as u8)
    }

    /// Bytes of a Gaussian in each block, in the order of the file.
    pub(super) fn row_bytes(&self) -> [usize; 6] {
        let degree = usize::from(self.stored_degree);
        [
            if self.version == 1 { 6 } else { 9 },
            1,
            3,
            3,
            if self.version < 3 { 3 } else { 4 },
            3 * ((degree + 1) * (degree + 1) - 1),
        ]
    }

    /// Bytes of all blocks.
    pub(super) fn payload_bytes(&self) -> u64 {
        self.count as u64 * self.row_bytes().iter().sum::<usize>() as u64
    }

    /// What this header says in bytes; the twelve that version 4 has more are for
    /// [`plain_header`].
    pub(super) fn bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(MAGIC);
        bytes[4..8].copy_from_slice(&self.version.to_le_bytes());
        bytes[8..12].copy_from_slice(&(self.count as u32).to_le_bytes());
        bytes[12] = self.stored_degree;
        bytes[13] = self.fractional_bits;
        bytes[14] = if self.antialiased { ANTIALIASED } else { 0 };
        bytes[15] = self.stream_count;
        bytes
    }

    /// A header to write.
    pub(super) fn new(
        version: u32,
        count: usize,
        sh_degree: u8,
        fractional_bits: u8,
        antialiased: bool,
    ) -> Self {
        let mut header = Self {
            version,
            count,
            stored_degree: sh_degree,
            fractional_bits,
            antialiased,
            has_extensions: false,
            stream_count: 0,
        };
        if version == 4 {
            header.stream_count = header.blocks() as u8;
        }
        header
    }

    /// Blocks that the file has: without SH there is none for it.
    pub(super) fn blocks(&self) -> usize {
        if self.stored_degree == 0 { 5 } else { 6 }
    }
}

/// One stream of version 4.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stream {
    /// Where in the file its compressed bytes lie.
    pub at: u64,
    /// Bytes in the file.
    pub packed_bytes: u64,
    /// Bytes once unpacked.
    pub raw_bytes: u64,
}

/// Where the table of contents starts, by the header of version 4.
pub(super) fn table_offset(name: &str, header: &[u8; PLAIN_HEADER_BYTES]) -> Result<u64> {
    let offset = u32::from_le_bytes([header[16], header[17], header[18], header[19]]);
    if (offset as usize) < PLAIN_HEADER_BYTES {
        return Err(Error::malformed(
            name,
            "its table of contents lies inside its header",
        ));
    }
    Ok(u64::from(offset))
}

/// The header of version 4 without extensions, and the table of contents behind it.
pub(super) fn plain_header(header: &Header, streams: &[(u64, u64)]) -> Vec<u8> {
    let mut bytes = header.bytes().to_vec();
    bytes.extend((PLAIN_HEADER_BYTES as u32).to_le_bytes());
    bytes.resize(PLAIN_HEADER_BYTES, 0);
    for (packed_bytes, raw_bytes) in streams {
        bytes.extend(packed_bytes.to_le_bytes());
        bytes.extend(raw_bytes.to_le_bytes());
    }
    bytes
}

impl Header {
    /// Bytes of the table of contents.
    pub(super) fn table_bytes(&self) -> usize {
        usize::from(self.stream_count) * ENTRY_BYTES
    }

    /// The streams of all blocks out of the table of contents that lies at `at`, in a file of
    /// `file_bytes` bytes. Each holds what its block needs, no less and no more.
    pub(super) fn streams(
        &self,
        name: &str,
        table: &[u8],
        at: u64,
        file_bytes: u64,
    ) -> Result<Vec<Stream>> {
        let blocks = self.blocks();
        if !(blocks..=MAX_STREAMS).contains(&usize::from(self.stream_count)) {
            return Err(Error::malformed(
                name,
                format!("it has {} streams, not {blocks}", self.stream_count),
            ));
        }
        let word = |bytes: &[u8]| {
            bytes
                .iter()
                .rev()
                .fold(0, |sum, b| sum << 8 | u64::from(*b))
        };
        let mut next = at + table.len() as u64;
        let mut streams = Vec::with_capacity(blocks);
        for (entry, row_bytes) in table
            .chunks_exact(ENTRY_BYTES)
            .zip(self.row_bytes())
            .take(blocks)
        {
            let (packed_bytes, raw_bytes) = (word(&entry[..8]), word(&entry[8..]));
            let needed = self.count as u64 * row_bytes as u64;
            if raw_bytes != needed {
                return Err(Error::malformed(
                    name,
                    format!(
                        "one of its streams unpacks to {raw_bytes} bytes, and {} Gaussians need \
                         {needed}",
                        self.count
                    ),
                ));
            }
            let end = next
                .checked_add(packed_bytes)
                .filter(|end| *end <= file_bytes);
            let end = end.ok_or_else(|| {
                Error::malformed(name, "it ends inside its streams; copy the file again")
            })?;
            streams.push(Stream {
                at: next,
                packed_bytes,
                raw_bytes,
            });
            next = end;
        }
        Ok(streams)
    }
}
