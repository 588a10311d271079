//! The loss as burn's tensors: what `cpu/loss.rs` computes row by row, by the same formulas.

use burn_tensor::module::conv2d;
use burn_tensor::ops::ConvOptions;
use burn_tensor::{Device, Tensor, TensorData};

use crate::fit::cpu::loss::{C1, C2, WINDOW, window, windows};
use crate::fit::loss::Loss;

/// SSIM's window on a device.
pub(super) struct Similarity {
    across: Tensor<4>,
    down: Tensor<4>,
}

/// Mean over all numbers; `pictures` and `targets` are evaluations, channels, rows, columns.
pub(super) fn loss(
    loss: &Loss,
    pictures: Tensor<4>,
    targets: Tensor<4>,
    similarity: Option<&Similarity>,
) -> Tensor<1> {
    let errors = pictures.clone() - targets.clone();
    // Something to differentiate, even where nothing is minimised.
    let mut sum = (errors.clone() * 0.0).sum();
    if loss.l1 != 0.0 {
        sum = sum + errors.clone().abs().mean() * loss.l1;
    }
    if loss.l2 != 0.0 {
        sum = sum + errors.square().mean() * loss.l2;
    }
    if let Some(similarity) = similarity
        && loss.ssim != 0.0
    {
        let mean = similarity.mean(pictures, targets);
        sum = sum + (-mean + 1.0) * loss.ssim;
    }
    sum
}

/// Of each evaluation's pictures.
pub(super) fn squared_errors(pictures: Tensor<4>, targets: Tensor<4>) -> Tensor<1> {
    let count = pictures.dims()[0];
    let squares = (pictures - targets).square();
    squares
        .reshape([count as i64, -1])
        .mean_dim(1)
        .reshape([-1])
}

impl Similarity {
    /// For pictures of this height and width; `None` where no window lies in them.
    pub(super) fn new([height, width]: [usize; 2], device: &Device) -> Option<Self> {
        let weights = |sizes| Tensor::from_data(TensorData::new(window().to_vec(), sizes), device);
        (windows(height, width) > 0).then(|| Self {
            across: weights([1, 1, 1, WINDOW]),
            down: weights([1, 1, WINDOW, 1]),
        })
    }

    /// Weighted means over all windows, each channel by itself.
    fn filter(&self, numbers: Tensor<4>) -> Tensor<4> {
        let [count, channels, height, width] = numbers.dims();
        let planes = numbers.reshape([count * channels, 1, height, width]);
        let options = || ConvOptions::new([1; 2], [0; 2], [1; 2], 1);
        let along = conv2d(planes, self.across.clone(), None, options());
        conv2d(along, self.down.clone(), None, options())
    }

    /// Mean SSIM of all windows.
    fn mean(&self, x: Tensor<4>, t: Tensor<4>) -> Tensor<1> {
        let (mx, mt) = (self.filter(x.clone()), self.filter(t.clone()));
        let (mxx, mtt, mxt) = (mx.clone().square(), mt.clone().square(), mx * mt);
        let xx = self.filter(x.clone().square()) - mxx.clone();
        let tt = self.filter(t.clone().square()) - mtt.clone();
        let xt = self.filter(x * t) - mxt.clone();
        let top = (mxt * 2.0 + C1) * (xt * 2.0 + C2);
        let bottom = (mxx + mtt + C1) * (xx + tt + C2);
        (top / bottom).mean()
    }
}
