use super::*;
use crate::fit::cpu::CpuEngine;
use crate::fit::cpu::tests::{first_state, noise, shape, small};
use crate::fit::engine::{Descent, Moments};
use crate::fit::loss::Loss;
use crate::fit::rounding::SymbolRounding;
use zoetrope_codecs::neural::{Activation, LayerShape};

/// Both engines at the same point; five frames, so that the last evaluation's second picture is its first one again.
fn engines(shape: &Shape) -> (BurnEngine, CpuEngine) {
    let video = Arc::new(noise(shape.picture_size(), 5, 1));
    let state = first_state(shape, shape.evaluations(5), 2);
    let gpu = Gpu::get().expect("there is a device");
    let burn = BurnEngine::new(gpu, shape.clone(), video.clone(), state.clone()).expect("fits");
    (
        burn,
        CpuEngine::new(shape.clone(), video, state).expect("fits"),
    )
}

fn step(loss: Loss) -> Step {
    Step {
        evaluations: vec![2, 0],
        descent: Descent::Adam,
        rate: 1e-3,
        embedding_rate: 1e-2,
        loss,
        rounding: None,
    }
}

fn share(l1: f32, l2: f32, ssim: f32) -> Loss {
    Loss { l1, l2, ssim }
}

/// Whether they differ by no more than `part` of the largest.
#[track_caller]
fn assert_close(found: &[f32], expected: &[f32], part: f32, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let most = expected.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    for (index, (x, y)) in found.iter().zip(expected).enumerate() {
        // Not the other way round: NaN is far from everything.
        let is_close = (x - y).abs() <= part * most;
        assert!(is_close, "{what} {index}: {x} {y}, at most {most}");
    }
}

#[track_caller]
fn assert_outcome(found: &Outcome, expected: &Outcome) {
    let pairs = [(found.loss, expected.loss)].into_iter();
    let squared = found.squared_errors.iter().zip(&expected.squared_errors);
    assert_eq!(found.squared_errors.len(), expected.squared_errors.len());
    for (x, y) in pairs.chain(squared.map(|(x, y)| (*x, *y))) {
        assert!((x - y).abs() <= 1e-5 * y.abs(), "{found:?} {expected:?}");
    }
}

/// The first running means are a tenth of the gradients. Two evaluations each time: for one the device would have other programs
/// to compile, and the next test has steps of one.
#[test]
fn gradients_are_the_processors() {
    let shape = small();
    for (loss, evaluations) in [
        (share(1.0, 0.0, 0.0), vec![2, 0]),
        (share(0.0, 1.0, 0.0), vec![2, 0]),
        (share(0.0, 0.0, 1.0), vec![2, 0]),
        (share(0.4, 0.5, 0.6), vec![0, 2]),
    ] {
        let (mut burn, mut cpu) = engines(&shape);
        let step = Step {
            evaluations,
            ..step(loss)
        };
        let found = burn.step(&step, &Cancel::new()).expect("runs");
        let expected = cpu.step(&step, &Cancel::new()).expect("runs");
        assert_outcome(&found, &expected);
        let (found, expected) = (burn.state().expect("is"), cpu.state().expect("is"));
        for (index, place) in shape.places().into_iter().enumerate() {
            for range in [place.weights, place.bias] {
                let of = |state: &State| state.parameters.first[range.clone()].to_vec();
                let what = format!("{loss:?}, layer {index}");
                assert_close(&of(&found), &of(&expected), 1e-3, &what);
            }
        }
        let (x, y) = (&found.embeddings.first, &expected.embeddings.first);
        assert!(y.iter().any(|slope| slope.abs() > 1e-6));
        assert_close(x, y, 1e-3, "embeddings");
        assert_eq!(found.steps, 1);
        assert_eq!(found.embeddings.counts, expected.embeddings.counts);
    }
}

/// Steps of one and of two evaluations, at last with the numbers that are written.
#[test]
fn a_fit_goes_the_processors_way() {
    let shape = small();
    let (mut burn, mut cpu) = engines(&shape);
    let values = first_state(&shape, 3, 2).parameters.values;
    let rounding = SymbolRounding::best(&shape, &values, 6).expect("are numbers");
    let rounding = Some(Arc::new(Rounding::Symbols(rounding)));
    let muon = Descent::Muon { rate: 1e-3 };
    for (evaluations, descent, rounding) in [
        (vec![0, 1], Descent::Adam, None),
        (vec![2], muon, None),
        (vec![1, 2], Descent::Adam, rounding.clone()),
        (vec![0], Descent::Adam, rounding.clone()),
    ] {
        let step = Step {
            evaluations,
            descent,
            rounding,
            ..step(share(0.0, 0.7, 0.3))
        };
        let found = burn.step(&step, &Cancel::new()).expect("runs");
        let expected = cpu.step(&step, &Cancel::new()).expect("runs");
        assert_outcome(&found, &expected);
    }
    let (found, expected) = (burn.state().expect("is"), cpu.state().expect("is"));
    let compare = |found: &Moments, expected: &Moments, what| {
        assert_eq!(found.counts, expected.counts);
        assert_close(&found.values, &expected.values, 1e-4, what);
        assert_close(&found.first, &expected.first, 2e-3, what);
        assert_close(&found.second, &expected.second, 2e-3, what);
    };
    compare(&found.parameters, &expected.parameters, "parameters");
    compare(&found.embeddings, &expected.embeddings, "embeddings");
    for rounding in [None, rounding.as_deref()] {
        let found = burn.pictures(1, rounding, &Cancel::new()).expect("runs");
        let expected = cpu.pictures(1, rounding, &Cancel::new()).expect("runs");
        assert_close(&found, &expected, 1e-3, "pictures");
    }
}

#[test]
fn a_cancelled_step_changes_nothing() {
    let (mut burn, _) = engines(&small());
    let before = burn.state().expect("is");
    let cancel = Cancel::new();
    cancel.cancel();
    let error = burn.step(&step(Loss::HNERV), &cancel).expect_err("stops");
    assert!(error.is_cancelled());
    assert!(burn.pictures(0, None, &cancel).is_err());
    assert!(burn.state().expect("is") == before);
}

#[test]
fn a_picture_smaller_than_the_window_has_no_similarity() {
    let layer = LayerShape {
        inputs: 1,
        outputs: 3,
        kernel: 3,
        shuffle: [2, 2],
        activation: Activation::None,
    };
    let shape = shape([1, 5, 8], vec![layer]);
    let (mut burn, _) = engines(&shape);
    let similarity = step(share(0.0, 0.0, 1.0));
    let outcome = burn.step(&similarity, &Cancel::new()).expect("runs");
    assert_eq!(outcome.loss, 0.0);
    assert!(outcome.squared_errors.iter().all(|error| *error > 0.01));
    let first = burn.state().expect("is").parameters.first;
    assert!(first.iter().all(|slope| *slope == 0.0));
}

#[test]
fn strips_are_equal_and_no_more_than_needed() {
    use network::strips;
    assert_eq!(strips(160, 3, 324), 40);
    assert_eq!(strips(720, 3, 324), 240);
    assert_eq!(strips(80, 3, 7344), 10);
    assert_eq!(strips(10, 3, 133_200), 1);
    assert_eq!(strips(2, 3, 10), 1);
    assert_eq!(strips(7, 1, 100), 7);
}

#[test]
fn what_the_device_cannot_hold_is_said() {
    let gpu = Gpu::get().expect("there is a device");
    assert!(gpu.check_room(1 << 20).is_ok());
    let error = gpu.check_room(1 << 50).expect_err("is too much");
    assert!(error.to_string().contains("MiB in one piece"), "{error}");
}
