//! `zoetrope pack` of a neural video: the network of a file of weights as a clip that streams.

use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use serde::Serialize;
use zoetrope_codecs::container::zoe::{ClipDescription, FrameRate, NeuralWriter};
use zoetrope_codecs::neural::{self, Import};
use zoetrope_codecs::source::FileSource;
use zoetrope_codecs::{Cancel, ClipInfo, FrameReader, limits};
use zoetrope_encode::zoe::check_target;

use super::{pictures, pictures_row, sound};
use crate::cli::PackArgs;
use crate::commands::compare::Comparison;
use crate::output::{self, Staged};

/// What was packed, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Report {
    frames: usize,
    parameters: usize,
    bytes: u64,
    bits_per_pixel: f64,
    /// Whether all numbers are those of the input.
    exact: bool,
    pictures: Option<Comparison>,
}

/// Packs a neural video and reports its size and quality.
///
/// # Errors
/// As [`super::run`].
pub fn run(args: &PackArgs, input: &mut FrameReader, cancel: &Cancel) -> anyhow::Result<()> {
    check_target(&args.output)?;
    let source = Arc::new(FileSource::open(&args.input)?);
    let options = args.neural.options(None);
    let import = neural::import(source, &options.import, cancel).with_context(|| {
        format!(
            "{} cannot be packed; give the file of weights",
            args.input.display()
        )
    })?;
    write(args, &import, input, cancel)?;
    let info = input.info();
    let bytes = std::fs::metadata(&args.output)?.len();
    let packed = ClipInfo {
        size_bytes: Some(bytes),
        ..info.clone()
    };
    let report = Report {
        frames: info.frame_count,
        parameters: import.video.network.parameters(),
        bytes,
        bits_per_pixel: packed.bits_per_pixel().unwrap_or_default(),
        exact: import.is_coded(),
        pictures: super::compare_with_input(args, input, cancel)?,
    };
    if args.json {
        output::print_json(&report)
    } else {
        output::print(&text(args, &report))
    }
}

fn write(
    args: &PackArgs,
    import: &Import,
    input: &mut FrameReader,
    cancel: &Cancel,
) -> anyhow::Result<()> {
    let info = input.info().clone();
    if info.frame_count as u64 > limits::MAX_GROUP_FRAMES {
        bail!(
            "a network has at most {} frames in a clip, and this one has {}",
            limits::MAX_GROUP_FRAMES,
            info.frame_count
        );
    }
    let rate = FrameRate::from_per_second(args.fps.unwrap_or(info.frame_rate));
    let description = ClipDescription {
        title: args.words.title.clone(),
        credit: args.words.credit.clone().or(info.credit),
        licence: args.words.license.clone().or(info.licence),
        ..ClipDescription::new(rate, 0)
    };
    let (network, embeddings) = import.coded(args.bits)?;
    let mut writer = NeuralWriter::new(description, tempfile::tempfile()?)?;
    if let Some(sound) = sound::of(args, input, cancel)? {
        writer.add_sound(sound)?;
    }
    if !args.no_thumbnails {
        let drawn = pictures::draw(input, cancel).with_context(
            || "no pictures for the time bar can be drawn (--no-thumbnails leaves them out)",
        )?;
        writer.set_pictures(Some(&drawn.poster), Some(&drawn.thumbnails))?;
    }
    writer.add_group(&network, &embeddings, info.frame_count, None)?;
    let staged = Staged::new(&args.output)?;
    let mut out = BufWriter::new(File::create(staged.path())?);
    writer.finish(&mut out, cancel)?;
    out.into_inner().context("the disk is full")?;
    staged.commit()
}

fn text(args: &PackArgs, report: &Report) -> String {
    let mut lines = vec![
        format!(
            "{}: {}, {} parameters",
            args.output.display(),
            output::count(report.frames as u64, "frame"),
            report.parameters
        ),
        format!(
            "  size      {:.3} MB, {:.4} bits per pixel{}",
            report.bytes as f64 * 1e-6,
            report.bits_per_pixel,
            if report.exact {
                ", every number as it was"
            } else {
                ""
            }
        ),
    ];
    lines.extend(report.pictures.as_ref().map(pictures_row));
    lines.join("\n")
}
