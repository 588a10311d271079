//! The bytes of an answer, read as they are sent.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead as _, ReadBuf};

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 64 << 10;

/// A part of a file. One that ends sooner than it did when the answer began breaks the connection off:
/// what was promised cannot be sent.
pub struct FileBody {
    file: File,
    left: u64,
    block: Box<[u8]>,
    sent: Arc<AtomicU64>,
}

impl FileBody {
    /// The next `len` bytes of a file; how many were sent is added to `sent`.
    pub fn new(file: File, len: u64, sent: Arc<AtomicU64>) -> Self {
        let block = (len.min(BLOCK_BYTES as u64)) as usize;
        Self {
            file,
            left: len,
            block: vec![0; block].into(),
            sent,
        }
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(None);
        }
        let room = this
            .block
            .len()
            .min(usize::try_from(this.left).unwrap_or(usize::MAX));
        let mut buffer = ReadBuf::new(&mut this.block[..room]);
        match Pin::new(&mut this.file).poll_read(context, &mut buffer) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error))),
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())))
            }
            Poll::Ready(Ok(())) => {
                let bytes = Bytes::copy_from_slice(buffer.filled());
                this.left -= bytes.len() as u64;
                this.sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
