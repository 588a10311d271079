//! Frames of a clip one by one, for commands that need no player.

use std::sync::Arc;

use anyhow::Context as _;
use zoetrope_app::{ClipTarget, open_clip};
use zoetrope_codecs::{Cancel, ClipInfo, Decoder, Demuxer, SplatFrame};

/// Reads any frame of a clip; cheapest in rising order.
pub struct ClipReader {
    demuxer: Box<dyn Demuxer>,
    decoder: Box<dyn Decoder>,
    /// Group being decoded, and the frame that the decoder gives next.
    position: Option<(usize, usize)>,
}

impl ClipReader {
    /// Opens a file, a folder or a glob.
    ///
    /// # Errors
    /// When it is not there or holds no clip.
    pub fn open(clip: &str, cancel: &Cancel) -> anyhow::Result<Self> {
        let opened = open_clip(&ClipTarget::from(clip), cancel)?;
        Ok(Self::new(opened.demuxer, opened.decoder))
    }

    /// Reads with what is already open.
    pub fn new(demuxer: Box<dyn Demuxer>, decoder: Box<dyn Decoder>) -> Self {
        Self {
            demuxer,
            decoder,
            position: None,
        }
    }

    /// Facts of the clip.
    pub fn info(&self) -> &ClipInfo {
        self.demuxer.info()
    }

    /// The demuxer, for its groups.
    pub fn demuxer(&self) -> &dyn Demuxer {
        &*self.demuxer
    }

    /// The demuxer and the decoder, for those who read on their own.
    pub fn parts(&mut self) -> (&mut dyn Demuxer, &mut dyn Decoder) {
        self.position = None;
        (&mut *self.demuxer, &mut *self.decoder)
    }

    /// Who decodes.
    pub fn engine(&self) -> zoetrope_codecs::Engine {
        self.decoder.engine()
    }

    /// The frame with the number `index`, counted from 0.
    ///
    /// # Errors
    /// When there is no such frame or its group is damaged.
    pub fn frame(&mut self, index: usize, cancel: &Cancel) -> anyhow::Result<Arc<SplatFrame>> {
        let count = self.info().frame_count;
        let group = self
            .demuxer
            .groups()
            .iter()
            .position(|group| group.frames.contains(&index))
            .with_context(|| {
                format!("there is no frame {index}; the clip has {count}, counted from 0")
            })?;
        let here = matches!(self.position, Some((at, next)) if at == group && next <= index);
        if !here {
            self.position = None;
            let packets = self.demuxer.read_group(group, cancel)?;
            let first = packets.frames.start;
            self.decoder.push(packets)?;
            self.position = Some((group, first));
        }
        loop {
            cancel.check()?;
            let frame = self
                .decoder
                .next_frame()
                .inspect_err(|_| self.position = None)?
                .with_context(|| format!("group {group} ends before frame {index}"))?;
            self.position = Some((group, frame.index + 1));
            if frame.index == index {
                return Ok(frame.content);
            }
        }
    }
}
