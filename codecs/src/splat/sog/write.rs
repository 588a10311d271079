//! Writing version 2.

use std::io::{self, Cursor, Write as _};

use rayon::prelude::*;
use serde::Serialize;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::super::SplatCloud;
use super::super::morton::morton_order;
use super::code_book::CodeBook;
use super::meta::META_NAME;
use super::palette::{MAX_ENTRIES, Palette};
use super::picture;
use super::rest::PALETTE_COLUMNS;
use crate::{Cancel, Error, Result, limits};

/// Writes a zipped SOG model of version 2 in the cloud's own space, which ought to be
/// [`Axes::RightDownFront`](super::super::Axes). The Gaussians come in Morton order of their
/// positions.
///
/// What is stored: `sign(x) ln(1 + |x|)` of positions in 16 bits between their least and largest;
/// logarithms of scales, and SH coefficients, in code books of 256 entries; opacity in 8 bits;
/// rotations in 8 bits a part; and the SH coefficients beyond DC as a palette of at most 65 536
/// entries (at least half as many as there are Gaussians, where they are fewer than that).
///
/// # Errors
/// Those of `out`; [`Error::Write`] where a number is not finite or there are more than
/// [`limits::MAX_GAUSSIANS`]; [`Error::Cancelled`].
pub fn write(cloud: &SplatCloud, out: &mut impl io::Write, cancel: &Cancel) -> Result<()> {
    let files = files(cloud, cancel)?;
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // The pictures are packed already.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in files {
        cancel.check()?;
        archive
            .start_file(name, options)
            .map_err(io::Error::from)
            .and_then(|()| archive.write_all(&bytes))
            .map_err(|error| Error::write(&error))?;
    }
    let archive = archive
        .finish()
        .map_err(|error| Error::write(&io::Error::from(error)))?;
    out.write_all(&archive.into_inner())
        .map_err(|error| Error::write(&error))
}

/// The files of a SOG model of version 2, as [`write()`] puts them into an archive: `meta.json` and
/// the pictures, each with its name.
///
/// # Errors
/// As [`write()`].
pub fn files(cloud: &SplatCloud, cancel: &Cancel) -> Result<Vec<(String, Vec<u8>)>> {
    check(cloud)?;
    let writer = Writer::new(cloud);
    let (means, low, high) = writer.means();
    let quats = writer.quaternions();
    let (scales, scale_codes) = writer.scales();
    let (sh0, colour_codes) = writer.colours();
    let rest = match cloud.sh_degree {
        0 => None,
        _ => Some(writer.rest(cancel)?),
    };
    cancel.check()?;
    let encode = |pixels| picture::encode(pixels, writer.width, writer.height);
    let encode_alpha = |pixels| picture::encode::<4>(pixels, writer.width, writer.height);
    let ((low, high), (quats_file, (scales_file, sh0_file))) = rayon::join(
        || rayon::join(|| encode(&low), || encode(&high)),
        || {
            rayon::join(
                || encode_alpha(&quats),
                || rayon::join(|| encode(&scale_codes), || encode_alpha(&colour_codes)),
            )
        },
    );
    let mut files = vec![
        (MEANS[0].to_owned(), low?),
        (MEANS[1].to_owned(), high?),
        (QUATS.to_owned(), quats_file?),
        (SCALES.to_owned(), scales_file?),
        (SH0.to_owned(), sh0_file?),
    ];
    let rest = match rest {
        Some(rest) => {
            let palette = picture::encode::<3>(&rest.pixels, rest.width, rest.height);
            files.push((SH_REST[0].to_owned(), palette?));
            files.push((SH_REST[1].to_owned(), encode(&rest.labels)?));
            Some(rest.meta)
        }
        None => None,
    };
    let meta = Meta {
        version: 2,
        asset: Asset {
            generator: concat!("Zoetrope ", env!("CARGO_PKG_VERSION")),
        },
        count: cloud.len(),
        antialias: cloud.antialiased,
        means,
        scales,
        quats: Quaternions { files: [QUATS] },
        sh0,
        rest,
    };
    let meta = serde_json::to_vec(&meta).map_err(|error| Error::Write {
        reason: format!("its meta.json cannot be made ({error})"),
    })?;
    files.insert(0, (META_NAME.to_owned(), meta));
    Ok(files)
}

const MEANS: [&str; 2] = ["means_l.webp", "means_u.webp"];
const QUATS: &str = "quats.webp";
const SCALES: &str = "scales.webp";
const SH0: &str = "sh0.webp";
const SH_REST: [&str; 2] = ["shN_centroids.webp", "shN_labels.webp"];

#[derive(Serialize)]
struct Meta {
    version: u32,
    asset: Asset,
    count: usize,
    antialias: bool,
    means: Means,
    scales: Coded,
    quats: Quaternions,
    sh0: Coded,
    #[serde(rename = "shN", skip_serializing_if = "Option::is_none")]
    rest: Option<PaletteMeta>,
}

#[derive(Serialize)]
struct Asset {
    generator: &'static str,
}

#[derive(Serialize)]
struct Means {
    mins: [f32; 3],
    maxs: [f32; 3],
    files: [&'static str; 2],
}

#[derive(Serialize)]
struct Quaternions {
    files: [&'static str; 1],
}

/// An attribute with a code book.
#[derive(Serialize)]
struct Coded {
    codebook: Vec<f32>,
    files: [&'static str; 1],
}

#[derive(Serialize)]
struct PaletteMeta {
    count: usize,
    bands: u8,
    codebook: Vec<f32>,
    files: [&'static str; 2],
}

/// Whether `cloud` can be written.
fn check(cloud: &SplatCloud) -> Result<()> {
    limits::check_gaussians("the model", cloud.len() as u64)?;
    let finite = |values: &[f32]| values.par_iter().all(|value| value.is_finite());
    let all_finite = finite(cloud.positions.as_flattened())
        && finite(cloud.rotations.as_flattened())
        && finite(cloud.scales.as_flattened())
        && finite(&cloud.opacities)
        && finite(cloud.sh_dc.as_flattened())
        && finite(cloud.sh_rest.stored().as_flattened());
    if all_finite {
        return Ok(());
    }
    Err(Error::Write {
        reason: "a Gaussian has a value that is not a finite number; leave such ones out"
            .to_owned(),
    })
}

/// SH coefficients beyond DC, ready to be stored.
struct Rest {
    meta: PaletteMeta,
    /// The palette, [`PALETTE_COLUMNS`] entries in a row.
    pixels: Vec<[u8; 3]>,
    width: usize,
    height: usize,
    labels: Vec<[u8; 3]>,
}

struct Writer<'a> {
    cloud: &'a SplatCloud,
    /// The Gaussian of each pixel.
    order: Vec<u32>,
    /// `sign(x) ln(1 + |x|)` of all positions.
    logarithms: Vec<[f32; 3]>,
    /// Size of the pictures with a pixel for each Gaussian.
    width: usize,
    height: usize,
}

impl<'a> Writer<'a> {
    fn new(cloud: &'a SplatCloud) -> Self {
        let logarithm = |value: f32| value.signum() * value.abs().ln_1p();
        let positions = cloud.positions.par_iter();
        let logarithms: Vec<[f32; 3]> = positions.map(|at| at.map(logarithm)).collect();
        let width = cloud.len().isqrt().next_multiple_of(4).max(4);
        Self {
            cloud,
            order: morton_order(&logarithms),
            logarithms,
            width,
            height: cloud.len().div_ceil(width).next_multiple_of(4).max(4),
        }
    }

    /// A pixel for each Gaussian, in order; those after the last are black.
    fn pixels<const N: usize>(&self, pixel: impl Fn(usize) -> [u8; N] + Sync) -> Vec<[u8; N]> {
        let mut pixels: Vec<[u8; N]> = Vec::with_capacity(self.width * self.height);
        let order = self.order.par_iter();
        pixels.par_extend(order.map(|k| pixel(*k as usize)));
        pixels.resize(self.width * self.height, [0; N]);
        pixels
    }

    /// Positions: their ranges, the low and the high bytes.
    fn means(&self) -> (Means, Vec<[u8; 3]>, Vec<[u8; 3]>) {
        let ranges = ranges(&self.logarithms);
        let code = |k: usize, axis: usize| {
            let [low, high] = ranges[axis].map(f64::from);
            let value = f64::from(self.logarithms[k][axis]);
            let step = if high > low {
                65535.0 / (high - low)
            } else {
                0.0
            };
            (((value - low) * step).round() as u16).to_le_bytes()
        };
        let bytes =
            |which: usize| self.pixels(|k| std::array::from_fn(|axis| code(k, axis)[which]));
        let means = Means {
            mins: ranges.map(|[low, _]| low),
            maxs: ranges.map(|[_, high]| high),
            files: MEANS,
        };
        (means, bytes(0), bytes(1))
    }

    fn quaternions(&self) -> Vec<[u8; 4]> {
        self.pixels(|k| pack_rotation(self.cloud.rotations[k]))
    }

    fn scales(&self) -> (Coded, Vec<[u8; 3]>) {
        // A scale of 0 has no logarithm.
        let logarithm = |scale: f32| scale.max(f32::MIN_POSITIVE).ln();
        let scales = self.cloud.scales.as_flattened().par_iter();
        let book = CodeBook::new(scales.map(|scale| logarithm(*scale)).collect());
        let codes = self.pixels(|k| self.cloud.scales[k].map(|scale| book.code(logarithm(scale))));
        let coded = Coded {
            codebook: book.entries().to_vec(),
            files: [SCALES],
        };
        (coded, codes)
    }

    /// SH coefficients of degree 0, and opacities.
    fn colours(&self) -> (Coded, Vec<[u8; 4]>) {
        let book = CodeBook::new(self.cloud.sh_dc.as_flattened().to_vec());
        let codes = self.pixels(|k| {
            let [red, green, blue] = self.cloud.sh_dc[k].map(|value| book.code(value));
            let opacity = (self.cloud.opacities[k].clamp(0.0, 1.0) * 255.0).round() as u8;
            [red, green, blue, opacity]
        });
        let coded = Coded {
            codebook: book.entries().to_vec(),
            files: [SH0],
        };
        (coded, codes)
    }

    fn rest(&self, cancel: &Cancel) -> Result<Rest> {
        let coefficients = self.cloud.rest_coefficients();
        let palette = Palette::new(
            self.cloud.sh_rest.each().as_flattened(),
            3 * coefficients,
            palette_size(self.cloud.len()),
            cancel,
        )?;
        cancel.check()?;
        let book = CodeBook::new(palette.entries.clone());
        let (values, _) = palette.entries.as_chunks::<3>();
        let mut pixels: Vec<[u8; 3]> = Vec::new();
        pixels.par_extend(
            values
                .par_iter()
                .map(|colour| colour.map(|value| book.code(value))),
        );
        let count = values.len() / coefficients;
        let (width, height) = (
            PALETTE_COLUMNS * coefficients,
            count.div_ceil(PALETTE_COLUMNS),
        );
        pixels.resize(width * height, [0; 3]);
        Ok(Rest {
            meta: PaletteMeta {
                count,
                bands: self.cloud.sh_degree,
                codebook: book.entries().to_vec(),
                files: SH_REST,
            },
            pixels,
            width,
            height,
            labels: self.pixels(|k| {
                let [low, high] = palette.labels[k].to_le_bytes();
                [low, high, 0]
            }),
        })
    }
}

/// Palette entries for `count` Gaussians: the largest power of two that is no larger, as other
/// writers have it. So few that a palette saves nothing all get their own.
fn palette_size(count: usize) -> usize {
    if count < 1024 {
        count
    } else {
        (1 << count.ilog2()).min(MAX_ENTRIES)
    }
}

/// Least and largest of each axis.
fn ranges(values: &[[f32; 3]]) -> [[f32; 2]; 3] {
    std::array::from_fn(|axis| {
        let on_axis = || values.iter().map(|value| value[axis]);
        if values.is_empty() {
            return [0.0; 2];
        }
        [
            on_axis().fold(f32::INFINITY, f32::min),
            on_axis().fold(f32::NEG_INFINITY, f32::max),
        ]
    })
}

/// The three smaller parts, and 252 and the index of the largest, which is made positive.
fn pack_rotation(rotation: [f32; 4]) -> [u8; 4] {
    let mut largest = 0;
    for part in 1..4 {
        if rotation[part].abs() > rotation[largest].abs() {
            largest = part;
        }
    }
    let sign = if rotation[largest] < 0.0 { -1.0 } else { 1.0 };
    let mut codes = (0..4).filter(|part| *part != largest).map(|part| {
        let value = sign * rotation[part] * std::f32::consts::FRAC_1_SQRT_2;
        ((value + 0.5) * 255.0).round() as u8
    });
    let mut next = || codes.next().unwrap_or(0);
    [next(), next(), next(), 252 + largest as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn palettes_fit_their_labels() {
        let sizes = [0, 5, 1023, 1024, 100_000, 4_000_000].map(palette_size);
        assert_eq!(sizes, [0, 5, 1023, 1024, 65536, 65536]);
    }
}
