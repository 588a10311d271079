//! Numbers to planes, the way back of [`PlaneFrame::to_cloud`].
//!
//! V3's own packer cuts the fraction of a code off; here it is rounded to nearest, which halves the
//! error for the same decoder.

use std::sync::Arc;

use super::{AttributeRanges, PlaneFrame, PlaneLayout};
use crate::SplatCloud;

impl AttributeRanges {
    /// The smallest ranges that hold every visible Gaussian of all `clouds`, to be shared by the
    /// frames of a group. The opacity of invisible Gaussians counts too, so that they stay
    /// invisible; their other values do not.
    ///
    /// The ranges are for the highest SH degree among the clouds; lower ones count as 0 beyond
    /// their own. Attributes without any value get the range 0 to 0.
    pub fn of<'a>(clouds: impl IntoIterator<Item = &'a SplatCloud> + Clone) -> Self {
        let sh_degree = clouds
            .clone()
            .into_iter()
            .map(|cloud| cloud.sh_degree.min(3))
            .max()
            .unwrap_or(0);
        let layout = PlaneLayout::for_count(0, sh_degree);
        let mut values = vec![[f32::INFINITY, f32::NEG_INFINITY]; layout.attributes()];
        let opacity = attribute_of(layout.opacity_layer());
        let mut row = vec![0.0; layout.attributes()];
        for cloud in clouds {
            for k in 0..cloud.len() {
                gather(cloud, k, &mut row);
                let visible = row[opacity] > 0.0;
                for (attribute, (range, value)) in values.iter_mut().zip(&row).enumerate() {
                    if value.is_finite() && (visible || attribute == opacity) {
                        *range = [range[0].min(*value), range[1].max(*value)];
                    }
                }
            }
        }
        for range in &mut values {
            if range[0] > range[1] {
                *range = [0.0; 2];
            }
        }
        Self::from_values(values)
    }

    /// SH degree that the number of ranges stands for.
    pub fn sh_degree(&self) -> u8 {
        (0..=3)
            .find(|degree| PlaneLayout::for_count(0, *degree).attributes() == self.values().len())
            .unwrap_or(0)
    }
}

impl PlaneFrame {
    /// Quantises a cloud into planes, rounding to nearest; values beyond the ranges get the nearest
    /// code, padding is 0. SH coefficients beyond the degree of `ranges` are dropped, missing ones
    /// are 0.
    pub fn quantise(cloud: &SplatCloud, ranges: &Arc<AttributeRanges>) -> Self {
        // A cloud of more than u32::MAX Gaussians takes 240 GB and cannot be here.
        let count = u32::try_from(cloud.len()).unwrap_or(u32::MAX);
        let layout = PlaneLayout::for_count(count, ranges.sh_degree());
        let plane = layout.plane_samples();
        let mut samples = vec![0; layout.samples()];
        let mut row = vec![0.0; layout.attributes()];
        for k in 0..cloud.len() {
            gather(cloud, k, &mut row);
            for (attribute, (value, range)) in row.iter().zip(ranges.values()).enumerate() {
                if attribute < 3 {
                    let [low, high] = code(*value, *range, 65535.0).to_le_bytes();
                    samples[2 * attribute * plane + k] = low;
                    samples[(2 * attribute + 1) * plane + k] = high;
                } else {
                    // At most 255 by the maximum given.
                    samples[(attribute + 3) * plane + k] = code(*value, *range, 255.0) as u8;
                }
            }
        }
        Self {
            layout,
            ranges: ranges.clone(),
            samples,
        }
    }
}

/// Attribute of a layer beyond the positions.
fn attribute_of(layer: usize) -> usize {
    layer - 3
}

/// The nearest code of `value`, 0 where the range is empty.
fn code(value: f32, [low, high]: [f32; 2], code_max: f64) -> u16 {
    let (value, low, high) = (f64::from(value), f64::from(low), f64::from(high));
    if high <= low {
        return 0;
    }
    // The cast saturates and makes 0 of what is not a number.
    ((value - low) / (high - low) * code_max)
        .round()
        .clamp(0.0, code_max) as u16
}

/// All attributes of Gaussian `k` in the order of the ranges.
fn gather(cloud: &SplatCloud, k: usize, row: &mut [f32]) {
    let rest_values = row.len() - 14;
    row[..3].copy_from_slice(&cloud.positions[k]);
    row[3..6].copy_from_slice(&cloud.sh_dc[k]);
    let rest = cloud.rest_of(k).as_flattened();
    let kept = rest.len().min(rest_values);
    row[6..6 + kept].copy_from_slice(&rest[..kept]);
    row[6 + kept..6 + rest_values].fill(0.0);
    let tail = &mut row[6 + rest_values..];
    tail[0] = cloud.opacities[k];
    tail[1..4].copy_from_slice(&cloud.scales[k]);
    tail[4..8].copy_from_slice(&cloud.rotations[k]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud(count: usize, sh_degree: u8) -> SplatCloud {
        let mut cloud = SplatCloud::with_capacity(count, sh_degree);
        for k in 0..count {
            let t = k as f32 / count as f32;
            let rest: Vec<[f32; 3]> = (0..cloud.rest_coefficients())
                .map(|j| [t, -(j as f32) * t, (9.0 * t + j as f32).sin()])
                .collect();
            cloud.push(
                [t, 3.0 * t - 1.0, (7.0 * t).sin()],
                [1.0, t, -t, 0.2],
                [0.01 + t, 0.02 + 0.1 * t, 0.5 - 0.4 * t],
                0.05 + 0.9 * t,
                [t, -t, 0.3],
                &rest,
            );
        }
        cloud
    }

    #[test]
    fn every_value_comes_back_within_half_a_step() {
        for degree in 0..=3 {
            let cloud = cloud(77, degree);
            let ranges = Arc::new(AttributeRanges::of([&cloud]));
            assert_eq!(ranges.sh_degree(), degree);
            let frame = PlaneFrame::quantise(&cloud, &ranges);
            assert_eq!(frame.layout, PlaneLayout::for_count(77, degree));
            let back = frame.to_cloud();
            let (mut wanted, mut found) = (vec![0.0; ranges.values().len()], Vec::new());
            found.resize(wanted.len(), 0.0);
            for k in 0..cloud.len() {
                gather(&cloud, k, &mut wanted);
                gather(&back, k, &mut found);
                // Rotations are normalised on the way back, which moves them a little more.
                let exact = wanted.len() - 4;
                for (attribute, [low, high]) in ranges.values()[..exact].iter().enumerate() {
                    let steps = if attribute < 3 { 65535.0 } else { 255.0 };
                    let half_step = 0.5 * (high - low) / steps;
                    let error = (wanted[attribute] - found[attribute]).abs();
                    assert!(
                        error <= 1.01 * half_step + 1e-6,
                        "{attribute} at {k}: {error}"
                    );
                }
                for (x, y) in cloud.rotations[k].iter().zip(back.rotations[k]) {
                    assert!((x - y).abs() < 0.01);
                }
            }
        }
    }

    #[test]
    fn codes_are_rounded_and_clamped() {
        assert_eq!(code(0.499 / 255.0, [0.0, 1.0], 255.0), 0);
        assert_eq!(code(0.501 / 255.0, [0.0, 1.0], 255.0), 1);
        assert_eq!(code(2.0, [0.0, 1.0], 65535.0), 65535);
        assert_eq!(code(-2.0, [0.0, 1.0], 65535.0), 0);
        assert_eq!(code(f32::NAN, [0.0, 1.0], 255.0), 0);
        assert_eq!(code(5.0, [5.0, 5.0], 255.0), 0);
    }

    #[test]
    fn invisible_gaussians_widen_only_the_opacity() {
        let visible = cloud(10, 0);
        let mut both = visible.clone();
        both.push(
            [900.0; 3],
            [1.0, 0.0, 0.0, 0.0],
            [50.0; 3],
            0.0,
            [9.0; 3],
            &[],
        );
        let (narrow, wide) = (
            AttributeRanges::of([&visible]),
            AttributeRanges::of([&both]),
        );
        let opacity = 6;
        assert_eq!(wide.values()[opacity][0], 0.0);
        for (attribute, (a, b)) in narrow.values().iter().zip(wide.values()).enumerate() {
            assert!(attribute == opacity || a == b, "{attribute}");
        }
        let frame = PlaneFrame::quantise(&both, &Arc::new(wide));
        assert_eq!(frame.to_cloud().opacities[10], 0.0);
    }

    #[test]
    fn a_group_shares_ranges_and_the_highest_degree() {
        let (low, high) = (cloud(5, 0), cloud(9, 1));
        let ranges = Arc::new(AttributeRanges::of([&low, &high]));
        assert_eq!(ranges.sh_degree(), 1);
        let back = PlaneFrame::quantise(&low, &ranges).to_cloud();
        assert_eq!((back.len(), back.sh_degree), (5, 1));
        let step = ranges.values()[6..15].iter().map(|[a, b]| (b - a) / 255.0);
        let largest = step.fold(0.0, f32::max);
        assert!(
            back.sh_rest
                .each()
                .as_flattened()
                .iter()
                .all(|v| v.abs() <= largest)
        );
        let empty = AttributeRanges::of([]);
        assert_eq!(
            (empty.sh_degree(), empty.values()),
            (0, &[[0.0; 2]; 14][..])
        );
    }
}
