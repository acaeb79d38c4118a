//! How important a record is.

use serde::Deserialize;
use std::{fmt, str::FromStr};

/// How important a record is, from the most to the least.
///
/// The order is that of detail: `Level::Error < Level::Trace`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Somebody must look at it: a request failed for a reason that is ours.
    Error,
    /// Not wrong yet: slow requests, retries, suspicious input.
    Warn,
    /// What an operator wants to see of a healthy service.
    Info,
    /// What a developer wants to see of one part.
    Debug,
    /// Everything.
    Trace,
}

impl Level {
    /// Every level, the most important first.
    pub const ALL: [Self; 5] = [
        Self::Error,
        Self::Warn,
        Self::Info,
        Self::Debug,
        Self::Trace,
    ];

    /// The name in records: `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }

    /// How many levels are on when this is the least important one: 1 to 5. A filter that is off is 0.
    pub(crate) const fn detail(self) -> usize {
        self as usize + 1
    }

    pub(crate) const fn to_slog(self) -> slog::Level {
        match self {
            Self::Error => slog::Level::Error,
            Self::Warn => slog::Level::Warning,
            Self::Info => slog::Level::Info,
            Self::Debug => slog::Level::Debug,
            Self::Trace => slog::Level::Trace,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownLevel(text.to_owned()))
    }
}

/// A word that names no [`Level`].
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a level, write error, warn, info, debug or trace")]
pub struct UnknownLevel(String);

impl From<slog::Level> for Level {
    fn from(level: slog::Level) -> Self {
        match level {
            // slog's sixth level exists nowhere else; a critical record is an error here.
            slog::Level::Critical | slog::Level::Error => Self::Error,
            slog::Level::Warning => Self::Warn,
            slog::Level::Info => Self::Info,
            slog::Level::Debug => Self::Debug,
            slog::Level::Trace => Self::Trace,
        }
    }
}

impl From<log::Level> for Level {
    fn from(level: log::Level) -> Self {
        match level {
            log::Level::Error => Self::Error,
            log::Level::Warn => Self::Warn,
            log::Level::Info => Self::Info,
            log::Level::Debug => Self::Debug,
            log::Level::Trace => Self::Trace,
        }
    }
}

impl From<tracing_core::Level> for Level {
    fn from(level: tracing_core::Level) -> Self {
        match level {
            tracing_core::Level::ERROR => Self::Error,
            tracing_core::Level::WARN => Self::Warn,
            tracing_core::Level::INFO => Self::Info,
            tracing_core::Level::DEBUG => Self::Debug,
            tracing_core::Level::TRACE => Self::Trace,
        }
    }
}
