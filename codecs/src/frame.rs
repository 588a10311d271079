//! What a decoder hands to the renderer: one moment of a clip.

use std::sync::Arc;

use crate::gaussian_video::PlaneFrame;
use crate::neural::NeuralFrame;
use crate::splat::SplatCloud;

/// One moment of a clip, in the form its codec delivers it. A copy shares what it holds.
#[derive(Clone, Debug)]
pub enum FrameContent {
    /// Gaussians: seen from any side.
    Splats(Arc<SplatFrame>),
    /// A flat picture.
    Picture(Arc<PictureFrame>),
    /// A flat picture that is still numbers in front of a network.
    Neural(NeuralFrame),
}

impl FrameContent {
    /// The Gaussians; `None` of a flat picture.
    pub fn splats(&self) -> Option<&Arc<SplatFrame>> {
        match self {
            Self::Splats(frame) => Some(frame),
            Self::Picture(_) | Self::Neural(_) => None,
        }
    }

    /// Width and height in pixels of a flat picture.
    pub fn picture_size(&self) -> Option<[u32; 2]> {
        match self {
            Self::Splats(_) => None,
            Self::Picture(picture) => Some([picture.width, picture.height]),
            Self::Neural(frame) => Some(frame.picture_size()),
        }
    }

    /// Whether both are the same moment in the same memory: nothing is compared.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Splats(a), Self::Splats(b)) => Arc::ptr_eq(a, b),
            (Self::Picture(a), Self::Picture(b)) => Arc::ptr_eq(a, b),
            (Self::Neural(a), Self::Neural(b)) => a.is_same(b),
            _ => false,
        }
    }

    /// Box around the centres of all Gaussians, in world space; empty of a flat picture.
    pub fn bounds(&self) -> Bounds {
        self.splats().map_or(Bounds::EMPTY, |frame| frame.bounds())
    }

    /// Gaussians that are not shown because their numbers are broken.
    pub fn dropped(&self) -> usize {
        self.splats().map_or(0, |frame| frame.dropped())
    }

    /// Bytes of memory that holding the frame costs.
    pub fn size_bytes(&self) -> usize {
        match self {
            Self::Splats(frame) => frame.size_bytes(),
            Self::Picture(picture) => picture.rgba.len(),
            Self::Neural(frame) => size_of_val(frame.embedding()),
        }
    }
}

impl From<SplatFrame> for FrameContent {
    fn from(frame: SplatFrame) -> Self {
        Self::Splats(Arc::new(frame))
    }
}

impl From<PictureFrame> for FrameContent {
    fn from(picture: PictureFrame) -> Self {
        Self::Picture(Arc::new(picture))
    }
}

/// A flat picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureFrame {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Red, green, blue and alpha of each pixel, display space, row by row from the top.
    pub rgba: Vec<u8>,
}

/// One moment of a volumetric clip, in the form its codec delivers it. Nothing is converted on the
/// way: planes go to the GPU as planes.
#[derive(Clone, Debug, PartialEq)]
pub enum SplatFrame {
    /// Quantised attributes as 8-bit pictures (V3 and other Gaussian video).
    Planes(PlaneFrame),
    /// Attributes as numbers (PLY, SOG and other splat files).
    Cloud(SplatCloud),
}

impl SplatFrame {
    /// Gaussians stored in the frame, drawn or not.
    pub fn count(&self) -> usize {
        match self {
            Self::Planes(planes) => planes.layout.count as usize,
            Self::Cloud(cloud) => cloud.len(),
        }
    }

    /// Gaussians that are not shown because their numbers are broken: not finite, a zero quaternion,
    /// larger or farther away than what can be drawn ([`SplatCloud::push`]). Planes cannot hold most
    /// of these.
    pub fn dropped(&self) -> usize {
        match self {
            Self::Planes(_) => 0,
            Self::Cloud(cloud) => cloud.dropped,
        }
    }

    /// SH degree, 0 to 3.
    pub fn sh_degree(&self) -> u8 {
        match self {
            Self::Planes(planes) => planes.layout.sh_degree,
            Self::Cloud(cloud) => cloud.sh_degree,
        }
    }

    /// Bytes of memory that holding the frame costs.
    pub fn size_bytes(&self) -> usize {
        match self {
            Self::Planes(planes) => planes.samples.len(),
            Self::Cloud(cloud) => cloud.size_bytes(),
        }
    }

    /// Box around the centres of all Gaussians, in world space.
    pub fn bounds(&self) -> Bounds {
        match self {
            Self::Planes(planes) => planes.ranges.position_bounds(),
            Self::Cloud(cloud) => cloud.bounds(),
        }
    }

    /// The frame as numbers. Costs an allocation of the whole cloud: for tools, not for playback.
    pub fn to_cloud(&self) -> SplatCloud {
        match self {
            Self::Planes(planes) => planes.to_cloud(),
            Self::Cloud(cloud) => cloud.clone(),
        }
    }
}

/// An axis-aligned box in world units. Empty when `min > max` on any axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Smallest coordinate on each axis.
    pub min: [f32; 3],
    /// Largest coordinate on each axis.
    pub max: [f32; 3],
}

impl Bounds {
    /// The box that holds nothing.
    pub const EMPTY: Self = Self {
        min: [f32::INFINITY; 3],
        max: [f32::NEG_INFINITY; 3],
    };

    /// Grows the box to hold `point`.
    pub fn add(&mut self, point: [f32; 3]) {
        self.min = std::array::from_fn(|axis| self.min[axis].min(point[axis]));
        self.max = std::array::from_fn(|axis| self.max[axis].max(point[axis]));
    }

    /// The smallest box around both.
    pub fn union(mut self, other: Self) -> Self {
        if !other.is_empty() {
            self.add(other.min);
            self.add(other.max);
        }
        self
    }

    /// The box after half a turn about x.
    #[must_use]
    pub fn turned(self) -> Self {
        if self.is_empty() {
            return self;
        }
        let ([left, down, back], [right, up, front]) = (self.min, self.max);
        Self {
            min: [left, -up, -front],
            max: [right, -down, -back],
        }
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        (0..3).any(|axis| self.min[axis] > self.max[axis])
    }

    /// The middle of the box; the origin when it is empty.
    pub fn centre(&self) -> [f32; 3] {
        if self.is_empty() {
            return [0.0; 3];
        }
        std::array::from_fn(|axis| 0.5 * (self.min[axis] + self.max[axis]))
    }

    /// Half the diagonal; 0 when it is empty.
    pub fn radius(&self) -> f32 {
        if self.is_empty() {
            return 0.0;
        }
        let square: f32 = (0..3)
            .map(|axis| (self.max[axis] - self.min[axis]).powi(2))
            .sum();
        0.5 * square.sqrt()
    }
}
