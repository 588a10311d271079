//! The poster of a clip and its pictures for the time bar.

use anyhow::Context as _;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder as _};
use zoetrope_codecs::{Cancel, FrameReader, Thumbnails};
use zoetrope_encode::zoe::Pictures;
use zoetrope_render::{Background, Filter, Picture, View};

use crate::cli::EngineArg;
use crate::offscreen::{Offscreen, Scene};
use crate::output;

/// Pictures for the time bar: closer together, a hand cannot tell them apart.
const THUMBNAILS: std::ops::RangeInclusive<usize> = 8..=60;
/// Seconds between two of them in a short clip.
const THUMBNAIL_SECONDS: f64 = 0.5;
/// Size of a picture for the time bar.
const THUMBNAIL_SIZE: [u32; 2] = [160, 90];
/// Size of the poster.
const POSTER_SIZE: [u32; 2] = [640, 360];
/// What stands behind the Gaussians, sRGB 0 to 1: the window's own.
const BACKGROUND: [f32; 3] = [13.0 / 255.0, 14.0 / 255.0, 17.0 / 255.0];
/// JPEG quality, 1 to 100.
const JPEG_QUALITY: u8 = 82;
/// The part of the clip that the poster is from: beginnings are often empty.
const POSTER_AT: f64 = 0.3;

/// Draws the pictures of `input` from its first view.
///
/// # Errors
/// When nothing can be drawn, and when a frame cannot be read.
pub fn draw(input: &mut FrameReader, cancel: &Cancel) -> anyhow::Result<Pictures> {
    let [width, height] = THUMBNAIL_SIZE;
    let scene = Scene::of(input, width as f32 / height as f32, cancel)?;
    let mut offscreen = Offscreen::new(EngineArg::Gpu)?;
    let count = input.info().frame_count;
    let spread = (input.info().duration() / THUMBNAIL_SECONDS) as usize;
    let shown = spread
        .clamp(*THUMBNAILS.start(), *THUMBNAILS.end())
        .min(count);
    let bar = output::progress_bar(shown as u64 + 1);
    bar.set_message("drawing thumbnails");
    let mut jpeg = |input: &mut FrameReader, index: usize, size: [u32; 2]| {
        cancel.check()?;
        let frame = input.frame(index, cancel)?;
        let filter = Filter::of(&frame);
        // Drawn at twice the size, so that edges are smooth.
        let view = View {
            camera: scene.camera,
            width: 2 * size[0],
            height: 2 * size[1],
            background: Background::Opaque(BACKGROUND),
            filter,
            sh_degree: 3,
        };
        let picture = offscreen.draw(&frame, &view)?;
        bar.inc(1);
        encode(&picture.downsample(2))
    };
    let frames: Vec<usize> = (0..shown).map(|k| k * count / shown).collect();
    let jpegs = frames
        .iter()
        .map(|index| jpeg(input, *index, THUMBNAIL_SIZE))
        .collect::<anyhow::Result<_>>()?;
    let poster = jpeg(input, (POSTER_AT * count as f64) as usize, POSTER_SIZE)?;
    bar.finish_and_clear();
    Ok(Pictures {
        poster,
        thumbnails: Thumbnails {
            width,
            height,
            frames,
            jpegs,
        },
    })
}

fn encode(picture: &Picture) -> anyhow::Result<Vec<u8>> {
    let (width, height) = (picture.width, picture.height);
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
        .write_image(&picture.rgb(), width, height, ExtendedColorType::Rgb8)
        .context("a thumbnail cannot be encoded")?;
    Ok(bytes)
}
