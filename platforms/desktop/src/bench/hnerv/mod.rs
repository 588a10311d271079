//! `hnerv`: decoding frames of neural video, on the CPU beside ONNX Runtime, on the GPU beside a naive
//! kernel and beside as many multiplications as the device can do.
//!
//! The networks whose decoding is timed have the shapes of published ones and random weights: how long a frame
//! takes does not depend on their values. What the pictures of trained ones are like is compared where they are
//! at hand.

mod peer;
mod pictures;

use std::path::Path;
use std::time::Instant;

use zoetrope_codecs::neural::{Activation, CpuDecoder, Layer, Network, Output};
use zoetrope_codecs::random::Random;
use zoetrope_codecs::{Cancel, Result};
use zoetrope_render::Gpu;
use zoetrope_render::neural::{FmaCeiling, Kernel, NeuralRenderer, Options, Precision};

use super::{Metrics, median};
use crate::cpu_time;

/// How often each has its turn on the CPU.
const ROUNDS: usize = 3;
/// Frames of a turn, behind one that makes memory.
const FRAMES: usize = 5;
/// A measurement on the GPU ends behind this many frames,
const GPU_FRAMES: usize = 20;
/// or behind this many seconds.
const GPU_SECONDS: f64 = 4.0;
/// A run of the ceiling's shader takes at least this long, so that starting it does not count.
const CEILING_SECONDS: f64 = 0.05;

/// Inputs, outputs, side of the kernel and stride of each layer.
type Shape = [(usize, usize, usize, usize)];

/// HNeRV's published checkpoint, "bunny" with 1.5 million parameters: 1280x640 pixels, 28.8 GMAC.
const PUBLISHED: &Shape = &[
    (16, 68, 1, 1),
    (68, 57, 1, 5),
    (57, 48, 3, 4),
    (48, 40, 5, 4),
    (40, 33, 5, 2),
    (33, 28, 5, 2),
    (28, 3, 3, 1),
];
/// A network that phones can decode: 320x160 pixels, 0.19 GMAC.
const LITE: &Shape = &[
    (16, 55, 1, 1),
    (55, 37, 1, 5),
    (37, 25, 3, 4),
    (25, 17, 3, 2),
    (17, 12, 3, 2),
    (12, 3, 3, 1),
];
/// What goes into both: channels, height, width.
const EMBEDDING: [usize; 3] = [16, 2, 4];

/// Decodes with everything that can; `networks` is the folder of the trained ones.
///
/// # Errors
/// When the peer cannot be installed or makes another picture, or there is no graphics device.
pub fn run(networks: &Path, cancel: &Cancel) -> anyhow::Result<Metrics> {
    let mut metrics = Metrics::default();
    pictures::run(networks, &mut metrics, cancel)?;
    on_cpu(&mut metrics, cancel)?;
    on_gpu(&mut metrics, cancel)?;
    Ok(metrics)
}

/// The published network on the CPU, in turns with the peer.
fn on_cpu(metrics: &mut Metrics, cancel: &Cancel) -> anyhow::Result<()> {
    let network = network(PUBLISHED)?;
    let embedding = embedding();
    let peer = peer::Peer::install(&network, &embedding)?;
    let decoder = CpuDecoder::new(&network);
    let picture = decoder.decode(&embedding, cancel)?;
    let (mut cpu, mut wall) = (Vec::new(), Vec::new());
    let mut theirs = peer::Times::default();
    for _ in 0..ROUNDS {
        for frame in 0..=FRAMES {
            cancel.check()?;
            let (start, used) = (Instant::now(), cpu_time::of_this_process());
            decoder.decode(&embedding, cancel)?;
            if frame > 0 {
                wall.push(start.elapsed().as_secs_f64());
                cpu.push(cpu_time::of_this_process() - used);
            }
        }
        peer.decode(FRAMES, &picture, &mut theirs)?;
    }
    let (cpu, wall) = (median(&mut cpu), median(&mut wall));
    metrics.set("cpu_parameters", network.parameters());
    metrics.set("cpu_macs_per_frame", network.macs());
    metrics.set("cpu_cpu_seconds_per_frame", cpu);
    metrics.set("cpu_wall_seconds_per_frame", wall);
    metrics.set("cpu_macs_per_cpu_second", network.macs() as f64 / cpu);
    theirs.set(cpu, metrics);
    Ok(())
}

/// The small network on the GPU, and the published one too where the device is no software.
fn on_gpu(metrics: &mut Metrics, cancel: &Cancel) -> anyhow::Result<()> {
    let gpu = pollster::block_on(Gpu::headless())?;
    metrics.set("gpu_adapter", gpu.capabilities.adapter_name.clone());
    let ceiling = ceiling(&gpu)?;
    metrics.set("gpu_ceiling_macs_per_second", ceiling);
    let best = Kernel::of(&gpu);
    let is_software = matches!(best, Kernel::Lanes(_));
    for (name, shape) in [("lite", LITE), ("published", PUBLISHED)] {
        if name == "published" && is_software {
            // A frame takes seconds there: such machines decode on the CPU.
            continue;
        }
        let network = network(shape)?;
        let mut measure = |what: &str, kernel, precision| -> anyhow::Result<f64> {
            cancel.check()?;
            let options = Options {
                kernel,
                ..Options::of(&gpu, precision)
            };
            let rate = rate(&gpu, &network, options)?;
            let name = format!("gpu_{name}_{what}");
            metrics.set(format!("{name}_macs_per_second"), rate);
            metrics.set(format!("{name}_share_of_ceiling"), rate / ceiling);
            Ok(rate)
        };
        let ours = measure("f32", best, Precision::F32)?;
        if gpu.capabilities.half_floats {
            measure("f16", best, Precision::F16)?;
        }
        let naive = measure("naive_f32", Kernel::Naive, Precision::F32)?;
        metrics.set(format!("gpu_{name}_f32_over_naive"), ours / naive);
    }
    Ok(())
}

/// Multiplications with addition a second that the device can do.
fn ceiling(gpu: &Gpu) -> anyhow::Result<f64> {
    let ceiling = FmaCeiling::new(gpu)?;
    let mut rounds = 1;
    loop {
        let start = Instant::now();
        ceiling.run(gpu, rounds)?;
        if start.elapsed().as_secs_f64() >= CEILING_SECONDS {
            break;
        }
        rounds *= 2;
    }
    best_rate(|| Ok(ceiling.run(gpu, rounds)?))
}

/// Multiplications with addition a second over frames of a network.
fn rate(gpu: &Gpu, network: &Network, options: Options) -> anyhow::Result<f64> {
    let mut renderer = NeuralRenderer::with_options(gpu, network, options)?;
    let mut embedding = embedding();
    best_rate(|| {
        // Of an embedding that it knows, the renderer would make the last layer only.
        embedding.rotate_left(1);
        renderer.decode(gpu, &embedding)?;
        gpu.wait()?;
        Ok(network.macs())
    })
}

/// The best of some runs, each of which returns what it did, after one that warms up.
fn best_rate(mut run: impl FnMut() -> anyhow::Result<u64>) -> anyhow::Result<f64> {
    run()?;
    let (mut best, begin) = (0.0_f64, Instant::now());
    for _ in 0..GPU_FRAMES {
        let start = Instant::now();
        let done = run()? as f64;
        best = best.max(done / start.elapsed().as_secs_f64());
        if begin.elapsed().as_secs_f64() > GPU_SECONDS {
            break;
        }
    }
    Ok(best)
}

fn network(shape: &Shape) -> Result<Network> {
    let mut random = Random::new(1);
    let layer = |&(inputs, outputs, kernel, stride): &(usize, usize, usize, usize)| {
        let (taps, convolved) = (inputs * kernel * kernel, outputs * stride * stride);
        let mut numbers = |count: usize, scale: f32| -> Vec<f32> {
            (0..count).map(|_| scale * random.normal()).collect()
        };
        Layer {
            inputs,
            outputs,
            kernel,
            shuffle: [stride; 2],
            activation: match outputs {
                3 => Activation::None,
                _ => Activation::Gelu,
            },
            // Numbers neither fade nor grow from layer to layer (He and others 2015).
            weights: numbers(convolved * taps, (2.0 / taps as f32).sqrt()),
            bias: numbers(convolved, 0.1),
        }
    };
    let layers: Vec<Layer> = shape.iter().map(layer).collect();
    Network::new("the benchmark's network", EMBEDDING, layers, Output::Tanh)
}

fn embedding() -> Vec<f32> {
    let mut random = Random::new(2);
    (0..EMBEDDING.iter().product())
        .map(|_| random.normal())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shapes_are_those_of_the_published_networks() {
        let published = network(PUBLISHED).expect("it fits");
        assert_eq!(published.parameters(), 1_488_276);
        assert_eq!(published.picture_size(), [1280, 640]);
        let lite = network(LITE).expect("it fits");
        assert_eq!(lite.parameters(), 209_422);
        assert_eq!(lite.picture_size(), [320, 160]);
    }
}
