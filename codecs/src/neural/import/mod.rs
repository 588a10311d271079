//! Neural video from the files that training tools write.
//!
//! Read are, without running anything that is in them:
//!
//! * `quant_vid.pth` of HNeRV (Chen et al., CVPR 2023; `train_nerv_all.py`): weights and embeddings of 8 or 6
//!   bits with their minima and scales,
//! * what `torch.save` makes of the weights of HNeRV (`model_all.py`) and NeRV (`model_nerv.py`, NeurIPS
//!   2021), in its archives and in the form before these,
//! * safetensors with tensors of the same names, or with those of our own small networks.
//!
//! No such file tells everything: see [`ImportOptions`].

mod chain;
mod facts;
mod options;
mod question;
mod safetensors;
mod tensors;
mod time;
mod torch;

use std::sync::Arc;

pub use facts::ImportFacts;
pub use options::ImportOptions;
pub use question::{ImportQuestion, StrideChoice};

use super::{CodedEmbeddings, CodedNetwork, NeuralVideo};
use crate::pickle::OldFile;
use crate::source::Source;
use crate::splat::ZIP_MAGIC;
use crate::{Cancel, Error, Result, limits};
use tensors::Tensors;

/// Bytes of the start of a file that [`NeuralFormat::of_head`] needs.
pub const NEURAL_HEAD_BYTES: u64 = 300;

/// Kind of a file with a network in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeuralFormat {
    /// An archive of `torch.save`.
    TorchArchive,
    /// What `torch.save` wrote before its archives.
    OldTorch,
    /// Safetensors.
    Safetensors,
}

impl NeuralFormat {
    /// The format of a file that begins with `head`, its first [`NEURAL_HEAD_BYTES`], and is `length` bytes long.
    pub fn of_head(head: &[u8], length: u64) -> Option<Self> {
        if torch::is_archive_head(head, ZIP_MAGIC) {
            Some(Self::TorchArchive)
        } else if OldFile::is_head(head) {
            Some(Self::OldTorch)
        } else if safetensors::is_head(head, length) {
            Some(Self::Safetensors)
        } else {
            None
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::TorchArchive => "PyTorch archive",
            Self::OldTorch => "PyTorch file",
            Self::Safetensors => "safetensors",
        }
    }
}

/// A neural video, and what is told about the file that it came from.
#[derive(Clone, Debug)]
pub struct Import {
    /// The video.
    pub video: NeuralVideo,
    /// What is told about it.
    pub facts: ImportFacts,
    network: Option<CodedNetwork>,
    embeddings: Option<CodedEmbeddings>,
}

impl Import {
    /// The video as integers: as the file has them, or quantised to `bits` bits, 1 to 8, where its numbers are plain.
    ///
    /// # Errors
    /// As [`CodedNetwork::quantise`] and [`CodedEmbeddings::quantise`].
    pub fn coded(&self, bits: u8) -> Result<(CodedNetwork, CodedEmbeddings)> {
        let network = match &self.network {
            Some(network) => network.clone(),
            None => CodedNetwork::quantise(&self.video.network, bits)?,
        };
        let embeddings = match &self.embeddings {
            Some(embeddings) => embeddings.clone(),
            None => CodedEmbeddings::quantise(&self.video, bits)?,
        };
        Ok((network, embeddings))
    }

    /// Whether [`Self::coded`] has the numbers of the file as they are.
    pub fn is_coded(&self) -> bool {
        self.network.is_some() && self.embeddings.is_some()
    }
}

/// Reads the neural video in `source`.
///
/// # Errors
/// As [`import`].
pub fn open(
    source: Arc<dyn Source>,
    options: &ImportOptions,
    cancel: &Cancel,
) -> Result<NeuralVideo> {
    Ok(import(source, options, cancel)?.video)
}

/// Reads the neural video in `source`, and what there is to tell about it.
///
/// # Errors
/// As [`Source::read`]; [`Error::Unsupported`] for other files and networks, and for pickles that name what is not
/// let through; [`Error::Unanswered`] where the file leaves something open that `options` must say;
/// [`Error::Malformed`] for damaged files and numbers that are not finite; [`Error::Limit`] above
/// [`limits::MAX_NEURAL_FILE_BYTES`], [`limits::MAX_NEURAL_NUMBERS`] and the caps of [`super::Network::new`].
pub fn import(source: Arc<dyn Source>, options: &ImportOptions, cancel: &Cancel) -> Result<Import> {
    let name = source.name().to_owned();
    let limit = limits::MAX_NEURAL_FILE_BYTES;
    limits::check(&name, "bytes", source.len(), limit)?;
    let head = source.read(0..source.len().min(NEURAL_HEAD_BYTES), cancel)?;
    let format = NeuralFormat::of_head(&head, source.len());
    let tensors = match format {
        Some(NeuralFormat::TorchArchive) => torch::read_archive(source, cancel)?,
        Some(NeuralFormat::OldTorch) => torch::read_old(&name, &source.read_all(limit, cancel)?)?,
        Some(NeuralFormat::Safetensors) => {
            safetensors::read(&name, &source.read_all(limit, cancel)?)?
        }
        // An archive that another tool packed again need not begin with its pickle.
        None if head.starts_with(ZIP_MAGIC) => torch::read_archive(source, cancel)?,
        None => {
            return Err(Error::unsupported(
                &name,
                "it is no PyTorch or safetensors file with a network in it",
            ));
        }
    };
    cancel.check()?;
    build(
        &name,
        &tensors,
        format.unwrap_or(NeuralFormat::TorchArchive),
        options,
    )
}

fn build(
    name: &str,
    tensors: &Tensors,
    format: NeuralFormat,
    options: &ImportOptions,
) -> Result<Import> {
    let options = options.or_those_of(name, tensors)?;
    let chain = chain::Chain::find(name, tensors)?;
    let embeddings = time::embeddings(name, tensors, &chain, &options)?;
    let facts = ImportFacts::of(format, tensors, &chain, &embeddings, &options);
    let network = chain.network(name, embeddings.shape, &options)?;
    let coded = chain.coded(&network);
    let video = NeuralVideo::new(name, network, embeddings.numbers)?;
    Ok(Import {
        video,
        facts,
        network: coded,
        embeddings: embeddings.coded,
    })
}
