//! The stages of drawing on the CPU, and the reference they are all measured against.
//!
//! They are the twins of the shaders, file by file, and on software Vulkan they do the work.

pub(crate) mod draw;
pub mod fit;
pub mod neural;
pub(crate) mod pick;
pub(crate) mod project;
pub mod reference;
pub(crate) mod resolve;
pub mod sort;
pub(crate) mod unpack;
