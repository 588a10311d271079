//! What a file of weights leaves open.

use super::tensors::Tensors;
use crate::neural::{Activation, Output, TimeEmbedding};
use crate::{Error, Result, limits};

/// Largest factor by which one layer can make a picture larger, as far as options go: what is played is
/// capped by the size of the picture.
const MAX_STRIDE: usize = 4096;

/// What the one who opens a file knows about the network, where the file does not say it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportOptions {
    /// How many times larger each block makes the picture, height and width; one more in front is for the
    /// first layer, the stem. Where `None`, what follows from the numbers of channels.
    pub strides: Option<Vec<[usize; 2]>>,
    /// What follows every layer but the last; [`Activation::Gelu`] where `None`.
    pub activation: Option<Activation>,
    /// From the last layer to colours; [`Output::Tanh`] where `None`.
    pub output: Option<Output>,
    /// Frames a second; 25 where neither this nor the file says.
    pub frame_rate: Option<f64>,
    /// Number of frames, for networks that get the time instead of an embedding.
    pub frames: Option<usize>,
    /// How the time becomes an embedding.
    pub embedding: Option<TimeEmbedding>,
}

impl Output {
    /// The output of a name that HNeRV's `--out_bias` knows: "tanh", "sigmoid", or a number.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "tanh" | "tanh_half" => Self::Tanh,
            "sigmoid" => Self::Sigmoid,
            number => Self::Offset(
                number
                    .parse()
                    .ok()
                    .filter(|number: &f32| number.is_finite())?,
            ),
        })
    }
}

impl ImportOptions {
    /// These, and where they say nothing, what `others` say.
    #[must_use]
    pub fn or(self, others: &Self) -> Self {
        Self {
            strides: self.strides.or_else(|| others.strides.clone()),
            activation: self.activation.or(others.activation),
            output: self.output.or(others.output),
            frame_rate: self.frame_rate.or(others.frame_rate),
            frames: self.frames.or(others.frames),
            embedding: self.embedding.or(others.embedding),
        }
    }

    /// Reads "5,4,4,2,2", where "9x16" is 9 times in height and 16 in width.
    pub fn parse_strides(text: &str) -> Option<Vec<[usize; 2]>> {
        let side = |text: &str| {
            let side: usize = text.trim().parse().ok()?;
            (1..=MAX_STRIDE).contains(&side).then_some(side)
        };
        let stride = |text: &str| {
            Some(match text.split_once('x') {
                Some((height, width)) => [side(height)?, side(width)?],
                None => [side(text)?; 2],
            })
        };
        text.split(',').map(stride).collect()
    }

    /// Strides as [`Self::parse_strides`] reads them.
    pub fn strides_text(strides: &[[usize; 2]]) -> String {
        let one = |[height, width]: &[usize; 2]| match height == width {
            true => height.to_string(),
            false => format!("{height}x{width}"),
        };
        strides.iter().map(one).collect::<Vec<_>>().join(",")
    }

    /// These, and where they say nothing, what the notes of the file say.
    pub(super) fn or_those_of(&self, file: &str, tensors: &Tensors) -> Result<Self> {
        let mut all = self.clone();
        let note = |key: &str| tensors.notes.get(key).map(String::as_str);
        let unclear = |key: &str| {
            Error::malformed(
                file,
                format!("what it says of \"{key}\" cannot be understood"),
            )
        };
        if let (None, Some(text)) = (&all.strides, note("strides")) {
            all.strides = Some(Self::parse_strides(text).ok_or_else(|| unclear("strides"))?);
        }
        if let (None, Some(text)) = (all.activation, note("act")) {
            all.activation = Some(Activation::named(text).ok_or_else(|| unclear("act"))?);
        }
        if let (None, Some(text)) = (all.output, note("out")) {
            all.output = Some(Output::named(text).ok_or_else(|| unclear("out"))?);
        }
        if let (None, Some(text)) = (all.frame_rate, note("fps")) {
            let rate = text.trim().parse().ok();
            all.frame_rate = Some(rate.ok_or_else(|| unclear("fps"))?);
        }
        if let (None, Some(text)) = (all.frames, note("frames")) {
            let frames = text.trim().parse().ok();
            all.frames = Some(frames.ok_or_else(|| unclear("frames"))?);
        }
        // "16x2x4" is the shape of embeddings that the file holds.
        if let (None, Some(text)) = (all.embedding, note("embed")) {
            all.embedding = TimeEmbedding::parse(text);
        }
        if let Some(rate) = all.frame_rate
            && !limits::FRAME_RATES.contains(&rate)
        {
            return Err(Error::unsupported(
                file,
                format!("{rate} frames a second are none that can be played; 0.1 to 1000 can"),
            ));
        }
        Ok(all)
    }
}
