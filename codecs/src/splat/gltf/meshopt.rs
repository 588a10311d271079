//! Buffer views that are packed by `KHR_meshopt_compression`, or by `EXT_meshopt_compression`, whose only
//! bitstream is version 0: its mode 0, attributes, and all filters. Appendices A and B of the extension.

use super::asset::Meshopt;
use crate::{Cancel, Result};

/// A byte can become no more than so many: a block of 256 elements whose bytes do not change takes a
/// quarter of a byte for each of theirs.
pub(super) const MOST_RATIO: u64 = 1024;
/// Bytes of an element.
pub(super) const MOST_STRIDE: u64 = 256;

const VERSION_0: u8 = 0xa0;
const VERSION_1: u8 = 0xa1;
/// Bytes of a block, and elements of it, at most.
const BLOCK_BYTES: usize = 8192;
const BLOCK_ELEMENTS: usize = 256;
/// Elements that share a width of bits.
const GROUP: usize = 16;
/// The bytes at the end are at least so many, of version 0 and of version 1.
const LEAST_TAIL: [usize; 2] = [32, 24];

/// What a damaged stream has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Damaged;

/// The bytes that `packed` stands for, `count` times `byte_stride` of them; inside is an error for a stream
/// that is damaged, or not of attributes.
///
/// # Errors
/// [`crate::Error::Cancelled`] soon after `cancel`.
pub(super) fn unpack(
    packed: &[u8],
    packing: &Meshopt,
    cancel: &Cancel,
) -> Result<std::result::Result<Vec<u8>, Damaged>> {
    let is_sound = packing.mode == "ATTRIBUTES"
        && packing.byte_stride.is_multiple_of(4)
        && (4..=MOST_STRIDE).contains(&packing.byte_stride);
    if !is_sound {
        return Ok(Err(Damaged));
    }
    let stride = packing.byte_stride as usize;
    let Some(mut stream) = Stream::open(packed, stride) else {
        return Ok(Err(Damaged));
    };
    let mut out = Vec::new();
    let most = (BLOCK_BYTES / stride / GROUP * GROUP).min(BLOCK_ELEMENTS);
    let mut left = packing.count as usize;
    while left > 0 {
        cancel.check()?;
        let elements = most.min(left);
        if stream.block(elements, &mut out).is_none() {
            return Ok(Err(Damaged));
        }
        left -= elements;
    }
    if !stream.data.is_empty() {
        return Ok(Err(Damaged));
    }
    Ok(filter(packing, &mut out).map(|()| out).ok_or(Damaged))
}

/// A stream of attributes, and what is known where it is read.
struct Stream<'a> {
    is_version_1: bool,
    data: &'a [u8],
    /// The modes of four bytes each; none of version 0.
    modes: &'a [u8],
    /// The element before the next one.
    previous: Vec<u8>,
    /// Of a block: of each byte of an element those of all elements.
    deltas: Vec<[u8; BLOCK_ELEMENTS]>,
}

impl<'a> Stream<'a> {
    fn open(packed: &'a [u8], stride: usize) -> Option<Self> {
        let is_version_1 = match *packed.first()? {
            VERSION_0 => false,
            VERSION_1 => true,
            _ => return None,
        };
        let mode_bytes = if is_version_1 { stride / 4 } else { 0 };
        let tail = stride + mode_bytes;
        let padded = tail.max(LEAST_TAIL[usize::from(is_version_1)]);
        let data = packed.get(1..packed.len().checked_sub(padded)?)?;
        let (previous, modes) = packed[packed.len() - tail..].split_at(stride);
        let is_mode = |mode: &u8| match mode & 15 {
            0 | 1 => mode >> 4 == 0,
            2 => true,
            _ => false,
        };
        modes.iter().all(is_mode).then(|| Self {
            is_version_1,
            data,
            modes,
            previous: previous.to_vec(),
            deltas: vec![[0; BLOCK_ELEMENTS]; stride],
        })
    }

    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.data.split_at_checked(bytes)?;
        self.data = rest;
        Some(taken)
    }

    /// Reads a block and adds its elements to `out`.
    fn block(&mut self, elements: usize, out: &mut Vec<u8>) -> Option<()> {
        let stride = self.previous.len();
        let controls = match self.is_version_1 {
            true => self.take(stride / 4)?,
            false => &[],
        };
        for byte in 0..stride {
            let control = controls
                .get(byte / 4)
                .map(|four| four >> (byte % 4 * 2) & 3);
            let widths = match control {
                None => [0, 2, 4, 8],
                Some(0) => [0, 1, 2, 4],
                Some(1) => [1, 2, 4, 8],
                Some(2) => {
                    self.deltas[byte].fill(0);
                    continue;
                }
                Some(_) => {
                    let literal = self.take(elements)?;
                    self.deltas[byte][..elements].copy_from_slice(literal);
                    continue;
                }
            };
            let groups = elements.div_ceil(GROUP);
            let header = self.take(groups.div_ceil(4))?;
            for group in 0..groups {
                let width = widths[usize::from(header[group / 4] >> (group % 4 * 2) & 3)];
                let deltas = self.group(width)?;
                self.deltas[byte][GROUP * group..][..GROUP].copy_from_slice(&deltas);
            }
        }
        for element in 0..elements {
            self.undo(element);
            out.extend_from_slice(&self.previous);
        }
        Some(())
    }

    /// The deltas of a group, of `width` bits; what has all bits set stands behind in a byte of its own.
    fn group(&mut self, width: usize) -> Option<[u8; GROUP]> {
        let bits = self.take(GROUP * width / 8)?;
        if width == 0 {
            return Some([0; GROUP]);
        }
        if width == 8 {
            return bits.try_into().ok();
        }
        let in_byte = 8 / width;
        let sentinel = (1 << width) - 1;
        let mut deltas = [0; GROUP];
        for (index, delta) in deltas.iter_mut().enumerate() {
            let place = match width {
                // Single bits start at the lowest, others at the highest.
                1 => index % in_byte,
                _ => in_byte - 1 - index % in_byte,
            };
            let small = bits[index / in_byte] >> (place * width) & sentinel;
            *delta = match small == sentinel {
                true => *self.take(1)?.first()?,
                false => small,
            };
        }
        Some(deltas)
    }

    /// Turns the element before `element` into it.
    fn undo(&mut self, element: usize) {
        let channels = self.previous.as_chunks_mut::<4>().0.iter_mut();
        for (channel, value) in channels.enumerate() {
            let delta: [u8; 4] = std::array::from_fn(|k| self.deltas[4 * channel + k][element]);
            let mode = self.modes.get(channel).copied().unwrap_or(0);
            *value = match mode & 15 {
                0 => std::array::from_fn(|k| {
                    let (half, sign) = (delta[k] >> 1, (delta[k] & 1).wrapping_neg());
                    value[k].wrapping_add(half ^ sign)
                }),
                1 => {
                    let [a, b] = [0, 2].map(|k| {
                        let delta = u16::from_le_bytes([delta[k], delta[k + 1]]);
                        let (half, sign) = (delta >> 1, (delta & 1).wrapping_neg());
                        u16::from_le_bytes([value[k], value[k + 1]]).wrapping_add(half ^ sign)
                    });
                    let ([a, b], [c, d]) = (a.to_le_bytes(), b.to_le_bytes());
                    [a, b, c, d]
                }
                _ => {
                    let delta = u32::from_le_bytes(delta).rotate_right(u32::from(mode >> 4));
                    (u32::from_le_bytes(*value) ^ delta).to_le_bytes()
                }
            };
        }
    }
}

/// Turns what the encoder stored into what it was given; `None` for a filter that is not known or does not
/// fit.
fn filter(packing: &Meshopt, bytes: &mut [u8]) -> Option<()> {
    match (packing.filter.as_deref(), packing.byte_stride) {
        (None | Some("NONE"), _) => {}
        (Some("OCTAHEDRAL"), 4) => of_bytes(bytes, |[x, y, one, w]| {
            let [x, y, z] = octahedral([x, y, one].map(|byte| f32::from(byte as i8)), 127.0);
            [x as i8 as u8, y as i8 as u8, z as i8 as u8, w]
        }),
        (Some("OCTAHEDRAL"), 8) => of_shorts(bytes, |[x, y, one, w]| {
            let [x, y, z] = octahedral([x, y, one].map(|short| f32::from(short as i16)), 32767.0);
            [x as i16 as u16, y as i16 as u16, z as i16 as u16, w]
        }),
        (Some("QUATERNION"), 8) => of_shorts(bytes, quaternion),
        (Some("EXPONENTIAL"), _) => {
            for word in bytes.as_chunks_mut::<4>().0 {
                let value = i32::from_le_bytes(*word);
                let (exponent, mantissa) = (value >> 24, value << 8 >> 8);
                *word = (2_f32.powi(exponent) * mantissa as f32).to_le_bytes();
            }
        }
        (Some("COLOR"), 4) => of_bytes(bytes, |[y, co, cg, a]| {
            let chroma = [co, cg].map(|byte| i32::from(byte as i8));
            colour(i32::from(y), chroma, u32::from(a), 255.0).map(|value| value as u8)
        }),
        (Some("COLOR"), 8) => of_shorts(bytes, |[y, co, cg, a]| {
            let chroma = [co, cg].map(|short| i32::from(short as i16));
            colour(i32::from(y), chroma, u32::from(a), 65535.0).map(|value| value as u16)
        }),
        _ => return None,
    }
    Some(())
}

fn of_bytes(bytes: &mut [u8], change: impl Fn([u8; 4]) -> [u8; 4]) {
    for four in bytes.as_chunks_mut::<4>().0 {
        *four = change(*four);
    }
}

fn of_shorts(bytes: &mut [u8], change: impl Fn([u16; 4]) -> [u16; 4]) {
    for eight in bytes.as_chunks_mut::<8>().0 {
        let shorts = std::array::from_fn(|k| u16::from_le_bytes([eight[2 * k], eight[2 * k + 1]]));
        for (two, short) in eight.as_chunks_mut::<2>().0.iter_mut().zip(change(shorts)) {
            *two = short.to_le_bytes();
        }
    }
}

/// Filter 1: a unit vector out of its place on an octahedron, and what stands for one there.
fn octahedral([x, y, one]: [f32; 3], most: f32) -> [f32; 3] {
    let (mut x, mut y) = (x / one, y / one);
    let z = 1.0 - x.abs() - y.abs();
    let below = z.min(0.0);
    x -= below.copysign(x);
    y -= below.copysign(y);
    let length = (x * x + y * y + z * z).sqrt();
    [x, y, z].map(|part| (part / length * most).round())
}

/// Filter 2: a unit quaternion out of all parts but the largest, and which that is.
fn quaternion(parts: [u16; 4]) -> [u16; 4] {
    let [.., last] = parts;
    let one = f32::from((last | 3) as i16);
    let small = [parts[0], parts[1], parts[2]]
        .map(|part| f32::from(part as i16) / one * std::f32::consts::FRAC_1_SQRT_2);
    let squares: f32 = small.iter().map(|part| part * part).sum();
    let largest = (1.0 - squares).max(0.0).sqrt();
    let mut turned = [0; 4];
    let place = usize::from(last & 3);
    for (offset, part) in [largest, small[0], small[1], small[2]]
        .into_iter()
        .enumerate()
    {
        turned[(place + offset) % 4] = (part * 32767.0).round() as i16 as u16;
    }
    turned
}

/// Filter 4: red, green, blue and alpha out of luma and chroma; the highest bit of alpha tells how many bits
/// all have.
fn colour(luma: i32, [co, cg]: [i32; 2], alpha: u32, most: f32) -> [f32; 4] {
    let one = alpha.checked_ilog2().map_or(0, |bit| (2_u32 << bit) - 1);
    let scale = most / one as f32;
    let alpha = alpha & one >> 1;
    let alpha = (alpha << 1 | alpha & 1) as i32;
    [luma + co - cg, luma + cg, luma - co - cg, alpha].map(|value| (value as f32 * scale).round())
}
