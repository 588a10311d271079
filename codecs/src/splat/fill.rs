//! Fills a cloud in blocks of rows on all cores, each straight into its place.

use std::ops::Range;

use rayon::prelude::*;

use super::SplatCloud;
use crate::gaussian_video::rest_coefficients;
use crate::{Cancel, Result};

/// Blocks of rows for each core that are in the works at a time. Files are read about in order, so
/// that one that comes over the network need not be there whole.
const BLOCKS_PER_CORE: usize = 8;

/// Some consecutive Gaussians of a cloud, all arrays of the length of `rows` (`sh_rest` of that
/// times the coefficients of each).
///
/// Whoever fills it writes any numbers; it is [`fill`] that normalises quaternions and takes out
/// what is not finite.
pub(super) struct Block<'a> {
    /// Which rows of the cloud these are.
    pub(super) rows: Range<usize>,
    pub(super) positions: &'a mut [[f32; 3]],
    pub(super) rotations: &'a mut [[f32; 4]],
    pub(super) scales: &'a mut [[f32; 3]],
    pub(super) opacities: &'a mut [f32],
    pub(super) sh_dc: &'a mut [[f32; 3]],
    pub(super) sh_rest: &'a mut [[f32; 3]],
}

/// A cloud of `count` Gaussians, each `block_rows` of which `decode` writes, with the rules of
/// [`SplatCloud::push`] for what is not finite.
///
/// # Errors
/// Those of `decode`, and [`crate::Error::Cancelled`].
pub(super) fn fill(
    count: usize,
    sh_degree: u8,
    block_rows: usize,
    cancel: &Cancel,
    decode: impl Fn(&mut Block) -> Result<()> + Sync,
) -> Result<SplatCloud> {
    let mut cloud = SplatCloud {
        positions: vec![[0.0; 3]; count],
        rotations: vec![[0.0; 4]; count],
        scales: vec![[0.0; 3]; count],
        opacities: vec![0.0; count],
        sh_dc: vec![[0.0; 3]; count],
        sh_rest: vec![[0.0; 3]; count * rest_coefficients(sh_degree)],
        sh_degree,
        ..SplatCloud::default()
    };
    let mut blocks = blocks(&mut cloud, block_rows.max(1));
    let together = BLOCKS_PER_CORE * rayon::current_num_threads();
    let mut dropped = 0;
    for some in blocks.chunks_mut(together) {
        dropped += some
            .par_iter_mut()
            .map(|block| {
                cancel.check()?;
                decode(block)?;
                Ok(block.sanitise())
            })
            .try_reduce(|| 0, |a, b| Ok(a + b))?;
    }
    cloud.dropped = dropped;
    Ok(cloud)
}

fn blocks(cloud: &mut SplatCloud, rows: usize) -> Vec<Block<'_>> {
    let rest = cloud.rest_coefficients();
    let mut sh_rest = cloud.sh_rest.as_mut_slice();
    let mut first = 0;
    let arrays = cloud
        .positions
        .chunks_mut(rows)
        .zip(cloud.rotations.chunks_mut(rows))
        .zip(cloud.scales.chunks_mut(rows))
        .zip(cloud.opacities.chunks_mut(rows))
        .zip(cloud.sh_dc.chunks_mut(rows));
    let block = |((((positions, rotations), scales), opacities), sh_dc)| {
        let positions: &mut [[f32; 3]] = positions;
        let rows = first..first + positions.len();
        first = rows.end;
        let (own, others) = std::mem::take(&mut sh_rest).split_at_mut(rows.len() * rest);
        sh_rest = others;
        Block {
            rows,
            positions,
            rotations,
            scales,
            opacities,
            sh_dc,
            sh_rest: own,
        }
    };
    arrays.map(block).collect()
}

impl Block<'_> {
    /// Normalises the quaternions, clamps the opacities, and makes what cannot be drawn an invisible
    /// point. Returns how many those are.
    fn sanitise(&mut self) -> usize {
        // Nearly always there are none, and this look at whole arrays is the fastest.
        let finite = all_finite(self.positions.as_flattened())
            && all_finite(self.scales.as_flattened())
            && all_finite(self.opacities)
            && all_finite(self.sh_dc.as_flattened())
            && all_finite(self.sh_rest.as_flattened());
        let rest = self.sh_rest.len() / self.positions.len().max(1);
        let mut dropped = 0;
        for k in 0..self.positions.len() {
            let rotation = self.rotations[k];
            let norm = rotation.iter().map(|part| part * part).sum::<f32>().sqrt();
            let drawn = norm.is_finite() && norm >= 1e-12 && (finite || self.is_finite(k, rest));
            if drawn {
                self.rotations[k] = rotation.map(|part| part / norm);
                self.opacities[k] = self.opacities[k].clamp(0.0, 1.0);
            } else {
                dropped += 1;
                self.positions[k] = [0.0; 3];
                self.rotations[k] = [1.0, 0.0, 0.0, 0.0];
                self.scales[k] = [0.0; 3];
                self.opacities[k] = 0.0;
                self.sh_dc[k] = [0.0; 3];
                self.sh_rest[k * rest..(k + 1) * rest].fill([0.0; 3]);
            }
        }
        dropped
    }

    fn is_finite(&self, k: usize, rest: usize) -> bool {
        all_finite(&self.positions[k])
            && all_finite(&self.scales[k])
            && self.opacities[k].is_finite()
            && all_finite(&self.sh_dc[k])
            && all_finite(self.sh_rest[k * rest..(k + 1) * rest].as_flattened())
    }
}

/// Whether all are finite: the largest size, as bits, is below that of infinity.
fn all_finite(values: &[f32]) -> bool {
    let largest = values.iter().fold(0, |largest: u32, value| {
        largest.max(value.to_bits() & 0x7fff_ffff)
    });
    largest < f32::INFINITY.to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What [`fill`] makes of rows must be what `push` makes of them, whatever is wrong in them.
    #[test]
    fn a_filled_cloud_is_a_pushed_one() {
        const COUNT: usize = 203;
        for sh_degree in 0..=3 {
            let rest = rest_coefficients(sh_degree);
            let values = 14 + 3 * rest;
            let row = |k: usize| -> Vec<f32> {
                let mut row: Vec<f32> = (0..values)
                    .map(|column| ((k * values + column) as f32 * 0.7).sin())
                    .collect();
                // Each column is once not a number, once infinite.
                if let Some(value) = row.get_mut(k) {
                    *value = f32::NAN;
                } else if let Some(value) = row.get_mut(k - values) {
                    *value = f32::NEG_INFINITY;
                }
                if k > 190 {
                    row[3..7].fill(if k > 195 { 0.0 } else { 1e30 });
                }
                row
            };
            let part = |k: usize, from: usize| -> [f32; 3] {
                row(k)[from..from + 3].try_into().expect("three")
            };
            let mut pushed = SplatCloud::with_capacity(COUNT, sh_degree);
            for k in 0..COUNT {
                let rest: Vec<[f32; 3]> = (0..rest).map(|j| part(k, 14 + 3 * j)).collect();
                let rotation = row(k)[3..7].try_into().expect("four");
                let opacity = 2.0 * row(k)[10];
                pushed.push(
                    part(k, 0),
                    rotation,
                    part(k, 7),
                    opacity,
                    part(k, 11),
                    &rest,
                );
            }
            assert!(pushed.dropped >= 28);
            for block_rows in [1, 64, 1000] {
                let filled = fill(COUNT, sh_degree, block_rows, &Cancel::new(), |block| {
                    for (place, k) in block.rows.clone().enumerate() {
                        block.positions[place] = part(k, 0);
                        block.rotations[place].copy_from_slice(&row(k)[3..7]);
                        block.scales[place] = part(k, 7);
                        block.opacities[place] = 2.0 * row(k)[10];
                        block.sh_dc[place] = part(k, 11);
                        for j in 0..rest {
                            block.sh_rest[place * rest + j] = part(k, 14 + 3 * j);
                        }
                    }
                    Ok(())
                });
                assert_eq!(filled.expect("fills"), pushed);
            }
        }
    }

    #[test]
    fn filling_stops_when_asked_to() {
        let cancel = Cancel::new();
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let result = fill(100_000, 0, 10, &cancel, |_| {
            asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            cancel.cancel();
            Ok(())
        });
        assert!(matches!(result, Err(crate::Error::Cancelled)));
        assert!(asked.into_inner() < 10_000);
    }
}
