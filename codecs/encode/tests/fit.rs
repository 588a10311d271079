//! Whole fits of tiny videos.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use zoetrope_codecs::container::zoe::{ClipDescription, FrameRate, ZoeDemuxer};
use zoetrope_codecs::neural::NeuralDecoder;
use zoetrope_codecs::pictures::{PictureSource, PicturesInfo};
use zoetrope_codecs::source::FileSource;
use zoetrope_codecs::{Cancel, FrameContent, FrameReader, PictureFrame};
#[cfg(feature = "fit-gpu")]
use zoetrope_encode::fit::Processor;
use zoetrope_encode::fit::{
    Fit, FitOptions, FitProgress, FitWatch, Fitted, checkpoint_path, write_clip,
};

const SIZE: [usize; 2] = [60, 30];
const FRAMES: usize = 5;

/// A disc over a slope of colours, which it crosses.
struct Disc(PicturesInfo);

fn disc(frame: usize) -> Vec<u8> {
    let [width, height] = SIZE;
    let centre = 10.0 + 9.0 * frame as f32;
    let pixels = (0..width * height).flat_map(|pixel| {
        let (x, y) = ((pixel % width) as f32, (pixel / width) as f32);
        let edge = (centre - x).hypot(14.0 - y) - 8.0;
        let inside = (0.5 - edge).clamp(0.0, 1.0);
        let mix = |disc: f32, ground: f32| (disc * inside + ground * (1.0 - inside)) as u8;
        [mix(230.0, 3.0 * x), mix(60.0, 5.0 * y), mix(40.0, 120.0)]
    });
    pixels.collect()
}

impl Disc {
    fn new() -> Self {
        Self::of(FRAMES)
    }

    fn of(count: usize) -> Self {
        Self(PicturesInfo {
            title: "disc".to_owned(),
            size: SIZE.map(|side| side as u32),
            count,
            frame_rate: Some(25.0),
        })
    }
}

impl PictureSource for Disc {
    fn info(&self) -> &PicturesInfo {
        &self.0
    }

    fn picture(&mut self, index: usize, _: &Cancel) -> zoetrope_codecs::Result<PictureFrame> {
        let rgb = disc(index);
        let (pixels, _) = rgb.as_chunks::<3>();
        let rgba = pixels.iter().flat_map(|[r, g, b]| [*r, *g, *b, 255]);
        Ok(PictureFrame {
            width: SIZE[0] as u32,
            height: SIZE[1] as u32,
            rgba: rgba.collect(),
        })
    }
}

/// Stops the fit behind a step, and asks for a picture behind another.
#[derive(Default)]
struct Watch {
    cancel: Cancel,
    stop: Option<u64>,
    ask: Option<u64>,
    last: Option<FitProgress>,
    picture: Option<(usize, [usize; 2], Vec<u8>)>,
}

impl FitWatch for Watch {
    fn progress(&mut self, progress: &FitProgress) {
        self.last = Some(progress.clone());
        if self.stop == Some(progress.step) {
            self.cancel.cancel();
        }
    }

    fn wanted(&mut self) -> Option<usize> {
        let step = self.last.as_ref().map(|last| last.step);
        (self.ask == step).then_some(3)
    }

    fn picture(&mut self, frame: usize, size: [usize; 2], rgb: Vec<u8>) {
        self.picture = Some((frame, size, rgb));
    }
}

fn options(epochs: usize) -> FitOptions {
    FitOptions {
        epochs: Some(epochs),
        bytes: Some(20_000),
        seed: 3,
        ..FitOptions::new(FrameRate::from_per_second(25.0))
    }
}

fn fit(epochs: usize) -> Fit {
    Fit::new(&mut Disc::new(), options(epochs), &Cancel::new()).expect("can be fitted")
}

fn run(fit: &Fit, checkpoint: Option<&Path>, watch: &mut Watch) -> zoetrope_encode::Result<Fitted> {
    let cancel = watch.cancel.clone();
    fit.run(checkpoint, true, watch, &cancel)
}

/// Mean of the frames' PSNR, as a player decodes the clip.
fn psnr_of(path: &Path) -> f64 {
    let source = FileSource::open(path).expect("is there");
    let clip = ZoeDemuxer::open(Arc::new(source), &Cancel::new()).expect("a clip");
    let mut reader = FrameReader::new(Box::new(clip), Box::new(NeuralDecoder::on_cpu()));
    let mut sum = 0.0;
    for frame in 0..FRAMES {
        let content = reader.frame(frame, &Cancel::new()).expect("decodes");
        let FrameContent::Picture(picture) = content else {
            panic!("no picture")
        };
        assert_eq!([picture.width as usize, picture.height as usize], SIZE);
        let rgba = picture.rgba.as_chunks::<4>().0.iter();
        let pairs = rgba.flat_map(|pixel| &pixel[..3]).zip(disc(frame));
        let errors = pairs.map(|(x, t)| f64::from(x.abs_diff(t)).powi(2));
        let error = errors.sum::<f64>() / (SIZE[0] * SIZE[1] * 3) as f64;
        sum += -10.0 * (error / (255.0 * 255.0)).log10();
    }
    sum / FRAMES as f64
}

#[test]
fn a_video_comes_out_of_its_clip_as_it_was_fitted() {
    let folder = tempfile::tempdir().expect("is made");
    let path = folder.path().join("disc.zoe");
    let mut watch = Watch {
        ask: Some(100),
        ..Watch::default()
    };
    let fit = fit(200);
    let fitted = run(&fit, None, &mut watch).expect("fits");
    let description = ClipDescription::new(FrameRate::from_per_second(25.0), 0);
    let bytes = write_clip(&fitted, description, &path, &Cancel::new()).expect("is written");
    let psnr = psnr_of(&path);
    assert_eq!(bytes, fs::metadata(&path).expect("is there").len());
    assert!(bytes < 20_000, "{bytes} bytes");
    assert!(psnr > 27.0, "{psnr} dB");
    // Up to the rounding of pictures to 8 bits, which few numbers are near enough to.
    assert!(
        (psnr - fitted.mean_psnr()).abs() < 0.01,
        "{psnr} {}",
        fitted.mean_psnr()
    );
    let last = watch.last.expect("was told");
    assert_eq!((last.step, last.steps), (fit.steps(), fitted.steps));
    assert!(last.is_rounded && last.psnr.is_some_and(|psnr| psnr > 26.0));
    let (frame, size, rgb) = watch.picture.expect("was asked for");
    assert_eq!((frame, size), (3, fit.shape().picture_size()));
    assert_eq!(rgb.len(), size[0] * size[1] * 3);
}

/// Wherever it is stopped, also behind the beginning of its last part, the numbers come out the same.
#[test]
fn a_stopped_fit_goes_on_to_the_very_same_numbers() {
    let folder = tempfile::tempdir().expect("is made");
    let checkpoint = checkpoint_path(&folder.path().join("disc.zoe")).expect("has a name");
    let fit = fit(20);
    assert_eq!(fit.steps(), 60);
    let whole = run(&fit, None, &mut Watch::default()).expect("fits");
    for stop in [17, 51, 58] {
        let mut watch = Watch {
            stop: Some(stop),
            ..Watch::default()
        };
        let error = run(&fit, Some(&checkpoint), &mut watch).expect_err("was stopped");
        assert!(error.is_cancelled());
        assert!(checkpoint.is_file());
        assert_eq!(watch.last.map(|last| last.step), Some(stop));
    }
    let mut watch = Watch::default();
    let resumed = run(&fit, Some(&checkpoint), &mut watch).expect("fits");
    assert_eq!(resumed.network, whole.network);
    assert_eq!(resumed.embeddings, whole.embeddings);
    assert_eq!(resumed.psnr, whole.psnr);
    // Another fit does not go on from it.
    let other = Fit::new(&mut Disc::new(), options(21), &Cancel::new()).expect("can be fitted");
    let mut watch = Watch {
        stop: Some(1),
        ..Watch::default()
    };
    run(&other, Some(&checkpoint), &mut watch).expect_err("was stopped");
    assert_eq!(watch.last.map(|last| last.step), Some(1));
    assert_eq!(fs::read_dir(folder.path()).expect("is there").count(), 1);
}

/// What the processor has begun the graphics processor ends, as well as the processor had.
#[cfg(feature = "fit-gpu")]
#[test]
fn a_checkpoint_goes_from_one_engine_to_the_other() {
    let folder = tempfile::tempdir().expect("is made");
    let checkpoint = checkpoint_path(&folder.path().join("disc.zoe")).expect("has a name");
    let whole = run(&fit(4), None, &mut Watch::default()).expect("fits");
    let mut watch = Watch {
        stop: Some(8),
        ..Watch::default()
    };
    run(&fit(4), Some(&checkpoint), &mut watch).expect_err("was stopped");
    let mut watch = Watch {
        ask: Some(9),
        ..Watch::default()
    };
    let rest = fit(4).on(Processor::Gpu);
    let rest = run(&rest, Some(&checkpoint), &mut watch).expect("fits");
    assert_eq!(rest.steps, 12);
    assert!(watch.picture.is_some());
    assert_eq!(whole.processor, "the processor");
    assert_ne!(rest.processor, whole.processor);
    let (psnr, expected) = (rest.mean_psnr(), whole.mean_psnr());
    assert!((psnr - expected).abs() < 0.01, "{psnr} {expected}");
}

#[test]
fn what_cannot_be_fitted_is_said() {
    let none = Fit::new(&mut Disc::of(0), options(1), &Cancel::new());
    assert!(none.is_err_and(|error| error.to_string().contains("no frames")));
    let tiny = FitOptions {
        bytes: Some(500),
        ..options(1)
    };
    let error = Fit::new(&mut Disc::new(), tiny, &Cancel::new())
        .err()
        .expect("too small");
    assert!(error.to_string().contains("500 bytes"), "{error}");
}
