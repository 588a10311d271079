//! Packs groups of Gaussians into the layers of Zoetrope's own clip.
//!
//! ```text
//! slots ─▶ prune ─▶ axes ─▶ layers ─▶ order ─▶ positions ─▶ side samples
//!                           (who is            tiles ─▶ atlas video
//!                            in which)
//! ```

mod axes;
mod group;
mod importance;
mod positions;
mod settings;
mod tiles;

pub use group::{GroupPacking, pack_group};
pub use settings::{LayerPlan, ZoeSettings};
