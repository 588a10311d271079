//! RGB to the luma and chroma of ordinary video: BT.709 in limited range (ITU-R BT.709-6, 3.2 to 3.5),
//! 4:2:0 with chroma between the four pixels that share it.

/// Fractional bits of the weights.
const BITS: u32 = 16;

/// A row of the matrix in fixed point, with the offset.
struct Weights {
    rgb: [i32; 3],
    offset: i32,
}

/// Weights of red, green and blue for full-range inputs of 8 bits. Luma spans 16 to 235, chroma 16 to
/// 240 around 128.
const fn weights(rgb: [f64; 3], offset: i32) -> Weights {
    let scale = (1 << BITS) as f64;
    let mut fixed = [0; 3];
    let mut k = 0;
    while k < 3 {
        let value = rgb[k] * scale;
        fixed[k] = if value < 0.0 {
            (value - 0.5) as i32
        } else {
            (value + 0.5) as i32
        };
        k += 1;
    }
    Weights { rgb: fixed, offset }
}

const Y: f64 = 219.0 / 255.0;
const C: f64 = 224.0 / 255.0;
const LUMA: Weights = weights([0.2126 * Y, 0.7152 * Y, 0.0722 * Y], 16);
const BLUE: Weights = weights([-0.2126 / 1.8556 * C, -0.7152 / 1.8556 * C, 0.5 * C], 128);
const RED: Weights = weights([0.5 * C, -0.7152 / 1.5748 * C, -0.0722 / 1.5748 * C], 128);

impl Weights {
    /// The value for a sum over `1 << sum_bits` pixels.
    fn apply(&self, rgb: [i32; 3], sum_bits: u32) -> u8 {
        let bits = BITS + sum_bits;
        let sum: i32 = (0..3).map(|k| self.rgb[k] * rgb[k]).sum();
        let value = (sum + (self.offset << bits) + (1 << (bits - 1))) >> bits;
        value.clamp(0, 255) as u8
    }
}

fn pixel(rgba: &[u8]) -> [i32; 3] {
    [rgba[0], rgba[1], rgba[2]].map(i32::from)
}

/// Fills the luma plane, whose rows begin `stride` bytes apart.
pub(crate) fn luma(rgba: &[u8], width: usize, plane: &mut [u8], stride: usize) {
    for (row, source) in plane.chunks_mut(stride).zip(rgba.chunks_exact(4 * width)) {
        for (sample, rgba) in row.iter_mut().zip(source.chunks_exact(4)) {
            *sample = LUMA.apply(pixel(rgba), 0);
        }
    }
}

/// Fills a plane of chroma: 1 is blue, 2 red. Width and height are even.
pub(crate) fn chroma(rgba: &[u8], width: usize, number: usize, plane: &mut [u8], stride: usize) {
    let weights = if number == 1 { &BLUE } else { &RED };
    for (row, source) in plane.chunks_mut(stride).zip(rgba.chunks_exact(8 * width)) {
        let (above, below) = source.split_at(4 * width);
        let pairs = above.chunks_exact(8).zip(below.chunks_exact(8));
        for (sample, (above, below)) in row.iter_mut().zip(pairs) {
            let four = [&above[..4], &above[4..], &below[..4], &below[4..]].map(pixel);
            let sum = std::array::from_fn(|k| four.iter().map(|pixel| pixel[k]).sum());
            *sample = weights.apply(sum, 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Luma, blue and red difference of one colour.
    fn yuv(colour: [u8; 3]) -> [u8; 3] {
        let rgba: Vec<u8> = [colour[0], colour[1], colour[2], 9].repeat(4);
        let (mut y, mut u, mut v) = ([0; 6], [0; 3], [0; 3]);
        luma(&rgba, 2, &mut y, 3);
        chroma(&rgba, 2, 1, &mut u, 3);
        chroma(&rgba, 2, 2, &mut v, 3);
        assert_eq!((y[0], y[1], y[2]), (y[3], y[4], 0));
        assert_eq!((u[1], u[2], v[1], v[2]), (0, 0, 0, 0));
        [y[0], u[0], v[0]]
    }

    /// The colour bars of ITU-R BT.709 in 8 bits.
    #[test]
    fn colours_are_those_of_the_standard() {
        assert_eq!(yuv([0, 0, 0]), [16, 128, 128]);
        assert_eq!(yuv([255, 255, 255]), [235, 128, 128]);
        assert_eq!(yuv([255, 0, 0]), [63, 102, 240]);
        assert_eq!(yuv([0, 255, 0]), [173, 42, 26]);
        assert_eq!(yuv([0, 0, 255]), [32, 240, 118]);
        assert_eq!(yuv([128, 128, 128]), [126, 128, 128]);
    }
}
