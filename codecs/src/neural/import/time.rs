//! The embeddings of the frames.

use super::chain::{Chain, Names};
use super::options::ImportOptions;
use super::question::ImportQuestion;
use super::tensors::{Tensor, Tensors};
use crate::neural::{CodedEmbeddings, Quantised, TimeOrder, TimeRule};
use crate::{Error, Result, limits};

/// Name of the tensor with the embeddings.
pub(super) const EMBEDDINGS: &str = "embed";

/// The embeddings of all frames.
pub(super) struct Embeddings {
    /// Channels, height, width.
    pub(super) shape: [usize; 3],
    /// Frame by frame.
    pub(super) numbers: Vec<f32>,
    /// Bits that they take in the file.
    pub(super) bits: u64,
    /// As they are in the file, where they are no plain numbers there.
    pub(super) coded: Option<CodedEmbeddings>,
}

/// Those of the file, or those that follow from the time.
pub(super) fn embeddings(
    file: &str,
    tensors: &Tensors,
    chain: &Chain,
    options: &ImportOptions,
) -> Result<Embeddings> {
    let Some(tensor) = tensors.get(EMBEDDINGS) else {
        return of_the_time(file, chain, options);
    };
    let shape = match tensor.shape[..] {
        [_, channels] => [channels, 1, 1],
        [_, channels, height, width] => [channels, height, width],
        _ => {
            return Err(Error::malformed(
                file,
                format!(
                    "the shape {:?} of its embeddings is none of frames",
                    tensor.shape
                ),
            ));
        }
    };
    Ok(Embeddings {
        shape,
        numbers: tensor.numbers.clone(),
        bits: tensor.bits,
        coded: coded(tensor, shape).map(CodedEmbeddings::Numbers),
    })
}

fn of_the_time(file: &str, chain: &Chain, options: &ImportOptions) -> Result<Embeddings> {
    let inputs = chain.inputs();
    let Some(embedding) = options.embedding else {
        return Err(Error::unanswered(
            file,
            ImportQuestion::Embedding { inputs },
            format!(
                "it holds no embeddings of frames: if it is a NeRV, which gets the time instead, give how, \
                 as in --time-embedding 1.25_{}; if it is an HNeRV, open its quant_vid.pth",
                inputs / 2
            ),
        ));
    };
    if embedding.levels.checked_mul(2) != Some(inputs) {
        return Err(Error::unanswered(
            file,
            ImportQuestion::Embedding { inputs },
            format!(
                "its network takes {inputs} numbers for a frame, not twice {}; give half of them, as in \
                 --time-embedding {}_{}",
                embedding.levels,
                embedding.base,
                inputs / 2
            ),
        ));
    }
    let frames = options.frames.filter(|frames| *frames > 0).ok_or_else(|| {
        Error::unanswered(
            file,
            ImportQuestion::Frames,
            "it does not say how many frames it has; give their number, as in --frame-count 132",
        )
    })?;
    limits::check(file, "frames", frames as u64, limits::MAX_FRAMES)?;
    limits::check(
        file,
        "numbers of a neural video",
        (frames as u64).saturating_mul(inputs as u64),
        limits::MAX_NEURAL_NUMBERS,
    )?;
    let rule = TimeRule {
        embedding,
        order: match chain.names {
            Names::Nerv => TimeOrder::InTurns,
            Names::Hnerv | Names::Own => TimeOrder::SinesFirst,
        },
    };
    Ok(Embeddings {
        shape: [inputs, 1, 1],
        numbers: rule.all(frames),
        bits: 0,
        coded: Some(CodedEmbeddings::Time(rule)),
    })
}

/// The symbols of a tensor of embeddings, with axes for height and width.
fn coded(tensor: &Tensor, [channels, height, width]: [usize; 3]) -> Option<Quantised> {
    let quantised = tensor.quantised.clone()?;
    let frames = *quantised.shape().first()?;
    quantised.reshaped(vec![frames, channels, height, width])
}
