//! `zoetrope compare`: how far two clips, or two videos, differ in what is seen of them.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;
use zoetrope_app::pictures::{middle_of, open_pictures};
use zoetrope_codecs::pictures::PictureSource;
use zoetrope_codecs::splat::Axes;
use zoetrope_codecs::{Cancel, FrameContent, FrameReader, SplatFrame, UpAxis};
use zoetrope_render::{Camera, Filter, Picture};

use crate::cli::{CompareArgs, EngineArg, PictureArgs};
use crate::offscreen::{self, Offscreen, Scene};
use crate::open::open;
use crate::output;

/// The comparison, as `--json` prints it.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// Every picture compared.
    pub pictures: Vec<PictureComparison>,
    /// Smallest PSNR, dB; `None` when all pictures are equal.
    pub psnr_min: Option<f64>,
    /// PSNR of the mean squared error over all pictures, dB; `None` when all are equal.
    pub psnr: Option<f64>,
    /// Mean SSIM.
    pub ssim: f64,
}

/// One picture of either clip.
#[derive(Debug, Serialize)]
pub struct PictureComparison {
    /// Frame, counted from 0.
    pub frame: usize,
    /// Camera on the ring; `None` of flat pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera: Option<usize>,
    /// dB; `None` when the pictures are equal.
    pub psnr: Option<f64>,
    /// Structural similarity, 1 when equal.
    pub ssim: f64,
}

/// Compares two clips, or two videos, and prints the result.
///
/// # Errors
/// When either cannot be opened or drawn.
pub fn run(args: &CompareArgs, cancel: &Cancel) -> anyhow::Result<()> {
    let (a, b) = (open(&args.a, cancel), open(&args.b, cancel));
    let has_sides =
        |clip: &anyhow::Result<FrameReader>| clip.as_ref().is_ok_and(|clip| !clip.info().is_flat());
    let comparison = if has_sides(&a) || has_sides(&b) {
        let (mut a, mut b) = (a?, b?);
        let frames = frames(args, a.info().frame_count, b.info().frame_count);
        let cameras = args.cameras as usize;
        compare(&mut a, &mut b, &frames, cameras, &args.picture, cancel)?
    } else {
        // What is a clip tells best why it cannot be opened.
        let pictures = |path: &Path, clip: anyhow::Result<FrameReader>| {
            open_pictures(path, cancel).map_err(|error| clip.err().unwrap_or(error))
        };
        let (mut a, mut b) = (pictures(&args.a, a)?, pictures(&args.b, b)?);
        let frames = frames(args, a.info().count, b.info().count);
        compare_flat(&mut *a, &mut *b, &frames, cancel)?
    };
    if args.json {
        return output::print_json(&comparison);
    }
    for PictureComparison {
        frame,
        camera,
        psnr,
        ssim,
    } in &comparison.pictures
    {
        let camera = camera.map_or_else(String::new, |camera| format!("camera {camera}"));
        output::print(&format!(
            "frame {frame}\t{camera}\t{}\tSSIM {ssim:.4}",
            decibels(*psnr)
        ))?;
    }
    output::print(&format!(
        "all\t\t{}\tSSIM {:.4}\tworst {}",
        decibels(comparison.psnr),
        comparison.ssim,
        decibels(comparison.psnr_min)
    ))
}

/// The frames to compare of clips with so many.
fn frames(args: &CompareArgs, a: usize, b: usize) -> Vec<usize> {
    if a != b {
        log::warn!("the clips have {a} and {b} frames; the shorter one is compared");
    }
    (0..a.min(b)).step_by(args.every as usize).collect()
}

/// Compares `frames` of two rows of pictures; where one has larger pictures, their middle counts.
fn compare_flat(
    a: &mut dyn PictureSource,
    b: &mut dyn PictureSource,
    frames: &[usize],
    cancel: &Cancel,
) -> anyhow::Result<Comparison> {
    let (size_a, size_b) = (a.info().size, b.info().size);
    let size = [0, 1].map(|axis| size_a[axis].min(size_b[axis]));
    if size_a != size_b {
        log::warn!(
            "the pictures have {} x {} and {} x {} pixels; their middle is compared",
            size_a[0],
            size_a[1],
            size_b[0],
            size_b[1]
        );
    }
    let bar = output::progress_bar(frames.len() as u64);
    bar.set_message("comparing pictures");
    let mut pictures = Vec::new();
    for &frame in frames {
        let ours = middle_of(a.picture(frame, cancel)?, size)?;
        let theirs = middle_of(b.picture(frame, cancel)?, size)?;
        pictures.push(compare_pictures(frame, None, &ours, &theirs)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(summary(pictures))
}

/// Draws `frames` of both clips from `cameras` places on a ring around the first and compares them.
///
/// # Errors
/// When a frame cannot be decoded or drawn.
pub fn compare(
    a: &mut FrameReader,
    b: &mut FrameReader,
    frames: &[usize],
    cameras: usize,
    picture: &PictureArgs,
    cancel: &Cancel,
) -> anyhow::Result<Comparison> {
    let aspect = picture.size.width as f32 / picture.size.height as f32;
    let scene = Scene::of(a, aspect, cancel)?;
    let ring = Camera::ring(scene.bounds, scene.up, cameras);
    let mut offscreen = Offscreen::new(EngineArg::Gpu)?;
    let bar = output::progress_bar((frames.len() * ring.len()) as u64);
    bar.set_message("comparing pictures");
    let mut pictures = Vec::new();
    for &frame in frames {
        // Both may hold a damaged file of one name.
        let frame_a = a.frame(frame, cancel);
        let frame_a = frame_a.with_context(|| a.info().title.clone())?;
        let frame_b = b.frame(frame, cancel);
        let frame_b = frame_b.with_context(|| b.info().title.clone())?;
        let frame_b = turned(frame_b, b.info().up, a.info().up);
        for (camera, at) in ring.iter().enumerate() {
            cancel.check()?;
            let view = offscreen::view(picture, *at, Filter::of(&frame_a), 1);
            let picture_a = offscreen.draw(&frame_a, &view)?;
            let picture_b = offscreen.draw(&frame_b, &view)?;
            pictures.push(compare_pictures(
                frame,
                Some(camera),
                &picture_a,
                &picture_b,
            )?);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(summary(pictures))
}

/// A frame of a clip in which `from` is up, in a space in which `to` is, where half a turn leads there:
/// formats differ in that.
fn turned(frame: FrameContent, from: UpAxis, to: UpAxis) -> FrameContent {
    match (frame.splats(), Axes::with_up(from), Axes::with_up(to)) {
        (Some(splats), Some(from_axes), Some(to_axes)) if from_axes != to_axes => {
            let cloud = splats.to_cloud_with_up(from).with_axes(to_axes);
            SplatFrame::Cloud(cloud).into()
        }
        _ => frame,
    }
}

fn compare_pictures(
    frame: usize,
    camera: Option<usize>,
    a: &Picture,
    b: &Picture,
) -> anyhow::Result<PictureComparison> {
    Ok(PictureComparison {
        frame,
        camera,
        psnr: Some(a.psnr(b)?).filter(|psnr| psnr.is_finite()),
        ssim: a.ssim(b)?,
    })
}

fn summary(pictures: Vec<PictureComparison>) -> Comparison {
    let count = pictures.len().max(1) as f64;
    let mse: f64 = pictures
        .iter()
        .map(|picture| picture.psnr.map_or(0.0, |psnr| 10f64.powf(-psnr / 10.0)))
        .sum::<f64>()
        / count;
    Comparison {
        psnr_min: pictures
            .iter()
            .filter_map(|picture| picture.psnr)
            .min_by(f64::total_cmp),
        psnr: (mse > 0.0).then(|| -10.0 * mse.log10()),
        ssim: pictures.iter().map(|picture| picture.ssim).sum::<f64>() / count,
        pictures,
    }
}

/// "41.23 dB", or "equal".
pub fn decibels(psnr: Option<f64>) -> String {
    psnr.map_or_else(|| "equal".to_owned(), |psnr| format!("{psnr:.2} dB"))
}
