//! What can go wrong in the player itself. Each message is a sentence for the person at the screen.

/// Errors of this crate; those of clips come from `zoetrope_codecs`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that is not in [`crate::COMMANDS`].
    #[error("there is no command \"{0}\"")]
    UnknownCommand(String),
    /// A command with an argument that it cannot take.
    #[error("the command \"{name}\" takes {expected}, not \"{found}\"")]
    WrongArgument {
        /// The command.
        name: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What was given.
        found: String,
    },
    /// The system gave no thread for decoding.
    #[error("cannot start decoding: {0}; close other programs and open the clip again")]
    Thread(String),
}
