//! Streamed SOG: one model in several levels of detail, cut into chunks (PlayCanvas, splat-transform
//! 0.16 and later).
//!
//! `lod-meta.json` holds a tree of boxes. Each leaf says, for each level (0 is the finest), which SOG
//! model of the folder holds its Gaussians, and which rows of it they are. A model called the
//! environment, where there is one, is shown whole and at every level.
//!
//! A level of detail is a layer of quality here, the coarsest the first, so the player shows the
//! coarsest at once and then the finest that it can have. Where a level has more Gaussians than a
//! frame may hold, the leaves nearest to the camera get it and the others stay coarser ([`choose`]).

mod choose;
mod demuxer;
mod tree;

pub use choose::choose;
pub use demuxer::LodDemuxer;
pub use tree::{Leaf, LodTree, META_NAME, Rows};
