//! Functions of each number with their derivatives, and the pixel shuffle there and back.
//!
//! Plain loops, which the compiler turns into vectors inside of `pulp`'s dispatch.

use pulp::{Arch, Simd, WithSimd};
use zoetrope_codecs::neural::Activation;

use super::map::{LEAD, columns};

/// eˣ of anything beyond would leave the range of f32.
const EXP_END: f32 = 87.0;
/// Added to a number, leaves its whole part in the lowest bits.
const ROUNDER: f32 = 12_582_912.0;

/// What follows a layer's convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Identity,
    Gelu,
    /// sin(30 x).
    Sine,
    /// Colours: tanh(x) / 2 + 1/2.
    Colour,
}

impl Function {
    pub(super) fn of(activation: Activation, is_last: bool) -> Self {
        match activation {
            Activation::Gelu => Self::Gelu,
            Activation::Sin => Self::Sine,
            _ if is_last => Self::Colour,
            _ => Self::Identity,
        }
    }
}

/// Sizes of a convolution's rows and of the picture behind its shuffle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    /// Channels behind the shuffle.
    pub(super) outputs: usize,
    /// How many times larger: height, width.
    pub(super) shuffle: [usize; 2],
    /// Width of the convolution.
    pub(super) width: usize,
    /// From line to line of the convolution's map.
    pub(super) pitch: usize,
    /// From line to line of the map behind.
    pub(super) pitch_behind: usize,
}

impl Rows {
    /// From row to row of the map behind.
    fn row_behind(&self) -> usize {
        self.outputs * self.pitch_behind
    }
}

/// Puts the values of `function` at the sums in `lines` into `shuffle[0]` rows behind the shuffle, and the derivatives
/// there into `slopes`.
pub(super) fn activate(
    arch: Arch,
    function: Function,
    rows: &Rows,
    lines: &mut [f32],
    (slopes, behind): (&mut [f32], &mut [f32]),
) {
    arch.dispatch(Activate {
        function,
        rows,
        lines,
        slopes,
        behind,
    });
}

struct Activate<'a> {
    function: Function,
    rows: &'a Rows,
    lines: &'a mut [f32],
    slopes: &'a mut [f32],
    behind: &'a mut [f32],
}

impl WithSimd for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self {
            function,
            rows,
            lines,
            slopes,
            behind,
        } = self;
        let width = rows.width;
        let each = lines.chunks_exact_mut(columns(width));
        for (line, slopes) in each.zip(slopes.chunks_exact_mut(rows.pitch)) {
            let (line, slopes) = (&mut line[..width], &mut slopes[LEAD..LEAD + width]);
            match function {
                Function::Identity => slopes.fill(1.0),
                Function::Gelu => {
                    for (x, slope) in line.iter_mut().zip(slopes) {
                        (*x, *slope) = gelu(*x);
                    }
                }
                Function::Sine => {
                    for (x, slope) in line.iter_mut().zip(slopes) {
                        (*x, *slope) = sine(*x);
                    }
                }
                Function::Colour => {
                    for (x, slope) in line.iter_mut().zip(slopes) {
                        (*x, *slope) = colour(*x);
                    }
                }
            }
        }
        shuffle(rows, lines, behind);
    }
}

/// Channel `(c * sy + dy) * sx + dx` of the convolution is pixel `(dy, x * sx + dx)` of channel `c`.
#[inline(always)]
fn shuffle(rows: &Rows, lines: &[f32], behind: &mut [f32]) {
    let ([sy, sx], width, columns) = (rows.shuffle, rows.width, columns(rows.width));
    let mut lines = lines.chunks_exact(columns * sx);
    for channel in 0..rows.outputs {
        for dy in 0..sy {
            let Some(lines) = lines.next() else { return };
            let from = dy * rows.row_behind() + channel * rows.pitch_behind + LEAD;
            let line = &mut behind[from..from + width * sx];
            match sx {
                1 => line.copy_from_slice(&lines[..width]),
                2 => {
                    let (even, odd) = lines.split_at(columns);
                    for (pair, (even, odd)) in line
                        .as_chunks_mut::<2>()
                        .0
                        .iter_mut()
                        .zip(even.iter().zip(odd))
                    {
                        *pair = [*even, *odd];
                    }
                }
                _ => {
                    for (dx, from) in lines.chunks_exact(columns).enumerate() {
                        let pixels = line[dx..].iter_mut().step_by(sx);
                        for (pixel, number) in pixels.zip(from) {
                            *pixel = *number;
                        }
                    }
                }
            }
        }
    }
}

/// Multiplies the derivatives in `slopes` with the gradient behind the shuffle: `lines(dy, channel)` is a line of it.
/// What is in `slopes` then is the gradient of the convolution's sums.
pub(super) fn chain<'a>(
    arch: Arch,
    rows: &Rows,
    slopes: &mut [f32],
    lines: impl Fn(usize, usize) -> &'a [f32],
) {
    let [sy, sx] = rows.shuffle;
    let mut slopes = slopes.chunks_exact_mut(rows.pitch * sx);
    for channel in 0..rows.outputs {
        for dy in 0..sy {
            let Some(slopes) = slopes.next() else { return };
            arch.dispatch(Chain {
                rows,
                slopes,
                line: lines(dy, channel),
            });
        }
    }
}

/// One line behind the shuffle and the lines of the convolution that it is made of.
struct Chain<'a> {
    rows: &'a Rows,
    slopes: &'a mut [f32],
    line: &'a [f32],
}

impl WithSimd for Chain<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { rows, slopes, line } = self;
        let ([_, sx], width, pitch) = (rows.shuffle, rows.width, rows.pitch);
        let line = &line[..width * sx];
        match sx {
            1 => {
                for (slope, number) in slopes[LEAD..].iter_mut().zip(line) {
                    *slope *= number;
                }
            }
            2 => {
                let (even, odd) = slopes.split_at_mut(pitch);
                let slopes = even[LEAD..].iter_mut().zip(&mut odd[LEAD..]);
                for ((even, odd), pair) in slopes.zip(line.as_chunks::<2>().0) {
                    *even *= pair[0];
                    *odd *= pair[1];
                }
            }
            _ => {
                for (dx, slopes) in slopes.chunks_exact_mut(pitch).enumerate() {
                    let numbers = line[dx..].iter().step_by(sx);
                    for (slope, number) in slopes[LEAD..].iter_mut().zip(numbers) {
                        *slope *= number;
                    }
                }
            }
        }
    }
}

/// x Φ(x) and its derivative Φ(x) + x φ(x), with the normal distribution's Φ and φ. The former by Hastings' formula
/// (Abramowitz and Stegun, 7.1.26; right to 1e-7).
#[inline(always)]
pub(super) fn gelu(x: f32) -> (f32, f32) {
    const A: [f32; 5] = [
        0.254_829_6,
        -0.284_496_74,
        1.421_413_7,
        -1.453_152,
        1.061_405_4,
    ];
    const INVERSE_SQRT_TAU: f32 = 0.398_942_3;
    let bell = exp(-0.5 * x * x);
    let t = 1.0 / (1.0 + 0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2 * x.abs());
    let polynomial = ((((A[4] * t + A[3]) * t + A[2]) * t + A[1]) * t + A[0]) * t;
    let outside = 0.5 * polynomial * bell;
    let below = if x < 0.0 { outside } else { 1.0 - outside };
    (x * below, below + x * bell * INVERSE_SQRT_TAU)
}

/// tanh(x) / 2 + 1/2 and its derivative.
#[inline(always)]
pub(super) fn colour(x: f32) -> (f32, f32) {
    let value = 1.0 / (1.0 + exp(-2.0 * x));
    (value, 2.0 * value * (1.0 - value))
}

/// sin(30 x) and its derivative: the sign of the nearest multiple of π times sine and cosine of the rest, Taylor's
/// polynomials over half of π.
#[inline(always)]
pub(super) fn sine(x: f32) -> (f32, f32) {
    const FACTOR: f32 = 30.0;
    // Beyond this the whole part would not fit, as for the decoder.
    const END: f32 = 100.0;
    // π in three parts, of which the first two have zeros at their end: products with small whole numbers are exact.
    const PI: [f32; 3] = [3.140_625, 9.675_026e-4, 1.509_958e-7];
    const SINE: [f32; 6] = [
        -1.0 / 6.0,
        1.0 / 120.0,
        -1.0 / 5040.0,
        1.0 / 362_880.0,
        -1.0 / 39_916_800.0,
        1.0 / 6_227_020_800.0,
    ];
    const COSINE: [f32; 7] = [
        -1.0 / 2.0,
        1.0 / 24.0,
        -1.0 / 720.0,
        1.0 / 40_320.0,
        -1.0 / 3_628_800.0,
        1.0 / 479_001_600.0,
        -1.0 / 87_178_291_200.0,
    ];
    let angle = FACTOR * x.clamp(-END, END);
    let shifted = angle * std::f32::consts::FRAC_1_PI + ROUNDER;
    let whole = shifted - ROUNDER;
    let rest = angle - whole * PI[0] - whole * PI[1] - whole * PI[2];
    let square = rest * rest;
    let (mut sine, mut cosine) = (SINE[5], COSINE[6]);
    for k in (0..5).rev() {
        sine = sine * square + SINE[k];
    }
    for k in (0..6).rev() {
        cosine = cosine * square + COSINE[k];
    }
    // An odd multiple of π turns the sign.
    let sign = shifted.to_bits() << 31;
    let turned = |value: f32| f32::from_bits(value.to_bits() ^ sign);
    (
        turned(rest + rest * square * sine),
        turned(1.0 + square * cosine) * FACTOR,
    )
}

/// eˣ: 2 to the whole part of x / ln 2 times Taylor's polynomial of the rest.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // ln 2 in two parts, of which the first has zeros at its end.
    const LN_2: [f32; 2] = [0.693_359_4, -0.000_212_194_44];
    let x = x.clamp(-EXP_END, EXP_END);
    let shifted = x * std::f32::consts::LOG2_E + ROUNDER;
    let whole = shifted - ROUNDER;
    let rest = x - whole * LN_2[0] - whole * LN_2[1];
    let high = (rest / 5040.0 + 1.0 / 720.0) * rest + 1.0 / 120.0;
    let value =
        ((((high * rest + 1.0 / 24.0) * rest + 1.0 / 6.0) * rest + 0.5) * rest + 1.0) * rest + 1.0;
    // Adding to the exponent multiplies by a power of two.
    f32::from_bits(value.to_bits().wrapping_add(shifted.to_bits() << 23))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Φ by the series of its integral.
    fn below(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for k in 1..400 {
            term *= -x * x / 2.0 / f64::from(k);
            sum += term / f64::from(2 * k + 1);
        }
        0.5 + sum / std::f64::consts::TAU.sqrt()
    }

    #[test]
    fn functions_and_derivatives() {
        for step in -600..=600 {
            let x = step as f32 / 100.0;
            let exact = f64::from(x);
            let bell = (-exact * exact / 2.0).exp() / std::f64::consts::TAU.sqrt();
            let (value, slope) = gelu(x);
            assert!(
                (f64::from(value) - exact * below(exact)).abs() < 1e-6,
                "{x}"
            );
            let expected = below(exact) + exact * bell;
            assert!((f64::from(slope) - expected).abs() < 1e-6, "{x}");
            let (value, slope) = colour(x);
            let tanh = exact.tanh();
            assert!((f64::from(value) - (0.5 * tanh + 0.5)).abs() < 2e-7, "{x}");
            assert!(
                (f64::from(slope) - 0.5 * (1.0 - tanh * tanh)).abs() < 2e-7,
                "{x}"
            );
        }
        for step in -3000..=3000 {
            let x = step as f32 / 300.0;
            let (value, slope) = sine(x);
            let angle = f64::from(30.0 * x);
            assert!((f64::from(value) - angle.sin()).abs() < 1e-6, "{x}");
            assert!((f64::from(slope) - 30.0 * angle.cos()).abs() < 3e-5, "{x}");
        }
        for far in [-1e30, -100.0, 100.0, 1e30] {
            let (value, slope) = gelu(far);
            let beyond = if far > 0.0 { (far, 1.0) } else { (0.0, 0.0) };
            assert!((value - beyond.0).abs() < 1e-6 && (slope - beyond.1).abs() < 1e-6);
            assert!(colour(far).0.is_finite());
        }
    }

    /// The shuffle and its way back are transposes of each other.
    #[test]
    fn the_way_back_is_the_shuffle_transposed() {
        for shuffle @ [sy, sx] in [[1, 1], [2, 2], [3, 2], [5, 5], [1, 3]] {
            let (outputs, width) = (3, 7);
            let rows = Rows {
                outputs,
                shuffle,
                width,
                pitch: LEAD + columns(width) + LEAD,
                pitch_behind: LEAD + columns(width * sx) + LEAD,
            };
            let convolved = outputs * sy * sx;
            let mut lines = vec![f32::NAN; convolved * columns(width)];
            let number = |channel: usize, x: usize| (channel * width + x) as f32;
            for channel in 0..convolved {
                for x in 0..width {
                    lines[channel * columns(width) + x] = number(channel, x);
                }
            }
            let mut slopes = vec![0.0; convolved * rows.pitch];
            let mut behind = vec![0.0; sy * rows.row_behind()];
            let arch = Arch::new();
            let made = (&mut slopes[..], &mut behind[..]);
            activate(arch, Function::Identity, &rows, &mut lines, made);
            chain(arch, &rows, &mut slopes, |dy, channel| {
                &behind[dy * rows.row_behind() + channel * rows.pitch_behind + LEAD..]
            });
            for channel in 0..convolved {
                let (c, dy, dx) = (channel / (sy * sx), channel / sx % sy, channel % sx);
                for x in 0..width {
                    let at = dy * rows.row_behind() + c * rows.pitch_behind + LEAD + x * sx + dx;
                    assert_eq!(behind[at], number(channel, x));
                    assert_eq!(slopes[channel * rows.pitch + LEAD + x], number(channel, x));
                }
            }
            // Nothing is written around the lines.
            assert_eq!(
                behind.iter().filter(|x| **x != 0.0).count(),
                convolved * width - 1
            );
        }
    }
}
