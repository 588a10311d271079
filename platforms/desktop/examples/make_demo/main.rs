//! Makes the built-in demo clip, `assets/demo/biker.zip`, out of PlayCanvas' biker model:
//!
//! ```text
//! cargo run -p zoetrope-desktop --example make_demo -- biker.compressed.ply assets/demo/biker.zip
//! ```
//!
//! The model is reduced to a few ten thousand Gaussians, which swirl up from the floor, assemble,
//! sway and sink again, so that colour and motion show; the frames are packed as a V3 clip and put
//! into a zip without compression.

mod merge;
mod motion;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::bail;
use zip::write::SimpleFileOptions;
use zoetrope_codecs::source::{FileFolder, FileSource, Folder as _};
use zoetrope_codecs::splat::compressed_ply;
use zoetrope_codecs::{CameraHint, Cancel, SplatCloud, UpAxis};
use zoetrope_encode::{CloudSequence, PackOptions, Packing, pack_v3};
use zoetrope_ffmpeg::H264PlaneEncoder;

/// Gaussians of the demo: enough for the figure to read, few enough for software rendering.
const GAUSSIANS: usize = 18_000;
/// The first view: on the figure from the front, near.
const CAMERA: CameraHint = CameraHint {
    position: [-3.3, -2.05, -2.95],
    target: [0.05, -1.57, 0.05],
    fov_y_degrees: 45.0,
};

/// The frames, computed when asked for.
struct Demo {
    model: SplatCloud,
}

impl CloudSequence for Demo {
    fn len(&self) -> usize {
        motion::FRAMES
    }

    fn sh_degree(&self) -> u8 {
        self.model.sh_degree
    }

    fn read(&mut self, frame: usize, _: &Cancel) -> zoetrope_codecs::Result<SplatCloud> {
        Ok(motion::pose(&self.model, frame as f32 / motion::FRAME_RATE))
    }
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, output] = &arguments[..] else {
        bail!("usage: make_demo biker.compressed.ply OUT.zip");
    };
    let model = compressed_ply::read(&FileSource::open(model)?, &Cancel::new())?;
    let model = merge::reduce(&model, GAUSSIANS);
    eprintln!("{} Gaussians", model.len());

    let folder = tempfile::tempdir()?;
    let asset = folder.path().join("biker");
    let cancel = Cancel::new();
    let packing = Packing {
        options: &PackOptions {
            frame_rate: f64::from(motion::FRAME_RATE),
            group_frames: 14,
            quality: 45,
            up: UpAxis::MinusY,
            camera: Some(CAMERA),
            title: Some("Biker".to_owned()),
            credit: Some("PlayCanvas".to_owned()),
            licence: Some("MIT".to_owned()),
            ..PackOptions::default()
        },
        encoder: &H264PlaneEncoder::new(&cancel)?,
        decoder: None,
        progress: &|_| (),
        cancel: &cancel,
    };
    let report = pack_v3(&mut Demo { model }, &asset, packing)?;
    eprintln!("{:.0} bytes a frame", report.bytes_per_frame());
    zip(&asset, Path::new(output))
}

/// Puts every file of `folder` into the archive `output`, uncompressed: videos do not get smaller.
fn zip(folder: &Path, output: &Path) -> anyhow::Result<()> {
    let files = FileFolder::open(folder)?;
    let mut archive = zip::ZipWriter::new(fs::File::create(output)?);
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for path in files.list()?.unwrap_or_default() {
        archive.start_file(&path, options)?;
        archive.write_all(&fs::read(folder.join(&path))?)?;
    }
    archive.finish()?;
    Ok(())
}
