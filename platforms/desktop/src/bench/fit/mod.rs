//! `fit`: what networks of several sizes make of a video, beside x264 and x265 on the same frames.
//!
//! Sizes are those of whole files, quality is the mean PSNR of all frames over red, green and blue, of the files decoded.

mod peer;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use zoetrope_app::pictures::{middle_of, open_pictures};
use zoetrope_codecs::Cancel;
use zoetrope_codecs::container::zoe::{ClipDescription, FrameRate};
use zoetrope_codecs::pictures::PictureSource;
use zoetrope_encode::PackError;
use zoetrope_encode::fit::{
    Fit, FitOptions, FitProgress, FitWatch, Fitted, NirvanaFit, NirvanaOptions, write_clip,
};
use zoetrope_render::Picture;

use self::peer::Peer;
use super::Metrics;
use super::plot::{self, Curve, Diagram};
use crate::cli::BenchArgs;
use crate::cpu_time;

/// Frames a second of pictures that do not say.
const FRAME_RATE: f64 = 25.0;
/// Bytes that each network of HNeRV may take.
const SIZES: [u64; 4] = [40_000, 90_000, 180_000, 360_000];
/// Bits of the numbers of NIRVANA's networks.
const BITS: [u8; 3] = [4, 5, 6];

/// Fits and encodes at all sizes.
///
/// # Errors
/// When the video is not there, a network cannot be fitted, or FFmpeg's program lacks an encoder.
pub fn run(options: &BenchArgs, cancel: &Cancel) -> anyhow::Result<Metrics> {
    let path = &options.video;
    let mut video = open_pictures(path, cancel).with_context(|| {
        format!(
            "{} is no video; --video names one, or a folder of pictures",
            path.display()
        )
    })?;
    let truth = pictures(&mut *video, None, cancel)?;
    let mut metrics = Metrics::default();
    let size = video.info().size;
    metrics.set("frames", truth.len());
    metrics.set("width", size[0]);
    metrics.set("height", size[1]);
    let folder = tempfile::tempdir().context("there is no temporary folder")?;
    let bench = Bench {
        pixels: f64::from(size[0]) * f64::from(size[1]) * truth.len() as f64,
        frame_rate: video.info().frame_rate.unwrap_or(FRAME_RATE),
        size,
        truth,
        folder: folder.path().to_owned(),
    };
    let mut curves = vec![
        bench.peer(&Peer::X264, &mut metrics, cancel)?,
        bench.peer(&Peer::X265, &mut metrics, cancel)?,
    ];
    curves.push(bench.hnerv(&mut *video, &mut metrics, cancel)?);
    curves.push(bench.nirvana(&mut *video, &mut metrics, cancel)?);
    compare(&curves, &mut metrics);
    if let Some(folder) = &options.plots {
        let path = folder.join("fit.svg");
        let diagram = Diagram {
            title: format!(
                "{} frames, {} x {}",
                bench.truth.len(),
                bench.size[0],
                bench.size[1]
            ),
            unit: "bits a pixel",
            curves,
        };
        std::fs::write(&path, plot::svg(&[diagram]))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(metrics)
}

/// A video, and where files go.
struct Bench {
    truth: Vec<Picture>,
    size: [u32; 2],
    frame_rate: f64,
    /// Of all frames.
    pixels: f64,
    folder: PathBuf,
}

impl Bench {
    /// HNeRV's networks, `lite` profile.
    fn hnerv(
        &self,
        video: &mut dyn PictureSource,
        metrics: &mut Metrics,
        cancel: &Cancel,
    ) -> anyhow::Result<Curve> {
        let mut points = Vec::new();
        for bytes in SIZES {
            let options = FitOptions {
                bytes: Some(bytes),
                ..FitOptions::new(self.frame_rate())
            };
            let fit = || {
                let fit = Fit::new(video, options, cancel)?;
                fit.run(None, false, &mut Unwatched, cancel)
            };
            points.push(self.fit(&format!("hnerv_{bytes}"), fit, metrics, cancel)?);
        }
        Ok(curve("HNeRV lite", "#1f6fd0", points))
    }

    /// NIRVANA's networks.
    fn nirvana(
        &self,
        video: &mut dyn PictureSource,
        metrics: &mut Metrics,
        cancel: &Cancel,
    ) -> anyhow::Result<Curve> {
        let mut points = Vec::new();
        for bits in BITS {
            let options = NirvanaOptions {
                bits,
                ..NirvanaOptions::new(self.frame_rate())
            };
            let fit = || {
                let fit = NirvanaFit::new(video.info(), options)?;
                fit.run(video, None, false, &mut Unwatched, cancel)
            };
            points.push(self.fit(&format!("nirvana_{bits}bit"), fit, metrics, cancel)?);
        }
        Ok(curve("NIRVANA", "#2c8c5a", points))
    }

    fn frame_rate(&self) -> FrameRate {
        FrameRate::from_per_second(self.frame_rate)
    }

    /// Does a fit and writes its clip.
    fn fit(
        &self,
        name: &str,
        fit: impl FnOnce() -> Result<Fitted, PackError>,
        metrics: &mut Metrics,
        cancel: &Cancel,
    ) -> anyhow::Result<[f64; 2]> {
        let used = cpu_time::of_this_process();
        let fitted = fit()?;
        let used = cpu_time::of_this_process() - used;
        metrics.set(format!("{name}_fit_cpu_seconds"), used);
        let path = self.folder.join(format!("{name}.zoe"));
        let description = ClipDescription::new(self.frame_rate(), 0);
        write_clip(&fitted, description, &path, cancel)?;
        self.point(name, &path, metrics, cancel)
    }

    /// An ordinary codec.
    fn peer(&self, peer: &Peer, metrics: &mut Metrics, cancel: &Cancel) -> anyhow::Result<Curve> {
        let mut points = Vec::new();
        for factor in peer.factors {
            cancel.check()?;
            let path = self.folder.join(format!("{}-{factor}.mp4", peer.name));
            peer.encode(&self.truth, self.frame_rate, *factor, &path)?;
            let name = format!("{}_crf{factor}", peer.name);
            points.push(self.point(&name, &path, metrics, cancel)?);
        }
        Ok(curve(peer.name, peer.colour, points))
    }

    /// Bits a pixel of the file at `path`, and how good its pictures are.
    fn point(
        &self,
        name: &str,
        path: &Path,
        metrics: &mut Metrics,
        cancel: &Cancel,
    ) -> anyhow::Result<[f64; 2]> {
        let bytes = std::fs::metadata(path)?.len();
        let found = pictures(&mut *open_pictures(path, cancel)?, Some(self.size), cancel)?;
        anyhow::ensure!(
            found.len() == self.truth.len(),
            "{name} has {} frames in place of {}",
            found.len(),
            self.truth.len()
        );
        let mut psnr = 0.0;
        for (found, truth) in found.iter().zip(&self.truth) {
            psnr += truth.psnr(found)? / self.truth.len() as f64;
        }
        metrics.set(format!("{name}_bytes"), bytes);
        metrics.set(format!("{name}_psnr_db"), psnr);
        Ok([bytes as f64 * 8.0 / self.pixels, psnr])
    }
}

/// All pictures of `source`; the middle of them where they are larger than `size`.
fn pictures(
    source: &mut dyn PictureSource,
    size: Option<[u32; 2]>,
    cancel: &Cancel,
) -> anyhow::Result<Vec<Picture>> {
    let size = size.unwrap_or(source.info().size);
    let all = 0..source.info().count;
    all.map(|index| middle_of(source.picture(index, cancel)?, size))
        .collect()
}

fn curve(name: &'static str, colour: &'static str, mut points: Vec<[f64; 2]>) -> Curve {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]));
    Curve {
        name,
        colour,
        points,
    }
}

/// How many times larger networks are than the ordinary codecs' files that are as good.
fn compare(curves: &[Curve], metrics: &mut Metrics) {
    let (peers, networks) = curves.split_at(2);
    for network in networks {
        for [size, psnr] in &network.points {
            for peer in peers {
                let name = format!("{}_{psnr:.1}db_size_over_{}", network.name, peer.name);
                let name = name.to_lowercase().replace(' ', "_");
                match peer.size_at(*psnr) {
                    Some(theirs) => metrics.set(name, size / theirs),
                    None => metrics.set(name, "beyond its best"),
                }
            }
        }
    }
}

/// Nobody looks on.
struct Unwatched;

impl FitWatch for Unwatched {
    fn progress(&mut self, _: &FitProgress) {}
}
