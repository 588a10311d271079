//! From a gradient to a step: the same for every engine, wherever its gradients are from.

use pulp::Arch;
use rayon::prelude::*;

use super::{adam, muon};
use crate::fit::engine::{Descent, State, Step};
use crate::fit::shape::{Shape, step_factor};

/// A step's loss, and its gradient.
pub(in crate::fit) struct Slopes<'a, E> {
    pub(in crate::fit) loss: f64,
    /// By all parameters; what the numbers cost in the file is added to it.
    pub(in crate::fit) parameters: &'a mut [f32],
    /// By the embedding of each of the step's evaluations.
    pub(in crate::fit) embeddings: E,
}

/// Does the step.
pub(in crate::fit) fn descend<'a>(
    arch: Arch,
    shape: &Shape,
    state: &mut State,
    step: &Step,
    slopes: Slopes<'_, impl Iterator<Item = &'a [f32]>>,
) {
    let gradient = slopes.parameters;
    if let Some(rounding) = &step.rounding {
        let values = &state.parameters.values;
        rounding.charge(shape, values, slopes.loss as f32, gradient);
    }
    let parameters = &mut state.parameters;
    match step.descent {
        Descent::Adam => {
            let rate = std::iter::once((gradient.len(), step.rate));
            adam::step(arch, parameters, 0, gradient, rate);
        }
        Descent::Muon { rate } => {
            let places = shape.places();
            let rates = places.iter().zip(shape.layers());
            let rates = rates.flat_map(|(place, layer)| {
                let bias = step.rate * step_factor(layer);
                [(place.weights.len(), 0.0), (place.bias.len(), bias)]
            });
            adam::step(arch, parameters, 0, gradient, rates);
            let (mut values, mut means) = (&mut parameters.values[..], &mut parameters.first[..]);
            let mut tasks = Vec::with_capacity(places.len());
            for (place, layer) in places.iter().zip(shape.layers()) {
                let (own, rest) = values.split_at_mut(place.weights.len());
                values = &mut rest[place.bias.len()..];
                let (mean, rest) = means.split_at_mut(place.weights.len());
                means = &mut rest[place.bias.len()..];
                tasks.push((layer, own, mean, &gradient[place.weights.clone()]));
            }
            tasks
                .into_par_iter()
                .for_each(|(layer, own, mean, gradient)| {
                    let columns = layer.inputs * layer.kernel * layer.kernel;
                    let rate = rate * step_factor(layer);
                    muon::step(arch, columns, (own, mean), gradient, rate);
                });
        }
    }
    if step.embedding_rate > 0.0 {
        for (gradient, evaluation) in slopes.embeddings.zip(&step.evaluations) {
            let rate = std::iter::once((gradient.len(), step.embedding_rate));
            adam::step(arch, &mut state.embeddings, *evaluation, gradient, rate);
        }
    }
    state.steps += 1;
}
