//! Reading.

use super::super::exp::{exp, sigmoid};
use super::super::fill::{Block, fill};
use super::super::ply_header::{Column, Element, Encoding, Header};
use super::super::{SplatCloud, SplatFacts, check_size};
use super::columns::{self, Columns, is_antialiased};
use super::floats::Floats;
use crate::source::Source;
use crate::{Cancel, Error, Result};

/// Rows are read and decoded in blocks of about this size: the second-level cache of a core holds
/// one and what it becomes.
const BLOCK_BYTES: usize = 256 << 10;

/// Bytes that are read for a preview at most.
const PREVIEW_BYTES: usize = 16 << 20;
/// Rows of a preview that lie beside each other: reading fewer costs as much.
const PREVIEW_RUN: usize = 64;

/// Reads an INRIA PLY file.
///
/// # Errors
/// As [`Source::read`]; [`Error::Malformed`] for a damaged file, [`Error::Unsupported`] for a PLY
/// file that holds no Gaussians, [`Error::Limit`] above
/// [`limits::MAX_GAUSSIANS`](crate::limits::MAX_GAUSSIANS).
pub fn read(source: &dyn Source, cancel: &Cancel) -> Result<SplatCloud> {
    check_size(source)?;
    let header = &Header::read(source, cancel)?;
    let (vertices, columns) = Columns::of(source.name(), header)?;
    let mut cloud = match header.encoding {
        Encoding::Ascii => read_text(source, header, vertices, &columns, cancel)?,
        encoding => {
            let (start, _) = header.rows(source, "vertex")?;
            let rows = Rows::new(source, start, vertices, encoding, columns);
            rows.read(vertices.count as usize, cancel)?
        }
    };
    cloud.antialiased = is_antialiased(header);
    Ok(cloud)
}

/// About `most` Gaussians from all over the file, whose rows have no order that means anything; `None`
/// of a file in which they cannot be found without reading it.
pub(in crate::splat) fn read_preview(
    source: &dyn Source,
    most: usize,
    cancel: &Cancel,
) -> Result<Option<SplatCloud>> {
    check_size(source)?;
    let header = &Header::read(source, cancel)?;
    if header.encoding == Encoding::Ascii {
        return Ok(None);
    }
    let (vertices, columns) = Columns::of(source.name(), header)?;
    let (start, _) = header.rows(source, "vertex")?;
    let total = vertices.count as usize;
    let rows = Rows::new(source, start, vertices, header.encoding, columns);
    let most = most.min(PREVIEW_BYTES / rows.stride).min(total);
    let runs = most / PREVIEW_RUN;
    let degree = rows.columns.sh_degree;
    let mut cloud = fill(runs * PREVIEW_RUN, degree, PREVIEW_RUN, cancel, |block| {
        let run = (block.rows.start / PREVIEW_RUN) as u64;
        let first = run * total as u64 / runs as u64;
        rows.decode(block, first, cancel)
    })?;
    cloud.antialiased = is_antialiased(header);
    Ok(Some(cloud))
}

/// What the header of an INRIA PLY file says.
///
/// # Errors
/// As [`read`].
pub fn facts(source: &dyn Source, cancel: &Cancel) -> Result<SplatFacts> {
    check_size(source)?;
    columns::facts(source.name(), &Header::read(source, cancel)?, source.len())
}

/// The rows of a binary file.
struct Rows<'a> {
    source: &'a dyn Source,
    /// Where the first begins.
    start: u64,
    stride: usize,
    encoding: Encoding,
    columns: Columns,
    /// The same, where all are little-endian floats.
    floats: Option<Floats>,
}

impl<'a> Rows<'a> {
    fn new(
        source: &'a dyn Source,
        start: u64,
        vertices: &Element,
        encoding: Encoding,
        columns: Columns,
    ) -> Self {
        Self {
            source,
            start,
            stride: vertices.stride().unwrap_or(0).max(1),
            encoding,
            floats: Floats::of(&columns, encoding),
            columns,
        }
    }

    fn read(&self, count: usize, cancel: &Cancel) -> Result<SplatCloud> {
        let block_rows = (BLOCK_BYTES / self.stride).max(1);
        // The rows are there, so the arrays are at most a few times the file.
        fill(count, self.columns.sh_degree, block_rows, cancel, |block| {
            self.decode(block, block.rows.start as u64, cancel)
        })
    }

    /// Fills `block` with the rows of the file from `first` on.
    fn decode(&self, block: &mut Block, first: u64, cancel: &Cancel) -> Result<()> {
        let start = self.start + first * self.stride as u64;
        let bytes = (block.rows.len() * self.stride) as u64;
        let bytes = self.source.read(start..start + bytes, cancel)?;
        let rows = bytes.chunks_exact(self.stride);
        match &self.floats {
            Some(floats) => floats.decode(block, rows),
            None => {
                for (k, row) in rows.enumerate() {
                    put(block, k, &self.columns, |column| {
                        column.read(row, self.encoding) as f32
                    });
                }
            }
        }
        activate(block);
        Ok(())
    }
}

/// Puts the raw values of a row into place `k` of a block. `value` reads a column.
fn put(block: &mut Block, k: usize, columns: &Columns, value: impl Fn(Column) -> f32) {
    let rest = columns.rest.len();
    block.positions[k] = columns.position.map(&value);
    block.sh_dc[k] = columns
        .colour
        .map(|channel| columns.colour_kind.dc(value(channel)));
    for (place, coefficient) in block.sh_rest[k * rest..(k + 1) * rest]
        .iter_mut()
        .zip(&columns.rest)
    {
        *place = coefficient.map(&value);
    }
    block.opacities[k] = value(columns.opacity);
    block.scales[k] = columns
        .scale
        .map(|scale| scale.map_or(f32::NEG_INFINITY, &value));
    block.rotations[k] = columns.rotation.map(&value);
}

/// Logarithms to scales, logits to opacities. A loop over whole arrays becomes vector instructions.
fn activate(block: &mut Block) {
    for scale in block.scales.as_flattened_mut() {
        *scale = exp(*scale);
    }
    for opacity in &mut *block.opacities {
        *opacity = sigmoid(*opacity);
    }
}

fn read_text(
    source: &dyn Source,
    header: &Header,
    vertices: &Element,
    columns: &Columns,
    cancel: &Cancel,
) -> Result<SplatCloud> {
    let bytes = source.read(header.body_offset..source.len(), cancel)?;
    let mut tokens = bytes
        .split(u8::is_ascii_whitespace)
        .filter(|token| !token.is_empty());
    let too_early = || Error::malformed(source.name(), "it ends too early; copy the file again");
    for element in &header.elements {
        if element.name == "vertex" {
            break;
        }
        let width = element.width().ok_or_else(|| {
            Error::unsupported(
                source.name(),
                format!("its \"{}\" rows differ in length", element.name),
            )
        })?;
        for _ in 0..element.count.saturating_mul(width as u64) {
            tokens.next().ok_or_else(too_early)?;
        }
    }
    let width = vertices.width().unwrap_or(0);
    // A number and its space take two bytes at least, whatever the header promises.
    let capacity = (vertices.count as usize).min(bytes.len() / (2 * width.max(1)) + 1);
    let mut cloud = SplatCloud::with_capacity(capacity, columns.sh_degree);
    let mut rest = vec![[0.0; 3]; columns.rest.len()];
    let mut row = Vec::with_capacity(width);
    for number in 0..vertices.count {
        if number % 1024 == 0 {
            cancel.check()?;
        }
        row.clear();
        for _ in 0..width {
            row.push(tokens.next().ok_or_else(too_early)?);
        }
        let value = |column: Column| column.parse(&row) as f32;
        for (coefficient, columns) in rest.iter_mut().zip(&columns.rest) {
            *coefficient = columns.map(value);
        }
        cloud.push(
            columns.position.map(value),
            columns.rotation.map(value),
            columns
                .scale
                .map(|scale| exp(scale.map_or(f32::NEG_INFINITY, value))),
            sigmoid(value(columns.opacity)),
            columns
                .colour
                .map(|channel| columns.colour_kind.dc(value(channel))),
            &rest,
        );
    }
    Ok(cloud)
}
