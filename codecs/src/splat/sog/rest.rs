//! SH coefficients beyond DC: a palette, and the entry of each Gaussian.

use rayon::prelude::*;

use super::super::ShRest;
use super::super::mend::within;
use super::columns::fill_entries;
use super::meta::Table;
use super::picture::Picture;
use crate::gaussian_video::rest_coefficients;
use crate::{Cancel, Error, Result, limits};

/// Palette entries in a row of `shN_centroids`.
pub(super) const PALETTE_COLUMNS: usize = 64;
/// Numbers that one task looks at.
const TASK_NUMBERS: usize = 1 << 16;

/// SH degree out of the width of `shN_centroids`.
pub(super) fn degree_of_width(width: usize) -> Option<u8> {
    (1..=limits::MAX_SH_DEGREE as u8)
        .find(|degree| rest_coefficients(*degree) * PALETTE_COLUMNS == width)
}

/// A palette.
#[derive(Default)]
pub(super) struct Palette {
    /// SH degree, 1 to 3.
    pub(super) degree: u8,
    /// All entries, as many coefficients each as the degree has.
    entries: Vec<[f32; 3]>,
}

impl Palette {
    /// Out of its picture. `name` is the model's.
    pub(super) fn new(
        name: &str,
        table: &Table,
        picture: &Picture,
        cancel: &Cancel,
    ) -> Result<Self> {
        let width = picture.width();
        let degree = degree_of_width(width)
            .filter(|degree| table.bands.is_none_or(|bands| bands == u64::from(*degree)))
            .ok_or_else(|| {
                Error::malformed(
                    name,
                    format!(
                        "{} is {width} pixels wide, which does not fit its SH bands",
                        table.file(0).unwrap_or_default()
                    ),
                )
            })?;
        let pixels = picture.len();
        let used = table
            .count
            .and_then(|count| usize::try_from(count).ok())
            .and_then(|count| count.checked_mul(rest_coefficients(degree)))
            .map_or(pixels, |used| used.min(pixels));
        let mut entries = Vec::new();
        fill_entries(&mut entries, picture, used, &table.values(), cancel)?;
        Ok(Self { degree, entries })
    }

    /// The coefficients of the Gaussians that have these labels; and whether all can be drawn as they are. They stay
    /// the palette that they are, if there is nothing wrong with it that would be a reason to drop Gaussians.
    pub(super) fn with_labels(self, labels: Vec<u16>) -> (ShRest, bool) {
        let width = rest_coefficients(self.degree);
        let count = self.entries.len() / width.max(1);
        let numbers = self.entries.as_flattened().par_chunks(TASK_NUMBERS);
        let is_finite = numbers.all(|numbers| within(numbers, f32::MAX));
        let largest = labels.par_iter().max().map_or(0, |label| *label);
        if is_finite && (labels.is_empty() || usize::from(largest) < count) {
            return (
                ShRest::palette(self.entries, width, labels).unwrap_or_default(),
                true,
            );
        }
        // A label beyond the palette: the Gaussian is dropped.
        let beyond = vec![[f32::NAN; 3]; width];
        let entry = |label: &u16| {
            let first = usize::from(*label) * width;
            let entry = self.entries.get(first..first + width);
            entry.unwrap_or(&beyond).iter().copied()
        };
        let each: Vec<[f32; 3]> = labels.iter().flat_map(entry).collect();
        (each.into(), false)
    }
}
