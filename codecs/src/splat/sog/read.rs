//! Reading.

use std::cmp::Reverse;

use rayon::prelude::*;

use super::super::fill::{Block, fill};
use super::super::{Axes, ShRest, SplatCloud, SplatFacts, SplatFormat, smallest_three};
use super::meta::{Meta, Table, coordinate};
use super::picture::{Picture, Undecoded};
use crate::gaussian_video::rest_coefficients;
use crate::source::Folder;
use crate::{Bounds, Cancel, Error, Result, limits};

/// Palette entries in a row of `shN_centroids`.
pub(super) const PALETTE_COLUMNS: usize = 64;
/// Which of the pictures is the palette.
const PALETTE_PICTURE: usize = 5;
/// Gaussians that are put together at a time.
const BLOCK_ROWS: usize = 4 << 10;

/// Reads the SOG model whose `meta.json` lies at the root of `folder`.
///
/// # Errors
/// As [`Folder::open`] and [`crate::source::Source::read`]; [`Error::Malformed`] for a damaged file,
/// [`Error::Limit`] above [`limits::MAX_GAUSSIANS`] and the other caps.
pub fn read(folder: &dyn Folder, cancel: &Cancel) -> Result<SplatCloud> {
    let meta = Meta::read(folder, cancel)?;
    let mut tables = Tables::read(folder, &meta, cancel)?;
    let sh_degree = tables.palette.as_ref().map_or(0, |palette| palette.degree);
    let count = meta.count as usize;
    let shared = tables.take_shared_rest();
    let each = if shared.is_some() { 0 } else { sh_degree };
    let mut cloud = fill(count, each, BLOCK_ROWS, cancel, |block| {
        tables.fill(block);
        Ok(())
    })?;
    if let Some(shared) = shared {
        (cloud.sh_degree, cloud.sh_rest) = (sh_degree, shared);
    }
    cloud.antialiased = meta.antialiased;
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
                let source = folder.open(rest.file(0).unwrap_or_default(), cancel)?;
                let width = Undecoded::read(&*source, 0, cancel)?.width();
                degree_of_width(width).unwrap_or(0)
            }
        },
    };
    Ok(SplatFacts {
        format: SplatFormat::Sog,
        version: Some(meta.version.to_string()),
        count: meta.count,
        sh_degree,
        bounds: Some(Bounds {
            min: std::array::from_fn(|axis| meta.position(axis, 0)),
            max: std::array::from_fn(|axis| meta.position(axis, u16::MAX)),
        }),
        axes: Axes::RightDownFront,
        notes: Vec::new(),
    })
}

/// Decodes pictures side by side, large ones first: a long one that is begun last would keep one core busy
/// and leave the others idle.
fn decode_all(files: Vec<Undecoded>) -> Result<Vec<Picture>> {
    let mut decoded: Vec<Option<Result<Picture>>> = files.iter().map(|_| None).collect();
    let mut jobs: Vec<_> = files.into_iter().zip(&mut decoded).collect();
    jobs.sort_by_key(|(file, _)| Reverse(file.bytes()));
    rayon::scope_fifo(|scope| {
        for (file, decoded) in jobs {
            scope.spawn_fifo(move |_| *decoded = Some(file.decode()));
        }
    });
    decoded.into_iter().flatten().collect()
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

/// All pictures, and the values that their codes stand for.
struct Tables {
    /// Number of Gaussians.
    count: usize,
    low: Picture,
    high: Picture,
    quaternions: Picture,
    scales: Picture,
    colours: Picture,
    /// World coordinate of each code of each axis.
    coordinates: Coordinates,
    /// Linear scale of each code of each axis.
    scale_values: Vec<[f32; 256]>,
    /// SH coefficient of degree 0 of each code of each channel.
    colour_values: Vec<[f32; 256]>,
    /// Opacity of each code.
    opacities: [f32; 256],
    palette: Option<Palette>,
}

impl Tables {
    /// Reads all files one after the other, then decodes them side by side.
    fn read(folder: &dyn Folder, meta: &Meta, cancel: &Cancel) -> Result<Self> {
        let count = meta.count as usize;
        let name = |table: &Table, which: usize, what: &str| {
            table.file(which).map(str::to_owned).ok_or_else(|| {
                Error::malformed(
                    folder.name(),
                    format!("its meta.json names no picture for {what}"),
                )
            })
        };
        let mut names = vec![
            name(&meta.means, 0, "the low bytes of means")?,
            name(&meta.means, 1, "the high bytes of means")?,
            name(&meta.quats, 0, "quats")?,
            name(&meta.scales, 0, "scales")?,
            name(&meta.sh0, 0, "sh0")?,
        ];
        let mut pixels = vec![count; names.len()];
        if let Some(rest) = &meta.rest {
            names.push(name(rest, 0, "the palette of shN")?);
            names.push(name(rest, 1, "the labels of shN")?);
            pixels.extend([0, count]);
        }
        let sources = folder.open_together(&names, cancel)?;
        let files: Result<Vec<Undecoded>> = sources
            .into_iter()
            .zip(pixels)
            .map(|(source, pixels)| Undecoded::read(&*source, pixels, cancel))
            .collect();
        let files = files?;
        let degree = match (&meta.rest, files.get(PALETTE_PICTURE)) {
            (Some(rest), Some(palette)) => Palette::degree(folder.name(), rest, palette.width())?,
            _ => 0,
        };
        let mut pictures = decode_all(files)?.into_iter();
        let mut next = || {
            pictures
                .next()
                .ok_or_else(|| Error::malformed(folder.name(), "it lacks a picture"))
        };
        let mut scale_values = meta.scales.values(3);
        for value in scale_values.as_flattened_mut() {
            *value = value.exp();
        }
        let mut colour_values = meta.sh0.values(4);
        let logits = colour_values.pop().unwrap_or([f32::NAN; 256]);
        Ok(Self {
            count,
            low: next()?,
            high: next()?,
            quaternions: next()?,
            scales: next()?,
            colours: next()?,
            coordinates: Coordinates::new(meta),
            scale_values,
            colour_values,
            opacities: std::array::from_fn(|code| {
                if meta.version == 1 {
                    1.0 / (1.0 + (-logits[code]).exp())
                } else {
                    code as f32 / 255.0
                }
            }),
            palette: match &meta.rest {
                Some(rest) => Some(Palette::new(degree, rest, &next()?, next()?)),
                None => None,
            },
        })
    }

    /// Puts the Gaussians of a block together.
    fn fill(&self, block: &mut Block) {
        let rows = block.rows.clone();
        let mut lows = vec![[0; 4]; rows.len()];
        self.low.each(rows.clone(), |index, low| lows[index] = low);
        self.high.each(rows.clone(), |index, high| {
            let low = lows[index];
            block.positions[index] =
                std::array::from_fn(|axis| self.coordinates.get(axis, [low[axis], high[axis]]));
        });
        self.scales.each(rows.clone(), |index, codes| {
            block.scales[index] =
                std::array::from_fn(|axis| self.scale_values[axis][usize::from(codes[axis])]);
        });
        self.colours.each(rows.clone(), |index, codes| {
            block.sh_dc[index] = std::array::from_fn(|channel| {
                self.colour_values[channel][usize::from(codes[channel])]
            });
            block.opacities[index] = self.opacities[usize::from(codes[3])];
        });
        self.quaternions.each(rows.clone(), |index, codes| {
            block.rotations[index] = unpack_rotation(codes);
        });
        if let Some(palette) = &self.palette {
            let each = block
                .sh_rest
                .chunks_exact_mut(rest_coefficients(palette.degree));
            for (own, k) in each.zip(rows) {
                match palette.entry_of(k) {
                    Some(entry) => own.copy_from_slice(entry),
                    // A label beyond the palette: the Gaussian is dropped.
                    None => own.fill([f32::NAN; 3]),
                }
            }
        }
    }

    /// The SH coefficients as the palette that they are, if there is nothing wrong with it that would
    /// be a reason to drop Gaussians; it is gone from here then.
    fn take_shared_rest(&mut self) -> Option<ShRest> {
        let palette = self
            .palette
            .as_ref()
            .filter(|palette| palette.is_finite())?;
        let labels = palette.labels(self.count)?;
        let palette = self.palette.take()?;
        let width = rest_coefficients(palette.degree);
        ShRest::palette(palette.entries, width, labels)
    }
}

/// World coordinates out of their codes.
struct Coordinates {
    ranges: [[f32; 2]; 3],
    /// The coordinate of every code of each axis; none for so few Gaussians that they do not pay.
    tables: Vec<Vec<f32>>,
}

impl Coordinates {
    fn new(meta: &Meta) -> Self {
        let ranges = meta.means_ranges;
        let table = |range: &[f32; 2]| {
            (0..=u16::MAX)
                .map(|code| coordinate(*range, code))
                .collect()
        };
        let pays = meta.count > u64::from(u16::MAX);
        Self {
            ranges,
            tables: if pays {
                ranges.par_iter().map(table).collect()
            } else {
                Vec::new()
            },
        }
    }

    fn get(&self, axis: usize, code: [u8; 2]) -> f32 {
        let code = u16::from_le_bytes(code);
        match self.tables.get(axis) {
            Some(table) => table[usize::from(code)],
            None => coordinate(self.ranges[axis], code),
        }
    }
}

/// SH coefficients beyond DC: a palette, and the entry of each Gaussian.
struct Palette {
    degree: u8,
    labels: Picture,
    /// All entries, as many coefficients each as the degree has.
    entries: Vec<[f32; 3]>,
}

impl Palette {
    /// SH degree of a palette whose picture has this width.
    fn degree(name: &str, table: &Table, width: usize) -> Result<u8> {
        degree_of_width(width)
            .filter(|degree| table.bands.is_none_or(|bands| bands == u64::from(*degree)))
            .ok_or_else(|| {
                Error::malformed(
                    name,
                    format!(
                        "{} is {width} pixels wide, which does not fit its SH bands",
                        table.file(0).unwrap_or_default()
                    ),
                )
            })
    }

    fn new(degree: u8, table: &Table, picture: &Picture, labels: Picture) -> Self {
        let values = table.values(3);
        let pixels = picture.pixels();
        let coefficients = rest_coefficients(degree);
        let used = table
            .count
            .and_then(|count| usize::try_from(count).ok())
            .and_then(|count| count.checked_mul(coefficients))
            .map_or(pixels, |used| used.min(pixels));
        let entries: Vec<[f32; 3]> = (0..used)
            .into_par_iter()
            .with_min_len(BLOCK_ROWS)
            .map(|index| {
                let codes = picture.pixel(index);
                std::array::from_fn(|channel| values[channel][usize::from(codes[channel])])
            })
            .collect();
        Self {
            degree,
            labels,
            entries,
        }
    }

    /// Whether all its numbers can be shown.
    fn is_finite(&self) -> bool {
        let numbers = self.entries.as_flattened().iter();
        numbers.fold(true, |all, number| all & number.is_finite())
    }

    /// The labels of the first `count` Gaussians, if all of them name an entry.
    fn labels(&self, count: usize) -> Option<Vec<u16>> {
        let entries = self.entries.len() / rest_coefficients(self.degree);
        let (mut labels, mut largest) = (vec![0; count], 0);
        self.labels.each(0..count, |k, [low, high, ..]| {
            labels[k] = u16::from_le_bytes([low, high]);
            largest = largest.max(labels[k]);
        });
        (count == 0 || usize::from(largest) < entries).then_some(labels)
    }

    /// The coefficients of Gaussian `k`; none where its label is beyond the palette.
    fn entry_of(&self, k: usize) -> Option<&[[f32; 3]]> {
        let coefficients = rest_coefficients(self.degree);
        let [low, high, ..] = self.labels.pixel(k);
        let label = usize::from(u16::from_le_bytes([low, high]));
        self.entries
            .get(label * coefficients..(label + 1) * coefficients)
    }
}
