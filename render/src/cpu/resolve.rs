//! Blended colours to 8 bits: twin of `splat/resolve_fragment.wgsl`, and the CPU tier's own last
//! step.

use glam::Vec4;
use rayon::prelude::*;

use super::draw::{TILE_PX, Tile};

/// 2²³: what is added to it is rounded to an integer and stands in the low bits of the sum. A cast
/// would be the plain way, but it costs several times as much.
const ROUNDER: f32 = 8_388_608.0;

/// 0 to 1 to 0 to 255, rounded to nearest; what lies outside is cut.
#[cfg(test)]
pub fn quantise(value: f32) -> u8 {
    let [byte, ..] = quantise_four(Vec4::splat(value));
    byte as u8
}

/// Four values at once, each in the low byte of a word.
fn quantise_four(values: Vec4) -> [u32; 4] {
    let rounded = values.clamp(Vec4::ZERO, Vec4::ONE) * 255.0 + ROUNDER;
    rounded.to_array().map(|value| value.to_bits() & 255)
}

/// Writes tiles (row-major, as many columns as `width` needs) over `background` as RGBA, both
/// premultiplied.
pub(super) fn resolve(tiles: &[Tile], width: usize, background: [f32; 4], rgba: &mut [u8]) {
    let columns = width.div_ceil(TILE_PX);
    let [empty, ..] = pack(background.map(Vec4::splat));
    let background = Vec4::from(background);
    rgba.par_chunks_mut(width * 4)
        .enumerate()
        .for_each(|(y, row)| {
            let tiles = &tiles[y / TILE_PX * columns..][..columns];
            for (tile, pixels) in tiles.iter().zip(row.chunks_mut(TILE_PX * 4)) {
                if tile.is_empty() {
                    for pixel in pixels.chunks_exact_mut(4) {
                        pixel.copy_from_slice(&empty);
                    }
                    continue;
                }
                let colours = tile.row_colours(y % TILE_PX, background);
                for (colours, pixels) in colours.zip(pixels.chunks_mut(16)) {
                    let packed = pack(colours);
                    pixels.copy_from_slice(&bytemuck::cast_slice(&packed)[..pixels.len()]);
                }
            }
        });
}

/// Red, green, blue, alpha of four pixels as RGBA bytes.
fn pack(colours: [Vec4; 4]) -> [[u8; 4]; 4] {
    let [red, green, blue, alpha] = colours.map(quantise_four);
    std::array::from_fn(|k| (red[k] | green[k] << 8 | blue[k] << 16 | alpha[k] << 24).to_le_bytes())
}
