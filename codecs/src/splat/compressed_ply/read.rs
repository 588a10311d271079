//! Reading.

use super::super::ply_header::{Column, Element, Encoding, Header};
use super::super::{Axes, SH_C0, SplatCloud, SplatFacts, SplatFormat, check_size, smallest_three};
use crate::gaussian_video::rest_coefficients;
use crate::source::Source;
use crate::{Cancel, Error, Result, limits};

/// Gaussians that share a chunk's ranges.
const CHUNK_GAUSSIANS: u64 = 256;
/// Bytes of vertices and SH that are read in one go, at least one chunk.
const BYTES_AT_ONCE: u64 = 2 << 20;

/// Reads a compressed PLY file.
///
/// # Errors
/// As [`Source::read`]; [`Error::Malformed`] for a damaged file, [`Error::Limit`] above
/// [`limits::MAX_GAUSSIANS`].
pub fn read(source: &dyn Source, cancel: &Cancel) -> Result<SplatCloud> {
    check_size(source)?;
    read_body(source, &Header::read(source, cancel)?, cancel)
}

/// What the header of a compressed PLY file says.
///
/// # Errors
/// As [`read`].
pub fn facts(source: &dyn Source, cancel: &Cancel) -> Result<SplatFacts> {
    check_size(source)?;
    let header = Header::read(source, cancel)?;
    let shape = Shape::of(source.name(), &header)?;
    Ok(SplatFacts {
        format: SplatFormat::CompressedPly,
        version: None,
        count: shape.vertices.count,
        sh_degree: shape.sh_degree,
        bounds: None,
        axes: Axes::RightDownFront,
        notes: Vec::new(),
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
        limits::check(
            name,
            "Gaussians in a frame",
            vertices.count,
            limits::MAX_GAUSSIANS,
        )?;
        if header.encoding == Encoding::Ascii {
            return Err(Error::malformed(
                name,
                "it is compressed PLY written as text, which no program reads",
            ));
        }
        if chunks.count < vertices.count.div_ceil(CHUNK_GAUSSIANS) {
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

pub(super) fn read_body(
    source: &dyn Source,
    header: &Header,
    cancel: &Cancel,
) -> Result<SplatCloud> {
    let shape = Shape::of(source.name(), header)?;
    let chunk_rows = Rows::of(source, header, shape.chunks)?;
    let vertex_rows = Rows::of(source, header, shape.vertices)?;
    let rest_rows = match &shape.rest {
        Some((element, columns)) => Some((Rows::of(source, header, element)?, columns)),
        None => None,
    };
    let count = shape.vertices.count;
    let mut cloud = SplatCloud::with_capacity(count as usize, shape.sh_degree);
    let mut rest = vec![[0.0; 3]; cloud.rest_coefficients()];
    let chunks = count.div_ceil(CHUNK_GAUSSIANS);
    let row_bytes = vertex_rows.stride + rest_rows.as_ref().map_or(0, |(rows, _)| rows.stride);
    let chunks_at_once = (BYTES_AT_ONCE / (CHUNK_GAUSSIANS * row_bytes as u64)).max(1);
    for first in (0..chunks).step_by(chunks_at_once as usize) {
        let last = chunks.min(first + chunks_at_once);
        let rows = first * CHUNK_GAUSSIANS..count.min(last * CHUNK_GAUSSIANS);
        let chunk_bytes = chunk_rows.read(source, first..last, cancel)?;
        let vertex_bytes = vertex_rows.read(source, rows.clone(), cancel)?;
        let rest_bytes = match &rest_rows {
            Some((rest_rows, _)) => rest_rows.read(source, rows, cancel)?,
            None => Vec::new(),
        };
        let mut rest_iterator = rest_rows
            .as_ref()
            .map(|(rows, columns)| (rest_bytes.chunks_exact(rows.stride), *columns));
        let vertices_of_chunk = vertex_bytes.chunks(vertex_rows.stride * CHUNK_GAUSSIANS as usize);
        for (chunk, vertices) in chunk_bytes
            .chunks_exact(chunk_rows.stride)
            .zip(vertices_of_chunk)
        {
            let ranges: Vec<[f32; 2]> = shape
                .ranges
                .iter()
                .map(|range| range.map(|column| column.read(chunk, header.encoding) as f32))
                .collect();
            for row in vertices.chunks_exact(vertex_rows.stride) {
                if let Some((iterator, columns)) = &mut rest_iterator
                    && let Some(bytes) = iterator.next()
                {
                    read_rest(&mut rest, bytes, columns, header.encoding);
                }
                let words = shape
                    .packed
                    .map(|column| column.read(row, header.encoding) as u32);
                push(&mut cloud, words, &ranges, &rest);
            }
        }
    }
    Ok(cloud)
}

/// The rows of one element in the file.
struct Rows {
    start: u64,
    stride: usize,
}

impl Rows {
    fn of(source: &dyn Source, header: &Header, element: &Element) -> Result<Self> {
        let (start, _) = header.rows(source, &element.name)?;
        Ok(Self {
            start,
            stride: element.stride().unwrap_or(0).max(1),
        })
    }

    fn read(
        &self,
        source: &dyn Source,
        rows: std::ops::Range<u64>,
        cancel: &Cancel,
    ) -> Result<Vec<u8>> {
        let stride = self.stride as u64;
        source.read(
            self.start + rows.start * stride..self.start + rows.end * stride,
            cancel,
        )
    }
}

fn read_rest(rest: &mut [[f32; 3]], row: &[u8], columns: &[Column], encoding: Encoding) {
    let coefficients = rest.len();
    for (index, column) in columns.iter().enumerate() {
        let value = match column.read(row, encoding) as u8 {
            0 => -4.0,
            255 => 4.0,
            code => ((f32::from(code) + 0.5) / 256.0 - 0.5) * 8.0,
        };
        if let Some(coefficient) = rest.get_mut(index % coefficients) {
            coefficient[index / coefficients] = value;
        }
    }
}

/// Unpacks the words position, rotation, scale, colour of one Gaussian and adds it.
fn push(cloud: &mut SplatCloud, words: [u32; 4], ranges: &[[f32; 2]], rest: &[[f32; 3]]) {
    let [position, rotation, scale, colour] = words;
    let lerp = |range: usize, value: f32| match ranges.get(range) {
        Some([low, high]) => low + value * (high - low),
        // Older files have no colour ranges: 0 to 1.
        None => value,
    };
    let position = unpack_11_10_11(position);
    let scale = unpack_11_10_11(scale);
    let [red, green, blue, alpha] = colour.to_be_bytes().map(|byte| f32::from(byte) / 255.0);
    let colour = [red, green, blue];
    cloud.push(
        std::array::from_fn(|axis| lerp(axis, position[axis])),
        unpack_rotation(rotation),
        std::array::from_fn(|axis| lerp(3 + axis, scale[axis]).exp()),
        alpha,
        std::array::from_fn(|channel| (lerp(6 + channel, colour[channel]) - 0.5) / SH_C0),
        rest,
    );
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
