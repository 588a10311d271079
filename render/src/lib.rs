//! Frames to pixels with wgpu.
