//! An ordinary video, or pictures, as the frames to fit.

use std::path::Path;

use zoetrope_app::pictures::open_pictures;
use zoetrope_codecs::Cancel;
use zoetrope_codecs::pictures::PictureSource;
use zoetrope_encode::fit::FrameSource;

/// Frames a second of pictures that do not say.
const FRAME_RATE: f64 = 30.0;

/// The pictures of a source, one after the other.
pub struct Pictures {
    source: Box<dyn PictureSource>,
    next: usize,
    frame_rate: f64,
}

impl Pictures {
    /// What lies at `video`, at its own frame rate unless another is wanted.
    ///
    /// # Errors
    /// As [`open_pictures`].
    pub fn open(video: &Path, frame_rate: Option<f64>, cancel: &Cancel) -> anyhow::Result<Self> {
        let source = open_pictures(video, cancel)?;
        let own = source.info().frame_rate;
        Ok(Self {
            frame_rate: frame_rate.or(own).unwrap_or(FRAME_RATE),
            source,
            next: 0,
        })
    }
}

impl FrameSource for Pictures {
    fn size(&self) -> [usize; 2] {
        self.source.info().size.map(|side| side as usize)
    }

    fn frame_rate(&self) -> f64 {
        self.frame_rate
    }

    fn frame_count(&self) -> Option<usize> {
        Some(self.source.info().count)
    }

    fn next_frame(&mut self, cancel: &Cancel) -> zoetrope_encode::Result<Option<Vec<u8>>> {
        if self.next >= self.source.info().count {
            return Ok(None);
        }
        let picture = self.source.picture(self.next, cancel)?;
        self.next += 1;
        let (pixels, _) = picture.rgba.as_chunks::<4>();
        let rgb = pixels
            .iter()
            .flat_map(|[red, green, blue, _]| [*red, *green, *blue]);
        Ok(Some(rgb.collect()))
    }
}
