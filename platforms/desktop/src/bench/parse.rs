//! `parse`: a file of each splat format, from the disk's cache to memory that a GPU can be given,
//! beside what nobody can do without: copying the bytes, or unpacking them.
//!
//! Every format holds the same million Gaussians, written by our own writers. Ours and the bound take
//! turns, and both use all cores.

use std::fs::{self, File};
use std::io::{self, BufWriter, Cursor, Read};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use zoetrope_codecs::source::{FileSource, Folder as _, MemorySource, Source, ZipFolder};
use zoetrope_codecs::splat::spz::SpzVersion;
use zoetrope_codecs::splat::{self, compressed_ply, dot_splat, gltf, ply, sog, spz, synthetic};
use zoetrope_codecs::{Cancel, SplatCloud};

use super::{Metrics, median, peer};
use crate::{cpu_time, output};

const GAUSSIANS: usize = 1_000_000;
const SH_DEGREE: u8 = 3;
/// How often each has its turn.
const ROUNDS: usize = 9;
/// How often the peer has its turn: it takes seconds.
const PEER_ROUNDS: usize = 2;

/// What reading a format cannot be faster than.
enum Bound {
    /// Copying the file's bytes from memory to fresh memory.
    Copy,
    /// Unpacking gzip.
    Gzip,
    /// Unpacking the streams of an SPZ file of version 4, each on a thread.
    Zstd,
    /// Unpacking the pictures of a SOG file, each on a thread.
    WebP,
}

/// A format that is measured.
struct Case {
    /// Name of its numbers.
    name: &'static str,
    /// How its files' names end.
    extension: &'static str,
    write: fn(&SplatCloud, &mut BufWriter<File>, &Cancel) -> anyhow::Result<()>,
    bound: Bound,
    /// Whether the peer reads it too.
    peer: bool,
}

const CASES: [Case; 7] = [
    Case {
        name: "ply",
        extension: "ply",
        write: |cloud, out, _| Ok(ply::write(cloud, out)?),
        bound: Bound::Copy,
        peer: true,
    },
    Case {
        name: "compressed_ply",
        extension: "compressed.ply",
        write: |cloud, out, _| Ok(compressed_ply::write(cloud, out)?),
        bound: Bound::Copy,
        peer: false,
    },
    Case {
        name: "splat",
        extension: "splat",
        write: |cloud, out, _| Ok(dot_splat::write(cloud, out)?),
        bound: Bound::Copy,
        peer: false,
    },
    Case {
        name: "spz_v3",
        extension: "spz",
        write: |cloud, out, _| Ok(spz::write(cloud, out, SpzVersion::V3)?),
        bound: Bound::Gzip,
        peer: true,
    },
    Case {
        name: "spz_v4",
        extension: "spz",
        write: |cloud, out, _| Ok(spz::write(cloud, out, SpzVersion::V4)?),
        bound: Bound::Zstd,
        peer: false,
    },
    Case {
        name: "sog",
        extension: "sog",
        write: |cloud, out, cancel| Ok(sog::write(cloud, out, cancel)?),
        bound: Bound::WebP,
        peer: false,
    },
    Case {
        name: "glb",
        extension: "glb",
        write: |cloud, out, _| Ok(gltf::write(cloud, out)?),
        bound: Bound::Copy,
        peer: false,
    },
];

/// Writes and reads each format.
///
/// # Errors
/// When a file cannot be written, read or unpacked, or the peer cannot be built.
pub fn run(cancel: &Cancel) -> anyhow::Result<Metrics> {
    let peer = peer::build()?;
    let folder = tempfile::tempdir()?;
    let cloud = synthetic::surface(GAUSSIANS, SH_DEGREE, 1);
    let mut metrics = Metrics::default();
    metrics.set("gaussians", GAUSSIANS);
    metrics.set("sh_degree", SH_DEGREE);
    for case in &CASES {
        cancel.check()?;
        let name = format!("{}.{}", case.name, case.extension);
        let path = folder.path().join(name);
        let mut out = BufWriter::new(File::create(&path)?);
        (case.write)(&cloud, &mut out, cancel)?;
        out.into_inner().context("the disk is full")?;
        measure(case, &path, &mut metrics, cancel)?;
        if case.peer {
            compare(case, &peer, &path, &mut metrics)?;
        }
        fs::remove_file(&path)?;
    }
    Ok(metrics)
}

/// Wall and CPU seconds.
#[derive(Default)]
struct Times {
    wall: Vec<f64>,
    cpu: Vec<f64>,
}

impl Times {
    fn measure<T>(&mut self, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let cpu = cpu_time::of_this_process();
        let start = Instant::now();
        // What came of it is dropped later.
        let result = work()?;
        self.wall.push(start.elapsed().as_secs_f64());
        self.cpu.push(cpu_time::of_this_process() - cpu);
        Ok(result)
    }

    /// The least: what others take of the machine only ever adds.
    fn best_wall(&self) -> f64 {
        self.wall.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// Adds the middle values under `name` and returns them.
    fn set(mut self, name: &str, metrics: &mut Metrics) -> (f64, f64) {
        let (wall, cpu) = (median(&mut self.wall), median(&mut self.cpu));
        metrics.set(format!("{name}_wall_seconds"), wall);
        metrics.set(format!("{name}_cpu_seconds"), cpu);
        (wall, cpu)
    }
}

/// Reads the file at `path` in turns with its bound.
fn measure(case: &Case, path: &Path, metrics: &mut Metrics, cancel: &Cancel) -> anyhow::Result<()> {
    let name = case.name;
    let (mut ours, mut bound) = (Times::default(), Times::default());
    for _ in 0..ROUNDS {
        cancel.check()?;
        let cloud = ours.measure(|| read(path, cancel))?;
        ensure!(
            cloud.len() == GAUSSIANS && cloud.dropped == 0,
            "{name} is not read back"
        );
        drop(cloud);
        let bytes = fs::read(path)?;
        match case.bound {
            Bound::Copy => drop(bound.measure(|| Ok(copy(&bytes)))?),
            Bound::Gzip => bound.measure(|| unpack_gzip(&bytes))?,
            Bound::Zstd => bound.measure(|| unpack_spz_streams(&bytes))?,
            Bound::WebP => bound.measure(|| unpack_pictures(&bytes))?,
        }
    }
    let bytes = fs::metadata(path)?.len();
    metrics.set(format!("{name}_file_bytes"), bytes);
    let best = bound.best_wall() / ours.best_wall();
    let (wall, cpu) = ours.set(name, metrics);
    metrics.set(format!("{name}_bytes_per_second"), bytes as f64 / wall);
    let what = match case.bound {
        Bound::Copy => "memcpy",
        Bound::Gzip => "gzip",
        Bound::Zstd => "zstd",
        Bound::WebP => "webp",
    };
    let bound = bound.set(&format!("{name}_{what}"), metrics);
    metrics.set(format!("{name}_{what}_wall_over_ours"), bound.0 / wall);
    metrics.set(format!("{name}_{what}_cpu_over_ours"), bound.1 / cpu);
    metrics.set(format!("{name}_{what}_best_wall_over_ours"), best);
    let memory = memory_of(path)?;
    metrics.set(format!("{name}_result_bytes"), memory.result_bytes);
    if let Some(peak) = memory.peak_bytes {
        let share = peak / memory.result_bytes as f64;
        metrics.set(format!("{name}_peak_over_result"), share);
    }
    Ok(())
}

fn read(path: &Path, cancel: &Cancel) -> anyhow::Result<SplatCloud> {
    let source: Arc<dyn Source> = Arc::new(FileSource::open(path)?);
    Ok(splat::read(&source, cancel)?)
}

/// What a process that reads a file and does nothing else prints.
#[derive(Deserialize, Serialize)]
struct Memory {
    result_bytes: usize,
    /// The most that it held meanwhile, beyond what it held before.
    peak_bytes: Option<f64>,
}

/// Lets a process of its own read a file: this one has free memory left from what it did before, which
/// would hide what is needed.
fn memory_of(path: &Path) -> anyhow::Result<Memory> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.args(["bench", "--read"]).arg(path).output()?;
    ensure!(
        output.status.success(),
        "the reading process failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// What [`memory_of`] starts.
///
/// # Errors
/// When the file cannot be read.
pub fn print_memory(path: &Path, cancel: &Cancel) -> anyhow::Result<()> {
    let before = reset_peak_bytes();
    let cloud = read(path, cancel)?;
    let peak_bytes = before.and_then(|before| Some(peak_bytes()? - before));
    output::print_json(&Memory {
        result_bytes: cloud.size_bytes(),
        peak_bytes,
    })
}

/// Lets the peer read the same file, and adds its numbers and ratios.
fn compare(case: &Case, peer: &Path, path: &Path, metrics: &mut Metrics) -> anyhow::Result<()> {
    let name = format!("{}_peer", case.name);
    let mut times = Times::default();
    for _ in 0..PEER_ROUNDS {
        let report = peer::parse(peer, path, GAUSSIANS)?;
        times.wall.push(report.wall_seconds);
        times.cpu.push(report.cpu_seconds);
        metrics.set("peer", report.peer());
    }
    times.set(&name, metrics);
    Ok(())
}

/// The bytes again, in memory that was not used before: what a reader's result lies in, too. Each core
/// copies a part.
fn copy(bytes: &[u8]) -> Vec<u8> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let part = bytes.len().div_ceil(cores).max(1);
    let mut copied = vec![0; bytes.len()];
    thread::scope(|scope| {
        for (to, from) in copied.chunks_mut(part).zip(bytes.chunks(part)) {
            scope.spawn(|| to.copy_from_slice(from));
        }
    });
    copied
}

fn unpack_gzip(bytes: &[u8]) -> anyhow::Result<()> {
    drain(flate2::bufread::GzDecoder::new(bytes)).context("gzip does not unpack")
}

/// Unpacks without keeping: what is made of the bytes is the reader's own affair.
fn drain(mut stream: impl Read) -> io::Result<()> {
    let mut piece = vec![0; 256 << 10];
    while stream.read(&mut piece)? > 0 {}
    Ok(())
}

/// Unpacks the streams of SPZ version 4: byte 15 counts them, bytes 16 to 19 tell where their table
/// is, 16 bytes each of packed and plain length, and behind it they lie one after the other.
fn unpack_spz_streams(bytes: &[u8]) -> anyhow::Result<()> {
    let number = |at: usize| {
        let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
        bytes.map(|bytes| u64::from_le_bytes(*bytes) as usize)
    };
    let damaged = "the SPZ file is damaged";
    let count = usize::from(*bytes.get(15).context(damaged)?);
    let table = number(16).context(damaged)? & 0xffff_ffff;
    let mut start = table + 16 * count;
    let mut streams = Vec::new();
    for stream in 0..count {
        let length = number(table + 16 * stream).context(damaged)?;
        streams.push(bytes.get(start..start + length).context(damaged)?);
        start += length;
    }
    on_threads(streams, |stream| {
        let stream = ruzstd::decoding::StreamingDecoder::new(stream)?;
        drain(stream).context("zstd does not unpack")
    })
}

/// Unpacks all pictures of a SOG file.
fn unpack_pictures(bytes: &[u8]) -> anyhow::Result<()> {
    let cancel = Cancel::new();
    let archive = ZipFolder::open(Arc::new(MemorySource::new("sog", bytes)), &cancel)?;
    let mut pictures = Vec::new();
    for path in archive.list()?.unwrap_or_default() {
        if path.ends_with(".webp") {
            pictures.push(archive.open(&path, &cancel)?.read_all(u64::MAX, &cancel)?);
        }
    }
    on_threads(pictures, |bytes| {
        let mut picture = image_webp::WebPDecoder::new(Cursor::new(bytes))?;
        let size = picture.output_buffer_size().context("it is too large")?;
        let mut pixels = vec![0; size];
        Ok(picture.read_image(&mut pixels)?)
    })
}

/// Does something to each of `parts`, each on a thread of its own.
fn on_threads<T: Send>(
    parts: Vec<T>,
    work: impl Fn(T) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<()> {
    let work = &work;
    thread::scope(|scope| {
        let start = |part| scope.spawn(move || work(part));
        let threads: Vec<_> = parts.into_iter().map(start).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().ok().context("a thread panicked")?)
    })
}

/// Makes the system forget the most memory that this process ever held. Returns what it holds now, in
/// bytes; `None` where the system has no such thing.
fn reset_peak_bytes() -> Option<f64> {
    fs::write("/proc/self/clear_refs", "5").ok()?;
    status_bytes("VmRSS:")
}

/// The most memory that this process held since [`reset_peak_bytes`].
fn peak_bytes() -> Option<f64> {
    status_bytes("VmHWM:")
}

fn status_bytes(name: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(1024.0 * kib)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_unpack_what_the_writers_write() {
        let cloud = synthetic::surface(2000, 3, 1);
        let bytes = |version| {
            let mut bytes = Vec::new();
            spz::write(&cloud, &mut bytes, version).expect("memory takes all");
            bytes
        };
        let (mut v3, mut v4) = (bytes(SpzVersion::V3), bytes(SpzVersion::V4));
        assert_eq!(copy(&v3), v3);
        unpack_gzip(&v3).expect("unpacks");
        unpack_spz_streams(&v4).expect("unpacks");
        let mut pictures = Vec::new();
        sog::write(&cloud, &mut pictures, &Cancel::new()).expect("memory takes all");
        unpack_pictures(&pictures).expect("unpacks");
        // They do look at all of it.
        v3.truncate(v3.len() - 9);
        v4.truncate(v4.len() - 9);
        assert!(unpack_gzip(&v3).is_err());
        assert!(unpack_spz_streams(&v4).is_err());
    }

    #[test]
    fn the_peak_is_noticed() {
        let Some(before) = reset_peak_bytes() else {
            return;
        };
        let memory = vec![1_u8; 64 << 20];
        assert_eq!(
            memory.iter().map(|byte| usize::from(*byte)).sum::<usize>(),
            64 << 20
        );
        drop(memory);
        let peak = peak_bytes().expect("is known") - before;
        assert!(peak > f64::from(60 << 20), "{peak}");
    }
}
