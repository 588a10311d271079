//! `zoetrope pack --format v3`: a folder that V3's own players open too.

use serde::Serialize;
use zoetrope_codecs::{Cancel, FrameReader};
use zoetrope_encode::{
    DEFAULT_GROUP_FRAMES, DEFAULT_QUALITY, PackOptions, PackReport, Packing, pack_v3,
    unfinished_path,
};
use zoetrope_ffmpeg::{H264PlaneEncoder, PlaneVideoDecoder};

use crate::cli::PackArgs;
use crate::commands::compare::{Comparison, decibels};
use crate::output;

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

/// Packs a V3 folder and reports its size and quality.
///
/// # Errors
/// As [`super::run`].
pub fn run(args: &PackArgs, input: &mut FrameReader, cancel: &Cancel) -> anyhow::Result<()> {
    let options = super::options(args, input, DEFAULT_QUALITY, DEFAULT_GROUP_FRAMES);
    let report = pack(args, input, &options, cancel)?;
    let pictures = super::compare_with_input(args, input, cancel)?;
    let report = summary(&report, pictures);
    if args.json {
        output::print_json(&report)
    } else {
        output::print(&text(args, &report))
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
        progress: &|progress| super::show(&bar, progress),
        cancel,
    };
    let _unfinished = unfinished_path(&args.output).map(output::Unfinished::new);
    let report = pack_v3(input, &args.output, packing);
    bar.finish_and_clear();
    report.map_err(super::told)
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
        super::heading(
            args,
            [report.frames, report.groups, report.gaussians],
            report.sh_degree,
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
    lines.extend(super::left_out_row(report.dropped));
    if let Some(error) = report.position_rms_error {
        lines.push(format!(
            "  positions {} PSNR, error {error:.6} world units",
            decibels(report.position_psnr)
        ));
    }
    lines.extend(report.pictures.as_ref().map(super::pictures_row));
    lines.join("\n")
}
