//! `zoetrope decode`: frames as PNG files.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde::Serialize;
use zoetrope_codecs::{Cancel, Error, FrameContent, SplatFrame};
use zoetrope_render::Filter;

use crate::cli::{DecodeArgs, EngineArg};
use crate::offscreen::{self, Offscreen, Scene};
use crate::open::open_with;
use crate::output;

/// One decoded frame, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Decoded {
    frame: usize,
    /// Seconds from the start.
    time: f64,
    files: Vec<PathBuf>,
}

/// Writes the chosen frames into a folder.
///
/// # Errors
/// When the clip cannot be opened, a frame is damaged, or a file cannot be written.
pub fn run(args: &DecodeArgs, cancel: &Cancel) -> anyhow::Result<()> {
    let options = args.neural.options(args.engine);
    let mut reader = open_with(&args.clip, &options, cancel)?;
    let count = reader.info().frame_count;
    let frames = args.frames.clone().unwrap_or(0..=count.saturating_sub(1));
    if *frames.end() >= count {
        let frame = *frames.end();
        return Err(Error::NoSuchFrame { frame, count }.into());
    }
    fs::create_dir_all(&args.output)
        .with_context(|| format!("cannot make the folder {}", args.output.display()))?;
    let mut pictures = match args.planes {
        true => None,
        false => Some((
            Offscreen::new(args.engine.unwrap_or(EngineArg::Gpu))?,
            Scene::of(
                &mut reader,
                args.picture.size.width as f32 / args.picture.size.height as f32,
                cancel,
            )?,
        )),
    };
    let bar = output::progress_bar(frames.clone().count() as u64);
    bar.set_message("decoding");
    let mut decoded = Vec::new();
    for index in frames {
        let frame = reader.frame(index, cancel)?;
        let files = match &mut pictures {
            Some((offscreen, scene)) => {
                let view = offscreen::view(&args.picture, scene.camera, Filter::of(&frame), 1);
                let path = args.output.join(format!("{index:06}.png"));
                output::write_png(&path, &offscreen.draw(&frame, &view)?)?;
                vec![path]
            }
            None => write_planes(args, index, &frame)?,
        };
        decoded.push(Decoded {
            frame: index,
            time: index as f64 / reader.info().frame_rate,
            files,
        });
        bar.inc(1);
    }
    bar.finish_and_clear();
    if args.json {
        return output::print_json(&decoded);
    }
    for Decoded { frame, time, files } in &decoded {
        for file in files {
            output::print(&format!("{frame}\t{time:.6}\t{}", file.display()))?;
        }
    }
    Ok(())
}

/// Writes every layer of a frame as a grey picture; layers are numbered as in `PlaneLayout`.
fn write_planes(
    args: &DecodeArgs,
    index: usize,
    frame: &FrameContent,
) -> anyhow::Result<Vec<PathBuf>> {
    let Some(SplatFrame::Planes(planes)) = frame.splats().map(|frame| &**frame) else {
        bail!("{} has no planes; leave --planes out", args.clip.display());
    };
    (0..planes.layout.layers())
        .map(|layer| {
            let path = args.output.join(format!("{index:06}_{layer:02}.png"));
            let side = planes.layout.side;
            output::write_png_samples(
                &path,
                side,
                side,
                png::ColorType::Grayscale,
                planes.layer(layer),
            )?;
            Ok(path)
        })
        .collect()
}
