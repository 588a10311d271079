//! GaussianSplats3D's .ksplat, version 0.1, compression levels 0 to 2.
//!
//! A header of 4096 bytes, 1024 bytes about each section, and the sections: lengths of the buckets
//! that are not full, centres of all buckets, Gaussians. A Gaussian is position, standard deviations,
//! quaternion (w, x, y, z), display colour and opacity as four bytes, and SH coefficients, degree by
//! degree and in each all of red, all of green, all of blue. Little-endian.
//!
//! | level | position | scale, rotation | SH |
//! | --- | --- | --- | --- |
//! | 0 | floats | floats | floats |
//! | 1 | 16 bits around the centre of its bucket | half floats | half floats |
//! | 2 | as level 1 | as level 1 | a byte between the header's two bounds |

mod layout;
mod read;

pub(super) use layout::is_ksplat;
pub use read::{facts, read};
