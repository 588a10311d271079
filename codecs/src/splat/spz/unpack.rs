//! From stored bytes to numbers, block by block.

use std::f32::consts::FRAC_1_SQRT_2;

use half::f16;

use super::super::SplatCloud;
use super::header::Header;
use super::stream::{Piece, pieces};
use super::{COLOUR_SCALE, ROTATION_STEPS};
use crate::gaussian_video::rest_coefficients;

/// What a block fills.
pub(super) enum Block<'a> {
    Positions(&'a mut [[f32; 3]]),
    Opacities(&'a mut [f32]),
    Colours(&'a mut [[f32; 3]]),
    Scales(&'a mut [[f32; 3]]),
    Rotations(&'a mut [[f32; 4]]),
    Rest(&'a mut [[f32; 3]]),
}

/// A cloud of zeros of the size that `header` tells.
pub(super) fn empty_cloud(header: &Header) -> SplatCloud {
    SplatCloud {
        antialiased: header.antialiased,
        ..SplatCloud::zeroed(header.count, header.sh_degree())
    }
}

/// The blocks of `cloud` in the order of the file.
pub(super) fn blocks(cloud: &mut SplatCloud) -> [Block<'_>; 6] {
    [
        Block::Positions(&mut cloud.positions),
        Block::Opacities(&mut cloud.opacities),
        Block::Colours(&mut cloud.sh_dc),
        Block::Scales(&mut cloud.scales),
        Block::Rotations(&mut cloud.rotations),
        Block::Rest(cloud.sh_rest.each_mut()),
    ]
}

impl<'a> Block<'a> {
    /// What it takes to fill the block with `row_bytes` a Gaussian.
    pub(super) fn pieces(self, header: &Header, row_bytes: usize) -> Vec<Piece<'a>> {
        match self {
            Self::Positions(out) if header.version == 1 => {
                pieces(row_bytes, out, 1, half_positions)
            }
            Self::Positions(out) => {
                let step = 0.5_f64.powi(i32::from(header.fractional_bits)) as f32;
                pieces(row_bytes, out, 1, move |bytes, out| {
                    fixed_positions(bytes, out, step);
                })
            }
            Self::Opacities(out) => {
                let table = table(|code| code / 255.0);
                pieces(row_bytes, out, 1, move |bytes, out| {
                    look_up(&table, bytes, out);
                })
            }
            Self::Colours(out) => {
                let table = table(|code| (code / 255.0 - 0.5) / COLOUR_SCALE);
                pieces(row_bytes, out, 1, move |bytes, out| {
                    look_up(&table, bytes, out.as_flattened_mut());
                })
            }
            Self::Scales(out) => {
                let table = table(|code| (code / 16.0 - 10.0).exp());
                pieces(row_bytes, out, 1, move |bytes, out| {
                    look_up(&table, bytes, out.as_flattened_mut());
                })
            }
            Self::Rotations(out) if header.version < 3 => pieces(row_bytes, out, 1, first_three),
            Self::Rotations(out) => pieces(row_bytes, out, 1, smallest_three),
            Self::Rest(out) => {
                let kept = rest_coefficients(header.sh_degree());
                pieces(row_bytes, out, kept, move |bytes, out| {
                    for (row, out) in bytes
                        .chunks_exact(row_bytes)
                        .zip(out.chunks_exact_mut(kept))
                    {
                        for (value, byte) in out.as_flattened_mut().iter_mut().zip(row) {
                            *value = f32::from(*byte) / 128.0 - 1.0;
                        }
                    }
                })
            }
        }
    }
}

fn table(value: impl Fn(f32) -> f32) -> [f32; 256] {
    std::array::from_fn(|code| value(code as f32))
}

fn look_up(table: &[f32; 256], bytes: &[u8], out: &mut [f32]) {
    for (value, byte) in out.iter_mut().zip(bytes) {
        *value = table[usize::from(*byte)];
    }
}

fn half_positions(bytes: &[u8], out: &mut [[f32; 3]]) {
    let (codes, _) = bytes.as_chunks::<2>();
    for (value, code) in out.as_flattened_mut().iter_mut().zip(codes) {
        *value = f16::from_le_bytes(*code).to_f32();
    }
}

fn fixed_positions(bytes: &[u8], out: &mut [[f32; 3]], step: f32) {
    let (codes, _) = bytes.as_chunks::<3>();
    for (value, [low, middle, high]) in out.as_flattened_mut().iter_mut().zip(codes) {
        // In the upper bytes, so that the shift back spreads the sign.
        *value = (i32::from_le_bytes([0, *low, *middle, *high]) >> 8) as f32 * step;
    }
}

/// x, y, z; w is what is missing to a unit quaternion, and not negative.
fn first_three(bytes: &[u8], out: &mut [[f32; 4]]) {
    let (rows, _) = bytes.as_chunks::<3>();
    for (rotation, row) in out.iter_mut().zip(rows) {
        let [x, y, z] = row.map(|code| f32::from(code) / 127.5 - 1.0);
        let square = x * x + y * y + z * z;
        // Quantised, the three may be a little longer than 1.
        let length = square.max(1.0).sqrt();
        let w = (1.0 - square).max(0.0).sqrt();
        *rotation = [w, x / length, y / length, z / length];
    }
}

/// The index of the largest among x, y, z, w in the two high bits; then the three others, each a
/// sign and 9 bits of magnitude, the last in the low bits.
fn smallest_three(bytes: &[u8], out: &mut [[f32; 4]]) {
    let (rows, _) = bytes.as_chunks::<4>();
    for (rotation, row) in out.iter_mut().zip(rows) {
        let code = u32::from_le_bytes(*row);
        let part = |shift: u32| {
            let magnitude = (code >> shift & ROTATION_STEPS) as f32;
            let sign = if code >> (shift + 9) & 1 == 1 {
                -1.0
            } else {
                1.0
            };
            sign * magnitude * (FRAC_1_SQRT_2 / ROTATION_STEPS as f32)
        };
        let [a, b, c] = [part(20), part(10), part(0)];
        let square = a * a + b * b + c * c;
        let length = square.max(1.0).sqrt();
        let [a, b, c] = [a / length, b / length, c / length];
        let largest = (1.0 - square).max(0.0).sqrt();
        // Stored x, y, z, w; kept w, x, y, z.
        *rotation = match code >> 30 {
            0 => [c, largest, a, b],
            1 => [c, a, largest, b],
            2 => [c, a, b, largest],
            _ => [largest, a, b, c],
        };
    }
}
