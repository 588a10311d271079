//! The window, driven by accessibility label, keys and pointer, drawn with wgpu.

mod camera;
mod controls;
mod device;
mod opening;
mod picture;
mod scripted;
mod stage;
mod touch;
mod v3_clip;
