//! A folder or a pattern of pictures as the frames of a video.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use image::{ImageReader, RgbImage};
use zoetrope_codecs::source::natural_order;
use zoetrope_codecs::{Cancel, Error};
use zoetrope_encode::PackError;
use zoetrope_encode::fit::FrameSource;

/// Ends of the names of pictures.
const ENDS: [&str; 3] = ["png", "jpg", "jpeg"];

/// Pictures in the order of their names, numbers in them by their value.
pub struct Pictures {
    paths: Vec<PathBuf>,
    next: usize,
    first: RgbImage,
    frame_rate: f64,
}

impl Pictures {
    /// The pictures of a folder, or those that a pattern fits.
    ///
    /// # Errors
    /// When there are none, and when the first one cannot be read.
    pub fn open(video: &Path, frame_rate: f64) -> anyhow::Result<Self> {
        let mut paths: Vec<PathBuf> = if video.is_dir() {
            let entries = fs::read_dir(video);
            let entries = entries.with_context(|| format!("cannot read {}", video.display()))?;
            let paths = entries.map(|entry| entry.map(|entry| entry.path()));
            paths.collect::<Result<_, _>>()?
        } else {
            let pattern = video.to_string_lossy();
            let found = glob::glob(&pattern);
            let found = found.with_context(|| format!("{pattern} is no pattern of names"))?;
            found.collect::<Result<_, _>>()?
        };
        paths.retain(|path| {
            let end = path.extension().map(|end| end.to_ascii_lowercase());
            end.is_some_and(|end| ENDS.iter().any(|known| end == *known))
        });
        paths.sort_by(|a, b| natural_order(&a.to_string_lossy(), &b.to_string_lossy()));
        let Some(first) = paths.first() else {
            bail!(
                "there are no pictures at {}; give a folder or a pattern of PNG or JPEG files",
                video.display()
            );
        };
        Ok(Self {
            first: read(first)?,
            next: 0,
            paths,
            frame_rate,
        })
    }
}

fn read(path: &Path) -> zoetrope_encode::Result<RgbImage> {
    let picture = ImageReader::open(path).map_err(|error| error.to_string());
    let picture = picture.and_then(|reader| {
        let reader = reader
            .with_guessed_format()
            .map_err(|error| error.to_string())?;
        reader.decode().map_err(|error| error.to_string())
    });
    let picture = picture.map_err(|error| {
        let name = path.display().to_string();
        PackError::Codec(Error::malformed(
            name,
            format!("it cannot be read: {error}"),
        ))
    })?;
    Ok(picture.into_rgb8())
}

impl FrameSource for Pictures {
    fn size(&self) -> [usize; 2] {
        let (width, height) = self.first.dimensions();
        [width as usize, height as usize]
    }

    fn frame_rate(&self) -> f64 {
        self.frame_rate
    }

    fn frame_count(&self) -> Option<usize> {
        Some(self.paths.len())
    }

    fn next_frame(&mut self, cancel: &Cancel) -> zoetrope_encode::Result<Option<Vec<u8>>> {
        cancel.check()?;
        let Some(path) = self.paths.get(self.next) else {
            return Ok(None);
        };
        let picture = read(path)?;
        if picture.dimensions() != self.first.dimensions() {
            return Err(PackError::Unfit {
                reason: format!("{} has another size than the first picture", path.display()),
            });
        }
        self.next += 1;
        Ok(Some(picture.into_raw()))
    }
}
