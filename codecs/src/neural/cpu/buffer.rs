//! Memory that begins where a cache line does.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of the longest vector.
const LINE_BYTES: usize = 64;

/// Numbers of which the first begins a cache line: a vector that lies across two costs two loads.
#[derive(Default)]
pub(super) struct Buffer {
    all: Vec<f32>,
    first: usize,
    length: usize,
}

impl Buffer {
    pub(super) fn zeros(length: usize) -> Self {
        let all = vec![0.0; length + LINE_BYTES / size_of::<f32>()];
        // Where the place cannot be known, the buffer begins anywhere, and is as right.
        let first = all
            .as_ptr()
            .align_offset(LINE_BYTES)
            .min(all.len() - length);
        Self { all, first, length }
    }

    /// Makes it at least this long; what was in it is lost if it has to grow.
    pub(super) fn grow(&mut self, length: usize) {
        if self.length < length {
            *self = Self::zeros(length);
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.all[self.first..self.first + self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.all[self.first..self.first + self.length]
    }
}
