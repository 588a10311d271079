//! What a start of the window took, told by the window itself.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use zoetrope_app::FrameWatch;

use crate::{cpu_time, output};

/// What was measured from the start of the process to the first picture, and from there on.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct StartReport {
    /// When the first picture was handed to the window, in seconds since 1970.
    pub first_picture_unix_seconds: f64,
    /// CPU seconds of the process up to then, all threads.
    pub first_picture_cpu_seconds: f64,
    /// Memory in use then, where the system tells.
    pub first_picture_resident_bytes: Option<u64>,
    /// How long the window was watched after that.
    pub watched_seconds: f64,
    /// Frames of the interface in that time.
    pub frames: u64,
    /// Pictures of the clip in that time.
    pub pictures: u64,
    /// CPU seconds of the interface's thread in that time: events, layout, tessellation and all
    /// commands to the device, without the drawing of the splats, which has a thread of its own.
    pub interface_cpu_seconds: Option<f64>,
    /// CPU seconds of the process in that time, all threads.
    pub cpu_seconds: f64,
    /// Memory in use at the end, where the system tells.
    pub end_resident_bytes: Option<u64>,
}

/// Where to write what was measured, and how long to watch.
#[derive(Debug)]
pub struct Measure {
    path: PathBuf,
    lasts: Duration,
}

/// The moment of the first picture.
struct First {
    at: Instant,
    pictures: u64,
    thread_cpu: Option<f64>,
    cpu: f64,
    report: StartReport,
}

impl Measure {
    /// Watches for `seconds` after the first picture, and writes a [`StartReport`] to `path` then.
    pub fn new(path: PathBuf, seconds: u64) -> Self {
        Self {
            path,
            lasts: Duration::from_secs(seconds),
        }
    }

    /// The watch on the frames of the window, which it closes at the end.
    pub fn into_watch(self) -> FrameWatch {
        let first: Mutex<Option<First>> = Mutex::new(None);
        Arc::new(move |pictures| {
            if pictures == 0 {
                return false;
            }
            let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
            let first = first.get_or_insert_with(|| First::now(pictures));
            first.report.frames += 1;
            if first.at.elapsed() < self.lasts {
                return false;
            }
            first.finish(pictures);
            let written = serde_json::to_vec_pretty(&first.report)
                .map_err(anyhow::Error::from)
                .and_then(|bytes| output::write_file(&self.path, &bytes));
            if let Err(error) = written {
                log::error!("{error:#}");
            }
            true
        })
    }
}

impl First {
    fn now(pictures: u64) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        let cpu = cpu_time::of_this_process();
        Self {
            at: Instant::now(),
            pictures,
            thread_cpu: cpu_time::of_this_thread(),
            cpu,
            report: StartReport {
                first_picture_unix_seconds: since_1970.unwrap_or_default().as_secs_f64(),
                first_picture_cpu_seconds: cpu,
                first_picture_resident_bytes: resident_bytes(),
                ..StartReport::default()
            },
        }
    }

    fn finish(&mut self, pictures: u64) {
        self.report.watched_seconds = self.at.elapsed().as_secs_f64();
        self.report.pictures = pictures - self.pictures;
        let thread = cpu_time::of_this_thread().zip(self.thread_cpu);
        self.report.interface_cpu_seconds = thread.map(|(now, then)| now - then);
        self.report.cpu_seconds = cpu_time::of_this_process() - self.cpu;
        self.report.end_resident_bytes = resident_bytes();
    }
}

/// Memory of this process that is in use, where the system tells (Linux: `VmRSS`).
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}
