//! The one error type of this crate. Each message is a sentence for the person at the screen.

/// Result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between frames and pixels.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no graphics driver at all.
    #[error(
        "no graphics device was found; install a Vulkan driver (for software rendering, Mesa's lavapipe)"
    )]
    NoAdapter,
    /// The driver refuses to open the device.
    #[error("the graphics device {adapter} cannot be opened: {reason}")]
    Device {
        /// Name of the adapter.
        adapter: String,
        /// What the driver said.
        reason: String,
    },
    /// The device stopped working.
    #[error("the graphics device stopped working: {reason}")]
    Lost {
        /// What the driver said.
        reason: String,
    },
    /// The device has no memory left.
    #[error("{adapter} has no memory left for this; close other programs or choose a smaller clip")]
    OutOfMemory {
        /// Name of the adapter.
        adapter: String,
    },
    /// The device cannot hold something this large.
    #[error(
        "{what} of {value} is more than the graphics device can hold ({limit}); choose a smaller one"
    )]
    TooLarge {
        /// What is measured ("a picture side", "a plane side").
        what: &'static str,
        /// What was asked for.
        value: u64,
        /// What the device can do.
        limit: u64,
    },
    /// The device cannot store half floats in shaders.
    #[error("{adapter} cannot compute with half floats; choose full precision")]
    NoHalfFloats {
        /// Name of the adapter.
        adapter: String,
    },
    /// A picture without pixels was asked for.
    #[error("a picture of {width} x {height} pixels has no pixels; make it at least 1 x 1")]
    EmptyPicture {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// A frame whose parts do not fit together.
    #[error("the frame is damaged: {reason}")]
    Frame {
        /// What was expected and what was found.
        reason: String,
    },
    /// Two pictures of different size were compared.
    #[error(
        "pictures of {} x {} and {} x {} pixels cannot be compared; render them at the same size", ours[0], ours[1], theirs[0], theirs[1]
    )]
    SizeMismatch {
        /// Width and height of the first.
        ours: [u32; 2],
        /// Width and height of the second.
        theirs: [u32; 2],
    },
    /// The picture was asked for before anything was drawn.
    #[error("nothing has been drawn yet; render a frame first")]
    NothingDrawn,
}
