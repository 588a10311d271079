//! Flat pictures one after the other: what a neural video is made of, and what it is compared with.

use crate::{Cancel, Error, FrameContent, FrameReader, PictureFrame, Result};

/// What a row of pictures is.
#[derive(Clone, Debug, PartialEq)]
pub struct PicturesInfo {
    /// Name for people.
    pub title: String,
    /// Width and height of every picture in pixels.
    pub size: [u32; 2],
    /// How many there are.
    pub count: usize,
    /// Pictures a second, where that is known.
    pub frame_rate: Option<f64>,
}

/// A row of flat pictures, any of which can be had.
pub trait PictureSource: Send {
    /// What they are.
    fn info(&self) -> &PicturesInfo;

    /// One of them. The one behind the last that was asked for is the cheapest to have.
    ///
    /// # Errors
    /// [`Error::NoSuchFrame`] behind the last one, anything else of [`Error`] when it is damaged;
    /// [`Error::Cancelled`] soon after `cancel`.
    fn picture(&mut self, index: usize, cancel: &Cancel) -> Result<PictureFrame>;
}

/// The pictures of a flat clip.
pub struct ClipPictures {
    reader: FrameReader,
    info: PicturesInfo,
}

impl ClipPictures {
    /// The pictures that `reader` decodes on the CPU.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the clip is not flat.
    pub fn new(reader: FrameReader) -> Result<Self> {
        let clip = reader.info();
        let Some(picture) = clip.picture else {
            return Err(not_flat(&clip.title));
        };
        let info = PicturesInfo {
            title: clip.title.clone(),
            size: picture.size,
            count: clip.frame_count,
            frame_rate: clip.frame_rate_known.then_some(clip.frame_rate),
        };
        Ok(Self { reader, info })
    }
}

impl PictureSource for ClipPictures {
    fn info(&self) -> &PicturesInfo {
        &self.info
    }

    fn picture(&mut self, index: usize, cancel: &Cancel) -> Result<PictureFrame> {
        match self.reader.frame(index, cancel)? {
            FrameContent::Picture(picture) => Ok((*picture).clone()),
            FrameContent::Neural(_) | FrameContent::Splats(_) => Err(not_flat(&self.info.title)),
        }
    }
}

fn not_flat(title: &str) -> Error {
    Error::unsupported(title, "it has no flat pictures; give a video or pictures")
}
