//! Reading.

use half::f16;

use super::super::{Axes, SH_C0, SplatCloud, SplatFacts, SplatFormat, check_size};
use super::layout::{Bucket, Layout, Section};
use crate::gaussian_video::rest_coefficients;
use crate::source::Source;
use crate::{Cancel, Result};

/// Gaussians that are read at a time.
const PIECE_ROWS: u64 = 8192;

/// Reads a .ksplat file.
///
/// # Errors
/// As [`Source::read`]; [`Error::Malformed`](crate::Error::Malformed) for a damaged file,
/// [`Error::Unsupported`](crate::Error::Unsupported) for another version,
/// [`Error::Limit`](crate::Error::Limit) above the caps.
pub fn read(source: &dyn Source, cancel: &Cancel) -> Result<SplatCloud> {
    check_size(source)?;
    let layout = Layout::read(source, cancel)?;
    let mut cloud = SplatCloud::with_capacity(layout.count as usize, layout.sh_degree());
    for section in &layout.sections {
        if section.count > 0 {
            read_section(source, &layout, section, &mut cloud, cancel)?;
        }
    }
    Ok(cloud)
}

/// Reads what a .ksplat file says about itself, without its Gaussians.
///
/// # Errors
/// As [`read`].
pub fn facts(source: &dyn Source, cancel: &Cancel) -> Result<SplatFacts> {
    check_size(source)?;
    let layout = Layout::read(source, cancel)?;
    let mut notes = Vec::new();
    if layout.count != u64::from(layout.claimed_count) {
        notes.push(format!(
            "its header speaks of {} Gaussians, and its sections hold {}",
            layout.claimed_count, layout.count
        ));
    }
    Ok(SplatFacts {
        format: SplatFormat::Ksplat,
        version: Some(format!("0.1, compression level {}", layout.level)),
        count: layout.count,
        sh_degree: layout.sh_degree(),
        bounds: None,
        axes: Axes::RightDownFront,
        notes,
    })
}

fn read_section(
    source: &dyn Source,
    layout: &Layout,
    section: &Section,
    cloud: &mut SplatCloud,
    cancel: &Cancel,
) -> Result<()> {
    let buckets = if layout.level == 0 {
        Vec::new()
    } else {
        section.buckets(source, cancel)?
    };
    let mut centres = Centres::new(&buckets);
    let mut row = Row::new(layout, section, cloud.rest_coefficients());
    for first in (0..section.count).step_by(PIECE_ROWS as usize) {
        let last = section.count.min(first + PIECE_ROWS);
        let [start, end] = [first, last].map(|row| section.at + row * section.row_bytes as u64);
        let bytes = source.read(start..end, cancel)?;
        for bytes in bytes.chunks_exact(section.row_bytes) {
            row.push(bytes, centres.next(), cloud);
        }
    }
    Ok(())
}

/// The centre of the bucket of one Gaussian after the other.
struct Centres<'a> {
    buckets: std::slice::Iter<'a, Bucket>,
    centre: [f32; 3],
    left: u64,
}

impl<'a> Centres<'a> {
    fn new(buckets: &'a [Bucket]) -> Self {
        Self {
            buckets: buckets.iter(),
            centre: [0.0; 3],
            left: 0,
        }
    }

    fn next(&mut self) -> [f32; 3] {
        while self.left == 0 {
            let Some(bucket) = self.buckets.next() else {
                // Level 0 has none.
                return [0.0; 3];
            };
            (self.centre, self.left) = (bucket.centre, bucket.count);
        }
        self.left -= 1;
        self.centre
    }
}

/// Unpacks one Gaussian after the other.
struct Row<'a> {
    layout: &'a Layout,
    section: &'a Section,
    /// SH coefficients as they are stored, number by number.
    stored: Vec<f32>,
    /// As the cloud has them; those of degrees that this section lacks stay 0.
    rest: Vec<[f32; 3]>,
}

impl<'a> Row<'a> {
    fn new(layout: &'a Layout, section: &'a Section, coefficients: usize) -> Self {
        Self {
            layout,
            section,
            stored: vec![0.0; 3 * rest_coefficients(section.sh_degree)],
            rest: vec![[0.0; 3]; coefficients],
        }
    }

    /// Adds the Gaussian of `bytes`, which has the section's length of a row.
    fn push(&mut self, bytes: &[u8], centre: [f32; 3], cloud: &mut SplatCloud) {
        let mut numbers = [0.0; 10];
        let behind = if self.layout.level == 0 {
            let (head, behind) = bytes.split_at(40);
            floats(head, &mut numbers);
            behind
        } else {
            let (head, behind) = bytes.split_at(20);
            halves(head, &mut numbers);
            let (steps, _) = head.as_chunks::<2>();
            for (axis, code) in steps[..3].iter().enumerate() {
                let steps = f32::from(u16::from_le_bytes(*code)) - self.section.centre_steps;
                numbers[axis] = centre[axis] + steps * self.section.step;
            }
            behind
        };
        let (colour, sh) = behind.split_at(4);
        match self.layout.level {
            0 => floats(sh, &mut self.stored),
            1 => halves(sh, &mut self.stored),
            _ => {
                let [low, high] = self.layout.sh_range;
                for (value, code) in self.stored.iter_mut().zip(sh) {
                    *value = low + f32::from(*code) / 255.0 * (high - low);
                }
            }
        }
        self.sort_coefficients();
        let [x, y, z, sx, sy, sz, rw, rx, ry, rz] = numbers;
        cloud.push(
            [x, y, z],
            [rw, rx, ry, rz],
            [sx, sy, sz],
            f32::from(colour[3]) / 255.0,
            [0, 1, 2].map(|channel| (f32::from(colour[channel]) / 255.0 - 0.5) / SH_C0),
            &self.rest,
        );
    }

    /// From degree by degree and in each channel by channel to coefficient by coefficient.
    fn sort_coefficients(&mut self) {
        for degree in 1..=usize::from(self.section.sh_degree) {
            let (first, coefficients) = (degree * degree - 1, 2 * degree + 1);
            for channel in 0..3 {
                let stored = &self.stored[3 * first + channel * coefficients..][..coefficients];
                for (coefficient, value) in self.rest[first..].iter_mut().zip(stored) {
                    coefficient[channel] = *value;
                }
            }
        }
    }
}

fn floats(bytes: &[u8], out: &mut [f32]) {
    let (codes, _) = bytes.as_chunks::<4>();
    for (value, code) in out.iter_mut().zip(codes) {
        *value = f32::from_le_bytes(*code);
    }
}

fn halves(bytes: &[u8], out: &mut [f32]) {
    let (codes, _) = bytes.as_chunks::<2>();
    for (value, code) in out.iter_mut().zip(codes) {
        *value = f16::from_le_bytes(*code).to_f32();
    }
}
