//! Networks that others trained: how near our pictures are to those of the program that trained them.
//!
//! Each lies in a folder with pictures of its frames: `ref`, what the other program decodes, and `gt`, what it was
//! trained on. Their names are the numbers of the frames.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use zoetrope_app::pictures::{is_picture, middle_of, open_pictures};
use zoetrope_codecs::Cancel;
use zoetrope_codecs::neural::{self, ImportOptions};
use zoetrope_codecs::source::FileSource;
use zoetrope_render::neural::{NeuralRenderer, Options, Precision};
use zoetrope_render::{Gpu, Picture};

use super::super::Metrics;

/// A frame that there are pictures of.
struct Reference {
    frame: usize,
    /// Of the program that trained the network.
    decoded: Picture,
    /// Of the film.
    film: Picture,
}

/// Decodes the frames that there are pictures of, of every network below `folder`. For each engine it tells the
/// least PSNR to the other program's pictures, the mean PSNR to the film, and by how much that is more than the other
/// program's.
///
/// # Errors
/// When a network or a picture cannot be read, or a decoder fails.
pub fn run(folder: &Path, metrics: &mut Metrics, cancel: &Cancel) -> anyhow::Result<()> {
    if !folder.exists() {
        eprintln!("there are no networks in {}", folder.display());
        return Ok(());
    }
    let gpu = pollster::block_on(Gpu::headless())?;
    for folder in entries(folder)? {
        if folder.join("ref").is_dir() {
            of_network(&gpu, &folder, metrics, cancel)
                .with_context(|| folder.display().to_string())?;
        }
    }
    Ok(())
}

fn of_network(
    gpu: &Gpu,
    folder: &Path,
    metrics: &mut Metrics,
    cancel: &Cancel,
) -> anyhow::Result<()> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let path = network_in(folder)?;
    let references = references(folder, cancel)?;
    metrics.set(format!("{name}_pictures"), references.len());
    let mut check = |engine: &str, decode: &mut dyn FnMut(usize) -> anyhow::Result<Picture>| {
        let (mut least, mut ours, mut theirs) = (f64::INFINITY, 0.0, 0.0);
        for reference in &references {
            cancel.check()?;
            let picture = decode(reference.frame)?;
            least = least.min(picture.psnr(&reference.decoded)?);
            ours += picture.psnr(&reference.film)? / references.len() as f64;
            theirs += reference.decoded.psnr(&reference.film)? / references.len() as f64;
        }
        let mut set = |what, value| metrics.set(format!("{name}_{engine}_{what}"), value);
        set("least_psnr_db", least);
        set("film_psnr_db", ours);
        set("film_psnr_gain_db", ours - theirs);
        anyhow::Ok(())
    };

    let mut pictures = open_pictures(&path, cancel)?;
    let size = pictures.info().size;
    check("cpu", &mut |frame| {
        middle_of(pictures.picture(frame, cancel)?, size)
    })?;
    let source = Arc::new(FileSource::open(&path)?);
    let video = neural::open(source, &ImportOptions::default(), cancel)?;
    for (engine, precision) in [("gpu_f32", Precision::F32), ("gpu_f16", Precision::F16)] {
        let options = Options::of(gpu, precision);
        let mut renderer = NeuralRenderer::with_options(gpu, &video.network, options)?;
        check(engine, &mut |frame| {
            let embedding = video.embedding(frame).context("there is no such frame")?;
            renderer.decode(gpu, embedding)?;
            Ok(renderer.read_picture(gpu)?)
        })?;
    }
    Ok(())
}

/// What a folder holds, by name.
fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut entries = entries.collect::<anyhow::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

/// The file of weights in a folder.
fn network_in(folder: &Path) -> anyhow::Result<PathBuf> {
    let is_network = |path: &PathBuf| {
        let end = path.extension().and_then(|end| end.to_str());
        end.is_some_and(|end| ["pt", "pth", "safetensors", "zoe"].contains(&end))
    };
    let found = entries(folder)?.into_iter().find(is_network);
    found.context("there is no network beside the pictures")
}

/// The frames of which there are pictures of both kinds.
fn references(folder: &Path, cancel: &Cancel) -> anyhow::Result<Vec<Reference>> {
    let mut references = Vec::new();
    for path in entries(&folder.join("ref"))? {
        let film = folder.join("gt").join(path.file_name().unwrap_or_default());
        let number = path
            .file_stem()
            .and_then(|stem| stem.to_str()?.parse().ok());
        if let Some(frame) = number
            && is_picture(&path)
            && film.exists()
        {
            references.push(Reference {
                frame,
                decoded: picture(&path, cancel)?,
                film: picture(&film, cancel)?,
            });
        }
    }
    if references.is_empty() {
        bail!("it has no pictures of one frame in both `ref` and `gt`");
    }
    Ok(references)
}

fn picture(path: &Path, cancel: &Cancel) -> anyhow::Result<Picture> {
    let mut pictures = open_pictures(path, cancel)?;
    let size = pictures.info().size;
    middle_of(pictures.picture(0, cancel)?, size)
}
