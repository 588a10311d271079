//! Networks and what they make frames of.

use std::sync::Arc;

use super::Network;
use crate::{Error, Result, limits};

/// A whole neural video: one network, and an embedding for each frame.
#[derive(Clone, Debug)]
pub struct NeuralVideo {
    /// What decodes.
    pub network: Arc<Network>,
    /// The embeddings of all frames, one after the other: channel by channel, row by row.
    embeddings: Arc<[f32]>,
}

impl NeuralVideo {
    /// Puts both together.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the embeddings are not a whole number of frames, or not finite;
    /// [`Error::Limit`] for more frames than a clip can have.
    pub fn new(name: &str, network: Network, embeddings: Vec<f32>) -> Result<Self> {
        let each: usize = network.embedding().iter().product();
        if embeddings.is_empty() || !embeddings.len().is_multiple_of(each) {
            return Err(Error::malformed(
                name,
                format!(
                    "its {} numbers for frames are no multiple of the {each} that a frame takes",
                    embeddings.len()
                ),
            ));
        }
        let frames = (embeddings.len() / each * network.frames()) as u64;
        limits::check(name, "frames", frames, limits::MAX_FRAMES)?;
        if !embeddings.iter().all(|number| number.is_finite()) {
            return Err(Error::malformed(
                name,
                "its frames have numbers that are not finite",
            ));
        }
        Ok(Self {
            network: Arc::new(network),
            embeddings: embeddings.into(),
        })
    }

    /// Number of frames.
    pub fn frame_count(&self) -> usize {
        self.embeddings.len() / self.each() * self.network.frames()
    }

    /// The embedding that a frame comes out of; `None` behind the last one.
    pub fn embedding(&self, frame: usize) -> Option<&[f32]> {
        let first = (frame / self.network.frames()).checked_mul(self.each())?;
        self.embeddings.get(first..first.checked_add(self.each())?)
    }

    /// All embeddings, one after the other.
    pub fn embeddings(&self) -> &[f32] {
        &self.embeddings
    }

    fn each(&self) -> usize {
        self.network.embedding().iter().product()
    }
}

/// The part of a decoded picture that is shown, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Crop {
    /// Pixels that are left out at the left and at the top.
    pub start: [u32; 2],
    /// Width and height.
    pub size: [u32; 2],
}

/// One frame of a neural video, not decoded.
#[derive(Clone, Debug)]
pub struct NeuralFrame {
    network: Arc<Network>,
    /// Those of all evaluations of its stretch of the video.
    embeddings: Arc<[f32]>,
    /// Which of them it comes out of.
    evaluation: usize,
    /// Which of the frames that come out it is.
    part: usize,
    crop: Crop,
}

impl NeuralFrame {
    /// Frame `index` of `video`; `None` behind the last one.
    pub fn new(video: &NeuralVideo, index: usize) -> Option<Self> {
        video.embedding(index)?;
        let frames = video.network.frames();
        Some(Self {
            crop: whole(&video.network),
            network: video.network.clone(),
            embeddings: video.embeddings.clone(),
            evaluation: index / frames,
            part: index % frames,
        })
    }

    /// Frame `part` of those that `network` makes of the embedding number `evaluation` of `embeddings`, of which `crop` is shown.
    /// `None` where there is no such one.
    pub(crate) fn of_parts(
        network: Arc<Network>,
        embeddings: Arc<[f32]>,
        [evaluation, part]: [usize; 2],
        crop: Crop,
    ) -> Option<Self> {
        let each: usize = network.embedding().iter().product();
        let end = evaluation.checked_add(1)?.checked_mul(each)?;
        let picture = network.picture_size();
        let is_inside = (0..2).all(|axis| {
            let end = u64::from(crop.start[axis]) + u64::from(crop.size[axis]);
            crop.size[axis] > 0 && end <= picture[axis] as u64
        });
        let is_there = part < network.frames() && end <= embeddings.len() && is_inside;
        is_there.then_some(Self {
            network,
            embeddings,
            evaluation,
            part,
            crop,
        })
    }

    /// What decodes it.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// Its numbers: channel by channel, row by row.
    pub fn embedding(&self) -> &[f32] {
        let each: usize = self.network.embedding().iter().product();
        &self.embeddings[self.evaluation * each..(self.evaluation + 1) * each]
    }

    /// Which of the frames that come out of its embedding it is, from 0.
    pub fn part(&self) -> usize {
        self.part
    }

    /// Another of the frames that come out of its embedding; `None` behind the last one.
    pub fn with_part(&self, part: usize) -> Option<Self> {
        (part < self.network.frames()).then(|| Self {
            part,
            ..self.clone()
        })
    }

    /// What is shown of the decoded picture.
    pub fn crop(&self) -> Crop {
        self.crop
    }

    /// Whether all of the decoded picture is shown.
    pub fn is_whole(&self) -> bool {
        self.crop == whole(&self.network)
    }

    /// Width and height of what is shown in pixels.
    pub fn picture_size(&self) -> [u32; 2] {
        self.crop.size
    }

    /// Whether both are the same frame of the same video.
    pub fn is_same(&self, other: &Self) -> bool {
        self.is_decoded_with(other) && self.part == other.part && self.crop == other.crop
    }

    /// Whether both come out of one embedding.
    pub fn is_decoded_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.network, &other.network)
            && Arc::ptr_eq(&self.embeddings, &other.embeddings)
            && self.evaluation == other.evaluation
    }
}

/// All of a network's picture.
fn whole(network: &Network) -> Crop {
    Crop {
        start: [0; 2],
        // Both are below the cap on a picture's side.
        size: network.picture_size().map(|side| side as u32),
    }
}
