//! Which plane holds which attribute.

use crate::{Result, limits};

/// How attribute values were stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PlaneEncoding {
    /// What V3's players expect: opacity 0..1, linear scale, SH rest interleaved per coefficient.
    #[default]
    Activated,
    /// Raw training values: opacity as logit, scale as natural logarithm, SH rest channel-major.
    Raw,
    /// As [`Self::Activated`], but scale as natural logarithm: Zoetrope's own clips.
    LogScale,
}

/// Shape of a frame of Gaussian video, constant within a group.
///
/// Planes are stored as *layers* in this order (K = (degree + 1)² - 1 coefficients beyond DC):
///
/// | layers | content |
/// | --- | --- |
/// | 0..6 | x low, x high, y low, y high, z low, z high byte |
/// | 6..9 | SH DC of red, green, blue |
/// | 9..9+3K | SH rest: coefficient j, channel ch at 9 + 3j + ch ([`PlaneEncoding::Activated`]) |
/// | 9+3K | opacity |
/// | 10+3K..13+3K | scale x, y, z |
/// | 13+3K..17+3K | rotation w, x, y, z |
///
/// V3's three planes of normals, always empty, are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PlaneLayout {
    /// Gaussians of a frame; pixels beyond are padding.
    pub count: u32,
    /// Width and height of every plane in pixels.
    pub side: u32,
    /// SH degree, 0 to 3.
    pub sh_degree: u8,
    /// How values were stored.
    pub encoding: PlaneEncoding,
}

impl PlaneLayout {
    /// First layer of the SH DC term.
    pub const DC_LAYER: usize = 6;
    /// First layer of the SH coefficients beyond DC.
    pub const REST_LAYER: usize = 9;

    /// The layout for `count` Gaussians with the smallest side that is a multiple of 8, as V3 has.
    pub fn for_count(count: u32, sh_degree: u8) -> Self {
        Self {
            count,
            side: Self::side_for(count),
            sh_degree,
            encoding: PlaneEncoding::Activated,
        }
    }

    /// Smallest multiple of 8 whose square holds `count` pixels; at least 8.
    pub fn side_for(count: u32) -> u32 {
        let mut side = (f64::from(count).sqrt() as u32 / 8).max(1) * 8;
        while u64::from(side) * u64::from(side) < u64::from(count) {
            side += 8;
        }
        side
    }

    /// SH coefficients beyond DC, for each colour channel: 0, 3, 8 or 15.
    pub fn rest_coefficients(&self) -> usize {
        rest_coefficients(self.sh_degree)
    }

    /// The layer of opacity.
    pub fn opacity_layer(&self) -> usize {
        Self::REST_LAYER + 3 * self.rest_coefficients()
    }

    /// The first of the three layers of scale.
    pub fn scale_layer(&self) -> usize {
        self.opacity_layer() + 1
    }

    /// The first of the four layers of rotation.
    pub fn rotation_layer(&self) -> usize {
        self.scale_layer() + 3
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.rotation_layer() + 4
    }

    /// Number of attributes: as layers, but each axis of the position counts once.
    pub fn attributes(&self) -> usize {
        self.layers() - 3
    }

    /// Pixels of one plane.
    pub fn plane_samples(&self) -> usize {
        self.side as usize * self.side as usize
    }

    /// Pixels of all planes.
    pub fn samples(&self) -> usize {
        self.plane_samples() * self.layers()
    }

    /// Checks every number against [`limits`] and that the Gaussians fit the plane.
    ///
    /// # Errors
    /// [`crate::Error::Limit`] or [`crate::Error::Malformed`] about `name`.
    pub fn check(&self, name: &str) -> Result<()> {
        limits::check(
            name,
            "Gaussians in a frame",
            self.count.into(),
            limits::MAX_VIDEO_GAUSSIANS,
        )?;
        limits::check(
            name,
            "pixels on a side of its planes",
            self.side.into(),
            limits::MAX_PLANE_SIDE,
        )?;
        limits::check(
            name,
            "as its SH degree",
            self.sh_degree.into(),
            limits::MAX_SH_DEGREE,
        )?;
        limits::check(
            name,
            "samples in a frame",
            self.samples() as u64,
            limits::MAX_FRAME_SAMPLES,
        )?;
        if self.plane_samples() < self.count as usize {
            return Err(crate::Error::malformed(
                name,
                format!(
                    "it claims {} Gaussians but its pictures are {} x {} pixels and hold {}",
                    self.count,
                    self.side,
                    self.side,
                    self.plane_samples()
                ),
            ));
        }
        Ok(())
    }
}

/// SH coefficients beyond DC for each channel at `sh_degree`: (degree + 1)² - 1.
pub fn rest_coefficients(sh_degree: u8) -> usize {
    let bands = usize::from(sh_degree) + 1;
    bands * bands - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn layers_and_attributes_of_every_degree() {
        for (degree, layers) in [(0, 17), (1, 26), (2, 41), (3, 62)] {
            let layout = PlaneLayout::for_count(10, degree);
            assert_eq!(layout.layers(), layers);
            assert_eq!(layout.attributes(), layers - 3);
            assert_eq!(layout.rotation_layer() + 4, layers);
        }
    }

    #[test]
    fn side_is_the_smallest_multiple_of_eight() {
        for (count, side) in [(0, 8), (64, 8), (65, 16), (147_677, 392), (147_456, 384)] {
            assert_eq!(PlaneLayout::side_for(count), side, "{count}");
        }
    }

    #[test]
    fn caps_hold_at_the_limit_and_fail_one_past_it() {
        let at = PlaneLayout::for_count(limits::MAX_VIDEO_GAUSSIANS as u32, 0);
        // 17 planes of 2000² are 68 M samples: the sample cap is the tighter one there.
        assert!(matches!(
            at.check("clip"),
            Err(Error::Limit {
                what: "samples in a frame",
                ..
            })
        ));
        let past = PlaneLayout::for_count(limits::MAX_VIDEO_GAUSSIANS as u32 + 1, 0);
        assert!(matches!(
            past.check("clip"),
            Err(Error::Limit {
                what: "Gaussians in a frame",
                ..
            })
        ));
        let mut full = PlaneLayout::for_count(64, 0);
        full.check("clip").expect("a full plane is fine");
        full.count = 65;
        assert!(matches!(full.check("clip"), Err(Error::Malformed { .. })));
    }
}
