//! A group of frames out of the samples of a track.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::config::{TrackConfig, TrackInput};
use super::tensor::{Found, Header, STREAM, take_bytes};
use super::write::check_latents;
use crate::gaussian_video::entropy::Reader;
use crate::neural::coding::{SymbolCoder, decode_integers};
use crate::neural::latents::{LatentScale, MAX_LATENT, tensor_counts};
use crate::neural::{CodedNetwork, LatentNetworks, Network, NeuralFrame, Quantised};
use crate::{Cancel, Error, Result};

/// Networks below this are decoded by one thread.
const SMALL_BYTES: usize = 16 << 10;
/// What is wrong with a group of no samples.
const MISSING: &str = "its network is missing; copy the clip again";

/// The frames of a group, or those at its start, not decoded to pictures.
#[derive(Debug)]
pub struct NeuralGroup {
    config: TrackConfig,
    networks: Networks,
    embeddings: Arc<[f32]>,
    /// Frames that can be decoded.
    frames: usize,
}

#[derive(Debug)]
enum Networks {
    One(Arc<Network>),
    Each(LatentNetworks),
}

impl NeuralGroup {
    /// Frames that can be decoded.
    pub fn frame_count(&self) -> usize {
        self.frames
    }

    /// The configuration that holds for it.
    pub fn config(&self) -> &TrackConfig {
        &self.config
    }

    /// The numbers of all embeddings that were read, one after the other.
    pub fn embeddings(&self) -> &[f32] {
        &self.embeddings
    }

    /// A frame, counted from the group's start; `None` behind the last one.
    ///
    /// # Errors
    /// [`Error::Malformed`] where the frame's network is no network. `name` is the group's.
    pub fn frame(&self, name: &str, index: usize) -> Result<Option<NeuralFrame>> {
        if index >= self.frames {
            return Ok(None);
        }
        let each = self.config.architecture().frames();
        let (evaluation, part) = (index / each, index % each);
        let (network, place) = match &self.networks {
            Networks::One(network) => (network.clone(), evaluation),
            // They differ in their network, and share their embedding.
            Networks::Each(networks) => match networks.network(name, evaluation)? {
                Some(network) => (network, 0),
                None => return Ok(None),
            },
        };
        let embeddings = self.embeddings.clone();
        Ok(NeuralFrame::of_parts(
            network,
            embeddings,
            [place, part],
            self.config.crop,
        ))
    }
}

/// Reads groups, and keeps the network of the last one: a long video has the same one in many groups.
#[derive(Debug, Default)]
pub struct GroupReader {
    last: Mutex<Option<Known>>,
}

/// A network that was decoded.
#[derive(Debug)]
struct Known {
    config: TrackConfig,
    /// What it was decoded from.
    bytes: Vec<u8>,
    network: Arc<Network>,
}

impl GroupReader {
    /// Reads a group of `frames` frames out of its `samples`, or the frames of those samples where later ones are missing.
    ///
    /// # Errors
    /// [`Error::Malformed`] for damage, [`Error::Limit`] above the caps of [`crate::limits`], [`Error::Cancelled`] soon after `cancel`.
    /// `name` is the group's.
    pub fn read(
        &self,
        name: &str,
        config: &TrackConfig,
        samples: &[&[u8]],
        frames: usize,
        cancel: &Cancel,
    ) -> Result<NeuralGroup> {
        let architecture = config.architecture();
        let each = architecture.frames().max(1);
        let evaluations = frames.div_ceil(each);
        let Some((first, others)) = samples.split_first() else {
            return Err(Error::malformed(name, MISSING));
        };
        if samples.len() > evaluations {
            return Err(Error::malformed(name, "it has more samples than frames"));
        }
        let (networks, embeddings) = match config.input {
            TrackInput::Grid(grid) => {
                let networks = latents(name, config, first, others, cancel)?;
                (Networks::Each(networks), grid.numbers())
            }
            TrackInput::Numbers(_) | TrackInput::Time(_) => {
                let mut reader = Reader::new(name, first);
                let network = self.network(name, config, take_bytes(&mut reader)?, cancel)?;
                let embeddings = match config.input {
                    TrackInput::Time(rule) => (0..samples.len())
                        .flat_map(|index| rule.numbers(index, evaluations))
                        .collect(),
                    _ => embeddings(
                        name,
                        architecture.embedding,
                        reader,
                        others,
                        evaluations,
                        cancel,
                    )?,
                };
                (Networks::One(network), embeddings)
            }
        };
        Ok(NeuralGroup {
            config: config.clone(),
            networks,
            embeddings: embeddings.into(),
            frames: frames.min(samples.len() * each),
        })
    }

    /// The network in some bytes.
    fn network(
        &self,
        name: &str,
        config: &TrackConfig,
        bytes: &[u8],
        cancel: &Cancel,
    ) -> Result<Arc<Network>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*last
            && known.config == *config
            && known.bytes == bytes
        {
            return Ok(known.network.clone());
        }
        let network = Arc::new(coded_network(name, config, bytes, cancel)?.network(name)?);
        *last = Some(Known {
            config: config.clone(),
            bytes: bytes.to_vec(),
            network: network.clone(),
        });
        Ok(network)
    }
}

/// The network of a group's first sample, as it is coded.
///
/// # Errors
/// As [`GroupReader::read`].
pub fn read_coded_network(
    name: &str,
    config: &TrackConfig,
    sample: &[u8],
    cancel: &Cancel,
) -> Result<CodedNetwork> {
    let mut reader = Reader::new(name, sample);
    coded_network(name, config, take_bytes(&mut reader)?, cancel)
}

/// The networks of a group's first sample and of those behind it, as they are coded.
///
/// # Errors
/// As [`GroupReader::read`], and [`Error::Malformed`] where there is no sample.
pub fn read_latent_networks(
    name: &str,
    config: &TrackConfig,
    samples: &[&[u8]],
    cancel: &Cancel,
) -> Result<LatentNetworks> {
    let Some((first, others)) = samples.split_first() else {
        return Err(Error::malformed(name, MISSING));
    };
    latents(name, config, first, others, cancel)
}

fn coded_network(
    name: &str,
    config: &TrackConfig,
    bytes: &[u8],
    cancel: &Cancel,
) -> Result<CodedNetwork> {
    let mut reader = Reader::new(name, bytes);
    let mut found = Vec::new();
    for layer in &config.layers {
        let weights = Found::skip(&mut reader, &layer.weights())?;
        found.push([weights, Found::skip(&mut reader, &[layer.convolved()])?]);
    }
    if !reader.rest().is_empty() {
        return Err(reader.damaged("something follows its network"));
    }
    let pair = |[weights, bias]: &[Found; 2]| {
        Ok([weights.decode(name, cancel)?, bias.decode(name, cancel)?])
    };
    // Waking threads takes longer than a small network.
    let tensors: Result<Vec<[Quantised; 2]>> = match bytes.len() {
        0..SMALL_BYTES => found.iter().map(pair).collect(),
        _ => found.par_iter().map(pair).collect(),
    };
    CodedNetwork::new(name, config.architecture(), tensors?)
}

/// The numbers of all embeddings: the header is left in the `first` sample, with the first of them.
fn embeddings(
    name: &str,
    [channels, height, width]: [usize; 3],
    mut first: Reader<'_>,
    others: &[&[u8]],
    frames: usize,
    cancel: &Cancel,
) -> Result<Vec<f32>> {
    let is_delta = match first.byte()? {
        0 => false,
        1 => true,
        _ => return Err(first.damaged("its embeddings are of an unknown kind")),
    };
    let all = [frames, channels, height, width];
    let Header {
        bits,
        axes,
        mut ranges,
    } = Header::read(&mut first, &all, cancel)?;
    let largest = u8::MAX >> (8 - bits);
    let mut coder = SymbolCoder::new(bits);
    let each = channels * height * width;
    let count = others.len() + 1;
    let mut symbols: Vec<u8> = Vec::with_capacity(count * each);
    for sample in [first.rest()].iter().chain(others) {
        let own = coder.decode(sample, each, cancel);
        cancel.check()?;
        let own = own.ok_or_else(|| Error::malformed(name, STREAM))?;
        match symbols.len().checked_sub(each) {
            Some(before) if is_delta => {
                let sums = own.iter().zip(&symbols[before..]);
                let sums: Vec<u8> = sums
                    .map(|(own, before)| own.wrapping_add(*before) & largest)
                    .collect();
                symbols.extend(sums);
            }
            _ => symbols.extend(own),
        }
    }
    // Where ranges differ from frame to frame, there are some for frames that were not read.
    for range in &mut ranges {
        if axes & 1 == 1 {
            range.truncate(range.len() / frames * count);
        }
    }
    let shape = vec![count, channels, height, width];
    let tensor = Quantised::from_parts(name, shape, bits, axes, symbols, ranges)?;
    let numbers = tensor.dequantise();
    if !numbers.iter().all(|number| number.is_finite()) {
        return Err(Error::malformed(
            name,
            "its frames have numbers that are not finite",
        ));
    }
    Ok(numbers)
}

/// The networks of a group: that of the first sample, and what changes with each of the others.
fn latents(
    name: &str,
    config: &TrackConfig,
    first: &[u8],
    others: &[&[u8]],
    cancel: &Cancel,
) -> Result<LatentNetworks> {
    let architecture = config.architecture();
    check_latents(architecture.parameters(), others.len() + 1)?;
    let counts = tensor_counts(&architecture);
    // All streams lie side by side: those of one sample do not need those of another.
    let mut scales = Vec::new();
    let mut streams: Vec<(usize, &[u8])> = Vec::new();
    for (index, sample) in [first].iter().chain(others).enumerate() {
        let mut reader = Reader::new(name, sample);
        for count in &counts {
            if index == 0 {
                scales.push(LatentScale {
                    offset: reader.float()?,
                    step: reader.float()?,
                });
            }
            streams.push((*count, take_bytes(&mut reader)?));
        }
        if !reader.rest().is_empty() {
            return Err(reader.damaged("something follows its network"));
        }
    }
    let decode = |(count, stream): &(usize, &[u8])| {
        if stream.is_empty() {
            return Ok(None);
        }
        let steps = decode_integers(stream, *count, cancel);
        cancel.check()?;
        steps
            .map(Some)
            .ok_or_else(|| Error::malformed(name, STREAM))
    };
    let bytes: usize = streams.iter().map(|(_, stream)| stream.len()).sum();
    let tensors: Result<Vec<Option<Vec<i32>>>> = match bytes {
        0..SMALL_BYTES => streams.iter().map(decode).collect(),
        _ => streams.par_iter().map(decode).collect(),
    };
    let tensors = tensors?;
    let parameters = counts.iter().sum();
    let mut integers: Vec<Vec<i32>> = Vec::with_capacity(others.len() + 1);
    for steps in tensors.chunks_exact(counts.len()) {
        let mut own = integers
            .last()
            .cloned()
            .unwrap_or_else(|| vec![0; parameters]);
        let mut rest = &mut own[..];
        for (count, steps) in counts.iter().zip(steps) {
            let (tensor, others) = rest.split_at_mut(*count);
            rest = others;
            for (integer, step) in tensor.iter_mut().zip(steps.iter().flatten()) {
                // What leaves the range is refused below.
                *integer = integer.saturating_add(*step);
            }
        }
        if own
            .iter()
            .any(|integer| integer.unsigned_abs() > MAX_LATENT.unsigned_abs())
        {
            return Err(Error::malformed(
                name,
                "its networks have integers that are too large",
            ));
        }
        integers.push(own);
    }
    let scales: Vec<[LatentScale; 2]> = scales.as_chunks().0.to_vec();
    LatentNetworks::new(name, architecture, scales, integers)
}
