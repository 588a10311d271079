//! Ordinary videos and pictures, one RGB picture at a time.

mod pixels;
mod video;

use std::sync::Arc;

use zoetrope_codecs::pictures::{PictureSource, PicturesInfo};
use zoetrope_codecs::source::Source;
use zoetrope_codecs::{Cancel, Error, PictureFrame, Result, limits};

use video::Video;

/// The pictures of a video file, or of picture files (PNG, JPEG and others) that are a picture each.
pub struct FfmpegPictures {
    info: PicturesInfo,
    content: Content,
}

enum Content {
    Video(Box<Video>),
    Files(Vec<Arc<dyn Source>>),
}

impl FfmpegPictures {
    /// Opens a video file, or a picture.
    ///
    /// # Errors
    /// [`Error::Malformed`] when there is no video in it or it is damaged, [`Error::Unsupported`] for a codec or
    /// container that is none of those that are read, [`Error::Limit`]; [`Error::Cancelled`].
    pub fn open(source: Arc<dyn Source>, cancel: &Cancel) -> Result<Self> {
        let title = source.name().to_owned();
        let mut video = Video::open(source, cancel)?;
        let first = video.picture(0, cancel)?;
        Ok(Self {
            info: PicturesInfo {
                title,
                size: [first.width, first.height],
                count: video.count(),
                frame_rate: video.frame_rate(),
            },
            content: Content::Video(Box::new(video)),
        })
    }

    /// Opens picture files, each of which is one picture, all of one size.
    ///
    /// # Errors
    /// As [`Self::open`]; [`Error::Malformed`] when there is none.
    pub fn of_files(title: &str, files: Vec<Arc<dyn Source>>, cancel: &Cancel) -> Result<Self> {
        let Some(first) = files.first() else {
            return Err(Error::malformed(title, "there is no picture in it"));
        };
        limits::check(title, "pictures", files.len() as u64, limits::MAX_FRAMES)?;
        let first = only_picture(first, cancel)?;
        Ok(Self {
            info: PicturesInfo {
                title: title.to_owned(),
                size: [first.width, first.height],
                count: files.len(),
                frame_rate: None,
            },
            content: Content::Files(files),
        })
    }
}

impl PictureSource for FfmpegPictures {
    fn info(&self) -> &PicturesInfo {
        &self.info
    }

    fn picture(&mut self, index: usize, cancel: &Cancel) -> Result<PictureFrame> {
        let count = self.info.count;
        let (name, picture) = match &mut self.content {
            Content::Video(video) if index < count => {
                (self.info.title.clone(), video.picture(index, cancel)?)
            }
            Content::Files(files) if index < count => {
                let file = &files[index];
                (file.name().to_owned(), only_picture(file, cancel)?)
            }
            _ => {
                return Err(Error::NoSuchFrame {
                    frame: index,
                    count,
                });
            }
        };
        let (size, wanted) = ([picture.width, picture.height], self.info.size);
        if size != wanted {
            return Err(Error::unsupported(
                name,
                format!(
                    "picture {index} has {} x {} pixels, and the first one has {} x {}; bring all to one size",
                    size[0], size[1], wanted[0], wanted[1]
                ),
            ));
        }
        Ok(picture)
    }
}

fn only_picture(file: &Arc<dyn Source>, cancel: &Cancel) -> Result<PictureFrame> {
    Video::open(file.clone(), cancel)?.picture(0, cancel)
}
