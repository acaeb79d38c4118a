//! The error of a middleware, with the request's id on its response.

use actix_web::{
    Error, HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
};
use std::fmt;

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers as the error inside does, and echoes the id too.
pub(super) struct WithRequestId {
    error: Error,
    id: HeaderValue,
}

impl WithRequestId {
    pub(super) fn new(error: Error, id: HeaderValue) -> Self {
        Self { error, id }
    }
}

impl ResponseError for WithRequestId {
    fn status_code(&self) -> StatusCode {
        self.error.as_response_error().status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.error.error_response();
        response.headers_mut().insert(X_REQUEST_ID, self.id.clone());
        response
    }
}

impl fmt::Display for WithRequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl fmt::Debug for WithRequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}
