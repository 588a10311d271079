//! Attributes to the tiles of an atlas, and what became of them.

use rayon::prelude::*;
use zoetrope_codecs::SplatCloud;
use zoetrope_codecs::gaussian_video::Atlas;
use zoetrope_codecs::gaussian_video::layered::{
    GAUSSIAN_TILES, LayerHeader, MAX_OFFSET, OFFSETS_PER_CODE, to_rgb, to_ycocg,
};

/// Tiles of a layer of Gaussians.
const TILES: usize = GAUSSIAN_TILES as usize;
/// The smallest scale that is told apart where logarithms are kept: nothing so small is seen.
const SCALE_MIN: f32 = 1e-9;
/// The tile of opacity.
const OPACITY_TILE: usize = 3;
/// Largest offset of opacity.
const OPACITY_OFFSET_MAX: i16 = 60;
/// Code of no difference in a layer of precision.
const NO_DIFFERENCE: f32 = 128.0;

/// Values of row `row` in the order of tiles.
fn values(cloud: &SplatCloud, row: usize, log_scale: bool) -> [f32; TILES] {
    let [r, g, b] = cloud.sh_dc[row];
    let [x, y, z] = match log_scale {
        true => cloud.scales[row].map(|scale| scale.max(SCALE_MIN).ln()),
        false => cloud.scales[row],
    };
    let [qw, qx, qy, qz] = cloud.rotations[row];
    [r, g, b, cloud.opacities[row], x, y, z, qw, qx, qy, qz]
}

/// `[low, high]` of each tile over all frames. Colours share one range, as YCoCg asks, and so do
/// scales; rotations have -1 to 1.
pub(super) fn ranges(clouds: &[SplatCloud], log_scale: bool) -> Vec<[f32; 2]> {
    let mut ranges = [[f32::INFINITY, f32::NEG_INFINITY]; TILES];
    for cloud in clouds {
        for row in (0..cloud.len()).filter(|row| cloud.opacities[*row] > 0.0) {
            for (range, value) in ranges.iter_mut().zip(values(cloud, row, log_scale)) {
                *range = [range[0].min(value), range[1].max(value)];
            }
        }
    }
    let joined = |tiles: std::ops::Range<usize>| {
        let parts = &ranges[tiles];
        let low = parts.iter().map(|r| r[0]).fold(f32::INFINITY, f32::min);
        let high = parts.iter().map(|r| r[1]).fold(f32::NEG_INFINITY, f32::max);
        if low <= high { [low, high] } else { [0.0; 2] }
    };
    let (colour, opacity, scale) = (joined(0..3), joined(3..4), joined(4..7));
    let mut all = vec![colour; 3];
    // From 0 on, so that what is not there in some frames stays invisible in them.
    all.push([0.0, opacity[1]]);
    all.extend([scale; 3]);
    all.extend([[-1.0, 1.0]; 4]);
    all
}

/// Pictures of the atlas of a layer of Gaussians, one for each frame.
pub(super) fn pictures(clouds: &[SplatCloud], header: &LayerHeader) -> Vec<Vec<u8>> {
    draw(clouds, &header.atlas(), |cloud, row, codes| {
        let values = values(cloud, row, header.log_scale);
        for ((code, value), range) in codes.iter_mut().zip(values).zip(&header.ranges) {
            *code = rounded(place(value, *range));
        }
        if header.ycocg {
            let colour = to_ycocg([codes[0], codes[1], codes[2]]);
            codes[..3].copy_from_slice(&colour);
        }
    })
}

/// Draws an atlas for each frame; `code` fills the codes of a row, one for each tile.
fn draw(
    clouds: &[SplatCloud],
    atlas: &Atlas,
    code: impl Fn(&SplatCloud, usize, &mut [u8]) + Sync,
) -> Vec<Vec<u8>> {
    clouds
        .par_iter()
        .map(|cloud| {
            let tiles = atlas.tiles as usize;
            let mut planes = vec![Vec::new(); tiles];
            let mut codes = vec![0; tiles];
            for row in 0..cloud.len() {
                code(cloud, row, &mut codes);
                for (plane, code) in planes.iter_mut().zip(&codes) {
                    plane.push(*code);
                }
            }
            assemble(&planes, atlas)
        })
        .collect()
}

fn assemble(planes: &[Vec<u8>], atlas: &Atlas) -> Vec<u8> {
    let mut picture = vec![0; atlas.samples()];
    for (tile, plane) in planes.iter().enumerate() {
        atlas.write_tile(&mut picture, tile as u32, plane);
    }
    picture
}

fn take_apart(picture: &[u8], atlas: &Atlas) -> Vec<Vec<u8>> {
    let mut planes = vec![vec![0; atlas.count as usize]; atlas.tiles as usize];
    for (tile, plane) in planes.iter_mut().enumerate() {
        atlas.read_tile(picture, tile as u32, plane);
    }
    planes
}

/// Codes of every tile of a decoded picture as they reach the frame: red, green and blue first.
pub(super) fn codes(picture: &[u8], header: &LayerHeader) -> Vec<Vec<u8>> {
    let mut planes = take_apart(picture, &header.atlas());
    if header.ycocg {
        for row in 0..header.count as usize {
            let rgb = to_rgb([planes[0][row], planes[1][row], planes[2][row]]);
            for (plane, code) in planes.iter_mut().zip(rgb) {
                plane[row] = code;
            }
        }
    }
    planes
}

/// The mean error of every tile in every frame that `codes` have, in the unit and order of
/// [`LayerHeader::offsets`]. What is hardly seen hardly counts.
pub(super) fn offsets(
    clouds: &[SplatCloud],
    codes: &[Vec<Vec<u8>>],
    header: &LayerHeader,
) -> Vec<i16> {
    let values = |cloud: &SplatCloud, row: usize| values(cloud, row, header.log_scale).to_vec();
    let mut offsets = mean_errors(clouds, codes, &header.ranges, values);
    // Below a code, so that what is invisible stays invisible.
    let frames = clouds.len();
    for offset in &mut offsets[OPACITY_TILE * frames..(OPACITY_TILE + 1) * frames] {
        *offset = (*offset).clamp(-OPACITY_OFFSET_MAX, OPACITY_OFFSET_MAX);
    }
    offsets
}

fn mean_errors(
    clouds: &[SplatCloud],
    codes: &[Vec<Vec<u8>>],
    ranges: &[[f32; 2]],
    values: impl Fn(&SplatCloud, usize) -> Vec<f32> + Sync,
) -> Vec<i16> {
    let frames: Vec<Vec<i16>> = clouds
        .par_iter()
        .zip(codes)
        .map(|(cloud, planes)| {
            let mut errors = vec![0.0f64; ranges.len()];
            let mut weight = 0.0f64;
            for row in 0..cloud.len() {
                let opacity = f64::from(cloud.opacities[row]);
                let values = values(cloud, row);
                for (tile, (error, plane)) in errors.iter_mut().zip(planes).enumerate() {
                    let wanted = place(values[tile], ranges[tile]);
                    *error += opacity * f64::from(wanted - f32::from(plane[row]));
                }
                weight += opacity;
            }
            let offset = |error: f64| {
                let offset = error / weight.max(1e-9) * f64::from(OFFSETS_PER_CODE);
                (offset.round() as i16).clamp(-MAX_OFFSET, MAX_OFFSET)
            };
            errors.into_iter().map(offset).collect()
        })
        .collect();
    (0..ranges.len())
        .flat_map(|tile| frames.iter().map(move |frame| frame[tile]))
        .collect()
}

/// What a layer of precision adds to `codes`: the difference to what they should be, around 128.
pub(super) fn residual_pictures(
    clouds: &[SplatCloud],
    codes: &[Vec<Vec<u8>>],
    header: &LayerHeader,
) -> Vec<Vec<u8>> {
    let atlas = header.atlas();
    clouds
        .par_iter()
        .zip(codes)
        .map(|(cloud, have)| {
            let mut planes = vec![Vec::new(); TILES];
            for row in 0..cloud.len() {
                let values = values(cloud, row, header.log_scale);
                for (tile, (plane, have)) in planes.iter_mut().zip(have).enumerate() {
                    let wanted = place(values[tile], header.ranges[tile]);
                    plane.push(rounded(NO_DIFFERENCE + wanted - f32::from(have[row])));
                }
            }
            assemble(&planes, &atlas)
        })
        .collect()
}

/// Adds decoded residuals to codes, as a player does.
pub(super) fn refine(codes: &mut [Vec<Vec<u8>>], decoded: &[Vec<u8>], atlas: &Atlas) {
    codes
        .par_iter_mut()
        .zip(decoded)
        .for_each(|(planes, picture)| {
            for (plane, residuals) in planes.iter_mut().zip(take_apart(picture, atlas)) {
                for (code, residual) in plane.iter_mut().zip(residuals) {
                    *code = (i32::from(*code) + i32::from(residual) - 128).clamp(0, 255) as u8;
                }
            }
        });
}

/// `[low, high]` of the first `tiles` values of SH rest over all frames.
pub(super) fn rest_ranges(clouds: &[SplatCloud], tiles: usize) -> Vec<[f32; 2]> {
    let mut ranges = vec![[0.0f32; 2]; tiles];
    for cloud in clouds {
        for row in 0..cloud.len() {
            for (range, value) in ranges.iter_mut().zip(cloud.rest_of(row).as_flattened()) {
                *range = [range[0].min(*value), range[1].max(*value)];
            }
        }
    }
    ranges
}

/// Pictures of the atlas of a layer of harmonics, one for each frame.
pub(super) fn rest_pictures(clouds: &[SplatCloud], header: &LayerHeader) -> Vec<Vec<u8>> {
    draw(clouds, &header.atlas(), |cloud, row, codes| {
        let rest = cloud.rest_of(row).as_flattened();
        for ((code, value), range) in codes.iter_mut().zip(rest).zip(&header.ranges) {
            *code = rounded(place(*value, *range));
        }
    })
}

/// As [`offsets`], of a layer of harmonics.
pub(super) fn rest_offsets(
    clouds: &[SplatCloud],
    decoded: &[Vec<u8>],
    header: &LayerHeader,
) -> Vec<i16> {
    let atlas = header.atlas();
    let codes: Vec<Vec<Vec<u8>>> = decoded
        .par_iter()
        .map(|picture| take_apart(picture, &atlas))
        .collect();
    mean_errors(clouds, &codes, &header.ranges, |cloud, row| {
        cloud.rest_of(row).as_flattened().to_vec()
    })
}

/// The code of `value` before rounding, 0 where the range is empty.
fn place(value: f32, [low, high]: [f32; 2]) -> f32 {
    if high <= low {
        return 0.0;
    }
    (value - low) / (high - low) * 255.0
}

/// The nearest code; the cast saturates and makes 0 of what is not a number.
fn rounded(place: f32) -> u8 {
    place.round() as u8
}
