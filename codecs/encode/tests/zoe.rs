//! Sequences packed into clips of our own, opened again with the reader and decoder of the product.

use std::path::Path;
use std::sync::Arc;

use zoetrope_codecs::container::zoe::ZoeDemuxer;
use zoetrope_codecs::gaussian_video::LayeredDecoder;
use zoetrope_codecs::random::Random;
use zoetrope_codecs::source::FileSource;
use zoetrope_codecs::{
    Cancel, Decoder, Demuxer, Detail, Error, GroupPackets, GroupPayload, LayerKind, Result,
    SplatCloud, SplatFrame, UpAxis, VideoCodec,
};
use zoetrope_encode::zoe::{ZoePacking, ZoeReport, pack_zoe, parts_path};
use zoetrope_encode::{CloudSequence, PackError, PackOptions};
use zoetrope_ffmpeg::{FfmpegAtlasDecoder, FfmpegAtlasEncoder};

/// A ball that turns, drifts and changes colour; half of it is much fainter.
struct Turning {
    count: usize,
    frames: usize,
    sh_degree: u8,
}

impl Turning {
    fn cloud(&self, frame: usize) -> SplatCloud {
        let time = frame as f32;
        let mut cloud = SplatCloud::with_capacity(self.count, self.sh_degree);
        for k in 0..self.count {
            let height = 2.0 * (k as f32 + 0.5) / self.count as f32 - 1.0;
            let around = 2.399_963 * k as f32 + 0.02 * time;
            let radius = (1.0 - height * height).sqrt();
            let rest = vec![[0.3 * height, 0.1, -0.2 * around.sin()]; cloud.rest_coefficients()];
            cloud.push(
                [
                    radius * around.cos() + 0.01 * time,
                    height,
                    radius * around.sin(),
                ],
                [(0.01 * time).cos(), 0.0, (0.01 * time).sin(), 0.1],
                [0.03, 0.02 + 0.01 * height, 0.004],
                if k % 2 == 0 { 0.9 } else { 0.1 },
                [height, 0.5 * around.sin(), 0.02 * time],
                &rest,
            );
        }
        cloud
    }
}

impl CloudSequence for Turning {
    fn len(&self) -> usize {
        self.frames
    }

    fn sh_degree(&self) -> u8 {
        self.sh_degree
    }

    fn read(&mut self, index: usize, cancel: &Cancel) -> Result<SplatCloud> {
        cancel.check()?;
        Ok(self.cloud(index))
    }
}

/// How a test packs.
struct Pack {
    quality: u8,
    ladder: bool,
    codec: VideoCodec,
    cancel: Cancel,
}

impl Default for Pack {
    fn default() -> Self {
        Self {
            quality: 80,
            ladder: false,
            codec: VideoCodec::Hevc,
            cancel: Cancel::new(),
        }
    }
}

impl Pack {
    fn run(
        &self,
        input: &mut dyn CloudSequence,
        target: &Path,
    ) -> std::result::Result<ZoeReport, PackError> {
        let options = PackOptions {
            quality: self.quality,
            group_frames: 6,
            frame_rate: 24.0,
            up: UpAxis::PlusY,
            title: Some("ball".to_owned()),
            ..PackOptions::default()
        };
        let encoder = FfmpegAtlasEncoder::new(&self.cancel);
        pack_zoe(
            input,
            target,
            ZoePacking {
                ladder: self.ladder,
                codec: self.codec,
                resume: true,
                ..ZoePacking::new(&options, &encoder, &FfmpegAtlasDecoder::boxed, &self.cancel)
            },
        )
    }
}

fn decoder() -> LayeredDecoder {
    LayeredDecoder::new(Box::new(FfmpegAtlasDecoder::boxed))
}

fn open(path: &Path) -> ZoeDemuxer {
    let source = FileSource::open(path).expect("is there");
    ZoeDemuxer::open(Arc::new(source), &Cancel::new()).expect("a clip")
}

/// The frames of a group in some detail.
fn frames(clip: &mut ZoeDemuxer, group: usize, detail: Detail) -> Vec<SplatCloud> {
    let packets = clip
        .read_part(group, detail, &Cancel::new())
        .expect("reads");
    let mut decoder = decoder();
    decoder.push(packets).expect("opens");
    let mut clouds = Vec::new();
    while let Some(frame) = decoder.next_frame().expect("decodes") {
        let splats = frame.content.splats().expect("Gaussians");
        assert!(matches!(**splats, SplatFrame::Planes(_)));
        clouds.push(splats.to_cloud());
    }
    clouds
}

/// Root mean square distance of each Gaussian from the nearest of the input.
fn distance(found: &SplatCloud, wanted: &SplatCloud) -> f32 {
    let square = |a: [f32; 3], b: [f32; 3]| (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f32>();
    let sum: f32 = found
        .positions
        .iter()
        .map(|at| {
            wanted
                .positions
                .iter()
                .map(|other| square(*at, *other))
                .fold(f32::INFINITY, f32::min)
        })
        .sum();
    (sum / found.len() as f32).sqrt()
}

#[test]
fn what_is_packed_plays() {
    let folder = tempfile::tempdir().expect("a folder");
    for codec in [VideoCodec::Hevc, VideoCodec::H264] {
        let mut input = Turning {
            count: 700,
            frames: 13,
            sh_degree: 0,
        };
        let path = folder.path().join(format!("{}.zoe", codec.name()));
        let pack = Pack {
            codec,
            ..Pack::default()
        };
        let report = pack.run(&mut input, &path).expect("packs");
        assert_eq!(
            (report.frames, report.groups, report.gaussians_max),
            (13, 3, 700)
        );
        let length = std::fs::metadata(&path).expect("is there").len();
        assert_eq!(report.bytes_total, length);
        assert!(!parts_path(&path).expect("a name").exists());
        let mut clip = open(&path);
        let info = clip.info().clone();
        assert_eq!(
            (info.frame_count, info.frame_rate, info.up),
            (13, 24.0, UpAxis::PlusY)
        );
        assert_eq!(info.title, "ball");
        assert!(info.bounds.is_some_and(|bounds| bounds.radius() > 1.0));
        let mut index = 0;
        for group in 0..3 {
            for cloud in frames(&mut clip, group, Detail::FULL) {
                let wanted = input.cloud(index);
                assert_eq!(cloud.len(), 700);
                let error = distance(&cloud, &wanted);
                assert!(error < 0.02, "{error} in frame {index}");
                let mean = |cloud: &SplatCloud, value: fn(&SplatCloud, usize) -> f32| {
                    (0..700).map(|k| value(cloud, k)).sum::<f32>() / 700.0
                };
                for value in [
                    |cloud: &SplatCloud, k: usize| cloud.opacities[k],
                    |cloud: &SplatCloud, k: usize| cloud.sh_dc[k][2],
                    |cloud: &SplatCloud, k: usize| cloud.scales[k].iter().sum(),
                ] {
                    let (found, wanted) = (mean(&cloud, value), mean(&wanted, value));
                    assert!((found - wanted).abs() < 0.01, "{found} {wanted}");
                }
                index += 1;
            }
        }
        // The last group has one frame.
        assert_eq!(index, 13);
    }
}

#[test]
fn every_layer_makes_it_better() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ladder.zoe");
    let mut input = Turning {
        count: 600,
        frames: 6,
        sh_degree: 2,
    };
    let pack = Pack {
        ladder: true,
        quality: 50,
        ..Pack::default()
    };
    pack.run(&mut input, &path).expect("packs");
    let mut clip = open(&path);
    let names: Vec<&str> = clip.info().layers.iter().map(|l| l.name.as_str()).collect();
    assert_eq!(names, ["base", "all Gaussians", "SH 2", "precision"]);
    let key = frames(&mut clip, 0, Detail::Key);
    assert_eq!((key.len(), key[0].len()), (1, 120));
    let base = frames(&mut clip, 0, Detail::Layers(1));
    assert_eq!((base.len(), base[0].len(), base[0].sh_degree), (6, 120, 0));
    assert_eq!(key[0], base[0], "the key is the first frame of the base");
    let all = frames(&mut clip, 0, Detail::Layers(2));
    assert_eq!((all[0].len(), all[0].sh_degree), (600, 0));
    // Few are shown larger.
    let size = |cloud: &SplatCloud| cloud.scales.iter().map(|s| s[0]).fold(0.0, f32::max);
    assert!(size(&base[0]) > 1.1 * size(&all[0]));
    let harmonics = frames(&mut clip, 0, Detail::Layers(3));
    assert_eq!((harmonics[0].len(), harmonics[0].sh_degree), (600, 2));
    let exact = frames(&mut clip, 0, Detail::FULL);
    for (t, (exact, coarse)) in exact.iter().zip(&harmonics).enumerate() {
        let wanted = input.cloud(t);
        let (fine, coarse) = (distance(exact, &wanted), distance(coarse, &wanted));
        assert!(fine < 0.7 * coarse, "{fine} {coarse} in frame {t}");
        let rest = exact.sh_rest.stored();
        let mean: f32 = rest.iter().map(|c| c[1]).sum::<f32>() / rest.len() as f32;
        assert!((mean - 0.1).abs() < 0.01, "{mean}");
    }
}

#[test]
fn a_pack_that_was_stopped_goes_on() {
    /// Stops after some frames.
    struct Stopping {
        inner: Turning,
        reads: usize,
        cancel: Cancel,
    }
    impl CloudSequence for Stopping {
        fn len(&self) -> usize {
            self.inner.len()
        }
        fn sh_degree(&self) -> u8 {
            0
        }
        fn read(&mut self, index: usize, cancel: &Cancel) -> Result<SplatCloud> {
            self.reads += 1;
            if index == 50 {
                self.cancel.cancel();
            }
            self.inner.read(index, cancel)
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stopped.zoe");
    let ball = || Turning {
        count: 200,
        frames: 60,
        sh_degree: 0,
    };
    let pack = Pack::default();
    let mut input = Stopping {
        inner: ball(),
        reads: 0,
        cancel: pack.cancel.clone(),
    };
    let error = pack.run(&mut input, &path).expect_err("is stopped");
    assert!(error.is_cancelled(), "{error}");
    assert!(!path.exists());
    let parts = parts_path(&path).expect("a name");
    assert!(parts.is_dir());

    // The same input and options: what is there is taken.
    let report = Pack::default().run(&mut ball(), &path).expect("packs");
    assert!(report.groups_resumed > 0, "{report:?}");
    assert_eq!((report.frames, report.groups), (60, 10));
    assert!(!parts.exists());
    let whole = std::fs::read(&path).expect("is there");
    let again = folder.path().join("again.zoe");
    let report = Pack::default().run(&mut ball(), &again).expect("packs");
    assert_eq!(report.groups_resumed, 0);
    assert_eq!(
        std::fs::read(&again).expect("is there"),
        whole,
        "resuming changes nothing"
    );

    // An output that is there is left alone.
    let error = Pack::default().run(&mut ball(), &path).expect_err("exists");
    assert!(matches!(error, PackError::Exists { .. }), "{error}");

    // Other options: nothing is taken.
    let other = folder.path().join("other.zoe");
    let pack = Pack::default();
    let mut input = Stopping {
        inner: ball(),
        reads: 0,
        cancel: pack.cancel.clone(),
    };
    pack.run(&mut input, &other).expect_err("is stopped");
    let pack = Pack {
        quality: 30,
        ..Pack::default()
    };
    let report = pack.run(&mut ball(), &other).expect("packs");
    assert_eq!(report.groups_resumed, 0);
}

#[test]
fn nothing_to_see_is_packed_too() {
    struct Nothing;
    impl CloudSequence for Nothing {
        fn len(&self) -> usize {
            3
        }
        fn sh_degree(&self) -> u8 {
            0
        }
        fn read(&mut self, _: usize, _: &Cancel) -> Result<SplatCloud> {
            Ok(SplatCloud::with_capacity(0, 0))
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    for ladder in [false, true] {
        let path = folder.path().join(format!("{ladder}.zoe"));
        let pack = Pack {
            ladder,
            ..Pack::default()
        };
        pack.run(&mut Nothing, &path).expect("packs");
        for cloud in frames(&mut open(&path), 0, Detail::FULL) {
            assert!(cloud.is_empty());
        }
    }
}

/// The packets of the first group of a small clip with all kinds of layers.
fn small_group() -> GroupPackets {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("small.zoe");
    let mut input = Turning {
        count: 60,
        frames: 3,
        sh_degree: 1,
    };
    let pack = Pack {
        ladder: true,
        ..Pack::default()
    };
    pack.run(&mut input, &path).expect("packs");
    open(&path).read_group(0, &Cancel::new()).expect("reads")
}

fn layers_of(packets: &mut GroupPackets) -> &mut Vec<zoetrope_codecs::LayerPackets> {
    match &mut packets.payload {
        GroupPayload::Layered(group) => &mut group.layers,
        _ => panic!("it is layered"),
    }
}

/// The same packets once more.
fn copy(packets: &GroupPackets) -> GroupPackets {
    let GroupPayload::Layered(group) = &packets.payload else {
        panic!("it is layered");
    };
    GroupPackets {
        group: packets.group,
        frames: packets.frames.clone(),
        payload: GroupPayload::Layered(group.clone()),
    }
}

/// Decodes all frames, as far as they can be.
fn decode(packets: GroupPackets) -> Result<usize> {
    let mut decoder = decoder();
    decoder.push(packets)?;
    let mut count = 0;
    while decoder.next_frame()?.is_some() {
        count += 1;
    }
    Ok(count)
}

#[test]
fn damage_is_an_error_or_another_picture() {
    let packets = small_group();
    assert_eq!(decode(copy(&packets)).expect("decodes"), 3);
    let mut random = Random::new(3);
    for _ in 0..10_000 {
        let mut damaged = copy(&packets);
        let layers = layers_of(&mut damaged);
        let layer = random.below(layers.len());
        let layer = &mut layers[layer];
        // Side samples are ours; FFmpeg is fuzzed by others, and meets a flip in ten.
        let bytes = if random.below(10) == 0 {
            let packet = random.below(layer.video.packets.len());
            &mut layer.video.packets[packet].bytes
        } else {
            let sample = random.below(layer.side.len());
            &mut layer.side[sample]
        };
        if bytes.is_empty() {
            continue;
        }
        let bit = random.below(8 * bytes.len());
        bytes[bit / 8] ^= 1 << (bit % 8);
        let _ = decode(damaged);
    }
}

#[test]
fn every_cut_of_a_side_sample_is_an_error() {
    let packets = small_group();
    let mut whole = copy(&packets);
    let shapes: Vec<Vec<usize>> = layers_of(&mut whole)
        .iter()
        .map(|layer| layer.side.iter().map(Vec::len).collect())
        .collect();
    for (layer, samples) in shapes.iter().enumerate() {
        for (sample, length) in samples.iter().enumerate() {
            for cut in 0..*length {
                let mut damaged = copy(&packets);
                layers_of(&mut damaged)[layer].side[sample].truncate(cut);
                assert!(
                    decode(damaged).is_err(),
                    "layer {layer}, sample {sample} at {cut}"
                );
            }
        }
    }
}

#[test]
fn layers_that_do_not_fit_are_refused() {
    let packets = small_group();
    let refused = |change: &dyn Fn(&mut Vec<zoetrope_codecs::LayerPackets>)| {
        let mut damaged = copy(&packets);
        change(layers_of(&mut damaged));
        matches!(decode(damaged), Err(Error::Malformed { .. }))
    };
    assert!(!refused(&|_| {}));
    assert!(refused(&Vec::clear));
    assert!(refused(&|layers| layers.swap(1, 2)));
    assert!(refused(&|layers| {
        let harmonics = layers[2].clone();
        layers.push(harmonics);
    }));
    assert!(refused(&|layers| layers[0].kind = LayerKind::Precision));
    assert!(refused(&|layers| layers[0].side.clear()));
    assert!(refused(&|layers| drop(layers[0].side.pop())));
    assert!(refused(&|layers| layers[3].video.width += 8));
    assert!(refused(&|layers| drop(layers[1].video.packets.pop())));
    let mut longer = copy(&packets);
    longer.frames.end += 1;
    assert!(decode(longer).is_err());
}
