//! Where in the picture each Gaussian goes: pixels beside each other should hold Gaussians that are
//! alike, so that the planes are smooth.
//!
//! Two steps, the first as fast as a sort, the second after "Compact 3D Scene Representation via
//! Self-Organizing Gaussian Grids" (Morgenstern et al. 2024) and the linear assignment sorting that
//! it builds on: the space is cut in halves together with the picture, then pixels change places
//! where that brings each closer to the blurred picture around it.

use zoetrope_codecs::{Cancel, PlaneLayout, Result, SplatCloud};

use zoetrope_codecs::random::Random;

/// Values that Gaussians are compared by: position in three frames, colour and scale.
const FEATURES: usize = 15;
type Feature = [f32; FEATURES];

/// What one code step of difference in each kind of plane costs, beside one of the position's high
/// bytes, which are lossless.
const COLOUR_WEIGHT: f32 = 0.3;
const SCALE_WEIGHT: f32 = 0.3;
/// Attempts to change places for each pixel and radius.
const ATTEMPTS: usize = 12;
/// The picture's side is this many times the blur's first radius.
const FIRST_RADIUS_PART: f32 = 4.0;
/// The blur's radius becomes this much smaller from one round to the next.
const SHRINK: f32 = 0.8;

/// Slot of each pixel, for a group whose clouds are in slots. Deterministic.
///
/// # Errors
/// When `cancel` is set.
pub(crate) fn picture_order(clouds: &[SplatCloud], cancel: &Cancel) -> Result<Vec<u32>> {
    let count = clouds.first().map_or(0, SplatCloud::len);
    let side = PlaneLayout::side_for(count as u32) as usize;
    let features = features(clouds);
    let mut order: Vec<u32> = (0..count as u32).collect();
    let mut pixels = vec![0u32; count];
    cut(&features, &mut order, Cells::all(side, count), &mut pixels);
    refine(&features, &mut pixels, side, cancel)?;
    Ok(pixels)
}

fn features(clouds: &[SplatCloud]) -> Vec<Feature> {
    let Some(first) = clouds.first() else {
        return Vec::new();
    };
    let last = clouds.last().unwrap_or(first);
    let middle = clouds.get(clouds.len() / 2).unwrap_or(first);
    let mut features: Vec<Feature> = (0..first.len())
        .map(|k| {
            let mut feature = [0.0; FEATURES];
            for (t, cloud) in [first, middle, last].into_iter().enumerate() {
                feature[3 * t..3 * t + 3].copy_from_slice(&cloud.positions[k]);
            }
            feature[9..12].copy_from_slice(&middle.sh_dc[k]);
            feature[12..15].copy_from_slice(&middle.scales[k]);
            feature
        })
        .collect();
    normalise(&mut features);
    features
}

/// Brings each value to 0..1 as its plane does, times its weight.
fn normalise(features: &mut [Feature]) {
    let mut low = [f32::INFINITY; FEATURES];
    let mut high = [f32::NEG_INFINITY; FEATURES];
    for feature in features.iter() {
        for (i, value) in feature.iter().enumerate() {
            low[i] = low[i].min(*value);
            high[i] = high[i].max(*value);
        }
    }
    for feature in features {
        for (i, value) in feature.iter_mut().enumerate() {
            let weight = match i {
                0..9 => 1.0,
                9..12 => COLOUR_WEIGHT,
                _ => SCALE_WEIGHT,
            };
            let length = high[i] - low[i];
            *value = if length > 0.0 {
                (*value - low[i]) / length * weight
            } else {
                0.0
            };
        }
    }
}

/// A rectangle of the picture; pixels from `count` on in row-major order are padding.
#[derive(Clone, Copy)]
struct Cells {
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
    side: usize,
    count: usize,
}

impl Cells {
    fn all(side: usize, count: usize) -> Self {
        Self {
            left: 0,
            right: side,
            top: 0,
            bottom: count.div_ceil(side.max(1)),
            side,
            count,
        }
    }

    /// Pixels in it that are not padding.
    fn used(&self) -> usize {
        (self.top..self.bottom)
            .map(|row| {
                let start = row * self.side;
                self.right
                    .min(self.count.saturating_sub(start))
                    .saturating_sub(self.left)
            })
            .sum()
    }

    /// Both halves, cut across the longer side.
    fn halves(self) -> (Self, Self) {
        let (mut a, mut b) = (self, self);
        if self.right - self.left >= self.bottom - self.top {
            a.right = self.left.midpoint(self.right);
            b.left = a.right;
        } else {
            a.bottom = self.top.midpoint(self.bottom);
            b.top = a.bottom;
        }
        (a, b)
    }
}

/// Gives the slots of `order`, which are as many as the used pixels of `cells`, each a pixel.
fn cut(features: &[Feature], order: &mut [u32], cells: Cells, pixels: &mut [u32]) {
    match order {
        [] => {}
        [slot] => {
            for row in cells.top..cells.bottom {
                let start = row * cells.side;
                if start + cells.left < cells.count && cells.left < cells.right {
                    pixels[start + cells.left] = *slot;
                    return;
                }
            }
        }
        _ => {
            let (a, b) = cells.halves();
            let middle = a.used();
            if middle > 0 && middle < order.len() {
                let axis = longest_axis(features, order);
                order.select_nth_unstable_by(middle, |x, y| {
                    let (x_value, y_value) =
                        (features[*x as usize][axis], features[*y as usize][axis]);
                    x_value.total_cmp(&y_value).then(x.cmp(y))
                });
            }
            let (first, second) = order.split_at_mut(middle);
            cut(features, first, a, pixels);
            cut(features, second, b, pixels);
        }
    }
}

/// The value with the largest variance.
fn longest_axis(features: &[Feature], slots: &[u32]) -> usize {
    let mut sums = [0.0f64; FEATURES];
    let mut squares = [0.0f64; FEATURES];
    for slot in slots {
        for (i, value) in features[*slot as usize].iter().enumerate() {
            sums[i] += f64::from(*value);
            squares[i] += f64::from(value * value);
        }
    }
    let variance = |i: usize| squares[i] - sums[i] * sums[i] / slots.len() as f64;
    (0..FEATURES).fold(0, |best, i| {
        if variance(i) > variance(best) {
            i
        } else {
            best
        }
    })
}

/// Lets pixels change places while that brings both closer to what is around them.
fn refine(features: &[Feature], pixels: &mut [u32], side: usize, cancel: &Cancel) -> Result<()> {
    if pixels.len() < 4 {
        return Ok(());
    }
    let mut random = Random::new(1);
    let rows = pixels.len().div_ceil(side);
    let mut visits: Vec<u32> = (0..pixels.len() as u32).collect();
    let mut radius = (side as f32 / FIRST_RADIUS_PART).max(1.0);
    loop {
        cancel.check()?;
        let reach = radius.ceil() as usize;
        let blurred = blur(features, pixels, side, rows, reach);
        for _ in 0..ATTEMPTS {
            cancel.check()?;
            random.shuffle(&mut visits);
            for pixel in &visits {
                let pixel = *pixel as usize;
                let (x, y) = (pixel % side, pixel / side);
                let near = |random: &mut Random, at: usize, end: usize| {
                    let low = at.saturating_sub(reach);
                    low + random.below((at + reach + 1).min(end) - low)
                };
                let other = near(&mut random, y, rows) * side + near(&mut random, x, side);
                if other >= pixels.len() || other == pixel {
                    continue;
                }
                let (a, b) = (
                    &features[pixels[pixel] as usize],
                    &features[pixels[other] as usize],
                );
                // |a - A|² + |b - B|² > |b - A|² + |a - B|², where the squares cancel out.
                let gain: f32 = (0..FEATURES)
                    .map(|i| (b[i] - a[i]) * (blurred[pixel][i] - blurred[other][i]))
                    .sum();
                if gain > 0.0 {
                    pixels.swap(pixel, other);
                }
            }
        }
        if radius <= 1.0 {
            return Ok(());
        }
        radius = (radius * SHRINK).max(1.0);
    }
}

/// The mean over a square of 2 `reach` + 1 pixels around each pixel, as far as there are any. Means
/// of padding follow those of the pixels.
fn blur(
    features: &[Feature],
    pixels: &[u32],
    side: usize,
    rows: usize,
    reach: usize,
) -> Vec<Feature> {
    // The last row may be short; its padding has sums too, which the columns beside it need.
    let mut sums = vec![[0.0; FEATURES]; rows * side];
    let mut counts = vec![0.0f32; rows * side];
    // Along rows: a running sum over the window.
    for row in 0..rows {
        let start = row * side;
        let length = side.min(pixels.len() - start);
        let mut sum = [0.0f64; FEATURES];
        let mut count = 0.0f32;
        let mut add = |x: usize, sign: f32| {
            if x < length {
                let feature = &features[pixels[start + x] as usize];
                for (sum, value) in sum.iter_mut().zip(feature) {
                    *sum += f64::from(sign * *value);
                }
                count += sign;
            }
            (sum, count)
        };
        for x in 0..reach {
            add(x, 1.0);
        }
        for x in 0..side {
            let mut current = add(x + reach, 1.0);
            if x > reach {
                current = add(x - reach - 1, -1.0);
            }
            sums[start + x] = current.0.map(|sum| sum as f32);
            counts[start + x] = current.1;
        }
    }
    // Along columns.
    let mut means = vec![[0.0; FEATURES]; rows * side];
    for x in 0..side {
        let mut sum = [0.0f64; FEATURES];
        let mut weight = 0.0f64;
        let mut add = |y: usize, sign: f32| {
            if y < rows {
                weight += f64::from(sign * counts[y * side + x]);
                for (sum, value) in sum.iter_mut().zip(&sums[y * side + x]) {
                    *sum += f64::from(sign * *value);
                }
            }
            (sum, weight)
        };
        for y in 0..reach {
            add(y, 1.0);
        }
        for y in 0..rows {
            let mut current = add(y + reach, 1.0);
            if y > reach {
                current = add(y - reach - 1, -1.0);
            }
            means[y * side + x] = current.0.map(|sum| (sum / current.1.max(1.0)) as f32);
        }
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud(count: usize) -> SplatCloud {
        let mut random = Random::new(3);
        let mut cloud = SplatCloud::with_capacity(count, 0);
        for _ in 0..count {
            let (u, v) = (random.unit() * 6.3, random.unit() * 2.0 - 1.0);
            let r = (1.0 - v * v).sqrt();
            cloud.push(
                [r * u.cos(), r * u.sin(), v],
                [1.0, 0.0, 0.0, 0.0],
                [0.01; 3],
                0.5,
                [v, u, 0.0],
                &[],
            );
        }
        cloud
    }

    /// Mean distance between pixels beside each other.
    fn roughness(cloud: &SplatCloud, pixels: &[u32], side: usize) -> f32 {
        let at = |pixel: usize| cloud.positions[pixels[pixel] as usize];
        let pairs = (0..pixels.len()).flat_map(|pixel| {
            let right = (pixel % side + 1 < side).then_some(pixel + 1);
            [right, Some(pixel + side)]
                .into_iter()
                .flatten()
                .filter(|other| *other < pixels.len())
                .map(move |other| (pixel, other))
        });
        let distances: Vec<f32> = pairs
            .map(|(a, b)| crate::matching::distance_squared(at(a), at(b)).sqrt())
            .collect();
        distances.iter().sum::<f32>() / distances.len() as f32
    }

    #[test]
    fn every_slot_gets_one_pixel_and_neighbours_are_alike() {
        for count in [0, 1, 2, 3, 5, 63, 64, 65, 1000, 2917] {
            let cloud = cloud(count);
            let pixels =
                picture_order(std::slice::from_ref(&cloud), &Cancel::new()).expect("order");
            let mut sorted = pixels.clone();
            sorted.sort_unstable();
            assert!(sorted.iter().copied().eq(0..count as u32), "{count}");
            if count >= 1000 {
                let side = PlaneLayout::side_for(count as u32) as usize;
                let unsorted: Vec<u32> = (0..count as u32).collect();
                let (before, after) = (
                    roughness(&cloud, &unsorted, side),
                    roughness(&cloud, &pixels, side),
                );
                assert!(after < 0.2 * before, "{count}: {after} of {before}");
            }
        }
    }

    #[test]
    fn the_blur_is_the_mean_of_the_window() {
        let count = 61usize;
        let features: Vec<Feature> = (0..count)
            .map(|k| [(k * k % 17) as f32; FEATURES])
            .collect();
        let pixels: Vec<u32> = (0..count as u32).rev().collect();
        for reach in [1, 2, 9] {
            let blurred = blur(&features, &pixels, 8, 8, reach);
            for (pixel, found) in blurred.iter().enumerate().take(count) {
                let (x, y) = (pixel % 8, pixel / 8);
                let window: Vec<f32> = (0..count)
                    .filter(|k: &usize| {
                        (k % 8).abs_diff(x) <= reach && (k / 8).abs_diff(y) <= reach
                    })
                    .map(|k| features[pixels[k] as usize][0])
                    .collect();
                let mean = window.iter().sum::<f32>() / window.len() as f32;
                assert!(
                    (found[0] - mean).abs() < 1e-3,
                    "pixel {pixel}, reach {reach}"
                );
            }
        }
    }
}
