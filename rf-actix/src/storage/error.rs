//! What can go wrong on a disk.

use super::key::{InvalidKey, Key};
use std::{convert::Infallible, io, time::Duration};

/// What was being done when a service on the network could not be reached.
pub(super) const UNREACHABLE: &str = "reaching the storage service";

/// A file that waits for a storage, which does not know it yet.
#[derive(Debug, thiserror::Error)]
#[error("the file is still on its way there")]
pub(super) struct OnItsWay;

/// What a disk refused or could not do. No message names a path of the host.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no file of that key.
    #[error("there is no file {key}")]
    NotFound {
        /// The key that was asked for.
        key: Key,
    },
    /// The file was to be created and exists, or two files of one upload want the same key.
    #[error("the file {key} exists already")]
    AlreadyExists {
        /// The key that is taken.
        key: Key,
    },
    /// The file is not the version the caller named (RFC 9110 §13.1.1).
    #[error("the file {key} has changed")]
    PreconditionFailed {
        /// The key of the file.
        key: Key,
    },
    /// The text is not a key.
    #[error("the key {reason}")]
    InvalidKey {
        /// What is wrong with it, as the rest of a sentence.
        reason: &'static str,
    },
    /// The disk is read-only.
    #[error("the disk is read-only")]
    ReadOnly,
    /// The backend does not let us: a symbolic link on the way, or missing rights.
    #[error("access to {key} is denied")]
    PermissionDenied {
        /// The key that was asked for.
        key: Key,
    },
    /// More bytes, files or fields than allowed.
    #[error("{what} is larger than the {limit} allowed")]
    TooLarge {
        /// What is too large: `the file`, `the number of files` …
        what: &'static str,
        /// The limit, in bytes for sizes.
        limit: u64,
    },
    /// The content is not of an accepted type.
    #[error("the content{} is {found}, accepted is {accepted}", of(.file.as_deref()))]
    MediaType {
        /// Which file of several it is about, by the name its sender gave it, made harmless.
        file: Option<String>,
        /// The type its first bytes tell.
        found: String,
        /// The allow list.
        accepted: String,
    },
    /// The range starts past the end of the file.
    #[error("the range is outside of the {size} bytes of the file")]
    RangeNotSatisfiable {
        /// The size of the file, in bytes.
        size: u64,
    },
    /// The disk is full. What was there before is intact.
    #[error("no space is left on the disk")]
    NoSpace,
    /// The content is not what its sender said it would be.
    #[error("the content of {key} does not have the checksum it was announced with")]
    Checksum {
        /// The key it was meant for.
        key: Key,
    },
    /// The application looked at the content and does not want it.
    #[error("the content is refused: {reason}")]
    Rejected {
        /// Why, in the words of the application.
        reason: String,
    },
    /// The sender broke off, or sent what is not the announced format.
    #[error("the upload is broken: {reason}")]
    Interrupted {
        /// What was noticed.
        reason: &'static str,
    },
    /// A signed link must live between one second and seven days.
    #[error("a link cannot expire in {}s, take 1 second to 7 days", given.as_secs())]
    InvalidExpiry {
        /// What was asked for.
        given: Duration,
    },
    /// The backend cannot do this, or not with these options.
    #[error("{op} is not supported here")]
    Unsupported {
        /// The operation or the option.
        op: &'static str,
    },
    /// The backend did not answer in time.
    #[error("{op} took too long")]
    Timeout {
        /// What was being done.
        op: &'static str,
    },
    /// The backend asks for fewer requests, and went on asking while we waited.
    #[error("the storage service asks for fewer requests")]
    RateLimited,
    /// The backend answered with an error of its own.
    #[error("the storage service answered {code} ({status})")]
    Backend {
        /// Its word for the error, for example `NoSuchBucket`.
        code: String,
        /// The HTTP status it came with.
        status: u16,
        /// What its operators find the request by.
        request_id: Option<String>,
    },
    /// The configuration is wrong; names the key and what to write.
    #[error("{0}")]
    Config(String),
    /// The operating system failed.
    #[error("{op} failed")]
    Io {
        /// What was being done.
        op: &'static str,
        /// Its answer.
        #[source]
        source: io::Error,
    },
}

/// The rest of a sentence about one of several files.
fn of(file: Option<&str>) -> String {
    file.map(|file| format!(" of {file:?}")).unwrap_or_default()
}

impl From<InvalidKey> for Error {
    fn from(InvalidKey { reason }: InvalidKey) -> Self {
        Self::InvalidKey { reason }
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Error {
    /// A short label for logs and metrics, one a variant.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::AlreadyExists { .. } => "already_exists",
            Self::PreconditionFailed { .. } => "precondition_failed",
            Self::InvalidKey { .. } => "invalid_key",
            Self::ReadOnly => "read_only",
            Self::PermissionDenied { .. } => "permission_denied",
            Self::TooLarge { .. } => "too_large",
            Self::MediaType { .. } => "media_type",
            Self::RangeNotSatisfiable { .. } => "range_not_satisfiable",
            Self::NoSpace => "no_space",
            Self::Checksum { .. } => "checksum",
            Self::Rejected { .. } => "rejected",
            Self::Interrupted { .. } => "interrupted",
            Self::InvalidExpiry { .. } => "invalid_expiry",
            Self::Unsupported { .. } => "unsupported",
            Self::Timeout { .. } => "timeout",
            Self::RateLimited => "rate_limited",
            Self::Backend { .. } => "backend",
            Self::Config(_) => "config",
            Self::Io { .. } => "io",
        }
    }

    /// Content of another type than is accepted.
    pub(super) fn media_type(found: impl Into<String>, accepted: impl Into<String>) -> Self {
        Self::MediaType {
            file: None,
            found: found.into(),
            accepted: accepted.into(),
        }
    }

    /// The same error about one of several files.
    pub(super) fn in_file(self, name: &str) -> Self {
        match self {
            Self::MediaType {
                found, accepted, ..
            } => Self::MediaType {
                file: Some(name.to_owned()),
                found,
                accepted,
            },
            other => other,
        }
    }

    /// The same error about another key: what a decorator that renames keys tells its caller.
    pub(super) fn map_key(self, map: impl FnOnce(Key) -> Key) -> Self {
        match self {
            Self::NotFound { key } => Self::NotFound { key: map(key) },
            Self::AlreadyExists { key } => Self::AlreadyExists { key: map(key) },
            Self::PreconditionFailed { key } => Self::PreconditionFailed { key: map(key) },
            Self::PermissionDenied { key } => Self::PermissionDenied { key: map(key) },
            Self::Checksum { key } => Self::Checksum { key: map(key) },
            other => other,
        }
    }

    /// Whether only a storage that does not have the file yet could say.
    pub(super) fn is_on_its_way(&self) -> bool {
        match self {
            Self::Io { source, .. } => source.get_ref().is_some_and(|error| error.is::<OnItsWay>()),
            _ => false,
        }
    }

    /// Whether the same call may succeed a moment later without anybody doing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Io { source, .. }
                if matches!(
                    source.kind(),
                    io::ErrorKind::Interrupted
                        | io::ErrorKind::TimedOut
                        | io::ErrorKind::WouldBlock
                ) =>
            {
                true
            }
            error => error.is_outage(),
        }
    }

    /// Whether the backend as a whole could not be reached or is failing, which says nothing of this file: no answer,
    /// none in time, or one that blames the service itself.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::RateLimited => true,
            Self::Backend { status, .. } => *status >= 500,
            Self::Io { op, .. } => *op == UNREACHABLE,
            _ => false,
        }
    }
}
