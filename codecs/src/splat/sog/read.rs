//! Reading.

use std::io::{self, BufRead, Cursor, Read, Seek, SeekFrom};

use image_webp::WebPDecoder;
use serde::Deserialize;

use super::super::{Axes, SplatCloud, SplatFacts, SplatFormat, smallest_three};
use crate::gaussian_video::rest_coefficients;
use crate::source::Folder;
use crate::{Bounds, Cancel, Error, Result, limits};

/// Name of the file that describes the others.
pub(crate) const META_NAME: &str = "meta.json";
/// Palette entries in a row of `shN_centroids`.
const PALETTE_COLUMNS: usize = 64;

/// Reads the SOG model whose `meta.json` lies at the root of `folder`.
///
/// # Errors
/// As [`Folder::open`] and [`crate::source::Source::read`]; [`Error::Malformed`] for a damaged file,
/// [`Error::Limit`] above [`limits::MAX_GAUSSIANS`] and the other caps.
pub fn read(folder: &dyn Folder, cancel: &Cancel) -> Result<SplatCloud> {
    let meta = Meta::read(folder, cancel)?;
    let count = meta.count as usize;
    let picture = |table: &Table, which: usize, what: &str| {
        let file = table.file(which).ok_or_else(|| {
            Error::malformed(
                folder.name(),
                format!("its meta.json names no picture for {what}"),
            )
        })?;
        Picture::read(folder, file, count, cancel)
    };
    let [low, high] = [0, 1].map(|which| picture(&meta.means, which, "means"));
    let (low, high) = (low?, high?);
    let quaternions = picture(&meta.quats, 0, "quats")?;
    let scales = picture(&meta.scales, 0, "scales")?;
    let colours = picture(&meta.sh0, 0, "sh0")?;
    let palette = match &meta.rest {
        Some(rest) => Some(Palette::read(folder, rest, &meta, cancel)?),
        None => None,
    };
    let sh_degree = palette.as_ref().map_or(0, |palette| palette.sh_degree);

    let scale_values = meta.scales.values(3);
    let colour_values = meta.sh0.values(4);
    let mut cloud = SplatCloud::with_capacity(count, sh_degree);
    cloud.antialiased = meta.antialiased;
    let no_rest = vec![[0.0; 3]; rest_coefficients(sh_degree)];
    for k in 0..count {
        if k % 65536 == 0 {
            cancel.check()?;
        }
        let (low, high) = (low.pixel(k), high.pixel(k));
        let [red, green, blue, alpha] = colours.pixel(k);
        let scale = scales.pixel(k);
        let opacity = if meta.version == 1 {
            1.0 / (1.0 + (-colour_values[3][usize::from(alpha)]).exp())
        } else {
            f32::from(alpha) / 255.0
        };
        let colour = [red, green, blue];
        cloud.push(
            std::array::from_fn(|axis| meta.position(axis, [low[axis], high[axis]])),
            unpack_rotation(quaternions.pixel(k)),
            std::array::from_fn(|axis| scale_values[axis][usize::from(scale[axis])].exp()),
            opacity,
            std::array::from_fn(|channel| colour_values[channel][usize::from(colour[channel])]),
            palette
                .as_ref()
                .map_or(&no_rest[..], |palette| palette.entry_of(k)),
        );
    }
    Ok(cloud)
}

/// Reads what the `meta.json` at the root of `folder` says, without the pictures.
///
/// # Errors
/// As [`read`].
pub fn facts(folder: &dyn Folder, cancel: &Cancel) -> Result<SplatFacts> {
    let meta = Meta::read(folder, cancel)?;
    // Version 1 tells the number of SH bands only by the width of a picture.
    let sh_degree = match &meta.rest {
        None => 0,
        Some(rest) => match rest.bands {
            Some(bands) => bands.min(3) as u8,
            None => {
                let file = rest.file(0).unwrap_or_default();
                let width = Picture::size(folder, file, cancel)?.0;
                degree_of_width(width as usize).unwrap_or(0)
            }
        },
    };
    Ok(SplatFacts {
        format: SplatFormat::Sog,
        version: Some(meta.version.to_string()),
        count: meta.count,
        sh_degree,
        bounds: Some(Bounds {
            min: std::array::from_fn(|axis| meta.position(axis, [0, 0])),
            max: std::array::from_fn(|axis| meta.position(axis, [255, 255])),
        }),
        axes: Axes::RightDownFront,
        notes: Vec::new(),
    })
}

/// `meta.json` as it stands in the file.
#[derive(Deserialize)]
struct RawMeta {
    #[serde(default = "version_one")]
    version: u32,
    count: Option<u64>,
    means: Table,
    scales: Table,
    quats: Table,
    sh0: Table,
    #[serde(rename = "shN")]
    rest: Option<Table>,
    #[serde(default)]
    antialias: bool,
}

fn version_one() -> u32 {
    1
}

/// One attribute of `meta.json`.
#[derive(Deserialize)]
struct Table {
    shape: Option<Vec<u64>>,
    mins: Option<OneOrMany>,
    maxs: Option<OneOrMany>,
    codebook: Option<Vec<f32>>,
    count: Option<u64>,
    bands: Option<u64>,
    #[serde(default)]
    files: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(f32),
    Many(Vec<f32>),
}

impl OneOrMany {
    fn get(&self, index: usize) -> Option<f32> {
        match self {
            Self::One(value) => Some(*value),
            Self::Many(values) => values.get(index).copied(),
        }
    }
}

impl Table {
    fn file(&self, which: usize) -> Option<&str> {
        self.files.get(which).map(String::as_str)
    }

    /// Low and high of a component; not a number where they are missing.
    fn range(&self, component: usize) -> [f32; 2] {
        [&self.mins, &self.maxs].map(|bound| {
            bound
                .as_ref()
                .and_then(|bound| bound.get(component))
                .unwrap_or(f32::NAN)
        })
    }

    /// The value of every code of each component, out of the code book or the range. A code that
    /// the book does not have is not a number, and its Gaussian is dropped later.
    fn values(&self, components: usize) -> Vec<[f32; 256]> {
        (0..components)
            .map(|component| match &self.codebook {
                Some(book) => {
                    std::array::from_fn(|code| book.get(code).copied().unwrap_or(f32::NAN))
                }
                None => {
                    let [low, high] = self.range(component);
                    std::array::from_fn(|code| low + code as f32 / 255.0 * (high - low))
                }
            })
            .collect()
    }
}

/// `meta.json`, checked.
struct Meta {
    version: u32,
    count: u64,
    means: Table,
    means_ranges: [[f32; 2]; 3],
    scales: Table,
    quats: Table,
    sh0: Table,
    rest: Option<Table>,
    antialiased: bool,
}

impl Meta {
    fn read(folder: &dyn Folder, cancel: &Cancel) -> Result<Self> {
        let name = folder.name();
        let bytes = folder
            .open(META_NAME, cancel)?
            .read_all(limits::MAX_SOG_META_BYTES, cancel)?;
        let raw: RawMeta = serde_json::from_slice(&bytes).map_err(|error| {
            Error::malformed(
                name,
                format!("its meta.json does not describe a SOG model ({error})"),
            )
        })?;
        if !(1..=2).contains(&raw.version) {
            return Err(Error::unsupported(
                name,
                format!(
                    "it is SOG version {}; versions 1 and 2 can be read",
                    raw.version
                ),
            ));
        }
        let count = raw
            .count
            .or_else(|| raw.means.shape.as_ref()?.first().copied())
            .ok_or_else(|| {
                Error::malformed(name, "its meta.json does not say how many Gaussians it has")
            })?;
        limits::check(name, "Gaussians in a frame", count, limits::MAX_GAUSSIANS)?;
        let means_ranges = std::array::from_fn(|axis| raw.means.range(axis));
        if !means_ranges
            .as_flattened()
            .iter()
            .all(|bound| bound.is_finite())
        {
            return Err(Error::malformed(
                name,
                "its meta.json has no range of positions",
            ));
        }
        Ok(Self {
            version: raw.version,
            count,
            means_ranges,
            means: raw.means,
            scales: raw.scales,
            quats: raw.quats,
            sh0: raw.sh0,
            rest: raw.rest,
            antialiased: raw.antialias,
        })
    }

    /// A world coordinate out of its low and high byte.
    fn position(&self, axis: usize, code: [u8; 2]) -> f32 {
        let [low, high] = self.means_ranges[axis];
        let value = low + f32::from(u16::from_le_bytes(code)) / 65535.0 * (high - low);
        value.signum() * value.abs().exp_m1()
    }
}

/// Alpha is 252 and the index of the largest part among w, x, y, z.
fn unpack_rotation([a, b, c, largest]: [u8; 4]) -> [f32; 4] {
    let part = |code: u8| (f32::from(code) / 255.0 - 0.5) * std::f32::consts::SQRT_2;
    match largest.checked_sub(252) {
        Some(largest) => smallest_three(usize::from(largest), [part(a), part(b), part(c)]),
        // No rotation at all: the Gaussian is dropped.
        None => [0.0; 4],
    }
}

/// SH degree out of the width of `shN_centroids`.
fn degree_of_width(width: usize) -> Option<u8> {
    (1..=limits::MAX_SH_DEGREE as u8)
        .find(|degree| rest_coefficients(*degree) * PALETTE_COLUMNS == width)
}

/// SH coefficients beyond DC: a palette, and the entry of each Gaussian.
struct Palette {
    sh_degree: u8,
    labels: Picture,
    /// All entries, `coefficients` each.
    entries: Vec<[f32; 3]>,
    /// Not-a-number coefficients, for labels beyond the palette.
    missing: Vec<[f32; 3]>,
}

impl Palette {
    fn read(folder: &dyn Folder, table: &Table, meta: &Meta, cancel: &Cancel) -> Result<Self> {
        let name = folder.name();
        let (Some(centroids), Some(labels)) = (table.file(0), table.file(1)) else {
            return Err(Error::malformed(
                name,
                "its meta.json does not name both pictures of shN",
            ));
        };
        let picture = Picture::read(folder, centroids, 0, cancel)?;
        let sh_degree = degree_of_width(picture.width)
            .filter(|degree| table.bands.is_none_or(|bands| bands == u64::from(*degree)));
        let sh_degree = sh_degree.ok_or_else(|| {
            Error::malformed(
                name,
                format!(
                    "{centroids} is {} pixels wide, which does not fit its SH bands",
                    picture.width
                ),
            )
        })?;
        let values = table.values(3);
        let pixels = picture.width * picture.height;
        let coefficients = rest_coefficients(sh_degree);
        let used = table
            .count
            .and_then(|count| usize::try_from(count).ok())
            .and_then(|count| count.checked_mul(coefficients))
            .map_or(pixels, |used| used.min(pixels));
        let entries = (0..used)
            .map(|index| {
                let [red, green, blue, _] = picture.pixel(index);
                [
                    values[0][usize::from(red)],
                    values[1][usize::from(green)],
                    values[2][usize::from(blue)],
                ]
            })
            .collect();
        Ok(Self {
            sh_degree,
            labels: Picture::read(folder, labels, meta.count as usize, cancel)?,
            entries,
            missing: vec![[f32::NAN; 3]; coefficients],
        })
    }

    fn entry_of(&self, k: usize) -> &[[f32; 3]] {
        let coefficients = self.missing.len();
        let [low, high, ..] = self.labels.pixel(k);
        let label = usize::from(u16::from_le_bytes([low, high]));
        self.entries
            .get(label * coefficients..(label + 1) * coefficients)
            .unwrap_or(&self.missing)
    }
}

/// A decoded picture.
struct Picture {
    width: usize,
    height: usize,
    channels: usize,
    samples: Vec<u8>,
}

impl Picture {
    /// Width and height.
    fn size(folder: &dyn Folder, file: &str, cancel: &Cancel) -> Result<(u32, u32)> {
        Ok(Self::decoder(folder, file, cancel)?.1.dimensions())
    }

    /// Reads a picture of at least `pixels` pixels.
    fn read(folder: &dyn Folder, file: &str, pixels: usize, cancel: &Cancel) -> Result<Self> {
        let (name, mut decoder) = Self::decoder(folder, file, cancel)?;
        let (width, height) = decoder.dimensions();
        limits::check(
            &name,
            "pixels",
            u64::from(width) * u64::from(height),
            limits::MAX_SOG_PIXELS,
        )?;
        let (width, height) = (width as usize, height as usize);
        if width * height < pixels {
            return Err(Error::malformed(
                name,
                format!("it is {width} x {height} pixels, too few for {pixels} Gaussians"),
            ));
        }
        if decoder.is_animated() || decoder.is_lossy() {
            return Err(Error::malformed(
                name,
                "it is no lossless still picture, so its numbers are gone",
            ));
        }
        let channels = if decoder.has_alpha() { 4 } else { 3 };
        let mut samples = vec![0; width * height * channels];
        let result = decoder.read_image(&mut samples);
        cancel.check()?;
        result.map_err(|error| {
            Error::malformed(
                name,
                format!("it is no whole WebP picture ({error}); copy the file again"),
            )
        })?;
        Ok(Self {
            width,
            height,
            channels,
            samples,
        })
    }

    fn decoder(
        folder: &dyn Folder,
        file: &str,
        cancel: &Cancel,
    ) -> Result<(String, WebPDecoder<CancellableBytes>)> {
        let source = folder.open(file, cancel)?;
        let bytes = source.read_all(limits::MAX_SOG_PICTURE_BYTES, cancel)?;
        let name = format!("{}/{file}", folder.name());
        let decoder = WebPDecoder::new(CancellableBytes {
            bytes: Cursor::new(bytes),
            cancel: cancel.clone(),
        })
        .map_err(|error| Error::malformed(&name, format!("it is no WebP picture ({error})")))?;
        Ok((name, decoder))
    }

    /// Red, green, blue, alpha of a pixel; `index` is below the `pixels` that were asked for.
    fn pixel(&self, index: usize) -> [u8; 4] {
        let at = index * self.channels;
        let alpha = if self.channels == 4 {
            self.samples[at + 3]
        } else {
            255
        };
        [
            self.samples[at],
            self.samples[at + 1],
            self.samples[at + 2],
            alpha,
        ]
    }
}

/// Bytes that end with an error once cancelled, so that a long decode stops early.
struct CancellableBytes {
    bytes: Cursor<Vec<u8>>,
    cancel: Cancel,
}

impl CancellableBytes {
    fn check(&self) -> io::Result<()> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        Ok(())
    }
}

impl Read for CancellableBytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        self.bytes.read(buffer)
    }
}

impl BufRead for CancellableBytes {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.check()?;
        let bytes = self.bytes.fill_buf()?;
        // Short pieces, so that the flag is looked at often.
        Ok(&bytes[..bytes.len().min(4096)])
    }

    fn consume(&mut self, count: usize) {
        self.bytes.consume(count);
    }
}

impl Seek for CancellableBytes {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(position)
    }
}
