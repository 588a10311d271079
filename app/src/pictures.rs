//! Ordinary videos and pictures: what neural video is made of and compared with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use zoetrope_codecs::pictures::{ClipPictures, PictureSource};
use zoetrope_codecs::source::{FileFolder, FileSource, Folder, Source, natural_order};
use zoetrope_codecs::{Cancel, FrameReader, PictureFrame};
use zoetrope_ffmpeg::FfmpegPictures;
use zoetrope_render::Picture;

use crate::open::{ClipTarget, FilePattern, NeuralEngine, OpenClip, OpenOptions, open_clip_with};

/// How names of picture files end.
pub const PICTURE_EXTENSIONS: [&str; 8] =
    ["png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "ppm"];

/// Whether a name is that of a picture file.
pub fn is_picture(path: &Path) -> bool {
    let end = path.extension().and_then(|end| end.to_str());
    end.is_some_and(|end| {
        let mut known = PICTURE_EXTENSIONS.iter();
        known.any(|known| end.eq_ignore_ascii_case(known))
    })
}

/// Opens a video file, a folder or a pattern of pictures, or a flat clip, which is decoded on the CPU.
///
/// # Errors
/// One sentence that says what is wrong with it and what would work.
pub fn open_pictures(path: &Path, cancel: &Cancel) -> anyhow::Result<Box<dyn PictureSource>> {
    let title = ClipTarget::from(path).name();
    if path.is_dir() {
        let files = pictures_in(path)?;
        return Ok(Box::new(of_files(&title, &files, cancel)?));
    }
    if let Some(pattern) = FilePattern::of(path) {
        let mut files = pattern.files()?;
        files.sort_by(|a, b| natural_order(&a.to_string_lossy(), &b.to_string_lossy()));
        return Ok(Box::new(of_files(&title, &files, cancel)?));
    }
    let options = OpenOptions {
        neural: NeuralEngine::Cpu,
        ..OpenOptions::default()
    };
    if let Ok(OpenClip { demuxer, decoder }) = open_clip_with(&path.into(), &options, cancel) {
        let clip = ClipPictures::new(FrameReader::new(demuxer, decoder))?;
        return Ok(Box::new(clip));
    }
    let source: Arc<dyn Source> = Arc::new(FileSource::open(path)?);
    Ok(Box::new(FfmpegPictures::open(source, cancel)?))
}

/// The pictures in a folder, by their numbers and names.
fn pictures_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let names = FileFolder::open(folder)?.list()?.unwrap_or_default();
    let files: Vec<PathBuf> = names
        .iter()
        .map(Path::new)
        .filter(|name| is_picture(name))
        .map(|name| folder.join(name))
        .collect();
    if files.is_empty() {
        bail!(
            "there are no pictures in {}; give a video, or a folder of PNG or JPEG files",
            folder.display()
        );
    }
    Ok(files)
}

fn of_files(title: &str, files: &[PathBuf], cancel: &Cancel) -> anyhow::Result<FfmpegPictures> {
    let sources = files.iter().map(|path| -> anyhow::Result<Arc<dyn Source>> {
        let source = FileSource::open(path).with_context(|| path.display().to_string())?;
        Ok(Arc::new(source))
    });
    let sources = sources.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(FfmpegPictures::of_files(title, sources, cancel)?)
}

/// The middle of a picture, as large as what is compared with it: published networks were made of that.
///
/// # Errors
/// When the picture is smaller.
pub fn middle_of(picture: PictureFrame, [width, height]: [u32; 2]) -> anyhow::Result<Picture> {
    if picture.width < width || picture.height < height {
        bail!(
            "the source has {} x {} pixels, and the clip {width} x {height}; choose the video that the clip was made of",
            picture.width,
            picture.height
        );
    }
    let (left, top) = ((picture.width - width) / 2, (picture.height - height) / 2);
    let rows = picture.rgba.chunks_exact(4 * picture.width as usize);
    let rows = rows.skip(top as usize).take(height as usize);
    let bytes = 4 * left as usize..4 * (left + width) as usize;
    Ok(Picture {
        width,
        height,
        rgba: rows.flat_map(|row| &row[bytes.clone()]).copied().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_patterns_are_in_the_order_of_their_numbers() {
        let folder = tempfile::tempdir().expect("a folder");
        for number in [1, 2, 10] {
            let path = folder.path().join(format!("f{number}.png"));
            let picture = image::GrayImage::from_pixel(2, 2, image::Luma([number]));
            picture.save(path).expect("a file");
        }
        std::fs::write(folder.path().join("notes.txt"), "no picture").expect("a file");
        let cancel = Cancel::new();
        for path in [folder.path().to_owned(), folder.path().join("f{}.png")] {
            let mut pictures = open_pictures(&path, &cancel).expect("pictures");
            assert_eq!((pictures.info().size, pictures.info().count), ([2, 2], 3));
            let greys = [0, 1, 2].map(|index| {
                let picture = pictures.picture(index, &cancel);
                picture.expect("a picture").rgba[0]
            });
            assert_eq!(greys, [1, 2, 10]);
        }
        let one = open_pictures(&folder.path().join("f2.png"), &cancel).expect("a picture");
        assert_eq!(one.info().count, 1);
    }

    #[test]
    fn what_has_no_pictures_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = |path: &Path| match open_pictures(path, &Cancel::new()) {
            Ok(_) => panic!("{} opens", path.display()),
            Err(error) => error.to_string(),
        };
        assert!(error(folder.path()).contains("there are no pictures"));
        assert!(error(&folder.path().join("missing.mp4")).contains("no such file"));
        let text = folder.path().join("a.mp4");
        std::fs::write(&text, "this is not a video, whatever its name may say").expect("a file");
        assert!(error(&text).contains("it is no video"));
    }

    #[test]
    fn a_clip_of_gaussians_is_refused_as_such() {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../codecs/tests/data/wave_0001.sog");
        let error = open_pictures(&demo, &Cancel::new())
            .err()
            .expect("is not flat");
        assert!(error.to_string().contains("no flat pictures"), "{error}");
    }
}
