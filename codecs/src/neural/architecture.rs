//! The shapes of a network, without its numbers, and what follows from them.

use super::layer::{LayerShape, Output};
use crate::{Error, Result, limits};

/// Channels of a picture.
pub(super) const COLOURS: usize = 3;

/// All that tells one network from another but for its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// Channels, height and width of an embedding.
    pub embedding: [usize; 3],
    /// The layers, the first one first.
    pub layers: Vec<LayerShape>,
    /// From the last numbers to colours.
    pub output: Output,
}

impl Architecture {
    /// Checks whether the layers fit each other and stay below all caps.
    ///
    /// # Errors
    /// [`Error::Malformed`] where shapes do not chain, [`Error::Limit`] above the caps of [`limits`]. `name` is the input's.
    pub fn check(&self, name: &str) -> Result<()> {
        self.check_sizes(name)?;
        self.check_frames(name)
    }

    /// All but what comes out at the end.
    pub(super) fn check_sizes(&self, name: &str) -> Result<()> {
        let malformed = |reason: String| Err(Error::malformed(name, reason));
        if self.layers.is_empty() || self.embedding.contains(&0) {
            return malformed("its network is empty".to_owned());
        }
        let cap = |what, value: Option<u64>, limit| {
            limits::check(name, what, value.unwrap_or(u64::MAX), limit)
        };
        let layers = Some(self.layers.len() as u64);
        cap("layers of a network", layers, limits::MAX_NETWORK_LAYERS)?;
        let numbers = product(&self.embedding);
        cap("numbers in an embedding", numbers, limits::MAX_EMBEDDING)?;
        let [mut channels, mut height, mut width] = self.embedding;
        let (mut macs, mut parameters) = (Some(0_u64), Some(0_u64));
        for (index, layer) in self.layers.iter().enumerate() {
            let number = index + 1;
            if layer.inputs != channels {
                return malformed(format!(
                    "layer {number} of its network takes {} channels, and gets {channels}",
                    layer.inputs
                ));
            }
            if layer.kernel.is_multiple_of(2) || layer.shuffle.contains(&0) || layer.outputs == 0 {
                return malformed(format!(
                    "layer {number} of its network has an impossible shape"
                ));
            }
            let convolved = product(&[layer.outputs, layer.shuffle[0], layer.shuffle[1]]);
            let taps = product(&[layer.inputs, layer.kernel, layer.kernel]);
            let weights = convolved.zip(taps).and_then(|(a, b)| a.checked_mul(b));
            parameters = (|| parameters?.checked_add(weights?)?.checked_add(convolved?))();
            cap(
                "parameters of a network",
                parameters,
                limits::MAX_NETWORK_PARAMETERS,
            )?;
            macs = (|| macs?.checked_add(weights?.checked_mul(product(&[height, width])?)?))();
            cap("multiplications of a frame", macs, limits::MAX_NETWORK_MACS)?;
            channels = layer.outputs;
            (height, width) = (
                height.saturating_mul(layer.shuffle[0]),
                width.saturating_mul(layer.shuffle[1]),
            );
            cap(
                "numbers behind a layer",
                product(&[channels, height, width]),
                limits::MAX_NETWORK_FEATURES,
            )?;
            for side in [height, width] {
                cap(
                    "pixels of a picture's side",
                    Some(side as u64),
                    limits::MAX_PICTURE_SIDE,
                )?;
            }
        }
        Ok(())
    }

    pub(super) fn check_frames(&self, name: &str) -> Result<()> {
        let channels = self.layers.last().map_or(0, |last| last.outputs);
        if channels == 0 || !channels.is_multiple_of(COLOURS) {
            return Err(Error::malformed(
                name,
                format!("its network makes {channels} channels, not red, green and blue"),
            ));
        }
        let frames = (channels / COLOURS) as u64;
        limits::check(
            name,
            "frames of an embedding",
            frames,
            limits::MAX_NETWORK_FRAMES,
        )
    }

    /// Frames that it makes of an embedding.
    pub fn frames(&self) -> usize {
        self.layers.last().map_or(0, |last| last.outputs / COLOURS)
    }

    /// Width and height of its pictures.
    pub fn picture_size(&self) -> [usize; 2] {
        let [_, height, width] = self.embedding;
        self.layers
            .iter()
            .fold([width, height], |[width, height], layer| {
                [width * layer.shuffle[1], height * layer.shuffle[0]]
            })
    }

    /// Weights and biases.
    pub fn parameters(&self) -> u64 {
        let count = |layer: &LayerShape| {
            layer.weights().iter().product::<usize>() as u64 + layer.convolved() as u64
        };
        self.layers.iter().map(count).sum()
    }

    /// Multiplications with addition that an embedding takes.
    pub fn macs(&self) -> u64 {
        let [_, height, width] = self.embedding;
        let mut pixels = (height * width) as u64;
        let mut macs = 0;
        for layer in &self.layers {
            macs += pixels * layer.weights().iter().product::<usize>() as u64;
            pixels *= (layer.shuffle[0] * layer.shuffle[1]) as u64;
        }
        macs
    }
}

/// `None` when it does not fit.
fn product(numbers: &[usize]) -> Option<u64> {
    numbers
        .iter()
        .try_fold(1_u64, |product, number| product.checked_mul(*number as u64))
}
