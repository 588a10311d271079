//! What stands before a layer's data in each group.

use crate::gaussian_video::entropy::{Reader, put_varint, unzigzag, zigzag};
use crate::gaussian_video::{Atlas, rest_coefficients};
use crate::{Error, LayerKind, Result, limits};

/// Tiles of a layer of Gaussians: DC of three channels, opacity, scale of three axes, rotation w, x,
/// y, z.
pub const GAUSSIAN_TILES: u32 = 11;
/// The version that is written and read.
const VERSION: u8 = 1;
const FLAG_YCOCG: u8 = 1;
const FLAG_LOG_SCALE: u8 = 2;
const FLAG_OFFSETS: u8 = 4;
/// An offset of this many is a code.
pub const OFFSETS_PER_CODE: f32 = 64.0;
/// Largest magnitude of an offset: eight codes.
pub const MAX_OFFSET: i16 = 512;

/// Facts of one layer in one group.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerHeader {
    /// What the layer adds.
    pub kind: LayerKind,
    /// Gaussians of the layer; for harmonics and precision those of all layers of Gaussians below.
    pub count: u32,
    /// Frames of the group.
    pub frames: u32,
    /// SH degree of [`LayerKind::Harmonics`], 1 to 3; else 0.
    pub sh_degree: u8,
    /// Whether the three DC tiles are Y, Co and Cg instead of red, green and blue.
    pub ycocg: bool,
    /// Whether scale tiles hold natural logarithms of world units instead of world units.
    pub log_scale: bool,
    /// Factor of the scales where no layer of Gaussians above is shown, so that fewer Gaussians
    /// leave no holes. 1 but for [`LayerKind::Gaussians`].
    pub alone_scale: f32,
    /// `[low, high]` of x, y, z for [`LayerKind::Gaussians`]: codes 0 and 65535, world units.
    pub position_ranges: [[f32; 2]; 3],
    /// `[low, high]` of each tile: codes 0 and 255. None for [`LayerKind::Precision`].
    pub ranges: Vec<[f32; 2]>,
    /// What is to be added to every code of a tile in a frame, in 64ths of a code: the mean error that
    /// the video made. All frames of the first tile, then of the next; or none at all.
    pub offsets: Vec<i16>,
}

impl LayerHeader {
    /// A header of `count` Gaussians over `frames` frames, without anything that only some kinds have.
    pub fn new(kind: LayerKind, count: u32, frames: u32) -> Self {
        Self {
            kind,
            count,
            frames,
            sh_degree: 0,
            ycocg: false,
            log_scale: false,
            alone_scale: 1.0,
            position_ranges: [[0.0; 2]; 3],
            ranges: Vec::new(),
            offsets: Vec::new(),
        }
    }

    /// The layer's atlas.
    pub fn atlas(&self) -> Atlas {
        Atlas::new(self.count, self.tiles())
    }

    /// The offset of `tile` in frame `t` of the group, in codes.
    pub fn offset(&self, tile: usize, t: usize) -> f32 {
        let offset = self.offsets.get(tile * self.frames as usize + t);
        f32::from(offset.copied().unwrap_or(0)) / OFFSETS_PER_CODE
    }

    fn tiles(&self) -> u32 {
        match self.kind {
            LayerKind::Gaussians | LayerKind::Precision => GAUSSIAN_TILES,
            LayerKind::Harmonics => 3 * rest_coefficients(self.sh_degree) as u32,
        }
    }

    /// Appends the header to a sample.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        let kind = match self.kind {
            LayerKind::Gaussians => 0,
            LayerKind::Harmonics => 1,
            LayerKind::Precision => 2,
        };
        bytes.extend([VERSION, kind]);
        put_varint(bytes, self.count);
        put_varint(bytes, self.frames);
        let flags = (u8::from(self.ycocg) * FLAG_YCOCG)
            | (u8::from(self.log_scale) * FLAG_LOG_SCALE)
            | (u8::from(!self.offsets.is_empty()) * FLAG_OFFSETS);
        bytes.extend([self.sh_degree, flags]);
        let mut ranges = self.ranges.as_slice();
        if self.kind == LayerKind::Gaussians {
            bytes.extend(self.alone_scale.to_le_bytes());
            put_ranges(bytes, &self.position_ranges);
        } else if self.kind == LayerKind::Precision {
            ranges = &[];
        }
        put_ranges(bytes, ranges);
        for offset in &self.offsets {
            put_varint(bytes, zigzag((*offset).into()));
        }
    }

    /// Reads the header at the front of a sample, of which [`Reader::rest`] then is what follows.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Unsupported`] and [`Error::Limit`].
    pub fn read(reader: &mut Reader<'_>, name: &str) -> Result<Self> {
        let version = reader.byte()?;
        if version != VERSION {
            return Err(Error::unsupported(
                name,
                format!("its layers have version {version}, which needs a newer Zoetrope"),
            ));
        }
        let kind = match reader.byte()? {
            0 => LayerKind::Gaussians,
            1 => LayerKind::Harmonics,
            2 => LayerKind::Precision,
            _ => return Err(reader.damaged("it has a layer of an unknown kind")),
        };
        let (count, frames) = (reader.varint()?, reader.varint()?);
        let mut header = Self::new(kind, count, frames);
        header.sh_degree = reader.byte()?;
        let flags = reader.byte()?;
        header.ycocg = flags & FLAG_YCOCG != 0;
        header.log_scale = flags & FLAG_LOG_SCALE != 0;
        let frames = u64::from(header.frames);
        limits::check(
            name,
            "frames in a group",
            frames,
            limits::MAX_LAYERED_GROUP_FRAMES,
        )?;
        if frames == 0 {
            return Err(reader.damaged("one of its groups has no frames"));
        }
        let degrees = match kind {
            LayerKind::Harmonics => 1..=limits::MAX_SH_DEGREE as u8,
            LayerKind::Gaussians | LayerKind::Precision => 0..=0,
        };
        if !degrees.contains(&header.sh_degree) {
            return Err(reader.damaged("one of its layers has an SH degree that it cannot have"));
        }
        header.atlas().check(name)?;
        if kind == LayerKind::Gaussians {
            header.alone_scale = reader.float()?;
            if !(0.01..=100.0).contains(&header.alone_scale) {
                return Err(reader.damaged("the scale of one of its layers makes no sense"));
            }
            for range in &mut header.position_ranges {
                *range = read_range(reader)?;
            }
        }
        if kind != LayerKind::Precision {
            header.ranges = (0..header.tiles())
                .map(|_| read_range(reader))
                .collect::<Result<_>>()?;
        }
        if flags & FLAG_OFFSETS != 0 {
            let count = header.tiles() as usize * header.frames as usize;
            header.offsets = (0..count)
                .map(|_| read_offset(reader))
                .collect::<Result<_>>()?;
        }
        Ok(header)
    }
}

fn put_ranges(bytes: &mut Vec<u8>, ranges: &[[f32; 2]]) {
    for value in ranges.as_flattened() {
        bytes.extend(value.to_le_bytes());
    }
}

fn read_offset(reader: &mut Reader<'_>) -> Result<i16> {
    let offset = unzigzag(reader.varint()?);
    match i16::try_from(offset) {
        Ok(offset) if offset.abs() <= MAX_OFFSET => Ok(offset),
        _ => Err(reader.damaged("one of its offsets is out of range")),
    }
}

fn read_range(reader: &mut Reader<'_>) -> Result<[f32; 2]> {
    let range = [reader.float()?, reader.float()?];
    // Two finite ends may still be infinitely far from each other.
    if !(range[1] - range[0]).is_finite() || range[0] > range[1] {
        return Err(reader.damaged(&format!(
            "one of its ranges is {range:?}, which is no range"
        )));
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: LayerKind) -> LayerHeader {
        let sh_degree = if kind == LayerKind::Harmonics { 2 } else { 0 };
        let mut header = LayerHeader {
            kind,
            count: 300,
            frames: 20,
            sh_degree,
            ycocg: kind == LayerKind::Gaussians,
            log_scale: kind == LayerKind::Gaussians,
            alone_scale: 1.0,
            position_ranges: [[0.0; 2]; 3],
            ranges: Vec::new(),
            offsets: Vec::new(),
        };
        if kind == LayerKind::Gaussians {
            header.alone_scale = 1.5;
            header.position_ranges = [[-1.0, 1.0], [0.0, 0.0], [2.0, 3.0]];
        }
        if kind != LayerKind::Precision {
            header.ranges = (0..header.tiles()).map(|k| [-(k as f32), 9.0]).collect();
        }
        if kind != LayerKind::Harmonics {
            header.offsets = (0..220).map(|k| (k * 37 % 1000) as i16 - 500).collect();
        }
        header
    }

    #[test]
    fn what_is_written_is_read() {
        for kind in [
            LayerKind::Gaussians,
            LayerKind::Harmonics,
            LayerKind::Precision,
        ] {
            let header = header(kind);
            let mut bytes = Vec::new();
            header.write(&mut bytes);
            bytes.push(77);
            let mut reader = Reader::new("test", &bytes);
            assert_eq!(
                LayerHeader::read(&mut reader, "test").expect("reads"),
                header
            );
            assert_eq!(reader.rest(), [77]);
            for length in 0..bytes.len() - 1 {
                let mut reader = Reader::new("test", &bytes[..length]);
                assert!(LayerHeader::read(&mut reader, "test").is_err(), "{length}");
            }
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let refused = |change: &dyn Fn(&mut LayerHeader)| {
            let mut header = header(LayerKind::Gaussians);
            change(&mut header);
            let mut bytes = Vec::new();
            header.write(&mut bytes);
            LayerHeader::read(&mut Reader::new("test", &bytes), "test").is_err()
        };
        assert!(!refused(&|_| {}));
        assert!(refused(&|header| header.frames = 0));
        assert!(refused(&|header| header.frames = 251));
        assert!(refused(
            &|header| header.count = limits::MAX_VIDEO_GAUSSIANS as u32 + 1
        ));
        assert!(refused(&|header| header.sh_degree = 1));
        assert!(refused(&|header| header.alone_scale = f32::NAN));
        assert!(refused(&|header| header.offsets[7] = MAX_OFFSET + 1));
        assert!(!refused(&|header| header.offsets[7] = -MAX_OFFSET));
        assert!(refused(&|header| header.ranges[3] = [1.0, 0.0]));
        assert!(refused(
            &|header| header.position_ranges[2] = [f32::MIN, f32::MAX]
        ));
    }
}
