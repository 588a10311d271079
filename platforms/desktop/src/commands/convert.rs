//! `zoetrope convert`: frames of any clip as splat files.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, bail};
use zoetrope_app::frame_name::FrameName;
use zoetrope_codecs::splat::{self, Axes, WriteFormat};
use zoetrope_codecs::{Cancel, Error, FrameReader, SplatCloud, SplatFrame, UpAxis};

use crate::cli::ConvertArgs;
use crate::open::open;
use crate::output::{self, Staged};

/// Bytes that the frames under way may take together, beyond the first.
const MEMORY_BYTES: usize = 2 << 30;
/// A frame under way is held as it was decoded, as numbers, turned, and as a file.
const COPIES: usize = 4;

/// Writes frames of a clip in another splat format.
///
/// # Errors
/// When the clip cannot be opened, no format is asked for that can be written, a frame is damaged, or
/// a file cannot be written; nothing is left behind.
pub fn run(args: &ConvertArgs, cancel: &Cancel) -> anyhow::Result<()> {
    let name = &args.output;
    let format = format(args)?;
    let mut reader = open(&args.clip, cancel)?;
    let up = up(args, &reader)?;
    let frames = frames(args, name, reader.info().frame_count)?;
    let sh_degree = reader.info().sh_degree;
    let job = Job {
        format,
        up,
        name,
        cancel,
    };
    let written = job.run(&mut reader, frames)?;
    let said = report(&written, format, sh_degree);
    for file in written {
        file.staged.commit()?;
    }
    output::print(&said)
}

/// The format that is asked for.
fn format(args: &ConvertArgs) -> anyhow::Result<WriteFormat> {
    let name = args.output.of(0);
    let Some(format) = WriteFormat::of_name(&name) else {
        bail!(
            "{name} is no name for a splat file; let it end in {}",
            WriteFormat::endings()
        );
    };
    Ok(match (args.spz_version, format.version()) {
        (None, _) => format,
        (Some(3), Some(_)) => WriteFormat::SpzV3,
        (Some(_), Some(_)) => WriteFormat::SpzV4,
        (Some(_), None) => bail!("{name} is no SPZ file; leave --spz-version out"),
    })
}

/// What was written, for people.
fn report(written: &[Written], format: WriteFormat, sh_degree: u8) -> String {
    let sum = |of: fn(&Written) -> u64| written.iter().map(of).sum::<u64>();
    let frames = written.len() as u64;
    let mut said = format!(
        "{}, {} in {}, {:.2} MB of {}",
        match written {
            [one] => one.path.clone(),
            [first, .., last] => format!("{} to {}", first.path, last.path),
            [] => String::new(),
        },
        output::count(sum(|file| file.gaussians as u64), "Gaussian"),
        output::count(frames, "frame"),
        sum(|file| file.bytes) as f64 * 1e-6,
        match format.version() {
            Some(version) => format!("{} version {version}", format.name()),
            None => format.name().to_owned(),
        },
    );
    let dropped = sum(|file| file.dropped as u64);
    if dropped > 0 {
        let were = output::count(dropped, "Gaussian");
        said += &format!("\n{were} with broken numbers left out");
    }
    let room = format.max_sh_degree();
    if room < sh_degree {
        let name = format.name();
        said += &format!("\nSH above degree {room} left out, for which {name} has no room");
    }
    said
}

/// Which axis points up.
fn up(args: &ConvertArgs, reader: &FrameReader) -> anyhow::Result<UpAxis> {
    match args.up {
        Some(up) if Axes::with_up(up).is_none() => bail!(
            "splat files have +y or -y up, and {} cannot be turned to that; leave --up out, and turn \
             it in the program that opens the file",
            up.name()
        ),
        Some(up) => Ok(up),
        None => Ok(reader.info().up),
    }
}

/// The frames that are wanted.
fn frames(
    args: &ConvertArgs,
    name: &FrameName,
    count: usize,
) -> anyhow::Result<RangeInclusive<usize>> {
    let all = 0..=count.saturating_sub(1);
    let frames = match (args.frame, &args.frames) {
        (Some(frame), _) => frame..=frame,
        (None, Some(frames)) => frames.clone(),
        (None, None) => all,
    };
    if *frames.end() >= count {
        let frame = *frames.end();
        return Err(Error::NoSuchFrame { frame, count }.into());
    }
    if frames.start() != frames.end() && !name.is_pattern() {
        bail!(
            "{} frames do not fit in one splat file; say which one with --frame, or put {{frame:04}} \
             into the name of the output",
            frames.count()
        );
    }
    Ok(frames)
}

/// What is done to each frame.
struct Job<'a> {
    format: WriteFormat,
    up: UpAxis,
    name: &'a FrameName,
    cancel: &'a Cancel,
}

/// A file that is written and does not have its name yet.
struct Written {
    frame: usize,
    path: String,
    staged: Staged,
    bytes: u64,
    gaussians: usize,
    dropped: usize,
}

impl Job<'_> {
    /// Reads the frames in order, and writes several at once where there is memory for them.
    fn run(
        &self,
        reader: &mut FrameReader,
        frames: RangeInclusive<usize>,
    ) -> anyhow::Result<Vec<Written>> {
        let count = frames.clone().count();
        let bar = output::progress_bar(count as u64);
        bar.set_message("converting");
        let done = Mutex::new(Vec::with_capacity(count));
        let failed = Mutex::new(None);
        let fail = |error| {
            lock(&failed).get_or_insert(error);
        };
        thread::scope(|scope| {
            // Nothing queues between reading and writing, so that no more frames are held than there
            // are workers, and one.
            let (sender, receiver) = sync_channel(0);
            let receiver = Arc::new(Mutex::new(receiver));
            for _ in 0..self.workers(reader).min(count) {
                let receiver = receiver.clone();
                let work = || {
                    let receiver = receiver;
                    while let Some((frame, content)) = next(&receiver) {
                        match self.write(frame, &content) {
                            Ok(written) => lock(&done).push(written),
                            Err(error) => return fail(error),
                        }
                        bar.inc(1);
                    }
                };
                scope.spawn(work);
            }
            // Once the last worker has gone, sending fails.
            drop(receiver);
            for frame in frames {
                let content = match reader.splats(frame, self.cancel) {
                    Ok(content) => content,
                    Err(error) => return fail(error.into()),
                };
                if lock(&failed).is_some() || sender.send((frame, content)).is_err() {
                    return;
                }
            }
        });
        bar.finish_and_clear();
        self.cancel.check()?;
        if let Some(error) = lock(&failed).take() {
            return Err(error);
        }
        let mut done = std::mem::take(&mut *lock(&done));
        done.sort_by_key(|written: &Written| written.frame);
        Ok(done)
    }

    /// How many frames can be written at once.
    fn workers(&self, reader: &FrameReader) -> usize {
        let info = reader.info();
        let frame = info.gaussians.map_or(0, |counts| {
            SplatCloud::bytes_for(counts.max, info.sh_degree)
        });
        let cores = thread::available_parallelism().map_or(1, usize::from);
        match frame {
            // What is not known may be much.
            0 => 1,
            bytes => cores.min((MEMORY_BYTES / (COPIES * bytes)).max(1)),
        }
    }

    fn write(&self, frame: usize, content: &SplatFrame) -> anyhow::Result<Written> {
        let path = self.name.of(frame);
        let staged = Staged::new(Path::new(&path))?;
        let write_error = || format!("cannot write {path}");
        let file = File::create(staged.path()).with_context(write_error)?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        let cloud = content.to_cloud_with_up(self.up);
        let dropped = cloud.dropped;
        let gaussians = cloud.len().saturating_sub(dropped);
        splat::write(cloud, self.format, &mut out, self.cancel)?;
        out.flush().with_context(write_error)?;
        let bytes = fs::metadata(staged.path()).with_context(write_error)?.len();
        Ok(Written {
            frame,
            path,
            staged,
            bytes,
            gaussians,
            dropped,
        })
    }
}

/// A frame to write.
type Task = (usize, Arc<SplatFrame>);

/// The next frame to write; `None` after the last.
fn next(receiver: &Mutex<Receiver<Task>>) -> Option<Task> {
    lock(receiver).recv().ok()
}

/// What no panic elsewhere can spoil.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
