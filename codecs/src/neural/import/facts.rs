//! What is told about a file of weights.

use super::NeuralFormat;
use super::chain::Chain;
use super::options::ImportOptions;
use super::tensors::Tensors;
use super::time::Embeddings;

/// Frames a second where nobody knows.
const DEFAULT_FRAME_RATE: f64 = 25.0;
/// Names of tensors that a warning lists.
const LISTED: usize = 3;

/// What is told about a file of weights.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportFacts {
    /// Kind of file.
    pub format: NeuralFormat,
    /// Weights and biases in the file.
    pub parameters: usize,
    /// Bits that the file spends on one of them, minima and scales included.
    pub bits_per_parameter: f64,
    /// Bits that the file spends on all embeddings; 0 where they follow from the time.
    pub embedding_bits: u64,
    /// Whether the weights are integers with minima and scales.
    pub is_quantised: bool,
    /// Frames a second.
    pub frame_rate: f64,
    /// What was assumed or left out.
    pub warnings: Vec<String>,
}

impl ImportFacts {
    pub(super) fn of(
        format: NeuralFormat,
        tensors: &Tensors,
        chain: &Chain,
        embeddings: &Embeddings,
        options: &ImportOptions,
    ) -> Self {
        let (parameters, bits) = chain.parameters();
        let mut warnings = Vec::new();
        if options.frame_rate.is_none() {
            warnings.push(format!(
                "the file does not say its frame rate; {DEFAULT_FRAME_RATE} frames a second are assumed"
            ));
        }
        if options.activation.is_none() {
            warnings.push("the file does not say its activation; GELU is assumed".to_owned());
        }
        if options.output.is_none() {
            warnings.push("the file does not say how colours come out; tanh is assumed".to_owned());
        }
        let unused = chain.unused(tensors);
        if let Some(count) = std::num::NonZero::new(unused.len()) {
            let some: Vec<&str> = unused.iter().take(LISTED).copied().collect();
            warnings.push(format!(
                "{count} tensors are not used: {}{}",
                some.join(", "),
                if unused.len() > LISTED { ", …" } else { "" }
            ));
        }
        Self {
            format,
            parameters,
            bits_per_parameter: bits as f64 / parameters.max(1) as f64,
            embedding_bits: embeddings.bits,
            is_quantised: chain.is_quantised(),
            frame_rate: options.frame_rate.unwrap_or(DEFAULT_FRAME_RATE),
            warnings,
        }
    }
}
