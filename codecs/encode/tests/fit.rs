//! Whole fits of tiny videos.

#[path = "common/fitting.rs"]
mod fitting;

use std::fs;
use std::path::Path;

use fitting::{Disc, Watch, check_written};
use zoetrope_codecs::Cancel;
use zoetrope_codecs::container::zoe::{ClipDescription, FrameRate};
#[cfg(feature = "fit-gpu")]
use zoetrope_encode::fit::Processor;
use zoetrope_encode::fit::{Fit, FitOptions, Fitted, checkpoint_path, write_clip};

const FRAMES: usize = 5;

fn options(epochs: usize) -> FitOptions {
    FitOptions {
        epochs: Some(epochs),
        bytes: Some(20_000),
        seed: 3,
        ..FitOptions::new(FrameRate::from_per_second(25.0))
    }
}

fn fit(epochs: usize) -> Fit {
    Fit::new(&mut Disc::new(FRAMES), options(epochs), &Cancel::new()).expect("can be fitted")
}

fn run(fit: &Fit, checkpoint: Option<&Path>, watch: &mut Watch) -> zoetrope_encode::Result<Fitted> {
    let cancel = watch.cancel.clone();
    fit.run(checkpoint, true, watch, &cancel)
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
    check_written(&path, bytes, &fitted, &Disc::new(FRAMES));
    assert!(bytes < 20_000, "{bytes} bytes");
    let last = watch.last.expect("was told");
    assert_eq!((last.step, last.steps), (fit.steps(), fitted.steps));
    assert!(last.is_rounded && last.psnr.is_some_and(|psnr| psnr > 26.0));
    let (frame, size, rgb) = watch.picture.expect("was asked for");
    assert_eq!((frame, size), (FRAMES / 2, fit.shape().picture_size()));
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
    assert_eq!(resumed.groups, whole.groups);
    assert_eq!(resumed.psnr, whole.psnr);
    // Another fit does not go on from it.
    let other =
        Fit::new(&mut Disc::new(FRAMES), options(21), &Cancel::new()).expect("can be fitted");
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
    // All steps look at two frames each: for other numbers of them the device has other programs to compile.
    let fit = Fit::new(&mut Disc::new(4), options(4), &Cancel::new()).expect("can be fitted");
    let whole = run(&fit, None, &mut Watch::default()).expect("fits");
    let mut watch = Watch {
        stop: Some(5),
        ..Watch::default()
    };
    run(&fit, Some(&checkpoint), &mut watch).expect_err("was stopped");
    let mut watch = Watch {
        ask: Some(6),
        ..Watch::default()
    };
    let rest = fit.on(Processor::Gpu);
    let rest = run(&rest, Some(&checkpoint), &mut watch).expect("fits");
    assert_eq!(rest.steps, 8);
    assert!(watch.picture.is_some());
    assert_eq!(whole.processor, "the processor");
    assert_ne!(rest.processor, whole.processor);
    let (psnr, expected) = (rest.mean_psnr(), whole.mean_psnr());
    assert!((psnr - expected).abs() < 0.01, "{psnr} {expected}");
}

#[test]
fn what_cannot_be_fitted_is_said() {
    let none = Fit::new(&mut Disc::new(0), options(1), &Cancel::new());
    assert!(none.is_err_and(|error| error.to_string().contains("no frames")));
    let tiny = FitOptions {
        bytes: Some(500),
        ..options(1)
    };
    let error = Fit::new(&mut Disc::new(FRAMES), tiny, &Cancel::new())
        .err()
        .expect("too small");
    assert!(error.to_string().contains("500 bytes"), "{error}");
}
