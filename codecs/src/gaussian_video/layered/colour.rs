//! YCoCg: the three DC planes hold much the same, which this takes out of two of them.

/// Codes of red, green and blue to Y, Co and Cg (Malvar and Sullivan 2003, the lossy form: each within
/// one code of what [`to_rgb`] needs).
pub fn to_ycocg([r, g, b]: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = [r, g, b].map(i32::from);
    let y = (r + 2 * g + b + 2) >> 2;
    let co = ((r - b + 1) >> 1) + 128;
    let cg = ((2 * g - r - b + 2) >> 2) + 128;
    [y, co, cg].map(|code| code.clamp(0, 255) as u8)
}

/// Codes of Y, Co and Cg to red, green and blue.
pub fn to_rgb([y, co, cg]: [u8; 3]) -> [u8; 3] {
    let (y, co, cg) = (i32::from(y), i32::from(co) - 128, i32::from(cg) - 128);
    [y - cg + co, y + cg, y - cg - co].map(|code| code.clamp(0, 255) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_off_by_two_codes_at_most() {
        for r in (0..256).step_by(5) {
            for g in (0..256).step_by(3) {
                for b in (0..256).step_by(7) {
                    let rgb = [r, g, b].map(|code| code as u8);
                    for (found, wanted) in to_rgb(to_ycocg(rgb)).iter().zip(rgb) {
                        assert!(found.abs_diff(wanted) <= 2, "{rgb:?}");
                    }
                }
            }
        }
        for grey in 0..=255 {
            assert_eq!(to_ycocg([grey; 3]), [grey, 128, 128]);
            assert_eq!(to_rgb([grey, 128, 128]), [grey; 3]);
        }
    }
}
