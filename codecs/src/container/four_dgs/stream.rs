//! Streams of small integers.

use std::io::Read;

use flate2::bufread::ZlibDecoder;
use ruzstd::decoding::StreamingDecoder;

use super::bytes::Bytes;

/// Memory that a zstd stream may ask for to look back, however little it unpacks to: what its usual
/// levels take.
const ZSTD_WINDOW_BYTES: u64 = 8 << 20;

/// A stream, decoded.
pub(super) struct Stream {
    /// Attribute, or the opcode of the record that it lies in.
    pub(super) attribute: u8,
    /// Numbers of each Gaussian.
    pub(super) channels: usize,
    /// Row after row; a single row that stands for all where nothing changes.
    symbols: Vec<i32>,
    is_constant: bool,
}

impl Stream {
    /// The numbers of Gaussian `k`.
    pub(super) fn row(&self, k: usize) -> &[i32] {
        let k = if self.is_constant { 0 } else { k };
        self.symbols
            .get(k * self.channels..(k + 1) * self.channels)
            .unwrap_or_default()
    }
}

/// Why a stream cannot be read.
#[derive(Debug)]
pub(super) enum Fault {
    /// The bytes end too early or do not say what they must.
    Damaged,
    /// A way of packing that is not known.
    Codec(String),
}

/// Takes the next stream of `count` rows off `bytes`. One that `is_wanted` does not want is stepped
/// over.
pub(super) fn next(
    bytes: &mut Bytes,
    count: usize,
    is_wanted: impl Fn(u8) -> bool,
) -> Result<Option<Stream>, Fault> {
    let header = header(bytes).ok_or(Fault::Damaged)?;
    let payload = usize::try_from(header.payload)
        .ok()
        .and_then(|length| bytes.take(length))
        .ok_or(Fault::Damaged)?;
    if !is_wanted(header.attribute) {
        return Ok(None);
    }
    let channels = usize::from(header.channels);
    if header.rows as usize != count || channels == 0 {
        return Err(Fault::Damaged);
    }
    let is_constant = header.mode == 2;
    let symbols = channels * if is_constant { 1 } else { count };
    let width = usize::from(header.width);
    if ![1, 2, 4].contains(&width) || header.mode > 2 {
        return Err(Fault::Damaged);
    }
    let planes = unpack(payload, header.codec, symbols * width)?;
    let mut symbols: Vec<i32> = (0..symbols)
        .map(|index| {
            // Byte j of all symbols stands together.
            let symbol = (0..width).fold(0, |symbol, plane| {
                symbol | u32::from(planes[plane * symbols + index]) << (8 * plane)
            });
            // 0, -1, 1, -2 …
            (symbol >> 1) as i32 ^ -((symbol & 1) as i32)
        })
        .collect();
    if header.mode == 1 {
        for index in channels..symbols.len() {
            symbols[index] = symbols[index].wrapping_add(symbols[index - channels]);
        }
    }
    Ok(Some(Stream {
        attribute: header.attribute,
        channels,
        symbols,
        is_constant,
    }))
}

struct Header {
    attribute: u8,
    width: u8,
    mode: u8,
    codec: u8,
    channels: u8,
    rows: u32,
    payload: u64,
}

fn header(bytes: &mut Bytes) -> Option<Header> {
    Some(Header {
        attribute: bytes.u8()?,
        width: bytes.u8()?,
        mode: bytes.u8()?,
        codec: bytes.u8()?,
        channels: bytes.u8()?,
        rows: bytes.u32()?,
        payload: bytes.u64()?,
    })
}

/// Unpacks exactly `length` bytes.
fn unpack(packed: &[u8], codec: u8, length: usize) -> Result<Vec<u8>, Fault> {
    let name = match codec {
        0 => "deflate",
        1 => "zstd",
        other => return Err(Fault::Codec(format!("number {other}"))),
    };
    unpack_named(packed, name, length)
}

/// As [`unpack`], by the codec's name; no name means that nothing is packed.
pub(super) fn unpack_named(packed: &[u8], codec: &str, length: usize) -> Result<Vec<u8>, Fault> {
    let read = |reader: &mut dyn Read| {
        let mut bytes = Vec::new();
        // One byte more shows that there is more; memory grows only as bytes come.
        let read = reader.take(length as u64 + 1).read_to_end(&mut bytes);
        match read {
            Ok(_) if bytes.len() == length => Ok(bytes),
            _ => Err(Fault::Damaged),
        }
    };
    match codec {
        "" => read(&mut { packed }),
        "deflate" => read(&mut ZlibDecoder::new(packed)),
        "zstd" => {
            let window = (length as u64).max(ZSTD_WINDOW_BYTES);
            let decoder = StreamingDecoder::new_with_max_window_size(packed, window);
            read(&mut decoder.map_err(|_| Fault::Damaged)?)
        }
        other => Err(Fault::Codec(format!("\"{other}\""))),
    }
}
