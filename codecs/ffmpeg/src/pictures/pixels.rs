//! Any picture that FFmpeg decodes, to red, green, blue and alpha.
//!
//! How samples lie in memory is told by FFmpeg's descriptors of pixel formats; what they mean by ITU-T H.273
//! (matrices, ranges). Chroma is interpolated linearly; it lies on the left of its luma (ITU-T H.264, figure E-1, type 0,
//! which is what video has unless it says otherwise) or in the middle (type 1, which JPEG has).
#![allow(unsafe_code)]

use ffmpeg_next::{color, ffi, frame};
use rayon::prelude::*;

/// One component of a pixel format: where its samples lie.
#[derive(Clone, Copy)]
struct Component<'a> {
    bytes: &'a [u8],
    /// Bytes from row to row, and from sample to sample.
    stride: usize,
    step: usize,
    /// Bits above zero in front of the sample, and its bits.
    shift: u32,
    depth: u32,
    big_endian: bool,
    /// Samples in a row, and rows.
    size: [usize; 2],
}

impl Component<'_> {
    /// The sample at a place, 0 to 1 of what its bits can hold. Places outside are those of the edge.
    fn at(&self, x: usize, y: usize) -> f32 {
        let [width, height] = self.size;
        let place = y.min(height - 1) * self.stride + x.min(width - 1) * self.step;
        let value = if self.shift + self.depth <= 8 {
            u32::from(self.bytes[place])
        } else {
            let two = [self.bytes[place], self.bytes[place + 1]];
            u32::from(match self.big_endian {
                true => u16::from_be_bytes(two),
                false => u16::from_le_bytes(two),
            })
        };
        let most = (1_u32 << self.depth) - 1;
        (value >> self.shift & most) as f32 / most as f32
    }

    /// Between its samples.
    fn between(&self, x: f32, y: f32) -> f32 {
        let (left, top) = (x.max(0.0).floor(), y.max(0.0).floor());
        let (right_share, low_share) = (x.max(0.0) - left, y.max(0.0) - top);
        let (left, top) = (left as usize, top as usize);
        let row = |y| {
            let a = self.at(left, y);
            a + right_share * (self.at(left + 1, y) - a)
        };
        let above = row(top);
        if low_share == 0.0 {
            return above;
        }
        above + low_share * (row(top + 1) - above)
    }
}

/// How samples become colours.
enum Model<'a> {
    /// Grey, in limited range or in full.
    Grey(Component<'a>, bool),
    Rgb([Component<'a>; 3]),
    /// Indices into 256 colours: blue, green, red, alpha.
    Palette(Component<'a>, &'a [u8]),
    Yuv {
        planes: [Component<'a>; 3],
        matrix: Matrix,
        /// How many times less chroma there is, as powers of two: across, down.
        subsampling: [u32; 2],
        /// How far right of its luma's left side chroma lies, in samples of luma.
        chroma_right: f32,
    },
}

/// From luma and chroma, 0 to 1 of what their bits hold, to colours.
#[derive(Clone, Copy)]
struct Matrix {
    is_limited: bool,
    /// Weights of red and blue in luma.
    red: f32,
    blue: f32,
}

impl Matrix {
    /// H.273, equations 20 to 23 and 38 to 40. Samples of more than 8 bits are those of 8 bits with
    /// digits behind, up to the last bit of the scale: `depth` tells how many there are.
    fn rgb(&self, [y, u, v]: [f32; 3], depth: u32) -> [f32; 3] {
        let (y, u, v) = if self.is_limited {
            // 2^depth - 1 stands for 1; the ranges are counted in 1 / 256 of 2^depth.
            let most = ((1_u32 << depth) - 1) as f32;
            let unit = most / (1_u32 << (depth - 8).min(24)) as f32;
            (
                (y * unit - 16.0) / 219.0,
                (u * unit - 128.0) / 224.0,
                (v * unit - 128.0) / 224.0,
            )
        } else {
            let half = (1_u32 << (depth - 1)) as f32 / ((1_u32 << depth) - 1) as f32;
            (y, u - half, v - half)
        };
        let green = 1.0 - self.red - self.blue;
        let red = y + 2.0 * (1.0 - self.red) * v;
        let blue = y + 2.0 * (1.0 - self.blue) * u;
        [red, (y - self.red * red - self.blue * blue) / green, blue]
    }
}

/// Red, green, blue and alpha of a decoded picture, row by row; the reason where its pixel format is none
/// that is read.
pub(super) fn rgba(picture: &frame::Video) -> Result<Vec<u8>, String> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let layout = Layout::of(picture)?;
    let mut rgba = vec![0; 4 * width * height];
    rgba.par_chunks_exact_mut(4 * width)
        .enumerate()
        .for_each(|(y, row)| {
            for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
                let colour = layout.colour(x, y);
                for (byte, part) in pixel.iter_mut().zip(colour) {
                    *byte = (part * 255.0).round().clamp(0.0, 255.0) as u8;
                }
            }
        });
    Ok(rgba)
}

struct Layout<'a> {
    model: Model<'a>,
    alpha: Option<Component<'a>>,
}

impl<'a> Layout<'a> {
    fn of(picture: &'a frame::Video) -> Result<Self, String> {
        let format = picture.format();
        let unsupported = || format!("its pixel format {format:?} cannot be read");
        let descriptor = format.descriptor().ok_or_else(unsupported)?;
        // SAFETY: a descriptor points into libavutil's static table of pixel formats.
        let descriptor = unsafe { &*descriptor.as_ptr() };
        let has = |flag: i32| descriptor.flags & flag as u64 != 0;
        if has(ffi::AV_PIX_FMT_FLAG_HWACCEL
            | ffi::AV_PIX_FMT_FLAG_BITSTREAM
            | ffi::AV_PIX_FMT_FLAG_BAYER
            | ffi::AV_PIX_FMT_FLAG_FLOAT)
        {
            return Err(unsupported());
        }
        let subsampling = [descriptor.log2_chroma_w, descriptor.log2_chroma_h].map(u32::from);
        let size = [picture.width() as usize, picture.height() as usize];
        let component = |index: usize| -> Result<Component<'a>, String> {
            let at = descriptor.comp[index];
            let is_chroma = matches!(index, 1 | 2) && !has(ffi::AV_PIX_FMT_FLAG_RGB);
            let shift = if is_chroma { subsampling } else { [0; 2] };
            let size = [0, 1].map(|axis| size[axis].div_ceil(1 << shift[axis]));
            let (bytes, stride) =
                plane(picture, at.plane as usize, size[1]).ok_or_else(unsupported)?;
            let component = Component {
                bytes: bytes.get(at.offset as usize..).ok_or_else(unsupported)?,
                stride,
                step: at.step as usize,
                shift: at.shift as u32,
                depth: at.depth as u32,
                big_endian: has(ffi::AV_PIX_FMT_FLAG_BE),
                size,
            };
            // What is read last must lie in the plane.
            let wide = usize::from(component.shift + component.depth > 8);
            let last = (size[1] - 1) * stride + (size[0] - 1) * component.step + wide;
            let fits = last < component.bytes.len() && (1..=16).contains(&component.depth);
            if fits {
                Ok(component)
            } else {
                Err(unsupported())
            }
        };
        let components = usize::from(descriptor.nb_components);
        let alpha = match has(ffi::AV_PIX_FMT_FLAG_ALPHA) && !has(ffi::AV_PIX_FMT_FLAG_PAL) {
            true => Some(component(components - 1)?),
            false => None,
        };
        let is_jpeg = format!("{format:?}").starts_with("YUVJ");
        let is_limited = picture.color_range() != color::Range::JPEG && !is_jpeg;
        let model = if has(ffi::AV_PIX_FMT_FLAG_PAL) {
            let (colours, _) = plane(picture, 1, 1).ok_or_else(unsupported)?;
            Model::Palette(component(0)?, colours.get(..1024).ok_or_else(unsupported)?)
        } else if has(ffi::AV_PIX_FMT_FLAG_RGB) {
            Model::Rgb([component(0)?, component(1)?, component(2)?])
        } else if components < 3 {
            // Pictures of one channel are of full range unless they say otherwise.
            Model::Grey(component(0)?, picture.color_range() == color::Range::MPEG)
        } else {
            let (red, blue) = weights(picture.color_space(), size[1]);
            let in_the_middle =
                is_jpeg || picture.chroma_location() == ffmpeg_next::chroma::Location::Center;
            Model::Yuv {
                planes: [component(0)?, component(1)?, component(2)?],
                matrix: Matrix {
                    is_limited,
                    red,
                    blue,
                },
                subsampling,
                chroma_right: match (in_the_middle, subsampling[0]) {
                    (true, across) => ((1_u32 << across) - 1) as f32 / 2.0,
                    (false, _) => 0.0,
                },
            }
        };
        Ok(Self { model, alpha })
    }

    fn colour(&self, x: usize, y: usize) -> [f32; 4] {
        let alpha = self.alpha.map_or(1.0, |alpha| alpha.at(x, y));
        let [red, green, blue] = match &self.model {
            Model::Grey(grey, is_limited) => {
                let value = grey.at(x, y);
                let value = if *is_limited {
                    (value * 255.0 - 16.0) / 219.0
                } else {
                    value
                };
                [value; 3]
            }
            Model::Rgb(parts) => parts.map(|part| part.at(x, y)),
            Model::Palette(index, colours) => {
                let index = (index.at(x, y) * 255.0).round() as usize;
                let part = |byte: usize| f32::from(colours[4 * index + byte]) / 255.0;
                // Each colour is a word: alpha, red, green, blue from its top.
                let word = |from_top: usize| match cfg!(target_endian = "big") {
                    true => part(from_top),
                    false => part(3 - from_top),
                };
                return [word(1), word(2), word(3), word(0)];
            }
            Model::Yuv {
                planes: [luma, blue, red],
                matrix,
                subsampling,
                chroma_right,
            } => {
                let across = (x as f32 - chroma_right) / (1_u32 << subsampling[0]) as f32;
                let rows = (1_u32 << subsampling[1]) as f32;
                let down = (y as f32 + 0.5) / rows - 0.5;
                let chroma = |plane: &Component| match subsampling {
                    [0, 0] => plane.at(x, y),
                    _ => plane.between(across, down),
                };
                matrix.rgb([luma.at(x, y), chroma(blue), chroma(red)], luma.depth)
            }
        };
        [red, green, blue, alpha]
    }
}

/// The bytes of `rows` rows of a plane, and the bytes from row to row; `None` where there is no such plane, or it is
/// stored bottom-up.
fn plane(picture: &frame::Video, index: usize, rows: usize) -> Option<(&[u8], usize)> {
    // SAFETY: the frame holds a decoded picture. Its planes have `rows` rows of `linesize` bytes each, and
    // live as long as the frame is borrowed. A palette is one row of 1024 bytes without line size.
    unsafe {
        let picture = &*picture.as_ptr();
        let data = *picture.data.get(index)?;
        let stride = *picture.linesize.get(index)?;
        let is_palette = index == 1 && rows == 1 && stride == 0;
        let stride = usize::try_from(stride).ok()?;
        let length = if is_palette { 1024 } else { stride * rows };
        if data.is_null() || length == 0 {
            return None;
        }
        Some((std::slice::from_raw_parts(data, length), stride))
    }
}

/// Weights of red and blue in luma. Where the video does not say, those of its time: BT.601 below 720 rows,
/// BT.709 from there on.
fn weights(space: color::Space, height: usize) -> (f32, f32) {
    match space {
        color::Space::BT709 => (0.2126, 0.0722),
        color::Space::BT2020NCL | color::Space::BT2020CL => (0.2627, 0.0593),
        color::Space::SMPTE240M => (0.212, 0.087),
        color::Space::FCC => (0.30, 0.11),
        color::Space::BT470BG | color::Space::SMPTE170M => (0.299, 0.114),
        _ if height >= 720 => (0.2126, 0.0722),
        _ => (0.299, 0.114),
    }
}
