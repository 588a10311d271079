//! How fast networks are evaluated, beside a naive kernel and the device's ceiling, in multiplications with
//! addition (MAC) a second.

use std::time::Instant;

use zoetrope_codecs::neural::{Activation, Layer, Network, Output};
use zoetrope_render::Gpu;
use zoetrope_render::neural::{FmaCeiling, Kernel, NeuralRenderer, Options, Precision};

fn main() {
    let gpu = pollster::block_on(Gpu::headless()).expect("a graphics device");
    println!("{}", gpu.capabilities.adapter_name);
    let ceiling = FmaCeiling::new(&gpu).expect("a ceiling");
    // So many rounds that starting them does not count.
    let mut rounds = 1;
    let mut begun = Instant::now();
    while ceiling.run(&gpu, rounds).is_ok() && begun.elapsed().as_secs_f64() < 0.05 {
        rounds *= 2;
        begun = Instant::now();
    }
    let rate = rate(|| ceiling.run(&gpu, rounds).expect("a run"));
    println!("ceiling: {rate:.2} GMAC/s");
    for (name, network) in [("lite", lite()), ("block of 5 x 5 taps", block())] {
        let megas = network.macs() as f64 / 1e6;
        println!("{name}, {} layers, {megas:.1} MMAC", network.layers().len());
        measure(&gpu, &network);
    }
}

/// Prints the rate of each kernel.
fn measure(gpu: &Gpu, network: &Network) {
    let embedding = vec![0.5; network.embedding().iter().product()];
    let best = Kernel::of(gpu);
    for (kernel, precision) in [
        (Kernel::Naive, Precision::F32),
        (best, Precision::F32),
        (best, Precision::F16),
    ] {
        if precision == Precision::F16 && !gpu.capabilities.half_floats {
            continue;
        }
        let options = Options {
            kernel,
            ..Options::of(gpu, precision)
        };
        let start = Instant::now();
        let mut renderer = NeuralRenderer::with_options(gpu, network, options).expect("it fits");
        let prepared = start.elapsed().as_secs_f64();
        let rate = rate(|| {
            renderer.decode(gpu, &embedding).expect("a picture");
            gpu.wait().expect("the device works");
            network.macs()
        });
        println!("  {kernel:?}, {precision:?}: {rate:.2} GMAC/s, prepared in {prepared:.2} s");
    }
}

/// The best of some runs, after one that warms up.
fn rate(mut run: impl FnMut() -> u64) -> f64 {
    run();
    let mut best = 0.0_f64;
    let begin = Instant::now();
    for _ in 0..20 {
        let start = Instant::now();
        let macs = run() as f64;
        best = best.max(macs / start.elapsed().as_secs_f64() / 1e9);
        if begin.elapsed().as_secs_f64() > 4.0 {
            break;
        }
    }
    best
}

fn layer(inputs: usize, outputs: usize, kernel: usize, stride: usize) -> Layer {
    let convolved = outputs * stride * stride;
    let count = convolved * inputs * kernel * kernel;
    let weight = |index: usize| ((index * 7919 % 1009) as f32 / 504.0 - 1.0) * 0.1;
    Layer {
        inputs,
        outputs,
        kernel,
        shuffle: [stride, stride],
        activation: match outputs {
            3 => Activation::None,
            _ => Activation::Gelu,
        },
        weights: (0..count).map(weight).collect(),
        bias: vec![0.0; convolved],
    }
}

/// HNeRV with few multiplications: 320 x 160 pixels.
fn lite() -> Network {
    let layers = vec![
        layer(16, 55, 1, 1),
        layer(55, 37, 1, 5),
        layer(37, 25, 3, 4),
        layer(25, 17, 3, 2),
        layer(17, 12, 3, 2),
        layer(12, 3, 3, 1),
    ];
    Network::new("the benchmark", [16, 2, 4], layers, Output::Tanh).expect("it fits")
}

/// The fourth block of the published HNeRV, which has 1.5 million parameters, on an eighth of its
/// pixels, and a head.
fn block() -> Network {
    let layers = vec![layer(40, 33, 5, 2), layer(33, 3, 3, 1)];
    Network::new("the benchmark", [40, 20, 80], layers, Output::Tanh).expect("it fits")
}
