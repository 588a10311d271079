//! The command line.

use std::path::PathBuf;

use wgpu_3dgs_viewer::core::glam::Vec3;

use crate::Result;

/// What `--help` prints.
pub const HELP: &str = "\
Draws an INRIA PLY with the crate wgpu-3dgs-viewer and prints what a frame cost, as JSON.

usage: peer-wgpu-3dgs FILE.ply --camera PX,PY,PZ,TX,TY,TZ,FOV [options]
       peer-wgpu-3dgs FILE.ply|FILE.spz --parse N

  --camera PX,PY,PZ,TX,TY,TZ,FOV  position, target (world units), vertical field of view (degrees)
  --up X,Y,Z                      the direction that is up in the picture [0,-1,0]
  --size WxH                      pixels [1280x720]
  --frames N                      frames measured [20]
  --warmup N                      frames drawn before, not measured [3]
  --cutoff SIGMA                  where a splat ends, in the crate's own unit (exp(-SIGMA^2)) [2.3529]
  --out FILE.png                  saves the last picture
  --parse N                       reads the file N times and draws nothing";

/// A parsed command line.
pub enum Parsed {
    /// Asked for the help text.
    Help,
    /// Asked to measure drawing.
    Run(Options),
    /// Asked to measure reading this file so many times.
    Parse(PathBuf, u32),
}

/// What to draw and how often.
pub struct Options {
    /// The splat file.
    pub input: PathBuf,
    /// Camera centre, world units.
    pub position: Vec3,
    /// The point looked at, world units.
    pub target: Vec3,
    /// Up direction of the picture, world axes.
    pub up: Vec3,
    /// Vertical field of view in radians.
    pub fov_y: f32,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames measured.
    pub frames: u32,
    /// Frames before them.
    pub warmup: u32,
    /// Where a splat ends: its alpha there is exp(-cutoff²) of its opacity.
    pub cutoff: f32,
    /// Where the last picture goes.
    pub output: Option<PathBuf>,
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// A sentence for an argument that is unknown, missing or no number.
pub fn parse(arguments: &[String]) -> Result<Parsed> {
    let mut input = None;
    let mut camera = None;
    let mut reads = None;
    let mut options = Options {
        input: PathBuf::new(),
        position: Vec3::ZERO,
        target: Vec3::ZERO,
        up: Vec3::NEG_Y,
        fov_y: 0.0,
        width: 1280,
        height: 720,
        frames: 20,
        warmup: 3,
        // sqrt(ln 255), where alpha falls under 1/255 as in the 3DGS paper's renderer; the crate
        // keeps this number in steps of 3/255.
        cutoff: 2.3529,
        output: None,
    };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || {
            rest.next()
                .ok_or_else(|| format!("{argument} needs a value"))
        };
        match argument.as_str() {
            "-h" | "--help" => return Ok(Parsed::Help),
            "--camera" => camera = Some(numbers::<7>(argument, value()?)?),
            "--up" => options.up = Vec3::from(numbers::<3>(argument, value()?)?),
            "--size" => (options.width, options.height) = size(value()?)?,
            "--frames" => options.frames = count(argument, value()?)?,
            "--warmup" => options.warmup = count(argument, value()?)?,
            "--cutoff" => [options.cutoff] = numbers::<1>(argument, value()?)?,
            "--parse" => reads = Some(count(argument, value()?)?),
            "--out" => options.output = Some(PathBuf::from(value()?)),
            other if other.starts_with('-') => return Err(format!("{other} is no option")),
            other => input = Some(PathBuf::from(other)),
        }
    }
    options.input = input.ok_or("no splat file was named")?;
    if let Some(reads) = reads {
        return Ok(Parsed::Parse(options.input, reads));
    }
    let [px, py, pz, tx, ty, tz, fov] = camera.ok_or("--camera is missing")?;
    options.position = Vec3::new(px, py, pz);
    options.target = Vec3::new(tx, ty, tz);
    options.fov_y = fov.to_radians();
    if options.frames == 0 {
        return Err("--frames must be at least 1".to_owned());
    }
    Ok(Parsed::Run(options))
}

fn numbers<const N: usize>(option: &str, text: &str) -> Result<[f32; N]> {
    text.split(',')
        .map(|part| part.trim().parse::<f32>().ok().filter(|n| n.is_finite()))
        .collect::<Option<Vec<_>>>()
        .and_then(|list| list.try_into().ok())
        .ok_or_else(|| format!("{option} takes {N} numbers with commas, not \"{text}\""))
}

fn size(text: &str) -> Result<(u32, u32)> {
    text.split_once('x')
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)))
        .filter(|&(width, height)| width > 0 && height > 0)
        .ok_or_else(|| format!("--size takes WxH in pixels, such as 1280x720, not \"{text}\""))
}

fn count(option: &str, text: &str) -> Result<u32> {
    text.parse()
        .map_err(|_| format!("{option} takes a whole number, not \"{text}\""))
}
