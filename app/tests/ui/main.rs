//! The window, driven by accessibility label, keys and pointer, drawn with wgpu.

mod camera;
mod contact_sheet;
mod controls;
mod device;
mod inspector;
mod layout;
mod lint;
mod opening;
mod picture;
mod screenshots;
mod scripted;
mod stage;
mod states;
mod touch;
mod v3_clip;
