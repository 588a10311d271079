//! Fills a cloud in blocks of rows on all cores, each straight into its place.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::SplatCloud;
use super::mend::{Row, is_direction, mend, norm, within};
use crate::{Cancel, Result, limits};

/// Blocks of rows for each core that are in the works at a time. Files are read about in order, so
/// that one that comes over the network need not be there whole.
const BLOCKS_PER_CORE: usize = 8;

/// Rows of a block that is only sanitised.
const SANITISED_ROWS: usize = 16_384;

/// Some consecutive Gaussians of a cloud, all arrays of the length of `rows` (`sh_rest` of that
/// times the coefficients of each).
///
/// Whoever fills it writes any numbers; it is [`fill`] that makes them Gaussians that can be drawn.
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
/// [`SplatCloud::push`] for what cannot be drawn.
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
    let mut cloud = SplatCloud::zeroed(count, sh_degree);
    let mut blocks = blocks(&mut cloud, block_rows.max(1));
    let together = BLOCKS_PER_CORE * rayon::current_num_threads();
    let (count, done) = (blocks.len(), AtomicUsize::new(0));
    let mut dropped = 0;
    for some in blocks.chunks_mut(together) {
        dropped += some
            .par_iter_mut()
            .map(|block| {
                cancel.check()?;
                decode(block)?;
                let dropped = block.sanitise();
                cancel.note_progress(1 + done.fetch_add(1, Ordering::Relaxed), count);
                Ok(dropped)
            })
            .try_reduce(|| 0, |a, b| Ok(a + b))?;
    }
    cloud.dropped = dropped;
    Ok(cloud)
}

impl SplatCloud {
    /// Does to all Gaussians what [`Self::push`] does to each: for readers that fill the arrays
    /// themselves. Gaussians that are sound already stay as they are but for the last bit of their
    /// quaternions, and are not counted twice.
    ///
    /// The arrays must have one length, and `sh_rest` that of all coefficients.
    pub fn sanitise(&mut self) {
        let dropped: usize = blocks(self, SANITISED_ROWS)
            .par_iter_mut()
            .map(Block::sanitise)
            .sum();
        self.dropped += dropped;
    }
}

fn blocks(cloud: &mut SplatCloud, rows: usize) -> Vec<Block<'_>> {
    let rest = cloud.rest_coefficients();
    let mut sh_rest = cloud.sh_rest.each_mut().as_mut_slice();
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
    /// Makes all rows ones that can be drawn, see [`mend`]. Returns how many cannot be.
    fn sanitise(&mut self) -> usize {
        // Nearly always all can be, and this look at whole arrays is the fastest.
        if self.is_sound() {
            for rotation in &mut *self.rotations {
                let norm = norm(rotation);
                *rotation = rotation.map(|part| part / norm);
            }
            for scale in self.scales.as_flattened_mut() {
                *scale = scale.abs();
            }
            for opacity in &mut *self.opacities {
                *opacity = opacity.clamp(0.0, 1.0);
            }
            return 0;
        }
        let rest = self.sh_rest.len() / self.positions.len().max(1);
        let is_broken = |k: &usize| {
            !mend(Row {
                position: &mut self.positions[*k],
                rotation: &mut self.rotations[*k],
                scale: &mut self.scales[*k],
                opacity: &mut self.opacities[*k],
                sh_dc: &mut self.sh_dc[*k],
                sh_rest: &mut self.sh_rest[k * rest..(k + 1) * rest],
            })
        };
        (0..self.rows.len()).filter(is_broken).count()
    }

    fn is_sound(&self) -> bool {
        within(self.positions.as_flattened(), limits::MAX_COORDINATE)
            && within(self.scales.as_flattened(), limits::MAX_SCALE)
            && within(self.opacities, f32::MAX)
            && within(self.sh_dc.as_flattened(), f32::MAX)
            && within(self.sh_rest.as_flattened(), f32::MAX)
            && self
                .rotations
                .iter()
                .fold(true, |all, rotation| all & is_direction(norm(rotation)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaussian_video::rest_coefficients;

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
        let asked = AtomicUsize::new(0);
        let result = fill(100_000, 0, 10, &cancel, |_| {
            asked.fetch_add(1, Ordering::Relaxed);
            cancel.cancel();
            Ok(())
        });
        assert!(matches!(result, Err(crate::Error::Cancelled)));
        assert!(asked.into_inner() < 10_000);
    }
}
