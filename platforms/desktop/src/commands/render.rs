//! `zoetrope render`: one picture.

use zoetrope_codecs::Cancel;
use zoetrope_render::Filter;

use crate::args::MAX_SIDE;
use crate::cli::{EngineArg, RenderArgs};
use crate::offscreen::{self, Offscreen, Scene};
use crate::open::open_with;
use crate::output;

/// Draws one picture of a clip into a PNG file.
///
/// # Errors
/// When the clip cannot be opened, has no such frame, or the picture cannot be drawn or written.
pub fn run(args: &RenderArgs, cancel: &Cancel) -> anyhow::Result<()> {
    let size = args.picture.size;
    let largest = size.width.max(size.height) * args.supersample;
    if largest > MAX_SIDE {
        anyhow::bail!(
            "a picture of {}x{} with {} samples a side is too large; at most {MAX_SIDE} pixels after supersampling",
            size.width,
            size.height,
            args.supersample
        );
    }
    let options = args.neural.options(None);
    let mut reader = open_with(&args.clip, &options, cancel)?;
    let index = match (args.frame, args.time) {
        (Some(frame), _) => frame,
        (None, Some(time)) => frame_at(time, reader.info())?,
        (None, None) => 0,
    };
    let frame = reader.frame(index, cancel)?;
    let camera = match args.camera {
        Some(camera) => offscreen::camera(&camera, reader.info().up),
        None => {
            let aspect = size.width as f32 / size.height as f32;
            Scene::of(&mut reader, aspect, cancel)?.camera
        }
    };
    let engine = if args.reference {
        EngineArg::Cpu
    } else {
        EngineArg::Gpu
    };
    let view = offscreen::view(&args.picture, camera, Filter::of(&frame), args.supersample);
    let picture = Offscreen::new(engine)?.draw(&frame, &view)?;
    cancel.check()?;
    output::write_png(&args.output, &picture.downsample(args.supersample))
}

/// The frame shown at `time` seconds.
fn frame_at(time: f64, info: &zoetrope_codecs::ClipInfo) -> anyhow::Result<usize> {
    let duration = info.duration();
    if !(0.0..=duration).contains(&time) {
        anyhow::bail!("there is nothing at {time} s; the clip lasts {duration:.3} s");
    }
    Ok(((time * info.frame_rate + 1e-6) as usize).min(info.frame_count.saturating_sub(1)))
}
