//! Reading.

use rayon::prelude::*;

use super::super::{Axes, SplatCloud, SplatFacts, SplatFormat, smallest_three};
use super::meta::{Meta, Table, coordinate};
use super::picture::{Picture, Undecoded};
use crate::gaussian_video::rest_coefficients;
use crate::source::Folder;
use crate::{Bounds, Cancel, Error, Result, limits};

/// Palette entries in a row of `shN_centroids`.
pub(super) const PALETTE_COLUMNS: usize = 64;
/// Which of the pictures is the palette.
const PALETTE_PICTURE: usize = 5;
/// Gaussians that one task puts together.
const TASK_GAUSSIANS: usize = 16 << 10;

/// Reads the SOG model whose `meta.json` lies at the root of `folder`.
///
/// # Errors
/// As [`Folder::open`] and [`crate::source::Source::read`]; [`Error::Malformed`] for a damaged file,
/// [`Error::Limit`] above [`limits::MAX_GAUSSIANS`] and the other caps.
pub fn read(folder: &dyn Folder, cancel: &Cancel) -> Result<SplatCloud> {
    let meta = Meta::read(folder, cancel)?;
    let tables = Tables::read(folder, &meta, cancel)?;
    let count = meta.count as usize;
    let sh_degree = tables.palette.as_ref().map_or(0, |palette| palette.degree);
    let mut cloud = SplatCloud {
        positions: vec![[0.0; 3]; count],
        rotations: vec![[0.0; 4]; count],
        scales: vec![[0.0; 3]; count],
        opacities: vec![0.0; count],
        sh_dc: vec![[0.0; 3]; count],
        sh_rest: vec![[0.0; 3]; count * rest_coefficients(sh_degree)],
        sh_degree,
        axes: Axes::RightDownFront,
        antialiased: meta.antialiased,
        dropped: 0,
    };
    let dropped: Result<Vec<usize>> = tasks(&mut cloud)
        .into_par_iter()
        .map(|task| {
            cancel.check()?;
            Ok(tables.fill(task))
        })
        .collect();
    cloud.dropped = dropped?.into_iter().sum();
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

/// The Gaussians `first` and up of a cloud, to be filled in. All slices have one length, but for
/// the last.
struct Task<'a> {
    first: usize,
    positions: &'a mut [[f32; 3]],
    rotations: &'a mut [[f32; 4]],
    scales: &'a mut [[f32; 3]],
    opacities: &'a mut [f32],
    sh_dc: &'a mut [[f32; 3]],
    /// As many coefficients for each Gaussian as the SH degree has.
    sh_rest: &'a mut [[f32; 3]],
}

/// Splits a cloud into tasks.
fn tasks(cloud: &mut SplatCloud) -> Vec<Task<'_>> {
    let rest = cloud.rest_coefficients();
    let mut sh_rest = &mut cloud.sh_rest[..];
    let chunks = cloud
        .positions
        .chunks_mut(TASK_GAUSSIANS)
        .zip(cloud.rotations.chunks_mut(TASK_GAUSSIANS))
        .zip(cloud.scales.chunks_mut(TASK_GAUSSIANS))
        .zip(cloud.opacities.chunks_mut(TASK_GAUSSIANS))
        .zip(cloud.sh_dc.chunks_mut(TASK_GAUSSIANS));
    chunks
        .enumerate()
        .map(
            |(number, ((((positions, rotations), scales), opacities), sh_dc))| {
                let (mine, others) =
                    std::mem::take(&mut sh_rest).split_at_mut(rest * positions.len());
                sh_rest = others;
                Task {
                    first: number * TASK_GAUSSIANS,
                    positions,
                    rotations,
                    scales,
                    opacities,
                    sh_dc,
                    sh_rest: mine,
                }
            },
        )
        .collect()
}

/// All pictures, and the values that their codes stand for.
struct Tables {
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
        let pictures: Result<Vec<Picture>> = files.into_par_iter().map(Undecoded::decode).collect();
        let mut pictures = pictures?.into_iter();
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

    /// Puts Gaussians together and tells how many had to be dropped.
    fn fill(&self, task: Task) -> usize {
        let mut dropped = 0;
        let rest = self
            .palette
            .as_ref()
            .map_or(0, |palette| rest_coefficients(palette.degree));
        for index in 0..task.positions.len() {
            let k = task.first + index;
            let (low, high) = (self.low.pixel(k), self.high.pixel(k));
            let position =
                std::array::from_fn(|axis| self.coordinates.get(axis, [low[axis], high[axis]]));
            let codes = self.scales.pixel(k);
            let scale =
                std::array::from_fn(|axis| self.scale_values[axis][usize::from(codes[axis])]);
            let codes = self.colours.pixel(k);
            let colour = std::array::from_fn(|channel| {
                self.colour_values[channel][usize::from(codes[channel])]
            });
            let opacity = self.opacities[usize::from(codes[3])];
            let rotation = unpack_rotation(self.quaternions.pixel(k));
            let norm = rotation.iter().map(|part| part * part).sum::<f32>().sqrt();
            let entry = match &self.palette {
                Some(palette) => palette.entry_of(k),
                None => Some(&[][..]),
            };
            let finite = all_finite(&position)
                && all_finite(&scale)
                && all_finite(&colour)
                && opacity.is_finite()
                && norm > 0.5;
            let Some(entry) = entry.filter(|_| finite) else {
                // As [`SplatCloud::push`] leaves one out.
                task.rotations[index] = [1.0, 0.0, 0.0, 0.0];
                dropped += 1;
                continue;
            };
            task.positions[index] = position;
            task.rotations[index] = rotation.map(|part| part / norm);
            task.scales[index] = scale;
            task.opacities[index] = opacity;
            task.sh_dc[index] = colour;
            task.sh_rest[index * rest..(index + 1) * rest].copy_from_slice(entry);
        }
        dropped
    }
}

fn all_finite(values: &[f32; 3]) -> bool {
    values.iter().all(|value| value.is_finite())
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
    /// Whether all coefficients of an entry are finite.
    whole: Vec<bool>,
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
            .with_min_len(TASK_GAUSSIANS)
            .map(|index| {
                let codes = picture.pixel(index);
                std::array::from_fn(|channel| values[channel][usize::from(codes[channel])])
            })
            .collect();
        let whole = entries
            .chunks_exact(coefficients)
            .map(|entry| entry.iter().all(all_finite))
            .collect();
        Self {
            degree,
            labels,
            entries,
            whole,
        }
    }

    /// The coefficients of Gaussian `k`; none where its label is beyond the palette or one of them
    /// is not finite.
    fn entry_of(&self, k: usize) -> Option<&[[f32; 3]]> {
        let coefficients = rest_coefficients(self.degree);
        let [low, high, ..] = self.labels.pixel(k);
        let label = usize::from(u16::from_le_bytes([low, high]));
        let whole = self.whole.get(label).copied().unwrap_or(false);
        let entry = self
            .entries
            .get(label * coefficients..(label + 1) * coefficients);
        entry.filter(|_| whole)
    }
}
