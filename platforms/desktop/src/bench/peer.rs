//! The crate wgpu-3dgs-viewer on the same file and camera, in turns with ours.
//!
//! It lives in a workspace of its own, `render/peer`, which is built here when it has to be: the
//! benchmark needs a checkout and a compiler, nothing else of the command line does.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zoetrope_codecs::source::FileSource;
use zoetrope_codecs::splat::ply;
use zoetrope_codecs::{Cancel, SplatCloud, SplatFrame};
use zoetrope_render::{Filter, Gpu, Picture, SplatRenderer, View};

use super::{Metrics, median, splat};

/// How often each of the two has its turn.
const ROUNDS: usize = 3;
/// Frames measured in a turn.
const FRAMES: usize = 3;
/// Least PSNR between the two pictures, in dB, for their times to be comparable. More cannot be
/// asked for: the peer has no low-pass filter, which shows where splats are as small as pixels.
const MIN_PSNR_DB: f64 = 35.0;

/// What the peer prints.
#[derive(Debug, Deserialize)]
struct PeerReport {
    #[serde(rename = "crate")]
    name: String,
    version: String,
    cpu_seconds_per_frame: f64,
}

/// Draws `cloud` with both and adds the peer's numbers and the ratio to `metrics`.
///
/// # Errors
/// When the peer cannot be built or does not draw the same picture.
pub fn compare(
    cloud: &SplatCloud,
    view: &View,
    metrics: &mut Metrics,
    cancel: &Cancel,
) -> anyhow::Result<()> {
    let peer = build()?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("scene.ply");
    ply::write(cloud, &mut BufWriter::new(File::create(&file)?))?;
    let read_back = ply::read(&FileSource::open(&file)?, cancel)?;
    let frame = Arc::new(SplatFrame::Cloud(read_back));

    let gpu = pollster::block_on(Gpu::headless())?;
    let mut renderer = SplatRenderer::new(&gpu, None)?;
    // The peer widens no splat; of our two filters Mip's changes the picture less. Both cost the same.
    let view = &View {
        filter: Filter::Mip,
        ..*view
    };
    splat::draw(&gpu, &mut renderer, &frame, view)?;
    let ours_picture = renderer.read_picture(&gpu)?;

    let png = folder.path().join("peer.png");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut version = String::new();
    for round in 0..ROUNDS {
        cancel.check()?;
        let report = run(&peer, &file, &png, view)?;
        theirs.push(report.cpu_seconds_per_frame);
        version = format!("{} {}", report.name, report.version);
        for step in 0..FRAMES {
            // Another view each time, or ours would notice that there is nothing to do.
            let mut moved = *view;
            moved.camera.position *= 1.0 + 1e-5 * (1 + round * FRAMES + step) as f32;
            ours.push(splat::draw(&gpu, &mut renderer, &frame, &moved)?.total());
        }
    }
    let psnr = ours_picture.psnr(&read_png(&png)?)?;
    ensure!(
        psnr >= MIN_PSNR_DB,
        "the peer draws another picture ({psnr:.1} dB), so its time says nothing"
    );
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    metrics.set("peer", version);
    metrics.set("peer_picture_psnr_db", psnr);
    metrics.set("peer_cpu_seconds_per_frame", theirs);
    metrics.set("peer_ours_cpu_seconds_per_frame", ours);
    metrics.set("peer_ratio_ours_over_theirs", ours / theirs);
    Ok(())
}

/// Builds the peer, if it is not built already, and returns its binary.
pub fn build() -> anyhow::Result<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../render/peer/Cargo.toml");
    if !manifest.is_file() {
        bail!(
            "the peer's sources are not at {}; run the benchmark in a checkout",
            manifest.display()
        );
    }
    let target = cache_folder().join("peer-target");
    eprintln!("building the peer (minutes, the first time) …");
    let status = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--locked",
            "--quiet",
            "--manifest-path",
        ])
        .arg(&manifest)
        .arg("--target-dir")
        .arg(&target)
        .status()
        .context("cargo is needed to build the peer")?;
    ensure!(status.success(), "the peer does not build");
    Ok(target.join("release/peer-wgpu-3dgs"))
}

/// Where peers are kept, so that checkouts share them.
pub fn cache_folder() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
        .unwrap_or_else(std::env::temp_dir);
    cache.join("zoetrope")
}

/// What the peer prints about reading a file.
#[derive(Debug, Deserialize)]
pub struct ParseReport {
    #[serde(rename = "crate")]
    name: String,
    version: String,
    gaussians: usize,
    /// Of the fastest read.
    pub cpu_seconds: f64,
    /// Of the fastest read.
    pub wall_seconds: f64,
}

impl ParseReport {
    /// Name and version.
    pub fn peer(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

/// Lets the peer read `file` once, which holds so many Gaussians.
///
/// # Errors
/// When it cannot, or reads another number.
pub fn parse(peer: &Path, file: &Path, gaussians: usize) -> anyhow::Result<ParseReport> {
    let report: ParseReport = report(Command::new(peer).arg(file).args(["--parse", "1"]))?;
    ensure!(
        report.gaussians == gaussians,
        "the peer reads {} of {gaussians} Gaussians, so its time says nothing",
        report.gaussians
    );
    Ok(report)
}

fn run(peer: &Path, file: &Path, png: &Path, view: &View) -> anyhow::Result<PeerReport> {
    let camera = &view.camera;
    let (p, t, up) = (camera.position, camera.target, camera.up);
    let mut command = Command::new(peer);
    command
        .arg(file)
        .arg("--camera")
        .arg(format!(
            "{},{},{},{},{},{},{}",
            p.x,
            p.y,
            p.z,
            t.x,
            t.y,
            t.z,
            camera.fov_y.to_degrees()
        ))
        .arg("--up")
        .arg(format!("{},{},{}", up.x, up.y, up.z))
        .arg("--size")
        .arg(format!("{}x{}", view.width, view.height))
        .args(["--frames", &FRAMES.to_string(), "--warmup", "1", "--out"])
        .arg(png);
    report(&mut command)
}

fn report<T: DeserializeOwned>(command: &mut Command) -> anyhow::Result<T> {
    let output = command.output().context("the peer does not start")?;
    ensure!(
        output.status.success(),
        "the peer failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    serde_json::from_slice(&output.stdout).context("the peer prints something unexpected")
}

fn read_png(path: &Path) -> anyhow::Result<Picture> {
    let file = BufReader::new(File::open(path)?);
    let mut reader = png::Decoder::new(file).read_info()?;
    let mut rgba = vec![
        0;
        reader
            .output_buffer_size()
            .context("the picture is too large")?
    ];
    let info = reader.next_frame(&mut rgba)?;
    ensure!(
        info.color_type == png::ColorType::Rgba && info.bit_depth == png::BitDepth::Eight,
        "the peer's picture is not 8-bit RGBA"
    );
    Ok(Picture {
        width: info.width,
        height: info.height,
        rgba,
    })
}
