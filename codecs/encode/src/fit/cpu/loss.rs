//! The loss of a picture and its gradient.
//!
//! SSIM (Wang et al. 2004) with a Gaussian window of 11 x 11 and σ 1.5 wherever the whole window lies in the picture, a
//! channel at a time, as HNeRV's training has it. Rows go through one after the other: those that a window
//! reaches are kept in rings.

use pulp::{Arch, Simd, WithSimd};

use super::map::Map;
use crate::fit::loss::Loss;

/// Width and height of the window.
pub(in crate::fit) const WINDOW: usize = 11;
const REACH: usize = WINDOW - 1;
const SIGMA: f64 = 1.5;
/// What keeps SSIM's quotients from 0 / 0.
pub(in crate::fit) const C1: f32 = 0.01 * 0.01;
pub(in crate::fit) const C2: f32 = 0.03 * 0.03;
/// Rows of a task: those that its window reaches beyond are gone through twice.
const STRIP: usize = 256;

/// The window along one axis; its sum is 1.
pub(in crate::fit) fn window() -> [f32; WINDOW] {
    let bell = |k: usize| {
        let x = k as f64 - (REACH / 2) as f64;
        (-x * x / (2.0 * SIGMA * SIGMA)).exp()
    };
    let sum: f64 = (0..WINDOW).map(bell).sum();
    std::array::from_fn(|k| (bell(k) / sum) as f32)
}

/// Sums over some rows of one channel.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) absolute: f64,
    pub(super) squared: f64,
    /// Of SSIM, over the windows whose first row is one of these.
    pub(super) ssim: f64,
}

/// What a gradient's parts are multiplied with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factors {
    l1: f32,
    l2: f32,
    ssim: f32,
}

/// Windows in a picture of this size, of one channel.
pub(in crate::fit) fn windows(height: usize, width: usize) -> usize {
    height.saturating_sub(REACH) * width.saturating_sub(REACH)
}

impl Factors {
    /// For a mean over so many planes of this size. A picture smaller than the window has no SSIM.
    pub(super) fn new(loss: &Loss, planes: usize, height: usize, width: usize) -> Self {
        let numbers = (planes * height * width).max(1) as f32;
        let windows = planes * windows(height, width);
        Self {
            l1: loss.l1 / numbers,
            l2: 2.0 * loss.l2 / numbers,
            ssim: if windows > 0 {
                -loss.ssim / windows as f32
            } else {
                0.0
            },
        }
    }
}

/// A channel of a picture and of what it should be.
pub(super) struct Plane {
    pub(super) channel: usize,
    /// The loss's gradient, row by row.
    pub(super) gradient: Vec<f32>,
    strips: Vec<(Scratch, Sums)>,
}

/// Rows that a window reaches.
#[derive(Default)]
struct Scratch {
    /// x, t, x², t² and x t of a row.
    products: Vec<f32>,
    /// The same, filtered along the row, of [`WINDOW`] rows.
    along: Vec<f32>,
    /// The same, filtered both ways.
    means: Vec<f32>,
    /// SSIM's derivatives by the means of x, x² and x t, with zeros on both sides.
    slopes: Vec<f32>,
    /// The same, filtered along the row, of [`WINDOW`] rows.
    back: Vec<f32>,
}

/// Means that SSIM is made of.
const MEANS: usize = 5;
/// Those of them that the picture has a part in.
const SLOPES: usize = 3;

impl Plane {
    pub(super) fn new(channel: usize, height: usize, width: usize) -> Self {
        let strips = (0..height.div_ceil(STRIP)).map(|_| Default::default());
        Self {
            channel,
            gradient: vec![0.0; height * width],
            strips: strips.collect(),
        }
    }

    /// Tasks that may run side by side.
    pub(super) fn tasks<'a>(
        &'a mut self,
        picture: &'a Map,
        target: &'a [u8],
        factors: Factors,
    ) -> impl Iterator<Item = Strip<'a>> {
        let channel = self.channel;
        self.gradient
            .chunks_mut(STRIP * picture.width)
            .zip(&mut self.strips)
            .enumerate()
            .map(move |(index, (gradient, (scratch, sums)))| Strip {
                picture,
                channel,
                target,
                factors,
                first: index * STRIP,
                gradient,
                scratch,
                sums,
            })
    }

    /// Of the tasks' sums.
    pub(super) fn sums(&self) -> Sums {
        let add = |a: Sums, (_, b): &(Scratch, Sums)| Sums {
            absolute: a.absolute + b.absolute,
            squared: a.squared + b.squared,
            ssim: a.ssim + b.ssim,
        };
        self.strips.iter().fold(Sums::default(), add)
    }
}

/// Rows of a plane.
pub(super) struct Strip<'a> {
    picture: &'a Map,
    channel: usize,
    /// The whole plane, a byte a number.
    target: &'a [u8],
    factors: Factors,
    first: usize,
    gradient: &'a mut [f32],
    scratch: &'a mut Scratch,
    sums: &'a mut Sums,
}

impl Strip<'_> {
    pub(super) fn run(self, arch: Arch) {
        arch.dispatch(self);
    }
}

impl WithSimd for Strip<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        *self.sums = Sums::default();
        self.errors();
        if self.factors.ssim != 0.0 {
            self.similarity();
        }
    }
}

impl Strip<'_> {
    /// The part that each number has by itself.
    #[inline(always)]
    fn errors(&mut self) {
        let width = self.picture.width;
        let Factors { l1, l2, .. } = self.factors;
        for (index, gradient) in self.gradient.chunks_exact_mut(width).enumerate() {
            let y = self.first + index;
            let line = self.picture.line(y, self.channel);
            let target = &self.target[y * width..(y + 1) * width];
            // Partial sums by column, so that a vector's numbers stay apart.
            let (mut absolute, mut squared) = ([0.0_f32; 16], [0.0_f32; 16]);
            let pixels = gradient.chunks_mut(16).zip(line.chunks(16));
            for ((gradient, line), target) in pixels.zip(target.chunks(16)) {
                let numbers = gradient.iter_mut().zip(line).zip(target);
                let sums = absolute.iter_mut().zip(&mut squared);
                for (((gradient, x), t), (absolute, squared)) in numbers.zip(sums) {
                    let error = x - f32::from(*t) / 255.0;
                    let sign = if error > 0.0 {
                        1.0
                    } else if error < 0.0 {
                        -1.0
                    } else {
                        0.0
                    };
                    *gradient = l1 * sign + l2 * error;
                    *absolute += error.abs();
                    *squared += error * error;
                }
            }
            self.sums.absolute += f64::from(absolute.iter().sum::<f32>());
            self.sums.squared += f64::from(squared.iter().sum::<f32>());
        }
    }

    /// Adds SSIM's part. With q the windows, g the Gaussian and A, B, C SSIM's derivatives by the means of x, x² and
    /// x t in each, the gradient at p is Σ g(p - q) (A(q) + 2 x(p) B(q) + t(p) C(q)).
    #[inline(always)]
    fn similarity(&mut self) {
        let (height, width) = (self.picture.height, self.picture.width);
        let inner = width - REACH;
        let gaussian = window();
        let scratch = &mut *self.scratch;
        scratch.products.resize(MEANS * width, 0.0);
        scratch.along.resize(WINDOW * MEANS * inner, 0.0);
        scratch.means.resize(MEANS * inner, 0.0);
        scratch.slopes.resize(SLOPES * (inner + 2 * REACH), 0.0);
        scratch.back.resize(WINDOW * SLOPES * width, 0.0);
        let rows = self.gradient.len() / width;
        let first_window = self.first.saturating_sub(REACH);
        let windows = first_window..(self.first + rows).min(height - REACH);
        for y in windows.start..windows.end + REACH {
            let target = &self.target[y * width..(y + 1) * width];
            multiply(
                self.picture.line(y, self.channel),
                target,
                &mut scratch.products,
            );
            let slot = y % WINDOW * MEANS * inner;
            let along = &mut scratch.along[slot..slot + MEANS * inner];
            let lines = along.chunks_exact_mut(inner);
            for (line, product) in lines.zip(scratch.products.chunks_exact(width)) {
                filter_line(&gaussian, product, line);
            }
            if y < windows.start + REACH {
                continue;
            }
            let q = y - REACH;
            let all = MEANS * inner;
            filter_rows(&gaussian, &scratch.along, all, q, &mut scratch.means);
            let ssim = slopes(&scratch.means, inner, &mut scratch.slopes);
            if q >= self.first {
                self.sums.ssim += ssim;
            }
            let slot = q % WINDOW * SLOPES * width;
            let back = &mut scratch.back[slot..slot + SLOPES * width];
            let lines = back.chunks_exact_mut(width);
            for (line, slopes) in lines.zip(scratch.slopes.chunks_exact(inner + 2 * REACH)) {
                filter_line(&gaussian, slopes, line);
            }
            if q >= self.first {
                finish(
                    &gaussian,
                    self.factors.ssim,
                    scratch,
                    &windows,
                    q,
                    Line {
                        x: self.picture.line(q, self.channel),
                        t: &self.target[q * width..(q + 1) * width],
                        gradient: &mut self.gradient[(q - self.first) * width..][..width],
                    },
                );
            }
        }
        // Rows that are the first one of no window.
        for p in windows.end.max(self.first)..self.first + rows {
            finish(
                &gaussian,
                self.factors.ssim,
                scratch,
                &windows,
                p,
                Line {
                    x: self.picture.line(p, self.channel),
                    t: &self.target[p * width..(p + 1) * width],
                    gradient: &mut self.gradient[(p - self.first) * width..][..width],
                },
            );
        }
    }
}

/// A row of the picture, of what it should be, and of the gradient.
struct Line<'a> {
    x: &'a [f32],
    t: &'a [u8],
    gradient: &'a mut [f32],
}

/// x, t, x², t², x t.
#[inline(always)]
fn multiply(x: &[f32], t: &[u8], products: &mut [f32]) {
    let width = x.len();
    let (xs, rest) = products.split_at_mut(width);
    let (ts, rest) = rest.split_at_mut(width);
    let (xx, rest) = rest.split_at_mut(width);
    let (tt, xt) = rest.split_at_mut(width);
    xs.copy_from_slice(x);
    for (place, t) in ts.iter_mut().zip(t) {
        *place = f32::from(*t) / 255.0;
    }
    for (place, x) in xx.iter_mut().zip(x) {
        *place = x * x;
    }
    for (place, t) in tt.iter_mut().zip(&*ts) {
        *place = t * t;
    }
    for (place, (x, t)) in xt.iter_mut().zip(x.iter().zip(&*ts)) {
        *place = x * t;
    }
}

/// Σ g(k) near(k)(x).
#[inline(always)]
fn weigh(gaussian: &[f32; WINDOW], near: &[&[f32]; WINDOW], to: &mut [f32]) {
    for x in 0..to.len() {
        let mut sum = gaussian[0] * near[0][x];
        for k in 1..WINDOW {
            sum += gaussian[k] * near[k][x];
        }
        to[x] = sum;
    }
}

/// Σ g(k) from(x + k).
#[inline(always)]
fn filter_line(gaussian: &[f32; WINDOW], from: &[f32], to: &mut [f32]) {
    let count = to.len();
    let near = std::array::from_fn(|k| &from[k..k + count]);
    weigh(gaussian, &near, to);
}

/// Σ g(k) row(q + k); of a ring of rows.
#[inline(always)]
fn filter_rows(gaussian: &[f32; WINDOW], ring: &[f32], row: usize, q: usize, to: &mut [f32]) {
    let near = std::array::from_fn(|k| {
        let slot = (q + k) % WINDOW * row;
        &ring[slot..slot + row]
    });
    weigh(gaussian, &near, &mut to[..row]);
}

/// SSIM's derivatives by the means of x, x² and x t, each a line with [`REACH`] zeros on both sides. Gives the sum of
/// SSIM.
#[inline(always)]
fn slopes(means: &[f32], inner: usize, slopes: &mut [f32]) -> f64 {
    let line = inner + 2 * REACH;
    let (a, rest) = slopes.split_at_mut(line);
    let (b, c) = rest.split_at_mut(line);
    let places = a[REACH..REACH + inner]
        .iter_mut()
        .zip(&mut b[REACH..REACH + inner])
        .zip(&mut c[REACH..REACH + inner]);
    let mean = |k: usize| &means[k * inner..(k + 1) * inner];
    let (xs, ts, xxs, tts, xts) = (mean(0), mean(1), mean(2), mean(3), mean(4));
    let numbers = xs.iter().zip(ts).zip(xxs.iter().zip(tts).zip(xts));
    for (((a, b), c), ((x, t), ((xx, tt), xt))) in places.zip(numbers) {
        let top = [2.0 * x * t + C1, 2.0 * (xt - x * t) + C2];
        let bottom = [x * x + t * t + C1, xx - x * x + tt - t * t + C2];
        let inverse = 1.0 / (bottom[0] * bottom[1]);
        let ssim = top[0] * top[1] * inverse;
        let by_xt = 2.0 * top[0] * inverse;
        let by_xx = -ssim / bottom[1];
        *a = 2.0 * t * top[1] * inverse - 2.0 * x * ssim / bottom[0] - t * by_xt - 2.0 * x * by_xx;
        *b = by_xx;
        *c = by_xt;
    }
    // Again and apart: a sum in between would keep the loop above from vectors.
    let mut sums = [0.0_f32; 16];
    let lines = xs.chunks(16).zip(ts.chunks(16));
    let squares = xxs.chunks(16).zip(tts.chunks(16)).zip(xts.chunks(16));
    for ((xs, ts), ((xxs, tts), xts)) in lines.zip(squares) {
        let numbers = xs.iter().zip(ts).zip(xxs.iter().zip(tts).zip(xts));
        for (sum, ((x, t), ((xx, tt), xt))) in sums.iter_mut().zip(numbers) {
            let top = (2.0 * x * t + C1) * (2.0 * (xt - x * t) + C2);
            let bottom = (x * x + t * t + C1) * (xx - x * x + tt - t * t + C2);
            *sum += top / bottom;
        }
    }
    f64::from(sums.iter().sum::<f32>())
}

/// The gradient of row `p`, once all windows over it are known.
#[inline(always)]
fn finish(
    gaussian: &[f32; WINDOW],
    factor: f32,
    scratch: &mut Scratch,
    windows: &std::ops::Range<usize>,
    p: usize,
    line: Line<'_>,
) {
    let width = line.gradient.len();
    let row = SLOPES * width;
    let sums = &mut scratch.products[..row];
    sums.fill(0.0);
    let over = p.saturating_sub(REACH).max(windows.start)..(p + 1).min(windows.end);
    for q in over {
        let slot = q % WINDOW * row;
        let weight = gaussian[p - q];
        for (sum, slope) in sums.iter_mut().zip(&scratch.back[slot..slot + row]) {
            *sum += weight * slope;
        }
    }
    let (a, rest) = sums.split_at(width);
    let (b, c) = rest.split_at(width);
    let numbers = line.gradient.iter_mut().zip(line.x).zip(line.t);
    for ((((gradient, x), t), a), (b, c)) in numbers.zip(a).zip(b.iter().zip(c)) {
        *gradient += factor * (a + 2.0 * x * b + f32::from(*t) / 255.0 * c);
    }
}
