//! `zoetrope fit`: a neural video out of a video.

use std::path::Path;

use anyhow::bail;
use indicatif::ProgressBar;
use serde::Serialize;
use zoetrope_app::pictures::open_pictures;
use zoetrope_codecs::Cancel;
use zoetrope_codecs::container::zoe::{ClipDescription, FrameRate};
use zoetrope_encode::PackError;
use zoetrope_encode::fit::{
    Fit, FitOptions, FitProgress, FitWatch, Fitted, Processor, Profile, checkpoint_path,
    unfinished_checkpoint_path, write_clip,
};

use crate::cli::{FitArgs, NeuralCodecArg, ProcessorArg, ProfileArg};
use crate::output::{self, Staged, Unfinished};

/// Frames a second of pictures that do not say.
const FRAME_RATE: f64 = 30.0;
/// Bits a pixel from which on an ordinary codec is much smaller at the same quality.
const MANY_BITS: f64 = 0.2;

/// What came of it, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Report {
    frames: usize,
    width: u32,
    height: u32,
    parameters: u64,
    macs: u64,
    bits: u8,
    bytes: u64,
    bits_per_pixel: f64,
    psnr: f64,
    psnr_min: f64,
    psnr_by_frame: Vec<f64>,
    steps: u64,
    seconds: f64,
    engine: String,
}

/// Fits a network and writes the clip.
///
/// # Errors
/// When the video cannot be read, no network fits it, or the clip cannot be written. A stopped fit leaves a checkpoint.
pub fn run(args: &FitArgs, cancel: &Cancel) -> anyhow::Result<()> {
    if args.output.exists() && !args.resume {
        bail!(
            "{} already exists; remove it, or choose another name",
            args.output.display()
        );
    }
    let staged = Staged::new(&args.output)?;
    let Some(checkpoint) = checkpoint_path(&args.output) else {
        bail!("{} is no name for an output", args.output.display());
    };
    let _unfinished = Unfinished::new(unfinished_checkpoint_path(&checkpoint));
    let mut video = open_pictures(&args.video, cancel)?;
    let own_rate = video.info().frame_rate;
    let frame_rate = args.fps.or(own_rate).unwrap_or(FRAME_RATE);
    let NeuralCodecArg::Hnerv = args.codec;
    let options = FitOptions {
        profile: match args.profile {
            ProfileArg::Lite => Profile::Lite,
            ProfileArg::Hnerv => Profile::Hnerv,
        },
        bytes: args.size,
        epochs: args.epochs,
        seed: args.seed,
        bits: args.bits,
        ..FitOptions::new(FrameRate::from_per_second(frame_rate))
    };
    let processor = match args.engine {
        ProcessorArg::Auto => Processor::Auto,
        ProcessorArg::Cpu => Processor::Cpu,
        ProcessorArg::Gpu => Processor::Gpu,
    };
    let fit = Fit::new(&mut *video, options, cancel).map_err(told)?;
    let fit = fit.on(processor);
    let bits = fit.bits_per_pixel();
    if bits > MANY_BITS {
        log::warn!(
            "the network takes {bits:.2} bits a pixel: few frames share it, and an ordinary video codec would be much smaller"
        );
    }
    let fitted = fitted(args, &fit, &checkpoint, cancel)?;
    let description = ClipDescription {
        title: args.words.title.clone(),
        credit: args.words.credit.clone(),
        licence: args.words.license.clone(),
        ..ClipDescription::new(options.frame_rate, 0)
    };
    let bytes = write_clip(&fitted, description, staged.path(), cancel).map_err(told)?;
    staged.commit()?;
    output::remove(&checkpoint);
    let report = summary(&fit, &fitted, args.bits, bytes);
    if args.json {
        output::print_json(&report)
    } else {
        output::print(&text(&args.output, &report))
    }
}

fn fitted(args: &FitArgs, fit: &Fit, checkpoint: &Path, cancel: &Cancel) -> anyhow::Result<Fitted> {
    let mut shown = Shown {
        bar: output::progress_bar(fit.steps()),
        text: String::new(),
    };
    let fitted = fit.run(Some(checkpoint), args.resume, &mut shown, cancel);
    shown.bar.finish_and_clear();
    if let Err(error) = &fitted
        && error.is_cancelled()
    {
        log::warn!(
            "the fit so far is kept in {}; the same command with --resume goes on from there",
            checkpoint.display()
        );
    }
    fitted.map_err(told)
}

/// The bar on a terminal.
struct Shown {
    bar: ProgressBar,
    text: String,
}

impl FitWatch for Shown {
    fn progress(&mut self, progress: &FitProgress) {
        let text = match progress.psnr {
            Some(psnr) => format!("fitting, {psnr:.2} dB"),
            None => "fitting".to_owned(),
        };
        self.bar.set_position(progress.step);
        if text != self.text {
            self.bar.set_message(text.clone());
            self.text = text;
        }
    }
}

/// A cancelled fit is told like every other cancelled command.
fn told(error: PackError) -> anyhow::Error {
    if error.is_cancelled() {
        zoetrope_codecs::Error::Cancelled.into()
    } else {
        error.into()
    }
}

fn summary(fit: &Fit, fitted: &Fitted, bits: u8, bytes: u64) -> Report {
    let architecture = fit.shape().architecture();
    let [width, height] = fitted.crop.size;
    let pixels = f64::from(width) * f64::from(height) * fitted.frames as f64;
    Report {
        frames: fitted.frames,
        width,
        height,
        parameters: architecture.parameters(),
        macs: architecture.macs(),
        bits,
        bytes,
        bits_per_pixel: bytes as f64 * 8.0 / pixels,
        psnr: fitted.mean_psnr(),
        psnr_min: fitted.psnr.iter().copied().fold(f64::INFINITY, f64::min),
        psnr_by_frame: fitted.psnr.clone(),
        steps: fitted.steps,
        seconds: fitted.seconds,
        engine: fitted.processor.clone(),
    }
}

fn text(path: &Path, report: &Report) -> String {
    [
        format!(
            "{}: {} of {} x {} pixels",
            path.display(),
            output::count(report.frames as u64, "frame"),
            report.width,
            report.height
        ),
        format!(
            "  network   {} parameters of {} bits, {:.2} GMAC a frame",
            report.parameters,
            report.bits,
            report.macs as f64 * 1e-9
        ),
        format!(
            "  size      {:.1} kB, {:.3} bits a pixel",
            report.bytes as f64 * 1e-3,
            report.bits_per_pixel
        ),
        format!(
            "  quality   {:.2} dB PSNR, worst {:.2} dB",
            report.psnr, report.psnr_min
        ),
        format!(
            "  fitted    {} steps in {:.0} s by {}",
            report.steps, report.seconds, report.engine
        ),
    ]
    .join("\n")
}
