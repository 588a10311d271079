//! The V3 asset: a folder with two JSON files and, for each group of frames, one grey video for each
//! plane.
//!
//! ```text
//! group_info.json          which frames each group holds
//! viewer_min_max.json      Gaussians and value ranges of each frame
//! group0/0.mp4 … 19.mp4    one video for each plane (20, 29, 44 or 65 by SH degree)
//! group1/0.mp4 …
//! zoetrope.json            optional, ours: frame rate, up axis, first view, credit
//! ```

mod demuxer;
mod json;
mod manifest;
mod sidecar;
mod small_value;

pub use demuxer::V3Demuxer;
pub use json::{
    FrameRanges, GROUP_INFO_NAME, GroupFrames, VIEWER_MIN_MAX_NAME, group_info_to_json,
    parse_group_info, parse_viewer_min_max, viewer_min_max_to_json,
};
pub use sidecar::{SIDECAR_NAME, Sidecar, SidecarBounds, SidecarCamera};
pub(in crate::container) use small_value::parse_value;

use crate::gaussian_video::PlaneLayout;

/// Path of the video of one of [`PlaneLayout`]'s layers in a V3 asset: "group3/12.mp4".
///
/// V3 counts three planes of normals, 6 to 8, which [`PlaneLayout`] leaves out.
pub fn video_path(group: i64, layer: usize) -> String {
    let video = if layer < PlaneLayout::DC_LAYER {
        layer
    } else {
        layer + NORMAL_VIDEOS
    };
    format!("group{group}/{video}.mp4")
}

/// Videos of normals, always empty: 6, 7 and 8.
pub const NORMAL_VIDEOS: usize = 3;
