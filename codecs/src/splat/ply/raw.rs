//! Columns as they stand in the file.

use super::super::check_size;
use super::super::ply_header::{Column, Encoding, Header};
use crate::source::Source;
use crate::{Cancel, Error, Result, limits};

/// Bytes that are read at a time.
const BLOCK_BYTES: usize = 1 << 20;

/// Columns of the vertices of a binary file: for each list of names an array with a number of each name,
/// one vertex after the other. Nothing is activated and nothing dropped.
///
/// # Errors
/// As [`super::read`]; [`Error::Malformed`] where a column is missing.
pub(crate) fn raw_columns<const N: usize>(
    source: &dyn Source,
    names: &[Vec<String>; N],
    cancel: &Cancel,
) -> Result<[Vec<f32>; N]> {
    check_size(source)?;
    let header = Header::read(source, cancel)?;
    let name = source.name();
    let vertices = header
        .element("vertex")
        .filter(|_| header.encoding != Encoding::Ascii)
        .ok_or_else(|| Error::unsupported(name, "it is no binary PLY file with vertices"))?;
    let count = vertices.count;
    limits::check_gaussians(name, count)?;
    let mut columns: Vec<Vec<Column>> = Vec::with_capacity(N);
    for names in names {
        let columns_of = names.iter().map(|column| {
            vertices
                .column(column)
                .ok_or_else(|| Error::malformed(name, format!("it has no column \"{column}\"")))
        });
        columns.push(columns_of.collect::<Result<_>>()?);
    }
    let (start, end) = header.rows(source, "vertex")?;
    let stride = vertices.stride().unwrap_or(0).max(1);
    // The rows are there, so the arrays are at most a few times the file.
    let mut arrays =
        std::array::from_fn(|array| Vec::with_capacity(count as usize * columns[array].len()));
    let mut at = start;
    while at < end {
        let block = (BLOCK_BYTES / stride).max(1) as u64 * stride as u64;
        let next = (at + block).min(end);
        let bytes = source.read(at..next, cancel)?;
        for row in bytes.chunks_exact(stride) {
            for (array, columns) in arrays.iter_mut().zip(&columns) {
                let values = columns
                    .iter()
                    .map(|column| column.read(row, header.encoding) as f32);
                array.extend(values);
            }
        }
        at = next;
    }
    Ok(arrays)
}
