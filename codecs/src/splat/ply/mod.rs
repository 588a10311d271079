//! The PLY files of "3D Gaussian Splatting for Real-Time Radiance Field Rendering" (Kerbl et al.
//! 2023), in short INRIA PLY: one vertex a Gaussian, raw training values.
//!
//! Columns `x y z`, `f_dc_0..2`, `f_rest_*` (all red, all green, all blue), `opacity` (logit),
//! `scale_0..2` (natural logarithm), `rot_0..3` (w, x, y, z). Any order, any number type, text or
//! binary; other columns are ignored. Without `scale_2` it is a file of 2D Gaussian Splatting, whose
//! discs have no thickness. Files of Gaussians with `red green blue` instead of `f_dc_*` are read too.

mod columns;
mod floats;
mod raw;
mod read;
mod write;

pub(super) use columns::is_antialiased;
pub(crate) use raw::raw_columns;
pub(super) use read::read_preview;
pub use read::{facts, read};
pub use write::write;
