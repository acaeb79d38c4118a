//! Conditions of requests that change a file (RFC 9110 §13).

use crate::storage::{
    disk::Disk,
    error::Error,
    key::Key,
    options::Condition,
    serve::precondition::{self, Verdict},
    storage::Storage,
};
use actix_web::{HttpRequest, http::header};

const CONDITIONS: [header::HeaderName; 3] = [
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_UNMODIFIED_SINCE,
];

/// Weighs the conditions of a request against the file as it is now, and tells what must still be so when the file
/// changes, for them to hold then as well.
pub(super) async fn weighed(
    disk: &Disk,
    request: &HttpRequest,
    key: &Key,
) -> Result<Condition, Error> {
    let headers = request.headers();
    if !CONDITIONS.iter().any(|name| headers.contains_key(name)) {
        return Ok(Condition::Always);
    }
    let current = match disk.stat(key).await {
        Ok(metadata) => Some(metadata),
        Err(Error::NotFound { .. }) => None,
        Err(error) => return Err(error),
    };
    match precondition::weigh(request.method(), headers, current.as_ref()) {
        Verdict::Proceed => Ok(match current {
            Some(current) => Condition::IfMatch(current.etag),
            None => Condition::IfAbsent,
        }),
        Verdict::NotModified | Verdict::Failed => {
            Err(Error::PreconditionFailed { key: key.clone() })
        }
    }
}
