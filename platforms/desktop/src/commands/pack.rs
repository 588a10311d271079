//! `zoetrope pack`: a clip out of a sequence of splat files.

use anyhow::Context as _;
use serde::Serialize;
use zoetrope_codecs::{Cancel, FrameReader};
use zoetrope_encode::{PackOptions, PackReport, Packing, pack_v3, unfinished_path};
use zoetrope_ffmpeg::{H264PlaneEncoder, PlaneVideoDecoder};

use super::compare::{self, Comparison, decibels};
use crate::args::{Colour, Size};
use crate::cli::{FormatArg, PackArgs, PictureArgs};
use crate::open::open;
use crate::output;

/// Frames that are drawn at the end to measure the PSNR.
const PSNR_FRAMES: usize = 10;
/// Cameras that each of them is drawn from.
const PSNR_CAMERAS: usize = 3;

/// What was packed, as `--json` prints it. Lengths in world units.
#[derive(Debug, Serialize)]
struct Report {
    frames: usize,
    groups: usize,
    gaussians: usize,
    dropped: u64,
    sh_degree: u8,
    bytes: u64,
    bytes_per_frame: f64,
    bytes_by_plane: Vec<(&'static str, u64)>,
    step_median: f32,
    step_p99: f32,
    step_max: f32,
    position_rms_error: Option<f64>,
    position_psnr: Option<f64>,
    pictures: Option<Comparison>,
}

/// Packs a clip and reports its size and quality.
///
/// # Errors
/// When the input cannot be read or the output cannot be written; nothing is left behind then. When
/// nothing can be drawn to measure the PSNR; the clip is complete then.
pub fn run(args: &PackArgs, cancel: &Cancel) -> anyhow::Result<()> {
    let FormatArg::V3 = args.format;
    let mut input = open(&args.input, cancel)?;
    let options = options(args, &input);
    let report = pack(args, &mut input, &options, cancel)?;
    for warning in &input.info().warnings {
        log::warn!("{}: {warning}", args.input.display());
    }
    let pictures = if args.no_psnr {
        None
    } else {
        let pictures = compare_with_input(args, &mut input, cancel);
        Some(pictures.with_context(|| {
            format!(
                "{} is packed, but cannot be compared with its input (--no-psnr leaves that out)",
                args.output.display()
            )
        })?)
    };
    let report = summary(&report, pictures);
    if args.json {
        output::print_json(&report)
    } else {
        output::print(&text(args, &report))
    }
}

/// What was asked for; where nothing was, what the input says of itself.
fn options(args: &PackArgs, input: &FrameReader) -> PackOptions {
    let info = input.info();
    PackOptions {
        frame_rate: args.fps.unwrap_or(info.frame_rate),
        quality: args.quality,
        group_frames: args.group as usize,
        up: args.up.unwrap_or(info.up),
        camera: args.camera.or(info.camera),
        title: args.title.clone(),
        credit: args.credit.clone(),
        licence: args.license.clone(),
        ..PackOptions::default()
    }
}

fn pack(
    args: &PackArgs,
    input: &mut FrameReader,
    options: &PackOptions,
    cancel: &Cancel,
) -> anyhow::Result<PackReport> {
    let bar = output::progress_bar(0);
    let mut decoder = PlaneVideoDecoder::new();
    let packing = Packing {
        options,
        encoder: &H264PlaneEncoder::new(cancel)?,
        decoder: Some(&mut decoder),
        progress: &|progress| {
            bar.set_length(progress.total);
            bar.set_position(progress.done);
            bar.set_message(progress.stage);
        },
        cancel,
    };
    let _unfinished = unfinished_path(&args.output).map(output::Unfinished::new);
    let report = pack_v3(input, &args.output, packing);
    bar.finish_and_clear();
    // A cancelled pack is told like every other cancelled command.
    report.map_err(|error| {
        if error.is_cancelled() {
            zoetrope_codecs::Error::Cancelled.into()
        } else {
            error.into()
        }
    })
}

fn compare_with_input(
    args: &PackArgs,
    input: &mut FrameReader,
    cancel: &Cancel,
) -> anyhow::Result<Comparison> {
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
    compare::compare(input, &mut packed, &frames, PSNR_CAMERAS, &picture, cancel)
}

fn summary(report: &PackReport, pictures: Option<Comparison>) -> Report {
    Report {
        frames: report.frames,
        groups: report.groups,
        gaussians: report.gaussians_max,
        dropped: report.gaussians_dropped,
        sh_degree: report.sh_degree,
        bytes: report.bytes_total,
        bytes_per_frame: report.bytes_per_frame(),
        bytes_by_plane: report
            .bytes_by_class
            .iter()
            .map(|(class, bytes)| (class.name(), *bytes))
            .collect(),
        step_median: report.steps.median,
        step_p99: report.steps.p99,
        step_max: report.steps.max,
        position_rms_error: report.position_rms_error,
        position_psnr: report.position_psnr_db,
        pictures,
    }
}

fn text(args: &PackArgs, report: &Report) -> String {
    let mut lines = vec![
        format!(
            "{}: {} in {}, {} at SH degree {}",
            args.output.display(),
            output::count(report.frames as u64, "frame"),
            output::count(report.groups as u64, "group"),
            output::count(report.gaussians as u64, "Gaussian"),
            report.sh_degree
        ),
        format!(
            "  size      {:.2} MB, {:.1} kB a frame",
            report.bytes as f64 * 1e-6,
            report.bytes_per_frame * 1e-3
        ),
        format!(
            "  steps     median {:.5}, 99 % below {:.5}, longest {:.5} world units",
            report.step_median, report.step_p99, report.step_max
        ),
    ];
    if report.dropped > 0 {
        lines.push(format!(
            "  left out  {} with values that are no numbers",
            output::count(report.dropped, "Gaussian")
        ));
    }
    if let Some(error) = report.position_rms_error {
        lines.push(format!(
            "  positions {} PSNR, error {error:.6} world units",
            decibels(report.position_psnr)
        ));
    }
    if let Some(pictures) = &report.pictures {
        lines.push(format!(
            "  pictures  {} PSNR, worst {}, SSIM {:.4} ({} pictures)",
            decibels(pictures.psnr),
            decibels(pictures.psnr_min),
            pictures.ssim,
            pictures.pictures.len()
        ));
    }
    lines.join("\n")
}
