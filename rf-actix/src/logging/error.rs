//! What can go wrong in building, installing and flushing a logger.

use std::{io, path::PathBuf};

/// Why a logger could not be built, installed or flushed.
///
/// Logging itself never returns an error: a record that cannot be written is counted in
/// [`Stats`](super::Stats).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting has a value that cannot be used; `key` is relative to the `[logging]` section.
    #[error("{key}: {reason}")]
    Setting {
        /// The key, as it is written in the configuration.
        key: String,
        /// What is wrong with it, and what to write instead.
        reason: String,
    },
    /// Directives that could not be read.
    #[error("directives: {0}")]
    Directive(String),
    /// A channel that cannot be built, or that nobody has built.
    #[error("the log channel {name:?} {reason}")]
    Channel {
        /// The channel's name.
        name: String,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// A log file could not be opened.
    #[error("cannot open the log file {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something else already receives the process's records.
    #[error("{0} is already set for this process, install one logger only")]
    AlreadyInstalled(&'static str),
    /// Lines that were accepted could not be written.
    #[error("the log output {output} could not be flushed")]
    Flush {
        /// Which output: `stdout`, `stderr`, a file's path, `custom`.
        output: String,
        /// What the system said.
        source: io::Error,
    },
}
