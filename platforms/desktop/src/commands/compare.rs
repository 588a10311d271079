//! `zoetrope compare`: how far two clips differ in what is seen of them.

use anyhow::Context as _;
use serde::Serialize;
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
    /// Camera on the ring.
    pub camera: usize,
    /// dB; `None` when the pictures are equal.
    pub psnr: Option<f64>,
    /// Structural similarity, 1 when equal.
    pub ssim: f64,
}

/// Compares two clips and prints the result.
///
/// # Errors
/// When either cannot be opened or drawn.
pub fn run(args: &CompareArgs, cancel: &Cancel) -> anyhow::Result<()> {
    let mut a = open(&args.a, cancel)?;
    let mut b = open(&args.b, cancel)?;
    let (count_a, count_b) = (a.info().frame_count, b.info().frame_count);
    if count_a != count_b {
        log::warn!("the clips have {count_a} and {count_b} frames; the shorter one is compared");
    }
    let frames: Vec<usize> = (0..count_a.min(count_b))
        .step_by(args.every as usize)
        .collect();
    let comparison = compare(
        &mut a,
        &mut b,
        &frames,
        args.cameras as usize,
        &args.picture,
        cancel,
    )?;
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
        output::print(&format!(
            "frame {frame}\tcamera {camera}\t{}\tSSIM {ssim:.4}",
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
            pictures.push(compare_pictures(frame, camera, &picture_a, &picture_b)?);
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
    camera: usize,
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
