//! Networks evaluated by the shaders, against the reference in f64.

use zoetrope_codecs::FrameContent;
use zoetrope_codecs::neural::{Activation, Crop, Layer, Network, NeuralFrame, NeuralVideo, Output};
use zoetrope_codecs::random::Random;
use zoetrope_render::cpu::neural::{decode, decode_part};
use zoetrope_render::neural::{FmaCeiling, Kernel, NeuralRenderer, Options, Precision, self_test};
use zoetrope_render::{Background, Camera, Error, Filter, FlatRenderer, Gpu, Picture, View};

fn gpu() -> Gpu {
    pollster::block_on(Gpu::headless()).expect("these tests need a Vulkan device")
}

/// Numbers from -`scale` to `scale`.
fn numbers(random: &mut Random, count: usize, scale: f32) -> Vec<f32> {
    let mut number = || (2.0 * random.unit() - 1.0) * scale;
    (0..count).map(|_| number()).collect()
}

/// Outputs, side of the kernel, shuffle, activation.
type Shape = (usize, usize, [usize; 2], Activation);

/// A network with random weights, and an embedding for it.
fn network(embedding: [usize; 3], shapes: &[Shape], output: Output) -> (Network, Vec<f32>) {
    let mut random = Random::new(shapes.len() as u64 + embedding[0] as u64);
    let mut inputs = embedding[0];
    let layers = shapes
        .iter()
        .map(|&(outputs, kernel, shuffle, activation)| {
            let convolved = outputs * shuffle[0] * shuffle[1];
            let taps = inputs * kernel * kernel;
            let layer = Layer {
                inputs,
                outputs,
                kernel,
                shuffle,
                activation,
                // Keeps the numbers' variance.
                weights: numbers(
                    &mut random,
                    convolved * taps,
                    (3.0 / taps as f32).sqrt() * 1.3,
                ),
                bias: numbers(&mut random, convolved, 0.3),
            };
            inputs = outputs;
            layer
        });
    let layers = layers.collect();
    let network = Network::new("a test", embedding, layers, output).expect("it fits");
    let numbers = numbers(&mut random, embedding.iter().product(), 1.5);
    (network, numbers)
}

fn draw(gpu: &Gpu, network: &Network, embedding: &[f32], options: Options) -> Picture {
    let mut renderer = NeuralRenderer::with_options(gpu, network, options).expect("it fits");
    renderer.decode(gpu, embedding).expect("an embedding");
    renderer.read_picture(gpu).expect("a picture")
}

/// Options and the PSNR that they must reach.
fn way(gpu: &Gpu, kernel: Kernel, precision: Precision) -> (Options, f64) {
    let options = Options {
        kernel,
        ..Options::of(gpu, precision)
    };
    let least = match precision {
        Precision::F32 => 60.0,
        Precision::F16 => 48.0,
    };
    (options, least)
}

/// The kernel for GPUs, and that for this device, which is another on software Vulkan.
fn kernels(gpu: &Gpu) -> [Kernel; 2] {
    [Kernel::Tile, Kernel::of(gpu)]
}

fn compare(
    gpu: &Gpu,
    name: &str,
    (network, embedding): &(Network, Vec<f32>),
    ways: &[(Options, f64)],
) {
    let expected = decode(network, embedding);
    // A picture of one colour would prove nothing.
    let codes = expected.rgb();
    let (low, high) = (codes.iter().min(), codes.iter().max());
    let spread = low.zip(high).is_some_and(|(low, high)| high - low > 20);
    assert!(spread, "{name}: {low:?} {high:?}");
    for (options, least) in ways {
        let picture = draw(gpu, network, embedding, *options);
        let psnr = picture.psnr(&expected).expect("one size");
        assert!(psnr >= *least, "{name}, {options:?}: {psnr:.1} dB");
        let mut alphas = picture.rgba.iter().skip(3).step_by(4);
        assert!(alphas.all(|alpha| *alpha == 255));
    }
}

fn compare_in_f32(gpu: &Gpu, name: &str, sample: &(Network, Vec<f32>)) {
    compare(
        gpu,
        name,
        sample,
        &kernels(gpu).map(|kernel| way(gpu, kernel, Precision::F32)),
    );
}

use Activation::{Gelu, None as Plain};

#[test]
fn the_chain_of_hnerv() {
    let gpu = gpu();
    let shapes = [
        (13, 1, [1, 1], Gelu),
        (11, 1, [5, 5], Gelu),
        (9, 3, [2, 2], Gelu),
        (6, 5, [2, 2], Gelu),
        (3, 3, [1, 1], Plain),
    ];
    let ways: Vec<(Options, f64)> = [Kernel::Naive, Kernel::Tile, Kernel::of(&gpu)]
        .into_iter()
        .flat_map(|kernel| {
            [Precision::F32, Precision::F16].map(|precision| way(&gpu, kernel, precision))
        })
        .collect();
    compare(
        &gpu,
        "HNeRV",
        &network([16, 2, 4], &shapes, Output::Tanh),
        &ways,
    );
}

#[test]
fn every_activation_and_output() {
    let gpu = gpu();
    let activations = [
        Gelu,
        Activation::LeakyRelu,
        Activation::Silu,
        Activation::LeakyRelu10,
        Activation::HardSwish,
        Activation::Softplus,
        Plain,
        Activation::Relu6,
        Activation::Relu,
    ];
    // Each three in a network, so that a wrong one is not lost among many.
    let outputs = [Output::Tanh, Output::Sigmoid, Output::Offset(0.31)];
    for (three, output) in activations.chunks_exact(3).zip(outputs) {
        let shapes = [
            (7, 1, [3, 4], three[0]),
            (7, 1, [1, 1], three[1]),
            (3, 1, [1, 1], three[2]),
        ];
        let name = format!("{three:?}, {output:?}");
        compare_in_f32(&gpu, &name, &network([5, 3, 3], &shapes, output));
    }
}

#[test]
fn every_side_and_shuffle() {
    // The last layer may shuffle as well.
    let shapes = [
        (10, 1, [1, 4], Gelu),
        (9, 3, [3, 1], Gelu),
        (6, 5, [2, 1], Gelu),
        (3, 7, [1, 3], Plain),
    ];
    compare_in_f32(
        &gpu(),
        "sides",
        &network([6, 3, 2], &shapes, Output::Sigmoid),
    );
}

#[test]
fn channels_of_any_number() {
    let shapes = [
        (2, 3, [2, 2], Gelu),
        (5, 1, [1, 1], Gelu),
        (17, 1, [1, 2], Gelu),
        (4, 1, [1, 1], Gelu),
        (3, 1, [1, 1], Plain),
    ];
    compare_in_f32(
        &gpu(),
        "channels",
        &network([1, 4, 6], &shapes, Output::Tanh),
    );
}

#[test]
fn pictures_of_any_size() {
    let gpu = gpu();
    // One pixel row or column, and one more than a tile.
    for [height, width] in [[1, 37], [37, 1], [9, 33]] {
        let shapes = [(5, 5, [1, 1], Gelu), (3, 3, [1, 1], Plain)];
        let name = format!("{width} x {height}");
        compare_in_f32(
            &gpu,
            &name,
            &network([4, height, width], &shapes, Output::Tanh),
        );
    }
}

#[test]
fn strips_give_the_same_picture() {
    let gpu = gpu();
    let shapes = [
        (9, 1, [5, 2], Gelu),
        (12, 3, [2, 3], Activation::Softplus),
        (8, 5, [3, 2], Gelu),
        (3, 3, [2, 1], Plain),
    ];
    let (network, embedding) = network([7, 3, 4], &shapes, Output::Tanh);
    let [tile, lanes] = kernels(&gpu);
    for (kernel, precision) in [(tile, Precision::F32), (lanes, Precision::F16)] {
        let (options, _) = way(&gpu, kernel, precision);
        let whole = draw(&gpu, &network, &embedding, options);
        let mut strips = Vec::new();
        // The last map takes 150 kB in f32 and whole, that in front of it 40 kB.
        for map_bytes_max in [1 << 20, 40_000, 24_000] {
            let options = Options {
                map_bytes_max,
                ..options
            };
            let renderer = NeuralRenderer::with_options(&gpu, &network, options);
            let mut renderer = renderer.unwrap_or_else(|error| panic!("{options:?}: {error}"));
            renderer.decode(&gpu, &embedding).expect("an embedding");
            let picture = renderer.read_picture(&gpu).expect("a picture");
            assert!(
                picture == whole,
                "{options:?}, {} strips",
                renderer.strips()
            );
            strips.push(renderer.strips());
        }
        assert_eq!(strips[0], 1);
        assert!(
            strips.is_sorted() && strips[2] >= 3,
            "{options:?}: {strips:?}"
        );
        let options = Options {
            map_bytes_max: 2000,
            ..options
        };
        let refused = NeuralRenderer::with_options(&gpu, &network, options);
        let what = refused.expect_err("too small for one row");
        assert!(
            matches!(
                what,
                Error::TooLarge {
                    what: "a feature map",
                    ..
                }
            ),
            "{what}"
        );
    }
}

#[test]
fn the_first_blocks_of_the_published_network() {
    // Stem and two blocks of HNeRV's 1.5 M network, then red, green and blue: 80 MMAC.
    let shapes = [
        (68, 1, [1, 1], Gelu),
        (57, 1, [5, 5], Gelu),
        (48, 3, [4, 4], Gelu),
        (3, 1, [1, 1], Plain),
    ];
    let gpu = gpu();
    let (network, embedding) = network([16, 2, 4], &shapes, Output::Tanh);
    let expected = decode(&network, &embedding);
    for (precision, least) in [(Precision::F32, 60.0), (Precision::F16, 48.0)] {
        let picture = draw(&gpu, &network, &embedding, Options::of(&gpu, precision));
        let psnr = picture.psnr(&expected).expect("one size");
        assert!(psnr >= least, "{precision:?}: {psnr:.1} dB");
    }
}

#[test]
fn nothing_is_allocated_after_the_start_and_the_last_picture_stays() {
    let gpu = gpu();
    let shapes = [(6, 3, [2, 2], Gelu), (3, 3, [1, 1], Plain)];
    let (network, first) = network([4, 6, 8], &shapes, Output::Tanh);
    let second: Vec<f32> = first.iter().map(|number| 1.0 - number).collect();
    let mut renderer = NeuralRenderer::new(&gpu, &network, Precision::F32).expect("it fits");
    assert!(renderer.texture().is_none());
    assert_eq!(renderer.read_picture(&gpu), Err(Error::NothingDrawn));
    let (resources, bytes) = (renderer.resources_created(), renderer.memory_bytes());
    assert!(bytes > 0);
    let shown = renderer.decode(&gpu, &first).expect("an embedding").clone();
    let picture = renderer.read_picture(&gpu).expect("a picture");
    let next = renderer
        .decode(&gpu, &second)
        .expect("an embedding")
        .clone();
    assert!(shown != next, "two pictures are drawn in turn");
    assert!(renderer.read_picture(&gpu).expect("a picture") != picture);
    let again = renderer.decode(&gpu, &first).expect("an embedding").clone();
    assert!(shown == again);
    assert!(renderer.read_picture(&gpu).expect("a picture") == picture);
    assert_eq!(
        (renderer.resources_created(), renderer.memory_bytes()),
        (resources, bytes)
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let gpu = gpu();
    let refused = |shapes: &[Shape], what| {
        let (network, _) = network([2, 2, 2], shapes, Output::Tanh);
        match NeuralRenderer::new(&gpu, &network, Precision::F32) {
            Err(Error::TooLarge { what: said, .. }) => assert_eq!(said, what),
            other => panic!("{what}: {:?}", other.err()),
        }
    };
    refused(&[(3, 9, [1, 1], Plain)], "a convolution kernel");
    let (network, mut embedding) = network([2, 2, 2], &[(3, 3, [1, 1], Plain)], Output::Tanh);
    let mut renderer = NeuralRenderer::new(&gpu, &network, Precision::F32).expect("it fits");
    embedding.pop();
    let error = renderer.decode(&gpu, &embedding).expect_err("too short");
    assert!(
        error.to_string().contains("takes 8 numbers, and gets 7"),
        "{error}"
    );
    let mut without = gpu.clone();
    without.capabilities.half_floats = false;
    let error = NeuralRenderer::new(&without, &network, Precision::F16).expect_err("no f16");
    assert!(matches!(error, Error::NoHalfFloats { .. }), "{error}");
}

#[test]
fn this_device_passes_the_self_test() {
    let gpu = gpu();
    for precision in [Precision::F32, Precision::F16] {
        let deviation = self_test(&gpu, precision).expect("it runs");
        assert!(
            deviation.is_acceptable(precision),
            "{precision:?}: {deviation:?}"
        );
    }
}

#[test]
fn the_ceiling_counts_its_work() {
    let gpu = gpu();
    let ceiling = FmaCeiling::new(&gpu).expect("it compiles");
    let one = ceiling.run(&gpu, 1).expect("it runs");
    assert!(one > 0);
    assert_eq!(ceiling.run(&gpu, 2), Ok(2 * one));
}

/// Like a group of NIRVANA: sines on a grid, then convolutions, two frames at once.
fn group(seed: usize) -> (Network, Vec<f32>) {
    let shapes = [
        (16, 1, [1, 1], Activation::Sin),
        (8 + seed % 2, 1, [4, 4], Gelu),
        (6, 3, [2, 2], Plain),
    ];
    let (made, numbers) = network([8, 3, 2 + seed], &shapes, Output::Tanh);
    // Sines of numbers that are not large: what is trained is like that, too.
    let mut layers = made.layers().to_vec();
    for weight in &mut layers[0].weights {
        *weight /= 8.0;
    }
    let network = Network::new("a test", made.embedding(), layers, Output::Tanh);
    (network.expect("it fits"), numbers)
}

#[test]
fn the_frames_of_an_embedding_are_drawn_one_by_one() {
    let gpu = gpu();
    let (network, embedding) = group(2);
    assert_eq!(network.frames(), 2);
    for kernel in [Kernel::Naive, Kernel::Tile, Kernel::of(&gpu)] {
        for map_bytes_max in [1 << 20, 10_000] {
            let options = Options {
                kernel,
                map_bytes_max,
                ..Options::of(&gpu, Precision::F32)
            };
            let renderer = NeuralRenderer::with_options(&gpu, &network, options);
            let mut renderer = renderer.expect("it fits");
            let resources = renderer.resources_created();
            for part in [1, 0, 0, 1] {
                let drawn = renderer.decode_part(&gpu, &embedding, part);
                drawn.expect("a picture");
                let picture = renderer.read_picture(&gpu).expect("a picture");
                let expected = decode_part(&network, &embedding, part);
                let psnr = picture.psnr(&expected).expect("one size");
                assert!(psnr >= 60.0, "{options:?}, part {part}: {psnr:.1} dB");
            }
            assert_eq!(renderer.resources_created(), resources);
            assert!(renderer.decode_part(&gpu, &embedding, 2).is_err());
        }
    }
}

#[test]
fn a_network_of_the_same_layers_takes_the_place_of_another() {
    let gpu = gpu();
    let (first, embedding) = group(2);
    let mut layers = first.layers().to_vec();
    for layer in &mut layers {
        layer.weights.reverse();
    }
    let second = Network::new("a test", first.embedding(), layers, Output::Tanh).expect("fits");
    let mut renderer = NeuralRenderer::new(&gpu, &first, Precision::F32).expect("it fits");
    let resources = renderer.resources_created();
    for network in [&first, &second, &first] {
        assert!(renderer.load(&gpu, network));
        renderer
            .decode_part(&gpu, &embedding, 1)
            .expect("a picture");
        let picture = renderer.read_picture(&gpu).expect("a picture");
        let expected = decode_part(network, &embedding, 1);
        assert!(picture.psnr(&expected).expect("one size") >= 60.0);
    }
    assert_eq!(renderer.resources_created(), resources);
    // Other layers, and another size.
    assert!(!renderer.load(&gpu, &group(3).0));
    assert!(!renderer.load(&gpu, &group(4).0));
}

#[test]
fn of_a_cropped_frame_the_crop_is_shown() {
    let gpu = gpu();
    let (network, embedding) = group(2);
    let expected = decode_part(&network, &embedding, 1);
    let video = NeuralVideo::new("a test", network, embedding).expect("it fits");
    let frame = NeuralFrame::new(&video, 1).expect("is there");
    let crop = Crop {
        start: [3, 2],
        size: [20, 15],
    };
    let frame = frame.with_crop(crop).expect("lies inside");
    let view = View {
        camera: Camera {
            position: glam::Vec3::ZERO,
            target: glam::Vec3::Z,
            up: glam::Vec3::Y,
            fov_y: 1.0,
        },
        width: 20,
        height: 15,
        background: Background::Opaque([0.0; 3]),
        filter: Filter::Classic,
        sh_degree: 0,
    };
    let mut renderer = FlatRenderer::new(&gpu).expect("a renderer");
    let drawn = renderer.render(&gpu, &FrameContent::Neural(frame), &view, &mut |_| ());
    drawn.expect("draws");
    let picture = renderer.read_picture(&gpu).expect("reads back");
    let rows = expected.rgba.chunks_exact(4 * expected.width as usize);
    let rows = rows.skip(2).take(15).map(|row| &row[12..92]);
    let expected = Picture {
        width: 20,
        height: 15,
        rgba: rows.flatten().copied().collect(),
    };
    let psnr = picture.psnr(&expected).expect("one size");
    assert!(psnr >= 48.0, "{psnr:.1} dB");
}
