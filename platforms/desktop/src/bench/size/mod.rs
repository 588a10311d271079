//! Rate and distortion: our own clip beside V3 at V3's own settings, on the same frames.

mod moving;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use zoetrope_app::open_clip;
use zoetrope_codecs::source::{FileSource, Source};
use zoetrope_codecs::{Cancel, FrameContent, FrameReader, SplatFrame, splat};
use zoetrope_encode::zoe::{ZoePacking, pack_zoe};
use zoetrope_encode::{CloudSequence, PackOptions, Packing, pack_v3};
use zoetrope_ffmpeg::{FfmpegAtlasDecoder, FfmpegAtlasEncoder, H264PlaneEncoder};
use zoetrope_render::{Background, Camera, Filter, Picture, View};

use self::moving::Moving;
use super::Metrics;
use super::plot::{self, Curve, Diagram};
use crate::cli::{BenchArgs, EngineArg};
use crate::offscreen::Offscreen;

/// Qualities of V3 whose quantisers are 25, 20 and 15: those that V3 was published with.
const V3_QUALITIES: [u8; 3] = [50, 60, 70];
/// Our qualities, so that their pictures are as good as V3's and worse.
const ZOE_QUALITIES: [u8; 5] = [20, 40, 60, 80, 100];
/// Frames of the moving model.
const MOVING_FRAMES: usize = 30;
/// Frames of each clip that are drawn.
const DRAWN_FRAMES: usize = 6;
/// Cameras on the ring around the first frame.
const CAMERAS: usize = 8;
/// Size of the pictures.
const SIZE: [u32; 2] = [640, 480];

/// A size and how good the pictures are.
#[derive(Clone, Copy, Debug)]
struct Point {
    quality: u8,
    bytes_per_frame: f64,
    psnr: f64,
}

/// What became of one clip.
struct Curves {
    name: &'static str,
    v3: Vec<Point>,
    zoe: Vec<Point>,
}

impl Curves {
    fn diagram(&self) -> Diagram {
        Diagram {
            title: self.name.to_owned(),
            unit: "kB a frame",
            curves: vec![
                curve("V3, qp 25 20 15", "#9a3b26", &self.v3),
                self.zoe_curve(),
            ],
        }
    }

    fn zoe_curve(&self) -> Curve {
        curve("Zoetrope", "#1f6fd0", &self.zoe)
    }
}

fn curve(name: &'static str, colour: &'static str, points: &[Point]) -> Curve {
    let points = points.iter();
    Curve {
        name,
        colour,
        points: points
            .map(|point| [point.bytes_per_frame / 1e3, point.psnr])
            .collect(),
    }
}

/// Packs every clip at every quality and compares it with its unpacked frames.
///
/// # Errors
/// When none of the clips is there, and when one cannot be packed or drawn.
pub fn run(options: &BenchArgs, cancel: &Cancel) -> anyhow::Result<Metrics> {
    let mut metrics = Metrics::default();
    let mut all = Vec::new();
    for (name, path) in [
        ("monkey", "seq_monkey_sog"),
        ("wave", "seq_wave_sog"),
        ("moving-biker", "playcanvas/biker.compressed.ply"),
    ] {
        let path = options.data.join(path);
        if !path.exists() {
            log::warn!("{} is not there; {name} is left out", path.display());
            continue;
        }
        let curves = measure(name, &path, cancel)?;
        report(&curves, &mut metrics);
        all.push(curves);
    }
    if all.is_empty() {
        bail!(
            "there are no clips in {}; --data names the folder with seq_monkey_sog, seq_wave_sog and \
             playcanvas/biker.compressed.ply",
            options.data.display()
        );
    }
    if let Some(folder) = &options.plots {
        let path = folder.join("size.svg");
        let diagrams: Vec<Diagram> = all.iter().map(Curves::diagram).collect();
        std::fs::write(&path, plot::svg(&diagrams))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(metrics)
}

fn report(curves: &Curves, metrics: &mut Metrics) {
    let name = curves.name;
    for (format, points) in [("v3", &curves.v3), ("zoe", &curves.zoe)] {
        for point in points {
            let at = format!("{name}_{format}_q{}", point.quality);
            metrics.set(
                format!("{at}_bytes_per_frame"),
                point.bytes_per_frame.round(),
            );
            metrics.set(format!("{at}_psnr_db"), point.psnr);
        }
    }
    let zoe = curves.zoe_curve();
    for (point, qp) in curves.v3.iter().zip([25, 20, 15]) {
        match zoe.size_at(point.psnr) {
            Some(kilobytes) => metrics.set(
                format!("{name}_size_ratio_at_qp{qp}"),
                kilobytes * 1e3 / point.bytes_per_frame,
            ),
            None => metrics.set(format!("{name}_size_ratio_at_qp{qp}"), "beyond our best"),
        }
    }
}

fn measure(name: &'static str, path: &Path, cancel: &Cancel) -> anyhow::Result<Curves> {
    let mut sequence = open(path, cancel)?;
    let input = &mut *sequence;
    let mut judge = Judge::new(input, cancel)?;
    let folder = tempfile::tempdir().context("there is no temporary folder")?;
    let mut curves = Curves {
        name,
        v3: Vec::new(),
        zoe: Vec::new(),
    };
    for quality in V3_QUALITIES {
        let target = folder.path().join(format!("v3-{quality}"));
        let options = PackOptions {
            quality,
            ..PackOptions::default()
        };
        let packing = Packing {
            options: &options,
            encoder: &H264PlaneEncoder::new(cancel)?,
            decoder: None,
            progress: &|_| {},
            cancel,
        };
        let bytes = pack_v3(input, &target, packing)?.bytes_total;
        curves
            .v3
            .push(judge.point(quality, bytes, &target, cancel)?);
    }
    for quality in ZOE_QUALITIES {
        let target = folder.path().join(format!("{quality}.zoe"));
        let options = PackOptions {
            quality,
            group_frames: 24,
            ..PackOptions::default()
        };
        let encoder = FfmpegAtlasEncoder::new(cancel);
        let packing = ZoePacking::new(&options, &encoder, &FfmpegAtlasDecoder::boxed, cancel);
        let bytes = pack_zoe(input, &target, packing)?.bytes_total;
        curves
            .zoe
            .push(judge.point(quality, bytes, &target, cancel)?);
    }
    Ok(curves)
}

fn open(path: &Path, cancel: &Cancel) -> anyhow::Result<Box<dyn CloudSequence>> {
    if path.is_file() {
        let source: Arc<dyn Source> = Arc::new(FileSource::open(path)?);
        let model = splat::read(&source, cancel)?;
        return Ok(Box::new(Moving::new(model, MOVING_FRAMES)));
    }
    let clip = open_clip(&PathBuf::from(path).into(), cancel)?;
    Ok(Box::new(FrameReader::new(clip.demuxer, clip.decoder)))
}

/// Draws frames and compares them with those of the input.
struct Judge {
    offscreen: Offscreen,
    views: Vec<View>,
    frames: Vec<usize>,
    frame_count: usize,
    /// Pictures of the input, all views of a frame, then the next.
    truth: Vec<Picture>,
}

impl Judge {
    fn new(input: &mut dyn CloudSequence, cancel: &Cancel) -> anyhow::Result<Self> {
        let count = input.len();
        let first = input.read(0, cancel)?;
        let views = Camera::ring(first.bounds(), -glam::Vec3::Y, CAMERAS)
            .into_iter()
            .map(|camera| View {
                camera,
                width: SIZE[0],
                height: SIZE[1],
                background: Background::Opaque([0.0; 3]),
                filter: Filter::Classic,
                sh_degree: 3,
            })
            .collect();
        let shown = count.min(DRAWN_FRAMES);
        let mut judge = Self {
            offscreen: Offscreen::new(EngineArg::Gpu)?,
            views,
            // Not the first of a group, which is better than the others.
            frames: (0..shown)
                .map(|k| (k * count + count / 2) / shown)
                .collect(),
            frame_count: count,
            truth: Vec::new(),
        };
        for index in judge.frames.clone() {
            let cloud = input.read(index, cancel)?;
            let pictures = judge.draw(&SplatFrame::Cloud(cloud).into(), cancel)?;
            judge.truth.extend(pictures);
        }
        Ok(judge)
    }

    fn draw(&mut self, frame: &FrameContent, cancel: &Cancel) -> anyhow::Result<Vec<Picture>> {
        let (offscreen, views) = (&mut self.offscreen, &self.views);
        views
            .iter()
            .map(|view| {
                cancel.check()?;
                offscreen.draw(frame, view)
            })
            .collect()
    }

    /// The point of a clip of `bytes` at `path`.
    fn point(
        &mut self,
        quality: u8,
        bytes: u64,
        path: &Path,
        cancel: &Cancel,
    ) -> anyhow::Result<Point> {
        let clip = open_clip(&PathBuf::from(path).into(), cancel)?;
        let mut reader = FrameReader::new(clip.demuxer, clip.decoder);
        let mut pictures = Vec::new();
        for index in self.frames.clone() {
            let frame = reader.frame(index, cancel)?;
            pictures.extend(self.draw(&frame, cancel)?);
        }
        let mut error = 0.0;
        for (found, wanted) in pictures.iter().zip(&self.truth) {
            error += 10f64.powf(-wanted.psnr(found)? / 10.0);
        }
        Ok(Point {
            quality,
            bytes_per_frame: bytes as f64 / self.frame_count as f64,
            psnr: -10.0 * (error / pictures.len() as f64).log10(),
        })
    }
}
