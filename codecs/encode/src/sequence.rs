//! Where the frames to be packed come from.

use zoetrope_codecs::{Cancel, FrameReader, Result, SplatCloud};

/// Frames of Gaussians, read one after the other from the first to the last.
pub trait CloudSequence {
    /// Number of frames.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// SH degree of the frame with the highest one, 0 to 3.
    fn sh_degree(&self) -> u8;

    /// Reads the frame with this index.
    ///
    /// # Errors
    /// Anything that its source, demuxer and decoder have.
    fn read(&mut self, index: usize, cancel: &Cancel) -> Result<SplatCloud>;
}

/// The frames of an opened clip: a sequence of splat files, or a clip to be packed anew.
impl CloudSequence for FrameReader {
    fn len(&self) -> usize {
        self.info().frame_count
    }

    fn sh_degree(&self) -> u8 {
        self.info().sh_degree
    }

    fn read(&mut self, index: usize, cancel: &Cancel) -> Result<SplatCloud> {
        Ok(self.splats(index, cancel)?.to_cloud())
    }
}
