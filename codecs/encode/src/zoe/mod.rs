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
mod pack;
mod parts;
mod positions;
mod settings;
mod tiles;

pub use group::{GroupPacking, pack_group};
pub use pack::{Pictures, ZoePacking, ZoeReport, check_target, pack_zoe};
pub use parts::parts_path;
pub use settings::{LayerPlan, ZoeSettings};
