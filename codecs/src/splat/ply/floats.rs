//! The usual layout: little-endian floats throughout, in whatever order. Here reading is limited by
//! memory, so rows are taken apart without looking at types.

use super::super::fill::Block;
use super::super::ply_header::{Column, Encoding, Scalar};
use super::columns::{Colour, Columns};

/// Bytes from the start of a row to each value.
pub(super) struct Floats {
    position: [usize; 3],
    dc: [usize; 3],
    rest: Rest,
    opacity: usize,
    scale: [Option<usize>; 3],
    rotation: [usize; 4],
}

/// Where the SH coefficients beyond DC are.
enum Rest {
    /// In the order of the original training code, all red, all green, all blue, from here on.
    Planar(usize),
    /// Anywhere: red, green, blue of each.
    Scattered(Vec<[usize; 3]>),
}

impl Floats {
    /// `None` when some value is no little-endian float.
    pub(super) fn of(columns: &Columns, encoding: Encoding) -> Option<Self> {
        let offset = |column: Column| (column.scalar() == Scalar::F32).then_some(column.offset());
        let three = |columns: [Column; 3]| -> Option<[usize; 3]> {
            let [a, b, c] = columns.map(offset);
            Some([a?, b?, c?])
        };
        let [w, x, y, z] = columns.rotation.map(offset);
        let mut scale = [None; 3];
        for (place, column) in scale.iter_mut().zip(columns.scale) {
            *place = match column {
                Some(column) => Some(offset(column)?),
                None => None,
            };
        }
        if encoding != Encoding::LittleEndian || columns.colour_kind != Colour::Sh {
            return None;
        }
        let rest = columns
            .rest
            .iter()
            .map(|coefficient| three(*coefficient))
            .collect::<Option<Vec<_>>>()?;
        Some(Self {
            position: three(columns.position)?,
            dc: three(columns.colour)?,
            rest: Rest::of(rest),
            opacity: offset(columns.opacity)?,
            scale,
            rotation: [w?, x?, y?, z?],
        })
    }

    /// Puts the raw values of `rows` into `block`.
    pub(super) fn decode<'a>(&self, block: &mut Block, rows: impl Iterator<Item = &'a [u8]>) {
        match (
            &self.rest,
            block.sh_rest.len() / block.opacities.len().max(1),
        ) {
            (Rest::Planar(first), 3) => self.rows(block, rows, planar::<3, 36>(*first)),
            (Rest::Planar(first), 8) => self.rows(block, rows, planar::<8, 96>(*first)),
            (Rest::Planar(first), 15) => self.rows(block, rows, planar::<15, 180>(*first)),
            (Rest::Planar(_), _) => self.rows(block, rows, |_, _| {}),
            (Rest::Scattered(offsets), _) => self.rows(block, rows, |row, rest| {
                for (place, offsets) in rest.iter_mut().zip(offsets) {
                    *place = offsets.map(|offset| float(row, offset));
                }
            }),
        }
    }

    #[inline(always)]
    fn rows<'a>(
        &self,
        block: &mut Block,
        rows: impl Iterator<Item = &'a [u8]>,
        put_rest: impl Fn(&[u8], &mut [[f32; 3]]),
    ) {
        let rest = block.sh_rest.len() / block.opacities.len().max(1);
        let mut sh_rest = &mut *block.sh_rest;
        let places = block
            .positions
            .iter_mut()
            .zip(&mut *block.rotations)
            .zip(&mut *block.scales)
            .zip(&mut *block.opacities)
            .zip(&mut *block.sh_dc);
        for (((((position, rotation), scale), opacity), dc), row) in places.zip(rows) {
            *position = self.position.map(|offset| float(row, offset));
            *rotation = self.rotation.map(|offset| float(row, offset));
            *scale = self
                .scale
                .map(|offset| offset.map_or(f32::NEG_INFINITY, |offset| float(row, offset)));
            *opacity = float(row, self.opacity);
            *dc = self.dc.map(|offset| float(row, offset));
            let (own, others) = std::mem::take(&mut sh_rest).split_at_mut(rest);
            sh_rest = others;
            put_rest(row, own);
        }
    }
}

impl Rest {
    fn of(offsets: Vec<[usize; 3]>) -> Self {
        let count = offsets.len();
        let first = offsets.first().map_or(0, |[red, ..]| *red);
        let planar = offsets.iter().enumerate().all(|(k, offsets)| {
            *offsets == std::array::from_fn(|channel| first + 4 * (channel * count + k))
        });
        if planar {
            Self::Planar(first)
        } else {
            Self::Scattered(offsets)
        }
    }
}

/// Takes `N` coefficients, in `BYTES` = 12 `N` bytes from `first` on, from planar to interleaved.
#[inline(always)]
fn planar<const N: usize, const BYTES: usize>(first: usize) -> impl Fn(&[u8], &mut [[f32; 3]]) {
    move |row, rest| {
        let bytes = row
            .get(first..)
            .and_then(|bytes| bytes.first_chunk::<BYTES>());
        let (Some(bytes), Some(rest)) = (bytes, rest.first_chunk_mut::<N>()) else {
            return;
        };
        let (floats, _) = bytes.as_chunks::<4>();
        for (k, place) in rest.iter_mut().enumerate() {
            *place = std::array::from_fn(|channel| f32::from_le_bytes(floats[channel * N + k]));
        }
    }
}

/// The float at `offset`; NaN where the row is too short.
#[inline(always)]
fn float(row: &[u8], offset: usize) -> f32 {
    row.get(offset..)
        .and_then(|bytes| bytes.first_chunk())
        .map_or(f32::NAN, |bytes| f32::from_le_bytes(*bytes))
}
