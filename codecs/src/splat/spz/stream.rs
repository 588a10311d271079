//! Bytes of a source as a stream, and blocks of a stream unpacked while it is read on.

use std::io::{self, BufRead, Read};

use crate::source::Source;
use crate::{Cancel, Error};

/// Bytes that are read of a source at a time.
const CHUNK_BYTES: u64 = 256 << 10;
/// Gaussians that are unpacked at a time: their bytes of one block fit the cache.
const PIECE_ROWS: usize = 8192;

/// The bytes of a part of a source, in order, a chunk of them at hand.
pub(super) struct SourceStream<'a> {
    source: &'a dyn Source,
    cancel: &'a Cancel,
    next: u64,
    end: u64,
    chunk: Vec<u8>,
    used: usize,
}

impl<'a> SourceStream<'a> {
    /// The bytes from `start` to `end`, which is inside the source.
    pub(super) fn new(source: &'a dyn Source, start: u64, end: u64, cancel: &'a Cancel) -> Self {
        Self {
            source,
            cancel,
            next: start,
            end,
            chunk: Vec::new(),
            used: 0,
        }
    }
}

impl BufRead for SourceStream<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.chunk.len() && self.next < self.end {
            let end = self.end.min(self.next + CHUNK_BYTES);
            self.chunk = self
                .source
                .read(self.next..end, self.cancel)
                .map_err(io::Error::other)?;
            (self.next, self.used) = (end, 0);
        }
        Ok(self.chunk.get(self.used..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.used = self.chunk.len().min(self.used + count);
    }
}

impl Read for SourceStream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.consume(count);
        Ok(count)
    }
}

/// Reads a row of `row_bytes` for every `per_row` items of `out` and unpacks them, many rows at a
/// time: one lot is unpacked while the next is read.
pub(super) fn unpack_rows<T: Send>(
    reader: &mut (impl Read + Send + ?Sized),
    row_bytes: usize,
    out: &mut [T],
    per_row: usize,
    unpack: impl Fn(&[u8], &mut [T]) + Sync,
    cancel: &Cancel,
) -> io::Result<()> {
    if row_bytes == 0 || per_row == 0 {
        return Ok(());
    }
    let read = |bytes: &mut Vec<u8>, reader: &mut (dyn Read + Send), items: Option<usize>| {
        cancel.check().map_err(io::Error::other)?;
        bytes.resize(items.unwrap_or(0) / per_row * row_bytes, 0);
        reader.read_exact(bytes)
    };
    let mut reader = reader;
    let reader: &mut (dyn Read + Send) = &mut reader;
    let (mut ready, mut coming) = (Vec::new(), Vec::new());
    let mut pieces = out.chunks_mut(PIECE_ROWS * per_row).peekable();
    read(&mut ready, reader, pieces.peek().map(|piece| piece.len()))?;
    while let Some(piece) = pieces.next() {
        let items = pieces.peek().map(|piece| piece.len());
        let ((), result) = rayon::join(
            || unpack(&ready, piece),
            || read(&mut coming, reader, items),
        );
        result?;
        std::mem::swap(&mut ready, &mut coming);
    }
    Ok(())
}

/// The error behind what went wrong while reading `name`.
pub(super) fn damaged(name: &str, error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Error::malformed(name, "it ends too early; copy the file again")
        }
        Err(error) => Error::malformed(
            name,
            format!("it cannot be unpacked ({error}); copy the file again"),
        ),
    }
}
