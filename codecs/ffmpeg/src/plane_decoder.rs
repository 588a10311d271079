//! The videos of a group of Gaussian video, to frames made of planes.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use zoetrope_codecs::{
    AttributeRanges, Decoder, Engine, Error, Frame, FrameContent, GroupPackets, GroupPayload,
    PlaneFrame, PlaneLayout, PlaneVideo, Result, SplatFrame, limits,
};

use crate::library;
use crate::plane_reader::PlaneReader;

/// Decodes [`GroupPayload::PlaneVideos`] on the CPU.
///
/// All planes advance side by side, one picture at a time ("frame-major"), so the first frame of a
/// group of n is there after 1/n of the work. The luma of each video is taken as coded: no range or
/// matrix conversion, and one copy, into the frame's own memory.
pub struct PlaneVideoDecoder {
    group: Option<OpenGroup>,
    codec_name: Option<&'static str>,
}

/// A group that is being decoded.
struct OpenGroup {
    /// Number of the group, for messages.
    group: usize,
    frames: Range<usize>,
    /// The next frame to decode.
    next: usize,
    layout: PlaneLayout,
    ranges: Vec<Arc<AttributeRanges>>,
    /// One for each layer, in the layout's order.
    readers: Vec<Mutex<PlaneReader>>,
    /// Layers from the longest video to the shortest: the long ones take the longest, and the last
    /// one to start decides when all are done.
    order: Vec<usize>,
}

impl PlaneVideoDecoder {
    /// A decoder without a group.
    pub fn new() -> Self {
        library::prepare();
        Self {
            group: None,
            codec_name: None,
        }
    }
}

impl Default for PlaneVideoDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder for PlaneVideoDecoder {
    fn push(&mut self, packets: GroupPackets) -> Result<()> {
        self.group = None;
        let GroupPackets {
            group,
            frames,
            payload,
        } = packets;
        let GroupPayload::PlaneVideos {
            layout,
            ranges,
            videos,
        } = payload
        else {
            return Err(Error::unsupported(
                format!("group {group}"),
                "it holds no plane videos, which this decoder is for",
            ));
        };
        let open = OpenGroup::open(group, frames, layout, ranges, videos)?;
        self.codec_name = open.readers.first().map(|reader| lock(reader).codec_name());
        self.group = Some(open);
        Ok(())
    }

    fn next_frame(&mut self) -> Result<Option<Frame>> {
        let Some(group) = &mut self.group else {
            return Ok(None);
        };
        let frame = group.next_frame();
        if !matches!(frame, Ok(Some(_))) {
            self.group = None;
        }
        frame
    }

    fn engine(&self) -> Engine {
        library::engine(self.codec_name)
    }
}

impl OpenGroup {
    /// Opens every plane's video, side by side.
    fn open(
        group: usize,
        frames: Range<usize>,
        layout: PlaneLayout,
        ranges: Vec<Arc<AttributeRanges>>,
        videos: Vec<PlaneVideo>,
    ) -> Result<Self> {
        let name = format!("group {group}");
        layout.check(&name)?;
        limits::check(
            &name,
            "frames",
            frames.len() as u64,
            limits::MAX_GROUP_FRAMES,
        )?;
        if videos.len() != layout.layers() {
            return Err(Error::malformed(
                name,
                format!(
                    "it has {} plane videos where {} are needed; copy the clip again",
                    videos.len(),
                    layout.layers()
                ),
            ));
        }
        if ranges.len() != frames.len() {
            return Err(Error::malformed(
                name,
                format!(
                    "it has the value ranges of {} frames but holds {}; copy the clip again",
                    ranges.len(),
                    frames.len()
                ),
            ));
        }
        let mut order: Vec<usize> = (0..videos.len()).collect();
        order.sort_by_key(|layer| std::cmp::Reverse(videos[*layer].bytes.len()));
        let readers = videos
            .into_par_iter()
            .map(|video| PlaneReader::open(video, &layout, frames.len()).map(Mutex::new))
            .collect::<Vec<_>>()
            .into_iter()
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            group,
            next: frames.start,
            frames,
            layout,
            ranges,
            readers,
            order,
        })
    }

    fn next_frame(&mut self) -> Result<Option<Frame>> {
        if self.next >= self.frames.end {
            return Ok(None);
        }
        self.advance()?;
        if self.next == self.frames.start {
            self.adopt_side()?;
        }
        let samples = self.samples()?;
        let index = self.next;
        self.next += 1;
        Ok(Some(Frame {
            index,
            content: FrameContent::from(SplatFrame::Planes(PlaneFrame {
                layout: self.layout,
                ranges: Arc::clone(&self.ranges[index - self.frames.start]),
                samples,
            })),
        }))
    }

    /// Decodes the next picture of every plane, side by side.
    fn advance(&self) -> Result<()> {
        // Of several errors the one of the lowest layer is told, whichever thread was first.
        let worst: Mutex<Option<(usize, Error)>> = Mutex::new(None);
        self.order.iter().par_bridge().for_each(|&layer| {
            if let Err(error) = lock(&self.readers[layer]).advance() {
                let mut worst = lock(&worst);
                if worst.as_ref().is_none_or(|(other, _)| layer < *other) {
                    *worst = Some((layer, error));
                }
            }
        });
        match worst.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }

    /// Takes the side that the pictures really have, where all planes agree on one that holds the
    /// group's Gaussians: other packers may pad more.
    fn adopt_side(&mut self) -> Result<()> {
        let (width, height) = self.readers.first().map_or((0, 0), |r| lock(r).size());
        let all_agree = self
            .readers
            .iter()
            .all(|reader| lock(reader).size() == (width, height));
        if all_agree && width == height && width != self.layout.side {
            let adapted = PlaneLayout {
                side: width,
                ..self.layout
            };
            adapted.check(&format!("group {}", self.group))?;
            self.layout = adapted;
        }
        Ok(())
    }

    /// Copies the current picture of every plane into one run of memory.
    fn samples(&self) -> Result<Vec<u8>> {
        let side = self.layout.side;
        for reader in &self.readers {
            let reader = lock(reader);
            let (width, height) = reader.size();
            if (width, height) != (side, side) {
                return Err(Error::malformed(
                    reader.name(),
                    format!(
                        "its pictures are {width} x {height} pixels, but group {} with {} \
                         Gaussians has {side} x {side}; it belongs to another group or clip",
                        self.group, self.layout.count
                    ),
                ));
            }
        }
        let mut samples = vec![0; self.layout.samples()];
        samples
            .par_chunks_exact_mut(self.layout.plane_samples())
            .zip(&self.readers)
            .for_each(|(plane, reader)| lock(reader).copy_luma(plane));
        Ok(samples)
    }
}

/// A panic of another thread while it held the lock is passed on by rayon, so the content is sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
