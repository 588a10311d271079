//! The decoder against sums in f64, term by term, with every instruction set that this machine has.

use pulp::Arch;

use super::packed::{MOST_WEIGHTS, Method};
use super::*;
use crate::neural::{Activation, Layer, Output};
use crate::random::Random;

/// Largest error of a colour, of which a step of 8 bits is 0.004. Winograd's filtering loses two digits of f32's seven.
const TOLERANCE: f64 = 4e-5;

/// Outputs, kernel, shuffle, activation.
type Shape = (usize, usize, [usize; 2], Activation);

fn network(embedding: [usize; 3], shapes: &[Shape], output: Output, seed: u64) -> Network {
    let mut random = Random::new(seed);
    let mut inputs = embedding[0];
    let layers = shapes
        .iter()
        .map(|&(outputs, kernel, shuffle, activation)| {
            let convolved = outputs * shuffle[0] * shuffle[1];
            let taps = inputs * kernel * kernel;
            // Sums of so many keep the variance of their terms.
            let scale = (taps as f32).sqrt().recip();
            let layer = Layer {
                inputs,
                outputs,
                kernel,
                shuffle,
                activation,
                weights: (0..convolved * taps)
                    .map(|_| random.normal() * scale)
                    .collect(),
                bias: (0..convolved).map(|_| random.normal() * 0.3).collect(),
            };
            inputs = outputs;
            layer
        });
    Network::new("it", embedding, layers.collect(), output).expect("fits")
}

fn embedding(network: &Network, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed);
    let count: usize = network.embedding().iter().product();
    (0..count).map(|_| random.normal()).collect()
}

fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::None => x,
        Activation::Gelu => x * normal_distribution(x),
        Activation::Relu => x.max(0.0),
        Activation::LeakyRelu => x.max(0.01 * x),
        Activation::LeakyRelu10 => x.max(0.1 * x),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::Softplus => x.exp().ln_1p(),
        Activation::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Activation::Sin => (30.0 * x).sin(),
    }
}

/// Φ by Simpson's rule.
fn normal_distribution(x: f64) -> f64 {
    const STEPS: usize = 200;
    let step = x / STEPS as f64;
    let density = |x: f64| (-x * x / 2.0).exp();
    let inner: f64 = (1..STEPS)
        .map(|k| density(k as f64 * step) * if k % 2 == 0 { 2.0 } else { 4.0 })
        .sum();
    let area = (density(0.0) + inner + density(x)) * step / 3.0;
    0.5 + area / std::f64::consts::TAU.sqrt()
}

/// The pictures as they are defined, one after the other.
fn reference(network: &Network, embedding: &[f32]) -> Vec<f64> {
    let [_, mut height, mut width] = network.embedding();
    let mut map: Vec<f64> = embedding.iter().map(|number| f64::from(*number)).collect();
    for layer in network.layers() {
        let [tall, wide] = layer.shuffle;
        let mut next = vec![0.0; layer.convolved() * height * width];
        let half = layer.kernel / 2;
        for channel in 0..layer.convolved() {
            for (y, x) in (0..height * width).map(|k| (k / width, k % width)) {
                let mut sum = f64::from(layer.bias[channel]);
                for tap in 0..layer.inputs * layer.kernel * layer.kernel {
                    let (input, ky, kx) = (
                        tap / (layer.kernel * layer.kernel),
                        tap / layer.kernel % layer.kernel,
                        tap % layer.kernel,
                    );
                    let (from_y, from_x) =
                        ((y + ky).wrapping_sub(half), (x + kx).wrapping_sub(half));
                    if from_y < height && from_x < width {
                        let at = channel * layer.inputs * layer.kernel * layer.kernel + tap;
                        sum += f64::from(layer.weights[at])
                            * map[(input * height + from_y) * width + from_x];
                    }
                }
                let (c, dy, dx) = (
                    channel / (tall * wide),
                    channel / wide % tall,
                    channel % wide,
                );
                let at = (c * height * tall + y * tall + dy) * width * wide + x * wide + dx;
                next[at] = activate(layer.activation, sum);
            }
        }
        map = next;
        (height, width) = (height * tall, width * wide);
    }
    let colour = |x: f64| match network.output() {
        Output::Tanh => x.tanh() / 2.0 + 0.5,
        Output::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Output::Offset(offset) => (x + f64::from(offset)).clamp(0.0, 1.0),
    };
    let pixels = height * width;
    map.chunks_exact(pixels * 3)
        .flat_map(|map| (0..pixels * 3).map(move |k| colour(map[k % 3 * pixels + k / 3])))
        .collect()
}

/// Every instruction set that there is here.
#[cfg(target_arch = "x86_64")]
fn arches() -> Vec<Arch> {
    let v3 = pulp::x86::V3::try_new().map(Arch::V3);
    let v4 = pulp::x86::V4::try_new().map(Arch::V4);
    [Some(Arch::Scalar), v3, v4].into_iter().flatten().collect()
}

/// Every instruction set that there is here.
#[cfg(not(target_arch = "x86_64"))]
fn arches() -> Vec<Arch> {
    vec![Arch::new()]
}

fn check(what: &str, network: &Network) {
    let embedding = embedding(network, 7);
    let expected = reference(network, &embedding);
    for arch in arches() {
        let decoder = CpuDecoder::with_arch(network, arch);
        let pictures = decoder.decode_frames(&embedding, &Cancel::new());
        let pictures = pictures.expect("decodes");
        assert_eq!(pictures.len(), network.frames());
        let numbers = pictures.iter().flat_map(|picture| {
            assert_eq!([picture.width, picture.height], network.picture_size());
            picture.rgb.as_flattened()
        });
        let worst = numbers
            .zip(&expected)
            .map(|(got, expected)| (f64::from(*got) - expected).abs())
            .fold(0.0, f64::max);
        assert!(worst < TOLERANCE, "{what}: {worst} with {arch:?}");
    }
}

#[test]
fn every_kernel_shuffle_and_size() {
    let sizes = [[1, 1], [2, 3], [11, 25], [3, 90], [29, 9]];
    let shuffles = [[1, 1], [2, 2], [5, 1], [1, 3], [2, 3]];
    for kernel in [1, 3, 5, 7] {
        for [height, width] in sizes {
            for (index, shuffle) in shuffles.into_iter().enumerate() {
                let shapes = [
                    (9, kernel, shuffle, Activation::Gelu),
                    (3, [1, 3, 5][index % 3], [1, 1], Activation::None),
                ];
                let network = network([9, height, width], &shapes, Output::Tanh, 1);
                check(&format!("{kernel} {shuffle:?} {height}x{width}"), &network);
            }
        }
    }
}

#[test]
fn both_methods_are_tested() {
    let method = |outputs, size, mut left| {
        let shapes = [
            (outputs, 5, [2, 2], Activation::Gelu),
            (3, 1, [1, 1], Activation::None),
        ];
        let network = network([9, 11, 25], &shapes, Output::Tanh, 1);
        let method = Method::for_layer(&network.layers()[0], size, &mut left);
        (method, left)
    };
    let winograd = Method::Winograd { tile: 4 };
    let weights = 9 * 36 * 64;
    let left = MOST_WEIGHTS - weights;
    assert_eq!(method(9, [11, 25], MOST_WEIGHTS), (winograd, left));
    assert_eq!(method(9, [11, 25], weights), (winograd, 0));
    let direct = (Method::Direct, weights - 1);
    assert_eq!(method(9, [11, 25], weights - 1), direct);
    assert_eq!(method(9, [2, 3], MOST_WEIGHTS).0, Method::Direct);
    assert_eq!(method(1, [11, 25], MOST_WEIGHTS).0, Method::Direct);
}

#[test]
fn every_activation_and_output() {
    let all = Activation::ALL.into_iter();
    // A sine makes 30 times as much of every rounding.
    let all = all.filter(|(activation, _)| *activation != Activation::Sin);
    for (index, (activation, _)) in all.enumerate() {
        let output = [Output::Tanh, Output::Sigmoid, Output::Offset(0.5)][index % 3];
        for size in [[2, 5], [16, 16]] {
            let shapes = [(8, 3, [1, 2], activation), (3, 3, [2, 1], activation)];
            let network = network([8, size[0], size[1]], &shapes, output, 2 + index as u64);
            check(&format!("{activation:?} {output:?}"), &network);
        }
    }
}

#[test]
fn sines_of_large_arguments() {
    let layer = |inputs, outputs, activation, weight| Layer {
        inputs,
        outputs,
        kernel: 1,
        shuffle: [1, 1],
        activation,
        weights: vec![weight; inputs * outputs],
        bias: vec![0.0; outputs],
    };
    let layers = vec![
        layer(1, 1, Activation::Sin, 1.0),
        layer(1, 3, Activation::None, 0.5),
    ];
    let arguments: Vec<f32> = (-2000..=2000).map(|k| k as f32 / 130.0).collect();
    let network = Network::new("it", [1, 1, arguments.len()], layers, Output::Offset(0.5));
    let network = network.expect("fits");
    for arch in arches() {
        let decoder = CpuDecoder::with_arch(&network, arch);
        let picture = decoder.decode(&arguments, &Cancel::new()).expect("decodes");
        for (x, rgb) in arguments.iter().zip(&picture.rgb) {
            let expected = (30.0 * f64::from(*x)).sin() / 2.0 + 0.5;
            let error = (f64::from(rgb[0]) - expected).abs();
            assert!(error < 1e-6, "{x}: {error} with {arch:?}");
        }
    }
}

#[test]
fn several_frames_at_once() {
    for (frames, last, shuffle) in [
        (2, 3, [1, 1]),
        (4, 3, [2, 2]),
        (5, 1, [1, 3]),
        (3, 5, [1, 1]),
    ] {
        let shapes = [
            (8, 1, [1, 1], Activation::Relu),
            (8, 1, [4, 4], Activation::Gelu),
            (3 * frames, last, shuffle, Activation::None),
        ];
        let network = network([6, 5, 9], &shapes, Output::Tanh, 11);
        check(&format!("{frames} frames"), &network);
    }
    let shapes = [(6, 3, [1, 1], Activation::None)];
    check("one layer", &network([4, 6, 70], &shapes, Output::Tanh, 12));
}

#[test]
fn one_layer_and_odd_channels() {
    for (channels, kernel, shuffle) in [(1, 7, [1, 1]), (13, 3, [3, 2]), (16, 5, [1, 1])] {
        let shapes = [(3, kernel, shuffle, Activation::None)];
        let network = network([channels, 13, 21], &shapes, Output::Sigmoid, 3);
        check(&format!("one layer of {channels}"), &network);
    }
    // A kernel that is far larger than the picture, and than a vector.
    let shapes = [(3, 45, [1, 2], Activation::None)];
    check(
        "a large kernel",
        &network([2, 9, 37], &shapes, Output::Tanh, 4),
    );
    let shapes = [
        (11, 1, [5, 5], Activation::Gelu),
        (13, 3, [3, 2], Activation::Gelu),
        (8, 5, [2, 2], Activation::Gelu),
        (3, 3, [1, 1], Activation::None),
    ];
    check("a chain", &network([5, 1, 2], &shapes, Output::Tanh, 4));
}

#[test]
fn strips_are_seamless_with_any_number_of_threads() {
    for (kernel, last) in [(3, 7), (5, 3), (1, 5)] {
        let shapes = [
            (8, kernel, [2, 2], Activation::Gelu),
            (3, last, [1, 1], Activation::None),
        ];
        let network = network([8, 55, 5], &shapes, Output::Tanh, 5);
        check(&format!("strips of {kernel} and {last}"), &network);
        let embedding = embedding(&network, 9);
        let pictures = [1, 3].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let decode = || CpuDecoder::new(&network).decode(&embedding, &Cancel::new());
            pool.expect("starts").install(decode).expect("decodes")
        });
        assert!(pictures[0] == pictures[1], "threads change the picture");
    }
}

#[test]
fn large_numbers_stay_colours() {
    let shapes = [
        (8, 3, [1, 1], Activation::Silu),
        (3, 1, [1, 1], Activation::None),
    ];
    for output in [Output::Tanh, Output::Sigmoid, Output::Offset(0.5)] {
        let network = network([8, 16, 16], &shapes, output, 6);
        let large: Vec<f32> = embedding(&network, 1)
            .iter()
            .map(|number| number * 1e4)
            .collect();
        let picture = CpuDecoder::new(&network)
            .decode(&large, &Cancel::new())
            .expect("decodes");
        let is_colour = |part: &f32| (0.0..=1.0).contains(part);
        assert!(picture.rgb.as_flattened().iter().all(is_colour));
    }
}

#[test]
fn bytes_are_the_rounded_picture() {
    let shapes = [
        (4, 3, [2, 2], Activation::Gelu),
        (3, 3, [1, 1], Activation::None),
    ];
    let network = network([4, 6, 5], &shapes, Output::Tanh, 8);
    let (decoder, embedding) = (CpuDecoder::new(&network), embedding(&network, 2));
    let picture = decoder.decode(&embedding, &Cancel::new()).expect("decodes");
    let bytes = decoder
        .decode_rgba8(&embedding, &Cancel::new())
        .expect("decodes");
    assert_eq!(decoder.picture_size(), [10, 12]);
    assert_eq!(bytes.len(), 480);
    for (bytes, rgb) in bytes.chunks_exact(4).zip(&picture.rgb) {
        assert_eq!(bytes[3], 255);
        for (byte, part) in bytes.iter().zip(rgb) {
            assert!((f32::from(*byte) - part * 255.0).abs() <= 0.5 + 1e-4);
        }
    }
}

#[test]
fn what_cannot_be_decoded_is_said() {
    let shapes = [(3, 3, [1, 1], Activation::None)];
    let network = network([4, 6, 5], &shapes, Output::Tanh, 8);
    let decoder = CpuDecoder::new(&network);
    let error = decoder
        .decode(&[0.0; 119], &Cancel::new())
        .expect_err("is short");
    assert!(error.to_string().contains("119 numbers"), "{error}");
    let cancel = Cancel::new();
    cancel.cancel();
    let error = decoder
        .decode(&[0.0; 120], &cancel)
        .expect_err("is cancelled");
    assert!(matches!(error, Error::Cancelled));
}
