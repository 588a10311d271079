//! Gaussians as 2D pictures, after "V^3: Viewing Volumetric Videos on Mobiles via Streamable 2D
//! Dynamic Gaussians" (SIGGRAPH Asia 2024).
//!
//! Every attribute is a grey 8-bit picture ("plane"); Gaussian `k` is the pixel at row `k / side`,
//! column `k % side`. Positions have 16 bits in two planes.

mod atlas;
pub mod entropy;
pub mod layered;
mod layout;
mod plane_frame;
pub mod positions;
mod quantise;
mod trajectory;

pub use atlas::Atlas;
pub use layered::LayeredDecoder;
pub use layout::{PlaneEncoding, PlaneLayout, rest_coefficients};
pub use plane_frame::{AttributeRanges, PlaneFrame};
pub use positions::Positions;
pub use trajectory::Trajectory;
