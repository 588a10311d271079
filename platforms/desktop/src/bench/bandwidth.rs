//! The memory-bandwidth bound of a splat frame: the time below which no implementation on this
//! memory can go.

use std::hint::black_box;
use std::time::Instant;

/// Bytes a second that this machine copies, read and written bytes counted together; the best of
/// several copies of a block that no cache holds.
pub fn copy_bytes_per_second() -> f64 {
    const BLOCK_BYTES: usize = 128 << 20;
    let from = vec![1u8; BLOCK_BYTES];
    let mut to = vec![0u8; BLOCK_BYTES];
    (0..5)
        .map(|_| {
            let start = Instant::now();
            to.copy_from_slice(black_box(&from));
            black_box(&to);
            2.0 * BLOCK_BYTES as f64 / start.elapsed().as_secs_f64()
        })
        .fold(0.0, f64::max)
}

/// What a frame must move through memory at the least.
#[derive(Clone, Copy, Debug)]
pub struct FrameBytes {
    /// Gaussians stored.
    pub stored: u64,
    /// Gaussians drawn.
    pub drawn: u64,
    /// Bytes of one stored Gaussian's position.
    pub position_bytes: u64,
    /// Bytes of one Gaussian's other attributes.
    pub attribute_bytes: u64,
    /// Bytes of a depth key: 2 or 4.
    pub key_bytes: u64,
    /// Pixels of the picture.
    pub pixels: u64,
}

impl FrameBytes {
    /// Bytes of one projected splat.
    const SPLAT_BYTES: u64 = 20;
    /// Bytes of an index into the splats.
    const INDEX_BYTES: u64 = 4;
    /// Bytes of a pixel of the picture.
    const PIXEL_BYTES: u64 = 4;

    /// Bytes read and written: attributes in, splats and keys out, a one-sweep radix sort of 8-bit
    /// digits, splats in again in order, and every pixel once.
    pub fn total(&self) -> u64 {
        let pair = self.key_bytes + Self::INDEX_BYTES;
        let read = self.stored * self.position_bytes + self.drawn * self.attribute_bytes;
        let write = self.drawn * (Self::SPLAT_BYTES + pair);
        let sort = self.drawn * (self.key_bytes + self.key_bytes * 2 * pair);
        let draw = self.drawn * (Self::INDEX_BYTES + Self::SPLAT_BYTES);
        read + write + sort + draw + self.pixels * Self::PIXEL_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gaussian_video_splat_with_short_keys_moves_91_bytes() {
        let frame = FrameBytes {
            stored: 1,
            drawn: 1,
            position_bytes: 6,
            attribute_bytes: 11,
            key_bytes: 2,
            pixels: 0,
        };
        // 17 read, 26 written, 26 sorted, 24 drawn. The study's figure of 91 leaves out 2 bytes of
        // key that are written before they are sorted.
        assert_eq!(frame.total(), 93);
    }
}
