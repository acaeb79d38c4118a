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
            Self::InvalidKey { .. }
            | Self::Interrupted { .. }
            | Self::InvalidExpiry { .. }
            | Self::Checksum { .. } => StatusCode::BAD_REQUEST,
            Self::Timeout { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::RateLimited => StatusCode::SERVICE_UNAVAILABLE,
            Self::Backend { .. } => StatusCode::BAD_GATEWAY,
            error if error.is_outage() => StatusCode::BAD_GATEWAY,
            Self::ReadOnly | Self::PermissionDenied { .. } => StatusCode::FORBIDDEN,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Rejected { .. } => StatusCode::UNPROCESSABLE_ENTITY,
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
        // What a service behind us said is for the log as well.
        if status.is_server_error() && !matches!(self, Self::NoSpace | Self::Unsupported { .. }) {
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
