//! The one error of an app that is put together from a configuration.

use crate::config::ConfigError;
use std::io;

/// Why the suite could not start, or did not end well.
///
/// Each part has an error of its own; this one holds them for the `main` of an app.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration cannot be used. Print it and end with exit code 2.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A disk could not be opened or used.
    #[cfg(feature = "storage")]
    #[error(transparent)]
    Storage(#[from] crate::storage::Error),
    /// The authorization server could not start.
    #[cfg(feature = "oauth2")]
    #[error(transparent)]
    OAuth2(#[from] crate::oauth2::Error),
    /// The log pipeline could not start.
    #[cfg(feature = "logging")]
    #[error(transparent)]
    Logging(#[from] crate::logging::Error),
    /// The registry refused a metric.
    #[cfg(feature = "metrics")]
    #[error(transparent)]
    Metrics(#[from] crate::metrics::Error),
    /// The operating system refused something, a socket most often.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Error {
    /// The exit code a program ends with: 2 when its configuration is at fault, 1 otherwise.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::Config(_)) {
            2
        } else {
            1
        }
    }
}
