//! Reading.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;
use rayon::prelude::*;
use ruzstd::decoding::StreamingDecoder;

use super::super::{SplatCloud, SplatFacts, SplatFormat, check_size};
use super::GZIP_MAGIC;
use super::extensions::{self, Extensions};
use super::header::{HEADER_BYTES, Header, PLAIN_HEADER_BYTES, Stream, table_offset};
use super::stream::{SourceStream, damaged, unpack_all};
use super::unpack::{blocks, empty_cloud};
use crate::source::Source;
use crate::{Cancel, Error, Result};

/// Bytes that a byte of gzip can become at most, a little rounded up.
const GZIP_RATIO: u64 = 1040;
/// A zstd stream may look back as far as it is long, or as far as this, which RFC 8878 recommends.
const MIN_WINDOW_BYTES: u64 = 8 << 20;

/// Reads an SPZ file.
///
/// # Errors
/// As [`Source::read`]; [`Error::Malformed`] for a damaged file, [`Error::Unsupported`] for a
/// version that is not known, [`Error::Limit`] above the caps.
pub fn read(source: &dyn Source, cancel: &Cancel) -> Result<SplatCloud> {
    check_size(source)?;
    match Content::open(source, cancel)? {
        Content::Streams(plain) => plain.read(source, cancel),
        Content::Gzip => {
            let stream = SourceStream::new(source, 0, source.len(), cancel);
            read_legacy(source, GZIP_RATIO, &mut GzDecoder::new(stream), cancel)
        }
        Content::Unpacked => {
            let mut stream = SourceStream::new(source, 0, source.len(), cancel);
            read_legacy(source, 1, &mut stream, cancel)
        }
    }
}

/// Reads what an SPZ file says about itself, without its Gaussians.
///
/// # Errors
/// As [`read`].
pub fn facts(source: &dyn Source, cancel: &Cancel) -> Result<SplatFacts> {
    check_size(source)?;
    let (header, extensions) = match Content::open(source, cancel)? {
        Content::Streams(plain) => (plain.header, plain.extensions),
        Content::Gzip => {
            let stream = SourceStream::new(source, 0, source.len(), cancel);
            legacy_facts(source, &mut GzDecoder::new(stream))?
        }
        Content::Unpacked => {
            let mut stream = SourceStream::new(source, 0, source.len(), cancel);
            legacy_facts(source, &mut stream)?
        }
    };
    let mut notes = extensions.notes();
    if header.stored_degree > header.sh_degree() {
        notes.push(format!(
            "its SH coefficients of degree {} are left out; those up to degree {} are shown",
            header.stored_degree,
            header.sh_degree()
        ));
    }
    Ok(SplatFacts {
        format: SplatFormat::Spz,
        version: Some(header.version.to_string()),
        count: header.count as u64,
        sh_degree: header.sh_degree(),
        bounds: None,
        axes: extensions.axes(),
        notes,
    })
}

/// How a file is packed.
enum Content {
    /// Version 4.
    Streams(Plain),
    /// Versions 1 to 3.
    Gzip,
    /// Versions 1 to 3, not packed.
    Unpacked,
}

impl Content {
    fn open(source: &dyn Source, cancel: &Cancel) -> Result<Self> {
        let head = source.read(0..source.len().min(PLAIN_HEADER_BYTES as u64), cancel)?;
        if head.starts_with(GZIP_MAGIC) {
            return Ok(Self::Gzip);
        }
        let too_short = || Error::malformed(source.name(), "it ends inside its header");
        let first = head.first_chunk().ok_or_else(too_short)?;
        let header = Header::parse(source.name(), first)?;
        if header.version < 4 {
            return Ok(Self::Unpacked);
        }
        let whole = head.first_chunk().ok_or_else(too_short)?;
        Ok(Self::Streams(Plain::open(source, header, whole, cancel)?))
    }
}

/// The plain start of a file of version 4.
struct Plain {
    header: Header,
    extensions: Extensions,
    streams: Vec<Stream>,
}

impl Plain {
    fn open(
        source: &dyn Source,
        header: Header,
        bytes: &[u8; PLAIN_HEADER_BYTES],
        cancel: &Cancel,
    ) -> Result<Self> {
        let name = source.name();
        let table = table_offset(name, bytes)?;
        let end = table + header.table_bytes() as u64;
        if end > source.len() {
            return Err(Error::malformed(
                name,
                "it ends before its table of contents; copy the file again",
            ));
        }
        let start = PLAIN_HEADER_BYTES as u64;
        let extensions = if header.has_extensions {
            let end = table.min(start + extensions::MAX_BYTES);
            Extensions::parse(&source.read(start..end, cancel)?)
        } else {
            Extensions::default()
        };
        let streams =
            header.streams(name, &source.read(table..end, cancel)?, table, source.len())?;
        Ok(Self {
            header,
            extensions,
            streams,
        })
    }

    /// Unpacks all streams at once.
    fn read(self, source: &dyn Source, cancel: &Cancel) -> Result<SplatCloud> {
        let header = &self.header;
        let mut cloud = empty_cloud(header);
        cloud.axes = self.extensions.axes();
        let mut jobs: Vec<_> = blocks(&mut cloud)
            .into_iter()
            .zip(header.row_bytes())
            .zip(self.streams)
            .collect();
        // The longest is the last; it starts first.
        jobs.reverse();
        jobs.into_par_iter()
            .try_for_each(|((block, row_bytes), stream)| {
                let mut unpacked = open_stream(source, &stream, cancel)?;
                unpack_all(&mut unpacked, block.pieces(header, row_bytes), cancel)
                    .and_then(|()| ends(&mut unpacked))
                    .map_err(|error| damaged(source.name(), error))
            })?;
        Ok(cloud)
    }
}

/// The unpacked bytes of one stream of version 4.
fn open_stream<'a>(
    source: &'a dyn Source,
    stream: &Stream,
    cancel: &'a Cancel,
) -> Result<impl Read + Send + use<'a>> {
    let packed = SourceStream::new(source, stream.at, stream.at + stream.packed_bytes, cancel);
    let window = stream.raw_bytes.max(MIN_WINDOW_BYTES);
    StreamingDecoder::new_with_max_window_size(packed, window).map_err(|error| {
        Error::malformed(
            source.name(),
            format!("one of its streams is no zstd stream that can be read ({error}); copy the file again"),
        )
    })
}

/// That nothing comes any more. Checksums are at the end, so this looks at them too.
fn ends(reader: &mut impl Read) -> io::Result<()> {
    match reader.read(&mut [0])? {
        0 => Ok(()),
        _ => Err(io::Error::other(
            "there is more in it than its Gaussians need",
        )),
    }
}

/// Versions 1 to 3 out of their unpacked bytes, of which there can be `ratio` for each of the file.
fn read_legacy(
    source: &dyn Source,
    ratio: u64,
    reader: &mut (impl Read + Send),
    cancel: &Cancel,
) -> Result<SplatCloud> {
    let name = source.name();
    let header = legacy_header(source, reader)?;
    if header.payload_bytes() > source.len().saturating_mul(ratio) {
        return Err(Error::malformed(
            name,
            format!(
                "it is too short for the {} Gaussians that it says it has; copy the file again",
                header.count
            ),
        ));
    }
    let mut cloud = empty_cloud(&header);
    let pieces = blocks(&mut cloud)
        .into_iter()
        .zip(header.row_bytes())
        .flat_map(|(block, row_bytes)| block.pieces(&header, row_bytes));
    unpack_all(reader, pieces.collect(), cancel).map_err(|error| damaged(name, error))?;
    cloud.axes = legacy_extensions(source, &header, reader)?.axes();
    if header.version == 1 {
        // Half floats may be no numbers; all that the other versions can say is sound.
        cloud.sanitise();
    }
    Ok(cloud)
}

fn legacy_header(source: &dyn Source, reader: &mut impl Read) -> Result<Header> {
    let name = source.name();
    let mut bytes = [0; HEADER_BYTES];
    reader
        .read_exact(&mut bytes)
        .map_err(|error| damaged(name, error))?;
    let header = Header::parse(name, &bytes)?;
    if header.version == 4 {
        return Err(Error::malformed(
            name,
            "SPZ version 4 is not packed with gzip; unpack it first",
        ));
    }
    Ok(header)
}

/// What stands behind the blocks.
fn legacy_extensions(
    source: &dyn Source,
    header: &Header,
    reader: &mut impl Read,
) -> Result<Extensions> {
    let mut records = Vec::new();
    let limit = if header.has_extensions {
        extensions::MAX_BYTES
    } else {
        1
    };
    // At the end of gzip there is a checksum, which this looks at.
    reader
        .take(limit)
        .read_to_end(&mut records)
        .map_err(|error| damaged(source.name(), error))?;
    Ok(Extensions::parse(&records))
}

fn legacy_facts(source: &dyn Source, reader: &mut impl Read) -> Result<(Header, Extensions)> {
    let header = legacy_header(source, reader)?;
    if !header.has_extensions {
        return Ok((header, Extensions::default()));
    }
    let skipped = io::copy(&mut reader.take(header.payload_bytes()), &mut io::sink())
        .map_err(|error| damaged(source.name(), error))?;
    if skipped < header.payload_bytes() {
        return Err(damaged(source.name(), io::ErrorKind::UnexpectedEof.into()));
    }
    let extensions = legacy_extensions(source, &header, reader)?;
    Ok((header, extensions))
}
