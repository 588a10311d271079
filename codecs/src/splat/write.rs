//! Saving a cloud in any of the formats that can be written.

use std::io::{self, Write};

use super::spz::{self, SpzVersion};
use super::{Axes, SplatCloud, compressed_ply, dot_splat, gltf, ply, sog};
use crate::{Cancel, Error, Result, SplatFrame, UpAxis};

/// A format of splat file that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteFormat {
    /// INRIA PLY.
    Ply,
    /// PlayCanvas's compressed PLY.
    CompressedPly,
    /// antimatter15's `.splat`.
    Splat,
    /// Niantic's SPZ version 3.
    SpzV3,
    /// Niantic's SPZ version 4.
    SpzV4,
    /// PlayCanvas's SOG version 2, zipped.
    Sog,
    /// GLB with `KHR_gaussian_splatting`.
    Glb,
}

impl WriteFormat {
    /// Every format; of versions of one, that first which most programs read.
    pub const ALL: [Self; 7] = [
        Self::Ply,
        Self::CompressedPly,
        Self::Splat,
        Self::SpzV3,
        Self::SpzV4,
        Self::Sog,
        Self::Glb,
    ];

    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ply => "PLY",
            Self::CompressedPly => "compressed PLY",
            Self::Splat => ".splat",
            Self::SpzV3 | Self::SpzV4 => "SPZ",
            Self::Sog => "SOG",
            Self::Glb => "GLB",
        }
    }

    /// Version, of formats that are written in several.
    pub fn version(self) -> Option<&'static str> {
        match self {
            Self::SpzV3 => Some("3"),
            Self::SpzV4 => Some("4"),
            _ => None,
        }
    }

    /// How names of such files end, without the first dot.
    pub fn extension(self) -> &'static str {
        self.extensions()[0]
    }

    /// [`Self::extension`] alone, as dialogs take it.
    pub fn extensions(self) -> &'static [&'static str; 1] {
        match self {
            Self::Ply => &["ply"],
            Self::CompressedPly => &["compressed.ply"],
            Self::Splat => &["splat"],
            Self::SpzV3 | Self::SpzV4 => &["spz"],
            Self::Sog => &["sog"],
            Self::Glb => &["glb"],
        }
    }

    /// The convention that its files keep.
    pub fn axes(self) -> Axes {
        match self {
            Self::Ply | Self::CompressedPly | Self::Splat | Self::Sog => Axes::RightDownFront,
            Self::SpzV3 | Self::SpzV4 | Self::Glb => Axes::RightUpBack,
        }
    }

    /// Highest SH degree that it can hold.
    pub fn max_sh_degree(self) -> u8 {
        match self {
            Self::Splat => 0,
            Self::Ply | Self::CompressedPly | Self::SpzV3 | Self::SpzV4 | Self::Sog | Self::Glb => {
                3
            }
        }
    }

    /// The format that the end of a file's name asks for; of formats in several versions the one that
    /// most programs read.
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let ends = |format: &Self| {
            let stem = name.strip_suffix(format.extension());
            stem.is_some_and(|stem| stem.ends_with('.'))
        };
        // "a.compressed.ply" ends in ".ply" as well.
        let longest = |format: &Self| std::cmp::Reverse(format.extension().len());
        Self::ALL.into_iter().filter(ends).min_by_key(longest)
    }

    /// How names of files that can be written end, for a sentence: ".ply, .splat or .spz".
    pub fn endings() -> String {
        let mut endings: Vec<String> = Vec::new();
        for format in Self::ALL {
            let ending = format!(".{}", format.extension());
            if !endings.contains(&ending) {
                endings.push(ending);
            }
        }
        match endings.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }
}

/// Writes a cloud as a file of `format`, in the convention that the format keeps. Gaussians that were
/// dropped when the cloud was read are left out, and so are SH coefficients for which the format has
/// no room.
///
/// # Errors
/// [`Error::Write`] when `out` refuses, [`Error::Cancelled`] soon after `cancel` is set.
pub fn write(
    cloud: SplatCloud,
    format: WriteFormat,
    out: &mut dyn Write,
    cancel: &Cancel,
) -> Result<()> {
    let cloud = cloud.without_dropped().with_axes(format.axes());
    let mut out = Stoppable { out, cancel };
    let written = match format {
        WriteFormat::Ply => ply::write(&cloud, &mut out).map_err(|error| Error::write(&error)),
        WriteFormat::CompressedPly => {
            compressed_ply::write(&cloud, &mut out).map_err(|error| Error::write(&error))
        }
        WriteFormat::Splat => {
            dot_splat::write(&cloud, &mut out).map_err(|error| Error::write(&error))
        }
        WriteFormat::SpzV3 => spz::write(&cloud, &mut out, SpzVersion::V3),
        WriteFormat::SpzV4 => spz::write(&cloud, &mut out, SpzVersion::V4),
        WriteFormat::Sog => sog::write(&cloud, &mut out, cancel),
        WriteFormat::Glb => gltf::write(&cloud, &mut out),
    };
    // Whatever a writer makes of a refusal, this is its reason.
    cancel.check()?;
    written
}

/// Refuses everything once nobody wants it any more.
struct Stoppable<'a> {
    out: &'a mut dyn Write,
    cancel: &'a Cancel,
}

impl Write for Stoppable<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.cancel.check().map_err(io::Error::other)?;
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl SplatFrame {
    /// The frame as numbers, with the axes of a clip in which `up` points up. Gaussian video knows no
    /// axes of its own, and a splat file may have the wrong ones.
    pub fn to_cloud_with_up(&self, up: UpAxis) -> SplatCloud {
        let mut cloud = self.to_cloud();
        cloud.axes = Axes::with_up(up).unwrap_or(cloud.axes);
        cloud
    }
}

impl SplatCloud {
    /// Without the Gaussians that are kept as invisible points only so that rows stay where they are.
    fn without_dropped(self) -> Self {
        if self.dropped == 0 {
            return self;
        }
        let mut kept = Self {
            axes: self.axes,
            antialiased: self.antialiased,
            ..Self::with_capacity(self.len(), self.sh_degree)
        };
        for k in 0..self.len() {
            if self.opacities[k] > 0.0 || self.scales[k] != [0.0; 3] {
                kept.positions.push(self.positions[k]);
                kept.rotations.push(self.rotations[k]);
                kept.scales.push(self.scales[k]);
                kept.opacities.push(self.opacities[k]);
                kept.sh_dc.push(self.sh_dc[k]);
                kept.sh_rest.each_mut().extend_from_slice(self.rest_of(k));
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::MemorySource;
    use crate::splat::{self, synthetic};

    #[test]
    fn the_end_of_a_name_tells_the_format() {
        for format in WriteFormat::ALL {
            let extension = format.extension();
            let of = |name: &str| WriteFormat::of_name(name).map(WriteFormat::extension);
            assert_eq!(of(&format!("frames/a.b.{extension}")), Some(extension));
            assert_eq!(
                of(&format!("A.{}", extension.to_uppercase())),
                Some(extension)
            );
            assert_eq!(of(&format!("{extension}.png")), None);
            assert!(WriteFormat::endings().contains(extension));
        }
        for name in ["", "ply", "aply", "a.ply.txt", ".", "a.zoe"] {
            assert_eq!(WriteFormat::of_name(name), None, "{name}");
        }
    }

    #[test]
    fn every_format_reads_back_the_same_way_up_and_without_what_was_dropped() {
        let cancel = Cancel::new();
        let mut cloud = synthetic::surface(300, 1, 4);
        cloud.positions[7][0] = f32::NAN;
        cloud.sanitise();
        for axes in [Axes::RightDownFront, Axes::RightUpBack] {
            let mut cloud = cloud.clone();
            cloud.axes = axes;
            for format in WriteFormat::ALL {
                let mut bytes = Vec::new();
                write(cloud.clone(), format, &mut bytes, &cancel).expect("memory takes all");
                let source: Arc<dyn crate::source::Source> =
                    Arc::new(MemorySource::new("out", bytes));
                let back = splat::read(&source, &cancel).expect("what was written");
                assert_eq!((back.len(), back.axes), (299, format.axes()), "{format:?}");
                assert_eq!(back.sh_degree, format.max_sh_degree().min(1), "{format:?}");
                let bounds = back.with_axes(axes).bounds();
                let wanted = cloud.bounds();
                for axis in 0..3 {
                    let off = (bounds.min[axis] - wanted.min[axis]).abs();
                    assert!(off < 0.01 * wanted.radius(), "{format:?}, axis {axis}");
                }
            }
        }
    }

    #[test]
    fn nothing_more_is_written_once_it_is_cancelled() {
        let cancel = Cancel::new();
        cancel.cancel();
        for format in WriteFormat::ALL {
            let mut bytes = Vec::new();
            let written = write(synthetic::surface(300, 0, 4), format, &mut bytes, &cancel);
            assert!(matches!(written, Err(Error::Cancelled)), "{format:?}");
            assert!(bytes.is_empty(), "{format:?}");
        }
    }

    #[test]
    fn a_full_disk_is_a_sentence() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for format in WriteFormat::ALL {
            let cloud = synthetic::surface(300, 0, 4);
            let error = write(cloud, format, &mut Full, &Cancel::new()).expect_err("it is full");
            assert!(error.to_string().contains("make room"), "{error}");
        }
    }

    #[test]
    fn the_clip_says_which_way_is_up() {
        let frame = SplatFrame::Cloud(synthetic::surface(3, 0, 4));
        for (up, axes) in [
            (UpAxis::PlusY, Axes::RightUpBack),
            (UpAxis::MinusY, Axes::RightDownFront),
            (UpAxis::PlusZ, Axes::RightDownFront),
        ] {
            assert_eq!(frame.to_cloud_with_up(up).axes, axes);
        }
    }
}
