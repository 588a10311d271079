//! `zoetrope fit`: a neural video out of a video.

use std::path::Path;

use anyhow::bail;
use indicatif::ProgressBar;
use serde::Serialize;
use zoetrope_app::fitting::{FitMade, FitNetwork, FitNews, FitReport, FitWish};
use zoetrope_app::pictures::open_pictures;
use zoetrope_codecs::container::zoe::{ClipDescription, FrameRate};
use zoetrope_codecs::neural::Architecture;
use zoetrope_codecs::pictures::PictureSource;
use zoetrope_codecs::{Cancel, PictureFrame};
use zoetrope_encode::PackError;
use zoetrope_encode::fit::{
    Fit, FitOptions, FitProgress, FitWatch, Fitted, NirvanaFit, NirvanaOptions, Processor, Profile,
    checkpoint_path, unfinished_checkpoint_path, write_clip,
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
    codec: &'static str,
    frames: usize,
    width: u32,
    height: u32,
    networks: usize,
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
    let mut shown = Shown::default();
    let report = make(args, &mut shown, cancel);
    shown.bar.finish_and_clear();
    if report.is_err()
        && cancel.is_cancelled()
        && let Some(checkpoint) = checkpoint_path(&args.output).filter(|path| path.exists())
    {
        log::warn!(
            "the fit so far is kept in {}; the same command with --resume goes on from there",
            checkpoint.display()
        );
    }
    let report = report?;
    if args.json {
        output::print_json(&report)
    } else {
        output::print(&text(&args.output, &report))
    }
}

/// Fits a network and writes the clip, in place of one that may be there.
fn make(args: &FitArgs, watch: &mut dyn FitWatch, cancel: &Cancel) -> anyhow::Result<Report> {
    let staged = Staged::new(&args.output)?;
    let Some(checkpoint) = checkpoint_path(&args.output) else {
        bail!("{} is no name for an output", args.output.display());
    };
    let _unfinished = Unfinished::new(unfinished_checkpoint_path(&checkpoint));
    let mut video = open_pictures(&args.video, cancel)?;
    let own_rate = video.info().frame_rate;
    let frame_rate = args.fps.or(own_rate).unwrap_or(FRAME_RATE);
    let fitting = Fitting {
        args,
        frame_rate: FrameRate::from_per_second(frame_rate),
        checkpoint: &checkpoint,
        watch,
        cancel,
    };
    let made = match args.codec {
        NeuralCodecArg::Hnerv => fitting.hnerv(&mut *video)?,
        NeuralCodecArg::Nirvana => fitting.nirvana(&mut *video)?,
    };
    let description = ClipDescription {
        title: args.words.title.clone(),
        credit: args.words.credit.clone(),
        licence: args.words.license.clone(),
        ..ClipDescription::new(FrameRate::from_per_second(frame_rate), 0)
    };
    let bytes = write_clip(&made.fitted, description, staged.path(), cancel).map_err(told)?;
    staged.commit()?;
    output::remove(&checkpoint);
    Ok(summary(&made, bytes))
}

/// Makes a neural video for the window; it goes on where one of that name was stopped.
///
/// # Errors
/// As [`run`].
pub fn make_fit(
    wish: &FitWish,
    output: &Path,
    report: &FitReport,
    cancel: &Cancel,
) -> anyhow::Result<FitMade> {
    let (codec, profile) = match wish.network {
        FitNetwork::Quick => (NeuralCodecArg::Nirvana, None),
        FitNetwork::Lite => (NeuralCodecArg::Hnerv, Some(ProfileArg::Lite)),
        FitNetwork::Hnerv => (NeuralCodecArg::Hnerv, Some(ProfileArg::Hnerv)),
    };
    let args = FitArgs {
        codec,
        profile,
        bits: wish.bits,
        resume: true,
        ..FitArgs::new(wish.video.clone(), output.to_owned())
    };
    let made = make(&args, &mut Reported(report), cancel)?;
    Ok(FitMade {
        bytes: made.bytes,
        psnr: made.psnr,
    })
}

/// What was fitted.
struct Made {
    codec: &'static str,
    architecture: Architecture,
    networks: usize,
    bits: u8,
    fitted: Fitted,
}

/// A fit that is about to be done.
struct Fitting<'a> {
    args: &'a FitArgs,
    frame_rate: FrameRate,
    checkpoint: &'a Path,
    watch: &'a mut dyn FitWatch,
    cancel: &'a Cancel,
}

impl Fitting<'_> {
    /// One network for the whole video.
    fn hnerv(self, video: &mut dyn PictureSource) -> anyhow::Result<Made> {
        let args = self.args;
        if args.psnr.is_some() {
            bail!(
                "--psnr is for --codec nirvana; here --size and --epochs say how good it becomes"
            );
        }
        let standard = FitOptions::new(self.frame_rate);
        let options = FitOptions {
            profile: match args.profile {
                None | Some(ProfileArg::Lite) => Profile::Lite,
                Some(ProfileArg::Hnerv) => Profile::Hnerv,
            },
            bytes: args.size,
            epochs: args.epochs,
            seed: args.seed,
            bits: args.bits.unwrap_or(standard.bits),
            ..standard
        };
        let processor = match args.engine {
            ProcessorArg::Auto => Processor::Auto,
            ProcessorArg::Cpu => Processor::Cpu,
            ProcessorArg::Gpu => Processor::Gpu,
        };
        let fit = Fit::new(video, options, self.cancel).map_err(told)?;
        let fit = fit.on(processor);
        let bits = fit.bits_per_pixel();
        if bits > MANY_BITS {
            log::warn!(
                "the network takes {bits:.2} bits a pixel: few frames share it, and an ordinary video codec would be much smaller"
            );
        }
        let checkpoint = Some(self.checkpoint);
        let fitted = fit.run(checkpoint, args.resume, self.watch, self.cancel);
        Ok(Made {
            codec: "hnerv",
            architecture: fit.shape().architecture().clone(),
            networks: 1,
            bits: options.bits,
            fitted: fitted.map_err(told)?,
        })
    }

    /// A network for every few frames.
    fn nirvana(self, video: &mut dyn PictureSource) -> anyhow::Result<Made> {
        let args = self.args;
        if args.size.is_some() || args.profile.is_some() {
            bail!(
                "--size and --profile are for --codec hnerv; what nirvana takes follows from the video, and from --psnr, --epochs and --bits"
            );
        }
        if args.engine == ProcessorArg::Gpu {
            bail!(
                "--engine gpu is for --codec hnerv; the small networks of nirvana are fitted on all cores"
            );
        }
        let standard = NirvanaOptions::new(self.frame_rate);
        let options = NirvanaOptions {
            psnr: args.psnr,
            epochs: args.epochs,
            seed: args.seed,
            bits: args.bits.unwrap_or(standard.bits),
            ..standard
        };
        let fit = NirvanaFit::new(video.info(), options).map_err(told)?;
        let checkpoint = Some(self.checkpoint);
        let fitted = fit.run(video, checkpoint, args.resume, self.watch, self.cancel);
        let fitted = fitted.map_err(told)?;
        let networks = fitted.groups.iter().map(|group| group.samples.len());
        Ok(Made {
            codec: "nirvana",
            architecture: fit.shape().architecture().clone(),
            networks: networks.sum(),
            bits: options.bits,
            fitted,
        })
    }
}

/// The bar on a terminal.
struct Shown {
    bar: ProgressBar,
    text: String,
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            bar: ProgressBar::hidden(),
            text: String::new(),
        }
    }
}

impl FitWatch for Shown {
    fn progress(&mut self, progress: &FitProgress) {
        if self.text.is_empty() {
            self.bar = output::progress_bar(progress.steps);
        }
        let text = match progress.psnr {
            Some(psnr) => format!("fitting, {psnr:.2} dB"),
            None => "fitting".to_owned(),
        };
        self.bar.set_length(progress.steps);
        self.bar.set_position(progress.step);
        if text != self.text {
            self.bar.set_message(text.clone());
            self.text = text;
        }
    }
}

/// What the window shows.
struct Reported<'a>(&'a FitReport);

impl FitWatch for Reported<'_> {
    fn progress(&mut self, progress: &FitProgress) {
        self.0.note(FitNews {
            step: progress.step,
            steps: progress.steps,
            psnr: progress.psnr,
            seconds: progress.seconds,
        });
    }

    fn wants_picture(&mut self) -> bool {
        self.0.wants_picture()
    }

    fn picture(&mut self, _: usize, [width, height]: [usize; 2], rgb: Vec<u8>) {
        let pixels = rgb.as_chunks::<3>().0.iter();
        self.0.show(PictureFrame {
            width: width as u32,
            height: height as u32,
            rgba: pixels.flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect(),
        });
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

fn summary(made: &Made, bytes: u64) -> Report {
    let (architecture, fitted) = (&made.architecture, &made.fitted);
    let [width, height] = fitted.crop.size;
    let pixels = f64::from(width) * f64::from(height) * fitted.frames as f64;
    Report {
        codec: made.codec,
        frames: fitted.frames,
        width,
        height,
        networks: made.networks,
        parameters: architecture.parameters(),
        macs: architecture.macs().div_ceil(architecture.frames() as u64),
        bits: made.bits,
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
            "  {}   {} parameters of {} bits, {:.2} GMAC a frame",
            match report.networks {
                1 => "network".to_owned(),
                count => format!("{count} networks of"),
            },
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

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};
    use zoetrope_app::open_clip;

    use super::*;

    #[test]
    fn the_windows_fit_is_a_clip_that_says_how_it_came_to_be() {
        let folder = tempfile::tempdir().expect("a folder");
        let video = folder.path().join("video");
        std::fs::create_dir(&video).expect("is made");
        for frame in 0..2 {
            let picture = RgbImage::from_fn(24, 16, |x, y| {
                Rgb([(10 * x) as u8, (15 * y) as u8, 100 * frame])
            });
            let path = video.join(format!("{frame}.png"));
            picture.save(path).expect("is written");
        }
        let output = folder.path().join("out.zoe");
        let wish = FitWish {
            video,
            network: FitNetwork::Quick,
            bits: None,
        };
        // What is there already was given up in the dialog.
        std::fs::write(&output, "another file").expect("is written");
        let (report, cancel) = (FitReport::default(), Cancel::new());
        let made = make_fit(&wish, &output, &report, &cancel).expect("is made");
        let length = std::fs::metadata(&output).expect("is there").len();
        assert_eq!(made.bytes, length);
        assert!(made.psnr > 25.0, "{made:?}");
        let clip = open_clip(&output.into(), &cancel).expect("opens");
        assert_eq!(clip.demuxer.info().frame_count, 2);
        // A stopped one says so, and leaves what it can go on from.
        let output = folder.path().join("stopped.zoe");
        cancel.cancel();
        let error = make_fit(&wish, &output, &report, &cancel).expect_err("was stopped");
        let stopped = error.downcast::<zoetrope_codecs::Error>();
        assert!(matches!(stopped, Ok(zoetrope_codecs::Error::Cancelled)));
        assert!(!output.exists());
    }
}
