//! Blended colours to 8 bits: twin of `splat/resolve_fragment.wgsl`, and the CPU tier's own last
//! step.

use glam::{Vec3, Vec4};
use rayon::prelude::*;

use super::draw::{TILE_PX, Tile};

/// 0 to 1 to 0 to 255, rounded to nearest; what lies outside is cut.
pub fn quantise(value: f32) -> u8 {
    (value * 255.0 + 0.5) as u8
}

/// Writes tiles (row-major, as many columns as `width` needs) over `background` as RGBA.
pub(super) fn resolve(tiles: &[Tile], width: usize, background: [f32; 3], rgba: &mut [u8]) {
    let columns = width.div_ceil(TILE_PX);
    let background = Vec3::from(background);
    rgba.par_chunks_mut(width * 4)
        .enumerate()
        .for_each(|(y, row)| {
            let tiles = &tiles[y / TILE_PX * columns..][..columns];
            for (tile, pixels) in tiles.iter().zip(row.chunks_mut(TILE_PX * 4)) {
                let colours = tile.row_colours(y % TILE_PX, background);
                for ([red, green, blue], pixels) in colours.zip(pixels.chunks_mut(16)) {
                    let channels = [red, green, blue].map(to_bytes);
                    for (k, pixel) in pixels.chunks_exact_mut(4).enumerate() {
                        pixel.copy_from_slice(&[
                            channels[0][k],
                            channels[1][k],
                            channels[2][k],
                            255,
                        ]);
                    }
                }
            }
        });
}

fn to_bytes(values: Vec4) -> [u8; 4] {
    values.to_array().map(quantise)
}
