//! Whole fits of tiny videos to networks of patches' places.

#[path = "common/fitting.rs"]
mod fitting;

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};

use fitting::{Disc, Watch, check_written};
use zoetrope_codecs::container::zoe::{ClipDescription, FrameRate, ZoeDemuxer};
use zoetrope_codecs::neural::NeuralDecoder;
use zoetrope_codecs::pictures::PictureSource;
use zoetrope_codecs::source::{MemorySource, Source};
use zoetrope_codecs::{Cancel, Decoder, Demuxer, GroupPayload};
use zoetrope_encode::fit::{Fitted, NirvanaFit, NirvanaOptions, checkpoint_path, write_clip};

fn options(epochs: usize) -> NirvanaOptions {
    NirvanaOptions {
        epochs: Some(epochs),
        seed: 3,
        ..NirvanaOptions::new(FrameRate::from_per_second(25.0))
    }
}

fn fit(video: &Disc, epochs: usize) -> NirvanaFit {
    NirvanaFit::new(video.info(), options(epochs)).expect("can be fitted")
}

fn run(
    fit: &NirvanaFit,
    video: &mut Disc,
    checkpoint: Option<&Path>,
    watch: &mut Watch,
) -> zoetrope_encode::Result<Fitted> {
    let cancel = watch.cancel.clone();
    fit.run(video, checkpoint, true, watch, &cancel)
}

/// Writes a clip; gives its bytes.
fn written(fitted: &Fitted, path: &Path) -> u64 {
    let description = ClipDescription::new(FrameRate::from_per_second(25.0), 0);
    write_clip(fitted, description, path, &Cancel::new()).expect("is written")
}

/// Bytes of the samples of each group.
fn sizes(fitted: &Fitted) -> Vec<Vec<usize>> {
    let groups = fitted.groups.iter();
    let of = |samples: &Vec<Vec<u8>>| samples.iter().map(Vec::len).collect();
    groups.map(|group| of(&group.samples)).collect()
}

#[test]
fn a_video_comes_out_of_its_clip_as_it_was_fitted() {
    let folder = tempfile::tempdir().expect("is made");
    let path = folder.path().join("disc.zoe");
    // Not a whole number of networks.
    let mut video = Disc::new(10);
    let fit = fit(&video, 300);
    let mut watch = Watch {
        ask: Some(100),
        ..Watch::default()
    };
    let fitted = run(&fit, &mut video, None, &mut watch).expect("fits");
    let bytes = written(&fitted, &path);
    check_written(&path, bytes, &fitted, &video);
    let last = watch.last.expect("was told");
    assert_eq!((last.step, last.steps), (fit.steps(), fit.steps()));
    assert!(last.is_rounded && last.psnr.is_some_and(|psnr| psnr > 27.0));
    let (frame, size, rgb) = watch.picture.expect("was asked for");
    assert_eq!((frame, size), (0, fit.shape().picture_size()));
    assert_eq!(rgb.len(), size[0] * size[1] * 3);
}

/// A network that has nothing to tell is nothing, and one that has little is little.
#[test]
fn bytes_follow_motion() {
    let folder = tempfile::tempdir().expect("is made");
    let bytes = |name: &str, moving: usize| {
        let mut video = Disc::moving(moving, 64);
        let fit = fit(&video, 60);
        let fitted = run(&fit, &mut video, None, &mut Watch::default()).expect("fits");
        let bytes = written(&fitted, &folder.path().join(name));
        (bytes, fitted)
    };
    let (moving, _) = bytes("moving.zoe", 64);
    let (still, fitted) = bytes("still.zoe", 1);
    assert!(4 * still <= moving, "{still} of {moving} bytes");
    let sizes = sizes(&fitted);
    assert_eq!(sizes.len(), 1);
    // A byte for each tensor says that there is nothing.
    let tensors = 2 * fitted.groups[0].config.layers.len();
    assert_eq!(sizes[0][1..], vec![tensors; sizes[0].len() - 1]);
    assert_eq!(fitted.steps, 60);
}

/// Notes what is read of it.
struct Noting {
    bytes: MemorySource,
    reads: Mutex<Vec<Range<u64>>>,
}

impl Source for Noting {
    fn name(&self) -> &str {
        self.bytes.name()
    }

    fn len(&self) -> u64 {
        self.bytes.len()
    }

    fn read(&self, range: Range<u64>, cancel: &Cancel) -> zoetrope_codecs::Result<Vec<u8>> {
        self.reads.lock().expect("is whole").push(range.clone());
        self.bytes.read(range, cancel)
    }
}

#[test]
fn a_seek_reads_the_group_of_its_frame_and_no_more() {
    let folder = tempfile::tempdir().expect("is made");
    let path = folder.path().join("disc.zoe");
    let mut video = Disc::new(300);
    let fit = fit(&video, 10);
    let fitted = run(&fit, &mut video, None, &mut Watch::default()).expect("fits");
    let sizes = sizes(&fitted);
    assert!(sizes.len() >= 3, "{} groups", sizes.len());
    assert!(sizes.iter().all(|group| group.len() <= 16), "{sizes:?}");
    written(&fitted, &path);
    let source = Arc::new(Noting {
        bytes: MemorySource::new("disc.zoe", fs::read(&path).expect("is there")),
        reads: Mutex::default(),
    });
    let mut clip = ZoeDemuxer::open(source.clone(), &Cancel::new()).expect("a clip");
    let each = fit.shape().architecture().frames();
    let middle = clip.groups().len() / 2;
    // What opening reads is the index.
    source.reads.lock().expect("is whole").clear();
    let packets = clip.read_group(middle, &Cancel::new()).expect("reads");
    assert_eq!(packets.frames, middle * each..(middle + 1) * each);
    let group = sizes
        .iter()
        .scan(0, |end, group| {
            *end += group.len();
            Some((*end, group))
        })
        .find(|(end, _)| middle < *end)
        .expect("is in one")
        .1;
    let read = |ranges: &[Range<u64>]| -> u64 {
        let lengths = ranges.iter().map(|range| range.end - range.start);
        lengths.sum()
    };
    let own: usize = group.iter().sum();
    let reads = source.reads.lock().expect("is whole").clone();
    // Besides the samples only boxes around them, some bytes for each.
    let most = (own + 200 + 50 * group.len()) as u64;
    assert!(read(&reads) >= own as u64 && read(&reads) <= most);
    let all: usize = sizes.iter().flatten().sum();
    assert!(read(&reads) < all as u64 / 2, "{sizes:?}");
    // A picture takes one network, whichever it is.
    let GroupPayload::Neural(frame) = &packets.payload else {
        panic!("no neural video")
    };
    assert_eq!(frame.network().frames(), each);
    let mut decoder = NeuralDecoder::on_cpu();
    decoder.push(packets).expect("is neural");
    let shown = decoder.next_frame().expect("decodes").expect("is there");
    assert_eq!(shown.index, middle * each);
    assert_eq!(*source.reads.lock().expect("is whole"), reads);
}

/// Wherever it is stopped: in the first network in front of and behind the beginning of its last part, between networks, in a later
/// one.
#[test]
fn a_stopped_fit_goes_on_to_the_very_same_file() {
    let folder = tempfile::tempdir().expect("is made");
    let checkpoint = checkpoint_path(&folder.path().join("disc.zoe")).expect("has a name");
    let mut video = Disc::new(20);
    let fit = fit(&video, 40);
    let whole = run(&fit, &mut video, None, &mut Watch::default()).expect("fits");
    for stop in [17, 38, 40, 42, 60] {
        let mut watch = Watch {
            stop: Some(stop),
            ..Watch::default()
        };
        let error = run(&fit, &mut video, Some(&checkpoint), &mut watch).expect_err("was stopped");
        assert!(error.is_cancelled());
        assert!(checkpoint.is_file());
        assert_eq!(watch.last.map(|last| last.step), Some(stop));
    }
    let mut watch = Watch::default();
    let resumed = run(&fit, &mut video, Some(&checkpoint), &mut watch).expect("fits");
    assert_eq!(resumed.groups, whole.groups);
    assert_eq!(resumed.psnr, whole.psnr);
    assert_eq!(resumed.steps, whole.steps);
    // Other pictures, or other options, begin anew.
    let mut still = Disc::moving(5, 20);
    let steps = |fit: &NirvanaFit, video: &mut Disc| {
        let mut watch = Watch {
            stop: Some(1),
            ..Watch::default()
        };
        run(fit, video, Some(&checkpoint), &mut watch).expect_err("was stopped");
        watch.last.map(|last| last.step)
    };
    assert_eq!(steps(&fit, &mut still), Some(1));
    let other = NirvanaFit::new(video.info(), options(41)).expect("can be fitted");
    assert_eq!(steps(&other, &mut video), Some(1));
    assert_eq!(fs::read_dir(folder.path()).expect("is there").count(), 1);
}

/// What is cancelled before it began is cancelled, and a quality that is reached is enough.
#[test]
fn the_quality_that_is_asked_for_is_enough() {
    let mut video = Disc::new(16);
    let of = |psnr: f64, video: &mut Disc| {
        let options = NirvanaOptions {
            psnr: Some(psnr),
            ..options(300)
        };
        let fit = NirvanaFit::new(video.info(), options).expect("can be fitted");
        run(&fit, video, None, &mut Watch::default()).expect("fits")
    };
    let (poor, better) = (of(18.0, &mut video), of(24.0, &mut video));
    assert!(poor.mean_psnr() > 17.9 && better.mean_psnr() > 23.9);
    assert!(poor.mean_psnr() < better.mean_psnr());
    assert!(poor.steps < better.steps && better.steps < 330);
    let watch = &mut Watch::default();
    watch.cancel.cancel();
    let error = run(&fit(&video, 9), &mut video, None, watch).expect_err("was stopped");
    assert!(error.is_cancelled() && watch.last.is_none());
}

#[test]
fn what_cannot_be_fitted_is_said() {
    let refused = |count: usize, options| {
        let info = Disc::new(count).info().clone();
        let error = NirvanaFit::new(&info, options).err().expect("is refused");
        error.to_string()
    };
    assert!(refused(0, options(1)).contains("no frames"));
    assert!(refused(1, options(0)).contains("epochs"));
    let bits = NirvanaOptions {
        bits: 9,
        ..options(1)
    };
    assert!(refused(1, bits).contains("bits"));
    let psnr = NirvanaOptions {
        psnr: Some(f64::NAN),
        ..options(1)
    };
    assert!(refused(1, psnr).contains("PSNR"));
}
