//! The window, driven by accessibility label, keys and pointer, drawn with wgpu.

mod controls;
mod device;
mod inspector;
mod opening;
mod picture;
mod screenshots;
mod scripted;
mod stage;
mod v3_clip;
