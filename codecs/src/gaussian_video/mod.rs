//! Gaussians as 2D pictures, after "V^3: Viewing Volumetric Videos on Mobiles via Streamable 2D
//! Dynamic Gaussians" (SIGGRAPH Asia 2024).
//!
//! Every attribute is a grey 8-bit picture ("plane"); Gaussian `k` is the pixel at row `k / side`,
//! column `k % side`. Positions have 16 bits in two planes.

mod layout;
mod plane_frame;
mod quantise;

pub use layout::{PlaneEncoding, PlaneLayout, rest_coefficients};
pub use plane_frame::{AttributeRanges, PlaneFrame};
