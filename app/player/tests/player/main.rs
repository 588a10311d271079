//! The player with a fake clock and a scripted clip, without a GPU.

#![allow(clippy::single_range_in_vec_init)] // lists of ranges are what is compared

mod big_file;
mod playback;
mod properties;
mod remote;
mod scripted;
mod threads;
mod transport;
