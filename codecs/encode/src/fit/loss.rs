//! What is minimised.

/// Shares of the loss: `l1` |x - t| + `l2` (x - t)² + `ssim` (1 - SSIM), each a mean over all numbers, colours being
/// 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loss {
    /// Of the mean absolute error.
    pub l1: f32,
    /// Of the mean squared error.
    pub l2: f32,
    /// Of 1 - SSIM.
    pub ssim: f32,
}

impl Loss {
    /// What PSNR is of; without SSIM a step takes less time, too.
    pub const SQUARED: Self = Self {
        l1: 0.0,
        l2: 1.0,
        ssim: 0.0,
    };
    /// HNeRV's.
    pub const HNERV: Self = Self {
        l1: 0.7,
        l2: 0.0,
        ssim: 0.3,
    };
}
