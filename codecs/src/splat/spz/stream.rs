//! Bytes of a source as a stream, and pieces of a stream unpacked while it is read on.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::source::Source;
use crate::{Cancel, Error};

/// Bytes that are read of a source at a time.
const CHUNK_BYTES: u64 = 256 << 10;
/// Unpacked bytes that are turned into numbers at a time: they fit the cache.
const PIECE_BYTES: usize = 512 << 10;
/// Pieces that wait to be turned into numbers at most: some take longer than what is read meanwhile, some are faster.
const PIECES_WAITING: usize = 8;

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

/// Some rows of a block, on their way into a cloud.
pub(super) struct Piece<'a> {
    /// Bytes that they take.
    bytes: usize,
    unpack: Unpack<'a>,
}

/// Puts unpacked rows into their place.
type Unpack<'a> = Box<dyn FnOnce(&[u8]) + Send + 'a>;

/// The pieces of a block that has `row_bytes` for every `per_row` items of `out`.
pub(super) fn pieces<'a, T: Send>(
    row_bytes: usize,
    out: &'a mut [T],
    per_row: usize,
    unpack: impl Fn(&[u8], &mut [T]) + Clone + Send + 'a,
) -> Vec<Piece<'a>> {
    if row_bytes == 0 || per_row == 0 {
        return Vec::new();
    }
    let rows = (PIECE_BYTES / row_bytes).max(1);
    let piece = |out: &'a mut [T]| {
        let unpack = unpack.clone();
        Piece {
            bytes: out.len() / per_row * row_bytes,
            unpack: Box::new(move |bytes| unpack(bytes, out)),
        }
    };
    out.chunks_mut(rows * per_row).map(piece).collect()
}

/// Reads `pieces`, which lie one after the other, and unpacks those that are there on other cores while it reads on.
pub(super) fn unpack_all(
    reader: &mut (impl Read + Send + ?Sized),
    pieces: Vec<Piece>,
    cancel: &Cancel,
) -> io::Result<()> {
    let waiting: Mutex<VecDeque<(Vec<u8>, Unpack)>> = Mutex::default();
    let spare: Mutex<Vec<Vec<u8>>> = Mutex::default();
    let unpack_one = || {
        let next = lock(&waiting).pop_front();
        if let Some((bytes, unpack)) = next {
            unpack(&bytes);
            lock(&spare).push(bytes);
        }
    };
    rayon::in_place_scope_fifo(|scope| {
        for piece in pieces {
            cancel.check().map_err(io::Error::other)?;
            let mut bytes = lock(&spare).pop().unwrap_or_default();
            bytes.resize(piece.bytes, 0);
            reader.read_exact(&mut bytes)?;
            let count = {
                let mut waiting = lock(&waiting);
                waiting.push_back((bytes, piece.unpack));
                waiting.len()
            };
            scope.spawn_fifo(|_| unpack_one());
            if count > PIECES_WAITING {
                // Others have too much to do, or there are none.
                unpack_one();
            }
        }
        Ok(())
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
