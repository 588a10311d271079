//! The window, driven by accessibility label, keys and pointer, drawn with wgpu.

mod controls;
mod device;
mod help;
mod opening;
mod palette;
mod picture;
mod scripted;
mod settings;
mod stage;
mod v3_clip;
