//! PlayCanvas's SOG ("spatially ordered Gaussians"), versions 1 and 2: `meta.json` and one lossless
//! WebP picture for each attribute, in a folder or a zip archive. Version 2 is written.
//!
//! Gaussian `k` is pixel `k`, row-major, of every picture. Positions have 16 bits in two pictures
//! (`sign(x) ln(1 + |x|)` between a minimum and a maximum), rotations are "smallest three", SH
//! coefficients beyond DC come out of a palette. Version 1 has ranges where version 2 has code books.

mod code_book;
mod columns;
mod meta;
mod palette;
mod picture;
mod read;
mod rest;
mod write;

pub(crate) use meta::META_NAME;
pub use read::{facts, read};
pub use write::{files, write};
