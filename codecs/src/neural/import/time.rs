//! The embeddings of the frames.

use std::f32::consts::PI;

use super::chain::{Chain, Names};
use super::options::{ImportOptions, TimeEmbedding};
use super::tensors::Tensors;
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
    })
}

fn of_the_time(file: &str, chain: &Chain, options: &ImportOptions) -> Result<Embeddings> {
    let inputs = chain.inputs();
    let Some(embedding) = options.embedding else {
        return Err(Error::unsupported(
            file,
            format!(
                "it holds no embeddings of frames: if it is a NeRV, which gets the time instead, give how, \
                 as in --embed 1.25_{}; if it is an HNeRV, open its quant_vid.pth",
                inputs / 2
            ),
        ));
    };
    if embedding.levels.checked_mul(2) != Some(inputs) {
        return Err(Error::unsupported(
            file,
            format!(
                "its network takes {inputs} numbers for a frame, not twice {}; give half of them, as in \
                 --embed {}_{}",
                embedding.levels,
                embedding.base,
                inputs / 2
            ),
        ));
    }
    let frames = options.frames.filter(|frames| *frames > 0).ok_or_else(|| {
        Error::unsupported(
            file,
            "it does not say how many frames it has; give their number, as in --frames 132",
        )
    })?;
    limits::check(file, "frames", frames as u64, limits::MAX_FRAMES)?;
    limits::check(
        file,
        "numbers of a neural video",
        (frames as u64).saturating_mul(inputs as u64),
        limits::MAX_NEURAL_NUMBERS,
    )?;
    let numbers = (0..frames)
        .flat_map(|frame| time_embedding(embedding, frame, frames, chain.names))
        .collect();
    Ok(Embeddings {
        shape: [inputs, 1, 1],
        numbers,
        bits: 0,
    })
}

/// The embedding of one frame. The largest factors turn the angle many times over, so that the roundings are part
/// of the format: they are those of `PositionEncoding` (HNeRV, `model_all.py`), which has factors in f32 and the time
/// in f64 and puts all sines first, and of `PositionalEncoding` (NeRV, `utils.py`), all in f32, in turns.
fn time_embedding(embedding: TimeEmbedding, frame: usize, frames: usize, names: Names) -> Vec<f32> {
    let time = frame as f64 / frames as f64;
    let angles = (0..embedding.levels).map(|level| {
        if names == Names::Nerv {
            let factor = embedding.base.powf(level as f64) as f32;
            f64::from(time as f32 * factor * PI)
        } else {
            let factor = (embedding.base as f32 as f64).powf(level as f64) as f32;
            time * f64::from(factor * PI)
        }
    });
    if names == Names::Nerv {
        let turns = angles.flat_map(|angle| [angle.sin(), angle.cos()]);
        return turns.map(|number| number as f32).collect();
    }
    let angles: Vec<f64> = angles.collect();
    let sines = angles.iter().map(|angle| angle.sin() as f32);
    let cosines = angles.iter().map(|angle| angle.cos() as f32);
    sines.chain(cosines).collect()
}
