//! The Gaussians of one chunk.

use super::bytes::Bytes;
use super::file::Grids;
use super::stream::{self, Fault, Stream};
use crate::gaussian_video::rest_coefficients;
use crate::splat::SH_C0;

/// Attributes by their number in the format's registry.
mod attribute {
    pub(super) const POSITION: u8 = 0;
    pub(super) const SCALE: u8 = 1;
    pub(super) const LARGEST: u8 = 2;
    pub(super) const ROTATION: u8 = 3;
    pub(super) const COLOUR: u8 = 4;
    pub(super) const OPACITY: u8 = 5;
    pub(super) const MOTION: u8 = 6;
    pub(super) const MU: u8 = 7;
    pub(super) const SIGMA: u8 = 8;
    pub(super) const FLAGS: u8 = 9;
    pub(super) const WINDOW: u8 = 10;
    /// Numbers of each, in this order.
    pub(super) const CHANNELS: [usize; 11] = [3, 3, 1, 3, 3, 1, 3, 1, 1, 1, 1];
}

/// A Gaussian, de-quantised; where it is, it is at `position + motion (t - mu)`.
pub(super) struct Gaussian {
    pub(super) position: [f64; 3],
    /// World units a second.
    pub(super) motion: [f64; 3],
    /// w, x, y, z.
    pub(super) rotation: [f32; 4],
    pub(super) scale: [f32; 3],
    pub(super) sh_dc: [f32; 3],
    pub(super) opacity: f64,
    /// The moment at which it is most opaque, seconds.
    pub(super) mu: f64,
    /// How long it is, seconds; infinite for one that never fades.
    pub(super) sigma: f64,
    /// When it begins to be there and when it ceases, seconds.
    pub(super) window: [f64; 2],
}

/// A chunk, decoded.
pub(super) struct Chunk {
    pub(super) gaussians: Vec<Gaussian>,
    /// SH coefficients beyond DC, as many for each Gaussian as the file's SH degree has.
    pub(super) sh_rest: Vec<[f32; 3]>,
}

/// What a chunk says about itself in front of its streams.
pub(super) struct ChunkHead {
    /// Outside of this time nothing of it is visible, seconds.
    pub(super) time: [f64; 2],
    pub(super) count: u32,
}

impl ChunkHead {
    pub(super) fn parse(bytes: &mut Bytes) -> Option<Self> {
        let time = bytes.f64s()?;
        let _level = bytes.u32()?;
        Some(Self {
            time,
            count: bytes.u32()?,
        })
    }
}

/// Decodes the content of a chunk record, and of the SH records behind it.
pub(super) fn decode(content: &[u8], bands: &[Vec<u8>], grids: &Grids) -> Result<Chunk, Fault> {
    let mut bytes = Bytes(content);
    let head = ChunkHead::parse(&mut bytes).ok_or(Fault::Damaged)?;
    let count = head.count as usize;
    let codec = bytes.text().ok_or(Fault::Damaged)?;
    let unpacked = bytes.u64().ok_or(Fault::Damaged)?;
    let length = bytes.u64().and_then(|length| usize::try_from(length).ok());
    let packed = length
        .and_then(|length| bytes.take(length))
        .ok_or(Fault::Damaged)?;
    let records;
    let mut bytes = if codec.is_empty() {
        Bytes(packed)
    } else {
        // Streams of so many Gaussians cannot be longer, even when all their numbers are wide.
        let most = (count as u64 + 1) * 256;
        let unpacked = Some(unpacked).filter(|unpacked| *unpacked <= most);
        let length =
            usize::try_from(unpacked.ok_or(Fault::Damaged)?).map_err(|_| Fault::Damaged)?;
        records = stream::unpack_named(packed, codec, length)?;
        Bytes(&records)
    };
    let mut streams: [Option<Stream>; attribute::CHANNELS.len()] = Default::default();
    while !bytes.0.is_empty() {
        let wanted = |number: u8| usize::from(number) < attribute::CHANNELS.len();
        let Some(stream) = stream::next(&mut bytes, count, wanted)? else {
            continue;
        };
        let number = usize::from(stream.attribute);
        if stream.channels != attribute::CHANNELS[number] {
            return Err(Fault::Damaged);
        }
        streams[number] = Some(stream);
    }
    if streams.iter().any(Option::is_none) {
        return Err(Fault::Damaged);
    }
    let row = |number: u8, k: usize| -> &[i32] {
        let stream = streams[usize::from(number)].as_ref();
        stream.map(|stream| stream.row(k)).unwrap_or_default()
    };
    let gaussians: Option<Vec<Gaussian>> = (0..count)
        .map(|k| gaussian(|number| row(number, k), grids))
        .collect();
    Ok(Chunk {
        gaussians: gaussians.ok_or(Fault::Damaged)?,
        sh_rest: sh_rest(bands, count, grids.sh_degree)?,
    })
}

/// De-quantises a Gaussian; `None` where a number is beyond what it may be.
fn gaussian<'a>(row: impl Fn(u8) -> &'a [i32], grids: &Grids) -> Option<Gaussian> {
    let one = |number: u8| row(number).first().copied();
    let three = |number: u8| <[i32; 3]>::try_from(row(number)).ok();
    let position = three(attribute::POSITION)?;
    let window = usize::try_from(one(attribute::WINDOW)?).ok()?;
    let window = *grids.windows.get(window)?;
    let never_fades = one(attribute::FLAGS)? & 1 != 0;
    let sigma = (f64::from(one(attribute::SIGMA)?) * grids.sigma_log).exp();
    // Green, and what red and blue are more.
    let [green, red, blue] = three(attribute::COLOUR)?;
    let colour = [green.wrapping_add(red), green, green.wrapping_add(blue)];
    let motion_step = grids.motion_step(never_fades, window, sigma);
    Some(Gaussian {
        position: std::array::from_fn(|axis| {
            grids.origin[axis] + f64::from(position[axis]) * grids.position
        }),
        motion: three(attribute::MOTION)?.map(|bin| f64::from(bin) * motion_step),
        rotation: rotation(
            one(attribute::LARGEST)?,
            three(attribute::ROTATION)?,
            grids.rotation,
        )?,
        scale: three(attribute::SCALE)?.map(|bin| (f64::from(bin) * grids.scale_log).exp() as f32),
        sh_dc: colour
            .map(|bin| (f64::from(bin) * grids.colour) as f32)
            .map(|colour| (colour - 0.5) / SH_C0),
        opacity: f64::from(one(attribute::OPACITY)?) * grids.opacity,
        mu: f64::from(one(attribute::MU)?) * grids.mu_step(never_fades, sigma),
        sigma: if never_fades { f64::INFINITY } else { sigma },
        window,
    })
}

/// w, x, y, z out of the index of the largest of x, y, z, w and the others in this order.
fn rotation(largest: i32, rest: [i32; 3], step: f64) -> Option<[f32; 4]> {
    let largest = usize::try_from(largest)
        .ok()
        .filter(|largest| *largest < 4)?;
    let rest = rest.map(|bin| (f64::from(bin) * step) as f32);
    let square: f32 = rest.iter().map(|part| part * part).sum();
    let mut rest = rest.into_iter();
    let [x, y, z, w] = std::array::from_fn(|part| {
        if part == largest {
            (1.0 - square).max(0.0).sqrt()
        } else {
            rest.next().unwrap_or(0.0)
        }
    });
    Some([w, x, y, z])
}

/// SH coefficients out of a record for each band. A band that is missing, as at the end of a file that
/// was cut short, is zero.
fn sh_rest(bands: &[Vec<u8>], count: usize, degree: u8) -> Result<Vec<[f32; 3]>, Fault> {
    let coefficients = rest_coefficients(degree);
    let mut all = vec![[0.0; 3]; count * coefficients];
    if coefficients == 0 {
        return Ok(all);
    }
    for record in bands {
        let mut bytes = Bytes(record);
        let band = bytes.u8().ok_or(Fault::Damaged)?;
        if !(1..=degree).contains(&band) {
            continue;
        }
        let Some(stream) = stream::next(&mut bytes, count, |_| true)? else {
            continue;
        };
        let (first, own) = (rest_coefficients(band - 1), 2 * usize::from(band) + 1);
        if stream.channels != 3 * own {
            return Err(Fault::Damaged);
        }
        for (k, rest) in all.chunks_exact_mut(coefficients).enumerate() {
            // All of red, then of green, then of blue.
            for (channel, codes) in stream.row(k).chunks_exact(own).enumerate() {
                for (coefficient, code) in rest[first..].iter_mut().zip(codes) {
                    coefficient[channel] = (*code).clamp(0, 255) as f32 * (8.0 / 255.0) - 4.0;
                }
            }
        }
    }
    Ok(all)
}
