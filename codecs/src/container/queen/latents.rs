//! Latents: small integers, and what decoders make of them.

use super::range_decoder::{Frequencies, decode};
use crate::pickle::{Id, Pickle};

/// Latents of a Gaussian at most; QUEEN's own settings have up to 8.
const MAX_LATENT_DIM: usize = 64;

/// Numbers of each Gaussian, one Gaussian after the other.
pub(super) struct Latents {
    pub(super) values: Vec<f32>,
    pub(super) dim: usize,
}

impl Latents {
    /// Reads an object of QUEEN's class `CompressedLatents`, or an array, for `count` Gaussians.
    pub(super) fn read(pickle: &Pickle, id: Id, count: usize) -> Option<Self> {
        let Some(fields) = pickle.object(id, "CompressedLatents") else {
            return Self::plain(pickle, id, count);
        };
        let field = |name: &str| pickle.get(fields, name);
        let dim = pickle.size(field("latent_dim")?)?;
        // Before any memory is taken for them.
        if pickle.size(field("num_latents")?)? != count || dim > MAX_LATENT_DIM {
            return None;
        }
        let total = count.checked_mul(dim)?;
        if total == 0 {
            return Some(Self {
                values: Vec::new(),
                dim,
            });
        }
        let table = pickle.array(field("cdf")?)?.floats();
        let symbols = table.len().checked_sub(1)?;
        // The value of each symbol.
        let mut values = vec![None; symbols];
        for (value, symbol) in pickle.pairs(field("mapping")?)? {
            *values.get_mut(pickle.size(*symbol)?)? = Some(pickle.number(*value)? as f32);
        }
        let values: Vec<f32> = values.into_iter().collect::<Option<_>>()?;
        let bytes = pickle.raw_bytes(field("byte_stream")?)?;
        let decoded = decode(&bytes, &Frequencies::new(&table)?, total);
        let decoded = decoded
            .into_iter()
            .map(|symbol| values[usize::from(symbol)]);
        let mut decoded: Vec<f32> = decoded.collect();
        // Rare values are kept by their places instead.
        if let Some(tails) = field("tail_locs") {
            for (value, places) in pickle.pairs(tails)? {
                let value = pickle.number(*value)? as f32;
                for place in pickle.array(*places)?.ints()? {
                    *decoded.get_mut(usize::try_from(place).ok()?)? = value;
                }
            }
        }
        Some(Self {
            values: decoded,
            dim,
        })
    }

    /// An array, with a row for each Gaussian.
    fn plain(pickle: &Pickle, id: Id, count: usize) -> Option<Self> {
        let array = pickle.array(id)?;
        let values = array.floats();
        let dim = values.len().checked_div(count).unwrap_or(0);
        let fits = dim <= MAX_LATENT_DIM && dim * count == values.len();
        fits.then_some(Self { values, dim })
    }
}

/// One linear layer.
pub(super) struct Decoder {
    /// What latents are divided by.
    div: Vec<f32>,
    /// As many rows as there are latents, each as long as there are features.
    matrix: Vec<f32>,
    /// What is added to each feature.
    shift: Vec<f32>,
    features: usize,
}

impl Decoder {
    /// Reads the tensors of a decoder from `dim` latents to `features` features.
    pub(super) fn read(pickle: &Pickle, state: Id, dim: usize, features: usize) -> Option<Self> {
        // Two layers have something between them that is not known here.
        if pickle.get(state, "layers.1.scale").is_some() {
            return None;
        }
        let numbers = |name: &str| Some(pickle.array(pickle.get(state, name)?)?.floats());
        let repeated = |numbers: Vec<f32>, count: usize| match numbers[..] {
            [one] => Some(vec![one; count]),
            _ => (numbers.len() == count).then_some(numbers),
        };
        let scale = numbers("layers.0.scale")?;
        let matrix = match numbers("layers.0.dft") {
            // A fixed matrix, whose columns are scaled.
            Some(mut fixed) => {
                let scale = repeated(scale, features)?;
                for row in fixed.chunks_exact_mut(features.max(1)) {
                    for (value, scale) in row.iter_mut().zip(&scale) {
                        *value *= scale;
                    }
                }
                fixed
            }
            None => scale,
        };
        if matrix.len() != dim.checked_mul(features)? {
            return None;
        }
        Some(Self {
            div: match numbers("div") {
                Some(div) => repeated(div, dim)?,
                None => vec![1.0; dim],
            },
            matrix,
            shift: match numbers("layers.0.shift") {
                Some(shift) => repeated(shift, features)?,
                None => vec![0.0; features],
            },
            features,
        })
    }

    /// The features of all Gaussians: `round(latent) / div x matrix + shift`.
    pub(super) fn decode(&self, latents: &Latents) -> Vec<f32> {
        let count = latents.values.len().checked_div(latents.dim).unwrap_or(0);
        let mut features = Vec::with_capacity(count * self.features);
        for row in latents.values.chunks_exact(latents.dim.max(1)) {
            let first = features.len();
            features.extend_from_slice(&self.shift);
            let rows = self.matrix.chunks_exact(self.features.max(1));
            for ((latent, div), weights) in row.iter().zip(&self.div).zip(rows) {
                let latent = latent.round_ties_even() / div;
                for (feature, weight) in features[first..].iter_mut().zip(weights) {
                    *feature += latent * weight;
                }
            }
        }
        features
    }
}
