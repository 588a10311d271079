//! A [`Source`] as the library wants it.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use symphonia::core::io::MediaSource;

use crate::Cancel;
use crate::source::Source;

/// Reads a source from its start on, and anywhere else.
pub(super) struct SourceStream {
    source: Arc<dyn Source>,
    cancel: Cancel,
    at: u64,
}

impl SourceStream {
    pub(super) fn new(source: Arc<dyn Source>, cancel: Cancel) -> Self {
        Self {
            source,
            cancel,
            at: 0,
        }
    }
}

impl Read for SourceStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.source.len().saturating_sub(self.at);
        let count = left.min(buffer.len() as u64);
        if count == 0 {
            return Ok(0);
        }
        let bytes = self
            .source
            .read(self.at..self.at + count, &self.cancel)
            .map_err(io::Error::other)?;
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for SourceStream {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.source.len().checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

impl MediaSource for SourceStream {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.source.len())
    }
}
