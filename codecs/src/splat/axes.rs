//! Which way a file's axes point.

use super::SplatCloud;
use crate::UpAxis;

/// The convention of a world space. Both are right-handed; half a turn about x leads from one to the
/// other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Axes {
    /// x right, y down, z forward: COLMAP, hence INRIA PLY and whatever descends from it.
    #[default]
    RightDownFront,
    /// x right, y up, z backward: OpenGL, hence glTF and SPZ.
    RightUpBack,
}

impl Axes {
    /// Which axis points up.
    pub fn up(self) -> UpAxis {
        match self {
            Self::RightDownFront => UpAxis::MinusY,
            Self::RightUpBack => UpAxis::PlusY,
        }
    }

    /// The convention in which `up` points up; `None` where there is none.
    pub fn with_up(up: UpAxis) -> Option<Self> {
        [Self::RightDownFront, Self::RightUpBack]
            .into_iter()
            .find(|axes| axes.up() == up)
    }

    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::RightDownFront => "x right, y down, z forward",
            Self::RightUpBack => "x right, y up, z backward",
        }
    }
}

/// The signs that half a turn about x gives to the real SH basis functions of degree 1 to 3, in the
/// order of "3D Gaussian Splatting" (Kerbl et al. 2023): m from -l to l in each degree. Each is a
/// polynomial in x, y, z, odd or even in y and z together.
const SH_SIGNS: [f32; 15] = [
    -1.0, -1.0, 1.0, // y, z, x
    -1.0, 1.0, 1.0, -1.0, 1.0, // xy, yz, 2zz-xx-yy, xz, xx-yy
    -1.0, 1.0, -1.0, -1.0, 1.0, -1.0,
    1.0, // y(3xx-yy), xyz, y(4zz-..), z(..), x(..), z(xx-yy), x(..)
];

impl SplatCloud {
    /// The same Gaussians in a space of the other convention, or as they are.
    #[must_use]
    pub fn with_axes(mut self, axes: Axes) -> Self {
        if self.axes == axes {
            return self;
        }
        self.axes = axes;
        for [_, y, z] in &mut self.positions {
            (*y, *z) = (-*y, -*z);
        }
        // Conjugated with the half turn, (0, 1, 0, 0).
        for [_, _, y, z] in &mut self.rotations {
            (*y, *z) = (-*y, -*z);
        }
        let rest = self.rest_coefficients();
        if rest > 0 {
            for coefficients in self.sh_rest.stored_mut().chunks_exact_mut(rest) {
                for (coefficient, sign) in coefficients.iter_mut().zip(SH_SIGNS) {
                    *coefficient = coefficient.map(|value| sign * value);
                }
            }
        }
        self
    }
}
