//! `start`: how long it takes until the demo is seen, what that costs, and what playing it costs
//! the interface.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use zoetrope_codecs::Cancel;

use super::{Metrics, median};
use crate::commands::window::{demos, has_display};
use crate::measure::StartReport;

/// Starts with empty caches and settings. The files of the program itself may be in the system's
/// memory also then: only the system's owner could throw them out.
const COLD_STARTS: usize = 3;
/// Starts with what an earlier one left behind.
const WARM_STARTS: usize = 5;
/// How long the demo plays in the end, in seconds.
const PLAYING_S: u64 = 10;
/// A start that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often the end of the window is looked for.
const POLL: Duration = Duration::from_millis(20);
/// The screen of a display of our own.
const SCREEN: &str = "1280x720x24";

/// Starts the window again and again.
///
/// # Errors
/// When there is no display and none can be started, or the window does not come.
pub fn run(cancel: &Cancel) -> anyhow::Result<Metrics> {
    let folder = tempfile::tempdir()?;
    let display = Display::get()?;
    // Named, so that it does not depend on the settings what is shown first.
    let clip = folder.path().join("demo");
    let demo = demos().into_iter().next().context("there is no demo")?;
    fs::write(&clip, demo.bytes)?;
    let bench = Bench {
        display: &display,
        clip: &clip,
        cancel,
    };

    let mut cold = Starts::default();
    for number in 0..COLD_STARTS {
        let home = folder.path().join(format!("cold-{number}"));
        cold.add(&bench.start(&home, 0)?);
    }
    let home = folder.path().join("warm");
    // Fills the caches.
    bench.start(&home, 0)?;
    let mut warm = Starts::default();
    for _ in 0..WARM_STARTS {
        warm.add(&bench.start(&home, 0)?);
    }
    let playing = bench.start(&home, PLAYING_S)?.0;

    let mut metrics = Metrics::default();
    metrics.set("cold_starts", COLD_STARTS);
    cold.report("cold", &mut metrics);
    metrics.set("warm_starts", WARM_STARTS);
    warm.report("warm", &mut metrics);
    metrics.set("playing_seconds", playing.watched_seconds);
    metrics.set("playing_cpu_seconds", playing.cpu_seconds);
    metrics.set("playing_interface_frames", playing.frames);
    metrics.set("playing_pictures", playing.pictures);
    if let Some(cpu) = playing.interface_cpu_seconds {
        let per_frame = cpu / playing.frames.max(1) as f64;
        metrics.set("interface_cpu_ms_per_frame", per_frame * 1e3);
    }
    if let Some(bytes) = playing.first_picture_resident_bytes {
        metrics.set("first_picture_resident_bytes", bytes);
    }
    if let Some(bytes) = playing.end_resident_bytes {
        metrics.set("playing_resident_bytes", bytes);
    }
    Ok(metrics)
}

/// What several starts took.
#[derive(Default)]
struct Starts {
    wall: Vec<f64>,
    cpu: Vec<f64>,
}

impl Starts {
    fn add(&mut self, (report, wall): &(StartReport, f64)) {
        self.wall.push(*wall);
        self.cpu.push(report.first_picture_cpu_seconds);
    }

    fn report(&mut self, name: &str, metrics: &mut Metrics) {
        let (wall, cpu) = (median(&mut self.wall), median(&mut self.cpu));
        metrics.set(format!("{name}_first_picture_wall_seconds_p50"), wall);
        metrics.set(format!("{name}_first_picture_cpu_seconds_p50"), cpu);
    }
}

/// What every start has in common.
struct Bench<'a> {
    display: &'a Display,
    clip: &'a Path,
    cancel: &'a Cancel,
}

impl Bench<'_> {
    /// Starts the window with all that it keeps below `home`, lets it play for `seconds` after its
    /// first picture, and gives its report and the seconds from start to first picture.
    fn start(&self, home: &Path, seconds: u64) -> anyhow::Result<(StartReport, f64)> {
        fs::create_dir_all(home)?;
        let (report, log) = (home.join("report.json"), home.join("log"));
        // The one of an earlier start, if there was one.
        let _ = fs::remove_file(&report);
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg(self.clip)
            .arg("--measure")
            .arg(&report)
            .args(["--measure-seconds", &seconds.to_string()])
            .env("HOME", home)
            .env("MESA_SHADER_CACHE_DIR", home.join("shaders"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?);
        for (name, folder) in [
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_STATE_HOME", "state"),
        ] {
            command.env(name, home.join(folder));
        }
        self.display.set(&mut command);
        let started = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
        let mut window = Ended(command.spawn().context("cannot start the window")?);
        let since = Instant::now();
        let status = loop {
            self.cancel.check()?;
            if let Some(status) = window.0.try_wait()? {
                break status;
            }
            if since.elapsed() > PATIENCE + Duration::from_secs(seconds) {
                bail!("the window showed no picture in {PATIENCE:?}");
            }
            std::thread::sleep(POLL);
        };
        let Ok(bytes) = fs::read(&report) else {
            let log = fs::read_to_string(&log).unwrap_or_default();
            bail!(
                "the window ended ({status}) before its first picture; {}",
                log.trim()
            );
        };
        let report: StartReport = serde_json::from_slice(&bytes)?;
        let wall = report.first_picture_unix_seconds - started;
        Ok((report, wall))
    }
}

/// A process that does not outlive this.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It has ended already when all went well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where the window opens: the display at hand, or a virtual one.
enum Display {
    AtHand,
    Own { _server: Ended, name: String },
}

impl Display {
    fn get() -> anyhow::Result<Self> {
        if has_display() {
            return Ok(Self::AtHand);
        }
        let server = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                SCREEN,
                "-nolisten",
                "tcp",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context(
                "there is no display to open a window on, and Xvfb, which would make one, cannot \
                 be started; install it (`cargo xtask setup` does) or start this in a desktop \
                 session",
            )?;
        let mut server = Ended(server);
        let mut number = String::new();
        if let Some(output) = server.0.stdout.take() {
            BufReader::new(output).read_line(&mut number)?;
        }
        if number.trim().is_empty() {
            bail!("Xvfb ended without making a display");
        }
        let name = format!(":{}", number.trim());
        Ok(Self::Own {
            _server: server,
            name,
        })
    }

    fn set(&self, command: &mut Command) {
        if let Self::Own { name, .. } = self {
            command.env("DISPLAY", name).env_remove("WAYLAND_DISPLAY");
        }
    }
}
