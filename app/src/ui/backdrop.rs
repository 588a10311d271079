//! A picture behind the clip.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, TryRecvError};

use egui::{Color32, ColorImage, Rect, TextureHandle, TextureOptions, Ui, pos2, vec2};
use zoetrope_render::Picture;

use crate::png_file;

/// Largest side that is kept, in pixels; larger pictures are made smaller.
const SIDE_MAX_PX: u32 = 4096;
/// Memory that reading a picture may take.
const READ_MAX_BYTES: usize = 512 << 20;

/// The picture and its file.
#[derive(Default)]
pub struct Backdrop {
    path: String,
    state: State,
}

#[derive(Default)]
enum State {
    /// No picture is wanted, or it cannot be had.
    #[default]
    Nothing,
    /// It is being read.
    Reading(Receiver<anyhow::Result<Picture>>),
    /// It is there.
    Ready(Arc<Picture>, TextureHandle),
}

impl Backdrop {
    /// Brings it up to what is wanted: the file at `path`, or none for an empty path. A sentence's
    /// end when it cannot be read, once.
    pub fn update(&mut self, path: &str, ctx: &egui::Context) -> Option<String> {
        if self.path != path {
            path.clone_into(&mut self.path);
            self.state = match path {
                "" => State::Nothing,
                path => State::Reading(read_aside(path.to_owned(), ctx.clone())),
            };
        }
        let State::Reading(result) = &self.state else {
            return None;
        };
        let read = match result.try_recv() {
            Ok(read) => read,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Err(anyhow::anyhow!("reading it failed")),
        };
        match read {
            Ok(picture) => {
                let size = [picture.width as usize, picture.height as usize];
                let image = ColorImage::from_rgba_unmultiplied(size, &picture.rgba);
                let texture = ctx.load_texture("backdrop", image, TextureOptions::LINEAR);
                self.state = State::Ready(Arc::new(picture), texture);
                None
            }
            Err(error) => {
                self.state = State::Nothing;
                Some(format!("{error:#}"))
            }
        }
    }

    /// The picture, once it is there.
    pub fn picture(&self) -> Option<&Arc<Picture>> {
        match &self.state {
            State::Ready(picture, _) => Some(picture),
            State::Nothing | State::Reading(_) => None,
        }
    }

    /// Fills `rect` with the picture, if it is there: as large as it must be to leave nothing free.
    pub fn paint(&self, ui: &Ui, rect: Rect) {
        if let State::Ready(_, texture) = &self.state {
            let uv = cover(texture.size_vec2(), rect.size());
            ui.painter().image(texture.id(), rect, uv, Color32::WHITE);
        }
    }
}

/// The part of a picture that covers an area, both sizes in any unit; 0 to 1.
fn cover(picture: egui::Vec2, area: egui::Vec2) -> Rect {
    let scale = (picture / area.max(vec2(1e-3, 1e-3))).min_elem();
    let part = scale * area / picture.max(vec2(1e-3, 1e-3));
    Rect::from_center_size(pos2(0.5, 0.5), part)
}

/// Reads on another thread, and wakes the interface when it is done.
fn read_aside(path: String, ctx: egui::Context) -> Receiver<anyhow::Result<Picture>> {
    let (sender, result) = mpsc::channel();
    let spawned = std::thread::Builder::new()
        .name("backdrop".to_owned())
        .spawn(move || {
            // Nobody listens any more when another one was chosen meanwhile.
            if sender.send(read(Path::new(&path))).is_ok() {
                ctx.request_repaint();
            }
        });
    if let Err(error) = spawned {
        // The receiver then learns that nobody sends.
        log::error!("the background picture cannot be read: {error}");
    }
    result
}

/// Reads a PNG; what is transparent in it becomes black.
fn read(path: &Path) -> anyhow::Result<Picture> {
    let file = File::open(path)?;
    let mut picture = png_file::decode(BufReader::new(file), READ_MAX_BYTES)?;
    for pixel in picture.rgba.chunks_exact_mut(4) {
        let alpha = u16::from(pixel[3]);
        for channel in &mut pixel[..3] {
            *channel = ((u16::from(*channel) * alpha + 127) / 255) as u8;
        }
        pixel[3] = 255;
    }
    let largest = picture.width.max(picture.height);
    Ok(match largest.div_ceil(SIDE_MAX_PX) {
        0 | 1 => picture,
        factor => picture.downsample(factor),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayAlphaImage, GrayImage, ImageFormat, RgbImage, RgbaImage};

    #[test]
    fn the_picture_covers_all_and_keeps_its_shape() {
        let wide = cover(vec2(400.0, 100.0), vec2(50.0, 50.0));
        assert_eq!(wide, Rect::from_min_max(pos2(0.375, 0.0), pos2(0.625, 1.0)));
        let high = cover(vec2(100.0, 400.0), vec2(100.0, 100.0));
        assert_eq!(high, Rect::from_min_max(pos2(0.0, 0.375), pos2(1.0, 0.625)));
        assert!(cover(vec2(0.0, 0.0), vec2(0.0, 0.0)).is_finite());
    }

    #[test]
    fn every_kind_of_png_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.png");
        let read_back = |save: &dyn Fn()| {
            save();
            let picture = read(&path).expect("a picture");
            assert_eq!((picture.width, picture.height), (2, 1));
            picture.rgba[..4].to_vec()
        };
        let format = ImageFormat::Png;
        let rgb = RgbImage::from_pixel(2, 1, image::Rgb([10, 20, 30]));
        let save = || rgb.save_with_format(&path, format).expect("saved");
        assert_eq!(read_back(&save), [10, 20, 30, 255]);
        let rgba = RgbaImage::from_pixel(2, 1, image::Rgba([100, 200, 50, 128]));
        let save = || rgba.save_with_format(&path, format).expect("saved");
        assert_eq!(read_back(&save), [50, 100, 25, 255]);
        let grey = GrayImage::from_pixel(2, 1, image::Luma([77]));
        let save = || grey.save_with_format(&path, format).expect("saved");
        assert_eq!(read_back(&save), [77, 77, 77, 255]);
        let grey = GrayAlphaImage::from_pixel(2, 1, image::LumaA([77, 0]));
        let save = || grey.save_with_format(&path, format).expect("saved");
        assert_eq!(read_back(&save), [0, 0, 0, 255]);
    }

    #[test]
    fn large_pictures_become_smaller() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.png");
        let wide = GrayImage::from_pixel(SIDE_MAX_PX + 2, 4, image::Luma([9]));
        wide.save(&path).expect("saved");
        let picture = read(&path).expect("a picture");
        assert_eq!((picture.width, picture.height), (SIDE_MAX_PX / 2 + 1, 2));
        assert_eq!(picture.rgba[..4], [9, 9, 9, 255]);
    }

    #[test]
    fn what_is_no_picture_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.png");
        assert!(read(&path).is_err());
        std::fs::write(&path, b"no picture").expect("saved");
        let error = read(&path).expect_err("it is text");
        assert!(format!("{error:#}").starts_with("it is no PNG picture"));
        // A header that promises more than there is memory for.
        let mut bytes = Vec::new();
        let encoder = png::Encoder::new(&mut bytes, 1 << 20, 1 << 20);
        drop(encoder.write_header().expect("a header"));
        std::fs::write(&path, &bytes).expect("saved");
        assert!(read(&path).is_err());
    }
}
