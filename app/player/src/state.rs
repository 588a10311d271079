//! What the player tells at one moment.

use std::ops::Range;
use std::sync::Arc;

use zoetrope_codecs::clip::{Detail, Thumbnails};
use zoetrope_codecs::{FrameContent, Transfer};

use crate::{LoopMode, Playback, Quality};

/// A picture to show.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its content.
    pub frame: FrameContent,
    /// Its number from the clip's start.
    pub index: usize,
    /// Whether it is the frame that is due, and no coarse picture; else it stands in until that is
    /// decoded.
    pub exact: bool,
    /// How much of the clip went into it.
    pub detail: Detail,
}

impl Picture {
    /// Whether it is a first, coarse picture, which will be replaced.
    pub fn is_coarse(&self) -> bool {
        self.detail == Detail::Key
    }
}

/// What the frame that is due is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitCause {
    /// Decoding.
    Decoding,
    /// The network.
    Network,
}

/// A wait for the frame that is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waiting {
    /// For what.
    pub cause: WaitCause,
    /// Since when, in seconds.
    pub seconds: f64,
}

/// Where frames come from, as far as people want to know.
#[derive(Clone, Debug, Default)]
pub struct NetworkState {
    /// Seconds of playing from the playhead on that need no network.
    pub buffered_s: f64,
    /// Bits a second that are expected of the network, once it was used.
    pub bits_per_s: Option<f64>,
    /// The latest transfers, oldest first.
    pub transfers: Arc<[Transfer]>,
}

/// Everything that a user interface shows, at one moment.
#[derive(Clone, Debug)]
pub struct PlayerState {
    /// What to draw; `None` until the first frame is decoded.
    pub picture: Option<Picture>,
    /// The frame that is due.
    pub frame: usize,
    /// Number of frames.
    pub frame_count: usize,
    /// Frames a second.
    pub frame_rate: f64,
    /// Position in seconds.
    pub time: f64,
    /// Length in seconds.
    pub duration: f64,
    /// What the clock does.
    pub playback: Playback,
    /// Whether the clock or the picture waits for the frame that is due.
    pub buffering: bool,
    /// For what, and since when.
    pub waiting: Option<Waiting>,
    /// How much of the frame that is waited for is read, 0 to 1, where it is known: big files only.
    pub progress: Option<f32>,
    /// Whether the time bar is held.
    pub scrubbing: bool,
    /// Speed, 1 is normal.
    pub speed: f64,
    /// What happens at the end.
    pub loop_mode: LoopMode,
    /// The marked frames A and B.
    pub ab: (Option<usize>, Option<usize>),
    /// Frames that can be had without waiting for anything but decoding, as sorted ranges: all that
    /// are not known to be broken, for a clip that lies on this device; what has come over the network,
    /// for another.
    pub buffered: Arc<[Range<usize>]>,
    /// Frames that are decoded and held, as sorted ranges; those of which there is but a coarse
    /// picture are not among them.
    pub decoded: Arc<[Range<usize>]>,
    /// What was chosen for the quality.
    pub quality: Quality,
    /// Layers of quality that are read.
    pub layers: u8,
    /// Layers of quality that there are; 1 for a clip without layers.
    pub levels: u8,
    /// The network, if the clip comes over one.
    pub network: Option<NetworkState>,
    /// Pictures for the time bar, if the clip carries them and they have been read.
    pub thumbnails: Option<Arc<Thumbnails>>,
    /// Sentences to be shown, each given once.
    pub notices: Vec<String>,
    /// Mean milliseconds of decoding a frame, over the last few.
    pub decode_ms: Option<f64>,
    /// Bytes of decoded frames held.
    pub memory_bytes: usize,
    /// Bytes of decoded frames that may be held.
    pub memory_limit_bytes: usize,
    /// Seconds until the next tick is needed; `None` when nothing will change by itself (the waker
    /// tells about new frames).
    pub next_wakeup: Option<f64>,
}
