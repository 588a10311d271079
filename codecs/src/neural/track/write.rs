//! A group of frames as the samples of a track.

use super::config::{TrackConfig, TrackInput};
use super::tensor::{self, Header, put_bytes};
use crate::neural::coding::{SymbolCoder, encode_integers};
use crate::neural::latents::tensor_counts;
use crate::neural::{CodedEmbeddings, CodedNetwork, Crop, LatentNetworks, PatchGrid, Quantised};
use crate::{Error, Result, limits};

/// A group, coded: the configuration that holds for it, and its samples, each of which is for as many frames as the network makes at once.
#[derive(Clone, Debug, PartialEq)]
pub struct CodedGroup {
    /// What its sample entry says.
    pub config: TrackConfig,
    /// The first one holds the network, or the first of the networks.
    pub samples: Vec<Vec<u8>>,
    /// Frames that it is for.
    pub frames: usize,
}

impl CodedGroup {
    /// A group of one network and an embedding for each of `frames`. `crop` is what is shown; all, where it is `None`.
    ///
    /// # Errors
    /// [`Error::Write`] where the embeddings are not the network's or not for so many frames, or the group is too long; as
    /// [`TrackConfig::check`].
    pub fn of_network(
        network: &CodedNetwork,
        embeddings: &CodedEmbeddings,
        frames: usize,
        crop: Option<Crop>,
    ) -> Result<Self> {
        let architecture = network.architecture();
        let input = match embeddings {
            CodedEmbeddings::Numbers(_) => TrackInput::Numbers(architecture.embedding),
            CodedEmbeddings::Time(rule) => TrackInput::Time(*rule),
        };
        let config = config(input, architecture, crop)?;
        check_frames(frames)?;
        let evaluations = frames.div_ceil(architecture.frames());
        let mut first = Vec::new();
        let mut tensors = Vec::new();
        for tensor in network.tensors().iter().flatten() {
            tensor::write(tensor, &mut tensors);
        }
        put_bytes(&mut first, &tensors);
        let samples = match embeddings {
            CodedEmbeddings::Numbers(numbers) => {
                let [channels, height, width] = architecture.embedding;
                if numbers.shape() != [evaluations, channels, height, width] {
                    return refuse(format!(
                        "embeddings of the shape {:?} are not those of {frames} frames",
                        numbers.shape()
                    ));
                }
                embedding_samples(first, numbers)
            }
            CodedEmbeddings::Time(_) => {
                if input.shape() != architecture.embedding {
                    return refuse("the times of its frames are not what its network takes");
                }
                let mut samples = vec![Vec::new(); evaluations];
                samples[0] = first;
                samples
            }
        };
        Ok(Self {
            config,
            samples,
            frames,
        })
    }

    /// A group of networks of patches' places, each of which makes some of `frames`.
    ///
    /// # Errors
    /// As [`Self::of_network`].
    pub fn of_latents(
        grid: PatchGrid,
        networks: &LatentNetworks,
        frames: usize,
        crop: Option<Crop>,
    ) -> Result<Self> {
        let architecture = networks.architecture();
        if grid.shape() != architecture.embedding {
            return refuse("the places of its patches are not what its networks take");
        }
        let config = config(TrackInput::Grid(grid), architecture, crop)?;
        check_frames(frames)?;
        let evaluations = frames.div_ceil(architecture.frames());
        let integers = networks.integers();
        if integers.len() != evaluations {
            return refuse(format!(
                "{} networks are not those of {frames} frames",
                integers.len()
            ));
        }
        check_latents(architecture.parameters(), evaluations)?;
        let counts = tensor_counts(architecture);
        let mut samples = Vec::with_capacity(evaluations);
        for (index, own) in integers.iter().enumerate() {
            let mut sample = Vec::new();
            let mut start = 0;
            let scales = networks.scales().iter().flatten();
            for (count, scale) in counts.iter().zip(scales) {
                let range = start..start + count;
                start += count;
                let own = &own[range.clone()];
                let steps: Vec<i32> = match index.checked_sub(1) {
                    None => {
                        sample.extend(scale.offset.to_le_bytes());
                        sample.extend(scale.step.to_le_bytes());
                        own.to_vec()
                    }
                    Some(before) => {
                        let before = &integers[before][range];
                        own.iter()
                            .zip(before)
                            .map(|(own, before)| own - before)
                            .collect()
                    }
                };
                // A tensor of zeros is no bytes at all.
                let is_idle = steps.iter().all(|step| *step == 0);
                let stream = if is_idle {
                    Vec::new()
                } else {
                    encode_integers(&steps)
                };
                put_bytes(&mut sample, &stream);
            }
            samples.push(sample);
        }
        Ok(Self {
            config,
            samples,
            frames,
        })
    }

    /// Bytes of all samples.
    pub fn bytes(&self) -> u64 {
        self.samples.iter().map(|sample| sample.len() as u64).sum()
    }
}

/// Samples of embeddings, the first behind what it holds already: as they are, or as differences to the one before, whichever
/// is less.
fn embedding_samples(first: Vec<u8>, numbers: &Quantised) -> Vec<Vec<u8>> {
    let all = [false, true].map(|is_delta| {
        let mut coder = SymbolCoder::new(numbers.bits());
        let each: usize = numbers.shape()[1..].iter().product();
        let mut head = first.clone();
        head.push(u8::from(is_delta));
        Header::write(numbers, &mut head);
        let mut before = vec![0; each];
        let mut samples = Vec::new();
        for symbols in numbers.symbols().chunks_exact(each) {
            let largest = u8::MAX >> (8 - numbers.bits());
            let steps: Vec<u8> = match is_delta {
                true => symbols
                    .iter()
                    .zip(&before)
                    .map(|(symbol, before): (&u8, &u8)| symbol.wrapping_sub(*before) & largest)
                    .collect(),
                false => symbols.to_vec(),
            };
            before.copy_from_slice(symbols);
            let mut sample = std::mem::take(&mut head);
            sample.extend(coder.encode(&steps));
            samples.push(sample);
        }
        samples
    });
    let bytes = |samples: &Vec<Vec<u8>>| samples.iter().map(Vec::len).sum::<usize>();
    let [plain, delta] = all;
    if bytes(&delta) < bytes(&plain) {
        delta
    } else {
        plain
    }
}

fn config(
    input: TrackInput,
    architecture: &crate::neural::Architecture,
    crop: Option<Crop>,
) -> Result<TrackConfig> {
    architecture.check(NAME)?;
    let config = TrackConfig {
        input,
        layers: architecture.layers.clone(),
        output: architecture.output,
        crop: crop.unwrap_or(Crop {
            start: [0; 2],
            size: architecture.picture_size().map(|side| side as u32),
        }),
    };
    config.check(NAME)?;
    Ok(config)
}

/// What is written, in messages.
const NAME: &str = "the network";

fn check_frames(frames: usize) -> Result<()> {
    if !(1..=limits::MAX_GROUP_FRAMES).contains(&(frames as u64)) {
        return refuse(format!(
            "a group has {frames} frames; 1 to {} are right",
            limits::MAX_GROUP_FRAMES
        ));
    }
    Ok(())
}

/// Whether the integers of a group's networks stay below their cap.
pub(super) fn check_latents(parameters: u64, networks: usize) -> Result<()> {
    let all = parameters.saturating_mul(networks as u64);
    limits::check(
        "a group",
        "numbers of its networks",
        all,
        limits::MAX_GROUP_LATENTS,
    )
}

fn refuse<T>(reason: impl Into<String>) -> Result<T> {
    Err(Error::Write {
        reason: reason.into(),
    })
}
