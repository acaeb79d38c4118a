//! Errors of a disk as HTTP responses.

use crate::storage::{error::Error, key::InvalidKey};
use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};

/// `application/problem+json` (RFC 9457). What went wrong inside is logged and not told.
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::AlreadyExists { .. } => StatusCode::CONFLICT,
            Self::PreconditionFailed { .. } => StatusCode::PRECONDITION_FAILED,
            Self::InvalidKey { .. } | Self::Interrupted { .. } | Self::InvalidExpiry { .. } => {
                StatusCode::BAD_REQUEST
            }
            Self::ReadOnly | Self::PermissionDenied { .. } => StatusCode::FORBIDDEN,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RangeNotSatisfiable { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::NoSpace => StatusCode::INSUFFICIENT_STORAGE,
            Self::Unsupported { .. } => StatusCode::NOT_IMPLEMENTED,
            Self::Config(_) | Self::Io { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut problem = serde_json::json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or_default(),
            "status": status.as_u16(),
        });
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            let cause = std::error::Error::source(self)
                .map(|cause| format!(": {cause}"))
                .unwrap_or_default();
            log::error!(target: "rf::storage", "{self}{cause}");
        } else {
            problem["detail"] = self.to_string().into();
        }
        let mut response = HttpResponse::build(status);
        if let Self::RangeNotSatisfiable { size } = self {
            response.insert_header((header::CONTENT_RANGE, format!("bytes */{size}")));
        }
        response
            .insert_header((header::CONTENT_TYPE, "application/problem+json"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .body(problem.to_string())
    }
}

impl ResponseError for InvalidKey {
    fn status_code(&self) -> StatusCode {
        Error::from(*self).status_code()
    }

    fn error_response(&self) -> HttpResponse {
        Error::from(*self).error_response()
    }
}
