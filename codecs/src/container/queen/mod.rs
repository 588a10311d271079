//! QUEEN, "QUantized Efficient ENcoding of Dynamic Gaussians for Streaming Free-viewpoint Videos" (Girish et
//! al., NeurIPS 2024): a folder of numbered frames, the first a PLY file and each of the others a pickle
//! of what has changed, `compressed/point_cloud.pkl`.
//!
//! Attributes are raw, before any activation: logarithms of scales, logits of opacities, quaternions of any
//! length. For each Gaussian of a frame the pickle names its parent in the frame before, whose attributes
//! it takes over. Positions change by what a gate has let through, for a few Gaussians; the others by
//! latents, small integers that a range coder has packed, times a small matrix. N changes from frame to
//! frame, and no frame can be decoded without all that come before it back to the last PLY file: such a
//! folder is there to be played forward, or to be made a clip of (`zoetrope pack`).
//!
//! The pickles are read as data, see [`crate::pickle`].

mod demuxer;
mod frame;
mod latents;
mod range_decoder;
mod state;

pub use demuxer::QueenDemuxer;
pub use frame::next_cloud;

/// How the path of a frame's pickle ends.
pub(crate) const PICKLE_PATH: &str = "compressed/point_cloud.pkl";
