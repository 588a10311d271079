//! Benchmark peer: draws an INRIA PLY with the crate wgpu-3dgs-viewer, without a window, and prints
//! one line of JSON that says what a frame cost.
//!
//! `zoetrope bench` runs it beside our own renderer on the same file and camera. Its picture is made
//! to mean the same as far as the crate allows: display-space colour, blended over black, the
//! camera's `up` up. Two things cannot be set and remain different: the crate has no low-pass filter
//! (so that our Mip filter, with its narrower one, comes closest), and it keeps base colour and
//! opacity in 8 bits.

mod headless;
mod options;
mod scene;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::headless::Target;
use crate::options::{HELP, Options, Parsed};

/// The version that `Cargo.toml` pins.
const PEER_VERSION: &str = "0.8.0";

type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match options::parse(&arguments) {
        Ok(Parsed::Help) => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
        Ok(Parsed::Run(options)) => tell(run(&options)),
        Ok(Parsed::Parse(path, reads)) => tell(parse(&path, reads)),
        Err(message) => {
            eprintln!("peer-wgpu-3dgs: {message}\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}

/// Prints the line of JSON, or why there is none.
fn tell(line: Result<String>) -> ExitCode {
    match line {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("peer-wgpu-3dgs: {message}");
            ExitCode::from(1)
        }
    }
}

/// Reads a file some times and measures the fastest.
fn parse(path: &Path, reads: u32) -> Result<String> {
    let (mut cpu, mut wall, mut gaussians) = (f64::INFINITY, f64::INFINITY, 0);
    for _ in 0..reads {
        let cpu_before = process_cpu_seconds()?;
        let started = Instant::now();
        gaussians = scene::parse(path)?.len();
        wall = wall.min(started.elapsed().as_secs_f64());
        cpu = cpu.min(process_cpu_seconds()? - cpu_before);
    }
    Ok(serde_json::json!({
        "crate": "wgpu-3dgs-viewer",
        "version": PEER_VERSION,
        "gaussians": gaussians,
        "cpu_seconds": cpu,
        "wall_seconds": wall,
    })
    .to_string())
}

/// Draws, measures, saves the last picture; the result is the line of JSON.
fn run(options: &Options) -> Result<String> {
    let scene = scene::load(&options.input)?;
    let target = Target::new(options.width, options.height)?;
    let mut viewer = scene::viewer(&target.device, &target.queue, &scene, options)?;
    let camera = scene::PeerCamera::new(options);

    for _ in 0..options.warmup {
        target.draw(&mut viewer, &camera)?;
    }
    let cpu_before = process_cpu_seconds()?;
    let started = Instant::now();
    for _ in 0..options.frames {
        target.draw(&mut viewer, &camera)?;
    }
    let wall = started.elapsed().as_secs_f64();
    let cpu = process_cpu_seconds()? - cpu_before;

    if let Some(path) = &options.output {
        target.save_png(path)?;
    }
    let frames = f64::from(options.frames);
    Ok(serde_json::json!({
        "crate": "wgpu-3dgs-viewer",
        "version": PEER_VERSION,
        "adapter": target.adapter_name,
        "driver": target.driver,
        "gaussians": scene.gaussians.len(),
        "sh_degree": scene.sh_degree,
        "width": options.width,
        "height": options.height,
        "frames": options.frames,
        "cpu_seconds_per_frame": cpu / frames,
        "wall_seconds_per_frame": wall / frames,
    })
    .to_string())
}

/// User and system time of every thread of this process so far.
fn process_cpu_seconds() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)
        .map_err(|error| format!("cannot read the CPU time of this process: {error}"))?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(micros as f64 / 1e6)
}
