//! The sub-commands, one file each.

pub mod compare;
pub mod convert;
pub mod decode;
pub mod export;
pub mod fit;
pub mod info;
pub mod link;
pub mod pack;
pub mod render;
pub mod share;
pub mod window;
