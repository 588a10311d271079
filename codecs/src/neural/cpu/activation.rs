//! Functions of each number, a vector at a time.

use pulp::Simd;

use crate::neural::{Activation, Output};

/// erf(x / √2) / x over |x| ≤ [`ERF_END`] as a polynomial of 2 x² / ERF_END² - 1, the constant first. Fitted to least
/// error of the GELU: 1.6e-6 before rounding.
const ERF: [f32; 12] = [
    0.282_727_5,
    -0.140_596_46,
    0.103_050_8,
    -0.080_783_97,
    0.062_713_44,
    -0.047_249_883,
    0.033_820_316,
    -0.020_330_971,
    0.010_226_473,
    -0.007_773_661,
    0.006_388_946_4,
    -0.002_192_749_2,
];
/// Where erf(x / √2) is 1 to 6e-7.
const ERF_END: f32 = 5.0;
/// eˣ of anything beyond would leave the range of f32.
const EXP_END: f32 = 87.0;
/// Largest argument of a sine, 3000 before its factor.
const SIN_END: f32 = 100.0;
/// Added to a number, leaves its whole part in the lowest bits.
const ROUNDER: f32 = 12_582_912.0;

/// Puts an activation's values in place of its arguments.
#[inline(always)]
pub(super) fn activate<S: Simd>(simd: S, activation: Activation, vectors: &mut [S::f32s]) {
    match activation {
        Activation::None => {}
        Activation::Gelu => {
            for x in vectors {
                *x = gelu(simd, *x);
            }
        }
        Activation::Relu => {
            for x in vectors {
                *x = simd.max_f32s(*x, simd.splat_f32s(0.0));
            }
        }
        Activation::LeakyRelu => {
            for x in vectors {
                *x = simd.max_f32s(*x, simd.mul_f32s(*x, simd.splat_f32s(0.01)));
            }
        }
        Activation::LeakyRelu10 => {
            for x in vectors {
                *x = simd.max_f32s(*x, simd.mul_f32s(*x, simd.splat_f32s(0.1)));
            }
        }
        Activation::Relu6 => {
            for x in vectors {
                *x = clamp(simd, *x, 0.0, 6.0);
            }
        }
        Activation::Silu => {
            for x in vectors {
                *x = simd.mul_f32s(*x, sigmoid(simd, *x));
            }
        }
        Activation::Softplus => {
            for x in vectors {
                *x = softplus(simd, *x);
            }
        }
        Activation::HardSwish => {
            for x in vectors {
                let gate = clamp(simd, simd.add_f32s(*x, simd.splat_f32s(3.0)), 0.0, 6.0);
                *x = simd.mul_f32s(simd.mul_f32s(*x, gate), simd.splat_f32s(1.0 / 6.0));
            }
        }
        Activation::Sin => {
            for x in vectors {
                *x = sin_30(simd, *x);
            }
        }
    }
}

/// Puts colours in place of a network's last numbers.
#[inline(always)]
pub(super) fn output<S: Simd>(simd: S, output: Output, vectors: &mut [S::f32s]) {
    match output {
        // tanh(x) / 2 + 1/2 is the sigmoid of 2 x.
        Output::Tanh => {
            for x in vectors {
                *x = sigmoid(simd, simd.add_f32s(*x, *x));
            }
        }
        Output::Sigmoid => {
            for x in vectors {
                *x = sigmoid(simd, *x);
            }
        }
        Output::Offset(offset) => {
            for x in vectors {
                *x = clamp(simd, simd.add_f32s(*x, simd.splat_f32s(offset)), 0.0, 1.0);
            }
        }
    }
}

#[inline(always)]
fn clamp<S: Simd>(simd: S, x: S::f32s, low: f32, high: f32) -> S::f32s {
    simd.min_f32s(
        simd.max_f32s(x, simd.splat_f32s(low)),
        simd.splat_f32s(high),
    )
}

/// x / 2 (1 + erf(x / √2)).
#[inline(always)]
fn gelu<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let inside = clamp(simd, x, -ERF_END, ERF_END);
    let scale = simd.splat_f32s(2.0 / (ERF_END * ERF_END));
    let square = simd.mul_f32s(inside, inside);
    let s = simd.mul_add_f32s(square, scale, simd.splat_f32s(-1.0));
    let erf = simd.mul_f32s(inside, polynomial(simd, &ERF, s));
    let half = simd.mul_f32s(x, simd.splat_f32s(0.5));
    simd.mul_add_f32s(half, erf, half)
}

#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, coefficients: &[f32; N], x: S::f32s) -> S::f32s {
    let mut sum = simd.splat_f32s(coefficients[N - 1]);
    for coefficient in coefficients[..N - 1].iter().rev() {
        sum = simd.mul_add_f32s(sum, x, simd.splat_f32s(*coefficient));
    }
    sum
}

/// sin(30 x): the sign of the nearest multiple of π times the sine of the rest, which is a polynomial (Taylor's, right to
/// a rounding over half of π).
#[inline(always)]
fn sin_30<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    const FACTOR: f32 = 30.0;
    const TAYLOR: [f32; 7] = [
        1.0,
        -1.0 / 6.0,
        1.0 / 120.0,
        -1.0 / 5040.0,
        1.0 / 362_880.0,
        -1.0 / 39_916_800.0,
        1.0 / 6_227_020_800.0,
    ];
    // π in three parts, of which the first two have zeros at their end: products with small whole numbers are exact.
    const PI: [f32; 3] = [3.140_625, 9.675_026e-4, 1.509_958e-7];
    // Beyond this the whole part would not fit, and the sine is noise.
    let x = clamp(simd, x, -SIN_END, SIN_END);
    let rounder = simd.splat_f32s(ROUNDER);
    let turns = simd.splat_f32s(FACTOR / std::f32::consts::PI);
    let shifted = simd.mul_add_f32s(x, turns, rounder);
    let whole = simd.sub_f32s(shifted, rounder);
    let mut rest = simd.mul_f32s(whole, simd.splat_f32s(-PI[0]));
    rest = simd.mul_add_f32s(x, simd.splat_f32s(FACTOR), rest);
    rest = simd.mul_add_f32s(whole, simd.splat_f32s(-PI[1]), rest);
    rest = simd.mul_add_f32s(whole, simd.splat_f32s(-PI[2]), rest);
    let series = polynomial(simd, &TAYLOR, simd.mul_f32s(rest, rest));
    let value = simd.mul_f32s(rest, series);
    // An odd multiple of π turns the sign.
    let bits = simd.transmute_u32s_f32s(shifted);
    let sign = simd.wrapping_dyn_shl_u32s(bits, simd.splat_u32s(31));
    let flipped = simd.xor_u32s(simd.transmute_u32s_f32s(value), sign);
    simd.transmute_f32s_u32s(flipped)
}

/// 1 / (1 + e⁻ˣ).
#[inline(always)]
fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    let exp = exp(simd, simd.neg_f32s(x));
    simd.div_f32s(one, simd.add_f32s(one, exp))
}

/// ln(1 + eˣ) = max(x, 0) + ln(1 + e^-|x|); ln(1 + y) by the series of the inverse hyperbolic tangent of y / (2 + y),
/// which is at most a third.
#[inline(always)]
fn softplus<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    const ATANH: [f32; 7] = [
        2.0,
        2.0 / 3.0,
        2.0 / 5.0,
        2.0 / 7.0,
        2.0 / 9.0,
        2.0 / 11.0,
        2.0 / 13.0,
    ];
    let y = exp(simd, simd.neg_f32s(simd.abs_f32s(x)));
    let z = simd.div_f32s(y, simd.add_f32s(y, simd.splat_f32s(2.0)));
    let series = polynomial(simd, &ATANH, simd.mul_f32s(z, z));
    simd.mul_add_f32s(z, series, simd.max_f32s(x, simd.splat_f32s(0.0)))
}

/// eˣ: 2 to the whole part of x / ln 2 times a polynomial of the rest (Taylor's, which is right to a
/// rounding over half of ln 2).
#[inline(always)]
fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    const TAYLOR: [f32; 8] = [
        1.0,
        1.0,
        1.0 / 2.0,
        1.0 / 6.0,
        1.0 / 24.0,
        1.0 / 120.0,
        1.0 / 720.0,
        1.0 / 5040.0,
    ];
    // ln 2 in two parts, of which the first has zeros at its end.
    const LN_2: [f32; 2] = [0.693_359_4, -0.000_212_194_44];
    let x = clamp(simd, x, -EXP_END, EXP_END);
    let rounder = simd.splat_f32s(ROUNDER);
    let shifted = simd.mul_add_f32s(x, simd.splat_f32s(std::f32::consts::LOG2_E), rounder);
    let whole = simd.sub_f32s(shifted, rounder);
    let rest = simd.mul_add_f32s(whole, simd.splat_f32s(-LN_2[0]), x);
    let rest = simd.mul_add_f32s(whole, simd.splat_f32s(-LN_2[1]), rest);
    let value = polynomial(simd, &TAYLOR, rest);
    // Adding to the exponent multiplies by a power of two.
    let bits = simd.transmute_u32s_f32s(shifted);
    let power = simd.wrapping_dyn_shl_u32s(bits, simd.splat_u32s(23));
    let sum = simd.add_u32s(simd.transmute_u32s_f32s(value), power);
    simd.transmute_f32s_u32s(sum)
}
