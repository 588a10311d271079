//! Fitting with the numbers that a clip will hold.

mod latents;
mod symbols;

pub use latents::LatentRounding;
pub use symbols::SymbolRounding;

use super::shape::Shape;
use crate::Result;

/// How a network's numbers become those that a player will have, for each of the ways in which clips hold them.
#[derive(Clone, Debug, PartialEq)]
pub enum Rounding {
    /// Networks of profile 1.
    Symbols(SymbolRounding),
    /// Networks of profile 2.
    Latents(LatentRounding),
}

impl Rounding {
    /// The parameters that a player will have.
    ///
    /// # Errors
    /// As [`Quantised::quantise`](zoetrope_codecs::neural::Quantised::quantise).
    pub fn rounded(&self, shape: &Shape, parameters: &[f32]) -> Result<Vec<f32>> {
        match self {
            Self::Symbols(symbols) => symbols.rounded(shape, parameters),
            Self::Latents(latents) => Ok(latents.rounded(shape, parameters)),
        }
    }

    /// The embeddings that a player will have.
    ///
    /// # Errors
    /// As [`Self::rounded`].
    pub fn rounded_embeddings(&self, shape: &Shape, embeddings: &[f32]) -> Result<Vec<f32>> {
        match self {
            Self::Symbols(symbols) => Ok(symbols.embeddings(shape, embeddings)?.dequantise()),
            // They follow from the places of patches.
            Self::Latents(_) => Ok(embeddings.to_vec()),
        }
    }

    /// Adds to the gradient of a loss what the numbers cost in the file, where that is known.
    pub fn charge(&self, shape: &Shape, parameters: &[f32], loss: f32, gradient: &mut [f32]) {
        match self {
            Self::Symbols(_) => {}
            Self::Latents(latents) => latents.charge(shape, parameters, loss, gradient),
        }
    }
}
