//! `zoetrope pack`: a clip out of a sequence of splat files, or of a neural video.

mod neural;
mod pictures;
mod sound;
mod v3;
mod zoe;

use anyhow::{Context as _, bail};
use indicatif::ProgressBar;
use zoetrope_codecs::{Cancel, FrameReader};
use zoetrope_encode::{PackError, PackOptions, Progress};

use crate::args::{Colour, Size};
use crate::cli::{FormatArg, PackArgs, PictureArgs};
use crate::commands::compare::{self, Comparison, decibels};
use crate::open::{open, open_with};
use crate::output;

/// Frames that are drawn at the end to measure the PSNR.
const PSNR_FRAMES: usize = 10;
/// Cameras that each of them is drawn from.
const PSNR_CAMERAS: usize = 3;

/// Packs a clip and reports its size and quality.
///
/// # Errors
/// When the input cannot be read or the output cannot be written; no half clip is left behind then.
/// When nothing can be drawn to measure the PSNR; the clip is complete then.
pub fn run(args: &PackArgs, cancel: &Cancel) -> anyhow::Result<()> {
    let mut input = open_with(&args.input, &args.neural.options(None), cancel)?;
    let only_zoe = args.ladder || args.camera_path.is_some() || args.audio.is_some();
    if args.format == FormatArg::V3 && only_zoe {
        bail!("V3 clips have no layers, camera path or sound; leave --format v3 out for those");
    }
    let is_flat = input.info().is_flat();
    match args.format {
        FormatArg::V3 if is_flat => bail!("V3 clips have no flat pictures; leave --format v3 out"),
        FormatArg::Zoe if is_flat => neural::run(args, &mut input, cancel),
        FormatArg::Zoe => zoe::run(args, &mut input, cancel),
        FormatArg::V3 => v3::run(args, &mut input, cancel),
    }?;
    for warning in &input.info().warnings {
        log::warn!("{}: {warning}", args.input.display());
    }
    Ok(())
}

/// What was asked for; where nothing was, what the input says of itself.
fn options(args: &PackArgs, input: &FrameReader, quality: u8, group_frames: usize) -> PackOptions {
    let info = input.info();
    PackOptions {
        frame_rate: args.fps.unwrap_or(info.frame_rate),
        quality: args.quality.unwrap_or(quality),
        group_frames: args.group.map_or(group_frames, |frames| frames as usize),
        up: args.up.unwrap_or(info.up),
        camera: args.camera.or(info.camera),
        title: args.words.title.clone(),
        credit: args.words.credit.clone().or_else(|| info.credit.clone()),
        licence: args.words.license.clone().or_else(|| info.licence.clone()),
        ..PackOptions::default()
    }
}

/// A cancelled pack is told like every other cancelled command.
fn told(error: PackError) -> anyhow::Error {
    if error.is_cancelled() {
        zoetrope_codecs::Error::Cancelled.into()
    } else {
        error.into()
    }
}

/// Draws some frames of the packed clip and of its input, unless that was not wanted.
fn compare_with_input(
    args: &PackArgs,
    input: &mut FrameReader,
    cancel: &Cancel,
) -> anyhow::Result<Option<Comparison>> {
    if args.no_psnr {
        return Ok(None);
    }
    let mut compare = || -> anyhow::Result<Comparison> {
        let mut packed = open(&args.output, cancel)?;
        let count = packed.info().frame_count;
        let shown = count.min(PSNR_FRAMES);
        let frames: Vec<usize> = (0..shown).map(|k| k * count / shown).collect();
        let picture = PictureArgs {
            size: Size {
                width: 1280,
                height: 720,
            },
            background: Colour([0.0; 3]),
            mip: false,
            sh_degree: 3,
        };
        // A flat picture looks the same from everywhere.
        let cameras = if input.info().is_flat() {
            1
        } else {
            PSNR_CAMERAS
        };
        compare::compare(input, &mut packed, &frames, cameras, &picture, cancel)
    };
    compare().map(Some).with_context(|| {
        format!(
            "{} is packed, but cannot be compared with its input (--no-psnr leaves that out)",
            args.output.display()
        )
    })
}

/// The first line of a report.
fn heading(args: &PackArgs, [frames, groups, gaussians]: [usize; 3], sh_degree: u8) -> String {
    format!(
        "{}: {} in {}, {} at SH degree {sh_degree}",
        args.output.display(),
        output::count(frames as u64, "frame"),
        output::count(groups as u64, "group"),
        output::count(gaussians as u64, "Gaussian"),
    )
}

/// The line about Gaussians that cannot be shown, where there are any.
fn left_out_row(dropped: u64) -> Option<String> {
    (dropped > 0).then(|| {
        format!(
            "  left out  {} with values that are no numbers",
            output::count(dropped, "Gaussian")
        )
    })
}

/// Shows on `bar` how far the packer has come.
fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.total);
    bar.set_position(progress.done);
    bar.set_message(progress.stage);
}

/// The line about the pictures.
fn pictures_row(pictures: &Comparison) -> String {
    format!(
        "  pictures  {} PSNR, worst {}, SSIM {:.4} ({})",
        decibels(pictures.psnr),
        decibels(pictures.psnr_min),
        pictures.ssim,
        output::count(pictures.pictures.len() as u64, "picture")
    )
}
