//! Whether a device computes what it should.

use zoetrope_codecs::neural::{Activation, Layer, Network, Output};
use zoetrope_codecs::random::Random;

use super::{NeuralRenderer, Precision};
use crate::cpu::neural::decode;
use crate::{Error, Gpu, Result};

/// How far a device's picture is from the yardstick's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviation {
    /// Largest difference of a colour, 0 to 255.
    pub largest: u8,
    /// Peak signal-to-noise ratio in dB, infinite when equal.
    pub psnr: f64,
}

impl Deviation {
    /// Whether the device can be trusted with a network in `precision`: rounding differs by a step at most
    /// in f32; f16 is 83 dB from f32 in HNeRV's networks, and gets the room of 48 dB.
    pub fn is_acceptable(&self, precision: Precision) -> bool {
        match precision {
            Precision::F32 => self.largest <= 1 && self.psnr >= 55.0,
            Precision::F16 => self.largest <= 8 && self.psnr >= 48.0,
        }
    }
}

/// Decodes a small network, always the same, and compares with [`crate::cpu::neural::decode`].
///
/// Drivers that compute wrongly exist; who opens a neural video asks this once for each device, and takes the
/// CPU when the [`Deviation`] is not acceptable.
///
/// # Errors
/// Those of [`NeuralRenderer::new`] and [`NeuralRenderer::decode`], [`Error::SizeMismatch`] never.
pub fn self_test(gpu: &Gpu, precision: Precision) -> Result<Deviation> {
    let (network, embedding) = example()?;
    let mut renderer = NeuralRenderer::new(gpu, &network, precision)?;
    renderer.decode(gpu, &embedding)?;
    let ours = renderer.read_picture(gpu)?;
    let expected = decode(&network, &embedding);
    let pairs = ours.rgba.iter().zip(&expected.rgba);
    Ok(Deviation {
        largest: pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0),
        psnr: ours.psnr(&expected)?,
    })
}

/// A network with what those of HNeRV have: 1, 3 and 5 taps, a shuffle that is not square, channels that are
/// no multiple of four, GELU and tanh; 30 x 16 pixels.
fn example() -> Result<(Network, Vec<f32>)> {
    let mut source = Random::new(1);
    let mut random = move || 2.0 * source.unit() - 1.0;
    let embedding = (0..6 * 2 * 3).map(|_| random()).collect();
    let mut layer =
        |inputs: usize, outputs: usize, kernel: usize, shuffle: [usize; 2], activation| {
            let convolved = outputs * shuffle[0] * shuffle[1];
            let taps = inputs * kernel * kernel;
            // Keeps the numbers' variance.
            let scale = (3.0 / taps as f32).sqrt() * 1.4;
            Layer {
                inputs,
                outputs,
                kernel,
                shuffle,
                activation,
                weights: (0..convolved * taps).map(|_| random() * scale).collect(),
                bias: (0..convolved).map(|_| random() * 0.2).collect(),
            }
        };
    let layers = vec![
        layer(6, 13, 1, [1, 1], Activation::Gelu),
        layer(13, 9, 3, [4, 5], Activation::Gelu),
        layer(9, 6, 5, [2, 2], Activation::Gelu),
        layer(6, 3, 3, [1, 1], Activation::None),
    ];
    let network = Network::new("the self-test", [6, 2, 3], layers, Output::Tanh);
    let network = network.map_err(|error| Error::Frame {
        reason: error.to_string(),
    })?;
    Ok((network, embedding))
}
