//! Blending of sorted ellipses into a picture in f32: twin of `splat/draw_*.wgsl`, and the CPU
//! tier's own drawing.
//!
//! Why not hardware quads on software Vulkan: Mesa's lavapipe takes about 1.6 µs for each quad
//! before its first pixel and 10 to 17 ns for each pixel. Here a splat costs a few hundred
//! nanoseconds and about 1 ns a pixel, colours stay in floats, and a tile that has become opaque
//! ends its work, which back-to-front blending cannot.
//!
//! The picture is cut into tiles. A batch of splats is binned (each tile lists its splats, front
//! to back), then all tiles are blended side by side. Batches bound the memory of the lists however
//! many tiles the splats cover.

use glam::{Vec2, Vec3, Vec4};
use rayon::prelude::*;

use crate::splat::SplatRecord;
use crate::splat::constants::{ALPHA_MAX, ALPHA_MIN};

/// Width and height of a tile in pixels.
pub const TILE_PX: usize = 32;
/// Groups of four pixels in a row of a tile.
const TILE_GROUPS: usize = TILE_PX / 4;
/// Entries of all tiles' lists in a batch.
const BATCH_ENTRIES: usize = 1 << 22;
/// Splats that a tile blends between two looks at whether it has become opaque.
const OPACITY_CHECK_SPLATS: usize = 64;
/// A tile whose transmittance is below this everywhere is opaque: what comes behind changes a
/// channel by at most a quarter of an 8-bit step.
const TRANSMITTANCE_MIN: f32 = 0.25 / 255.0;

/// Four neighbouring pixels of a row: a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct PixelGroup {
    red: Vec4,
    green: Vec4,
    blue: Vec4,
    transmittance: Vec4,
}

impl PixelGroup {
    const EMPTY: Self = Self {
        red: Vec4::ZERO,
        green: Vec4::ZERO,
        blue: Vec4::ZERO,
        transmittance: Vec4::ONE,
    };
}

/// A square of pixels, blended so far.
#[derive(Clone, Debug)]
pub struct Tile {
    groups: [PixelGroup; TILE_GROUPS * TILE_PX],
    opaque: bool,
}

/// A splat as the inner loop wants it: along a row of pixels a Gaussian is a Gaussian again, with
/// a peak, a middle and a variance that are known from the covariance without any cancellation.
///
/// Alpha is the eighth power of exp(`row_peak + curvature * (x - middle)²`), where
/// `row_peak = peak + fall * dy²` and `middle = centre.x + shear * dy`.
#[derive(Clone, Copy, Debug, Default)]
struct Brush {
    centre: Vec2,
    /// An eighth of the logarithm of opacity.
    peak: f32,
    fall: f32,
    shear: f32,
    curvature: f32,
    /// Rows above and below the centre that are reached, pixels.
    reach: f32,
    colour: Vec3,
    /// First and one past the last tile column, the same for rows; empty when nothing is to do.
    columns: [u16; 2],
    rows: [u16; 2],
}

/// Blends splats into a picture; holds the memory that this takes between frames.
#[derive(Debug, Default)]
pub struct SplatRaster {
    brushes: Vec<Brush>,
    tiles: Vec<Tile>,
    /// First entry of each tile's list, and the end of the last.
    list_starts: Vec<u32>,
    entries: Vec<u32>,
}

impl SplatRaster {
    /// Draws `records[order[0]]`, `records[order[1]]`, … front to back over `background` into
    /// `rgba`: `width * height` pixels, row-major from the top, opaque.
    pub fn draw(
        &mut self,
        records: &[SplatRecord],
        order: &[u32],
        [width, height]: [usize; 2],
        background: [f32; 3],
        rgba: &mut [u8],
    ) {
        let columns = width.div_ceil(TILE_PX);
        let tiles = [columns, height.div_ceil(TILE_PX)];
        self.brushes.resize(order.len(), Brush::default());
        self.brushes
            .par_iter_mut()
            .zip(order)
            .with_min_len(1024)
            .for_each(|(brush, row)| *brush = Brush::new(&records[*row as usize], tiles));
        let empty = Tile {
            groups: [PixelGroup::EMPTY; TILE_GROUPS * TILE_PX],
            opaque: false,
        };
        self.tiles.resize(tiles[0] * tiles[1], empty.clone());
        self.tiles
            .par_iter_mut()
            .for_each(|tile| tile.clone_from(&empty));

        let mut first = 0;
        while first < self.brushes.len() {
            let end = self.bin(first, columns);
            self.blend(columns);
            first = end;
        }
        if width > 0 {
            super::resolve::resolve(&self.tiles, width, background, rgba);
        }
    }

    /// Lists for each tile the brushes from `first` on that touch it; returns where the batch ends.
    fn bin(&mut self, first: usize, columns: usize) -> usize {
        let mut sum = 0;
        let counts = &mut self.list_starts;
        counts.clear();
        counts.resize(self.tiles.len() + 1, 0);
        let mut end = first;
        for brush in &self.brushes[first..] {
            let touched = brush.tile_count();
            if sum + touched > BATCH_ENTRIES && end > first {
                break;
            }
            sum += touched;
            end += 1;
            brush.for_each_tile(columns, |tile| counts[tile] += 1);
        }
        let mut start = 0;
        for count in counts.iter_mut() {
            start += std::mem::replace(count, start);
        }
        if self.entries.len() < sum {
            self.entries.resize(sum, 0);
        }
        for (index, brush) in self.brushes[first..end].iter().enumerate() {
            brush.for_each_tile(columns, |tile| {
                self.entries[counts[tile] as usize] = (first + index) as u32;
                counts[tile] += 1;
            });
        }
        // Each start has moved to its list's end, which is the next list's start.
        counts.rotate_right(1);
        counts[0] = 0;
        end
    }

    fn blend(&mut self, columns: usize) {
        let (brushes, entries, starts) = (&self.brushes, &self.entries, &self.list_starts);
        self.tiles
            .par_iter_mut()
            .enumerate()
            .for_each(|(index, tile)| {
                let list = &entries[starts[index] as usize..starts[index + 1] as usize];
                let origin = Vec2::new((index % columns) as f32, (index / columns) as f32);
                for chunk in list.chunks(OPACITY_CHECK_SPLATS) {
                    if tile.opaque {
                        break;
                    }
                    for brush in chunk {
                        brushes[*brush as usize].paint(tile, origin * TILE_PX as f32);
                    }
                    tile.opaque = tile.is_opaque();
                }
            });
    }

    /// Bytes of memory it holds.
    pub fn size_bytes(&self) -> usize {
        size_of::<Brush>() * self.brushes.capacity()
            + size_of::<Tile>() * self.tiles.capacity()
            + 4 * (self.entries.capacity() + self.list_starts.capacity())
    }
}

impl Tile {
    fn is_opaque(&self) -> bool {
        let most = self
            .groups
            .iter()
            .fold(Vec4::ZERO, |most, group| most.max(group.transmittance));
        most.max_element() < TRANSMITTANCE_MIN
    }

    /// The pixels of row `y` as colours over `background`.
    pub fn row_colours(&self, y: usize, background: Vec3) -> impl Iterator<Item = [Vec4; 3]> + '_ {
        self.groups[y * TILE_GROUPS..][..TILE_GROUPS]
            .iter()
            .map(move |group| {
                [
                    group.red + background.x * group.transmittance,
                    group.green + background.y * group.transmittance,
                    group.blue + background.z * group.transmittance,
                ]
            })
    }
}

impl Brush {
    fn new(record: &SplatRecord, tiles: [usize; 2]) -> Self {
        let ellipse = record.ellipse();
        let square = 2.0 * (ellipse.opacity / ALPHA_MIN).ln();
        let major_variance = ellipse.major_px.length_squared();
        let minor_variance = ellipse.minor_px * ellipse.minor_px;
        let paintable = square >= 0.0 && major_variance > 0.0 && minor_variance > 0.0;
        if !paintable {
            return Self::default();
        }
        let along = ellipse.major_px / major_variance.sqrt();
        let across = along.perp();
        let covariance = |a: f32, b: f32| a * major_variance + b * minor_variance;
        let xx = covariance(along.x * along.x, across.x * across.x);
        let xy = covariance(along.x * along.y, across.x * across.y);
        let yy = covariance(along.y * along.y, across.y * across.y);
        let extent = Vec2::new((xx * square).sqrt(), (yy * square).sqrt());
        let span = |centre: f32, extent: f32, tiles: usize| {
            let first = ((centre - extent) / TILE_PX as f32).floor().max(0.0) as usize;
            let end = ((centre + extent) / TILE_PX as f32).ceil().max(0.0) as usize;
            let end = end.min(tiles);
            [first.min(end) as u16, end as u16]
        };
        Self {
            centre: ellipse.centre_px,
            peak: ellipse.opacity.ln() / 8.0,
            fall: -1.0 / (16.0 * yy),
            shear: xy / yy,
            curvature: -yy / (16.0 * major_variance * minor_variance),
            reach: extent.y,
            colour: ellipse.colour,
            columns: span(ellipse.centre_px.x, extent.x, tiles[0]),
            rows: span(ellipse.centre_px.y, extent.y, tiles[1]),
        }
    }

    fn tile_count(&self) -> usize {
        usize::from(self.columns[1] - self.columns[0]) * usize::from(self.rows[1] - self.rows[0])
    }

    fn for_each_tile(&self, columns: usize, mut visit: impl FnMut(usize)) {
        for row in self.rows[0]..self.rows[1] {
            for column in self.columns[0]..self.columns[1] {
                visit(usize::from(row) * columns + usize::from(column));
            }
        }
    }

    /// Blends into the part of the picture whose outer corner is at `origin`, behind what is there.
    fn paint(&self, tile: &mut Tile, origin: Vec2) {
        /// An eighth of ln(1/255): where alpha falls below [`ALPHA_MIN`].
        const FLOOR: f32 = -0.692_658_7;
        let centre = self.centre - origin - 0.5;
        let first_row = (centre.y - self.reach).ceil().max(0.0) as usize;
        let end_row = (centre.y + self.reach + 1.0).clamp(0.0, TILE_PX as f32) as usize;
        let inverse_curvature = 1.0 / self.curvature;
        for y in first_row..end_row {
            let dy = y as f32 - centre.y;
            let row_peak = self.peak + self.fall * dy * dy;
            let middle = centre.x + self.shear * dy;
            let half = ((FLOOR - row_peak) * inverse_curvature).max(0.0).sqrt();
            let (left, right) = (middle - half, middle + half);
            let touches = right >= 0.0 && left < TILE_PX as f32;
            if !touches {
                continue;
            }
            let first = left.max(0.0) as usize / 4;
            let last = (right as usize / 4).min(TILE_GROUPS - 1);
            let row = &mut tile.groups[y * TILE_GROUPS..][..TILE_GROUPS];
            let mut dx = Vec4::new(0.0, 1.0, 2.0, 3.0) + ((4 * first) as f32 - middle);
            for group in &mut row[first..=last] {
                let exponent = dx * dx * self.curvature + row_peak;
                group.blend(exponent, FLOOR, self.colour);
                dx += 4.0;
            }
        }
    }
}

impl PixelGroup {
    /// Blends a colour with alpha = exp(`eighth`)⁸ behind what is there; alphas whose `eighth` is
    /// below `floor` are skipped.
    #[inline(always)]
    fn blend(&mut self, eighth: Vec4, floor: f32, colour: Vec3) {
        // exp on [-0.7, 0] as a polynomial through its Chebyshev nodes: alpha is within 3e-5.
        let x = eighth.max(Vec4::splat(floor));
        let power = ((x * 0.029_527_39 + 0.159_690_92) * x + 0.498_310_9) * x;
        let power = (power + 0.999_855_44) * x + 0.999_998_1;
        let power = power * power;
        let power = power * power;
        let alpha = (power * power).min(Vec4::splat(ALPHA_MAX));
        let alpha = Vec4::select(eighth.cmpge(Vec4::splat(floor)), alpha, Vec4::ZERO);
        let weight = alpha * self.transmittance;
        self.red += weight * colour.x;
        self.green += weight * colour.y;
        self.blue += weight * colour.z;
        self.transmittance -= weight;
    }
}
