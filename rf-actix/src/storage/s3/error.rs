//! What a request came to, as the errors of the storage.
//!
//! The generated client tells few errors by name; all others arrive as the raw answer, and count by status and code.

use super::transport::{self, ATTEMPTS, Outage};
use crate::storage::{
    error::{Error, UNREACHABLE},
    key::Key,
};
use quick_xml::{Reader, events::Event};
use rusoto_core::{RusotoError, request::BufferedHttpResponse};
use rusoto_s3::{
    AbortMultipartUploadError, CompleteMultipartUploadError, CopyObjectError,
    CreateMultipartUploadError, DeleteObjectError, DeleteObjectsError, GetObjectAclError,
    GetObjectError, HeadBucketError, HeadObjectError, ListObjectsV2Error, PutObjectAclError,
    PutObjectError, UploadPartCopyError, UploadPartError,
};
use std::io;

/// Codes are words; anything longer is not one.
const LONGEST_CODE: usize = 64;

/// Why a request did not do what it was for.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// The service said no.
    Refused(Refusal),
    /// There was no answer.
    Unanswered(Outage, String),
}

/// What the service said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) request_id: Option<String>,
    attempts: u32,
}

/// An error the generated client has a name for.
pub(super) trait Named {
    fn named(&self) -> (u16, &'static str);
}

macro_rules! named {
    ($($error:ident { $($variant:ident = $status:literal),* })*) => {$(
        impl Named for $error {
            fn named(&self) -> (u16, &'static str) {
                match *self {
                    $(Self::$variant(_) => ($status, stringify!($variant)),)*
                }
            }
        }
    )*};
}

named! {
    AbortMultipartUploadError { NoSuchUpload = 404 }
    CompleteMultipartUploadError {}
    CopyObjectError { ObjectNotInActiveTierError = 403 }
    CreateMultipartUploadError {}
    DeleteObjectError {}
    DeleteObjectsError {}
    GetObjectAclError { NoSuchKey = 404 }
    GetObjectError { InvalidObjectState = 403, NoSuchKey = 404 }
    HeadBucketError { NoSuchBucket = 404 }
    HeadObjectError { NoSuchKey = 404 }
    ListObjectsV2Error { NoSuchBucket = 404 }
    PutObjectAclError { NoSuchKey = 404 }
    PutObjectError {}
    UploadPartCopyError {}
    UploadPartError {}
}

impl<E: Named> From<RusotoError<E>> for Failure {
    fn from(error: RusotoError<E>) -> Self {
        match error {
            RusotoError::Service(error) => {
                let (status, code) = error.named();
                Self::refused(status, code)
            }
            RusotoError::Unknown(answer) => Self::Refused(Refusal::read(&answer)),
            RusotoError::HttpDispatch(error) => {
                Self::Unanswered(transport::classify(&error), error.to_string())
            }
            RusotoError::Credentials(error) => {
                Self::Unanswered(Outage::Credentials, error.to_string())
            }
            RusotoError::ParseError(_) | RusotoError::Validation(_) | RusotoError::Blocking => {
                Self::unreadable()
            }
        }
    }
}

impl From<transport::Failure> for Failure {
    fn from(failure: transport::Failure) -> Self {
        Self::Unanswered(failure.kind, failure.to_string())
    }
}

/// In the middle of a body.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Unanswered(transport::classify_io(&error), error.to_string())
    }
}

impl Failure {
    fn refused(status: u16, code: &str) -> Self {
        Self::Refused(Refusal {
            status,
            code: code.to_owned(),
            request_id: None,
            attempts: 1,
        })
    }

    /// An answer of success that does not hold what every such answer holds. A `200` that was begun before the work
    /// failed says `<Error>` in its body, so this is no less than a `500`.
    pub(super) fn unreadable() -> Self {
        Self::refused(500, "IncompleteAnswer")
    }

    /// A body that ended before its length.
    pub(super) fn cut_short() -> Self {
        let text = "the answer ended early".to_owned();
        Self::Unanswered(Outage::Unreachable, text)
    }

    /// Another version than the one that was asked for.
    pub(super) fn changed() -> Self {
        Self::refused(412, "PreconditionFailed")
    }

    /// There was no answer, or not all of it.
    pub(super) fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Unanswered(Outage::Timeout | Outage::Unreachable, _)
        )
    }

    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            Self::Unanswered(..) => None,
        }
    }

    /// A condition was sent along, and it does not hold: the file is another one, or another write came between.
    pub(super) fn is_condition(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_condition())
    }

    pub(super) fn is_no_such_key(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_no_such_key())
    }

    /// It was completed or aborted, by whomever.
    pub(super) fn is_no_such_upload(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code == "NoSuchUpload")
    }

    /// At which attempt it came. At a later one it may be about what an earlier one did, whose answer was lost.
    pub(super) fn attempts(&self) -> u32 {
        match self {
            Self::Refused(refusal) => refusal.attempts,
            Self::Unanswered(..) => 0,
        }
    }

    /// As the error of a request about a file.
    pub(super) fn about(self, key: &Key) -> Error {
        self.into_error(Some(key))
    }

    /// As the error of a request about the bucket.
    pub(super) fn about_bucket(self) -> Error {
        self.into_error(None)
    }

    fn into_error(self, key: Option<&Key>) -> Error {
        match self {
            Self::Refused(refusal) => refusal.into_error(key.cloned()),
            Self::Unanswered(Outage::Timeout, _) => Error::Timeout { op: UNREACHABLE },
            Self::Unanswered(Outage::Unreachable, text) => Error::Io {
                op: UNREACHABLE,
                source: io::Error::other(text),
            },
            Self::Unanswered(Outage::Credentials, text) => Error::Config(text),
            Self::Unanswered(Outage::Request, text) => Error::Io {
                op: "making a request to the storage service",
                source: io::Error::other(text),
            },
        }
    }
}

impl Refusal {
    fn read(answer: &BufferedHttpResponse) -> Self {
        let (code, request_id) = read_body(&answer.body);
        let header = |name: &str| answer.headers.get(name).cloned();
        Self {
            status: answer.status.as_u16(),
            code: code.and_then(word).unwrap_or_else(|| "Unknown".to_owned()),
            request_id: header("x-amz-request-id").or(request_id).and_then(word),
            attempts: header(ATTEMPTS)
                .and_then(|text| text.parse().ok())
                .unwrap_or(1),
        }
    }

    /// From a line of the answer to a batch, which has a code and no status.
    pub(super) fn of_code(code: Option<String>) -> Self {
        let code = code.and_then(word).unwrap_or_else(|| "Unknown".to_owned());
        let status = transport::status_of(&code);
        Self {
            status,
            code,
            request_id: None,
            attempts: 1,
        }
    }

    pub(super) fn is_no_such_key(&self) -> bool {
        // A HEAD has no body to say it.
        self.status == 404
            && matches!(
                self.code.as_str(),
                "NoSuchKey" | "NoSuchVersion" | "Unknown"
            )
    }

    fn is_condition(&self) -> bool {
        self.status == 412 || self.status == 409 && self.code == "ConditionalRequestConflict"
    }

    fn into_error(self, key: Option<Key>) -> Error {
        let Self { status, code, .. } = &self;
        match (*status, code.as_str(), key) {
            (_, "NoSuchBucket", _) | (404, _, None) => Error::Config(
                "bucket: there is no such bucket; make it, or write the name of another".to_owned(),
            ),
            (404, "NoSuchUpload", _) => self.into_backend(),
            (404, _, Some(key)) => Error::NotFound { key },
            // In the archive: it can be had, but not now.
            (403, "InvalidObjectState" | "ObjectNotInActiveTierError", _) => self.into_backend(),
            (403, code, Some(key)) => {
                if !matches!(code, "AccessDenied" | "Unknown") {
                    log::warn!(target: "rf::storage", "the storage service does not take the credentials: {code}");
                }
                Error::PermissionDenied { key }
            }
            (_, _, Some(key)) if self.is_condition() => Error::PreconditionFailed { key },
            (416, _, _) => Error::RangeNotSatisfiable { size: 0 },
            (_, "BadDigest" | "XAmzContentSHA256Mismatch", Some(key)) => Error::Checksum { key },
            (429, _, _) | (_, "SlowDown" | "TooManyRequests" | "Throttling", _) => {
                Error::RateLimited
            }
            (_, "RequestTimeout", _) => Error::Timeout {
                op: "sending to the storage service",
            },
            (501, _, _) => Error::Unsupported {
                op: "what was asked of the storage service",
            },
            (507, _, _) => Error::NoSpace,
            _ => self.into_backend(),
        }
    }

    fn into_backend(self) -> Error {
        Error::Backend {
            code: self.code,
            status: self.status,
            request_id: self.request_id,
        }
    }
}

/// Code and request id of `<Error>`; neither of a body that is anything else.
fn read_body(body: &[u8]) -> (Option<String>, Option<String>) {
    let mut reader = Reader::from_reader(body);
    let (mut path, mut code, mut request_id) = (Vec::new(), None, None);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => path.push(tag.local_name().as_ref().to_vec()),
            Ok(Event::End(_)) => drop(path.pop()),
            Ok(Event::Text(text)) => {
                let text = String::from_utf8_lossy(&text).into_owned();
                match path.iter().map(Vec::as_slice).collect::<Vec<_>>()[..] {
                    [b"Error", b"Code"] => code = Some(text),
                    [b"Error", b"RequestId"] => request_id = Some(text),
                    _ => {}
                }
            }
            Ok(Event::Eof) | Err(_) => return (code, request_id),
            Ok(_) => {}
        }
    }
}

/// Text of the service goes into messages and logs: a word or nothing.
fn word(text: String) -> Option<String> {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '+' | '=');
    let ok = !text.is_empty() && text.len() <= LONGEST_CODE && text.chars().all(plain);
    ok.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::{Refusal, read_body};
    use crate::storage::{error::Error, key::Key};
    use bytes::Bytes;
    use rusoto_core::request::BufferedHttpResponse;

    fn refusal(status: u16, body: &str) -> Refusal {
        Refusal::read(&BufferedHttpResponse {
            status: status.try_into().expect("a status"),
            body: Bytes::copy_from_slice(body.as_bytes()),
            headers: Default::default(),
        })
    }

    fn code(status: u16, code: &str) -> Error {
        let key = Key::parse("a/b").expect("a key");
        refusal(status, &format!("<Error><Code>{code}</Code></Error>")).into_error(Some(key))
    }

    #[test]
    fn code_and_request_id_are_those_of_the_error_element() {
        let body = "<?xml version=\"1.0\"?>\n<Error xmlns=\"x\"><Code>SlowDown</Code><Message>no <Code>x</Code></Message>\
                    <RequestId>4442587FB7D0A2F9</RequestId></Error>";
        assert_eq!(
            read_body(body.as_bytes()),
            (
                Some("SlowDown".to_owned()),
                Some("4442587FB7D0A2F9".to_owned())
            )
        );
        for body in [
            "",
            "<html><Code>x</Code>",
            "<Error><Code>",
            "no xml & <",
            "\u{0}",
        ] {
            assert_eq!(read_body(body.as_bytes()), (None, None), "{body:?}");
        }
    }

    #[test]
    fn text_of_the_service_that_is_no_word_is_not_repeated() {
        for said in ["two words", "a\nb", &"x".repeat(65)] {
            let read = refusal(400, &format!("<Error><Code>{said}</Code></Error>"));
            assert_eq!(read.code, "Unknown");
        }
    }

    #[test]
    fn every_refusal_has_its_error() {
        assert!(matches!(code(404, "NoSuchKey"), Error::NotFound { .. }));
        assert!(matches!(
            code(403, "AccessDenied"),
            Error::PermissionDenied { .. }
        ));
        assert!(matches!(
            code(412, "PreconditionFailed"),
            Error::PreconditionFailed { .. }
        ));
        assert!(matches!(
            code(409, "ConditionalRequestConflict"),
            Error::PreconditionFailed { .. }
        ));
        assert!(matches!(code(503, "SlowDown"), Error::RateLimited));
        assert!(matches!(code(429, ""), Error::RateLimited));
        assert!(matches!(code(400, "RequestTimeout"), Error::Timeout { .. }));
        assert!(matches!(code(400, "BadDigest"), Error::Checksum { .. }));
        assert!(matches!(
            code(501, "NotImplemented"),
            Error::Unsupported { .. }
        ));
        assert!(
            matches!(code(404, "NoSuchBucket"), Error::Config(text) if text.starts_with("bucket: "))
        );
        assert!(matches!(
            code(403, "InvalidObjectState"),
            Error::Backend { status: 403, .. }
        ));
        assert!(
            matches!(code(500, "InternalError"), Error::Backend { status: 500, code, .. } if code == "InternalError")
        );
        assert!(code(503, "ServiceUnavailable").is_outage());
        assert!(!code(403, "AccessDenied").is_outage());
    }
}
