//! The register tile: what all the time goes into.
//!
//! Here and in all code for vectors, closures hold no arithmetic of vectors: they are functions of their own, which the
//! compiler makes without the vector instructions that their surroundings may use.

use pulp::Simd;

use super::packed::Weights;

/// The most vectors of a tile: with [`CHANNELS`](super::CHANNELS) accumulators for each they fill three quarters of the
/// registers, as few loads for a multiplication as can be.
#[inline(always)]
pub(super) fn most_vectors<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 4 } else { 2 }
}

/// Sums of one tile: `C` channels of `N` vectors. `C` is [`CHANNELS`](super::CHANNELS), or [`COLOURS`].
pub(super) type Sums<S, const N: usize, const C: usize> = [[<S as Simd>::f32s; N]; C];

/// Channels of a network's last layer: with [`CHANNELS`](super::CHANNELS) it would work half in vain.
pub(super) const COLOURS: usize = 3;

#[inline(always)]
pub(super) fn start<S: Simd, const N: usize, const C: usize>(
    simd: S,
    bias: &Weights,
) -> Sums<S, N, C> {
    let mut sums = [[simd.splat_f32s(0.0); N]; C];
    for (sums, bias) in sums.iter_mut().zip(bias) {
        *sums = [simd.splat_f32s(*bias); N];
    }
    sums
}

/// Adds the products of one input: its vectors times a weight for each channel.
#[inline(always)]
pub(super) fn add<S: Simd, const N: usize, const C: usize>(
    simd: S,
    sums: &mut Sums<S, N, C>,
    vectors: &[S::f32s; N],
    weights: &Weights,
) {
    for (sums, weight) in sums.iter_mut().zip(weights) {
        let weight = simd.splat_f32s(*weight);
        for (sum, vector) in sums.iter_mut().zip(vectors) {
            *sum = simd.mul_add_f32s(weight, *vector, *sum);
        }
    }
}

/// The first `N` vectors of some numbers; `None` when there are fewer.
#[inline(always)]
pub(super) fn vectors<S: Simd, const N: usize>(numbers: &[f32]) -> Option<&[S::f32s; N]> {
    S::as_simd_f32s(numbers).0.first_chunk()
}
