//! The one error type of this crate. Each message is a sentence for the person at the screen.

use std::io;

use crate::neural::ImportQuestion;

/// Result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between bytes and frames.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("cannot read {name}: {reason}")]
    Io {
        /// The file or folder, as the user named it.
        name: String,
        /// What the system said, in words.
        reason: String,
        /// The kind, for those who must tell a missing file from a forbidden one.
        kind: io::ErrorKind,
    },
    /// The bytes are not what the format says they must be.
    #[error("{name} is damaged: {reason}")]
    Malformed {
        /// The file, or the part of a clip ("group3/5.mp4").
        name: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// A number in the input is above a cap of [`crate::limits`].
    #[error("{name} has {value} {what}; Zoetrope reads at most {limit}")]
    Limit {
        /// The file, or the part of a clip.
        name: String,
        /// What is counted ("Gaussians in a frame").
        what: &'static str,
        /// What the input claims.
        value: u64,
        /// The cap.
        limit: u64,
    },
    /// A well-formed input of a kind that is not read here.
    #[error("{name} cannot be opened: {reason}")]
    Unsupported {
        /// The file or folder.
        name: String,
        /// What it is, and what would work instead.
        reason: String,
    },
    /// A network whose file leaves something open, which a person may know.
    #[error("{name} cannot be opened: {reason}")]
    Unanswered {
        /// The file.
        name: String,
        /// What it is that must be known, and how to say it on the command line.
        reason: String,
        /// What it is that must be known.
        question: ImportQuestion,
    },
    /// The file is no longer the one that was opened.
    #[error("{name} changed while it was open; open it again")]
    Changed {
        /// The file.
        name: String,
    },
    /// The network or the server at its other end does not deliver.
    #[error("cannot load {name}: {reason}")]
    Network {
        /// The link.
        name: String,
        /// What happened, and what to do.
        reason: String,
    },
    /// Planes cannot be encoded.
    #[error("the planes cannot be encoded: {reason}")]
    Encode {
        /// What is wrong, and what would work.
        reason: String,
    },
    /// A clip cannot be written.
    #[error("the clip cannot be written: {reason}")]
    Write {
        /// What is wrong, and what would work.
        reason: String,
    },
    /// There is no frame with this number.
    #[error("there is no frame {frame}; the clip has {count}, counted from 0")]
    NoSuchFrame {
        /// What was asked for.
        frame: usize,
        /// Frames of the clip.
        count: usize,
    },
    /// The one who asked no longer wants it.
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    /// An operating-system error about `name`.
    pub fn io(name: impl Into<String>, error: &io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
            io::ErrorKind::PermissionDenied => {
                "you do not have permission; check the file's access rights".to_owned()
            }
            _ => error.to_string(),
        };
        Self::Io {
            name: name.into(),
            reason,
            kind: error.kind(),
        }
    }

    /// An operating-system error while writing a clip.
    pub fn write(error: &io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::StorageFull => "the disk is full; make room and try again".to_owned(),
            _ => error.to_string(),
        };
        Self::Write { reason }
    }

    /// A [`Error::Malformed`] about `name`.
    pub fn malformed(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Malformed {
            name: name.into(),
            reason: reason.into(),
        }
    }

    /// A [`Error::Unsupported`] about `name`.
    pub fn unsupported(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Unsupported {
            name: name.into(),
            reason: reason.into(),
        }
    }

    /// A [`Error::Unanswered`] about `name`.
    pub(crate) fn unanswered(
        name: impl Into<String>,
        question: ImportQuestion,
        reason: impl Into<String>,
    ) -> Self {
        Self::Unanswered {
            name: name.into(),
            reason: reason.into(),
            question,
        }
    }

    /// Whether the thing is simply not there.
    pub fn is_not_found(&self) -> bool {
        matches!(
            self,
            Self::Io {
                kind: io::ErrorKind::NotFound,
                ..
            }
        )
    }
}
