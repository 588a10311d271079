use super::*;
use crate::fit::engine::{Descent, Moments};
use crate::fit::loss::Loss;
use zoetrope_codecs::PictureFrame;
use zoetrope_codecs::neural::{Activation, Architecture, LayerShape, Output};
use zoetrope_codecs::random::Random;

/// A network, and the loss of its pictures, in f64 and by the formulas.
struct Reference<'a> {
    shape: &'a Shape,
    video: &'a Video,
    loss: Loss,
}

/// Channels of rows of numbers.
type Numbers = Vec<Vec<Vec<f64>>>;

/// Φ by the series of its integral.
fn below(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for k in 1..100 {
        term *= -x * x / 2.0 / f64::from(k);
        sum += term / f64::from(2 * k + 1);
    }
    0.5 + sum / std::f64::consts::TAU.sqrt()
}

impl Reference<'_> {
    fn pictures(&self, parameters: &[f64], embedding: &[f64]) -> Numbers {
        let [_, height, width] = self.shape.embedding();
        let mut map: Numbers = embedding
            .chunks(height * width)
            .map(|channel| channel.chunks(width).map(<[f64]>::to_vec).collect())
            .collect();
        let last = self.shape.layers().len() - 1;
        let layers = self.shape.layers().iter().zip(self.shape.places());
        for (index, (layer, place)) in layers.enumerate() {
            let (weights, bias) = (&parameters[place.weights], &parameters[place.bias]);
            let (high, wide, half) = (map[0].len(), map[0][0].len(), layer.kernel / 2);
            let [sy, sx] = layer.shuffle;
            let mut made = vec![vec![vec![0.0; wide * sx]; high * sy]; layer.outputs];
            for convolved in 0..layer.convolved() {
                for (y, x) in (0..high).flat_map(|y| (0..wide).map(move |x| (y, x))) {
                    let mut sum = bias[convolved];
                    for (input, channel) in map.iter().enumerate() {
                        for tap in 0..layer.kernel * layer.kernel {
                            let (ky, kx) = (tap / layer.kernel, tap % layer.kernel);
                            let at = (y + ky).wrapping_sub(half);
                            let Some(row) = channel.get(at) else { continue };
                            let at = (x + kx).wrapping_sub(half);
                            let taps = layer.kernel * layer.kernel;
                            let weight = weights[(convolved * layer.inputs + input) * taps + tap];
                            sum += weight * row.get(at).unwrap_or(&0.0);
                        }
                    }
                    let value = match layer.activation {
                        Activation::Gelu => sum * below(sum),
                        Activation::Sin => (30.0 * sum).sin(),
                        _ if index == last => 0.5 * sum.tanh() + 0.5,
                        _ => sum,
                    };
                    let (c, dy, dx) = (convolved / (sy * sx), convolved / sx % sy, convolved % sx);
                    made[c][y * sy + dy][x * sx + dx] = value;
                }
            }
            map = made;
        }
        map
    }

    fn target(&self, evaluation: usize, channel: usize) -> Vec<Vec<f64>> {
        let pictures = self.shape.outputs() / 3;
        let frame = evaluation * pictures + channel / 3;
        let plane = self.video.colour(frame, channel % 3);
        let row = |row: &[u8]| row.iter().map(|t| f64::from(*t) / 255.0).collect();
        plane.chunks(self.video.size()[0]).map(row).collect()
    }

    fn loss(&self, parameters: &[f64], embeddings: &[Vec<f64>], evaluations: &[usize]) -> f64 {
        let mut sum = 0.0;
        for evaluation in evaluations {
            let pictures = self.pictures(parameters, &embeddings[*evaluation]);
            for (channel, x) in pictures.iter().enumerate() {
                let t = self.target(*evaluation, channel);
                sum += plane_loss(&self.loss, x, &t) / pictures.len() as f64;
            }
        }
        sum / evaluations.len() as f64
    }
}

fn plane_loss(loss: &Loss, x: &[Vec<f64>], t: &[Vec<f64>]) -> f64 {
    let pairs = || x.iter().flatten().zip(t.iter().flatten());
    let count = pairs().count() as f64;
    let l1: f64 = pairs().map(|(x, t)| (x - t).abs()).sum();
    let l2: f64 = pairs().map(|(x, t)| (x - t) * (x - t)).sum();
    f64::from(loss.l1) * l1 / count
        + f64::from(loss.l2) * l2 / count
        + f64::from(loss.ssim) * (1.0 - ssim(x, t))
}

/// The mean over all windows, each by the formula with its own weighted means and (co)variances.
fn ssim(x: &[Vec<f64>], t: &[Vec<f64>]) -> f64 {
    let bell = |k: usize| (-(k as f64 - 5.0).powi(2) / 4.5).exp();
    let total: f64 = (0..11).map(bell).sum::<f64>().powi(2);
    let (mut sum, mut count) = (0.0, 0.0);
    for top in 0..x.len() - 10 {
        for left in 0..x[0].len() - 10 {
            let mean = |of: &dyn Fn(f64, f64) -> f64| {
                let taps = (0..11).flat_map(|j| (0..11).map(move |i| (j, i)));
                let value = |(j, i): (usize, usize)| {
                    bell(j) * bell(i) / total * of(x[top + j][left + i], t[top + j][left + i])
                };
                taps.map(value).sum::<f64>()
            };
            let (mx, mt) = (mean(&|x, _| x), mean(&|_, t| t));
            let vx = mean(&|x, _| (x - mx) * (x - mx));
            let vt = mean(&|_, t| (t - mt) * (t - mt));
            let both = mean(&|x, t| (x - mx) * (t - mt));
            sum += (2.0 * mx * mt + 1e-4) * (2.0 * both + 9e-4)
                / ((mx * mx + mt * mt + 1e-4) * (vx + vt + 9e-4));
            count += 1.0;
        }
    }
    sum / count
}

pub(in crate::fit) fn noise(size: [usize; 2], frames: usize, seed: u64) -> Video {
    let mut random = Random::new(seed);
    let mut video = Video::new(size);
    for _ in 0..frames {
        let mut byte = || random.below(256) as u8;
        let pixels = (0..size[0] * size[1]).flat_map(|_| [byte(), byte(), byte(), 255]);
        let frame = PictureFrame {
            width: size[0] as u32,
            height: size[1] as u32,
            rgba: pixels.collect(),
        };
        video.push(&frame).expect("whole rows");
    }
    video
}

pub(in crate::fit) fn shape(embedding: [usize; 3], layers: Vec<LayerShape>) -> Shape {
    let architecture = Architecture {
        embedding,
        layers,
        output: Output::Tanh,
    };
    Shape::new(architecture).expect("chains")
}

/// One layer of each kernel, several shuffles and two pictures an evaluation: 24 x 12 pixels.
pub(in crate::fit) fn small() -> Shape {
    let layer = |inputs, outputs, kernel, shuffle, activation| LayerShape {
        inputs,
        outputs,
        kernel,
        shuffle,
        activation,
    };
    let layers = vec![
        layer(2, 4, 1, [1, 1], Activation::Sin),
        layer(4, 3, 3, [2, 2], Activation::Gelu),
        layer(3, 2, 5, [2, 3], Activation::None),
        layer(2, 6, 3, [1, 1], Activation::None),
    ];
    shape([2, 3, 4], layers)
}

pub(in crate::fit) fn first_state(shape: &Shape, evaluations: usize, seed: u64) -> State {
    let mut random = Random::new(seed);
    let parameters = shape.first_parameters(&mut random);
    let count = evaluations * shape.embedding_len();
    let embeddings = (0..count).map(|_| 2.0 * random.unit() - 1.0).collect();
    State {
        steps: 0,
        parameters: Moments::new(parameters, 1),
        embeddings: Moments::new(embeddings, evaluations),
    }
}

#[cfg(target_arch = "x86_64")]
fn arches() -> Vec<Arch> {
    let v3 = pulp::x86::V3::try_new().map(Arch::V3);
    let v4 = pulp::x86::V4::try_new().map(Arch::V4);
    [Some(Arch::Scalar), v3, v4].into_iter().flatten().collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn arches() -> Vec<Arch> {
    vec![Arch::new()]
}

fn exact(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|number| f64::from(*number)).collect()
}

#[test]
fn gradients_are_those_of_the_formulas() {
    let shape = small();
    let video = Arc::new(noise(shape.picture_size(), 5, 1));
    let state = first_state(&shape, 3, 2);
    let loss = Loss {
        l1: 0.4,
        l2: 0.5,
        ssim: 0.6,
    };
    let reference = Reference {
        shape: &shape,
        video: &video,
        loss,
    };
    let parameters = exact(&state.parameters.values);
    let each = shape.embedding_len();
    let embeddings: Vec<Vec<f64>> = state.embeddings.values.chunks(each).map(exact).collect();
    let step = Step {
        // The third has only one picture; its second one is the last again.
        evaluations: vec![2, 0],
        descent: Descent::Adam,
        rate: 0.0,
        embedding_rate: 0.0,
        loss,
        rounding: None,
    };
    // So near that hardly a number crosses its target, where L1 bends.
    const H: f64 = 1e-7;
    // Every layer's weights and biases among them, not all: each costs two losses.
    let some: Vec<usize> = (0..parameters.len()).step_by(13).collect();
    let slopes: Vec<f64> = some
        .iter()
        .map(|index| {
            let at = |h: f64| {
                let mut moved = parameters.clone();
                moved[*index] += h;
                reference.loss(&moved, &embeddings, &step.evaluations)
            };
            (at(H) - at(-H)) / (2.0 * H)
        })
        .collect();
    let embedding_slopes: Vec<f64> = (0..each)
        .map(|index| {
            let at = |h: f64| {
                let mut moved = embeddings.clone();
                moved[2][index] += h;
                reference.loss(&parameters, &moved, &step.evaluations)
            };
            (at(H) - at(-H)) / (2.0 * H)
        })
        .collect();
    let scale = slopes
        .iter()
        .fold(0.0_f64, |most, slope| most.max(slope.abs()));
    assert!(scale > 1e-3);
    for arch in arches() {
        let mut engine = CpuEngine::new(shape.clone(), video.clone(), state.clone()).expect("fits");
        engine.set_arch(arch);
        let outcome = engine.differentiate(&step, &Cancel::new()).expect("runs");
        let expected = reference.loss(&parameters, &embeddings, &step.evaluations);
        assert!(
            (outcome.loss - expected).abs() < 1e-5,
            "{arch:?} {outcome:?} {expected}"
        );
        for (index, slope) in some.iter().zip(&slopes) {
            let found = f64::from(engine.gradient[*index]);
            let error = (found - slope).abs();
            assert!(
                error < 2e-5 * scale + 1e-7,
                "{arch:?} {index}: {found} {slope}"
            );
        }
        for (found, slope) in engine.frames[0].gradient.iter().zip(&embedding_slopes) {
            let error = (f64::from(*found) - slope).abs();
            assert!(error < 2e-5 * scale + 1e-7, "{arch:?}: {found} {slope}");
        }
        let pictures = engine.pictures(2, None, &Cancel::new()).expect("runs");
        let expected = reference.pictures(&parameters, &embeddings[2]);
        for (found, expected) in pictures.iter().zip(expected.iter().flatten().flatten()) {
            assert!((f64::from(*found) - expected).abs() < 1e-5);
        }
        assert_eq!(pictures.len(), 6 * 12 * 24);
    }
}

/// A plane of several strips.
#[test]
fn similarity_by_the_formula() {
    let (width, height) = (13, 270);
    let mut random = Random::new(5);
    let mut picture = Map::new(1, [height, width], 1);
    let numbers: Vec<f32> = (0..width * height).map(|_| random.unit()).collect();
    picture.fill(&numbers);
    let target: Vec<u8> = numbers
        .iter()
        .map(|x| ((x + 0.3 * (2.0 * random.unit() - 1.0)).clamp(0.0, 1.0) * 255.0) as u8)
        .collect();
    let rows = |numbers: &[f64]| {
        numbers
            .chunks(width)
            .map(<[f64]>::to_vec)
            .collect::<Vec<_>>()
    };
    let t = rows(
        &target
            .iter()
            .map(|t| f64::from(*t) / 255.0)
            .collect::<Vec<_>>(),
    );
    let x = exact(&numbers);
    let loss = Loss {
        l1: 0.0,
        l2: 0.0,
        ssim: 1.0,
    };
    let factors = Factors::new(&loss, 1, height, width);
    let mut plane = Plane::new(0, height, width);
    plane
        .tasks(&picture, &target, factors)
        .for_each(|task| task.run(Arch::new()));
    let windows = loss::windows(height, width) as f64;
    assert_eq!(windows, 260.0 * 3.0);
    let expected = ssim(&rows(&x), &t);
    assert!(expected > 0.1 && expected < 0.99);
    assert!((plane.sums().ssim / windows - expected).abs() < 1e-5);
    for index in (0..x.len()).step_by(167).chain([0, x.len() - 1]) {
        const H: f64 = 1e-5;
        let at = |h: f64| {
            let mut moved = x.clone();
            moved[index] += h;
            plane_loss(&loss, &rows(&moved), &t)
        };
        let slope = (at(H) - at(-H)) / (2.0 * H);
        let found = f64::from(plane.gradient[index]);
        assert!(
            (found - slope).abs() < 1e-7 + 1e-4 * slope.abs(),
            "{index}: {found} {slope}"
        );
    }
}

#[test]
fn a_picture_smaller_than_the_window_has_no_similarity() {
    let layers = vec![LayerShape {
        inputs: 1,
        outputs: 3,
        kernel: 3,
        shuffle: [2, 2],
        activation: Activation::None,
    }];
    let shape = shape([1, 5, 8], layers);
    let video = Arc::new(noise([16, 10], 1, 1));
    let mut engine = CpuEngine::new(shape.clone(), video, first_state(&shape, 1, 3)).expect("fits");
    let step = Step {
        evaluations: vec![0],
        descent: Descent::Adam,
        rate: 0.0,
        embedding_rate: 0.0,
        loss: Loss {
            l1: 0.0,
            l2: 0.0,
            ssim: 1.0,
        },
        rounding: None,
    };
    let outcome = engine.differentiate(&step, &Cancel::new()).expect("runs");
    assert_eq!(outcome.loss, 0.0);
    assert!(engine.gradient.iter().all(|slope| *slope == 0.0));
}

/// Numbers are the same with any number of threads, and a cancelled step changes none.
#[test]
fn steps_do_not_depend_on_threads() {
    let shape = small();
    let video = Arc::new(noise(shape.picture_size(), 4, 1));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().expect("starts").install(|| {
            let state = first_state(&shape, 2, 2);
            let mut engine = CpuEngine::new(shape.clone(), video.clone(), state).expect("fits");
            let muon = Descent::Muon { rate: 1e-2 };
            for (evaluations, descent) in [
                (vec![0, 1], Descent::Adam),
                (vec![1], muon),
                (vec![1, 0], muon),
            ] {
                let step = Step {
                    evaluations,
                    descent,
                    rate: 1e-2,
                    embedding_rate: 1e-2,
                    loss: Loss::HNERV,
                    rounding: None,
                };
                engine.step(&step, &Cancel::new()).expect("runs");
                let before = engine.state().expect("is there");
                let cancel = Cancel::new();
                cancel.cancel();
                assert!(
                    engine
                        .step(&step, &cancel)
                        .expect_err("stops")
                        .is_cancelled()
                );
                assert_eq!(engine.state().expect("is there"), before);
            }
            engine.state().expect("is there")
        })
    };
    let one = run(1);
    assert_eq!(one.steps, 3);
    assert_eq!(one.embeddings.counts, [2, 3]);
    assert!(one == run(3));
}
