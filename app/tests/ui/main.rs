//! The window, driven by accessibility label, keys and pointer, drawn with wgpu.

mod camera;
mod contact_sheet;
mod controls;
mod device;
mod exercises;
mod extremes;
mod hands;
mod help;
mod inspector;
mod keys;
mod layout;
mod lint;
mod log;
mod open_link;
mod opening;
mod palette;
mod picture;
mod screenshots;
mod scripted;
mod settings;
mod shelf;
mod stage;
mod states;
mod time;
mod touch;
mod v3_clip;
