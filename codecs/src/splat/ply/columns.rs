//! Which columns of a PLY file hold what of a Gaussian.

use super::super::ply_header::{Column, Element, Encoding, Header, Scalar};
use super::super::{Axes, SH_C0, SplatFacts, SplatFormat};
use crate::gaussian_video::rest_coefficients;
use crate::{Error, Result, limits};

/// Coefficients beyond DC of SH degree 4, of which those of degree 3 are read.
const DEGREE_4_REST: usize = 24;

/// How colour is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Colour {
    /// As SH coefficients of degree 0.
    Sh,
    /// As it is shown; times this it is 0 to 1.
    Shown(f32),
}

impl Colour {
    /// The SH coefficient that a stored number stands for.
    #[inline(always)]
    pub(super) fn dc(self, stored: f32) -> f32 {
        match self {
            Self::Sh => stored,
            Self::Shown(unit) => (stored * unit - 0.5) / SH_C0,
        }
    }
}

/// Where the raw values of a Gaussian stand in a row.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub(super) position: [Column; 3],
    /// Red, green, blue.
    pub(super) colour: [Column; 3],
    pub(super) colour_kind: Colour,
    /// SH coefficients beyond DC: red, green, blue of the first, then of the second, and so on.
    pub(super) rest: Vec<[Column; 3]>,
    /// Logit.
    pub(super) opacity: Column,
    /// Natural logarithms; 2D Gaussians have no third.
    pub(super) scale: [Option<Column>; 3],
    /// w, x, y, z.
    pub(super) rotation: [Column; 4],
    pub(super) sh_degree: u8,
    /// SH degree in the file.
    stored_degree: u8,
}

impl Columns {
    /// Finds them in `header`, and the element whose rows are the Gaussians.
    pub(super) fn of<'a>(name: &str, header: &'a Header) -> Result<(&'a Element, Self)> {
        let vertices = header
            .element("vertex")
            .ok_or_else(|| Error::unsupported(name, "it is a PLY file without vertices"))?;
        limits::check_gaussians(name, vertices.count)?;
        if vertices.stride().is_none() {
            return Err(Error::unsupported(
                name,
                "its vertices hold lists, which no file of Gaussians does",
            ));
        }
        let need = |column: &str| {
            vertices.column(column).ok_or_else(|| {
                Error::unsupported(
                    name,
                    format!(
                        "it is a PLY file of something else than Gaussians (a mesh or a point \
                         cloud): its vertices have no column \"{column}\""
                    ),
                )
            })
        };
        let (stored_degree, rest) = rest(name, vertices, &need)?;
        let position = [need("x")?, need("y")?, need("z")?];
        let opacity = need("opacity")?;
        let scale = [
            Some(need("scale_0")?),
            Some(need("scale_1")?),
            vertices.column("scale_2"),
        ];
        let rotation = [
            need("rot_0")?,
            need("rot_1")?,
            need("rot_2")?,
            need("rot_3")?,
        ];
        // Asked for last: points with a colour alone are no Gaussians.
        let (colour_kind, colour) = colour(vertices, &need)?;
        let columns = Self {
            position,
            colour,
            colour_kind,
            rest,
            opacity,
            scale,
            rotation,
            sh_degree: stored_degree.min(limits::MAX_SH_DEGREE as u8),
            stored_degree,
        };
        Ok((vertices, columns))
    }
}

/// SH degree in the file, and the columns of it that are read.
fn rest(
    name: &str,
    vertices: &Element,
    need: &impl Fn(&str) -> Result<Column>,
) -> Result<(u8, Vec<[Column; 3]>)> {
    let columns = vertices.numbered("f_rest_");
    let degree = (0..=limits::MAX_SH_DEGREE as u8)
        .find(|degree| 3 * rest_coefficients(*degree) == columns)
        .or_else(|| (columns == 3 * DEGREE_4_REST).then_some(4))
        .ok_or_else(|| {
            Error::unsupported(
                name,
                format!(
                    "it has {columns} columns f_rest_*; 0, 9, 24, 45 and 72 can be read (SH degrees \
                     0 to 4)"
                ),
            )
        })?;
    let stored = columns / 3;
    let read = rest_coefficients(degree.min(limits::MAX_SH_DEGREE as u8));
    let of = |coefficient: usize| {
        let column = |channel: usize| need(&format!("f_rest_{}", channel * stored + coefficient));
        Ok([column(0)?, column(1)?, column(2)?])
    };
    Ok((degree, (0..read).map(of).collect::<Result<_>>()?))
}

/// Colour as SH, or as some tools write it, as it is shown.
fn colour(
    vertices: &Element,
    need: &impl Fn(&str) -> Result<Column>,
) -> Result<(Colour, [Column; 3])> {
    let shown = ["red", "green", "blue"].map(|channel| vertices.column(channel));
    if let ([Some(red), Some(green), Some(blue)], None) = (shown, vertices.column("f_dc_0")) {
        let unit = match red.scalar() {
            Scalar::U8 => 1.0 / 255.0,
            Scalar::U16 => 1.0 / 65535.0,
            _ => 1.0,
        };
        return Ok((Colour::Shown(unit), [red, green, blue]));
    }
    Ok((
        Colour::Sh,
        [need("f_dc_0")?, need("f_dc_1")?, need("f_dc_2")?],
    ))
}

/// Facts about an INRIA PLY file of `len` bytes.
pub(super) fn facts(name: &str, header: &Header, len: u64) -> Result<SplatFacts> {
    let (vertices, columns) = Columns::of(name, header)?;
    let mut notes = Vec::new();
    let mut note = |sentence: &str| notes.push(sentence.to_owned());
    if header.encoding == Encoding::Ascii {
        note("It is written as text, which takes several times the space and time to read.");
    }
    if header.encoding == Encoding::BigEndian {
        note("Its numbers are big-endian, as hardly any tool writes them.");
    }
    if columns.position[0].scalar() == Scalar::F64 {
        note("Its numbers have 64 bits, of which 32 are kept.");
    }
    if columns.scale[2].is_none() {
        note("It holds 2D Gaussians, which are drawn as flat discs.");
    } else if render_mode(header).as_deref() == Some("2dgs") {
        note("It was trained as 2D Gaussians and is drawn as the 3D Gaussians that it holds.");
    }
    if is_antialiased(header) {
        note("It was trained with antialiasing and is drawn with it.");
    }
    if columns.colour_kind != Colour::Sh {
        note("Its colours are stored as they are shown, not as SH.");
    }
    if columns.stored_degree > columns.sh_degree {
        note("It has SH of degree 4, of which degrees 0 to 3 are drawn.");
    }
    if header.encoding != Encoding::Ascii
        && let Some(end) = header.end()
        && len > end
    {
        note(&format!(
            "{} bytes behind its last row are ignored.",
            len - end
        ));
    }
    Ok(SplatFacts {
        format: SplatFormat::Ply,
        version: None,
        count: vertices.count,
        sh_degree: columns.sh_degree,
        bounds: None,
        axes: Axes::RightDownFront,
        notes,
    })
}

/// Whether it was trained with Mip-Splatting's filter: Brush writes `SplatRenderMode: mip`, Postshot
/// `antialiased 1`.
pub(in crate::splat) fn is_antialiased(header: &Header) -> bool {
    let asks = |comment: &String| {
        matches!(
            &words(comment)[..],
            [key, value, ..] if key == "antialiased" && matches!(value.as_str(), "1" | "true")
        )
    };
    render_mode(header).as_deref() == Some("mip") || header.comments.iter().any(asks)
}

/// What follows `SplatRenderMode:` in a comment.
fn render_mode(header: &Header) -> Option<String> {
    header.comments.iter().find_map(|comment| {
        let words = words(comment);
        let mut words = words.into_iter();
        (words.next()? == "splatrendermode").then(|| words.next())?
    })
}

/// The words of a comment in small letters.
fn words(comment: &str) -> Vec<String> {
    comment
        .to_ascii_lowercase()
        .split(|letter: char| letter.is_whitespace() || letter == ':' || letter == '=')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
