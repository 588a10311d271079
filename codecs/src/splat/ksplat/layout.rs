//! The header, the sections, and where their Gaussians lie.

use crate::gaussian_video::rest_coefficients;
use crate::source::Source;
use crate::{Cancel, Error, Result, limits};

const HEADER_BYTES: u64 = 4096;
const SECTION_HEADER_BYTES: u64 = 1024;
/// Bytes of a section's header that say something.
const SECTION_FIELDS_BYTES: usize = 44;
/// Bytes of a bucket's centre.
const CENTRE_BYTES: usize = 12;
/// Bounds of SH coefficients of level 2 where the header has none.
const SH_RANGE: [f32; 2] = [-1.5, 1.5];
/// Steps from a bucket's centre to its edge where the section does not tell.
const DEFAULT_STEPS: u32 = 32767;
/// SH degrees that the format has.
const MAX_SH_DEGREE: u16 = 2;

/// Whether a file of `len` bytes that starts with `head` is .ksplat: version 0.1, then counts and a
/// compression level 0 to 2.
pub(in crate::splat) fn is_ksplat(head: &[u8], len: u64) -> bool {
    let sections = head.get(4..8).map(|bytes| word(bytes, 0));
    head.starts_with(&[0, 1])
        && head.get(20).is_some_and(|level| *level <= 2)
        && head.get(21) == Some(&0)
        && sections
            .is_some_and(|count| (1..=limits::MAX_KSPLAT_SECTIONS).contains(&u64::from(count)))
        && len > HEADER_BYTES
}

/// Everything about a file but its Gaussians.
pub(super) struct Layout {
    /// Compression level.
    pub level: u8,
    /// Gaussians that the header speaks of.
    pub claimed_count: u32,
    /// Gaussians of all sections.
    pub count: u64,
    /// Bounds of the SH coefficients of level 2.
    pub sh_range: [f32; 2],
    pub sections: Vec<Section>,
}

/// One section.
pub(super) struct Section {
    pub count: u64,
    pub sh_degree: u8,
    /// Where its Gaussians start.
    pub at: u64,
    /// Bytes of a Gaussian.
    pub row_bytes: usize,
    /// World units from one step of a position to the next.
    pub step: f32,
    /// Steps from the lowest position to the centre of a bucket.
    pub centre_steps: f32,
    /// Where what is known of its buckets starts: lengths of the last ones, then all centres.
    buckets_at: u64,
    bucket_count: u32,
    bucket_bytes: u16,
    full_buckets: u32,
    bucket_capacity: u32,
    partial_buckets: u32,
}

/// Some Gaussians that lie in the same bucket.
pub(super) struct Bucket {
    pub count: u64,
    /// World units.
    pub centre: [f32; 3],
}

impl Layout {
    /// Reads the headers.
    pub(super) fn read(source: &dyn Source, cancel: &Cancel) -> Result<Self> {
        let name = source.name();
        let cut = || Error::malformed(name, "it ends inside its header; copy the file again");
        if source.len() < HEADER_BYTES {
            return Err(cut());
        }
        let head = source.read(0..HEADER_BYTES, cancel)?;
        let [major, minor, ..] = head[..] else {
            return Err(cut());
        };
        let level = u16::from_le_bytes([head[20], head[21]]);
        if (major, minor) != (0, 1) || level > 2 {
            return Err(Error::unsupported(
                name,
                format!(
                    "it is .ksplat version {major}.{minor}, compression level {level}; version 0.1, \
                     levels 0 to 2 can be read"
                ),
            ));
        }
        let section_count = u64::from(word(&head, 4));
        limits::check(name, "sections", section_count, limits::MAX_KSPLAT_SECTIONS)?;
        let range = [36, 40].map(|at| f32::from_bits(word(&head, at)));
        let is_range = range[0].is_finite() && range[1].is_finite() && range[0] < range[1];
        let mut layout = Self {
            level: level as u8,
            claimed_count: word(&head, 16),
            count: 0,
            sh_range: if is_range { range } else { SH_RANGE },
            sections: Vec::with_capacity(section_count as usize),
        };
        let end = HEADER_BYTES + section_count * SECTION_HEADER_BYTES;
        if end > source.len() {
            return Err(cut());
        }
        let headers = source.read(HEADER_BYTES..end, cancel)?;
        let mut at = end;
        for header in headers.chunks_exact(SECTION_HEADER_BYTES as usize) {
            let section = layout.section(source, &header[..SECTION_FIELDS_BYTES], &mut at)?;
            layout.count += section.count;
            limits::check_gaussians(name, layout.count)?;
            layout.sections.push(section);
        }
        Ok(layout)
    }

    /// The highest SH degree of all sections.
    pub(super) fn sh_degree(&self) -> u8 {
        let degrees = self.sections.iter().map(|section| section.sh_degree);
        degrees.max().unwrap_or(0)
    }

    /// The section of `header` that starts at `at`, which becomes where the next one starts.
    fn section(&self, source: &dyn Source, header: &[u8], at: &mut u64) -> Result<Section> {
        let name = source.name();
        let short = |offset: usize| u16::from_le_bytes([header[offset], header[offset + 1]]);
        let (count, room) = (u64::from(word(header, 0)), u64::from(word(header, 4)));
        let sh_degree = short(40);
        if sh_degree > MAX_SH_DEGREE {
            return Err(Error::malformed(
                name,
                format!("it says that its SH degree is {sh_degree}, which .ksplat does not have"),
            ));
        }
        let steps = match word(header, 24) {
            0 => DEFAULT_STEPS,
            steps => steps,
        };
        let values = 3 * rest_coefficients(sh_degree as u8);
        let block_size = f32::from_bits(word(header, 16));
        let mut section = Section {
            count,
            sh_degree: sh_degree as u8,
            at: 0,
            row_bytes: match self.level {
                0 => 44 + 4 * values,
                1 => 24 + 2 * values,
                _ => 24 + values,
            },
            step: block_size / 2.0 / steps as f32,
            centre_steps: steps as f32,
            buckets_at: *at,
            bucket_capacity: word(header, 8),
            bucket_count: word(header, 12),
            bucket_bytes: short(20),
            full_buckets: word(header, 32),
            partial_buckets: word(header, 36),
        };
        section.at = *at
            + 4 * u64::from(section.partial_buckets)
            + u64::from(section.bucket_count) * u64::from(section.bucket_bytes);
        let end = section.at + count * section.row_bytes as u64;
        if count > 0 && end > source.len() {
            return Err(Error::malformed(
                name,
                format!(
                    "it ends before the last of its {} Gaussians; copy the file again",
                    self.claimed_count.max(word(header, 0))
                ),
            ));
        }
        // A section may have room for more than it holds.
        *at = section.at + room.max(count) * section.row_bytes as u64;
        Ok(section)
    }
}

impl Section {
    /// The buckets in the order of the Gaussians: the full ones, then those that say their length.
    pub(super) fn buckets(&self, source: &dyn Source, cancel: &Cancel) -> Result<Vec<Bucket>> {
        let damaged = || {
            Error::malformed(
                source.name(),
                "it does not say where the buckets of its Gaussians lie; export the file again",
            )
        };
        let used = u64::from(self.full_buckets) + u64::from(self.partial_buckets);
        let stride = usize::from(self.bucket_bytes);
        if used > u64::from(self.bucket_count) || (used > 0 && stride < CENTRE_BYTES) {
            return Err(damaged());
        }
        let bytes = source.read(self.buckets_at..self.at, cancel)?;
        let (lengths, centres) = bytes
            .split_at_checked(4 * self.partial_buckets as usize)
            .ok_or_else(damaged)?;
        let lengths = lengths.chunks_exact(4).map(|length| word(length, 0));
        let full = std::iter::repeat_n(self.bucket_capacity, self.full_buckets as usize);
        let buckets: Vec<Bucket> = full
            .chain(lengths)
            .zip(centres.chunks_exact(stride.max(1)))
            .map(|(count, centre)| Bucket {
                count: u64::from(count),
                centre: [0, 4, 8].map(|axis| f32::from_bits(word(centre, axis))),
            })
            .collect();
        let held: u64 = buckets.iter().map(|bucket| bucket.count).sum();
        if held < self.count {
            return Err(damaged());
        }
        Ok(buckets)
    }
}

/// The number at `offset`, which is inside `bytes`.
fn word(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|byte| bytes[offset + byte]))
}
