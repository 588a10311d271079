//! Groups of plane videos through FFmpeg and back, whole and damaged.

mod clips;
mod damage;
mod formats;
mod round_trip;
mod zoe;
