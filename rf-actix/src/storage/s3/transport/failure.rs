//! Why no answer came, and how that survives the error types of rusoto, which carry text only.

use crate::storage::s3::credentials::NoCredentials;
use rusoto_core::HttpDispatchError;
use std::{error::Error as _, fmt, io};

/// What kept a request from being answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::storage::s3) enum Outage {
    /// Nothing moved for too long, or all attempts together took too long.
    Timeout,
    /// No connection, or one that broke.
    Unreachable,
    /// There is nothing to sign with: no fault of the service.
    Credentials,
    /// The request cannot be sent at all: a header with a line end, a body of unknown length.
    Request,
}

impl Outage {
    const ALL: [Self; 4] = [
        Self::Timeout,
        Self::Unreachable,
        Self::Credentials,
        Self::Request,
    ];

    /// What the text of an error starts with.
    fn mark(self) -> &'static str {
        match self {
            Self::Timeout => "storage timed out: ",
            Self::Unreachable => "storage unreachable: ",
            Self::Credentials => "no credentials: ",
            Self::Request => "request cannot be sent: ",
        }
    }
}

/// An attempt that brought no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::storage::s3) struct Failure {
    pub(in crate::storage::s3) kind: Outage,
    text: String,
}

impl Failure {
    pub(super) fn new(kind: Outage, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }

    pub(super) fn timeout(text: &'static str) -> Self {
        Self::new(Outage::Timeout, text)
    }

    /// From an error of the client, with what it was caused by: its own text says little.
    pub(super) fn of_client(error: &hyper_util::client::legacy::Error) -> Self {
        let mut text = error.to_string();
        let mut kind = Outage::Unreachable;
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            if cause
                .downcast_ref::<io::Error>()
                .is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut)
            {
                kind = Outage::Timeout;
            }
            source = cause.source();
        }
        Self::new(kind, text)
    }

    /// Whether another attempt may bring an answer.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self.kind, Outage::Timeout | Outage::Unreachable)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind.mark(), self.text)
    }
}

impl std::error::Error for Failure {}

impl From<NoCredentials> for Failure {
    fn from(none: NoCredentials) -> Self {
        Self::new(Outage::Credentials, none.0)
    }
}

impl From<Failure> for HttpDispatchError {
    fn from(failure: Failure) -> Self {
        Self::new(failure.to_string())
    }
}

/// Inside a body, where rusoto wants this type.
impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        let kind = match failure.kind {
            Outage::Timeout => io::ErrorKind::TimedOut,
            Outage::Unreachable => io::ErrorKind::ConnectionReset,
            Outage::Credentials | Outage::Request => io::ErrorKind::Other,
        };
        Self::new(kind, failure)
    }
}

/// What an error of [`Transport`](super::Transport) was about, also once rusoto has wrapped its text.
pub(in crate::storage::s3) fn classify(error: &HttpDispatchError) -> Outage {
    let text = error.to_string();
    Outage::ALL
        .into_iter()
        .find(|kind| text.contains(kind.mark()))
        .unwrap_or(Outage::Unreachable)
}

/// The same of an error in the stream of a body.
pub(in crate::storage::s3) fn classify_io(error: &io::Error) -> Outage {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Failure>())
        .map_or(Outage::Unreachable, |failure| failure.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_failure_survives_the_types_of_rusoto() {
        for kind in Outage::ALL {
            let failure = Failure::new(kind, "why");
            assert_eq!(classify(&failure.clone().into()), kind);
            let inside = io::Error::from(failure);
            assert_eq!(classify_io(&inside), kind);
            let wrapped = HttpDispatchError::new(format!("Error obtaining body: {inside}"));
            assert_eq!(classify(&wrapped), kind);
        }
    }
}
