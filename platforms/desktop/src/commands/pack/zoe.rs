//! `zoetrope pack --format zoe`: Zoetrope's own clip, one file that streams.

use anyhow::Context as _;
use serde::Serialize;
use zoetrope_codecs::{Cancel, FrameReader, VideoCodec};
use zoetrope_encode::zoe::{ZoePacking, ZoeReport, check_target, pack_zoe, parts_path};
use zoetrope_encode::{DEFAULT_QUALITY, PackOptions};
use zoetrope_ffmpeg::{FfmpegAtlasDecoder, FfmpegAtlasEncoder};

use super::{pictures, sound};
use crate::cli::{CodecArg, PackArgs};
use crate::commands::compare::Comparison;
use crate::output;

/// Seconds of a group when nothing else is asked for: short enough to seek, long enough that key
/// pictures do not weigh.
const GROUP_SECONDS: f64 = 0.8;
/// Frames of a group that are worth a group.
const GROUP_FRAMES: std::ops::RangeInclusive<usize> = 8..=60;

/// What was packed, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Report {
    frames: usize,
    groups: usize,
    groups_resumed: usize,
    gaussians: usize,
    dropped: u64,
    sh_degree: u8,
    bytes: u64,
    bytes_per_frame: f64,
    bit_rate: f64,
    bytes_by_layer: Vec<(String, u64)>,
    bytes_by_part: Vec<(&'static str, u64)>,
    pictures: Option<Comparison>,
}

/// Packs a clip and reports its size and quality.
///
/// # Errors
/// As [`super::run`].
pub fn run(args: &PackArgs, input: &mut FrameReader, cancel: &Cancel) -> anyhow::Result<()> {
    let rate = args.fps.unwrap_or(input.info().frame_rate);
    let group =
        ((rate * GROUP_SECONDS).round() as usize).clamp(*GROUP_FRAMES.start(), *GROUP_FRAMES.end());
    let options = super::options(args, input, DEFAULT_QUALITY, group);
    let report = pack(args, input, &options, cancel)?;
    let pictures = super::compare_with_input(args, input, cancel)?;
    let report = summary(&report, &options, pictures);
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
) -> anyhow::Result<ZoeReport> {
    let camera_path = match &args.camera_path {
        // The input's own, where it has one.
        None => input.demuxer().camera_path().map(str::to_owned),
        Some(path) => Some(
            std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?,
        ),
    };
    // Before pictures are drawn of every part of the clip.
    check_target(&args.output)?;
    let sound = sound::of(args, input, cancel)?;
    let pictures = match args.no_thumbnails {
        true => None,
        false => Some(pictures::draw(input, cancel).with_context(
            || "no pictures for the time bar can be drawn (--no-thumbnails leaves them out)",
        )?),
    };
    let bar = output::progress_bar(0);
    let packing = ZoePacking {
        options,
        ladder: args.ladder,
        codec: match args.codec {
            CodecArg::Hevc => VideoCodec::Hevc,
            CodecArg::H264 => VideoCodec::H264,
        },
        encoder: &FfmpegAtlasEncoder::new(cancel),
        make_decoder: &FfmpegAtlasDecoder::boxed,
        camera_path,
        sound,
        pictures,
        resume: !args.no_resume,
        progress: &|progress| super::show(&bar, progress),
        cancel,
    };
    let report = pack_zoe(input, &args.output, packing);
    bar.finish_and_clear();
    if let Err(error) = &report
        && error.is_cancelled()
        && let Some(parts) = parts_path(&args.output).filter(|parts| parts.exists())
    {
        log::warn!(
            "finished groups are kept in {}; the same command goes on from there",
            parts.display()
        );
    }
    report.map_err(super::told)
}

fn summary(report: &ZoeReport, options: &PackOptions, pictures: Option<Comparison>) -> Report {
    let per_frame = report.bytes_total as f64 / report.frames.max(1) as f64;
    Report {
        frames: report.frames,
        groups: report.groups,
        groups_resumed: report.groups_resumed,
        gaussians: report.gaussians_max,
        dropped: report.gaussians_dropped,
        sh_degree: report.sh_degree,
        bytes: report.bytes_total,
        bytes_per_frame: per_frame,
        bit_rate: per_frame * 8.0 * options.frame_rate,
        bytes_by_layer: report.bytes_by_layer.clone(),
        bytes_by_part: report.bytes_by_part.to_vec(),
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
            "  size      {:.2} MB, {:.1} kB a frame, {:.1} Mbit/s",
            report.bytes as f64 * 1e-6,
            report.bytes_per_frame * 1e-3,
            report.bit_rate * 1e-6
        ),
    ];
    let shares = |parts: &[(String, u64)]| {
        let share = |(name, bytes): &(String, u64)| {
            format!(
                "{name} {:.1} kB",
                *bytes as f64 * 1e-3 / report.frames.max(1) as f64
            )
        };
        parts.iter().map(share).collect::<Vec<_>>().join(", ")
    };
    if report.bytes_by_layer.len() > 1 {
        lines.push(format!(
            "  layers    {} a frame",
            shares(&report.bytes_by_layer)
        ));
    }
    let parts: Vec<(String, u64)> = report
        .bytes_by_part
        .iter()
        .map(|(name, bytes)| ((*name).to_owned(), *bytes))
        .collect();
    lines.push(format!("  parts     {} a frame", shares(&parts)));
    if report.groups_resumed > 0 {
        lines.push(format!(
            "  resumed   {} from an earlier run",
            output::count(report.groups_resumed as u64, "group")
        ));
    }
    lines.extend(super::left_out_row(report.dropped));
    lines.extend(report.pictures.as_ref().map(super::pictures_row));
    lines.join("\n")
}
