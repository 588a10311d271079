//! The error type of this crate. Each message is a sentence for the person at the screen.

use std::io;
use std::path::Path;

/// Result with this crate's [`PackError`].
pub type Result<T, E = PackError> = std::result::Result<T, E>;

/// What can go wrong while a clip is made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// The input cannot be read or encoded, or the one who asked no longer wants it.
    #[error(transparent)]
    Codec(#[from] zoetrope_codecs::Error),
    /// The system refused to write.
    #[error("cannot write {name}: {reason}")]
    Write {
        /// The file or folder.
        name: String,
        /// What the system said, in words.
        reason: String,
    },
    /// There is something where the result should go.
    #[error("{name} already exists; remove it, or choose another name")]
    Exists {
        /// The file or folder.
        name: String,
    },
    /// An option makes no sense.
    #[error("{what} is {value}; it must be {allowed}")]
    Option {
        /// The option.
        what: &'static str,
        /// What was given.
        value: String,
        /// What would work.
        allowed: &'static str,
    },
    /// No network can be fitted to the video.
    #[error("no network can be fitted to the video: {reason}")]
    Unfit {
        /// What is wrong, as the rest of a sentence.
        reason: String,
    },
    /// The graphics processor does not do.
    #[error(
        "the graphics processor cannot be used: {reason}; fit on the processor, with --engine cpu"
    )]
    Gpu {
        /// What is wrong, as the rest of a sentence.
        reason: String,
    },
    /// There is nothing to pack.
    #[error("there are no frames to pack; give a folder or a list of splat files")]
    NoFrames,
}

impl PackError {
    /// An operating-system error while writing `path`.
    pub(crate) fn write(path: &Path, error: &io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::PermissionDenied => {
                "you do not have permission; choose another place".to_owned()
            }
            io::ErrorKind::NotFound => {
                "the folder that it should lie in does not exist; make it first".to_owned()
            }
            io::ErrorKind::StorageFull => "the disk is full; make room and try again".to_owned(),
            _ => error.to_string(),
        };
        Self::Write {
            name: path.display().to_string(),
            reason,
        }
    }

    /// Whether the work was stopped on request.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Codec(zoetrope_codecs::Error::Cancelled))
    }
}
