//! The exponential function in plain arithmetic, so that compilers turn loops over it into vector
//! instructions. The standard library's is a call for each number, which takes most of the time of
//! reading a PLY file.

/// e^x within two units in the last place of the exact value; infinite above, zero below what an
/// `f32` can hold, NaN for NaN.
///
/// Range reduction to |r| <= ln(2) / 2 with a two-part ln(2) and the minimax polynomial of Cephes'
/// `expf` (S. Moshier, "Methods and Programs for Mathematical Functions", 1989).
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Beyond these the result is infinite and zero; the exponents below must not wrap.
    let x = x.clamp(-110.0, 100.0);
    // Adding 1.5 x 2^23 leaves the nearest whole number in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let power = shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i32;
    let r = x - whole * 0.693_359_4;
    let r = r - whole * -2.121_944_4e-4;
    let mut polynomial = 1.987_569_1e-4;
    for coefficient in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_6e-1,
        0.5,
    ] {
        polynomial = polynomial * r + coefficient;
    }
    let mantissa = polynomial * (r * r) + r + 1.0;
    // In two steps, since 2^power alone may not be a normal number where the result is one.
    let half = power >> 1;
    let two_to = |power: i32| f32::from_bits((power.wrapping_add(127) as u32) << 23);
    mantissa * two_to(half) * two_to(power.wrapping_sub(half))
}

/// 1 / (1 + e^-x), the inverse of the logit.
#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every 997th bit pattern, of both signs, hence numbers of every size.
    fn numbers() -> impl Iterator<Item = f32> {
        (0..=u32::MAX).step_by(997).map(f32::from_bits)
    }

    #[test]
    fn exp_is_within_two_steps_of_the_exact_value() {
        for x in numbers() {
            let (found, exact) = (exp(x), f64::from(x).exp());
            if x.is_nan() {
                assert!(found.is_nan(), "{x}");
                continue;
            }
            if exact > f64::from(f32::MAX) {
                // The last number before the overflow may be rounded up to it.
                assert!(
                    found == f32::INFINITY || found >= 0.999_999 * f32::MAX,
                    "{x}"
                );
                continue;
            }
            // The distance of neighbouring numbers of this size.
            let step = (exact as f32).next_up() - exact as f32;
            let error = (f64::from(found) - exact).abs();
            assert!(
                error <= 2.0 * f64::from(step),
                "exp({x}) = {found}, not {exact}"
            );
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
    }

    #[test]
    fn sigmoid_is_within_a_millionth_part() {
        for x in numbers().filter(|x| !x.is_nan()) {
            let exact = 1.0 / (1.0 + (-f64::from(x)).exp());
            let error = (f64::from(sigmoid(x)) - exact).abs();
            assert!(error <= 1e-6 * exact + 1e-37, "sigmoid({x})");
        }
        assert!(sigmoid(f32::NAN).is_nan());
    }
}
