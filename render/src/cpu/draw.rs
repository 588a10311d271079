//! Blending of sorted ellipses into a picture in f32: twin of `splat/draw_*.wgsl`, and the CPU
//! tier's own drawing.
//!
//! Why not hardware quads on software Vulkan: Mesa's lavapipe takes about 1.6 µs for each quad
//! before its first pixel and 10 to 17 ns for each pixel. 100 000 splats at 1280 x 720 took 210 ms
//! of CPU time as quads and take 50 ms here (Mesa 22.3, synthetic figure, 1.5 tiles a splat). Colours
//! stay in floats, and a tile that has become opaque ends its work, which back-to-front blending
//! cannot.
//!
//! The picture is cut into tiles. A batch of splats is binned (each tile lists its splats, front
//! to back), then all tiles are blended side by side. Batches bound the memory of the lists however
//! many tiles the splats cover.

use glam::{Vec2, Vec3, Vec4};
use rayon::prelude::*;

use crate::Background;
use crate::splat::SplatRecord;
use crate::splat::constants::ALPHA_MAX;

/// Natural logarithm of `ALPHA_MIN`.
const ALPHA_MIN_LOG: f32 = -5.541_263_5;
/// Width and height of a tile in pixels.
pub const TILE_PX: usize = 32;
/// Groups of four pixels in a row of a tile.
const TILE_GROUPS: usize = TILE_PX / 4;
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
    state: TileState,
}

/// How far the drawing of a tile is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TileState {
    /// Nothing is there; `groups` are those of an earlier picture.
    Empty,
    /// Something is there.
    Painted,
    /// What comes behind cannot be seen.
    Opaque,
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
#[derive(Debug)]
pub struct SplatRaster {
    /// Entries of all tiles' lists in a batch.
    batch_entries: usize,
    brushes: Vec<Brush>,
    tiles: Vec<Tile>,
    /// First entry of each tile's list, and the end of the last.
    list_starts: Vec<u32>,
    entries: Vec<u32>,
}

impl Default for SplatRaster {
    fn default() -> Self {
        Self {
            // 16 MiB of lists: some splats for every tile of a large picture, few batches a frame.
            batch_entries: 1 << 22,
            brushes: Vec::new(),
            tiles: Vec::new(),
            list_starts: Vec::new(),
            entries: Vec::new(),
        }
    }
}

impl SplatRaster {
    /// Draws `records[order[0]]`, `records[order[1]]`, … front to back over `background` into
    /// `rgba`: `width * height` pixels, row-major from the top, premultiplied.
    pub fn draw(
        &mut self,
        records: &[SplatRecord],
        order: &[u32],
        [width, height]: [usize; 2],
        background: Background,
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
        self.tiles.resize(tiles[0] * tiles[1], Tile::EMPTY);
        for tile in &mut self.tiles {
            tile.state = TileState::Empty;
        }

        let mut first = 0;
        while first < self.brushes.len() {
            let end = self.bin(first, columns);
            self.blend(columns);
            first = end;
        }
        if width > 0 {
            super::resolve::resolve(&self.tiles, width, background.premultiplied(), rgba);
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
            if sum + touched > self.batch_entries && end > first {
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
                if tile.state == TileState::Empty && !list.is_empty() {
                    *tile = Tile::EMPTY;
                    tile.state = TileState::Painted;
                }
                for chunk in list.chunks(OPACITY_CHECK_SPLATS) {
                    if tile.state == TileState::Opaque {
                        break;
                    }
                    for brush in chunk {
                        brushes[*brush as usize].paint(tile, origin * TILE_PX as f32);
                    }
                    if tile.is_opaque() {
                        tile.state = TileState::Opaque;
                    }
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
    const EMPTY: Self = Self {
        groups: [PixelGroup::EMPTY; TILE_GROUPS * TILE_PX],
        state: TileState::Empty,
    };

    /// Whether only the background is to be seen.
    pub fn is_empty(&self) -> bool {
        self.state == TileState::Empty
    }

    fn is_opaque(&self) -> bool {
        let most = self
            .groups
            .iter()
            .fold(Vec4::ZERO, |most, group| most.max(group.transmittance));
        most.max_element() < TRANSMITTANCE_MIN
    }

    /// The pixels of row `y` over `background`: red, green, blue, alpha, premultiplied.
    pub fn row_colours(&self, y: usize, background: Vec4) -> impl Iterator<Item = [Vec4; 4]> + '_ {
        self.groups[y * TILE_GROUPS..][..TILE_GROUPS]
            .iter()
            .map(move |group| {
                [
                    group.red + background.x * group.transmittance,
                    group.green + background.y * group.transmittance,
                    group.blue + background.z * group.transmittance,
                    (background.w - 1.0) * group.transmittance + 1.0,
                ]
            })
    }
}

impl Brush {
    fn new(record: &SplatRecord, tiles: [usize; 2]) -> Self {
        let ellipse = record.ellipse();
        let log_opacity = ellipse.opacity.ln();
        let square = 2.0 * (log_opacity - ALPHA_MIN_LOG);
        let major = ellipse.major_px;
        let major_variance = major.length_squared();
        let minor_variance = ellipse.minor_px * ellipse.minor_px;
        let paintable = square >= 0.0 && major_variance > 0.0 && minor_variance > 0.0;
        if !paintable {
            return Self::default();
        }
        let ratio = minor_variance / major_variance;
        let xx = major.x * major.x + major.y * major.y * ratio;
        let xy = major.x * major.y * (1.0 - ratio);
        let yy = major.y * major.y + major.x * major.x * ratio;
        let extent = Vec2::new((xx * square).sqrt(), (yy * square).sqrt());
        let span = |centre: f32, extent: f32, tiles: usize| {
            let first = ((centre - extent) / TILE_PX as f32).floor().max(0.0) as i32;
            let end = ((centre + extent) / TILE_PX as f32).ceil().max(0.0) as i32;
            let end = end.min(tiles as i32);
            [first.min(end) as u16, end as u16]
        };
        Self {
            centre: ellipse.centre_px,
            peak: log_opacity / 8.0,
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
        /// Where alpha falls below `ALPHA_MIN`.
        const FLOOR: f32 = ALPHA_MIN_LOG / 8.0;
        let centre = self.centre - origin - 0.5;
        // Through i32, because a conversion from float to usize costs several times as much.
        let first_row = (centre.y - self.reach).max(-1.0).ceil() as i32;
        let end_row = (centre.y + self.reach + 1.0).clamp(0.0, TILE_PX as f32) as i32;
        let inverse_curvature = 1.0 / self.curvature;
        for y in first_row.max(0) as usize..end_row as usize {
            let dy = y as f32 - centre.y;
            let row_peak = self.peak + self.fall * dy * dy;
            let middle = centre.x + self.shear * dy;
            let half = ((FLOOR - row_peak) * inverse_curvature).max(0.0).sqrt();
            let (left, right) = (middle - half, middle + half);
            let touches = right >= 0.0 && left < TILE_PX as f32;
            if !touches {
                continue;
            }
            let first = left.max(0.0) as i32 as usize / 4;
            let last = right.min(TILE_PX as f32 - 1.0) as i32 as usize / 4;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::splat::Ellipse;
    use crate::splat::constants::ALPHA_MIN;

    #[test]
    fn the_logarithm_of_the_least_alpha() {
        assert!((ALPHA_MIN_LOG - ALPHA_MIN.ln()).abs() < 1e-6);
    }

    /// Records of the same splats at random places, nearer ones first.
    fn records(count: usize, sigma_px: f32) -> Vec<SplatRecord> {
        (0..count)
            .map(|k| {
                let f = k as f32;
                SplatRecord::new(&Ellipse {
                    centre_px: Vec2::new(100.0 * f.sin(), 80.0 * (1.7 * f).cos()) + 60.0,
                    major_px: Vec2::from_angle(f) * sigma_px,
                    minor_px: 0.4 * sigma_px,
                    opacity: 0.2 + 0.1 * (f % 8.0),
                    colour: Vec3::new(f.sin().abs(), f.cos().abs(), 0.5),
                })
            })
            .collect()
    }

    fn draw(raster: &mut SplatRaster, records: &[SplatRecord], size: [usize; 2]) -> Vec<u8> {
        let order: Vec<u32> = (0..records.len() as u32).collect();
        let mut rgba = vec![0; size[0] * size[1] * 4];
        let background = Background::Opaque([0.2, 0.4, 0.6]);
        raster.draw(records, &order, size, background, &mut rgba);
        rgba
    }

    #[test]
    fn batches_do_not_change_the_picture() {
        let size = [130, 90];
        let records = records(300, 20.0);
        let whole = draw(&mut SplatRaster::default(), &records, size);
        for batch_entries in [1, 100] {
            let mut raster = SplatRaster {
                batch_entries,
                ..SplatRaster::default()
            };
            assert!(
                draw(&mut raster, &records, size) == whole,
                "{batch_entries}"
            );
            assert!(raster.entries.len() < 300, "{}", raster.entries.len());
        }
    }

    #[test]
    fn what_lies_behind_an_opaque_tile_is_not_painted() {
        let mut raster = SplatRaster::default();
        let mut records = records(400, 200.0);
        let first = draw(&mut raster, &records, [64, 64]);
        assert!(
            raster
                .tiles
                .iter()
                .all(|tile| tile.state == TileState::Opaque)
        );
        // Behind 400 splats over the whole picture one more cannot be told.
        records.push(records[0]);
        assert!(draw(&mut raster, &records, [64, 64]) == first);
    }

    #[test]
    fn old_pictures_leave_nothing_behind() {
        let mut raster = SplatRaster::default();
        draw(&mut raster, &records(200, 10.0), [100, 70]);
        let after = draw(&mut raster, &records(3, 2.0), [70, 100]);
        assert!(after == draw(&mut SplatRaster::default(), &records(3, 2.0), [70, 100]));
        let nothing = draw(&mut raster, &[], [70, 100]);
        assert!(
            nothing
                .chunks_exact(4)
                .all(|pixel| pixel == [51, 102, 153, 255])
        );
    }
}
