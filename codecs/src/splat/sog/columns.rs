//! From pictures to arrays. What a fill returns is whether all that it wrote can be drawn as it is, which
//! is told by the values of the codes: so nobody has to look at each Gaussian again.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::super::mend::within;
use super::super::smallest_three;
use super::meta::{Meta, coordinate};
use super::picture::{Picture, Pixels};
use crate::{Cancel, Result, limits};

/// Gaussians that one task fills at least.
const TASK_ROWS: usize = 8 << 10;
/// Gaussians between two looks at the cancel flag.
const PIECE_ROWS: usize = 1 << 20;
/// Alpha values from this one on name the largest part of a quaternion: w, x, y, z.
const LARGEST_W: u8 = 252;

/// Fills positions out of the pictures of the low and the high bytes of their codes.
pub(super) fn fill_positions(
    positions: &mut Vec<[f32; 3]>,
    [low, high]: [&Picture; 2],
    meta: &Meta,
    cancel: &Cancel,
) -> Result<bool> {
    let coordinates = Coordinates::new(meta);
    let place = |low: [u8; 3], high: [u8; 3]| {
        std::array::from_fn(|axis| coordinates.get(axis, [low[axis], high[axis]]))
    };
    let count = meta.count as usize;
    positions.reserve_exact(count);
    for first in (0..count).step_by(PIECE_ROWS) {
        cancel.check()?;
        let rows = first..count.min(first + PIECE_ROWS);
        let rows = rows.into_par_iter().with_min_len(TASK_ROWS);
        positions.par_extend(rows.map(|k| place(low.colour(k), high.colour(k))));
    }
    Ok(coordinates.are_sound())
}

/// Fills linear scales.
pub(super) fn fill_scales(
    scales: &mut Vec<[f32; 3]>,
    picture: &Picture,
    meta: &Meta,
    cancel: &Cancel,
) -> Result<bool> {
    let mut values: [_; 3] = meta.scales.values();
    for value in values.as_flattened_mut() {
        *value = value.exp();
    }
    let count = meta.count as usize;
    fill(scales, picture, count, cancel, |codes| {
        look_up(&values, codes)
    })?;
    Ok(within(values.as_flattened(), limits::MAX_SCALE))
}

/// Fills SH coefficients of degree 0, and opacities.
pub(super) fn fill_colours(
    sh_dc: &mut Vec<[f32; 3]>,
    opacities: &mut Vec<f32>,
    picture: &Picture,
    meta: &Meta,
    cancel: &Cancel,
) -> Result<bool> {
    let [red, green, blue, logits] = meta.sh0.values();
    let values = [red, green, blue];
    let of_alpha: [f32; 256] = std::array::from_fn(|code| {
        if meta.version == 1 {
            1.0 / (1.0 + (-logits[code]).exp())
        } else {
            code as f32 / 255.0
        }
    });
    let count = meta.count as usize;
    fill(sh_dc, picture, count, cancel, |codes| {
        look_up(&values, codes)
    })?;
    fill(opacities, picture, count, cancel, |codes| {
        of_alpha[usize::from(codes[3])]
    })?;
    Ok(within(values.as_flattened(), f32::MAX) && within(&of_alpha, 1.0))
}

/// Fills unit quaternions; zeros where there is no rotation at all.
pub(super) fn fill_rotations(
    rotations: &mut Vec<[f32; 4]>,
    picture: &Picture,
    count: usize,
    cancel: &Cancel,
) -> Result<bool> {
    let part = |code: usize| (code as f32 / 255.0 - 0.5) * std::f32::consts::SQRT_2;
    let parts: [f32; 256] = std::array::from_fn(part);
    let are_sound = AtomicBool::new(true);
    fill(rotations, picture, count, cancel, |[a, b, c, alpha]| {
        let Some(largest) = alpha.checked_sub(LARGEST_W) else {
            are_sound.store(false, Ordering::Relaxed);
            return [0.0; 4];
        };
        let three = [a, b, c].map(|code| parts[usize::from(code)]);
        smallest_three(usize::from(largest), three)
    })?;
    Ok(are_sound.into_inner())
}

/// Fills the entry of the palette that each Gaussian has.
pub(super) fn fill_labels(
    labels: &mut Vec<u16>,
    picture: &Picture,
    count: usize,
    cancel: &Cancel,
) -> Result<()> {
    fill(labels, picture, count, cancel, |[low, high, ..]| {
        u16::from_le_bytes([low, high])
    })
}

/// Fills the entries of a palette, whose codes stand for what `values` has for each channel.
pub(super) fn fill_entries(
    entries: &mut Vec<[f32; 3]>,
    picture: &Picture,
    count: usize,
    values: &[[f32; 256]; 3],
    cancel: &Cancel,
) -> Result<()> {
    fill(entries, picture, count, cancel, |codes| {
        look_up(values, codes)
    })
}

/// Adds to `column` what `value` makes of each of the first `count` pixels, on all cores.
fn fill<T: Send>(
    column: &mut Vec<T>,
    picture: &Picture,
    count: usize,
    cancel: &Cancel,
    value: impl Fn([u8; 4]) -> T + Sync,
) -> Result<()> {
    match picture.pixels() {
        Pixels::Opaque(pixels) => extend(column, &pixels[..count], cancel, |[r, g, b]| {
            value([*r, *g, *b, 255])
        }),
        Pixels::WithAlpha(pixels) => {
            extend(column, &pixels[..count], cancel, |pixel| value(*pixel))
        }
    }
}

fn extend<T: Send, P: Sync>(
    column: &mut Vec<T>,
    pixels: &[P],
    cancel: &Cancel,
    value: impl Fn(&P) -> T + Sync,
) -> Result<()> {
    column.reserve_exact(pixels.len());
    for piece in pixels.chunks(PIECE_ROWS) {
        cancel.check()?;
        column.par_extend(piece.par_iter().with_min_len(TASK_ROWS).map(&value));
    }
    Ok(())
}

fn look_up(values: &[[f32; 256]; 3], codes: [u8; 4]) -> [f32; 3] {
    std::array::from_fn(|channel| values[channel][usize::from(codes[channel])])
}

/// World coordinates out of their codes.
struct Coordinates {
    ranges: [[f32; 2]; 3],
    /// The coordinate of every code of each axis; none for so few Gaussians that they do not pay.
    tables: Vec<Vec<f32>>,
}

impl Coordinates {
    fn new(meta: &Meta) -> Self {
        let ranges = meta.means_ranges;
        let table = |range: &[f32; 2]| {
            let codes = 0..=u16::MAX;
            codes.map(|code| coordinate(*range, code)).collect()
        };
        let pays = meta.count > u64::from(u16::MAX);
        Self {
            ranges,
            tables: if pays {
                ranges.par_iter().map(table).collect()
            } else {
                Vec::new()
            },
        }
    }

    fn get(&self, axis: usize, code: [u8; 2]) -> f32 {
        let code = u16::from_le_bytes(code);
        match self.tables.get(axis) {
            Some(table) => table[usize::from(code)],
            None => coordinate(self.ranges[axis], code),
        }
    }

    /// Whether each code is a place that can be drawn; between the first and the last code coordinates only
    /// rise, or only fall.
    fn are_sound(&self) -> bool {
        let ends = [0, u16::MAX];
        let mut ranges = self.ranges.iter();
        ranges.all(|range| {
            within(
                &ends.map(|code| coordinate(*range, code)),
                limits::MAX_COORDINATE,
            )
        })
    }
}
