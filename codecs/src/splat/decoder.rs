//! The decoder of splat files: each is one frame that its demuxer has parsed already.

use crate::{Decoder, Engine, Error, Frame, GroupPackets, GroupPayload, Result, SplatFrame};

/// Hands out the frame of [`GroupPayload::SplatFile`].
#[derive(Debug, Default)]
pub struct SplatFileDecoder {
    frame: Option<Frame>,
}

impl SplatFileDecoder {
    /// A decoder without a group.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Decoder for SplatFileDecoder {
    fn push(&mut self, packets: GroupPackets) -> Result<()> {
        self.frame = None;
        match packets.payload {
            GroupPayload::SplatFile { cloud, .. } => {
                self.frame = Some(Frame {
                    index: packets.frames.start,
                    content: SplatFrame::Cloud(*cloud).into(),
                });
                Ok(())
            }
            GroupPayload::PlaneVideos { .. }
            | GroupPayload::Layered(_)
            | GroupPayload::Neural(_) => Err(Error::unsupported(
                format!("group {}", packets.group),
                "it is video, which the splat file decoder does not decode",
            )),
        }
    }

    fn next_frame(&mut self) -> Result<Option<Frame>> {
        Ok(self.frame.take())
    }

    fn engine(&self) -> Engine {
        Engine {
            name: "splat file".to_owned(),
            hardware: false,
        }
    }
}
