//! A moving clip that is easy to pack.

use zoetrope_codecs::{Cancel, Result, SplatCloud};
use zoetrope_encode::CloudSequence;

/// Frames of the clip.
pub const FRAMES: usize = 18;
/// Frames of a group.
pub const GROUP_FRAMES: usize = 6;

/// A square sheet of Gaussians that rises frame by frame.
pub struct Sheet {
    /// Gaussians along a side.
    pub side: usize,
    /// How far it rises in a frame, world units.
    pub rise: f32,
    /// Size of a Gaussian, world units.
    pub scale: f32,
    /// Opacity of every second Gaussian; the others have 0.9.
    pub opacity: f32,
}

impl CloudSequence for Sheet {
    fn len(&self) -> usize {
        FRAMES
    }

    fn sh_degree(&self) -> u8 {
        0
    }

    fn read(&mut self, index: usize, _: &Cancel) -> Result<SplatCloud> {
        let count = self.side * self.side;
        let half = self.side as f32 / 2.0;
        let mut cloud = SplatCloud::with_capacity(count, 0);
        for k in 0..count {
            let place = |cell: usize| cell as f32 / half - 1.0;
            let (x, z) = (place(k % self.side), place(k / self.side));
            let opacity = if k % 2 == 0 { 0.9 } else { self.opacity };
            let position = [x, -self.rise * index as f32, z];
            let rotation = [1.0, 0.0, 0.0, 0.0];
            cloud.push(
                position,
                rotation,
                [self.scale; 3],
                opacity,
                [x, 0.5, z],
                &[],
            );
        }
        Ok(cloud)
    }
}
