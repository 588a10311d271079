//! Where the frames to be packed come from.

use zoetrope_codecs::{Cancel, ClipInfo, Decoder, Demuxer, Error, Result, SplatCloud};

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
pub struct ClipClouds<'a> {
    demuxer: &'a mut dyn Demuxer,
    decoder: &'a mut dyn Decoder,
    /// The group that is being decoded, and the frame that the decoder gives next.
    at: Option<(usize, usize)>,
}

impl<'a> ClipClouds<'a> {
    /// Reads through `demuxer` and a `decoder` that decodes what it delivers.
    pub fn new(demuxer: &'a mut dyn Demuxer, decoder: &'a mut dyn Decoder) -> Self {
        Self {
            demuxer,
            decoder,
            at: None,
        }
    }

    /// Facts of the clip.
    pub fn info(&self) -> &ClipInfo {
        self.demuxer.info()
    }
}

impl CloudSequence for ClipClouds<'_> {
    fn len(&self) -> usize {
        self.demuxer.info().frame_count
    }

    fn sh_degree(&self) -> u8 {
        self.demuxer.info().sh_degree
    }

    fn read(&mut self, index: usize, cancel: &Cancel) -> Result<SplatCloud> {
        let missing = || {
            Error::malformed(
                format!("frame {index}"),
                "the clip does not hold it although it says so",
            )
        };
        let groups = self.demuxer.groups();
        let group = groups
            .iter()
            .position(|group| group.frames.contains(&index))
            .ok_or_else(missing)?;
        if !matches!(self.at, Some((at, next)) if at == group && next <= index) {
            self.at = None;
            let packets = self.demuxer.read_group(group, cancel)?;
            self.at = Some((group, packets.frames.start));
            self.decoder.push(packets)?;
        }
        loop {
            cancel.check()?;
            let frame = self.decoder.next_frame().inspect_err(|_| self.at = None)?;
            let Some(frame) = frame else {
                self.at = None;
                return Err(missing());
            };
            self.at = Some((group, frame.index + 1));
            if frame.index == index {
                return Ok(frame.content.to_cloud());
            }
        }
    }
}
