//! Reading.

use super::super::fill::fill;
use super::super::{Axes, SH_C0, SplatCloud, SplatFacts, SplatFormat, check_size};
use super::ROW_BYTES;
use crate::source::Source;
use crate::{Cancel, Error, Result, limits};

/// Rows that are read and decoded at once: 256 KiB.
const BLOCK_ROWS: usize = 8192;
/// Rows that are looked at to tell whether a file is one of these.
const EXAMINED_ROWS: u64 = 128;

/// Reads a `.splat` file.
///
/// # Errors
/// As [`Source::read`]; [`Error::Malformed`] for a file that ends within a Gaussian,
/// [`Error::Limit`] above [`limits::MAX_GAUSSIANS`].
pub fn read(source: &dyn Source, cancel: &Cancel) -> Result<SplatCloud> {
    read_first(source, count(source)? as usize, cancel)
}

/// The first `most` Gaussians, which are the most important ones where the file is sorted as most are.
pub(in crate::splat) fn read_preview(
    source: &dyn Source,
    most: usize,
    cancel: &Cancel,
) -> Result<SplatCloud> {
    read_first(source, most.min(count(source)? as usize), cancel)
}

fn read_first(source: &dyn Source, count: usize, cancel: &Cancel) -> Result<SplatCloud> {
    fill(count, 0, BLOCK_ROWS, cancel, |block| {
        let bytes = |row: usize| (row * ROW_BYTES) as u64;
        let bytes = source.read(bytes(block.rows.start)..bytes(block.rows.end), cancel)?;
        let (rows, _) = bytes.as_chunks::<ROW_BYTES>();
        for (k, row) in rows.iter().enumerate() {
            let numbers = numbers(row);
            let [.., red, green, blue, opacity] = row[..28] else {
                continue;
            };
            block.positions[k].copy_from_slice(&numbers[..3]);
            // The sign of a deviation means nothing.
            block.scales[k] = std::array::from_fn(|axis| numbers[3 + axis].abs());
            block.sh_dc[k] = [red, green, blue].map(|byte| (f32::from(byte) / 255.0 - 0.5) / SH_C0);
            block.opacities[k] = f32::from(opacity) / 255.0;
            block.rotations[k] = quaternion(row);
        }
        Ok(())
    })
}

/// What a `.splat` file tells: how many Gaussians there are.
///
/// # Errors
/// As [`read`].
pub fn facts(source: &dyn Source, cancel: &Cancel) -> Result<SplatFacts> {
    cancel.check()?;
    Ok(SplatFacts {
        format: SplatFormat::Splat,
        version: None,
        count: count(source)?,
        sh_degree: 0,
        bounds: None,
        axes: Axes::RightDownFront,
        notes: Vec::new(),
    })
}

fn count(source: &dyn Source) -> Result<u64> {
    check_size(source)?;
    let count = source.len() / ROW_BYTES as u64;
    limits::check_gaussians(source.name(), count)?;
    if count * ROW_BYTES as u64 != source.len() {
        return Err(Error::malformed(
            source.name(),
            format!(
                "it ends in the middle of a Gaussian ({} bytes are no multiple of {ROW_BYTES}); \
                 copy the file again",
                source.len()
            ),
        ));
    }
    Ok(count)
}

/// Whether a file looks like one of these. Nothing marks them, so this is to be asked after all
/// formats that have a mark. A file that is called `.splat` may hold some odd rows and end too early
/// (which [`read`] then tells); one of another name may not.
///
/// # Errors
/// As [`Source::read`].
pub(crate) fn is_dot_splat(source: &dyn Source, cancel: &Cancel) -> Result<bool> {
    let named = has_name(source.name());
    let whole = source.len().is_multiple_of(ROW_BYTES as u64);
    if source.len() < ROW_BYTES as u64 || !(named || whole) {
        return Ok(false);
    }
    let examined = source.len().min(EXAMINED_ROWS * ROW_BYTES as u64);
    let bytes = source.read(0..examined, cancel)?;
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    if bytes.iter().all(is_text) {
        return Ok(false);
    }
    let (rows, _) = bytes.as_chunks::<ROW_BYTES>();
    let plausible = rows.iter().filter(|row| is_plausible(row)).count();
    Ok(plausible == rows.len() || named && 2 * plausible >= rows.len())
}

/// Whether a file is called `.splat`, whatever comes behind in a web address.
pub(crate) fn has_name(name: &str) -> bool {
    let path = name.split(['?', '#']).next().unwrap_or(name);
    path.rsplit_once('.')
        .is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("splat"))
}

/// Whether a row looks like a Gaussian: what other files hold reads as numbers without measure.
fn is_plausible(row: &[u8; ROW_BYTES]) -> bool {
    let [position @ .., a, b, c] = numbers(row);
    let place = |value: f32| value == 0.0 || (1e-20..=1e6).contains(&value.abs());
    let size = |value: f32| (1e-20..=1e5).contains(&value);
    let norm: f32 = quaternion(row).iter().map(|part| part * part).sum();
    position.into_iter().all(place) && [a, b, c].into_iter().all(size) && norm > 0.2
}

/// Position and scale.
#[inline]
fn numbers(row: &[u8; ROW_BYTES]) -> [f32; 6] {
    std::array::from_fn(|index| {
        f32::from_le_bytes(std::array::from_fn(|byte| row[4 * index + byte]))
    })
}

#[inline]
fn quaternion(row: &[u8; ROW_BYTES]) -> [f32; 4] {
    std::array::from_fn(|part| (f32::from(row[28 + part]) - 128.0) / 128.0)
}
