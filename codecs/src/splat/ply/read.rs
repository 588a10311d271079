//! Reading.

use super::super::exp::{exp, sigmoid};
use super::super::ply_header::{Column, Element, Encoding, Header};
use super::super::{Axes, SplatCloud, SplatFacts, SplatFormat, check_size};
use crate::gaussian_video::rest_coefficients;
use crate::source::Source;
use crate::{Cancel, Error, Result, limits};

/// Rows are read in pieces of about this size, so that a file never lies in memory twice.
const CHUNK_BYTES: usize = 1 << 20;

/// Reads an INRIA PLY file.
///
/// # Errors
/// As [`Source::read`]; [`Error::Malformed`] for a damaged file, [`Error::Unsupported`] for a PLY
/// file that holds no Gaussians, [`Error::Limit`] above [`limits::MAX_GAUSSIANS`].
pub fn read(source: &dyn Source, cancel: &Cancel) -> Result<SplatCloud> {
    check_size(source)?;
    let header = &Header::read(source, cancel)?;
    let (vertices, columns) = columns(source.name(), header)?;
    let mut cloud = match header.encoding {
        Encoding::Ascii => read_text(source, header, vertices, &columns, cancel)?,
        _ => read_binary(source, header, vertices, &columns, cancel)?,
    };
    cloud.antialiased = header
        .comments
        .iter()
        .any(|comment| asks_for_antialiasing(comment));
    Ok(cloud)
}

/// What the header of an INRIA PLY file says.
///
/// # Errors
/// As [`read`].
pub fn facts(source: &dyn Source, cancel: &Cancel) -> Result<SplatFacts> {
    check_size(source)?;
    let header = Header::read(source, cancel)?;
    let (vertices, columns) = columns(source.name(), &header)?;
    Ok(SplatFacts {
        format: SplatFormat::Ply,
        version: None,
        count: vertices.count,
        sh_degree: columns.sh_degree,
        bounds: None,
        axes: Axes::RightDownFront,
        notes: Vec::new(),
    })
}

/// Brush writes `SplatRenderMode: mip`, Postshot `antialiased 1`.
fn asks_for_antialiasing(comment: &str) -> bool {
    let comment = comment.to_ascii_lowercase();
    let words: Vec<&str> = comment
        .split(|letter: char| letter.is_whitespace() || letter == ':' || letter == '=')
        .filter(|word| !word.is_empty())
        .collect();
    matches!(
        words[..],
        ["splatrendermode", "mip", ..] | ["antialiased", "1" | "true", ..]
    )
}

/// The columns of a row in the order that [`push`] takes them: x, y, z, DC, rest channel-major,
/// opacity, scale, rotation.
struct Columns {
    wanted: Vec<Option<Column>>,
    sh_degree: u8,
}

fn columns<'a>(name: &str, header: &'a Header) -> Result<(&'a Element, Columns)> {
    let vertices = header
        .element("vertex")
        .ok_or_else(|| Error::unsupported(name, "it is a PLY file without vertices"))?;
    limits::check(
        name,
        "Gaussians in a frame",
        vertices.count,
        limits::MAX_GAUSSIANS,
    )?;
    if vertices.stride().is_none() {
        return Err(Error::unsupported(
            name,
            "its vertices hold lists, which no file of Gaussians does",
        ));
    }
    let rest = vertices.numbered("f_rest_");
    let sh_degree = (0..=limits::MAX_SH_DEGREE as u8)
        .find(|degree| 3 * rest_coefficients(*degree) == rest)
        .ok_or_else(|| {
            Error::unsupported(
                name,
                format!(
                    "it has {rest} columns f_rest_*; 0, 9, 24 and 45 can be read (SH degrees 0 to 3)"
                ),
            )
        })?;
    let fixed = |names: &[&str]| -> Vec<String> { names.iter().map(|n| (*n).to_owned()).collect() };
    let mut wanted = fixed(&["x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2"]);
    wanted.extend((0..rest).map(|number| format!("f_rest_{number}")));
    wanted.extend(fixed(&["opacity", "scale_0", "scale_1", "scale_2"]));
    wanted.extend(fixed(&["rot_0", "rot_1", "rot_2", "rot_3"]));
    let wanted = wanted
        .iter()
        .map(|column| match vertices.column(column) {
            Some(found) => Ok(Some(found)),
            None if column == "scale_2" => Ok(None),
            None => Err(Error::unsupported(
                name,
                format!(
                    "it is a PLY file of something else than Gaussians (a mesh or a point cloud): \
                     its vertices have no column \"{column}\""
                ),
            )),
        })
        .collect::<Result<_>>()?;
    Ok((vertices, Columns { wanted, sh_degree }))
}

fn read_binary(
    source: &dyn Source,
    header: &Header,
    vertices: &Element,
    columns: &Columns,
    cancel: &Cancel,
) -> Result<SplatCloud> {
    let (mut start, end) = header.rows(source, "vertex")?;
    let stride = vertices.stride().unwrap_or(0).max(1);
    // The rows are there, so this allocation is at most a few times the file.
    let mut cloud = SplatCloud::with_capacity(vertices.count as usize, columns.sh_degree);
    let mut values = vec![0.0; columns.wanted.len()];
    let mut rest = vec![[0.0; 3]; cloud.rest_coefficients()];
    let chunk = (CHUNK_BYTES / stride).max(1) * stride;
    while start < end {
        let bytes = source.read(start..end.min(start + chunk as u64), cancel)?;
        start += bytes.len() as u64;
        for row in bytes.chunks_exact(stride) {
            for (value, column) in values.iter_mut().zip(&columns.wanted) {
                *value = column.map_or(f32::NEG_INFINITY, |column| {
                    column.read(row, header.encoding) as f32
                });
            }
            push(&mut cloud, &values, &mut rest);
        }
    }
    Ok(cloud)
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
    let mut values = vec![0.0; columns.wanted.len()];
    let mut rest = vec![[0.0; 3]; cloud.rest_coefficients()];
    let mut row = Vec::with_capacity(width);
    for number in 0..vertices.count {
        if number % 1024 == 0 {
            cancel.check()?;
        }
        row.clear();
        for _ in 0..width {
            row.push(tokens.next().ok_or_else(too_early)?);
        }
        for (value, column) in values.iter_mut().zip(&columns.wanted) {
            *value = column.map_or(f32::NEG_INFINITY, |column| column.parse(&row) as f32);
        }
        push(&mut cloud, &values, &mut rest);
    }
    Ok(cloud)
}

/// Activates one row of raw values and adds it.
fn push(cloud: &mut SplatCloud, values: &[f32], rest: &mut [[f32; 3]]) {
    let coefficients = rest.len();
    for (j, coefficient) in rest.iter_mut().enumerate() {
        *coefficient = std::array::from_fn(|channel| values[6 + channel * coefficients + j]);
    }
    let tail = &values[6 + 3 * coefficients..];
    cloud.push(
        std::array::from_fn(|axis| values[axis]),
        std::array::from_fn(|part| tail[4 + part]),
        std::array::from_fn(|axis| exp(tail[1 + axis])),
        sigmoid(tail[0]),
        std::array::from_fn(|channel| values[3 + channel]),
        rest,
    );
}
