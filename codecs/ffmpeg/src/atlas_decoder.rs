//! The atlas of a layer, to pictures.

use zoetrope_codecs::{AtlasDecoder, Engine, Error, Result, VideoStream};

use crate::library;
use crate::plane_reader::PlaneReader;

/// Decodes atlases on the CPU. The luma is taken as coded: no range or matrix conversion.
#[derive(Default)]
pub struct FfmpegAtlasDecoder {
    reader: Option<PlaneReader>,
    codec_name: Option<&'static str>,
}

impl FfmpegAtlasDecoder {
    /// A decoder without a video.
    pub fn new() -> Self {
        library::prepare();
        Self::default()
    }

    /// As [`Self::new`], as those take it who make one for each layer.
    pub fn boxed() -> Box<dyn AtlasDecoder> {
        Box::new(Self::new())
    }
}

impl AtlasDecoder for FfmpegAtlasDecoder {
    fn push(&mut self, name: &str, video: VideoStream, pictures: usize) -> Result<()> {
        self.reader = None;
        let reader = PlaneReader::open_stream(name, video, pictures)?;
        self.codec_name = Some(reader.codec_name());
        self.reader = Some(reader);
        Ok(())
    }

    fn next_picture(&mut self, luma: &mut [u8]) -> Result<()> {
        let Some(reader) = &mut self.reader else {
            return Err(Error::malformed("the atlas", "it has no more pictures"));
        };
        reader.advance()?;
        let (width, height) = reader.size();
        if width as usize * height as usize != luma.len() {
            return Err(Error::malformed(
                reader.name(),
                format!(
                    "its pictures are {width} x {height} pixels, which are not the {} that it says; \
                     copy the clip again",
                    luma.len()
                ),
            ));
        }
        reader.copy_luma(luma);
        Ok(())
    }

    fn engine(&self) -> Engine {
        library::engine(self.codec_name)
    }
}
