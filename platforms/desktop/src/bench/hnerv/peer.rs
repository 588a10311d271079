//! ONNX Runtime, and PyTorch where it is there, on the same network.
//!
//! `peer.py` runs them, in a Python environment of its own that is made here.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use tempfile::TempDir;
use zoetrope_codecs::neural::{Network, Picture};

use super::super::{Metrics, median, peer::cache_folder};

/// What is installed. PyTorch takes gigabytes and twice the time: it is measured where somebody puts it into
/// the environment.
const PACKAGES: [&str; 3] = ["onnxruntime==1.32.0", "onnx==1.23.2", "numpy==2.4.6"];
const SCRIPT: &str = include_str!("peer.py");
/// Least PSNR between the pictures, in dB, for their times to be comparable.
const MIN_PSNR_DB: f64 = 80.0;

/// The peers with a network, ready to decode.
pub struct Peer {
    python: PathBuf,
    folder: TempDir,
}

/// What the script prints about one program.
#[derive(Deserialize)]
struct Report {
    program: String,
    version: String,
    seconds: f64,
    processor_seconds: f64,
}

/// Seconds of a frame of each program, a number for each turn.
#[derive(Default)]
pub struct Times {
    programs: Vec<(String, String, Vec<f64>, Vec<f64>)>,
}

impl Peer {
    /// Makes the environment, if it is not there, and writes the network down.
    ///
    /// # Errors
    /// When there is no Python 3, or no registry to get packages from.
    pub fn install(network: &Network, embedding: &[f32]) -> anyhow::Result<Self> {
        let environment = cache_folder().join("hnerv-peer");
        let python = environment.join("bin/python3");
        let stamp = environment.join("installed");
        let wanted = PACKAGES.join("\n");
        if fs::read_to_string(&stamp).ok().as_ref() != Some(&wanted) {
            eprintln!("installing the peer …");
            call(
                Command::new("python3")
                    .args(["-m", "venv"])
                    .arg(&environment),
            )?;
            call(
                Command::new(&python)
                    .args(["-m", "pip", "install", "--quiet"])
                    .args(PACKAGES),
            )?;
            fs::write(&stamp, wanted)?;
        }
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("peer.py"), SCRIPT)?;
        let mut model = BufWriter::new(File::create(folder.path().join("model"))?);
        network.write_raw(embedding, &mut model)?;
        model.flush()?;
        Ok(Self { python, folder })
    }

    /// Lets each program decode the frame, which is `picture`, so many times.
    ///
    /// # Errors
    /// When one fails or makes another picture.
    pub fn decode(
        &self,
        frames: usize,
        picture: &Picture,
        times: &mut Times,
    ) -> anyhow::Result<()> {
        let path = |name: &str| self.folder.path().join(name);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let output = call(
            Command::new(&self.python)
                .arg(path("peer.py"))
                .arg(path("model"))
                .args(["--frames", &frames.to_string()])
                .args(["--threads", &threads.to_string()])
                .arg("--pictures")
                .arg(path("picture")),
        )?;
        for line in output.lines() {
            let report: Report = serde_json::from_str(line)
                .with_context(|| format!("the peer prints something unexpected: {line}"))?;
            let psnr = psnr(picture, &path("picture").with_extension(&report.program))?;
            ensure!(
                psnr >= MIN_PSNR_DB,
                "{} makes another picture ({psnr:.1} dB), so its time says nothing",
                report.program
            );
            times.add(report);
        }
        ensure!(!times.programs.is_empty(), "no peer is installed");
        Ok(())
    }
}

impl Times {
    fn add(&mut self, report: Report) {
        let place = self
            .programs
            .iter()
            .position(|program| program.0 == report.program);
        let place = place.unwrap_or_else(|| {
            let program = (report.program, report.version, Vec::new(), Vec::new());
            self.programs.push(program);
            self.programs.len() - 1
        });
        let (_, _, cpu, wall) = &mut self.programs[place];
        cpu.push(report.processor_seconds);
        wall.push(report.seconds);
    }

    /// Adds the middle values, and what ours, `cpu` seconds a frame, come to beside them.
    pub fn set(self, ours: f64, metrics: &mut Metrics) {
        for (program, version, mut cpu, mut wall) in self.programs {
            let (cpu, wall) = (median(&mut cpu), median(&mut wall));
            metrics.set(format!("peer_{program}_version"), version);
            metrics.set(format!("peer_{program}_cpu_seconds_per_frame"), cpu);
            metrics.set(format!("peer_{program}_wall_seconds_per_frame"), wall);
            metrics.set(format!("peer_{program}_ratio_ours_over_theirs"), ours / cpu);
        }
    }
}

/// PSNR in dB between a picture and raw f32 in a file: three planes.
fn psnr(picture: &Picture, path: &Path) -> anyhow::Result<f64> {
    let bytes = fs::read(path)?;
    let (numbers, _) = bytes.as_chunks::<4>();
    let pixels = picture.rgb.len();
    ensure!(
        numbers.len() == 3 * pixels,
        "the peer's picture has another size"
    );
    let mut squares = 0.0;
    for (index, pixel) in picture.rgb.iter().enumerate() {
        for (channel, number) in pixel.iter().enumerate() {
            let theirs = f32::from_le_bytes(numbers[channel * pixels + index]);
            squares += f64::from(number - theirs).powi(2);
        }
    }
    Ok(-10.0 * (squares / (3 * pixels) as f64).log10())
}

/// Runs a command and returns what it prints.
fn call(command: &mut Command) -> anyhow::Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("{program} does not start"))?;
    ensure!(
        output.status.success(),
        "{program} failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
