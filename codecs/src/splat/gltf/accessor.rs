//! Numbers out of accessors: any component type, interleaved, sparse, packed by meshopt.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use super::asset::{Accessor, Asset, BufferView, Meshopt, Primitive};
use super::buffer::{Buffer, Part};
use super::meshopt;
use crate::source::Source;
use crate::{Cancel, Error, Result, limits};

/// With 60 numbers of a Gaussian these are 31 MB.
const ROWS_AT_ONCE: u64 = 1 << 17;

/// Reads accessors and keeps the buffers that they lie in open.
pub(super) struct Accessors<'a> {
    source: &'a dyn Source,
    asset: &'a Asset,
    pub(super) cancel: &'a Cancel,
    buffers: HashMap<usize, Buffer<'a>>,
    /// Views that were packed, by their numbers.
    unpacked: HashMap<usize, Vec<u8>>,
}

/// A component type.
#[derive(Clone, Copy)]
enum Component {
    I8,
    U8,
    I16,
    U16,
    U32,
    F32,
}

impl Component {
    fn of(code: u32) -> Option<Self> {
        Some(match code {
            5120 => Self::I8,
            5121 => Self::U8,
            5122 => Self::I16,
            5123 => Self::U16,
            5125 => Self::U32,
            5126 => Self::F32,
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::U32 | Self::F32 => 4,
        }
    }

    /// The number in `bytes`, and the largest that the type has.
    fn number(self, bytes: &[u8]) -> (f32, f32) {
        match (self, bytes) {
            (Self::I8, &[a]) => (f32::from(a as i8), 127.0),
            (Self::U8, &[a]) => (f32::from(a), 255.0),
            (Self::I16, &[a, b]) => (f32::from(i16::from_le_bytes([a, b])), 32767.0),
            (Self::U16, &[a, b]) => (f32::from(u16::from_le_bytes([a, b])), 65535.0),
            (Self::U32, &[a, b, c, d]) => {
                (u32::from_le_bytes([a, b, c, d]) as f32, u32::MAX as f32)
            }
            (Self::F32, &[a, b, c, d]) => (f32::from_le_bytes([a, b, c, d]), 1.0),
            _ => (f32::NAN, 1.0),
        }
    }
}

/// Rows of numbers in a buffer view.
struct Rows {
    view: usize,
    /// Where row 0 begins in the view.
    offset: u64,
    rows: Range<u64>,
    row_bytes: usize,
}

impl<'a> Accessors<'a> {
    pub(super) fn new(source: &'a dyn Source, asset: &'a Asset, cancel: &'a Cancel) -> Self {
        Self {
            source,
            asset,
            cancel,
            buffers: HashMap::new(),
            unpacked: HashMap::new(),
        }
    }

    fn malformed(&self, reason: String) -> Error {
        Error::malformed(self.source.name(), reason)
    }

    /// Accessor `index`.
    pub(super) fn get(&self, index: usize) -> Result<&'a Accessor> {
        let accessor = self.asset.accessors.get(index);
        accessor.ok_or_else(|| self.malformed(format!("it has no accessor {index}")))
    }

    /// How many rows of a primitive are read at once: so many that what lies beside the model in memory is
    /// small; all where some are replaced, which are looked for in a table of their own.
    pub(super) fn rows_at_once(&self, primitive: &Primitive) -> u64 {
        let mut accessors = primitive.attributes.values();
        let is_sparse = |index: &usize| {
            let accessor = self.asset.accessors.get(*index);
            accessor.is_some_and(|accessor| accessor.sparse.is_some())
        };
        match accessors.any(is_sparse) {
            true => u64::MAX / 2,
            false => ROWS_AT_ONCE,
        }
    }

    /// The numbers of `rows` of accessor `index`, which must have `count` rows of `N`; normalised integers
    /// become 0 to 1 or -1 to 1.
    pub(super) fn read<const N: usize>(
        &mut self,
        index: usize,
        count: u64,
        rows: Range<u64>,
    ) -> Result<Vec<[f32; N]>> {
        let accessor = self.get(index)?;
        let kind = match N {
            1 => "SCALAR",
            3 => "VEC3",
            _ => "VEC4",
        };
        if accessor.kind != kind || accessor.count != count {
            return Err(self.malformed(format!(
                "its accessor {index} has {} {}, not {count} {kind}",
                accessor.count, accessor.kind
            )));
        }
        let component = self.component(accessor.component_type)?;
        let row_bytes = N * component.bytes();
        let unpack = |bytes: &[u8]| -> [f32; N] {
            let mut parts = bytes.chunks_exact(component.bytes());
            std::array::from_fn(|_| {
                let (value, most) = component.number(parts.next().unwrap_or_default());
                if accessor.normalized {
                    (value / most).max(-1.0)
                } else {
                    value
                }
            })
        };
        let mut out = match accessor.buffer_view {
            None => vec![[0.0; N]; (rows.end - rows.start) as usize],
            Some(view) => {
                let rows = Rows {
                    view,
                    offset: accessor.byte_offset,
                    rows: rows.clone(),
                    row_bytes,
                };
                let (bytes, stride) = self.rows(&rows)?;
                bytes
                    .chunks(stride)
                    .map(|row| unpack(&row[..row_bytes]))
                    .collect()
            }
        };
        if let Some(sparse) = &accessor.sparse {
            if sparse.count > count {
                return Err(self.malformed(format!(
                    "its accessor {index} replaces {} of {count} values",
                    sparse.count
                )));
            }
            let kind = self.component(sparse.indices.component_type)?;
            let table = |view, offset, row_bytes| Rows {
                view,
                offset,
                rows: 0..sparse.count,
                row_bytes,
            };
            let (places, place_stride) = self.rows(&table(
                sparse.indices.buffer_view,
                sparse.indices.byte_offset,
                kind.bytes(),
            ))?;
            let (values, stride) = self.rows(&table(
                sparse.values.buffer_view,
                sparse.values.byte_offset,
                row_bytes,
            ))?;
            for (place, value) in places.chunks(place_stride).zip(values.chunks(stride)) {
                let place = place[..kind.bytes()].iter().rev();
                let place = place.fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
                let place = place.checked_sub(rows.start as usize);
                if let Some(row) = place.and_then(|place| out.get_mut(place)) {
                    *row = unpack(&value[..row_bytes]);
                }
            }
        }
        Ok(out)
    }

    fn component(&self, code: u32) -> Result<Component> {
        Component::of(code)
            .ok_or_else(|| self.malformed(format!("component type {code} is none of glTF's")))
    }

    /// The bytes of some rows, and how far apart they start. The last may end with its numbers.
    fn rows(&mut self, rows: &Rows) -> Result<(Vec<u8>, usize)> {
        let number = rows.view;
        let view = self.view(number)?;
        let packing = view.extensions.meshopt.as_ref();
        let row_bytes = rows.row_bytes as u64;
        let packed_stride = packing.map(|packing| packing.byte_stride);
        let stride = view.byte_stride.or(packed_stride).unwrap_or(row_bytes);
        if rows.rows.is_empty() {
            return Ok((Vec::new(), rows.row_bytes));
        }
        // In the view.
        let start_of = |row: u64| row.checked_mul(stride)?.checked_add(rows.offset);
        let end = start_of(rows.rows.end - 1).and_then(|start| start.checked_add(row_bytes));
        let range = start_of(rows.rows.start)
            .zip(end)
            .filter(|(_, end)| *end <= view.byte_length && stride >= row_bytes)
            .map(|(start, end)| start..end);
        let cut = || {
            self.malformed(format!(
                "its buffer view {number} is too short for what lies in it"
            ))
        };
        let range = range.ok_or_else(cut)?;
        let bytes = match packing {
            Some(packing) => {
                let bytes = self.unpack(number, view, packing)?;
                bytes[range.start as usize..range.end as usize].to_vec()
            }
            None => {
                let cancel = self.cancel;
                let part = self.part(view.buffer, view.byte_offset, range, number)?;
                part.read(0..part.len(), cancel)?
            }
        };
        Ok((bytes, stride as usize))
    }

    /// The bytes of buffer view `number` as a source.
    pub(super) fn view_source(&mut self, number: usize) -> Result<Part<'_>> {
        let view = self.view(number)?;
        self.part(view.buffer, view.byte_offset, 0..view.byte_length, number)
    }

    /// Lets go of what was unpacked, which the next primitive does not need.
    pub(super) fn forget(&mut self) {
        self.unpacked.clear();
    }

    fn view(&self, number: usize) -> Result<&'a BufferView> {
        let view = self.asset.buffer_views.get(number);
        view.ok_or_else(|| self.malformed(format!("it has no buffer view {number}")))
    }

    fn buffer(&mut self, number: usize) -> Result<&Buffer<'a>> {
        match self.buffers.entry(number) {
            Entry::Occupied(opened) => Ok(opened.into_mut()),
            Entry::Vacant(place) => {
                let buffer = Buffer::open(self.source, self.asset, number, self.cancel)?;
                Ok(place.insert(buffer))
            }
        }
    }

    /// The bytes of `range` behind `offset` of a buffer, which lie in buffer view `number`.
    fn part(
        &mut self,
        buffer: usize,
        offset: u64,
        range: Range<u64>,
        number: usize,
    ) -> Result<Part<'_>> {
        let name = self.source.name();
        let opened = self.buffer(buffer)?;
        let start = offset.checked_add(range.start);
        let end = offset.checked_add(range.end);
        let inside = start.zip(end).filter(|(_, end)| *end <= opened.len());
        let (start, end) = inside.ok_or_else(|| {
            Error::malformed(
                name,
                format!("its buffer {buffer} is too short for buffer view {number}"),
            )
        })?;
        Ok(Part {
            name,
            buffer: opened,
            range: start..end,
        })
    }

    /// All bytes of buffer view `number`, which is packed.
    fn unpack(&mut self, number: usize, view: &BufferView, packing: &Meshopt) -> Result<&[u8]> {
        let damaged = format!(
            "its buffer view {number} is no sound stream of meshopt's attributes; export it again"
        );
        if !self.unpacked.contains_key(&number) {
            limits::check_gaussians(self.source.name(), packing.count)?;
            let bytes = packing.count.checked_mul(packing.byte_stride);
            let most = packing.byte_length.saturating_mul(meshopt::MOST_RATIO);
            if bytes.is_none_or(|bytes| bytes != view.byte_length || bytes > most) {
                return Err(self.malformed(damaged));
            }
            let (range, cancel) = (0..packing.byte_length, self.cancel);
            let part = self.part(packing.buffer, packing.byte_offset, range, number)?;
            let packed = part.read(0..part.len(), cancel)?;
            match meshopt::unpack(&packed, packing, cancel)? {
                Ok(bytes) => self.unpacked.insert(number, bytes),
                Err(meshopt::Damaged) => return Err(self.malformed(damaged)),
            };
        }
        let bytes = self.unpacked.get(&number);
        bytes
            .map(Vec::as_slice)
            .ok_or_else(|| self.malformed(damaged))
    }
}
