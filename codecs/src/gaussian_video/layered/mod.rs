//! Layered Gaussian video: the content of Zoetrope's own clip. Specified in `codecs/FORMAT.md`.
//!
//! A group is a stack of layers. Each has an atlas video with its lossy planes, and side samples: the
//! first begins with a [`LayerHeader`], and where the layer has positions, their keys follow it and
//! their motion is the second sample.

mod colour;
mod decoder;
mod header;

pub use colour::{to_rgb, to_ycocg};
pub use decoder::LayeredDecoder;
pub use header::{GAUSSIAN_TILES, LayerHeader, MAX_OFFSET, OFFSETS_PER_CODE};
