//! Conditions of a write, as headers the generated client has no fields for.

use super::error::Failure;
use crate::storage::{error::Error, key::Key, options::Condition};

/// # Errors
/// [`Error::Unsupported`] where the configuration says that the service does not weigh conditions: it would take the
/// write, and the caller would believe it was checked.
pub(super) fn check(condition: &Condition, weighed: bool) -> Result<(), Error> {
    if weighed || *condition == Condition::Always {
        return Ok(());
    }
    Err(Error::Unsupported {
        op: "a condition on a disk whose `conditions` are off",
    })
}

/// RFC 9110 §13.1.
pub(super) fn headers(condition: &Condition) -> Vec<(&'static str, String)> {
    match condition {
        Condition::Always => Vec::new(),
        Condition::IfAbsent => vec![("if-none-match", "*".to_owned())],
        Condition::IfMatch(etag) => vec![("if-match", etag.to_string())],
    }
}

/// The error of a write that was sent with a condition.
pub(super) fn failed(failure: Failure, condition: &Condition, key: &Key) -> Error {
    let key = key.clone();
    match condition {
        Condition::IfAbsent if failure.is_condition() => Error::AlreadyExists { key },
        // There is no version at all.
        Condition::IfMatch(_) if failure.is_condition() || failure.is_no_such_key() => {
            Error::PreconditionFailed { key }
        }
        _ => failure.about(&key),
    }
}

/// What a condition makes known of the time before a write that it let through.
pub(super) fn created(condition: &Condition) -> Option<bool> {
    match condition {
        Condition::Always => None,
        Condition::IfAbsent => Some(true),
        Condition::IfMatch(_) => Some(false),
    }
}
