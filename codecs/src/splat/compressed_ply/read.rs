//! Reading.

use super::super::exp::exp;
use super::super::fill::{Block, fill};
use super::super::ply::is_antialiased;
use super::super::ply_header::{Column, Element, Encoding, Header, Scalar};
use super::super::{Axes, SH_C0, SplatCloud, SplatFacts, SplatFormat, check_size, smallest_three};
use super::CHUNK_GAUSSIANS;
use crate::gaussian_video::rest_coefficients;
use crate::source::Source;
use crate::{Cancel, Error, Result, limits};

/// Chunks that are read and decoded at once: 64 KiB of vertices, 184 KiB of SH of degree 3.
const BLOCK_CHUNKS: usize = 16;

/// Reads a compressed PLY file.
///
/// # Errors
/// As [`Source::read`]; [`Error::Malformed`] for a damaged file, [`Error::Limit`] above
/// [`limits::MAX_GAUSSIANS`].
pub fn read(source: &dyn Source, cancel: &Cancel) -> Result<SplatCloud> {
    check_size(source)?;
    let header = Header::read(source, cancel)?;
    let rows = Rows::of(source, &header)?;
    let count = rows.shape.vertices.count as usize;
    let block_rows = BLOCK_CHUNKS * CHUNK_GAUSSIANS;
    let mut cloud = fill(count, rows.shape.sh_degree, block_rows, cancel, |block| {
        rows.decode(block, block.rows.start / CHUNK_GAUSSIANS, cancel)
    })?;
    cloud.antialiased = is_antialiased(&header);
    Ok(cloud)
}

/// About `most` Gaussians: whole chunks from all over the file, each of which is a place.
pub(in crate::splat) fn read_preview(
    source: &dyn Source,
    most: usize,
    cancel: &Cancel,
) -> Result<SplatCloud> {
    check_size(source)?;
    let header = Header::read(source, cancel)?;
    let rows = Rows::of(source, &header)?;
    let total = rows.shape.vertices.count as usize / CHUNK_GAUSSIANS;
    let chunks = total.min(most / CHUNK_GAUSSIANS);
    let (count, degree) = (chunks * CHUNK_GAUSSIANS, rows.shape.sh_degree);
    let mut cloud = fill(count, degree, CHUNK_GAUSSIANS, cancel, |block| {
        let chunk = block.rows.start / CHUNK_GAUSSIANS;
        rows.decode(block, chunk * total / chunks, cancel)
    })?;
    cloud.antialiased = is_antialiased(&header);
    Ok(cloud)
}

/// What the header of a compressed PLY file says.
///
/// # Errors
/// As [`read`].
pub fn facts(source: &dyn Source, cancel: &Cancel) -> Result<SplatFacts> {
    check_size(source)?;
    let header = Header::read(source, cancel)?;
    let shape = Shape::of(source.name(), &header)?;
    let mut notes = Vec::new();
    if shape.ranges.len() < RANGES {
        notes.push("It is of the older kind, without ranges of colour.".to_owned());
    }
    if is_antialiased(&header) {
        notes.push("It was trained with antialiasing and is drawn with it.".to_owned());
    }
    Ok(SplatFacts {
        format: SplatFormat::CompressedPly,
        version: None,
        count: shape.vertices.count,
        sh_degree: shape.sh_degree,
        bounds: None,
        axes: Axes::RightDownFront,
        notes,
    })
}

/// The columns of the three elements.
struct Shape<'a> {
    chunks: &'a Element,
    vertices: &'a Element,
    /// Element `sh` and its columns.
    rest: Option<(&'a Element, Vec<Column>)>,
    sh_degree: u8,
    /// Low and high of x, y, z, log-scale x, y, z, and where there, red, green, blue.
    ranges: Vec<[Column; 2]>,
    /// Position, rotation, scale, colour.
    packed: [Column; 4],
}

impl<'a> Shape<'a> {
    fn of(name: &str, header: &'a Header) -> Result<Self> {
        let element = |wanted: &str| {
            header
                .element(wanted)
                .ok_or_else(|| Error::malformed(name, format!("it has no \"{wanted}\" rows")))
        };
        let (chunks, vertices) = (element("chunk")?, element("vertex")?);
        limits::check_gaussians(name, vertices.count)?;
        if header.encoding == Encoding::Ascii {
            return Err(Error::malformed(
                name,
                "it is compressed PLY written as text, which no program reads",
            ));
        }
        if chunks.count < vertices.count.div_ceil(CHUNK_GAUSSIANS as u64) {
            return Err(Error::malformed(
                name,
                format!(
                    "it has {} chunks, too few for {} Gaussians",
                    chunks.count, vertices.count
                ),
            ));
        }
        let column = |element: &Element, wanted: &str| {
            element
                .column(wanted)
                .ok_or_else(|| Error::malformed(name, format!("it has no column \"{wanted}\"")))
        };
        let mut axes = vec!["x", "y", "z", "scale_x", "scale_y", "scale_z"];
        if chunks.column("min_r").is_some() {
            axes.extend(["r", "g", "b"]);
        }
        let ranges = axes
            .iter()
            .map(|axis| {
                Ok([
                    column(chunks, &format!("min_{axis}"))?,
                    column(chunks, &format!("max_{axis}"))?,
                ])
            })
            .collect::<Result<_>>()?;
        let packed = [
            column(vertices, "packed_position")?,
            column(vertices, "packed_rotation")?,
            column(vertices, "packed_scale")?,
            column(vertices, "packed_color")?,
        ];
        let rest = match header.element("sh") {
            None => None,
            Some(sh) if sh.count != vertices.count => {
                return Err(Error::malformed(
                    name,
                    format!(
                        "it has {} SH rows for {} Gaussians",
                        sh.count, vertices.count
                    ),
                ));
            }
            Some(sh) => {
                let columns = (0..sh.numbered("f_rest_"))
                    .map(|number| column(sh, &format!("f_rest_{number}")))
                    .collect::<Result<Vec<_>>>()?;
                Some((sh, columns))
            }
        };
        let values = rest.as_ref().map_or(0, |(_, columns)| columns.len());
        let sh_degree = (0..=limits::MAX_SH_DEGREE as u8)
            .find(|degree| 3 * rest_coefficients(*degree) == values)
            .ok_or_else(|| {
                Error::malformed(
                    name,
                    format!("it has {values} SH columns, which fits no SH degree from 0 to 3"),
                )
            })?;
        Ok(Self {
            chunks,
            vertices,
            rest,
            sh_degree,
            ranges,
            packed,
        })
    }
}

/// Ranges of a chunk: position, log-scale, colour.
const RANGES: usize = 9;

/// The rows of a file.
struct Rows<'a> {
    source: &'a dyn Source,
    encoding: Encoding,
    shape: Shape<'a>,
    chunks: Table,
    vertices: Table,
    /// Of SH, and where the codes stand when they are bytes in order.
    rest: Option<(Table, Option<usize>)>,
}

/// Where the rows of an element are in the file.
#[derive(Clone, Copy)]
struct Table {
    start: u64,
    stride: usize,
}

impl<'a> Rows<'a> {
    fn of(source: &'a dyn Source, header: &'a Header) -> Result<Self> {
        let shape = Shape::of(source.name(), header)?;
        let table = |element: &Element| -> Result<Table> {
            let (start, _) = header.rows(source, &element.name)?;
            Ok(Table {
                start,
                stride: element.stride().unwrap_or(0).max(1),
            })
        };
        let rest = match &shape.rest {
            Some((element, columns)) => Some((table(element)?, bytes_in_order(columns))),
            None => None,
        };
        Ok(Self {
            source,
            encoding: header.encoding,
            chunks: table(shape.chunks)?,
            vertices: table(shape.vertices)?,
            rest,
            shape,
        })
    }

    fn bytes(
        &self,
        table: Table,
        rows: std::ops::Range<usize>,
        cancel: &Cancel,
    ) -> Result<Vec<u8>> {
        let at = |row: usize| table.start + (row * table.stride) as u64;
        self.source.read(at(rows.start)..at(rows.end), cancel)
    }

    /// Fills `block` with the Gaussians of the file from chunk `first` on.
    fn decode(&self, block: &mut Block, first: usize, cancel: &Cancel) -> Result<()> {
        let count = block.rows.len();
        let chunks = first..first + count.div_ceil(CHUNK_GAUSSIANS);
        let rows = first * CHUNK_GAUSSIANS..first * CHUNK_GAUSSIANS + count;
        let chunks = self.bytes(self.chunks, chunks, cancel)?;
        let vertices = self.bytes(self.vertices, rows.clone(), cancel)?;
        let of_a_chunk = self.vertices.stride * CHUNK_GAUSSIANS;
        let chunks = chunks.chunks_exact(self.chunks.stride);
        for (number, (chunk, vertices)) in chunks.zip(vertices.chunks(of_a_chunk)).enumerate() {
            let mut ranges = [[0.0, 1.0]; RANGES];
            for (range, columns) in ranges.iter_mut().zip(&self.shape.ranges) {
                *range = columns.map(|column| column.read(chunk, self.encoding) as f32);
            }
            let rows = vertices.chunks_exact(self.vertices.stride);
            for (k, row) in (number * CHUNK_GAUSSIANS..).zip(rows) {
                let packed = &self.shape.packed;
                let words = packed.map(|column| column.read(row, self.encoding) as u32);
                unpack(block, k, words, &ranges);
            }
        }
        if let (Some((table, in_order)), Some((_, columns))) = (self.rest, &self.shape.rest) {
            let bytes = self.bytes(table, rows, cancel)?;
            let coefficients = columns.len() / 3;
            let places = block.sh_rest.chunks_exact_mut(coefficients.max(1));
            for (place, row) in places.zip(bytes.chunks_exact(table.stride)) {
                let codes = in_order.and_then(|first| row.get(first..first + columns.len()));
                for (k, coefficient) in place.iter_mut().enumerate() {
                    *coefficient = std::array::from_fn(|channel| {
                        let column = channel * coefficients + k;
                        let code = match codes {
                            Some(codes) => codes[column],
                            None => columns[column].read(row, self.encoding) as u8,
                        };
                        SH_OF_CODE[usize::from(code)]
                    });
                }
            }
        }
        // A loop over the whole array becomes vector instructions.
        for scale in block.scales.as_flattened_mut() {
            *scale = exp(*scale);
        }
        Ok(())
    }
}

/// Bytes from the start of a row to the first of `columns` when they are bytes one after the other.
fn bytes_in_order(columns: &[Column]) -> Option<usize> {
    let first = columns.first()?.offset();
    let in_order = columns
        .iter()
        .enumerate()
        .all(|(k, column)| column.scalar() == Scalar::U8 && column.offset() == first + k);
    in_order.then_some(first)
}

/// The SH coefficients that a byte stands for.
pub(super) const SH_OF_CODE: [f32; 256] = {
    let mut values = [0.0; 256];
    let mut code = 0;
    while code < 256 {
        values[code] = ((code as f32 + 0.5) / 256.0 - 0.5) * 8.0;
        code += 1;
    }
    values[0] = -4.0;
    values[255] = 4.0;
    values
};

/// Unpacks the words position, rotation, scale, colour of one Gaussian into place `k`; of the scale,
/// the logarithm.
#[inline(always)]
fn unpack(block: &mut Block, k: usize, words: [u32; 4], ranges: &[[f32; 2]; RANGES]) {
    let [position, rotation, scale, colour] = words;
    let lerp = |[low, high]: [f32; 2], value: f32| low + value * (high - low);
    let position = unpack_11_10_11(position);
    let scale = unpack_11_10_11(scale);
    let [red, green, blue, alpha] = colour.to_be_bytes().map(|byte| f32::from(byte) / 255.0);
    let colour = [red, green, blue];
    block.positions[k] = std::array::from_fn(|axis| lerp(ranges[axis], position[axis]));
    block.rotations[k] = unpack_rotation(rotation);
    block.scales[k] = std::array::from_fn(|axis| lerp(ranges[3 + axis], scale[axis]));
    block.opacities[k] = alpha;
    block.sh_dc[k] =
        std::array::from_fn(|channel| (lerp(ranges[6 + channel], colour[channel]) - 0.5) / SH_C0);
}

/// Three numbers 0..1: the first in the high 11 bits, then 10 bits, then 11.
fn unpack_11_10_11(word: u32) -> [f32; 3] {
    [
        (word >> 21) as f32 / 2047.0,
        (word >> 11 & 1023) as f32 / 1023.0,
        (word & 2047) as f32 / 2047.0,
    ]
}

fn unpack_rotation(word: u32) -> [f32; 4] {
    let part =
        |shift: u32| ((word >> shift & 1023) as f32 / 1023.0 - 0.5) * std::f32::consts::SQRT_2;
    smallest_three((word >> 30) as usize, [part(20), part(10), part(0)])
}
