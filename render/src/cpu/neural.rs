//! Neural video in f64: plain loops, the yardstick of the shaders in `render/shaders/neural`.

use zoetrope_codecs::neural::{Activation, Layer, Network, Output};

use crate::Picture;

/// The picture of an embedding (channels, rows, columns), whose length is the network's.
pub fn decode(network: &Network, embedding: &[f32]) -> Picture {
    let [_, height, width] = network.embedding();
    let mut size = [height, width];
    let mut features: Vec<f64> = embedding.iter().map(|number| f64::from(*number)).collect();
    for layer in network.layers() {
        features = convolve(layer, &features, size);
        size = [size[0] * layer.shuffle[0], size[1] * layer.shuffle[1]];
    }
    let plane = size[0] * size[1];
    let code = |channel: usize, pixel| {
        let colour = colour(network.output(), features[channel * plane + pixel]);
        (colour * 255.0).round() as u8
    };
    Picture {
        width: size[1] as u32,
        height: size[0] as u32,
        rgba: (0..plane)
            .flat_map(|pixel| [code(0, pixel), code(1, pixel), code(2, pixel), 255])
            .collect(),
    }
}

/// Convolution, shuffle and activation of a map (channels, rows, columns) of `size` (rows, columns).
fn convolve(layer: &Layer, input: &[f64], [height, width]: [usize; 2]) -> Vec<f64> {
    let [sy, sx] = layer.shuffle;
    let side = layer.kernel;
    let taps = side * side;
    let mut output = vec![0.0; layer.convolved() * height * width];
    for channel in 0..layer.convolved() {
        let (dx, dy, c) = (channel % sx, channel / sx % sy, channel / sx / sy);
        let weights = &layer.weights[channel * layer.inputs * taps..][..layer.inputs * taps];
        for y in 0..height {
            for x in 0..width {
                let mut sum = f64::from(layer.bias[channel]);
                for (index, weight) in weights.iter().enumerate() {
                    let (i, ky, kx) = (index / taps, index % taps / side, index % side);
                    let row = (y + ky).checked_sub(side / 2).filter(|row| *row < height);
                    let column = (x + kx)
                        .checked_sub(side / 2)
                        .filter(|column| *column < width);
                    if let (Some(row), Some(column)) = (row, column) {
                        sum += f64::from(*weight) * input[(i * height + row) * width + column];
                    }
                }
                let at = ((c * height + y) * sy + dy) * width * sx + x * sx + dx;
                output[at] = activate(layer.activation, sum);
            }
        }
    }
    output
}

fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::None => x,
        Activation::Gelu => 0.5 * x * (1.0 + erf(x / std::f64::consts::SQRT_2)),
        Activation::Relu => x.max(0.0),
        Activation::LeakyRelu => x.max(0.01 * x),
        Activation::LeakyRelu10 => x.max(0.1 * x),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        Activation::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Activation::Sin => (30.0 * x).sin(),
    }
}

fn colour(output: Output, x: f64) -> f64 {
    match output {
        Output::Tanh => 0.5 * x.tanh() + 0.5,
        Output::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Output::Offset(offset) => (x + f64::from(offset)).clamp(0.0, 1.0),
    }
}

/// The error function by its series of positive terms: Abramowitz and Stegun, Handbook of Mathematical
/// Functions, 7.1.6.
fn erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    sum * (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erf_has_known_values() {
        // Handbook of Mathematical Functions, table 7.1, and oddness.
        for (x, expected) in [
            (0.0, 0.0),
            (0.5, 0.520_499_877_8),
            (1.0, 0.842_700_792_9),
            (2.0, 0.995_322_265_0),
            (5.9, 1.0),
            (7.0, 1.0),
        ] {
            assert!((erf(x) - expected).abs() < 1e-10, "{x}: {}", erf(x));
            assert_eq!(erf(-x), -erf(x));
        }
    }

    #[test]
    fn a_convolution_by_hand() {
        // 2 x 2 pixels, one channel, the taps 1 to 9, and a shuffle to 1 x 2 of the same twice.
        let layer = Layer {
            inputs: 1,
            outputs: 1,
            kernel: 3,
            shuffle: [1, 2],
            activation: Activation::None,
            weights: (1..10).chain(1..10).map(|tap| tap as f32).collect(),
            bias: vec![0.0, 100.0],
        };
        let output = convolve(&layer, &[1.0, 2.0, 3.0, 4.0], [2, 2]);
        // At the top left the taps 5, 6, 8, 9 meet 1, 2, 3, 4, and so on.
        let [a, b, c, d] = [
            5 + 12 + 24 + 36,
            4 + 10 + 21 + 32,
            2 + 6 + 15 + 24,
            1 + 4 + 12 + 20,
        ];
        let expected = [a, a + 100, b, b + 100, c, c + 100, d, d + 100].map(f64::from);
        assert_eq!(output, expected);
    }
}
