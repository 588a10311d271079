//! The window, driven by accessibility label, keys and pointer, drawn with wgpu.

mod camera;
mod contact_sheet;
mod controls;
mod device;
mod extremes;
mod inspector;
mod layout;
mod lint;
mod opening;
mod picture;
mod screenshots;
mod scripted;
mod shelf;
mod stage;
mod states;
mod time;
mod touch;
mod v3_clip;
