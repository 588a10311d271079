//! Writing.

use std::f32::consts::SQRT_2;
use std::io;

use flate2::Compression;
use flate2::write::GzEncoder;
use rayon::prelude::*;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::super::SplatCloud;
use super::header::{Header, plain_header};
use super::{COLOUR_SCALE, ROTATION_STEPS};
use crate::{Error, Result};

/// Which SPZ is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SpzVersion {
    /// One gzip stream: every tool that knows SPZ reads it.
    #[default]
    V3,
    /// A zstd stream for each attribute: unpacked faster.
    V4,
}

/// Bits of a coordinate besides its sign.
const POSITION_BITS: i32 = 23;
/// Most bits of a fraction: other readers shift a 32-bit 1 by it.
const MAX_FRACTIONAL_BITS: i32 = 30;
/// Gaussians that are packed at a time.
const PIECE_ROWS: usize = 8192;

/// Writes an SPZ file in the cloud's own space, which ought to be
/// [`Axes::RightUpBack`](super::super::Axes).
///
/// Positions get as many bits of fraction as the farthest leaves of 24. Values beyond what the format
/// can hold become the nearest that it can: scales outside exp(-10) to exp(5.9375), colours outside
/// -0.5/0.15 to 0.5/0.15 (SH degree 0), SH coefficients outside -1 to 1.
///
/// # Errors
/// [`Error::Write`] for a position that does not fit 24 bits in whole units, and what `out` says.
pub fn write(cloud: &SplatCloud, out: &mut impl io::Write, version: SpzVersion) -> Result<()> {
    let fractional_bits = fractional_bits(cloud)?;
    let header = |version| {
        Header::new(
            version,
            cloud.len(),
            cloud.sh_degree,
            fractional_bits,
            cloud.antialiased,
        )
    };
    match version {
        SpzVersion::V3 => write_gzip(cloud, &header(3), out),
        SpzVersion::V4 => write_streams(cloud, &header(4), out),
    }
    .map_err(|error| Error::write(&error))
}

/// The most bits with which every position fits.
fn fractional_bits(cloud: &SplatCloud) -> Result<u8> {
    let coordinates = cloud.positions.as_flattened().iter();
    let (low, high) = coordinates.fold((0.0_f32, 0.0_f32), |(low, high), value| {
        (low.min(*value), high.max(*value))
    });
    // As for all signed numbers, there is one more below zero than above.
    let end = f64::from(1 << POSITION_BITS);
    let code = |value: f32, bits: i32| (f64::from(value) * 2.0_f64.powi(bits)).round();
    (0..=MAX_FRACTIONAL_BITS)
        .rev()
        .find(|bits| code(low, *bits) >= -end && code(high, *bits) < end)
        .map(|bits| bits as u8)
        .ok_or_else(|| Error::Write {
            reason: format!(
                "a Gaussian lies {} units from the origin, and SPZ reaches {}; write another \
                 format, or scale the model down",
                high.max(-low),
                end - 1.0
            ),
        })
}

fn write_gzip(cloud: &SplatCloud, header: &Header, out: &mut impl io::Write) -> io::Result<()> {
    let mut encoder = GzEncoder::new(out, Compression::default());
    io::Write::write_all(&mut encoder, &header.bytes())?;
    for block in 0..header.blocks() {
        let mut bytes = Vec::new();
        for first in (0..cloud.len()).step_by(PIECE_ROWS) {
            bytes.clear();
            let rows = first..cloud.len().min(first + PIECE_ROWS);
            pack(cloud, header, block, rows, &mut bytes);
            io::Write::write_all(&mut encoder, &bytes)?;
        }
    }
    encoder.finish()?;
    Ok(())
}

fn write_streams(cloud: &SplatCloud, header: &Header, out: &mut impl io::Write) -> io::Result<()> {
    let streams: Vec<(Vec<u8>, u64)> = (0..header.blocks())
        .into_par_iter()
        .map(|block| {
            let mut bytes = Vec::with_capacity(cloud.len() * header.row_bytes()[block]);
            pack(cloud, header, block, 0..cloud.len(), &mut bytes);
            let packed = compress_to_vec(&bytes[..], CompressionLevel::Fastest);
            (packed, bytes.len() as u64)
        })
        .collect();
    let sizes: Vec<(u64, u64)> = streams
        .iter()
        .map(|(packed, raw_bytes)| (packed.len() as u64, *raw_bytes))
        .collect();
    out.write_all(&plain_header(header, &sizes))?;
    for (packed, _) in &streams {
        out.write_all(packed)?;
    }
    Ok(())
}

/// Adds the bytes of block number `block` of some Gaussians.
fn pack(
    cloud: &SplatCloud,
    header: &Header,
    block: usize,
    rows: std::ops::Range<usize>,
    bytes: &mut Vec<u8>,
) {
    match block {
        0 => {
            let steps = 2.0_f64.powi(i32::from(header.fractional_bits));
            for value in cloud.positions[rows].as_flattened() {
                let code = (f64::from(*value) * steps).round() as i32;
                bytes.extend_from_slice(&code.to_le_bytes()[..3]);
            }
        }
        1 => bytes.extend(
            cloud.opacities[rows]
                .iter()
                .map(|value| byte(value * 255.0)),
        ),
        2 => {
            let values = cloud.sh_dc[rows].as_flattened().iter();
            bytes.extend(values.map(|value| byte((value * COLOUR_SCALE + 0.5) * 255.0)));
        }
        3 => {
            let values = cloud.scales[rows].as_flattened().iter();
            bytes.extend(values.map(|value| byte((value.ln() + 10.0) * 16.0)));
        }
        4 => {
            for rotation in &cloud.rotations[rows] {
                bytes.extend(smallest_three(*rotation).to_le_bytes());
            }
        }
        _ => {
            for k in rows {
                let values = cloud.rest_of(k).as_flattened().iter();
                bytes.extend(values.map(|value| byte(value * 128.0 + 128.0)));
            }
        }
    }
}

/// The nearest byte.
fn byte(value: f32) -> u8 {
    // A float that is cast saturates.
    value.round() as u8
}

/// As the reader takes it apart.
fn smallest_three([w, x, y, z]: [f32; 4]) -> u32 {
    let stored = [x, y, z, w];
    let largest = (0..4).fold(0, |best, part| {
        if stored[part].abs() > stored[best].abs() {
            part
        } else {
            best
        }
    });
    // A quaternion and its negative are one rotation; the largest part is not stored and positive.
    let flip = stored[largest] < 0.0;
    (0..4)
        .filter(|part| *part != largest)
        .fold(largest as u32, |code, part| {
            let steps = (stored[part].abs() * SQRT_2 * ROTATION_STEPS as f32).round() as u32;
            let negative = (stored[part] < 0.0) != flip;
            code << 10 | u32::from(negative) << 9 | steps.min(ROTATION_STEPS)
        })
}
