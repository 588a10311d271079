//! Groups of plane videos through FFmpeg and back, whole and damaged.

mod atlas;
mod clips;
mod damage;
mod formats;
mod movie;
mod pictures;
mod round_trip;
mod vector;
mod zoe;
