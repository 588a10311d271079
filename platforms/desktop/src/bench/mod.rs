//! `zoetrope bench`: the project's own benchmarks.
//!
//! The primary number is CPU seconds of the process, all threads: it is the one that means
//! something on a machine that others use too. Peers run in the same run, in turns with ours, and
//! their output is compared before their time.

mod bandwidth;
mod desk;
mod fit;
mod hnerv;
mod parse;
mod peer;
mod plot;
mod seek;
mod size;
mod sort;
mod splat;
mod start;
mod stream;
mod v3_clip;
mod v3_decode;
mod zoe_clip;

use std::collections::BTreeMap;

use anyhow::bail;
use serde::Serialize;
use zoetrope_codecs::Cancel;

use crate::cli::BenchArgs;
use crate::output;

/// A benchmark: its stable name, what it measures, and how to run it.
struct Benchmark {
    name: &'static str,
    about: &'static str,
    run: fn(&BenchArgs, &Cancel) -> anyhow::Result<Metrics>,
}

/// All benchmarks, in the order they run.
const BENCHMARKS: [Benchmark; 12] = [
    Benchmark {
        name: "splat-100k",
        about: "draw 100 000 Gaussians of Gaussian video, SH 0, 1280x720, beside wgpu-3dgs-viewer",
        run: |_, cancel| splat::run_100k(cancel),
    },
    Benchmark {
        name: "splat-500k",
        about: "draw a cloud of 500 000 Gaussians, SH 3, 1920x1080",
        run: |_, cancel| splat::run_500k(cancel),
    },
    Benchmark {
        name: "splat-2m",
        about: "draw a cloud of 2 000 000 Gaussians, SH 3, 1920x1080",
        run: |_, cancel| splat::run_2m(cancel),
    },
    Benchmark {
        name: "sort",
        about: "order 100 000, 1 000 000 and 8 000 000 depth keys",
        run: |_, cancel| sort::run(cancel),
    },
    Benchmark {
        name: "v3-decode",
        about: "decode a V3 group of 100 000 Gaussians, beside ffmpeg -f null on the same files",
        run: |_, cancel| v3_decode::run(cancel),
    },
    Benchmark {
        name: "seek",
        about: "200 exact seeks in a V3 clip, and backward steps inside a decoded group",
        run: |_, cancel| seek::run(cancel),
    },
    Benchmark {
        name: "parse",
        about: "read 1 000 000 Gaussians, SH 3, of each format, beside the bound and wgpu-3dgs-viewer",
        run: |_, cancel| parse::run(cancel),
    },
    Benchmark {
        name: "size",
        about: "bytes against PSNR of our own clip and of V3 at its settings, on three moving clips",
        run: size::run,
    },
    Benchmark {
        name: "stream",
        about: "play a clip of 100 000 Gaussians over a network of 50 and 10 Mbit/s with outages",
        run: stream::run,
    },
    Benchmark {
        name: "hnerv",
        about: "decode neural video on the CPU, beside ONNX Runtime, and on the GPU, beside its ceiling",
        run: |args, cancel| hnerv::run(&args.networks, cancel),
    },
    Benchmark {
        name: "fit",
        about: "fit networks of several sizes to a video, beside x264 and x265: bytes against PSNR",
        run: fit::run,
    },
    Benchmark {
        name: "start",
        about: "open the window on the demo, with empty and with filled caches, and play it for 10 s",
        run: |_, cancel| start::run(cancel),
    },
];

/// The numbers of one benchmark. Names end in their unit.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Metrics(BTreeMap<String, serde_json::Value>);

impl Metrics {
    /// Adds a number or a word.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<serde_json::Value>) {
        self.0.insert(name.into(), value.into());
    }
}

/// Everything that one run measured.
#[derive(Debug, Serialize)]
struct Report {
    version: &'static str,
    cores: usize,
    /// Whether our own code was built with optimisation; numbers of a debug build mean nothing.
    optimised: bool,
    benchmarks: BTreeMap<&'static str, Metrics>,
}

/// Runs the chosen benchmarks and prints their numbers.
///
/// # Errors
/// On an unknown name, and when a benchmark cannot run.
pub fn run(args: &BenchArgs, cancel: &Cancel) -> anyhow::Result<()> {
    if let Some(path) = &args.read {
        return parse::print_memory(path, cancel);
    }
    if args.list {
        for Benchmark { name, about, .. } in &BENCHMARKS {
            output::print(&format!("{name:<12}{about}"))?;
        }
        return Ok(());
    }
    for name in &args.names {
        if !BENCHMARKS.iter().any(|benchmark| benchmark.name == name) {
            bail!("there is no benchmark {name}; `zoetrope bench --list` names them");
        }
    }
    let mut benchmarks = BTreeMap::new();
    for Benchmark { name, run, .. } in &BENCHMARKS {
        if !args.names.is_empty() && !args.names.iter().any(|wanted| wanted == name) {
            continue;
        }
        cancel.check()?;
        eprintln!("{name} …");
        let metrics = run(args, cancel)?;
        if !args.json {
            print_metrics(name, &metrics)?;
        }
        benchmarks.insert(*name, metrics);
    }
    if args.json {
        output::print_json(&Report {
            version: env!("CARGO_PKG_VERSION"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            optimised: !cfg!(debug_assertions),
            benchmarks,
        })?;
    }
    Ok(())
}

fn print_metrics(name: &str, metrics: &Metrics) -> anyhow::Result<()> {
    output::print(name)?;
    for (metric, value) in &metrics.0 {
        let value = match value.as_f64() {
            Some(number) if value.is_f64() => format!("{number:.6}"),
            _ => value.to_string(),
        };
        output::print(&format!("  {metric:<44}{value}"))?;
    }
    Ok(())
}

/// The middle value; of an even number of values the lower middle. 0 for none.
fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value below which `fraction` of the values lie. 0 for none.
fn quantile(values: &mut [f64], fraction: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values
        .get((last as f64 * fraction).round() as usize)
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles() {
        assert_eq!(median(&mut []), 0.0);
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(quantile(&mut [4.0, 1.0, 3.0, 2.0, 5.0], 0.95), 5.0);
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = BENCHMARKS.iter().map(|benchmark| benchmark.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), BENCHMARKS.len());
    }
}
