//! A finished picture in memory, and how far two of them differ.

use zoetrope_codecs::PictureFrame;

use crate::{Error, Result};

/// 8-bit RGBA in display space, row-major from the top, without gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `width * height * 4` bytes.
    pub rgba: Vec<u8>,
}

impl From<Picture> for PictureFrame {
    fn from(picture: Picture) -> Self {
        Self {
            width: picture.width,
            height: picture.height,
            rgba: picture.rgba,
        }
    }
}

impl Picture {
    /// The samples without alpha: three a pixel.
    pub fn rgb(&self) -> Vec<u8> {
        let pixels = self.rgba.chunks_exact(4);
        pixels
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
            .collect()
    }

    /// Peak signal-to-noise ratio over red, green and blue in dB; infinite when equal.
    ///
    /// # Errors
    /// [`Error::SizeMismatch`] when the sizes differ.
    pub fn psnr(&self, other: &Self) -> Result<f64> {
        self.same_size(other)?;
        let mut square_sum = 0_u64;
        for (a, b) in self.rgba.chunks_exact(4).zip(other.rgba.chunks_exact(4)) {
            for channel in 0..3 {
                let difference = u64::from(a[channel].abs_diff(b[channel]));
                square_sum += difference * difference;
            }
        }
        let samples = 3.0 * f64::from(self.width) * f64::from(self.height);
        let mean = square_sum as f64 / samples;
        Ok(if square_sum == 0 {
            f64::INFINITY
        } else {
            10.0 * (255.0 * 255.0 / mean).log10()
        })
    }

    /// Mean structural similarity of luma, 1 when equal: "Image Quality Assessment: From Error
    /// Visibility to Structural Similarity" (Wang et al. 2004), with its Gaussian window of 11
    /// pixels and sigma 1.5, cut at the border, K1 = 0.01 and K2 = 0.03.
    ///
    /// # Errors
    /// [`Error::SizeMismatch`] when the sizes differ.
    pub fn ssim(&self, other: &Self) -> Result<f64> {
        self.same_size(other)?;
        let (a, b) = (self.luma(), other.luma());
        let product =
            |x: &[f64], y: &[f64]| -> Vec<f64> { x.iter().zip(y).map(|(x, y)| x * y).collect() };
        let blur = |values: &[f64]| gaussian_blur(values, self.width as usize);
        let (mean_a, mean_b) = (blur(&a), blur(&b));
        let (square_a, square_b) = (blur(&product(&a, &a)), blur(&product(&b, &b)));
        let both = blur(&product(&a, &b));
        let c1 = (0.01_f64 * 255.0).powi(2);
        let c2 = (0.03_f64 * 255.0).powi(2);
        let sum: f64 = (0..a.len())
            .map(|k| {
                let (ma, mb) = (mean_a[k], mean_b[k]);
                let (va, vb) = (square_a[k] - ma * ma, square_b[k] - mb * mb);
                let covariance = both[k] - ma * mb;
                (2.0 * ma * mb + c1) * (2.0 * covariance + c2)
                    / ((ma * ma + mb * mb + c1) * (va + vb + c2))
            })
            .sum();
        Ok(sum / a.len().max(1) as f64)
    }

    /// The picture at 1/`n` of its size (rounded down, at least one pixel), each pixel the mean of
    /// `n` x `n`. `n` = 0 counts as 1.
    #[must_use]
    pub fn downsample(&self, n: u32) -> Self {
        let n = n.clamp(1, self.width.min(self.height).max(1));
        let (width, height) = (self.width / n, self.height / n);
        let mut rgba = Vec::with_capacity(width as usize * height as usize * 4);
        let area = u64::from(n) * u64::from(n);
        for y in 0..height {
            for x in 0..width {
                let mut sums = [0_u64; 4];
                for row in y * n..(y + 1) * n {
                    let start = (row as usize * self.width as usize + (x * n) as usize) * 4;
                    for pixel in self.rgba[start..start + n as usize * 4].chunks_exact(4) {
                        for (sum, value) in sums.iter_mut().zip(pixel) {
                            *sum += u64::from(*value);
                        }
                    }
                }
                rgba.extend(sums.map(|sum| ((sum + area / 2) / area) as u8));
            }
        }
        Self {
            width,
            height,
            rgba,
        }
    }

    fn same_size(&self, other: &Self) -> Result<()> {
        if (self.width, self.height) == (other.width, other.height) {
            return Ok(());
        }
        Err(Error::SizeMismatch {
            ours: [self.width, self.height],
            theirs: [other.width, other.height],
        })
    }

    /// Luma by ITU-R BT.601, 0 to 255.
    fn luma(&self) -> Vec<f64> {
        self.rgba
            .chunks_exact(4)
            .map(|pixel| {
                let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(f64::from);
                0.299 * r + 0.587 * g + 0.114 * b
            })
            .collect()
    }
}

/// Gaussian blur with sigma 1.5 and 11 taps, weights renormalised where the window is cut.
fn gaussian_blur(values: &[f64], width: usize) -> Vec<f64> {
    let height = values.len() / width.max(1);
    let weights: [f64; 11] = std::array::from_fn(|k| {
        let x = k as f64 - 5.0;
        (-x * x / (2.0 * 1.5 * 1.5)).exp()
    });
    let pass = |source: &[f64], length: usize, step: usize, position: usize, start: usize| {
        let (mut sum, mut total) = (0.0, 0.0);
        for (k, weight) in weights.iter().enumerate() {
            if let Some(at) = (position + k).checked_sub(5).filter(|at| *at < length) {
                sum += weight * source[start + at * step];
                total += weight;
            }
        }
        sum / total
    };
    let mut rows = vec![0.0; values.len()];
    let mut result = vec![0.0; values.len()];
    for y in 0..height {
        for x in 0..width {
            rows[y * width + x] = pass(values, width, 1, x, y * width);
        }
    }
    for y in 0..height {
        for x in 0..width {
            result[y * width + x] = pass(&rows, height, width, y, x);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, value: impl Fn(u32, u32) -> u8) -> Picture {
        let rgba = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .flat_map(|(x, y)| {
                let v = value(x, y);
                [v, v, v, 255]
            })
            .collect();
        Picture {
            width,
            height,
            rgba,
        }
    }

    #[test]
    fn psnr_of_a_constant_difference() {
        let a = picture(7, 5, |x, y| (x * 20 + y) as u8);
        let b = picture(7, 5, |x, y| (x * 20 + y) as u8 + 1);
        assert_eq!(a.psnr(&a), Ok(f64::INFINITY));
        assert!((a.psnr(&b).expect("same size") - 48.1308).abs() < 1e-3);
        assert!(matches!(
            a.psnr(&picture(5, 7, |_, _| 0)),
            Err(Error::SizeMismatch { .. })
        ));
    }

    #[test]
    fn ssim_is_one_for_equal_and_less_for_noise() {
        let a = picture(40, 30, |x, y| (x * 5 + y) as u8);
        let b = picture(40, 30, |x, y| {
            (x * 5 + y) as u8 ^ ((x * 7 + y * 13) % 3 * 16) as u8
        });
        assert!((a.ssim(&a).expect("same size") - 1.0).abs() < 1e-12);
        let noisy = a.ssim(&b).expect("same size");
        assert!(noisy > 0.1 && noisy < 0.95, "{noisy}");
        // Constant pictures: only the luminance term is left.
        let (black, grey) = (picture(12, 12, |_, _| 0), picture(12, 12, |_, _| 100));
        let c1 = 6.5025;
        let expected = c1 / (100.0 * 100.0 + c1);
        assert!((black.ssim(&grey).expect("same size") - expected).abs() < 1e-9);
    }

    #[test]
    fn downsample_takes_means() {
        let a = picture(5, 4, |x, y| (x * 10 + y) as u8);
        let half = a.downsample(2);
        assert_eq!((half.width, half.height), (2, 2));
        assert_eq!(half.rgba[..8], [6, 6, 6, 255, 26, 26, 26, 255]);
        assert_eq!(a.downsample(0), a);
        assert_eq!(a.downsample(100).height, 1);
    }
}
